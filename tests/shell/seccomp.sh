#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Section seccomp through the command line: what is refused, with which errno, and how it is told.
. "$(dirname "$0")/lib.sh"

# Numbers of calls are x86_64's.
[ "$(uname -m)" = x86_64 ] || exit 77

# Files are left out of these policies: they hold system calls only.
policy() { # JSON members
	printf '{"ringfence": 1, "name": "calls", "need": "should", %s}\n' "$1" >"$TMP/p.json"
}

call() { # NUMBER ARG…: prints the name of the errno of a raw call made inside
	python3 - "$@" <<'END'
import ctypes, errno, sys
c = ctypes.CDLL(None, use_errno=True)
r = c.syscall(*[ctypes.c_long(int(x, 0)) for x in sys.argv[1:]])
print(errno.errorcode[ctypes.get_errno()] if r == -1 else "done")
END
}
export -f call

inside() {
	run "$RF" run --summary never -p "$TMP/p.json" -- bash -c "$*"
}

policy '"seccomp": {"base": "@container-default"}'
inside true
is "a command runs under the engines' filter" "$status:$err" "0:"
inside 'grep -c "^Seccomp:.*2$" /proc/self/status'
is "a filter is installed" "$out" 1
inside 'call 139 0'
is "what the profile knows and refuses is EPERM" "$out" EPERM
inside 'call 999 0'
is "a number that is no call is ENOSYS" "$out" ENOSYS
inside 'call 16 0 0x5412 0'
is "TIOCSTI is refused" "$out" EPERM
inside 'call 16 0 0x7f00005412 0'
is "TIOCSTI is refused with rubbish in the high half" "$out" EPERM
inside 'call 435 0 0'
is "clone3 does not exist where namespaces are refused" "$out" ENOSYS
inside 'call 56 0x10000000 0 0 0 0'
is "clone of a user namespace is refused" "$out" EPERM

policy '"seccomp": {"default": "allow", "errno": "EXDEV", "deny": ["@keyring"], "rules": [
  {"id": "seek", "deny": ["lseek"], "errno": "EDOM", "args": [{"index": 2, "op": "eq", "value": 77}]}]}'
inside 'call 250 0 0 0'
is "a denied set answers with the section's errno" "$out" EXDEV
inside 'call 8 0 0 77'
is "a rule's own errno comes first" "$out" EDOM
inside 'call 8 0 0 0x10000004d'
is "an int is compared in its low half" "$out" EDOM
inside 'call 8 1 0 78'
is "other arguments are allowed" "$out" EINVAL

policy '"seccomp": {"default": "allow", "rules": [{"deny": ["getpriority"], "action": "kill"}]}'
run "$RF" run --summary never -p "$TMP/p.json" -- bash -c 'nice -n 1 true; exec python3 -c "import os; os.getpriority(0, 0)"'
is "a deadly rule kills" "$status" 159

# However it is named: beside plain denials of its own filter, and below another that denies, too.
policy '"seccomp": {"default": "allow", "deny": ["lseek"], "rules": [
  {"id": "die", "deny": ["lseek"], "args": [{"index": 2, "op": "eq", "value": 77}], "action": "kill"}]}'
inside 'call 8 0 0 78'
is "a plain denial of the call is an errno" "$out" EPERM
inside 'exec python3 -c "import ctypes; ctypes.CDLL(None).syscall(8, 0, 0, 77)"'
is "and a deadly rule about arguments comes before it" "$status" 159
mv "$TMP/p.json" "$TMP/deadly.json"
policy '"extends": ["./deadly.json"], "seccomp": {"default": "allow", "deny": ["lseek"]}'
inside 'exec python3 -c "import ctypes; ctypes.CDLL(None).syscall(8, 0, 0, 77)"'
is "a filter that extends it and denies does not undo it" "$status" 159
run "$RF" why "$TMP/p.json" syscall lseek 0 0 77
like "as why tells" "$out" '^denied by die .*, which kills'

policy '"seccomp": {"default": "deny", "allow": ["write", "exit_group"]}'
run "$RF" run --summary never -p "$TMP/p.json" -- true
is "a filter without execve starts nothing" "$status" 125
like "and says so" "$err" '^ringfence: .*refuses execve'

policy '"mode": "audit", "seccomp": {"default": "allow", "deny": ["mkdir", "mkdirat"]}'
inside "mkdir $TMP/made && echo made"
is "in audit mode a denial passes" "$out" made

# Events without a program in the kernel come by the audit group, which needs root and its capability.
policy '"seccomp": {"default": "allow", "rules": [
  {"id": "no-dirs", "deny": ["mkdir", "mkdirat"], "reason": "a test"}]}'
run "$RF" run --summary never --events "$TMP/events" -p "$TMP/p.json" -- mkdir "$TMP/never"
is "the command sees the refusal" "$status" 1
ok "and nothing was made" test ! -e "$TMP/never"
if [ "$(id -u)" = 0 ] && grep -q '"layer"' "$TMP/events"; then
	denial=$(grep '"layer"' "$TMP/events")
	is "one denial is told" "$(grep -c '"layer"' "$TMP/events")" 1
	like "with its call" "$denial" '"object":\{"name":"mkdir","nr":83,"abi":"x86_64",'
	like "with its rule and place" "$denial" '"rule":\{"id":"no-dirs","source":"[^"]*p.json:2","reason":"a test"\}'
	like "with verdict and errno" "$denial" '"verdict":"denied","enforced":true,"errno":"EPERM"'
	# The call that glibc tries first and does without is no denial.
	run "$RF" run --summary never --events "$TMP/threads" -p "$TMP/p.json" -- python3 -c '
import threading
for i in range(8): threading.Thread(target=print).start()'
	is "a program with threads runs" "$status" 0
	is "and nothing is told of clone3" "$(grep -c '"layer"' "$TMP/threads")" 0
else
	skip "the denial is told" "the audit group cannot be read here"
fi

# What is refused under every policy, here by the filter, since no hook does (or by the hook).
# Natively, too, nobody gets at the programs of the fence.
policy '"mode": "audit"'
run "$RF" run -p "$TMP/p.json" --summary never -- python3 -c '
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
print(libc.syscall(321, 0, b"", 0), errno.errorcode[ctypes.get_errno()], libc.syscall(313, -1, b"", 0), errno.errorcode[ctypes.get_errno()])'
is "audit mode gives neither bpf nor modules" "$out" "-1 EPERM -1 EPERM"
policy '"mode": "audit", "seccomp": {"default": "allow"}'
cat >"$TMP/always.py" <<'E2'
import ctypes, errno, fcntl, os, sys
libc = ctypes.CDLL(None, use_errno=True)
fd = os.open(sys.argv[1], os.O_RDONLY)
def told(name, r):
    print(name, errno.errorcode[ctypes.get_errno()] if r < 0 else "ok")
told("read", libc.fcntl(fd, 1024, 0))
told("write", libc.fcntl(fd, 1024, 1))
told("back", libc.fcntl(fd, 1024, 2))
told("flags", libc.fcntl(fd, 3))
if os.uname().machine == "x86_64": told("iopl", libc.iopl(3))
told("swapon", libc.swapon(sys.argv[1].encode(), 0))
E2
run "$RF" run --summary never -p "$TMP/p.json" -- python3 "$TMP/always.py" "$TMP/p.json"
is "leases, ports and swap space" "$(grep -v ^iopl <<<"$out" | paste -sd' ')" \
	"read EPERM write EPERM back EAGAIN flags ok swapon EPERM"
is "ports" "$(grep ^iopl <<<"$out")" "$([ "$(uname -m)" != x86_64 ] || echo iopl EPERM)"

done_testing
