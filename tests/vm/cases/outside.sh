#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Processes outside the fence are neither read, changed, signalled nor slowed from inside.
. "$RF_VM/lib.sh"

start_victim() {
	secret_world
	"$ATTACK/outside" victim "$T/denied/secret" >"$T/victim" 2>/dev/null </dev/null &
	echo $! >>"$T/.pids"
	wait_for '[ -s "$T/victim" ]' "the victim"
	read -r PID ADDRESS <"$T/victim"
}

# COMMAND: works outside on the victim, is refused inside.
spared() {
	works "$ATTACK/outside" "$@"
	fence world "$ATTACK/outside" "$@"
	[ "$RC" -eq 1 ] || fail "status $RC in the fence: $* $ERR"
	kill -0 "$PID" || fail "the victim is gone after $*"
}

test_tracing_and_memory() {
	start_victim
	spared attach "$PID"
	contains "$(denials)" "kernel.ptrace" "denials"
	fence world "$ATTACK/outside" seize "$PID"
	[ "$RC" -eq 1 ] || fail "PTRACE_SEIZE worked"
	spared vm-read "$PID" "$ADDRESS"
	fence world "$ATTACK/outside" vm-write "$PID" "$ADDRESS"
	fence world "$ATTACK/outside" mem "$PID" "$ADDRESS"
	capture "$ATTACK/outside" vm-read "$PID" "$ADDRESS"
	eq "$OUT" "UNTOUCHED.." "the victim's memory"
	works "$ATTACK/outside" vm-write "$PID" "$ADDRESS"
}

# The parent of the fence's first process is ringfence. (Another one outside: keys.)
test_a_parent_outside_is_not_made_the_tracer() {
	secret_world
	works "$ATTACK/outside" trace-me
	refused world 'EPERM|EACCES' "$ATTACK/outside" trace-me
	eq "$(denials)" "process ringfence.self" "denials"
	allowed world sh -c "$ATTACK/outside trace-me; exit \$?"
}

test_descriptors_and_kcmp() {
	start_victim
	works "$ATTACK/outside" getfd "$PID" 7
	eq "$OUT" "$SECRET" "unfenced pidfd_getfd"
	works "$ATTACK/outside" kcmp "$PID"
	fence world "$ATTACK/outside" getfd "$PID" 7
	nothing_leaked
	fence world cat "/proc/$PID/fd/7"
	nothing_leaked
	fence world "$ATTACK/outside" kcmp "$PID"
	[ "$RC" -eq 1 ] || fail "kcmp worked"
}

test_signals() {
	start_victim
	for how in kill tgkill pidfd-kill; do
		fence world "$ATTACK/outside" $how "$PID" 9
		[ "$RC" -eq 1 ] || fail "$how: status $RC"
		kill -0 "$PID" || fail "the victim was killed by $how"
		contains "$(denials)" "kernel.signals" "denials of $how"
		eq "$(denials | wc -l)" 1 "records of $how"
	done
	fence world sh -c 'kill -TERM '"$PID"' 0'
	kill -0 "$PID" || fail "the victim was killed"
	allowed world sh -c 'sleep 60 & kill $! && wait $!; [ $? -eq 143 ]'
}

test_limits_and_scheduling() {
	start_victim
	fence world "$ATTACK/outside" prlimit "$PID"
	[ "$RC" -eq 1 ] || fail "prlimit worked"
	fence world "$ATTACK/outside" priority "$PID"
	[ "$RC" -eq 1 ] || fail "setpriority worked"
	fence world "$ATTACK/outside" affinity "$PID"
	[ "$RC" -eq 1 ] || fail "sched_setaffinity worked"
	eq "$(ps -o ni= -p "$PID" | tr -d ' ')" 0 "the victim's priority"
}

test_inside_it_may_trace_its_own() {
	secret_world
	allowed world sh -c 'sleep 500 & '"$ATTACK"'/outside attach $!; r=$?; kill -9 $!; exit $r'
}

test_the_supervisor_is_untouchable() {
	secret_world
	fence world sh -c "kill -9 \$PPID; kill -STOP \$PPID; $ATTACK/outside attach \$PPID
		$ATTACK/outside prlimit \$PPID; cat $T/denied/secret; echo alive"
	eq "$RC" 0 "status"
	contains "$OUT" alive "output"
	nothing_leaked
	contains "$(denials)" "files secret" "denials, written by a supervisor that lives"
}

test_processes_outside_are_not_shared_with() {
	local id
	secret_world
	id=$(ipcmk -M 4096 -p 0666 | grep -oE '[0-9]+$')
	[ -n "$id" ] || fail "no segment"
	capture ipcrm -m "$id"
	eq "$RC" 0 "unfenced ipcrm"
	id=$(ipcmk -M 4096 -p 0666 | grep -oE '[0-9]+$')
	fence world ipcrm -m "$id"
	ipcs -m | grep -qw "$id" || fail "the segment outside was removed"
	ipcrm -m "$id"
	contains "$(denials)" "kernel.ipc" "denials"
	# The record tells the error that the caller gets.
	get='import ctypes, errno, sys
libc = ctypes.CDLL(None, use_errno=True)
got = libc.shmget(0x7766, 4096, int(sys.argv[1], 8))
print(errno.errorcode[ctypes.get_errno()] if got < 0 else "got")'
	works python3 -c "$get" 1666
	fence world python3 -c "$get" 600
	eq "$OUT $(events 'select(.hook == "ipc_permission") | .errno')" "EACCES EACCES" "the error and its record"
	ipcrm -M 0x7766
}

test_posix_queues_belong_to_their_maker() {
	local out=$ATTACK/outside
	secret_world
	works "$out" queue-own /rf-own
	mkdir "$T/mq"
	mount -t mqueue none "$T/mq" || skip "no mqueue file system"
	touch "$T/mq/rf-outside"
	works "$out" queue-open /rf-outside
	allowed world "$out" queue-own /rf-inside
	eq "$OUT" sent "its own queue"
	refused world EPERM "$out" queue-open /rf-outside
	eq "$(denials)" "kernel kernel.ipc" "denials of mq_open"
	# EPERM, which the C library turns into what POSIX knows.
	refused world EACCES "$out" queue-unlink /rf-outside
	eq "$(denials)" "kernel kernel.ipc" "denials of mq_unlink"
	[ -e "$T/mq/rf-outside" ] || fail "the queue outside is gone"
	# By its name in a mount of the file system, too: what is opened there is the queue.
	fence world cat "$T/mq/rf-outside"
	[ "$RC" -ne 0 ] || fail "the queue outside was opened by a path"
	# A creation that fails, as the queue exists, makes nobody its maker.
	fence world "$out" queue-own /rf-outside
	refused world EPERM "$out" queue-open /rf-outside
	umount "$T/mq"
}

run_tests
