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

run_tests
