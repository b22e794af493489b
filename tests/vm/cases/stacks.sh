#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# With --stacks a denial tells which code asked: by function, when the process is long gone, and by
# the file that was mapped, not by one that has its name now.
. "$RF_VM/lib.sh"

# stacks POLICY COMMAND…: as fence, with --stacks
stacks() {
	local name=$1
	shift
	rm -f "$T/events"
	capture "$RF" run -p "$T/$name.json" --stacks --events "$T/events" --summary never -- "$@"
}

# The functions of each denial's stack, innermost first; what has none as OBJECT+0xOFF.
frames() { # JQ-CONDITION
	events "select(.verdict == \"denied\") | select(${1:-true}) |
		\"\(.count) \" + (.stack // [] | map(if test(\" \") then sub(\".* \"; \"\") else . end) | join(\" \"))"
}

test_the_functions_that_asked_are_named() {
	secret_world
	for kind in stack stack-static; do
		cp "$ATTACK/$kind" "$T/open/program"
		stacks world "$T/open/program" open "$T/denied/secret"
		eq "$(denials | sort -u)" "files secret" "denials of $kind"
		contains "$(frames)" "opens_it one_way main" "$kind: one way"
		contains "$(frames)" "opens_it other_way main" "$kind: the other"
		eq "$(frames | awk '/one_way/ { n += $1 } END { print n }')" 3 "$kind: denials one way"
		eq "$(frames | awk '/other_way/ { n += $1 } END { print n }')" 1 "$kind: denials the other"
		contains "$(events '.stack[0]? // empty')" "$T/open/program+0x" "$kind: its file"
		rm "$T/open/program"
	done
}

test_all_layers_have_stacks() {
	secret_world '"seccomp": {"default": "allow", "deny": ["swapon"]}, "network": {"default": "deny"}'
	stacks world sh -c "$ATTACK/stack call; $ATTACK/stack connect; $ATTACK/stack open $T/denied/secret; true"
	contains "$(frames '.layer == "seccomp"')" "calls_it main" "seccomp"
	contains "$(frames '.layer == "network"')" "connect main" "network: a library without frames hides its caller"
	contains "$(frames '.layer == "files"')" "opens_it one_way main" "files"
}

test_a_program_that_is_gone_or_another_now_has_no_names() {
	secret_world
	cp "$ATTACK/stack" "$T/open/program"
	stacks world sh -c "$T/open/program open $T/denied/secret; true"
	contains "$(frames)" "opens_it one_way" "the names, where the program stays"
	mv "$T/open/program" "$T/open/first"
	stacks world sh -c "cp $T/open/first $T/open/program; $T/open/program open $T/denied/secret; rm $T/open/program
		cp $ATTACK/names $T/open/program; true"
	for stack in $(events '.stack[]?' | grep "/open/program" | grep " " | sed 's/.* //'); do
		case $stack in
		opens_it | one_way | other_way | main | __libc_start* | _start | call_init) ;; # asked in time
		*) fail "a name of another program: $stack" ;;
		esac
	done
}

test_code_in_memory_is_told_as_that() {
	secret_world
	stacks world "$ATTACK/stack" memory "$T/denied/secret"
	contains "$(events '.stack[0]? // empty')" "[memory]+0x" "the frame"
	lacks "$(events '.stack[0]? // empty')" " " "its name"
	contains "$(frames)" "opens_from_memory main" "its callers"
}

# Where the register for frames is used for something else, only what is known to be true is told.
test_what_cannot_have_called_is_left_out() {
	secret_world
	stacks world sh -c "for to in data pointer; do $ATTACK/stack \$to $T/denied/secret; done; true"
	eq "$(frames)" "1 opens_without_a_frame
1 opens_without_a_frame" "frames"
}

test_a_hostile_program_breaks_nothing() {
	secret_world
	# A file with the head of a program and noise behind it, mapped where the frames point.
	head -c 4096 "$ATTACK/stack-static" >"$T/open/noise"
	head -c 200000 /dev/urandom >>"$T/open/noise"
	stacks world sh -c "for i in 1 2 3; do read x <$T/denied/secret; done 2>/dev/null; $T/open/noise; true"
	eq "$RC" 0 "status: $ERR"
	eq "$(events 'select(.verdict == "denied" and .layer == "files") | .count' | paste -sd+ | bc)" 3 "denials"
	eq "$(events .type | tail -1)" sandbox_end "last record"
	wait_for '! pgrep ringfence-symbo >/dev/null' "its helper to end"
}

test_without_the_option_there_are_none() {
	secret_world
	fence world "$ATTACK/stack" open "$T/denied/secret"
	eq "$(events 'select(.stack) | 1')" "" "stacks"
	eq "$(events 'select(.verdict == "denied") | .count' | paste -sd+ | bc)" 4 "denials"
}

test_text_and_report_show_them() {
	secret_world
	stacks world "$ATTACK/stack" open "$T/denied/secret"
	contains "$("$RF" audit --format text "$T/events")" "    at $ATTACK/stack+0x" "text"
	"$RF" report "$T/events" -o "$T/page.html" || fail "report"
	contains "$(cat "$T/page.html")" "<title>one_way ($ATTACK/stack): 3 denials" "flame graph"
}

test_a_burst_with_stacks_adds_up() {
	secret_world
	mkdir "$T/denied/many" "$T/open/many"
	(cd "$T/denied/many" && seq 0 1999 | xargs touch)
	stacks world "$ATTACK/burst" 4 2000 "$T/denied/secret" "$T/denied/many"
	eq "$OUT" "refused 8000 opened 0" "verdicts"
	eq "$(events 'select(.verdict == "denied" or .type == "lost") | .count' | paste -sd+ | bc)" 8000 "told"
	eq "$(events 'select(.type == "stats") | .denied' | tail -1)" 8000 "counted by the kernel"
}

run_tests
