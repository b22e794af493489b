#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks pages of `ringfence report` against the events they were made of.

usage: report-page.py EVENTS PAGE
       report-page.py --browser EVENTS PAGE PAGE-WITH-LAYER=NETWORK PAGE-WITH-TEXT=SHADOW

Prints `ok PROMISE` or `no PROMISE` for each, and `end`. The pages of the second form are documents
that a browser printed after their script had run.
"""
import base64
import collections
import hashlib
import json
import re
import sys
from html.parser import HTMLParser

VOID = {"meta", "br", "input", "link"}
ALLOWED = {"html", "head", "meta", "title", "style", "body", "a", "header", "h1", "h2", "p", "nav", "button", "main",
           "section", "dl", "div", "dt", "dd", "form", "label", "input", "select", "option", "output", "table",
           "caption", "thead", "tbody", "tr", "th", "td", "span", "code", "ul", "li", "details", "summary", "svg",
           "rect", "path", "g", "text", "footer", "script", "br"}


class Page(HTMLParser):
    """Elements must nest; text, attributes and rows are kept."""

    def __init__(self, text):
        super().__init__()
        self.open, self.problems, self.ids, self.tables = [], [], collections.Counter(), {}
        self.parts, self.inside, self.table, self.urls = {}, collections.defaultdict(str), None, []
        self.attributes, self.tags = collections.Counter(), collections.Counter()
        self.feed(text)
        self.close()
        self.problems += [f"{tag} is not closed" for tag in self.open]

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags[tag] += 1
        self.attributes.update(attrs.keys())
        if tag not in VOID:
            self.open.append(tag)
        if "id" in attrs:
            self.ids[attrs["id"]] += 1
        self.urls += [attrs[key] for key in ("src", "href", "action", "data", "srcset") if key in attrs]
        if tag == "table":
            self.table = self.tables.setdefault(attrs.get("id", ""), [])
        if tag == "tr" and self.table is not None:
            self.table.append((attrs, []))
        if tag in ("td", "th") and self.table:
            self.table[-1][1].append("")
        self.last = attrs

    handle_startendtag = handle_starttag_void = lambda self, tag, attrs: (
        self.handle_starttag(tag, attrs), tag not in VOID and self.handle_endtag(tag))

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.problems.append(f"{tag} ends inside {self.open[-1:]}")
        else:
            self.open.pop()
        if tag == "table":
            self.table = None

    def handle_data(self, data):
        tag = self.open[-1] if self.open else ""
        self.inside[tag] += data
        if tag == "dd":
            self.parts[self.last["id"]] = data
        if self.table and self.table[-1][1]:
            self.table[-1][1][-1] += data

    def rows(self, name):
        return [(attrs, cells) for attrs, cells in self.tables.get(name, []) if "data-n" in attrs]


def promise(name, holds, *words):
    print("ok" if holds else "no", name)
    if not holds:
        print("#", *words)


def printable(text):
    """What rf_str_add_printable makes of text."""
    out = ""
    for char in text:
        unsafe = ord(char) < 0x20 or 0x7f <= ord(char) < 0xa0 or 0x202a <= ord(char) <= 0x202e or 0xdc80 <= ord(char) < 0xdd00
        raw = char.encode("utf-8", "surrogateescape")
        out += "\\\\" if char == "\\" else "".join("\\x%02x" % byte for byte in raw) if unsafe else char
    return out


def load(path):
    lines = open(path, "rb").read().splitlines()
    events = [json.loads(line.decode("utf-8", "surrogateescape")) for line in lines]
    return events, [e for e in events if "verdict" in e]


def check_numbers(page, events, accesses):
    wanted = collections.Counter()
    for e in accesses:
        wanted[e["verdict"]] += e["count"]
    for key in ("denied", "killed", "would_deny", "allowed"):
        promise(f"the sum of {key} agrees", page.parts[f"n-{key}"] == str(wanted[key]), page.parts, wanted)
    promise("the number of events agrees", page.parts["n-events"] == str(len(events)))
    promise("the losses agree", page.parts["n-lost"] == str(sum(e["count"] for e in events if e["type"] == "lost")))
    refused = [e for e in accesses if e["verdict"] != "allowed"]
    rules = collections.Counter()
    for e in refused:
        rules[printable(e["rule"]["id"]), e["layer"]] += e["count"]
    got = {(cells[0], cells[2]): int(attrs["data-n"]) for attrs, cells in page.rows("t-rules")}
    promise("each rule has its denials", got == dict(rules), got, dict(rules))
    got = sum(int(attrs["data-n"]) for attrs, _ in page.rows("t-denials"))
    promise("the rows of denials add up", got == sum(e["count"] for e in refused), got)
    peers = {cells[0]: (cells[1], cells[2].strip()) for _, cells in page.rows("t-peers")}
    promise("a peer has its denials", peers.get("tcp 10.0.0.1:443") == ("5", "0"), peers)
    return refused


def check_hostile(page, text, refused):
    shown = {cells[4] for _, cells in page.rows("t-denials")}
    names = {e["object"]["path"] for e in refused if "path" in e["object"]}
    promise("every name is shown as it is", {printable(name) for name in names} <= shown,
            {printable(name) for name in names} - shown)
    promise("bytes that are no text are shown as bytes", "/bad\\xff\\xfe\\x80name" in shown, shown)
    promise("no other element comes from a name", set(page.tags) <= ALLOWED, set(page.tags) - ALLOWED)
    promise("no attribute runs anything", not any(key.startswith("on") or key == "style" for key in page.attributes))
    promise("no direction override is in the page", not re.search("[\u202a-\u202e\u2066-\u2069]", text))
    promise("no control character is in the page", not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", text))
    promise("nothing is taken from the network", all(url.startswith("#") for url in page.urls), page.urls)


def check_page(page, text):
    promise("elements nest and end", not page.problems, page.problems[:5])
    promise("ids are unique", max(page.ids.values()) == 1, page.ids.most_common(3))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    for kind in ("script", "style"):
        body = re.search(f"<{kind}>(.*?)</{kind}>", text, re.S)[1]
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        promise(f"the policy names the {kind} by its hash", f"{kind}-src 'sha256-{digest}'" in policy, policy)
    promise("the policy refuses everything else", policy.startswith("default-src 'none';") and "unsafe" not in policy)
    promise("there are landmarks", all(page.tags[tag] == 1 for tag in ("main", "header", "footer", "nav")))
    promise("the language is told", '<html lang="en">' in text)
    flames = dict(re.findall(r'<title>([^<]*): (\d+) denials, [0-9.]+ %</title>', text))
    promise("the flames count functions, whatever they called from",
            flames.get("main (app)") == "3" and flames.get("load (app)") == "1", flames)
    promise("a frame without a symbol is object and offset", flames.get("app+0x1") == "9", flames)
    listed = text.split('aria-label="Stacks of denials"')[1].split("</section>")[0]
    promise("the flames are a list as well", "main (app)" in listed and "load (app)" in listed, listed[:300])
    codes = page.inside["code"]
    for fix in ('"except": ["/etc/shadow"]', '"paths": [{"literal": "/var/a*b"}]', '"nodes": ["char 10:200"]',
                '"to": ["10.0.0.1"], "ports": [443]', '"keep": ["sys_admin"]', '"kernel": {"mount": "allow"}'):
        promise(f"it suggests {fix}", fix in codes, codes)


def check_flames(text, keys):
    frames = {}
    for kind, body in re.findall(r'<g class="(frame[^"]*)"[^>]*>(.*?)</g>', text, re.S):
        name = re.search(r"<title>(.*): \d+ denials", body, re.S)[1]
        frames.setdefault(name, []).append(("off" in kind, float(re.search(r' x="([0-9.]+)"', body)[1]),
                                            float(re.search(r' width="([0-9.]+)"', body)[1])))
    promise("a frame is made as wide as the page", frames.get("load (app)") == [(False, 0.0, 1200.0)], frames)
    promise("so are its callers", frames.get("main (app)") == [(False, 0.0, 1200.0)], frames)
    promise("others make room", frames.get("app+0x1") and all(off for off, _, _ in frames["app+0x1"]), frames)
    promise("the keyboard walks, widens and goes back", "[walked:app+0x1|main (app)|read (libc.so)|load (app)|1200.00|0 off]"
            in keys, re.findall(r"\[walked:[^\]]*\]", keys))


def main():
    browser = sys.argv[1] == "--browser"
    files = sys.argv[2:] if browser else sys.argv[1:]
    events, accesses = load(files[0])
    texts = [open(name, encoding="utf-8").read() for name in files[1:]]
    pages = [Page(re.sub(r"<!DOCTYPE[^>]*>", "", text)) for text in texts]
    refused = check_numbers(pages[0], events, accesses)
    check_hostile(pages[0], texts[0], refused)
    if not browser:
        check_page(pages[0], texts[0])
    else:
        total = sum(e["count"] for e in refused)
        promise("the script ran", f"{total} of {total} denials" in pages[0].inside["output"], pages[0].inside["output"])
        promise("nothing of a name ran", pages[0].inside["title"].startswith("ringfence report"))
        wanted = sum(e["count"] for e in refused if e["layer"] == "network")
        visible = sum(int(a["data-n"]) for a, _ in pages[1].rows("t-denials") if "hidden" not in a)
        promise("the filter by layer agrees with the events", visible == wanted, visible, wanted)
        check_flames(texts[3], texts[4])
        visible = [cells[4] for a, cells in pages[2].rows("t-denials") if "hidden" not in a]
        promise("text and verdict together", visible == ["/etc/shadow"], visible)
        promise("the filter is told", f"10 of {total} denials" in pages[2].inside["output"], pages[2].inside["output"])
    print("end")


main()
