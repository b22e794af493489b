#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Includes go downwards only. The table is that of docs/architecture.md."""
import re
import sys

from tree import files, finish, read

# Longest prefix decides which layer a file belongs to.
LAYERS = [
    ('sandbox/base/', 'base'), ('sandbox/policy/', 'policy'), ('sandbox/launch/', 'launch'),
    ('sandbox/audit/', 'audit'), ('sandbox/attack/', 'attack'), ('lsm/bpf/', 'bpf'), ('lsm/abi', 'abi'), ('lsm/match', 'abi'),
    ('lsm/names.h', 'abi'),
    ('lsm/', 'lsm'), ('cli/', 'cli'), ('tests/', 'tests'), ('config.h', 'base'),
]
MAY_INCLUDE = {
    'base': {'base'},
    'policy': {'base', 'policy'},
    'abi': {'abi'},
    'bpf': {'abi', 'bpf'},
    'lsm': {'base', 'abi', 'lsm'},
    'launch': {'base', 'policy', 'abi', 'lsm', 'launch'},
    'audit': {'base', 'abi', 'lsm', 'audit'},
    'attack': {'base', 'policy', 'abi', 'launch', 'attack'},
    'cli': {'base', 'policy', 'abi', 'lsm', 'launch', 'audit', 'attack', 'cli'},
}
GENERATED = re.compile(r'^\w+\.skel\.h$|^rf_bpf_\w+\.h$')
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"', re.M)


def layer_of(path):
    return next((layer for prefix, layer in LAYERS if path.startswith(prefix)), None)


def main(root):
    problems = []
    for path in files(root, '.c', '.h', under=('sandbox/', 'lsm/', 'cli/')):
        layer = layer_of(path)
        for name in INCLUDE.findall(read(root, path)):
            if GENERATED.match(name):
                if layer != 'lsm':
                    problems.append(f'{path}: only lsm/ may include the generated {name}')
                continue
            target = layer_of(name)
            if target is None:
                problems.append(f'{path}: "{name}" is not written from the root of the tree')
            elif target not in MAY_INCLUDE[layer]:
                problems.append(f'{path}: {layer} may not include "{name}" ({target})')
    finish(problems)


main(sys.argv[1])
