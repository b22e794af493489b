#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Kernel keys as the kernel side holds them alone: a container brings no filter of ours that would
# refuse the calls before.
. "$RF_VM/lib.sh"
. "$RF_VM/containers.sh"

# What is said of a refusal, what comes of the call where the key allows it, and the attempts it is
# so for: all that attack/keys.c makes.
attempts() {
	cat <<-'END'
		kernel.mount mount ok mount
		kernel.mount capable EAGAIN umount
		kernel.mount capable EBUSY pivot_root
		kernel.mount capable ok fsopen fspick fsconfig fsmount open_tree move_mount mount_setattr
		kernel.user_namespaces unshare ok unshare-user
		kernel.namespaces capable ok unshare-mnt unshare-cgroup unshare-uts unshare-ipc unshare-pid unshare-net unshare-time
		kernel.user_namespaces unshare ok clone-user
		kernel.namespaces clone ok clone-mnt clone-cgroup clone-uts clone-ipc clone-pid clone-net
		kernel.user_namespaces unshare ok clone3-user
		kernel.namespaces clone ok clone3-mnt clone3-cgroup clone3-uts clone3-ipc clone3-pid clone3-net clone3-time
		kernel.namespaces capable ok setns setns-pidfd
		kernel.io_uring io_uring ok ring ring-polled ring-command
		kernel.bpf bpf ok bpf
		kernel.perf_events perf_event_open ok perf
		kernel.keyrings key ok key-new key-old
		kernel.modules module ENOEXEC init_module finit_module
		kernel.modules module EINVAL kexec_load
		kernel.modules module ENOEXEC kexec_file_load
	END
	# No module brings this family, so the caller hears the same; whether one is asked for is the key's.
	echo kernel.modules module EAFNOSUPPORT module-request
	echo kernel.ptrace ptrace ok trace-me
}

# in_container NAME SECTIONS: all attempts by a container's first process; what came of them is in
# $T/NAME.told, "ATTEMPT RULE OPERATION" of each denial in $T/NAME.denied.
in_container() {
	printf '{"ringfence": 1, "name": "%s", %s}' "$1" "$2" >"/etc/ringfence/$1.json"
	INIT_BY=("$ATTACK/keys" prepare)
	new_init "$1" "$ATTACK/keys"
	hook "$1" "$INIT" created '"ringfence.policy":"'"$1"'"'
	eq "$RC" 0 "hook: $ERR"
	open_gate
	wait "$INIT"
	cp "$T/.init" "$T/$1.told"
	"$RF" audit --denied | jq -r --arg name "$1" 'select(.container.id == $name) |
		.process.comm + " " + .rule.id + " " + .operation' >"$T/$1.denied"
	end_init
	hook "$1" 0 stopped
	rm "/etc/ringfence/$1.json"
}

# same WANT GOT WHAT: two files, of which the lines that differ are told.
same() {
	diff "$1" "$2" >"$T/.diff" || fail "$3: wanted < and got >: $(grep '^[<>]' "$T/.diff" | paste -sd';' | fold -w 400)"
}

test_each_key_is_held_without_a_filter() {
	local rule operation result names name
	container_world
	while read -r rule operation result names; do
		for name in $names; do
			echo "$name $rule $operation" >>"$T/want.denied"
			echo "$name $([ "$name" = module-request ] && echo "$result" || echo EPERM)" >>"$T/want.refused"
			echo "$name $result" >>"$T/want.allowed"
		done
	done < <(attempts)
	in_container default '"network": {"default": "allow", "rules": [{"deny": ["connect"], "to": ["192.0.2.1"]}]}'
	in_container free '"kernel": {"mount": "allow", "user_namespaces": "allow", "namespaces": "allow",
		"io_uring": "allow", "bpf": "allow", "perf_events": "allow", "keyrings": "allow", "modules": "allow",
		"ptrace": "allow"}'
	umount -l /mnt /mnt
	same "$T/want.denied" "$T/default.denied" "records"
	same "$T/want.refused" "$T/default.told" "answers where nothing is allowed"
	same "$T/want.allowed" "$T/free.told" "answers where all is"
	same /dev/null "$T/free.denied" "records where all is allowed"
	nothing_left
}

# Who has bpf(2), or becomes kernel code, takes the fence down: no matter of what is only recorded.
test_audit_mode_gives_no_power_over_the_fence() {
	policy audit '"mode": "audit"'
	policy given '"mode": "audit", "kernel": {"bpf": "allow"}'
	# BPF_MAP_CREATE of an array.
	bpf='import ctypes, struct, os, sys
attr = ctypes.create_string_buffer(struct.pack("IIII", 2, 4, 4, 1) + bytes(112))
libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall(321, 0, attr, 128) < 0: sys.exit(os.strerror(ctypes.get_errno()))'
	load='import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall(313, os.open("/bin/true", os.O_RDONLY), b"", 0) < 0: sys.exit(os.strerror(ctypes.get_errno()))'
	works python3 -c "$bpf"
	capture python3 -c "$load"
	contains "$ERR" "Exec format" "what is no module, outside"
	for no_filter in "" yes; do
		[ -z "$no_filter" ] || policy audit '"mode": "audit", "process": {"no_new_privileges": false}'
		for key in bpf modules; do
			[ $key = bpf ] && what=$bpf || what=$load
			fence audit python3 -c "$what"
			contains "$ERR" "Operation not permitted" "in audit mode"
			eq "$(denials)" "kernel kernel.$key" "denials in audit mode"
		done
	done
	allowed given python3 -c "$bpf"
	eq "$(denials)" "" "denials where it is given"
}

run_tests
