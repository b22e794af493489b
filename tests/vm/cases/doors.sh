#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Doors that are easily forgotten: signals through descriptors, watching, whiteouts, flags, remapping,
# executable shared memory, appending somewhere else. docs/doors.md lists all doors and their tests.
. "$RF_VM/lib.sh"

test_signals_through_descriptors() {
	local how
	secret_world
	for how in owner owner-ex owner-ioctl; do
		background sleep 400
		fence world "$ATTACK/doors" $how "$BACKGROUND" 9
		[ "$RC" -eq 1 ] || fail "$how: status $RC: $ERR"
		contains "$(denials)" "kernel kernel.signals" "denials of $how"
		sleep 0.2
		kill -0 "$BACKGROUND" || fail "$how killed a process outside"
		# Outside it works, so it was the fence.
		works "$ATTACK/doors" $how "$BACKGROUND" 9
		wait_for "! kill -0 $BACKGROUND 2>/dev/null" "$how to work outside"
	done
	allowed world "$ATTACK/doors" own-owner
	eq "$(denials)" "" "denials for oneself"
}

test_watching_is_reading() {
	secret_world
	works "$ATTACK/doors" watch "$T/denied"
	refused world EACCES "$ATTACK/doors" watch "$T/denied"
	eq "$(denials)" "files secret" "denials"
	eq "$(events 'select(.verdict == "denied") | .operation + " " + .object.path')" \
		"notify $T/denied" "what"
	allowed world "$ATTACK/doors" watch "$T/open"
	# A mount has more names than the folder by which it is named.
	works "$ATTACK/doors" watch-mount "$T/open"
	refused world EPERM "$ATTACK/doors" watch-mount "$T/open"
	eq "$(denials)" "files files.unjudged" "denials of a mark on the mount"
}

# Whoever has marked a file so is asked before each access of anybody, and may never answer.
test_nobody_outside_waits_for_an_answer_from_inside() {
	local what mask
	secret_world
	policy audit '"mode": "audit", "files": {"default": "allow"}'
	policy nothing '"kernel": {"mount": "deny"}'
	# FAN_OPEN_PERM, FAN_ACCESS_PERM, FAN_OPEN_EXEC_PERM, and with what only tells
	for mask in 0x10000 0x20000 0x40000 0x10020; do
		works "$ATTACK/doors" mark 0 $mask "$RF"
		refused world EPERM "$ATTACK/doors" mark 0 $mask "$RF"
		eq "$(denials)" "files ringfence.self" "denials of $mask"
	done
	for what in 0 0x10 0x100; do # file, mount, file system
		works "$ATTACK/doors" mark $what 0x10000 "$T/open/file"
		for policy in world audit nothing; do
			refused $policy EPERM "$ATTACK/doors" mark $what 0x10000 "$T/open/file"
			eq "$(denials)" "files ringfence.self" "denials of mark $what under $policy"
		done
	done
	allowed world "$ATTACK/doors" mark 0 0x20 "$T/open/file"
	allowed nothing "$ATTACK/doors" mark 0x10 0x20 "$T/open/file"
	eq "$(denials)" "" "denials of marks that only tell"
}

test_a_whiteout_is_a_device_in_place_of_the_name() {
	secret_world
	refused world 'EACCES|EXDEV|EPERM' "$ATTACK/doors" whiteout "$T/denied/secret" "$T/open/gained"
	nothing_leaked
	[ ! -e "$T/open/gained" ] || fail "it was moved"
	policy create '"files": {"default": "allow", "rules": [
  {"id": "nothing-new", "deny": ["create"], "paths": ["'"$T"'/open/file"]} ]}'
	refused create 'EACCES|EPERM' "$ATTACK/doors" whiteout "$T/open/file" "$T/open/sub/file"
	eq "$(cat "$T/open/file")" harmless "the file"
}

test_file_flags_are_metadata() {
	mount_ext4 8M
	echo x >"$T/disk/file"
	policy meta '"files": {"default": "allow", "rules": [
  {"id": "meta", "deny": ["metadata"], "paths": ["'"$T"'/disk/**"]} ]}'
	refused meta EACCES "$ATTACK/doors" flags "$T/disk/file"
	eq "$(denials)" "files meta" "denials"
	works "$ATTACK/doors" flags "$T/disk/file"
	umount "$T/disk"
}

# Snapshots, subvolumes, searching and sending of trees, encoded reading and writing.
test_copies_and_views_of_whole_trees() {
	local nr outside
	modprobe loop && modprobe btrfs || skip "no btrfs"
	truncate -s 32M "$T/image" && mkdir "$T/tree" && mkfs.btrfs -q --mixed "$T/image" 2>/dev/null &&
		mount -o loop "$T/image" "$T/tree" && mkdir "$T/tree/open" && echo harmless >"$T/tree/open/file" ||
		fail "no file system"
	policy files '"files": {"default": "allow", "rules": [
  {"id": "secret", "deny": ["read"], "paths": ["'"$T"'/tree/denied/**"]} ]}'
	policy nothing '"kernel": {"mount": "deny"}'
	for nr in 01 0a 0b 0e 0f 11 13 17 18 1a 25 26 35 3a 3f 40; do
		refused files EXDEV "$ATTACK/doors" request 0x500094$nr "$T/tree/open"
		eq "$(denials)" "files files.unjudged" "denials of command $nr"
		# Another size is another version of it.
		refused files EXDEV "$ATTACK/doors" request 0xd00094$nr "$T/tree/open/file"
		fence nothing "$ATTACK/doors" request 0x500094$nr "$T/tree/open"
		eq "$(denials)" "" "denials of command $nr without rules about files"
		# Elsewhere there are none: who asks whether this is btrfs gets the kernel's answer.
		refused files ENOTTY "$ATTACK/doors" request 0x500094$nr "$T"
	done
	# What copies between two open files, tells a label, or belongs to others.
	for nr in 0x40049409 0x4020940d 0xc0189436 0x50009402 0x81009431 0x50009301; do
		capture "$ATTACK/doors" request $nr "$T/tree/open/file"
		outside=$ERR
		fence files "$ATTACK/doors" request $nr "$T/tree/open/file"
		eq "$ERR" "$outside" "$nr in the fence"
		eq "$(denials)" "" "denials of $nr"
	done
	umount "$T/tree"
}

# A handle in the caller's memory is no name: XFS tells and changes attributes of whatever it is of.
test_attributes_by_handle() {
	local nr
	modprobe loop && modprobe xfs || skip "no XFS"
	truncate -s 300M "$T/image" && mkdir "$T/tree" && mkfs.xfs -q "$T/image" && mount -o loop "$T/image" "$T/tree" &&
		mkdir "$T/tree/open" || fail "no file system"
	policy files '"files": {"default": "allow", "rules": [
  {"id": "secret", "deny": ["read"], "paths": ["'"$T"'/tree/denied/**"]} ]}'
	policy nothing '"kernel": {"mount": "deny"}'
	for nr in 6c 7a 7b; do
		refused files EXDEV "$ATTACK/doors" request 0x405058$nr "$T/tree/open"
		eq "$(denials)" "files files.unjudged" "denials of command $nr"
		fence nothing "$ATTACK/doors" request 0x405058$nr "$T/tree/open"
		eq "$(denials)" "" "denials of command $nr without rules about files"
		refused files ENOTTY "$ATTACK/doors" request 0x405058$nr "$T"
	done
	umount "$T/tree"
}

test_a_remapped_file_is_still_that_file() {
	secret_world
	cp /usr/bin/true "$T/open/program"
	policy noexec '"files": {"default": "allow", "rules": [
  {"id": "noexec", "deny": ["exec"], "paths": ["'"$T"'/open/**"]} ]}'
	works "$ATTACK/doors" remap "$T/open/program"
	refused noexec EACCES "$ATTACK/doors" remap "$T/open/program"
	contains "$(denials)" "files noexec" "denials"
}

test_executable_shared_memory_is_fileless() {
	policy shm '"files": {"default": "allow"}, "kernel": {"ipc": "inside", "fileless_exec": "deny"}'
	policy exe '"files": {"default": "allow"}, "kernel": {"ipc": "inside", "fileless_exec": "allow"}'
	refused shm 'EPERM|EACCES' "$ATTACK/doors" shm-exec
	contains "$(denials)" "kernel.fileless_exec" "denials"
	allowed exe "$ATTACK/doors" shm-exec
}

append_world() {
	policy log '"files": {"default": "deny", "rules": [
  {"allow": ["read", "exec"], "paths": ["/**"]},
  {"id": "log", "allow": ["append"], "paths": ["'"$T"'/log"]} ]}'
	echo beginning >"$T/log"
}

test_no_hole_through_an_append_descriptor() {
	append_world
	works "$ATTACK/doors" append-hole "$T/log"
	echo beginning >"$T/log"
	fence log "$ATTACK/doors" append-hole "$T/log"
	eq "$(cat "$T/log")" beginning "the log"
}

test_nothing_but_the_end_through_an_append_descriptor() {
	append_world
	capture "$ATTACK/doors" append-not "$T/log"
	[ "$RC" -eq 0 ] || skip "RWF_NOAPPEND is not in this kernel"
	echo beginning >"$T/log"
	fence log "$ATTACK/doors" append-not "$T/log"
	eq "$(head -c 9 "$T/log")" beginning "the log"
}

# A process with all namespaces of its own, where what is denied lies where all is allowed.
elsewhere() { # OPTION…
	secret_world '"kernel": {"namespaces": "allow", "user_namespaces": "allow", "ptrace": "allow"}'
	background unshare -muinpC --fork --kill-child --propagation private "$@" \
		sh -c "mount --bind $T/denied $T/open/sub && touch $T/open/ready; exec sleep 600"
	wait_for '[ -e "$T/open/ready" ]' "the namespaces"
}

# "RULE CODE" of each denial.
reasons() {
	events 'select(.verdict == "denied") | .rule.id + " " + (.rule.code // "")' | sort -u
}

test_another_mount_namespace_is_not_joined() {
	local kind
	elsewhere
	policy nothing '"kernel": {"namespaces": "allow", "user_namespaces": "allow", "ptrace": "allow"}'
	works nsenter -t "$BACKGROUND" -m cat "$T/open/sub/secret"
	eq "$OUT" "$SECRET" "what is to be had there"
	fence world nsenter -t "$BACKGROUND" -m cat "$T/open/sub/secret"
	nothing_leaked
	refused world EPERM "$ATTACK/task" setns "/proc/$BACKGROUND/ns/mnt"
	eq "$(reasons)" "files.unjudged alias" "denial"
	refused world EPERM "$ATTACK/task" setns-pidfd "$BACKGROUND" 0x00020000
	eq "$(reasons)" "files.unjudged alias" "denial by pidfd"
	refused world 'EPERM|ENOSYS' "$ATTACK/task" setns "/proc/$BACKGROUND/ns/mnt" 0x40000000 # x32
	# Without rules about files there are still our own.
	refused nothing EPERM "$ATTACK/task" setns "/proc/$BACKGROUND/ns/mnt"
	eq "$(reasons)" "ringfence.self " "denial without a files section"
	# Back to one's own it is no other way, whoever's user namespace that is.
	works unshare -Urm --propagation unchanged sh -c "$ATTACK/task setns /proc/self/ns/mnt"
	refused world EPERM unshare -Urm --propagation unchanged sh -c "$ATTACK/task setns /proc/self/ns/mnt"
	for kind in uts ipc net pid_for_children cgroup; do
		allowed world "$ATTACK/task" setns "/proc/$BACKGROUND/ns/$kind"
	done
	allowed world "$ATTACK/task" setns-pidfd "$BACKGROUND" 0x4c000000
	eq "$(denials)" "" "denials of other namespaces"
}

test_a_mount_namespace_with_its_user_namespace_is_not_joined() {
	elsewhere -Ur
	works "$ATTACK/task" setns-pidfd "$BACKGROUND" 0x10020000
	refused world EPERM "$ATTACK/task" setns-pidfd "$BACKGROUND" 0x10020000
	eq "$(reasons)" "files.unjudged alias" "denial"
	allowed world "$ATTACK/task" setns-pidfd "$BACKGROUND" 0x10000000
}

# Its names lead to a root that rules are not about.
test_folders_of_another_mount_namespace() {
	local how at
	elsewhere
	nsenter -t "$BACKGROUND" -m "$ATTACK/outside" give-path "$T/open/giver" "$T/open/sub" || fail "no giver"
	nsenter -t "$BACKGROUND" -m "$ATTACK/outside" give-fd "$T/open/giver2" "$T/open/sub" || fail "no giver"
	pgrep -x outside >>"$T/.pids"
	for how in openat fchdir; do
		works "$ATTACK/outside" take-folder "$T/open/giver" secret $how
		eq "$OUT" "$SECRET" "unfenced $how"
		refused world EACCES "$ATTACK/outside" take-folder "$T/open/giver" secret $how
		nothing_leaked
		eq "$(reasons)" "files.unjudged foreign_namespace" "denial of $how"
	done
	works "$ATTACK/outside" take-folder "$T/open/giver2" secret openat
	refused world ENOMSG "$ATTACK/outside" take-folder "$T/open/giver2" secret openat
	eq "$(reasons)" "files.unjudged foreign_namespace" "denial of receiving one that can be read"
	for at in "root$T" cwd; do
		works "$ATTACK/names" read "/proc/$BACKGROUND/$at/open/sub/secret"
		refused world EACCES "$ATTACK/names" read "/proc/$BACKGROUND/$at/open/sub/secret"
		nothing_leaked
		eq "$(reasons)" "files.unjudged foreign_namespace" "denial of $at"
	done
}

run_tests
