#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What reaches others, or everybody's memory, by descriptors, terminals and commands of drivers.
. "$RF_VM/lib.sh"
. "$RF_VM/containers.sh"

# do.py WHAT [ARGUMENT…]: 1 and "WHAT: ERRNO" if it is refused.
outsiders_world() {
	cat >"$T/do.py" <<'END'
import ctypes, errno, fcntl, os, pty, signal, socket, sys, time
libc = ctypes.CDLL(None, use_errno=True)
what, args = sys.argv[1], sys.argv[2:]

def called(r):
    if r < 0:
        raise OSError(ctypes.get_errno(), "")
    return r

def terminal():
    if args:
        return os.open(args[0], os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    return pty.openpty()[1]

try:
    if what == "lease":
        fcntl.fcntl(os.open(args[0], os.O_RDONLY), fcntl.F_SETLEASE, int(args[1]))
    elif what == "delegation":
        called(libc.fcntl(os.open(args[0], os.O_RDONLY), 1040, ctypes.byref(ctypes.c_uint64(0))))
    elif what == "async":
        fcntl.fcntl(terminal(), fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    elif what == "append":
        fd = os.open(args[0], os.O_WRONLY | os.O_APPEND)
        fcntl.fcntl(fd, fcntl.F_SETFL, os.O_ASYNC)
    elif what == "fioasync":
        fcntl.ioctl(terminal(), 0x5452, b"\1\0\0\0")
    elif what == "setsig":
        fcntl.fcntl(terminal(), 10, signal.SIGKILL)
    elif what == "hangup":
        fcntl.ioctl(terminal(), 0x5437)
    elif what == "vhangup":
        pid, master = pty.fork()
        if pid:
            s = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            if s > 0: raise OSError(s, "")
        else:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            os._exit(ctypes.get_errno() if libc.vhangup() < 0 else 0)
    elif what == "pipe":
        r, w = os.pipe()
        fcntl.fcntl(r, fcntl.F_SETFL, os.O_ASYNC)
        fcntl.fcntl(r, 10, signal.SIGUSR1)
    elif what == "peer":
        master = os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY)
        fcntl.ioctl(master, 0x40045431, b"\0\0\0\0")
        called(libc.ioctl(master, 0x5441, os.O_NOCTTY | int(args[0], 0)))
    elif what == "swapon":
        called(libc.swapon(args[0].encode(), 0))
    elif what == "swapoff":
        called(libc.swapoff(args[0].encode()))
    elif what == "iopl":
        called(libc.iopl(3))
    elif what == "ioperm":
        called(libc.ioperm(0x70, 2, 1))
    elif what == "terminal":
        terminal()
    elif what == "made":
        master, slave = pty.openpty()
        os.setsid()
        os.open(os.ttyname(slave), os.O_RDWR | os.O_NOCTTY)
    elif what == "given":
        os.setsid() # without a terminal of its own
        for fd in (0, 1):
            if os.isatty(fd): os.open(os.ttyname(fd), os.O_RDWR | os.O_NOCTTY)
    elif what == "held":
        pid, master = pty.fork()
        if not pid:
            for at in ("/dev/tty", os.ttyname(0)): os.open(at, os.O_RDWR)
            time.sleep(300)
        # The parent has another terminal, or none.
        time.sleep(1)
        number = int.from_bytes(fcntl.ioctl(master, 0x80045430, bytes(4)), "little")
        os.open("/dev/pts/%d" % number, os.O_RDWR | os.O_NOCTTY)
        os.kill(pid, signal.SIGKILL)
    elif what == "received":
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(args[0])
            fds = socket.recv_fds(s, 1, 1)[1]
            if not fds: raise OSError(errno.EACCES, "")
    elif what == "open":
        os.open(args[0], os.O_RDWR if len(args) < 2 else os.O_WRONLY | os.O_APPEND)
    elif what == "ioctl":
        fcntl.ioctl(os.open(args[0], int(args[2])), int(args[1], 0), bytes(64))
except OSError as e:
    print("%s: %s" % (what, errno.errorcode[e.errno]), file=sys.stderr)
    sys.exit(1)
END
	DO=(python3 "$T/do.py")
	policy nothing '"kernel": {"mount": "deny"}'
	policy talks '"kernel": {"mount": "deny", "signals": "allow"}'
}

# A lease on ringfence's executable, on a policy: nobody outside could open them.
test_nobody_waits_for_a_lease_from_inside() {
	outsiders_world
	echo 1 >/proc/sys/fs/leases-enable
	secret_world
	policy audit '"mode": "audit", "files": {"default": "allow"}'
	for kind in 0 1; do # read, write
		works "${DO[@]}" lease "$T/open/file" $kind
		for name in world audit nothing; do
			refused $name EPERM "${DO[@]}" lease "$T/open/file" $kind
			eq "$(denials)" "files ringfence.self" "denials of lease $kind under $name"
		done
	done
	refused world EPERM "${DO[@]}" lease "$RF" 1
	refused world EPERM "${DO[@]}" delegation "$T/open/file"
	refused world EAGAIN "${DO[@]}" lease "$T/open/file" 2 # giving back one that is not there
	eq "$(denials)" "" "denials of giving one back"
}

# The kernel makes the foreground group of a terminal the owner of who asks for signals.
test_a_terminal_signals_nobody_outside() {
	outsiders_world
	# What works outside reaches it, too.
	background script -qec 'trap "" IO HUP; tty >'"$T/pts"'; exec sleep 300' /dev/null
	# shellcheck disable=SC2016
	wait_for '[ -s "$T/pts" ]' "a terminal"
	pts=$(<"$T/pts")
	for what in async fioasync setsig; do
		works "${DO[@]}" $what "$pts"
		refused nothing 'EPERM|EACCES' "${DO[@]}" $what
		eq "$(denials)" "kernel kernel.signals" "denials of $what"
		allowed talks "${DO[@]}" $what "$pts"
	done
	allowed nothing "${DO[@]}" pipe
	# Asking for signals beside it takes O_APPEND away as well.
	mknod "$T/null" c 1 3
	policy only '"kernel": {"signals": "allow"}, "files": { "default": "deny", "rules": [ {"allow": ["read", "write", "exec"], "paths": ["/usr/**", "/lib*/**", "/etc/**", "/proc/**", "/dev/**"]},
  {"allow": ["read"], "paths": ["'"$T"'/do.py"]}, {"allow": ["append"], "paths": ["'"$T"'/null"]} ] }'
	works "${DO[@]}" append "$T/null"
	refused only EACCES "${DO[@]}" append "$T/null"
	eq "$(denials '.operation == "fcntl"')" "files files.default" "denials of O_APPEND taken away"
	refused nothing 'EPERM|EACCES' "${DO[@]}" hangup
	eq "$(denials)" "kernel kernel.signals" "denials of a hangup"
	refused nothing 'EPERM|EACCES' "${DO[@]}" vhangup
	eq "$(denials)" "kernel kernel.signals" "denials of vhangup"
	allowed talks "${DO[@]}" vhangup
	kill -0 "$BACKGROUND" || fail "the terminal's processes are gone"
	allowed talks "${DO[@]}" hangup "$pts"
}

# What is typed into a terminal is read by whoever opens it.
test_a_terminal_of_others_stays_shut() {
	outsiders_world
	policy audit '"mode": "audit", "kernel": {"mount": "deny"}'
	background script -qec 'tty >'"$T/pts"'; exec sleep 300' /dev/null
	# shellcheck disable=SC2016
	wait_for '[ -s "$T/pts" ]' "a terminal"
	pts=$(<"$T/pts")
	works "${DO[@]}" terminal "$pts"
	policy shipped '"extends": ["default"], "files": {"rules": [{"allow": ["read"], "paths": ["'"$T"'/**"]}]}'
	for name in nothing shipped; do
		refused $name 'EPERM|EACCES' "${DO[@]}" terminal "$pts"
		eq "$(denials)" "process kernel.signals" "denials under $name"
	done
	contains "$(events 'select(.verdict == "denied") | .object.comm')" "sleep" "whose it is"
	allowed talks "${DO[@]}" terminal "$pts"
	allowed audit "${DO[@]}" terminal "$pts"
	eq "$(events 'select(.verdict == "would_deny") | .rule.id')" "kernel.signals" "what would be denied"
	# Given by somebody outside.
	background python3 -c '
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen()
fd = os.open(sys.argv[2], os.O_RDWR | os.O_NOCTTY)
while True: socket.send_fds(s.accept()[0], [b"x"], [fd])' "$T/socket" "$pts"
	# shellcheck disable=SC2016
	wait_for '[ -S "$T/socket" ]' "a giver"
	works "${DO[@]}" received "$T/socket"
	refused nothing EACCES "${DO[@]}" received "$T/socket"
	eq "$(denials)" "process kernel.signals" "denials of what is given"
}

test_ones_own_terminals_are_opened() {
	outsiders_world
	policy shipped '"extends": ["default"], "files": {"rules": [{"allow": ["read"], "paths": ["'"$T"'/**"]}]}'
	for name in nothing shipped; do
		allowed $name "${DO[@]}" made
		allowed $name "${DO[@]}" held
		run=("$RF" run -p "$T/$name.json" --summary never -- "${DO[@]}")
		works script -qec "${run[*]} given" /dev/null
		works python3 -c 'import os, pty, subprocess, sys
os.setsid()
master, slave = pty.openpty()
sys.exit(subprocess.run(sys.argv[1:], stdin=slave, start_new_session=True).returncode)' "${run[@]}" given
	done
}

# 0x20 in the flags is the kernel's own mark of an open for executing.
test_flags_of_a_caller_make_no_open_for_executing() {
	outsiders_world
	policy run '"files": { "default": "deny", "rules": [
  {"allow": ["read", "write", "exec"], "paths": ["/usr/**", "/lib*/**", "/etc/**", "/proc/**", "'"$T"'/**", "/dev/ptmx", "/dev/pts/ptmx"]},
  {"id": "run", "allow": ["exec"], "paths": ["/dev/pts/*"]} ] }'
	policy both '"files": { "default": "allow" }'
	for flags in 0x20 0x22 0x21 0 2; do
		allowed both "${DO[@]}" peer $flags
		refused run EACCES "${DO[@]}" peer $flags
		eq "$(denials)" "files files.default" "denials of flags $flags"
	done
}

# Pages of everybody go to swap space; the others are as good as /dev/mem.
test_everybodys_memory_stays_where_it_is() {
	outsiders_world
	policy mode '"mode": "audit", "files": {"default": "allow"}, "capabilities": {"keep": ["sys_admin", "sys_rawio"]}'
	truncate -s 2M "$T/swap"
	chmod 600 "$T/swap"
	mkswap -q "$T/swap" >/dev/null || skip "no mkswap"
	for name in nothing mode; do
		for call in "swapon $T/swap" "swapoff $T/swap" iopl ioperm; do
			# shellcheck disable=SC2086 # words
			refused $name EPERM "${DO[@]}" $call
			eq "$(denials | sort -u)" "capabilities ringfence.self" "denials of $call"
		done
	done
	eq "$(tail -n +2 /proc/swaps)" "" "swap space"
	modprobe msr 2>/dev/null
	mknod "$T/msr" c 202 0
	mknod "$T/image" c 10 231
	for node in msr image; do
		refused nothing 'EACCES|EPERM' "${DO[@]}" open "$T/$node"
	done
	refused nothing 'EACCES|EPERM' "${DO[@]}" open /sys/power/state a
}

# Commands that write what may only be appended to, or change what a folder is.
test_commands_of_file_systems_take_their_rights() {
	outsiders_world
	mkdir "$T/logs" "$T/own"
	echo one >"$T/logs/log"
	policy append '"files": { "default": "allow", "rules": [
  {"id": "logs", "deny": ["write"], "paths": ["'"$T"'/logs/**"]} ] }'
	policy only '"files": { "default": "deny", "rules": [ {"allow": ["read", "write", "exec"], "paths": ["/usr/**", "/lib*/**", "/etc/**", "/proc/**", "/dev/**"]},
  {"allow": ["read"], "paths": ["'"$T"'/do.py"]}, {"allow": ["read", "append"], "paths": ["'"$T"'/logs/**"]} ] }'
	for command in 0x6611 0xf501 0xf519 0xc020f509 0xc01cf509 0x4004f50d 0x4018f514; do
		refused only EACCES "${DO[@]}" ioctl "$T/logs/log" $command $((02001))
		eq "$(denials '.operation == "ioctl"')" "files files.default" "denials of $command"
	done
	# The second file, which these name by a descriptor, could be the log.
	echo two >"$T/own/file"
	for command in 0xc028660f 0xc020f509 0xc01cf509; do
		refused append EXDEV "${DO[@]}" ioctl "$T/own/file" $command 2
		eq "$(denials)" "files files.unjudged" "denials of $command"
	done
	refused append EACCES "${DO[@]}" ioctl "$T/logs" 0x800c6613 0
	eq "$(denials)" "files logs" "denials of an encryption policy"
	refused append 'ENOTTY|EOPNOTSUPP|EINVAL' "${DO[@]}" ioctl "$T/own" 0x800c6613 0
}

# As the kernel side holds it alone: a container brings no filter of ours.
test_without_a_filter_the_hooks_hold_it() {
	outsiders_world
	truncate -s 2M "$T/swap"
	chmod 600 "$T/swap"
	mkswap -q "$T/swap" >/dev/null || skip "no mkswap"
	mkdir -p /etc/ringfence
	echo '{"ringfence": 1, "name": "box", "files": {"default": "allow"}}' >/etc/ringfence/box.json
	# shellcheck disable=SC2016
	new_init box bash -c 'for what in "swapon $0/swap" "swapoff $0/swap" iopl ioperm "lease $0/do.py 1" vhangup; do
		python3 "$0/do.py" $what; done' "$T"
	hook box "$INIT" created '"ringfence.policy":"box"'
	eq "$RC" 0 "hook: $ERR"
	open_gate
	wait "$INIT"
	# What vhangup gets is the key's.
	eq "$(grep -v vhangup "$T/.init" | sort -u | paste -sd' ')" \
		"ioperm: EPERM iopl: EPERM lease: EPERM swapoff: EPERM swapon: EPERM" "errors"
	contains "$(<"$T/.init")" "vhangup: " "the hangup"
	eq "$("$RF" audit --denied | jq -r 'select(.container.id == "box") |
		.layer + " " + .rule.id + " " + (.object.name // .operation // "")' | sort -u | paste -sd';')" \
		"capabilities ringfence.self sys_admin;capabilities ringfence.self sys_rawio;files ringfence.self fcntl;kernel kernel.signals capable" "records"
	end_init
	hook box 0 stopped
	rm /etc/ringfence/box.json
}

run_tests
