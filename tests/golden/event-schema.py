#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The JSON Schema of events and the formatter in C over one corpus, as TAP.

usage: event-schema.py SCHEMA CORPUS-PROGRAM

Every event of the corpus meets the schema, in the schema's order of members; every member and word
that the schema names occurs in the corpus; and an event with a member more, a null, or a required
member less is refused. Skipped without python3-jsonschema.
"""
import copy
import json
import subprocess
import sys
from pathlib import Path

try:
    from jsonschema import Draft202012Validator
except ImportError:
    print("1..0 # SKIP python3-jsonschema is not installed")
    sys.exit(77)

bad = 0


def tell(number, ok, what, why=""):
    global bad
    bad |= not ok
    print(f"{'ok' if ok else 'not ok'} {number} - {what}" + (f"\n# {why}" if not ok else ""))


def named(schema, path=""):
    """Every (path, member) and (path, word) of the schema."""
    for name, part in schema.get("properties", {}).items():
        yield path, name
        yield from named(part, f"{path}/{name}")
    if "items" in schema:
        yield from named(schema["items"], path)
    for word in schema.get("enum", []):
        yield path, word


def seen(value, path=""):
    if isinstance(value, dict):
        for name, part in value.items():
            yield path, name
            yield from seen(part, f"{path}/{name}")
    elif isinstance(value, list):
        for part in value:
            yield from seen(part, path)
    elif isinstance(value, str):
        yield path, value


def ordered(value, schema):
    """Are the members in the schema's order, all the way down?"""
    names = list(schema.get("properties", {}))
    places = [names.index(name) for name in value if name in names]
    return places == sorted(places) and all(
        ordered(part, schema["properties"][name]) for name, part in value.items()
        if isinstance(part, dict) and name in names and name != "object")  # its order is its layer's


def main():
    schema = json.loads(Path(sys.argv[1]).read_text())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    lines = subprocess.run([sys.argv[2]], check=True, capture_output=True).stdout.splitlines()
    events = [json.loads(line) for line in lines]
    print("1..5")
    wrong = [(line, error.message) for line, event in zip(lines, events) for error in validator.iter_errors(event)]
    tell(1, len(events) > 100 and not wrong, "every event meets the schema", wrong[:3])
    wrong = [line for line, event in zip(lines, events) if not ordered(event, schema)]
    tell(2, not wrong, "members are in the schema's order", wrong[:3])
    known = {pair for event in events for pair in seen(event)}
    wrong = [pair for pair in named(schema) if pair not in known]
    tell(3, not wrong, "nothing in the schema is never written", wrong[:9])
    wrong = []
    for event in events:
        for mutate in (lambda e: e.update(more=1), lambda e: e["sandbox"].update(id=None), lambda e: e.pop("seq"),
                       lambda e: e.update(type="other"), lambda e: e.get("rule", e).pop("id", e.pop("time", 0)),
                       lambda e: e.update(verdict="maybe")):
            mutant = copy.deepcopy(event)
            mutate(mutant)
            if validator.is_valid(mutant):
                wrong.append(mutant)
    tell(4, not wrong, "a damaged event is refused", wrong[:3])
    wrong = [line for line in lines if b"\x1b" in line or b"\n" in line or b": " in line.split(b'"comm"')[0]]
    tell(5, not wrong, "lines are compact and hold no control characters", wrong[:3])
    return bad


sys.exit(main())
