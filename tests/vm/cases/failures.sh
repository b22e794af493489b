#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Never fail open: what the kernel side needs is taken away, and everything is refused, with a reason.
# RF_SANDBOXES (100) at once: see docs/testing.md.
. "$RF_VM/lib.sh"

# pair: a sandbox that opens an allowed and a denied file in turn, in the background.
pair() {
	secret_world
	status 0 "$RF" load
	trap '' TSTP # else the supervisor stops with what stop_it stops
	background "$RF" run -p "$T/world.json" --name pair --summary never --events "$T/events" -- \
		"$ATTACK/swaps" pair "$T/open/file" "$T/denied/secret" "$T/open/stop"
	trap - TSTP
	PAIR=$BACKGROUND
	wait_for 'grep -q started "$T/.background"' "the loop"
	PID=$(pgrep -nx swaps)
}

# Returns when it is in no hook any more: what a call has in use is not to be written over. (A word of
# all ones, read as a deciding rule, would say: end it.)
stop_it() {
	kill -STOP "$PID"
	wait_for 'grep -q "^State:.*stopped" "/proc/$PID/status"' "it to stop"
}

paired() { # ANSWERS
	sleep 1
	touch "$T/open/stop"
	wait "$PAIR" || fail "it ended with status $?: $(tail -n 3 "$T/.background" "$T/events")"
	eq "$(grep -v started "$T/.background")" "$1" "answers"
}

test_no_work_space() {
	pair
	# What is kept about directories answers without work space: here it is not asked.
	status 0 "$RF" load --oracle=only
	stop_it
	status 0 "$ATTACK/fences" exhaust on
	kill -CONT "$PID"
	# shellcheck disable=SC2016
	wait_for '[ "$("$RF" status --json | jq ".sandboxes[] | select(.tasks > 0) | .errors")" -gt 100 ]' \
		"it to be counted"
	stop_it
	status 0 "$ATTACK/fences" exhaust off
	kill -CONT "$PID"
	paired "allowed some refused some leaked 0"
	status 0 "$RF" load --oracle=off
	contains "$(events 'select(.rule.code == "scratch") | [.layer, .hook, .operation, .object, .verdict,
		.errno, .rule.id, .process.comm, .process.exe] | tostring' | sort -u)" \
		'["files","file_open","open",{},"denied","EACCES","files.unjudged","swaps","'"$ATTACK"'/swaps"]' \
		"records"
	all_is_told
}

# Its threads that were preempted within a hook keep theirs: it is refused, others are not.
test_one_sandbox_leaves_work_space_to_others() {
	local count='.sandboxes[] | select(.tasks > 0)'
	pair
	status 0 "$RF" load --oracle=only
	stop_it
	status 0 "$ATTACK/fences" exhaust other
	kill -CONT "$PID"
	# shellcheck disable=SC2016
	wait_for '[ "$("$RF" status --json | jq "$count | .denied")" -gt 100 ]' "it to be refused"
	eq "$("$RF" status --json | jq "$count | .errors")" 0 "accesses that were not judged"
	stop_it
	status 0 "$ATTACK/fences" exhaust own
	kill -CONT "$PID"
	# shellcheck disable=SC2016
	wait_for '[ "$("$RF" status --json | jq "$count | .errors")" -gt 100 ]' "it to be refused unjudged"
	stop_it
	status 0 "$ATTACK/fences" exhaust off
	kill -CONT "$PID"
	paired "allowed some refused some leaked 0"
	status 0 "$RF" load --oracle=off
	all_is_told
}

# The counts of all records, and of what was lost, are what the kernel counted.
all_is_told() {
	eq "$(jq -s 'map(select(.type == "access" or .type == "lost") | .count) | add' "$T/events")" \
		"$(events 'select(.type == "stats") | .denied' | tail -n 1)" "what is told"
	eq "$(jq -s '[.[] | select(.rule.id == "files.unjudged") | .count] | add // 0' "$T/events")" \
		"$(events 'select(.type == "stats") | .unjudged' | tail -n 1)" "what could not be judged"
}

# What decides nothing has nothing to refuse: its record is missing, and that is told.
test_no_work_space_to_tell() {
	secret_world
	status 0 "$RF" load
	background "$RF" run -p "$T/world.json" --name told --summary never --events "$T/events" -- \
		sh -c 'sleep 1000; cat '"$T/open/file"
	SLEEP=
	wait_for 'SLEEP=$(pgrep -nx sleep) && grep -q "/sleep\"" "$T/events"' "the command"
	status 0 "$ATTACK/fences" exhaust on
	kill -KILL "$SLEEP"
	wait_for '! grep -qs "^State:.*[^Z] " "/proc/$SLEEP/status"' "it to end"
	status 0 "$ATTACK/fences" exhaust off
	wait "$BACKGROUND"
	[ "$(jq -s '[.[] | select(.type == "lost") | .last - .seq + 1 - .count] | add // 0' "$T/events")" -ge 1 ] ||
		fail "nothing is told as lost: $(tail -n 5 "$T/events")"
	all_is_told
	eq "$(jq -s "[.[] | select(.type == \"exit\" and .process.pid == $SLEEP)] | length" "$T/events")" 0 \
		"records of its end"
}

# inside COMMAND…: in the sandbox that runs.
inside() {
	capture "$RF" exec makers -- "$@"
}

# What somebody inside makes is known until it is gone. Nobody outside notices.
test_no_room_for_makers_of_ipc() {
	local kind id gone
	secret_world
	status 0 "$RF" load
	background "$RF" run -p "$T/world.json" --name makers --summary never --events "$T/events" -- \
		sleep 1000
	wait_for '"$RF" status --json | jq -e ".sandboxes | any(.name == \"makers\" and .tasks == 1)" >/dev/null' \
		"the sandbox"
	inside ipcmk -M 4096
	id=$(grep -oE '[0-9]+$' <<<"$OUT") || fail "no memory: $ERR"
	inside ipcmk -M 4096
	gone=$(grep -oE '[0-9]+$' <<<"$OUT") || fail "no memory: $ERR"
	status 0 "$ATTACK/fences" fill-ipc
	for kind in "-M 4096" "-Q" "-S 1"; do
		# shellcheck disable=SC2086
		inside ipcmk $kind
		[ "$RC" -ne 0 ] || fail "ipcmk $kind made one: $OUT"
		contains "$ERR" "Cannot allocate memory" "error of ipcmk $kind"
		# shellcheck disable=SC2086
		works ipcmk $kind
	done
	inside ipcs -m -i "$id"
	contains "$OUT" "Shared memory Segment shmid=$id" "what was there before"
	# One that ends makes room for one; it is freed a grace period later.
	inside ipcrm -m "$gone"
	eq "$RC" 0 "status of ipcrm"
	wait_for 'inside ipcmk -Q; [ "$RC" -eq 0 ]' "room"
	inside ipcmk -S 1
	[ "$RC" -ne 0 ] || fail "room for two"
	status 0 "$ATTACK/fences" empty-ipc
	inside ipcmk -S 1
	eq "$RC" 0 "status of ipcmk when there is room: $ERR"
	inside ipcrm -m "$id"
	eq "$RC" 0 "status of ipcrm"
	status 0 "$RF" stop makers --kill
	wait "$BACKGROUND"
	ipcrm --all=sem --all=msg --all=shm
	for kind in shm msg_queue sem; do
		contains "$(events 'select(.verdict == "denied") | [.layer, .hook, .operation, .errno,
			.rule.id, .rule.code] | join(" ")')" \
			"kernel ${kind}_alloc_security ipc ENOMEM files.unjudged lookup" "records"
	done
	all_is_told
}

test_a_damaged_policy() {
	pair
	stop_it
	status 0 "$ATTACK/fences" damage 0
	kill -CONT "$PID"
	paired "allowed some refused some leaked 0"
	contains "$(events 'select(.verdict == "denied") | .rule.id + " " + (.rule.code // "")' | sort -u)" \
		"files.unjudged image" "reasons"
}

# Only the head is whole: what is walked is refused.
test_damaged_states() {
	pair
	status 0 "$RF" load --oracle=only
	stop_it
	status 0 "$ATTACK/fences" damage 1
	kill -CONT "$PID"
	paired "allowed some refused some leaked 0"
	contains "$(events 'select(.verdict == "denied") | .rule.id + " " + (.rule.code // "")' | sort -u)" \
		"files.unjudged image" "reasons"
	status 0 "$RF" load --oracle=off
}

# What is kept about a folder was judged when the policy was whole, and no name in it matters any
# more: no page is read for it. What was denied stays denied.
test_damaged_states_and_kept_folders() {
	pair
	stop_it
	status 0 "$ATTACK/fences" damage 1
	kill -CONT "$PID"
	paired "allowed some refused none leaked 0"
}

test_a_policy_that_is_gone() {
	pair
	status 0 "$ATTACK/fences" lose
	paired "allowed some refused some leaked 0"
}

test_no_room_for_what_is_held_by_number() {
	policy nails '"files": {"default": "allow", "rules": [
  {"id": "fixed", "deny": ["write"], "paths": ["'"$T"'/held"]} ]}'
	echo held >"$T/held"
	status 0 "$RF" load
	status 0 "$ATTACK/fences" fill-nails root
	# It could not be known again, so it is not started, or refused.
	capture "$RF" run -p "$T/nails.json" --summary never -- cat "$T/held"
	[ "$RC" -ne 0 ] || fail "it was read: $OUT"
	rm "$T/held"
	fence nails sh -c "echo new >$T/other; mv $T/other $T/held; cat $T/held"
	status 0 "$ATTACK/fences" empty-nails root
	echo held >"$T/held"
	allowed nails cat "$T/held"
}

nobody_is_fenced() {
	# shellcheck disable=SC2016
	wait_for '[ "$("$RF" status --json | jq ".sandboxes | length")" = 0 ]' "the sandboxes to be gone"
}

# fill N: the first N slots are somebody's, $filler's.
fill() {
	"$ATTACK/fences" fill "$1" >"$T/filled" &
	filler=$!
	wait_for 'grep -q full "$T/filled"'
}

# The table is mapped piece by piece, 256 slots each: a slot of another piece than the first is one
# like others, for who makes the sandbox and for who looks for it.
test_a_slot_far_up() {
	secret_world
	status 0 "$RF" load
	nobody_is_fenced
	fill 700
	refused world EACCES "$ATTACK/names" read "$T/denied/secret"
	background "$RF" run -p "$T/world.json" --name far --summary never -- sleep 60
	wait_for '"$RF" status --json | jq -e ".sandboxes | any(.name == \"far\" and .tasks == 1)"' \
		"the sandbox to be listed"
	status 0 "$RF" exec far -- cat "$T/open/file"
	status 1 "$RF" exec far -- cat "$T/denied/secret"
	status 0 "$RF" stop far --kill
	nobody_is_fenced
	kill -TERM $filler
	wait $filler
}

test_all_sandboxes_in_use() {
	secret_world
	status 0 "$RF" load
	nobody_is_fenced # else one place is free again after all were taken
	fill 16384
	status 125 "$RF" run -p "$T/world.json" --summary never -- true
	contains "$ERR" "all 16384 sandboxes are in use" "the reason"
	kill -TERM $filler
	wait $filler
	refused world EACCES "$ATTACK/names" read "$T/denied/secret"
}

test_many_sandboxes() {
	local n=${RF_SANDBOXES:-100} before
	secret_world
	status 0 "$RF" load
	"$ATTACK/fences" many "$T/world.json" "$T/denied/secret" "$n" >"$T/made" 2>&1 &
	maker=$!
	for ((i = 0; i < 3000; i++)); do
		[ -s "$T/made" ] && break
		sleep 0.1
	done
	eq "$(cat "$T/made")" "$n" "sandboxes"
	eq "$("$RF" status --json | jq "[.sandboxes[] | select(.tasks == 1) | .id] | unique | length")" \
		"$n" "different ids with a process each"
	refused world EACCES "$ATTACK/names" read "$T/denied/secret"
	# Their maker dies: whoever still has a process in it keeps its slot and its id.
	kill -KILL $maker
	wait $maker 2>/dev/null
	before=$("$RF" status --json | jq -c "[.sandboxes[] | select(.tasks == 1) | .id] | sort")
	for ((i = 0; i < 2; i++)); do
		refused world EACCES "$ATTACK/names" read "$T/denied/secret"
	done
	eq "$("$RF" status --json | jq -c "[.sandboxes[] | select(.tasks == 1) | .id] | sort")" \
		"$before" "ids after it died"
	pkill -KILL -x fences
	wait_for '[ "$("$RF" status --json | jq "[.sandboxes[] | select(.tasks > 0)] | length")" = 0 ]'
	allowed world true
	# Their maker is dead and nobody is in them: they are in nobody's way.
	nobody_is_fenced
	status 0 "$RF" unload
}

test_processors_that_come_and_go() {
	local cpu=/sys/devices/system/cpu/cpu1/online i
	[ -w "$cpu" ] || skip "one processor"
	secret_world
	status 0 "$RF" load
	"$RF" run -p "$T/world.json" --summary never -- \
		"$ATTACK/swaps" denied "$T/denied/secret" "$T/open/stop" >"$T/tried" 2>&1 &
	tried=$!
	wait_for "'$RF' status --json | jq -e '.sandboxes | any(.tasks > 0)' >/dev/null" "the loop"
	for ((i = 0; i < 3; i++)); do
		echo 0 >$cpu 2>/dev/null || skip "the processor stays"
		sleep 0.7
		echo 1 >$cpu
		sleep 0.7
	done
	touch "$T/open/stop"
	wait $tried
	eq "$? $(cat "$T/tried")" "0 opened 0 refused many" "status and tries"
}

run_tests
