#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Another tool's programs make the kernel tell ours that tasks have no identity: nobody is outside of
# his fence for that.
. "$RF_VM/lib.sh"

# On Linux 6.1 that happens, and it is counted that it did; later kernels do not do it.
test_an_identity_that_is_not_found_is_not_none() {
	local pid nulls=0
	[ "$SERIES" != 6.1 ] || nulls=20
	secret_world
	status 0 "$RF" load
	# All on one processor: the counter that is in the way is a processor's.
	taskset -c 0 "$RF" run -p "$T/world.json" --name busy --summary never --events "$T/events" -- \
		"$ATTACK/swaps" denied "$T/denied/secret" "$T/open/stop" >"$T/tried" 2>&1 &
	tried=$!
	wait_for 'pgrep -x swaps >/dev/null' "the loop"
	pid=$(pgrep -ox swaps)
	status 0 taskset -c 0 "$ATTACK/busy" "$pid" 200 $nulls
	echo "# $CASE: $OUT"
	touch "$T/open/stop"
	wait $tried
	eq "$? $(cat "$T/tried")" "0 opened 0 refused many" "status and tries"
	jq -e ".held > 0 and .lookups >= 200" <<<"$OUT" >/dev/null || fail "hardly looked: $OUT"
	if [ "$SERIES" = 6.1 ]; then
		jq -e ".open_nulls >= 20 and .fork_nulls >= 20" <<<"$OUT" >/dev/null ||
			fail "nothing was in its way: $OUT"
		contains "$(events 'select(.verdict == "denied") | [.hook, .errno, .rule.code] | join(" ")')" \
			"task_alloc ENOMEM storage" "forks"
	fi
	# A fork without storage for the child is refused, and told of; nobody is born without a fence.
	eq "$(events 'select(.verdict == "denied") | .rule.id + " " + (.rule.code // "")' | sort -u |
		grep -vxE 'secret |files.unjudged storage')" "" "other reasons"
	# Whoever could not be counted when he ended was counted when he was freed.
	# shellcheck disable=SC2016
	wait_for '[ "$("$RF" status --json | jq ".sandboxes | length")" = 0 ]' "the sandbox to be gone"
	status 0 "$RF" unload
}

run_tests
