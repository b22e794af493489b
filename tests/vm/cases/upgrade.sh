#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# load --replace under running sandboxes: other programs, the same fences, no moment without one.
# RF_KILLED_LOADS (1) loads are killed: see docs/testing.md.
. "$RF_VM/lib.sh"

KILLED=${RF_KILLED_LOADS:-1} META=/sys/fs/bpf/ringfence/rf_meta

# A sandbox that tries what it may not until it is told to stop; what it got is in $T/tried.
try_until_told() {
	secret_world
	"$RF" run -p "$T/world.json" --name tried --summary never -- \
		"$ATTACK/swaps" denied "$T/denied/secret" "$T/open/stop" >"$T/tried" 2>&1 &
	TRIED=$!
	echo $TRIED >>"$T/.pids"
	wait_for "'$RF' status --json | jq -e '.sandboxes | any(.name == \"tried\")' >/dev/null"
}

tried() {
	touch "$T/open/stop"
	wait $TRIED
	eq "$? $(cat "$T/tried")" "0 opened 0 refused many" "status and tries"
}

nobody_is_left() {
	wait_for "'$RF' status --json | jq -e '.sandboxes | length == 0' >/dev/null" "the sandbox to end"
	# Every task that came was counted once, and every one that went.
	status 0 "$RF" unload
}

pins_in() {
	find "/sys/fs/bpf/$1" -type f 2>/dev/null | wc -l
}

# When so many things of the new set are pinned, next to the old one that is in force. One that was
# quicker than this shell is followed by another.
kill_load_at() { # PINS
	local try
	for try in 1 2 3 4 5; do
		"$RF" load --replace 2>/dev/null &
		echo $! >>"$T/.pids"
		until [ "$(pins_in ringfence_new)" -ge "$1" ]; do
			kill -0 $! 2>/dev/null || continue 2
			sleep 0.02
		done
		kill -KILL $!
		wait $! 2>/dev/null
		[ $? -ne 137 ] || return 0
	done
	fail "it was loaded before it could be killed, $try times"
}

test_no_moment_without_a_fence() {
	local before i
	status 0 "$RF" load
	before=$(bpftool -j link show | jq length)
	try_until_told
	# Loads that are killed on their way, then one that is not.
	for ((i = 1; i <= KILLED; i++)); do
		kill_load_at $(($(pins_in ringfence) * i / (KILLED + 1)))
	done
	status 0 "$RF" load --replace
	eq "$("$RF" status --json | jq -r '.sandboxes[].name')" tried "sandboxes"
	status 0 "$RF" status --verify
	# The kernel frees those of before a little later.
	# shellcheck disable=SC2016
	wait_for '[ "$(bpftool -j link show | jq length)" = "$before" ]' "the links to be as many as before"
	eq "$(find /sys/fs/bpf -maxdepth 1 -name 'ringfence_*')" "" "leftovers"
	# A sandbox that began before and one that begins now are both fenced by the new programs.
	refused world EACCES "$ATTACK/names" read "$T/denied/secret"
	tried
	nobody_is_left
}

# What a sandbox made stays its own: System V objects, queues, terminals.
test_what_was_made_before_stays_ones_own() {
	cat >"$T/makes.py" <<'END'
import ctypes, errno, os, pty, sys, time
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_long

def called(what, r):
    if r < 0:
        sys.exit("%s: %s" % (what, errno.errorcode[ctypes.get_errno()]))
    return r

shm = called("shmget", libc.shmget(0, 4096, 0o1600))
sem = called("semget", libc.semget(0, 1, 0o1600))
called("mq_open", libc.mq_open(b"/made", os.O_RDWR | os.O_CREAT, 0o600, None))
master, slave = pty.openpty()
os.setsid()
open(sys.argv[1] + "/made", "w").close()
while not os.path.exists(sys.argv[1] + "/go"): time.sleep(0.1)
called("shmat", libc.shmat(shm, None, 0))
called("semctl", libc.semctl(sem, 0, 12)) # GETVAL
called("mq_open again", libc.mq_open(b"/made", os.O_RDWR))
called("mq_unlink", libc.mq_unlink(b"/made"))
os.close(os.open(os.ttyname(slave), os.O_RDWR | os.O_NOCTTY))
END
	mkdir "$T/open"
	policy maker '"kernel": {"mount": "deny"}'
	status 0 "$RF" load
	"$RF" run -p "$T/maker.json" --name maker --summary never -- python3 "$T/makes.py" "$T/open" 2>"$T/said" &
	made=$!
	echo $made >>"$T/.pids"
	wait_for "[ -e '$T/open/made' ]" "the objects"
	for _ in 1 2; do
		status 0 "$RF" load --replace
	done
	touch "$T/open/go"
	wait $made || fail "status $?: $(<"$T/said")"
	nobody_is_left
}

test_another_version_takes_over_nothing() {
	local value
	status 0 "$RF" load
	try_until_told
	value=$(bpftool -j map lookup pinned $META key 0 0 0 0 | jq -r '.value | map(ltrimstr("0x")) | join(" ")')
	# shellcheck disable=SC2086
	bpftool map update pinned $META key 0 0 0 0 value hex 63 ${value#* } || fail "bpftool"
	status 125 "$RF" load --replace
	contains "$ERR" "is of version 99 and this is version" "the reason"
	status 125 "$RF" run -p "$T/world.json" --summary never -- true
	# shellcheck disable=SC2086
	tried
	wait_for '[ "$(bpftool -j map lookup pinned /sys/fs/bpf/ringfence/rf_sandbox key 0 0 0 0 |
		jq -r ".formatted.value.tasks // 0")" = 0 ]' "the tasks to go"
	status 0 "$RF" load --replace
	status 0 "$RF" status --verify
	refused world EACCES "$ATTACK/names" read "$T/denied/secret"
	status 0 "$RF" unload
}

run_tests
