#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# policy replace: another policy for a running sandbox, tighter or looser, at one moment.
# RF_SWAPS (12) replacements under load, RF_ROUNDS (4) of each race: see docs/testing.md.
. "$RF_VM/lib.sh"

SWAPS=${RF_SWAPS:-12} ROUNDS=${RF_ROUNDS:-4}

# start NAME POLICY COMMAND…: a sandbox in the background, events in $T/events.
start() {
	local name=$1 policy=$2
	shift 2
	rm -f "$T/events"
	status 0 "$RF" load # which takes its time on an emulated machine
	background "$RF" run -p "$T/$policy.json" --name "$name" --events "$T/events" --summary never \
		-- "$@"
	SUPERVISOR=$BACKGROUND
	# Its processes outlive a killed supervisor.
	# shellcheck disable=SC2064
	trap "'$RF' stop --kill '$name' >/dev/null 2>&1" EXIT
	wait_for "'$RF' status --json | jq -e '.sandboxes | any(.name == \"$name\")' >/dev/null" "$name"
}

# A shell inside that does what is written into $T/do, one line at a time, and answers in $T/done.
start_shell() { # NAME POLICY
	mkfifo "$T/do" "$T/done"
	start "$1" "$2" bash -c 'exec 8<>"$0/do" 9<>"$0/done"; echo up >&9
		while read -r line <&8; do eval "$line"; echo "status $?" >&9; done' "$T"
	exec 8<>"$T/do" 9<>"$T/done"
	answer up
}

answer() {
	local line
	read -r -t 60 line <&9 || fail "no answer; events: $(cat "$T/events")"
	eq "$line" "$1" "answer${2:+ of $2}"
}

inside() { # STATUS COMMAND
	echo "$2" >&8
	answer "status $1" "$2"
}

replace() { # STATUS ARGUMENT…
	status "$1" "$RF" policy replace "${@:2}"
}

generation() {
	"$RF" status --json | jq -r ".sandboxes[] | select(.name == \"$1\") | .policy"
}

two_policies() {
	mkdir -p "$T/first" "$T/second" "$T/both" "$T/none"
	for d in first second both none; do echo "$d" >"$T/$d/file"; done
	policy one '"files": {"default": "allow", "rules": [
  {"id": "never", "deny": ["read", "write"], "paths": ["'"$T"'/none/**"]},
  {"id": "one-first", "deny": ["read", "write"], "paths": ["'"$T"'/first/**"]} ]}'
	policy two '"files": {"default": "allow", "rules": [
  {"id": "filler", "allow": ["read"], "paths": ["'"$T"'/filler/**"]},
  {"id": "two-second", "deny": ["read", "write"], "paths": ["'"$T"'/second/**"], "reason": "two"},
  {"id": "filler2", "allow": ["read"], "paths": ["'"$T"'/filler2/**"]},
  {"id": "none-too", "deny": ["read", "write"], "paths": ["'"$T"'/none/**"]} ]}'
}

test_tighter_and_looser_at_once() {
	two_policies
	start_shell both one
	inside 1 "cat $T/first/file"
	inside 0 "cat $T/second/file"
	inside 0 "exec 7<$T/second/file"
	replace 0 both "$T/two.json"
	contains "$OUT" "policy two holds for sandbox both" "what it says"
	contains "$OUT" "read $T/second/file: denied by two-second ($T/two.json:" "what stays open"
	eq "$(generation both)" two "policy by status"
	inside 1 "cat $T/second/file"
	inside 0 "cat <&7"
	inside 0 "cat $T/first/file"
	inside 1 "cat $T/none/file"
	status 1 "$RF" why "$T/two.json" read "$T/second/file"
	status 0 "$RF" why "$T/two.json" read "$T/first/file"
	# The denials name the policy that was in force: id, file and line.
	wait_for "grep -q none-too '$T/events'"
	eq "$(events 'select(.type == "access" and .verdict == "denied") |
		[.sandbox.policy, .rule.id, .rule.source] | join(" ")')" \
		"one one-first $T/one.json:$(line_of one one-first)
two two-second $T/two.json:$(line_of two two-second)
two none-too $T/two.json:$(line_of two none-too)" "denials"
	eq "$(events 'select(.type == "policy_replaced") | .sandbox.policy + " " + .process.comm')" \
		"two ringfence-polic" "event"
	eq "$(events 'select(.type == "policy_loaded") | .sandbox.policy')" one "first policy"
	numbers=$(events .seq) # once: there may be more of them at any moment
	eq "$(sort -n <<<"$numbers" | uniq -d)" "" "numbers that came twice"
	eq "$numbers" "$(seq 1 "$(tail -1 <<<"$numbers")")" "numbers in order"
}

# A folder whose files were allowed without being walked.
test_what_is_kept_about_a_folder_is_of_one_policy() {
	local round
	two_policies
	start_shell kept one
	eq "$("$RF" status --json | jq -r .kernel.paths)" kept "how paths are judged"
	for round in 1 2; do
		inside 0 "cat $T/second/file $T/second/file $T/second/file"
		replace 0 kept "$T/two.json"
		inside 1 "cat $T/second/file"
		inside 0 "cat $T/first/file $T/first/file $T/first/file"
		replace 0 kept "$T/one.json"
		inside 1 "cat $T/first/file"
	done
}

test_every_layer_follows() {
	policy open '"files": {"default": "allow"}, "network": {"default": "allow"},
"devices": {"default": "allow"}, "kernel": {"signals": "allow", "fileless_exec": "allow"}'
	policy shut '"files": {"default": "allow", "rules": [
  {"id": "program", "deny": ["exec"], "paths": ["/usr/bin/id"]} ]},
"network": {"default": "deny"},
"devices": {"default": "allow", "rules": [
  {"id": "full", "deny": ["read", "write"], "nodes": ["char 1:7"]} ]},
"kernel": {"signals": "inside", "fileless_exec": "deny"}'
	background sleep 1000
	outsider=$BACKGROUND
	background "$ATTACK/net" serve tcp 127.0.0.1 4711 50
	start_shell layers open
	for round in 1 2; do
		wait_for "'$ATTACK/net' tcp 127.0.0.1 4711"
		inside 0 "/usr/bin/id"
		inside 0 "$ATTACK/net tcp 127.0.0.1 4711"
		inside 0 ": </dev/full"
		inside 0 "kill -0 $outsider"
		inside 0 "$ATTACK/exec memfd /usr/bin/true"
		replace 0 layers "$T/shut.json"
		inside 126 "/usr/bin/id"
		inside 1 "$ATTACK/net tcp 127.0.0.1 4711"
		inside 1 ": </dev/full"
		inside 1 "kill -0 $outsider"
		inside 1 "$ATTACK/exec memfd /usr/bin/true"
		replace 0 layers "$T/open.json"
	done
	inside 0 "/usr/bin/id"
	wait_for "grep -q fileless_exec '$T/events'"
	eq "$(events 'select(.verdict == "denied") | .rule.id' | sort -u | tr '\n' ' ')" \
		"full kernel.fileless_exec kernel.signals network.default program " "rules"
	eq "$(events 'select(.verdict == "denied") | .sandbox.policy' | sort -u)" shut "their policy"
}

test_a_bad_policy_changes_nothing() {
	local sha
	two_policies
	start_shell bad one
	sha=$("$RF" status --json | jq -r '.sandboxes[0].sha256')
	echo '{ "ringfence": 1, "name": "broken", "files": {' >"$T/broken.json"
	replace 125 bad "$T/broken.json"
	contains "$ERR" "ringfence: " "the reason"
	replace 125 bad "$T/missing.json"
	replace 125 nobody "$T/two.json"
	contains "$ERR" "no running sandbox is called nobody" "the reason"
	# What a running process cannot be given is refused, rule by rule; `should` is told.
	policy filter '"files": {"default": "allow"}, "seccomp": {"default": "allow", "rules": [
  {"id": "no-chroot", "deny": ["chroot"]} ]}'
	replace 125 bad "$T/filter.json"
	contains "$ERR" "no-chroot" "the rule"
	contains "$ERR" "filter.json:" "its place"
	policy limit '"files": {"default": "allow"}, "process": {"rlimits": {"nofile": 64}}'
	replace 125 bad "$T/limit.json"
	policy mounts '"files": {"default": "allow"}, "kernel": {"mount": "allow"}'
	replace 125 bad "$T/mounts.json"
	contains "$ERR" "kernel.mount" "the key"
	# Where only much less is asked for than was given, nothing more can be had but that.
	policy caps '"files": {"default": "allow"}, "capabilities": {"keep": ["chown"]}'
	replace 0 --plan bad "$T/caps.json"
	contains "$OUT" "would hold" "the plan"
	eq "$("$RF" status --json | jq -r '.sandboxes[0].sha256')" "$sha" "policy after all that"
	inside 1 "cat $T/first/file"
	inside 0 "cat $T/second/file"
	lacks "$(cat "$T/events")" policy_replaced "events"
	policy filter '"files": {"default": "allow"}, "seccomp": {"default": "allow", "need": "should",
  "rules": [ {"id": "no-chroot", "deny": ["chroot"], "need": "should"} ]}'
	replace 0 bad "$T/filter.json"
	contains "$OUT" "no-chroot" "what is not held"
	inside 0 "cat $T/first/file"
	status 2 "$RF" policy replace bad
	status 2 "$RF" policy replace --wrong bad "$T/two.json"
	status 0 "$RF" policy replace --help
}

test_fewer_capabilities_hold_at_each_use() {
	policy all '"files": {"default": "allow"}'
	policy few '"files": {"default": "allow"}, "capabilities": {"keep": ["dac_override"]}'
	start_shell caps all
	touch "$T/mine"
	inside 0 "chown 12:12 $T/mine"
	replace 0 caps "$T/few.json"
	inside 1 "chown 13:13 $T/mine"
	replace 0 caps "$T/all.json"
	inside 0 "chown 14:14 $T/mine"
}

test_links_made_before_are_denied_by_what_is_new() {
	two_policies
	policy fixed '"files": {"default": "allow", "rules": [
  {"id": "fixed", "deny": ["read"], "paths": ["'"$T"'/second/file"]} ]}'
	ln "$T/second/file" "$T/both/alias"
	start_shell nails one
	inside 0 "cat $T/both/alias"
	replace 0 nails "$T/fixed.json"
	inside 1 "cat $T/both/alias"
	inside 1 "cat $T/second/file"
	replace 0 nails "$T/one.json"
	inside 0 "cat $T/both/alias"
}

test_kill_ends_who_holds_what_is_denied() {
	two_policies
	start_shell killing one
	inside 0 "sleep 301 <$T/second/file & sleep 302 </dev/null &"
	wait_for 'pgrep -f "^sleep 301" >/dev/null && pgrep -f "^sleep 302" >/dev/null' "both to run"
	replace 0 --kill --json killing "$T/two.json"
	eq "$(jq -r '[.replaced, .policy, (.open | length), .open[0].comm, .open[0].fd, .open[0].killed,
		.open[0].rule.id] | map(tostring) | join(" ")' <<<"$OUT")" \
		"true two 1 sleep 0 true two-second" "answer"
	wait_for '! pgrep -f "^sleep 301"' "the holder to end"
	pgrep -f "^sleep 302" >/dev/null || fail "a process that holds nothing was killed"
	inside 0 true
}

test_an_exec_session_gets_the_new_policy() {
	two_policies
	start_shell joined one
	replace 0 joined "$T/two.json"
	status 1 "$RF" exec joined -- cat "$T/second/file"
	status 0 "$RF" exec joined -- cat "$T/first/file"
}

test_no_verdict_is_neither_old_nor_new() {
	local i policy
	two_policies
	start swaps one "$ATTACK/swaps" opens "$T" 600
	for ((i = 0; i < SWAPS; i++)); do
		policy=$([ $((i % 2)) -eq 0 ] && echo two || echo one)
		capture "$RF" policy replace swaps "$T/$policy.json"
		[ "$RC" -eq 0 ] || fail "replacement $i: status $RC: $ERR"
	done
	pkill -KILL -x swaps -o 2>/dev/null
	kill -TERM "$SUPERVISOR"
	wait "$SUPERVISOR" 2>/dev/null
	lacks "$(cat "$T/.background")" wrong: "verdicts"
	# Every denial names a rule of the policy that it names, and both were seen.
	eq "$(events 'select(.type == "access") | .sandbox.policy + " " + .rule.id' | sort -u | tr '\n' ',')" \
		"one never,one one-first,two none-too,two two-second," "denials"
	eq "$(events 'select(.type == "policy_replaced") | 1' | wc -l)" "$i" "replacements told"
	echo "# $i replacements"
	eq "$(events 'select(.type == "lost") | .cause' | sort -u | tr '\n' ' ')" "" "losses"
}

test_two_at_once_and_killed_at_any_step() {
	local i delay
	two_policies
	start_shell race one
	for ((i = 0; i < ROUNDS; i++)); do
		"$RF" policy replace race "$T/one.json" >/dev/null 2>>"$T/errors" &
		a=$!
		"$RF" policy replace race "$T/two.json" >/dev/null 2>>"$T/errors" &
		b=$!
		wait $a || fail "one of two at once: $(cat "$T/errors")"
		wait $b || fail "the other of two at once: $(cat "$T/errors")"
	done
	for ((i = 1; i <= 3 * ROUNDS; i++)); do
		delay=$(awk -v i="$i" -v n="$ROUNDS" 'BEGIN { printf "%.3f", i * 0.12 / n }')
		"$RF" policy replace race "$T/$([ $((i % 2)) -eq 0 ] && echo one || echo two).json" \
			>/dev/null 2>&1 &
		sleep "$delay"
		pkill -KILL -P $! 2>/dev/null
		kill -KILL $! 2>/dev/null
		wait $! 2>/dev/null
		case $(generation race) in
		one) inside 1 "cat $T/first/file" && inside 0 "cat $T/second/file" ;;
		two) inside 0 "cat $T/first/file" && inside 1 "cat $T/second/file" ;;
		*) fail "neither policy: $("$RF" status --json)" ;;
		esac
	done
	replace 0 race "$T/one.json"
	inside 1 "cat $T/first/file"
}

# Its record is there before the words of its policy are: who comes in between waits for them.
test_a_sandbox_that_just_starts() {
	local i
	two_policies
	status 0 "$RF" load # by itself, it may take longer than is waited
	for ((i = 0; i < ROUNDS; i++)); do
		"$RF" run -p "$T/one.json" --name young --summary never -- sleep 600 &
		until "$RF" policy replace young "$T/two.json" >"$T/told" 2>&1; do
			grep -q "no running sandbox is called young" "$T/told" || fail "$(cat "$T/told")"
			kill -0 $! || fail "it did not start"
		done
		"$RF" stop --kill young
		wait $!
		wait_for '! grep -lqs "\"name\":\"young\"" /run/ringfence/sandboxes/*.json' "its record to go"
	done
}

test_a_sandbox_that_ends_meanwhile() {
	local i
	two_policies
	for ((i = 0; i < ROUNDS; i++)); do
		"$RF" run -p "$T/one.json" --name brief --summary never -- sleep 0.4 &
		sleep "0.$((RANDOM % 5 + 1))"
		capture "$RF" policy replace brief "$T/two.json"
		[ "$RC" -eq 0 ] || [ "$RC" -eq 125 ] || fail "status $RC: $ERR"
		wait $!
		refused one EACCES "$ATTACK/names" read "$T/first/file"
		allowed one "$ATTACK/names" read "$T/second/file"
	done
	wait_for '! grep -lqs "\"name\":\"brief\"" /run/ringfence/sandboxes/*.json' "its record to go"
	for file in /run/ringfence/sandboxes/*.policies; do
		[ ! -e "$file" ] || [ -e "${file%.policies}.json" ] || fail "$file was left"
	done
}

run_tests
