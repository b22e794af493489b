#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a fence holds on the kernel at hand, whatever holds it: files, network, devices; for root and
# for an ordinary user; and that root does not get out of its cgroup.
. "$(dirname "$0")/lib.sh"

copy_for_users
port=$((5000 + ($$ * 2) % 3000)) # it and the next one are bound to: of this process, as two of these tests may run
mkdir "$TMP/work"
chmod 777 "$TMP/work"
echo secret >"$TMP/secret"
chmod 666 "$TMP/secret"

cat >"$TMP/files.json" <<END
{"ringfence": 1, "name": "files", "files": {"default": "deny", "rules": [
 {"allow": ["read", "exec"], "paths": ["/usr/**", "/bin/**", "/lib/**", "/lib64/**", "/etc/**"]},
 {"allow": ["read", "write"], "paths": ["$TMP/work/**", "/dev/null"]},
 {"id": "named", "deny": ["read", "write"], "paths": ["$TMP/secret"]}]}}
END
cat >"$TMP/wild.json" <<END
{"ringfence": 1, "name": "wild", "files": {"default": "deny", "rules": [
 {"allow": ["read", "exec"], "paths": ["/**"]},
 {"id": "keys", "deny": ["read"], "paths": ["**/secret"]}]}}
END
cat >"$TMP/nonet.json" <<END
{"ringfence": 1, "name": "nonet", "network": {"default": "deny"}}
END
cat >"$TMP/ports.json" <<END
{"ringfence": 1, "name": "ports", "network": {"default": "deny", "rules": [
 {"allow": ["connect"], "protocol": "tcp", "ports": [7]},
 {"allow": ["bind"], "protocol": "tcp", "ports": [$port]}]}}
END
cat >"$TMP/address.json" <<END
{"ringfence": 1, "name": "address", "network": {"default": "deny", "rules": [
 {"allow": ["connect"], "to": ["127.0.0.0/8"], "ports": [7]}]}}
END
cat >"$TMP/no-connect.json" <<END
{"ringfence": 1, "name": "no-connect", "network": {"default": "allow", "rules": [
 {"deny": ["connect"], "ports": [9]}]}}
END
cat >"$TMP/no-bind.json" <<END
{"ringfence": 1, "name": "no-bind", "network": {"default": "allow", "rules": [
 {"deny": ["bind"], "ports": [$port]}]}}
END
cat >"$TMP/devices.json" <<END
{"ringfence": 1, "name": "devices", "devices": {"default": "deny", "rules": [
 {"allow": ["read", "write"], "nodes": ["@std"]}]}}
END

cat >"$TMP/net.py" <<'END'
import errno, socket, sys

def attempt(name, fn):
    try:
        fn()
        print(name, "ok")
    except OSError as e:
        print(name, errno.errorcode[e.errno])

def tcp(port):
    return lambda: socket.create_connection(("127.0.0.1", port), 2)

def bind(port):
    return lambda: socket.socket().bind(("127.0.0.1", port))

attempt("tcp7", tcp(7))
attempt("tcp9", tcp(9))
attempt("udp9", lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9)))
attempt("fastopen", lambda: socket.socket().sendto(b"x", 0x20000000, ("127.0.0.1", 9)))
attempt("bind", bind(int(sys.argv[1])))
attempt("bind_other", bind(int(sys.argv[1]) + 1))
attempt("unix", lambda: socket.socket(socket.AF_UNIX).connect("/run/nobody"))
attempt("packet", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
attempt("vsock", lambda: socket.socket(socket.AF_VSOCK))
attempt("alg", lambda: socket.socket(socket.AF_ALG))
attempt("pair", socket.socketpair)
attempt("route", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0))
END
chmod 644 "$TMP"/*.json "$TMP/net.py"

as=()
go() { run "${as[@]}" "$USER_RF" run "$@"; }

answer() { # NAME in $out
	sed -n "s/^$1 //p" <<<"$out"
}

refused() { # NAME WHAT…
	local name=$1 what
	shift
	for what; do
		like "$name: $what" "$(answer "$what")" '^(EACCES|EPERM|ENOENT)$'
	done
}

files_for() { # WHO
	local who=$1
	go -p "$TMP/files.json" -- true
	if [ "$status" = 125 ]; then
		skip "$who: files" "$(head -n1 <<<"$err")"
		return
	fi
	go -p "$TMP/files.json" -- sh -c "echo in >$TMP/work/$who && cat $TMP/work/$who"
	is "$who: files: what is allowed works" "$status $out" "0 in"
	go -p "$TMP/files.json" -- cat "$TMP/secret"
	is "$who: files: a denied name is not read" "$status $out" "1 "
	# One who asks what was denied is told, or told that nobody can tell.
	go -p "$TMP/files.json" --summary always -- cat "$TMP/secret"
	like "$who: files: the denial is told, or why it is not" "$err" "(1 x read $TMP/secret  by named|what Landlock refused (is|may) not (be )?told here: |denials cannot be seen on this host)"
	go -p "$TMP/files.json" -- sh -c "echo x >$TMP/secret"
	is "$who: files: nor written" "$(cat "$TMP/secret")" secret
	go -p "$TMP/files.json" -- ln "$TMP/secret" "$TMP/work/alias-$who"
	ok "$who: files: nor linked to where it may be read" [ ! -e "$TMP/work/alias-$who" ]
	go -p "$TMP/files.json" -- sh -c "cp /usr/bin/true $TMP/work/true-$who && $TMP/work/true-$who"
	is "$who: files: a copy is not executed" "$status" 126
	go -p "$TMP/wild.json" -- cat "$TMP/secret"
	like "$who: a wildcard denial is held, or refused under must" "$status/$out" '^(1|125)/$'
	go -p "$TMP/wild.json" --need should -- true
	is "$who: under should it starts" "$status" 0
}

network_for() { # WHO
	local who=$1
	go -p "$TMP/nonet.json" -- python3 "$TMP/net.py" $port
	is "$who: no network: starts" "$status" 0
	refused "$who: no network" tcp7 tcp9 udp9 fastopen bind unix packet vsock alg
	is "$who: no network: pairs stay" "$(answer pair)" ok
	is "$who: no network: so does reading routes" "$(answer route)" ok
	go -p "$TMP/ports.json" -- python3 "$TMP/net.py" $port
	if [ "$status" = 125 ]; then
		skip "$who: ports" "$(head -n1 <<<"$err")"
	else
		is "$who: ports: allowed to connect" "$(answer tcp7)" ECONNREFUSED
		is "$who: ports: allowed to bind" "$(answer bind)" ok
		refused "$who: ports" tcp9 udp9 fastopen bind_other
	fi
	go -p "$TMP/address.json" -- python3 "$TMP/net.py" $port
	if [ "$status" = 125 ]; then
		skip "$who: addresses" "$(head -n1 <<<"$err")"
	else
		is "$who: an address: allowed" "$(answer tcp7)" ECONNREFUSED
		refused "$who: an address" tcp9 udp9 bind
	fi
	# Only what a policy speaks of is looked at.
	go -p "$TMP/no-connect.json" -- python3 "$TMP/net.py" $port
	if [ "$status" = 125 ]; then
		skip "$who: single denials" "$(head -n1 <<<"$err")"
	else
		is "$who: only connect is denied: the rest" "$(answer tcp7) $(answer bind)" "ECONNREFUSED ok"
		refused "$who: only connect is denied" tcp9 udp9 fastopen
		go -p "$TMP/no-bind.json" -- python3 "$TMP/net.py" $port
		is "$who: only bind is denied: the rest" "$(answer tcp9) $(answer udp9) $(answer bind_other)" \
			"ECONNREFUSED ok ok"
		refused "$who: only bind is denied" bind
	fi
}

# Told once, counted from then on, and the rest told at the end (EVENTS.md 7).
repeats_are_folded() {
	printf '{"ringfence": 1, "name": "again", "audit": {"dedupe": "60s"}, "network": {"default": "allow",
 "rules": [{"id": "nine", "deny": ["connect"], "ports": [9]}]}}' >"$TMP/again.json"
	go -p "$TMP/again.json" --events "$TMP/again.jsonl" -- python3 -c 'import socket
for _ in range(300):
    with socket.socket() as s:
        s.connect_ex(("127.0.0.1", 9))'
	if [ "$status" = 125 ]; then
		skip "network: repeats" "$(head -n1 <<<"$err")"
		return
	fi
	is "network: identical denials are folded" "$(python3 -c 'import json, sys
for e in map(json.loads, open(sys.argv[1])):
    if e["type"] == "access" and e["rule"]["id"] == "nine": print(e["count"])
    if e["type"] == "sandbox_end": print("end")' "$TMP/again.jsonl" | tr '\n' ' ')" "1 299 end "
}

files_for root
network_for root
[ "$(id -u)" != 0 ] || repeats_are_folded
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	as=(setpriv --reuid=65534 --regid=65534 --clear-groups env -C "$TMP")
	files_for user
	network_for user
	as=()
else
	skip "another user" "needs root and setpriv"
fi

go -p "$TMP/devices.json" -- true
if [ "$status" = 125 ]; then
	skip "devices" "$(head -n1 <<<"$err")"
	done_testing
fi
go -p "$TMP/devices.json" -- sh -c 'head -c1 /dev/zero | wc -c'
is "devices: what is allowed opens" "$out" 1
go -p "$TMP/devices.json" -- dd if=/dev/kmsg count=0
is "devices: the others do not" "$status" 1
go -p "$TMP/devices.json" -- mknod "$TMP/kmsg" c 1 11
ok "devices: nor are they made" [ ! -e "$TMP/kmsg" ]

# Out of the cgroup, by every way that root has. clone3 takes a descriptor opened for nothing.
cat >"$TMP/leave.py" <<'END'
import ctypes, os, struct

def opens():
    try:
        os.close(os.open("/dev/kmsg", os.O_RDONLY))
        return True
    except OSError:
        return False

out = False
for line in open("/proc/self/mounts"):
    root, kind = line.split()[1:3]
    if kind != "cgroup2":
        continue
    try:
        fd = os.open(root, os.O_PATH | os.O_DIRECTORY)
    except OSError:
        continue
    args = struct.pack("11Q", 0x200000000, 0, 0, 0, 17, 0, 0, 0, 0, 0, fd)
    pid = ctypes.CDLL(None).syscall(435, args, len(args))
    if pid == 0:
        os._exit(7 if opens() else 0)
    if pid > 0:
        out |= os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    for name in ("cgroup.procs", "cgroup.threads"):
        try:
            with open(f"{root}/{name}", "w") as f:
                f.write("0")
        except OSError:
            pass
    out |= opens()
print("out" if out else "held")
END
go -p "$TMP/devices.json" -- python3 "$TMP/leave.py"
is "devices: root does not leave its cgroup" "$status $out" "0 held"
go -p "$TMP/devices.json" -- sh -c "echo fine >$TMP/work/elsewhere; cat $TMP/work/elsewhere"
is "devices: other files are written as ever" "$out" fine
go -p "$TMP/devices.json" -- python3 -c "import os
os.mkdir('$TMP/work/there')
os.rename('$TMP/work/elsewhere', '$TMP/work/there/moved')
os.link('$TMP/work/there/moved', '$TMP/work/linked')"
is "devices: and get other names in other folders" "$status $err" "0 "

done_testing
