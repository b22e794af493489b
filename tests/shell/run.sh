#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `ringfence run`: exit statuses, options, what the command gets. With a policy of capabilities and
# no_new_privs only, which every kernel and every caller can have.
. "$(dirname "$0")/lib.sh"

P=$TMP/p.json
cat >"$P" <<'END'
{"ringfence": 1, "name": "p", "capabilities": {"keep": ["net_bind_service"]}}
END
rf() { run "$RF" run -p "$P" "$@"; }

# ---- exit statuses ----
rf -- true
is "0: the command's own" "$status" 0
is "nothing is said about a success" "$out$err" ""
rf -- sh -c 'exit 7'
is "7: the command's own" "$status" 7
rf -- sh -c 'exit 125'
is "125 can be the command's own, without a word" "$status$err" 125
rf -- sh -c 'kill -TERM $$'
is "128+15: killed by a signal" "$status" 143
rf -- sh -c 'kill -KILL $$'
is "128+9: killed for good" "$status" 137
rf --timeout 0.3 -- sleep 30
is "124: timeout" "$status" 124
rf --timeout 0.3 -- sh -c 'trap "" TERM; sleep 30 & wait; wait'
is "124: timeout of one that ignores SIGTERM" "$status" 124
rf --timeout 30 -- sh -c 'exit 3'
is "in time" "$status" 3
rf --stacks -- true
is "--stacks does not stop a run" "$status" 0
like "--stacks: said where there are none" "$err" '^ringfence: --stacks: no BPF LSM here'
rf -- "$TMP/none"
is "127: no such file" "$status" 127
is "127: sentence" "$err" "ringfence: cannot execute $TMP/none: No such file or directory"
rf -- no-such-command-here
is "127: not in PATH" "$status" 127
is "127: sentence for PATH" "$err" "ringfence: command no-such-command-here is not found in PATH"
printf 'text' >"$TMP/text"
rf -- "$TMP/text"
is "126: not executable" "$status" 126
like "126: sentence" "$err" '^ringfence: cannot execute .*/text: Permission denied'
chmod +x "$TMP/text"
rf -- "$TMP/text"
is "126: no program" "$status" 126
printf '#!/no/interpreter\n' >"$TMP/script"
chmod +x "$TMP/script"
rf -- "$TMP/script"
is "126: interpreter is missing" "$status" 126
like "126: sentence tells the interpreter" "$err" 'its interpreter is missing'
rf -- /tmp
is "126: a directory" "$status" 126
rf -- ""
is "127: empty name" "$status" 127

# ---- usage: 2 may be the command's own status ----
rf
is "125: no command" "$status" 125
rf --no-such-option -- true
is "125: unknown option" "$status" 125
for bad in "--mode maybe" "--need perhaps" "--summary some" "--on-loss cry" "--timeout soon" \
	"--timeout 0" "--timeout -1" "--keep-fd x" "--keep-fd 77" "--events fd:77" "--events fd:x" \
	"--name a/b" "--set novalue"; do
	# shellcheck disable=SC2086
	rf $bad -- true
	is "125: $bad" "$status" 125
	like "125: one sentence for $bad" "$err" '^ringfence: [^
]*$'
done
rf --help
is "help: status" "$status" 0
like "help: text" "$out" '^usage: ringfence run '

# ---- never started ----
run "$RF" run -p "$TMP/none.json" -- touch "$TMP/started"
is "125: no such policy" "$status" 125
echo '{"ringfence": 1, "name": "x", "nonsense": 1}' >"$TMP/bad.json"
run "$RF" run -p "$TMP/bad.json" -- touch "$TMP/started"
is "125: wrong policy" "$status" 125
like "125: its place" "$err" 'bad.json:1:'
rf --user no-such-user -- touch "$TMP/started"
is "125: no such user" "$status" 125
rf --workdir "$TMP/none" -- touch "$TMP/started"
is "125: no such working directory" "$status" 125
rf --events "$TMP/none/events" -- touch "$TMP/started"
is "125: events cannot be written" "$status" 125
ok "nothing was started" test ! -e "$TMP/started"

# ---- the report ----
echo '{"ringfence": 1, "files": {"default": "allow"}}' >"$TMP/open.json"
run "$RF" run -p "$TMP/open.json" --deny read=/b --need should --report - -- true
like "the report names a rule of the command line by its source" "$out" '"id":"argv.[0-9]+","source":"argv:[0-9]+"'

# ---- what the command gets ----
rf -- sh -c 'echo "$1-$2"' sh a "b c"
is "arguments" "$out" "a-b c"
rf echo --plan
is "options end at the command" "$status$out" 0--plan
rf -- grep NoNewPrivs /proc/self/status
like "no_new_privs" "$out" '1$'
rf -- grep -E '^Cap(Inh|Amb):' /proc/self/status
like "no inheritable, no ambient capability" "$out" '^CapInh:.0{16}.CapAmb:.0{16}$'
rf --workdir / -- pwd
is "--workdir" "$out" /
X=1 rf --env A=2 --env X -- sh -c 'echo "$A$X"'
is "--env" "$out" 21
X=1 rf --clear-env --env A=2 -- env
is "--clear-env" "$out" "A=2"
run env -i "$RF" run -p "$P" -- true
is "empty environment: the command is found all the same" "$status" 0
cat >"$TMP/env.json" <<'END'
{"ringfence": 1, "name": "e", "process": {"env": {"keep": ["PATH", "K"], "set": {"S": "5"}},
 "rlimits": {"nofile": 32}}}
END
K=1 L=2 S=3 run "$RF" run -p "$TMP/env.json" -- env
is "env.keep and env.set" "$(sort <<<"$out")" "K=1
PATH=$PATH
S=5"
run bash -c "ulimit -S -n 20; '$RF' run -p '$TMP/env.json' -- sh -c 'ulimit -S -n; ulimit -H -n'"
is "rlimits of the policy" "$out" "32
32"
run bash -c "ulimit -n 20; '$RF' run -p '$TMP/env.json' -- true"
is "a policy's limit above the hard one is refused" "$status" 125
run bash -c "ulimit -n 20; '$RF' run --need should -p '$TMP/env.json' -- sh -c 'ulimit -S -n; ulimit -H -n'"
is "a policy's limit never raises the hard one" "$out" "20
20"
run bash -c "ulimit -S -n 25; '$RF' run -p '$P' -- sh -c 'ulimit -S -n'"
is "without one the caller's soft limit comes back" "$out" 25
run bash -c "umask 0777; '$RF' run -p '$P' -- sh -c umask"
is "the caller's umask" "$out" 0777
is "the caller's umask: status" "$status" 0

# ---- a fence inside a fence ----
cp "$RF" "$TMP/inner"
run "$RF" run -- sed -n 's/^Seccomp_filters:.//p' /proc/self/status
outer=$out
run "$RF" run -- "$TMP/inner" run -p "$P" --workdir / -- \
	sed -n 's/^Seccomp_filters:.//p' /proc/self/status
is "nested: runs, though the outer filter knows no clone3" "$status" 0
ok "nested: the inner filters come on top" test "${out:-0}" -gt "$outer"

# ---- descriptors ----
run bash -c "exec 7</etc/hostname 9</etc/passwd; '$RF' run -p '$P' --keep-fd 7 -- ls /proc/self/fd"
is "only 0-2 and --keep-fd are left (3 is ls itself)" "$(tr '\n' ' ' <<<"$out")" "0 1 2 3 7 "
run bash -c "exec 7</etc/hostname 9</etc/passwd; '$RF' run -p '$P' -- ls /proc/self/fd"
is "without --keep-fd none" "$(tr '\n' ' ' <<<"$out")" "0 1 2 3 "
run bash -c "exec 8>'$TMP/ev8'; '$RF' run -p '$P' --events fd:8 -- sh -c '! test -e /proc/self/fd/8'"
is "--events fd:N does not reach the command" "$status" 0
like "--events fd:N gets the start" "$(cat "$TMP/ev8")" '"type":"sandbox_start"'
run bash -c "exec 8</dev/null; '$RF' run -p '$P' --events fd:8 -- touch '$TMP/unheard'"
is "--events fd:N that cannot be written is refused" "$status:$err" "125:ringfence: --events fd:8 is not open for writing"
run bash -c "'$RF' run -p '$P' --events - -- touch '$TMP/unheard' >&-"
is "--events - with standard output closed is refused" "$status:$err" "125:ringfence: --events - is not open for writing"
ok "and nothing was run" test ! -e "$TMP/unheard"
is "a limit on files is an error to tell" \
	"$( (ulimit -f 0; "$RF" run -p "$P" --events "$TMP/over" -- touch "$TMP/unheard"; echo $?) 2>&1 | cat)" \
	"ringfence: --events $TMP/over: cannot write: File too large
125"
ok "and nothing was run" test ! -e "$TMP/unheard"
rf -- sh -c 'kill -XFSZ $$'
is "and to the command a signal that ends it" "$status" $((128 + $(kill -l XFSZ)))

# ---- PATH ----
mkdir "$TMP/bin1" "$TMP/bin2" "$TMP/cwd"
for d in bin1 bin2 cwd; do
	printf '#!/bin/sh\necho %s\n' $d >"$TMP/$d/prog"
	chmod +x "$TMP/$d/prog"
done
chmod -x "$TMP/bin1/prog"
run "$RF" run -p "$P" --env "PATH=$TMP/bin1:$TMP/bin2" -- prog
is "PATH is the command's; what is not executable hides nothing" "$out" bin2
run bash -c "cd '$TMP/cwd' && '$RF' run -p '$P' --env PATH=:$TMP/bin2 -- prog"
is "an empty element is not the working directory" "$out" bin2
run bash -c "cd '$TMP/cwd' && '$RF' run -p '$P' --env PATH= -- prog"
is "an empty PATH finds nothing" "$status" 127

# ---- report and plan ----
rf --report "$TMP/report" -- true
ok "report is JSON" python3 -c "import json; r = json.load(open('$TMP/report'))
assert r['v'] == 1 and r['starts'] and r['policy']['name'] == 'p'
assert [i for i in r['items'] if i['id'] == 'capabilities'][0]['hold'] == 'exact'"
is "report: only the caller reads it" "$(stat -c %a "$TMP/report")" 600
rf --plan -- touch "$TMP/planned"
is "plan: status" "$status" 0
ok "plan: nothing ran" test ! -e "$TMP/planned"
order=$(awk '{print $3}' <<<"$out" | grep -xE 'state|cgroup|clone3|session|rlimits|descriptors|capabilities|no_new_privs|exec' | grep -v cgroup | tr '\n' ' ')
is "plan: order" "$order" \
	"state clone3 session rlimits descriptors capabilities no_new_privs exec "
cat >"$TMP/must.json" <<'END'
{"ringfence": 1, "name": "must",
 "network": {"default": "deny", "rules": [
  {"id": "odd", "allow": ["connect"], "protocol": "sctp", "to": ["10.0.0.0/8"], "ports": [1]}]}}
END
run env -u XDG_RUNTIME_DIR "$RF" run -p "$TMP/must.json" --plan -- touch "$TMP/planned"
if [ "$status" = 125 ]; then
	like "refused: one line each with id, place and reason" "$err" \
		'  (odd|network.default)  .*must.json:[0-9]+  (not enforced|only more strictly): .'
	run "$RF" run -p "$TMP/must.json" -- touch "$TMP/started"
	is "refused: status" "$status" 125
	ok "refused: nothing ran" test ! -e "$TMP/started"
	run "$RF" run -p "$TMP/must.json" --need should -- true
	is "--need should starts" "$status" 0
else
	skip "refusal" "everything can be enforced here"
fi
# ---- what is not held, and what is not told, without BPF LSM ----
if "$RF" run --need should --report "$TMP/held" -- true && ! grep -q '"name":"bpf-lsm","available":true' "$TMP/held"; then
	echo x >"$TMP/denied"
	run "$RF" run --need should --deny read="$TMP/denied" -- true
	like 'a rule of the command line that is not held is named, denial or not' "$err" \
		'^ringfence: argv\.[0-9]+  argv:[0-9]+  not enforced: [^[:cntrl:]]+$'
	run "$RF" run --summary never --need should --deny read="$TMP/denied" -- true
	is 'but not with --summary never' "$err" ''
	run "$RF" run -- true
	is 'and nothing is said of what the shipped policies leave' "$err" ''
	echo '{"ringfence":1,"name":"c","capabilities":{"keep":[]},"seccomp":{"base":"@container-default"},"network":{"default":"deny","need":"should"}}' >"$TMP/c.json"
	run "$RF" run -p "$TMP/c.json" --summary always --events "$TMP/c.events" -- python3 -c '
import ctypes, socket
ctypes.CDLL(None).syscall(321, 0, 0, 0)
try: socket.socket(socket.AF_UNIX)
except OSError as e: print(e.errno)'
	is 'a socket is refused' "$out" 13
	if grep -q '"name":"bpf"' "$TMP/c.events"; then
		like 'what capabilities refuse is told as unseen' "$err" 'for want of a capability is not told here'
		like 'every change that a call needs is told' "$err" 'to allow it: add "bpf" to seccomp.allow .*, and .*"bpf": "allow"'
		like 'no change is told as certain where arguments decide' "$err" 'its arguments decide, and they are not recorded'
		is 'nor an errno that is not known' "$(grep '"name":"socket"' "$TMP/c.events" | grep -c errno)" 0
	else
		skip 'what the summary says of calls' 'denials of calls are not heard here'
	fi
else
	skip 'what is not held' 'BPF LSM holds it, or nothing starts here'
fi

done_testing
