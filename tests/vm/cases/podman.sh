#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Containers of podman, with crun and with runc, by the files that `oci install` writes.
. "$RF_VM/lib.sh"
. "$RF_VM/containers.sh"

PODMAN_BOX="--network none --annotation ringfence.policy=box localhost/box:1"

# One image, imported once: that takes seconds.
IMPORTED=/run/rf/podman-image

import_image() {
	local root=$T/image
	mkdir -p /var/lib/containers "$root"/{bin,etc,tmp}
	mountpoint -q /var/lib/containers || mount -t tmpfs containers /var/lib/containers
	cp /bin/busybox "$root/bin/"
	ln -sf busybox "$root/bin/sh"
	ln -sf busybox "$root/bin/cat"
	ln -sf busybox "$root/bin/sleep"
	echo "the-secret" >"$root/secret"
	echo "no secret" >"$root/open"
	tar -C "$root" -cf "$T/image.tar" .
	works podman import "$T/image.tar" localhost/box:1
	touch "$IMPORTED"
}

podman_world() {
	command -v podman >/dev/null || skip "podman is not installed"
	[ "$SERIES" != 6.1 ] || skip "the same on 6.12; containers.sh and runtimes.sh run here"
	container_world
	[ -e "$IMPORTED" ] || import_image
	status 0 "$RF" oci install
}

podman_with() { # RUNTIME
	# shellcheck disable=SC2086
	capture podman --runtime "/usr/bin/$1" run --rm $PODMAN_BOX cat /open /secret
	eq "$OUT" "no secret" "podman with $1: $ERR"
	contains "$ERR" "'/secret': Permission denied" "podman with $1"
}

test_podman_containers_are_fenced() {
	podman_world
	status 0 "$RF" oci install --check
	podman_with crun
	[ -x /usr/bin/runc ] || ln -s "$(command -v runc)" /usr/bin/runc
	podman_with runc
	# shellcheck disable=SC2086
	capture podman run -d --name box $PODMAN_BOX sleep 1000
	eq "$RC" 0 "podman run -d: $ERR"
	capture podman exec --privileged box cat /secret
	lacks "$OUT" "the-secret" "podman exec --privileged"
	# Its terminal is its own, also for who has no session with one.
	opens=': <>/dev/tty && : <>/dev/pts/0 && busybox setsid sh -c ": <>/dev/pts/0" && echo opened'
	capture script -qec "podman exec -t box sh -c '$opens'" /dev/null
	contains "$OUT" "opened" "podman exec -t: $ERR"
	capture script -qec "podman run --rm -t $PODMAN_BOX sh -c ': <>/dev/console && $opens'" /dev/null
	contains "$OUT" "opened" "podman run -t: $ERR"
	capture podman rm -f -t 0 box
	nothing_left
}

test_podman_without_ringfence_refuses() {
	podman_world
	mv "$RF" "$RF.away"
	# shellcheck disable=SC2086
	capture podman run --rm $PODMAN_BOX cat /open
	mv "$RF.away" "$RF"
	[ "$RC" -ne 0 ] || fail "the container started"
	lacks "$OUT" "no secret" "output"
	capture podman run --rm --cgroups=disabled --network none --annotation ringfence.policy=box localhost/box:1 cat /open
	[ "$RC" -ne 0 ] || fail "a container without a cgroup started"
	capture podman run --rm --network none --annotation ringfence.polcy=box localhost/box:1 cat /open
	[ "$RC" -ne 0 ] || fail "a container with a misspelt annotation started"
	status 0 "$RF" oci gc
	nothing_left
}

test_podman_precreate_applies_the_policy() {
	podman_world
	status 0 "$RF" oci install --precreate
	capture podman run --rm --network none --annotation ringfence.policy=tighter localhost/box:1 cat /proc/self/status
	[ "$RC" -ne 0 ] || fail "an unknown policy passed precreate"
	cat >/etc/ringfence/tighter.json <<-END
		{ "ringfence": 1, "name": "tighter", "capabilities": {"keep": ["kill"]} }
	END
	capture podman run --rm --network none --annotation ringfence.policy=tighter localhost/box:1 cat /proc/self/status
	eq "$RC" 0 "podman run: $ERR"
	contains "$OUT" "CapBnd:	0000000000000020" "the bounding set"
	contains "$OUT" "NoNewPrivs:	1" "no_new_privileges"
	status 0 "$RF" oci uninstall
	nothing_left
}

run_tests
