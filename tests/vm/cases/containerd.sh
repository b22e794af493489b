#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Containers of containerd: through the CRI, as a kubelet starts them, with runc and with crun, and
# through ctr. What the CRI gets is written by cri.py.
. "$RF_VM/lib.sh"
. "$RF_VM/containers.sh"

. "$RF_VM/containerd.sh"

one_engine() { # HANDLER
	pod front shop "$1" '{"ringfence.policy": "box"}'
	container web sh -c 'cat /open /secret; sleep 1000'
	start front web
	started
	eq "$(armed)" "${IDS[0]}" "armed"
	# Standard output and standard error come to the log by two ways.
	# shellcheck disable=SC2016
	wait_for 'grep -q "Permission denied" "$T/logs/web.log" && grep -q "no secret" "$T/logs/web.log"' "the payload"
	contains "$(cat "$T/logs/web.log")" "no secret" "what the payload may read"
	lacks "$(cat "$T/logs/web.log")" "the-secret" "log"
	capture cri exec "${IDS[0]}" cat /open /secret
	eq "$RC $OUT" "1 no secret" "an exec session: $ERR"
	eq "$("$RF" audit --denied | jq -r '[.sandbox.session, .container.pod, .object.path] | join(" ")' | sort -u)" \
		"exec shop/front /secret
init shop/front /secret" "events"
	capture cri update "${IDS[0]}"
	eq "$RC" 0 "an in-place resize: $ERR"
	capture cri exec "${IDS[0]}" cat /secret
	eq "$RC $OUT" "1 " "after it: $ERR"
	works cri remove "$POD"
	nothing_left
}

test_containers_of_the_cri_are_fenced() {
	containerd_world
	one_engine ringfence
}

test_containers_of_the_cri_with_crun() {
	containerd_world
	command -v crun >/dev/null || skip "crun is not installed"
	one_engine crun
}

test_each_container_of_a_pod_has_its_own() {
	containerd_world
	pod two shop ringfence '{"ringfence.policy.web": "box", "ringfence.policy.wbe": "box"}'
	container web sleep 1000
	container log sleep 1000
	start two web log
	started
	eq "$(armed)" "${IDS[0]}" "armed"
	capture cri exec "${IDS[0]}" cat /secret
	eq "$RC" 1 "web, which has a policy"
	capture cri exec "${IDS[1]}" cat /secret
	eq "$OUT" "the-secret" "log, which has none"
	capture "$RF" oci install --check
	lacks "$OUT" "runs (process" "neither log nor the pod's own container asks for a fence"
	eq "$(grep -o 'warning: pod .* names no' <<<"$OUT")" "warning: pod shop/two: annotation ringfence.policy.wbe names no" "$OUT"
	works cri remove "$POD"
	nothing_left
}

test_the_kubelet_hears_why() {
	containerd_world
	pod wrong shop ringfence '{"ringfence.policy": "there-is-none"}'
	container web sleep 1000
	start wrong web
	contains "${IDS[0]}" 'error: ' "start"
	contains "${IDS[0]}" 'there is no policy "there-is-none"' "reason"
	works cri remove "$POD"
	nothing_left
}

test_a_policy_for_all_but_exempt_namespaces() {
	containerd_world
	pod any shop all '{}'
	container web sleep 1000
	start any web
	started
	eq "$(armed)" "${IDS[0]}" "a pod that asks for nothing"
	capture cri exec "${IDS[0]}" cat /secret
	eq "$RC" 1 "it is fenced"
	works cri remove "$POD"
	pod dns kube-system all '{}'
	start dns web
	started
	eq "$(armed)" "" "a pod of the system"
	works cri remove "$POD"
	# The annotations that tell the namespace are the engine's: a pod's own do not get through.
	pod liar shop all '{"io.kubernetes.cri.sandbox-namespace": "kube-system", "io.kubernetes.pod.namespace": "kube-system"}'
	start liar web
	started
	eq "$(armed)" "${IDS[0]}" "a pod that says it is of the system"
	works cri remove "$POD"
	nothing_left
}

# Its handler has no hooks, but lets the annotation through.
test_check_finds_a_pod_without_the_fence_it_asks_for() {
	containerd_world
	command -v crun >/dev/null || skip "crun is not installed"
	for handler in bare bare-crun; do
		pod "$handler" shop "$handler" '{"ringfence.policy": "box"}'
		container web sleep 1000
		start "$handler" web
		started
		capture "$RF" oci install --check
		eq "$(grep -o 'container [0-9a-f]* runs' <<<"$OUT")" "container ${IDS[0]} runs" "$handler: what is found"
		works cri remove "$POD"
	done
	nothing_left
}

test_ctr_run_with_a_config() {
	containerd_world
	jq --arg root "$CTD/image" '.root.path = $root | .linux.cgroupsPath = "/ctr-box" |
		.process.args = ["/bin/sh", "-c", "cat /open; cat /secret"] | .annotations = {"ringfence.policy": "box"} |
		.process.terminal = false' </etc/ringfence/containerd-base-spec.json >"$T/spec.json" || fail "the spec"
	capture ctr_ run --rm --config "$T/spec.json" ctr-box
	contains "$OUT" "no secret" "output: $ERR"
	lacks "$OUT" "the-secret" "output"
	contains "$ERR" "'/secret': Permission denied" "the denied one"
	nothing_left
}

test_without_ringfence_nothing_starts() {
	containerd_world
	pod none shop ringfence '{"ringfence.policy": "box"}'
	container web sleep 1000
	mv "$RF" "$RF.away"
	start none web
	mv "$RF.away" "$RF"
	contains "${IDS[0]}" 'error: ' "start"
	works cri remove "$POD"
	nothing_left
}

run_tests
