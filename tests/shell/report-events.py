#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints a stream of events with something for each part of a report, hostile names among them."""
import json
import sys

HOSTILE = ["<script>document.title='owned'</script>", "<img src=x onerror=document.title='owned'>",
           "\"'><svg onload=document.title='owned'>", "</title></style></script><h1 id=owned>",
           "]]><!--", "{{script}}", "\u202egnp.exe", "\x1b[2J\x07\x00", "javascript:document.title='owned'"]
RULES = {"files": ("secrets", "web.json:14"), "network": ("network.default", None),
         "devices": ("devices.default", None), "capabilities": ("capabilities", None),
         "seccomp": ("seccomp.default", None), "kernel": ("kernel.mount", None), "process": ("ringfence.self", None)}
seq = {}


def event(kind, sandbox="web", **members):
    seq[sandbox] = seq.get(sandbox, 0) + 1
    number = seq[sandbox]
    head = {"v": 1, "type": kind, "seq": number, "time": "2026-01-05T10:11:%02d.%09dZ" % (number % 60, number),
            "host": "n1", "sandbox": {"id": "id-" + sandbox, "name": sandbox, "policy": "p", "sha256": "ab"}}
    seq[sandbox] = members.get("last", number)
    print(json.dumps(head | members, separators=(",", ":")))


def process(pid, ppid, comm="sh", exe="/bin/sh"):
    return {"pid": pid, "tid": pid, "ppid": ppid, "start": pid, "uid": 0, "gid": 0, "comm": comm, "exe": exe}


def access(layer, target, verdict="denied", count=1, right="read", pid=11, sandbox="web", **more):
    name, source = more.pop("rule", RULES[layer])
    rule = {"id": name} | ({"source": source} if source else {}) | {"reason": more.pop("reason", "why")}
    event("access", sandbox, process=process(pid, pid // 10), layer=layer, hook="h", operation="open", object=target,
          access=[right], missing=[right], verdict=verdict, enforced=verdict != "would_deny", rule=rule,
          count=count, **more)


event("sandbox_start")
event("exec", process=process(1, 0), object={"path": "/bin/sh"})
access("files", {"path": "/etc/shadow", "type": "regular"}, count=7)
access("files", {"path": "/etc/shadow", "type": "regular"}, count=3, pid=12)
access("files", {"path": "/srv/www/index.html"}, verdict="allowed", count=40, rule=("www", "web.json:9"))
access("files", {"path": "/var/a*b"}, rule=("files.default", None), stack=["libc.so+0x10 read", "app+0x20 load", "app+0x5 main"])
access("files", {"path": "/var/c"}, rule=("files.default", None), count=2, stack=["libc.so+0x10 read", "app+0x5 main"])
access("network", {"family": "inet", "protocol": "tcp", "address": "10.0.0.1", "port": 443}, right="connect", count=5)
access("network", {"family": "inet6", "protocol": "udp", "address": "2001:db8::1", "port": 53}, right="send", verdict="killed")
access("network", {"family": "unix", "unix": "@x\x00y"}, right="connect", verdict="would_deny", count=2)
access("devices", {"type": "char", "major": 10, "minor": 200}, right="write")
access("capabilities", {"name": "sys_admin"})
access("seccomp", {"name": "ptrace", "nr": 101, "abi": "x86_64", "args": ["0x0"], "ip": "0x1"}, verdict="killed")
access("kernel", {"key": "mount"})
access("process", {"pid": 1, "comm": "init"}, right="signal", sandbox="other")
event("lost", last=seq["web"] + 20, count=20, cause="ring_full")
for text in HOSTILE:
    access("files", {"path": "/" + text}, sandbox=text, rule=(text, text), reason=text, stack=[text, "app+0x1"])
    access("network", {"family": "unix", "unix": text}, verdict="would_deny", right="connect")
    event("exec", process=process(77, 1, text, text), object={"path": text})
event("exit", process=process(11, 1), exit={"code": 0})
sys.stdout.flush()
sys.stdout.buffer.write(b'{"v":1,"type":"access","seq":999,"layer":"files","object":{"path":"/bad\xff\xfe\x80name"},'
                        b'"verdict":"denied","rule":{"id":"files.default"},"count":1}\n')
