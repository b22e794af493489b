#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the hook adds to a container's start, as shares of what the runtime needs. Run in a guest:
#	tests/vm/run.sh --kernel 6.12 -- tests/bench/hook.sh [BUILD [TIMES]]
# Processor time of the processes, the least of a few runs: an emulated machine is slow, but about
# equally so for both. --icount will not do, since its clock leaps whenever the guest waits.
set -eu
cd "$(dirname "$0")/../.."
build=${1:-build}
times=${2:-5}
at=/run/hook-bench
bin=$at/bin/ringfence
mkdir -p $at/bin $at/share $at/box/rootfs/{bin,proc,dev,sys} /etc/ringfence
cp "$build/cli/ringfence" $bin
cp -rL "$build/share/ringfence" $at/share/
cp /bin/busybox $at/box/rootfs/bin/true
echo '{"ringfence": 1, "name": "box", "files": {"default": "allow", "rules": [
	{"deny": ["read"], "paths": ["/secret"]}]}}' >/etc/ringfence/box.json
$bin load

# spent COMMAND...: microseconds of processor time of a command and its children.
spent() {
	TIMEFORMAT='%U %S'
	{ time "$@" >/dev/null 2>$at/err; } 2>$at/time || { cat $at/err >&2; exit 1; }
	awk '{ printf "%d\n", 1e6 * ($1 + $2) }' $at/time
}

# best COMMAND...: the least of some runs.
best() {
	local i
	for ((i = 0; i < times; i++)); do spent "$@"; done | sort -n | head -n 1
}

bundle() { # JQ-EXPRESSION
	(cd $at/box && rm -f config.json && runc spec)
	jq '.process.args = ["/bin/true"] | .process.terminal = false | .root.readonly = false |
		.linux.cgroupsPath = "/hook-bench" | '"$1" <$at/box/config.json >$at/new
	mv $at/new $at/box/config.json
}

run_runc() { runc run --bundle $at/box bench; }
run_crun() { crun run --bundle $at/box bench; }

hooks='.hooks = {createRuntime: [{path: "'$bin'", args: ["ringfence", "oci", "hook"]}],
	poststop: [{path: "'$bin'", args: ["ringfence", "oci", "hook"]}]}'

# The hook by itself, on a cgroup with one waiting process.
alone() { # POLICY
	local i cg=/sys/fs/cgroup/alone annotation=
	[ -z "$1" ] || annotation="\"ringfence.policy\":\"$1\""
	for ((i = 0; i < times; i++)); do
		mkdir -p $cg
		sleep 1000 &
		echo $! >$cg/cgroup.procs
		printf '{"ociVersion":"1.0","id":"alone","pid":%s,"bundle":"%s","status":"created","annotations":{%s}}' \
			$! $at/box "$annotation" >$at/state
		spent $bin oci hook <$at/state
		kill -KILL $! && wait $! 2>/dev/null || true
		until rmdir $cg 2>/dev/null; do sleep 0.01; done
		$bin oci gc >/dev/null
	done | sort -n | head -n 1
}

row() { printf '%-40s %8d us %8s\n' "$1" "$2" "${3:-}"; }
share() { awk -v part="$1" -v whole="$2" 'BEGIN { printf "%.1f %%", 100 * part / whole }'; }

echo "# $(uname -r), processor time"
row "/bin/true, to compare" "$(best /bin/true)"
row "createRuntime, no policy is asked for" "$(alone '')"
for runtime in runc crun; do
	bundle .
	plain=$(best run_$runtime)
	row "$runtime run, no hook" "$plain"
	for policy in box container-default; do
		hook=$(alone $policy)
		row "createRuntime, policy $policy" "$hook" "$(share "$hook" "$plain")"
		bundle "$hooks | .annotations = {\"ringfence.policy\": \"$policy\"}"
		both=$(best run_$runtime)
		row "$runtime run, both hooks, $policy" "$both" "$(share $((both - plain)) "$plain") more"
	done
done
