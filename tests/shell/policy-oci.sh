#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `ringfence policy import` and `export`: what comes in goes out again, and decides the same.
. "$(dirname "$0")/lib.sh"
cd "$TMP" || exit 1
unset XDG_CONFIG_HOME

# Every call number of every ABI, arguments at their boundaries: the two decide alike.
same() { # NAME A B
	run "$RF" policy diff "$2" "$3"
	is "$1" "$status ${out##*$'\n'}" "0 they decide everything alike"
	[ "$status" = 0 ] || note "$out"
}
query() { python3 -c "import json, sys; d = json.load(open('$1')); print($2)"; }

cat >runtime.json <<'E2'
{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
 "syscalls": [{"names": ["read", "write", "nosuchcall"], "action": "SCMP_ACT_ALLOW"},
  {"names": ["personality"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}]},
  {"names": ["clone"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 2114060288, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]}]}
E2
run "$RF" policy import runtime.json
is "a runtime's profile: status" "$status" 0
printf %s "$out" >p.json
run "$RF" policy check p.json
is "a runtime's profile: it is a policy" "$status ${out%%,*}" "0 p.json: ok"
is "a runtime's profile: named by its file" "$(query p.json 'd["name"]')" runtime
run "$RF" policy export --to oci-seccomp p.json
printf %s "$out" >back.json
is "a runtime's profile: and back, word for word" "$status $(query back.json 'd == json.load(open("runtime.json"))')" "0 True"

engine=/usr/share/containers/seccomp.json
if [ -r $engine ]; then
	run "$RF" policy import --name engine -o engine.json $engine
	is "an engine's default: status" "$status" 0
	is "an engine's default: its name" "$(query engine.json 'd["name"]')" engine
	run "$RF" policy export --to oci-seccomp engine.json
	printf %s "$out" >engine-back.json
	is "an engine's default: and back" "$(query engine-back.json "d == json.load(open('$engine'))")" True
	echo '{"ringfence": 1, "capabilities": {"keep": ["@container-default"]}, "seccomp": {"base": "@container-default"}}' >ours.json
	echo '{"ringfence": 1, "capabilities": {"keep": ["@container-default"]}, "seccomp": {"oci": "engine-back.json"}}' >theirs.json
	same "an engine's default: decides as @container-default" ours.json theirs.json
else
	skip "an engine's default" "golang-github-containers-common is not installed"
fi

# What we say in our own words, given to a runtime: the same answers.
cat >own.json <<'E2'
{"ringfence": 1, "seccomp": {"default": "allow", "deny": ["ptrace", "@keyring"], "errno": "EACCES",
  "rules": [{"id": "tty", "deny": ["ioctl"], "args": [{"index": 1, "op": "eq", "value": "TCGETS"}]},
    {"id": "low", "deny": ["kill"], "args": [{"index": 1, "op": "ge", "value": 9}], "errno": "EPERM"},
    {"id": "some", "deny": ["prctl"], "args": [{"index": 0, "op": "in", "values": [1, 4, 22, 38]}]},
    {"id": "two", "deny": ["fcntl"], "args": [{"index": 1, "op": "eq", "value": 5}, {"index": 0, "op": "lt", "value": 3}]}]}}
E2
for name in own.json strict build web agent batch container-default; do
	run "$RF" policy export --to oci-seccomp "$name"
	is "out of $name: status" "$status" 0
	printf %s "$out" >made.json
	is "out of $name: a profile" "$(query made.json '"defaultAction" in d and len(d["syscalls"]) > 5')" True
done
run "$RF" policy export --to oci-seccomp default
is "what libseccomp would not make alike is refused, with the call" "$status ${err%% the policy says*}" \
	"1 ringfence: an OCI profile cannot say what"
"$RF" policy export --to oci-seccomp own.json >made.json
printf '{"ringfence": 1, "seccomp": {"oci": "made.json"}}' >again.json
run "$RF" policy diff own.json again.json
is "out of our own words: calls that libseccomp can name" "$(grep '^seccomp' <<<"$out" | grep -v x32 | grep -cE 'ioctl|kill|prctl|fcntl|ptrace|keyctl|socket')" 0
run "$RF" why again.json syscall kill 1 9
is "a comparison of 32 bits is kept" "$status" 1
run "$RF" why again.json syscall kill 1 0x100000008
is "rubbish above 32 bits changes nothing" "$status" 0

cat >config.json <<'E2'
{"ociVersion": "1.0.2", "root": {"path": "rootfs"},
 "process": {"args": ["sh"], "noNewPrivileges": true,
  "capabilities": {"bounding": ["CAP_CHOWN", "CAP_KILL"], "effective": ["CAP_CHOWN"], "permitted": ["CAP_CHOWN"]},
  "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 512}, {"type": "RLIMIT_CORE", "hard": 18446744073709551615, "soft": 0}]},
 "linux": {"devices": [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229}],
  "resources": {"devices": [{"allow": true, "type": "b", "major": 8, "access": "r"}, {"allow": false, "access": "rwm"},
    {"allow": true, "type": "c", "major": 4, "minor": 64, "access": "rw"}],
   "memory": {"limit": 536870912}, "pids": {"limit": 100}, "cpu": {"quota": 150000, "period": 100000}},
  "maskedPaths": ["/proc/kcore", "/proc/acpi/"], "readonlyPaths": ["/proc/sys", "/odd*[name]"],
  "seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["acct"], "action": "SCMP_ACT_ERRNO"}]}}}
E2
run "$RF" policy import -o c.json config.json
is "a config.json: status" "$status $err" "0 "
why() { run "$RF" why c.json "${@:2}"; is "a config.json: ${*:2}" "$status" "$1"; }
why 1 read /proc/kcore
why 1 read /proc/acpi/x
why 0 read /proc/sys/x
why 1 write /proc/sys/x
why 1 create '/odd*[name]/x'
why 0 create '/oddname]/x'
why 0 write /anything
why 0 device write char 4:64
why 0 device read char 1:3
why 0 device mknod block 8:0
why 1 device read block 8:0
why 0 device read char 10:229
why 1 device read char 4:65
why 0 capability chown
why 1 capability sys_admin
why 1 syscall acct
is "a config.json: limits" "$(query c.json 'd["process"]["rlimits"]["core"]["hard"], d["process"]["rlimits"]["nofile"]["soft"], d["resources"]["cpu_max"]')" \
	"unlimited 512 1.5"
run "$RF" policy export --to oci-config c.json
printf %s "$out" >out.json
is "a config.json: and out again" "$status $err" "0 "
run "$RF" policy import -o c2.json out.json
same "a config.json: there and back decides the same" c.json c2.json

# Numbers of 64 bits without a sign, which are more than JSON's readers mostly hold.
cat >wide.json <<'E2'
{"ociVersion": "1.0.2", "root": {"path": "rootfs"}, "process": {"args": ["18446744073709551615"], "capabilities": {"bounding": []},
  "rlimits": [{"type": "RLIMIT_MEMLOCK", "hard": 18446744073709551615, "soft": 9223372036854775807}]},
 "linux": {"seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["lseek"], "action": "SCMP_ACT_ERRNO",
   "args": [{"index": 1, "value": 9223372036854775808, "op": "SCMP_CMP_EQ"}]},
  {"names": ["sendfile"], "action": "SCMP_ACT_ERRNO",
   "args": [{"index": 3, "value": 18446744073709551615, "valueTwo": 18446744073709551614, "op": "SCMP_CMP_MASKED_EQ"}]}]}}}
E2
run "$RF" policy import -o w.json wide.json
is "wide numbers: import" "$status $err" "0 "
cp w.json c.json
why 1 syscall lseek 0 0x8000000000000000
why 1 syscall lseek 0 -9223372036854775808
why 0 syscall lseek 0 0x8000000000000001
why 0 syscall lseek 0 0x7fffffffffffffff
why 1 syscall sendfile 0 0 0 -2
why 0 syscall sendfile 0 0 0 -1
run "$RF" policy export --to oci-config w.json
printf %s "$out" >wide-back.json
is "wide numbers: and out again" "$(query wide-back.json 'd["process"]["rlimits"], [s["args"] for s in d["linux"]["seccomp"]["syscalls"]] == [s["args"] for s in json.load(open("wide.json"))["linux"]["seccomp"]["syscalls"]]')" \
	"[{'type': 'RLIMIT_MEMLOCK', 'soft': 18446744073709551615, 'hard': 18446744073709551615}] True"
echo '{"ringfence": 1, "seccomp": {"default": "allow", "rules": [{"deny": ["lseek"], "args": [{"index": 1, "op": "gt", "value": "0xfffffffffffffff0"}]}]}}' >w2.json
run "$RF" policy export --to oci-seccomp w2.json
is "wide numbers: of our own words" "$status $(grep -o '"value": .*[0-9]' <<<"$out" | sort -u)" '0 "value": 18446744073709551600'
echo '{"ringfence": 1, "process": {"rlimits": {"nofile": 18446744073709551615}}}' >w3.json
run "$RF" policy check w3.json
is "wide numbers: none where a policy has no place for one" "$status" 1

run "$RF" policy export --to oci-config web
is "what a config.json has no word for is told" "$status $(grep -c 'has no place in a config.json' <<<"$err" | sed 's/[1-9][0-9]*/some/')" "0 some"
refuses() { # TEXT SENTENCE
	printf %s "$1" >bad.json
	run "$RF" policy import bad.json
	is "refused: $1" "$status $out" "125 "
	like "refused: $1: and why" "$err" "$2"
}
config() { printf '{"ociVersion": "1", "process": {%s}, "linux": {%s}}' "$1" "$2"; }
refuses '[]' 'neither a seccomp profile'
refuses '{}' 'neither a seccomp profile'
refuses 'x' 'line 1'
refuses '{"defaultAction": "SCMP_ACT_NOSUCH"}' 'no action that seccomp has'
refuses '{"ociVersion": "1"}' 'no object "process"'
refuses "$(config '' '"maskedPaths": ["x"]')" 'a path is not absolute'
refuses "$(config '"rlimits": [{"type": "x"}]' '')" 'a limit has no type'
refuses "$(config '' '"resources": {"devices": [{"allow": true, "type": "z"}]}')" 'type of a device is not a, b, c or u'
refuses "$(config '' '"resources": {"devices": [{"allow": true, "type": "c", "access": "x"}]}')" 'a rule without access'
refuses "$(config '' '"resources": {"devices": [{"allow": false, "type": "c", "major": 1, "access": "r"}, {"allow": true, "type": "c", "major": 1, "minor": 3, "access": "r"}]}')" \
	'put the rules in another order'
cat >audit.json <<'E2'
{"ringfence": 1, "mode": "audit", "seccomp": {"oci": {"defaultAction": "SCMP_ACT_ALLOW"}}}
E2
run "$RF" policy check audit.json
is "no audit mode with a profile" "$status $out" "1 "
like "no audit mode with a profile: why" "$err" "audit mode cannot be had with an OCI seccomp profile"
run "$RF" policy import nosuch.json
is "no such file" "$status" 125
run "$RF" policy import
is "import: nothing named" "$status" 2
run "$RF" policy export p.json
is "export: no form" "$status" 2
run "$RF" policy export --to yaml p.json
is "export: another form" "$status" 2
echo '{"ringfence": 1}' >none.json
run "$RF" policy export --to oci-seccomp none.json
like "export: nothing to write" "$status $err" "the policy has no section seccomp"
is "export: nothing to say" "$status" 1
"$RF" policy import - <runtime.json >stdin.json
is "standard input" "$? $(query stdin.json 'd["name"]')" "0 imported"

done_testing
