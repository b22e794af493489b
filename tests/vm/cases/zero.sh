#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The unspecified address as a peer: what is judged is what the kernel makes of it, which depends on
# the socket.
. "$RF_VM/lib.sh"

# go.py OWN PEER PORT HOW: prints "sent" or the error.
zero_world() {
	ip addr add 10.9.9.2/32 dev lo 2>/dev/null
	"$ATTACK/net" serve stream 10.9.9.2 7002 "$T/bad" &&
		"$ATTACK/net" serve datagram 10.9.9.2 7002 "$T/bad" &&
		"$ATTACK/net" serve stream 127.0.0.1 7005 "$T/bad" &&
		"$ATTACK/net" serve datagram 127.0.0.1 7005 "$T/bad" || fail "no servers"
	pgrep -x net >"$T/.pids"
	policy other '"network": { "default": "allow", "rules": [
  {"id": "meta", "deny": ["connect"], "to": ["10.9.9.2"]} ] }'
	policy local '"network": { "default": "deny", "rules": [
  {"id": "lo", "allow": ["connect"], "to": ["@loopback"]}, {"allow": ["bind"]} ] }'
	policy four '"network": { "default": "allow", "rules": [
  {"id": "meta", "deny": ["connect"], "to": ["127.0.0.0/8"]} ] }'
	cat >"$T/go.py" <<'END'
import errno, socket, struct, sys
own, peer, port, how = sys.argv[1:]
six = ":" in own + peer
s = socket.socket(socket.AF_INET6 if six else socket.AF_INET,
                  socket.SOCK_STREAM if how in ("tcp", "fast", "device") else socket.SOCK_DGRAM)
to = (peer, int(port))
try:
    if how == "device": s.setsockopt(1, 25, own.encode())
    elif how == "index": s.setsockopt(0, 50, struct.pack(">I", socket.if_nametoindex(own)))
    elif own != "-": s.bind((own, 0))
    if how == "fast": s.sendto(b"hello", 0x20000000, to)
    elif how == "sendto": s.sendto(b"hello", to)
    elif how == "info": s.sendmsg([b"hello"], [(0, 8, struct.pack("=i4s4s", 0, socket.inet_aton("10.9.9.2"), bytes(4)))], 0, to)
    elif how == "infoindex": s.sendmsg([b"hello"], [(0, 8, struct.pack("=i8x", socket.if_nametoindex("rf0")))], 0, to)
    else: s.connect(to); s.send(b"hello")
except OSError as e:
    print(errno.errorcode[e.errno])
    sys.exit(1)
print("sent")
END
}

visits() {
	sleep 0.2
	cat "$T/bad" 2>/dev/null | wc -l
}

# RULE POLICY OWN PEER PORT HOW
not_reached() {
	local rule=$1 name=$2
	shift 2
	rm -f "$T/bad"
	works python3 "$T/go.py" "$@"
	wait_for '[ -s "$T/bad" ]' "a visit by $*"
	visits >/dev/null
	rm -f "$T/bad"
	fence "$name" python3 "$T/go.py" "$@"
	eq "$OUT" EACCES "$* under $name"
	eq "$(visits)" 0 "visits by $* under $name"
	eq "$(denials '.operation != "bind"')" "network $rule" "denials of $* under $name"
}

test_zero_is_the_sockets_own_address() {
	zero_world
	echo 7 >/proc/sys/net/ipv4/tcp_fastopen
	not_reached meta other 10.9.9.2 0.0.0.0 7002 tcp
	not_reached meta other 10.9.9.2 0.0.0.0 7002 fast
	not_reached network.default local 10.9.9.2 0.0.0.0 7002 sendto
	not_reached network.default local ::ffff:10.9.9.2 ::ffff:0.0.0.0 7002 udp
	not_reached meta other ::ffff:10.9.9.2 ::ffff:0.0.0.0 7002 sendto
	not_reached files.unjudged other - 0.0.0.0 7002 info
	not_reached files.unjudged other - ::ffff:0.0.0.0 7002 info
	eq "$(events 'select(.verdict == "denied") | .object.address')" 0.0.0.0 "record"
}

# Of a socket that is bound to a device it is an address of that device.
test_zero_is_the_devices_address() {
	zero_world
	ip link add rf0 type dummy 2>/dev/null || skip "no dummy devices"
	ip addr del 10.9.9.2/32 dev lo
	ip addr add 10.9.9.2/32 dev rf0
	ip link set rf0 up
	not_reached files.unjudged other rf0 0.0.0.0 7002 device
	not_reached files.unjudged local rf0 0.0.0.0 7002 index
	not_reached files.unjudged other - 0.0.0.0 7002 infoindex
	ip link del rf0
}

test_six_zeros_of_a_four_socket_are_the_loopback_of_four() {
	zero_world
	for how in tcp udp sendto; do
		not_reached meta four ::ffff:127.0.0.1 :: 7005 $how
	done
}

test_zero_of_a_free_socket_stays_loopback() {
	zero_world
	policy six '"network": { "default": "deny", "rules": [
  {"allow": ["connect"], "to": ["::1"]}, {"allow": ["bind"]} ] }'
	allowed six python3 "$T/go.py" - :: 7005 udp
	not_reached network.default six ::ffff:127.0.0.1 :: 7005 udp
	for how in tcp sendto; do
		rm -f "$T/bad"
		allowed local python3 "$T/go.py" - 0.0.0.0 7005 $how
		allowed local python3 "$T/go.py" 127.0.0.1 0.0.0.0 7005 $how
		allowed other python3 "$T/go.py" ::ffff:127.0.0.1 :: 7005 $how
		eq "$(denials)" "" "denials of $how"
		not_reached meta four - 0.0.0.0 7005 $how
	done
}

run_tests
