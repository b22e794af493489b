#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The service: an ordinary user's command is fenced by BPF LSM, and nobody gets anything else by it.
. "$RF_VM/lib.sh"

USER_HOME=/run/rf/home
ASK="python3 $RF_VM/serve.py"

as() { # UID COMMAND…
	local uid=$1
	shift
	setpriv --reuid "$uid" --regid "$uid" --clear-groups env HOME=$USER_HOME XDG_RUNTIME_DIR="$T/run$uid" "$@"
}

# Starts the service, with the kernel side loaded, and waits until it answers.
service() {
	local uid
	chmod 711 /run/rf /run/rf/t
	mkdir -p $USER_HOME
	chmod 755 "$T"
	for uid in 1000 1001; do
		mkdir -p "$T/run$uid" "$T/home$uid"
		chown $uid "$T/run$uid" "$T/home$uid"
		chmod 700 "$T/run$uid"
	done
	"$RF" load || fail "load: $?"
	background "$RF" serve "$@"
	SERVICE=$BACKGROUND
	wait_for '[ -S /run/ringfence/socket ]' "the socket"
	wait_for 'as 1000 '"$ASK"' list | grep -q "^list 0"' "the service: $(cat "$T/.background")"
}

# A policy and its compiled form, readable for all: $T/world.json, $IMAGE.
user_world() {
	secret_world "$@"
	chmod 755 "$T/denied" "$T/open"
	chmod 644 "$T/denied/secret" "$T/world.json"
	chmod 777 "$T/open"
	IMAGE=$T/image
	cp "$("$RF" policy compile "$T/world.json" | sed 's/.* //')" "$IMAGE"
	chmod 644 "$IMAGE"
}

# user_fence UID COMMAND…: under $T/world.json with events; sets RC OUT ERR.
user_fence() {
	local uid=$1
	shift
	rm -f "$T/events"
	capture as "$uid" "$RF" run -p "$T/world.json" --need must --events - --summary never -- "$@"
	grep '^{"v":1' <<<"$OUT" >"$T/events"
	OUT=$(grep -v '^{"v":1' <<<"$OUT")
}

sandboxes() { "$RF" status --json | jq -r '.sandboxes | length'; }

# The next run believes what is there, whatever way leads to it.
test_a_users_policies_are_out_of_reach_however_home_is_spelled() {
	local config=$USER_HOME/.config at
	service
	user_world
	mkdir -p "$T/real/ringfence"
	ln -sfn "$T/real" "$config"
	chown -R -h 1000 "$USER_HOME" "$T/real"
	for at in "$config/ringfence" "$T/real/ringfence"; do
		user_fence 1000 sh -c "echo x >$at/planted.json"
		[ ! -e "$T/real/ringfence/planted.json" ] || fail "a policy was planted at $at"
	done
	user_fence 1000 ln -sfn "$T/open" "$config"
	eq "$(readlink "$config")" "$T/real" "the link"
	rm "$config"
	mkdir -p "$config/ringfence"
	chown -R 1000 "$config"
	for at in "$USER_HOME/" "/run/./rf//home"; do
		USER_HOME=$at user_fence 1000 sh -c "echo x >$config/ringfence/planted.json"
		[ ! -e "$config/ringfence/planted.json" ] || fail "a policy was planted with HOME=$at"
	done
	rm -r "$config"
	user_fence 1000 ln -s "$T/open" "$config"
	[ ! -L "$config" ] || fail "a link stands where the folder was missing"
	user_fence 1000 sh -c "rmdir $config; ln -s $T/open $config"
	[ ! -L "$config" ] || fail "a link stands where the folder was empty"
	user_fence 1000 sh -c "echo x >$T/open/other; cat $T/open/other"
	eq "$OUT" "x" "the rest"
	rm -rf "$config"
}

test_bpf_lsm_holds_for_an_ordinary_user() {
	service
	user_world '"network": {"default": "deny", "rules": [
  {"id": "dns", "deny": ["connect"], "to": ["127.0.0.1/32"], "ports": [53]} ] }'
	user_fence 1000 sh -c "cat $T/denied/secret; echo x >$T/open/new; cat $T/open/new"
	eq "$RC $OUT" "0 x" "what is allowed: $ERR"
	eq "$(events 'select(.verdict == "denied") | [.rule.id, .rule.source, .object.path, .process.uid, .enforced] | join(" ")')" \
		"secret $T/world.json:$(line_of world secret) $T/denied/secret 1000 true" "denial"
	user_fence 1000 python3 -c "
import socket
try: socket.create_connection(('127.0.0.1', 53))
except OSError as e: print(e.errno)"
	eq "$OUT" 13 "errno of a denied connect: $ERR"
	contains "$(denials)" "network dns" "denials"
	eq "$(events '.seq' | paste -sd' ')" "$(seq -s' ' 1 "$(events '.seq' | tail -n 1)")" "numbers without a gap"
	eq "$(events '.type' | sed -n '1p;$p' | paste -sd' ')" "sandbox_start sandbox_end" "first and last"
	wait_for '[ "$(sandboxes)" = 0 ]' "the sandbox's end"
	wait_for '[ -z "$(ls /run/ringfence/sandboxes)" ]' "its record to go"
}

# What the command is given the service looks at for the user; another terminal of the same user is not.
test_a_user_has_the_terminal_that_was_given() {
	service
	user_world
	cat >"$T/terminal.py" <<'END'
import os, pty, subprocess, sys
if len(sys.argv) > 2:  # inside: that of descriptor 0, and another one
    os.close(os.open(os.ttyname(0), os.O_RDWR | os.O_NOCTTY))
    try: os.open(sys.argv[2], os.O_RDWR | os.O_NOCTTY)
    except OSError as e: sys.exit(0 if e.errno == 1 else "%s: %s" % (sys.argv[2], e))
    sys.exit("another terminal was opened")
os.setsid()
other, given = pty.openpty(), pty.openpty()
os.close(os.open(os.ttyname(other[1]), os.O_RDWR | os.O_NOCTTY))
run = sys.argv[1].split() + ["python3", __file__, "in", os.ttyname(other[1])]
sys.exit(subprocess.run(run, stdin=given[1], start_new_session=True).returncode)
END
	chmod 644 "$T/terminal.py"
	works as 1000 python3 "$T/terminal.py" "$RF run -p $T/world.json --need must --summary never --"
}

test_default_policy_and_report() {
	service
	cd $USER_HOME || fail "no home"
	capture as 1000 "$RF" run --report "$T/home1000/report" --summary always -- sh -c 'id -u; ls /run/ringfence'
	contains "$OUT" 1000 "output: $ERR"
	for section in files network kernel devices; do
		eq "$(jq -r '[.items[] | select(.section == "'$section'") | .by] | unique | join(" ")' "$T/home1000/report")" \
			bpf-lsm "who holds $section"
	done
	eq "$(jq -r '[.items[] | select(.hold == "none")] | length' "$T/home1000/report")" 0 \
		"not held: $(jq -c '[.items[] | select(.hold == "none")]' "$T/home1000/report")"
	contains "$ERR" "ringfence.self" "what protects itself: $ERR"
}

test_refused_calls_have_their_rule() {
	service
	policy world '"seccomp": {"base": "@container-default", "rules": [ {"id": "tz", "deny": ["settimeofday"]} ] }'
	chmod 644 "$T/world.json"
	user_fence 1000 python3 -c "import ctypes; ctypes.CDLL(None).syscall(164, 0, 0)"
	contains "$(denials)" "seccomp tz" "denials: $ERR"
	contains "$(events 'select(.layer == "seccomp") | .process.exe')" python "executable"
}

test_names_that_deny_rules_fix() {
	service
	user_world
	policy world '"files": {"default": "allow", "rules": [ {"id": "one", "deny": ["read"], "paths": ["'"$T"'/denied/secret"]} ] }'
	ln "$T/denied/secret" "$T/open/link"
	user_fence 1000 cat "$T/open/link"
	eq "$RC" 1 "a hard link from outside: $OUT"
	eq "$(denials)" "files one" "denial"
	lacks "$OUT$ERR" "$SECRET" "output"
}

test_only_a_waiting_child_of_the_caller() {
	service
	user_world
	# Itself, not a shell that waits for it: it ends with this test, or the next one sees it.
	background setpriv --reuid 1001 --regid 1001 --clear-groups sleep 1000
	contains "$(as 1000 $ASK own "$IMAGE")" "task 0" "its own child"
	contains "$(as 1000 $ASK foreign "$IMAGE" $BACKGROUND)" "another user's" "another user's process"
	contains "$(as 1000 $ASK foreign "$IMAGE" 1)" "cannot be fenced" "init"
	contains "$(as 1000 $ASK foreign "$IMAGE" $SERVICE)" "another user's" "the service"
	contains "$(as 1000 $ASK myself "$IMAGE")" "no child" "itself"
	contains "$(as 1000 $ASK grandchild "$IMAGE")" "no child" "a grandchild"
	contains "$(as 1000 $ASK threads "$IMAGE")" "several threads" "threads"
	contains "$(as 1000 $ASK executed "$IMAGE")" "runs a program already" "after exec"
	contains "$(as 1000 $ASK privileged "$IMAGE")" "no_new_privs" "without no_new_privs"
	contains "$(as 1000 $ASK no_pidfd "$IMAGE")" "no pidfd" "another descriptor"
	contains "$(as 1000 $ASK many_fds "$IMAGE")" "too large" "many descriptors"
	contains "$(as 1000 $ASK fd_early "$IMAGE")" "goes with TASK" "a descriptor with something else"
	eq "$(as 1000 $ASK twice "$IMAGE" | grep -c '^task 0')" 1 "fences of one child"
	contains "$($ASK own "$IMAGE" 2>&1)" "root needs no service" "root"
	wait_for '[ "$(sandboxes)" = 0 ]' "the end of all"
}

test_nothing_said_is_trusted() {
	service
	user_world
	lacks "$(as 1000 $ASK nonsense | grep -v ^hello)" " 0 " "answers to nonsense"
	contains "$(as 1000 $ASK huge "$IMAGE")" "pages -27" "a huge policy"
	lacks "$(as 1000 $ASK huge "$IMAGE")" "end 0" "half a policy"
	contains "$(as 1000 $ASK too_much "$IMAGE")" "longer than was said" "more than was said"
	contains "$(as 1000 $ASK damaged "$IMAGE")" "random -74" "random pages"
	eq "$(as 1000 $ASK names "$IMAGE" | grep -c '^names -')" 4 "names refused"
	contains "$(as 1000 $ASK number "$IMAGE")" "another number" "a number of its own"
	eq "$(as 1000 $ASK words "$IMAGE" | grep -c '^task -')" 3 "words refused"
	wait_for '[ "$(sandboxes)" = 0 ]' "no sandbox to be left"
	contains "$(as 1000 $ASK own "$IMAGE")" "task 0" "afterwards"
}

test_another_users_sandbox_is_not_there() {
	local id
	service
	user_world
	background as 1001 "$RF" run -p "$T/world.json" --name theirs -- sleep 1000
	wait_for '[ "$(sandboxes)" = 1 ]' "the sandbox"
	wait_for 'pgrep -u 1001 -x sleep >/dev/null' "its command"
	id=$("$RF" status --json | jq -r '.sandboxes[0].id')
	eq "$("$RF" status --json | jq -r '.sandboxes[0].uid')" 1001 "whose it is"
	contains "$(as 1000 $ASK join "$id")" "no such sandbox of yours" "join"
	contains "$(as 1000 $ASK stop "$id")" "no such sandbox of yours" "stop"
	lacks "$(as 1000 $ASK list)" "$id" "list"
	contains "$(as 1001 $ASK list)" "$id" "their own list"
	capture as 1000 "$RF" policy replace "$id" "$T/world.json"
	[ "$RC" -ne 0 ] || fail "replaced"
	pgrep -u 1001 -x sleep >/dev/null || fail "it was ended"
	contains "$(as 1001 $ASK stop "$id")" "stop 0" "their own stop"
	wait_for '! pgrep -u 1001 -x sleep >/dev/null' "its end"
}

test_nobody_inside_a_fence_is_served() {
	service
	user_world '"network": {"default": "allow"}'
	user_fence 1000 $ASK list
	lacks "$OUT" "list 0" "an answer inside"
	[ "$RC" -ne 0 ] || contains "$OUT" "inside a fence" "refusal"
	fence world setpriv --reuid 1000 --regid 1000 --clear-groups $ASK list
	lacks "$OUT" "list 0" "an answer inside root's fence"
}

test_floods_and_slow_callers_hold_up_nobody() {
	service --per-user 8
	user_world
	contains "$(as 1000 $ASK flood 40)" "as many connections as a user may have" "a flood"
	background as 1000 $ASK flood 40 600
	wait_for 'grep -q "flood 16 0" "$T/.background"' "the flood"
	user_fence 1001 cat "$T/open/file"
	eq "$RC $OUT" "0 harmless" "another user meanwhile: $ERR"
	capture as 1000 "$RF" run -p "$T/world.json" --need must -- cat "$T/open/file"
	[ "$RC" -eq 125 ] || eq "$OUT" harmless "the user himself"
	pkill -KILL -u 1000 -x python3
	wait_for '[ "$(as 1000 '"$ASK"' list | grep -c "^list 0")" = 1 ]' "free connections"
	background as 1000 $ASK slow "$IMAGE" 600
	wait_for 'grep -q ^slow "$T/.background"' "the slow one"
	user_fence 1000 cat "$T/open/file"
	eq "$RC $OUT" "0 harmless" "beside a slow one: $ERR"
}

# What users hold whatever its name has a table of its own, whoever fills it.
test_users_objects_take_no_room_from_root() {
	service
	user_world
	echo harmless >"$T/open/fixed"
	policy fixed '"files": {"default": "allow", "rules": [
  {"id": "fixed", "deny": ["write"], "paths": ["'"$T"'/open/fixed"]} ]}'
	chmod 644 "$T/fixed.json"
	status 0 "$ATTACK/fences" fill-nails users
	# Files of earlier tests may still have their places.
	[ "$OUT" -le 32768 ] && [ "$OUT" -gt 32000 ] || fail "the users' room: $OUT"
	capture as 1000 "$RF" run -p "$T/fixed.json" --need must --summary never -- cat "$T/open/fixed"
	eq "$RC" 125 "a user's: $OUT"
	contains "$ERR" "too many objects are named by deny rules already" "the reason"
	allowed fixed cat "$T/open/fixed"
	# An image that has such names and does not tell them: none is held, so none is used.
	cp "$("$RF" policy compile "$T/fixed.json" | sed 's/.* //')" "$T/fixed.image"
	chmod 644 "$T/fixed.image"
	contains "$(as 1000 $ASK reads "$T/fixed.image" "$T/open/fixed")" "reads 13" "names that are not told"
	status 0 "$ATTACK/fences" empty-nails users
	status 0 as 1000 "$RF" run -p "$T/fixed.json" --need must --summary never -- cat "$T/open/fixed"
}

test_whoever_dies_the_fence_stays() {
	local worker
	service
	user_world
	# The caller dies: the slot is free when its last task is gone.
	as 1000 $ASK held "$IMAGE" >"$T/.held" &
	wait_for 'grep -q ^held "$T/.held"' "the sandbox"
	wait_for '[ "$(sandboxes)" = 1 ]' "no sandbox but that one"
	pkill -KILL -u 1000 -x python3
	wait_for '[ "$(sandboxes)" = 0 ]' "a free slot"
	# The service dies: the command stays fenced and ends as it would.
	mkfifo "$T/open/go"
	chmod 666 "$T/open/go"
	as 1000 "$RF" run -p "$T/world.json" --summary always -- \
		sh -c "echo up; read x <$T/open/go; cat $T/denied/secret; exit 7" >"$T/.out" 2>"$T/.err" &
	local run=$!
	wait_for 'grep -q up "$T/.out"' "the command"
	pkill -KILL -x rf-serve-user
	kill -KILL $SERVICE
	wait $SERVICE 2>/dev/null
	wait_for '! pgrep -x rf-serve-user >/dev/null' "the service to be gone"
	echo go >"$T/open/go"
	wait $run
	eq $? 7 "status: $(cat "$T/.err")"
	lacks "$(cat "$T/.out" "$T/.err")" "$SECRET" "output"
	contains "$(cat "$T/.err")" "the service is gone" "what is told"
	# A new service goes on where the old one was killed.
	service
	user_fence 1000 cat "$T/denied/secret"
	eq "$RC" 1 "after a restart"
	wait_for '[ "$(sandboxes)" = 0 ]' "the slot that was left, too"
}

# Whenever the process that serves a caller dies, the command is fenced or does not run.
test_killed_in_the_middle() {
	local i killed=0 refused=0 fenced=0 # of 10
	service
	user_world
	for i in 0 0.02 0.05 0.1 0.15 0.2 0.3 0.4 0.6 0.8; do
		(sleep $i; pkill -KILL -x rf-serve-user) &
		killed=$!
		capture as 1000 "$RF" run -p "$T/world.json" --need must -- cat "$T/denied/secret"
		wait $killed
		lacks "$OUT$ERR" "$SECRET" "output, killed after $i"
		case $RC in
		1) fenced=$((fenced + 1)) ;;
		125) refused=$((refused + 1)) ;;
		*) fail "status $RC after $i: $ERR" ;;
		esac
	done
	echo "# $refused refused, $fenced fenced"
	wait_for '[ "$(sandboxes)" = 0 ]' "free slots"
}

test_sinks_get_users_events() {
	service --to "file:$T/sink"
	user_world
	followers 1
	user_fence 1000 cat "$T/denied/secret"
	wait_for 'grep -q sandbox_end "$T/sink" 2>/dev/null' "the events in the sink"
	eq "$(jq -r 'select(.verdict == "denied") | .rule.id + " " + .object.path' "$T/sink")" \
		"secret $T/denied/secret" "the sink's event"
	eq "$(jq -r .seq "$T/sink" | paste -sd' ')" "$(events .seq | paste -sd' ')" "numbers in both"
}

test_idle_it_sleeps() {
	local rss
	service
	never_wakes 2 5 "$SERVICE"
	rss=$(awk '/^Rss:/ { print $2 }' "/proc/$SERVICE/smaps_rollup")
	[ "$rss" -le 8192 ] || fail "$rss KiB are resident"
	echo "# $rss KiB"
}

run_tests
