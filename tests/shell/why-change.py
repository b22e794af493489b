#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`why` proposes a change for whatever is denied: each is made to the policy, which is asked again and
must allow it then. As TAP. Questions: every denied row of policies/verdicts, and odd ones below."""
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

RF = os.environ["RF"]
LIBRARY = Path(os.environ["RF_SOURCE_ROOT"]) / "policies"
ENVIRONMENT = {"HOME": "/home/user", "USER": "user", "TMPDIR": "/data/tmp", "PATH": "/usr/bin:/bin"}
ODD = {
    "agent": ["read /a\udcff\udcfe*", "read /srv/a*b?c", "write /srv/${HOME}", "read /srv/it's \"so\"",
              "read /srv/a\nallowed by x", "read /srv/\u202etxt.\U000e0041*", "read /srv/\u202e\udcff",
              "connect icmp 1.2.3.4:0", "connect tcp 1.2.3.4:0", "connect tcp [2001:db8::1]:80",
              "connect udp [::ffff:9.9.9.9]:53", "bind sctp [::]:99", "connect unix @x*y", "listen unix /opt/s{1}",
              "bind unix /nowhere/sock", "device write block 254:7", "syscall clone 0x30000000",
              "syscall unshare CLONE_NEWUSER", "syscall setns 3 0", "syscall bpf 0", "syscall clone3 0 0",
              "connect unix /run/docker.sock", "read /home/user/.ssh/id_rsa", "write /home/user/.ssh/config"],
    "strict": ["syscall socket 2 1 0", "syscall mount", "syscall ptrace 0", "syscall reboot",
               "connect tcp 127.0.0.1:1", "connect unix @x", "capability sys_admin"],
    "default": ["syscall socket AF_PACKET", "syscall add_key", "send udp 169.254.169.254:53"],
}
# Files whose strictest decides: the answer is the same in whichever order they are named.
LAYERS = {
    "x1": {"capabilities": {"keep": ["chown", "kill"]}, "kernel": {"mount": "deny", "ptrace": "inside"}},
    "x2": {"capabilities": {"keep": ["chown", "setuid"]}, "kernel": {"mount": "allow", "ptrace": "deny"}},
    "x3": {"capabilities": {"keep": ["chown"]}, "kernel": {"mount": "deny", "ptrace": "allow", "bpf": "allow"}},
}
ORDERS = {"two": ["x1", "x2"], "owt": ["x2", "x1"], "all": ["x1", "x2", "x3"], "lla": ["x3", "x2", "x1"]}
LAYERED = {  # the file that is named, where there is one only
    "capability kill": "x2", "capability setuid": "x1", "capability fowner": None, "kernel mount": None,
    "kernel ptrace": "x2", "syscall mount": None, "kernel keyrings": "",
}
NEVER = ["syscall ioctl 0 TIOCSTI", "read /sys/fs/bpf/x", "listen udp 1.2.3.4:9"]


class Copy:
    """The library in a folder of its own, in which files extend each other by name."""

    def __init__(self, folder):
        self.folder = folder
        for path in LIBRARY.glob("*.json"):
            (folder / path.name).write_text(path.read_text().replace('"@base"', '"./base.json"'))

        for name, body in LAYERS.items():
            (folder / f"{name}.json").write_text(json.dumps({"ringfence": 1} | body))
        for name, order in ORDERS.items():
            (folder / f"{name}.json").write_text(json.dumps(
                {"ringfence": 1, "name": "c", "extends": [f"./{part}.json" for part in order]}))

    def ask(self, name, words):
        got = subprocess.run([RF, "why", "--json", "--set", "CWD=/data/project", f"./{name}.json", *words],
                             cwd=self.folder, env=ENVIRONMENT, capture_output=True, timeout=60)
        if got.returncode not in (0, 1):
            raise ValueError(f"status {got.returncode}: {got.stderr.decode(errors='replace')}")
        answer = json.loads(got.stdout)
        if (answer["verdict"] == "allowed") != (got.returncode == 0):
            raise ValueError(f"status {got.returncode} with {answer['verdict']}")
        return answer

    def edit(self, name, function):
        path = self.folder / name
        policy = json.loads(path.read_text())
        function(policy)
        path.write_text(json.dumps(policy, indent=1))

    def rule(self, policy, rule_id, do):
        match = re.fullmatch(r"seccomp\.deny\.(\d+)", rule_id)
        if match:
            listed = policy["seccomp"]["deny"]
            listed.pop(int(match[1]))
            if not listed:
                del policy["seccomp"]["deny"]
            return
        for section, body in policy.items():
            rules = body.get("rules", []) if isinstance(body, dict) else []
            for index, rule in enumerate(rules):
                if rule.get("id", f"{section}.{index}") == rule_id:
                    do(rules, rule)
                    if not rules:
                        del body["rules"]
                    return
        raise ValueError(f"there is no rule {rule_id}")

    def apply(self, name, change):
        """One part of a change."""
        file = re.search(r" \(([^()]*):\d+\)", change)
        file = os.path.basename(file[1]) if file else name + ".json"
        if match := re.search(r'the rule (\{.*\}) of "(\w+)"$', change):
            rule = json.loads(match[1])
            self.edit(file, lambda p: p[match[2]].setdefault("rules", []).append(rule))
        elif match := re.match(r'add (.*) to "except" of the rule (\S+) \(', change):
            piece = json.loads(match[1])
            self.edit(file, lambda p: self.rule(p, match[2],
                                                lambda _, rule: rule.setdefault("except", []).append(piece)))
        elif match := re.match(r"narrow or remove the rule (\S+) \(", change):
            self.edit(file, lambda p: self.rule(p, match[1], lambda rules, rule: rules.remove(rule)))
        elif match := re.match(r'add "(\w+)" to (\w+)\.(allow|keep)', change):
            self.edit(file, lambda p: p[match[2]].setdefault(match[3], []).append(match[1]))
        elif match := re.match(r'"kernel": \{"(\w+)": "allow"\}', change):
            self.edit(file, lambda p: p.setdefault("kernel", {}).update({match[1]: "allow"}))
        elif not change.startswith("see "):
            raise ValueError(f"nobody could make this change: {change}")


def try_question(name, words):
    """None, or what is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy(Path(folder))
        asked = []
        for _ in range(6):
            answer = copy.ask(name, words)
            if answer["verdict"] == "allowed":
                return None if asked else "it is allowed as it is"
            asked.append(answer["change"])
            for part in answer["change"].split(", and "):
                copy.apply(name, part)
            if ", and see " not in answer["change"]:
                break
        answer = copy.ask(name, words)
        return None if answer["verdict"] == "allowed" else f"made: {asked}, and still {answer}"


def try_layers(one, other, words, file):
    """The order of `extends` changes nothing of an answer; of two files the one that decides is named."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy(Path(folder))
        a, b = copy.ask(one, words), copy.ask(other, words)
    if a != b:
        return f"{a} but {b}"
    source = a["rule"].get("source", "")
    if one == "two" and file is not None and file != re.sub(r"^\./|\.json:\d+$", "", source):
        return f"not by {file}: {a}"
    return None


def try_option(words):
    """What is offered as an option of `run` is taken by it, and allows."""
    answer = subprocess.run([RF, "why", "--set", "CWD=/data/project", "agent", *words], env=ENVIRONMENT,
                            capture_output=True, text=True, timeout=60).stdout
    match = re.search(r"^change: (--allow \S+), or ", answer, re.M)
    if not match:
        return f"no option: {answer}"
    got = subprocess.run(["sh", "-c", f"{RF} run --plan -p agent {match[1]} -- true"], env=ENVIRONMENT,
                         cwd="/", capture_output=True, text=True, timeout=60)
    return None if got.returncode == 0 else got.stderr


def questions():
    seen = set()
    for table in sorted((LIBRARY / "verdicts").iterdir()):
        for line in table.read_text().splitlines():
            if line.startswith("denied ") and " ringfence.self " not in line and line not in seen:
                seen.add(line)  # what several policies have of @base is asked once
                yield table.name, line.split()[2:]
    for name, odd in ODD.items():
        for line in odd:
            yield name, line.split(" ", 1) if line[0] in "rw" else line.split()


def main():
    count = failed = 0

    def tell(what, problem):
        nonlocal count, failed
        count += 1
        failed += problem is not None
        name = what.encode(errors="replace").decode().replace("\n", "\\n")
        print("not ok" if problem else "ok", count, "-", name)
        if problem:
            print("#", problem.encode(errors="replace").decode().replace("\n", "\n# "))

    for name, words in questions():
        try:
            problem = try_question(name, words)
        except (ValueError, KeyError, IndexError) as error:
            problem = f"{type(error).__name__}: {error}"
        tell(f"{name}: {' '.join(words)}", problem)
    for line, file in LAYERED.items():
        for one, other in ("two", "owt"), ("all", "lla"):
            tell(f"layers {one}, {other}: {line}", try_layers(one, other, line.split(), file))
            for name in one, other:
                try:
                    problem = try_question(name, line.split())
                except (ValueError, KeyError, IndexError) as error:
                    problem = f"{type(error).__name__}: {error}"
                tell(f"{name}: {line}", problem)
    for line in NEVER:
        answer = subprocess.run([RF, "why", "agent", *line.split()], env=ENVIRONMENT, capture_output=True, text=True)
        tell(f"never: {line}", None if "\nchange: none: " in answer.stdout else answer.stdout)
    for line in ["read /srv/x", "connect tcp 1.2.3.4:0", "connect tcp [2001:db8::1]:80", "connect icmp 1.2.3.4:0",
                 "bind unix /opt/s", "connect unix @abstract"]:
        tell(f"option: {line}", try_option(line.split()))
    print(f"1..{count}")
    return 1 if failed or count < 120 else 0


if __name__ == "__main__":
    sys.exit(main())
