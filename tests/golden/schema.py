#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The JSON Schema and the validator in C over one corpus, as TAP.

usage: schema.py SCHEMA CASES BEYOND POLICY...

What `policy check` accepts, the schema accepts. What it refuses, the schema refuses too, unless the
case is listed in BEYOND with the reason why no schema can tell. Skipped without python3-jsonschema.
"""
import json
import sys
from pathlib import Path

try:
    from jsonschema import Draft202012Validator
except ImportError:
    print("1..0 # SKIP python3-jsonschema is not installed")
    sys.exit(77)


def listed(path):
    lines = (line.split(None, 1) for line in path.read_text().splitlines())
    return {words[0]: words[1] for words in lines if words and words[0] != "#"}


def read(path):
    """The value, or None if it is no JSON."""
    try:
        return [json.loads(path.read_bytes(), parse_constant=lambda word: 1 / 0)]
    except (ValueError, ZeroDivisionError, RecursionError):
        return None


def main():
    schema = json.loads(Path(sys.argv[1]).read_text())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    beyond = listed(Path(sys.argv[3]))
    cases = [(f.name, f / "policy.json", (f / "show").exists()) for f in sorted(Path(sys.argv[2]).iterdir())]
    cases += [(Path(name).name, Path(name), True) for name in sys.argv[4:]]
    cases = [case for case in cases if case[1].exists()]
    failed = 0
    print(f"1..{len(cases)}")
    for number, (name, path, good) in enumerate(cases, 1):
        value = read(path)
        accepted = value is not None and validator.is_valid(value[0])
        right = accepted == (good or name in beyond)
        failed += not right
        print("ok" if right else "not ok", number, "-", name)
        if not right and good:
            print("#", next(iter(validator.iter_errors(value[0]))).message[:300])
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
