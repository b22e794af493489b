#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A node of Kubernetes below --root: what `oci node` puts there and takes away, killed at places all
# over its work. At every moment engines call a whole copy, the old one or the new, or none.
# Copies are synced to disk, which need not be a disk for this.
if [ -w /dev/shm ] && ! findmnt -no OPTIONS /dev/shm | grep -q noexec; then export TMPDIR=/dev/shm; fi
. "$(dirname "$0")/lib.sh"
export LC_ALL=C
KILLS=${RF_KILLS:-6}
ROOT=$TMP/node
HOOK=$ROOT/usr/share/containers/oci/hooks.d/ringfence.json
SPEC=$ROOT/etc/ringfence/containerd-base-spec.json
ETC=$ROOT/etc/ringfence

[ "$(id -u)" = 0 ] || {
	skip "a node" "only root may write a machine's policies"
	done_testing
}

# Two installations that differ, small: OLD and NEW.
make_install() { # DIR MARK
	mkdir -p "$1/bin" "$1/libexec/ringfence" "$1/share/ringfence"
	strip -o "$1/bin/ringfence" "$RF" 2>/dev/null || cp "$RF" "$1/bin/ringfence"
	strip -o "$1/libexec/ringfence/ringfence-oci" "$(dirname "$RF")/ringfence-oci" 2>/dev/null ||
		cp "$(dirname "$RF")/ringfence-oci" "$1/libexec/ringfence/"
	cp -rL "$(dirname "$RF")/../share/ringfence/policies" "$1/share/ringfence/"
	echo "$2" >"$1/share/ringfence/mark"
}
make_install "$TMP/old" old
make_install "$TMP/new" new

# A folder as the kubelet mounts a ConfigMap: config_map VERSION NAME=TEXT...
config_map() {
	local version=$1 dir=$TMP/map
	shift
	mkdir -p "$dir/..$version"
	for pair; do printf '%s\n' "${pair#*=}" >"$dir/..$version/${pair%%=*}"; done
	ln -sfn "..$version" "$dir/..new" && mv -T "$dir/..new" "$dir/..data"
}
policy() { # NAME MEMBERS
	echo "{\"ringfence\": 1, \"name\": \"$1\"${2:+, $2}}"
}

node() { # WHICH ACTION...: as a container of that release calls it
	local which=$1
	shift
	run "$TMP/$which/bin/ringfence" oci node "$@"
}
killed() { # N WHICH ACTION...
	local n=$1 which=$2
	shift 2
	"$KILL_AT" "$n" "$TMP/$which/libexec/ringfence/ringfence-oci" node "$@" 2>&1 </dev/null
}
install=(install --root "$ROOT" --policies "$TMP/map" --policy web --exempt kube-system --exempt ringfence)
for_containerd=(install --root "$ROOT" --policies "$TMP/map" --policy web --containerd-spec "$TMP/plain.json")
echo '{"ociVersion": "1.0.2", "process": {"cwd": "/"}}' >"$TMP/plain.json"

# Prints what is wrong with the node; nothing: whatever engines call is whole.
broken() {
	local file program want
	python3 - "$HOOK" "$SPEC" >"$TMP/called" <<-'PY'
		import json, os, sys
		for path in filter(os.path.exists, sys.argv[1:]):
		    c = json.load(open(path))
		    for hook in [c["hook"]] if "hook" in c else c.get("hooks", {}).get("createRuntime", []):
		        print(path, hook["args"][3])
	PY
	[ $? = 0 ] || echo "a file for engines is broken"
	while read -r file program; do
		"$ROOT$program" --version >/dev/null 2>&1 || echo "$file names $program, which does not run"
		want=$(cat "$ROOT/opt/ringfence/current/share/ringfence/mark" 2>/dev/null)
		diff -r "$TMP/${want:-none}" "$ROOT/opt/ringfence/current" 2>&1 | head -n 3
		[ -e "$ETC/web.json" ] || echo "$file asks for a policy that is not there"
	done <"$TMP/called"
	for file in "$ETC"/*.json; do
		case $file in *containerd* | *'*'*) continue ;; esac
		grep -qE '"(v1|v2|mine)"' "$file" && tail -c 2 "$file" | grep -q '}' || echo "half a policy: $file"
	done
}

# kill_all WHICH PREPARE ACTION...: kills it at places all over, and at every other call near its end,
# where what engines call changes; each time from what PREPARE leaves.
kill_all() {
	local which=$1 prepare=$2 steps i n at=() found=
	shift 2
	$prepare
	rm -rf "$TMP/prepared"
	cp -a "$ROOT" "$TMP/prepared"
	steps=$(killed 1000000000 "$which" "$@" | tail -n 1)
	for ((i = 0; i < KILLS; i++)); do at+=($((1 + steps * i / KILLS)) $((steps - 1 - i * 4))); done
	for n in "${at[@]}"; do
		rm -rf "$ROOT"
		cp -a "$TMP/prepared" "$ROOT"
		killed "$n" "$which" "$@" >/dev/null
		found+=$(broken)
		[ -z "$found" ] || break
	done
	is "${*:1:1}: killed at ${#at[@]} of its $((steps / 2)) calls" "$found${found:+ (at $n)}" ""
	ok "${*:1:1}: it has steps to be killed at" test "$steps" -gt 100
}

nothing_yet() {
	rm -rf "$ROOT"
	mkdir -p "$ROOT"
}
# old_one [ACTION...]: a node with the old release and policies, the new policies waiting.
old_one() {
	nothing_yet
	[ $# -gt 0 ] || set -- "${install[@]}"
	config_map 1 "web.json=$(policy web '"x-version": "v1"')" "gone.json=$(policy gone '"x-version": "v1"')"
	node old "$@"
	config_map 2 "web.json=$(policy web '"x-version": "v2", "extends": ["base-of-web"]')" \
		"base-of-web.json=$(policy base '"x-version": "v2"')"
}

old_with_containerd() {
	old_one "${for_containerd[@]}"
}

# ---- install ----

old_one
nothing_yet
node new "${install[@]}"
is "install: status" "$status $err" "0 "
is "install: nothing is broken" "$(broken)" ""
is "install: engines call the link" "$(python3 -c 'import json, sys; print(" ".join(json.load(open(sys.argv[1]))["hook"]["args"][3:]))' "$HOOK")" \
	"/opt/ringfence/current/bin/ringfence oci hook --policy web --exempt kube-system --exempt ringfence"
is "install: policies are the machine's" "$(stat -c '%a %u' "$ETC/web.json")" "644 0"
mkdir -p "$ROOT/usr/bin" && touch "$ROOT/usr/bin/env" && chmod 755 "$ROOT/usr/bin/env"
run "$RF" oci install --check --root "$ROOT"
is "install: --check below the root" "$status $out" "0 everything is in place"
before=$(find "$ROOT" -type f -printf '%p %i %T@\n' | grep -v /releases/ | sort)
node new "${install[@]}"
is "install: again replaces nothing that engines read" \
	"$(find "$ROOT" -type f -printf '%p %i %T@\n' | grep -v /releases/ | sort)" "$before"
is "install: again keeps one copy" "$(ls "$ROOT/opt/ringfence/releases" | wc -l)" 1

kill_all new nothing_yet "${install[@]}"
kill_all new old_one "${install[@]}"
kill_all new old_with_containerd "${for_containerd[@]}"
ok "install: for containerd nothing is written for others" test ! -e "$HOOK"
mkdir -p "$ROOT/usr/bin" && touch "$ROOT/usr/bin/env" && chmod 755 "$ROOT/usr/bin/env"
run "$RF" oci install --check --root "$ROOT"
is "install: for containerd --check wants nothing else" "$status $out" "0 everything is in place"
old_one
node new "${install[@]}"
is "install: after all that, status" "$status $err" "0 "
is "install: after all that, the new one" "$(cat "$ROOT/opt/ringfence/current/share/ringfence/mark")$(broken)" new
is "install: nothing half-done stays" "$(find "$ROOT" -name '.*' ! -name .cluster ! -name .lock ! -path "$ROOT")" ""
is "install: the policy that is no more is gone" "$(ls "$ETC" | paste -sd' ')" \
	"base-of-web.json web.json"
old_one
node new "${install[@]}"
is "install: the copy before stays" "$(ls "$ROOT/opt/ringfence/releases" | wc -l)" 2
chmod 777 "$ROOT/opt/ringfence"
node new "${install[@]}"
is "install: where others can write, status" "$status" 125
like "install: where others can write, why" "$err" 'can be written by others'
chmod 755 "$ROOT/opt/ringfence"

# ---- sync ----

sync=(sync --root "$ROOT" --policies "$TMP/map")
config_map 3 "web.json=$(policy web '"x-version": "v1"')" 'bad.json={"ringfence": 1, "name": "bad", "fils": {}}'
cp "$ETC/web.json" "$TMP/web.before"
node new "${sync[@]}"
is "sync: one that is wrong changes nothing" "$status$(diff "$ETC/web.json" "$TMP/web.before")" 125
like "sync: it is named" "$err" 'bad:1:33: /fils: unknown key'
config_map 4 "web.json=$(policy web '"x-version": "v1"')" "mine.json=$(policy theirs '"x-version": "v1"')"
policy mine '"x-version": "mine"' >"$ETC/mine.json"
node new "${sync[@]}"
is "sync: the machine's own is not replaced" "$status $(grep -c '"mine"' "$ETC/mine.json")" "125 1"
like "sync: and named" "$err" 'mine.json is there and not of the cluster'
mkdir "$TMP/map/..5" && echo '{}' >"$TMP/map/..5/a b.json" && ln -sfn ..5 "$TMP/map/..data"
node new "${sync[@]}"
like "sync: a name that is none" "$err" 'a b.json is no name of a policy'
config_map 6 "web.json=$(policy web '"x-version": "v2"')"
node new "${sync[@]}"
is "sync: says what changed" "$status $out" "0 2 policies changed"
node new "${sync[@]}"
is "sync: again changes nothing" "$status $out" "0 "
echo 'tampered' >"$ETC/web.json"
node new "${sync[@]}"
is "sync: what was changed on the node is made good" "$out$(broken)" "1 policies changed"

"$TMP/new/bin/ringfence" oci node "${sync[@]}" --watch 1 >"$TMP/watch" 2>&1 &
watcher=$!
config_map 7 "web.json=$(policy web '"x-version": "v1"')"
ok "sync --watch: follows" wait_for grep -q '"v1"' "$ETC/web.json"
kill -TERM $watcher
wait $watcher
is "sync --watch: ends when asked, and leaves the node as it is" "$? $(broken)" "0 "

# ---- one at a time ----

# Who may read a folder may lock it: nobody waits for that.
chmod 711 "$TMP"
for folder in "$ETC" "$ROOT/opt/ringfence"; do
	# shellcheck disable=SC2016
	setpriv --reuid=65534 --regid=65534 --clear-groups sh -c 'exec 8<"$1" && flock -n 8 && echo held && exec sleep 100' \
		sh "$folder" >"$TMP/held" &
	holder=$!
	ok "lock: an ordinary user holds ${folder#"$ROOT"}" wait_for grep -q held "$TMP/held"
	run timeout 60 "$TMP/new/bin/ringfence" oci node "${install[@]}"
	is "lock: and keeps nobody from installing" "$status $err" "0 "
	kill $holder
	wait $holder 2>/dev/null
	run setpriv --reuid=65534 --regid=65534 --clear-groups flock -n "$folder/.lock" true
	like "lock: nor does he get at what is locked instead" "$status $err" '^[1-9].*Permission denied'
done
exec 8<"$ETC/.lock"
flock 8
node new "${sync[@]}" 8<&-
is "lock: who waits for long gives up" "$status" 125
like "lock: and says for what" "$err" 'another process has held the lock .*/etc/ringfence/\.lock for [0-9]+ seconds'
exec 8<&-

# ---- uninstall ----

uninstall=(uninstall --root "$ROOT")
kill_all new old_one "${uninstall[@]}"
kill_all new old_with_containerd "${uninstall[@]}"
old_with_containerd
policy mine '"x-version": "mine"' >"$ETC/mine.json"
node new "${uninstall[@]}"
is "uninstall: status" "$status $err" "0 "
is "uninstall: leaves the machine's own, and a base spec without hooks" \
	"$(find "$ROOT" -type f -printf '%P\n' | sort | paste -sd' ')" \
	"etc/ringfence/containerd-base-spec.json etc/ringfence/mine.json"
is "uninstall: the base spec is what it was" "$(python3 -c 'import json, sys
print(json.load(open(sys.argv[1])) == json.load(open(sys.argv[2])))' "$SPEC" "$TMP/plain.json")" True
node new "${uninstall[@]}"
is "uninstall: again" "$status $err" "0 "

if pgrep -x containerd >/dev/null; then
	skip "uninstall waits for containerd" "one runs here"
else
	old_with_containerd
	node old "${install[@]}"
	cp "$(command -v sleep)" "$TMP/containerd"
	# manifests.py, which uninstalls too, shall not find it: who holds the lock is alone.
	exec 9<"$RF"
	flock 9
	"$TMP/containerd" 1000 9<&- &
	old=$!
	wait_for grep -qx containerd "/proc/$old/comm"
	node new "${uninstall[@]}"
	is "uninstall: an old containerd has to be restarted" "$status" 1
	like "uninstall: it says so" "$err" "containerd \\(process $old\\) still has the hooks in memory"
	run "$ROOT/opt/ringfence/current/bin/ringfence" --version
	is "uninstall: the programs stay until then" "$status" 0
	ok "uninstall: hooks.d is gone already" test ! -e "$HOOK"
	kill $old
	wait $old 2>/dev/null
	sleep 0.1 # who starts in the moment of the change counts as before it
	"$TMP/containerd" 1000 9<&- &
	old=$!
	wait_for grep -qx containerd "/proc/$old/comm"
	node new "${uninstall[@]}"
	is "uninstall: with a containerd that started since" "$status $err" "0 "
	kill $old
	wait $old 2>/dev/null
	exec 9<&-
fi

# ---- the command line ----

for wrong in "" "install" "nonsense --root /x" "sync --root $ROOT" "sync --root $ROOT --policies /x --watch 0" \
	"install --root relative" "install --root $ROOT --exempt x" "uninstall --root $ROOT --policy x" "install --nonsense"; do
	# shellcheck disable=SC2086
	run "$RF" oci node $wrong
	is "usage: $wrong" "$status" 2
done

done_testing
