#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The kernel ABI has one layout for every compiler that sees it: gcc and clang, 64 and 32 bits, BPF.
Sizes and member offsets as gcc computes them are asserted with the others."""
import os
import re
import subprocess
import sys
import tempfile

from tree import code_only, files, finish, read

STRUCT = re.compile(r'^struct (rf_\w+) \{(.*?)^\}', re.M | re.S)
MEMBER = re.compile(r'(\w+)(?:\[[^\]]*\])*;')
OTHERS = [
    ['gcc', '-m32'], ['clang'], ['clang', '-target', 'bpf', '-idirafter', '/usr/include/x86_64-linux-gnu'],
]


def members(body):
    flat = re.sub(r'\{[^{}]*\}', '', body)  # inner unions and structs: their own members stay out
    return MEMBER.findall(flat)


def compile_text(root, command, text, *flags):
    command = command + ['-I', root, '-std=gnu11', '-Werror', '-x', 'c', *flags, '-']
    return subprocess.run(command, input=text, text=True, capture_output=True)


def main(root):
    headers = [path for path in files(root, '.h', under=('lsm/abi',))]
    prelude = '#include <stddef.h>\n#include <linux/types.h>\n'
    prelude += ''.join(f'#include "{path}"\n' for path in headers)
    values = []
    for name, body in STRUCT.findall(''.join(code_only(read(root, path)) for path in headers)):
        values.append(f'sizeof(struct {name})')
        values += [f'offsetof(struct {name}, {member})' for member in members(body)]
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, 'layout')
        prints = ''.join(f'\tprintf("%zu\\n", {value});\n' for value in values)
        text = f'#include <stdio.h>\n{prelude}int main(void)\n{{\n{prints}\treturn 0;\n}}\n'
        built = compile_text(root, ['gcc'], text, '-o', program)
        if built.returncode:
            finish([built.stderr])
        numbers = subprocess.run([program], text=True, capture_output=True).stdout.split()
    asserts = ''.join(f'_Static_assert({value} == {number}, "{value} is {number} in gcc");\n'
                      for value, number in zip(values, numbers))
    problems = [] if values else ['lsm/abi*.h: no struct found']
    for command in OTHERS:
        built = compile_text(root, command, prelude + asserts, '-fsyntax-only')
        if built.returncode:
            problems.append(' '.join(command) + ':\n' + built.stderr)
    finish(problems)


main(sys.argv[1])
