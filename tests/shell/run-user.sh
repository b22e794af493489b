#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `ringfence run` by an ordinary user without a cgroup of its own, and --user by root.
. "$(dirname "$0")/lib.sh"

if [ "$(id -u)" != 0 ] || ! command -v setpriv >/dev/null; then
	skip "another user" "needs root and setpriv"
	done_testing
fi
copy_for_users
P=$TMP/p.json
cat >"$P" <<'END'
{"ringfence": 1, "name": "p", "capabilities": {"keep": ["net_bind_service", "chown"]}}
END
cat >"$TMP/privileged.json" <<'END'
{"ringfence": 1, "name": "q", "capabilities": {"keep": ["chown"]},
 "process": {"no_new_privileges": false}}
END
as() { run setpriv --reuid=65534 --regid=65534 --clear-groups env -C "$TMP" "$USER_RF" "$@"; }
caps() { # SET in $out
	sed -n "s/^Cap$1:.0*//p" <<<"$out"
}

# ---- an ordinary user ----
as run -p "$P" -- cat /proc/self/status
is "user: status" "$status" 0
like "user: no_new_privs" "$out" 'NoNewPrivs:.1'
is "user: nothing permitted, effective, inheritable, ambient" \
	"$(caps Prm)$(caps Eff)$(caps Inh)$(caps Amb)" ""
as run -p "$P" -- sh -c 'exit 9'
is "user: exit status" "$status" 9
# The outer fence hides the folder in which the user keeps policies, and the kept launches.
mkdir -p "$TMP/home"
chmod 777 "$TMP/home"
cat >"$TMP/outer.json" <<END
{"ringfence": 1, "name": "outer", "files": {"default": "deny", "rules": [
 {"need": "should", "allow": ["read", "exec"], "paths": ["/usr/**", "/bin/**", "/lib/**", "/lib64/**", "/etc/**", "/proc/**"]},
 {"need": "should", "allow": ["read", "exec"], "paths": ["$TMP/bin/**", "$TMP/libexec/**", "$TMP/share/**", "$TMP/*.json"]},
 {"need": "should", "allow": ["read", "write"], "paths": ["/dev/**"]}]}}
END
at_home() { run setpriv --reuid=65534 --regid=65534 --clear-groups env -u XDG_CONFIG_HOME -C / HOME="$TMP/home" "$USER_RF" "$@"; }
at_home run -- true
ok "user: the folder is there" [ -d "$TMP/home/.config/ringfence" ]
at_home run -p "$TMP/outer.json" -- cat "$TMP/home/.config/ringfence/x"
like "user: and hidden inside" "$err" "Permission denied|No such file"
at_home run -p "$TMP/outer.json" -- "$USER_RF" run -- sh -c 'exit 5'
is "user: a run inside of a run: $err" "$status" 5

# What runs is listed for its user, and for root; not for another one.
# shellcheck disable=SC2016
is "user: status lists the user's own, root's everybody's" "$(unshare -m bash -c '
	USER_RF=$1 P=$2
	as_user() { setpriv --reuid="$1" --regid="$1" --clear-groups env -u XDG_RUNTIME_DIR "${@:2}"; }
	names() { jq -c "[.sandboxes[] | select(.name | startswith(\"listed-\")) | .name, .uid, .policy]"; }
	mkdir -p /run/user && mount -t tmpfs -o mode=755 none /run/user || exit 1
	for uid in 65534 65533; do mkdir -m 700 "/run/user/$uid" && chown "$uid:$uid" "/run/user/$uid"; done
	as_user 65534 "$USER_RF" run -p "$P" --name listed-own -- sleep 60 >/dev/null 2>&1 &
	for try in $(seq 300); do [ "$(as_user 65534 "$USER_RF" status --json | names)" = "[]" ] || break; sleep 0.1; done
	for uid in 65534 65533; do as_user "$uid" "$USER_RF" status --json | names; done
	"$USER_RF" status --json | names
	as_user 65534 "$USER_RF" stop listed-own
	wait
	"$USER_RF" status --json | names' bash "$USER_RF" "$P" | tr '\n' ' ')" \
	'["listed-own",65534,"p"] [] ["listed-own",65534,"p"] [] '
mkdir -m 700 "$TMP/closed"
as run -p "$P" --env "PATH=$TMP/closed:/usr/bin:/bin" -- no-such-command
is "user: a folder of PATH that may not be searched holds no command" "$status" 127
echo true >"$TMP/no-program"
chmod 644 "$TMP/no-program"
as run -p "$P" --env "PATH=$TMP" -- no-program
is "user: a file of PATH that may not be executed is told as such" "$status" 126
as run -p "$P" --timeout 0.3 -- sh -c "setsid sleep 776.$$ & (sleep 776.$$ & sleep 776.$$) & sleep 776.$$"
is "user: timeout" "$status" 124
ok "user: timeout ends everything, without a cgroup too" wait_for sh -c "! pgrep -f '^sleep 776.$$\$'"
as run -p "$P" --user 0 -- touch "$TMP/started"
is "user: cannot become root" "$status" 125
like "user: cannot become root: sentence" "$err" '^ringfence: step user: '
as run -p "$P" --user 65534 -- id -u
is "user: may become itself" "$status$out" 065534
as run -p "$TMP/privileged.json" -- true
is "user: without no_new_privs capabilities could be gained: refused" "$status" 125
like "… with the reason" "$err" 'capabilities  .*CAP_SETPCAP'
run env -i setpriv --reuid=65534 --regid=65534 --clear-groups env -i "$USER_RF" \
	run -p "$P" -- true
is "user: empty environment" "$status" 0

# A HOME kept when the user was changed is not where this user keeps policies; its own, closed, is.
mkdir -p "$TMP/others/.config/ringfence" "$TMP/own/.config/ringfence"
chmod 700 "$TMP/others"
run setpriv --reuid=65534 --regid=65534 --clear-groups env HOME="$TMP/others" "$USER_RF" policy show strict
is "user: another's folder of policies is passed over" "$status" 0
chown -R 65534:65534 "$TMP/own"
chmod 0 "$TMP/own/.config"
run setpriv --reuid=65534 --regid=65534 --clear-groups env HOME="$TMP/own" "$USER_RF" policy show strict
is "user: its own that cannot be looked into is not" "$status" 125
like "… and is named" "$err" "open $TMP/own/.config/ringfence: Permission denied"

# Who can write a folder of the search path can take a policy away that is found further on by now.
chmod 755 "$TMP/own/.config"
chmod 777 "$TMP/own/.config/ringfence"
for words in "run -- true" "policy show strict" "policy check strict" "why strict kernel mount"; do
	# shellcheck disable=SC2086
	run setpriv --reuid=65534 --regid=65534 --clear-groups env HOME="$TMP/own" "$USER_RF" $words
	is "user: a folder of policies that others can write: $words" "$status" 125
	like "… and is named" "$err" "$TMP/own/.config/ringfence can be written by others"
done
chmod 755 "$TMP/own/.config/ringfence"
run setpriv --reuid=65534 --regid=65534 --clear-groups env HOME="$TMP/own" "$USER_RF" policy show strict
is "user: a folder of its own is looked into" "$status" 0
chown 0:0 "$TMP/own/.config/ringfence"
run setpriv --reuid=65534 --regid=65534 --clear-groups env HOME="$TMP/own" "$USER_RF" policy show strict
is "user: and one of root's" "$status" 0

# ---- root ----
with_etc() { # OWNER MODE WORD...: with an /etc/ringfence of its own
	local owner=$1 mode=$2
	shift 2
	rm -rf "${TMP:?}/etc"
	cp -a /etc "$TMP/etc" 2>/dev/null
	mkdir -p "$TMP/etc/ringfence"
	chown "$owner" "$TMP/etc/ringfence"
	chmod "$mode" "$TMP/etc/ringfence"
	run unshare -m sh -c 'mount --bind "$1" /etc && shift && exec "$@"' sh "$TMP/etc" "$RF" "$@"
}
if unshare -m true 2>/dev/null; then
	with_etc 0:0 755 policy show strict
	is "root: /etc/ringfence of its own" "$status" 0
	with_etc 0:0 777 run -- true
	is "root: /etc/ringfence that all can write" "$status" 125
	like "… and is named" "$err" '/etc/ringfence can be written by others'
	with_etc 65534:0 755 run -- true
	is "root: /etc/ringfence of somebody else" "$status" 125
	like "… and is named" "$err" '/etc/ringfence belongs to user 65534'
	with_etc 65534:0 755 policy check "$P"
	is "root: a policy that is named by its path is not looked for there" "$status" 0
else
	skip "root: /etc/ringfence" "needs a mount namespace"
fi
run "$RF" run -p "$P" -- cat /proc/self/status
is "root: keeps what is kept" "$(caps Prm) $(caps Eff) $(caps Bnd)" "401 401 401"
is "root: nothing inheritable or ambient" "$(caps Inh)$(caps Amb)" ""
run setpriv --inh-caps=+net_raw,+chown --ambient-caps=+net_raw,+chown "$RF" run -p "$P" -- \
	cat /proc/self/status
is "root: inherited ambient capabilities are within keep" "$(caps Inh) $(caps Amb)" "1 1"
run "$RF" run -p "$P" -- python3 -c '
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print(hex(libc.prctl(27, 0, 0, 0, 0)), libc.prctl(8, 1, 0, 0, 0), libc.prctl(28, 0, 0, 0, 0))'
is "root: securebits are locked, but the harmless KEEP_CAPS" "$out" "0xca 0 -1"
if command -v setpriv >/dev/null; then
	run "$RF" run -- setpriv --reuid 1000 --regid 1000 --clear-groups true
	is "root: default lets a program give up root" "$status" 0
fi
run "$RF" run -p "$TMP/privileged.json" -- cat /proc/self/status
is "root without no_new_privs: only what is kept" "$(caps Prm) $(caps Eff) $(caps Bnd)" "1 1 1"
like "root without no_new_privs: not set" "$out" 'NoNewPrivs:.0'
like "root without no_new_privs: filtered all the same" "$out" 'Seccomp:.2'

# ---- without a cgroup after all ----
mnt=$(awk '$3 == "cgroup2" {print $2; exit}' /proc/self/mounts)
if [ -n "$mnt" ] && unshare -m mount -o remount,bind,ro "$mnt" 2>/dev/null; then
	run unshare -m sh -c 'mount -o remount,bind,ro "$1"; shift; "$@"' sh "$mnt" \
		"$RF" run -p "$P" -- cat /proc/self/status
	is "a cgroup that cannot be made: runs without" "$status" 0
	like "… fenced" "$out" 'NoNewPrivs:.1'
else
	skip "a cgroup that cannot be made" "no cgroup v2, or no mount namespace"
fi

# ---- --user ----
run "$RF" run -p "$P" --user nobody -- cat /proc/self/status
like "--user: everywhere" "$out" 'Uid:.65534.65534.65534.65534'
is "--user: no capability, a narrow bounding set" "$(caps Prm)$(caps Eff)$(caps Amb) $(caps Bnd)" " 401"
run env HOME=/root USER=root "$RF" run -p "$P" --user nobody -- sh -c 'echo $HOME $USER $LOGNAME'
is "--user: environment" "$out" "$(getent passwd nobody | cut -d: -f6) nobody nobody"
run "$RF" run -p "$P" --user nobody --env HOME=/x -- sh -c 'echo $HOME'
is "--env wins" "$out" /x
run "$RF" run -p "$P" --user 4242:4343 -- id
like "--user by numbers" "$out" '^uid=4242 gid=4343 groups=4343$'
run "$RF" run -p "$TMP/privileged.json" --user nobody -- cat /proc/self/status
is "--user without no_new_privs: no capability left" "$(caps Prm)$(caps Eff)$(caps Amb) $(caps Bnd)" " 1"
done_testing
