#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A launch does not read the image that a slot of the kernel side has already: what it knows of it
# without (sandbox/launch/image_card.h) holds the same, and whatever is not so any more is noticed.
. "$RF_VM/lib.sh"

CACHE=/var/cache/ringfence

# A rule with a wildcard, which the image's pages hold, and one whose names are held by the object.
kept_world() {
	mkdir -p "$T/open" "$T/denied" "$T/home"
	echo secret >"$T/denied/file"
	echo secret >"$T/home/key"
	ln "$T/home/key" "$T/open/alias"
	policy p '"files": {"default": "allow", "rules": [
  {"id": "fixed", "deny": ["read"], "paths": ["'"$T"'/home/key"]},
  {"id": "wild", "deny": ["read"], "paths": ["'"$T"'/denied/**"]} ]}'
	status 0 "$RF" load
	# Not the machine's own, where others may keep theirs meanwhile.
	mkdir -p "$CACHE"
	mountpoint -q "$CACHE" || mount -t tmpfs -o mode=700 none "$CACHE" || fail "mount"
	rm -f "$CACHE"/*
	holds
}

holds() {
	refused p EACCES "$ATTACK/names" read "$T/denied/file"
	eq "$(denials)" "files wild" "denials by the image"
	refused p EACCES "$ATTACK/names" read "$T/open/alias"
	eq "$(denials)" "files fixed" "denials by the object"
}

kept() { # KIND
	find "$CACHE" -name "*.$1" | wc -l
}

# A sandbox of the policy that lives until it is stopped.
hold_slot() {
	background "$RF" run -p "$T/p.json" --name other --summary never -- sleep 300
	wait_for "'$RF' status --json | jq -e '.sandboxes | any(.name == \"other\" and .tasks == 1)' >/dev/null"
}

let_go_of_slot() {
	status 0 "$RF" stop other --kill
	wait_for "'$RF' status --json | jq -e '.sandboxes | length == 0' >/dev/null" "the sandbox to end"
}

test_a_slot_that_has_the_image_is_enough() {
	kept_world
	eq "$(kept card)" 1 "cards after the first launch"
	rm "$CACHE"/*.img
	holds
	eq "$(kept img)" 0 "images that were made though a slot has it"
}

test_a_slot_in_use_is_not_shared() {
	kept_world
	rm "$CACHE"/*.img
	hold_slot
	eq "$(kept img)" 0 "images after the launch that found a slot"
	holds
	eq "$(kept img)" 1 "images after the launch that found none"
	let_go_of_slot
	holds
}

test_a_kernel_side_that_is_new_has_no_image() {
	kept_world
	status 0 "$RF" unload
	status 0 "$RF" load
	holds
	status 0 "$RF" load --replace
	rm "$CACHE"/*.img
	holds
	eq "$(kept img)" 0 "images: what was loaded anew took the slots over"
}

test_a_slot_whose_policy_was_replaced_has_another() {
	kept_world
	policy q '"files": {"default": "allow"}'
	for _ in 1 2 3; do
		hold_slot
		status 0 "$RF" policy replace other "$T/q.json"
		let_go_of_slot
		holds
	done
}

test_an_edited_policy_has_another_image() {
	kept_world
	sed -i 's/denied/nothing/' "$T/p.json"
	allowed p cat "$T/denied/file"
	sed -i 's/nothing/denied/' "$T/p.json"
	holds
}

test_a_card_that_is_damaged_is_not_used() {
	local card
	kept_world
	card=$(find "$CACHE" -name '*.card')
	for how in cut other garbage shared; do
		rm -f "$CACHE"/*.img
		case $how in
		cut) truncate -s -3 "$card" ;;
		other) sed -i 's/key/yek/' "$card" ;;
		garbage) head -c 500 /dev/urandom >"$card" ;;
		shared) chmod 666 "$card" ;;
		esac
		refused p EACCES "$ATTACK/names" read "$T/open/alias"
		eq "$(kept img)" 1 "images that were made: $how"
		holds
	done
}

# Killed anywhere, a launch leaves a slot whose image is the one that it says, or none.
test_killed_launches_leave_no_wrong_image() {
	kept_world
	policy q '"files": {"default": "allow", "rules": [
  {"id": "filler", "deny": ["write"], "paths": ["'"$T"'/filler/**"]} ]}'
	for ((i = 0; i < 12; i++)); do
		rm -f "$CACHE"/*.card
		"$RF" run -p "$T/q.json" --summary never -- true &
		sleep "0.$(printf %02d $((i * 3)))"
		kill -KILL $! 2>/dev/null
		wait $! 2>/dev/null
		holds
	done
}

run_tests
