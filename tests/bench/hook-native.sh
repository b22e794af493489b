#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the hook costs on this machine's own processor up to where it needs BPF LSM, beside what a
# runtime's start takes here. As root, on a machine without BPF LSM (else see hook.sh):
#	tests/bench/hook-native.sh [BUILD [TIMES]]
# In microseconds, the median and the least of TIMES runs: wall time, then processor time, of all that
# the command waited for. It runs in a mount namespace of its own with cgroup v2, and leaves nothing.
set -eu
cd "$(dirname "$0")/../.."
[ "${1:-}" = --inside ] || exec unshare --mount "$0" --inside "$@"
shift
build=${1:-build}
times=${2:-50}
at=$(mktemp -d)
bin=$at/bin/ringfence
cg=/sys/fs/cgroup/hook-bench
mount -t cgroup2 cgroup2 /sys/fs/cgroup
# Where the hook looks whether there is BPF LSM, which is as far as it shall go.
mount -t tmpfs none /sys/kernel/security
echo capability >/sys/kernel/security/lsm
mount -t tmpfs -o mode=755 bench "$at"
mkdir -p "$at"/{bin,share} "$at"/box/rootfs/{bin,proc,dev,sys} $cg
cp "$build/cli/ringfence" "$bin"
cp -rL "$build/share/ringfence" "$at/share/"
cp /bin/busybox "$at/box/rootfs/bin/true"
sleep 1000 &
init=$!
echo $init >$cg/cgroup.procs
trap 'kill $init; wait $init 2>/dev/null; rmdir $cg; umount "$at"; rmdir "$at"' EXIT
(cd "$at/box" && runc spec)
jq '.process.args = ["/bin/true"] | .process.terminal = false | .root.readonly = false |
	.linux.cgroupsPath = "/hook-bench-box" | del(.linux.resources)' <"$at/box/config.json" >"$at/new"
mv "$at/new" "$at/box/config.json"

state() { # ANNOTATIONS
	printf '{"ociVersion":"1.0","id":"bench","pid":%s,"bundle":"%s","status":"created","annotations":{%s}}' \
		$init "$at/box" "$1" >"$at/state"
}

# row NAME COMMAND...
row() {
	python3 - "$at/state" "$at/err" "$times" "$@" <<-'END'
		import os, sys, time
		state, err, times, name, command = *sys.argv[1:5], sys.argv[5:]
		wall, cpu = [], []
		for _ in range(int(times)):
		    files = [(os.POSIX_SPAWN_OPEN, 0, state, os.O_RDONLY, 0), (os.POSIX_SPAWN_OPEN, 1, '/dev/null', os.O_WRONLY, 0),
		             (os.POSIX_SPAWN_OPEN, 2, err, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)]
		    began = time.perf_counter()
		    pid = os.posix_spawnp(command[0], command, os.environ, file_actions=files)
		    used = os.wait4(pid, 0)[2]
		    wall.append(time.perf_counter() - began)
		    cpu.append(used.ru_utime + used.ru_stime)
		print('%-45s' % name, *('%8d' % (1e6 * sorted(column)[at]) for column in (wall, cpu) for at in (len(wall) // 2, 0)))
	END
}

echo "# $(uname -r), us of wall time: median, least of $times; of processor time: the same"
state ''
row "/bin/true, to compare" /bin/true
row "hook, no policy is asked for" "$bin" oci hook
state '"ringfence.policy":"container-default"'
row "hook up to BPF LSM, policy container-default" "$bin" oci hook
grep -q 'BPF LSM is not active' "$at/err" || { cat "$at/err" >&2; exit 1; }
row "the same behind env, as it is installed" /usr/bin/env -i PATH=/usr/sbin:/usr/bin "$bin" oci hook
row "runc run" runc run --bundle "$at/box" bench-box
[ ! -s "$at/err" ] || cat "$at/err" >&2
row "crun run" crun run --bundle "$at/box" bench-box
[ ! -s "$at/err" ] || cat "$at/err" >&2
