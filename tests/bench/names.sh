#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the hooks add to an open in the working directory by the file's name, in guest instructions,
# under policies that are shipped: their patterns decide at which byte a name is looked at closely.
#	tests/vm/run.sh --kernel all --icount -- tests/bench/names.sh [BUILD [POLICY...]]
set -eu
cd "$(dirname "$0")/../.."
build=${1:-build}
shift $(($# ? 1 : 0))
[ $# -gt 0 ] || set -- default agent strict
at=/tmp/c/work
ringfence=$PWD/$build/cli/ringfence # beside the policies that are shipped

mkdir -p /tmp/c && mount -t tmpfs none /tmp/c
mkdir -p $at /tmp/c/bin /sys/fs/cgroup/cost/one
cp "$build/tests/bench/bench-cost" /tmp/c/bin/
# The first files of a tmpfs have the numbers of nailed ones of /dev, and would be asked about.
touch $at/../{1,2,3,4}
/tmp/c/bin/bench-cost names $at >/dev/null
# A fence's cgroup and filter are there without a fence, too: what is left are the hooks.
(
	echo 0 >/sys/fs/cgroup/cost/one/cgroup.procs
	exec /tmp/c/bin/bench-cost names $at filter
) >/tmp/c/bare
"$ringfence" load
cp /tmp/c/bin/bench-cost $at/cost
(
	cd $at
	for policy in "$@"; do
		"$ringfence" run -p "$policy" --summary never -- ./cost names $at >"/tmp/c/$policy"
	done
)
cd /tmp/c
echo "# $(uname -r): what hooks add to open and close"
awk 'FNR == 1 { file++; printf "%s", file == 1 ? sprintf("%-24s %8s", "name", "bare") : sprintf(" %8s", FILENAME) }
	{ value[file, $1] = $2; if (file == 1) name[++n] = $1 }
	END {
		print ""
		for (i = 1; i <= n; i++) {
			printf "%-24s %8d", name[i], value[1, name[i]]
			for (k = 2; k <= file; k++) printf " %+8d", value[k, name[i]] - value[1, name[i]]
			print ""
		}
	}' bare "$@"
