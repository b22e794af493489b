#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A test that nobody runs proves nothing: each test program is named in its folder's meson.build, and
each source of a layer is built."""
import os
import re
import sys

from tree import files, finish, read

RULES = [  # path of a file, what its folder's meson.build must say
    (re.compile(r'tests/unit/test-(\w[\w-]*)\.c$'), "'{}'"),
    (re.compile(r'tests/fuzz/fuzz-([\w-]+)\.c$'), "'{}'"),
    (re.compile(r'tests/check/(\w+)\.(?:py|sh)$'), "{}"),
    (re.compile(r'tests/shell/(\w[\w-]*\.sh)$'), '{}'),
    (re.compile(r'(?:sandbox/\w+|lsm|cli)/([\w-]+\.c)$'), "'{}'"),
    (re.compile(r'policies/([\w@.-]+\.json)$'), "'{}'"),
]
HELPERS = {'tests/check/tree.py', 'tests/check/run.sh', 'tests/shell/lib.sh'}


def main(root):
    problems = []
    for path in files(root):
        if path in HELPERS:
            continue
        for pattern, wanted in RULES:
            match = pattern.match(path)
            if not match:
                continue
            build = os.path.join(os.path.dirname(path), 'meson.build')
            text = read(root, build) if os.path.exists(os.path.join(root, build)) else ''
            if wanted.format(match.group(1)) not in text:
                problems.append(f'{path}: not named in {build}')
    finish(problems)


main(sys.argv[1])
