#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# File rules: what is allowed works, what is denied does not, and each denial is told once.
. "$RF_VM/lib.sh"

test_allowed_is_read_denied_is_refused() {
	secret_world
	allowed world cat "$T/open/file"
	eq "$OUT" harmless "what was read"
	eq "$(denials)" "" "denials"
	refused world EACCES "$ATTACK/names" read "$T/denied/secret"
	nothing_leaked
}

test_a_denial_is_one_record_that_names_its_rule() {
	secret_world
	refused world EACCES "$ATTACK/names" read "$T/denied/secret"
	eq "$(denials)" "files secret" "denials"
	eq "$(events 'select(.verdict == "denied") | [.type, .operation, .object.path, .object.type,
		.errno, (.enforced | tostring), (.count | tostring), .access[0], .missing[0],
		.rule.reason] | join(" ")')" \
		"access open $T/denied/secret regular EACCES true 1 read read keep out" "record"
	eq "$(events 'select(.verdict == "denied") | .rule.source')" \
		"$T/world.json:$(line_of world secret)" "source"
	eq "$(events 'select(.verdict == "denied") | .process.exe')" "$ATTACK/names" "program"
}

test_other_spellings_of_a_denied_name() {
	local name
	secret_world
	ln -s "$T/denied/secret" "$T/open/link"
	ln -s link "$T/open/chain"
	ln -s ../denied "$T/open/dir"
	for name in "$T/open/../denied/secret" "$T//denied///secret" "$T/denied/./secret" \
		"$T/denied/sub/../secret" "$T/open/link" "$T/open/chain" "$T/open/dir/secret" \
		"/proc/self/root$T/denied/secret" "/proc/thread-self/root$T/denied/secret" \
		"/proc/self/cwd/denied/secret" "denied/secret" "./open/../denied/secret"; do
		works "$ATTACK/names" read "$name"
		eq "$OUT" "$SECRET" "unfenced $name"
		refused world EACCES "$ATTACK/names" read "$name"
		eq "$(denials)" "files secret" "denials of $name"
		nothing_leaked
	done
	refused world EACCES "$ATTACK/names" read-at "$T/denied" secret
	refused world EACCES "$ATTACK/names" read-at "$T/denied/sub" ../secret
	refused world EACCES "$ATTACK/names" read-openat2 "$T/denied/secret"
	refused world EACCES "$ATTACK/names" read-opath "$T/denied/secret"
	nothing_leaked
}

test_root_of_another_process_is_no_alias() {
	secret_world
	fence world sh -c 'sleep 500 & cat /proc/$!/root'"$T"'/denied/secret; r=$?; kill $!; exit $r'
	eq "$RC" 1 "status of cat"
	eq "$(denials)" "files secret" "denials"
	nothing_leaked
}

test_names_that_do_not_exist_yet() {
	secret_world
	rm -r "$T/denied"
	# Made inside: the name itself is refused.
	fence world mkdir "$T/denied"
	eq "$RC" 1 "mkdir of a denied name"
	eq "$(denials)" "files secret" "denials of mkdir"
	mkdir "$T/denied"
	refused world EACCES "$ATTACK/names" overwrite "$T/denied/new"
	[ ! -e "$T/denied/new" ] || fail "the file was made"
	# Made outside while the command runs: denied from its first moment.
	rm -r "$T/denied"
	(
		wait_for '[ -e "$T/open/ready" ]'
		mkdir "$T/denied" && echo "$SECRET" >"$T/denied/secret" && touch "$T/open/made"
	) &
	fence world sh -c "touch $T/open/ready; while [ ! -e $T/open/made ]; do sleep 0.1; done
		cat $T/denied/secret"
	wait
	eq "$RC" 1 "status of cat"
	eq "$(denials)" "files secret" "denials"
	nothing_leaked
}

test_deny_beats_allow_in_any_order() {
	local first='{"id": "a", "allow": ["read", "write"], "paths": ["'$T'/**"]}' order
	local second='{"id": "d", "deny": ["read"], "paths": ["'$T'/x"]}'
	local system='{"id": "s", "allow": ["read", "exec"], "paths": ["/**"]}'
	echo one >"$T/x"
	echo two >"$T/y"
	for order in "$first,$second,$system" "$second,$system,$first"; do
		policy p '"files": {"default": "deny", "rules": ['"$order"']}'
		refused p EACCES "$ATTACK/names" read "$T/x"
		eq "$(denials)" "files d" "denials"
		allowed p "$ATTACK/names" append "$T/x"
		allowed p cat "$T/y"
	done
}

test_default_deny_names_no_rule() {
	policy p '"files": {"default": "deny", "rules": [
  {"id": "system", "allow": ["read", "exec"], "paths": ["/usr/**", "/etc/**", "/run/rf/attack/**"]},
  {"id": "mine", "allow": ["read"], "paths": ["'"$T"'/open/**"]} ]}'
	mkdir "$T/open" "$T/else"
	echo yes >"$T/open/f"
	echo no >"$T/else/f"
	allowed p "$ATTACK/names" read "$T/open/f"
	eq "$OUT" yes "allowed file"
	refused p EACCES "$ATTACK/names" read "$T/else/f"
	eq "$(denials)" "files files.default" "denials"
	refused p EACCES "$ATTACK/names" append "$T/open/f"
	eq "$(cat "$T/open/f")" yes "file that may only be read"
}

test_except_removes_names_from_its_rule_only() {
	policy p '"files": {"default": "allow", "rules": [
  {"id": "keys", "deny": ["read"], "paths": ["'"$T"'/k/**"], "except": ["'"$T"'/k/known", "'"$T"'/k/both"]},
  {"id": "both", "deny": ["read"], "paths": ["'"$T"'/k/both"]} ]}'
	mkdir "$T/k"
	for f in known both other; do echo $f >"$T/k/$f"; done
	allowed p cat "$T/k/known"
	refused p EACCES "$ATTACK/names" read "$T/k/other"
	eq "$(denials)" "files keys" "denials"
	refused p EACCES "$ATTACK/names" read "$T/k/both"
	eq "$(denials)" "files both" "denials"
}

# PATTERN NAME WANT: the pattern is denied, the name is tried.
pattern_is() {
	policy p '"files": {"default": "allow", "rules": [
  {"id": "r", "deny": ["read"], "paths": ["'"$1"'"]} ]}'
	mkdir -p "$(dirname "$2")"
	[ -e "$2" ] || echo text >"$2"
	if [ "$3" = denied ]; then
		refused p EACCES "$ATTACK/names" read "$2"
		eq "$(denials)" "files r" "denials of $2 by $1"
	else
		allowed p "$ATTACK/names" read "$2"
	fi
}

test_patterns_mean_what_they_say() {
	pattern_is '**/.env' "$T/a/b/.env" denied
	pattern_is '**/.env' "$T/.env" denied
	pattern_is '**/.env' "$T/a/x.env" allowed
	pattern_is "$T/*.key" "$T/one.key" denied
	pattern_is "$T/*.key" "$T/.key" denied
	pattern_is "$T/*.key" "$T/sub/one.key" allowed
	pattern_is "$T/**/z" "$T/z" denied
	pattern_is "$T/**/z" "$T/p/q/z" denied
	pattern_is "$T/p?q" "$T/pxq" denied
	pattern_is "$T/p?q" "$T/pxxq" allowed
	pattern_is "$T/[a-c]1" "$T/b1" denied
	pattern_is "$T/[!a-c]1" "$T/b1" allowed
	pattern_is "$T/{left,right}" "$T/right" denied
	pattern_is "$T/{left,right}" "$T/leftright" allowed
}

test_strange_names() {
	local name long
	secret_world
	long=$(printf 'l%.0s' {1..255})
	for name in $'new\nline' $'bad\xff\xfeutf' 'gone (deleted)' "$long" ' ' '*' '\' '"'; do
		echo "$SECRET" >"$T/denied/$name"
		works "$ATTACK/names" read "$T/denied/$name"
		refused world EACCES "$ATTACK/names" read "$T/denied/$name"
		eq "$(denials)" "files secret" "denials of $name"
		echo fine >"$T/open/$name"
		allowed world "$ATTACK/names" read "$T/open/$name"
	done
}

test_more_files_denied_more_records_in_order() {
	local i
	secret_world
	for i in 1 2 3 4 5 6 7 8; do echo "$SECRET" >"$T/denied/f$i"; done
	fence world sh -c "for i in 1 2 3 4 5 6 7 8; do cat $T/denied/f\$i; done; cat $T/open/file"
	eq "$RC" 0 "status"
	eq "$(events 'select(.verdict == "denied") | .object.path | split("/") | last' | tr '\n' ' ')" \
		"f1 f2 f3 f4 f5 f6 f7 f8 " "order of the records"
	nothing_leaked
}

test_audit_mode_lets_pass_and_records() {
	secret_world '"mode": "audit"'
	allowed world cat "$T/denied/secret"
	eq "$OUT" "$SECRET" "what was read"
	eq "$(events 'select(.verdict == "would_deny") | [.rule.id, (.enforced | tostring)] | join(" ")')" \
		"secret false" "records"
}

run_tests
