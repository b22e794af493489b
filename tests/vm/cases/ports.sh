#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A bind to port 0: it is judged by all ports that the kernel may choose then.
. "$RF_VM/lib.sh"

ports_world() {
	echo "32768 60999" >/proc/sys/net/ipv4/ip_local_port_range
	cat >"$T/bind.py" <<'END'
import errno, socket, sys
kinds = {"tcp": (2, 1, 0), "udp": (2, 2, 0), "tcp6": (10, 1, 0), "udp6": (10, 2, 0), "mptcp": (2, 1, 262), "lite": (2, 2, 136)}
for name in sys.argv[2:] or kinds:
    s = socket.socket(*kinds[name])
    try:
        s.bind(("", int(sys.argv[1])))
    except OSError as e:
        print(name, errno.errorcode[e.errno])
        continue
    print(name, "bound")
END
}

# POLICY ANSWER [PORT]: of every kind of socket.
all_are() {
	local answer
	fence "$1" python3 "$T/bind.py" "${3:-0}"
	answer=$(cut -d' ' -f2 <<<"$OUT" | sort -u)
	eq "$answer" "$2" "port ${3:-0} under $1: $OUT$ERR"
}

test_a_refused_port_that_may_be_chosen_refuses() {
	ports_world
	policy middle '"network": {"default": "allow", "rules": [{"id": "no", "deny": ["bind"], "ports": ["40000-50000"]}]}'
	policy last '"network": {"default": "deny", "rules": [{"allow": ["bind"]}, {"id": "no", "deny": ["bind"], "ports": [60999]}]}'
	policy beside '"network": {"default": "allow", "rules": [{"id": "no", "deny": ["bind"], "ports": ["1-32767", "61000-65535"]}]}'
	all_are middle EACCES
	eq "$(denials | sort -u)" "network no" "denials"
	all_are last EACCES
	all_are beside bound
	all_are middle bound 39999
	all_are middle EACCES 40000
	echo "20000 20100" >/proc/sys/net/ipv4/ip_local_port_range
	all_are middle bound
	all_are beside EACCES
}

test_all_ports_that_may_be_chosen_have_to_be_allowed() {
	ports_world
	policy all '"network": {"default": "deny", "rules": [{"id": "yes", "allow": ["bind"], "ports": ["32768-60999"]}]}'
	policy pieces '"network": {"default": "deny", "rules": [
  {"allow": ["bind"], "ports": ["50000-60999"]}, {"allow": ["bind"], "ports": ["1024-40000"]},
  {"allow": ["bind"], "ports": ["39000-49999"]} ]}'
	policy gap '"network": {"default": "deny", "rules": [
  {"allow": ["bind"], "ports": ["32768-40000"]}, {"allow": ["bind"], "ports": ["40002-60999"]} ]}'
	policy one '"network": {"default": "deny", "rules": [{"allow": ["bind"], "ports": [8080]}]}'
	policy any '"network": {"default": "deny", "rules": [{"allow": ["bind"]}]}'
	policy told '"network": {"default": "deny", "rules": [{"id": "yes", "allow": ["bind"], "ports": ["32768-60999"], "audit": true}]}'
	all_are all bound
	all_are pieces bound
	all_are gap EACCES
	eq "$(denials | sort -u)" "network network.default" "denials"
	all_are one EACCES
	all_are any bound
	all_are told bound
	eq "$(events 'select(.operation == "bind") | .verdict + " " + .rule.id' | sort -u)" "allowed yes" "audited"
	all_are all EACCES 61000
	echo "32767 60999" >/proc/sys/net/ipv4/ip_local_port_range
	all_are all EACCES
	echo "32768 60999" >/proc/sys/net/ipv4/ip_local_port_range
}

test_audit_mode_tells_what_might_be_refused() {
	ports_world
	policy would '"network": {"default": "allow", "rules": [{"id": "no", "deny": ["bind"], "ports": ["40000-50000"], "mode": "audit"}]}'
	policy audit '"mode": "audit", "network": {"default": "allow", "rules": [{"id": "no", "deny": ["bind"], "ports": ["40000-50000"]}]}'
	for name in would audit; do
		all_are $name bound
		eq "$(events 'select(.operation == "bind") | .verdict + " " + .rule.id' | sort -u)" "would_deny no" "$name"
	done
}

# Who listens without a bind gets a port, too.
test_listening_without_a_bind_is_judged_by_them_too() {
	ports_world
	policy middle '"network": {"default": "allow", "rules": [{"id": "no", "deny": ["listen"], "ports": ["40000-50000"]}]}'
	policy all '"network": {"default": "deny", "rules": [{"id": "yes", "allow": ["bind", "listen"], "ports": ["32768-60999"]}]}'
	refused middle '\[Errno 13\] Permission denied' python3 -c 'import socket; socket.socket().listen()'
	eq "$(events 'select(.verdict == "denied") | .operation + " " + .rule.id' | sort -u)" "listen no" "record"
	allowed middle python3 -c 'import socket; s = socket.socket(); s.bind(("", 39999)); s.listen()'
	allowed all python3 -c 'import socket; socket.socket().listen()'
	echo "20000 20100" >/proc/sys/net/ipv4/ip_local_port_range
	allowed middle python3 -c 'import socket; socket.socket().listen()'
	refused all '\[Errno 13\] Permission denied' python3 -c 'import socket; socket.socket().listen()'
}

# The report of a launch tells where the answer is stricter than the policy's.
test_the_report_tells_of_it() {
	ports_world
	policy middle '"network": {"default": "allow", "rules": [{"id": "no", "deny": ["bind"], "ports": ["40000-50000"]}]}'
	policy beside '"network": {"default": "allow", "rules": [{"id": "no", "deny": ["bind"], "ports": ["1-32767", "61000-65535"]}]}'
	capture "$RF" run -p "$T/middle.json" --report "$T/report" -- true
	eq "$RC $(jq -c '.items[] | select(.id == "network.ports") | [.need, .hold, .by]' "$T/report")" \
		'0 ["should","stricter","bpf-lsm"]' "report: $OUT$ERR"
	contains "$(jq -r '.items[] | select(.id == "network.ports") | .why' "$T/report")" "40000" "why"
	eq "$("$RF" why "$T/middle.json" bind tcp 0.0.0.0:0 | head -1)" "denied by no ($T/middle.json:$(line_of middle no))" "why"
	capture "$RF" run -p "$T/beside.json" --report "$T/report" -- true
	eq "$RC $(jq -c '.items[] | select(.id == "network.ports")' "$T/report")" "0 " "report: $OUT$ERR"
}

# Numbers of echo requests are no ports.
test_sockets_of_ping_are_judged_as_before() {
	ports_world
	echo "0 2147483647" >/proc/sys/net/ipv4/ping_group_range
	policy middle '"network": {"default": "allow", "rules": [{"id": "no", "deny": ["bind"], "ports": ["40000-50000"]}]}'
	allowed middle python3 -c 'import socket; socket.socket(2, 2, 1).bind(("127.0.0.1", 0))'
}

run_tests
