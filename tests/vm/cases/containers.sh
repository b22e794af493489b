#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Containers: what the hook arms, who is fenced by it from when on, and that nothing stays behind,
# with a stand-in for a runtime. Real ones: runtimes.sh, podman.sh, containerd.sh.
. "$RF_VM/lib.sh"
. "$RF_VM/containers.sh"

test_a_hostile_static_binary_never_gets_an_access() {
	container_world
	mkdir -p /sys/fs/cgroup/hostile
	eq "$("$ATTACK/adopt" clone /sys/fs/cgroup/hostile 5 "$ATTACK/hostile" "$SECRET_FILE")" \
		"0 fenced, 5 free, 0 other" "before the cgroup is armed"
	new_init hostile "$ATTACK/hostile" "$SECRET_FILE"
	hook h1 "$INIT"
	eq "$RC" 0 "hook: $ERR"
	eq "$("$ATTACK/adopt" clone "$CG" "$ADOPTIONS" "$ATTACK/hostile" "$SECRET_FILE")" \
		"$ADOPTIONS fenced, 0 free, 0 other" "by clone3"
	eq "$("$ATTACK/adopt" late "$CG" "$ADOPTIONS" "$ATTACK/hostile" "$SECRET_FILE")" \
		"$ADOPTIONS fenced, 0 free, 0 other" "by cgroup.procs"
	eq "$("$ATTACK/adopt" moved "$CG" "$ADOPTIONS" "$ATTACK/hostile" "$SECRET_FILE")" \
		"$ADOPTIONS fenced, 0 free, 0 other" "moved between cgroups below it while it execs"
	eq "$("$ATTACK/adopt" thread "$CG" 50 "$ATTACK/hostile" "$SECRET_FILE")" \
		"50 fenced, 0 free, 0 other" "from a thread that is not its first"
	eq "$("$ATTACK/adopt" vfork "$CG" 50 "$ATTACK/hostile" "$SECRET_FILE")" \
		"50 fenced, 0 free, 0 other" "by vfork"
	mkdir -p "$CG/deep/er"
	eq "$("$ATTACK/adopt" clone "$CG/deep/er" 50 "$ATTACK/hostile" "$SECRET_FILE")" \
		"50 fenced, 0 free, 0 other" "in nested cgroups"
	open_gate
	wait "$INIT"
	eq $? 0 "the container's own first program"
	rmdir "$CG/a" "$CG/b" "$CG/deep/er" "$CG/deep"
	end_init
	hook h1 0 stopped
	nothing_left
}

test_before_its_exec_the_runtime_is_free() {
	container_world
	CG=/sys/fs/cgroup/free
	mkdir -p "$CG"
	mkfifo "$T/gate"
	# shellcheck disable=SC2016
	bash -c 'echo $BASHPID >"$0/cgroup.procs"; read -r file <"$1/gate"; read -r text <"$file"; echo "$text"' \
		"$CG" "$T" >"$T/.init" 2>&1 &
	INIT=$!
	wait_for 'grep -qx "$INIT" "$CG/cgroup.procs"' "the process in its cgroup"
	hook f1 "$INIT"
	eq "$RC" 0 "hook: $ERR"
	eq "$("$RF" status --json | jq '.sandboxes[] | select(.container.id == "f1") | .tasks')" 0 "tasks"
	echo "$SECRET_FILE" >"$T/gate"
	wait "$INIT"
	eq "$(cat "$T/.init")" "the-secret" "what init itself reads"
	end_init
	hook f1 0 stopped
	nothing_left
}

test_arming_while_others_come_in() {
	container_world
	new_init storm
	"$ATTACK/adopt" clone "$CG" 100000 "$ATTACK/hostile" "$SECRET_FILE" >/dev/null &
	echo $! >>"$T/.pids"
	wait_for '[ "$(wc -l <"$CG/cgroup.procs")" -gt 1 ]' "company"
	# It is refused with company; whoever wins the race for an empty cgroup is fenced from then on.
	for _ in 1 2 3 4 5; do
		hook st "$INIT"
		[ "$RC" -ne 0 ] || break
		contains "$ERR" "besides" "reason"
	done
	kill -KILL "$(tail -n 1 "$T/.pids")"
	wait_for '[ "$(wc -l <"$CG/cgroup.procs")" = 1 ]' "the others' end"
	hook st "$INIT"
	eq "$RC" 0 "alone: $ERR"
	eq "$("$ATTACK/adopt" clone "$CG" 50 "$ATTACK/hostile" "$SECRET_FILE")" "50 fenced, 0 free, 0 other" "after it"
	end_init
	hook st 0 stopped
	nothing_left
}

test_a_cgroup_that_was_there_before() {
	container_world
	mkdir -p /sys/fs/cgroup/before/child
	new_init before "$ATTACK/hostile" "$SECRET_FILE"
	hook b1 "$INIT"
	eq "$RC" 0 "hook: $ERR"
	open_gate
	wait "$INIT"
	eq $? 0 "the payload"
	eq "$("$ATTACK/adopt" clone "$CG/child" 5 "$ATTACK/hostile" "$SECRET_FILE")" "5 fenced, 0 free, 0 other" "below it"
	rmdir "$CG/child"
	end_init
	hook b1 0 stopped
	nothing_left
}

test_each_container_of_a_pod_has_its_own() {
	local pod='"ringfence.policy.web":"box","io.kubernetes.cri.container-name"'
	container_world
	new_init pod-web "$ATTACK/hostile" "$SECRET_FILE"
	hook web "$INIT" created "$pod:\"web\""
	eq "$RC $(armed)" "0 web" "the one that is named: $ERR"
	end_init
	hook web 0 stopped
	new_init pod-log
	hook log "$INIT" created "$pod:\"log\""
	eq "$RC $(armed)" "0 " "the one that is not: $ERR"
	end_init
	nothing_left
}

test_the_hook_leaves_no_process_and_no_open_output() {
	container_world
	new_init quiet
	state q1 "$INIT" >"$T/.state"
	# runc waits for whoever holds the hook's output, beyond its own time limit.
	eq "$(timeout 100 bash -c '"$0" oci hook <"$1" 2>&1 | cat; echo end' "$RF" "$T/.state")" end "its output ends"
	end_init
	hook q1 0 stopped
	nothing_left
}

test_rules_for_exec_sessions_alone() {
	container_world
	cat >/etc/ringfence/sessions.json <<-END
		{ "ringfence": 1, "name": "sessions", "files": { "default": "allow", "rules": [
		  {"id": "debug", "deny": ["read"], "session": "exec", "paths": ["$SECRET_FILE"]} ] } }
	END
	new_init sessions cat "$SECRET_FILE"
	hook x1 "$INIT" created '"ringfence.policy":"sessions"'
	eq "$RC" 0 "hook: $ERR"
	open_gate
	wait "$INIT"
	eq "$(cat "$T/.init")" "the-secret" "the payload reads it"
	eq "$("$ATTACK/adopt" clone "$CG" 5 "$ATTACK/hostile" "$SECRET_FILE")" "5 fenced, 0 free, 0 other" "sessions do not"
	end_init
	hook x1 0 stopped
	nothing_left
}

test_init_and_exec_are_told_apart() {
	container_world
	new_init told cat "$SECRET_FILE"
	hook t1 "$INIT"
	eq "$RC" 0 "hook: $ERR"
	open_gate
	wait "$INIT"
	"$ATTACK/adopt" clone "$CG" 1 /bin/cat "$SECRET_FILE" >/dev/null 2>&1
	eq "$("$RF" audit --denied | jq -r '.sandbox.session + " " + .rule.id + " " + .process.comm')" \
		"init secret cat
exec secret cat" "denials"
	end_init
	hook t1 0 stopped
	nothing_left
}

test_leaving_the_cgroup_sheds_nothing() {
	container_world
	mkdir -p /sys/fs/cgroup/elsewhere
	new_init leaving sleep 1000
	hook l1 "$INIT"
	eq "$RC" 0 "hook: $ERR"
	open_gate
	wait_for '[ "$(cat /proc/$INIT/comm)" = sleep ]' "the payload"
	echo "$INIT" >/sys/fs/cgroup/elsewhere/cgroup.procs || fail "the machine cannot move it"
	eq "$("$RF" status --json | jq '.sandboxes[] | select(.container.id == "l1") | .tasks')" 1 "tasks"
	eq "$("$ATTACK/adopt" clone "$CG" 1 "$ATTACK/adopt" out /sys/fs/cgroup "$ATTACK/hostile" "$SECRET_FILE")" \
		"0 fenced, 0 free, 1 other" "moving out from inside"
	kill -KILL "$INIT"
	end_init
	hook l1 0 stopped
	rmdir /sys/fs/cgroup/elsewhere
	nothing_left
}

test_a_cgroup_that_is_not_its_own_is_refused() {
	container_world
	sleep 1000 &
	echo $! >>"$T/.pids"
	hook r1 $!
	eq "$RC" 1 "in our own cgroup"
	contains "$ERR" "cgroup" "reason"
	echo $! >/sys/fs/cgroup/cgroup.procs
	hook r1 $!
	eq "$RC" 1 "in the root"
	new_init shared
	"$ATTACK/adopt" clone "$CG" 1 /bin/sleep 1000 >/dev/null &
	wait_for '[ "$(wc -l <"$CG/cgroup.procs")" = 2 ]' "the second process"
	hook r1 "$INIT"
	eq "$RC" 1 "shared with another process"
	contains "$ERR" "holds 1 processes besides" "reason"
	end_init
	nothing_left
}

test_what_it_cannot_judge_is_refused() {
	local text
	container_world
	for text in '' '{}' '[]' "$(state x 5)x" "$(state x '"5"')" "$(state ../x 5)"; do
		printf %s "$text" >"$T/.state"
		capture "$RF" oci hook
		"$RF" oci hook <"$T/.state" >/dev/null 2>"$T/.err"
		eq $? 1 "status for: $text"
		contains "$(cat "$T/.err")" "ringfence: container" "reason for: $text"
	done
	head -c 2000000 /dev/zero | tr '\0' ' ' >"$T/.state"
	"$RF" oci hook <"$T/.state" 2>"$T/.err"
	eq $? 1 "two megabytes"
	printf '{"ociVersion":"1.0","id":"p","bundle":"/b","status":"created","annotations":{"ringfence.policy":"box"}}' \
		>"$T/.state"
	"$RF" oci hook <"$T/.state" 2>"$T/.err"
	eq $? 1 "no pid"
	for pid in 0 1 4194000 $$; do
		hook p "$pid"
		eq "$RC" 1 "pid $pid: $ERR"
	done
	new_init judged
	hook p "$INIT" created '"ringfence.policy":"there-is-none"'
	eq "$RC" 1 "unknown policy"
	contains "$ERR" "there-is-none" "reason"
	hook p "$INIT" created '"ringfence.policy":""'
	eq "$RC" 1 "empty annotation"
	hook p "$INIT" created '"ringfence.polcy":"box"'
	eq "$RC" 1 "misspelt annotation"
	hook p "$INIT" created '"ringfence.policy":"box","run.oci.seccomp_bpf_data":"AAAA"'
	eq "$RC" 1 "annotation that replaces the filter"
	hook p "$INIT" running
	eq "$RC" 1 "another stage"
	cp /etc/ringfence/box.json "$T/mine.json"
	chown 1000 "$T/mine.json"
	hook p "$INIT" created '"ringfence.policy":"'"$T"'/mine.json"'
	eq "$RC" 1 "a policy that somebody else can write"
	hook p "$INIT" created ''
	eq "$RC" 0 "no policy is asked for"
	end_init
	nothing_left
}

test_twice_is_once() {
	container_world
	new_init twice
	hook w1 "$INIT"
	eq "$RC" 0 "first: $ERR"
	hook w1 "$INIT"
	eq "$RC" 0 "again: $ERR"
	eq "$(armed)" w1 "armed"
	hook w1 "$INIT" created '"ringfence.policy":"container-default"'
	eq "$RC" 1 "with another policy"
	contains "$ERR" "armed already" "reason"
	hook w1 0 stopped
	eq "$RC" 0 "poststop while it runs"
	eq "$(armed)" w1 "a running container stays armed"
	end_init
	hook w1 0 stopped
	hook w1 0 stopped
	eq "$RC" 0 "poststop twice"
	hook never 0 stopped
	eq "$RC" 0 "poststop of a container that nobody knows"
	nothing_left
}

test_a_restart_has_a_new_cgroup() {
	container_world
	new_init again "$ATTACK/hostile" "$SECRET_FILE"
	hook a1 "$INIT"
	end_init
	new_init again "$ATTACK/hostile" "$SECRET_FILE"
	hook a1 "$INIT"
	eq "$RC" 0 "hook: $ERR"
	eq "$(armed)" a1 "the old one is gone"
	open_gate
	wait "$INIT"
	eq $? 0 "the payload after the restart"
	end_init
	capture "$RF" oci gc
	nothing_left
}

test_a_fenced_task_keeps_its_own_fence() {
	container_world
	policy own '"files": {"default": "allow", "rules": [
  {"id": "other", "deny": ["read"], "paths": ["/etc/hostname"]} ]}'
	new_init kept
	hook k1 "$INIT"
	# A gate of its own: two readers of one would share a line byte by byte.
	mkfifo "$T/own-gate"
	"$RF" run -p "$T/own.json" -- bash -c "read -r _ <$T/own-gate; exec $ATTACK/hostile /etc/hostname" \
		>"$T/.run" 2>&1 &
	wait_for 'pgrep -f "^bash -c read -r _ <$T/own-gate" >"$T/.run-pid"' "the fenced task"
	head -n 1 "$T/.run-pid" >"$CG/cgroup.procs"
	echo >"$T/own-gate"
	wait $!
	eq $? 126 "the exec of a task with another fence in a container that must be fenced"
	end_init
	hook k1 0 stopped
	nothing_left
}

# Whoever does not reap, or a kernel that frees late, must not keep a sandbox in use.
test_a_dead_process_that_nobody_reaps_holds_nothing() {
	container_world
	CG=/sys/fs/cgroup/dead
	mkdir -p "$CG"
	mkfifo "$T/gate"
	# shellcheck disable=SC2016
	background bash -c 'bash -c "echo \$BASHPID >$0/cgroup.procs; echo \$BASHPID >$1/pid; read -r _ <$1/gate; exec true" &
		exec sleep 1000' "$CG" "$T"
	wait_for '[ -s "$T/pid" ] && grep -qxf "$T/pid" "$CG/cgroup.procs"' "the process in its cgroup"
	INIT=$(cat "$T/pid")
	hook z1 "$INIT"
	eq "$RC" 0 "hook: $ERR"
	open_gate
	# shellcheck disable=SC2016
	wait_for 'grep -q "^State:.Z" /proc/$INIT/status' "its end"
	eq "$("$RF" status --json | jq '.sandboxes[] | select(.container.id == "z1") | .tasks')" 0 "tasks"
	rmdir "$CG"
	hook z1 0 stopped
	nothing_left
	grep -q "^State:.Z" "/proc/$INIT/status" || fail "it was reaped: this showed nothing"
}

# One container; every other one is left to the collector, every other pair has a device program.
come_and_go() { # N
	local name=box
	[ $(($1 % 4)) -lt 2 ] || name=devices
	new_init many true
	hook "m$1" "$INIT" created "\"ringfence.policy\":\"$name\""
	eq "$RC" 0 "hook $1: $ERR"
	open_gate
	wait "$INIT"
	eq $? 0 "payload $1"
	end_init
	[ $(($1 % 2)) = 0 ] || hook "m$1" 0 stopped
}

test_many_come_and_go() {
	local i before='' was
	container_world
	cat >/etc/ringfence/devices.json <<-END
		{ "ringfence": 1, "name": "devices",
		  "devices": { "default": "deny", "rules": [{"id": "null", "allow": ["read"], "nodes": ["char 1:3"]}] } }
	END
	# What is loaded once for all is there after the first of each kind.
	for ((i = 0; i < 4; i++)); do come_and_go "$i"; done
	capture "$RF" oci gc
	nothing_left
	# shellcheck disable=SC2016
	wait_for 'was=$before; before=$("$ATTACK/objects"); [ "$before" = "$was" ]' "the kernel to be at rest"
	for ((i = 0; i < CONTAINERS; i++)); do come_and_go "$i"; done
	capture "$RF" oci gc
	nothing_left
	# The kernel frees some of it later.
	# shellcheck disable=SC2016
	wait_for '[ "$("$ATTACK/objects")" = "$before" ]' "programs, links, maps and entries of before:
$before
now:
$("$ATTACK/objects")"
}

# A hook dies at places spread evenly over all that it does; a runtime would refuse the container then.
test_a_hook_that_is_killed_is_made_good() {
	local i n steps killer=$VM_BUILD/tests/shell/kill-at
	[ -x "$killer" ] || skip "kill-at is not built"
	container_world
	# Thousands of steps that are another test's.
	"$RF" load && "$RF" policy compile container-default >"$T/.compile" || fail "load, compile"
	new_init killed "$ATTACK/hostile" "$SECRET_FILE"
	state d1 "$INIT" created '"ringfence.policy":"container-default"' >"$T/.state"
	steps=$("$killer" 1000000000 "$RF" oci hook <"$T/.state" 2>"$T/.err")
	[ "$steps" -gt 100 ] || fail "the hook took $steps steps: $(cat "$T/.err")"
	end_init
	capture "$RF" oci gc
	nothing_left
	new_init killed "$ATTACK/hostile" "$SECRET_FILE"
	state d1 "$INIT" created '"ringfence.policy":"container-default"' >"$T/.state"
	for ((i = 0; i < KILLS; i++)); do
		n=$((1 + steps * i / KILLS))
		"$killer" "$n" "$RF" oci hook <"$T/.state" >/dev/null 2>&1
		# Once one got as far as to arm, those after it have less to do.
		[ $? -le 1 ] || fail "kill-at failed at $n"
	done
	hook d1 "$INIT" created '"ringfence.policy":"container-default"'
	eq "$RC" 0 "the next hook, after deaths at $KILLS of $steps places: $ERR"
	eq "$("$RF" status --json | jq '[.sandboxes[] | select(.container.id == "d1")] | length >= 1')" true "it is armed"
	end_init
	capture "$RF" oci gc
	nothing_left
}

# Armed is not fenced: who is restored or moved there never execs. What crun keeps of it is made here.
test_check_asks_the_first_process_itself() {
	container_world
	new_init asked
	hook asked "$INIT"
	eq "$RC" 0 "the hook: $ERR"
	mkdir -p /run/crun/asked "$T/kept"
	echo '{"annotations":{"ringfence.policy":"box"}}' >"$T/kept/config.json"
	echo "{\"pid\":$INIT,\"bundle\":\"$T/kept\"}" >/run/crun/asked/status
	mkfifo /run/crun/asked/exec.fifo
	capture "$RF" oci install --check
	lacks "$OUT" "container asked" "made and not started"
	rm /run/crun/asked/exec.fifo
	capture "$RF" oci install --check
	contains "$OUT" "container asked runs (process $INIT), asks for a policy and is not fenced" "one that never execs"
	open_gate
	# shellcheck disable=SC2016
	wait_for 'grep -q sleep "/proc/$INIT/comm"' "its exec"
	capture "$RF" oci install --check
	lacks "$OUT" "container asked" "fenced"
	rm -r /run/crun/asked
	end_init
	capture "$RF" oci gc
	nothing_left
}

# What it waits for never comes: whoever loads the kernel side holds this lock, and may be stopped.
test_a_hook_that_waits_in_vain_says_for_whom() {
	container_world
	new_init late "$ATTACK/hostile" "$SECRET_FILE"
	background /usr/bin/python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
open(sys.argv[2], "wb").write(s.recv(65536))' "$T/log" "$T/message"
	# shellcheck disable=SC2016
	wait_for '[ -S "$T/log" ]' "the log"
	background flock --no-fork /run/ringfence/load.lock sleep 1000
	wait_for '! flock --nonblock /run/ringfence/load.lock true' "the lock"
	RINGFENCE_SYSLOG_SOCKET=$T/log hook late "$INIT"
	eq "$RC $ERR" "1 ringfence: container late: not done after 25 seconds" "the hook"
	# shellcheck disable=SC2016
	wait_for '[ -s "$T/message" ]' "the message"
	contains "$(cat "$T/message")" "]: container late: not done after 25 seconds" "the log"
	eq "$(armed_cgroups)" 0 "armed cgroups"
	kill "$BACKGROUND"
	hook late "$INIT"
	eq "$RC" 0 "once the lock is free: $ERR"
	end_init
	capture "$RF" oci gc
	nothing_left
}

# What runtimes do in the half second in which a dying hook's container is taken down again.
test_a_killed_hook_leaves_refused_or_fenced_never_half() {
	local i n steps killer=$VM_BUILD/tests/shell/kill-at free
	[ -x "$killer" ] || skip "kill-at is not built"
	container_world
	new_init half
	state half "$INIT" >"$T/.state"
	steps=$("$killer" 1000000000 "$RF" oci hook <"$T/.state" 2>"$T/.err")
	end_init
	capture "$RF" oci gc
	# Near the end it is armed, then kept: deaths there are the ones that matter.
	for ((i = 0; i < KILLS / 2; i++)); do
		n=$((steps - 2 - i * 6))
		new_init half
		state half "$INIT" >"$T/.state"
		"$killer" "$n" "$RF" oci hook <"$T/.state" >/dev/null 2>&1
		[ $? -le 1 ] || fail "kill-at failed at $n of $steps" # 1: done already, by a few steps less
		if [ "$(armed_cgroups)" != 0 ]; then
			free=$("$ATTACK/adopt" clone "$CG" 1 "$ATTACK/hostile" "$SECRET_FILE")
			lacks "$free" "1 free" "armed by a hook that was killed at $n of $steps"
		fi
		end_init
		capture "$RF" oci gc
		nothing_left
	done
}

test_followers_hear_of_containers() {
	container_world
	background "$RF" audit --follow --denied
	followers 1
	new_init heard "$ATTACK/hostile" "$SECRET_FILE"
	hook e1 "$INIT" created '"ringfence.policy":"box",
		"io.kubernetes.cri.sandbox-namespace":"shop","io.kubernetes.cri.sandbox-name":"front"'
	eq "$RC" 0 "hook: $ERR"
	open_gate
	wait "$INIT"
	# shellcheck disable=SC2016
	wait_for 'grep -q denied "$T/.background"' "the denial"
	eq "$(jq -r '[.sandbox.name, .sandbox.session, .container.id, .container.runtime, .container.pod, .rule.id,
		.rule.reason] | join(" ")' "$T/.background")" "e1 init e1 bash shop/front secret keep out" "event"
	eq "$("$RF" status --json | jq -c '.sandboxes[0].container')" \
		'{"id":"e1","runtime":"bash","pod":"shop/front"}' "status"
	end_init
	hook e1 0 stopped
	nothing_left
}

test_stop_ends_a_container_and_exec_says_why_not() {
	local id=5c1f0e2d7b6a49384756abcdef0123456789abcdef0123456789abcdef012345
	container_world
	new_init ended
	hook $id "$INIT"
	open_gate
	contains "$("$RF" status)" "  $id  policy box  container of bash" "status"
	capture "$RF" exec ${id::11} -- true
	contains "$ERR" "no running sandbox is called" "too short"
	capture "$RF" exec $id -- true
	eq "$RC" 125 "exec"
	contains "$ERR" "is a container" "reason"
	# shellcheck disable=SC2016
	wait_for '[ "$(cat /proc/$INIT/comm)" = sleep ]' "the payload"
	status 0 "$RF" stop ${id::12}
	end_init
	hook $id 0 stopped
	nothing_left
}

run_tests
