#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# load, unload, status; and that a ringfence killed at any moment leaves nothing unconfined or behind.
. "$RF_VM/lib.sh"

programs() {
	bpftool -j link list 2>/dev/null | jq -r '.[].prog_id' | wc -l
}

leftovers() {
	find /sys/fs/cgroup -mindepth 1 -type d -path '*ringfence*' ! -name ringfence 2>/dev/null
}

# A task that ended may count for a while on 6.1, and until then nothing is unloaded.
unloaded() {
	# shellcheck disable=SC2016
	wait_for '"$RF" unload 2>/dev/null; [ -z "$(ls /sys/fs/bpf/ringfence 2>/dev/null)" ]' "nothing to be loaded"
}

nobody_is_in_a_sandbox() {
	# shellcheck disable=SC2016
	wait_for '[ "$("$RF" status --json | jq "[.sandboxes[] | select(.tasks > 0)] | length")" = 0 ]' \
		"the tasks to be gone"
}

test_load_status_unload() {
	unloaded
	status 0 "$RF" load
	[ -n "$(ls /sys/fs/bpf/ringfence)" ] || fail "nothing is pinned"
	eq "$(stat -c %a /sys/fs/bpf/ringfence)" 700 "mode of the pins' folder"
	loaded=$(programs)
	[ "$loaded" -gt 20 ] || fail "only $loaded links"
	status 0 "$RF" load
	eq "$(programs)" "$loaded" "links after a second load"
	status 0 "$RF" status
	status 0 "$RF" status --json
	eq "$(jq -r '.sandboxes | length' <<<"$OUT")" 0 "sandboxes"
	status 0 "$RF" unload
	[ ! -e /sys/fs/bpf/ringfence ] || fail "pins stayed: $(ls /sys/fs/bpf/ringfence)"
	# Each waits for a grace period of its own, which takes long on a busy emulated machine.
	for _ in $(seq 60); do
		left=$(bpftool -j prog list | jq '[.[] | select(.name | startswith("rf_"))] | length')
		[ "$left" -ne 0 ] || return 0
		sleep 2
	done
	fail "$left programs stayed"
}

test_a_first_run_loads_by_itself() {
	unloaded
	secret_world
	refused world EACCES "$ATTACK/names" read "$T/denied/secret"
	[ -n "$(ls /sys/fs/bpf/ringfence)" ] || fail "nothing is pinned"
}

test_a_bpf_file_system_is_mounted_where_there_is_none() {
	unloaded
	umount /sys/fs/bpf || fail "cannot unmount the bpf file system"
	secret_world
	# In a namespace that may end before the fence it is refused instead, and nothing is mounted.
	capture unshare -m "$RF" load
	eq "$RC" 125 "load in another mount namespace"
	contains "$ERR" "in this mount namespace" "its reason"
	! mountpoint -q /sys/fs/bpf || fail "mounted from another namespace"
	refused world EACCES "$ATTACK/names" read "$T/denied/secret"
	eq "$(stat -f -c %T /sys/fs/bpf)" bpf_fs "what is mounted"
	eq "$(stat -c %a /sys/fs/bpf)" 1700 "its mode"
}

test_status_lists_what_runs() {
	secret_world
	"$RF" run -p "$T/world.json" --name listed --summary never -- sleep 600 &
	echo $! >>"$T/.pids"
	wait_for '"$RF" status --json | jq -e ".sandboxes | length == 1" >/dev/null'
	capture "$RF" status --json
	eq "$(jq -r '.sandboxes[0].name' <<<"$OUT")" listed "name"
	[ -n "$(jq -r '.sandboxes[0].id' <<<"$OUT")" ] || fail "no id: $OUT"
	capture "$RF" unload
	eq "$RC" 125 "unload while one runs: $ERR"
	pkill -x sleep
	wait_for '"$RF" status --json | jq -e ".sandboxes | length == 0" >/dev/null' "the sandbox to end"
}

test_enforcement_outlives_the_supervisor() {
	secret_world
	"$RF" run -p "$T/world.json" --summary never -- sh -c "
		echo \$\$ >$T/open/up; while [ ! -e $T/open/orphaned ]; do sleep 0.1; done
		cat $T/denied/secret >$T/open/result 2>&1; echo done >>$T/open/result" &
	supervisor=$!
	wait_for '[ -s "$T/open/up" ]' "the command"
	kill -KILL $supervisor
	wait $supervisor 2>/dev/null
	touch "$T/open/orphaned"
	# Either the command dies with its supervisor, or it goes on fenced.
	# shellcheck disable=SC2016
	wait_for '! kill -0 "$(<"$T/open/up")" 2>/dev/null' "its end"
	nobody_is_in_a_sandbox
	OUT='' ERR=''
	nothing_leaked
	fence world true
	eq "$(leftovers)" "" "cgroups after the next run"
}

test_killed_at_any_moment_of_a_launch() {
	local i delay
	secret_world
	fence world true
	for i in $(seq 1 40); do
		delay=$(awk -v i="$i" 'BEGIN { printf "%.3f", i * 0.008 }')
		"$RF" run -p "$T/world.json" --summary never -- "$ATTACK/names" read "$T/denied/secret" \
			>>"$T/seen" 2>/dev/null &
		sleep "$delay"
		kill -KILL $! 2>/dev/null
		wait $! 2>/dev/null
	done
	# shellcheck disable=SC2016
	wait_for '! pgrep -f "$ATTACK/names" >/dev/null' "the commands to end"
	nobody_is_in_a_sandbox
	! grep -q "$SECRET" "$T/seen" || fail "an unconfined command read the secret"
	fence world true
	eq "$RC" 0 "the next run"
	eq "$(leftovers)" "" "cgroups after the next run"
	nobody_is_in_a_sandbox
	capture "$RF" status --json
	eq "$(jq -r '.sandboxes | length' <<<"$OUT")" 0 "sandboxes: $OUT"
}

test_killed_while_the_kernel_side_is_loaded() {
	local delay
	secret_world
	for delay in 0.3 2 6; do
		"$RF" unload 2>/dev/null
		"$RF" run -p "$T/world.json" --summary never -- "$ATTACK/names" read "$T/denied/secret" \
			>>"$T/seen" 2>/dev/null &
		sleep "$delay"
		kill -KILL $! 2>/dev/null
		wait $! 2>/dev/null
	done
	! grep -q "$SECRET" "$T/seen" || fail "an unconfined command read the secret"
	refused world EACCES "$ATTACK/names" read "$T/denied/secret"
	status 0 "$RF" status
	eq "$(leftovers)" "" "cgroups after the next run"
}

test_runs_side_by_side_are_apart() {
	secret_world
	policy other '"files": {"default": "allow", "rules": [
  {"id": "open", "deny": ["read"], "paths": ["'"$T"'/open/**"]} ]}'
	for i in 1 2 3; do
		"$RF" run -p "$T/world.json" --summary never -- sh -c \
			"cat $T/open/file $T/denied/secret; sleep 1" >"$T/w$i" 2>/dev/null &
		"$RF" run -p "$T/other.json" --summary never -- sh -c \
			"cat $T/denied/secret $T/open/file; sleep 1" >"$T/o$i" 2>/dev/null &
	done
	wait
	for i in 1 2 3; do
		eq "$(cat "$T/w$i")" harmless "world $i"
		eq "$(cat "$T/o$i")" "$SECRET" "other $i"
	done
	eq "$(leftovers)" "" "cgroups"
}

test_processes_outside_notice_nothing() {
	secret_world
	mkfifo "$T/open/end"
	"$RF" run -p "$T/world.json" --summary never -- sh -c "touch $T/open/up; read x <$T/open/end" &
	wait_for '[ -e "$T/open/up" ]' "the command"
	works cat "$T/denied/secret"
	works "$ATTACK/names" bind-mount "$T/open" "$T/open/sub"
	umount "$T/open/sub"
	works unshare -Urm true
	works modprobe dummy
	echo >"$T/open/end"
	wait
}

test_timeout_ends_the_whole_tree() {
	secret_world
	capture "$RF" run -p "$T/world.json" --timeout 2 --summary never -- sh -c 'sleep 980 & sleep 970'
	eq "$RC" 124 "status"
	wait_for '! pgrep -f "^sleep 9[78][0-9]" >/dev/null' "the sleepers to be gone"
}

test_signals_are_forwarded() {
	secret_world
	"$RF" run -p "$T/world.json" --summary never -- \
		sh -c 'trap "echo got; exit 9" TERM; echo ready; while :; do sleep 0.1; done' >"$T/out" &
	wait_for 'grep -q ready "$T/out"'
	kill -TERM $!
	wait $!
	eq "$? $(tail -1 "$T/out")" "9 got" "status and output"
}

run_tests
