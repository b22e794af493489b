#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A kubelet's part of CRI v1, as far as the guest cases need it: Debian 12 has no crictl.

  cri.py SOCKET start POD.json CONTAINER.json...   prints {"pod": ID, "containers": [ID or error]}
  cri.py SOCKET add POD POD.json CONTAINER.json... the same in a pod that runs
  cri.py SOCKET exec CONTAINER COMMAND...          its output; exits with its status
  cri.py SOCKET wait CONTAINER                     waits for its end, prints its status
  cri.py SOCKET update CONTAINER                   sets a limit, as an in-place resize does
  cri.py SOCKET remove POD                         the pod and its containers
  cri.py SOCKET serve FIFO                         the above for whoever writes [OUT, ERR, STATUS, ACTION,
                                                   ARG...] to FIFO, a line of JSON each: files, and a
                                                   FIFO that tells the status when both are complete.
                                                   A start of Python with gRPC takes seconds in a guest.

The JSON has the member names of the CRI's messages; "handler" in POD.json names the runtime class.
"""
import contextlib
import json
import os
import sys
import time

import grpc

# Field numbers of k8s.io/cri-api/pkg/apis/runtime/v1/api.proto. S text, I number, {} message,
# M map of texts; a list means repeated.
NAMESPACES = {'network': (1, 'I'), 'pid': (2, 'I'), 'ipc': (3, 'I')}
RESOURCES = {'cpu_shares': (3, 'I'), 'memory_limit_in_bytes': (4, 'I')}
POD = {
    'metadata': (1, {'name': (1, 'S'), 'uid': (2, 'S'), 'namespace': (3, 'S'), 'attempt': (4, 'I')}),
    'log_directory': (3, 'S'), 'labels': (6, 'M'), 'annotations': (7, 'M'),
    'linux': (8, {'cgroup_parent': (1, 'S'),
                  'security_context': (2, {'namespace_options': (1, NAMESPACES), 'privileged': (6, 'I')})}),
}
CONTAINER = {
    'metadata': (1, {'name': (1, 'S'), 'attempt': (2, 'I')}), 'image': (2, {'image': (1, 'S')}),
    'command': (3, ['S']), 'args': (4, ['S']),
    'mounts': (7, [{'container_path': (1, 'S'), 'host_path': (2, 'S'), 'readonly': (3, 'I'),
                    'propagation': (5, 'I')}]),
    'labels': (9, 'M'), 'annotations': (10, 'M'), 'log_path': (11, 'S'),
    'linux': (15, {'resources': (1, RESOURCES),
                   'security_context': (2, {
                       'capabilities': (1, {'add': (1, ['S']), 'drop': (2, ['S'])}), 'privileged': (2, 'I'),
                       'namespace_options': (3, NAMESPACES), 'run_as_user': (5, {'value': (1, 'I')}),
                       'readonly_rootfs': (7, 'I'), 'no_new_privs': (11, 'I')})}),
}
ONE_ID = {'id': (1, 'S')}
CALLS = {
    'RunPodSandbox': ({'config': (1, POD), 'handler': (2, 'S')}, ONE_ID),
    'CreateContainer': ({'pod': (1, 'S'), 'config': (2, CONTAINER), 'sandbox': (3, POD)}, ONE_ID),
    'StartContainer': (ONE_ID, {}),
    'ContainerStatus': (ONE_ID, {'status': (1, {'state': (3, 'I'), 'exit_code': (7, 'I')})}),
    'ExecSync': ({'id': (1, 'S'), 'cmd': (2, ['S']), 'timeout': (3, 'I')},
                 {'stdout': (1, 'S'), 'stderr': (2, 'S'), 'exit_code': (3, 'I')}),
    'UpdateContainerResources': ({'id': (1, 'S'), 'linux': (2, RESOURCES)}, {}),
    'StopPodSandbox': (ONE_ID, {}),
    'RemovePodSandbox': (ONE_ID, {}),
}
EXITED = 2


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out + bytes([n]))


def piece(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def encode_one(number, kind, value):
    if kind == 'I':
        return varint(number << 3) + varint(int(value))
    if kind == 'S':
        return piece(number, value.encode())
    if kind == 'M':
        return b''.join(piece(number, piece(1, k.encode()) + piece(2, v.encode()))
                        for k, v in value.items())
    if isinstance(kind, list):
        return b''.join(encode_one(number, kind[0], item) for item in value)
    return piece(number, encode(kind, value))


def encode(message, values):
    return b''.join(encode_one(*message[name], value) for name, value in values.items())


def read_varint(data, at):
    n = shift = 0
    while True:
        n |= (data[at] & 127) << shift
        shift, at = shift + 7, at + 1
        if data[at - 1] < 128:
            return n, at


def decode(message, data):
    """The members that are named; an absent number is 0, an absent text empty."""
    names = {number: (name, kind) for name, (number, kind) in message.items()}
    out = {name: 0 if kind == 'I' else '' for name, (number, kind) in message.items()}
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        value, at = read_varint(data, at)
        if tag & 7 == 2:
            value, at = data[at:at + value], at + value
        elif tag & 7 != 0:
            sys.exit(f'cri.py: a field of type {tag & 7} is not understood')
        name, kind = names.get(tag >> 3, (None, None))
        if name:
            out[name] = value if kind == 'I' else (
                value.decode(errors='replace') if kind == 'S' else decode(kind, value))
    return out


class Engine:
    def __init__(self, socket):
        self.channel = grpc.insecure_channel('unix://' + socket)
        grpc.channel_ready_future(self.channel).result(timeout=120)

    def call(self, name, **values):
        request, response = CALLS[name]
        method = self.channel.unary_unary('/runtime.v1.RuntimeService/' + name,
                                          request_serializer=lambda values: encode(request, values),
                                          response_deserializer=lambda data: decode(response, data))
        return method(values, timeout=200)


def start_one(engine, pod, sandbox, config):
    try:
        made = engine.call('CreateContainer', pod=pod, config=config, sandbox=sandbox)['id']
        engine.call('StartContainer', id=made)
        return made
    except grpc.RpcError as error:
        return 'error: ' + error.details()


def start(engine, sandbox, *containers):
    config = json.load(open(sandbox))
    handler = config.pop('handler', '')
    add(engine, engine.call('RunPodSandbox', config=config, handler=handler)['id'], sandbox, *containers)


def add(engine, pod, sandbox, *containers):
    sandbox = json.load(open(sandbox))
    sandbox.pop('handler', None)
    print(json.dumps({'pod': pod, 'containers': [
        start_one(engine, pod, sandbox, json.load(open(path))) for path in containers]}))


def execute(engine, container, *command):
    done = engine.call('ExecSync', id=container, cmd=command, timeout=100)
    sys.stdout.write(done['stdout'])
    sys.stderr.write(done['stderr'])
    sys.exit(done['exit_code'])


def wait(engine, container):
    for _ in range(600):
        status = engine.call('ContainerStatus', id=container)['status']
        if status['state'] == EXITED:
            print(status['exit_code'])
            return
        time.sleep(0.1)
    sys.exit('cri.py: the container does not end')


def update(engine, container):
    engine.call('UpdateContainerResources', id=container, linux={'cpu_shares': 512})


def remove(engine, pod):
    engine.call('StopPodSandbox', id=pod)
    engine.call('RemovePodSandbox', id=pod)


ACTIONS = {'start': start, 'add': add, 'exec': execute, 'wait': wait, 'update': update, 'remove': remove}


def act(engine, action, *args):
    """The exit status; a reason on standard error."""
    try:
        ACTIONS[action](engine, *args)
        return 0
    except grpc.RpcError as problem:
        reason = 'cri.py: ' + problem.details()
    except SystemExit as end:
        if isinstance(end.code, int):
            return end.code
        reason = end.code
    print(reason, file=sys.stderr)
    return 1


def serve(engine, fifo):
    # Open for writing, too: without a writer it would end, and what comes before it is open again be lost.
    with open(os.open(fifo, os.O_RDWR)) as lines:
        for line in lines:
            out, err, status, *words = json.loads(line)
            with open(out, 'w') as stdout, open(err, 'w') as stderr:
                with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
                    code = act(engine, *words)
            with open(status, 'w') as told:
                print(code, file=told)


engine = Engine(sys.argv[1])
if sys.argv[2] == 'serve':
    serve(engine, sys.argv[3])
sys.exit(act(engine, *sys.argv[2:]))
