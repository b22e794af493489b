#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `why --last`: asked inside a fence, its own last denials, and nothing else.
. "$RF_VM/lib.sh"

test_an_agent_learns_why() {
	secret_world
	fence world sh -c "cat $T/denied/secret; cat $T/denied/secret; $RF why --last; $RF why --last --json >$T/open/json"
	eq "$RC" 0 "status: $ERR"
	contains "$OUT" "denied 2 x read $T/denied/secret  by secret (" "the denial"
	contains "$OUT" "keep out" "its reason"
	eq "$(jq -r '.denials | map(.count) | add' "$T/open/json")" 2 "denials of two processes: $(cat "$T/open/json")"
	eq "$(jq -r '.denials[0] | keys_unsorted | join(" ")' "$T/open/json")" \
		"time layer hook operation object access missing verdict enforced errno rule count" "members"
}

test_any_user_inside_and_any_network_section() {
	secret_world '"network": {"default": "deny"}'
	fence world setpriv --reuid 1234 --regid 1234 --clear-groups sh -c "read x <$T/denied/secret; $RF why --last --json"
	eq "$(jq -r '.denials[0].rule.id' <<<"$OUT")" secret "as another user: $OUT $ERR"
}

test_nobody_else_is_told() {
	secret_world
	background "$RF" run -p "$T/world.json" -- sh -c "read x <$T/denied/secret; touch $T/open/ready; exec sleep 600"
	wait_for '[ -e "$T/open/ready" ]' "the fence"
	name=$(grep -o 'ringfence-last-[0-9a-f]*' /proc/net/unix | head -n 1)
	[ -n "$name" ] || fail "nobody listens"
	ask="import socket,sys; s = socket.socket(socket.AF_UNIX); s.connect('\\0' + '$name'); s.send(b'x' * 1000); print(s.recv(1000))"
	capture python3 -c "$ask"
	lacks "$OUT" secret "told to a process outside"
	fence world python3 -c "$ask"
	lacks "$OUT" secret "told to another fence"
	status 125 "$RF" why --last
	contains "$ERR" "in none" "outside"
	kill "$BACKGROUND" || fail "the fence ended before all had asked"
	wait "$BACKGROUND" || :
}

# The supervisor's socket needs no rule. When it was killed, and somebody else has its number, his does.
test_the_number_of_a_dead_supervisor_opens_nothing() {
	cat >"$T/asks.py" <<'END'
import os, socket, sys, time
if os.fork(): time.sleep(600)
os.setsid()
while not os.path.exists(sys.argv[1] + "/go"): time.sleep(0.1)
try:
    socket.socket(socket.AF_UNIX).connect(chr(0) + "somebody")
    said = "connected"
except OSError as e:
    said = os.strerror(e.errno)
with open(sys.argv[1] + "/said.new", "w") as f: f.write(said)
os.rename(sys.argv[1] + "/said.new", sys.argv[1] + "/said")
END
	mkdir "$T/open"
	policy talks '"network": {"default": "deny"}'
	background "$RF" run -p "$T/talks.json" --summary never -- python3 "$T/asks.py" "$T/open"
	number=$BACKGROUND
	wait_for "'$RF' status --json | jq -e '.sandboxes | any(.tasks > 1)' >/dev/null" "the fence"
	kill -KILL "$number"
	wait "$number" 2>/dev/null || :
	# shellcheck disable=SC2016
	for _ in $(seq 20); do
		echo $((number - 1)) >/proc/sys/kernel/ns_last_pid
		python3 -c 'import os, socket, sys, time
if os.getpid() != int(sys.argv[1]): sys.exit(1)
s = socket.socket(socket.AF_UNIX)
s.bind(chr(0) + "somebody")
s.listen()
time.sleep(600)' "$number" &
		other=$!
		echo $other >>"$T/.pids"
		[ "$other" != "$number" ] || break
	done
	eq "$other" "$number" "the number of the listener"
	wait_for 'grep -q @somebody /proc/net/unix' "the listener"
	touch "$T/open/go"
	wait_for "[ -e '$T/open/said' ]" "an answer"
	contains "$(<"$T/open/said")" "ermi" "what somebody else's socket answered"
	status 0 "$RF" stop --kill talks
}

test_the_answer_does_not_wait_for_those_who_ask() {
	secret_world
	fence world python3 -c "
import os, socket, subprocess, time
try: open('$T/denied/secret')
except OSError: pass
name = [l.split('@')[1].strip() for l in open('/proc/net/unix') if 'ringfence-last' in l][0]
held = []
for i in range(200):
    s = socket.socket(socket.AF_UNIX); s.settimeout(0); held.append(s)
    try: s.connect(chr(0) + name)
    except BlockingIOError: pass
print(subprocess.run(['$RF', 'why', '--last', '--json'], capture_output=True, text=True).stdout)"
	contains "$OUT" '"id":"secret"' "answer: $ERR"
}

run_tests
