#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# However a task comes to be, wherever it goes: it stays in the fence of the task that made it.
. "$RF_VM/lib.sh"

# clone3 hides its flags from the filter, which answers ENOSYS where namespaces are denied.
WITH_CLONE3='"kernel": {"namespaces": "allow", "user_namespaces": "allow"}'

test_children_threads_and_every_clone() {
	secret_world "$WITH_CLONE3"
	allowed world sh -c 'cat '"$T"'/open/file'
	fence world sh -c "sh -c 'sh -c \"cat $T/denied/secret\"'"
	nothing_leaked
	eq "$(denials)" "files secret" "denials of a grandchild"
	for how in "clone" "thread" "vfork" "clone:0x00004000" "clone:0x80000000" "clone:0x00000200"; do
		# vfork, CLONE_IO, CLONE_FS
		# shellcheck disable=SC2086
		set -- ${how/:/ }
		fence world "$ATTACK/task" "$1" "$T/denied/secret" "${2:-0}"
		[ "$RC" -ne 0 ] || fail "$how read the secret"
		nothing_leaked
		eq "$(denials)" "files secret" "denials of $how"
	done
}

test_a_double_forked_daemon() {
	secret_world
	works "$ATTACK/task" daemon "$T/denied/secret" "$T/open/outside"
	wait_for 'grep -q . "$T/open/outside" 2>/dev/null' "the daemon outside"
	eq "$(cat "$T/open/outside")" "$SECRET" "unfenced daemon"
	rm "$T/open/outside"
	# The command ends at once, its daemon lives on; either it is ended too or it stays fenced.
	fence world "$ATTACK/task" daemon "$T/denied/secret" "$T/open/inside"
	wait_for '! pgrep -x task >/dev/null' "the daemon to end"
	nothing_leaked
}

test_setsid_and_exec_from_a_thread() {
	secret_world
	fence world setsid -w cat "$T/denied/secret"
	nothing_leaked
	eq "$(denials)" "files secret" "denials"
	fence world "$ATTACK/exec" thread /bin/cat "$T/denied/secret"
	nothing_leaked
	eq "$(denials)" "files secret" "denials"
}

test_another_cgroup_sheds_nothing() {
	secret_world "$WITH_CLONE3"
	mkdir -p /sys/fs/cgroup/elsewhere
	fence world sh -c "echo \$\$ >/sys/fs/cgroup/elsewhere/cgroup.procs; cat $T/denied/secret"
	nothing_leaked
	contains "$(denials)" "files secret" "denials"
	fence world sh -c "echo \$\$ >/sys/fs/cgroup/cgroup.procs; cat $T/denied/secret"
	nothing_leaked
	fence world "$ATTACK/task" into "$T/denied/secret" /sys/fs/cgroup/elsewhere
	nothing_leaked
	fence world "$ATTACK/task" into "$T/denied/secret" /sys/fs/cgroup
	nothing_leaked
	rmdir /sys/fs/cgroup/elsewhere
}

test_moved_from_outside_stays_fenced() {
	secret_world
	(
		wait_for '[ -s "$T/open/pid" ]'
		echo "$(cat "$T/open/pid")" >/sys/fs/cgroup/cgroup.procs && touch "$T/open/moved"
	) &
	fence world sh -c "echo \$\$ >$T/open/pid; while [ ! -e $T/open/moved ]; do sleep 0.1; done
		cat /proc/self/cgroup $T/denied/secret"
	wait
	contains "$OUT" "0::/" "own cgroup"
	nothing_leaked
	eq "$(denials)" "files secret" "denials"
}

test_it_runs_in_a_cgroup_of_its_own_that_is_gone_after() {
	secret_world
	allowed world cat /proc/self/cgroup
	[ "$OUT" != "0::/" ] || fail "the command ran in the root cgroup"
	[ ! -d "/sys/fs/cgroup${OUT#0::}" ] || fail "the cgroup ${OUT#0::} is still there"
}

test_own_cgroup_cannot_be_thawed_killed_or_nested_away() {
	secret_world
	fence world sh -c 'd=/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup); mkdir $d/inner &&
		echo $$ >$d/inner/cgroup.procs; cat '"$T"'/denied/secret'
	nothing_leaked
	contains "$(denials)" "files secret" "denials"
}

test_a_namespace_of_another_process_is_not_joined() {
	secret_world
	background unshare -m --propagation private sh -c "mount --bind $T/denied $T/open/sub; exec sleep 600"
	wait_for 'nsenter -t $BACKGROUND -m ls $T/open/sub 2>/dev/null | grep -q secret' "the namespace"
	works nsenter -t "$BACKGROUND" -m cat "$T/open/sub/secret"
	fence world "$ATTACK/task" setns "/proc/$BACKGROUND/ns/mnt"
	[ "$RC" -ne 0 ] || fail "setns worked"
	fence world nsenter -t "$BACKGROUND" -m cat "$T/open/sub/secret"
	nothing_leaked
	fence world cat "/proc/$BACKGROUND/root$T/open/sub/secret"
	nothing_leaked
}

test_new_namespaces_are_refused_by_default() {
	secret_world
	for flag in 0x00020000 0x10000000 0x20000000 0x40000000 0x08000000 0x04000000 0x02000000; do
		works "$ATTACK/task" unshare $flag
		fence world "$ATTACK/task" unshare $flag
		[ "$RC" -eq 1 ] || fail "unshare $flag: status $RC"
		contains "$(denials)" "kernel kernel." "denials of unshare $flag"
		fence world "$ATTACK/task" clone "$T/open/file" $flag
		[ "$RC" -eq 1 ] || fail "clone $flag: status $RC"
	done
}

# 1: this kernel is mended. 137: it is not (before "bpf,fork: wipe ->bpf_storage before bailouts that access it").
fenced_or_killed() {
	nothing_leaked
	[ "$RC" = 1 ] && return
	eq "$RC" 137 "status after $1: $ERR"
	contains "$(events 'select(.verdict == "killed") | .rule.id + " " + .operation')" "ringfence.self clone" "record"
}

test_a_fork_that_fails_sheds_nothing() {
	secret_world "$WITH_CLONE3"
	chmod 755 "$T/denied" && chmod 644 "$T/denied/secret"
	fence world "$ATTACK/task" failed-fork "$T/denied/secret"
	fenced_or_killed "a limit"
	echo 0 >/proc/sys/user/max_user_namespaces
	fence world "$ATTACK/task" failed-fork "$T/denied/secret" namespace
	echo 10000 >/proc/sys/user/max_user_namespaces
	fenced_or_killed "a user namespace"
	# shellcheck disable=SC2016
	wait_for '[ "$("$RF" status --json | jq ".sandboxes | length")" = 0 ]' "the sandboxes to be gone"
}

test_nested_run_never_widens() {
	secret_world
	policy inner '"files": {"default": "allow", "rules": [{"id": "none", "deny": ["read"], "paths": ["/nowhere"]}]}'
	fence world "$RF" run -p "$T/inner.json" --summary never -- cat "$T/denied/secret"
	nothing_leaked
}

run_tests
