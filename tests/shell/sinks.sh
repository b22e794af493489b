#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `ringfence audit --to`: what each sink receives, what happens when one breaks, and going on later.
. "$(dirname "$0")/lib.sh"

events() { # FIRST LAST
	for ((i = $1; i <= $2; i++)); do
		printf '{"v":1,"type":"access","seq":%d,"time":"2026-01-05T10:11:12.1Z","sandbox":{"id":"s1"},"layer":"files","object":{"path":"/f%d"},"missing":["read"],"verdict":"denied","rule":{"id":"r"},"count":1}\n' "$i" "$i"
	done
}
E=$TMP/events
events 1 500 >"$E"

run "$RF" audit --to "file:$TMP/a" --to - "$E"
is "two sinks get the same" "$(cmp "$TMP/a" "$E" && cmp "$TMP/.out" "$E" && echo "$status")" 0
is "the file is its owner's" "$(stat -c %a "$TMP/a")" 600
"$RF" audit --to "file:$TMP/a" "$E"
is "a file grows" "$(wc -l <"$TMP/a")" 1000
"$RF" audit --to "file:$TMP/b?size=40K&count=9&fsync=rotate" "$E"
is "rotation loses nothing and keeps the order" \
	"$(cat "$TMP"/b.{9..1} "$TMP/b" 2>/dev/null | cmp - "$E" && echo same)" same
ok "no file is over its size" test -z "$(find "$TMP" -name 'b*' -size +40k)"
"$RF" audit --to "file:$TMP/c?size=40K&count=1" "$E"
is "no more files than asked for" "$(find "$TMP" -name 'c*' | wc -l)" 2
ln -s "$TMP/target" "$TMP/link"
run "$RF" audit --to "file:$TMP/link" "$E"
is "a symbolic link is not followed" "$status:$([ -e "$TMP/target" ] && echo made)" 125:

# A disk without room: tried until there is room again, or for half a minute, while the rest is tested.
(
	ulimit -f 8
	"$RF" audit --to "file:$TMP/full" --state "$TMP/full.state" "$E" 2>"$TMP/full.err"
	echo $? >"$TMP/full.status"
) &
disown # which the test of NATS counts on
(
	ulimit -S -f 8
	exec "$RF" audit --to "file:$TMP/later" --state "$TMP/later.state" "$E" 2>"$TMP/later.err"
) &
filled=$!
gave_word() { ! kill -0 $filled 2>/dev/null || grep -q 'trying again: cannot write: File too large' "$TMP/later.err"; }
ok "a disk without room is told" wait_for gave_word
prlimit --pid $filled --fsize=unlimited: 2>/dev/null
wait $filled
is "what it did not take is delivered when there is room" "$?:$(cmp "$TMP/later" "$E" && echo same)" 0:same
printf '{"v":1,"type":"acc' >"$TMP/torn"
"$RF" audit --to "file:$TMP/torn" "$E"
is "an event does not continue what another writer left half written" \
	"$(tail -n +2 "$TMP/torn" | cmp - "$E" && echo same)" same

head -n 200 "$E" >"$TMP/half"
"$RF" audit --to "file:$TMP/d" --state "$TMP/state" "$TMP/half"
"$RF" audit --to "file:$TMP/d" --to "file:$TMP/e" --state "$TMP/state" "$E"
is "a sink goes on where it stopped" "$(cmp "$TMP/d" "$E" && echo same)" same
is "and a new one begins at the start" "$(cmp "$TMP/e" "$E" && echo same)" same
echo 'no state' >"$TMP/state"
run "$RF" audit --to "file:$TMP/d" --state "$TMP/state" "$E"
is "a file that is no state is refused" "$status:$err" "125:ringfence: $TMP/state is no state of audit"

for sink in nope: file:/x?size=0 file:/x?count=x file:/x?fsync=maybe unix: nats:nats://127.0.0.1?replicas=9; do
	run "$RF" audit --to "$sink" "$E"
	like "--to $sink is refused" "$status:$err" '^(2|125):ringfence: '
done
is "--state without a sink" "$("$RF" audit --state "$TMP/x" "$E" 2>&1; echo $?)" \
	"ringfence: --state is about sinks; give them with --to
2"

# A listener that ends after the first bytes and comes back: the sink connects again.
python3 - "$TMP/socket" "$TMP/got" >"$TMP/ready" <<'END' &
import os, socket, sys
def listen():
    s = socket.socket(socket.AF_UNIX)
    s.bind(sys.argv[1])
    s.listen(1)
    return s
s = listen()
print("ready", flush=True)
c, _ = s.accept()
first = c.recv(100)
c.close()
s.close()
os.unlink(sys.argv[1])
s = listen()
c, _ = s.accept()
data = first
while part := c.recv(65536):
    data += part
open(sys.argv[2], "wb").write(data)
END
until [ -s "$TMP/ready" ]; do sleep 0.05; done
events 1 5000 >"$TMP/more"
run "$RF" audit --to "unix:$TMP/socket" "$TMP/more"
wait $!
is "a listener that comes back is found again" "$status" 0
like "and the break is told" "$err" '^ringfence: sink unix:.*, trying again: '
is "the last event arrives" "$(tail -n 1 "$TMP/got")" "$(tail -n 1 "$TMP/more")"

python3 - "$TMP/log" "$TMP/messages" >"$TMP/ready2" <<'END' &
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("ready", flush=True)
open(sys.argv[2], "wb").write(s.recv(65536) + b"\n")
END
until [ -s "$TMP/ready2" ]; do sleep 0.05; done
head -n 1 "$E" | RINGFENCE_SYSLOG_SOCKET=$TMP/log "$RF" audit --to syslog -
wait $!
like "syslog gets a line for people" "$(cat "$TMP/messages")" \
	'^<84>ringfence\[[0-9]+\]: denied +files +read /f1  by r$'

# jetstream PORT FIELD: a number of the server's account
jetstream() {
	python3 -c 'import json, sys, urllib.request as u
print(json.load(u.urlopen("http://127.0.0.1:%s/jsz" % sys.argv[1], timeout=30))[sys.argv[2]])' "$1" "$2" 2>/dev/null
}
answers() { [ -n "$(jetstream $((port + 1)) streams)" ]; }
server=$(command -v nats-server || command -v /usr/sbin/nats-server)
port=$((10000 + ($$ * 2) % 10000)) # below cluster.sh's, and those that the kernel gives to whoever connects
if [ -z "$server" ]; then
	skip "NATS stores each event once" "no nats-server is installed"
elif "$RF" audit --to nats:x "$E" 2>&1 | grep -q 'needs libnats'; then
	skip "NATS stores each event once" "built without libnats"
else
	start() { "$server" -js -a 127.0.0.1 -p $port -m $((port + 1)) -sd "$TMP/js" >>"$TMP/nats.log" 2>&1 & }
	start
	wait_for answers
	run "$RF" audit --to "nats:nats://127.0.0.1:$port" "$E"
	is "NATS acknowledges" "$status:$err" 0:
	is "NATS has each event" "$(jetstream $((port + 1)) messages)" 500
	"$RF" audit --to "nats:nats://127.0.0.1:$port" "$E"
	is "a repetition is stored once" "$(jetstream $((port + 1)) messages)" 500
	# The server ends in the middle of a stream and comes back.
	events 501 40500 >"$TMP/stream"
	"$RF" audit --to "nats:nats://127.0.0.1:$port" "$TMP/stream" 2>"$TMP/nats.err" &
	reader=$!
	sleep 0.3
	pid=$(jobs -p | head -n 1)
	kill -9 "$pid" 2>/dev/null
	sleep 0.5
	start
	wait $reader
	is "a server that comes back gets the rest" "$?" 0
	is "and each event is there once" "$(jetstream $((port + 1)) messages)" 40500
	jobs -p | xargs -r kill 2>/dev/null
	wait 2>/dev/null
fi

# fetch PATH: an answer of the metrics' socket
fetch() {
	python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(b"GET %s HTTP/1.0\r\n\r\n" % sys.argv[2].encode())
while part := s.recv(65536):
    sys.stdout.buffer.write(part)' "$TMP/metrics" "$1" 2>/dev/null
}
has_all() { fetch /metrics >"$TMP/answer"; grep -q '^ringfence_events_total 500' "$TMP/answer"; }
run "$RF" audit --metrics 0.0.0.0:9464 "$E"
if [[ $err == *"needs libmicrohttpd"* ]]; then
	skip "metrics are served" "built without libmicrohttpd"
else
	is "metrics stay on this machine" "$status:$err" \
		"2:ringfence: --metrics 0.0.0.0:9464: metrics are served on loopback only"
	mkfifo "$TMP/fifo"
	"$RF" audit --metrics "unix:$TMP/metrics" - <"$TMP/fifo" >/dev/null &
	{
		cat "$E"
		wait_for has_all
		fetch /other >"$TMP/other"
		stat -c %a "$TMP/metrics" >"$TMP/mode"
	} >"$TMP/fifo"
	wait $!
	like "metrics count by layer, verdict and rule" "$(tr -d '\r' <"$TMP/answer")" \
		'200 OK.*ringfence_denials_total\{layer="files",verdict="denied",rule="r"\} 500'
	like "nothing else is served" "$(cat "$TMP/other")" ' 404 '
	is "the socket is its owner's" "$(cat "$TMP/mode")" 600
	ok "and goes with its server" test ! -e "$TMP/metrics"
fi

wait_for test -s "$TMP/full.status"
is "a disk that stays full is a failure" "$(cat "$TMP/full.status")" 125
is "told first and last" "$(cat "$TMP/full.err")" \
	"ringfence: sink file:$TMP/full, trying again: cannot write: File too large
ringfence: $E: sink file:$TMP/full: cannot write: File too large"
is "it holds whole events" "$(head -n "$(wc -l <"$TMP/full")" "$E" | cmp - "$TMP/full" && echo same)" same
ok "and as many as there was room for" test "$(stat -c %s "$TMP/full")" -gt 7900
"$RF" audit --to "file:$TMP/full" --state "$TMP/full.state" "$E"
is "what was not delivered is not remembered as such" "$(sort -u "$TMP/full" | cmp - <(sort "$E") && echo same)" same
done_testing
