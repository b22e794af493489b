# SPDX-License-Identifier: Apache-2.0
# The small test library of the guest cases. A case defines functions test_NAME, each in the words of
# the promise it keeps, and ends with run_tests. Every test runs in a process of its own, in a fresh
# folder $T on tmpfs; the first assertion that does not hold ends it and says why.

CASE=$(basename "$0" .sh)
ATTACK=/run/rf/attack
SERIES=$(uname -r | cut -d. -f1,2)

fail() {
	echo "# $CASE: $*" | cut -c1-500 | sed '2,$s/^/# /' | head -n 20
	exit 1
}

skip() {
	echo "$*" >"$T_SKIP"
	exit 77
}

eq() { # GOT WANT WHAT
	[ "$1" = "$2" ] || fail "${3:-value}: got '$1', want '$2'"
}

contains() { # TEXT PIECE WHAT
	case $1 in
	*"$2"*) ;;
	*) fail "${3:-text}: '$2' is not in: $1" ;;
	esac
}

lacks() { # TEXT PIECE WHAT
	case $1 in
	*"$2"*) fail "${3:-text}: '$2' should not be in: $1" ;;
	esac
}

# Runs a command; its output is in $OUT and $ERR, its status in $RC.
capture() {
	RC=0
	"$@" >"$T/.out" 2>"$T/.err" </dev/null || RC=$?
	# By bash alone, which warns of NULs and leaves them out: a program more costs as much as a fence.
	{ OUT=$(<"$T/.out"); ERR=$(<"$T/.err"); } 2>/dev/null
}

status() { # WANT COMMAND…
	local want=$1
	shift
	capture "$@"
	[ "$RC" = "$want" ] || fail "status $RC, want $want, of: $*
stdout: $OUT
stderr: $ERR"
}

# Writes a policy: policy NAME 'MEMBERS' -> $T/NAME.json
policy() {
	printf '{ "ringfence": 1, "name": "%s",\n%s }\n' "$1" "$2" >"$T/$1.json"
}

# fence POLICY COMMAND…: runs it under $T/POLICY.json with events in $T/events; sets RC OUT ERR.
fence() {
	local name=$1
	shift
	[ ! -e "$T/events" ] || rm -f "$T/events"
	capture "$RF" run -p "$T/$name.json" --events "$T/events" --summary never -- "$@"
}

# events JQ-EXPRESSION: over the records of the last fence, one per line, raw.
events() {
	[ -e "$T/events" ] || fail "no events were written; stderr: $ERR"
	jq -r "$1" "$T/events" || fail "events are not JSON lines: $(cat "$T/events")"
}

# The same without a condition, without a program; false if a line is not as records are.
all_denials() {
	local line found=()
	while IFS= read -r line; do
		[[ $line == '{"v":'*'}' ]] || return
		[[ $line =~ \"verdict\":\"(denied|killed)\" ]] || continue
		[[ $line =~ ,\"layer\":\"([a-z_-]+)\", ]] || return
		found+=("${BASH_REMATCH[1]} ")
		[[ $line == *',"rule":{'* ]] || continue
		[[ $line =~ ,\"rule\":\{\"id\":\"([^\"\\]*)\" ]] || return
		found[-1]+=${BASH_REMATCH[1]}
	done <"$T/events"
	[ ${#found[@]} -eq 0 ] || printf '%s\n' "${found[@]}"
}

# denials [JQ-CONDITION]: "LAYER RULE-ID" of each denied or killed record that meets it.
denials() {
	[ $# -gt 0 ] || [ ! -e "$T/events" ] || { all_denials && return; }
	events "select(.verdict == \"denied\" or .verdict == \"killed\") | select(${1:-true}) |
		.layer + \" \" + .rule.id"
}

# works COMMAND…: outside the fence this succeeds; else a refusal inside would prove nothing.
works() {
	capture "$@"
	[ "$RC" -eq 0 ] || fail "outside the fence status $RC, it should work: $*
stderr: $ERR"
}

# allowed POLICY COMMAND…
allowed() {
	fence "$@"
	[ "$RC" -eq 0 ] || fail "status $RC in fence '$1', it should work: ${*:2}
stdout: $OUT
stderr: $ERR"
}

# refused POLICY ERRNO[|ERRNO…] COMMAND…: refused with this error, as an attack helper tells it.
refused() {
	local policy=$1 errno=$2
	shift 2
	fence "$policy" "$@"
	[ "$RC" -eq 1 ] || fail "status $RC in fence '$policy', it should be refused: $*
stdout: $OUT
stderr: $ERR"
	grep -qE ": ($errno)$" "$T/.err" || fail "refused with another error than $errno: $ERR: $*"
}

# The line of $T/POLICY.json on which the rule with this id opens.
line_of() {
	grep -n "\"id\": *\"$2\"" "$T/$1.json" | cut -d: -f1
}

# A secret that no test may see, beside a folder where everything is allowed.
secret_world() {
	SECRET=the-secret-of-$CASE-$RANDOM
	mkdir -p "$T/denied/sub" "$T/open/sub"
	echo "$SECRET" >"$T/denied/secret"
	echo "$SECRET" >"$T/denied/sub/deep"
	echo harmless >"$T/open/file"
	policy world "${1:+$1,}"'
"files": { "default": "allow", "rules": [
  {"id": "secret", "deny": ["read", "write"], "paths": ["'"$T"'/denied/**"], "reason": "keep out"} ] }'
}

# Fails if the last command printed the secret or a file outside the folder holds it.
nothing_leaked() {
	lacks "$OUT$ERR" "$SECRET" "output"
	eq "$(<"$T/denied/secret")" "$SECRET" "the secret file"
	! grep -rqs "$SECRET" "$T/open" || fail "the secret is in $T/open now"
}

# A server outside of the fence, or another helper that stays: ended after the test.
background() {
	"$@" >"$T/.background" 2>&1 </dev/null &
	echo $! >>"$T/.pids"
	BACKGROUND=$!
}

# A new file system of that size on $T/disk.
mount_ext4() { # SIZE
	[ -x /sbin/mkfs.ext4 ] || skip "no mkfs.ext4"
	truncate -s "$1" "$T/image"
	modprobe loop
	mkfs.ext4 -q "$T/image" 2>/dev/null || fail "mkfs"
	mkdir "$T/disk"
	mount -o loop "$T/image" "$T/disk" 2>/dev/null || skip "no loop devices"
}

# Waits up to a minute for a condition: wait_for 'SHELL TEXT' WHAT
# Nothing is judged by how long it takes: an emulated machine may stand still for seconds.
wait_for() {
	local end=$((SECONDS + 60))
	until eval "$1"; do
		[ $SECONDS -lt $end ] ||
			fail "waited in vain for ${2:-$1}${BACKGROUND:+; the background said: $(tail -n 3 "$T/.background")}"
		sleep 0.1
	done
}

# Waits until so many readers of events listen. A socket is there before that, and after a killed one.
followers() { # N
	# shellcheck disable=SC2016
	wait_for '[ "$(grep -c " 00010000 .* /run/ringfence/readers/" /proc/net/unix)" = '"$1"' ]' "$1 readers"
}

switches() { # PID…
	local pid
	for pid in "$@"; do grep -h ctxt "/proc/$pid/status"; done | tr -d '\n'
}

# Fails if one of the processes wakes in so many seconds, once none did for AFTER seconds: until then
# they may be busy with what came before.
never_wakes() { # AFTER SECONDS PID…
	local before end=$((SECONDS + 60))
	until
		before=$(switches "${@:3}")
		sleep "$1"
		[ "$(switches "${@:3}")" = "$before" ]
	do
		[ $SECONDS -lt $end ] || fail "never idle: $before, $(switches "${@:3}")"
	done
	[ -n "$before" ] || fail "there is no process ${*:3}"
	sleep "$2"
	eq "$(switches "${@:3}")" "$before" "context switches of who is idle"
}

# Ends what a test left in the background. Until it is gone it has its ports, sockets and sandboxes,
# which the next test would find.
end_background() {
	local pid end=$((SECONDS + 60))
	[ -e "$T/.pids" ] || return 0
	# shellcheck disable=SC2046
	kill -KILL $(<"$T/.pids") 2>/dev/null
	for pid in $(<"$T/.pids"); do
		while kill -0 "$pid" 2>/dev/null && [ $SECONDS -lt $end ]; do sleep 0.05; done
	done
}

# The reason why a test is known to fail, from the list beside this file; nothing for all others.
known_gap() { # CASE: NAME
	grep -F "$1 | " "$(dirname "$0")/../known-gaps" 2>/dev/null | sed 's/^[^|]*| //' | head -n 1
}

# Runs the named test in this process, which run_tests started for it alone.
run_one() {
	cd "$T" || exit 1
	"$1"
	exit
}

run_tests() {
	local name bad=0 rc gap
	[ -z "${RF_ONE:-}" ] || run_one "$RF_ONE"
	for name in $(grep -oE '^test_[a-z0-9_]+' "$0"); do
		case " ${RF_ONLY:-} " in "  " | *" ${name#test_} "*) ;; *) continue ;; esac
		export T=${T_BASE:-/run/rf/t}/$CASE.${name#test_}
		export T_SKIP=/run/rf/skip
		rm -rf "$T"
		mkdir -p "$T"
		chmod 755 "$T"
		# A process of its own, so that a test that hangs fails by itself and the next one runs.
		RF_ONE=$name timeout -k 5 "${RF_TEST_TIMEOUT:-600}" bash "$0"
		rc=$?
		[ $rc -ne 124 ] || echo "# $CASE: ${name#test_}: its time was over"
		end_background
		# What one test may have broken of the guest does not fail the next ones.
		mountpoint -q /sys/fs/bpf || mount -t bpf -o nosuid,nodev,noexec,mode=700 bpf /sys/fs/bpf
		umount "$T"/*/* "$T"/* 2>/dev/null
		case $rc in
		0) echo "ok $CASE: ${name#test_}" ;;
		77) echo "ok $CASE: ${name#test_} # SKIP $(cat "$T_SKIP")" ;;
		*)
			gap=$(known_gap "$CASE: ${name#test_}")
			echo "not ok $CASE: ${name#test_}${gap:+ # TODO $gap}"
			[ -n "$gap" ] || bad=1
			;;
		esac
	done
	exit $bad
}
