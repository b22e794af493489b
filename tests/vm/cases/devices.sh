#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Device rules: by any node, in any cgroup, a denied device is not opened; terminals are not typed into.
. "$RF_VM/lib.sh"

device_world() {
	policy dev "${1:+$1,}"'"devices": { "default": "deny", "rules": [
  {"id": "std", "allow": ["read", "write"], "nodes": ["@std"]},
  {"id": "mem", "deny": ["read", "write", "mknod"], "nodes": ["char 1:1", "char 1:4"], "reason": "memory"},
  {"id": "ro", "allow": ["read"], "nodes": ["char 1:11"]} ] }'
}

test_allowed_opens_denied_does_not() {
	device_world
	allowed dev sh -c 'echo x >/dev/null; head -c 4 /dev/urandom | wc -c; head -c 2 /dev/zero | wc -c'
	eq "$OUT" "4
2" "what was read"
	eq "$(denials)" "" "denials"
	works dd if=/dev/rtc0 of=/dev/null count=0
	fence dev dd if=/dev/rtc0 of=/dev/null count=0
	eq "$RC" 1 "status"
	eq "$(denials)" "devices devices.default" "denials"
	fence dev dd if=/dev/mem of=/dev/null count=0
	eq "$(denials)" "devices mem" "denials of a named device"
	eq "$(events 'select(.verdict == "denied") | [.operation, .object.type, (.object.major | tostring),
		(.object.minor | tostring), .rule.reason] | join(" ")')" "open char 1 1 memory" "record"
	eq "$(events 'select(.verdict == "denied") | .rule.source')" \
		"$T/dev.json:$(line_of dev mem)" "source"
}

test_read_without_write() {
	device_world
	allowed dev sh -c ': </dev/kmsg'
	fence dev sh -c 'echo hello >/dev/kmsg'
	[ "$RC" -ne 0 ] || fail "kmsg was written"
	contains "$(denials)" "devices devices.default" "denials"
}

test_access_mode_three_is_both() {
	device_world
	works "$ATTACK/names" open3 /dev/rtc0
	refused dev 'EACCES|EPERM' "$ATTACK/names" open3 /dev/rtc0
	eq "$(denials)" "devices devices.default" "denials"
	allowed dev "$ATTACK/names" open3 /dev/null
}

test_another_node_of_the_same_device() {
	device_world
	works mknod "$T/port" c 1 4
	works dd if="$T/port" of=/dev/null count=0
	fence dev dd if="$T/port" of=/dev/null count=0
	eq "$RC" 1 "status"
	eq "$(denials)" "devices mem" "denials"
	rm "$T/port"
	fence dev mknod "$T/port" c 1 4
	eq "$RC" 1 "mknod"
	contains "$(denials)" "devices mem" "denials of mknod"
	[ ! -e "$T/port" ] || fail "the node was made"
	fence dev mknod "$T/disk" b 7 0
	eq "$RC" 1 "mknod of a disk"
	allowed dev mkfifo "$T/fifo"
}

test_leaving_the_cgroup_sheds_nothing() {
	device_world
	mkdir -p /sys/fs/cgroup/elsewhere
	fence dev sh -c 'echo 0 >/sys/fs/cgroup/elsewhere/cgroup.procs; echo 0 >/sys/fs/cgroup/cgroup.procs
		dd if=/dev/rtc0 of=/dev/null count=0'
	eq "$RC" 1 "status"
	contains "$(denials)" "devices devices.default" "denials"
}

test_the_parent_terminal_is_not_typed_into() {
	device_world '"seccomp": {"default": "allow", "deny": ["swapon"]}'
	# The same program fills a terminal's input queue outside and must not inside.
	script -qec "$ATTACK/calls ioctl 0x5412" /dev/null >"$T/out" 2>&1 </dev/null
	status=$(script -qec "$ATTACK/calls ioctl 0x5412; echo status \$?" /dev/null </dev/null)
	contains "$status" "status 0" "TIOCSTI outside (root)"
	for request in 0x5412 0x541c; do
		status=$(script -qec "$RF run -p $T/dev.json --summary never -- $ATTACK/calls ioctl $request; echo status \$?" \
			/dev/null </dev/null)
		contains "$status" "status 1" "ioctl $request"
		contains "$status" "EPERM" "ioctl $request"
		status=$(script -qec "$RF run -p $T/dev.json --summary never -- $ATTACK/calls ioctl $request 0x5a; echo status \$?" \
			/dev/null </dev/null)
		contains "$status" "status 1" "ioctl $request with a high half"
		contains "$status" "EPERM" "ioctl $request with a high half"
	done
}

test_no_section_no_device_rules() {
	policy none '"kernel": {"mount": "deny"}'
	allowed none dd if=/dev/rtc0 of=/dev/null count=0
}

# A loop device with a file system, but no section that speaks of devices: $L.
disk_world() {
	policy disk '"kernel": {"mount": "allow"}'
	modprobe -q loop
	truncate -s 24M "$T/img"
	L=$(losetup -f --show "$T/img") || fail "no loop device"
	mkfs.ext4 -q -F "$L" || fail "no file system"
	mkdir "$T/mnt"
}

disk_gone() {
	umount "$T/mnt" 2>/dev/null
	swapoff "$L" 2>/dev/null
	losetup -d "$L"
}

reads() {
	fence disk dd if="$1" of=/dev/null bs=512 count=1
}

not_opened() { # DEVICE WHAT
	works dd if="$1" of=/dev/null bs=512 count=1
	reads "$1"
	[ "$RC" -ne 0 ] || fail "$2 was read"
	eq "$(denials)" "devices ringfence.self" "denials: $2"
	fence disk dd if=/dev/zero of="$1" bs=512 count=0 conv=notrunc
	[ "$RC" -ne 0 ] || fail "$2 was opened for writing"
}

test_the_device_of_a_mounted_file_system() {
	disk_world
	reads "$L"
	eq "$RC" 0 "reading it before: $ERR"
	mount "$L" "$T/mnt" || fail "mount"
	not_opened "$L" "the disk"
	fence disk mknod "$T/disk" b 7 "${L#/dev/loop}"
	eq "$RC" 1 "mknod of it"
	umount "$T/mnt"
	reads "$L"
	eq "$RC" 0 "reading it afterwards: $ERR"
	disk_gone
}

test_the_whole_disk_of_a_partition_and_not_its_neighbours() {
	local part major minor
	disk_world
	addpart "$L" 1 2048 16384 && addpart "$L" 2 20480 16384 || fail "no partitions"
	for part in "${L}p1" "${L}p2"; do
		[ -e "$part" ] && continue
		IFS=: read -r major minor <"/sys/class/block/${part#/dev/}/dev"
		mknod "$part" b "$major" "$minor"
	done
	mkfs.ext4 -q -F "${L}p1" || fail "no file system"
	mount "${L}p1" "$T/mnt" || fail "mount"
	not_opened "${L}p1" "the partition"
	not_opened "$L" "the whole disk"
	reads "${L}p2"
	eq "$RC" 0 "reading another partition: $ERR"
	umount "$T/mnt"
	reads "$L"
	eq "$RC" 0 "reading the disk afterwards: $ERR"
	mkfs.ext4 -q -F "$L" && mount "$L" "$T/mnt" || fail "mount of the disk"
	not_opened "${L}p2" "a part of a disk that is mounted"
	disk_gone
}

test_a_device_that_the_kernel_swaps_to() {
	disk_world
	mkswap -q "$L" 2>/dev/null || mkswap "$L" >/dev/null
	swapon "$L" || skip "no swap"
	not_opened "$L" "swap space"
	disk_gone
}

test_a_device_that_a_program_holds_is_not_the_kernels() {
	disk_world
	background python3 -c 'import os, sys, time
os.open(sys.argv[1], os.O_RDONLY | os.O_EXCL)
time.sleep(600)' "$L"
	for _ in $(seq 100); do
		mount "$L" "$T/mnt" 2>/dev/null || break
		umount "$T/mnt"
		sleep 0.2
	done
	reads "$L"
	eq "$RC" 0 "reading it: $ERR"
	kill "$BACKGROUND"
	disk_gone
}

test_what_makes_devices_of_parts_of_others() {
	policy disk '"kernel": {"mount": "allow"}'
	mknod "$T/control" c 10 236
	fence disk dd if="$T/control" of=/dev/null count=0
	eq "$RC" 1 "status"
	eq "$(denials)" "devices ringfence.self" "denials"
}

run_tests
