#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What ringfence adds to open, connect and exec, in guest instructions, as a table. Run in a guest:
#	tests/vm/run.sh --kernel all --icount -- tests/bench/cost.sh [BUILD [overlay]]
# With "overlay" what is opened lies on overlayfs, as in a container, else on tmpfs.
# DESIGN.md 4 has the targets, docs/performance.md the figures and how to read them.
set -eu
cd "$(dirname "$0")/../.."
build=${1:-build}
at=/run/c # tmpfs, one component below its mount

if [ "${2:-}" = overlay ]; then
	mkdir -p $at /run/layers && mount -t tmpfs none /run/layers
	mkdir /run/layers/lower /run/layers/upper /run/layers/work
	mount -t overlay -o lowerdir=/run/layers/lower,upperdir=/run/layers/upper,workdir=/run/layers/work \
		none $at
fi
mkdir -p $at/root/bin $at/bin
cp "$build/cli/ringfence" "$build/tests/bench/bench-cost" $at/bin/
for file in /bin/true $(ldd /bin/true | grep -o '/[^ ]*'); do
	mkdir -p "$at/root$(dirname "$file")"
	cp -L "$file" "$at/root$file"
done

# write_policy NAME N: N rules that say nothing about what is opened, and two whose patterns could
# match at any depth, so that every byte of every name counts.
write_policy() {
	{
		echo "{\"ringfence\": 1, \"name\": \"$1\", \"process\": {\"no_new_privileges\": false},"
		echo ' "network": {"default": "deny", "rules": ['
		echo '  {"allow": ["connect", "bind", "listen"], "protocol": "tcp", "to": ["@loopback"]}]},'
		echo ' "files": {"default": "deny", "rules": ['
		echo "  {\"allow\": [\"read\", \"exec\", \"create\"], \"paths\": [\"/run/**\", \"/dev/**\", \"/usr/**\", \"/lib*/**\", \"/etc/**\"]},"
		echo '  {"deny": ["read"], "paths": ["**/*.key", "**/.env"]}'
		awk -v n="$2" 'BEGIN { srand(7); for (i = 3; i <= n; i++)
			printf ",{\"allow\": [\"read\"], \"paths\": [\"/srv/%06x/lib%d/**\"]}\n",
				rand() * 16777216, i % 100 }'
		echo ']}}'
	} >"$at/$1.json"
}
write_policy ten 10
write_policy tenk 10000

# What a fence has besides hooks: a seccomp filter, and a cgroup, in which the kernel counts memory.
# The same with nothing loaded, in a cgroup that lies as the fence's does.
like_a_fence() {
	mkdir -p /sys/fs/cgroup/cost/one
	(
		echo 0 >/sys/fs/cgroup/cost/one/cgroup.procs
		exec $at/bin/bench-cost ops $at filter
	)
}

inside() { # POLICY
	"$at/bin/ringfence" run -p "$at/$1.json" --summary never -- $at/bin/bench-cost ops $at
}

$at/bin/bench-cost ops $at >$at/unloaded
like_a_fence >$at/like-a-fence
$at/bin/ringfence load
$at/bin/bench-cost ops $at >$at/loaded
inside ten >$at/inside-10
inside tenk >$at/inside-10000

echo "# $(uname -r): instructions, and what is added to the first column; 'hooks' takes off what"
echo "# a cgroup and a seccomp filter that allows everything cost when nothing is loaded ('bare')"
awk 'FNR == 1 { file++ }
	{ value[file, $1] = $2; if (file == 1) name[++n] = $1 }
	END {
		printf "%-22s %10s %8s %8s %8s %8s %10s %12s\n", "operation", "unloaded", "bare",
			"loaded", "10", "10000", "10, hooks", "10000, hooks"
		for (i = 1; i <= n; i++) {
			o = name[i]; base = value[1, o]
			printf "%-22s %10d", o, base
			for (k = 2; k <= 5; k++)
				printf " %+8d", value[k, o] - base
			printf " %+10d %+12d\n", value[4, o] - value[2, o], value[5, o] - value[2, o]
		}
	}' $at/unloaded $at/like-a-fence $at/loaded $at/inside-10 $at/inside-10000
