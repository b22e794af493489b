#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The service without a kernel side: it starts, listens, refuses with a reason, sleeps, ends. What it
# does with BPF LSM is in tests/vm/cases/serve.sh. Everything happens with a /run of its own.
. "$(dirname "$0")/lib.sh"

if [ "$(id -u)" != 0 ] || ! unshare -m true 2>/dev/null; then
	run "$RF" serve
	is "an ordinary user cannot serve" "$status" 2
	skip "everything else about serve" "needs root and mount namespaces"
	done_testing
fi
if [ -z "${RF_SERVE_INSIDE:-}" ]; then
	RF_SERVE_INSIDE=1 exec unshare -m bash "$0"
fi
mount -t tmpfs none /run
copy_for_users
USER="setpriv --reuid 1000 --regid 1000 --clear-groups env HOME=$TMP/home"
mkdir -m 777 "$TMP/home"
cp "${RF_SOURCE_ROOT:-$(dirname "$0")/../..}/tests/vm/serve.py" "$TMP/serve.py"
chmod 755 "$TMP/serve.py"
ASK="python3 $TMP/serve.py"

serve() {
	"$RF" serve "$@" >"$TMP/serve.out" 2>"$TMP/serve.err" </dev/null &
	SERVICE=$!
	wait_for listens_or_ended
	sleep 0.3
}
# A socket is there before anybody listens on it, and after a service that was killed.
listens_or_ended() {
	grep -q ' 00010000 .* /run/ringfence/socket$' /proc/net/unix || ! kill -0 $SERVICE 2>/dev/null
}
has_children() { [ -n "$(pgrep -P "$SERVICE")" ]; }
has_none() { ! has_children; }

end() {
	kill "$SERVICE" 2>/dev/null
	wait "$SERVICE"
	status=$?
}

run "$RF" serve --help
is "help" "$status" 0
like "help tells the options" "$out" "--per-user N.*--to SINK.*--metrics ADDR"
for bad in "--per-user 0" "--per-user x" "--total 1025" "--nothing" "file" "--group no-such-group" "--to nowhere:x"; do
	# shellcheck disable=SC2086
	run timeout 100 "$RF" serve $bad
	is "usage: $bad" "$status" 2
	like "one sentence: $bad" "$err" "^ringfence: [^
]*"
done
ok "nothing stays of a service that did not start" test ! -e /run/ringfence/socket

# Two that start together do it one after the other: else one finds the other's socket before anybody
# listens there, and takes it for a dead one's.
mkdir -p /run/ringfence
mkdir -p /run/ringfence/readers
chmod 700 /run/ringfence/readers
exec 9</run/ringfence/readers
flock 9
"$RF" serve >/dev/null 2>&1 </dev/null 9<&- &
SERVICE=$!
sleep 1
ok "it waits for whoever starts" test ! -e /run/ringfence/socket
flock -u 9
exec 9<&-
wait_for listens_or_ended
ok "and starts then" kill -0 $SERVICE
end

serve --per-user 3
is "the socket is everybody's, its folder root's" "$(stat -c '%a %u' /run/ringfence/socket /run/ringfence | paste -sd' ')" "666 0 755 0"
run timeout 100 "$RF" serve
is "a second service does not start" "$status" 125
like "and says why" "$err" "another service listens"
ok "the first one's socket stays" test -S /run/ringfence/socket
# How often it began to wait; that another took its processor says nothing about it. It may still be
# busy with the second service's look at its socket.
waits() { grep '^voluntary' "/proc/$SERVICE/status"; }
for _ in {1..20}; do
	before=$(waits)
	sleep 0.5
	[ "$(waits)" != "$before" ] || break
done
sleep 3
is "idle: it is not woken" "$(waits)" "$before"
rss=$(awk '/^Rss:/ { print $2 }' "/proc/$SERVICE/smaps_rollup")
ok "idle: $rss KiB resident, at most 8192" test "$rss" -le 8192
run $USER $ASK list
reason=${out#hello }
if [[ $reason == 0* ]]; then
	skip "the reason for having no kernel side" "there is one"
else
	like "without a kernel side a caller is told why" "$reason" "^-[0-9]+ [^ ].*"
	like "and so is root" "$(cat "$TMP/serve.err")" "^ringfence: nobody can be fenced by BPF LSM here: "
	run $USER "$USER_RF" run --need should --report "$TMP/home/report" -- id -u
	is "run goes on without" "$status $out" "0 1000"
	like "and its report says why" "$(jq -r '.backends[] | select(.name == "service") | .why' "$TMP/home/report")" \
		"^the service refuses: "
	run $USER "$USER_RF" status
	is "status by a user goes on without" "$status$err" 0
	like "with the reason" "$out" "^kernel side: not known: the service refuses: "
fi
run $USER $ASK flood 30
is "a flood: each is answered" "$(awk '/^flood/ { n += $2 } END { print n }' <<<"$out")" 30
run $USER $ASK nonsense
ok "the service is still there" kill -0 "$SERVICE"
ok "whoever left is forgotten" wait_for has_none
end
is "SIGTERM ends it well" "$status" 0
ok "and takes the socket away" test ! -e /run/ringfence/socket

serve
kill -KILL "$SERVICE"
wait "$SERVICE" 2>/dev/null
ok "a killed one leaves its socket" test -S /run/ringfence/socket
run $USER "$USER_RF" status
like "on which nobody answers" "$out" "^kernel side: not known: the service is not running"
serve
run $USER $ASK list
like "the next one takes it over" "$out" "^hello "
end

serve --group nogroup
is "--group" "$(stat -c '%a %G' /run/ringfence/socket)" "660 nogroup"
run $USER $ASK list
like "others may not connect" "$err" "Permission denied"
end

# systemd's way: a listening socket as descriptor 3.
python3 - "$RF" <<'P' >"$TMP/activated" 2>&1
import os, socket, subprocess, sys
os.makedirs('/run/given', exist_ok=True)
listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
listener.bind('/run/given/socket')
listener.listen(8)
if listener.fileno() != 3:
    os.dup2(listener.fileno(), 3, inheritable=True)
service = subprocess.Popen(['/bin/sh', '-c', f'LISTEN_FDS=1 LISTEN_PID=$$ exec {sys.argv[1]} serve'], pass_fds=[3])
client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); client.settimeout(100)
client.connect('/run/given/socket')
print('answer of', len(client.recv(1000)), 'bytes')
service.terminate(); print('status', service.wait())
P
like "socket activation" "$(cat "$TMP/activated")" "answer of 432 bytes"
like "ends as usual" "$(cat "$TMP/activated")" "status 0"

serve --to "file:$TMP/sink"
ok "sinks are fed by a process of their own" wait_for has_children
audit=$(pgrep -P "$SERVICE")
wait_for grep -q ' 00010000 .* /run/ringfence/readers/' /proc/net/unix
"$RF" run --summary never -- cat /etc/shadow >/dev/null 2>&1
sleep 1
if [ -s "$TMP/sink" ]; then
	is "a sink gets the events of a run" "$(jq -r .type "$TMP/sink" | sed -n 1p)" sandbox_start
else
	skip "a sink gets the events of a run" "nothing is recorded on this machine"
fi
both_wait() { grep ^voluntary "/proc/$audit/status" "/proc/$SERVICE/status"; }
idle() {
	before=$(both_wait)
	sleep 0.5
	[ "$(both_wait)" = "$before" ]
}
wait_for idle
sleep 3
is "idle with a sink: nobody is woken" "$(both_wait)" "$before"
rss=$(awk '/^Rss:/ { n += $2 } END { print n }' "/proc/$audit/smaps_rollup" "/proc/$SERVICE/smaps_rollup")
ok "idle with a sink: $rss KiB together, at most 8192" test "$rss" -le 8192
sleep 1
kill -KILL "$audit"
has_another() { has_children && [ "$(pgrep -P "$SERVICE")" != "$audit" ]; }
ok "a sink's process that ends is started again" wait_for has_another
end
is "ends with its sinks" "$status" 0
none_feeds() { ! pgrep -f "audit --follow --to file:$TMP/sink" >/dev/null; }
ok "no process stays" wait_for none_feeds
done_testing
