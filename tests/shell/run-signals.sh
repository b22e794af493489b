#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Signals, ends and leavings: what is sent to us reaches the command; a supervisor that is killed at
# any moment leaves nothing unconfined, and what it leaves is gone after the next run.
. "$(dirname "$0")/lib.sh"

NAME=sig$$-$RANDOM
P=$TMP/p.json
cat >"$P" <<END
{"ringfence": 1, "name": "$NAME", "capabilities": {"keep": ["net_bind_service"]}}
END

gone() { ! kill -0 "$1" 2>/dev/null; }
is_state() { [ "$(awk '/^State/ {print $2}' "/proc/$1/status" 2>/dev/null)" = "$2" ]; }

# Background jobs of a script have INT and QUIT ignored, and what is ignored on purpose stays so.
cat >"$TMP/fresh" <<'END'
import os, signal, sys
for s in (signal.SIGINT, signal.SIGQUIT):
    signal.signal(s, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])
END
start() { # ARG… in the background: $pid is ringfence
	python3 "$TMP/fresh" "$RF" run -p "$P" "$@" >"$TMP/.out" 2>"$TMP/.err" &
	pid=$!
}
finish() {
	wait "$pid"
	status=$?
	out=$(cat "$TMP/.out")
	err=$(cat "$TMP/.err")
}
# The command's pid is in $TMP/up once it runs.
up() {
	wait_for test -s "$TMP/up" && command=$(cat "$TMP/up")
	rm -f "$TMP/up"
}
RUNS="echo \$\$ >'$TMP/up.new'; mv '$TMP/up.new' '$TMP/up'"

# ---- forwarding ----
for sig in TERM HUP INT QUIT USR1 USR2; do
	start -- sh -c "trap 'echo got; exit 4' $sig; $RUNS; while :; do sleep 0.05; done"
	up
	kill -$sig "$pid"
	finish
	is "SIG$sig reaches the command" "$status$out" 4got
done
start -- sh -c "trap 'n=\$((n+1))' TERM; $RUNS; kill -TERM \$PPID; sleep 0.3; exit \$((n+10))"
up
finish
is "a signal from the command to us does not come back to it" "$status" 10
start -- sh -c "$RUNS; exec sleep 600"
up
kill -STOP "$command"
wait_for is_state "$command" T
kill -TSTP "$pid"
kill -CONT "$pid"
ok "SIGCONT reaches the command" wait_for is_state "$command" S
kill -TERM "$pid"
finish
is "its end is told" "$status" 143

# ---- --timeout ----
# Whether the command was there before its time was over says nothing here.
start --timeout 0.5 -- sh -c "$RUNS; kill -STOP \$\$; sleep 30"
finish
rm -f "$TMP/up"
is "a command that stops itself does not escape --timeout" "$status" 124
start --timeout 0.5 -- sh -c "(trap '' TERM; exec sleep 777.$$) & $RUNS; wait"
finish
rm -f "$TMP/up"
is "timeout with children" "$status" 124
if [ "$(id -u)" = 0 ]; then
	ok "--timeout ends the whole sandbox" wait_for sh -c "! pgrep -f '^sleep 777.$$\$'"
fi

# ---- leavings ----
records() { # the records of this test's sandboxes
	grep -l "\"name\":\"$NAME\"" /run/ringfence/sandboxes/*.json \
		"${XDG_RUNTIME_DIR:-/run/user/$(id -u)}"/ringfence/sandboxes/*.json 2>/dev/null
}
cgroups() { # the cgroups they name
	for r in $(records); do
		python3 -c "import json; print(json.load(open('$r'))['cgroup'])"
	done
}
run "$RF" run -p "$P" -- true
is "no record is left" "$(records)" ""

start -- sh -c "$RUNS; exec sleep 600"
up
paths=$(cgroups)
kill -KILL "$pid"
wait "$pid" 2>/dev/null
sleep 0.2
ok "the command survives its supervisor" kill -0 "$command"
like "… fenced" "$(cat "/proc/$command/status")" 'NoNewPrivs:.1'
run "$RF" run -p "$P" -- true
if [ -n "$paths" ]; then
	ok "… and its cgroup stays while it lives" test -d "$paths"
fi
kill -KILL "$command"
ok "… until it ends" wait_for gone "$command"
# Neither who looks at the record, nor who may open its folder, keeps the next one from that.
record=$(records)
if [ -n "$record" ]; then
	exec 7<"$record" 8<"${record%/*}"
	flock -s 7 && flock -s 8
fi
run "$RF" run -p "$P" -- true
is "the next run clears the record" "$(records)" ""
exec 7<&- 8<&-
[ -z "$paths" ] || ok "the next run clears the cgroup" test ! -e "$paths"

# A daemon that outlives the command.
run "$RF" run -p "$P" -- sh -c "setsid sh -c '$(printf %s "$RUNS" | tr "'" '"'); exec sleep 600' >/dev/null 2>&1 & exit 6"
is "run returns with the command, not with its daemon" "$status" 6
up
like "the daemon stays fenced" "$(cat "/proc/$command/status")" 'NoNewPrivs:.1'
paths=$(cgroups)
if [ -n "$paths" ]; then
	like "the daemon stays in its cgroup" "$(cat "$paths/cgroup.procs")" "$command"
fi
kill -KILL "$command"
wait_for gone "$command"
run "$RF" run -p "$P" -- true
is "after the daemon's end nothing is left" "$(records)$(for p in $paths; do ls -d "$p" 2>/dev/null; done)" ""

# ---- killed at every step ----
survivors() { # processes of the command below that are not fenced
	local pid state
	for pid in $(pgrep -f "^sleep 88.$$\$"); do
		state=$(cat "/proc/$pid/status" 2>/dev/null) || continue # it ended meanwhile
		grep -q 'NoNewPrivs:.1' <<<"$state" || echo "$pid"
	done
}
none_sleeps() { ! pgrep -f "^sleep 88.$$\$" >/dev/null; }
none_waits() { ! pgrep -f "run -p $P" >/dev/null; }
# Up to the first poll: from then on the command runs, and that was tested above.
if "$KILL_AT" 0 "$RF" run -p "$P" -- sleep "88.$$" >"$TMP/total"; then
	total=$(cat "$TMP/total") unfenced="" seen=0
	for n in $(seq $((total % 31 + 1)) 31 $((total - 90))) $(seq $((total - 89)) 3 "$total"); do
		# Other tests' sandboxes make its steps more or fewer: where they end sooner it is not waited for.
		timeout 20 "$KILL_AT" "$n" "$RF" run -p "$P" -- sleep "88.$$" >/dev/null 2>&1
		[ $? = 0 ] && seen=$((seen + 1))
		[ $((n % 10)) = 0 ] && unfenced+=$(survivors)
	done
	sleep 0.3
	unfenced+=$(survivors)
	ok "killed at $seen points of a launch" test "$seen" -gt 25
	is "… nothing runs unfenced" "$unfenced" ""
	pkill -KILL -f "^sleep 88.$$\$"
	paths=$(cgroups)
	wait_for none_sleeps
	for _ in 1 2 3; do run "$RF" run -p "$P" -- true; done
	is "… and the next runs clear what was left" \
		"$(records)$(for p in $paths; do ls -d "$p" 2>/dev/null; done)" ""
	ok "… no process of ours waits for ever" wait_for none_waits
else
	skip "killed at every step" "this machine does not let processes be traced"
fi
done_testing
