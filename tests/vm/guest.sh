#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Second stage of the guest's start, on the host's root: mounts what a Debian system has, runs the
# command of /run/vm/command, reports its status in /run/vm/status and powers off.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root USER=root LOGNAME=root LANG=C.UTF-8 TERM=dumb
. /run/vm/env.sh

ln -sf /proc/self/fd /dev/fd
ln -sf /proc/self/fd/0 /dev/stdin
ln -sf /proc/self/fd/1 /dev/stdout
ln -sf /proc/self/fd/2 /dev/stderr
mkdir -p /dev/pts /dev/shm /dev/mqueue
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t mqueue mqueue /dev/mqueue
mount -t cgroup2 -o nosuid,nodev,noexec,nsdelegate cgroup2 /sys/fs/cgroup
mount -t securityfs securityfs /sys/kernel/security
mount -t bpf -o nosuid,nodev,noexec,mode=700 bpf /sys/fs/bpf
mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
mkdir -p /run/lock /run/user /run/rf
chmod 1777 /run/lock
# As systemd leaves them: children of the root may be given these.
for controller in cpu memory pids io; do
	echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control
done 2>/dev/null
# Runtimes turn cpuset on and attach device programs. With the first such cgroup and after the last
# one the kernel patches its page allocator and its check of devices, and an emulator with several
# processors may run what is half patched (Oops: int3). So there is one of each for good.
echo +cpuset >/sys/fs/cgroup/cgroup.subtree_control && mkdir /sys/fs/cgroup/stays
[ ! -x "$VM_BUILD/tests/vm/attack-keep" ] || "$VM_BUILD/tests/vm/attack-keep" /sys/fs/cgroup/stays
ip link set lo up
echo guest >/proc/sys/kernel/hostname
grep -q '^[^:]*:[^:]*:1000:' /etc/passwd || {
	echo 'user:x:1000:1000:User:/home/user:/bin/bash' >>/etc/passwd
	grep -q '^[^:]*:[^:]*:1000:' /etc/group || echo 'user:x:1000:' >>/etc/group
}
ordinary=$(getent passwd 1000 | cut -d: -f1)
home=$(getent passwd 1000 | cut -d: -f6)
mkdir -p "$home" && chown 1000:1000 "$home"

run_streamed() {
	local out err
	mkfifo -m 600 /run/vm.out /run/vm.err
	# The first number is that of the virtio device, which differs from kernel to kernel.
	cat /run/vm.out >"$(echo /dev/vport*p1)" &
	out=$!
	cat /run/vm.err >"$(echo /dev/vport*p2)" &
	err=$!
	"$@" </run/vm/stdin >/run/vm.out 2>/run/vm.err
	status=$?
	# A daemon that the command left behind may hold the pipes: do not wait for it for ever.
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		kill -0 $out 2>/dev/null || kill -0 $err 2>/dev/null || break
		sleep 0.1
	done
	return "$status"
}

run_shell() {
	export TERM=$VM_TERM
	[ -n "$VM_ROWS" ] && stty -F /dev/hvc0 rows "$VM_ROWS" cols "$VM_COLS"
	setsid -c "$@" <>/dev/hvc0 >&0 2>&1
}

set -- bash /run/vm/command
[ -n "$VM_SHELL" ] || set -- timeout -k 5 "$VM_LIMIT" "$@"
[ -n "$VM_USER" ] && set -- setpriv --reuid 1000 --regid 1000 --init-groups \
	env "HOME=$home" "USER=$ordinary" "LOGNAME=$ordinary" "$@"
export VM_ORDINARY=$ordinary VM_ROOT VM_BUILD
echo "rf-vm: up after $(cut -d' ' -f1 /proc/uptime) s on $(uname -r)" >/dev/ttyS0
if [ -n "$VM_SHELL" ]; then
	run_shell "$@"
else
	run_streamed "$@"
fi
status=$?
echo "$status" >/run/vm/status
sync
echo "rf-vm: status $status" >/dev/ttyS0
mkfifo /run/vm.end
echo o >/proc/sysrq-trigger
# No program can be read from the root any more: wait without one.
read -rt 60 <>/run/vm.end
