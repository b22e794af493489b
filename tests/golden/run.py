#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden tests of the policy loader, as TAP.

usage: run.py RINGFENCE CASES [--update]

Each folder in CASES holds policy.json and either `errors`, what `policy check` says of it on
standard error (exit status 1, or the one in `status`), or `show`, what `policy show` prints. `args`
holds further arguments, one a line. --update writes what is missing; read it before you commit it.
"""
import os
import re
import subprocess
import sys
from pathlib import Path

VARIABLES = ["CWD=/project", "UID=1000"]
ENVIRONMENT = {"HOME": "/home/user", "USER": "user", "TMPDIR": "/tmp", "PATH": "/usr/bin",
               "XDG_CONFIG_HOME": "/nonexistent"}
LIBRARY = re.compile(r" or \S+/share/ringfence/policies")
PLACE = re.compile(r"^ringfence: \S+?:\d+:\d+: ")


def run(ringfence, case, action):
    args = case / "args"
    more = args.read_text().splitlines() if args.exists() else []
    sets = [word for v in VARIABLES for word in ("--set", v)]
    return subprocess.run([ringfence, "policy", action, *sets, *more, "policy.json"], cwd=case,
                          env=ENVIRONMENT, capture_output=True, text=True, timeout=60)


def check_errors(ringfence, case):
    got = run(ringfence, case, "check")
    status = case / "status"
    expected = int(status.read_text()) if status.exists() else 1
    problems = []
    if got.returncode != expected:
        problems.append(f"exit status {got.returncode}, expected {expected}")
    if got.stdout:
        problems.append(f"standard output: {got.stdout!r}")
    if expected == 1 and not any(PLACE.match(line) for line in got.stderr.splitlines()):
        problems.append("no error names its place")
    return LIBRARY.sub(" or LIBRARY", got.stderr), problems


def check_show(ringfence, case):
    got = run(ringfence, case, "show")
    return got.stdout, [got.stderr] if got.returncode or got.stderr else []


def main():
    ringfence, cases = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    update = "--update" in sys.argv
    folders = sorted(f for f in cases.iterdir() if f.is_dir())
    failed = 0
    print(f"1..{len(folders)}")
    for number, case in enumerate(folders, 1):
        good = (case / "show").exists() or case.name.startswith("good-")
        file = case / ("show" if good else "errors")
        text, problems = (check_show if good else check_errors)(ringfence, case)
        if update and not problems:
            file.write_text(text)
        elif not file.exists() or text != file.read_text():
            problems.append(f"{file} differs; got:\n{text}")
        failed += bool(problems)
        print("not ok" if problems else "ok", number, "-", case.name)
        for line in "\n".join(problems).splitlines():
            print("#", line)
    return 1 if failed or len(folders) < 200 else 0


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
