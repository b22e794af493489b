#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The command holds the kept capabilities in every set where they may be, and nothing brings more.
. "$RF_VM/lib.sh"

# The sets as numbers: "Inh Prm Eff Bnd Amb"
sets() {
	awk '/^Cap/ { printf "%s%s", sep, $2; sep = " " }' <<<"$OUT"
}

test_only_the_kept_ones() {
	policy caps '"capabilities": {"keep": ["net_bind_service", "kill"]}'
	allowed caps cat /proc/self/status
	eq "$(sets | cut -d' ' -f2-4)" "0000000000000420 0000000000000420 0000000000000420" \
		"permitted, effective, bounding"
	policy none '"capabilities": {"keep": ["chown"]}'
	allowed none cat /proc/self/status
	eq "$(sets | cut -d' ' -f2-4)" "0000000000000001 0000000000000001 0000000000000001" "chown only"
}

test_no_new_privileges_is_set() {
	policy caps '"capabilities": {"keep": ["chown"]}'
	allowed caps grep NoNewPrivs /proc/self/status
	contains "$OUT" 1 "NoNewPrivs"
}

test_what_needs_a_dropped_one_fails() {
	policy caps '"capabilities": {"keep": ["chown"]}'
	works hostname guest
	fence caps hostname other
	eq "$RC" 1 "hostname"
	eq "$(hostname)" guest "name of the machine"
	contains "$(denials)" "capabilities capabilities" "denials"
	eq "$(events 'select(.layer == "capabilities" and .verdict == "denied") | .object.name' | sort -u)" \
		sys_admin "capability"
}

test_set_uid_programs_gain_nothing() {
	policy caps '"process": {"no_new_privileges": false}, "capabilities": {"keep": ["chown"]}'
	cp /bin/cat "$T/cat"
	chmod 4755 "$T/cat"
	allowed caps "$T/cat" /proc/self/status
	eq "$(sets | cut -d' ' -f3)" 0000000000000001 "effective"
}

test_user_namespaces_bring_none_back() {
	policy caps '"capabilities": {"keep": ["chown"]}'
	works unshare -Ur true
	fence caps unshare -Ur true
	[ "$RC" -ne 0 ] || fail "a user namespace was made"
	contains "$(denials)" "kernel kernel.user_namespaces" "denials"
	policy lax '"kernel": {"user_namespaces": "allow"}, "capabilities": {"keep": ["chown"]}'
	fence lax unshare -Ur hostname other
	eq "$(hostname)" guest "name of the machine"
}

test_an_ordinary_user_keeps_only_what_it_had() {
	policy caps '"capabilities": {"keep": ["net_bind_service"]}'
	chmod 711 /run/rf /run/rf/t
	capture setpriv --reuid 1000 --regid 1000 --clear-groups "$RF" run -p "$T/caps.json" \
		--summary never -- cat /proc/self/status
	# Without the service an ordinary user may be refused, but never left unfenced. His bounding set
	# is not his to change; with no_new_privileges nothing can be gained through it.
	[ "$RC" -eq 125 ] || eq "$(sets | cut -d' ' -f2-3) $(awk '/NoNewPrivs/ { print $2 }' <<<"$OUT")" \
		"0000000000000000 0000000000000000 1" "sets of the user"
}

run_tests
