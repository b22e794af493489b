#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Containers of crun and runc while they run: objects by more than one name, and a policy that is replaced.
. "$RF_VM/lib.sh"
. "$RF_VM/containers.sh"

one_volume_twice() {
	bundle "$B" sh -c 'cat /again/secret; cat /again/link; cat /volume/secret; cat /again/free'
	echo "the-secret" >"$T/volume/secret"
	ln -f "$T/volume/secret" "$T/volume/link"
	echo free >"$T/volume/free"
	change "$B" '.annotations."ringfence.policy" = "volume" |
		.mounts += [.mounts[-1] | .destination = "/again"]'
	capture "$RUNTIME" run --bundle "$B" "$RUNTIME-13"
	eq "$RC" 0 "$RUNTIME run: $ERR"
	eq "$OUT" free "what could be read of one object that is denied by its first name"
}

# The rule names it by one name; it has three, and nothing inside was asked about the first.
test_a_volume_that_is_mounted_twice() {
	container_world
	cat >/etc/ringfence/volume.json <<-END
		{ "ringfence": 1, "name": "volume", "files": { "default": "allow", "rules": [
		  {"id": "secret", "deny": ["read"], "paths": ["/volume/secret"]} ] } }
	END
	for_each_runtime one_volume_twice
}

# says NAME: what the first process of the container last read of it.
says() {
	wait_for "[ -s '$T/volume/turn' ]" "the container to look" && rm "$T/volume/turn"
	wait_for "[ -s '$T/volume/turn' ]" "the container to look again"
	cat "$T/volume/said-$1"
}

one_replacement() {
	local subject=$RUNTIME-12
	# shellcheck disable=SC2016
	bundle "$B" sh -c 'exec 3<"$HELD"; while :; do
		for name in open secret volume/link; do
			cat "/$name" >/tmp/said 2>&1
			cp /tmp/said /volume/said.new && mv /volume/said.new "/volume/said-${name##*/}"
		done; echo done >/volume/turn; sleep 0.2; done'
	change "$B" '.process.env += ["HELD=/open"]'
	rm -f "$T/volume"/{said*,turn,kept,link}
	echo "kept by its name" >"$T/volume/kept"
	ln "$T/volume/kept" "$T/volume/link"
	capture "$RUNTIME" run --detach --bundle "$B" "$subject"
	eq "$RC" 0 "$RUNTIME run --detach: $ERR"
	eq "$(says open)" "no secret" "at first, what is allowed"
	contains "$(says secret)" "Permission denied" "at first, the secret"
	eq "$(says link)" "kept by its name" "at first, a link"

	capture "$RF" policy replace --plan "$subject" "$T/turned.json"
	eq "$RC" 0 "plan: $ERR"
	contains "$OUT$ERR" "/open" "what the plan lists of open files"
	eq "$(says open)" "no secret" "after a plan"
	capture "$RF" policy replace "$subject" "$T/turned.json"
	eq "$RC" 0 "replace: $ERR"
	contains "$(says open)" "Permission denied" "what was allowed"
	eq "$(says secret)" "the-secret" "what was denied"
	contains "$(says link)" "Permission denied" "an earlier link to what is denied by the container's name"
	capture "$RUNTIME" exec "$subject" cat /open
	[ "$RC" -ne 0 ] || fail "an exec session read what the new policy denies"
	eq "$("$RF" status --json | jq -r ".sandboxes[] | select(.container.id == \"$subject\") | .policy")" turned \
		"the policy in status"
	"$RF" audit --denied >"$T/events"
	eq "$(jq -r 'select(.object.path == "/open") | .sandbox.policy + " " + .rule.id' <"$T/events" | sort -u)" \
		"turned names" "the policy in events"

	capture "$RF" policy replace "$subject" "$T/filter.json"
	eq "$RC" 125 "a policy that cannot hold any more"
	contains "$ERR" seccomp "why"
	eq "$(says secret)" "the-secret" "after a refused one"
	capture "$RF" policy replace --kill "$subject" "$T/turned-back.json"
	eq "$RC" 0 "replace --kill: $ERR"
	eq "$(says open)" "no secret" "after the third"
	"$RUNTIME" kill "$subject" KILL
	# shellcheck disable=SC2016
	wait_for '"$RUNTIME" delete "$RUNTIME-12" 2>/dev/null' "the container's end"
}

# Its names, variables and links are the container's, not those of who replaces.
test_the_policy_of_a_running_container_is_replaced() {
	container_world
	cat >"$T/turned.json" <<-END
		{ "ringfence": 1, "name": "turned", "files": { "default": "allow", "rules": [
		  {"id": "names", "deny": ["read"], "paths": ["/open", "/volume/kept"]} ] } }
	END
	cat >"$T/turned-back.json" <<-END
		{ "ringfence": 1, "name": "back", "files": { "default": "allow", "rules": [
		  {"id": "secret", "deny": ["read"], "paths": ["/secret"]} ] } }
	END
	cat >"$T/filter.json" <<-END
		{ "ringfence": 1, "name": "more", "seccomp": {"default": "allow", "rules": [
		  {"id": "no", "deny": ["getpid"]} ]} }
	END
	for_each_runtime one_replacement
}

run_tests
