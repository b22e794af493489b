#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A caller of the service that says what it should not: serve.py ATTEMPT [ARGUMENT…] prints the answers.
Each answer is `CODE TEXT`, a code of 0 is a yes; `gone` is the end of the conversation."""
import array
import ctypes
import os
import signal
import socket
import struct
import sys
import threading
import time

PATH = '/run/ringfence/socket'
HELLO, ANSWER, EVENT, TEXT, SANDBOX, DATA, JOIN, TASK, END, LIST, STOP = range(1, 12)
PAGE = 16384
WORDS = b'{"v":1,"rules":[],"sections":[],"kernel":[]}'


def head(kind, size):
    return struct.pack('<IHHII', 0x56534652, 1, kind, 16 + size, 0)


class Service:
    def __init__(self, hello=True):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.settimeout(100)
        self.sock.connect(PATH)
        self.id = 0
        if hello:
            print('hello', self.answer(), flush=True)

    def send(self, kind, payload=b'', fds=()):
        anc = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))] if fds else []
        try:
            self.sock.sendmsg([head(kind, len(payload)) + payload], anc)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def answer(self):
        resets = 0
        while True:
            try:
                data = self.sock.recv(1 << 18)
            except (ConnectionResetError, BrokenPipeError):
                # What was not read on the other side is told first, then what it said before it went.
                resets += 1
                if resets > 2:
                    return 'gone'
                continue
            if not data:
                return 'gone'
            kind = struct.unpack('<IHHII', data[:16])[2]
            if kind == TEXT:
                print('text', data[16:].decode())
            if kind not in (HELLO, ANSWER):
                continue
            self.id, code, value = struct.unpack('<QiI', data[16:32])
            return f'{code} {data[32:].rstrip(bytes(1)).decode()}' + (f'value {value}' if value else '')

    def sandbox(self, image, names=b'', id=None, pages=None, words=WORDS, send=True):
        self.send(SANDBOX, struct.pack('<QQIIII', self.id if id is None else id, 0, 0,
                                       len(image) // PAGE if pages is None else pages, len(words), len(names)) +
                  b'hostile'.ljust(64, b'\0') + b'hostile'.ljust(64, b'\0') + (b'a' * 64).ljust(72, b'\0'))
        body = image + words + names
        for at in range(0, len(body) if send else 0, 40000):
            self.send(DATA, body[at:at + 40000])

    def task(self, pidfd):
        self.send(TASK, b'', [pidfd])


def no_new_privs():
    ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)


def child(what=lambda: signal.pause(), ready=lambda pid: True):
    """It ends with its parent: whoever reads our output waits for both."""
    pid = os.fork()
    if pid == 0:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
        what()
        os._exit(0)
    time.sleep(0.2)
    while not ready(pid):
        time.sleep(0.05)
    return pid


def image(path):
    """The pages out of a cache's entry."""
    with open(path, 'rb') as file:
        data = file.read()
    at = data.find(b'RNFG')
    return data[at:at + 4 * struct.unpack('<I', data[at + 8:at + 12])[0]]


def up(path, **more):
    """A sandbox is there, and waits for its task."""
    service = Service()
    service.sandbox(image(path), **more)
    print('sandbox', service.answer(), flush=True)
    return service


def offer(service, pid):
    service.task(os.pidfd_open(pid))
    print('task', service.answer(), flush=True)


def threads():
    threading.Thread(target=time.sleep, args=(300,), daemon=True).start()
    signal.pause()


def attempt_own(path):
    no_new_privs()
    offer(up(path), child())


def attempt_foreign(path, pid):
    no_new_privs()
    offer(up(path), int(pid))


def attempt_myself(path):
    no_new_privs()
    offer(up(path), os.getpid())


def attempt_privileged(path):
    offer(up(path), child())


def attempt_threads(path):
    no_new_privs()
    offer(up(path), child(threads, lambda pid: len(os.listdir(f'/proc/{pid}/task')) == 2))


def attempt_executed(path):
    no_new_privs()
    offer(up(path), child(lambda: os.execv('/bin/sleep', ['sleep', '300']),
                          lambda pid: os.readlink(f'/proc/{pid}/exe').endswith('/sleep')))


def attempt_grandchild(path):
    no_new_privs()
    r, w = os.pipe()

    def middle():
        os.write(w, b'%d' % child())
        signal.pause()
    child(middle)
    offer(up(path), int(os.read(r, 20)))


def attempt_twice(path):
    no_new_privs()
    pid = child()
    first, second = up(path), up(path)
    offer(first, pid)
    offer(second, pid)


def attempt_no_pidfd(path):
    no_new_privs()
    service = up(path)
    service.task(os.open('/dev/null', os.O_RDONLY))
    print('task', service.answer())


def attempt_many_fds(path):
    service = up(path)
    service.send(TASK, b'', [os.pidfd_open(os.getpid())] * 12)
    print('task', service.answer())


def attempt_fd_early(path):
    service = Service()
    service.send(LIST, b'', [0])
    print('list', service.answer())


def attempt_damaged(path):
    """Every 64th cell of the first pages, spoiled: checked, and refused or harmless."""
    good = image(path)
    service = Service()
    service.sandbox(os.urandom(len(good)))
    print('random', service.answer())
    for at in (0, 8, 24, 0x60, 0x100, PAGE + 12, len(good) - PAGE + 4):
        service = Service()
        service.sandbox(good[:at] + b'\xff\xff\xff\xff' + good[at + 4:])
        print('cell', at, service.answer())


def attempt_huge(path):
    service = Service()
    service.sandbox(b'', pages=0xffffffff, send=False)
    print('pages', service.answer())
    service = Service()
    service.sandbox(image(path), pages=256)
    service.send(DATA, b'x')
    service.send(END)
    print('end', service.answer())


def attempt_too_much(path):
    service = Service()
    service.sandbox(image(path), pages=1)
    print('body', service.answer())


def attempt_names(path):
    for names in (b'/etc/../etc/shadow\0', b'relative\0', b'/open', b'/a\0' * 257):
        service = Service()
        service.sandbox(image(path), names=names)
        print('names', service.answer())


def attempt_number(path):
    service = Service()
    service.sandbox(image(path), id=1)
    print('sandbox', service.answer())


def attempt_words(path):
    no_new_privs()
    pid = child()
    for words in (b'[' * 100000, b'{"rules":1}', b'\0' * 100):
        service = up(path, words=words)
        offer(service, pid)
        os.kill(pid, 9)
        pid = child()


def attempt_nonsense():
    for data in (b'', b'x', os.urandom(16), os.urandom(5000), head(SANDBOX, 3) + b'abc', head(HELLO, 0)):
        service = Service()
        service.sock.send(data)
        print('nonsense', service.answer())


def attempt_join(id):
    no_new_privs()
    service = Service()
    service.send(JOIN, struct.pack('<QII', int(id, 16), 0, 0))
    print('join', service.answer())


def attempt_stop(id):
    service = Service()
    service.send(STOP, struct.pack('<QII', int(id, 16), 1, 0))
    print('stop', service.answer())


def attempt_list():
    service = Service()
    service.send(LIST)
    print('list', service.answer())


def attempt_flood(n, seconds='0'):
    held = []
    for _ in range(int(n)):
        try:
            service = Service(hello=False)
            service.sock.settimeout(60)
            held.append(service)
        except OSError as error:
            print('connect', error)
    answers = {}
    for service in held:
        try:
            text = service.answer()
        except OSError:
            text = 'silent'
        answers[text] = answers.get(text, 0) + 1
    for text, count in sorted(answers.items()):
        print('flood', count, text, flush=True)
    time.sleep(float(seconds))


def attempt_slow(path, seconds):
    """Half a policy, and then nothing."""
    service = Service()
    service.sandbox(image(path), send=False)
    service.send(DATA, b'x' * 1000)
    print('slow', flush=True)
    time.sleep(float(seconds))


def attempt_reads(path, name):
    """What opening a file says to a fenced task."""
    go, answer = os.pipe(), os.pipe()

    def read():
        os.read(go[0], 1)
        try:
            os.close(os.open(name, os.O_RDONLY))
            number = 0
        except OSError as error:
            number = error.errno
        os.write(answer[1], b'%d' % number)

    no_new_privs()
    service = up(path)
    offer(service, child(read))
    os.write(go[1], b'x')
    print('reads', os.read(answer[0], 9).decode(), flush=True)


def attempt_held(path):
    """A sandbox with a task, that reads no event, until a signal comes."""
    no_new_privs()
    pid = child()
    offer(up(path), pid)
    print('held', pid, flush=True)
    signal.pause()


globals()['attempt_' + sys.argv[1]](*sys.argv[2:])
