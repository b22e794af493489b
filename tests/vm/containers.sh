# SPDX-License-Identifier: Apache-2.0
# What the cases about containers share: a policy of the machine, a stand-in for a runtime, bundles
# of busybox for real ones, and the promise that nothing stays behind.

# How often the slow ones are repeated; more with --env. The long mode is 3400, 200, 200
# and 100.
ADOPTIONS=${RF_ADOPTIONS:-400}
CONTAINERS=${RF_CONTAINERS:-10}
KILLS=${RF_KILLS:-24}
STARTS=${RF_STARTS:-5}

# What a test that failed left running does not fail the next one.
end_containers() {
	local runtime id
	for runtime in crun runc; do
		for id in "/run/$runtime"/*/; do
			[ ! -d "$id" ] || "$runtime" delete --force "$(basename "$id")" 2>/dev/null
		done
	done
}

# A policy of the machine: everything but the secret.
container_world() {
	end_containers
	SECRET_FILE=$T/secret
	echo "the-secret" >"$SECRET_FILE"
	"$RF" load # hooks have a time limit, which an emulated machine needs for less than this
	mkdir -p /etc/ringfence
	cat >/etc/ringfence/box.json <<-END
		{ "ringfence": 1, "name": "box",
		  "files": { "default": "allow", "rules": [
		    {"id": "secret", "deny": ["read", "write"], "paths": ["$SECRET_FILE", "/secret"], "reason": "keep out"} ] } }
	END
}

# state ID PID [STATUS] [ANNOTATIONS]: what a runtime writes to the hook.
state() {
	printf '{"ociVersion":"1.0","id":"%s","pid":%s,"bundle":"%s","status":"%s","annotations":{%s}}' \
		"$1" "$2" "$T" "${3:-created}" "${4-\"ringfence.policy\":\"box\"}"
}

hook() {
	state "$@" >"$T/.state"
	RC=0
	"$RF" oci hook <"$T/.state" >"$T/.out" 2>"$T/.err" || RC=$?
	ERR=$(cat "$T/.err")
}

# A cgroup with one waiting process, as a runtime leaves it at createRuntime: INIT, CG. It execs its
# arguments once the gate opens. Whoever is to do something before that is named in INIT_BY.
INIT_BY=()
new_init() {
	CG=/sys/fs/cgroup/$1
	shift
	[ $# -gt 0 ] || set -- sleep 1000
	mkdir -p "$CG"
	rm -f "$T/gate"
	mkfifo "$T/gate"
	# shellcheck disable=SC2016
	"${INIT_BY[@]}" bash -c 'echo $BASHPID >"$0/cgroup.procs"; read -r _ <"$1/gate"; shift; exec "$@"' \
		"$CG" "$T" "$@" >"$T/.init" 2>&1 &
	INIT=$!
	echo $INIT >>"$T/.pids"
	wait_for 'grep -qx "$INIT" "$CG/cgroup.procs"' "the process in its cgroup"
}

open_gate() {
	echo go >"$T/gate"
}

end_init() {
	echo 1 >"$CG/cgroup.kill"
	wait "$INIT" 2>/dev/null
	wait_for 'rmdir "$CG" 2>/dev/null' "the cgroup to be empty"
}

armed() {
	"$RF" status --json | jq -r '[.sandboxes[] | select(.container) | .container.id] | sort | join(" ")'
}

# How many cgroups are armed.
armed_cgroups() {
	"$ATTACK/entries" /sys/fs/bpf/ringfence/rf_armed
}

# Nothing of any container is in the kernel or on disk.
# On 6.1 a task may count until the kernel has freed it, some time after its end.
nothing_left() {
	local end=$((SECONDS + 60)) left
	left=$(armed)
	while [ -n "$left" ] && [ $SECONDS -lt $end ]; do
		"$RF" oci gc >/dev/null
		left=$(armed)
		[ -z "$left" ] || sleep 0.2
	done
	[ -z "$left" ] || fail "sandboxes of containers: $("$RF" status --json)"
	[ ! -e /sys/fs/bpf/ringfence-oci ] || fail "pins: $(ls /sys/fs/bpf/ringfence-oci)"
	eq "$(ls /run/ringfence/sandboxes 2>/dev/null)" "" "records"
	eq "$(armed_cgroups)" 0 "armed cgroups"
}

# bundle DIR COMMAND...: a container of busybox with $T/volume at /volume and a secret in its root.
bundle() {
	local dir=$1 root=$1/rootfs
	shift
	mkdir -p "$root"/{bin,proc,dev,sys,tmp,etc,volume} "$T/volume"
	cp /bin/busybox "$root/bin/busybox"
	ln -sf busybox "$root/bin/sh"
	ln -sf busybox "$root/bin/cat"
	ln -sf busybox "$root/bin/sleep"
	echo "the-secret" >"$root/secret"
	echo "no secret" >"$root/open"
	cp "$root/secret" "$T/volume/secret"
	rm -f "$dir/config.json" # crun does not write over one
	(cd "$dir" && crun spec) || fail "crun spec"
	jq --arg rf "$RF" --arg volume "$T/volume" --arg name "/$(basename "$dir")" --args '
		.process.terminal = false | .process.args = $ARGS.positional | .root.readonly = false |
		.linux.cgroupsPath = $name | .annotations = {"ringfence.policy": "box"} |
		.mounts += [{destination: "/volume", source: $volume, type: "none", options: ["bind", "rw"]}] |
		.hooks = {createRuntime: [{path: $rf, args: ["ringfence", "oci", "hook"]}],
			poststop: [{path: $rf, args: ["ringfence", "oci", "hook"]}]}' -- "$@" \
		<"$dir/config.json" >"$dir/new" || fail "config.json"
	mv "$dir/new" "$dir/config.json"
}

# change DIR JQ-EXPRESSION
change() {
	jq "$2" <"$1/config.json" >"$1/new" && mv "$1/new" "$1/config.json" || fail "change $2"
}

# for_each_runtime FUNCTION
for_each_runtime() {
	local runtime
	command -v crun >/dev/null && command -v runc >/dev/null || skip "crun and runc are not installed"
	for runtime in crun runc; do
		RUNTIME=$runtime B=$T/$runtime-box
		"$1"
		nothing_left
	done
}
