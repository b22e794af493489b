#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Nothing done inside the fence gives a denied object an allowed name (docs/policy.md, aliases).
. "$RF_VM/lib.sh"

test_no_hard_link_to_a_denied_file() {
	secret_world
	works "$ATTACK/names" link "$T/denied/secret" "$T/open/alias"
	rm "$T/open/alias"
	refused world EXDEV "$ATTACK/names" link "$T/denied/secret" "$T/open/alias"
	refused world EXDEV "$ATTACK/names" link-magic "$T/denied/secret" "$T/open/alias"
	refused world EXDEV "$ATTACK/names" link-empty "$T/denied/secret" "$T/open/alias"
	eq "$(events 'select(.verdict == "denied") | .rule.id + " " + .rule.code')" "secret alias" "denial"
	[ ! -e "$T/open/alias" ] || fail "the link was made"
	nothing_leaked
}

test_no_rename_out_of_a_denied_folder() {
	secret_world '"kernel": {"mount": "deny"}'
	refused world 'EXDEV|EACCES' "$ATTACK/names" rename "$T/denied/secret" "$T/open/alias"
	refused world 'EXDEV|EACCES' "$ATTACK/names" rename "$T/denied" "$T/renamed"
	refused world 'EXDEV|EACCES' "$ATTACK/names" rename "$T/denied/sub" "$T/open/sub2"
	refused world 'EXDEV|EACCES' "$ATTACK/names" exchange "$T/denied" "$T/open"
	refused world 'EXDEV|EACCES' "$ATTACK/names" exchange "$T/open" "$T/denied"
	[ -e "$T/denied/secret" ] || fail "the secret moved"
	nothing_leaked
}

test_no_rename_of_an_ancestor() {
	secret_world
	mkdir -p "$T/top/mid/denied"
	echo "$SECRET" >"$T/top/mid/denied/secret"
	policy p '"files": { "default": "allow", "rules": [
  {"id": "below", "deny": ["read", "write"], "paths": ["'"$T"'/top/mid/denied/**"]} ] }'
	refused p EXDEV "$ATTACK/names" rename "$T/top" "$T/moved"
	refused p EXDEV "$ATTACK/names" rename "$T/top/mid" "$T/top/moved"
	mkdir "$T/empty"
	refused p EXDEV "$ATTACK/names" exchange "$T/top" "$T/empty"
	refused p EXDEV "$ATTACK/names" exchange "$T/empty" "$T/top/mid"
	[ -e "$T/top/mid/denied/secret" ] || fail "an ancestor moved"
	# Which of the names below is the reason is not known; that it is an alias is.
	eq "$(events 'select(.verdict == "denied") | .rule.id + " " + .rule.code')" \
		"files.unjudged alias" "denial"
	# A folder with nothing denied below may move.
	mkdir "$T/plain"
	allowed p "$ATTACK/names" rename "$T/plain" "$T/plain2"
}

test_mv_falls_back_to_a_copy_that_the_rules_judge() {
	policy p '"files": { "default": "allow", "rules": [
  {"id": "ro", "deny": ["write"], "paths": ["'"$T"'/ro/**"]} ] }'
	mkdir "$T/ro" "$T/rw"
	echo text >"$T/ro/file"
	fence p mv "$T/ro/file" "$T/rw/file"
	[ "$RC" -ne 0 ] || fail "mv took a file out of a folder that may not be written"
	eq "$(cat "$T/ro/file")" text "the file"
	allowed p cp "$T/ro/file" "$T/rw/copy"
	refused p 'EXDEV' "$ATTACK/names" link "$T/ro/file" "$T/rw/alias"
}

test_a_link_made_earlier_is_denied_where_the_rule_has_no_wildcard() {
	SECRET=earlier-$RANDOM
	mkdir "$T/open"
	echo "$SECRET" >"$T/literal"
	ln "$T/literal" "$T/open/alias"
	policy p '"files": { "default": "allow", "rules": [
  {"id": "literal", "deny": ["read", "write"], "paths": ["'"$T"'/literal"]} ] }'
	refused p EACCES "$ATTACK/names" read "$T/open/alias"
	eq "$(denials)" "files literal" "denials"
	lacks "$OUT" "$SECRET" "output"
	echo "$SECRET" >"$T/replacement"
	mv "$T/replacement" "$T/open/other"
	allowed p cat "$T/open/other"
}

# Overlayfs makes a new object of a link that is written to or linked: inside it does not.
test_an_alias_on_an_overlay_is_not_copied() {
	SECRET=copied-$RANDOM
	mkdir "$T/s" && mount -t tmpfs none "$T/s" && mkdir "$T/s/l" "$T/s/u" "$T/s/w" "$T/ovl"
	echo "$SECRET" >"$T/s/l/secret"
	ln "$T/s/l/secret" "$T/s/l/alias"
	echo text >"$T/s/l/other"
	echo "$SECRET" >"$T/s/l/single"
	mount -t overlay -o "lowerdir=$T/s/l,upperdir=$T/s/u,workdir=$T/s/w" none "$T/ovl" || skip "no overlayfs"
	policy p '"files": {"default": "allow", "rules": [
  {"id": "fixed", "deny": ["read"], "paths": ["'"$T"'/ovl/secret"]} ]}'
	for how in "ln $T/ovl/alias $T/ovl/new" "chmod 600 $T/ovl/alias" "echo >>$T/ovl/alias" "touch $T/ovl/alias"; do
		fence p sh -c "$how; cat $T/ovl/new $T/ovl/alias; cat $T/ovl/secret"
		lacks "$OUT" "$SECRET" "read after: $how"
		contains "$(denials)" "files fixed" "denials after: $how"
	done
	# By the denied name itself, with a right that the rule leaves.
	policy p '"files": {"default": "allow", "rules": [
  {"id": "fixed", "deny": ["read"], "paths": ["'"$T"'/ovl/{secret,single}"]} ]}'
	allowed p sh -c "echo more >>$T/ovl/single && ! cat $T/ovl/single"
	fence p sh -c "echo more >>$T/ovl/secret; cat $T/ovl/alias $T/ovl/secret"
	lacks "$OUT" "$SECRET" "read after writing to the name itself"
	allowed p sh -c "echo more >>$T/ovl/other && chmod 600 $T/ovl/other && ln $T/ovl/other $T/ovl/link"
	umount "$T/ovl"
	# With an index a link stays a link of the copy.
	rm -rf "$T/s/u" "$T/s/w" && mkdir "$T/s/u" "$T/s/w"
	if mount -t overlay -o "index=on,lowerdir=$T/s/l,upperdir=$T/s/u,workdir=$T/s/w" none "$T/ovl"; then
		fence p sh -c "echo more >>$T/ovl/secret; cat $T/ovl/alias"
		lacks "$OUT" "$SECRET" "read by a link after writing to the name itself"
	fi
	umount -l "$T/ovl" "$T/s"
}

test_files_with_several_links_when_links_are_denied() {
	SECRET=linked-$RANDOM
	mkdir "$T/d" "$T/open"
	echo "$SECRET" >"$T/d/file"
	ln "$T/d/file" "$T/open/alias"
	echo single >"$T/open/single"
	policy p '"files": { "default": "allow", "links": "deny", "rules": [
  {"id": "wild", "deny": ["read", "write"], "paths": ["'"$T"'/d/*"]} ] }'
	# Static, because the machine's own libraries may have several names, too.
	refused p EACCES "$ATTACK/static" read "$T/open/alias"
	lacks "$OUT" "$SECRET" "output"
	allowed p "$ATTACK/static" read "$T/open/single"
	policy p '"files": { "default": "allow", "links": "deny", "rules": [
  {"id": "more", "allow": ["read"], "paths": ["/**"]} ] }'
	set -- "$T/open/alias"
	for how in "truncate('$1', 0)" "chmod('$1', 0)" "utime('$1')" "setxattr('$1', 'trusted.x', b'y')" "listdir('$T')"; do
		fence p python3 -c "import os; os.$how"
		[ "$RC" -ne 0 ] || [[ $how == list* ]] || fail "$how: worked on a file with several links"
	done
	eq "$RC" 0 "a folder: $ERR"
	eq "$(cat "$T/d/file")" "$SECRET" "the file"
	mkdir "$T/s" "$T/ovl" && mount -t tmpfs none "$T/s" && mkdir "$T/s/l" "$T/s/u" "$T/s/w"
	echo "$SECRET" >"$T/s/l/file"
	ln "$T/s/l/file" "$T/s/l/alias"
	mount -t overlay -o "lowerdir=$T/s/l,upperdir=$T/s/u,workdir=$T/s/w" none "$T/ovl" || skip "no overlayfs"
	refused p EACCES "$ATTACK/static" read "$T/ovl/alias"
	umount -l "$T/ovl" "$T/s"
}

test_no_mount_gives_another_name() {
	secret_world
	refused world EPERM "$ATTACK/names" bind-mount "$T/denied" "$T/open/sub"
	eq "$(denials)" "kernel kernel.mount" "denials"
	refused world EPERM "$ATTACK/names" tree-clone "$T/denied" secret
	refused world EPERM "$ATTACK/names" own-mount etc
	fence world mount -t tmpfs none "$T/open/sub"
	[ "$RC" -ne 0 ] || fail "mount worked"
	fence world unshare -m true
	[ "$RC" -ne 0 ] || fail "unshare -m worked"
	fence world unshare -Ur true
	[ "$RC" -ne 0 ] || fail "unshare -U worked"
	fence world umount /dev/shm
	[ "$RC" -ne 0 ] || fail "umount worked"
	mountpoint -q /dev/shm || fail "/dev/shm is gone"
	nothing_leaked
}

test_mounts_that_are_allowed_still_give_no_alias() {
	secret_world '"kernel": {"mount": "allow", "namespaces": "allow"}'
	works unshare -m sh -c "mount --bind $T/denied $T/open/sub && cat $T/open/sub/secret"
	fence world unshare -m sh -c "mount --bind $T/denied $T/open/sub; cat $T/open/sub/secret"
	nothing_leaked
	fence world sh -c "mount --bind $T/denied $T/open/sub; cat $T/open/sub/secret; umount $T/open/sub"
	nothing_leaked
	fence world "$ATTACK/names" tree-clone "$T/denied" secret
	nothing_leaked
	fence world sh -c "mount -t overlay -o lowerdir=$T/denied:$T/open none $T/open/sub &&
		cat $T/open/sub/secret; umount $T/open/sub"
	nothing_leaked
}

# Overlayfs numbers files as their layer does and directories by a counter: both have each number.
test_a_folder_of_an_overlay_is_not_a_denied_file() {
	mkdir "$T/ovl" "$T/s"
	mount -t tmpfs none "$T/s" && mkdir "$T/s/up" "$T/s/low"
	mount -t tmpfs none "$T/s/up" && mkdir "$T/s/up/u" "$T/s/up/w"
	mount -t tmpfs none "$T/s/low" && mkdir "$T/s/low/"{1..20} && echo text >"$T/s/low/secret" &&
		mkdir "$T/s/low/"{21..60}
	mount -t overlay -o "xino=off,lowerdir=$T/s/low,upperdir=$T/s/up/u,workdir=$T/s/up/w" none "$T/ovl" ||
		skip "no overlayfs"
	local number
	number=$(stat -c %i "$T/s/low/secret")
	[ "$number" -lt 60 ] || fail "its number is $number, no folder will have it"
	policy held '"files": {"default": "allow", "rules": [
  {"id": "secret", "deny": ["read"], "paths": ["'"$T"'/ovl/secret"]} ]}'
	# Each folder that is looked up takes the next number.
	fence held sh -c "for i in $T/ovl/*/; do ls \$i || echo \$i; done; ! cat $T/ovl/secret"
	umount "$T/ovl" "$T/s/low" "$T/s/up" "$T/s"
	eq "$RC: $OUT" "0: " "folders that were refused"
	eq "$(denials)" "files secret" "denials"
}

# A folder of it stays a working directory; its names lead to no root that rules are about.
test_a_detached_mount_is_no_root() {
	mkdir -p "$T/open/there" "$T/source"
	echo secret >"$T/source/a.key"
	echo plain >"$T/source/file"
	mount --bind "$T/source" "$T/open/there"
	policy gone '"files": {"default": "allow", "rules": [
  {"id": "keys", "deny": ["read"], "paths": ["'"$T"'/open/there/*.key"]} ]}'
	(
		wait_for '[ -e "$T/open/inside" ]' "the one inside"
		umount -l "$T/open/there"
		touch "$T/open/gone"
	) &
	fence gone sh -c "cd $T/open/there && cat file && ! cat a.key && touch $T/open/inside
		while [ ! -e $T/open/gone ]; do sleep 0.1; done
		cat a.key; cat file"
	wait
	eq "$OUT" plain "what was read, before it was detached"
	eq "$(events 'select(.verdict == "denied") | .rule.id + " " + (.rule.code // "")')" "keys 
files.unjudged detached
files.unjudged detached" "denials"
}

test_chroot_and_pivot_give_no_alias() {
	secret_world '"kernel": {"mount": "allow", "namespaces": "allow"}'
	works "$ATTACK/names" chroot "$T" /denied/secret
	eq "$OUT" "$SECRET" "unfenced chroot"
	fence world "$ATTACK/names" chroot "$T" /denied/secret
	nothing_leaked
	fence world "$ATTACK/names" chroot "$T/denied" /secret
	nothing_leaked
}

test_file_handles_are_no_alias() {
	secret_world
	works "$ATTACK/names" by-handle "$T/denied/secret" "$T/open"
	eq "$OUT" "$SECRET" "unfenced handle"
	fence world "$ATTACK/names" by-handle "$T/denied/secret" "$T/open"
	eq "$RC" 1 "status"
	nothing_leaked
}

test_received_and_taken_descriptors_are_judged() {
	secret_world
	# It goes to the background itself once it listens; its socket is there a little sooner.
	background "$ATTACK/outside" give-fd "$T/open/giver" "$T/denied/secret"
	wait "$BACKGROUND" || fail "no giver: $(cat "$T/.background")"
	pgrep -x outside >>"$T/.pids"
	works "$ATTACK/outside" take-fd "$T/open/giver"
	eq "$OUT" "$SECRET" "unfenced descriptor"
	fence world "$ATTACK/outside" take-fd "$T/open/giver"
	nothing_leaked
	eq "$(denials)" "files secret" "denials"
}

test_a_descriptor_open_at_exec_is_closed_unless_kept() {
	secret_world
	status 0 "$RF" run -p "$T/world.json" --summary never -- sh -c "ls /proc/self/fd" \
		7<"$T/denied/secret"
	fence_with_fd() { "$RF" run -p "$T/world.json" --summary never "$@" 7<"$T/denied/secret"; }
	capture fence_with_fd -- sh -c 'cat <&7'
	[ "$RC" -ne 0 ] || fail "descriptor 7 was inherited"
	nothing_leaked
	capture fence_with_fd --keep-fd 7 -- sh -c 'cat <&7'
	eq "$OUT" "$SECRET" "a kept descriptor is a grant"
	capture fence_with_fd --keep-fd 7 -- "$ATTACK/names" read /proc/self/fd/7
	nothing_leaked
}

test_raced_rename_and_open() {
	secret_world
	# One process renames a folder to and fro, another opens through it: never the secret. It goes on
	# until both had their turn, as one of two processors may stand still.
	mkdir "$T/open/a"
	echo fine >"$T/open/a/secret"
	fence world python3 -c '
import os, signal, sys, time
base = sys.argv[1]
a, b, link, new = (base + "/open/" + name for name in ("a", "b", "l", "n"))
child = os.fork()
while not child:
    os.rename(a, b)
    os.rename(b, a)
    for target in (base + "/denied", a):
        os.symlink(target, new)
        os.rename(new, link)
seen, n, end = {}, 0, time.monotonic() + 60
while n < 3000 or not {"fine", "Permission denied"} <= set(seen) and time.monotonic() < end:
    n += 1
    for path in (link, a):
        try:
            with open(path + "/secret") as file:
                what = file.read().strip()
        except OSError as error:
            what = error.strerror
        seen[what] = seen.get(what, 0) + 1
os.kill(child, signal.SIGKILL)
print(seen)' "$T"
	eq "$RC" 0 "the racers: $ERR"
	nothing_leaked
	contains "$OUT" fine "the race's own file"
	contains "$OUT" denied "the race"
}

test_deep_and_long_paths() {
	secret_world
	works "$ATTACK/names" deep "$T/open" 3 late
	allowed world "$ATTACK/names" deep "$T/open" 3 late
	# 26 components of 200 bytes: over 5000 bytes, which no system call can name. Judged or not, a
	# denied name down there is refused.
	policy hidden '"files": { "default": "allow", "rules": [
  {"id": "hidden", "deny": ["write"], "paths": ["**/hidden"]} ] }'
	mkdir "$T/far"
	works "$ATTACK/names" deep "$T/far" 26 hidden
	mkdir "$T/far3" "$T/far12" "$T/far20" "$T/far21" "$T/far26" "$T/far60"
	for steps in 3 12 20 21 26 60; do
		refused hidden 'EACCES|ENAMETOOLONG' "$ATTACK/names" deep "$T/far$steps" "$steps" hidden
		[[ $(denials) == "files hidden" || $(denials) == "files files.unjudged"* ]] ||
			fail "denials at $steps steps: $(denials)"
		[ -z "$(find "$T/far$steps" -name hidden)" ] || fail "the file was made at $steps steps"
	done
	# Many short components are no reason.
	mkdir -p "$T/many/$(printf 'x/%.0s' {1..200})"
	allowed world "$ATTACK/names" overwrite "$T/many/$(printf 'x/%.0s' {1..200})file"
	# More than are looked at are. None of the names on the way is made inside.
	works "$ATTACK/names" deep "$T/open" 530 mine 1
	allowed world "$ATTACK/names" deep "$T/open" 480 mine 1
	refused world EACCES "$ATTACK/names" deep "$T/open" 530 mine 1
	eq "$(events 'select(.verdict == "denied") | .rule.id + " " + .rule.code')" "files.unjudged too_deep" "530 short ones"
}

test_unlinked_files_and_removed_folders_serve_their_holder() {
	secret_world
	allowed world "$ATTACK/names" unlinked-reopen "$T/open/temporary"
	eq "$OUT" MINE "what the holder reads"
	allowed world "$ATTACK/names" tmpfile-link "$T/open" "$T/open/late"
	eq "$(cat "$T/open/late")" OVERWRITTEN "the file that was linked in"
	refused world EACCES "$ATTACK/names" tmpfile-link "$T/open" "$T/denied/late"
	refused world EACCES "$ATTACK/names" tmpfile-link "$T/denied" "$T/open/late2"
}

test_a_name_swapped_for_a_symlink() {
	secret_world
	fence world sh -c "echo x >$T/open/victim; rm $T/open/victim; ln -s $T/denied/secret $T/open/victim
		cat $T/open/victim; echo hacked >$T/open/victim; true"
	nothing_leaked
}

test_io_uring_opens_are_judged() {
	secret_world '"kernel": {"io_uring": "allow"}'
	works "$ATTACK/ring" open "$T/denied/secret"
	eq "$OUT" "$SECRET" "unfenced ring"
	allowed world "$ATTACK/ring" open "$T/open/file"
	refused world EACCES "$ATTACK/ring" open "$T/denied/secret"
	eq "$(denials)" "files secret" "denials"
	refused world EACCES "$ATTACK/ring" open-worker "$T/denied/secret"
	refused world EACCES "$ATTACK/ring" unlink "$T/denied/secret"
	python3 -c "import os; os.setxattr('$T/denied/secret', 'trusted.x', b'$SECRET')" || fail "no attributes here"
	works "$ATTACK/ring" attribute "$T/denied/secret" trusted.x
	eq "$OUT" "$SECRET" "an attribute by an unfenced ring"
	refused world EACCES "$ATTACK/ring" attribute "$T/denied/secret" trusted.x
	lacks "$OUT" "$SECRET" "the attribute"
	nothing_leaked
}

test_case_folding_folders() {
	local img=$T/ext4.img
	command -v mkfs.ext4 >/dev/null || skip "no mkfs.ext4"
	modprobe loop
	truncate -s 32M "$img"
	mkfs.ext4 -q -O casefold -E encoding=utf8 "$img" || skip "mkfs.ext4 knows no casefold"
	mkdir "$T/fold"
	mount -o loop "$img" "$T/fold" || skip "this kernel mounts no casefold"
	mkdir "$T/fold/d"
	chattr +F "$T/fold/d"
	SECRET=folded-$RANDOM
	echo "$SECRET" >"$T/fold/d/Secret"
	policy p '"files": { "default": "allow", "rules": [
  {"id": "folded", "deny": ["read"], "paths": ["'"$T"'/fold/d/Secret"]} ] }'
	echo 2 >/proc/sys/vm/drop_caches
	fence p "$ATTACK/names" read "$T/fold/d/SECRET"
	local first=$OUT
	eq "$(events 'select(.verdict == "denied") | .rule.id + " " + (.rule.code // "")')" "files.unjudged casefold" \
		"denial by another spelling"
	fence p "$ATTACK/names" read "$T/fold/d/Secret"
	umount "$T/fold"
	lacks "$first$OUT" "$SECRET" "output"
}

run_tests
