#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nothing in the tree names the machine it was written on, and nothing is left for later: what is not
done is not claimed."""
import re
import sys

from tree import files, finish, read

# Written so that this file does not match itself.
PATTERNS = [
    (re.compile(r'(?<![\w.*$}{-])/' + r'(work|root|Users)/[\w.]'), 'a path of one machine'),
    # TAP's own word for a known failure, "# TODO", is the runners' and theirs only.
    (re.compile(r'(?<!# )(?<!as )\b(TO' + r'DO|FIX' + r'ME|XX' + r'X|HA' + r'CK)\b'), 'left for later'),
    (re.compile(r'(not (yet )?imple' + r'mented)', re.I), 'a stub'),
]
BINARY = ('.bin', '.png', '.gz', '.xz', '.bpf.o')
# /root/ is an ordinary example in these: the home of root, as policies and their tests name it.
HOME_OF_ROOT = ('tests/', 'policies/', 'docs/')


def main(root):
    problems = []
    for path in files(root):
        if path.endswith(BINARY) or path.startswith(('tests/fuzz/corpus', 'tests/check/places')):
            continue
        for number, line in enumerate(read(root, path).split('\n'), 1):
            for pattern, what in PATTERNS:
                found = pattern.search(line)
                if not found or (found.group().startswith('/root/') and path.startswith(HOME_OF_ROOT)):
                    continue
                problems.append(f'{path}:{number}: {what}: {found.group()}')
    finish(problems)


main(sys.argv[1])
