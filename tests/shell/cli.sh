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

# Of output that failed while it was made, the cause is told as well.
for words in 'policy show default' 'why default read /x'; do
	# shellcheck disable=SC2086 # words
	like "a closed standard output: $words" "$("$RF" $words 2>&1 >&-; echo $?)" \
		$'^ringfence: cannot write standard output: Bad file descriptor\n125$'
	if [ -w /dev/full ]; then
		like "a full one: $words" "$("$RF" $words 2>&1 >/dev/full; echo $?)" \
			$'^ringfence: cannot write standard output: No space left on device\n125$'
	fi
done

# A working directory that is gone.
mkdir "$TMP/gone"
gone() { run sh -c 'cd "$1" && rmdir "$1" && shift && exec "$@"' sh "$TMP/gone" "$@"; mkdir "$TMP/gone"; }
gone "$RF" run --need should -- true
is "no working directory: run" "$status:$err" \
	"125:ringfence: the working directory has no name, and variables that the policy needs are made of it: No such file or directory"
gone "$RF" why default read x
is "no working directory: why" "$status:$err" "125:ringfence: cannot tell the current directory: No such file or directory"
echo '{"ringfence": 1, "seccomp": {"default": "allow"}}' >"$TMP/anywhere.json"
gone "$RF" run --need should -p "$TMP/anywhere.json" -- true
is "no working directory: a policy that does not need it" "$status" 0

# Root's business, asked for by others.
if [ "$(id -u)" = 0 ] && setpriv --reuid=65534 true 2>/dev/null; then
	copy_for_users
	as_user() { run setpriv --reuid=65534 --regid=65534 --clear-groups "$USER_RF" "$@"; }
	as_user serve
	is "serve is for root" "$status:$err" "125:ringfence: serve is for root"
	# What is not there at all is nobody's to refuse.
	for words in 'audit --follow' 'unload' 'audit'; do
		# shellcheck disable=SC2086 # words
		as_user $words
		case $status:$err in
		125:*denied) like "$words: takes root" "$err" '^ringfence: [a-z ]+ takes root: ' ;;
		*) skip "$words: takes root" "nothing is loaded here" ;;
		esac
	done
else
	skip "what takes root" "only root can become another user"
fi

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
