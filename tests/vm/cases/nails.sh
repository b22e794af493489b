#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Objects that deny rules name without a wildcard: held under each name they have.
. "$RF_VM/lib.sh"

# A deny of reading only, so that names may be made and replaced inside.
nail_world() {
	mkdir "$T/open" "$T/home"
	policy p '"files": { "default": "allow", "rules": [
  {"id": "fixed", "deny": ["read"], "paths": ["'"$T"'/home/{key,token}", "'"$T"'/home/[.]dot"]} ] }'
}

test_names_in_braces_and_quoted_names_are_held() {
	nail_world
	for name in key token .dot; do
		echo "secret $name" >"$T/home/$name"
		ln "$T/home/$name" "$T/open/$name"
	done
	mount --bind "$T/home" "$T/open/" || fail "bind mount"
	for name in key token .dot; do
		refused p EACCES "$ATTACK/names" read "$T/open/$name"
		eq "$(denials)" "files fixed" "denials of $name"
	done
	umount "$T/open"
	for name in key token .dot; do
		refused p EACCES "$ATTACK/names" read "$T/open/$name"
		eq "$(denials)" "files fixed" "denials of $name"
		# What the rule does not deny stays allowed.
		allowed p sh -c "echo more >>$T/open/$name"
	done
}

# Several rules may name one object: each holds under each of its names.
test_an_object_with_two_denied_names_is_denied_both() {
	mkdir "$T/w"
	echo secret >"$T/w/a"
	for name in b c; do ln "$T/w/a" "$T/w/$name"; done
	touch "$T/w/bound"
	mount --bind "$T/w/a" "$T/w/bound"
	policy two '"files": {"default": "allow", "rules": [
  {"id": "a", "deny": ["read"], "paths": ["'"$T"'/w/a"]},
  {"id": "b", "deny": ["write"], "paths": ["'"$T"'/w/b"]} ] }'
	policy owt '"files": {"default": "allow", "rules": [
  {"id": "b", "deny": ["write"], "paths": ["'"$T"'/w/b"]},
  {"id": "a", "deny": ["read"], "paths": ["'"$T"'/w/a"]} ] }'
	for name in two owt; do
		for file in a b c bound a; do
			refused $name EACCES "$ATTACK/names" read "$T/w/$file"
			eq "$(denials)" "files a" "denials of reading $file under $name"
			refused $name EACCES "$ATTACK/names" append "$T/w/$file"
			eq "$(denials)" "files b" "denials of appending to $file under $name"
		done
	done
	umount "$T/w/bound"
	# Given inside, in one run: first the one name, then the other.
	rm "$T/w/"*
	policy inside '"files": {"default": "allow", "rules": [
  {"id": "a", "deny": ["read"], "paths": ["'"$T"'/w/a"]},
  {"id": "b", "deny": ["metadata"], "paths": ["'"$T"'/w/b"]} ] }'
	fence inside bash -c 'cd "$1"; echo secret >c; ln c a; ln c b; cat c; chmod 777 c; true' - "$T/w"
	eq "$(denials | sort -u)" $'files a\nfiles b' "denials of what got the names inside"
	lacks "$OUT $(stat -c %a "$T/w/b")" "secret 777" "what came of it"
	# More than there is room for: it is denied whole.
	rm "$T/w/"*
	echo secret >"$T/w/c"
	rules=
	i=0
	for rights in '"read"' '"exec"' '"metadata"' '"remove"' '"read", "exec"' '"read", "metadata"' '"exec", "metadata"' \
		'"exec", "remove"' '"metadata", "remove"' '"create"'; do
		i=$((i + 1))
		ln "$T/w/c" "$T/w/n$i"
		rules="$rules${rules:+, }"'{"deny": ['"$rights"'], "paths": ["'"$T/w/n$i"'"]}'
	done
	policy many '"files": {"default": "allow", "rules": ['"$rules"'] }'
	for what in read append; do
		refused many EACCES "$ATTACK/names" $what "$T/w/c"
	done
	eq "$(events 'select(.verdict == "denied") | .rule.id')" files.unjudged "why appending is refused"
}

test_an_object_that_gets_a_held_name_inside_is_held() {
	nail_world
	for how in "mv $T/open/new $T/home/key" "ln $T/open/new $T/home/token" \
		"rm -f $T/home/.dot; echo later >$T/home/.dot; ln $T/home/.dot $T/open/dot"; do
		rm -rf "${T:?}/open"/* "${T:?}/home"/*
		echo text >"$T/open/new"
		ln "$T/open/new" "$T/open/other"
		mkfifo "$T/go"
		(
			sleep 1
			cat "$T/go" >/dev/null
			[ ! -e "$T/home/.dot" ] || ln -f "$T/home/.dot" "$T/open/other"
			echo on >"$T/go2"
		) &
		mkfifo "$T/go2"
		fence p sh -c "$how; echo x >$T/go; read x <$T/go2; cat $T/open/other; cat $T/home/*; true"
		wait
		lacks "$OUT" "text" "read by another name after: $how"
		lacks "$OUT" "later" "read by another name after: $how"
		contains "$(denials)" "files fixed" "denials after: $how"
		rm -f "$T/go" "$T/go2"
	done
}

# As programs save their files. What is gone needs no room, what is left is held.
test_a_held_name_is_replaced_again_and_again() {
	nail_world
	echo first >"$T/home/key"
	ln "$T/home/key" "$T/open/first"
	fence p sh -c "i=0; while [ \$i -lt 300 ]; do
			echo text >$T/open/new || exit 3
			[ \$i -ne 100 ] || ln $T/open/new $T/open/100 || exit 4
			mv $T/open/new $T/home/key || exit 5
			i=\$((i + 1)); done
		! cat $T/open/first && ! cat $T/open/100"
	eq "$RC $OUT" "0 " "300 times: $ERR"
	eq "$(denials | sort -u)" "files fixed" "denials"
}

# Inode numbers come back: on ext4 the next file gets that of the one just removed.
test_a_file_that_gets_a_held_inode_number_is_another_file() {
	local img=$T/ext4.img first again=0 i
	command -v mkfs.ext4 >/dev/null || skip "no mkfs.ext4"
	modprobe loop
	truncate -s 32M "$img"
	mkfs.ext4 -q "$img"
	mkdir "$T/disk"
	mount -o loop "$img" "$T/disk" || skip "no ext4 here"
	mkdir "$T/disk/home" "$T/disk/open"
	policy p '"files": { "default": "allow", "rules": [
  {"id": "fixed", "deny": ["read"], "paths": ["'"$T"'/disk/home/key"]} ] }'
	echo secret >"$T/disk/home/key"
	first=$(stat -c %i "$T/disk/home/key")
	fence p sh -c "cat $T/disk/home/key; rm $T/disk/home/key
		for i in 1 2 3 4; do echo fine >$T/disk/open/\$i; done; cat $T/disk/open/?; stat -c %i $T/disk/open/?"
	eq "$(denials)" "files fixed" "denials"
	contains "$OUT" "fine
fine
fine
fine" "new files"
	contains "$OUT" "$first" "the number that came back"
	# Out of memory and in again it is the same object.
	echo secret >"$T/disk/home/key"
	ln "$T/disk/home/key" "$T/disk/open/alias"
	fence p sh -c "echo 2 >/proc/sys/vm/drop_caches; cat $T/disk/open/alias"
	umount "$T/disk"
	lacks "$OUT" secret "output"
}

run_tests
