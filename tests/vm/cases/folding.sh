#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Identical denials are folded, and what was delivered, folded and lost is what happened.
. "$RF_VM/lib.sh"

# denied_reads N: a shell loop of its own process, all denials alike
denied_reads() {
	echo "i=0; while [ \$i -lt $1 ]; do read x <$T/denied/secret; i=\$((i + 1)); done 2>/dev/null"
}

total() {
	events 'select(.verdict == "denied" or .type == "lost") | .count' | paste -sd+ | bc
}

test_the_first_is_told_at_once_and_the_rest_before_the_end() {
	secret_world
	fence world sh -c "$(denied_reads 300)"
	eq "$(events 'select(.verdict == "denied") | .count' | head -1)" 1 "count of the first"
	eq "$(total)" 300 "denials"
	[ "$(events 'select(.verdict == "denied") | 1' | wc -l)" -lt 10 ] || fail "not folded: $(wc -l <"$T/events")"
	eq "$(events .type | tail -1)" sandbox_end "last record"
}

counts() {
	events 'select(.verdict == "denied") | .count' | tr '\n' ' '
}

# With periods that a slow machine does not make longer or shorter than what they are compared with.
test_the_period_is_the_policys() {
	secret_world '"audit": {"dedupe": "600s"}'
	fence world sh -c "$(denied_reads 40); sleep 1.2; $(denied_reads 2)"
	eq "$(counts)" "1 41 " "counts where the default is over"
	# One that comes after the period is told at once, and then the next one is alone, too.
	secret_world '"audit": {"dedupe": "200ms"}'
	rm -f "$T/events"
	mkfifo "$T/open/end"
	"$RF" run -p "$T/world.json" --events "$T/events" --summary never -- \
		sh -c "$(denied_reads 1); sleep 0.5; $(denied_reads 2); read x <$T/open/end" &
	wait_for '[ "$(total 2>/dev/null)" = 3 ]' "all to be told while it runs"
	echo >"$T/open/end"
	wait
	eq "$(counts)" "1 1 1 " "counts where the default would fold two"
	secret_world '"audit": {"dedupe": 0}'
	fence world sh -c "$(denied_reads 50)"
	eq "$(events 'select(.verdict == "denied") | .count' | sort -u)" 1 "counts without folding"
	eq "$(total)" 50 "denials without folding"
}

test_what_differs_is_not_folded() {
	# No period ends meanwhile, however long that takes.
	secret_world '"audit": {"dedupe": "600s"}, "seccomp": {"default": "allow", "deny": ["swapon"]}'
	fence world sh -c "for i in 1 2 3; do
		read x <$T/denied/secret; read x <$T/denied/sub/deep; echo x >$T/denied/secret; done 2>/dev/null
		(read x <$T/denied/secret) 2>/dev/null"
	eq "$(events 'select(.verdict == "denied") | "\(.object.path) \(.access | join(","))"' | sort | uniq -c |
		sed "s|$T/denied/||" | awk '{ print $1, $2, $3 }' | tr '\n' ';')" \
		"3 secret read;2 secret write;2 sub/deep read;" "records of each kind"
	eq "$(total)" 10 "denials"
}

test_many_processes_are_counted_exactly() {
	secret_world
	fence world sh -c "j=0; while [ \$j -lt 1500 ]; do
		(read x <$T/denied/secret; read x <$T/denied/secret) 2>/dev/null; j=\$((j + 1)); done"
	eq "$(total)" 3000 "denials"
	eq "$(events 'if .type == "lost" then "\(.seq) \(.last)" else "\(.seq) \(.seq)" end' |
		awk 'NR > 1 && $1 != want { print want; exit } { want = $2 + 1 }')" "" "numbers missing"
}

# The same file again and again, and more different ones than the table of folds has room for.
burst_world() {
	secret_world "$@"
	mkdir "$T/denied/many" "$T/open/many"
	(cd "$T/denied/many" && seq 0 1999 | xargs touch)
	(cd "$T/open/many" && seq 0 1999 | xargs touch)
}

test_a_burst_in_four_sandboxes_adds_up() {
	burst_world
	for n in 1 2 3 4; do
		"$RF" run -p "$T/world.json" --name "burst$n" --events "$T/e$n" --summary never -- \
			"$ATTACK/burst" 4 5000 "$T/denied/secret" "$T/denied/many" >"$T/o$n" 2>&1 &
	done
	wait
	for n in 1 2 3 4; do
		eq "$(cat "$T/o$n")" "refused 20000 opened 0" "verdicts in sandbox $n"
		eq "$(jq -r 'select(.verdict == "denied" or .type == "lost") | .count' "$T/e$n" | paste -sd+ | bc)" \
			20000 "told in sandbox $n"
		eq "$(jq -r 'select(.type == "stats") | .denied' "$T/e$n" | tail -1)" 20000 \
			"counted by the kernel in sandbox $n"
	done
}

test_allowed_records_do_not_push_out_denials() {
	burst_world '"audit": {"allowed": ["read"]}'
	capture "$RF" run -p "$T/world.json" --events fd:8 --summary never -- sh -c "
		$ATTACK/burst 4 20000 $T/open/file $T/open/many
		i=0; while [ \$i -lt 300 ]; do read x <$T/denied/many/\$i; i=\$((i + 1)); done 2>/dev/null" 8>"$T/events"
	eq "$(events 'select(.verdict == "denied") | .count' | paste -sd+ | bc)" 300 "denials delivered"
}

test_an_idle_fence_wakes_nobody() {
	secret_world
	mkfifo "$T/open/end"
	"$RF" run -p "$T/world.json" --events "$T/events" --summary never -- \
		sh -c "$(denied_reads 5); read x <$T/open/end" &
	pid=$!
	wait_for 'grep -qs "\"count\":4" "$T/events"' "the repeats"
	never_wakes 2 1 "$pid"
	echo >"$T/open/end"
	wait
	eq "$(total)" 5 "denials"
}

test_the_counts_are_metrics_while_it_runs() {
	status 0 "$RF" load # by itself, the first run of a guest does it for longer than is waited below
	secret_world
	"$RF" run -p "$T/world.json" --name counted --events "$T/events" --summary never -- \
		sh -c "$(denied_reads 20); echo >$T/open/done; exec sleep 600" 2>/dev/null &
	pid=$!
	wait_for '[ -e "$T/open/done" ]' "the denials"
	"$RF" status --metrics >"$T/all"
	sed -n 's/^ringfence_sandbox_\([a-z_]*\){.*name="counted".*} /\1 /p' "$T/all" >"$T/metrics"
	eq "$(sed -n 's/^denials_total //p' "$T/metrics")" 20 "denials"
	[ "$(sed -n 's/^folded_total //p' "$T/metrics")" -ge 15 ] || fail "folded: $(cat "$T/metrics")"
	used=$(sed -n 's/^ring_used_bytes //p' "$T/metrics")
	{ [ "$used" -gt 100 ] && [ "$used" -lt "$(sed -n 's/^ring_bytes //p' "$T/metrics")" ]; } || fail "ring: $(cat "$T/metrics")"
	loaded=$(sed -n 's/^ringfence_loaded_timestamp_seconds \([0-9]*\).*/\1/p' "$T/all")
	now=$(date +%s)
	{ [ "$loaded" -le "$now" ] && [ "$loaded" -gt $((now - 7200)) ]; } || fail "loaded at $loaded, now $now"
	kill "$pid"
	wait "$pid" || :
}

# Denials that a reader's lines tell, or tell as lost.
told() {
	grep -E '"verdict":"denied"|"type":"lost"' "$1" | grep -oE '"count":[0-9]+' | awk -F: '{ n += $2 } END { print n + 0 }'
}


# One sandbox with 6,000 denials; what it took is printed, never judged.
timed_burst() { # WHEN
	capture "$RF" run -p "$T/world.json" --summary never -- bash -c "time $ATTACK/burst 2 3000 $T/denied/secret $T/denied/many"
	eq "$OUT" "refused 6000 opened 0" "verdicts"
	echo "# $1: $(grep real "$T/.err")"
}

# RF_STOPPED: seconds that it stays stopped while denials go on.
test_a_reader_that_stopped_costs_nothing_and_starves_nobody() {
	local n readers=() runs=0 stopped
	burst_world '"audit": {"dedupe": 0}'
	status 0 "$RF" load
	for n in 1 2 3 4; do
		"$RF" audit --follow --format json >"$T/r$n" 2>"$T/r$n.err" </dev/null &
		readers+=($!)
		echo $! >>"$T/.pids"
	done
	followers 4
	never_wakes 1 1 "${readers[@]}"
	[ -z "${RF_STOPPED:-}" ] || for runs in 1 2 3; do timed_burst "while all read"; done
	kill -STOP "${readers[0]}"
	stopped=$SECONDS
	until [ $((SECONDS - stopped)) -ge "${RF_STOPPED:-1}" ]; do
		timed_burst "with a reader that is stopped"
		runs=$((runs + 1))
	done
	kill -CONT "${readers[0]}"
	for n in 1 2 3 4; do
		wait_for '[ "$(grep -c sandbox_end "$T/r'$n'")" -ge '$runs' ]' "the end in reader $n"
		eq "$(told "$T/r$n")" $((6000 * runs)) "told to reader $n"
	done
	contains "$(grep '"type":"lost"' "$T/r1")" '"cause":"reader"' "what the one that stopped missed"
}

# Losses are made by stopping the supervisor while more is denied than the ring has room for.
lose() { # ON-LOSS DENIALS COMMAND-AFTER
	status 0 "$RF" load # by itself, the first run of a guest does it for longer than is waited below
	"$RF" run -p "$T/world.json" --on-loss "$1" --events "$T/events" --summary never -- sh -c "
		echo go >$T/open/go; while [ ! -e $T/open/stopped ]; do sleep 0.1; done
		$ATTACK/burst 2 $2 $T/denied/secret $T/denied/many >/dev/null; echo >$T/open/burst
		sleep 1; $3" \
		2>"$T/.err" &
	pid=$!
	wait_for '[ -e "$T/open/go" ]' "the command"
	kill -STOP "$pid"
	# shellcheck disable=SC2016
	wait_for 'grep -q "^State:.*stopped" "/proc/$pid/status"' "the supervisor to stop"
	echo >"$T/open/stopped"
	wait_for '[ -e "$T/open/burst" ]' "the burst"
	kill -CONT "$pid"
	RC=0
	wait "$pid" || RC=$?
	ERR=$(cat "$T/.err")
	[ -n "$(events 'select(.type == "lost") | .count')" ] || fail "nothing was lost, so this proves nothing"
}

test_a_loss_is_told_and_adds_up() {
	burst_world
	lose report 10000 "echo alive >$T/open/alive"
	eq "$RC" 0 "status: $ERR"
	[ -e "$T/open/alive" ] || fail "the command did not go on"
	eq "$(total)" 20000 "told"
	eq "$(events 'select(.type == "lost") | .cause' | sort -u)" ring_full "cause"
	# Repeats whose first record was lost are told as lost by a number of their own; the kernel folded
	# those. Ranges are of numbers that the kernel gave and lost.
	told=$(events 'select(.type == "lost") | .count' | paste -sd+ | bc)
	ranges=$(events 'select(.type == "lost" and .last > .seq) | .count' | paste -sd+ | bc)
	counted=$(events 'select(.type == "stats") | .lost' | tail -1)
	[ "$counted" -gt 0 ] && [ "$counted" -le "$told" ] && [ "$counted" -ge "${ranges:-0}" ] ||
		fail "lost: the kernel counted $counted, told are $told, ${ranges:-0} of them in ranges"
	eq "$(events 'select(.type == "stats") | .denied' | tail -1)" 20000 "denied by the kernel's count"
}

test_a_loss_kills_when_asked_to() {
	burst_world '"audit": {"dedupe": 0}'
	lose kill 15000 "sleep 300; echo alive >$T/open/alive"
	eq "$RC" 137 "status: $ERR"
	[ ! -e "$T/open/alive" ] || fail "the command went on"
	contains "$ERR" "--on-loss kill" "the reason"
	eq "$(events .type | tail -1)" sandbox_end "last record"
}

test_a_slow_reader_freezes_when_asked_to() {
	burst_world '"audit": {"dedupe": 0}'
	mkfifo "$T/pipe"
	# It reads when the sandbox is frozen, and after a minute at all events.
	sh -c "for i in \$(seq 600); do
			grep -rls --include=cgroup.events 'frozen 1' /sys/fs/cgroup/ringfence* >$T/frozen && break
			sleep 0.1
		done; cat >$T/events" <"$T/pipe" &
	"$RF" run -p "$T/world.json" --on-loss freeze --events fd:8 --summary never -- \
		"$ATTACK/burst" 2 4000 "$T/denied/secret" "$T/denied/many" 8>"$T/pipe" >"$T/.out" 2>&1
	wait
	[ -s "$T/frozen" ] || fail "it was not frozen"
	eq "$(cat "$T/.out")" "refused 8000 opened 0" "verdicts"
	eq "$(events 'select(.type == "lost") | .count')" "" "lost"
	eq "$(total)" 8000 "delivered"
}

run_tests
