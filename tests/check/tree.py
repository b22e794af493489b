# SPDX-License-Identifier: Apache-2.0
"""The files that a check looks at, and its verdict: shared by the checks of this folder."""
import os
import re
import sys

SKIPPED = re.compile(r'^(\..*|build.*|samples|__pycache__)$')
COMMENT_OR_STRING = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def files(root, *suffixes, under=('',)):
    """Paths relative to root, sorted, of the tree's own files."""
    for folder, names, leaves in os.walk(root):
        names[:] = sorted(n for n in names if not SKIPPED.match(n) or n == '.ci')
        if 'meson-private' in names:
            names[:] = []
            continue
        for leaf in sorted(leaves):  # .git is a file where git made a worktree
            path = os.path.relpath(os.path.join(folder, leaf), root)
            if leaf != '.git' and path.endswith(suffixes or '') and path.startswith(tuple(under)):
                yield path


def read(root, path):
    with open(os.path.join(root, path), encoding='utf-8', errors='replace') as text:
        return text.read()


def code_only(text):
    """The text with comments and strings blanked, lines kept."""
    return COMMENT_OR_STRING.sub(lambda m: re.sub(r'[^\n]', ' ', m.group()), text)


def finish(problems):
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)
