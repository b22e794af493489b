#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Kernel keys: each is refused unless the policy says otherwise, and the record names the key.
. "$RF_VM/lib.sh"

# KEY ERRNO COMMAND…: works outside, is refused by default and with deny.
key_refuses() {
	local key=$1 errno=$2
	shift 2
	works "$@"
	policy default '"network": {"default": "allow", "rules": [{"deny": ["connect"], "to": ["192.0.2.1"]}]}'
	refused default "$errno" "$@"
	contains "$(denials)" "kernel.$key" "denials of $*"
	eq "$(events "select(.verdict == \"denied\" and .layer == \"kernel\") | .object.key" | sort -u)" \
		"$key" "key of the record"
	policy deny '"kernel": {"'"$key"'": "deny"}'
	refused deny "$errno" "$@"
	policy allow '"kernel": {"'"$key"'": "allow"}'
}

# The same, and it works with allow.
key_holds() {
	key_refuses "$@"
	shift 2
	allowed allow "$@"
}

test_io_uring() {
	key_holds io_uring 'EPERM|EACCES|ENOSYS' "$ATTACK/ring" setup 0
	# With a polling thread of the kernel: refused by default, also as an ordinary ring with options.
	refused default 'EPERM|EACCES|ENOSYS' "$ATTACK/ring" setup 2
}

test_perf_events() {
	key_holds perf_events 'EPERM|EACCES' "$ATTACK/task" perf
}

test_keyrings() {
	# KEYCTL_GET_KEYRING_ID of the session keyring, made if missing.
	key_holds keyrings 'EPERM|EACCES|ENOSYS' "$ATTACK/calls" number 250 0 -3 1
}

test_mount_calls_old_and_new() {
	key_holds mount EPERM "$ATTACK/task" mount tmpfs /mnt
	umount /mnt 2>/dev/null
	umount /mnt 2>/dev/null
	# What is made is attached nowhere, and no rule is about its files.
	key_refuses mount EPERM "$ATTACK/names" own-mount x
	refused allow EACCES "$ATTACK/names" own-mount x
	eq "$(events 'select(.verdict == "denied") | .rule.id + " " + (.rule.code // "")' | sort -u)" \
		"files.unjudged detached" "denials of own-mount"
	# A copy of what is there would give what is protected another name, whatever rules speak of.
	key_refuses mount EPERM "$ATTACK/names" tree-clone / etc/hostname
	refused allow EPERM "$ATTACK/names" tree-clone / etc/hostname
	eq "$(events 'select(.verdict == "denied") | .rule.id' | sort -u)" ringfence.self "denials of tree-clone"
}

# Where the kernel has them at all (Debian's with the word syscall.x32=y on its command line).
test_mount_calls_by_their_x32_numbers() {
	capture "$ATTACK/calls" number 1073741863
	[ "$RC" -eq 0 ] || skip "this kernel answers no x32 calls"
	policy allow '"kernel": {"mount": "allow"}'
	works "$ATTACK/names" tree-clone / etc/hostname 0x40000000
	refused allow EPERM "$ATTACK/names" tree-clone / etc/hostname 0x40000000
	eq "$(denials)" "kernel ringfence.self" "denials"
	policy deny '"kernel": {"mount": "deny"}'
	refused deny 'EPERM|ENOSYS' "$ATTACK/names" tree-clone / etc/hostname 0x40000000
}

test_user_namespaces() {
	key_holds user_namespaces 'EPERM|EACCES' "$ATTACK/task" unshare 0x10000000
}

test_other_namespaces() {
	key_holds namespaces EPERM "$ATTACK/task" unshare 0x04000000
	key_holds namespaces EPERM "$ATTACK/task" unshare 0x40000000
}

test_modules() {
	modprobe -r dummy 2>/dev/null
	modprobe dummy || fail "modprobe works outside"
	modprobe -r dummy
	policy default '"kernel": {"mount": "deny"}'
	fence default modprobe dummy
	[ "$RC" -ne 0 ] || fail "a module was loaded"
	contains "$(denials)" "kernel kernel.modules" "denials"
	! lsmod | grep -q '^dummy' || fail "the module is there"
}

# Servers of two addresses, the second of which is denied; what comes to them is told in $T/good.PORT
# and $T/bad.PORT. A port for each race: some datagrams of one may still be unread when the next begins.
race_servers() { # PORT
	"$ATTACK/net" serve datagram 127.0.0.1 "$1" "$T/good.$1" &&
		"$ATTACK/net" serve datagram 127.0.0.2 "$1" "$T/bad.$1" || fail "no servers"
	pgrep -x net >"$T/.pids"
}

test_rewritten_names_and_addresses() {
	SECRET=raced-$RANDOM
	echo usual >"$T/fileA"
	echo "$SECRET" >"$T/fileB"
	works "$ATTACK/race" open "$T/fileA" "$T/fileB"
	eq "$OUT" "$SECRET" "unfenced race"
	policy race '"files": {"default": "allow", "rules": [
  {"id": "b", "deny": ["read"], "paths": ["'"$T"'/fileB"]} ]},
"network": {"default": "deny", "rules": [{"allow": ["connect"], "to": ["127.0.0.1"]}]}'
	refused race EACCES "$ATTACK/race" open "$T/fileA" "$T/fileB"
	lacks "$OUT" "$SECRET" "output"
	race_servers 7100
	works "$ATTACK/race" send 127.0.0.1 127.0.0.2 7100
	wait_for '[ -s "$T/bad.7100" ]' "a datagram to go astray, unfenced"
	race_servers 7101
	fence race "$ATTACK/race" send 127.0.0.1 127.0.0.2 7101
	wait_for '[ -s "$T/good.7101" ]' "a datagram to arrive where it may"
	sleep 1
	[ ! -s "$T/bad.7101" ] || fail "datagrams reached the denied address"
}

test_entries_of_proc_and_sys() {
	policy pseudo '"files": {"default": "allow", "rules": [
  {"id": "pseudo", "deny": ["read", "write"], "paths": ["/proc/sys/kernel/**", "/sys/kernel/uevent_seqnum",
   "/proc/*/environ"]} ]}'
	for name in /proc/sys/kernel/hostname /sys/kernel/uevent_seqnum /proc/1/environ /proc/self/environ \
		/proc/self/root/proc/sys/kernel/osrelease; do
		works "$ATTACK/names" read "$name"
		refused pseudo EACCES "$ATTACK/names" read "$name"
		eq "$(denials)" "files pseudo" "denials of $name"
	done
	fence pseudo sh -c 'echo evil >/proc/sys/kernel/hostname'
	eq "$(hostname)" guest "name of the machine"
	allowed pseudo cat /proc/self/status /proc/meminfo
}

run_tests
