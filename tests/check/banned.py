#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Calls that are easy to get wrong and have a better name in sandbox/base; and exit, which only the
command line may call (libraries return; a child between clone and exec uses _exit)."""
import re
import sys

from tree import code_only, files, finish, read

# name: (where it may be, what to use)
BANNED = {
    'strcpy': 'rf_str_add', 'strcat': 'rf_str_add', 'sprintf': 'rf_str_addf', 'vsprintf': 'rf_str_addf',
    'stpcpy': 'rf_str_add', 'strncpy': 'memcpy with a checked length', 'strncat': 'rf_str_add_n',
    'strtok': 'strchr or strspn', 'strtok_r': 'strchr or strspn', 'gets': 'rf_fd_read_all',
    'atoi': 'rf_parse_i64', 'atol': 'rf_parse_i64', 'atoll': 'rf_parse_i64', 'atof': 'rf_parse_u64',
    'strtol': 'rf_parse_i64', 'strtoll': 'rf_parse_i64', 'strtoul': 'rf_parse_u64',
    'strtoull': 'rf_parse_u64', 'strtod': 'rf_parse_u64', 'strtoimax': 'rf_parse_i64',
    'strtoumax': 'rf_parse_u64', 'sscanf': 'rf_parse_u64', 'system': 'fork and execve',
    'popen': 'fork and execve', 'mktemp': 'rf_fd_write_atomic', 'tmpnam': 'rf_fd_write_atomic',
    'alloca': 'a bounded array', 'bpf_printk': 'an event', 'rand': 'getrandom',
}
CALL = re.compile(r'(?<![\w.>])(' + '|'.join(BANNED) + r')\s*\(')
EXIT = re.compile(r'(?<![\w.>])exit\s*\(')


def main(root):
    problems = []
    for path in files(root, '.c', '.h', under=('sandbox/', 'lsm/', 'cli/')):
        for number, line in enumerate(code_only(read(root, path)).split('\n'), 1):
            for name in CALL.findall(line):
                if not path.startswith('sandbox/base/') or name in ('system', 'popen'):
                    problems.append(f'{path}:{number}: {name} is banned, use {BANNED[name]}')
            if EXIT.search(line) and not path.startswith('cli/'):
                problems.append(f'{path}:{number}: exit is for cli/; return an error')
    finish(problems)


main(sys.argv[1])
