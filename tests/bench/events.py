#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast events are read: `audit` in each format, and `report`; see docs/performance.md.

usage: events.py RINGFENCE [EVENTS [PASSES]]   (default: a million, read ten times over)

A file of EVENTS different events (denials of every layer, execs, exits) is made once and read PASSES
times through a pipe. Prints events a second of processor time, user and system, and the most memory
held, after a tenth and at the end: the two are equal if memory is flat.
"""
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import threading


def make(path, count):
    random.seed(1)
    layers = [("files", "file_open", "open", ["read"], lambda i: {"path": f"/srv/data/{i % 997}/file-{i}.txt",
               "dev": "8:1", "ino": i, "type": "regular"}),
              ("network", "socket_connect", "connect", ["connect"], lambda i: {"family": "inet", "protocol": "tcp",
               "address": f"10.{i % 7}.{i % 251}.{i % 13}", "port": 443}),
              ("seccomp", "seccomp", "syscall", [], lambda i: {"name": "ptrace", "nr": 101, "abi": "x86_64",
               "args": ["0x0"] * 6, "ip": hex(i)})]
    with open(path, "w") as out:
        for i in range(1, count + 1):
            head = {"v": 1, "type": "access", "seq": i, "time": "2026-01-05T%02d:%02d:%02d.%09dZ" % (
                i // 3600000 % 24, i // 60000 % 60, i // 1000 % 60, i % 1000 * 1000000), "host": "n1",
                "boot": "5c1f0a3e-52a4-4d1c-9b58-6a3f3c1f9b11", "sandbox": {"id": "9f2c%012x" % (i % 5), "name": "web",
                "policy": "web", "sha256": "ab" * 32, "session": "init"},
                "process": {"pid": 4000 + i % 90, "tid": 4000 + i % 90, "ppid": 4000, "start": 123, "uid": 0, "gid": 0,
                            "comm": "nginx", "exe": "/usr/sbin/nginx"}}
            layer, hook, operation, rights, target = layers[random.randrange(3)]
            more = {"access": rights, "missing": rights} if rights else {}
            rule = {"id": f"rule-{i % 40}", "source": f"web.json:{i % 40}", "reason": "kept apart"}
            out.write(json.dumps(head | {"layer": layer, "hook": hook, "operation": operation, "object": target(i)} |
                                 more | {"verdict": "denied", "enforced": True, "errno": "EACCES", "rule": rule,
                                         "count": 1}, separators=(",", ":")) + "\n")


def feed(pipe, path, passes, wait):
    """Hands the file over `passes` times; the memory of the reader after the first tenth."""
    for i in range(passes):
        with open(path, "rb") as events:
            while os.sendfile(pipe.fileno(), events.fileno(), None, 1 << 20):
                pass
        if i == 0:
            wait["early"] = peak(wait["pid"])
    wait["late"] = peak(wait["pid"])
    pipe.close()


def peak(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1])


def measure(name, command, path, count, passes):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    wait = {}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        wait["pid"] = process.pid
        feeder = threading.Thread(target=feed, args=(process.stdin, path, passes, wait))
        feeder.start()
        feeder.join()
        process.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    print(f"{name:22} {count * passes / seconds:10,.0f} events/s   {seconds:6.1f} s   "
          f"memory {wait['early'] / 1024:.1f} MiB, then {wait['late'] / 1024:.1f} MiB", flush=True)


def main():
    ringfence = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1000000
    passes = int(sys.argv[3]) if len(sys.argv) > 3 else 10
    with tempfile.TemporaryDirectory() as folder:
        path, page = folder + "/events", folder + "/page.html"
        make(path, count)
        print(f"{count} events of {os.path.getsize(path) // count} bytes, {passes} times")
        for form in ("json", "text", "ocsf"):
            measure(f"audit --format {form}", [ringfence, "audit", "--format", form, "-"], path, count, passes)
        measure("audit --where", [ringfence, "audit", "--where", "layer = files and object.path ~ /srv/data/7/*", "-"],
                path, count, passes)
        measure("report", [ringfence, "report", "-", "-o", page], path, count, 1)
        print(f"{'':22} a page of {os.path.getsize(page):,} bytes")


main()
