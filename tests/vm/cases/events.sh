#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The event stream: every record numbered and in order, every gap told, nothing of it shown inside.
. "$RF_VM/lib.sh"

test_members_come_in_their_order() {
	secret_world
	fence world cat "$T/denied/secret"
	eq "$(grep '"verdict":"denied"' "$T/events" | jq -r 'keys_unsorted | join(" ")')" \
		"v type seq time host boot sandbox process layer hook operation object access missing verdict enforced errno rule count" \
		"members of a denial"
	! grep -q '": \|, "\|null' "$T/events" || fail "blanks or nulls in: $(cat "$T/events")"
	eq "$(events '.v' | sort -u)" 1 "version"
	[[ $(events '.time' | head -1) =~ ^20[0-9-]+T[0-9:]+\.[0-9]{9}Z$ ]] || fail "time: $(events .time)"
	eq "$(events '.host' | sort -u)" guest "host"
	eq "$(events '.boot' | sort -u | tr -d -)" "$(tr -d - </proc/sys/kernel/random/boot_id)" "boot"
}

test_numbers_have_no_gap_that_is_not_told() {
	secret_world
	fence world sh -c "for i in 1 2 3 4 5 6 7 8 9 10; do cat $T/denied/secret & done; wait"
	nothing_leaked
	events 'if .type == "lost" then "\(.seq) \(.last)" else "\(.seq) \(.seq)" end' |
		awk 'NR > 1 && $1 != want { print "after " want - 1 " comes " $1; exit 1 } { want = $2 + 1 }' ||
		fail "gap: $(events .seq | tr '\n' ' ')"
	eq "$(events 'select(.verdict == "denied") | .count' | paste -sd+ | bc)" 10 "denials"
}

test_a_sandbox_begins_and_ends_on_the_stream() {
	secret_world
	fence world cat "$T/denied/secret"
	eq "$(events .type | head -1)" sandbox_start "first record"
	eq "$(events .type | tail -1)" sandbox_end "last record"
	eq "$(events .sandbox.id | sort -u | wc -l)" 1 "sandboxes"
	first=$(events .sandbox.id | head -1)
	fence world true
	[ "$(events .sandbox.id | head -1)" != "$first" ] || fail "the id $first was used again"
	eq "$(events .sandbox.name | sort -u)" world "name"
	"$RF" run -p "$T/world.json" --name other --events "$T/events" --summary never -- true
	eq "$(events .sandbox.name | tail -1)" other "name given"
}

test_the_file_is_private_appended_to_and_no_symlink() {
	secret_world
	fence world true
	eq "$(stat -c %a "$T/events")" 600 "mode"
	before=$(wc -l <"$T/events")
	"$RF" run -p "$T/world.json" --events "$T/events" --summary never -- true
	eq "$(wc -l <"$T/events")" $((2 * before)) "lines after a second run"
	ln -s "$T/target" "$T/link"
	status 125 "$RF" run -p "$T/world.json" --events "$T/link" -- true
	[ ! -e "$T/target" ] || fail "the symlink was followed"
}

test_standard_output_and_a_descriptor() {
	secret_world
	capture "$RF" run -p "$T/world.json" --events - --summary never -- cat "$T/denied/secret"
	eq "$(jq -r 'select(.verdict == "denied") | .rule.id' <<<"$OUT")" secret "records on standard output"
	"$RF" run -p "$T/world.json" --events fd:8 --summary never -- cat "$T/denied/secret" \
		8>"$T/eight" 2>/dev/null
	eq "$(jq -r 'select(.verdict == "denied") | .rule.id' "$T/eight")" secret "records on descriptor 8"
}

test_summary_says_what_and_why() {
	secret_world
	capture "$RF" run -p "$T/world.json" --summary always -- cat "$T/denied/secret"
	contains "$ERR" "$T/denied/secret" "summary"
	contains "$ERR" "world.json:$(line_of world secret)" "summary"
	contains "$ERR" "keep out" "summary"
	capture "$RF" run -p "$T/world.json" --summary never -- cat "$T/open/file"
	eq "$ERR" "" "no summary"
}

test_control_characters_do_not_reach_a_terminal() {
	secret_world
	echo x >"$T/denied/"$'esc\e[31mred'
	capture "$RF" run -p "$T/world.json" --summary always -- "$ATTACK/names" read \
		"$T/denied/"$'esc\e[31mred'
	lacks "$ERR" $'\e' "summary"
	contains "$ERR" red "summary"
}

test_identical_denials_are_counted_exactly() {
	secret_world
	fence world sh -c "i=0; while [ \$i -lt 500 ]; do read x <$T/denied/secret; i=\$((i + 1)); done 2>/dev/null"
	eq "$(events 'select(.verdict == "denied" or .type == "lost") | .count' | paste -sd+ | bc)" 500 "count"
}

test_all_layers_are_on_one_stream() {
	secret_world '"seccomp": {"default": "allow", "deny": ["swapon"]},
"capabilities": {"keep": ["dac_override"]},
"network": {"default": "deny", "rules": [{"allow": ["connect"], "to": ["@loopback"]}]},
"devices": {"default": "deny", "rules": [{"allow": ["read", "write"], "nodes": ["@std"]}]}'
	fence world sh -c "cat $T/denied/secret; $ATTACK/net tcp 192.0.2.1 80
		dd if=/dev/mem of=/dev/null count=0; $ATTACK/calls number 167 0 0; hostname x
		mount -t tmpfs none /mnt; true" 
	nothing_leaked
	for layer in files network devices seccomp capabilities kernel; do
		contains " $(denials | cut -d' ' -f1 | sort -u | tr '\n' ' ')" " $layer " "layers on the stream"
	done
}

test_seccomp_denials_are_there_for_children_too() {
	secret_world '"seccomp": {"default": "allow", "deny": ["mkdir"]}'
	fence world sh -c "$ATTACK/calls mkdir $T/a; sh -c '$ATTACK/calls mkdir $T/b'; true"
	eq "$(events 'select(.layer == "seccomp") | .object.name' | tr '\n' ' ')" "mkdir mkdir " "records"
}

test_a_full_disk_changes_no_verdict() {
	secret_world
	mkdir "$T/small"
	mount -t tmpfs -o size=16k none "$T/small" || fail "mount"
	head -c 1M /dev/zero >"$T/small/filler" 2>/dev/null
	capture "$RF" run -p "$T/world.json" --events "$T/small/events" --summary never -- \
		sh -c "cat $T/denied/secret; cat $T/open/file"
	umount "$T/small"
	nothing_leaked
	if [ "$RC" -ne 125 ]; then contains "$OUT" harmless "output"; fi
}

test_a_reader_that_stops_reading_changes_no_verdict() {
	secret_world
	mkfifo "$T/pipe"
	exec 8<>"$T/pipe"
	capture timeout -k 1 300 "$RF" run -p "$T/world.json" --events fd:8 --summary never -- \
		sh -c "i=0; while [ \$i -lt 2000 ]; do read x <$T/denied/secret; i=\$((i + 1)); done 2>/dev/null
			cat $T/denied/secret"
	exec 8>&-
	[ "$RC" -ne 124 ] || fail "ringfence waits for a reader that has stopped"
	nothing_leaked
}

test_an_allowed_use_names_the_rule_that_allowed_it() {
	secret_world
	policy world '"extends": ["@base"], "audit": {"allowed": ["read"]},
"files": {"default": "deny", "rules": [{"id": "open", "allow": ["read"], "paths": ["'"$T"'/open/**"]}]}'
	fence world cat "$T/open/file"
	eq "$(events 'select(.object.path == "'"$T"'/open/file") | "\(.verdict) \(.rule.id) \(.rule.source)"')" \
		"allowed open $T/world.json:$(line_of world open)" "record"
}

# Hooks that know no mount ask about all; a mount of a folder beside does not reach the object.
test_an_object_has_the_name_it_is_reached_by() {
	mkdir -p "$T/tree/sub" "$T/beside" "$T/other"
	touch "$T/tree/file" "$T/tree/sub/file"
	policy audit '"files": {"default": "allow", "rules": [
  {"id": "all", "deny": ["metadata"], "mode": "audit", "paths": ["'"$T"'/tree/**"]},
  {"id": "other", "allow": ["metadata"], "audit": true, "paths": ["'"$T"'/other/**"]} ] }'
	mount --bind "$T/tree/sub" "$T/beside"
	for name in file sub/file; do
		allowed audit touch -a "$T/tree/$name"
		eq "$(events 'select(.operation == "utimes") | .verdict + " " + .rule.id + " " + .object.path')" \
			"would_deny all $T/tree/$name" "times of $name"
	done
	umount "$T/beside"
	mount --bind "$T/tree" "$T/other"
	mount --bind "$T/tree/sub" "$T/beside"
	allowed audit touch -a "$T/tree/file"
	eq "$(events 'select(.operation == "utimes" and .verdict == "would_deny") | .rule.id + " " + .object.path')" \
		"all $T/tree/file" "what has two names"
	# What would be refused by one name is not hidden by the use of the other that is recorded.
	policy audit '"files": {"default": "allow", "rules": [
  {"id": "all", "allow": ["metadata"], "audit": true, "paths": ["'"$T"'/tree/**"]},
  {"id": "other", "deny": ["metadata"], "mode": "audit", "paths": ["'"$T"'/other/**"]} ] }'
	allowed audit touch -a "$T/other/file"
	eq "$(events 'select(.operation == "utimes") | .verdict + " " + .rule.id + " " + .object.path')" \
		"would_deny other $T/other/file" "what would be refused by its second name"
	umount "$T/beside" "$T/other"
}

test_audit_reads_what_run_wrote() {
	secret_world
	fence world cat "$T/denied/secret"
	capture "$RF" audit --format json "$T/events"
	eq "$RC" 0 "audit: $ERR"
	eq "$OUT" "$(cat "$T/events")" "json"
	capture "$RF" audit --format text "$T/events"
	contains "$OUT" "$T/denied/secret" "text"
	contains "$OUT" secret "text"
}

test_audit_follows_live() {
	secret_world
	"$RF" load || fail "load"
	background "$RF" audit --follow --format json
	followers 1
	fence world cat "$T/denied/secret"
	wait_for 'grep -q "\"verdict\":\"denied\"" "$T/.background"' "the record"
	eq "$(grep '"verdict":"denied"' "$T/.background" | jq -r .rule.id)" secret "record"
	eq "$(denials)" "files secret" "the run's own stream beside it"
}

run_tests
