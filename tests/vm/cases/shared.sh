#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What is everybody's on the machine: mounts and their options, whole file systems, the terminal of a
# session, what a kernel thread does for who asks it.
. "$RF_VM/lib.sh"

# do.py WHAT [ARGUMENT…]: 1 and "WHAT: ERRNO" if it is refused.
shared_world() {
	cat >"$T/do.py" <<'END'
import ctypes, errno, fcntl, os, socket, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
what, args = sys.argv[1], sys.argv[2:]

def call(*a):
    r = libc.syscall(*a)
    if r < 0:
        raise OSError(ctypes.get_errno(), "")
    return r

try:
    if what == "attributes":  # PATH SET CLEAR
        attr = struct.pack("QQQQ", int(args[1], 0), int(args[2], 0), 0, 0)
        call(442, -100, args[0].encode(), 0, attr, 32)
    elif what == "options":  # PATH FLAG
        fd = call(433, -100, args[0].encode(), 0)
        call(431, fd, 0, args[1].encode(), None, 0)
        call(431, fd, 7, None, None, 0)
    elif what == "ioctl":  # PATH COMMAND [NUMBER]
        fd = os.open(args[0], os.O_RDONLY)
        fcntl.ioctl(fd, int(args[1], 0), struct.pack("I", int(args[2])) if args[2:] else 0)
    elif what == "steal":
        if os.fork() == 0:
            os.setsid()
            try:
                fcntl.ioctl(0, 0x540e, 1)
                os._exit(0)
            except OSError as e:
                os._exit(e.errno)
        s = os.waitstatus_to_exitcode(os.wait()[1])
        if s:
            raise OSError(s, "")
    elif what == "serve":  # QUEUE|map SOCKET
        if args[0] == "map":
            fd = call(321, 0, struct.pack("IIII", 2, 4, 8, 1) + bytes(56), 72)
        else:
            fd = libc.mq_open(args[0].encode(), os.O_CREAT | os.O_RDWR, 0o666, None)
        server = socket.socket(socket.AF_UNIX)
        server.bind(args[1])
        server.listen(1)
        socket.send_fds(server.accept()[0], [b"x"], [fd])
    elif what == "receive":  # SOCKET
        s = socket.socket(socket.AF_UNIX)
        s.connect(args[0])
        fds = socket.recv_fds(s, 1, 1)[1]
        if not fds:
            raise OSError(errno.EPERM, "")
        if args[1:] != ["map"] and libc.mq_send(fds[0], b"in", 2, 0) < 0:
            raise OSError(ctypes.get_errno(), "")
    elif what == "stack":  # LOWER UPPER: a file system of ecryptfs
        sig = b"0123456789abcdef"
        token = struct.pack("<HHI", 4, 0, 0) + struct.pack("<III", 0, 0, 0) + bytes(512 + 64 + 32)
        token += struct.pack("<IiIII", 0, 0, 0, 16, 1) + b"A" * 64 + sig + b"\0" + bytes(8)
        done = -1
        for size in (len(token), 736, 740, 744, 728):
            libc.syscall(248, b"user", sig, (token + bytes(64))[:size], size, -3)
            done = libc.mount(args[0].encode(), args[1].encode(), b"ecryptfs", 0, b"ecryptfs_sig=" + sig +
                              b",ecryptfs_cipher=aes,ecryptfs_key_bytes=16,ecryptfs_passthrough")
            if done == 0:
                break
        if done < 0:
            raise OSError(ctypes.get_errno(), "")
        print(open(args[1] + "/secret").read())
except OSError as e:
    print(f"{what}: {errno.errorcode.get(e.errno, e.errno)}", file=sys.stderr)
    sys.exit(1)
END
	DO=(python3 "$T/do.py")
	policy mounts '"files": {"default": "allow", "rules": [
  {"id": "secret", "deny": ["read", "write"], "paths": ["'"$T"'/low/**"]} ]}, "kernel": {"mount": "allow", "keyrings": "allow"}'
	policy nofiles '"kernel": {"mount": "allow"}'
	policy plain '"files": {"default": "allow"}'
	policy inside '"kernel": {}'
	policy anybody '"kernel": {"signals": "allow", "ipc": "allow"}'
}

options_of() { # PLACE
	awk -v at="$1" '$5 == at { print $6, $NF }' /proc/self/mountinfo
}

# Read-only, or without executing, it would be so for everybody; nobody could start or stop a sandbox.
test_mounts_keep_their_options() {
	shared_world
	local place before
	for name in mounts nofiles; do
		for place in /sys/fs/bpf /sys/fs/cgroup /proc / /run; do
			before=$(options_of $place)
			refused $name EPERM "${DO[@]}" attributes $place 1 0
			eq "$(denials)" "capabilities ringfence.self" "denials of attributes of $place"
			refused $name EPERM "${DO[@]}" options $place ro
			eq "$(denials)" "kernel ringfence.self" "denials of options of $place"
			eq "$(options_of $place)" "$before" "options of $place"
		done
	done
	# Another mount of the same file system is no way around, what is nobody's may be changed.
	mkdir "$T/again" "$T/own"
	mount --bind /run "$T/again"
	refused mounts EPERM "${DO[@]}" options "$T/again" ro
	fence mounts mount -o remount,ro "$T/again"
	eq "$RC $(denials)" "32 kernel ringfence.self" "mount(2)"
	umount "$T/again"
	mount -t tmpfs none "$T/own"
	allowed mounts "${DO[@]}" options "$T/own" ro
	contains "$(options_of "$T/own")" "ro" "options of what is nobody's"
	allowed mounts mount -o remount,rw "$T/own"
	umount "$T/own"
	works "$RF" run -p "$T/plain.json" --summary never -- true
}

# Whoever may make namespaces makes mounts of every file system: they are no names of the caller's, and
# what is behind them in the kernel's list still is.
test_mounts_of_others_take_nothing_away() {
	shared_world
	policy behind '"files": {"default": "allow", "rules": [
  {"id": "behind", "deny": ["metadata"], "paths": ["'"$T"'/again/**"]} ]}'
	mkdir "$T/m" "$T/again" && mount -t tmpfs none "$T/m" && touch "$T/m/file" && ln -s file "$T/m/link"
	for _ in $(seq 300); do
		unshare -m --propagation private sleep 1000 &
		echo $! >>"$T/.pids"
	done
	wait_for "[ \$(pgrep -cx sleep) -ge 300 ]" "their namespaces"
	allowed inside sh -c "touch -d 2020-01-01 $T/m/file && readlink $T/m/link /bin"
	mount --bind "$T/m" "$T/again"
	fence behind touch -d 2020-01-01 "$T/m/file"
	eq "$RC $(denials)" "1 files behind" "a name in a mount behind"
	# shellcheck disable=SC2046
	kill $(cat "$T/.pids")
	umount "$T/again" "$T/m"
}

# A frozen one keeps everybody waiting who writes there, one that was shut down answers nobody.
test_no_file_system_is_stopped() {
	shared_world
	mount_ext4 32M
	policy reads '"files": {"default": "deny", "rules": [{"id": "all", "allow": ["read", "exec"], "paths": ["/**"]}]}'
	policy records '"mode": "audit", "files": {"default": "allow"}'
	for name in reads plain records nofiles; do
		for command in 0xc0045877 0xc0045878 "0x8004587d 2"; do
			# shellcheck disable=SC2086 # words
			refused $name 'EACCES|EPERM' "${DO[@]}" ioctl "$T/disk" $command
			eq "$(denials '.operation == "ioctl"')" "files ringfence.self" "denials of $command under $name"
		done
	done
	for command in "0x4008662c 0" 0x40086610 0x40086607 0xc0406619; do
		# shellcheck disable=SC2086 # words
		refused reads EACCES "${DO[@]}" ioctl "$T/disk" $command
		eq "$(denials '.operation == "ioctl"')" "files files.default" "denials of $command"
	done
	works timeout 5 touch "$T/disk/new"
	umount "$T/disk"
}

# Who has it outside would get no signals by it any more.
test_a_session_keeps_its_terminal() {
	shared_world
	cat >"$T/session.py" <<'END'
import fcntl, os, pty, subprocess, sys
pid, master = pty.fork()
if pid == 0:
    r = subprocess.run(sys.argv[2:], stdout=open(sys.argv[1], "w"), stderr=subprocess.STDOUT).returncode
    try:
        os.open("/dev/tty", os.O_RDWR)
    except OSError:
        os._exit(99)
    os._exit(r)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
	rm -f "$T/events"
	status 1 python3 "$T/session.py" "$T/out" "$RF" run -p "$T/inside.json" --events "$T/events" --summary never -- "${DO[@]}" steal
	eq "$(cat "$T/out")" "steal: EPERM" "what the thief was told"
	eq "$(denials '.operation == "ioctl"')" "kernel kernel.signals" "denials of the terminal"
	# The key gives it, as it gives the signals.
	status 99 python3 "$T/session.py" "$T/out" "$RF" run -p "$T/anybody.json" --summary never -- "${DO[@]}" steal
}

# As if it were opened.
test_a_queue_that_is_received_is_asked_about() {
	shared_world
	for name in inside anybody; do
		rm -f "$T/sock"
		background "${DO[@]}" serve /rf-given "$T/sock"
		wait_for "[ -S '$T/sock' ]"
		if [ $name = inside ]; then
			refused inside EPERM "${DO[@]}" receive "$T/sock"
			eq "$(denials)" "kernel kernel.ipc" "denials of a queue that is received"
		else
			allowed anybody "${DO[@]}" receive "$T/sock"
		fi
	done
}

# Who has one could change it without bpf(2).
test_a_map_is_not_received() {
	shared_world
	policy bpf '"kernel": {"bpf": "allow"}'
	policy records '"mode": "audit"'
	for name in inside records bpf; do
		rm -f "$T/sock"
		background "${DO[@]}" serve map "$T/sock"
		wait_for "[ -S '$T/sock' ]"
		if [ $name = bpf ]; then
			allowed bpf "${DO[@]}" receive "$T/sock" map
		else
			refused $name EPERM "${DO[@]}" receive "$T/sock" map
			eq "$(denials)" "kernel kernel.bpf" "denials of a map under $name"
		fi
	done
}

# What lies on another file system gives its files other names, and opens them in a thread of its own.
test_no_file_system_is_laid_over_what_is_denied() {
	shared_world
	modprobe ecryptfs 2>/dev/null
	grep -q ecryptfs /proc/filesystems || skip "no ecryptfs"
	mkdir "$T/low" "$T/up"
	echo hidden >"$T/low/secret"
	fence mounts "${DO[@]}" stack "$T/low" "$T/up"
	lacks "$OUT" hidden "what was read through ecryptfs"
	eq "$(denials '.operation == "mount"' | sort -u)" "kernel files.unjudged" "denials of the mount"
	! mountpoint -q "$T/up" || fail "it was mounted"
}

run_tests
