#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Network rules: a denied address is not reached by any door, an allowed one is.
. "$RF_VM/lib.sh"

# 10.9.9.1 is allowed, 10.9.9.2 and fd00:9::2 are denied; servers log each visit.
network_world() {
	local address
	for address in 10.9.9.1/32 10.9.9.2/32; do ip addr add "$address" dev lo 2>/dev/null; done
	ip -6 addr add fd00:9::2/128 dev lo nodad 2>/dev/null
	"$ATTACK/net" serve stream 10.9.9.1 7001 "$T/good" &&
		"$ATTACK/net" serve stream 10.9.9.2 7002 "$T/bad" &&
		"$ATTACK/net" serve datagram 10.9.9.1 7001 "$T/good" &&
		"$ATTACK/net" serve datagram 10.9.9.2 7002 "$T/bad" &&
		"$ATTACK/net" serve stream fd00:9::2 7002 "$T/bad" || fail "no servers"
	pgrep -x net >"$T/.pids"
	policy net '"kernel": {"io_uring": "allow"}, "network": { "default": "deny", "rules": [
  {"id": "good", "allow": ["connect"], "to": ["10.9.9.1"], "ports": [7001]},
  {"id": "meta", "deny": ["connect"], "to": ["10.9.9.2", "fd00:9::2"], "reason": "not yours"} ] }'
}

visits() {
	sleep 0.2
	cat "$T/$1" 2>/dev/null | wc -l
}

# Waits until the server has told of a visit, which it does when it gets to run.
visited() { # LOG
	wait_for '[ -s "$T/'"$1"'" ]' "a visit in $1"
}

test_allowed_is_reached_denied_is_not() {
	network_world
	works "$ATTACK/net" tcp 10.9.9.2 7002
	visited bad
	eq "$(visits bad)" 1 "visits unfenced"
	allowed net "$ATTACK/net" tcp 10.9.9.1 7001
	eq "$(denials)" "" "denials of the allowed one"
	refused net 'EACCES|EPERM' "$ATTACK/net" tcp 10.9.9.2 7002
	eq "$(denials)" "network meta" "denials"
	eq "$(events 'select(.verdict == "denied") | [.operation, .object.family, .object.protocol,
		.object.address, (.object.port | tostring), .rule.reason] | join(" ")')" \
		"connect inet tcp 10.9.9.2 7002 not yours" "record"
	eq "$(events 'select(.verdict == "denied") | .rule.source')" \
		"$T/net.json:$(line_of net meta)" "source"
	refused net 'EACCES|EPERM' "$ATTACK/net" tcp 10.9.9.1 7003
	eq "$(denials)" "network network.default" "denials of another port"
	eq "$(visits bad)" 1 "visits"
}

# COMMAND…: works outside, visits; inside it does not.
not_reached() {
	local before
	rm -f "$T/bad"
	works "$ATTACK/net" "$@"
	visited bad
	before=$(visits bad)
	fence net "$ATTACK/net" "$@"
	[ "$RC" -ne 0 ] || fail "it worked: $*"
	eq "$(visits bad)" "$before" "visits after: $*"
	contains "$(denials)" "network " "denials of: $*"
}

test_tcp_by_every_door() {
	network_world
	echo 7 >/proc/sys/net/ipv4/tcp_fastopen
	not_reached tcp 10.9.9.2 7002
	not_reached tcp ::ffff:10.9.9.2 7002
	not_reached tcp fd00:9::2 7002
	not_reached fastopen 10.9.9.2 7002
	not_reached fastopen ::ffff:10.9.9.2 7002
	not_reached mptcp 10.9.9.2 7002
	not_reached with-socket "$ATTACK/net" inherited 9 10.9.9.2 7002
}

codes() {
	events 'select(.verdict == "denied") | .layer + " " + .rule.code'
}

test_sctp_by_every_door() {
	modprobe sctp 2>/dev/null || skip "no sctp on this kernel"
	network_world
	"$ATTACK/net" serve sctp 10.9.9.1 7001 "$T/good" &&
		"$ATTACK/net" serve sctp 10.9.9.2 7002 "$T/bad" || fail "no servers"
	pgrep -x net >"$T/.pids"
	not_reached sctp 10.9.9.2 7002
	not_reached sctp-connectx 10.9.9.2 7002
	allowed net "$ATTACK/net" sctp-connectx 10.9.9.1 7001
	visited good
	eq "$(visits good)" 1 "visits to the allowed one"
	# Of many addresses in one call so many are looked at, and with more nothing is done.
	fence net "$ATTACK/net" sctp-connectx-many 10.9.9.1 7001 16
	eq "$(denials)" "" "denials of sixteen addresses that are allowed"
	refused net 'EACCES|EPERM' "$ATTACK/net" sctp-connectx-many 10.9.9.1 7001 17
	eq "$(codes)" "network lookup" "seventeen"
	allowed net "$ATTACK/net" sctp-message 10.9.9.1 7001 0
	for n in 1 17; do
		refused net 'EACCES|EPERM' "$ATTACK/net" sctp-message 10.9.9.1 7001 $n
		eq "$(codes)" "network lookup" "a message with $n more"
	done
}

test_udp_by_every_door() {
	network_world
	policy net '"network": { "default": "deny", "rules": [
  {"id": "good", "allow": ["connect"], "to": ["10.9.9.1"], "ports": [7001]} ] }'
	not_reached udp 10.9.9.2 7002
	not_reached sendto 10.9.9.2 7002
	not_reached sendmmsg 10.9.9.2 7002
	not_reached unspec 10.9.9.1 7001 10.9.9.2 7002
	not_reached connected-sendto 10.9.9.1 7001 10.9.9.2 7002
	allowed net "$ATTACK/net" sendto 10.9.9.1 7001
	allowed net "$ATTACK/net" udp 10.9.9.1 7001
}

test_an_inherited_socket_is_judged() {
	network_world
	capture "$ATTACK/net" with-socket "$RF" run -p "$T/net.json" --keep-fd 9 --summary never -- \
		"$ATTACK/net" inherited 9 10.9.9.2 7002
	[ "$RC" -ne 0 ] || fail "the inherited socket connected"
	eq "$(visits bad)" 0 "visits"
	capture "$ATTACK/net" with-socket "$RF" run -p "$T/net.json" --keep-fd 9 --summary never -- \
		"$ATTACK/net" inherited 9 10.9.9.1 7001
	eq "$RC" 0 "the allowed address: $ERR"
}

test_io_uring_connect_is_judged() {
	network_world
	works "$ATTACK/ring" connect 10.9.9.2 7002
	visited bad
	rm -f "$T/bad"
	refused net 'EACCES|EPERM' "$ATTACK/ring" connect 10.9.9.2 7002
	eq "$(visits bad)" 0 "visits"
}

test_zero_address_is_loopback() {
	network_world
	"$ATTACK/net" serve stream 127.0.0.1 7005 "$T/bad" && "$ATTACK/net" serve stream ::1 7005 "$T/bad"
	pgrep -x net >"$T/.pids"
	policy net '"network": { "default": "allow", "rules": [
  {"id": "lo", "deny": ["connect"], "to": ["@loopback"]} ] }'
	for to in 127.0.0.1 0.0.0.0 ::1 :: ::ffff:127.0.0.1 ::ffff:0.0.0.0 127.9.8.7; do
		rm -f "$T/bad"
		fence net "$ATTACK/net" tcp $to 7005
		[ "$RC" -ne 0 ] || fail "$to was reached"
		eq "$(visits bad)" 0 "visits by $to"
		eq "$(denials)" "network lo" "denials of $to"
	done
	allowed net "$ATTACK/net" tcp 10.9.9.1 7001
}

test_families_that_no_rule_can_name() {
	network_world
	for family in "17 3 768" "17 2 8" "2 3 1" "10 3 58" "40 1 0" "38 5 0" "16 3 9"; do
		# shellcheck disable=SC2086
		capture "$ATTACK/net" socket $family
		[ "$RC" -eq 0 ] || continue
		# shellcheck disable=SC2086
		fence net "$ATTACK/net" socket $family
		[ "$RC" -ne 0 ] || fail "a socket of $family was made"
		[[ $(denials) == "network network.default" || $(denials) == "network ringfence.self" ]] ||
			fail "denials of $family: $(denials)"
	done
	# Netlink is not one thing: devices, firewalls, events of the kernel each have a protocol.
	for family in "16 3 16" "16 3 15" "16 3 12" "16 3 6" "16 3 4"; do
		# shellcheck disable=SC2086
		works "$ATTACK/net" socket $family
		# shellcheck disable=SC2086
		refused net 'EACCES|EPERM|EAFNOSUPPORT' "$ATTACK/net" socket $family
		eq "$(denials)" "network network.default" "denials of $family"
	done
	allowed net ip route show
	allowed net "$ATTACK/net" pair
	allowed net "$ATTACK/net" socket 2 1 0
}

test_binding_and_listening() {
	policy net '"network": { "default": "deny", "rules": [
  {"id": "http", "allow": ["bind", "listen"], "protocol": "tcp", "ports": [8080]} ] }'
	allowed net "$ATTACK/net" listen 0.0.0.0 8080
	refused net 'EACCES|EPERM' "$ATTACK/net" listen 0.0.0.0 8081
	eq "$(denials)" "network network.default" "denials"
	eq "$(events 'select(.verdict == "denied") | .operation + " " + (.object.port | tostring)')" \
		"bind 8081" "record"
	refused net 'EACCES|EPERM' "$ATTACK/net" listen :: 8081
	refused net 'EACCES|EPERM' "$ATTACK/net" listen 127.0.0.1 0
	refused net 'EACCES|EPERM' "$ATTACK/net" listen-unbound
	contains "$(denials)" "network network.default" "denials of listen without bind"
}

# Listening sockets that were made outside: who accepts is asked for the address they listen on.
test_accepting_on_what_was_opened_outside() {
	policy net '"network": { "default": "deny", "rules": [
  {"id": "four", "allow": ["listen"], "protocol": "tcp", "to": ["127.0.0.1"], "ports": [8090]},
  {"id": "six", "allow": ["listen"], "protocol": "tcp", "to": ["::1"], "ports": [8090], "audit": true},
  {"id": "loop", "allow": ["connect"], "protocol": "tcp", "to": ["@loopback"]} ] }'
	cat >"$T/open.py" <<-'END'
		import os, socket, sys
		for at in ("127.0.0.1", 8090), ("::1", 8090), ("127.0.0.1", 8091), ("::1", 8091), ("127.0.0.2", 8090):
		    s = socket.create_server(at, family=socket.AF_INET6 if ":" in at[0] else socket.AF_INET)
		    c = socket.create_connection(at)
		    for fd in s, c: os.set_inheritable(fd.fileno(), True); fd.detach()
		os.execvp(sys.argv[1], sys.argv[1:])
	END
	cat >"$T/accept.py" <<-'END'
		import socket
		for fd in 3, 5, 7, 9, 11:
		    s = socket.socket(fileno=fd)
		    s.settimeout(20)
		    try: s.accept(); print("accepted")
		    except PermissionError: print("refused")
	END
	fds=$(printf -- '--keep-fd %d ' 3 5 7 9 11)
	# shellcheck disable=SC2086
	capture python3 "$T/open.py" "$RF" run -p "$T/net.json" $fds --events "$T/events" --summary never -- \
		python3 "$T/accept.py"
	eq "$OUT" "accepted
accepted
refused
refused
refused" "accepted: $ERR"
	eq "$(events 'select(.operation == "accept") | .verdict + " " + .rule.id + " " + .object.address + " " +
		(.object.port | tostring)')" "allowed six ::1 8090
denied network.default 127.0.0.1 8091
denied network.default ::1 8091
denied network.default 127.0.0.2 8090" "records"
}

test_binding_and_listening_by_unix_names() {
	local at
	mkdir "$T/s"
	policy net '"network": { "default": "deny", "rules": [
  {"id": "mine", "allow": ["bind", "listen"], "unix": ["'"$T"'/s/mine", "@mine*"]},
  {"id": "half", "allow": ["bind"], "unix": ["'"$T"'/s/half", "@half"]} ] }'
	policy but '"network": { "default": "allow", "rules": [
  {"id": "no", "deny": ["bind"], "unix": ["'"$T"'/s/other", "@other"]},
  {"id": "mute", "deny": ["listen"], "unix": ["'"$T"'/s/half", "@half"]} ] }'
	for at in "$T/s/" @; do
		allowed net "$ATTACK/net" unix-bind "${at}mine"
		not_bound net bind "${at}other" network.default
		not_bound net listen "${at}half" network.default
		allowed but "$ATTACK/net" unix-bind "${at}mine-too"
		not_bound but bind "${at}other" no
		not_bound but listen "${at}half" mute
	done
	[ ! -e "$T/s/other" ] || fail "a socket that may not be bound is there"
	# A name that the kernel chooses is judged when it is known.
	refused net 'EACCES|EPERM' "$ATTACK/net" unix-autobind
	eq "$(denials)" "network network.default" "denials of a name of the kernel's"
	allowed but "$ATTACK/net" unix-autobind
}

# not_bound POLICY CALL NAME RULE: it is this call that is refused.
not_bound() {
	rm -f "$T/s/half" "$T/s/other"
	refused "$1" 'EACCES|EPERM' "$ATTACK/net" unix-bind "$3"
	contains "$ERR" "$2: " "what fails at $3"
	[ "$2$3" != "bind$T/s/other" ] || set -- "$1" mknod "$3" "$4" # where its file is made
	eq "$(events 'select(.verdict == "denied") | [.layer, .operation, .object.unix, .rule.id] | join(" ")')" \
		"network $2 $3 $4" "denials of $3"
}

test_reuseport_beside_an_allowed_port() {
	network_world
	policy net '"network": { "default": "deny", "rules": [
  {"allow": ["bind", "listen"], "protocol": "tcp", "ports": [8080]} ] }'
	refused net 'EACCES|EPERM' "$ATTACK/net" listen 10.9.9.2 7002
}

test_unix_sockets_by_path_and_name() {
	mkdir "$T/s"
	"$ATTACK/net" serve-unix stream "$T/s/allowed" "$T/good" &&
		"$ATTACK/net" serve-unix stream "$T/s/denied" "$T/bad" &&
		"$ATTACK/net" serve-unix stream @allowed-name "$T/good" &&
		"$ATTACK/net" serve-unix stream @denied-name "$T/bad" &&
		"$ATTACK/net" serve-unix datagram "$T/s/denied-dgram" "$T/bad" || fail "no servers"
	pgrep -x net >"$T/.pids"
	ln -s "$T/s/denied" "$T/s/link"
	policy net '"network": { "default": "deny", "rules": [
  {"id": "mine", "allow": ["connect"], "unix": ["'"$T"'/s/allowed", "@allowed*"]} ] }'
	allowed net "$ATTACK/net" unix "$T/s/allowed"
	allowed net "$ATTACK/net" unix @allowed-name
	not_reached unix "$T/s/denied"
	eq "$(events 'select(.verdict == "denied") | [.operation, .object.family, .object.unix] |
		join(" ")')" "connect unix $T/s/denied" "record"
	not_reached unix "$T/s/link"
	not_reached unix "$T/s/../s/denied"
	not_reached unix-magic "$T/s/denied"
	not_reached unix-datagram "$T/s/denied-dgram"
	not_reached unix @denied-name
	ln "$T/s/denied" "$T/s/allowed2"
	not_reached unix "$T/s/allowed2"
}

# A socket whose path is longer than the text that names of sockets are judged by; reached by steps.
test_a_unix_name_that_is_too_long_to_be_judged_is_refused() {
	cat >"$T/far.py" <<'END'
import os, socket, sys, time
os.chdir(sys.argv[1])
for _ in range(int(sys.argv[2])):
    os.makedirs("d" * 200, exist_ok=True)
    os.chdir("d" * 200)
s = socket.socket(socket.AF_UNIX)
if sys.argv[3] == "serve":
    s.bind("s")
    s.listen()
    open(sys.argv[1] + "/listens", "w").close()
    time.sleep(600)
try:
    s.connect("s")
    print("reached")
except OSError as e:
    print(os.strerror(e.errno))
END
	policy net '"network": { "default": "allow", "rules": [
  {"id": "no", "deny": ["connect"], "unix": ["/nowhere/**"]} ] }'
	mkdir "$T/near" "$T/far"
	background python3 "$T/far.py" "$T/near" 30 serve
	background python3 "$T/far.py" "$T/far" 42 serve
	wait_for '[ -e "$T/near/listens" ] && [ -e "$T/far/listens" ]' "the servers"
	works python3 "$T/far.py" "$T/far" 42 connect
	eq "$OUT" reached "unfenced"
	allowed net python3 "$T/far.py" "$T/near" 30 connect
	eq "$OUT" reached "6,000 bytes"
	allowed net python3 "$T/far.py" "$T/far" 42 connect
	eq "$OUT" "Permission denied" "8,400 bytes"
	eq "$(events 'select(.verdict == "denied") | .layer + " " + .rule.id + " " + .rule.code')" \
		"network files.unjudged too_long" "record"
}

test_the_outside_is_not_reached_by_a_link_to_a_socket() {
	mkdir "$T/s"
	"$ATTACK/net" serve-unix stream "$T/s/denied" "$T/bad" || fail "no server"
	pgrep -x net >"$T/.pids"
	policy net '"files": {"default": "allow", "rules": [{"deny": ["read"], "paths": ["/nowhere"]}]},
"network": { "default": "deny", "rules": [
  {"id": "mine", "allow": ["connect"], "unix": ["'"$T"'/s/allowed"]} ] }'
	fence net sh -c "ln $T/s/denied $T/s/allowed; $ATTACK/net unix $T/s/allowed"
	eq "$(visits bad)" 0 "visits"
	rm -f "$T/s/allowed"
	fence net sh -c "mv $T/s/denied $T/s/allowed; $ATTACK/net unix $T/s/allowed"
	eq "$(visits bad)" 0 "visits after a rename"
	mkdir "$T/other"
	fence net sh -c "mv $T/s/denied $T/other/allowed; mv $T/s $T/s.old; mv $T/other $T/s; $ATTACK/net unix $T/s/allowed"
	eq "$(visits bad)" 0 "visits after a rename of folders"
	mkdir -p "$T/plain/below"
	allowed net mv "$T/plain" "$T/renamed"
}

test_kill_action_ends_the_caller() {
	network_world
	policy net '"network": { "default": "allow", "rules": [
  {"id": "meta", "deny": ["connect"], "to": ["10.9.9.2"], "action": "kill"} ] }'
	fence net "$ATTACK/net" tcp 10.9.9.2 7002
	eq "$RC" 137 "status"
	eq "$(events 'select(.verdict == "killed") | .rule.id')" meta "record"
	eq "$(visits bad)" 0 "visits"
}

# Where a rule refuses an address, there are no sockets that would reach it unasked.
test_sockets_that_nobody_asks_about() {
	policy none '"network": {"default": "allow", "rules": [{"id": "no", "deny": ["connect"], "to": ["127.0.0.2"]}]}'
	policy local '"network": {"default": "allow", "rules": [{"id": "no", "deny": ["bind"], "ports": [1]}]}'
	cat >"$T/make.py" <<'END'
import socket
for name, family, kind, protocol in (("raw", 2, 3, 1), ("raw6", 10, 3, 58), ("packet", 17, 3, 0), ("smc", 43, 1, 0),
                                     ("rds", 21, 5, 0), ("udp", 2, 2, 0), ("lite", 2, 2, 136), ("tcp", 2, 1, 0)):
    try:
        socket.socket(family, kind, protocol)
        print(name, "made")
    except OSError as e:
        print(name, e.errno)
END
	fence none python3 "$T/make.py"
	eq "$(grep made <<<"$OUT" | cut -d' ' -f1 | paste -sd' ')" "udp lite tcp" "what is made"
	contains "$OUT" "raw 13
raw6 13
packet 13
smc 13" "what is not"
	fence local python3 "$T/make.py"
	contains "$OUT" "raw made" "where only binding is refused"
	contains "$OUT" "packet made" "where only binding is refused"
}

run_tests
