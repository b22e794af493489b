#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Containers without a kernel side: what `oci apply` writes, what `oci install` leaves and finds, and
# what the hook refuses before it looks at any container.
. "$(dirname "$0")/lib.sh"
export LC_ALL=C

# q FILE PYTHON-EXPRESSION of `c`, the file's JSON.
q() {
	python3 -c 'import json, sys
c = json.load(open(sys.argv[1]))
calls = {}
for rule in (c.get("linux", {}).get("seccomp") or {}).get("syscalls", []):
    for name in rule["names"]:
        calls.setdefault(name, []).append(rule)
print(json.dumps(eval(sys.argv[2]), separators=(",", ":")))' "$1" "$2"
}

config() { # MEMBERS: a config.json of those and what every container has
	python3 -c 'import json, sys
c = {"ociVersion": "1.0.2", "root": {"path": "rootfs"}, "linux": {},
     "process": {"user": {"uid": 0, "gid": 0}, "cwd": "/", "args": ["true"], "env": ["PATH=/bin"]}}
def unite(a, b):
    for key, value in b.items():
        if isinstance(value, dict) and isinstance(a.get(key), dict):
            unite(a[key], value)
        else:
            a[key] = value
unite(c, eval(sys.argv[1]))
json.dump(c, open(sys.argv[2], "w"))' "$1" "$TMP/config.json"
}

policy() { # MEMBERS
	echo "{\"ringfence\": 1, \"name\": \"p\", \"process\": {\"no_new_privileges\": false}, $1}" >"$TMP/p.json"
}

apply() {
	rm -f "$TMP/out.json"
	run "$RF" oci apply --policy "$TMP/p.json" -o "$TMP/out.json" "$TMP/config.json"
}

mkdir "$TMP/rootfs"

# A runtime that does not say all it has to: the hook ends by itself. Looked at below.
# Some runtimes lose what it says on standard error, so the log has it, too.
mkfifo "$TMP/never"
sleep 1000 >"$TMP/never" &
never=$!
python3 - "$TMP/log" "$TMP/messages" >"$TMP/ready" <<'END' &
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("ready", flush=True)
with open(sys.argv[2], "wb") as file:
    while True:
        file.write(s.recv(65536) + b"\n")
        file.flush()
END
logger=$!
until [ -s "$TMP/ready" ]; do sleep 0.05; done
export RINGFENCE_SYSLOG_SOCKET=$TMP/log
timeout 250 "$RF" oci hook <"$TMP/never" >/dev/null 2>"$TMP/late" &
late=$!

# ---- apply ----

policy '"capabilities": {"keep": ["chown", "kill"]}'
config '{"process": {"capabilities": {"bounding": ["CAP_KILL", "CAP_SYS_ADMIN"], "ambient": ["CAP_SYS_ADMIN"]}}}'
apply
is "capabilities: status" "$status $err" "0 "
is "capabilities: what both have, in every set" "$(q "$TMP/out.json" 'c["process"]["capabilities"]')" \
	'{"bounding":["CAP_KILL"],"ambient":[],"effective":[],"permitted":[],"inheritable":[]}'
is "no_new_privileges: left alone where the policy has none" \
	"$(q "$TMP/out.json" 'c["process"].get("noNewPrivileges")')" null

echo '{"ringfence": 1, "name": "p", "process": {"rlimits": {"nofile": 64}}}' >"$TMP/p.json"
config '{"process": {"rlimits": [{"type": "RLIMIT_NOFILE", "soft": 32, "hard": 1024}]}}'
apply
is "no_new_privileges: set by default" "$(q "$TMP/out.json" 'c["process"]["noNewPrivileges"]')" true
is "limits: the smaller" "$(q "$TMP/out.json" 'c["process"]["rlimits"]')" \
	'[{"type":"RLIMIT_NOFILE","soft":32,"hard":64}]'

echo '{"ringfence": 1, "name": "p", "process": {"rlimits": {"nofile": 64}}}' >"$TMP/p.json"
config '{"process": {"args": ["a"], "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 18446744073709551615, "hard": 18446744073709551615},
	{"type": "RLIMIT_MEMLOCK", "soft": 18446744073709551615, "hard": 9223372036854775808}]}}'
apply
is "limits: numbers of 64 bits stay what they are" "$status $(q "$TMP/out.json" 'c["process"]["rlimits"]')" \
	'0 [{"type":"RLIMIT_NOFILE","soft":64,"hard":64},{"type":"RLIMIT_MEMLOCK","soft":18446744073709551615,"hard":9223372036854775808}]'

policy '"devices": {"default": "deny", "rules": [{"allow": ["read", "write"], "nodes": ["char 1:3", "char 5:*"]}]}'
config '{"linux": {"resources": {"devices": [{"allow": False, "access": "rwm"},
	{"allow": True, "type": "c", "major": 5, "minor": 1, "access": "rwm"}, {"allow": True, "type": "b", "access": "m"}]}}}'
apply
is "devices: what both allow" "$(q "$TMP/out.json" 'c["linux"]["resources"]["devices"]')" \
	'[{"allow":false,"type":"a","access":"rwm"},{"allow":true,"type":"c","major":5,"minor":1,"access":"rw"}]'
cp "$TMP/out.json" "$TMP/config.json"
apply
is "devices: again changes nothing" "$(q "$TMP/out.json" c)" "$(q "$TMP/config.json" c)"

policy '"seccomp": {"base": "@container-default", "deny": ["getpid"]}'
config '{}'
apply
is "system calls: without a filter the policy's" "$(q "$TMP/out.json" \
	'[c["linux"]["seccomp"]["defaultAction"], "openat" in calls, "getpid" in calls, "keyctl" in calls]')" \
	'["SCMP_ACT_ERRNO",true,false,false]'
is "system calls: by arguments" "$(q "$TMP/out.json" 'sorted(r["args"][0]["value"] for r in calls["personality"])')" \
	'[0,8,131072,131080,4294967295]'
is "system calls: what one rule excludes anyway" "$(q "$TMP/out.json" \
	'sorted([a["index"], a["value"], a["op"]] for r in calls["socket"] for a in r["args"])')" \
	'[[0,16,"SCMP_CMP_NE"],[2,9,"SCMP_CMP_NE"]]'
cp "$TMP/out.json" "$TMP/config.json"
apply
is "system calls: again changes nothing" "$(q "$TMP/out.json" c)" "$(q "$TMP/config.json" c)"

config '{"linux": {"seccomp": {"defaultAction": "SCMP_ACT_KILL", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
	"listenerPath": "/x", "syscalls": [{"names": ["openat", "getpid", "keyctl", "personality"], "action": "SCMP_ACT_ALLOW"},
	{"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]}]}}}'
apply
is "system calls: what both allow" "$(q "$TMP/out.json" 'sorted(calls)')" '["openat","personality"]'
like "system calls: what is stricter is told" "$err" 'socket: denied whole'
is "system calls: architectures stay, listeners go" "$(q "$TMP/out.json" \
	'[c["linux"]["seccomp"]["architectures"], "listenerPath" in c["linux"]["seccomp"]]')" \
	'[["SCMP_ARCH_X86_64","SCMP_ARCH_X86"],false]'

config '{"linux": {"seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["openat"], "action": "SCMP_ACT_ERRNO"}]}}}'
apply
is "system calls: a list of refusals becomes one of permissions" "$(q "$TMP/out.json" \
	'["openat" in calls, "read" in calls, c["linux"]["seccomp"]["defaultAction"]]')" '[false,true,"SCMP_ACT_ERRNO"]'

policy '"seccomp": {"default": "allow", "rules": [{"deny": ["ioctl"], "args": [{"index": 1, "op": "eq", "value": "0x5401"}]}]}'
config '{}'
apply
is "system calls: what the format cannot say is refused" "$status" 1
like "system calls: and named" "$err" 'rule for ioctl cannot be written'
ok "system calls: nothing is written then" test ! -e "$TMP/out.json"

policy '"capabilities": {"keep": []}'
config '{"annotations": {"run.oci.seccomp_bpf_data": "AAAA"}}'
apply
is "crun's annotations for seccomp are refused" "$status" 1
like "crun's annotations: by name" "$err" 'run.oci.seccomp_bpf_data'

config '{}'
run "$RF" oci apply "$TMP/config.json"
is "no policy is an error" "$status" 1
"$RF" oci apply --precreate <"$TMP/config.json" >"$TMP/same.json"
ok "precreate without a policy changes nothing" cmp -s "$TMP/same.json" "$TMP/config.json"
config '{"annotations": {"ringfence.policy": "container-default"}, "process": {"capabilities": {"bounding": ["CAP_SYS_ADMIN"]}}}'
"$RF" oci apply --precreate <"$TMP/config.json" >"$TMP/pre.json"
is "precreate by annotation" "$(q "$TMP/pre.json" '[c["process"]["capabilities"]["bounding"], len(calls) > 250]')" '[[],true]'
echo '{' | "$RF" oci apply --precreate >"$TMP/none" 2>"$TMP/.err"
is "precreate of garbage fails and prints nothing" "$? $(wc -c <"$TMP/none")" "1 0"
mkdir "$TMP/bundle"
cp "$TMP/config.json" "$TMP/bundle/"
run "$RF" oci apply "$TMP/bundle"
is "a bundle's config.json is replaced" "$(q "$TMP/bundle/config.json" 'len(calls) > 250')" true

# ---- install ----

run "$RF" oci install --check --root "$TMP/root"
is "check: nothing is installed" "$status" 1
like "check: says what is missing" "$out" 'hooks.d is not there'
run "$RF" oci install --root "$TMP/root"
is "install: status" "$status $err" "0 "
hook=$TMP/root/usr/share/containers/oci/hooks.d/ringfence.json
is "install: fails closed without ringfence" "$(q "$hook" 'c["hook"]["path"]')" '"/usr/bin/env"'
is "install: stages" "$(q "$hook" 'c["stages"]')" '["createRuntime","poststop"]'
# What the files name is looked for below the root, too.
mkdir -p "$TMP/root/usr/bin" "$TMP/root$(dirname "$(realpath "$RF")")"
touch "$TMP/root/usr/bin/env" "$TMP/root$(realpath "$RF")"
chmod 755 "$TMP/root/usr/bin/env" "$TMP/root$(realpath "$RF")"
run "$RF" oci install --check --root "$TMP/root"
is "check: all is well" "$status $out" "0 everything is in place"

broken() { # PYTHON-STATEMENT PATTERN
	cp "$hook" "$TMP/saved.json"
	python3 -c 'import json, sys
c = json.load(open(sys.argv[1]))
exec(sys.argv[2])
json.dump(c, open(sys.argv[1], "w"))' "$hook" "$1"
	run "$RF" oci install --check --root "$TMP/root"
	is "check finds: $1" "$status" 1
	like "check tells: $1" "$out" "$2"
	mv "$TMP/saved.json" "$hook"
}
broken 'c["hook"]["path"] = "/nonexistent/env"' 'is missing, so engines start containers without'
broken 'c["hook"]["args"][3] = "/nonexistent/ringfence"' 'is missing, so containers are refused'
broken 'c["when"] = {"annotation": {"a": "b"}}' 'annotation is no key'
broken 'c["when"] = {}' 'matches nothing'
broken 'c["when"]["annotations"] = {"ringfence.policy": ".*"}' 'anchor it'
broken 'c["stages"] = ["createruntime"]' 'createruntime is not one'
broken 'del c["hook"]["timeout"]' 'waits for ever'
broken 'c["hook"]["args"] = c["hook"]["args"][:5]' 'do not call .ringfence oci hook.'
broken 'c["hook"] = 5' 'hook.path is no absolute path'
broken 'c["stages"] = "createRuntime"' 'no stage createRuntime'
broken 'c["stages"] = [5, None]' 'no stage createRuntime'
broken 'c["when"] = []' 'an empty when matches nothing'
broken 'c["hook"]["path"] = 7' 'hook.path is no absolute path'
broken 'c = [c]' 'it is no object'
broken 'c["x\u001b[31m"] = 1' 'is no key'
conf=$TMP/root/etc/containers
configured() { # FILE TEXT STATUS
	mkdir -p "$(dirname "$conf/$1")"
	printf '%s\n' '[engine]' "$2" >"$conf/$1"
	run "$RF" oci install --check --root "$TMP/root"
	is "check: $1 with ${2//$'\n'/}" "$status" "$3"
	rm "$conf/$1"
}
configured containers.conf.d/99-other.conf 'hooks_dir = ["/other"]' 1
like "check tells: another list of folders" "$out" '99-other.conf: hooks_dir leaves out /usr/share/containers/oci/hooks.d'
configured containers.conf.d/99-other.conf $'hooks_dir=[\n  "/other",\n  "/usr/share/containers/oci/hooks.d"\n]' 0
configured containers.conf.d/99-other.conf 'hooks_dir = ["/other", {append=true}]' 0
configured containers.conf.d/99-other.conf '# hooks_dir = ["/other"]' 0
configured containers.conf.d/10-other.conf 'hooks_dir = ["/other"]' 0
configured containers.conf 'hooks_dir = ["/other"]' 0
mv "$conf/containers.conf.d/50-ringfence.conf" "$TMP/50"
configured containers.conf 'hooks_dir = ["/other"]' 1
mv "$TMP/50" "$conf/containers.conf.d/50-ringfence.conf"
echo '{' >"${hook%/*}/other.json"
run "$RF" oci install --check --root "$TMP/root"
like "check finds broken JSON of others" "$out" 'refuses every container'
rm "${hook%/*}/other.json"

echo '{"ociVersion": "1.0.2", "process": {"cwd": "/"}}' >"$TMP/spec.json"
run "$RF" oci install --root "$TMP/root" --policy base --containerd-spec "$TMP/spec.json"
is "base spec: keeps what it had, gets the hooks" "$(q "$TMP/root/etc/ringfence/containerd-base-spec.json" \
	'[c["process"]["cwd"], c["hooks"]["createRuntime"][0]["args"][-2:], "poststop" in c["hooks"]]')" \
	'["/",["--policy","base"],true]'
is "with a policy for all the hook is called for all" "$(q "$hook" 'c["when"]')" '{"always":true}'
run "$RF" oci install --root "$TMP/root" --precreate
is "precreate hook: for podman" "$(q "${hook%.json}-precreate.json" 'c["stages"] + c["hook"]["args"][-3:]')" \
	'["precreate","oci","apply","--precreate"]'
run "$RF" oci install --check --root "$TMP/root"
is "check: the precreate hook is fine" "$status $out" "0 everything is in place"
run "$RF" oci install --root "$TMP/root" --policy base --exempt kube-system --exempt mine \
	--containerd-spec "$TMP/root/etc/ringfence/containerd-base-spec.json"
spec=$TMP/root/etc/ringfence/containerd-base-spec.json
is "base spec: written again over itself it has one hook each" "$(q "$spec" '[len(c["hooks"][s]) for s in c["hooks"]]')" '[1,1]'
is "exempt namespaces go to the hook" "$(q "$hook" 'c["hook"]["args"][6:]')" \
	'["--policy","base","--exempt","kube-system","--exempt","mine"]'
run "$RF" oci uninstall --root "$TMP/root"
is "uninstall leaves no file but the base spec" "$(find "$TMP/root" -name '*.json' -o -name '*.conf')" "$spec"
is "uninstall: the base spec has no hooks any more" "$(q "$spec" '"hooks" in c')" false
like "uninstall: containerd has to be told" "$out" 'restart containerd'
echo '{"ociVersion": "1.0.2", "hooks": {"createRuntime": [{"path": "/bin/theirs"}], "prestart": []}}' >"$TMP/spec.json"
run "$RF" oci install --root "$TMP/root" --containerd-spec "$TMP/spec.json"
is "base spec: hooks of others stay, and come first" "$(q "$spec" '[h["path"] for h in c["hooks"]["createRuntime"]]')" \
	'["/bin/theirs","/usr/bin/env"]'
run "$RF" oci install --check --root "$TMP/root"
is "check: ours is found behind others" "$status $out" "0 everything is in place"
run "$RF" oci uninstall --root "$TMP/root"
is "uninstall: hooks of others stay" "$(q "$spec" 'c["hooks"]')" '{"createRuntime":[{"path":"/bin/theirs"}],"prestart":[]}'
for odd in '{"ociVersion": "1", "hooks": []}' '{"ociVersion": "1", "hooks": {"poststop": 5}}' '[]' '{}' 'x' ''; do
	printf %s "$odd" >"$TMP/spec.json"
	run "$RF" oci install --root "$TMP/other" --containerd-spec "$TMP/spec.json"
	is "base spec: refused: $odd" "$status" 125
done
ok "base spec: nothing is written then" test ! -e "$TMP/other/usr"
run "$RF" oci install --exempt x
is "exempt without a policy" "$status" 2

# ---- what runs ----

kept() { # ID ANNOTATIONS: what crun keeps of a container
	mkdir -p "$TMP/kept/$1"
	echo "{\"annotations\":{$2}}" >"$TMP/kept/$1/config.json"
	echo "{\"pid\":$$,\"bundle\":\"$TMP/kept/$1\"}" >"$TMP/kept/$1/status"
}
look() {
	# shellcheck disable=SC2016
	run unshare -m bash -c 'mount -t tmpfs run /run && mount -t tmpfs log /var/log && mkdir -p /var/log/pods/shop_two_u/job &&
		cp -r "$1" /run/crun && "$0" oci install --check' "$RF" "$TMP/kept"
}
if [ "$(id -u)" != 0 ] || ! unshare -m mount -t tmpfs run /run 2>/dev/null; then
	skip "check: containers that run" "needs root and mounts"
else
	kept alone '"ringfence.policy":"base"'
	look
	like "check: one that asks for a fence" "$status $out" "1 .*container alone runs \(process $$\), asks for a policy and is not fenced"
	kept alone '"ringfence.policy.web":"base"'
	look
	like "check: outside of a pod the annotation for one of it asks, too" "$out" 'container alone runs'
	rm -r "$TMP/kept/alone"
	pod='"io.kubernetes.cri.sandbox-id":"p","io.kubernetes.cri.sandbox-namespace":"shop","io.kubernetes.cri.sandbox-name":"two"'
	pod="$pod,\"io.kubernetes.cri.sandbox-uid\":\"u\",\"ringfence.policy.web\":\"x\",\"ringfence.policy.job\":\"x\""
	pod="$pod,\"ringfence.policy.wbe\":\"x\""
	kept p "$pod"',"io.kubernetes.cri.container-type":"sandbox"'
	kept c1 "$pod"',"io.kubernetes.cri.container-type":"container","io.kubernetes.cri.container-name":"log"'
	look
	is "check: annotations for nobody in the pod, but not for one that was there" \
		"$(grep -o 'warning: pod .* names no container that runs' <<<"$out" | sort)" \
		"warning: pod shop/two: annotation ringfence.policy.wbe names no container that runs
warning: pod shop/two: annotation ringfence.policy.web names no container that runs"
	kept c2 "$pod"',"io.kubernetes.cri.container-type":"container","io.kubernetes.cri.container-name":"web"'
	look
	is "check: once its container is there only the other" \
		"$(grep -o 'annotation .* names no container that runs' <<<"$out")" \
		"annotation ringfence.policy.wbe names no container that runs"
	like "check: and the container is to be fenced" "$out" 'container c2 runs'
fi

# ---- the hook, before it comes to a container ----

for text in '' '{}' '[1]' '{"ociVersion":"1.0","id":"x","bundle":"/b","status":"running"}'; do
	run bash -c 'printf %s "$1" | "$0" oci hook' "$RF" "$text"
	is "hook refuses: $text" "$status" 1
	like "hook tells why: $text" "$err" '^ringfence: container '
done
# The logger writes when it gets to run.
wait_for grep -qa 'the state is not an object' "$TMP/messages"
like "hook: the log has the reasons, too" "$(cat "$TMP/messages")" \
	'<27>ringfence\[[0-9]+\]: container \(unknown\): the state is not an object'
run bash -c 'echo "{\"ociVersion\":\"1.0\",\"id\":\"x\",\"bundle\":\"/b\",\"status\":\"created\",\"pid\":2}" | "$0" oci hook' "$RF"
is "hook: a container that asks for no policy is none of ours" "$status $err" "0 "
# The kernel side is not needed to see which policy is asked for: it is looked up first.
namespace() { # NAMESPACES JSON
	run bash -c 'printf "{\"ociVersion\":\"1.0\",\"id\":\"x\",\"bundle\":\"/b\",\"status\":\"created\",\"pid\":1,\"annotations\":{%s}}" "$1" |
		"$0" oci hook --policy base --exempt kube-system' "$RF" "$1"
}
namespace '"io.kubernetes.cri.sandbox-namespace":"kube-system"'
is "hook: an exempt namespace of containerd" "$status $err" "0 "
namespace '"io.kubernetes.pod.namespace":"kube-system"'
is "hook: an exempt namespace of CRI-O" "$status $err" "0 "
namespace '"io.kubernetes.pod.namespace":"kube-system","io.kubernetes.cri.sandbox-namespace":"shop"'
is "hook: two that differ exempt nothing" "$status" 1
namespace '"io.kubernetes.pod.namespace":"shop"'
is "hook: another namespace is not exempt" "$status" 1
namespace ''
is "hook: nor is a container outside of Kubernetes" "$status" 1
namespace '"io.kubernetes.pod.namespace":"kube-system","ringfence.policy":"base"'
is "hook: an annotation counts in exempt namespaces, too" "$status" 1
# runc restores a container so: stopped, but with a process. At poststop there is none.
stopped() { # MEMBERS
	run bash -c 'printf "{\"ociVersion\":\"1.0.2-dev\",\"id\":\"x\",\"bundle\":\"/b\",\"status\":\"stopped\"%s}" "$1" |
		"$0" oci hook' "$RF" "$1"
}
stopped ',"pid":1,"annotations":{"ringfence.policy":"base"}'
is "hook: a container that is restored is refused" "$status" 1
like "hook: and it says why" "$err" '^ringfence: container x: it is restored from a checkpoint'
stopped ',"pid":1'
is "hook: unless it asks for no policy" "$status $err" "0 "
stopped ',"pid":0,"annotations":{"ringfence.policy":"base"}'
is "hook: one that has ended is none" "$status $err" "0 "
stopped ',"annotations":{"ringfence.policy":"base"}'
is "hook: nor is it without a number" "$status $err" "0 "
run "$RF" oci hook --exempt x
is "hook: exempt without a policy" "$status" 2
run "$RF" oci hook --polcy x
is "hook: unknown option" "$status" 2
wait $late
is "hook: gives up by itself" "$? $(cat "$TMP/late")" "1 ringfence: oci hook: not done after 25 seconds"
wait_for grep -qa 'not done after' "$TMP/messages"
like "hook: the log has it" "$(grep -a 'not done after' "$TMP/messages")" \
	'^<27>ringfence\[[0-9]+\]: oci hook: not done after 25 seconds$'
kill $never $logger
run "$RF" oci gc --help
like "gc: help" "$status $out" '^0 usage: ringfence oci gc'
run "$RF" oci apply "$TMP/no-such-bundle"
is "apply: a bundle that is not there is a failure, not an answer" "$status" 125
run "$RF" oci apply --policy no-such-policy -o - "$TMP/config.json"
is "apply: so is a policy that cannot be loaded" "$status" 125
run "$RF" oci nonsense
is "unknown action" "$status" 2

done_testing
