#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files and functions stay small: the tail is where good projects go soft. Exceptions, each with its
reason, are in sizes.allow: `PATH REASON` or `PATH:FUNCTION REASON`."""
import os
import re
import sys

from tree import files, finish, read

LIMITS = [('.bpf.c', 250), ('.bpf.h', 250), ('.h', 250), ('.c', 500)]
FUNCTION_LIMIT = 60
NAME = re.compile(r'(\w+)\s*\(')
PROGRAM = re.compile(r'\bBPF_(?:K?PROG\w*|KPROBE\w*|KRETPROBE\w*)\((\w+)')


def allowed(root):
    path = os.path.join(root, 'tests/check/sizes.allow')
    if not os.path.exists(path):
        return set()
    lines = [line.split(maxsplit=1) for line in open(path) if line.strip() and line[0] != '#']
    for line in lines:
        if len(line) < 2:
            finish([f'sizes.allow: {line[0]} has no reason'])
    return {line[0] for line in lines}


def functions(text):
    """Name and length of each function: from its opening to its closing brace in column one."""
    head, start = '', None
    for number, line in enumerate(text.split('\n')):
        if line == '{':
            start = number
        elif line == '}' and start is not None:
            name = PROGRAM.search(head) or NAME.search(head)
            yield (name.group(1) if name else '?'), number - start + 1
            start, head = None, ''
        elif start is None:
            head = line if line[:1].isalpha() or line[:1] == '_' else head


def main(root):
    exceptions, problems = allowed(root), []
    for path in files(root, '.c', '.h', under=('sandbox/', 'lsm/', 'cli/')):
        text = read(root, path)
        limit = next(limit for suffix, limit in LIMITS if path.endswith(suffix))
        if text.count('\n') > limit and path not in exceptions:
            problems.append(f'{path}: {text.count(chr(10))} lines, the limit is {limit}')
        for name, length in functions(text):
            if length > FUNCTION_LIMIT and f'{path}:{name}' not in exceptions:
                problems.append(f'{path}: {name} has {length} lines, the limit is {FUNCTION_LIMIT}')
    finish(problems)


main(sys.argv[1])
