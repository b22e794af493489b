#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `ringfence stop` and `exec`: by name and by id; politely, at once, and one more command.
. "$(dirname "$0")/lib.sh"

NAME=stop$$-$RANDOM
P=$TMP/p.json
echo '{"ringfence": 1, "name": "p", "capabilities": {"keep": ["chown"]}}' >"$P"

start() {
	rm -f "$TMP/up"
	"$RF" run -p "$P" --name "$NAME" "$@" >/dev/null 2>&1 &
	pid=$!
	wait_for test -e "$TMP/up"
}
is_sleep() { inner=$(pgrep -P "$pid" sleep); }
none_sleeps() { ! pgrep -f "^sleep 999.$$\$" >/dev/null; }
record() { grep -l "\"name\":\"$NAME\"" /run/ringfence/sandboxes/*.json 2>/dev/null; }

run "$RF" stop
is "no sandbox: usage" "$status" 2
run "$RF" stop "$NAME"
is "unknown sandbox: status" "$status" 125
is "unknown sandbox: sentence" "$err" "ringfence: no running sandbox is called $NAME"
run "$RF" stop --help
is "help" "$status" 0
if [ "$(id -u)" != 0 ] || [ ! -w /sys/fs/cgroup ]; then
	skip "stop" "needs root"
	done_testing
fi

# ---- exec ----
mkdir "$TMP/there"
start --workdir "$TMP/there" --need should --set A=b -- \
	sh -c "touch '$TMP/up'; exec sleep 600"
wait_for is_sleep

# ---- status: with the kernel side or without, what runs is listed ----
listed() { # FILTER: what jq says of the sandbox of that name
	"$RF" status --json | jq -r --arg name "$NAME" ".sandboxes[] | select(.name == \$name) | $1"
}
is "status: id, policy, supervisor" "$(listed '"\(.id).json \(.policy) \(.supervisor) \(.state) \(.sha256 | length)"')" \
	"$(basename "$(record)") p $pid live 64"
is "status: once" "$("$RF" status --json | grep -o "\"name\":\"$NAME\"" | wc -l)" 1
like "status: in text" "$("$RF" status)" "$(basename "$(record)" .json)  $NAME  policy p([[:space:]]|\$)"
ok "status: in metrics" test "$("$RF" status --metrics | sed -n 's/^ringfence_sandboxes //p')" -ge 1
run "$RF" exec "$NAME" -- cat /proc/self/cgroup
is "exec: in the sandbox's cgroup" "$out" "$(cat "/proc/$inner/cgroup")"
run "$RF" exec "$NAME" -- grep -E '^(Cap|NoNew|Seccomp)' /proc/self/status
is "exec: under the same policy" "$out" "$(grep -E '^(Cap|NoNew|Seccomp)' "/proc/$inner/status")"
run "$RF" exec "$NAME" pwd
is "exec: in the sandbox's working directory" "$out" "$TMP/there"
run "$RF" exec "$NAME" -- sh -c 'exit 5'
is "exec: status" "$status$err" 5
run "$RF" exec "$NAME" -- no-such-command-here
is "exec: not found" "$status" 127
ok "exec leaves the sandbox alone" kill -0 "$inner"
ok "exec leaves its record alone" test -n "$(record)"
sed -i 's/chown/kill/' "$P"
run "$RF" exec "$NAME" -- touch "$TMP/started"
is "exec: another policy is refused" "$status" 125
like "… told" "$err" 'no longer the one'
ok "… and nothing ran" test ! -e "$TMP/started"
run "$RF" exec "no-$NAME" -- true
is "exec: unknown sandbox" "$status" 125
run "$RF" exec "$NAME"
is "exec: no command" "$status" 2
run "$RF" stop "$NAME"
wait "$pid"
is "status: no more once it has ended" "$(listed .id)" ''

# ---- stop ----
start -- sh -c "touch '$TMP/up'; exec sleep 600"
run "$RF" stop "$NAME"
is "stop by name" "$status$err" 0
wait "$pid"
is "run tells SIGTERM" $? 143

start -- sh -c "setsid sleep 999.$$ & touch '$TMP/up'; exec sleep 600"
id=$(basename "$(record)" .json)
run "$RF" stop "$id"
is "stop by id" "$status$err" 0
wait "$pid"
ok "daemons of the sandbox ended too" wait_for none_sleeps

start -- sh -c "trap '' TERM; touch '$TMP/up'; while :; do sleep 1; done"
run "$RF" stop --kill "$NAME"
is "--kill" "$status$err" 0
wait "$pid"
is "run tells SIGKILL" $? 137

start -- sh -c "setsid sleep 999.$$ >/dev/null 2>&1 & touch '$TMP/up'"
wait "$pid"
is "a daemon is left" $? 0
run "$RF" stop "$NAME"
is "stop reaches what outlived its command" "$status$(wait_for none_sleeps || echo " and it sleeps on")" 0
is "and clears its record" "$(record)" ""
# ---- a user without a place for records ----
copy_for_users
run env -u XDG_RUNTIME_DIR setpriv --reuid 54321 --regid 54321 --clear-groups "$USER_RF" stop "$NAME"
like "no place for records: said, and why" "$status:$err" \
	'^125:ringfence: no running sandbox of this user is known by name: cannot open the runtime directory /run/user/54321: '
run env -u XDG_RUNTIME_DIR setpriv --reuid 54321 --regid 54321 --clear-groups "$USER_RF" status
like "status says it, too" "$status:$out" '^0:.*without the service: not known: cannot open the runtime directory'
install -d -o 54321 -m 0700 "$TMP/runtime"
run env XDG_RUNTIME_DIR="$TMP/runtime" setpriv --reuid 54321 --regid 54321 --clear-groups "$USER_RF" stop "$NAME"
is "with such a place there is only none of that name" "$err" "ringfence: no running sandbox is called $NAME"

done_testing
