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

# Every command that prints: what it could not print is no answer.
echo '{"v":1,"type":"access","seq":1,"time":"2026-01-05T10:11:12.1Z","sandbox":{"id":"s1"},"layer":"files","object":{"path":"/f"},"missing":["read"],"verdict":"denied","rule":{"id":"r"},"count":1}' >"$TMP/events"
echo '{"ringfence":1,"name":"small","network":{"default":"deny"}}' >"$TMP/small"
while read -r line; do
	# shellcheck disable=SC2086
	run bash -c '"$0" "$@" >/dev/full' "$RF" $line
	like "full standard output: $line" "$status:$err" $'^125:ringfence: ([^\n]*: )?cannot write[^\n]*$'
	# shellcheck disable=SC2086
	run bash -c '"$0" "$@" >&-' "$RF" $line
	like "closed standard output: $line" "$status:$err" $'^125:ringfence: ([^\n]*: )?cannot write[^\n]*$'
done <<END
--help
--version
attack --help
audit --help
audit $TMP/events
exec --help
learn --from $TMP/events
load --help
oci --help
oci apply --help
policy --help
policy check $TMP/small
policy diff default strict
policy diff default default
policy export --to oci-seccomp container-default
policy replay default $TMP/events
policy replay --json default $TMP/events
policy schema
policy show default
policy show --json strict
policy show --sizes strict
probe
probe --json
report -o - $TMP/events
run --help
run --plan -- true
serve --help
status --help
status --json
why default read /etc/passwd
why --json default read /etc/shadow
why strict event $TMP/events
END

# No signal of the kernel's about a file that is too large ends us in the middle.
like "a file over the limit is told" \
	"$(cd "$TMP" && ulimit -f 1 && "$RF" report -o page.html events 2>&1; echo $?)" \
	$'^ringfence: [^\n]*File too large\n125$'
is "and leaves nothing behind" "$(find "$TMP" -name '*page.html*')" ""

if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	run unshare -m sh -c 'mount -t tmpfs none /sys && "$1" probe' sh "$RF"
	is "what a library prints does not reach users" "$err" ""
else
	skip "what a library prints does not reach users" "no mounts can be made here"
fi

done_testing
