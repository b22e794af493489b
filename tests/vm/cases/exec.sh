#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Execution rules: what may be read may not therefore be run, by no door.
. "$RF_VM/lib.sh"

# Programs of the system may run; $T/bin may be read, not executed; $T/data is free but for exec.
exec_world() {
	mkdir -p "$T/bin" "$T/data"
	cp /bin/true "$T/bin/true"
	cp /bin/cat "$T/bin/cat"
	policy ex '"files": {"default": "deny", "rules": [
  {"id": "sys", "allow": ["read", "exec"], "paths": ["/usr/**", "/etc/**", "/run/rf/attack/**"]},
  {"id": "proc", "allow": ["read"], "paths": ["/proc/**", "/dev/**"]},
  {"id": "data", "allow": ["read", "write"], "paths": ["'"$T"'/data/**"]},
  {"id": "bin", "allow": ["read"], "paths": ["'"$T"'/bin/**"]} ]}'
}

test_running_and_mapping_need_exec() {
	exec_world
	works "$ATTACK/exec" run "$T/bin/true"
	refused ex EACCES "$ATTACK/exec" run "$T/bin/true"
	eq "$(events 'select(.verdict == "denied") | .missing[0] + " " + .object.path')" \
		"exec $T/bin/true" "record"
	works "$ATTACK/exec" map "$T/bin/true"
	refused ex EACCES "$ATTACK/exec" map "$T/bin/true"
	refused ex EACCES "$ATTACK/exec" protect "$T/bin/true"
	allowed ex cat "$T/bin/true"
	allowed ex "$ATTACK/exec" run /bin/true
}

test_the_dynamic_loader_is_no_door() {
	local loader
	exec_world
	loader=$(readlink -f /lib64/ld-linux-x86-64.so.2)
	works "$loader" "$T/bin/true"
	fence ex "$loader" "$T/bin/true"
	[ "$RC" -ne 0 ] || fail "ld.so ran it"
	contains "$(denials)" "files files.default" "denials"
	allowed ex "$loader" /bin/true
}

test_a_copy_is_judged_by_its_own_name() {
	exec_world
	fence ex sh -c "cp /bin/true $T/data/mine && chmod 755 $T/data/mine && $T/data/mine"
	[ "$RC" -ne 0 ] || fail "the copy ran"
	[ -e "$T/data/mine" ] || fail "the copy was not even made: $ERR"
}

test_fileless() {
	exec_world
	works "$ATTACK/exec" memfd /bin/true
	refused ex 'EPERM|EACCES' "$ATTACK/exec" memfd /bin/true
	eq "$(denials)" "kernel kernel.fileless_exec" "denials"
	refused ex 'EPERM|EACCES' "$ATTACK/exec" unlinked /bin/true "$T/data/scratch"
	refused ex 'EPERM|EACCES' "$ATTACK/exec" memfd-map
	allowed ex "$ATTACK/exec" jit
}

test_scripts_need_both() {
	exec_world
	printf '#!/bin/sh\necho ran\n' >"$T/bin/script"
	chmod 755 "$T/bin/script"
	fence ex "$T/bin/script"
	eq "$RC" 126 "a script that may not be executed"
	printf '#!%s/bin/cat\nbody\n' "$T" >"$T/data/by-denied"
	chmod 755 "$T/data/by-denied"
	policy ex2 '"files": {"default": "allow", "rules": [
  {"id": "interp", "deny": ["exec"], "paths": ["'"$T"'/bin/cat"]} ]}'
	works "$T/data/by-denied"
	fence ex2 "$ATTACK/exec" run "$T/data/by-denied"
	[ "$RC" -ne 0 ] || fail "the denied interpreter ran"
	eq "$(denials)" "files interp" "denials"
}

test_a_library_from_a_writable_folder() {
	exec_world
	cp "$(ldd /bin/true | awk '/libc.so/ { print $3 }')" "$T/data/libc.so.6"
	fence ex env "LD_LIBRARY_PATH=$T/data" /bin/true
	[ "$RC" -ne 0 ] || fail "the library was mapped"
	contains "$(denials)" "files files.default" "denials"
}

test_exec_status_as_a_shell_would_tell() {
	exec_world
	fence ex "$T/bin/true"
	eq "$RC" 126 "not executable"
	fence ex /usr/bin/there-is-no-such-program
	eq "$RC" 127 "not found"
	fence ex sh -c 'exit 7'
	eq "$RC" 7 "own status"
	fence ex sh -c 'kill -TERM $$'
	eq "$RC" 143 "killed by TERM"
}

run_tests
