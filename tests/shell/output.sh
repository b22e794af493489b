#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `-o NAME` of every command that has it: what is there and is no file is never replaced by one. The
# devices are nodes of our own, never those of the machine.
. "$(dirname "$0")/lib.sh"
cd "$TMP" || exit 1
unset XDG_CONFIG_HOME

echo '{"v":1,"type":"access","seq":1,"sandbox":{"id":"s"},"process":{"pid":1,"comm":"c"},"layer":"files","operation":"open","object":{"path":"/srv/x"},"access":["read"],"missing":["read"],"verdict":"denied","rule":{"id":"r"},"count":1}' >events
echo '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}' >profile.json
echo '{"ociVersion": "1.0.2", "process": {"args": ["true"], "cwd": "/"}, "root": {"path": "/"}, "linux": {}}' >config.json
echo kept >target

output() { # NAME COMMAND…
	local name=$1
	shift
	ln -sf target link
	rm -f fifo
	mkfifo fifo
	run "$RF" "$@" -o link
	is "$name: a symbolic link is refused" "$status:$err:$(cat target)" \
		"125:ringfence: cannot write link: it is a symbolic link; name the file it leads to, or - for standard output:kept"
	ok "$name: and stays one" test -L link
	run "$RF" "$@" -o .
	is "$name: a directory is refused" "$status:$err" "125:ringfence: cannot write .: it is a directory"
	timeout 60 cat fifo >through &
	run timeout 60 "$RF" "$@" -o fifo
	wait $!
	ok "$name: a FIFO gets it" test "$status" = 0 -a -s through -a -p fifo
	run "$RF" "$@" -o new
	ok "$name: as the file does" cmp new through
	rm -f new full null
	if ! mknod full c 1 7 2>mknod-err || ! mknod null c 1 3 || ! : 2>mknod-err >null; then
		skip "$name: devices" "no usable nodes can be made here"
		return
	fi
	run "$RF" "$@" -o full
	is "$name: a full device is told" "$status:$err" \
		"125:ringfence: write full: cannot write: No space left on device"
	run "$RF" "$@" -o null
	is "$name: a device that takes all" "$status" 0
	ok "$name: both stay devices" test -c full -a -c null
}
output report report events
output "policy import" policy import profile.json
output learn learn --from events
output "oci apply" oci apply --policy container-default config.json

done_testing
