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

# Of two files that change places each is removed from its name and gets a new one.
exchanged_neither_way() {
	works "$ATTACK/names" exchange "$T/o/file" "$T/d/file"
	works "$ATTACK/names" exchange "$T/o/file" "$T/d/file"
	for names in "o/file d/file" "d/file o/file"; do
		refused p EACCES "$ATTACK/names" exchange "$T/${names% *}" "$T/${names#* }"
		eq "$(events 'select(.verdict == "denied") | .rule.id + " " + .operation + " " + (.rule.code // "")')" \
			"part exchange " "denials of an exchange"
	done
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
	exchanged_neither_way
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
	exchanged_neither_way
	eq "$(cat "$T/d/file")" content "the file"
	allowed p "$ATTACK/names" overwrite "$T/d/new"
	allowed p "$ATTACK/names" append "$T/d/file"
}

# What can be told of the file's metadata.
metadata() {
	stat -c '%a %u %Y' "$T/d/file"
	getfattr --absolute-names -d -m - "$T/d/file"
}

test_metadata_alone() {
	local operation op before acl=setacl
	without '"metadata"'
	# Access lists have hooks of their own since 6.2; before, those of attributes see them.
	[ "$SERIES" != 6.1 ] || acl=
	works setfattr -n trusted.there -v y "$T/d/file"
	works setfacl -m u:2:r "$T/d/file"
	before=$(metadata)
	contains "$before" system.posix_acl_access "the access list"
	refused p EACCES "$ATTACK/names" times "$T/d/file"
	while read -r operation op; do
		# shellcheck disable=SC2086
		fence p $op "$T/d/file"
		eq "$RC" 1 "$op"
		eq "$(metadata)" "$before" "the file after $op"
		eq "$(events 'select(.verdict == "denied") | .rule.id + " " + .operation' | sort -u)" \
			"part $operation" "denials of $op"
	done <<-END
		chmod chmod 600
		chown chown 1
		utimes touch -d 2001-01-01
		setxattr setfattr -n trusted.x -v y
		removexattr setfattr -x trusted.there
		${acl:-setxattr} setfacl -m u:1:r
		${acl:-removexattr} setfattr -x system.posix_acl_access
	END
	allowed p "$ATTACK/names" append "$T/d/file"
}

# Ways to change what is there that no open asks for; and ones that tell objects apart by what they set.
test_commands_of_file_systems() {
	mount_ext4 16M
	echo "a line that stays" >"$T/disk/log"
	echo text >"$T/disk/held"
	echo text >"$T/disk/kept"
	ln "$T/disk/held" "$T/disk/alias"
	policy p '"files": {"default": "deny", "rules": [
  {"id": "read", "allow": ["read", "exec"], "paths": ["/**"]},
  {"id": "log", "allow": ["append"], "paths": ["'"$T"'/disk/log"]},
  {"id": "all", "allow": ["read", "write"], "paths": ["'"$T"'/disk/alias"]},
  {"id": "held", "deny": ["write"], "paths": ["'"$T"'/disk/held"]} ]}'
	cat >"$T/try.py" <<'END'
import fcntl, os, struct, sys
how, name = sys.argv[1:]
flags = {"zero": os.O_WRONLY | os.O_APPEND, "punch": os.O_WRONLY | os.O_APPEND}.get(how, os.O_RDONLY)
fd = os.open(name, flags)
space = struct.pack("hxxxxxxqqiI16x", 0, 0, 4, 0, 0)
if how == "zero":
    fcntl.ioctl(fd, 0x40305839, space)
elif how == "punch":
    fcntl.ioctl(fd, 0x4030582b, space)
else:
    fcntl.ioctl(fd, 0x40086604, struct.pack("q", 77))
END
	for how in "zero log" "punch log" "version kept" "version alias"; do
		# shellcheck disable=SC2086
		set -- $how
		fence p python3 "$T/try.py" "$1" "$T/disk/$2"
		[ "$RC" -ne 0 ] || fail "$how worked inside"
		contains "$ERR" "denied" "$how"
		[ -n "$(denials)" ] || fail "$how: no denial on the stream"
	done
	eq "$(cat "$T/disk/log")" "a line that stays" "the log"
	fence p sh -c "echo x >>$T/disk/alias"
	[ "$RC" -ne 0 ] || fail "the held file was changed by its other name"
	eq "$(cat "$T/disk/held")" text "the held file"
	works python3 "$T/try.py" zero "$T/disk/log"
	umount -l "$T/disk"
}

# A file without a name is made in a folder all the same.
test_files_without_a_name_are_made_where_that_is_allowed() {
	mkdir "$T/no" "$T/yes"
	policy p '"files": {"default": "allow", "rules": [
  {"id": "no", "deny": ["create"], "paths": ["'"$T"'/no/**"]} ]}'
	for folder in no yes; do
		fence p python3 -c "import os; os.write(os.open('$T/$folder', os.O_TMPFILE | os.O_WRONLY, 0o600), b'x')"
		eq "$RC" "$([ $folder = no ] && echo 1 || echo 0)" "in $folder: $ERR"
		eq "$(denials)" "$([ $folder = no ] && echo files no)" "denials in $folder"
	done
}

test_reading_an_access_list() {
	[ "${RF_KERNEL:-}" != 6.1 ] || skip "getxattr's hook sees it there"
	mkdir "$T/d"
	echo text >"$T/d/file"
	policy p '"files": {"default": "allow", "rules": [
  {"id": "no", "deny": ["read"], "paths": ["'"$T"'/d/file"]} ]}'
	python3 -c "
import os, struct
entries = ((1, 6, -1), (2, 4, 1), (4, 4, -1), (16, 4, -1), (32, 4, -1))
os.setxattr('$T/d/file', 'system.posix_acl_access',
            struct.pack('<I', 2) + b''.join(struct.pack('<HHi', *e) for e in entries))" || fail "no access lists here"
	works python3 -c "import os; os.getxattr('$T/d/file', 'system.posix_acl_access')"
	fence p python3 -c "import os; os.getxattr('$T/d/file', 'system.posix_acl_access')"
	[ "$RC" -ne 0 ] || fail "the list was read"
	eq "$(denials)" "files no" "denial"
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
	refused p EACCES "$ATTACK/names" truncate-append "$T/log"
	eq "$(events 'select(.verdict == "denied") | .rule.id + " " + .operation')" "files.default truncate" \
		"denial of truncating what is open to append"
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
