#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Starting badly: closed descriptors, exhausted limits, hostile environment, strange places. The
# command either runs fenced or is not started with one sentence; nothing in between.
. "$(dirname "$0")/lib.sh"

P=$TMP/p.json
cat >"$P" <<'END'
{"ringfence": 1, "name": "p", "capabilities": {"keep": ["net_bind_service"]}}
END
FENCED='grep -q NoNewPrivs:.1 /proc/self/status'
export RF P FENCED

# ---- closed standard descriptors ----
for closed in '<&-' '>&-' '2>&-' '<&- >&- 2>&-'; do
	rm -f "$TMP/fenced"
	run bash -c "'$RF' run -p '$P' -- sh -c \"$FENCED && ls -l /proc/self/fd >'$TMP/fenced'\" $closed"
	is "closed ($closed): status" "$status" 0
	ok "closed ($closed): null in their place" \
		test "$(grep -c ' [012] -> ' "$TMP/fenced")" = 3
done

# ---- descriptors ----
run bash -c 'ulimit -n 4; exec "$RF" run -p "$P" -- sh -c "$FENCED"'
like "a limit of four descriptors: fenced or refused" "$status" '^(0|125)$'
run bash -c 'ulimit -n 12; exec "$RF" run -p "$P" -- sh -c "$FENCED"'
like "a limit of twelve descriptors: fenced or refused" "$status" '^(0|125)$'
run bash -c 'for i in {3..11}; do eval "exec $i</dev/null"; done; ulimit -n 12
	exec "$RF" run -p "$P" -- touch "$1"' bash "$TMP/started"
is "no descriptor left: not started" "$status" 125
like "no descriptor left: one sentence" "$err" '^ringfence: [^
]*$'
ok "no descriptor left: nothing ran" test ! -e "$TMP/started"
run bash -c 'ulimit -S -n 4; exec "$RF" run -p "$P" -- sh -c "$FENCED && ulimit -S -n"'
is "a soft limit of four: raised for us, given back to the command" "$status$out" 04

# ---- other limits ----
run bash -c 'ulimit -f 0; exec "$RF" run -p "$P" -- sh -c "$FENCED"'
is "no file may grow" "$status" 0
run bash -c '(ulimit -f 0; exec "$RF" run -p "$P" --events "$1" -- sh -c "$FENCED") 2>&1 | cat
	exit ${PIPESTATUS[0]}' bash "$TMP/ev"
is "no file may grow, with events: nothing runs unheard" "$status" 125
is "no file may grow, with events: told" "$out" "ringfence: --events $TMP/ev: cannot write: File too large"
for kib in 1024 4096 8192 16384; do
	run bash -c 'ulimit -v $1; exec "$RF" run -p "$P" -- sh -c "$FENCED"' bash $kib
	ok "$kib KiB of memory: fenced, or not started ($status)" test "$status" -ne 1
done
run bash -c 'ulimit -s 64; exec "$RF" run -p "$P" -- sh -c "$FENCED"'
like "a stack of 64 KiB: fenced or not started" "$status" '^(0|125|126|137|139)$'
run bash -c 'ulimit -t 1; exec "$RF" run -p "$P" -- sh -c "while :; do :; done"'
like "one second of CPU ends the command, not us" "$status" '^(152|137)$'

# ---- a reader of events that does not read ----
run timeout 100 python3 -c '
import os, subprocess, sys
r, w = os.pipe()
os.set_blocking(w, False)
try:
    while True:
        os.write(w, b"x" * 4096)
except BlockingIOError:
    os.set_blocking(w, True)
sys.exit(subprocess.call(sys.argv[1:] + ["--events", "fd:%d" % w, "--", "true"], pass_fds=[w]))
' "$RF" run -p "$P"
is "a reader of events that reads nothing holds nobody up" "$status" 0
like "… and is told of" "$err" 'nobody reads; later events are missing'

# ---- signals ----
run bash -c 'trap "" TERM PIPE USR1 CHLD; exec "$RF" run -p "$P" -- \
	grep -E "^Sig(Blk|Ign)" /proc/self/status'
is "ignored signals: nothing stays ignored or blocked" "$(tr -s '\t\n' ' ' <<<"$out")" \
	"SigBlk: 0000000000000000 SigIgn: 0000000000000000 "
run nohup "$RF" run -p "$P" -- grep ^SigIgn /proc/self/status
is "what nohup ignores stays ignored" "${out##*:?}" 0000000000000001
run python3 -c '
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP})
os.execvp(sys.argv[1], sys.argv[1:])' "$RF" run -p "$P" -- grep ^SigBlk /proc/self/status
is "blocked signals are not handed on" "${out##*:?}" 0000000000000000
run python3 -c '
import os, signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
os.execvp(sys.argv[1], sys.argv[1:])' "$RF" run -p "$P" -- sh -c 'exit 5'
is "an ignored SIGCHLD does not lose the status" "$status" 5

# ---- places ----
mkdir "$TMP/gone"
run bash -c 'cd "$1" && rmdir "$1" && exec "$RF" run -p "$P" -- sh -c "$FENCED"' bash "$TMP/gone"
is "a working directory that does not exist" "$status" 0
cat >"$TMP/cwd.json" <<'END'
{"ringfence": 1, "name": "c", "files": {"default": "deny",
 "rules": [{"allow": ["read", "exec"], "paths": ["${CWD}/**", "/**"]}]}}
END
mkdir "$TMP/gone"
run bash -c 'cd "$1" && rmdir "$1" && exec "$RF" run -p "$2" --need should -- touch "$3"' bash \
	"$TMP/gone" "$TMP/cwd.json" "$TMP/started"
is "… which the policy names: not started" "$status" 125
ok "… and nothing ran" test ! -e "$TMP/started"

# ---- environment ----
run env "LD_PRELOAD=$TMP/none.so" "$RF" run -p "$P" --clear-env -- sh -c "$FENCED"
is "LD_PRELOAD" "$status" 0
run env 'HOME=/../..' TMPDIR= "XDG_CONFIG_HOME=$TMP" XDG_RUNTIME_DIR=/nonexistent LANG=xx "$RF" \
	run -p "$P" -- sh -c "$FENCED"
is "strange values" "$status" 0
run python3 -c '
import os, sys
env = {b"A%d" % i: b"x" * 60000 for i in range(20)}
os.execve(sys.argv[1], sys.argv[1:], {**os.environb, **env})' "$RF" run -p "$P" -- sh -c "$FENCED"
is "a megabyte of environment" "$status" 0

# ---- policies that are no files ----
mkfifo "$TMP/fifo.json"
run timeout 100 "$RF" run -p "$TMP/fifo.json" -- true
is "a FIFO as policy is refused, not waited for" "$status" 125
run "$RF" run -p /dev/zero -- true
is "a device as policy" "$status" 125
mkfifo "$TMP/fifo"
run timeout 100 "$RF" run -p "$P" --report "$TMP/fifo" -- true
is "a FIFO as report is refused, not waited for" "$status" 125
ln -s /etc/passwd "$TMP/link"
run "$RF" run -p "$P" --report "$TMP/link" -- true
is "a link as report" "$status" 125
run bash -c '"$RF" run -p "$P" --plan -- true >/dev/full'
is "a plan that cannot be printed" "$status" 125
done_testing
