#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The OCSF projection against the published names and numbers of schema 1.3.0, as TAP.

usage: ocsf.py AUDIT EVENTS-SCRIPT DOCUMENT
"""
import json
import subprocess
import sys

BASE = {"activity_id", "activity_name", "category_uid", "category_name", "class_uid", "class_name", "type_uid",
        "severity_id", "severity", "status_id", "status", "status_code", "time", "count", "metadata", "device",
        "unmapped", "action_id", "action", "disposition_id", "disposition", "policy", "firewall_rule", "container"}
CLASSES = {0: (0, "Base Event", {99}, set(), set()),
           1001: (1, "File System Activity", {1, 2, 3, 4, 5, 6, 14, 99}, {"actor", "file", "file_result"}, {"actor", "file"}),
           1003: (1, "Kernel Activity", {4}, {"actor", "kernel"}, {"actor", "kernel"}),
           1007: (1, "Process Activity", {1, 2, 3, 99}, {"actor", "process", "exit_code"}, {"process"}),
           4001: (4, "Network Activity", {1, 6, 7, 99}, {"actor", "src_endpoint", "dst_endpoint", "connection_info"},
                  {"connection_info"})}
PROCESS = {"pid", "name", "tid", "user", "file", "parent_process"}
OBJECTS = {"metadata": {"version", "product", "profiles", "log_name", "original_time", "sequence", "uid"},
           "device": {"hostname", "type_id"}, "policy": {"name", "version"}, "container": {"uid", "runtime"},
           "firewall_rule": {"uid", "desc", "type"}, "file": {"name", "path", "type_id"},
           "file_result": {"name", "path", "type_id"}, "kernel": {"name", "type_id", "type", "system_call"},
           "process": PROCESS, "actor": {"process"}, "src_endpoint": {"name", "ip", "port"},
           "dst_endpoint": {"name", "ip", "port"}, "connection_info": {"direction_id", "protocol_name"}}
VERDICTS = {"allowed": (1, 1, 1, 1), "denied": (3, 2, 2, 2), "killed": (4, 2, 2, 2), "would_deny": (2, 1, 17, 1)}
# What `report-events.py` does not hold: (members of an access, expected class, activity, what must be in it)
ROWS = [
    ({"layer": "files", "operation": "rename", "missing": ["remove"], "object": {"path": "/a/b", "new_path": "/c"}}, 1001, 5,
     {"file": {"name": "b", "path": "/a/b", "type_id": 0}, "file_result": {"name": "c", "path": "/c", "type_id": 0}}),
    ({"layer": "files", "missing": ["create", "write"], "object": {"path": "/", "type": "directory"}}, 1001, 1,
     {"file": {"name": "/", "path": "/", "type_id": 2}}),
    ({"layer": "files", "missing": ["metadata"], "object": {"path": "x"}}, 1001, 6, {}),
    ({"layer": "files", "missing": ["exec"], "object": {"path": "x"}}, 1001, 14, {}),
    ({"layer": "files", "missing": ["remove"], "object": {}}, 1001, 4, {"file": {"name": "0:0", "type_id": 0}}),
    ({"layer": "devices", "access": ["mknod"], "object": {"type": "block", "major": 8, "minor": 1}}, 1001, 1,
     {"file": {"name": "8:1", "type_id": 4}}),
    ({"layer": "network", "missing": ["listen"], "object": {"protocol": "tcp", "address": "::1", "port": 80}}, 4001, 7,
     {"src_endpoint": {"ip": "::1", "port": 80}, "connection_info": {"direction_id": 1, "protocol_name": "tcp"}}),
    ({"layer": "network", "operation": "bind", "missing": ["bind"], "object": {"family": "netlink"}}, 4001, 99,
     {"src_endpoint": {"name": "unknown"}, "activity_name": "bind"}),
    ({"layer": "seccomp", "object": {"nr": 999}}, 1003, 4, {"kernel": {"name": "999", "type_id": 2, "type": "System Call"}}),
    ({"layer": "process", "operation": "signal", "object": {"pid": 7, "comm": "x"}, "errno": "EPERM"}, 1007, 99,
     {"process": {"pid": 7, "name": "x"}, "status_code": "EPERM", "activity_name": "signal"}),
]


def convert(audit, lines):
    got = subprocess.run([audit, "--format", "ocsf", "-"], input=lines, capture_output=True, timeout=60)
    return [json.loads(line) for line in got.stdout.splitlines()]


def problems(event, ours):
    """What is wrong with one converted event."""
    category, name, activities, members, required = CLASSES[event["class_uid"]]
    if (event["category_uid"], event["class_name"]) != (category, name):
        yield "category or class name"
    if event["activity_id"] not in activities:
        yield f"activity {event['activity_id']}"
    if event["type_uid"] != event["class_uid"] * 100 + event["activity_id"]:
        yield "type_uid"
    yield from (f"member {key}" for key in event.keys() - BASE - members)
    yield from (f"no {key}" for key in (required | {"metadata", "severity_id", "time"}) - event.keys())
    for key, known in OBJECTS.items():
        yield from (f"{key}.{inner}" for inner in event.get(key, {}).keys() - known)
    if "verdict" in ours:
        got = tuple(event[key] for key in ("severity_id", "action_id", "disposition_id", "status_id"))
        if got != VERDICTS[ours["verdict"]]:
            yield f"outcome {got}"
    if event["metadata"]["version"] != "1.3.0" or event["metadata"]["product"]["vendor_name"] != "ringfence":
        yield "metadata"
    if "sandbox" in ours and event["metadata"]["uid"] != f"{ours['sandbox']['id']}-{ours['seq']}":
        yield "metadata.uid"
    for key, value in ours.items():
        if key not in ("v", "seq", "time", "host", "process", "count", "errno") and event["unmapped"].get(key) != value:
            yield f"unmapped.{key}"


def main():
    audit, script, document = sys.argv[1:]
    lines = subprocess.run([script], capture_output=True, check=True).stdout.splitlines()[:-1]
    ours = [json.loads(line) for line in lines]
    found = convert(audit, b"\n".join(lines) + b"\n")
    results = [("every event is converted", len(found) == len(ours), len(found))]
    for event, original in zip(found, ours):
        wrong = list(problems(event, original))
        results.append((f"{original['type']} {original['seq']} {original.get('layer', '')}", not wrong, wrong))
    for members, uid, activity, wanted in ROWS:
        original = {"type": "access", "seq": 1, "process": {"pid": 1}, "verdict": "denied"} | members
        event = convert(audit, json.dumps(original).encode() + b"\n")[0]
        wrong = list(problems(event, original))
        wrong += [key for key, value in wanted.items() if event.get(key) != value]
        results.append((f"{members}", not wrong and (event["class_uid"], event["activity_id"]) == (uid, activity),
                        (wrong, event)))
    text = open(document, encoding="utf-8").read()
    results += [(f"the document names {name}", f"| {name} | {uid} |" in text, "") for uid, (_, name, *_) in CLASSES.items()]
    print(f"1..{len(results)}")
    for number, (name, holds, words) in enumerate(results, 1):
        print("ok" if holds else "not ok", number, "-", name)
        if not holds:
            print("#", words)
    return 0 if all(holds for _, holds, _ in results) else 1


sys.exit(main())
