#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Job control through `ringfence run`, typed into a shell on a real pseudo-terminal (TAP)."""
import fcntl, json, os, pty, re, select, signal, struct, sys, tempfile, termios, time

RF = os.environ["RF"]
# Whoever started this in the background has these ignored, and so would all that is tested here.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)
TMP = tempfile.mkdtemp()
POLICY = os.path.join(TMP, "p.json")
with open(POLICY, "w") as f:
    json.dump({"ringfence": 1, "name": "tty", "capabilities": {"keep": ["kill"]}}, f)
RUN = f"{RF} run -p {POLICY} --"

count = failed = 0


def ok(name, condition, detail=""):
    global count, failed
    count += 1
    failed += not condition
    print(f"{'ok' if condition else 'not ok'} {count} - {name}")
    if not condition and detail:
        print("".join(f"# {line!r}\n" for line in detail.splitlines()), end="")
    sys.stdout.flush()


class Shell:
    """An interactive bash with job control; its prompt is `$$>`, an inner one's `in>`."""

    def __init__(self):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            env = {"PATH": os.environ["PATH"], "PS1": "out> ", "HOME": TMP, "TERM": "dumb"}
            os.execve("/bin/bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"], env)
        self.seen = ""
        self.expect("out> ")

    def expect(self, text, seconds=60):
        """Everything up to and with text, or None; what was read stays in self.log."""
        end = time.monotonic() + seconds
        while text not in self.seen:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                self.log, self.seen = self.seen, ""
                return None
            try:
                self.seen += os.read(self.fd, 65536).decode(errors="replace")
            except OSError:
                self.log = self.seen
                return None
        at = self.seen.index(text) + len(text)
        self.log, self.seen = self.seen[:at], self.seen[at:]
        return self.log

    def type(self, text):
        os.write(self.fd, text.encode())

    def foreground(self):
        """`fg`, once the shell has the terminal; returns when the job has it, so that keys go there."""
        shell = os.tcgetpgrp(self.fd)
        self.type("fg\n")
        for _ in range(1200):
            if os.tcgetpgrp(self.fd) != shell:
                break
            time.sleep(0.05)
        time.sleep(0.3)

    def run(self, line, prompt="out> "):
        self.type(line + "\n")
        return self.expect(prompt) or f"(no prompt) {self.log}"

    def close(self):
        os.kill(self.pid, signal.SIGHUP)
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def started(name):
    """Waits until the file that the command makes is there, and forgets it."""
    path = os.path.join(TMP, name)
    for _ in range(1200):
        if os.path.exists(path):
            os.unlink(path)
            return True
        time.sleep(0.05)
    return False


sh = Shell()

# ---- one command in the foreground ----
sh.type(f"{RUN} sh -c 'touch {TMP}/up; exec sleep 50'\n")
ok("the command starts", started("up"))
sh.type("\x1a")
ok("Ctrl-Z stops it and the shell takes the terminal", sh.expect("Stopped") and sh.expect("out> "))
out = sh.run("jobs")
ok("the shell knows the job as stopped", "Stopped" in out, out)
sh.foreground()
sh.type("\x03")
ok("fg continues it and Ctrl-C ends it", sh.expect("out> "), sh.log)
out = sh.run("echo status=$?")
ok("the status of Ctrl-C is 130", "status=130" in out, out)
sh.type(f"{RUN} sh -c 'touch {TMP}/up; exec sleep 50'\n")
started("up")
sh.type("\x1c")
sh.expect("out> ")
out = sh.run("echo status=$?")
ok("the status of Ctrl-\\ is 131", "status=131" in out, out)

# ---- in the background ----
sh.type(f"{RUN} sh -c 'touch {TMP}/up; until [ -e {TMP}/go ]; do sleep 0.1; done; echo back''ground'\n")
started("up")
sh.type("\x1a")
sh.expect("Stopped")
sh.expect("out> ")
sh.type("bg\n")
open(os.path.join(TMP, "go"), "w").close()
ok("bg lets it go on", sh.expect("background"), sh.log)
sh.run("wait")

# ---- in a pipeline, beside a program that reads the terminal ----
sh.type(f"{RUN} echo piped | (read a; touch {TMP}/up; read b </dev/tty; echo got:$a:$b)\n")
started("up")
sh.type("typed\n")
ok("its neighbour in a pipeline keeps the terminal", sh.expect("got:piped:typed"), sh.log)
sh.expect("out> ")

# ---- reading the terminal, its size ----
sh.type(f"{RUN} sh -c 'touch {TMP}/up; read x; echo read:$x'\n")
started("up")
sh.type("line\n")
ok("the command reads the terminal", sh.expect("read:line"), sh.log)
sh.expect("out> ")
sh.type(f"{RUN} bash -c 'trap \"stty size; exit 0\" WINCH; touch {TMP}/up; "
        "while :; do sleep 0.1; done'\n")
started("up")
fcntl.ioctl(sh.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 77, 0, 0))
ok("a resize reaches it", sh.expect("33 77"), sh.log)
sh.expect("out> ")

# ---- an interactive shell inside ----
RC = os.path.join(TMP, "rc")
with open(RC, "w") as f:
    f.write("PS1='in'; PS1+='> '\n")
sh.type(f"{RUN} bash --rcfile {RC} --noediting -i\n")
out = sh.expect("in> ")
ok("an inner shell has job control", out and "no job control" not in out, sh.log)
sh.type(f"sh -c 'touch {TMP}/up; exec sleep 50'\n")
started("up")
sh.type("\x1a")
ok("Ctrl-Z inside stops the inner job only", sh.expect("Stopped") and sh.expect("in> "), sh.log)
sh.foreground()
sh.type("\x03")
ok("fg and Ctrl-C inside", sh.expect("in> "), sh.log)
out = sh.run("echo status=$?", "in> ")
ok("the inner shell lives on", "status=130" in out, out)
sh.type("suspend\n")
ok("suspend brings the outer shell back", sh.expect("Stopped") and sh.expect("out> "), sh.log)
sh.type("fg\n")
sh.expect("in> ")
out = sh.run("echo again", "in> ")
ok("fg brings the inner shell back", "again" in out, out)
sh.type("exit 9\n")
sh.expect("out> ")
out = sh.run("echo status=$?")
ok("its status comes out", "status=9" in out, out)

# ---- a shell that dies while it holds the terminal, in a script without job control ----
script = os.path.join(TMP, "script")
with open(script, "w") as f:
    f.write(f"{RUN} bash --norc --noprofile -ic 'kill -KILL $$'\ntouch {TMP}/up\nread x\necho after:$x\n")
sh.type(f"sh {script}\n")
started("up")
sh.type("still here\n")
ok("the terminal comes back from a dead shell", sh.expect("after:still here"), sh.log)
sh.expect("out> ")

# ---- a session of its own ----
NEW = os.path.join(TMP, "new.json")
with open(NEW, "w") as f:
    json.dump({"ringfence": 1, "name": "new", "process": {"new_session": True}}, f)
out = sh.run(f"{RF} run -p {NEW} -- sh -c 'exec 2>&1; : </dev/tty || true'")
ok("new_session has no terminal", re.search("cannot open|No such device", out), out)
sh.type(f"{RF} run -p {NEW} -- sh -c 'touch {TMP}/up; exec sleep 50'\n")
started("up")
sh.type("\x03")
ok("Ctrl-C reaches a command in its own session", sh.expect("out> "), sh.log)
sh.type(f"{RF} run -p {NEW} -- sh -c 'touch {TMP}/up; exec sleep 50'\n")
started("up")
sh.type("\x1a")
ok("Ctrl-Z too", sh.expect("Stopped") and sh.expect("out> "), sh.log)
sh.foreground()
sh.type("\x03")
ok("and fg", sh.expect("out> "), sh.log)

sh.close()
print(f"1..{count}")
sys.exit(failed != 0)
