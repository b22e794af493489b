# SPDX-License-Identifier: Apache-2.0
# TAP for tests of the command line. A test file sources this, calls the functions below and ends
# with `done_testing`. $RF is the executable under test; $TMP is a folder of the test's own.
#
#	run CMD…		runs it: $status, $out, $err
#	ok NAME CONDITION…	one test: the condition (a command) holds
#	is NAME GOT WANTED	one test: equal texts
#	like NAME GOT PATTERN	one test: the text matches an extended regular expression
#	skip NAME REASON	one test that cannot be made here
#	wait_for CONDITION…	waits up to a minute for a command to succeed; false if it never did
#	copy_for_users		opens $TMP to all; $USER_RF is then an installed copy of $RF there, as the
#				tree under test may be where only root can go
set -u

# Under nohup, or in the background of a script, signals are ignored from the start, and no shell can
# undo that: every program under test would ignore them, too.
if [ "${TAP_SIGNALS:-}" != default ]; then
	TAP_SIGNALS=default exec env --default-signal "$BASH" "$0" "$@"
fi
unset TAP_SIGNALS

RF=${RF:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build/cli/ringfence}
TMP=$(mktemp -d) || exit 99
tap_count=0 tap_failed=0 tap_done=no

tap_end() {
	rm -rf "$TMP"
	[ $tap_done = yes ] || echo "Bail out! the script ended early"
}
trap tap_end EXIT
trap 'exit 130' INT TERM HUP

tap_result() { # VERDICT NAME
	tap_count=$((tap_count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tap_count - $2"
	else
		echo "not ok $tap_count - $2"
		tap_failed=$((tap_failed + 1))
	fi
	return 0
}

note() { printf '%s\n' "$*" | sed 's/^/# /'; }

run() {
	"$@" >"$TMP/.out" 2>"$TMP/.err" </dev/null
	status=$?
	out=$(cat "$TMP/.out")
	err=$(cat "$TMP/.err")
}

ok() {
	local name=$1
	shift
	"$@"
	tap_result $? "$name"
}

is() {
	[ "$2" = "$3" ]
	tap_result $? "$1"
	[ "$2" = "$3" ] || note "got:    $2
wanted: $3"
}

like() {
	[[ $2 =~ $3 ]]
	tap_result $? "$1"
	[[ $2 =~ $3 ]] || note "got:     $2
pattern: $3"
}

# Nothing is judged by how long it takes: a machine that is busy may stand still for seconds.
wait_for() {
	local end=$((SECONDS + 60))
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

copy_for_users() {
	local tree
	tree=$(dirname "$RF")/..
	chmod 755 "$TMP"
	mkdir -p "$TMP/bin" "$TMP/libexec/ringfence" "$TMP/share"
	USER_RF=$TMP/bin/ringfence
	cp "$RF" "$USER_RF"
	find "$tree/libexec/ringfence/" -maxdepth 1 -type f -perm -u+x -exec cp {} "$TMP/libexec/ringfence/" \;
	cp -RL "$tree/share/ringfence" "$TMP/share/"
	chmod -R go=rX "$TMP/bin" "$TMP/libexec" "$TMP/share"
}

skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

done_testing() {
	echo "1..$tap_count"
	tap_done=yes
	[ $tap_failed -eq 0 ]
	exit
}
