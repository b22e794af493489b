#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The guest itself is what the other cases take for granted; if this fails, their answers mean nothing.
. "$RF_VM/lib.sh"

test_bpf_is_an_active_lsm() {
	contains ",$(cat /sys/kernel/security/lsm)," ",bpf," "active LSMs"
	contains ",$(cat /sys/kernel/security/lsm)," ",landlock," "active LSMs"
}

test_cgroups_are_version_2_only() {
	eq "$(stat -f -c %T /sys/fs/cgroup)" cgroup2fs "file system of /sys/fs/cgroup"
	eq "$(grep -c . /proc/self/cgroup)" 1 "hierarchies"
	contains "$(cat /sys/fs/cgroup/cgroup.subtree_control)" pids "controllers"
}

test_scratch_is_tmpfs_and_root_takes_writes() {
	eq "$(stat -f -c %T "$T")" tmpfs "file system of $T"
	status 0 touch /etc/written-by-a-test
}

test_bpffs_tracefs_and_pseudo_terminals_are_there() {
	eq "$(stat -f -c %T /sys/fs/bpf)" bpf_fs "/sys/fs/bpf"
	eq "$(stat -f -c %T /sys/kernel/tracing)" tracefs "/sys/kernel/tracing"
	status 0 script -qec true /dev/null
}

test_an_ordinary_user_is_there() {
	eq "$(setpriv --reuid 1000 --regid 1000 --clear-groups id -u)" 1000 "uid"
}

test_modules_of_this_kernel_load() {
	status 0 modprobe veth
}

run_tests
