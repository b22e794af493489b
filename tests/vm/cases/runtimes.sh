#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Containers of crun and runc: the hook in their config.json, exec sessions, paths, devices, restarts.
. "$RF_VM/lib.sh"
. "$RF_VM/containers.sh"

one_run() {
	bundle "$B" sh -c 'cat /open; cat /secret; cat /volume/secret; cat /proc/self/attr/current; echo end'
	change "$B" '.linux.maskedPaths = []'
	capture "$RUNTIME" run --bundle "$B" "$RUNTIME-1"
	eq "$RC" 0 "$RUNTIME run: $ERR"
	contains "$OUT" "no secret" "what the policy allows"
	lacks "$OUT" "the-secret
the-secret" "both secrets"
	contains "$ERR" "'/secret': Permission denied" "the denied one"
	contains "$OUT" "end" "its end"
}

test_a_container_is_fenced_from_its_first_exec() {
	container_world
	for_each_runtime one_run
}

one_exec() {
	bundle "$B" sleep 1000
	capture "$RUNTIME" run --detach --bundle "$B" "$RUNTIME-2"
	eq "$RC" 0 "$RUNTIME run --detach: $ERR"
	capture "$RUNTIME" exec "$RUNTIME-2" cat /open /secret
	[ "$RC" -ne 0 ] || fail "exec read the secret"
	eq "$OUT" "no secret" "what exec may read"
	eq "$("$RF" audit --denied | jq -r '.sandbox.session + " " + .object.path + " " + .container.runtime')" \
		"exec /secret $RUNTIME" "event"
	"$RUNTIME" kill "$RUNTIME-2" KILL
	# shellcheck disable=SC2016
	wait_for '"$RUNTIME" delete "$RUNTIME-2" 2>/dev/null' "the container's end"
}

test_exec_sessions_are_fenced() {
	container_world
	for_each_runtime one_exec
}

one_set_up() {
	bundle "$B" sh -c 'echo started'
	change "$B" '.annotations."ringfence.policy" = "tight"'
	capture "$RUNTIME" run --bundle "$B" "$RUNTIME-3"
	eq "$RC" 0 "$RUNTIME run: $ERR"
	eq "$OUT" "started" "output"
}

# The runtime still mounts, opens and drops after the hook: the policy is not for it.
test_a_tight_policy_lets_the_runtime_set_up() {
	container_world
	cat >/etc/ringfence/tight.json <<-END
		{ "ringfence": 1, "name": "tight", "capabilities": {"keep": []}, "kernel": {"mount": "deny"},
		  "files": { "default": "deny", "rules": [
		    {"id": "bin", "allow": ["read", "exec"], "paths": ["/bin/**"]} ] },
		  "network": { "default": "deny" },
		  "devices": { "default": "deny", "rules": [
		    {"id": "zero", "allow": ["read"], "nodes": ["char 1:5"]} ] } }
	END
	for_each_runtime one_set_up
}

one_refusal() {
	bundle "$B" sh -c 'echo started'
	change "$B" '.annotations."ringfence.policy" = "there-is-none"'
	capture "$RUNTIME" run --bundle "$B" "$RUNTIME-4"
	[ "$RC" -ne 0 ] || fail "$RUNTIME started without its policy"
	lacks "$OUT" started "output"
	"$RUNTIME" delete --force "$RUNTIME-4" 2>/dev/null
	change "$B" '.annotations."ringfence.policy" = "box" | .hooks.createRuntime += [{path: "/bin/false", args: ["false"]}]'
	capture "$RUNTIME" run --bundle "$B" "$RUNTIME-5"
	[ "$RC" -ne 0 ] || fail "$RUNTIME started although a later hook failed"
	lacks "$OUT" started "output"
	"$RUNTIME" delete --force "$RUNTIME-5" 2>/dev/null
	status 0 "$RF" oci gc
}

test_failures_start_nothing_and_leave_nothing() {
	container_world
	for_each_runtime one_refusal
}

one_privileged() {
	bundle "$B" sleep 1000
	change "$B" '.annotations."ringfence.policy" = "weak"'
	capture "$RUNTIME" run --detach --bundle "$B" "$RUNTIME-6"
	eq "$RC" 0 "$RUNTIME run --detach: $ERR"
	capture "$RUNTIME" exec --cap CAP_SYS_ADMIN --cap CAP_DAC_OVERRIDE "$RUNTIME-6" /bin/busybox hostname mine
	[ "$RC" -ne 0 ] || fail "a privileged exec session used CAP_SYS_ADMIN"
	contains "$("$RF" audit --denied | jq -r '.rule.id + " " + (.object.name // "")')" "capabilities" "events"
	"$RUNTIME" kill "$RUNTIME-6" KILL
	# shellcheck disable=SC2016
	wait_for '"$RUNTIME" delete "$RUNTIME-6" 2>/dev/null' "the container's end"
}

test_capabilities_hold_for_privileged_exec() {
	container_world
	cat >/etc/ringfence/weak.json <<-END
		{ "ringfence": 1, "name": "weak", "capabilities": {"keep": ["kill"]} }
	END
	for_each_runtime one_privileged
}

test_system_calls_that_must_be_held_are_asked_of_the_config() {
	container_world
	RUNTIME=crun B=$T/crun-box
	command -v crun >/dev/null || skip "crun is not installed"
	cat >/etc/ringfence/calls.json <<-END
		{ "ringfence": 1, "name": "calls", "process": {"no_new_privileges": false},
		  "seccomp": {"base": "@container-default", "deny": ["sethostname"]} }
	END
	bundle "$B" sh -c 'echo started'
	change "$B" '.annotations."ringfence.policy" = "calls" | .annotations."run.oci.hooks.stderr" = "'"$T"'/hook"'
	capture crun run --bundle "$B" crun-8
	[ "$RC" -ne 0 ] || fail "started without the filter"
	contains "$(cat "$T/hook")" "oci apply" "reason"
	crun delete --force crun-8 2>/dev/null
	status 0 "$RF" oci apply "$B"
	capture crun run --bundle "$B" crun-9
	eq "$OUT" started "after oci apply: $ERR $(cat "$T/hook")"
	status 0 "$RF" oci gc
	nothing_left
}

device_links() {
	bpftool -j cgroup show "/sys/fs/cgroup/$1" | jq -r '.[] | select(.name == "rf_cg_dev") | .name'
}

test_the_device_program_survives_an_update() {
	container_world
	RUNTIME=crun B=$T/crun-box
	command -v crun >/dev/null || skip "crun is not installed"
	cat >/etc/ringfence/zero.json <<-END
		{ "ringfence": 1, "name": "zero",
		  "devices": { "default": "allow", "rules": [{"id": "zero", "deny": ["read"], "nodes": ["char 1:5"]}] } }
	END
	bundle "$B" sleep 1000
	change "$B" '.annotations."ringfence.policy" = "zero"'
	capture crun run --detach --bundle "$B" crun-7
	eq "$RC" 0 "crun run --detach: $ERR"
	eq "$(device_links crun-box)" rf_cg_dev "our program on the cgroup"
	capture crun exec --cap CAP_SYS_ADMIN crun-7 /bin/busybox head -c 1 /dev/zero
	[ "$RC" -ne 0 ] || fail "a privileged exec session read the device"
	echo '{"devices":[{"allow":true,"access":"rwm"}]}' >"$T/update"
	capture crun update -r "$T/update" crun-7
	eq "$RC" 0 "crun update: $ERR"
	eq "$(device_links crun-box)" rf_cg_dev "our program after the update"
	capture crun exec --cap CAP_SYS_ADMIN crun-7 /bin/busybox head -c 1 /dev/zero
	[ "$RC" -ne 0 ] || fail "the device was read after the update"
	capture crun exec crun-7 /bin/busybox head -c 1 /dev/urandom
	eq "$RC" 0 "another device: $ERR"
	crun kill crun-7 KILL
	# shellcheck disable=SC2016
	wait_for 'crun delete crun-7 2>/dev/null' "the container's end"
	nothing_left
}

one_without_hooks() {
	bundle "$B" sleep 1000
	capture "$RUNTIME" run --detach --bundle "$B" "$RUNTIME-fenced"
	eq "$RC" 0 "$RUNTIME run --detach: $ERR"
	bundle "$T/free" sleep 1000
	change "$T/free" 'del(.hooks)'
	capture "$RUNTIME" run --detach --bundle "$T/free" "$RUNTIME-free"
	eq "$RC" 0 "$RUNTIME run --detach without hooks: $ERR"
	capture "$RF" oci install --check
	eq "$RC" 1 "status: $OUT"
	contains "$OUT" "container $RUNTIME-free runs" "what is found"
	lacks "$OUT" "container $RUNTIME-fenced" "what is found"
	for name in fenced free; do
		"$RUNTIME" kill "$RUNTIME-$name" KILL
		# shellcheck disable=SC2016
		wait_for '"$RUNTIME" delete "$RUNTIME-$name" 2>/dev/null' "the container's end"
	done
}

test_check_finds_who_runs_without_the_fence_it_asks_for() {
	container_world
	works "$RF" oci install
	for_each_runtime one_without_hooks
	works "$RF" oci uninstall
}

# ---- what a container's paths are ----

one_place() {
	local place
	bundle "$B" sh -c 'echo fresh >/scratch/secret
		for place in /secret /upper /volume/secret /scratch/secret /dev/full /proc/version /proc/self/environ; do
			cat $place >/dev/null && echo "LEAK $place"
		done
		cat /open /volume/open /proc/self/comm'
	echo "not secret" >"$T/volume/open"
	mkdir -p "$T/over/upper" "$T/over/work"
	echo "the-secret" >"$T/over/upper/upper"
	mv "$B/rootfs" "$T/over/lower"
	mkdir "$B/rootfs"
	mount -t overlay overlay -o "lowerdir=$T/over/lower,upperdir=$T/over/upper,workdir=$T/over/work" "$B/rootfs" ||
		fail "overlay"
	change "$B" '.annotations."ringfence.policy" = "places" |
		.mounts += [{destination: "/scratch", source: "tmpfs", type: "tmpfs", options: ["size=1m"]}]'
	capture "$RUNTIME" run --bundle "$B" "$RUNTIME-p"
	umount "$B/rootfs"
	rm -rf "$T/over"
	eq "$RC" 0 "$RUNTIME run: $ERR"
	eq "$OUT" "no secret
not secret
cat" "output"
	eq "$(grep -c 'Permission denied' "$T/.err")" 7 "refusals: $ERR"
}

test_paths_are_the_containers_own() {
	container_world
	cat >/etc/ringfence/places.json <<-END
		{ "ringfence": 1, "name": "places", "files": { "default": "allow", "rules": [
		  {"id": "hidden", "deny": ["read"], "paths": ["/secret", "/upper", "/volume/secret", "/scratch/**",
		    "/dev/full", "/proc/version", "/proc/*/environ"]} ] } }
	END
	for_each_runtime one_place
}

one_user_namespace() {
	bundle "$B" sh -c 'cat /open; cat /secret; cat /proc/self/uid_map'
	chmod 755 "$T" "$B" "$B/rootfs"
	change "$B" '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	capture "$RUNTIME" run --bundle "$B" "$RUNTIME-u"
	contains "$OUT" "no secret" "$RUNTIME: $ERR"
	contains "$OUT" "100000" "its user namespace"
	lacks "$OUT" "the-secret" "output"
	contains "$ERR" "'/secret': Permission denied" "the denied one"
}

test_user_namespaces() {
	container_world
	for_each_runtime one_user_namespace
}

# ---- starts and restarts ----

one_restart() {
	local first second
	bundle "$B" sleep 1000
	for start in first second; do
		capture "$RUNTIME" run --detach --bundle "$B" "$RUNTIME-r"
		eq "$RC" 0 "$start run: $ERR"
		declare "$start=$(stat -c %i "/sys/fs/cgroup/$(basename "$B")")"
		eq "$(armed)" "$RUNTIME-r" "$start: armed"
		capture "$RUNTIME" exec "$RUNTIME-r" cat /secret
		lacks "$OUT" "the-secret" "$start: exec"
		"$RUNTIME" kill "$RUNTIME-r" KILL
		# shellcheck disable=SC2016
		wait_for '"$RUNTIME" delete "$RUNTIME-r" 2>/dev/null' "the container's end"
	done
	[ "$first" != "$second" ] || fail "the second start had the first's cgroup: it shows nothing"
}

test_the_same_id_again_has_a_new_cgroup() {
	container_world
	for_each_runtime one_restart
}

test_two_at_once_have_each_their_own() {
	container_world
	command -v crun >/dev/null && command -v runc >/dev/null || skip "crun and runc are not installed"
	cat >/etc/ringfence/open.json <<-END
		{ "ringfence": 1, "name": "open", "files": { "default": "allow", "rules": [
		  {"id": "open", "deny": ["read"], "paths": ["/open"]} ] } }
	END
	bundle "$T/one" sleep 1000
	bundle "$T/two" sleep 1000
	change "$T/two" '.annotations."ringfence.policy" = "open"'
	crun run --detach --bundle "$T/one" one >/dev/null 2>"$T/.one" &
	runc run --detach --bundle "$T/two" two >/dev/null 2>"$T/.two"
	eq $? 0 "two: $(cat "$T/.two")"
	wait $!
	eq $? 0 "one: $(cat "$T/.one")"
	capture crun exec one cat /open /secret
	eq "$OUT" "no secret" "what one reads"
	capture runc exec two cat /open /secret
	eq "$OUT" "the-secret" "what two reads"
	crun kill one KILL
	runc kill two KILL
	# shellcheck disable=SC2016
	wait_for 'crun delete one 2>/dev/null' "the end of one"
	# shellcheck disable=SC2016
	wait_for 'runc delete two 2>/dev/null' "the end of two"
	nothing_left
}

one_nest() {
	local cg
	bundle "$B" sleep 1000
	capture "$RUNTIME" run --detach --bundle "$B" "$RUNTIME-n"
	eq "$RC" 0 "$RUNTIME run: $ERR"
	cg=/sys/fs/cgroup/$(basename "$B")
	# A manager of the machine nests; the container's own processes may not move (see containers.sh).
	mkdir "$cg/inner"
	eq "$("$ATTACK/adopt" clone "$cg/inner" 5 "$ATTACK/hostile" "$SECRET_FILE")" "5 fenced, 0 free, 0 other" "nested"
	rmdir "$cg/inner"
	capture "$RUNTIME" pause "$RUNTIME-n"
	capture "$RUNTIME" resume "$RUNTIME-n"
	capture "$RUNTIME" exec "$RUNTIME-n" cat /secret
	lacks "$OUT" "the-secret" "after pause and resume"
	"$RUNTIME" kill "$RUNTIME-n" KILL
	# shellcheck disable=SC2016
	wait_for '"$RUNTIME" delete "$RUNTIME-n" 2>/dev/null' "the container's end"
}

test_below_the_containers_cgroup() {
	container_world
	for_each_runtime one_nest
}

one_of_many() {
	local i
	bundle "$B" /bin/hostile /secret
	cp "$ATTACK/hostile" "$B/rootfs/bin/hostile"
	for ((i = 0; i < STARTS; i++)); do
		capture "$RUNTIME" run --bundle "$B" "$RUNTIME-m$i"
		eq "$RC" 0 "start $i of $RUNTIME: 42 would be an access before the policy: $ERR"
	done
}

test_a_hostile_payload_never_gets_an_access() {
	container_world
	for_each_runtime one_of_many
}

one_killed() {
	local i n=$((KILLS / 12)) cg began took at
	cg=/sys/fs/cgroup/$(basename "$B")
	bundle "$B" sh -c 'cat /open /secret >/volume/read'
	began=$(date +%s%N)
	capture "$RUNTIME" run --bundle "$B" "$RUNTIME-k"
	took=$((($(date +%s%N) - began) / 1000000))
	eq "$(cat "$T/volume/read")" "no secret" "$RUNTIME, not killed"
	for ((i = 1; i <= n; i++)); do
		rm -f "$T/volume/read"
		at=$((1 + took * i / (n + 1)))
		capture timeout -s KILL "$(printf '%d.%03d' $((at / 1000)) $((at % 1000)))" \
			"$RUNTIME" run --bundle "$B" "$RUNTIME-k"
		sleep 0.2 # for a payload that goes on by itself
		! grep -q "the-secret" "$T/volume/read" 2>/dev/null || fail "$RUNTIME, killed after $at of $took ms: it read the secret"
		"$RUNTIME" delete --force "$RUNTIME-k" 2>/dev/null
		[ ! -d "$cg" ] || { echo 1 >"$cg/cgroup.kill" && wait_for 'rmdir "$cg" 2>/dev/null' "an empty cgroup"; }
		rm -rf "/run/$RUNTIME/$RUNTIME-k"
	done
	status 0 "$RF" oci gc
}

# Its hook goes on, or is not called; whatever of the container still runs is fenced.
test_a_runtime_that_is_killed_leaves_refused_or_fenced() {
	container_world
	for_each_runtime one_killed
}

# restore ID: from $T/checkpoint. What it prints goes to a file: CRIU gives its descriptors to the payload.
restore() {
	rm -f "$T/volume/log"
	RC=0
	runc --log "$T/.restore" restore --detach --bundle "$B" --image-path "$T/checkpoint" --work-path "$T/criu" "$1" \
		>/dev/null 2>&1 </dev/null || RC=$?
	ERR=$(cat "$T/.restore")
}

# Whoever is restored goes on where it was, without an exec that would take it into the fence.
test_a_container_that_is_restored_is_refused() {
	container_world
	command -v runc >/dev/null && command -v criu >/dev/null || skip "runc and criu are not installed"
	B=$T/runc-box
	bundle "$B" sh -c 'while sleep 0.2; do cat /secret >>/volume/log 2>&1; done'
	change "$B" 'del(.annotations)'
	runc run --detach --bundle "$B" runc-c >/dev/null 2>&1 </dev/null || fail "runc run"
	mkdir "$T/checkpoint"
	capture runc checkpoint --image-path "$T/checkpoint" --work-path "$T/criu" runc-c
	[ "$RC" = 0 ] || skip "CRIU makes no checkpoint here: $(grep Error "$T/criu/dump.log" | head -n 1)"
	restore runc-c
	[ "$RC" = 0 ] || skip "CRIU restores nothing here: $(grep Error "$T/criu/restore.log" | head -n 1)"
	# shellcheck disable=SC2016
	wait_for 'grep -q the-secret "$T/volume/log"' "the restored one, which asks for no fence"
	runc delete --force runc-c
	change "$B" '.annotations = {"ringfence.policy": "box"}'
	restore runc-c
	[ "$RC" -ne 0 ] || fail "it was restored although it asks for a fence"
	contains "$ERR" "it is restored from a checkpoint" "the reason"
	sleep 1
	[ ! -e "$T/volume/log" ] || fail "it ran: $(tail -n 1 "$T/volume/log")"
	runc delete --force runc-c 2>/dev/null
	nothing_left
	# An engine that calls no hook then, as crun.
	change "$B" 'del(.hooks)'
	restore runc-c
	eq "$RC" 0 "without hooks: $ERR"
	capture "$RF" oci install --check
	contains "$OUT" "container runc-c runs" "what is found"
	runc delete --force runc-c
	nothing_left
}

test_annotations_of_crun_that_replace_the_filter() {
	container_world
	command -v crun >/dev/null || skip "crun is not installed"
	B=$T/crun-box
	bundle "$B" sh -c 'echo started'
	change "$B" '.annotations."run.oci.seccomp_bpf_data" = "BgAAAAAA/38="'
	capture crun run --bundle "$B" crun-a
	[ "$RC" -ne 0 ] || fail "it started"
	lacks "$OUT" started "output"
	crun delete --force crun-a 2>/dev/null
	nothing_left
}

run_tests
