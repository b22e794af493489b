#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The fence protects itself, whatever the policy allows: here one that allows nearly everything.
. "$RF_VM/lib.sh"

lax_world() {
	secret_world '"kernel": {"mount": "allow", "user_namespaces": "allow", "namespaces": "allow",
  "ptrace": "allow", "signals": "allow", "ipc": "allow", "io_uring": "allow", "perf_events": "allow",
  "keyrings": "allow", "fileless_exec": "allow"}'
}

still_fenced() {
	nothing_leaked
	fence world cat "$T/denied/secret"
	nothing_leaked
	eq "$(denials)" "files secret" "denials afterwards"
}

test_bpf_in_every_command() {
	local n
	lax_world
	"$RF" load || fail "load"
	works "$ATTACK/task" bpf-map
	works "$ATTACK/task" bpf 0
	fence world sh -c "for n in \$(seq 0 36); do $ATTACK/task bpf \$n 2>/dev/null && echo worked \$n; done; true"
	eq "$OUT" "" "commands that were not refused"
	refused world EPERM "$ATTACK/task" bpf-map
	[ -n "$(denials)" ] || fail "the refusal is not on the stream"
	still_fenced
}

test_bpffs_and_a_new_one() {
	lax_world
	"$RF" load || fail "load"
	works ls /sys/fs/bpf/ringfence
	fence world ls /sys/fs/bpf/ringfence
	[ "$RC" -ne 0 ] || fail "the pins can be listed: $OUT"
	fence world find /sys/fs/bpf/ringfence -mindepth 1
	eq "$OUT" "" "pins that can be seen"
	fence world sh -c 'rm -rf /sys/fs/bpf/ringfence; mv /sys/fs/bpf/ringfence /sys/fs/bpf/gone'
	[ -n "$(ls /sys/fs/bpf/ringfence)" ] || fail "the pins are gone"
	mkdir -p "$T/open/bpffs"
	fence world mount -t bpf none "$T/open/bpffs"
	[ "$RC" -ne 0 ] || fail "a new bpffs was mounted"
	fence world umount /sys/fs/bpf
	mountpoint -q /sys/fs/bpf || fail "bpffs was unmounted"
	fence world mount --bind "$T/open" /sys/fs/bpf
	fence world mount -t tmpfs none /sys/fs/bpf/ringfence
	[ -n "$(ls /sys/fs/bpf/ringfence)" ] || fail "the pins are covered"
	still_fenced
}

# Trampolines hang on ftrace: switched off, no hook of ours would be called any more.
test_hooks_cannot_be_switched_off() {
	lax_world
	policy nothing '"kernel": {"mount": "allow"}'
	for name in world nothing; do
		fence "$name" sh -c 'echo 0 >/proc/sys/kernel/ftrace_enabled'
		[ "$RC" -ne 0 ] || fail "ftrace was switched off under $name"
		eq "$(events 'select(.verdict == "denied") | .rule.id' | sort -u)" ringfence.self "denial under $name"
		eq "$(cat /proc/sys/kernel/ftrace_enabled)" 1 "ftrace under $name"
	done
	still_fenced
}

# What is protected by name has no second name.
test_no_second_place_for_what_controls_the_kernel() {
	local kind
	lax_world
	policy nothing '"kernel": {"mount": "allow"}'
	mkdir -p "$T/open/m"
	mount_ext4 16M
	for kind in proc sysfs cgroup2 debugfs tracefs securityfs binfmt_misc configfs; do
		mount -t "$kind" none "$T/open/m" 2>/dev/null || continue
		umount "$T/open/m"
		fence nothing mount -t "$kind" none "$T/open/m"
		[ "$RC" -ne 0 ] || fail "$kind was mounted"
		contains "$(events 'select(.verdict == "denied") | .rule.id')" ringfence.self "$kind"
	done
	fence world mount -t sysfs none "$T/open/m"
	[ "$RC" -ne 0 ] || fail "sysfs was mounted in spite of rules about files"
	fence world mount "$(losetup -j "$T/image" | cut -d: -f1)" "$T/open/m"
	[ "$RC" -ne 0 ] || fail "a mounted disk was mounted once more"
	fence nothing mount --bind /proc/sys "$T/open/m"
	[ "$RC" -ne 0 ] || fail "/proc/sys got another name without a files section"
	eq "$(events 'select(.verdict == "denied") | .rule.id')" ringfence.self "a bind mount without files"
	fence world mount -t proc -o subset=pid none "$T/open/m"
	[ "$RC" -ne 0 ] || fail "processes got other names in spite of rules about files"
	allowed nothing sh -c "mount -t proc -o subset=pid none $T/open/m && umount $T/open/m"
	allowed world sh -c "mount -t tmpfs none $T/open/m && umount $T/open/m"
	still_fenced
}

test_no_child_is_born_in_another_cgroup() {
	lax_world
	mkdir -p /sys/fs/cgroup/elsewhere
	works "$ATTACK/adopt" clone /sys/fs/cgroup/elsewhere 1 /bin/true
	fence world "$ATTACK/adopt" clone /sys/fs/cgroup/elsewhere 1 /bin/true
	[ "$RC" -ne 0 ] || fail "a child left the sandbox's cgroup"
	eq "$(events 'select(.verdict == "denied") | .rule.id' | sort -u)" ringfence.self "denial"
	rmdir /sys/fs/cgroup/elsewhere
	still_fenced
}

test_unload_and_other_tools() {
	lax_world
	fence world "$RF" unload
	[ "$RC" -ne 0 ] || fail "unload worked from inside"
	fence world bpftool link list
	lacks "$OUT" "lsm" "links listed from inside"
	still_fenced
}

test_its_folders() {
	lax_world
	mkdir -p /etc/ringfence /run/ringfence /var/cache/ringfence
	for dir in /etc/ringfence /run/ringfence /var/cache/ringfence "$(dirname "$RF")" \
		"$(dirname "$(dirname "$RF")")/share/ringfence" \
		"$(dirname "$(dirname "$RF")")/libexec/ringfence"; do
		[ -d "$dir" ] || continue
		# The folder of the command is everybody's, as /usr/local/bin is: only the command is ours.
		if [ "$dir" != "$(dirname "$RF")" ]; then
			fence world sh -c "echo planted >$dir/planted"
			[ ! -e "$dir/planted" ] || fail "a file was planted in $dir"
		fi
		fence world mv "$dir" "$dir.moved"
		[ -d "$dir" ] || fail "$dir was moved"
		fence world mount -t tmpfs none "$dir"
		! mountpoint -q "$dir" || fail "$dir was covered"
	done
	before=$(md5sum "$RF")
	fence world sh -c "cp /bin/true $RF; rm -f $RF; mv /bin/true $RF; ln -sf /bin/true $RF; : >$RF"
	eq "$(md5sum "$RF")" "$before" "the program"
	still_fenced
}

test_cgroups() {
	lax_world
	fence world sh -c 'd=/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)
		for f in cgroup.procs cgroup.threads cgroup.kill cgroup.freeze; do
			echo 0 >$d/$f && echo "wrote $f"; done; echo 1 >$d/cgroup.freeze && echo froze
		echo $$ >/sys/fs/cgroup/cgroup.procs && echo left; rmdir $d && echo removed; true'
	eq "$OUT" "" "what worked"
	eq "$(denials | sort -u)" "files ringfence.self" "denials"
	still_fenced
}

# Limits of ringfence's own cgroup, of one above it, or on new ones would stop it.
test_limits_of_other_cgroups() {
	local file
	lax_world
	policy nothing '"process": {"no_new_privileges": false}'
	mkdir -p /sys/fs/cgroup/service/inner
	echo "+memory +pids" >/sys/fs/cgroup/cgroup.subtree_control
	for file in service/memory.max service/pids.max service/cgroup.max.descendants service/inner/cgroup.max.depth; do
		works sh -c "cat /sys/fs/cgroup/$file && echo max >/sys/fs/cgroup/$file"
		for name in world nothing; do
			fence $name sh -c "echo 1 >/sys/fs/cgroup/$file"
			eq "$(cat /sys/fs/cgroup/$file)" max "$file under $name"
			eq "$(events 'select(.verdict == "denied") | .rule.id' | sort -u)" ringfence.self "$file under $name"
		done
	done
	fence nothing sh -c "rmdir /sys/fs/cgroup/service/inner; mkdir /sys/fs/cgroup/service/more; chown 1000 /sys/fs/cgroup/service"
	eq "$(cd /sys/fs/cgroup/service && stat -c %u . && ls -d inner more 2>/dev/null)" "0
inner" "folders"
	fence nothing cat /sys/fs/cgroup/service/memory.max
	eq "$OUT" max "reading"
	rmdir /sys/fs/cgroup/service/inner /sys/fs/cgroup/service
	still_fenced
}

# As a chroot has it that was made before: what it shows is the same machine.
test_another_mount_of_proc_and_sys_that_was_there() {
	local name old
	lax_world
	policy nothing '"process": {"no_new_privileges": false}'
	mkdir -p "$T/open/proc" "$T/open/sys"
	mount -t proc none "$T/open/proc"
	mount -t sysfs none "$T/open/sys"
	old=$(cat /proc/sys/kernel/core_pattern)
	for name in world nothing; do
		fence $name sh -c "echo core.%p >$T/open/proc/sys/kernel/core_pattern; echo 0 >$T/open/proc/sys/kernel/ftrace_enabled"
		eq "$(cat /proc/sys/kernel/core_pattern)" "$old" "core_pattern under $name"
		eq "$(cat /proc/sys/kernel/ftrace_enabled)" 1 "ftrace under $name"
		eq "$(events 'select(.verdict == "denied") | .rule.id' | sort -u)" ringfence.self "denials under $name"
		fence $name sh -c "echo 64 >$T/open/sys/kernel/profiling"
		contains "$(events 'select(.verdict == "denied") | .rule.id')" ringfence.self "sysfs under $name"
		fence $name sh -c "cat $T/open/proc/sys/kernel/core_pattern && echo 5 >$T/open/proc/self/timerslack_ns &&
			echo 300 >$T/open/proc/self/oom_score_adj && cat $T/open/proc/self/oom_score_adj"
		eq "$OUT" "$old
300" "reading, and one's own process, under $name"
		fence $name sh -c "cat /proc/sys/kernel/domainname >/dev/null && echo example >/proc/sys/kernel/domainname"
		eq "$RC" 0 "a switch that is nobody's, under its own name: $ERR"
	done
	# Below the other one's name it is at home no more than elsewhere.
	mount --bind /proc /sys/kernel/config 2>/dev/null || mount --bind /proc /sys/fs/pstore || fail "no place in /sys"
	fence nothing sh -c 'echo core.%p >"$(ls -d /sys/kernel/config/sys /sys/fs/pstore/sys 2>/dev/null | head -1)/kernel/core_pattern"'
	eq "$(cat /proc/sys/kernel/core_pattern)" "$old" "core_pattern below /sys"
	eq "$(events 'select(.verdict == "denied") | .rule.id' | sort -u)" ringfence.self "denial below /sys"
	umount /sys/kernel/config 2>/dev/null || umount /sys/fs/pstore
	umount "$T/open/proc" "$T/open/sys"
	still_fenced
}

test_the_machine_beneath() {
	lax_world
	policy world '"files": { "default": "allow", "rules": [
  {"id": "secret", "deny": ["read", "write"], "paths": ["'"$T"'/denied/**"], "reason": "keep out"} ] },
"kernel": {"modules": "deny"}'
	modprobe -r dummy 2>/dev/null
	fence world modprobe dummy
	[ "$RC" -ne 0 ] || fail "a module was loaded"
	fence world dd if=/dev/mem of=/dev/null bs=1 count=1
	[ "$RC" -ne 0 ] || fail "/dev/mem was read"
	old=$(cat /proc/sys/kernel/seccomp/actions_logged)
	fence world sh -c 'echo "" >/proc/sys/kernel/seccomp/actions_logged'
	eq "$(cat /proc/sys/kernel/seccomp/actions_logged)" "$old" "actions_logged"
	still_fenced
}

test_helpers_of_the_kernel_that_run_outside() {
	local file old
	lax_world
	for file in /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sys/kernel/hotplug \
		/sys/kernel/uevent_helper /proc/sys/fs/binfmt_misc/register; do
		[ -e "$file" ] || continue
		old=$(cat "$file" 2>/dev/null)
		fence world sh -c "echo '|$T/open/evil' >$file"
		eq "$(cat "$file" 2>/dev/null)" "$old" "$file"
	done
	fence world sh -c 'echo b >/proc/sysrq-trigger'
	[ "$RC" -ne 0 ] || fail "sysrq-trigger was written"
	still_fenced
}

# All but `kill 18` would show, and that is SIGCONT: nobody comes to harm if it works.
meddle() { # PID
	echo "for how in attach seize 'getfd $1 0' 'kill $1 18' 'tgkill $1 18' 'pidfd-kill $1 18' prlimit priority affinity; do
		case \$how in *' '*) ;; *) how=\"\$how $1\" ;; esac
		$ATTACK/outside \$how >/dev/null 2>&1 && echo \"\$how\"; done; true"
}

test_supervisors_of_others_and_the_service() {
	local other service stranger
	lax_world
	background sleep 900
	stranger=$BACKGROUND
	background "$RF" run -p "$T/world.json" --summary never -- sleep 900
	other=$BACKGROUND
	background "$RF" serve
	service=$BACKGROUND
	wait_for "pgrep -P $other -x sleep >/dev/null" "the other sandbox"
	wait_for '[ -S /run/ringfence/socket ]' "the service"
	fence world sh -c "$(meddle "$stranger")"
	eq "$(grep -c . <<<"$OUT")" 9 "what works with a stranger ($OUT)"
	for pid in "$other" "$service"; do
		fence world sh -c "$(meddle "$pid")"
		eq "$OUT" "" "what worked with $(tr '\0' ' ' <"/proc/$pid/cmdline")"
		eq "$(denials | sort -u)" "process ringfence.self" "denials"
	done
	fence world "$ATTACK/doors" owner "$other" 9
	fence world kill -9 "$other" "$service"
	kill -0 "$other" || fail "another's supervisor was killed"
	kill -0 "$service" || fail "the service was killed"
	still_fenced
	# What it runs outlives a supervisor that is killed.
	pkill -P "$other" -x sleep
	wait_for "! kill -0 $other 2>/dev/null" "the other sandbox to end"
}

test_settings_of_processes_outside() {
	local stranger
	background sleep 900
	stranger=$BACKGROUND
	secret_world
	works sh -c "echo 5 >/proc/$stranger/oom_score_adj"
	fence world sh -c "echo 7 >/proc/$stranger/oom_score_adj"
	[ "$RC" -ne 0 ] || fail "oom_score_adj of a process outside was written"
	eq "$(denials)" "process kernel.signals" "denials"
	eq "$(cat "/proc/$stranger/oom_score_adj")" 5 "oom_score_adj"
	allowed world sh -c 'echo 9 >/proc/self/oom_score_adj; sleep 60 & echo 11 >/proc/$!/oom_score_adj &&
		cat /proc/$!/oom_score_adj; kill $!'
	eq "$OUT" 11 "oom_score_adj of a child"
	lax_world
	allowed world sh -c "echo 6 >/proc/$stranger/oom_score_adj"
	fence world sh -c 'echo 6 >/proc/$PPID/oom_score_adj'
	[ "$RC" -ne 0 ] || fail "oom_score_adj of the supervisor was written"
	eq "$(denials)" "process ringfence.self" "denials"
}

# Until it executes the command it has the launcher's memory, descriptors and rights.
test_who_joins_is_nobodys_before_its_command() {
	policy joined '"kernel": {}, "process": {"env": {"keep": ["PATH"]}}'
	background "$RF" run -p "$T/joined.json" --name joined --summary never --events "$T/events" -- \
		"$ATTACK/joiner" reach "$T/ready"
	wait_for "[ -e '$T/ready' ]" "the one inside"
	for _ in 1 2 3 4 5 6 7 8; do
		status 0 timeout 30 "$RF" exec joined -- true
	done
	rm "$T/ready"
	wait "$BACKGROUND"
	lacks "$(cat "$T/.background")" "reached ringfence" "what could be signalled"
	contains "$(denials)" "process ringfence.self" "denials"
}

test_a_flood_of_denials_changes_no_verdict() {
	lax_world
	fence world sh -c "i=0; while [ \$i -lt 3000 ]; do read x <$T/denied/secret; i=\$((i + 1)); done 2>/dev/null
		cat $T/denied/secret"
	nothing_leaked
	# Delivered and lost together are what happened.
	eq "$(events 'select(.verdict == "denied" or .type == "lost") | .count' | paste -sd+ | bc)" 3001 \
		"delivered and lost"
}

run_tests
