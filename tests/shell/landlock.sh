#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Where Landlock holds the files: what it cannot take out of what it grants is told, never claimed.
if [ "$(id -u)" = 0 ] && [ "${OWN_MOUNTS:-}" != yes ]; then
	OWN_MOUNTS=yes exec unshare -m --propagation private "$BASH" "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"

if [ "$(id -u)" != 0 ]; then
	skip "mounts" "needs root"
	done_testing
fi
T=$TMP/t
mkdir -p "$T/a" "$T/b"
echo secret >"$T/b/secret"
echo other >"$T/a/other"
policy() { # FILE ALLOW DENY [NEED]: paths as JSON
	cat >"$TMP/$1" <<END
{"ringfence": 1, "name": "p", "files": {"default": "deny", "rules": [
  {"id": "system", "need": "should", "allow": ["read", "exec"],
   "paths": ["/usr/**", "/bin/**", "/lib/**", "/lib64/**", "/etc/ld.so.cache", "/dev/null"]},
  {"id": "a", "need": "should", "allow": ["read", "write"], "paths": [$2]},
  {"id": "d", "need": "${4:-must}", "deny": ["read", "write"], "paths": [$3]}]}}
END
}
policy probe.json "\"$T/a/**\"" "\"$T/b/**\""
run "$RF" run -p "$TMP/probe.json" --report - -- true
if ! jq -e '.backends[] | select(.name == "landlock" and .available and (.sections | index("files")))' \
	<<<"$out" >/dev/null 2>&1; then
	skip "landlock" "it does not hold the files here"
	done_testing
fi
hold() { # ID: hold and why
	jq -r --arg id "$1" '.items[] | select(.id == $id) | "\(.hold) \(.why // "")"' "$TMP/report"
}
fence() { # FILE CMD…
	local policy=$1
	shift
	run "$RF" run -p "$TMP/$policy" --summary never --report "$TMP/report" -- "$@"
}

# ---- an object that is granted under another name ----
policy tree.json "\"$T/a/**\"" "\"$T/b/**\""
policy literal.json "\"$T/a/**\"" "\"$T/b/secret\""
policy later.json "\"$T/a/**\"" "\"$T/b/later\""
policy wild.json "\"$T/a/**\"" "\"$T/?/sec*\", \"$T/b/*cret\""
policy file.json "\"$T/a/secret\"" "\"$T/b/**\""
policy elsewhere.json "\"$T/a/**\"" "\"$T/c/**\""
fence literal.json cat "$T/b/secret"
is "apart: it is denied" "$status $(hold d)" "1 exact "
mount --bind "$T/b" "$T/a"
for name in tree literal later file; do
	fence $name.json cat "$T/b/secret"
	is "bound, $name: refused under must" "$status $out" "125 "
	like "bound, $name: the report says why" "$(hold d)" "^none .*$T/a.* also mounted as $T/b"
done
fence wild.json cat "$T/b/secret"
is "bound, by wildcards: refused under must" "$status $out" "125 "
fence elsewhere.json cat "$T/a/secret"
is "another rule is held all the same" "$status $out $(hold d)" "0 secret exact "
umount "$T/a"
fence literal.json cat "$T/b/secret"
is "apart again: it is denied" "$status $(hold d)" "1 exact "
mkdir "$T/b/below"
mount --bind "$T/a" "$T/b/below"
fence tree.json cat "$T/b/below/other"
is "below what is denied: refused under must" "$status $out" "125 "
umount "$T/b/below"

# ---- a process's own directory has a number ----
policy proc.json '"/proc/self/**"' '"/proc/[2-9]*/environ", "/proc/1?*/environ"'
fence proc.json cat /proc/self/environ
is "/proc/self: refused under must" "$status $out" "125 "
like "… and told" "$(hold d)" "^none .*/proc/self"
policy proc.json '"/proc/self/status"' '"/proc/[2-9]*/environ", "/proc/1?*/environ"'
fence proc.json cat /proc/self/environ
is "/proc/self/status alone: held" "$status $(hold d)" "1 exact "
# ---- ringfence itself: what is open is told, and nothing where it is not ----
own() { # POLICY-TEXT [OPTION…]
	echo "{\"ringfence\": 1, \"name\": \"p\" $1}" >"$TMP/own.json"
	rm -f "$TMP/report"
	run "$RF" run -p "$TMP/own.json" --summary never --report "$TMP/report" "${@:2}" -- true
	hold ringfence.self
}
files() { # DEFAULT ALLOWED-TO-WRITE
	cat <<END
, "need": "should", "files": {"default": "$1", "rules": [
  {"allow": ["read", "exec"], "paths": ["/**"]}, {"allow": ["read", "write"], "paths": [$2]}]}
END
}
open='^none without BPF LSM nothing keeps the command from changing'
like "no files section" "$(own "")" "$open .*/var/cache/ringfence, .* and more of ringfence's own\$"
like "default allow" "$(own "$(files allow '"/tmp/**"')")" "$open .*/var/cache/ringfence"
like "all may be written" "$(own "$(files deny '"/**"')")" "$open .*/var/cache/ringfence"
like "/etc may be written" "$(own "$(files deny '"/etc/**"')")" "$open /etc/ringfence\$"
is "what is its own may only be read" "$(own "$(files deny "\"$T/a/**\", \"/dev/null\"")")" ""
is "the command is an ordinary user's" "$(own "" --user 65534)" ""
mkdir -p "$T/etc"
mount --bind /etc "$T/etc"
like "/etc may be written under another name" "$(own "$(files deny "\"$T/etc/**\"")")" "$open /etc/ringfence\$"
umount "$T/etc"
run "$RF" run -p "$TMP/own.json" --summary always -- true
is "not in the summary when it is held" "$(grep -c ringfence.self <<<"$err")" 0
own "" >/dev/null
run "$RF" run -p "$TMP/own.json" --summary always -- true
like "in the summary when it is not" "$err" "  ringfence.self  not enforced: without BPF LSM"
copy_for_users
installed=$(dirname "$(dirname "$USER_RF")")
is "the installed files may be written" "$(RF=$USER_RF own "$(files deny "\"$installed/**\"")")" \
	"${open#^} $installed/share/ringfence, $installed/libexec/ringfence and more of ringfence's own"
is "… by a part of them" "$(RF=$USER_RF own "$(files deny "\"$installed/bin/**\"")")" "${open#^} $installed/bin/ringfence"
ln -s home "$TMP/link"
mkdir -p "$TMP/home/.config"
chown -R 65534:65534 "$TMP/home"
user() { # ALLOWED-TO-WRITE
	files deny "$1" | sed 's/^,/{"ringfence": 1, "name": "p",/; $s/$/}/' >"$TMP/own.json"
	rm -f "$TMP/home/report"
	run setpriv --reuid=65534 --regid=65534 --clear-groups env -u XDG_CONFIG_HOME -u XDG_CACHE_HOME \
		HOME="${FENCE_HOME:-$TMP/home}" "$USER_RF" run -p "$TMP/own.json" --summary never --report "$TMP/home/report" -- true
	jq -r '.items[] | select(.id == "ringfence.self") | "\(.hold) \(.why)"' "$TMP/home/report"
}
like "an ordinary user's own" "$(user '"/**"')" "$open $TMP/home/.cache/ringfence, $TMP/home/.config/ringfence( |\$)"
like "… one of them" "$(user "\"$TMP/home/.config/**\"")" "$open $TMP/home/.config/ringfence\$"
like "… by a link" "$(FENCE_HOME=$TMP/link user "\"$TMP/home/.config/**\"")" "$open $TMP/link/.config/ringfence(, $TMP/home/.config/ringfence)?\$"
mkdir -p "$TMP/home/.config/ringfence"
chown 65534:65534 "$TMP/home/.config/ringfence"
like "… by a link to what is there" "$(FENCE_HOME=$TMP/link user "\"$TMP/home/.config/**\"")" "$open $TMP/link/.config/ringfence(, $TMP/home/.config/ringfence)?\$"
is "… none" "$(user '"/dev/null"')" ""
done_testing
