#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# System call rules hold by every door, and their denials are on the same stream.
. "$RF_VM/lib.sh"

call_world() {
	policy calls '"seccomp": { "default": "allow", "errno": "EPERM", "deny": ["mkdir", "mkdirat"],
  "rules": [ {"id": "odd", "deny": ["personality"], "args": [{"index": 0, "op": "eq", "value": 8}]} ] }'
}

# What makes a folder outside must not make it inside, and not with any status but 1.
makes_none() {
	rm -rf "$T/made"
	capture "$ATTACK/calls" "$@"
	if [ "$RC" -ne 0 ] || [ ! -d "$T/made" ]; then fail "unfenced it should work: $* $ERR"; fi
	rmdir "$T/made"
	fence calls "$ATTACK/calls" "$@"
	[ ! -d "$T/made" ] || fail "the folder was made: $*"
	[ "$RC" -ne 0 ] || fail "status 0: $*"
}

test_a_denied_call_fails_and_is_told_once() {
	call_world
	makes_none mkdir "$T/made"
	eq "$RC $ERR" "1 mkdir: EPERM" "answer"
	eq "$(events 'select(.verdict == "denied") | .layer')" seccomp "records"
	eq "$(events 'select(.verdict == "denied") | [.object.name, (.object.nr | tostring), .object.abi] |
		join(" ")')" "mkdir 83 x86_64" "record"
	eq "$(events 'select(.verdict == "denied") | .process.comm')" calls "program"
	makes_none mkdirat "$T/made"
}

test_an_argument_rule_names_itself() {
	call_world
	allowed calls "$ATTACK/calls" number 135 0xffffffff
	refused calls EPERM "$ATTACK/calls" number 135 8
	eq "$(denials)" "seccomp odd" "denials"
	eq "$(events 'select(.verdict == "denied") | .rule.source')" \
		"$T/calls.json:$(line_of calls odd)" "source"
	# The kernel takes 32 bits of it: a high half is no way around.
	refused calls EPERM "$ATTACK/calls" number 135 0x5a00000008
}

test_other_abis_do_not_bypass() {
	call_world
	makes_none int80 39 "$T/made"
	# x32 is refused by its number even where the kernel offers it.
	fence calls "$ATTACK/calls" x32 83 "$T/made"
	[ ! -d "$T/made" ] || fail "the folder was made by x32"
	[ "$RC" -ne 0 ] || fail "x32 answered 0"
}

test_own_filters_do_not_widen() {
	call_world
	makes_none own-filter "$T/made"
	makes_none listener-filter "$T/made"
}

test_unknown_calls_are_enosys() {
	policy strict '"seccomp": { "base": "@container-default" }'
	refused strict ENOSYS "$ATTACK/calls" number 2000
	allowed strict "$ATTACK/calls" mkdir "$T/made"
}

test_the_container_default_refuses_what_engines_refuse() {
	policy base '"seccomp": { "base": "@container-default" }'
	for call in "246 0 0 0 0" "175 0 0 0" "167 0 0" "169 0 0 0"; do
		# shellcheck disable=SC2086
		fence base "$ATTACK/calls" number $call
		[ "$RC" -ne 0 ] || fail "call $call worked"
	done
	allowed base sh -c 'echo hello | cat; ls / >/dev/null'
}

test_newer_siblings() {
	policy newer '"seccomp": {"default": "allow", "deny": ["openat2", "clone3", "execveat"]}'
	echo text >"$T/f"
	refused newer EPERM "$ATTACK/names" read-openat2 "$T/f"
	allowed newer cat "$T/f"
}

run_tests
