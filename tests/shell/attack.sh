#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `ringfence attack`: its lines, its totals, its exit status, and that it leaves nothing behind.
. "$(dirname "$0")/lib.sh"
unset XDG_CONFIG_HOME
export HOME=$TMP/home TMPDIR=
mkdir "$HOME"
cd "$TMP" || exit 1

left() { find "$HOME" /tmp /var/tmp /dev/shm /srv -maxdepth 1 -name '.rf-attack-*' 2>/dev/null; }
count() { grep -c "^$1 " <<<"$out"; }
before=$(left)

run "$RF" attack -p default
is "default: status" "$status" 0
like "default: the closing line" "${out##*$'\n'}" '^[0-9]+ held, 0 failed, [0-9]+ n/a$'
is "default: the totals are those of the lines" "${out##*$'\n'}" \
	"$(count ok) held, $(count FAIL) failed, $(count n/a) n/a"
is "default: every other line is one attempt" \
	"$(grep -cvE '^(ok|FAIL|n/a) [a-z]+\.[a-z0-9_-]+ (denied|killed|would_deny|allowed|-) [a-z-]+ .+' <<<"$out")" 1
is "each attempt has an id of its own" "$(cut -d' ' -f2 <<<"$out" | grep '\.' | sort | uniq -d)" ""
ok "at least sixty attempts" [ "$(grep -cE '^(ok|FAIL|n/a) ' <<<"$out")" -ge 60 ]
is "held is never told where something else was expected" \
	"$(grep -E '^ok ' <<<"$out" | cut -d' ' -f3-4 | grep -vE '^(denied|killed) (denied|killed)$')" ""
is "nothing is left behind" "$(left)" "$before"

run "$RF" attack --json -p default
is "json: status" "$status" 0
is "json: totals" "$(jq -r '[.attempts[].result] as $r | "\(.held == ($r | map(select(. == "ok")) | length))
\(.["n/a"] == ($r | map(select(. == "n/a")) | length)) \(.failed)"' <<<"$out" | tr '\n' ' ')" "true true 0 "
is "json: the same fields" "$(jq -r '.attempts[0] | [.result, .id, .expected, .got, .description] | map(type) | unique[]' <<<"$out")" string

# What the policy allows is not tried; what is expected and not held fails.
cat >open.json <<'END'
{"ringfence": 1, "name": "open", "files": {"default": "allow"}}
END
cat >closed.json <<'END'
{"ringfence": 1, "name": "closed", "need": "should", "extends": ["@base"],
 "files": {"default": "deny", "rules": [{"allow": ["read", "write"], "paths": ["/tmp/**"]}]}}
END
run "$RF" attack -p open.json
is "allowed: nothing fails" "$(count FAIL)" 0
like "allowed: is not tried" "$out" 'n/a names.plain - - read a denied file'
is "what ringfence refuses besides files is tried although its files are open" \
	"$(grep -c "(ringfence.self is not enforced" <<<"$out")" 0
run "$RF" attack -p open.json --expect closed.json
is "a fence that does not hold: status" "$status" 1
like "a fence that does not hold: the file is read" "$out" $'\nFAIL names.symlink denied allowed '
like "a fence that does not hold: the file is overwritten" "$out" $'\nFAIL files.write denied allowed '
like "a fence that does not hold: is counted" "${out##*$'\n'}" ' held, [1-9][0-9]* failed, '
is "a fence that does not hold: nothing is left behind" "$(left)" "$before"

# Too few.
cat >nothing.json <<'END'
{"ringfence": 1, "name": "nothing", "need": "should", "kernel": {"mount": "allow", "user_namespaces": "allow",
 "namespaces": "allow", "ptrace": "allow", "signals": "allow", "ipc": "allow", "io_uring": "allow", "bpf": "allow",
 "perf_events": "allow", "keyrings": "allow", "modules": "allow", "fileless_exec": "allow"}}
END
if "$RF" probe --json | jq -e '.. | objects | select(.name? == "bpf-lsm") | .available' >/dev/null 2>&1; then
	skip "fewer than twenty held" "BPF LSM protects ringfence itself here"
else
	run "$RF" attack -p nothing.json
	is "fewer than twenty held: status" "$status" 1
	is "fewer than twenty held: nothing failed" "$(count FAIL)" 0
fi

# Mistakes.
run "$RF" attack
is "no policy: usage" "$status" 2
run "$RF" attack -p default -- true
is "a command: usage" "$status" 2
run "$RF" attack -p default --nonsense
is "an unknown option: usage" "$status" 2
run "$RF" attack -p "$TMP/missing.json"
is "no such policy: failed" "$status" 125
like "no such policy: one sentence" "$err" '^ringfence: .*missing.json'

# Killed, it cleans up all the same.
"$RF" attack -p default >/dev/null 2>&1 &
pid=$!
more_is_left() { [ "$(left)" != "$before" ] || ! kill -0 $pid 2>/dev/null; }
as_before() { [ "$(left)" = "$before" ]; }
wait_for more_is_left
kill -KILL $pid
wait $pid 2>/dev/null
wait_for as_before
is "killed: nothing is left behind" "$(left)" "$before"

if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	copy_for_users
	chown 65534 "$HOME"
	run setpriv --reuid=65534 --regid=65534 --clear-groups "$USER_RF" attack -p default
	is "an ordinary user: status" "$status" 0
	like "an ordinary user: the closing line" "${out##*$'\n'}" '^[0-9]+ held, 0 failed, [0-9]+ n/a$'
else
	skip "an ordinary user" "needs root and setpriv"
fi
done_testing
