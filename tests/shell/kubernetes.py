#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The manifests of deploy/kubernetes: valid by Kubernetes' own API description, without unknown keys,
and true to what docs/kubernetes.md promises: no talk to the API server, exempt systems, every mount
there, every command one that this build takes."""
import copy
import json
import os
import subprocess
import sys

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f'1..0 # SKIP {missing}')
    sys.exit(0)

HERE = os.path.dirname(os.path.abspath(__file__))
PLACE = os.path.join(HERE, '../../deploy/kubernetes')
RF = os.environ['RF']
SCHEMA = json.load(open(os.path.join(HERE, 'kubernetes-schema.json')))
count = failed = 0


def test(name, problems):
    global count, failed
    count += 1
    failed += bool(problems)
    print(f'{"not " if problems else ""}ok {count} - {name}')
    for problem in problems:
        print('# ' + str(problem)[:300])


def schema_problems(thing):
    kind = thing.get('kind') if isinstance(thing, dict) else None
    if kind not in SCHEMA['definitions']:
        return [f'kind {kind} is not known']
    one = {'$ref': '#/definitions/' + kind, 'definitions': SCHEMA['definitions']}
    return [f'{"/".join(map(str, error.absolute_path))}: {error.message}'
            for error in jsonschema.Draft7Validator(one).iter_errors(thing)]


def containers(thing):
    spec = thing['spec']['template']['spec']
    return spec.get('initContainers', []) + spec['containers']


def mount_problems(thing):
    volumes = {volume['name'] for volume in thing['spec']['template']['spec'].get('volumes', [])}
    used = {mount['name'] for one in containers(thing) for mount in one.get('volumeMounts', [])}
    return [f'no volume {name}' for name in used - volumes] + [f'volume {name} is not used' for name in volumes - used]


def command_problems(thing):
    """Each command line is one that ringfence takes, up to what it would need a node for."""
    problems = []
    for one in containers(thing):
        args = one.get('args', [])
        probe = one.get('readinessProbe', {}).get('exec', {}).get('command', [])
        for words in filter(None, [args, probe[1:]]):
            done = subprocess.run([RF] + words + ['--no-such-option'], capture_output=True, text=True,
                                  stdin=subprocess.DEVNULL)
            if done.returncode != 2 or '--no-such-option' not in done.stderr:
                problems.append(f'{one["name"]}: {" ".join(words)}: {done.stderr}')
            known = subprocess.run([RF] + words + ['--help'], capture_output=True, text=True, stdin=subprocess.DEVNULL)
            if known.returncode != 0:
                problems.append(f'{one["name"]}: {" ".join(words)}: {known.stderr}')
    return problems


def promise_problems(thing):
    spec = thing['spec']['template']['spec']
    problems = []
    if spec.get('automountServiceAccountToken') is not False or 'serviceAccountName' in spec:
        problems.append('it may talk to the API server')
    if thing['spec']['selector']['matchLabels'].items() - thing['spec']['template']['metadata']['labels'].items():
        problems.append('its selector does not match its pods')
    for one in containers(thing):
        words = one.get('args', [])
        if 'lifecycle' in one:
            problems.append(f'{one["name"]}: the end of a pod changes the node')
        if '--policy' in words and '--containerd-spec' not in words and words.count('--exempt') < 2:
            problems.append(f'{one["name"]}: kube-system and this namespace are not exempt')
        if not one['securityContext'].get('readOnlyRootFilesystem'):
            problems.append(f'{one["name"]}: can write to its own image')
        if one['securityContext'].get('privileged') and any(m['mountPath'].startswith('/node') for m in one['volumeMounts']) \
                and 'uninstall' not in words:
            problems.append(f'{one["name"]}: is privileged and writes to the node')
    return problems


def load(name):
    with open(os.path.join(PLACE, name)) as file:
        return [thing for thing in yaml.safe_load_all(file) if thing is not None]


manifests = {name: load(name) for name in sorted(os.listdir(PLACE)) if name.endswith('.yaml')}
test('the manifests are there', sorted({'base.yaml', 'containerd.yaml', 'crio.yaml', 'example.yaml', 'uninstall.yaml'}
                                       - set(manifests)))
for name, things in manifests.items():
    test(f'{name}: schema', [problem for thing in things for problem in schema_problems(thing)])
    for thing in things:
        if thing['kind'] != 'DaemonSet':
            continue
        test(f'{name}: mounts and volumes', mount_problems(thing))
        test(f'{name}: commands', command_problems(thing))
        test(f'{name}: promises', promise_problems(thing))

for thing in manifests['base.yaml']:
    for key, text in thing.get('data', {}).items():
        path = os.path.join(os.environ.get('TMPDIR', '/tmp'), f'rf-{os.getpid()}-{key}')
        with open(path, 'w') as file:
            file.write(text)
        done = subprocess.run([RF, 'policy', 'check', path], capture_output=True, text=True)
        os.unlink(path)
        test(f'base.yaml: the policy {key}', [done.stdout + done.stderr] if done.returncode else [])

# What the tests must find.
good = next(thing for thing in manifests['crio.yaml'] if thing['kind'] == 'DaemonSet')


def spoilt(change):
    bad = copy.deepcopy(good)
    change(bad, bad['spec']['template']['spec'])
    return bad


for name, find, change in [
        ('an unknown key', schema_problems, lambda d, s: s['containers'][0].update(imagepullPolicy='Always')),
        ('a wrong type', schema_problems, lambda d, s: s.update(hostPID='true')),
        ('a missing name', schema_problems, lambda d, s: s['containers'][0].pop('name')),
        ('a mount without volume', mount_problems, lambda d, s: s['volumes'].pop()),
        ('a misspelt option', command_problems, lambda d, s: s['initContainers'][0]['args'].__setitem__(3, '--rooot')),
        ('a misspelt action', command_problems, lambda d, s: s['initContainers'][0]['args'].__setitem__(2, 'instal')),
        ('a service account', promise_problems, lambda d, s: s.pop('automountServiceAccountToken')),
        ('a policy for all without exemptions', promise_problems,
         lambda d, s: s['initContainers'][0]['args'].extend(['--policy', 'x']))]:
    test(f'the checks find {name}', [] if find(spoilt(change)) else ['nothing was found'])

print(f'1..{count}')
sys.exit(failed > 0)
