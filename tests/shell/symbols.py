#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The reader of ELF files as `run --stacks` uses it: one promise a line, "ok NAME" or "no NAME".

usage: symbols.py RINGFENCE-SYMBOLS PROGRAM FUNCTION, a program of which FUNCTION is one
"""
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time

NONE = bytes(20)


def promise(name, holds, *words):
    print("ok" if holds else "no", name)
    if not holds:
        print("#", *words)


class Helper:
    def __init__(self):
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.process = subprocess.Popen([sys.argv[1]], stdin=theirs, stdout=subprocess.DEVNULL, env={})
        self.socket.settimeout(100)

    def ask(self, number, offset, files=(), build_id=NONE):
        packet = struct.pack("=II20sIQ", number, bool(files), build_id, 0, offset)
        socket.send_fds(self.socket, [packet], files)
        answer = self.socket.recv(4096)
        if not answer:
            return None
        length, name = struct.unpack("=I256s", answer)
        return name[:length].decode()

    def end(self):
        self.socket.close()
        return self.process.wait(100)


def tool(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def offset_of(program, pattern):
    address = int(re.search(rf"([0-9a-f]+) +\d+ FUNC .* {pattern}$", tool("readelf", "-sW", program), re.M)[1], 16)
    loads = re.findall(r"LOAD +0x(\w+) 0x(\w+) 0x\w+ 0x(\w+)", tool("readelf", "-lW", program))
    return next(address - int(a, 16) + int(o, 16) for o, a, n in loads if 0 <= address - int(a, 16) < int(n, 16))


def main():
    program, function = sys.argv[2:]
    build_id = bytes.fromhex(re.search(r"Build ID: ([0-9a-f]+)", tool("readelf", "-n", program))[1]).ljust(20, b"\0")
    offset = offset_of(program, function)
    fd = os.open(program, os.O_RDONLY)
    helper = Helper()

    promise("a function is named", helper.ask(3, offset, [fd], build_id) == function)
    promise("and again, without the file", helper.ask(3, offset + 1) == function)
    promise("what is no function is not", helper.ask(3, 0) == "" and helper.ask(3, 1 << 60) == "")
    promise("an object that never came has no names", helper.ask(4, offset) == "")
    promise("without a build id the file is believed", helper.ask(5, offset, [fd]) == function)
    promise("a file with another build id is not", helper.ask(3, offset, [fd], bytes([1] * 20)) == "")
    promise("and the one before is forgotten", helper.ask(3, offset) == "")
    library = re.search(r"=> (\S*libc\S*)", tool("ldd", program))[1]
    with open(library, "rb") as libc:
        name = helper.ask(8, offset_of(library, "puts@@.*"), [libc.fileno()])
        promise("a large file is read", name == "puts", library, name)
    with tempfile.TemporaryFile() as noise:
        noise.write(open(program, "rb").read(4096) + os.urandom(100000))
        noise.flush()
        promise("noise has no names", helper.ask(6, offset, [noise.fileno()]) == "")
    with tempfile.TemporaryDirectory() as folder:
        stripped, debug = folder + "/stripped", folder + "/debug"
        tool("objcopy", "--only-keep-debug", program, debug)
        tool("strip", "-s", "-o", stripped, program)
        with open(stripped, "rb") as s, open(debug, "rb") as d:
            promise("a stripped file has no such name", helper.ask(7, offset, [s.fileno()], build_id) != function)
            promise("its debug file has", helper.ask(7, offset, [s.fileno(), d.fileno()], build_id) == function)
    status = open(f"/proc/{helper.process.pid}/status").read()
    promise("it may do nothing", re.search(r"^CapEff:\t0+$", status, re.M) and "\nNoNewPrivs:\t1\n" in status
            and "\nSeccomp:\t2\n" in status, status)
    # It answers first and closes then.
    end = time.monotonic() + 60
    while len(os.listdir(f"/proc/{helper.process.pid}/fd")) != 3 and time.monotonic() < end:
        time.sleep(0.01)
    promise("it keeps no file open", len(os.listdir(f"/proc/{helper.process.pid}/fd")) == 3)
    promise("it ends with its asker", helper.end() == 0)
    helper = Helper()
    promise("a number out of range ends it", helper.ask(32, 0) is None and helper.end() == 0)
    helper = Helper()
    helper.socket.send(b"short")
    time.sleep(0.1)
    promise("so does half a question", helper.end() == 0)
    print("end")


main()
