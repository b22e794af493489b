#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Where a policy allows io_uring, what a ring does is judged as the call that it stands for.
. "$RF_VM/lib.sh"

# The files of both folders, as they are before each call.
world() {
	rm -rf "$T/no" "$T/yes"
	mkdir -p "$T/no" "$T/yes"
	echo text >"$T/no/file"
	echo text >"$T/yes/file"
}

# What came of a call by how it was made, whatever words tell of it.
outcome() { # COMMAND…
	world
	fence p "$ATTACK/ring" "$@"
	echo "$RC ${ERR##*: }"
	events 'select(.verdict == "denied") | [.operation, .rule.id, (.access | join(",")), .object.path] | join(" ")'
	(cd "$T" && ls no yes)
}

test_files_by_a_ring_as_by_the_call() {
	local call plain
	policy p '"kernel": {"io_uring": "allow"}, "files": {"default": "allow", "rules": [
  {"id": "no", "deny": ["read", "write"], "paths": ["'"$T"'/no/**"]} ]}'
	while read -r call; do
		# shellcheck disable=SC2086
		set -- $call
		plain=$(outcome call plain "$1" "${@:2}")
		eq "$(outcome call ring "$1" "${@:2}")" "$plain" "$call by a ring"
		if [[ $call == */no/* ]]; then
			contains "$plain" "1 EACCES" "$call"
		else
			contains "$plain" "0 " "$call"
		fi
	done <<-END
		mkdir $T/no/new
		mkdir $T/yes/new
		symlink target $T/no/new
		symlink target $T/yes/new
		link $T/yes/file $T/no/new
		link $T/yes/file $T/yes/new
		rename $T/yes/file $T/no/new
		rename $T/no/file $T/yes/new
		rename $T/yes/file $T/yes/new
		openat2 $T/no/file
		openat2 $T/yes/file
	END
}

test_sockets_by_a_ring_as_by_the_call() {
	local how fds
	policy p '"kernel": {"io_uring": "allow"}, "network": {"default": "deny", "rules": [
  {"id": "in", "allow": ["listen"], "protocol": "tcp", "to": ["127.0.0.1"], "ports": [8090]},
  {"id": "out", "allow": ["send"], "to": ["127.0.0.1"], "ports": [8092]} ]}'
	cat >"$T/open.py" <<-'END'
		import os, socket, sys
		for port in 8090, 8091:
		    s = socket.create_server(("127.0.0.1", port))
		    c = socket.create_connection(("127.0.0.1", port))
		    for fd in s, c: os.set_inheritable(fd.fileno(), True); fd.detach()
		os.execvp(sys.argv[1], sys.argv[1:])
	END
	fds=$(printf -- '--keep-fd %d ' 3 5)
	for how in plain ring; do
		for fd in 3 5; do
			rm -f "$T/events"
			# shellcheck disable=SC2086
			capture python3 "$T/open.py" "$RF" run -p "$T/p.json" $fds --events "$T/events" --summary never -- \
				"$ATTACK/ring" accept $how $fd
			eq "$RC ${ERR##*: } $(denials)" "$([ $fd = 3 ] && echo "0  " || echo "1 EACCES network network.default")" \
				"accept on $fd, $how"
		done
	done
	for how in plain ring zero-copy; do
		allowed p "$ATTACK/ring" send $how 127.0.0.1 8092
		refused p EACCES "$ATTACK/ring" send $how 127.0.0.1 8093
		eq "$(denials)" "network network.default" "a datagram, $how"
	done
}

run_tests
