#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# File systems that move names by themselves: what a server moved, the kernel moves at the next look-up,
# without a rename of anybody here. The verdict is that of the name which this kernel knows.
. "$RF_VM/lib.sh"

# A server of $B at $F: pub, secret/dir (f, sub/f), and two policies for it. Beside $B is room out of its sight.
served() { # [HOW]…
	modprobe fuse
	mkdir -p "$T/f" "$T/b" && mount -t tmpfs none "$T/b"
	F=$T/f B=$T/b/served
	furnish
	background "$ATTACK/fuse" "$B" "$F" "$@"
	wait_for 'mountpoint -q "$F"' "the server"
}

# The kernel's own server, without its tools: what these would answer is told it beforehand.
nfs_served() {
	local name
	{ modprobe nfsd && modprobe nfsv4; } || skip "no NFS in this kernel"
	mkdir -p "$T/f" "$T/b" && mount -t tmpfs none "$T/b"
	F=$T/f B=$T/b/served
	furnish
	mountpoint -q /proc/fs/nfsd || mount -t nfsd nfsd /proc/fs/nfsd
	# No delegations: the server's own moves would wait until they are given back.
	echo 0 >/proc/sys/fs/leases-enable
	if [ "$(cat /proc/fs/nfsd/threads)" = 0 ]; then
		echo "-3 +4 +4.1 +4.2" >/proc/fs/nfsd/versions
		echo 10 | tee /proc/fs/nfsd/nfsv4gracetime >/proc/fs/nfsd/nfsv4leasetime
		echo "tcp 2049" >/proc/fs/nfsd/portlist || fail "no port for NFS"
		echo 2 >/proc/fs/nfsd/threads || fail "no threads of NFS"
	fi
	for name in auth.unix.ip nfsd.export nfsd.fh; do date +%s >/proc/net/rpc/$name/flush; done
	sleep 1.1 # what is flushed is what is older than this second
	# insecure, async, no_subtree_check, fsid=0
	echo "nfsd 127.0.0.1 2147483647 rf" >/proc/net/rpc/auth.unix.ip/channel
	echo "rf $B 2147483647 9234 65534 65534 0" >/proc/net/rpc/nfsd.export/channel
	printf 'rf 1 \\x00000000 2147483647 %s\n' "$B" >/proc/net/rpc/nfsd.fh/channel
	timeout 60 mount -i -t nfs4 -o vers=4.2,addr=127.0.0.1,clientaddr=127.0.0.1,noac,lookupcache=none \
		127.0.0.1:/ "$F" || fail "cannot mount: $(dmesg | tail -n 5)"
	# Nothing is opened before its time of grace is over, 10 seconds after its start.
	timeout 60 cat "$F/secret/dir/f" >/dev/null || fail "nothing can be read"
}

nfs_ended() {
	local name
	umount "$F"
	for name in auth.unix.ip nfsd.export nfsd.fh; do date +%s >/proc/net/rpc/$name/flush; done
	echo 1 >/proc/sys/fs/leases-enable
}

furnish() {
	mkdir -p "$T/sync" "$B/pub" "$B/secret/dir/sub"
	chmod -R 777 "$B"
	echo SECRET | tee "$B/secret/dir/f" >"$B/secret/dir/sub/f"
	worlds "$F"
}

worlds() { # MOUNT
	policy but '"files": {"default": "allow", "rules": [
  {"id": "secret", "deny": ["read", "write"], "paths": ["'"$1"'/secret/**"]},
  {"id": "key", "deny": ["read", "write"], "paths": ["**/key"]} ]}'
	policy only '"files": {"default": "deny", "rules": [
  {"id": "system", "allow": ["read", "exec"], "paths": ["/usr/**", "/etc/**", "/proc/**", "/run/rf/**"]},
  {"id": "work", "allow": ["read", "write"], "paths": ["'"$T"'/sync/**", "/dev/**"]},
  {"id": "but", "deny": ["read", "write"], "paths": ["'"$1"'/**"], "except": ["'"$1"'/pub/**"]},
  {"id": "key", "deny": ["read", "write"], "paths": ["**/key"]},
  {"id": "pub", "allow": ["read", "write"], "paths": ["'"$1"'/pub/**"]} ]}'
}

# Inside: everything that can be done with descriptors of one directory, twice, so that the second
# time is from what is kept. A letter each: y done, n EACCES, x EXDEV, - not there, ? by turns.
write_held() {
	cat >"$T/held.py" <<'END'
import os, sys, time
mount, sync, first = sys.argv[1:4]
d = os.open(f"{mount}/{first}", os.O_PATH)
s = os.open("sub", os.O_PATH, dir_fd=d)
p = os.open("sub/f", os.O_PATH, dir_fd=d)
os.chdir(f"/proc/self/fd/{s}")
stolen = f"{mount}/pub/stolen"
def opened(name, flags=os.O_RDONLY, **more):
    os.close(os.open(name, flags, **more))
def moved():
    os.rename("f", stolen, src_dir_fd=s)
    os.rename(stolen, "f", dst_dir_fd=s)
tasks = [
    lambda: opened("f", dir_fd=d),
    lambda: opened("sub/f", dir_fd=d),
    lambda: opened("f", dir_fd=s),
    lambda: opened("f"),
    lambda: opened(f"/proc/self/fd/{p}"),
    lambda: opened(f"/proc/self/fd/{d}/f"),
    lambda: opened("f", os.O_WRONLY, dir_fd=s),
    lambda: opened(".", dir_fd=d),
    lambda: (opened("new", os.O_CREAT | os.O_EXCL | os.O_WRONLY, dir_fd=s), os.unlink("new", dir_fd=s)),
    lambda: (os.mkdir("newdir", dir_fd=s), os.rmdir("newdir", dir_fd=s)),
    lambda: (os.rename("f", "f2", src_dir_fd=s, dst_dir_fd=s), os.rename("f2", "f", src_dir_fd=s, dst_dir_fd=s)),
    moved,
    lambda: (os.link("f", stolen, src_dir_fd=s), os.unlink(stolen)),
    lambda: os.truncate("f", 7),
    lambda: os.chmod("f", 0o640, dir_fd=s),
]
def told(task):
    try:
        task()
        return "y"
    except OSError as e:
        return {1: "n", 13: "n", 18: "x", 2: "-", 116: "-"}.get(e.errno, f"[{e.strerror}]")
def once():
    return "".join(map(told, tasks))
def step(n):
    open(f"{sync}/inside.{n}", "w").close()
    while not os.path.exists(f"{sync}/outside.{n}"):
        time.sleep(0.02)
def report():
    a, b = once(), once()
    print(a if a == b else f"{a}?{b}", flush=True)
report()
for n, name in enumerate(sys.argv[4:], 1):
    step(n)
    report()  # before anybody looked
    try:
        os.stat(f"{mount}/{name}")
    except OSError:
        pass
    report()
END
}

# held POLICY FIRST NAME…: looks each NAME up in turn. Runs it beside the function act N; its lines, by blanks, are in $OUT.
held() {
	local policy=$1 n=$(($# - 2))
	rm -f "$T/sync"/*
	(
		for ((i = 1; i <= n; i++)); do
			until [ -e "$T/sync/inside.$i" ]; do sleep 0.05; done
			act "$i"
			touch "$T/sync/outside.$i"
		done
	) &
	local actor=$!
	echo $actor >>"$T/.pids"
	fence "$policy" python3 "$T/held.py" "$F" "$T/sync" "${@:2}"
	kill $actor 2>/dev/null
	[ "$RC" -eq 0 ] || fail "inside: $ERR"
	OUT=${OUT//$'\n'/ }
}

mismatches() {
	"$RF" status --json | jq -r .kernel.mismatches
}

NO=nnnnnnnnnnnnxnn
YES=yyyyyyyyyyyyyyy

# The premise of all: the kernel moves the dentry, and nobody renamed anything on the mount.
dentries_move() {
	(cd "$F/secret/dir/sub" && sleep 60) &
	echo $! >>"$T/.pids"
	wait_for "readlink /proc/$!/cwd | grep -q sub" "the holder"
	mv "$B/secret/dir" "$B/pub/dir"
	eq "$(readlink /proc/$!/cwd)" "$F/secret/dir/sub" "its folder before anybody looked"
	stat "$F/pub/dir" >/dev/null
	eq "$(readlink /proc/$!/cwd)" "$F/pub/dir/sub" "its folder then"
	mv "$B/pub/dir" "$B/secret/dir"
	stat "$F/secret/dir" >/dev/null
	kill $!
}

there() { # STEP: from secret to pub, and back
	case $1 in
	1) mv "$B/secret/dir" "$B/pub/dir" ;;
	2) mv "$B/pub/dir" "$B/secret/dir" ;;
	esac
}

there_and_back() {
	write_held
	dentries_move
	act() { there "$1"; }
	for policy in but only; do
		held $policy secret/dir pub/dir secret/dir
		eq "$OUT" "$NO $NO $YES $YES $NO" "$policy: held at the denied place"
	done
	status 0 "$RF" load --oracle=check
	held but secret/dir pub/dir secret/dir
	eq "$OUT" "$NO $NO $YES $YES $NO" "judged both ways: held at the denied place"
	eq "$(mismatches)" 0 "answers that the walk did not confirm"
	status 0 "$RF" load --oracle=off
	there 1
	act() { there $((3 - $1)); }
	held but pub/dir secret/dir pub/dir
	eq "$OUT" "$YES $YES $NO $NO $YES" "held at the open place"
}

test_what_a_fuse_server_moves_is_judged_where_it_is() {
	served
	there_and_back
}

test_what_moves_on_an_nfs_server_is_judged_where_it_is() {
	nfs_served
	there_and_back
	nfs_ended
}

# The descriptors' directory leaves the server's sight, another takes its name, it comes back elsewhere.
# While nobody knows a name of it, it has its last one.
test_a_directory_that_vanishes_and_appears() {
	served
	write_held
	act() {
		case $1 in
		1) mv "$B/secret/dir" "$T/b/aside" && mkdir "$B/secret/dir" ;;
		2) mv "$T/b/aside" "$B/pub/back" ;;
		3) mv "$B/pub/back" "$T/b/aside" && mkdir "$B/pub/back" ;;
		4) mv "$T/b/aside" "$B/secret/back" ;;
		esac
	}
	held but secret/dir secret/dir pub/back pub/back secret/back
	eq "$OUT" "$NO $NO $NO $NO $YES $YES $YES $YES $NO" "held"
	lacks "$(cat "$F/secret/dir/f" 2>&1)" SECRET "the new directory"
}

# A file may have several names: of one that the server moved the former is the last that a descriptor has.
test_a_file_has_its_last_name_for_who_holds_it() {
	served
	echo of-pub >"$B/pub/file"
	echo of-secret >"$B/secret/file"
	cat >"$T/file.py" <<'END'
import os, sys, time
mount, sync = sys.argv[1:]
held = [os.open(f"{mount}/{place}/file", os.O_PATH) for place in ("pub", "secret")]
def told(name):
    try:
        return open(name).read().strip()
    except OSError as e:
        return os.strerror(e.errno)
print(*(told(f"/proc/self/fd/{fd}") for fd in held), sep=", ")
open(f"{sync}/inside", "w").close()
while not os.path.exists(f"{sync}/outside"):
    time.sleep(0.02)
for name in ("pub/file", "secret/file", "pub/moved", "secret/moved"):
    print(name, told(f"{mount}/{name}"))
print(*(told(f"/proc/self/fd/{fd}") for fd in held), sep=", ")
END
	(until [ -e "$T/sync/inside" ]; do sleep 0.05; done
		mv "$B/pub/file" "$B/secret/moved" && mv "$B/secret/file" "$B/pub/moved" && touch "$T/sync/outside") &
	allowed but python3 "$T/file.py" "$F" "$T/sync"
	eq "$OUT" "of-pub, Permission denied
pub/file No such file or directory
secret/file No such file or directory
pub/moved of-secret
secret/moved Permission denied
of-pub, Permission denied" "what was read"
}

test_names_that_the_kernel_may_believe() {
	served keep
	write_held
	act() { there "$1"; }
	stat "$F/secret/dir/f" >/dev/null
	held but secret/dir secret/dir secret/dir
	# It never looked elsewhere; the server's second move is its first place again.
	eq "$OUT" "$NO $NO $NO $NO $NO" "held, and nobody looked at the new place"
	held but secret/dir pub/dir secret/dir
	eq "$OUT" "$NO $NO $YES $YES $NO" "held, and somebody did"
}

# Nothing tells this kernel that it is the same directory: descriptors have the name they had.
test_a_server_with_new_numbers_each_time() {
	served fresh
	write_held
	act() { there "$1"; }
	held but secret/dir pub/dir secret/dir
	eq "$OUT" "$NO $NO $NO $NO $NO" "held at the denied place"
	there 1
	fence but sh -c "cat $F/pub/dir/f; cat $F/pub/dir/sub/f; cat $F/secret/dir/f"
	eq "$OUT" "SECRET"$'\n'"SECRET" "by names, at the open place"
	there 2
	fence but sh -c "cat $F/secret/dir/f $F/secret/dir/sub/f $F/pub/dir/f"
	eq "$OUT" "" "by names, back at the denied one"
}

test_objects_that_rules_name_on_a_server() {
	local how
	policy fixed '"files": {"default": "allow", "rules": [
  {"id": "fixed", "deny": ["read"], "paths": ["'"$T"'/f/secret/one", "'"$T"'/f/secret/two"]} ]}'
	for how in "" fresh; do
		# shellcheck disable=SC2086
		served $how
		echo SECRET | tee "$B/secret/one" >"$B/secret/two"
		ln "$B/secret/one" "$B/pub/alias"
		refused fixed EACCES "$ATTACK/names" read "$F/secret/one"
		fence fixed "$ATTACK/names" read "$F/pub/alias"
		# With numbers that change nobody can know it: docs/threat-model.md.
		eq "$OUT" "${how:+SECRET}" "an earlier link, server ${how:-as usual}"
		act() { mv "$B/secret/two" "$B/pub/two"; }
		rm -f "$T/sync"/*
		(until [ -e "$T/sync/inside" ]; do sleep 0.05; done && act && touch "$T/sync/outside") &
		fence fixed sh -c "cat $F/secret/two; touch $T/sync/inside
			until [ -e $T/sync/outside ]; do sleep 0.05; done; cat $F/pub/two; cat $F/secret/two"
		eq "$OUT" "${how:+SECRET}" "what the server moved, server ${how:-as usual}"
		end_background
		umount "$F" "$T/b"
	done
}

# race SECONDS ORACLE: a server moves all the while; nothing may be seen that both names deny.
race() {
	local raced
	rm -rf "${B:?}"/*
	"$ATTACK/moving" make "$B"
	status 0 "$RF" load --oracle="$2"
	"$ATTACK/moving" move "$B" 2>"$T/last" &
	local mover=$!
	echo $mover >>"$T/.pids"
	fence only "$ATTACK/moving" look "$F" "$1"
	touch "$B/stop"
	wait $mover || fail "the mover: $(cat "$T/last")"
	echo "# $OUT"
	[ "$RC" -eq 0 ] || fail "$OUT: $(sort "$T/.err" | uniq -c | head)"
	raced=$(events 'select(.rule.code == "raced") | .count' | awk '{ n += $1 } END { print n + 0 }')
	[ "${OUT##* }" -le "$raced" ] || fail "${OUT##* } wrongly refused, $raced told as raced"
	eq "$(events 'select(.rule.id == "files.unjudged") | .rule.code' | sort -u | grep -v raced)" "" "reasons"
	lacks "$OUT" "plain 0 " "what was read"
	eq "$(mismatches)" 0 "answers that the walk did not confirm"
	status 0 "$RF" load --oracle=off
	# All is quiet, and what may be read at its first place is at its second one.
	fence only sh -c "for _ in 1 2 3; do cat $F/secret/d/sub/f $F/secret/d/f $F/pub/d/sub/f; cat $F/pub/x/h/sub/f; done"
	eq "$OUT" plainplainplain "read when all is quiet"
}

test_moves_raced_on_fuse() {
	served
	race 12 check
	race 12 off
}

test_moves_raced_on_nfs() {
	nfs_served
	race 12 check
	nfs_ended
}

# A handle leads to a file, of which no name is known where nobody looked it up.
by_handle() { # OTHER-DIRECTORY FILE
	local handle
	handle=$("$ATTACK/moving" handle "$2")
	sync
	for _ in 1 2 3; do echo 2 >/proc/sys/vm/drop_caches; done
	fence but "$ATTACK/moving" by-handle "$handle" "$1"
	[ "$RC" -eq 1 ] || fail "opened by its handle: $OUT $ERR"
	eq "$(events 'select(.verdict == "denied") | .rule.id + " " + .rule.code')" "files.unjudged disconnected" "denial"
	works "$ATTACK/moving" by-handle "$handle" "$1"
	# By its name, when that was looked up: as its name says.
	allowed but cat "$2"
}

test_a_file_that_has_no_name_yet_is_refused() {
	served
	echo plain >"$B/pub/f"
	by_handle "$F" "$F/pub/f"
}

test_a_file_of_ext4_that_has_no_name_yet_is_refused() {
	mount_ext4 64M
	worlds "$T/disk"
	mkdir "$T/disk/pub"
	echo plain >"$T/disk/pub/f"
	by_handle "$T/disk" "$T/disk/pub/f"
	umount "$T/disk"
}

test_what_was_moved_out_of_its_mount_is_refused() {
	worlds "$T/m"
	mkdir -p "$T/tree/below/sub" "$T/sync" "$T/m"
	echo plain >"$T/tree/below/sub/f"
	mount --bind "$T/tree/below" "$T/m"
	(until [ -e "$T/sync/inside" ]; do sleep 0.05; done
		mv "$T/tree/below/sub" "$T/tree/sub" && touch "$T/sync/outside") &
	fence but sh -c "cd $T/m/sub && cat f f && touch $T/sync/inside
		until [ -e $T/sync/outside ]; do sleep 0.05; done; cat f; echo >new; cat f"
	umount "$T/m"
	eq "$OUT" "plain"$'\n'"plain" "what was read"
	eq "$(events 'select(.verdict == "denied") | .rule.id + " " + .rule.code' | sort -u)" \
		"files.unjudged disconnected" "denials"
	[ ! -e "$T/tree/sub/new" ] || fail "a file was made"
}

# Removing or replacing an open file renames it there: that would be another name for what is denied.
# The rule denies only reading, so that the file may be opened to write, and removed.
hidden_names() {
	local how
	policy keys '"files": {"default": "allow", "rules": [
  {"id": "keys", "deny": ["read"], "paths": ["**/*.key"]} ]}'
	cat >"$T/hide.py" <<'END'
import os, sys
os.chdir(sys.argv[1])
held = [os.open(name, os.O_WRONLY) for name in ("a.key", "other", "third")]
for task in (lambda: os.unlink("a.key"), lambda: os.rename("other", "a.key"), lambda: os.unlink("third")):
    try:
        task()
        print("done")
    except OSError as e:
        print(os.strerror(e.errno))
for name in sorted(os.listdir(".")):
    try:
        print(name[:4], open(name).read().strip())
    except OSError as e:
        print(name[:4], os.strerror(e.errno))
END
	for how in out in; do
		rm -f "$B/pub"/* "$B/pub"/.[a-z]*
		echo SECRET >"$B/pub/a.key"
		echo mine | tee "$B/pub/other" >"$B/pub/third"
		if [ $how = out ]; then
			works python3 "$T/hide.py" "$F/pub"
			contains "$OUT" SECRET "what another name tells outside"
		else
			fence keys python3 "$T/hide.py" "$F/pub"
			lacks "$OUT" SECRET "what is read by another name"
			contains "$OUT" "Permission denied
Permission denied
done" "what was done"
			eq "$(events 'select(.rule.code == "alias") | .operation' | sort -u | tr '\n' ' ')" "rename unlink " "denials"
			# Without anything to hide all works.
			allowed keys sh -c "cd $F/pub && echo x >x && rm x && echo x >x && echo y >y && mv y x && rm x"
			echo y >"$B/pub/y"
			allowed keys sh -c "cd $F/pub && exec 3<y && rm y"
		fi
	done
}

test_a_file_that_a_server_hides_gets_no_allowed_name() {
	served hide
	hidden_names
}

test_a_file_that_nfs_hides_gets_no_allowed_name() {
	nfs_served
	hidden_names
	nfs_ended
}

run_tests
status=$?
[ ! -e /proc/fs/nfsd/threads ] || echo 0 >/proc/fs/nfsd/threads
exit $status
