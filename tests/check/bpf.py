#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""BPF objects: the kernel keeps 15 characters of a name, so a longer one shows up cut; and nothing is
printed from a hook."""
import re
import sys

from tree import code_only, files, finish, read

LIMIT = 15
MAP = re.compile(r'(\w+)\s+SEC\("\.maps"\)')
PROGRAM = re.compile(r'SEC\("(?!\.maps|license|\.)[^"]*"\)\s*\n?\s*(?:static\s+|__noinline\s+)*int\s+'
                     r'(?:BPF_\w+\(\s*)?(\w+)')


def main(root):
    problems = []
    for path in files(root, '.bpf.c', '.bpf.h'):
        text = read(root, path)
        for kind, pattern in (('map', MAP), ('program', PROGRAM)):
            for name in pattern.findall(text):
                if len(name) > LIMIT:
                    problems.append(f'{path}: {kind} {name} has {len(name)} characters, '
                                    f'the kernel keeps {LIMIT}')
        for number, line in enumerate(code_only(text).split('\n'), 1):
            if re.search(r'\bbpf_(trace_v?)?printk\b', line):
                problems.append(f'{path}:{number}: hooks do not print')
    finish(problems)


main(sys.argv[1])
