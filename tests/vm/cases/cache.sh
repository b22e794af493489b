#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What is kept about directories never answers for another place, another policy or another time.
. "$RF_VM/lib.sh"

# A world where the wildcard rule speaks of paths alone, and the way that paths are judged in.
kept_world() { # [WAY]
	secret_world '"kernel": {"mount": "allow", "namespaces": "allow", "user_namespaces": "allow"}'
	"$RF" load --oracle="${1:-off}" || fail "load"
}

paths_are() {
	"$RF" status --json | jq -r .kernel.paths
}

mismatches() {
	"$RF" status --json | jq -r .kernel.mismatches
}

# What runs inside: "read FILE" prints one line or "refused"; "sync N" lets the test act in between.
# shellcheck disable=SC2016
INSIDE='
read_file() { line=; { read -r line <"$1"; } 2>/dev/null && echo "$line" || echo refused; }
sync() { touch "$T/open/inside.$1"; until [ -e "$T/open/outside.$1" ]; do sleep 0.05; done; }
'

# inside N SCRIPT: runs it in the fence beside the function act N of the test, which is called once
# for each sync; its lines are in $OUT.
inside() {
	local n=$1 script=$2
	(
		for ((i = 1; i <= n; i++)); do
			until [ -e "$T/open/inside.$i" ]; do sleep 0.05; done
			act "$i"
			touch "$T/open/outside.$i"
		done
	) &
	fence world sh -c "$INSIDE $script"
	wait
}

test_it_is_in_force_and_moves_are_seen() {
	"$RF" load || fail "load"
	eq "$(paths_are)" kept "how paths are judged"
	"$RF" load --oracle=only
	eq "$(paths_are)" walked "with the walk only"
	contains "$("$RF" status)" "nothing is kept" "status for people"
	"$RF" load --oracle=check
	eq "$(paths_are)" checked "with both"
	status 2 "$RF" load --oracle=sometimes
	"$RF" load --oracle=off
	eq "$(paths_are)" kept "again"
}

test_a_moved_directory_is_where_it_is_now() {
	kept_world
	mkdir -p "$T/open/a/b/c"
	echo told >"$T/open/a/b/c/f"
	act() {
		case $1 in
		1) mv "$T/open/a/b" "$T/denied/b" ;;   # an ancestor
		2) mv "$T/denied/b" "$T/open/a/b" ;;
		3) mv "$T/open/a/b/c" "$T/denied/c" ;; # the directory itself
		4) mv "$T/denied/c" "$T/open/a/b/c" ;;
		5) mv "$T/open/a/b/c/f" "$T/denied/f" ;; # the file
		esac
	}
	inside 5 "o=$T/open/a/b/c/f
		read_file \$o; read_file \$o; sync 1
		read_file \$o; read_file $T/denied/b/c/f; sync 2
		read_file \$o; read_file $T/denied/b/c/f; sync 3
		read_file \$o; read_file $T/denied/c/f; sync 4
		read_file \$o; sync 5
		read_file \$o; read_file $T/denied/f"
	eq "$(echo "$OUT" | tr '\n' ' ')" \
		"told told refused refused told refused refused refused told refused refused " "what was read"
}

test_an_exchange_changes_both() {
	kept_world
	mkdir -p "$T/open/x" "$T/denied/x"
	echo mine >"$T/open/x/f"
	echo "$SECRET" >"$T/denied/x/f"
	act() { "$ATTACK/names" exchange "$T/open/x" "$T/denied/x" || fail "exchange"; }
	inside 2 "read_file $T/open/x/f; read_file $T/denied/x/f; sync 1
		read_file $T/open/x/f; read_file $T/denied/x/f; sync 2
		read_file $T/open/x/f; read_file $T/denied/x/f"
	# What was moved to the open folder from outside is open there: names are what rules speak of.
	eq "$(echo "$OUT" | tr '\n' ' ')" "mine refused $SECRET refused mine refused " "what was read"
}

test_a_mount_over_a_directory_and_its_end() {
	kept_world
	mkdir -p "$T/denied/m" "$T/open/src/d"
	echo told >"$T/open/src/d/f"
	act() {
		case $1 in
		1) mount --bind "$T/open/src" "$T/denied/m" ;;
		2) umount "$T/denied/m" && mount -t tmpfs none "$T/open/src" ;;
		3) umount "$T/open/src" ;;
		esac
	}
	inside 3 "read_file $T/open/src/d/f; read_file $T/denied/m/d/f; sync 1
		read_file $T/open/src/d/f; read_file $T/denied/m/d/f; read_file $T/open/src/d/f
		read_file $T/denied/m/d/f; sync 2
		read_file $T/open/src/d/f; sync 3
		read_file $T/open/src/d/f"
	eq "$(echo "$OUT" | tr '\n' ' ')" \
		"told refused told refused told refused refused told " "what was read"
}

# Directories made and removed in turns, so that inodes and dentries come back under other names.
test_reused_objects_are_new_ones() {
	kept_world check
	SECRET=$SECRET python3 -c '
import os, shutil, sys, time
base = sys.argv[1]
while not os.path.exists(base + "/open/begun"):
    time.sleep(0.01)
n, end = 0, time.monotonic() + 60
while n < 200 or not os.path.exists(base + "/open/met") and time.monotonic() < end:
    n += 1
    for folder, text in (("open", "fine"), ("denied", os.environ["SECRET"])):
        os.makedirs(f"{base}/{folder}/r/d")
        with open(f"{base}/{folder}/r/d/f", "w") as file:
            print(text, file=file)
        time.sleep(0.01)
        if n == 100 and folder == "denied":
            open("/proc/sys/vm/drop_caches", "w").write("2")
        shutil.rmtree(f"{base}/{folder}/r")
open(base + "/open/over", "w")' "$T" &
	fence world sh -c "$INSIDE
		: >$T/open/begun
		while [ ! -e $T/open/over ]; do
			read_file $T/open/r/d/f; [ -z \"\$line\" ] || : >$T/open/met
			read_file $T/denied/r/d/f
		done | sort | uniq"
	wait
	lacks "$OUT" "$SECRET" "what was read"
	contains "$OUT" fine "what was read"
	eq "$(mismatches)" 0 "answers that the walk did not confirm"
}

test_another_policy_over_the_same_directories() {
	kept_world
	mkdir -p "$T/open/p"
	echo told >"$T/open/p/f"
	policy other '"files": {"default": "allow", "rules": [
  {"id": "r", "deny": ["read"], "paths": ["'"$T"'/open/p/*"]} ]}'
	for _ in 1 2 3; do
		allowed world "$ATTACK/names" read "$T/open/p/f"
		refused other EACCES "$ATTACK/names" read "$T/open/p/f"
	done
	# Both at a time.
	"$RF" run -p "$T/world.json" --summary never -- \
		sh -c "$INSIDE read_file $T/open/p/f; sync 1; read_file $T/open/p/f" >"$T/both" &
	wait_for '[ -e "$T/open/inside.1" ]' "the first"
	refused other EACCES "$ATTACK/names" read "$T/open/p/f"
	touch "$T/open/outside.1"
	wait
	eq "$(uniq -c "$T/both" | awk '{ print $1, $2 }')" "2 told" "what the first was told all the while"
}

test_names_in_a_directory_that_is_known() {
	kept_world
	policy names '"files": {"default": "allow", "rules": [
  {"id": "keys", "deny": ["read", "write", "create"], "paths": ["**/*.key"]},
  {"id": "long", "deny": ["read"], "paths": ["**/'"$(printf 'n%.0s' $(seq 200))"'*"]} ]}'
	mkdir -p "$T/open/n"
	for f in a b.key .key c.keys "$(printf 'n%.0s' $(seq 199))" "$(printf 'n%.0s' $(seq 200))" \
		"$(printf 'n%.0s' $(seq 255))"; do
		echo "told" >"$T/open/n/$f"
	done
	fence names sh -c "$INSIDE cd $T/open/n
		for _ in 1 2 3; do for f in a b.key .key c.keys n*; do read_file \$f; done; done | uniq -c
		for _ in 1 2 3; do for f in new new.key; do echo made >\$f && rm \$f; done; done"
	eq "$(echo "$OUT" | awk '{printf "%s", $1 $2 " "}')" \
		"1told 2refused 2told 2refused 1told 2refused 2told 2refused 1told 2refused 2told 2refused " \
		"what was read, thrice: a, b.key .key, c.keys n199, n200 n255"
	[ ! -e "$T/open/n/new.key" ] || fail "a name was made that may not be"
	eq "$(events 'select(.operation == "create") | .rule.id' | sort -u)" keys "refused creations"
}

# By words, from the byte on that patterns tell apart, by pieces: each length, each place of a dot.
test_names_of_every_length() {
	local way
	kept_world
	policy names '"files": {"default": "allow", "rules": [
  {"id": "keys", "deny": ["read"], "paths": ["**/*.key", "**/.env", "'"$T"'/open/n/xylophone"]} ]}'
	mkdir -p "$T/open/n"
	cat >"$T/names.py" <<'END'
import os, sys
os.chdir(sys.argv[1])
names = {".env", ".en", ".envy", "xylophone", "xylophones", "xylo", "x"}
for n in [*range(1, 36), 47, 48, 49, 250, 255]:
    names |= {"a" * n, "x" * n, "\u00e9" * (n // 2)}
    names |= {"a" * at + "." + "a" * (n - 1 - at) for at in {0, 1, n // 2, max(n - 8, 0), n - 1}}
    names |= {"a" * (n - 4) + ".key", "a" * (n - 3) + "key", "." * (n - 4) + ".key"} if n > 4 else set()
names = sorted(name for name in names if name not in ("", ".", ".."))
if sys.argv[2:] == ["make"]:
    for name in names:
        open(name, "w").close()
    sys.exit()
wrong = []
for name in names * 3:
    denied = name.endswith(".key") or name in (".env", "xylophone")
    try:
        os.close(os.open(name, os.O_RDONLY))
        seen = False
    except PermissionError:
        seen = True
    if seen != denied:
        wrong.append(name)
print(len(names), wrong[:5])
END
	python3 "$T/names.py" "$T/open/n" make
	for way in off check only; do
		"$RF" load --oracle=$way
		allowed names python3 "$T/names.py" "$T/open/n"
		eq "${OUT#* }" "[]" "names judged wrongly with --oracle=$way"
		[ "${OUT% *}" -gt 250 ] || fail "only ${OUT% *} names"
	done
	"$RF" load --oracle=off
	eq "$(mismatches)" 0 "answers that the walk did not confirm"
}

test_deep_directories_and_roots_of_others() {
	local deep=$T/open i
	kept_world
	for ((i = 0; i < 40; i++)); do deep=$deep/d; done
	mkdir -p "$deep" "$T/denied/jail/open"
	echo told >"$deep/f"
	echo "$SECRET" >"$T/denied/jail/open/f"
	fence world sh -c "$INSIDE read_file $deep/f; read_file $deep/f; cd $deep; read_file f"
	eq "$(echo "$OUT" | uniq)" told "deep file"
	# What is open by its name is the denied one's alias for who has another root.
	fence world "$ATTACK/names" chroot "$T/denied/jail" /open/f
	[ "$RC" -ne 0 ] || fail "chroot changed what a name means"
	nothing_leaked
}

test_a_namespace_of_mounts_of_its_own() {
	kept_world
	policy ns '"kernel": {"mount": "allow", "namespaces": "allow"},
"files": { "default": "allow", "rules": [
  {"id": "secret", "deny": ["read", "write"], "paths": ["'"$T"'/denied/**"]} ] }'
	fence ns sh -c "$INSIDE read_file $T/open/file; read_file $T/denied/secret
		unshare -m sh -c 'read -r l <$T/open/file && echo \$l; read -r l <$T/denied/secret || echo refused'"
	lacks "$OUT" "$SECRET" "what was read"
	contains "$OUT" harmless "what was read"
}

test_an_overlay_and_what_lies_below_it() {
	kept_world check
	mkdir -p "$T/open/ovl" "$T/denied/o" "$T/l/a/d" "$T/u" "$T/w"
	mkdir -p "$T/s" && mount -t tmpfs none "$T/s" && mkdir "$T/s/l" "$T/s/u" "$T/s/w" "$T/s/l/a"
	echo told >"$T/s/l/a/f"
	mount -t overlay -o "lowerdir=$T/s/l,upperdir=$T/s/u,workdir=$T/s/w" none "$T/open/ovl" ||
		skip "no overlayfs"
	act() {
		case $1 in
		1) cp -r "$T/open/ovl/a" "$T/open/ovl/b" && echo 2 >/proc/sys/vm/drop_caches ;;
		2) mount --bind "$T/open/ovl" "$T/denied/o" ;;
		3) umount "$T/denied/o" && rm -r "$T/open/ovl/b" ;;
		esac
	}
	inside 3 "f=a/f; read_file $T/open/ovl/\$f; read_file $T/open/ovl/\$f; sync 1
		read_file $T/open/ovl/\$f; read_file $T/open/ovl/b/f; sync 2
		read_file $T/denied/o/\$f; read_file $T/open/ovl/\$f; read_file $T/denied/o/b/f; sync 3
		read_file $T/open/ovl/b/f; read_file $T/open/ovl/\$f"
	umount "$T/open/ovl"
	eq "$(echo "$OUT" | tr '\n' ' ')" \
		"told told told told refused told refused refused told " "what was read"
	eq "$(mismatches)" 0 "answers that the walk did not confirm"
}

test_proc_is_whose_it_is() {
	kept_world
	policy self '"files": {"default": "allow", "rules": [
  {"id": "own", "deny": ["read"], "paths": ["/proc/*/environ"], "except": ["/proc/self/environ"]} ]}'
	fence self sh -c "$INSIDE
		for _ in 1 2 3; do head -c 1 /proc/self/environ >/dev/null && echo own; done
		for _ in 1 2 3; do read_file /proc/1/environ; done"
	eq "$(echo "$OUT" | uniq | tr '\n' ' ')" "own refused " "what was read"
}

# What is kept for the directory that is open as this descriptor, a byte a line.
kept_at() { # FD
	printf -v hex %02x "$1"
	bpftool -j map lookup pinned /sys/fs/bpf/ringfence/rf_dir key hex "$hex" 00 00 00 2>/dev/null |
		jq -r '.value // empty | .[]' | sed 's/^0x//'
}

# Says of the second directory what is kept for the first one: both were used just now.
lie() { # FOLDER FOLDER
	local -a told other
	fence world sh -c "cat $1/f $2/f"
	exec 8<"$1" 9<"$2"
	mapfile -t told < <(kept_at 8)
	mapfile -t other < <(kept_at 9)
	eq "${#told[@]} ${#other[@]}" "208 208" "bytes kept for each"
	# The states and their accept words: bytes 48 to 103 of the first way.
	other=("${other[@]:0:48}" "${told[@]:48:56}" "${other[@]:104}")
	bpftool map update pinned /sys/fs/bpf/ringfence/rf_dir key hex 09 00 00 00 \
		value hex "${other[@]}" || fail "cannot falsify"
	exec 8<&- 9<&-
}

# The other tests could pass with nothing kept at all: here what is kept is falsified on purpose.
test_what_is_kept_answers_and_the_oracle_sees_it_lie() {
	local before
	kept_world
	mkdir -p "$T/open/v" "$T/denied/v"
	echo told >"$T/open/v/f"
	echo "$SECRET" >"$T/denied/v/f"
	lie "$T/open/v" "$T/denied/v"
	allowed world cat "$T/denied/v/f" # so it is used
	eq "$OUT" "$SECRET" "what the lie opens"
	"$RF" load --oracle=only
	refused world EACCES "$ATTACK/names" read "$T/denied/v/f"
	"$RF" load --oracle=check
	before=$(mismatches)
	lie "$T/open/v" "$T/denied/v"
	refused world EACCES "$ATTACK/names" read "$T/denied/v/f"
	[ "$(mismatches)" -gt "$before" ] || fail "the difference was not counted"
	"$RF" load --oracle=off
	# Any move of any directory ends it.
	lie "$T/open/v" "$T/denied/v"
	mkdir "$T/open/q" && mv "$T/open/q" "$T/open/q2"
	refused world EACCES "$ATTACK/names" read "$T/denied/v/f"
}

# The roots of containers are such file systems. A directory's inode that something else holds
# outlives its dentry: the next one may be elsewhere, at the same address.
test_an_overlay_is_kept_until_a_directory_gets_a_new_dentry() {
	kept_world
	local place
	mkdir "$T/s" && mount -t tmpfs none "$T/s"
	for place in open denied; do
		mkdir -p "$T/$place/o" "$T/s/$place/l/v" "$T/s/$place/u" "$T/s/$place/w"
		echo "of $place" >"$T/s/$place/l/v/f"
		mount -t overlay -o "lowerdir=$T/s/$place/l,upperdir=$T/s/$place/u,workdir=$T/s/$place/w" none \
			"$T/$place/o" || skip "no overlayfs"
	done
	lie "$T/open/o/v" "$T/denied/o/v"
	allowed world cat "$T/denied/o/v/f" # so it is used
	eq "$OUT" "of denied" "what the lie opens"
	# A watch holds the inode alone.
	background python3 -c 'import ctypes, sys, time
libc = ctypes.CDLL(None)
fd = libc.inotify_init()
print(libc.inotify_add_watch(fd, sys.argv[1].encode(), 2), flush=True)
time.sleep(600)' "$T/denied/o/v"
	wait_for 'grep -qsx 1 "$T/.background"' "the watch"
	exec 9<"$T/denied/o/v"
	[ "$(kept_at 9 | wc -l)" = 208 ] || fail "nothing is kept while the dentry is there"
	exec 9<&-
	for _ in 1 2 3; do echo 2 >/proc/sys/vm/drop_caches; done
	exec 9<"$T/denied/o/v"
	eq "$(kept_at 9)" "" "what is kept for the new dentry"
	exec 9<&-
	refused world EACCES "$ATTACK/names" read "$T/denied/o/v/f"
	umount "$T/open/o" "$T/denied/o"
}

run_tests
