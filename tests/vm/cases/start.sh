#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Started badly, ringfence either fences as always or does not run the command at all.
. "$RF_VM/lib.sh"

# The secret stays one, and a run that could not be fenced says so with 125.
fenced_or_not_at_all() {
	lacks "$OUT" "$SECRET" "output"
	case $RC in
	1) ;;
	125)
		[[ $ERR == "ringfence: "* ]] || fail "not a sentence of ours: $ERR"
		;;
	*) fail "status $RC: $ERR" ;;
	esac
}

run_it() {
	"$RF" run -p "$T/world.json" --summary never -- "$ATTACK/names" read "$T/denied/secret"
}

test_closed_standard_descriptors() {
	secret_world
	capture run_it
	eq "$RC" 1 "as always"
	for fds in '<&-' '>&-' '2>&-' '<&- >&-' '<&- >&- 2>&-'; do
		eval "run_it $fds" >"$T/.out" 2>"$T/.err"
		RC=$?
		lacks "$(cat "$T/.out")" "$SECRET" "output with $fds"
		[ $RC -ne 0 ] || fail "status 0 with $fds"
	done
}

test_tiny_limits() {
	secret_world
	for limit in '-n 4' '-n 8' '-n 16' '-v 20000' '-s 64' '-l 0' '-f 0' '-u 1' '-c 0'; do
		# shellcheck disable=SC2086
		limited() { (ulimit $limit && run_it); }
		capture limited
		lacks "$OUT" "$SECRET" "output with $limit"
		[ "$RC" -ne 0 ] || fail "status 0 with $limit"
	done
	capture run_it
	eq "$RC" 1 "afterwards"
}

test_hostile_environment() {
	secret_world
	mkdir "$T/evil" "$T/home"
	printf '#!/bin/sh\ncat %s/denied/secret\n' "$T" >"$T/evil/cat"
	chmod 755 "$T/evil/cat"
	hostile() {
		env -i PATH="$T/evil" HOME="$T/home" TMPDIR="$T/evil" LD_PRELOAD=/nowhere.so \
			LIBBPF_STRICT=x XDG_CONFIG_HOME="$T/evil" IFS=x "$RF" run -p "$T/world.json" \
			--summary never -- "$ATTACK/names" read "$T/denied/secret"
	}
	capture hostile
	lacks "$OUT" "$SECRET" "output"
	eq "$RC" 1 "status"
	empty() { env -i "$RF" run -p "$T/world.json" --summary never -- /bin/cat "$T/open/file"; }
	capture empty
	eq "$RC $OUT" "0 harmless" "with an empty environment: $ERR"
}

test_umask_and_a_removed_folder() {
	secret_world
	masked() { (umask 0777 && run_it); }
	capture masked
	fenced_or_not_at_all
	mkdir "$T/gone"
	removed() { (cd "$T/gone" && rmdir "$T/gone" && run_it); }
	capture removed
	fenced_or_not_at_all
}

test_policies_that_are_no_files() {
	secret_world
	mkfifo "$T/fifo.json"
	mkdir "$T/dir.json"
	: >"$T/empty.json"
	for file in fifo dir empty missing; do
		capture timeout 100 "$RF" run -p "$T/$file.json" -- cat "$T/denied/secret"
		eq "$RC" 125 "$file: $ERR"
		lacks "$OUT" "$SECRET" "output"
	done
	capture timeout 100 "$RF" run -p /dev/zero -- cat "$T/denied/secret"
	eq "$RC" 125 "/dev/zero: $ERR"
}

test_unenforceable_must_is_refused_should_is_told() {
	# User space cannot be asked to look into a folder that only a kernel without our hooks has; a
	# device pattern outside of /dev is refused at parse time instead.
	policy bad '"devices": {"default": "deny", "rules": [{"allow": ["read"], "nodes": ["/etc/passwd"]}]}'
	capture "$RF" run -p "$T/bad.json" -- true
	eq "$RC" 125 "status"
}

test_without_bpffs_nothing_runs_unfenced() {
	secret_world
	"$RF" unload 2>/dev/null
	umount /sys/fs/bpf || fail "cannot unmount bpffs"
	capture run_it
	# Over the one that run mounted another would hide its pins, and with them what is loaded.
	mountpoint -q /sys/fs/bpf || mount -t bpf -o nosuid,nodev,noexec,mode=700 bpf /sys/fs/bpf
	fenced_or_not_at_all
}

test_ordinary_user_is_never_left_unfenced() {
	secret_world
	chmod 644 "$T/denied/secret" "$T/world.json"
	chmod 755 /run/rf /run/rf/t "$T" "$T/denied"
	capture setpriv --reuid 1000 --regid 1000 --clear-groups "$RF" run -p "$T/world.json" \
		--summary never -- "$ATTACK/names" read "$T/denied/secret"
	fenced_or_not_at_all
	# The state of root is not his to change.
	capture setpriv --reuid 1000 --regid 1000 --clear-groups "$RF" unload
	[ "$RC" -ne 0 ] || fail "an ordinary user unloaded the fence"
}

test_folders_prepared_by_another_user_are_not_trusted() {
	local dir
	secret_world
	for dir in /run/ringfence /var/cache/ringfence; do
		rm -rf "$dir"
		mkdir -p "$dir"
		chown 1000:1000 "$dir"
		chmod 777 "$dir"
		capture run_it
		rm -rf "$dir"
		fenced_or_not_at_all
	done
	capture run_it
	eq "$RC" 1 "afterwards: $ERR"
}

test_a_policy_others_can_write_is_not_found_by_name() {
	mkdir -p /etc/ringfence
	echo '{"ringfence": 1, "name": "weak"}' >/etc/ringfence/weak.json
	chmod 666 /etc/ringfence/weak.json
	capture "$RF" run -p weak -- true
	rm -f /etc/ringfence/weak.json
	eq "$RC" 125 "status: $ERR"
	contains "$ERR" weak.json "sentence"
}

# Hooks that cannot find mount_lock would refuse every path, in every sandbox: so there are none.
test_hidden_symbols_are_no_load() {
	"$RF" unload >/dev/null 2>&1
	capture setpriv --bounding-set -syslog "$RF" load
	eq "$RC" 125 "status without CAP_SYSLOG: $OUT$ERR"
	contains "$ERR" "CAP_SYSLOG" "the reason"
	echo 2 >/proc/sys/kernel/kptr_restrict
	capture "$RF" load
	echo 0 >/proc/sys/kernel/kptr_restrict
	eq "$RC" 125 "status with kptr_restrict: $OUT$ERR"
	contains "$ERR" "mount_lock" "the reason"
	contains "$("$RF" status)" "not loaded" "status"
	eq "$(find /sys/fs/bpf -maxdepth 1 -name "ringfence*" ! -name "*-cg-*")" "" "what is left"
	secret_world
	allowed world cat "$T/open/file"
}

run_tests
