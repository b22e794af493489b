#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Which operation needs which right: each right is denied alone, and only its operations fail.
. "$RF_VM/lib.sh"

# A world where everything is allowed but the given rights on $T/d.
without() {
	mkdir -p "$T/d" "$T/o"
	echo content >"$T/d/file"
	policy p '"files": {"default": "allow", "rules": [
  {"id": "part", "deny": ['"$1"'], "paths": ["'"$T"'/d/**"]} ]}'
}

test_read_covers_open_list_readlink_and_xattr() {
	without '"read"'
	ln -s target "$T/d/link"
	setfattr -n trusted.x -v y "$T/d/file" 2>/dev/null
	refused p EACCES "$ATTACK/names" read "$T/d/file"
	fence p ls "$T/d"
	eq "$RC" 2 "ls"
	eq "$(denials)" "files part" "denials of ls"
	fence p readlink "$T/d/link"
	eq "$RC" 1 "readlink"
	fence p stat -c %s "$T/d/file"
	eq "$OUT" 8 "size by stat, which needs no right"
	allowed p test -e "$T/d/file"
	allowed p "$ATTACK/names" append "$T/d/file"
	allowed p "$ATTACK/names" overwrite "$T/o/new"
}

test_write_covers_its_four_parts() {
	without '"write"'
	refused p EACCES "$ATTACK/names" append "$T/d/file"
	refused p EACCES "$ATTACK/names" overwrite "$T/d/file"
	refused p EACCES "$ATTACK/names" overwrite "$T/d/new"
	refused p EACCES "$ATTACK/names" truncate "$T/d/file"
	refused p EACCES "$ATTACK/names" times "$T/d/file"
	for op in "rm $T/d/file" "mkdir $T/d/x" "chmod 600 $T/d/file" "ln -s a $T/d/l" \
		"mkfifo $T/d/p" "truncate -s 0 $T/d/file" "cp /bin/true $T/d/t"; do
		# shellcheck disable=SC2086
		fence p $op
		eq "$RC" 1 "$op"
	done
	eq "$(cat "$T/d/file") $(ls "$T/d")" "content file" "the folder"
	allowed p cat "$T/d/file"
}

test_create_alone() {
	without '"create"'
	refused p EACCES "$ATTACK/names" overwrite "$T/d/new"
	for op in "mkdir $T/d/x" "ln -s a $T/d/l" "mkfifo $T/d/p" "mknod $T/d/n c 1 3" \
		"mv $T/o/file $T/d/moved" "ln $T/o/file $T/d/linked"; do
		echo other >"$T/o/file"
		# shellcheck disable=SC2086
		fence p $op
		eq "$RC" 1 "$op"
	done
	refused p EACCES "$ATTACK/net" unix-bind "$T/d/socket"
	refused p EACCES "$ATTACK/names" tmpfile-link "$T/d" "$T/d/late"
	eq "$(ls "$T/d")" file "the folder"
	allowed p "$ATTACK/names" overwrite "$T/d/file"
	allowed p rm "$T/d/file"
}

test_remove_alone() {
	without '"remove"'
	mkdir "$T/d/sub"
	echo other >"$T/o/file"
	for op in "rm $T/d/file" "rmdir $T/d/sub" "mv $T/d/file $T/o/gone" "mv -f $T/o/file $T/d/file" \
		"mv $T/d/file $T/d/renamed"; do
		# shellcheck disable=SC2086
		fence p $op
		eq "$RC" 1 "$op"
		eq "$(ls "$T/d" | tr '\n' ' ')" "file sub " "the folder after $op"
	done
	eq "$(cat "$T/d/file")" content "the file"
	allowed p "$ATTACK/names" overwrite "$T/d/new"
	allowed p "$ATTACK/names" append "$T/d/file"
}

test_metadata_alone() {
	without '"metadata"'
	refused p EACCES "$ATTACK/names" times "$T/d/file"
	for op in "chmod 600 $T/d/file" "chown 1 $T/d/file" "touch -d 2001-01-01 $T/d/file" \
		"setfattr -n trusted.x -v y $T/d/file" "setfacl -m u:1:r $T/d/file"; do
		command -v "${op%% *}" >/dev/null || continue
		before=$(stat -c '%a %u %Y' "$T/d/file")
		# shellcheck disable=SC2086
		fence p $op
		eq "$RC" 1 "$op"
		eq "$(stat -c '%a %u %Y' "$T/d/file")" "$before" "the file after $op"
		eq "$(denials | sort -u)" "files part" "denials of $op"
	done
	allowed p "$ATTACK/names" append "$T/d/file"
}

test_append_is_not_write() {
	policy p '"files": {"default": "deny", "rules": [
  {"allow": ["read", "exec"], "paths": ["/**"]},
  {"id": "log", "allow": ["append"], "paths": ["'"$T"'/log"]} ]}'
	echo begin >"$T/log"
	allowed p "$ATTACK/names" append "$T/log"
	contains "$(cat "$T/log")" APPENDED "the log"
	refused p EACCES "$ATTACK/names" overwrite "$T/log"
	refused p EACCES "$ATTACK/names" truncate "$T/log"
	refused p 'EACCES|EPERM' "$ATTACK/names" clear-append "$T/log"
	refused p EACCES "$ATTACK/names" reopen-append "$T/log"
	contains "$(head -1 "$T/log")" begin "the log's beginning"
}

test_a_read_descriptor_is_not_reopened_for_writing() {
	without '"write"'
	works "$ATTACK/names" reopen-write "$T/d/file"
	echo content >"$T/d/file"
	refused p EACCES "$ATTACK/names" reopen-write "$T/d/file"
	eq "$(cat "$T/d/file")" content "the file"
}

test_device_nodes_pipes_and_sockets_of_its_own_are_no_files_to_judge() {
	policy p '"files": {"default": "deny", "rules": [
  {"allow": ["read", "exec"], "paths": ["/**"]} ]}'
	allowed p sh -c 'echo piped | cat'
	eq "$OUT" piped "through a pipe"
	allowed p "$ATTACK/net" pair
	eq "$(denials)" "" "denials"
}

run_tests
