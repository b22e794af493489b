#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What builds fetch, made here and served on loopback: a package of npm's registry, a wheel in an index of
pip's, a C library as a tarball; and a proxy, which answers for every host itself.

usage: mirror.py PORT_FILE [ADDRESS…]   listens on a free port of each address (127.0.0.1 if none is given)
"""
import base64
import hashlib
import io
import json
import os
import sys
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CODE = {
    "rf-greet": {"package/package.json": json.dumps({"name": "rf-greet", "version": "1.0.0", "main": "index.js",
                                                     "bin": {"rf-greet": "cli.js"}}),
                 "package/index.js": "module.exports = name => `hello ${name}`;\n",
                 "package/cli.js": "#!/usr/bin/env node\nconsole.log(require('./index.js')(process.argv[2]));\n"},
    "libgreet": {"libgreet-1.0/greet.h": "const char *greet(void);\n",
                 "libgreet-1.0/greet.c": '#include "greet.h"\nconst char *greet(void) { return "hello c"; }\n',
                 "libgreet-1.0/Makefile": "libgreet.a: greet.o\n\tar rcs $@ $^\n"},
}
WHEEL = "rf_greet-1.0-py3-none-any.whl"


def tarball(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(text), 0o755 if name.endswith("cli.js") else 0o644
            tar.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()


def wheel():
    out = io.BytesIO()
    files = {"rf_greet.py": "def greet(name):\n    return f'hello {name}'\n",
             "rf_greet-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: rf-greet\nVersion: 1.0\n",
             "rf_greet-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: rf\nRoot-Is-Purelib: true\nTag: py3-none-any\n"}
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        archive.writestr("rf_greet-1.0.dist-info/RECORD", "".join(f"{name},,\n" for name in files))
    return out.getvalue()


TARBALLS = {name: tarball(files) for name, files in CODE.items()}
THE_WHEEL = wheel()


class Handler(BaseHTTPRequestHandler):
    def npm(self):
        data = TARBALLS["rf-greet"]
        base = "http://" + self.headers["Host"]
        version = {"name": "rf-greet", "version": "1.0.0", "main": "index.js", "bin": {"rf-greet": "cli.js"},
                   "dist": {"tarball": f"{base}/rf-greet/-/rf-greet-1.0.0.tgz", "shasum": hashlib.sha1(data).hexdigest(),
                            "integrity": "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()}}
        return json.dumps({"name": "rf-greet", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}}).encode()

    def do_GET(self):
        kind = "application/octet-stream"
        if self.path.startswith("http://"):  # asked as a proxy
            body = f"by proxy: {self.path}\n".encode()
        elif self.path == "/rf-greet":
            body, kind = self.npm(), "application/json"
        elif self.path == "/rf-greet/-/rf-greet-1.0.0.tgz":
            body = TARBALLS["rf-greet"]
        elif self.path == "/simple/rf-greet/":
            digest = hashlib.sha256(THE_WHEEL).hexdigest()
            body, kind = f'<a href="/{WHEEL}#sha256={digest}">{WHEEL}</a>'.encode(), "text/html"
        elif self.path == "/" + WHEEL:
            body = THE_WHEEL
        elif self.path == "/libgreet-1.0.tar.gz":
            body = TARBALLS["libgreet"]
        elif self.path == "/latest/meta-data/":
            body = b"the machine's credentials\n"
        else:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main():
    servers = [ThreadingHTTPServer((address.split(":")[0], int((address + ":0").split(":")[1])), Handler)
               for address in sys.argv[2:] or ["127.0.0.1"]]
    for server in servers[1:]:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    with open(sys.argv[1] + ".new", "w", encoding="ascii") as out:
        out.write(" ".join(str(server.server_address[1]) for server in servers))
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    servers[0].serve_forever()


if __name__ == "__main__":
    main()
