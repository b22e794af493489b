#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `ringfence policy`: what its actions print where, and their exit statuses.
. "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
cd "$TMP" || exit 1

echo '{"ringfence": 1}' >good.json
echo '{"ringfence": 1, "kernel": {"bpf": "allow"}}' >warned.json
printf '{"ringfence": 1,\n "nmae": "x", "mode": "off"}\n' >bad.json

run "$RF" policy check good.json
is "check: right" "$status" 0
is "check: says so" "$out" "good.json: ok"
is "check: nothing on standard error" "$err" ""

run "$RF" policy check warned.json
is "check: a warning is no error" "$status" 0
like "check: the warning has its place" "$err" '^ringfence: warned.json:1:36: warning: "bpf"'
run "$RF" policy check --strict warned.json
is "check --strict: a warning counts" "$status" 1
run "$RF" policy check --strict good.json
is "check --strict: none to count" "$status" 0

echo '{"ringfence": 1, "files": {"default": "deny", "rules": [{"allow": ["read"], "paths": ["/no/such/folder/**"]}]}}' >hint.json
run "$RF" policy check --strict hint.json
is "check --strict: a hint does not count" "$status" 0
like "check: a hint at what matches nothing here" "$err" '^ringfence: hint.json:1:57: hint: the rule "files.0" matches nothing'
is "check: a hint is no warning" "$out" "hint.json: ok"
stars='/z/*a????????????????????????b'
echo '{"ringfence": 1, "files": {"default": "deny", "rules": [{"id": "fine", "allow": ["read"], "paths": ["/a/*"]},
{"id": "costly", "allow": ["read"], "paths": ["'"$stars"'"]}]}}' >costly.json
run "$RF" policy check costly.json
is "check: what cannot be compiled is wrong" "$status" 1
like "check: the costly rule is named" "$err" 'more than [0-9]+ states; the costliest rules are costly \(costly.json:2\)'

run "$RF" policy check bad.json
is "check: wrong" "$status" 1
is "check: nothing on standard output" "$out" ""
is "check: every problem in one go" "$err" \
	'ringfence: bad.json:2:2: /nmae: unknown key "nmae"; did you mean "name"?
ringfence: bad.json:2:23: /mode: unknown "off"; it must be enforce or audit'
run "$RF" policy check bad.json good.json
is "check: the worst of several" "$status" 1
is "check: the right one is told" "$out" "good.json: ok"
run "$RF" policy check good.json nosuch.json
is "check: missing file" "$status" 125
run "$RF" policy check nosuch
is "check: missing name" "$status" 125
like "check: where it was searched" "$err" 'no policy "nosuch" in .*/etc/ringfence'
run "$RF" policy check
is "check: nothing to check" "$status" 2
run "$RF" policy check --no-such-option good.json
is "check: unknown option" "$status" 2
run "$RF" policy check --set 1=2 good.json
is "check: odd variable" "$status" 2
run "$RF" policy check --set A=b good.json
is "check: a variable" "$status" 0
mkfifo fifo.json
run timeout 100 "$RF" policy check fifo.json
is "check: a FIFO is refused, not waited for" "$status" 125
printf '{"ringfence": 1, "\033[2J": 1}' >hostile.json
run "$RF" policy check hostile.json
is "check: no escape reaches the terminal" "$(printf %s "$err" | tr -cd '\033')" ""

for name in agent base batch build container-default default strict web; do
	run "$RF" policy check "@$name"
	is "shipped: $name" "$status" 0
	run env -i "$RF" policy check "$name"
	is "shipped: $name with an empty environment" "$status" 0
done

# Alternatives among the leading directories are names, each with its links.
mkdir -p real/sub other && ln -s real here && ln -s ../other real/there
cat >braces.json <<E
{"ringfence": 1, "name": "braces", "files": {"default": "allow", "rules": [
 {"id": "n", "deny": ["read"], "paths": ["$PWD/{here,other}/{sub,there}/x", "$PWD/{here,no[},]}/*/y", "$PWD/*/{here}/z",
  "$PWD/here/.{.,x}/b", "$PWD/here/{a,}{b,}/c"]}]}}
E
run "$RF" policy show braces.json
is "show: braces are resolved one by one" "$(grep -o "is also .*" <<<"$out" | sort | paste -sd' ')" \
	"is also $PWD/other/x$(printf " is also $PWD/real/%s" '*/y' .x/b a/c ab/c b/c sub/x)"
for name in real/sub/x other/x real/any/y; do
	run "$RF" why braces.json read "$PWD/$name"
	is "braces: $name is denied" "$status" 1
done
python3 -c 'import json
names = ",".join("a%d" % i for i in range(400))
print(json.dumps({"ringfence": 1, "name": "many", "files": {"default": "allow", "rules": [
    {"deny": ["read"], "paths": ["/x%d/{%s}/x" % (i, names) for i in range(300)]}]}}))' >many.json
run "$RF" policy check many.json
like "braces: they have a limit, and a place" "$status:$err" '^1:ringfence: many.json:1:[0-9]+: .*more than 100000 patterns once the alternatives'
run "$RF" policy show good.json
is "show: status" "$status" 0
like "show: what is not enforced" "$out" 'files: not enforced'
like "show: defaults" "$out" 'ptrace inside, need should  \(default\)'
run "$RF" policy show --json good.json
is "show --json: is JSON" "$(printf %s "$out" | python3 -c 'import json,sys; print(json.load(sys.stdin)["name"])')" good
one=$(printf %s "$out" | grep sha256)
mkdir elsewhere && printf '\n\n{\n"ringfence":1 }' >elsewhere/good.json
run "$RF" policy show --json elsewhere/good.json
is "show: the version is of the meaning" "$(printf %s "$out" | grep sha256)" "$one"
run "$RF" policy show --sizes default
like "show --sizes: what is written" "$out" 'rules +[0-9]+ of 50000'
like "show --sizes: the kernel's map" "$out" 'policy map bytes +[0-9]+ of 16777216'
like "show --sizes: the system call filter" "$out" 'filter instructions +[0-9]+'
run "$RF" policy show --sizes --json default
check_sizes='import json, sys
doc = open(sys.argv[1]).read()
policy = json.load(sys.stdin)
sizes = policy["sizes"]
for name, size in sizes.items():
    assert set(size) <= {"value", "limit"} and size["value"] >= 0, name
    assert size["value"] <= size.get("limit", size["value"]), name
    assert "`%s`" % name in doc, name + " is not in the reference"
assert policy["name"] == "default" and sizes["rules"]["limit"] == 50000
assert sizes["policy_map_bytes"]["value"] >= sizes["image_bytes"]["value"] > 0
assert sizes["filter_bytes"]["value"] > 8 * sizes["filter_instructions"]["value"] > 800
print(len(sizes))'
is "show --sizes --json: values, limits and the reference" \
	"$(printf %s "$out" | python3 -c "$check_sizes" "$here/../../docs/policy.md" 2>&1)" 33

# DESIGN.md 4: a second, 128 MiB, 4 MiB of map.
python3 - <<'END'
import json


def write(name, **sections):
    with open(name, "w", encoding="utf-8") as file:
        json.dump({"ringfence": 1, **sections}, file)


def files(paths):
    return {"default": "deny", "rules": [{"allow": ["read"], "paths": [path]} for path in paths]}


N = range(10000)
write("one-folder.json", files=files(f"/srv/data/file-{i:05}" for i in N))
write("spread.json", files=files(f"/srv/{i % 97}/{i % 89}/name-{i:05}/conf" for i in N))
write("wildcards.json", files=files(f"/srv/{i % 97}/*/name-{i:05}*" for i in N))
write("networks.json", network={"default": "deny", "rules": [
    {"allow": ["connect"], "to": [f"10.{i >> 12}.{i >> 4 & 255}.{(i & 15) * 16}/30"]} for i in N]})
write("calls.json", seccomp={"default": "allow", "rules": [
    {"deny": [["ioctl", "fcntl", "prctl", "personality"][i % 4]],
     "args": [{"index": 1, "op": "eq", "value": i * 7919 + 1}]} for i in range(500)]})
END
check_costs='import json, os, resource, subprocess, sys
for name in sys.argv[2:]:
    out = subprocess.run([sys.argv[1], "policy", "show", "--sizes", "--json", name], capture_output=True, check=True).stdout
    size = json.loads(out)["sizes"]
    assert size["policy_map_bytes"]["value"] <= 4 << 20, (name, size["policy_map_bytes"])
    assert size["resident_bytes"]["value"] <= 128 << 20, (name, size["resident_bytes"])
    spent = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    assert spent < 1.0 * (sys.argv.index(name) - 1), (name, spent)
print("all")'
is "10,000 path rules, 10,000 networks, 500 rules about calls: within DESIGN.md 4" \
	"$(python3 -c "$check_costs" "$RF" one-folder.json spread.json wildcards.json networks.json calls.json 2>&1 | tail -n 1)" all
run "$RF" policy show --sizes costly.json
is "show --sizes: too much to compile" "$status" 125
like "show --sizes: says so" "$err" 'more than 400000 states'
run "$RF" policy show
like "show: default is the default" "$out" '^policy default'
run "$RF" policy show -p good.json -p warned.json
like "show: several" "$out" 'files read: good.json warned.json'
run "$RF" policy show bad.json
is "show: not loadable" "$status" 125

run "$RF" policy schema
is "schema: status" "$status" 0
is "schema: is JSON" "$(printf %s "$out" | python3 -c 'import json,sys; print(json.load(sys.stdin)["$schema"])')" \
	https://json-schema.org/draft/2020-12/schema
# What is no UTF-8 is told apart, too.
printf '{"ringfence": 1, "name": "v", "files": {"default": "deny", "rules": [{"allow": ["read"], "paths": ["${A}/x"]}]}}' >"$TMP/v.json"
run "$RF" policy show --json --set $'A=/\xff' "$TMP/v.json"
like "a value that is no UTF-8 is shown" "$(tr -d ' \n' <<<"$out")" '"paths":\[\{"bytes":"/\\\\xff/x"\}\]'
one=$(grep sha256 <<<"$out")
run "$RF" policy show --json --set $'A=/\xfe' "$TMP/v.json"
ok "and its policy has a version of its own" test "$one" != "$(grep sha256 <<<"$out")"

run "$RF" policy
is "no action: status" "$status" 2
run "$RF" policy no-such-action
is "unknown action: status" "$status" 2
run "$RF" policy --help
like "help: text" "$out" '^usage: ringfence policy'
done_testing
