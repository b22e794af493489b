# SPDX-License-Identifier: Apache-2.0
# A containerd of the test's own for the cases that need one, with an image made here, and a kubelet's
# words to it (cri.py). Handlers for pods: plain, which is the default, has no hooks; ringfence and
# crun have those of `oci install`; all has a policy for all but kube-system; bare and bare-crun have
# none although they let the annotations through.

CTD=/run/rf/containerd
SOCKET=$CTD/containerd.sock

# cri ACTION ARG...: asks the cri.py that start_daemon left running.
cri() {
	local rc
	kill -0 "$(cat $CTD/cri-pid)" || fail "cri.py has ended: $(tail -n 3 $CTD/cri-log)"
	[ -p "$T/.cri" ] || mkfifo "$T/.cri"
	jq -cn --args '$ARGS.positional' -- "$T/.cri-out" "$T/.cri-err" "$T/.cri" "$@" >$CTD/requests
	read -r rc <"$T/.cri"
	cat "$T/.cri-out"
	cat "$T/.cri-err" >&2
	return "$rc"
}

ctr_() {
	ctr --address "$SOCKET" --namespace k8s.io "$@"
}

# runtime NAME [SPEC [BINARY]]: a section of containerd's configuration, a handler for pods.
runtime() {
	local at="plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.$1"
	echo "[$at]"
	echo '  runtime_type = "io.containerd.runc.v2"'
	[ $# -gt 1 ] || return 0
	echo "  base_runtime_spec = \"$2\""
	echo '  pod_annotations = ["ringfence.*"]'
	echo '  container_annotations = ["ringfence.*"]'
	[ $# -lt 3 ] || printf '[%s.options]\n  BinaryName = "%s"\n' "$at" "$3"
}

start_containerd() {
	local root=$CTD/image
	mkdir -p /var/lib/containerd "$root"/{bin,etc,tmp,proc,dev,sys} $CTD/other
	mountpoint -q /var/lib/containerd || mount -t tmpfs containerd /var/lib/containerd
	cp /bin/busybox "$root/bin/"
	for name in sh cat sleep; do ln -sf busybox "$root/bin/$name"; done
	echo "the-secret" >"$root/secret"
	echo "no secret" >"$root/open"
	/usr/bin/python3 "$RF_VM/oci-archive.py" $CTD/image.tar localhost/box:1 "$root" || fail "the image"
	ctr oci spec >$CTD/plain.json || fail "ctr oci spec"
	works "$RF" oci install --root $CTD/other --containerd-spec $CTD/plain.json --policy box --exempt kube-system
	works "$RF" oci install --containerd-spec $CTD/plain.json
	{
		echo 'version = 2'
		echo '[plugins."io.containerd.grpc.v1.cri"]'
		echo '  sandbox_image = "localhost/box:1"'
		echo '[plugins."io.containerd.grpc.v1.cri".containerd]'
		echo '  default_runtime_name = "plain"'
		runtime plain
		runtime ringfence /etc/ringfence/containerd-base-spec.json
		runtime crun /etc/ringfence/containerd-base-spec.json /usr/bin/crun
		runtime bare $CTD/plain.json
		runtime bare-crun $CTD/plain.json /usr/bin/crun
		runtime all $CTD/other/etc/ringfence/containerd-base-spec.json
	} >$CTD/config.toml
	start_daemon
	works ctr_ images import $CTD/image.tar
}

start_daemon() {
	containerd -c $CTD/config.toml -a $SOCKET >$CTD/log 2>&1 </dev/null &
	echo $! >$CTD/pid
	[ -p $CTD/requests ] || mkfifo $CTD/requests
	/usr/bin/python3 "$RF_VM/cri.py" $SOCKET serve $CTD/requests >$CTD/cri-log 2>&1 </dev/null &
	echo $! >$CTD/cri-pid
	wait_for 'ctr_ version >/dev/null 2>&1' "containerd, see $CTD/log"
}

restart_daemon() {
	end_daemon
	start_daemon
}

containerd_world() {
	[ "$SERIES" != 6.1 ] || skip "the same on 6.12; containers.sh and runtimes.sh run here"
	command -v containerd >/dev/null || skip "containerd is not installed"
	# Ten seconds of an emulated machine, so it is asked once.
	[ -e $CTD/pid ] || /usr/bin/python3 -c 'import grpc' 2>/dev/null || skip "python3-grpcio is not installed"
	container_world
	[ -e $CTD/pid ] || start_containerd
	kill -0 "$(cat $CTD/pid)" || fail "containerd has ended: $(tail -n 5 $CTD/log)"
}

# pod NAME NAMESPACE HANDLER ANNOTATIONS: $T/NAME.pod.json
pod() {
	jq -n --arg name "$1" --arg space "$2" --arg handler "$3" --argjson annotations "$4" --arg logs "$T/logs" '
		{metadata: {name: $name, uid: $name, namespace: $space}, log_directory: $logs, annotations: $annotations,
		 linux: {cgroup_parent: ("/pod-" + $name), security_context: {namespace_options: {network: 2, pid: 1}}},
		 handler: $handler}' >"$T/$1.pod.json" || fail "pod $1"
}

# container NAME COMMAND...: $T/NAME.json
container() {
	jq -n --arg name "$1" --args '{metadata: {name: $name}, image: {image: "localhost/box:1"},
		command: $ARGS.positional, log_path: ($name + ".log")}' -- "${@:2}" >"$T/$1.json" || fail "container $1"
}

# start POD CONTAINER...: POD IDS
start() {
	local pod=$1 files=()
	shift
	for name; do files+=("$T/$name.json"); done
	capture cri start "$T/$pod.pod.json" "${files[@]}"
	[ "$RC" = 0 ] || fail "the pod: $ERR; $(tail -n 3 $CTD/log)"
	POD=$(jq -r .pod <<<"$OUT")
	mapfile -t IDS < <(jq -r '.containers[]' <<<"$OUT")
}

started() {
	for id in "${IDS[@]}"; do
		[ "${id#error}" = "$id" ] || fail "not started: $id"
	done
}

# The daemon serves all tests of a case.
end_daemon() {
	[ -e $CTD/pid ] || return 0
	kill "$(cat $CTD/pid)" "$(cat $CTD/cri-pid)"
	while kill -0 "$(cat $CTD/pid)" 2>/dev/null; do sleep 0.1; done
	rm -f $CTD/pid
}
[ -n "${RF_ONE:-}" ] || trap end_daemon EXIT
