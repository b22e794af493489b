#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Real programs run under the default policy without a hitch.
. "$RF_VM/lib.sh"

# An ordinary project folder: the default policy gives the working directory.
T_BASE=/projects

under_default() {
	capture "$RF" run --events "$T/events" --summary never -- "$@"
	[ "$RC" -eq 0 ] || fail "status $RC: $*
$OUT
$ERR
$(denials 2>/dev/null | sort | uniq -c)"
}

need() {
	command -v "$1" >/dev/null || [ -x "$1" ] || skip "$1 is not installed (tools/deps programs)"
}

test_bash() {
	# shellcheck disable=SC2016
	under_default bash -c 'a=(1 2 3); diff <(echo "${a[@]}") <(echo 1 2 3) && cat <<<"done" && mktemp'
	contains "$OUT" "done" "output"
}

test_git_clone_of_a_local_repository() {
	need git
	git init -q "$T/origin"
	git -C "$T/origin" -c user.name=a -c user.email=a@b commit -q --allow-empty -m first
	under_default git clone -q "$T/origin" "$T/copy"
	eq "$(git -C "$T/copy" log --format=%s)" first "log of the clone"
	under_default git -C "$T/copy" status
}

test_gcc_builds_a_program() {
	need gcc
	printf '#include <stdio.h>\nint main(void) { puts("built"); return 0; }\n' >"$T/a.c"
	under_default gcc -O2 -o a a.c
	under_default ./a
	eq "$OUT" built "output"
}

test_python() {
	under_default /usr/bin/python3 -c 'import json, subprocess, tempfile, multiprocessing as m
with tempfile.TemporaryFile() as f: f.write(b"x")
print(subprocess.check_output(["echo", "child"]).decode().strip(), sum(m.Pool(2).map(abs, [-1, -2])))'
	eq "$OUT" "child 3" "output"
}

test_node() {
	need node
	under_default node -e 'const fs = require("fs"); fs.writeFileSync("x", "y");
		console.log(fs.readFileSync("x", "utf8"), require("child_process").execSync("echo z") + "")'
	contains "$OUT" "y z" "output"
}

test_tar() {
	mkdir "$T/dir"
	echo text >"$T/dir/file"
	under_default tar czf out.tar.gz dir
	under_default sh -c 'mkdir unpacked && tar xzf out.tar.gz -C unpacked'
	eq "$(cat "$T/unpacked/dir/file")" text "file"
}

test_nginx_serves_a_page() {
	need /usr/sbin/nginx
	need curl
	mkdir "$T/www" "$T/tmp"
	echo "a page" >"$T/www/index.html"
	cat >"$T/nginx.conf" <<END
daemon off; master_process on; user root; pid $T/pid; error_log $T/error.log;
worker_processes 1; events { worker_connections 16; }
http { access_log $T/access.log; client_body_temp_path $T/tmp; proxy_temp_path $T/tmp;
  fastcgi_temp_path $T/tmp; uwsgi_temp_path $T/tmp; scgi_temp_path $T/tmp;
  server { listen 127.0.0.1:8090; root $T/www; } }
END
	background "$RF" run --events "$T/events" --summary never -- /usr/sbin/nginx -c "$T/nginx.conf" -p "$T"
	wait_for 'curl -s http://127.0.0.1:8090/ >"$T/page"' \
		"the page: $(cat "$T/.background" "$T/error.log" 2>/dev/null)"
	eq "$(cat "$T/page")" "a page" "page"
	kill -TERM "$BACKGROUND"
	wait "$BACKGROUND"
	eq $? 0 "status of nginx"
}

# A folder and a session for a database server, which refuses to be run by root.
postgresql_world() {
	local bin
	bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1)
	need "$bin/initdb"
	mkdir "$T/pg"
	chown 1000:1000 "$T/pg" "$T"
	cat >"$T/pg/session" <<END
set -e
cd $T/pg
$bin/initdb -D $T/pg/data -A trust --no-sync >$T/pg/initdb.log 2>&1
$bin/pg_ctl -D $T/pg/data -w -t 300 -l $T/pg/log -o "-k $T/pg -c listen_addresses=''" start >/dev/null
psql -h $T/pg -d postgres -Atc "create table t (a int); insert into t values (41), (1); select sum(a) from t"
$bin/pg_ctl -D $T/pg/data -w -t 300 -m fast stop >/dev/null
END
}

test_postgresql_by_an_ordinary_user() {
	postgresql_world
	cd "$T/pg" || exit 1
	works setpriv --reuid 1000 --regid 1000 --clear-groups \
		env "HOME=$(getent passwd 1000 | cut -d: -f6)" \
		"$RF" run --summary never -- bash "$T/pg/session"
	contains "$OUT" 42 "answer"
}

test_postgresql_after_dropping_root_inside() {
	postgresql_world
	under_default setpriv --reuid 1000 --regid 1000 --clear-groups env "HOME=$T/pg" bash "$T/pg/session"
	contains "$OUT" 42 "answer"
}

test_tmux() {
	need tmux
	mkdir "$T/tmux"
	under_default env "TMUX_TMPDIR=$T/tmux" TERM=xterm script -qec \
		"tmux -f /dev/null new-session -d 'echo in-tmux >$T/pane; sleep 600'
		for i in \$(seq 600); do [ ! -s $T/pane ] || break; sleep 0.1; done; tmux kill-server" /dev/null
	eq "$(cat "$T/pane")" in-tmux "what the pane wrote"
}

test_an_interactive_shell_with_job_control() {
	# Typed into a terminal: stop a job by Ctrl-Z, list it, go on, end it by Ctrl-C.
	cat >"$T/type.py" <<'END'
import os, pty, select, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], "run", "--summary", "never", "--", "bash", "--norc", "-i"])
seen = b""
def until(text, limit=60):
    global seen
    end = time.time() + limit
    while text not in seen:
        if time.time() > end or not select.select([fd], [], [], 1)[0] and time.time() > end:
            sys.exit("waited for %r, saw %r" % (text, seen))
        try:
            seen += os.read(fd, 4096)
        except OSError:
            sys.exit("ended before %r, saw %r" % (text, seen))
    seen = seen[seen.index(text) + len(text):]
def say(text): os.write(fd, text)
# Whether the shell itself has the terminal.
def shell_has_it(has, limit=60):
    end = time.time() + limit
    while (os.tcgetpgrp(fd) == shell) != has:
        if time.time() > end: sys.exit("the terminal stays with group %d" % os.tcgetpgrp(fd))
        time.sleep(0.05)
say(b"echo rea''dy\n"); until(b"ready\r\n"); shell = os.tcgetpgrp(fd)
say(b"sh -c 'echo be''gun; exec sleep 100'\n"); until(b"begun\r\n"); time.sleep(1); say(b"\x1a"); until(b"Stopped")
shell_has_it(True); say(b"jobs\n"); until(b"[1]+")
say(b"fg\n"); shell_has_it(False); time.sleep(0.5); say(b"\x03"); shell_has_it(True); time.sleep(0.5)
say(b"echo status-$?\n"); until(b"status-130")
import fcntl, termios, struct
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 99, 0, 0))
time.sleep(1); say(b"stty size\n"); until(b"33 99")
say(b"exit 5\n")
try:
    while os.read(fd, 4096): pass
except OSError: pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 5)
END
	status 0 /usr/bin/python3 "$T/type.py" "$RF"
	lacks "$ERR$OUT" "no job control" "output"
}

test_ctrl_z_stops_the_whole_run() {
	cat >"$T/type.py" <<'END'
import os, pty, sys, time, select
pid, fd = pty.fork()
if pid == 0:
    os.execv("/bin/bash", ["bash", "--norc", "-i"])
seen = b""
def until(text, limit=60):
    global seen
    end = time.time() + limit
    while text not in seen:
        if time.time() > end: sys.exit("waited for %r, saw %r" % (text, seen))
        if select.select([fd], [], [], 1)[0]: seen += os.read(fd, 4096)
    seen = seen[seen.index(text) + len(text):]
# Whether the shell itself has the terminal.
def shell_has_it(has, limit=60):
    end = time.time() + limit
    while (os.tcgetpgrp(fd) == shell) != has:
        if time.time() > end: sys.exit("the terminal stays with group %d" % os.tcgetpgrp(fd))
        time.sleep(0.05)
os.write(fd, b"echo rea''dy\n"); until(b"ready\r\n"); shell = os.tcgetpgrp(fd)
os.write(fd, b"%s run --summary never -- sh -c 'echo be''gun; sleep 100'\n" % sys.argv[1].encode())
until(b"begun\r\n"); time.sleep(1)
os.write(fd, b"\x1a"); until(b"Stopped")
shell_has_it(True); os.write(fd, b"jobs\n"); until(b"[1]+")
os.write(fd, b"fg\n"); shell_has_it(False); time.sleep(1)
os.write(fd, b"\x03"); shell_has_it(True); time.sleep(1)
os.write(fd, b"echo status-$?\n"); until(b"status-130")
END
	status 0 /usr/bin/python3 "$T/type.py" "$RF"
}

test_secrets_are_refused_under_default() {
	mkdir -p /root/.ssh
	echo PRIVATE-KEY >/root/.ssh/id_test
	capture "$RF" run --events "$T/events" --summary never -- cat /root/.ssh/id_test
	[ "$RC" -ne 0 ] || fail "the key was read"
	lacks "$OUT" PRIVATE-KEY "output"
	contains "$(denials)" "files " "denials"
}

run_tests
