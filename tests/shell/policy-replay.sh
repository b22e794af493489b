#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `ringfence policy replay`: what recorded activity would meet.
. "$(dirname "$0")/lib.sh"
cd "$TMP" || exit 1
unset XDG_CONFIG_HOME

cat >p.json <<'E2'
{ "ringfence": 1, "name": "p",
  "files": { "default": "deny", "rules": [
    {"id": "sys", "allow": ["read", "exec"], "paths": ["/usr/**"]},
    {"id": "work", "allow": ["read", "write"], "paths": ["/data/**"]},
    {"id": "env", "deny": ["read", "write"], "paths": ["**/.env"], "hint": "not this"} ] },
  "network": { "default": "deny", "rules": [{"id": "db", "allow": ["connect"], "to": ["10.0.0.0/8"]}] },
  "seccomp": {"default": "allow", "deny": ["ptrace"], "rules": [{"id": "tty", "deny": ["ioctl"], "args": [{"index": 1, "op": "eq", "value": 1}]}]},
  "capabilities": {"keep": ["chown"]} }
E2
event() { # VERDICT LAYER OBJECT [MORE]
	printf '{"v":1,"type":"access","seq":1,"sandbox":{"id":"x","session":"init"},"layer":"%s","operation":"%s","object":%s,%s"verdict":"%s"}\n' \
		"$2" "${5:-open}" "$3" "${4:+$4,}" "$1"
}
file() { event "$1" files "{\"path\":\"$2\"}" "\"access\":[\"$3\"]"; }
field() { printf %s "$out" | python3 -c "import json, sys; d = json.load(sys.stdin); print($1)"; }

{ file allowed /usr/bin/ls read; file allowed /usr/bin/ls exec; file would_deny /data/x write; } >good.jsonl
run "$RF" policy replay p.json good.jsonl
is "all allowed: status" "$status" 0
is "all allowed: first line" "${out%%$'\n'*}" "3 accesses in 3 records: 3 allowed, 0 denied"
like "by rule" "$out" 'allowed by files sys \(p.json:3\): 2'

file allowed /data/.env read | cat good.jsonl - >bad.jsonl
run "$RF" policy replay p.json bad.jsonl
is "one denied: status" "$status" 1
like "one denied: the rule, an example and the hint" "$out" $'denied by files env \\(p.json:5\\): 1\n    read /data/.env\n    hint: not this'
like "one denied: it passed before" "$out" '1 passed when they were recorded and would not now'

event denied files '{"path":"/usr/x"}' '"access":["read","write"],"missing":["read"],"count":40' >fold.jsonl
run "$RF" policy replay --json p.json fold.jsonl good.jsonl
is "all that was asked for counts, not only what was missing" "$status" 1
is "folded records count whole" "$(field 'd["denied"], d["accesses"], d["records"]')" "40 43 4"
is "denied before and now is not new" "$(field 'd["newly_denied"], d["newly_allowed"]')" "0 0"
event denied files '{"path":"/usr/x"}' '"access":["read"],"missing":["read"]' >was.jsonl
run "$RF" policy replay --json p.json was.jsonl
is "what would pass now" "$status $(field 'd["newly_allowed"]')" "0 1"

event allowed files '{"path":"/data/a","new_path":"/data/.env"}' '"access":["create","remove"]' rename >rename.jsonl
run "$RF" policy replay --json p.json rename.jsonl
is "a rename needs its new name, too" "$status $(field 'd["denied"], d["accesses"]')" "1 1 1"
like "a rename: which name" "$out" 'create /data/.env'
event allowed files '{"path":"/data/a","new_path":"/data/b"}' '"access":["create"]' link >link.jsonl
run "$RF" policy replay p.json link.jsonl
is "a link needs only its new name" "$status" 0
event denied files '{"path":"/usr/a","new_path":"/data/b"}' '"access":["create"],"missing":["create"]' link >alias.jsonl
event denied files '{"path":"/data/.env","new_path":"/data/c"}' '"access":["create"],"missing":["create"]' link >>alias.jsonl
event allowed files '{"path":"/data/d","new_path":"/data/e"}' '"access":["create","remove"]' rename >>alias.jsonl
run "$RF" policy replay --json p.json alias.jsonl
is "a name that adds rights is refused" "$status $(field 'd["denied"], d["allowed"], d["newly_allowed"]')" "1 2 1 0"
is "by the rule of the old name" \
	"$(field '[(r["rule"]["id"], r["examples"]) for r in d["rules"] if r["verdict"] == "denied"]')" \
	"[('env', ['link /data/.env -> /data/c']), ('files.default', ['link /usr/a -> /data/b'])]"

echo '{"ringfence": 1, "kernel": {"signals": "allow"}}' >signals.json
signal() { # RULE
	event denied process '{"pid":1,"comm":"init"}' "\"rule\":{\"id\":\"$1\"}" signal
}
signal kernel.signals >signal.jsonl
run "$RF" policy replay p.json signal.jsonl
is "a signal that was refused would be again" "$status:$err" 1:
run "$RF" policy replay signals.json signal.jsonl
is "unless signals are allowed" "$status:$err" 0:
run "$RF" why p.json event signal.jsonl
like "why answers about it, too" "$status:$out" '^1:denied by kernel.signals'
signal ringfence.self >self.jsonl
run "$RF" policy replay signals.json self.jsonl
like "what protects ringfence refuses under every policy" "$status:$err$out" '^1:.*denied by process ringfence.self: 1'

event allowed network '{"family":"inet","protocol":"tcp","address":"10.1.2.3","port":5}' '"access":["connect"]' >net.jsonl
event allowed network '{"family":"vsock"}' '"access":["connect"]' >>net.jsonl
event denied network '{"family":"unix","path":"/run/x"}' '"access":["connect"]' >>net.jsonl
run "$RF" policy replay --json p.json net.jsonl
is "network: status" "$status" 1
is "network: families and sockets" "$(field '[(r["verdict"], r["rule"]["id"], r["accesses"]) for r in d["rules"]]')" \
	"[('denied', 'network.default', 2), ('allowed', 'db', 1)]"

if [ "$(uname -m)" = x86_64 ]; then
	event allowed seccomp '{"name":"ptrace","nr":101,"abi":"x86_64"}' >sys.jsonl
	run "$RF" policy replay p.json sys.jsonl
	is "a call without recorded arguments: denied whatever they are" "$status" 1
	event allowed seccomp '{"name":"ioctl","nr":16,"abi":"x86_64"}' >sys.jsonl
	run "$RF" policy replay --json p.json sys.jsonl
	is "a call whose answer depends on them: told, not counted" "$status $(field 'd["depends_on_arguments"], d["denied"]')" "0 1 0"
	event allowed seccomp '{"name":"ioctl","nr":16,"abi":"x86_64","args":["0x0","0x1","0x0","0x0","0x0","0x0"]}' >sys.jsonl
	run "$RF" policy replay p.json sys.jsonl
	is "a call with its arguments" "$status" 1
fi
event allowed capabilities '{"name":"chown"}' >cap.jsonl
run "$RF" policy replay p.json cap.jsonl
is "a capability that is kept" "$status" 0
event would_deny capabilities '{"name":"sys_admin"}' >cap.jsonl
run "$RF" policy replay p.json cap.jsonl
is "a capability that is not" "$status" 1
event denied files '{}' '"access":["read"],"rule":{"id":"files.unjudged","code":"disconnected"}' >un.jsonl
run "$RF" policy replay p.json un.jsonl
is "what could not be judged" "$status" 1
like "what could not be judged: says so" "$out" 'denied by files files.unjudged'

sed 's/"name": "p",/"name": "p", "mode": "audit",/' p.json >audit.json
run "$RF" policy replay audit.json bad.jsonl
is "audit mode: what would be denied counts" "$status" 1
like "audit mode: and is told" "$out" '0 denied, 1 would be denied but for audit mode'

{ cat good.jsonl; echo 'no json'; echo '[]'; echo '{"type":"access","layer":"files"}'; echo '{"type":"exit","seq":2}'; echo
  echo '{"type":"lost","seq":5,"last":9,"count":7}'; printf %s "$(file allowed /etc/x read)"; } >mixed.jsonl
run "$RF" policy replay --json p.json mixed.jsonl
is "broken lines do not end it, nor does a missing newline" "$status" 1
is "broken lines are counted" "$(field 'd["broken_lines"], d["other_records"], d["lost"], d["records"]')" "3 2 7 4"
like "broken lines are named" "$err" '^ringfence: mixed.jsonl:4: not an event: .*
ringfence: mixed.jsonl:5: not an event: .*
ringfence: mixed.jsonl:6: not an event: '
"$RF" policy replay --json p.json - <bad.jsonl >"$TMP/o"
is "standard input" "$?" 1
printf 'x\ny\n' >none.jsonl
run "$RF" policy replay p.json none.jsonl
is "nothing but broken lines" "$status" 125
: >empty.jsonl
run "$RF" policy replay p.json empty.jsonl
is "nothing at all" "$status" 0
run "$RF" policy replay p.json
is "no events" "$status" 2
run "$RF" policy replay p.json nosuch.jsonl
is "no such file" "$status" 125
run "$RF" policy replay nosuch good.jsonl
is "no such policy" "$status" 125
head -c 300000 /dev/zero | tr '\0' x >long.jsonl; cat good.jsonl >>long.jsonl
run "$RF" policy replay --json p.json long.jsonl
is "a line without end is passed over" "$status" 0

# A real run's own records under its own policy: nothing it did is denied by it, for the same reasons.
cat >run.json <<'E2'
{ "ringfence": 1, "need": "should", "seccomp": {"default": "allow", "deny": ["personality"]} }
E2
"$RF" run -p run.json --summary never --events ev.jsonl -- setarch --show >/dev/null 2>&1
"$RF" run -p run.json --summary never --events ev.jsonl -- setarch -R true >/dev/null 2>&1
if grep -q '"type":"access"' ev.jsonl 2>/dev/null; then
	run "$RF" policy replay run.json ev.jsonl
	is "a run's own denials" "$status" 1
	sed 's/"deny": \["personality"\]/"deny": ["acct"]/' run.json >other.json
	run "$RF" policy replay other.json ev.jsonl
	is "a run's denials under a policy that allows them" "$status" 0
else
	skip "a run's own denials" "this kernel told nothing"
fi

python3 - <<'P'
with open("big.jsonl", "w") as f:
    for i in range(60000):
        f.write('{"v":1,"type":"access","sandbox":{"id":"x"},"layer":"files","object":{"path":"/data/d%d/f%d"},"access":["read"],"verdict":"allowed"}\n' % (i % 97, i))
P
run bash -c 'ulimit -v 200000; exec timeout 200 "$0" policy replay p.json big.jsonl' "$RF"
is "a big file in little memory" "$status ${out%%$'\n'*}" "0 60000 accesses in 60000 records: 60000 allowed, 0 denied"

done_testing
