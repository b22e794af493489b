#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs docs/cookbook.md, as TAP: each policy is checked, each question asked, each command run.

With RF_COOKBOOK_ALL=1 (the guest, where only the commands are run) every policy must start; else those
that this kernel cannot hold are skipped, and the refusal must say so.
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

RF = os.environ["RF"]
TEXT = (Path(os.environ["RF_SOURCE_ROOT"]) / "docs" / "cookbook.md").read_text()
ALL = os.environ.get("RF_COOKBOOK_ALL") == "1"
WORLD = {"script.sh": "echo hello\n", "src/main.c": "int main(void) { return 0; }\n", "src/empty": "",
         "deploy/id": "a key\n", "pages/index.html": "a page\n", "payroll/2026.csv": "names\n",
         "payroll/README": "read me\n", "out/.keep": "", "log/a.log": ""}
QUESTION = re.compile(r"^\| `(.+)` \| (allowed|denied) by `(.+)` \|$", re.M)
UNHELD = "that cannot be enforced here"
results = {"ok": 0, "not ok": 0, "skip": 0}
started = set()


def tell(what, problem=None, skip=None):
    results["skip" if skip else "not ok" if problem else "ok"] += 1
    number = sum(results.values())
    print("not ok" if problem else "ok", number, "-", what + (f" # SKIP {skip}" if skip else ""), flush=True)
    for line in (problem or "").splitlines():
        print("#", line)


def environment():
    path = f"{os.path.dirname(RF)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return {"PATH": path, "HOME": "/home/user", "USER": "user", "LANG": "C.UTF-8"}


def run(words, folder):
    return subprocess.run(words, cwd=folder, env=environment(), stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=250)


def sets(section):
    found = re.search(r"Asked with `(--set \S+)`", section)
    return found[1].split() if found else []


def ask(name, question, verdict, rule, section, folder):
    words, options = question.split(), sets(section)
    while words[0].startswith("--"):
        options, words = options + words[:2], words[2:]
    got = run([RF, "why", *options, f"./{name}.json", *words], folder)
    line = got.stdout.split("\n")[0]
    right = re.match(rf"{verdict} by {re.escape(rule)}( \(.*\))?(,| in|$)", line)
    right = right and got.returncode == (verdict == "denied")
    tell(f"{name}: {question}", None if right else f"{line} status {got.returncode} {got.stderr}")


def console(name, block, folder):
    for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
        command, *wanted = part.rstrip("\n").split("\n")
        got = run(["sh", "-c", command], folder)
        said = got.stdout + got.stderr
        if got.returncode == 125 and UNHELD in said and not ALL:
            tell(f"{name}: $ {command}", skip="this kernel cannot hold it")
            continue
        if got.returncode != 125:
            started.add(name)
        problem, at = None, 0
        for line in wanted:
            found = said.find(line, at)
            if found < 0:
                problem = f"status {got.returncode}, not said: {line}\n{said}"
                break
            at = found + len(line)
        if not problem and not wanted:
            problem = "a command without a word of what it says proves nothing"
        tell(f"{name}: $ {command}", problem)


def recipe(section):
    policies = re.findall(r"^```json\n(.*?)^```", section, re.M | re.S)
    names = [re.search(r'"name": "([^"]+)"', text)[1] for text in policies]
    with tempfile.TemporaryDirectory(dir=os.environ.get("RF_COOKBOOK_DIR")) as folder:
        os.chmod(folder, 0o755)
        for path, text in WORLD.items():
            (Path(folder) / path).parent.mkdir(exist_ok=True)
            (Path(folder) / path).write_text(text)
        for name, text in zip(names, policies):
            (Path(folder) / f"{name}.json").write_text(text)
        for name in names if not ALL else []:
            got = run([RF, "policy", "check", *sets(section), f"{name}.json"], folder)
            odd = [line for line in got.stderr.splitlines() if "warning: " in line and "hard links" not in line]
            tell(f"{name}: checked", None if got.returncode == 0 and not odd else got.stderr)
        questions = QUESTION.findall(section) if not ALL else []
        tell(f"{names[0]}: has questions", None if ALL or len(questions) >= 2 else "too few")
        for question in questions:
            ask(names[0], *question, section, folder)
        for block in re.findall(r"^```console\n(.*?)^```", section, re.M | re.S):
            console(names[0], block, folder)


def main():
    sections = re.split(r"^## \d+\. ", TEXT, flags=re.M)[1:]
    for section in sections:
        recipe(section)
    tell("there are 15 recipes at least", None if len(sections) >= 15 else str(len(sections)))
    wanted = len(sections) - 1 if ALL else 9
    tell(f"{wanted} of them were run", None if len(started) >= wanted else str(sorted(started)))
    print(f"1..{sum(results.values())}")
    return 1 if results["not ok"] else 0


if __name__ == "__main__":
    sys.exit(main())
