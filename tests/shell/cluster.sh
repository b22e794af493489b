#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Three NATS servers on loopback, one of them killed and started again during a stream: every event is
# in the stream exactly once. RF_CLUSTER_EVENTS sets how many (default 60000; 1000000 takes minutes).
. "$(dirname "$0")/lib.sh"

n=${RF_CLUSTER_EVENTS:-60000}
server=$(command -v nats-server || command -v /usr/sbin/nats-server)
base=$((20000 + ($$ * 10) % 12000)) # below those that the kernel gives to whoever connects
if [ -z "$server" ]; then
	skip "a cluster stores each event once" "no nats-server is installed"
	done_testing
fi

declare -a pids
start() { # NODE
	local routes
	routes=nats://127.0.0.1:$((base + 3)),nats://127.0.0.1:$((base + 4)),nats://127.0.0.1:$((base + 5))
	"$server" -js -n "n$1" -a 127.0.0.1 -p $((base + $1)) -m $((base + 6 + $1)) -sd "$TMP/js$1" --cluster_name rf \
		--cluster "nats://127.0.0.1:$((base + 3 + $1))" --routes "$routes" >>"$TMP/log$1" 2>&1 &
	pids[$1]=$!
}
# stream FIELD: a number of the stream's state, as node 0 knows it
stream() {
	python3 -c 'import json, sys, urllib.request as u
for account in json.load(u.urlopen("http://127.0.0.1:%s/jsz?streams=1&accounts=1" % sys.argv[1], timeout=30))["account_details"]:
    for stream in account["stream_detail"]:
        print(stream["state"][sys.argv[2]])' $((base + 6)) "$1" 2>/dev/null
}
for node in 0 1 2; do start $node; done
trap 'kill -9 "${pids[@]}" 2>/dev/null; tap_end' EXIT

numbered() { # FIRST LAST
	python3 - "$1" "$2" <<'END'
import sys
for i in range(int(sys.argv[1]), int(sys.argv[2]) + 1):
    print('{"v":1,"type":"access","seq":%d,"sandbox":{"id":"s%d"},"layer":"files","object":{"path":"/f%d"},'
          '"verdict":"denied","rule":{"id":"r"},"count":1}' % (i, i % 3, i))
END
}
numbered 1 10 >"$TMP/first"
urls=nats://127.0.0.1:$base,nats://127.0.0.1:$((base + 1)),nats://127.0.0.1:$((base + 2))
# Electing a leader takes a few seconds; until then the sink says so and tries again.
for _ in {1..60}; do
	run "$RF" audit --to "nats:$urls?replicas=3" "$TMP/first"
	if [[ $err == *"needs libnats"* ]]; then
		skip "a cluster stores each event once" "built without libnats"
		done_testing
	fi
	[ "$status" -ne 0 ] || break
	sleep 1
done
is "the cluster takes events" "$status" 0

has() { [ "$(stream messages || echo 0)" -ge "$1" ]; } 2>/dev/null
# Where all events are there before the node can be killed, there are as many again.
total=0
for _ in {1..5}; do
	numbered $((total + 1)) $((total + n)) >"$TMP/events"
	rm -f "$TMP/state"
	"$RF" audit --to "nats:$urls?replicas=3" --state "$TMP/state" "$TMP/events" 2>"$TMP/err" &
	reader=$!
	wait_for has $((total + n / 10))
	kill -9 "${pids[1]}"
	wait "${pids[1]}" 2>/dev/null
	going=$(kill -0 $reader 2>/dev/null && echo yes)
	sleep 0.5
	start 1
	wait $reader
	sent=$?
	total=$((total + n))
	[ -z "$going" ] && [ $sent = 0 ] || break
done
is "a node that is killed does not end the delivery" "$sent" 0
note "$(cat "$TMP/err")"
is "it was killed during the stream" "$going" yes
wait_for has "$total" # a node that follows may be behind
is "every event is there exactly once" "$(stream messages)" "$total"
done_testing
