#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `ringfence policy diff`: by meaning, not by text; what differs has an example that `why` confirms.
. "$(dirname "$0")/lib.sh"
cd "$TMP" || exit 1
unset XDG_CONFIG_HOME

policy() { printf '{"ringfence": 1, %s}\n' "$2" >"$1.json"; }
differs() { # NAME WANTED-STATUS WANTED-LINE…: each line is somewhere in the output
	local name=$1 want=$2 line
	shift 2
	run "$RF" policy diff a.json b.json
	is "$name: status" "$status" "$want"
	for line; do
		[[ $'\n'$out$'\n' == *$'\n'"$line"$'\n'* ]]
		tap_result $? "$name: $line"
		[[ $'\n'$out$'\n' == *$'\n'"$line"$'\n'* ]] || note "$out"
	done
}
pair() { policy a "$1"; policy b "$2"; }
files() { printf '"files": {"default": "deny"%s}' "${1:+, \"rules\": [$1]}"; }
net() { printf '"network": {"default": "deny", "rules": [%s]}' "$1"; }

pair "$(files '{"id": "w", "allow": ["read", "write"], "paths": ["/d/**", "/e"]}')" \
	"$(files '{"allow": ["write"], "paths": ["/d", "/d/**/*"], "reason": "other words"},
		{"allow": ["read"], "paths": ["/d/**", "/{e,e}"]}, {"allow": ["write"], "paths": ["/e"]}')"
differs "other texts, one meaning" 0 "they decide everything alike"

pair "$(files '{"id": "w", "allow": ["read"], "paths": ["/d/**"]}')" \
	"$(files '{"id": "w", "allow": ["read"], "paths": ["/d/**"]}, {"id": "no", "deny": ["read"], "paths": ["/d/*/.env"]}')"
differs "a deny rule more" 1 "files: read /d/x/.env" "    A: allowed by w (a.json:1)" "    B: denied by no (b.json:1)"
pair "$(files '{"id": "w", "allow": ["read"], "paths": ["/d/**"], "except": ["/d/one", "/d/two"]}')" \
	"$(files '{"id": "w", "allow": ["read"], "paths": ["/d/**"], "except": ["/d/two"]}')"
differs "an exception" 1 "files: read /d/one"
pair "$(files '{"id": "w", "allow": ["read"], "paths": ["/d/**"]}')" '"name": "open"'
differs "an absent section" 1 "files: default" '    A: "deny"' '    B: "allow"' \
	'note: B has no section "files", so it is not enforced there: everything counts as allowed'
like "an absent section: the shortest name" "$out" 'files: read,write,append,create,remove,metadata,exec /,'
pair "$(files '{"id": "w", "allow": ["read"], "paths": ["/d"], "session": "exec"}')" "$(files '{"id": "w", "allow": ["read"], "paths": ["/d"]}')"
differs "one session only" 1 "files: read /d (session init)"
pair "\"mode\": \"audit\", $(files '')" "$(files '')"
differs "audit mode" 1 "policy: mode" '    A: "audit"' '    A: allowed in audit mode, else denied, by files.default (a.json:1)'
pair "$(files '{"id": "k", "deny": ["read"], "paths": ["/d"]}')" "$(files '{"id": "k", "deny": ["read"], "paths": ["/d"], "action": "kill"}')"
differs "killed, not only denied" 1 "files: read /d" '    B: killed by k (b.json:1)'
pair "$(files '{"id": "k", "deny": ["read"], "paths": ["/d"]}')" "$(files '{"id": "k", "deny": ["read"], "paths": ["/d"], "errno": "ENOENT"}')"
differs "denied with another errno" 1 "files: read /d" '    B: denied by k (b.json:1), ENOENT'

pair "$(net '{"id": "db", "allow": ["connect"], "protocol": "tcp", "to": ["10.0.0.0/8"], "ports": ["1-100"]}')" \
	"$(net '{"id": "db", "allow": ["connect"], "protocol": "tcp", "to": ["10.0.0.0/9", "10.128.0.0/9"], "ports": ["1-50", "51-100"]}')"
differs "ranges cut otherwise" 0 "they decide everything alike"
pair "$(net '{"id": "db", "allow": ["connect"], "protocol": "tcp", "to": ["10.0.0.0/8"], "ports": ["1-100"]}')" \
	"$(net '{"id": "db", "allow": ["connect"], "protocol": "tcp", "to": ["10.0.0.0/8"], "ports": ["1-99"]}')"
differs "one port" 1 "network: connect,send tcp 10.0.0.1:100"
pair "$(net '{"id": "db", "allow": ["connect"], "to": ["10.0.0.0/8"]}')" "$(net '{"id": "db", "allow": ["connect"], "to": ["10.0.0.0/8"]}, {"id": "v", "deny": ["connect"], "protocol": "udp", "to": ["10.9.8.7"]}')"
differs "one address and protocol" 1 "network: connect,send udp 10.9.8.7:443"
pair "$(net '{"id": "u", "allow": ["connect"], "unix": ["/run/a", "@n*"]}')" "$(net '{"id": "u", "allow": ["connect"], "unix": ["/run/a"]}')"
differs "unix names" 1 "network: connect,send unix @n"

pair '"devices": {"default": "deny", "rules": [{"allow": ["read"], "nodes": ["@std"]}]}' \
	'"devices": {"default": "deny", "rules": [{"allow": ["read"], "nodes": ["@std", "char 10:200"]}]}'
differs "a device" 1 "devices: read char 10:200"
pair '"capabilities": {"keep": ["chown", "kill"]}' '"capabilities": {"keep": ["kill"]}'
differs "a capability" 1 "capabilities: chown"

pair '"seccomp": {"base": "@container-default"}' '"seccomp": {"base": "@container-default", "rules": [{"id": "t", "deny": ["ioctl"], "args": [{"index": 1, "op": "eq", "value": "TCGETS"}]}]}'
differs "an argument" 1 "seccomp: ioctl(_, 0x5401)" "    B: denied by t (b.json:1), EPERM"
pair '"seccomp": {"base": "@container-default", "deny": ["personality"]}' '"seccomp": {"base": "@container-default", "deny": ["personality"], "errno": "ENOSYS"}'
differs "an errno" 1 "    B: denied by seccomp.deny.0 (b.json:1), ENOSYS"
pair '"seccomp": {"default": "allow", "rules": [{"deny": ["kill"], "args": [{"index": 1, "op": "ge", "value": 9}]}]}' \
	'"seccomp": {"default": "allow", "rules": [{"deny": ["kill"], "args": [{"index": 1, "op": "gt", "value": 8}]}]}'
differs "arguments told otherwise" 0 "they decide everything alike"
pair '"seccomp": {"oci": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["acct"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 7, "op": "SCMP_CMP_EQ"}]}]}}' \
	'"seccomp": {"default": "allow"}'
differs "inside a profile" 1 "seccomp: acct(0x7)"

pair '"kernel": {"mount": "allow"}' '"kernel": {"mount": "deny"}'
differs "a kernel key" 1 "kernel: mount"
pair '"process": {"env": {"keep": ["A", "B"]}, "rlimits": {"nofile": 1}}' '"process": {"env": {"keep": ["B", "A"]}, "rlimits": {"nofile": 2}}'
differs "a limit, not the order of names" 1 "process: rlimits.nofile"
is "a limit, not the order of names: nothing else" "$(grep -c '^process' <<<"$out")" 1
pair '"audit": {"allowed": ["exec"]}' '"name": "b"'
differs "what is recorded is only noted" 0 'note: they record different allowed uses ("audit")'

pair "$(files '{"id": "w", "allow": ["read"], "paths": ["/d"]}')" "$(files '')"
run "$RF" policy diff --json a.json b.json
is "--json: status" "$status" 1
is "--json: an example and both rules" "$(printf %s "$out" | python3 -c '
import json, sys
d = json.load(sys.stdin)
i = d["differences"][0]
print(d["same"], i["layer"], i["access"], i["example"], i["a"]["verdict"], i["a"]["rule"]["id"], i["b"]["rule"]["id"])')" \
	"False files ['read'] /d allowed w files.default"
run "$RF" policy diff a.json a.json --json
is "--json: the same" "$(printf %s "$out" | python3 -c 'import json, sys; print(json.load(sys.stdin)["same"])')" True

run "$RF" policy diff a.json
is "one policy only" "$status" 2
run "$RF" policy diff a.json nosuch
is "not loadable" "$status" 125
echo '{' >bad.json
run "$RF" policy diff a.json bad.json
is "wrong" "$status" 125
run "$RF" policy diff --help
like "help" "$out" '^usage: ringfence policy diff'
for name in agent base batch build container-default strict web; do
	run "$RF" policy diff "$name" "$name"
	is "shipped: $name is itself" "$status" 0
	run "$RF" policy diff default "$name"
	is "shipped: $name is not default" "$status" 1
done

done_testing
