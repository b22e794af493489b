#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What is kept of a launch: the next one does the same with it, and nothing stale, damaged or planted
# is ever used. Run as an ordinary user, whose cache is in $XDG_CONFIG_HOME; by root as nobody.
. "$(dirname "$0")/lib.sh"

if [ "$(id -u)" = 0 ] && ! command -v setpriv >/dev/null; then
	skip "another user" "needs setpriv"
	done_testing
fi
copy_for_users
mkdir -p "$TMP/config/ringfence" "$TMP/w/dir" "$TMP/w/other" "$TMP/home"
P=$TMP/w/p.json KEPT=$TMP/config/ringfence/cache
echo content >"$TMP/w/dir/file"
echo other >"$TMP/w/other/file"
ln -s dir "$TMP/w/link"
policy() { # MORE PATHS
	cat >"$P" <<END
{"ringfence": 1, "name": "p", "extends": ["base.json"], "need": "should",
 "files": {"default": "deny", "rules": [
  {"id": "system", "allow": ["read", "exec"], "paths": ["/usr/**", "/bin/**", "/lib/**", "/lib64/**", "/etc/ld.so.cache", "/proc/**", "/dev/null"]},
  {"id": "work", "allow": ["read"], "paths": ["$TMP/w/link/**", "\${HOME}/x", "\${NAME}/y", "$TMP/w/g*" $1]},
  {"id": "no", "deny": ["read"], "paths": ["$TMP/w/secret"], "reason": "why not", "hint": "ask"}]}}
END
}
policy ""
echo '{"ringfence": 1, "kernel": {"mount": "deny"}}' >"$TMP/w/base.json"
[ "$(id -u)" != 0 ] || chown -R 65534:65534 "$TMP/config" "$TMP/w" "$TMP/home"
as() {
	local user=()
	[ "$(id -u)" != 0 ] || user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	run "${user[@]}" env -C "$TMP/w" HOME="${FENCE_HOME:-$TMP/home}" XDG_CONFIG_HOME="$TMP/config" "$USER_RF" "$@"
}
fence() { as run -p "$P" --set NAME=/n --summary never "$@"; }
entries() { find "$KEPT" -name '*.run' -printf '%i %f\n' 2>/dev/null | sort; }
entry() { find "$KEPT" -name '*.run' | sort | head -1; }
forget() { rm -rf "${KEPT:?}"; }
# Without the cache: where it would be, something is in its way.
uncached() { forget; : >"$KEPT"; "$@"; rm -f "$KEPT"; }
reads() { # FILE: yes or no
	fence -- cat "$1"
	[ "$status" = 0 ] && echo yes || echo no
}
is_kept() { [ "$(entries)" = "$1" ]; } # used as it was: writing it anew makes another file

is_used_again() {
	local now
	now=$(entries)
	fence -- true
	is_kept "$now"
}

# ---- the same with it as without ----
say() { # POLICY...: everything that a launch tells
	as run "$@" --report - --plan -- /bin/true
	echo "$status$out$err"
	as run "$@" --summary always -- cat "$TMP/w/secret"
	echo "$status$out$err"
}
echo secret >"$TMP/w/secret"
for name in "$P --set NAME=/n" default strict build web batch container-default; do
	# shellcheck disable=SC2086
	set -- -p $name --need should
	uncached say "$@" >"$TMP/uncached"
	say "$@" >"$TMP/first"
	was=$(entries)
	say "$@" >"$TMP/second"
	is "${name##*/}: the first launch says what one without cache says" "$(<"$TMP/first")" "$(<"$TMP/uncached")"
	is "${name##*/}: and so does the second" "$(<"$TMP/second")" "$(<"$TMP/uncached")"
	ok "${name##*/}: which used what the first kept" is_kept "$was"
	ok "${name##*/}: and something was kept" [ -n "$was" ]
done

# ---- stale ----
forget
fence -- true
is "it runs" "$status" 0
was=$(entries)
is "by link: allowed" "$(reads "$TMP/w/link/file")" yes
is "elsewhere: not" "$(reads "$TMP/w/other/file")" no
ok "with what was kept" is_kept "$was"
is "the entry is its owner's alone" "$(stat -c %a "$(entry)")" 600
policy ", \"$TMP/w/other/**\""
is "an edit within the same second is noticed: allow" "$(reads "$TMP/w/other/file")" yes
policy ""
is "and: no longer" "$(reads "$TMP/w/other/file")" no
was=$(stat -c %y "$P")
policy ", \"$TMP/w/othes/**\""
fence -- true
sed -i 's/othes/other/' "$P"
touch -d "$was" "$P"
is "an edit with the times and the length put back" "$(reads "$TMP/w/other/file")" yes
policy ""
is "and back" "$(reads "$TMP/w/other/file")" no
echo "{\"ringfence\": 1, \"files\": {\"default\": \"deny\", \"rules\": [{\"allow\": [\"read\"], \"paths\": [\"$TMP/w/other/**\"]}]}}" >"$TMP/w/base.json"
is "an edit of what is extended" "$(reads "$TMP/w/other/file")" yes
echo '{"ringfence": 1, "kernel": {"mount": "deny"}}' >"$TMP/w/base.json"
is "and back" "$(reads "$TMP/w/other/file")" no
ln -sfn other "$TMP/w/link"
is "a link that leads elsewhere: there" "$(reads "$TMP/w/other/file")" yes
is "and no longer where it led" "$(reads "$TMP/w/dir/file")" no
ln -sfn dir "$TMP/w/link"
is "and back" "$(reads "$TMP/w/dir/file")$(reads "$TMP/w/other/file")" yesno
echo x >"$TMP/home/x"
chmod 644 "$TMP/home/x"
is "a file that exists by now" "$(reads "$TMP/home/x")" yes
rm "$TMP/home/x"
ln -s "$TMP/w/other/file" "$TMP/home/x"
is "and is a link: not what it leads to" "$(reads "$TMP/w/other/file")" no
rm "$TMP/home/x"
mkdir "$TMP/home/x"
echo y >"$TMP/home/x/y"
is "and is a directory: not what is in it" "$(reads "$TMP/home/x/y")" no
rm -r "$TMP/home/x"
fence -- true
echo g >"$TMP/w/g1"
chmod 644 "$TMP/w/g1"
is "a name that a wildcard matches by now" "$(reads "$TMP/w/g1")" yes
fence -- true
ln "$TMP/w/secret" "$TMP/w/dir/name"
as run -p "$P" --set NAME=/n --report - --plan -- true
like "a denied file that has a second name by now" "$out" '"id":"no"[^}]*further names'
rm "$TMP/w/dir/name"
mkdir "$TMP/home2"
echo x >"$TMP/home2/x"
chmod 755 "$TMP/home2"
FENCE_HOME=$TMP/home2 fence -- cat "$TMP/home2/x"
is "another HOME" "$status" 0
is "is not this one's" "$(reads "$TMP/home2/x")" no
as run -p "$P" --set NAME="$TMP/home2" --summary never -- cat "$TMP/home2/x"
is "another variable: not x" "$status" 1
as run -p "$P" --set NAME=/n --allow read="$TMP/w/other/file" --summary never -- cat "$TMP/w/other/file"
is "one more rule on the command line" "$status" 0
is "is no rule of the next launch" "$(reads "$TMP/w/other/file")" no
rm "$TMP/w/base.json"
fence -- true
is "what is extended is gone: nothing starts" "$status" 125
echo '{"ringfence": 1, "kernel": {"mount": "deny"}}' >"$TMP/w/base.json"

# A policy of the same name that comes first on the search path.
as run -p default --summary never -- true
echo '{"ringfence": 1, "name": "mine", "process": {"env": {"keep": ["PATH"]}}}' >"$TMP/config/ringfence/default.json"
[ "$(id -u)" != 0 ] || chown 65534:65534 "$TMP/config/ringfence/default.json"
chmod 644 "$TMP/config/ringfence/default.json"
as run --summary never -- env
like "a policy that comes first by now" "$out" '^PATH=[^=]*$'
chmod 666 "$TMP/config/ringfence/default.json"
as run --summary never -- env
is "one that others may write by now is refused" "$status" 125
rm "$TMP/config/ringfence/default.json"
as run --summary never -- true
is "it is gone again" "$status" 0
chmod 777 "$TMP/config/ringfence"
as run --summary never -- true
is "a folder of the search path that others may write by now is refused" "$status" 125
like "… and named" "$err" "$TMP/config/ringfence can be written by others"
chmod 755 "$TMP/config/ringfence"

# ---- directories that had not changed for a while ----
# Their missing names are not looked at one by one any more.
forget
sleep 5
fence -- true
is "after a while: still not" "$(reads "$TMP/home/x")" no
was=$(entries)
fence -- true
ok "with what was kept then" is_kept "$was"
echo x >"$TMP/home/x"
chmod 644 "$TMP/home/x"
is "a file that exists by now, in a directory that had stayed" "$(reads "$TMP/home/x")" yes
rm "$TMP/home/x"
is "and is gone again" "$(reads "$TMP/home/x")" no
sleep 5
forget
fence -- true
mv "$TMP/w/dir" "$TMP/w/moved"
ln -s other "$TMP/w/dir"
is "a directory that is a link by now" "$(reads "$TMP/w/other/file")" yes
rm "$TMP/w/dir"
mv "$TMP/w/moved" "$TMP/w/dir"
is "and back" "$(reads "$TMP/w/other/file")" no

# ---- damaged ----
forget
fence -- true
size=$(stat -c %s "$(entry)")
cp "$(entry)" "$TMP/good"
bad=
for at in 0 10 24 60 88 96 104 110 120 140 200 1000 $((size / 3)) $((size / 2)) $((size - 20)) $((size - 1)); do
	was=$(entries)
	byte=$(od -An -tu1 -j "$at" -N 1 "$(entry)" | tr -d ' ')
	# shellcheck disable=SC2059
	printf "\\x$(printf %x $((byte ^ 64)))" | dd of="$(entry)" bs=1 seek="$at" conv=notrunc 2>/dev/null
	fence -- cat "$TMP/w/link/file"
	[ "$status$out" = 0content ] || bad="$bad $at:$status"
	fence -- cat "$TMP/w/other/file"
	[ "$status" = 1 ] || bad="$bad $at:open"
	! is_kept "$was" || bad="$bad $at:used"
	is_used_again || bad="$bad $at:not-rebuilt"
done
is "an entry with a flipped bit anywhere is built anew" "$bad" ""
for len in 0 1 103 104 130 $((size - 1)); do
	head -c "$len" "$TMP/good" >"$(entry)"
	was=$(entries)
	fence -- cat "$TMP/w/link/file"
	[ "$status$out" = 0content ] && ! is_kept "$was" && is_used_again || bad="$bad $len"
done
is "and so is one that was cut" "$bad" ""
sed -i 's/ringfence cache 2/ringfence cache 1/' "$(entry)"
was=$(entries)
fence -- true
ok "and one of another version" eval '! is_kept "$was"'

# ---- planted ----
# An entry that grants more: made by the same build for a policy that does, under this one's name.
name=$(entry)
policy ", \"$TMP/w/other/**\""
fence -- true
cp "$name" "$TMP/wide"
policy ""
cp "$TMP/wide" "$name"
is "an entry of another policy's text is not used" "$(reads "$TMP/w/other/file")" no
cp "$TMP/good" "$name"
was=$(entries)
chmod 620 "$name"
fence -- true
ok "one that others may write is not used" eval '! is_kept "$was"'
if [ "$(id -u)" = 0 ]; then
	was=$(entries)
	chown 1:1 "$name"
	chmod 644 "$name"
	fence -- true
	is "one that is somebody else's is not used" "$status" 0
	ok "but replaced" eval '! is_kept "$was"'
else
	skip "one that is somebody else's is not used" "needs root"
fi
chmod 777 "$KEPT"
was=$(entries)
rm "$name"
is "a directory that others may write" "$(reads "$TMP/w/link/file")" yes
is "is not written" "$(entries | wc -l)" $(($(wc -l <<<"$was") - 1))
forget

# ---- where nothing can be kept ----
mkdir -p "$KEPT"
chmod 500 "$KEPT"
[ "$(id -u)" != 0 ] || chown 65534:65534 "$KEPT"
is "a cache that cannot be written" "$(reads "$TMP/w/link/file")$(reads "$TMP/w/other/file")" yesno
is "is left as it was" "$(ls -A "$KEPT")" ""
chmod 700 "$KEPT"
rm -rf "$KEPT"
ln -s "$TMP/elsewhere" "$KEPT"
mkdir "$TMP/elsewhere"
[ "$(id -u)" != 0 ] || chown 65534:65534 "$TMP/elsewhere"
is "a cache that is a link" "$(reads "$TMP/w/link/file")" yes
is "is not followed" "$(ls -A "$TMP/elsewhere")" ""
rm "$KEPT"

# ---- two at once ----
for i in 1 2 3 4 5 6; do
	forget
	for j in 1 2 3; do
		(as run -p "$P" --set NAME=/n --summary never -- cat "$TMP/w/link/file" >/dev/null
			echo "$status" >"$TMP/race.$i.$j") &
	done
	wait
done 2>/dev/null
is "launches that race for the entry all run" "$(cat "$TMP"/race.*.* | sort -u)" 0
is "and leave one whole entry" "$(entries | wc -l)" 1
fence -- true
was=$(entries)
fence -- true
ok "that is used" is_kept "$was"

# ---- a relative folder of the user's is none: below the working directory the project writes ----
mkdir -p "$TMP/w/.config/ringfence"
echo '{"ringfence": 1, "name": "planted"}' >"$TMP/w/.config/ringfence/planted.json"
chmod -R go-w "$TMP/w/.config"
[ "$(id -u)" != 0 ] || chown -R 65534:65534 "$TMP/w/.config"
relative() { # HOME [XDG_CONFIG_HOME]: the status of showing what is planted
	local user=()
	[ "$(id -u)" != 0 ] || user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	run "${user[@]}" env -C "$TMP/w" -u XDG_CONFIG_HOME HOME="$1" ${2:+XDG_CONFIG_HOME="$2"} "$USER_RF" policy show planted
	echo "$status"
}
is "an absolute home names policies" "$(relative "$TMP/w")" 0
is "a relative home names none" "$(relative .)" 125
is "nor does a relative XDG_CONFIG_HOME" "$(relative "$TMP/home" .config)" 125
done_testing
