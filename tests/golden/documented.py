#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every key and every word that the schema of policies knows is in the reference and in the manual page,
as TAP. usage: documented.py SCHEMA POLICY.md ringfence-policy.5.scd"""
import json
import re
import sys
from pathlib import Path


def words(node, found):
    """Names of members, and the values that a member may have, where those are few."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "properties":
                found.update(value)
            elif key == "enum" and len(value) <= 40:
                found.update(word for word in value if isinstance(word, str))
            words(value, found)
    elif isinstance(node, list):
        for value in node:
            words(value, found)


def main():
    found = set()
    words(json.loads(Path(sys.argv[1]).read_text()), found)
    found = {word for word in found if re.fullmatch(r"[@a-z_-]+", word)}
    texts = {Path(name).name: Path(name).read_text().replace("\\", "") for name in sys.argv[2:]}
    # What the reference alone lists.
    beyond = {"ringfence-policy.5.scd": {"as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice",
                                         "nofile", "nproc", "rss", "rtprio", "rttime", "sigpending", "stack"}}
    print(f"1..{len(texts) + 1}")
    failed = 0
    for number, (name, text) in enumerate(texts.items(), 1):
        missing = [word for word in sorted(found - beyond.get(name, set()))
                   if not re.search(rf"(?<![\w]){re.escape(word)}(?![\w])", text)]
        failed += bool(missing)
        print("not ok" if missing else "ok", number, "-", name, *missing)
    enough = len(found) >= 60
    print("ok" if enough else "not ok", len(texts) + 1, "- the schema has its words:", len(found))
    return 0 if enough and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
