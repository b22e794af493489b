#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The front door: help, version, mistakes, and the environment that has no say.
. "$(dirname "$0")/lib.sh"

run "$RF" --version
is "version: status" "$status" 0
like "version: text" "$out" '^ringfence [0-9]+\.[0-9]+\.[0-9]+$'

run "$RF" --help
is "help: status" "$status" 0
like "help: text" "$out" '^usage: ringfence COMMAND'
is "help: nothing on standard error" "$err" ""

run "$RF"
is "no command: status" "$status" 2
is "no command: sentence" "$err" 'ringfence: a command is missing; `ringfence --help` lists them'

run "$RF" no-such-command
is "unknown command: status" "$status" 2
is "unknown command: sentence" "$err" \
	'ringfence: unknown command no-such-command; `ringfence --help` lists them'

run "$RF" --no-such-option
is "unknown option: status" "$status" 2
like "unknown option: sentence" "$err" '^ringfence: unknown option --no-such-option'

for command in attack audit exec learn load "oci apply" "oci gc" "oci install" "oci uninstall" "policy check" \
	"policy compile" "policy diff" "policy export" "policy import" "policy replace" "policy replay" \
	"policy schema" "policy show" probe report serve status stop unload why; do
	# shellcheck disable=SC2086
	run "$RF" $command --no-such-option
	like "unknown option of $command: status, and one sentence" "$status:$out$err" $'^2:ringfence: [^\n]+$'
done
run "$RF" audit --format
is "an option without its value" "$status:$err" "2:ringfence: audit: the option --format needs a value"

run "$RF" $'bad\e[2Jname'
is "hostile name: no escape reaches the terminal" "$err" \
	'ringfence: unknown command bad\x1b[2Jname; `ringfence --help` lists them'

run env -i "$RF" --version
is "empty environment" "$status" 0

run bash -c '"$0" --version >&- 2>&-' "$RF"
ok "closed standard output is a failure" test "$status" -ne 0

run bash -c '"$0" --help >/dev/full' "$RF"
is "full standard output is a failure" "$status" 125

done_testing
