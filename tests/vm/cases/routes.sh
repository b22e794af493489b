#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Ways that a packet takes by its sender's wish: no option and no control message sends it to an
# address that nobody was asked about.
. "$RF_VM/lib.sh"

# watch.py COMMAND…: says how many packets left for 10.9.9.2 or fd00:9::2 meanwhile.
# send.py WAY: sends one packet to loopback, which is allowed.
routes_world() {
	ip addr add 10.9.9.2/32 dev lo 2>/dev/null
	ip -6 addr add fd00:9::2/128 dev lo nodad 2>/dev/null
	policy local '"kernel": {"io_uring": "allow"}, "network": { "default": "deny", "rules": [
  {"id": "lo", "allow": ["connect"], "to": ["@loopback"]} ] }'
	policy none '"network": { "default": "allow", "rules": [
  {"id": "no", "deny": ["connect"], "to": ["10.9.9.2", "fd00:9::2"]} ] }'
	policy bind '"network": { "default": "allow", "rules": [{"id": "no", "deny": ["bind"], "ports": [1]} ] }'
	cat >"$T/watch.py" <<'END'
import socket, subprocess, sys, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
s.bind(("lo", 3))
s.setblocking(False)
run = subprocess.run(sys.argv[1:])
time.sleep(0.1)
seen = 0
while True:
    try:
        packet, at = s.recvfrom(2048)
    except BlockingIOError:
        break
    to = packet[16:20] if at[1] == 0x800 else packet[24:40]
    seen += at[2] == 4 and to in (bytes([10, 9, 9, 2]), bytes.fromhex("fd000009") + bytes(11) + b"\2")
print("left" if seen else "none")
sys.exit(run.returncode)
END
	cat >"$T/send.py" <<'END'
import errno, socket, struct, sys
hop4 = bytes([131, 7, 4, 10, 9, 9, 2, 0])
six = bytes.fromhex("fd000009") + bytes(11) + b"\2"
segments, home = bytes([0, 4, 4, 1, 1, 0, 0, 0]) + bytes(16) + six, bytes([0, 2, 2, 1, 0, 0, 0, 0]) + six
cmsg = lambda level, kind, data: struct.pack("=QII", 16 + len(data), level, kind) + data
ip, ip6 = (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")
mapped = (socket.AF_INET6, "::ffff:127.0.0.1")
label = struct.pack("=16s4sBBHHHI", bytes(15) + b"\1", struct.pack(">I", 0x12345), 0, 255, 1, 6, 0, 0)
ways = {  # where to; (options, messages, is it connected, type)
    "options": (ip, [(0, 4, hop4)], [], 0), "options-tcp": (ip, [(0, 4, hop4)], [], 2),
    "mapped-options": (mapped, [(0, 4, hop4)], [], 0),
    "retopts": (ip, [], [(0, 7, hop4)], 0), "mapped-retopts": (mapped, [], [(0, 7, hop4)], 0),
    "connected-retopts": (ip, [], [(0, 7, hop4)], 1),
    "rthdr": (ip6, [(41, 57, segments)], [], 0), "rthdr-tcp": (ip6, [(41, 57, segments)], [], 2),
    "pktoptions": (ip6, [(41, 6, cmsg(41, 57, home))], [], 0),
    "label": (ip6, [(41, 32, label + cmsg(41, 57, home))], [], 3),
    "rthdr-message": (ip6, [], [(41, 57, home)], 0), "2292rthdr-message": (ip6, [], [(41, 5, home)], 0),
    "connected-rthdr": (ip6, [], [(41, 57, home)], 1),
    "late": (ip6, [], [(41, 67, struct.pack("=i", 0))] * 15 + [(41, 57, home)], 0),
    "plain": (ip, [], [], 0), "info": (ip, [], [(0, 8, struct.pack("=i8x", 0))], 0),
    "info6": (ip6, [], [(41, 50, bytes(20)), (41, 67, struct.pack("=i", 16))], 0),
    "connected-info": (ip, [], [(0, 1, struct.pack("=i", 16))], 1),
    "received": (ip6, [(41, 56, struct.pack("=i", 1)), (0, 8, struct.pack("=i", 1))], [], 0),
    "flood": (ip6, [], [(41, 67, struct.pack("=i", 0))] * 40, 0),
}
(family, to), options, messages, how = ways[sys.argv[1]]
s = socket.socket(family, socket.SOCK_STREAM if how == 2 else socket.SOCK_DGRAM)
if how == 2: s.setblocking(False)
to = (to, 7009)
try:
    for option in options: s.setsockopt(*option)
    if how == 3: to += (0x12345,); s.setsockopt(41, 33, 1)
    if how in (1, 2): s.connect(to)
    if how != 2: s.sendmsg([b"hello"], messages, 0, *([] if how == 1 else [to]))
except OSError as e:
    if e.errno != errno.EINPROGRESS: print(errno.errorcode[e.errno]); sys.exit(1)
print("sent")
END
}

# WAY POLICY…: works outside, leaves; inside it does not.
does_not_leave() {
	local way=$1 name
	capture python3 "$T/watch.py" python3 "$T/send.py" "$way"
	eq "$OUT" "sent
left" "$way, outside: $ERR"
	shift
	for name in "$@"; do
		rm -f "$T/events"
		capture python3 "$T/watch.py" "$RF" run -p "$T/$name.json" --events "$T/events" --summary never -- \
			python3 "$T/send.py" "$way"
		eq "$OUT" "EACCES
none" "$way under $name: $ERR"
		contains "$(denials)" "network files.unjudged" "denials of $way under $name"
	done
}

test_no_option_of_a_socket_names_the_next_hop() {
	routes_world
	does_not_leave options local none
	does_not_leave options-tcp local
	does_not_leave mapped-options local
	does_not_leave rthdr local none
	does_not_leave rthdr-tcp local
	does_not_leave pktoptions local
	does_not_leave label local
}

test_no_control_message_names_the_next_hop() {
	routes_world
	does_not_leave retopts local none
	does_not_leave mapped-retopts local
	does_not_leave connected-retopts local
	does_not_leave rthdr-message local none
	does_not_leave 2292rthdr-message local
	does_not_leave connected-rthdr local none
	does_not_leave late local
}

test_other_options_and_messages_stay() {
	routes_world
	for way in plain info info6 connected-info received; do
		works python3 "$T/send.py" $way
		allowed local python3 "$T/send.py" $way
		eq "$(denials)" "" "denials of $way"
	done
	works python3 "$T/send.py" flood
	fence local python3 "$T/send.py" flood
	eq "$OUT" EACCES "more messages than are looked at"
}

test_where_no_address_is_refused_packets_go_by_any_way() {
	routes_world
	for way in options rthdr retopts rthdr-message connected-rthdr flood; do
		allowed bind python3 "$T/send.py" $way
	done
}

# Audit mode tells of what it would refuse.
test_audit_mode_lets_them_pass() {
	routes_world
	policy local '"mode": "audit", "network": { "default": "deny", "rules": [
  {"id": "lo", "allow": ["connect"], "to": ["@loopback"]} ] }'
	for way in options rthdr-message; do
		allowed local python3 "$T/send.py" $way
		contains "$(events 'select(.verdict == "would_deny") | .rule.id')" files.unjudged "$way"
	done
}

run_tests
