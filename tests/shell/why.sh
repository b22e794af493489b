#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `ringfence why`: verdict, place, reason and exit status of every kind of question.
. "$(dirname "$0")/lib.sh"
cd "$TMP" || exit 1
unset XDG_CONFIG_HOME

cat >web.json <<'E'
{ "ringfence": 1, "name": "web",
  "files": { "default": "deny", "rules": [
    {"id": "system", "allow": ["read", "exec"], "paths": ["/usr/**", "/opt/**"]},
    {"id": "secrets", "deny": ["read", "write"], "paths": ["**/.env", "/opt/key"],
     "except": ["/opt/pub/.env"], "reason": "private keys", "hint": "use the agent socket"},
    {"id": "own", "allow": ["read", "write"], "paths": ["${CWD}/**"]},
    {"id": "soft", "deny": ["read"], "paths": ["/opt/soft"], "mode": "audit"} ] },
  "seccomp": {"base": "@container-default", "deny": ["ptrace"],
    "rules": [{"id": "pers", "deny": ["personality"], "args": [{"index": 0, "op": "eq", "value": 8}]}]},
  "capabilities": {"keep": ["net_bind_service"]},
  "network": { "default": "deny", "rules": [
    {"id": "db", "allow": ["connect"], "protocol": "tcp", "to": ["10.0.0.0/8", "2001:db8::/32"], "ports": [443]},
    {"id": "lo", "allow": ["connect"], "to": ["@loopback"]},
    {"id": "http", "allow": ["bind", "listen"], "protocol": "tcp", "ports": [8080]},
    {"id": "pg", "allow": ["connect", "bind"], "unix": ["/opt/pg/*", "/**/here.sock", "@abstract-name*"]} ] },
  "devices": { "default": "deny", "rules": [
    {"id": "std", "allow": ["read", "write"], "nodes": ["@std", "block 7:*"]}]},
  "kernel": {"mount": "deny", "keyrings": "allow"} }
E

asked() { # STATUS FIRST-LINE QUESTION…
	local want=$1 line=$2
	shift 2
	run "$RF" why web.json "$@"
	is "$*: status" "$status" "$want"
	is "$*: first line" "${out%%$'\n'*}" "$line"
}

asked 0 'allowed by system (web.json:3)' read /opt/x
asked 0 'allowed by system (web.json:3)' exec /usr/bin/env
asked 1 'denied by files.default (web.json:2)' write /opt/x
asked 1 'denied by secrets (web.json:4)' read /opt/key
asked 1 'denied by secrets (web.json:4)' create /opt/no/such/.env
asked 0 'allowed by system (web.json:3)' read /opt/pub/.env
asked 0 'allowed by own (web.json:6)' append new/file
asked 1 'denied by secrets (web.json:4)' metadata ./a/../.env
asked 1 'denied by files.default (web.json:2)' read /
asked 0 'allowed by soft (web.json:7) in audit mode: it would be denied' read /opt/soft
asked 1 'denied by ringfence.self' read /sys/fs/bpf/x
asked 0 'allowed by db (web.json:12)' connect tcp 10.1.2.3:443
asked 1 'denied by network.default (web.json:11)' connect tcp 10.1.2.3:80
asked 1 'denied by network.default (web.json:11)' connect udp 10.1.2.3:443
asked 0 'allowed by db (web.json:12)' connect tcp '[2001:db8::1]:443'
asked 0 'allowed by db (web.json:12)' send tcp '[::ffff:10.1.2.3]:443'
asked 0 'allowed by lo (web.json:13)' connect udp 0.0.0.0:53
asked 0 'allowed by http (web.json:14)' bind tcp 0.0.0.0:8080
asked 1 'denied by network.default (web.json:11)' listen tcp '[::]:8081'
asked 0 'allowed by pg (web.json:15)' connect unix @abstract-name-1
asked 0 'allowed by pg (web.json:15)' connect unix /opt/pg/s
asked 1 'denied by network.default (web.json:11)' connect unix /opt/pg
asked 1 'denied by network.default (web.json:11)' bind unix ./other.sock
asked 1 'denied by files.default (web.json:2)' bind unix /opt/pg/s
asked 0 'allowed by pg (web.json:15)' bind unix ./here.sock
asked 0 'allowed by pg (web.json:15)' bind unix @abstract-name-1

# What another section must allow, too: a node its device.
cat >both.json <<'E'
{ "ringfence": 1, "name": "both",
  "files": {"default": "allow", "rules": [{"id": "run", "deny": ["create"], "paths": ["/opt/run/**"]}]},
  "network": {"default": "allow"},
  "devices": {"default": "allow", "rules": [{"id": "null", "deny": ["read"], "nodes": ["char 1:3"]}]} }
E
run "$RF" why both.json read /dev/null
is "a node takes its device, too" "$status ${out%%$'\n'*}" "1 denied by null (both.json:4)"
run "$RF" why both.json write /dev/null
is "which may allow another right" "$status ${out%%$'\n'*}" "0 allowed by files.default (both.json:2)"
run "$RF" why container-default device mknod char 1:3
like "a node: the capability is told where it lacks" "$status $out" "^0 allowed by standard .*note: it also takes the capability mknod, which the policy drops"
run "$RF" why --json container-default device mknod char 1:3
like "a node: in JSON" "$out" '"also_needs":"capability mknod"'
run "$RF" why container-default device read char 1:3
ok "a node: but not for opening it" test "${out/note:/}" = "$out"
asked 1 'denied by seccomp.deny.0 (web.json:8)' syscall ptrace
asked 0 'allowed by seccomp.default (web.json:8)' syscall read 0
# Other layers refuse some of their arguments; what is left is the filter's.
asked 0 'allowed by seccomp.default (web.json:8)' syscall ioctl 0 1
asked 0 'allowed by seccomp.default (web.json:8)' syscall clone 17
asked 0 'allowed by seccomp.default (web.json:8)' syscall personality 0
asked 1 'denied by ringfence.self' syscall ioctl 0 TIOCSTI
asked 1 'denied by pers (web.json:9)' syscall personality 8
asked 0 'allowed by capabilities (web.json:10)' capability net_bind_service
asked 1 'denied by capabilities (web.json:10)' capability CAP_SYS_ADMIN
asked 0 'allowed by std (web.json:17)' device read char 1:3
asked 0 'allowed by std (web.json:17)' device write block 7:9
asked 1 'denied by devices.default (web.json:16)' device mknod block 8:0
asked 1 'denied by kernel.mount (web.json:18)' kernel mount
asked 0 'allowed by kernel.keyrings (web.json:18)' kernel keyrings
asked 1 'denied by kernel.ptrace' kernel ptrace

# A port that the kernel chooses: the answer is about all that it may choose.
read -r low high </proc/sys/net/ipv4/ip_local_port_range
port_zero() { # RULE… of bind: STATUS FIRST-LINE
	echo '{"ringfence": 1, "name": "zero", "network": '"$1"'}' >zero.json
	run "$RF" why zero.json "${4:-bind}" tcp 127.0.0.1:0
	is "port 0: $1: status" "$status" "$2"
	is "port 0: $1: first line" "${out%%$'\n'*}" "$3"
}
port_zero '{"default": "deny", "rules": [{"id": "in", "allow": ["bind"], "ports": ["'"$low-$high"'"]}]}' 0 \
	'allowed by in (zero.json:1)'
port_zero '{"default": "deny", "rules": [{"id": "in", "allow": ["bind"], "ports": ["'"$low-$((high - 1))"'"]}]}' 1 \
	'denied by network.default (zero.json:1)'
like "port 0: the port is told" "$out" "note: the kernel chooses the port, and may choose $high"
port_zero '{"default": "allow", "rules": [{"id": "out", "deny": ["bind"], "ports": ["'"$high-65535"'"]}]}' 1 \
	'denied by out (zero.json:1)'
run "$RF" why zero.json --json bind udp 0.0.0.0:0
like "port 0: in JSON" "$out" "\"chosen_port\":$high"
port_zero '{"default": "allow", "rules": [{"id": "out", "deny": ["bind"], "ports": ["1-'"$((low - 1))"'"]}]}' 0 \
	'allowed by network.default (zero.json:1)'
port_zero '{"default": "allow", "rules": [{"id": "out", "deny": ["connect"], "ports": ["'"$high"'"]}]}' 0 \
	'allowed by network.default (zero.json:1)' connect

ln -s /opt/key link
asked 1 'denied by secrets (web.json:4)' read link
asked 0 'allowed by own (web.json:6)' remove link

run "$RF" why web.json read /opt/key
like "the reason" "$out" 'reason: private keys'
like "the hint" "$out" 'hint: use the agent socket'
like "what would decide otherwise" "$out" 'otherwise: allowed by system \(web.json:3\)'
like "the smallest change: an exception" "$out" 'change: add "/opt/key" to "except" of the rule secrets \(web.json:4\)'
run "$RF" why web.json write /opt/x
like "the smallest change: a rule" "$out" 'change: --allow write=/opt/x'
run "$RF" why web.json read /opt/x
ok "no change where it is allowed" test "${out/change:/}" = "$out"
run "$RF" why web.json --json read /opt/key
is "--json" "$out" '{"verdict":"denied","rule":{"id":"secrets","source":"web.json:4","reason":"private keys","hint":"use the agent socket"},"layer":"files","asked":"read /opt/key","object":"/opt/key","enforced":true,"otherwise":{"verdict":"allowed","rule":{"id":"system","source":"web.json:3"}},"change":"add \"/opt/key\" to \"except\" of the rule secrets (web.json:4)"}'

echo '{"v":1,"type":"access","layer":"files","object":{"path":"/opt/key"},"access":["read"],"missing":["read"]}' >one.jsonl
asked 1 'denied by secrets (web.json:4)' event one.jsonl
"$RF" why web.json event - <one.jsonl >piped
is "event from standard input" "$(head -1 piped)" 'denied by secrets (web.json:4)'
echo '{"v":1,"type":"exec"}' >none.jsonl
run "$RF" why web.json event none.jsonl
is "no access record" "$status" 125
echo 'no json' >none.jsonl
run "$RF" why web.json event none.jsonl
is "not JSON" "$status" 125

# ---- names are bytes that somebody chose: no line is forged by one ----
forged=$'/opt/a\nallowed by x\e[2J\u202e\\'
shown='/opt/a\x0aallowed by x\x1b[2J\xe2\x80\xae\\'
run "$RF" why web.json write "$forged"
is "a name with a newline: nothing but our own lines" "$out" "denied by files.default (web.json:2)
asked: write $shown"'
change: the rule {"allow": ["write"], "paths": [{"literal": "/opt/a\nallowed by x\u001b[2J\u202e\\"}]} of "files"'
run "$RF" why --json web.json write "$forged"
is "a name with a newline: as JSON it is the name" \
	"$(printf %s "$out" | python3 -c 'import json, sys; print(json.load(sys.stdin)["object"])')" "$forged"
F=$forged python3 -c 'import json, os; print(json.dumps({"v": 1, "type": "access", "layer": "files",
	"object": {"path": os.environ["F"]}, "access": ["write"], "missing": ["write"]}))' >forged.jsonl
run "$RF" why web.json event forged.jsonl
is "a name with a newline: out of an event" "$(sed -n '2p;4p' <<<"$out")" "asked: write $shown"
run "$RF" policy replay web.json forged.jsonl
is "a name with a newline: in replay" "$(tail -n +2 <<<"$out")" "denied by files files.default (web.json:2): 1
    write $shown"
echo '{"v":1,"type":"access","layer":"devices","object":{"type":"block\nallowed by x","major":1,"minor":1},"access":["read"]}' >odd.jsonl
run "$RF" why web.json event odd.jsonl
is "a type that no device has" "$status:$err" "125:ringfence: the event has no usable device"
cat >words.json <<'E2'
{"ringfence": 1, "files": {"default": "allow", "rules": [{"id": "r", "deny": ["read"], "paths": ["/opt/a\nb"],
 "reason": "one\nallowed by x", "hint": "two\nallowed by y"}]}}
E2
mkdir -p $'odd\nallowed by z'
cp words.json $'odd\nallowed by z/w.json'
run "$RF" why $'odd\nallowed by z/w.json' read $'/opt/a\nb'
is "reason, hint and the policy's own name, too" "$out" 'denied by r (odd\x0aallowed by z/w.json:1)
asked: read /opt/a\x0ab
reason: one\x0aallowed by x
hint: two\x0aallowed by y
otherwise: allowed by files.default (odd\x0aallowed by z/w.json:1)
change: add "/opt/a\nb" to "except" of the rule r (odd\x0aallowed by z/w.json:1)'
echo '{"ringfence": 1, "files": {"default": "allow"}}' >plain.json
run "$RF" policy diff $'odd\nallowed by z/w.json' plain.json
is "and in a diff" "$(grep -c 'allowed by [xyz]$' <<<"$out")" 0
like "with the name as it is" "$out" 'files: read /opt/a.x0ab
'

for words in '' 'read' 'read a b' 'fly /x' 'connect tcp' 'connect tcp nohost:1' 'connect tcp 1.2.3.4' \
	'connect tcp 1.2.3.4:99999' 'connect ipx 1.2.3.4:1' 'syscall nosuchcall' 'capability fly' \
	'device read char 1' 'device eat char 1:3' 'kernel nosuch' 'connect unix @'; do
	# shellcheck disable=SC2086 # words
	run "$RF" why web.json $words
	is "\"$words\": usage" "$status" 2
	like "\"$words\": one sentence" "$err" '^ringfence: '
done
run "$RF" why nosuch.json read /x
is "a policy that is not there" "$status" 125
echo '{"ringfence": 2}' >bad.json
run "$RF" why bad.json read /x
is "a policy that is wrong" "$status" 125

# ---- variables are those that the command will have ----
cat >"$TMP/home.json" <<'END'
{"ringfence": 1, "name": "h", "process": {"env": {"set": {"HOME": "/srv", "TMPDIR": "${HOME}/tmp"}}},
 "files": {"default": "allow", "rules": [{"id": "x", "deny": ["read"], "paths": ["${HOME}/x", "${TMPDIR}/y"]}]}}
END
run "$RF" why "$TMP/home.json" read /srv/x
is "a HOME that the policy sets is the patterns' HOME" "$status" 1
run "$RF" why "$TMP/home.json" read /srv/tmp/y
is "and what is made of it" "$status" 1
run env HOME=/elsewhere "$RF" why "$TMP/home.json" read /elsewhere/x
is "the caller's is not" "$status" 0
echo '{"ringfence": 1, "process": {"env": {"set": {"HOME": "${HOME}/a"}}}}' >"$TMP/loop.json"
run "$RF" why "$TMP/loop.json" read /x
is "a variable that is made of itself is refused" "$status:$err" \
	"125:ringfence: policy loop sets a variable of the environment to its own value"

# ---- of limits, too, the file that decides is named ----
cd "$TMP" || exit 1
echo '{"ringfence": 1, "resources": {"need": "should", "pids_max": 100, "memory_max": "1G"}}' >wide.json
echo '{"ringfence": 1, "resources": {"need": "should", "pids_max": 50, "memory_max": "2G"}}' >narrow.json
for order in '"./wide.json", "./narrow.json"' '"./narrow.json", "./wide.json"'; do
	echo '{"ringfence": 1, "name": "limits", "need": "should", "extends": ['"$order"']}' >limits.json
	run "$RF" run --plan --report - -p limits.json -- true
	like "the smaller number of processes is its file's" "$out" '"id":"resources.pids_max","source":"[./]*narrow.json:1"'
	like "and the smaller memory" "$out" '"id":"resources.memory_max","source":"[./]*wide.json:1"'
done

# ---- a refused call whose arguments nobody recorded: the record knows better than any guess ----
if [ "$(uname -m)" = x86_64 ]; then
	echo '{"ringfence":1,"name":"calls","seccomp":{"base":"@container-default"}}' >calls.json
	echo '{"v":1,"type":"access","process":{"pid":9,"comm":"x"},"layer":"seccomp","operation":"syscall","object":{"name":"personality","nr":135,"abi":"x86_64"},"verdict":"denied","rule":{"id":"seccomp.default","source":"old.json:7"},"count":3}' >blind
	run "$RF" why calls.json event blind
	is 'arguments not recorded: what the record says' "$status:$(head -1 <<<"$out")" '1:denied by seccomp.default (old.json:7)'
	like 'and that it is the record that says so' "$out" 'note: the answer depends on arguments, which were not recorded'
	run "$RF" why --json calls.json event blind
	like 'the same for programs' "$status:$out" '^1:.*"verdict":"denied".*"depends_on_arguments":true,"as_recorded":true'
	sed 's/denied/allowed/' blind >seen
	run "$RF" why calls.json event seen
	is 'an allowed call without arguments is asked about' "$status" 0
	sed 's/personality/read/; s/135/0/' blind >other
	run "$RF" why calls.json event other
	is 'a call that passes whatever its arguments does now' "$status" 0
	run "$RF" policy replay calls.json blind
	like 'replay: it stays denied' "$status:$out" '^1:3 accesses in 1 records: 0 allowed, 3 denied'
	run "$RF" learn --from blind --only-denied -p ./calls.json -o blind.json
	is 'learn: told, not dropped' "$status:$(grep -c '"what": "syscall personality"' blind.json)" 0:1
fi

# ---- refusals that no rule is about ----
echo '{"ringfence":1,"name":"open","files":{"default":"allow"},"kernel":{"ipc":"inside"}}' >open.json
record() { # LAYER HOOK OPERATION OBJECT RULE
	echo '{"v":1,"type":"access","process":{"pid":9,"comm":"x"},"layer":"'"$1"'","hook":"'"$2"'","operation":"'"$3"'","object":'"$4"',"access":["read"],"missing":["read"],"verdict":"denied","rule":'"$5"',"count":1}'
}
record files file_fcntl fcntl '{"path":"/opt/x","type":"regular"}' '{"id":"ringfence.self"}' >self
record kernel shm_alloc_security shmget '{}' '{"id":"files.unjudged","code":"lookup"}' >bare
record files path_unlink unlink '{"path":"/opt/x","type":"regular"}' '{"id":"open","code":"alias"}' >hidden
# In audit mode ringfence still protects itself.
echo '{"ringfence":1,"name":"learns","mode":"audit"}' >learns.json
for ask in 'kernel bpf:1:denied by kernel.bpf' 'kernel modules:1:denied by kernel.modules' \
	'syscall bpf:1:denied by kernel.bpf' \
	'kernel perf_events:0:allowed by kernel.perf_events in audit mode: it would be denied'; do
	# shellcheck disable=SC2086
	run "$RF" why learns.json ${ask%%:*}
	is "audit mode: $ask" "$status:$(head -1 <<<"$out")" "${ask#*:}"
done
run "$RF" why learns.json kernel bpf
like "audit mode: what gives it" "$out" 'change: .*"kernel": \{"bpf": "allow"\}'
# A link is what its new name is asked for; sockets that no rule can name are what the section says.
echo '{"ringfence":1,"name":"names","files":{"default":"deny","rules":[{"id":"r","allow":["read","create"],"paths":["/opt/**"]}]},"network":{"default":"allow","rules":[{"id":"n","deny":["connect"],"to":["192.0.2.1"]}]}}' >names.json
record files path_link link '{"path":"/opt/x","new_path":"/srv/x"}' '{"id":"files.default"}' | sed 's/\["read"\]/["create"]/g' >linked
record network socket_create socket '{"family":"packet"}' '{"id":"network.default"}' | sed 's/\["read"\]/["connect"]/g' >packet
run "$RF" why names.json event linked
is "a link's new name" "$status:$(head -2 <<<"$out")" $'1:denied by files.default (names.json:1)\nasked: create /srv/x'
record files path_rename rename '{"path":"/opt/x","new_path":"/opt/y"}' '{"id":"files.unjudged","code":"alias"}' | sed 's/\["read"\]/["create"]/g; s/unjudged/default/' >aliased
run "$RF" why names.json event aliased
is "a name that adds rights is what the record says" "$status:$(head -1 <<<"$out")" "1:denied by files.default"
run "$RF" why names.json event packet
like "a socket that reaches addresses unasked" "$status:$out" $'^1:denied by network.default \\(names.json:1\\)\nasked: *socket packet\nreason: a rule refuses addresses'
run "$RF" policy replay names.json packet
like "replay says so, too" "$status:$out" '^1:1 accesses in 1 records: 0 allowed, 1 denied'
sed 's/packet/netlink/; s/network.default/ringfence.self/' packet >netlink
run "$RF" why names.json event netlink
is "the audit subsystem's socket" "$status:$(head -1 <<<"$out")" "1:denied by ringfence.self"
run "$RF" policy replay names.json netlink
like "replay: the same" "$status:$out" '^1:1 accesses in 1 records: 0 allowed, 1 denied'
sed 's/packet/bluetooth/' packet >bluetooth
run "$RF" why names.json event bluetooth
is "one that reaches none" "$status" 0
for name in self:ringfence.self bare:files.unjudged hidden:open; do
	run "$RF" why open.json event "${name%%:*}"
	is "no rule is about it, so the record is told: $name" "$status:$(head -1 <<<"$out")" "1:denied by ${name#*:}"
	run "$RF" policy replay open.json "${name%%:*}"
	like "and it is not one that would pass now: $name" "$status:$out" '^1:1 accesses in 1 records: 0 allowed, 1 denied'
done
if [ "$(uname -m)" = x86_64 ]; then
	run "$RF" why open.json syscall fcntl 3 0x400 1
	is 'a lease' "$status:$(head -1 <<<"$out")" '1:denied by ringfence.self'
	run "$RF" why open.json syscall fcntl 3 0x400 2
	is 'giving one back' "$status" 0
fi

done_testing
