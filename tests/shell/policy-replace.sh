#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `ringfence policy replace`: its options and refusals. What it does is in tests/vm/cases/replace.sh.
. "$(dirname "$0")/lib.sh"
unset XDG_CONFIG_HOME
cd "$TMP" || exit 1
echo '{"ringfence": 1, "name": "w", "need": "should", "files": {"default": "allow"}}' >w.json

run "$RF" policy replace --help
is "help: status" "$status" 0
like "help: usage" "$out" '^usage: ringfence policy replace .*SANDBOX'
run "$RF" policy replace
is "no argument: status" "$status" 2
like "no argument: sentence" "$err" '^ringfence: .policy replace. takes a sandbox and a policy'
run "$RF" policy replace one
is "no policy: status" "$status" 2
run "$RF" policy replace --wrong one w.json
is "unknown option: status" "$status" 2
like "unknown option: sentence" "$err" 'unknown option --wrong'
run "$RF" policy replace one w.json --set
is "option without value: status" "$status" 2

if [ "$(id -u)" = 0 ]; then
	run "$RF" policy replace nobody-is-called-that ./w.json
	is "no such sandbox: status" "$status" 125
	is "no such sandbox: sentence" "$err" \
		"ringfence: no running sandbox is called nobody-is-called-that"
	# What Landlock holds stays as it is.
	if [ ! -e /sys/fs/bpf/ringfence ]; then
		name=held-otherwise-$$
		"$RF" run -p ./w.json --name $name --summary never -- sh -c 'touch up; exec sleep 600' &
		wait_for test -e up
		run "$RF" policy replace $name ./w.json
		is "not by BPF LSM: status" "$status" 125
		like "not by BPF LSM: sentence" "$err" "sandbox $name is not held by BPF LSM"
		is "not by BPF LSM: one sentence" "$(wc -l <<<"$err")" 1
		"$RF" stop --kill $name
		wait
	else
		skip "not by BPF LSM" "it is loaded here"
	fi
else
	run "$RF" policy replace one w.json
	is "not root: status" "$status" 125
	is "not root: sentence" "$err" "ringfence: \`policy replace\` needs root"
fi
done_testing
