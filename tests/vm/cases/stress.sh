#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Everything that moves names at once, with the policy replaced all the while: no wrong verdict.
# RF_STRESS_SECONDS (12) is how long; an hour is the long mode: see docs/testing.md.
. "$RF_VM/lib.sh"

SECONDS_EACH=${RF_STRESS_SECONDS:-12}

worlds() {
	mkdir -p "$1/open" "$1/denied"
	policy one '"files": {"default": "allow", "rules": [
  {"id": "denied", "deny": ["read", "write", "exec"], "paths": ["'"$1"'/denied/**"]},
  {"id": "secret", "deny": ["read", "write", "exec"], "paths": ["'"$1"'/**/secret"]} ]}'
	policy two '"files": {"default": "deny", "rules": [
  {"id": "system", "allow": ["read", "exec"], "paths": ["/**"]},
  {"id": "work", "allow": ["read", "write"], "paths": ["'"$1"'/open/**", "/dev/**"]},
  {"id": "nothing", "deny": ["read"], "paths": ["/nowhere/**"]},
  {"id": "never", "deny": ["read", "write", "exec"], "paths": ["**/secret", "'"$1"'/denied/**"]} ]}'
}

mismatches() { # since the kernel side was loaded: another case may have made some on purpose
	"$RF" status --json | jq '[.. | .mismatches? // empty] | add // 0'
}

# stress FOLDER [ORACLE]: the verdicts of so many seconds. The attack knows by itself what must not be
# readable: with the oracle off what is kept answers alone.
stress() {
	local until before mismatches n=0
	status 0 "$RF" load --oracle="${2:-check}"
	before=$(mismatches)
	worlds "$1"
	# They go on until they are told, so that no replacement, however slow, comes after their end.
	# shellcheck disable=SC2064
	trap "touch '$1/stop' 2>/dev/null" EXIT
	"$ATTACK/stress" outside "$1" $((SECONDS_EACH + 2)) &
	outside=$!
	# Of the denials, which in an hour are more than the guest has room for, those that are asked about.
	mkfifo "$T/pipe"
	exec 9<>"$T/pipe" # so that neither end waits for the other
	grep -F '"files.unjudged"' <"$T/pipe" >"$T/events" 9>&- &
	told=$!
	"$RF" run -p "$T/one.json" --name stress --summary never --events "$T/pipe" -- \
		"$ATTACK/stress" inside "$1" "$SECONDS_EACH" >"$T/out" 2>"$T/err" 9>&- &
	fenced=$!
	until=$((SECONDS + SECONDS_EACH))
	wait_for "'$RF' status --json | jq -e '.sandboxes | any(.name == \"stress\")' >/dev/null"
	exec 9>&- # the run has it open
	while [ $SECONDS -lt $((until - 4)) ]; do
		capture "$RF" policy replace stress "$T/$([ $((n % 2)) -eq 0 ] && echo two || echo one).json"
		[ "$RC" -eq 0 ] || fail "replacement $n: $ERR"
		n=$((n + 1))
	done
	mismatches=$(($(mismatches) - before))
	while [ $SECONDS -lt $until ]; do sleep 0.2; done
	touch "$1/stop"
	wait $fenced
	RC=$?
	wait $outside
	wait $told || [ $? -eq 1 ] # there were none
	echo "# $(cat "$T/out"), $n policies, $mismatches mismatches of the oracle"
	[ "$RC" -eq 0 ] || fail "status $RC: $(cat "$T/out" "$T/err")"
	eq "$mismatches" 0 "times that the cache and the walk differed"
	# What may be read is refused only where the tree changed under every look at it.
	eq "$(events 'select(.verdict == "denied" and .rule.id == "files.unjudged") | .rule.code' |
		sort -u | grep -vE 'raced|detached' | tr '\n' ' ')" "" "other reasons for what could not be judged"
	raced=$(events 'select(.rule.code == "raced" or .rule.code == "detached") | .count' | awk '{ n += $1 } END { print n + 0 }')
	refused=$(sed 's/.* refused //' "$T/out")
	[ "$refused" -le "$raced" ] || fail "$refused wrongly refused, $raced of them told as raced:
$(grep refused "$T/err" | sort | uniq -c)"
	status 0 "$RF" load --oracle=off
}

test_names_that_move_on_tmpfs() {
	stress "$T/tree"
}

test_names_that_move_and_only_what_is_kept_answers() {
	stress "$T/tree" off
}

# Inode numbers come back at once there.
test_names_that_move_on_ext4() {
	mount_ext4 64M
	stress "$T/disk/tree"
	umount -l "$T/disk"
}

# As in a container: directories get new dentries there when memory is needed, which it always is here.
test_names_that_move_on_an_overlay() {
	mkdir "$T/s" "$T/ovl" && mount -t tmpfs none "$T/s" && mkdir "$T/s/l" "$T/s/u" "$T/s/w"
	mount -t overlay -o "lowerdir=$T/s/l,upperdir=$T/s/u,workdir=$T/s/w" none "$T/ovl" || skip "no overlayfs"
	while echo 2 >/proc/sys/vm/drop_caches; do sleep 0.3; done &
	local shrinker=$!
	echo $shrinker >>"$T/.pids" # also where the test fails
	stress "$T/ovl/tree"
	kill $shrinker
	umount -l "$T/ovl"
}

run_tests
