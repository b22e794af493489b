#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Real programs under the shipped policies: each does its work, and what the policy keeps out stays out.
#
# Runs on any kernel. With RF_LIBRARY_BPF=1 (the guest, as root) also what only BPF LSM holds: addresses,
# unix sockets and secrets inside of what is allowed.
. "$(dirname "$0")/lib.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
BPF=${RF_LIBRARY_BPF:-}
export PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin LANG=C.UTF-8
unset XDG_CONFIG_HOME XDG_CACHE_HOME XDG_DATA_HOME VIRTUAL_ENV PYTHONPATH NODE_OPTIONS

# Not in /tmp, which most policies give: a home with secrets, and a project in it.
WORLD=$(mktemp -d -p "${RF_LIBRARY_DIR:-$HOME}" rf-library.XXXXXX) || {
	echo "1..0 # SKIP no folder outside of /tmp can be made"
	exit 77
}
end() {
	[ ! -s "$TMP/pids" ] || xargs kill <"$TMP/pids" 2>/dev/null
	rm -rf "$WORLD"
	tap_end
}
trap end EXIT
chmod 755 "$WORLD"
export HOME=$WORLD/home
SECRET=this-is-the-secret-of-$RANDOM
mkdir -p "$HOME/project/src" "$HOME/.ssh" "$HOME/.aws" "$HOME/.config/gh" "$HOME/.docker" "$HOME/.kube" "$HOME/.gnupg" \
	"$HOME/.mozilla/firefox"
for secret in .ssh/id_ed25519 .aws/credentials .netrc .npmrc .git-credentials .config/gh/hosts.yml .docker/config.json \
	.kube/config .gnupg/key .bash_history .mozilla/firefox/logins.json .vault-token .pypirc project/.env; do
	echo "$SECRET" >"$HOME/$secret"
done
cd "$HOME/project" || exit 1

background() { # FILE-THAT-APPEARS COMMAND…
	local file=$1
	shift
	"$@" >"$TMP/background" 2>&1 </dev/null &
	echo $! >>"$TMP/pids"
	wait_for test -e "$file" || note "nothing came up: $* $(cat "$TMP/background")"
}

under() { # POLICY COMMAND…
	local policy=$1
	shift
	run timeout 300 "$RF" run -p "$policy" --summary never --events "$TMP/seen" ${PROXY:+--set PROXY=$PROXY} -- "$@"
}

works() { # NAME POLICY COMMAND…: it ends well
	local name=$1
	shift
	under "$@"
	is "$name" "$status" 0
	# The last first: of a long trace only that is kept where this is run by another test.
	[ "$status" = 0 ] || note "$(tail -n 2 <<<"$err" | cut -c1-160)
$(grep -E '"verdict":"(denied|killed)"' "$TMP/seen" | tail -n 2 | grep -oE '"hook":.*' | cut -c1-300)
$out
$err"
}

says() { # NAME PATTERN
	like "$1" "$out" "$2"
}

fails() { # NAME POLICY COMMAND…: works outside, and not inside
	local name=$1
	run timeout 200 "${@:3}"
	[ "$status" = 0 ] || note "it does not work outside either: ${*:3}: $err"
	[ "$status" = 0 ] || tap_result 1 "$name: outside"
	under "${@:2}"
	ok "$name" test "$status" != 0
	ok "$name: nothing of it is said" test "${out/$SECRET/}" = "$out"
}

has() { command -v "$1" >/dev/null; }

# Secrets by name, in the home and in the tree. Landlock grants trees: what is in the work tree is open.
secrets_stay_out() { # POLICY
	local secret
	for secret in .ssh/id_ed25519 .aws/credentials .netrc .npmrc .git-credentials .config/gh/hosts.yml \
		.docker/config.json .kube/config .gnupg/key .bash_history .mozilla/firefox/logins.json .vault-token .pypirc; do
		fails "$1: ~/$secret stays out" "$1" cat "$HOME/$secret"
	done
	[ ! -r /etc/shadow ] || fails "$1: /etc/shadow stays out" "$1" cat /etc/shadow
	[ -z "$BPF" ] || fails "$1: .env in the tree stays out" "$1" cat .env
}

# ---- build ----

if has /usr/bin/python3; then
	addresses=()
	if [ -n "$BPF" ]; then
		# Addresses outside of loopback's, and the one that clouds serve credentials at.
		ip address add 10.9.9.9/32 dev lo
		ip address add 169.254.169.254/32 dev lo
		addresses=(10.9.9.9 169.254.169.254:80)
	fi
	background "$TMP/ports" /usr/bin/python3 "$HERE/mirror.py" "$TMP/ports" 127.0.0.1 "${addresses[@]}"
	read -r PORT FAR_PORT _ <"$TMP/ports"
	MIRROR=http://127.0.0.1:$PORT
fi

if has gcc && has make && has curl && [ -n "${MIRROR:-}" ]; then
	printf '#include <stdio.h>\n#include "libgreet-1.0/greet.h"\nint main(void) { puts(greet()); return 0; }\n' >src/main.c
	cat >Makefile <<'END'
hello: src/main.c libgreet-1.0/libgreet.a
	$(CC) -O2 -I. -o $@ $^
libgreet-1.0/libgreet.a: libgreet-1.0/Makefile
	$(MAKE) -C libgreet-1.0
test: hello
	./hello
END
	works "build: a C library comes from the mirror" build curl -sSf -o dep.tar.gz "$MIRROR/libgreet-1.0.tar.gz"
	works "build: it unpacks" build tar xzf dep.tar.gz
	works "build: the C project builds and runs" build make -s test
	says "build: it says so" "hello c"
else
	skip "build: C" "gcc, make, curl or python3 is missing"
fi

if has npm && has node && [ -n "${MIRROR:-}" ]; then
	# Landlock cannot grant a folder that is not there yet (docs/policy.md, "Shipped policies").
	[ -n "$BPF" ] || mkdir "$HOME/.npm"
	mkdir node && cd node || exit 1
	echo '{"name": "app", "version": "1.0.0", "scripts": {"test": "node test.js", "pretest": "echo x >ran"}}' >package.json
	echo 'require("assert").strictEqual(require("rf-greet")("node"), "hello node"); console.log("tested");' >test.js
	works "build: npm installs a dependency from the mirror" build npm install --registry "$MIRROR" --no-audit --no-fund rf-greet
	works "build: npm test" build npm test
	ok "build: its scripts ran" test -s ran
	says "build: the node project is tested" tested
	works "build: a program of a package" build npx --no-install rf-greet npx
	says "build: it runs" "hello npx"
	cd .. || exit 1
else
	skip "build: node" "npm is missing"
fi

if /usr/bin/python3 -m venv --help >/dev/null 2>&1 && /usr/bin/python3 -c 'import ensurepip' 2>/dev/null && [ -n "${MIRROR:-}" ]; then
	works "build: a virtual environment" build /usr/bin/python3 -m venv venv
	works "build: pip installs a dependency from the mirror" build venv/bin/python -m pip -q --disable-pip-version-check \
		install --index-url "$MIRROR/simple/" rf-greet
	works "build: the python project runs" build venv/bin/python -c 'import rf_greet; print(rf_greet.greet("python"))'
	says "build: it says so" "hello python"
else
	skip "build: python" "python3-venv is missing"
fi
secrets_stay_out build
under build sh -c 'echo "evil() { :; }" >>~/.bashrc'
ok "build: start-up files of the shell stay as they are" test ! -e "$HOME/.bashrc"

# ---- agent ----

if [ -n "${MIRROR:-}" ]; then
	PROXY=127.0.0.1:$PORT
	works "agent: sed, grep, find, sort" agent sh -c 'printf "one\ntwo\n" >src/list && sed -i s/one/three/ src/list &&
		grep -rn three src && find . -name list | sort && wc -l src/list && diff src/list src/list && rm src/list'
	says "agent: they find" "src/list:1:three"
	if has rg; then
		works "agent: rg" agent rg -n main src
		says "agent: rg finds" "main"
	else
		skip "agent: rg" "ripgrep is not installed"
	fi
	if has git; then
		git init -q . && git config user.email a@b && git config user.name a
		echo 'project/.env' >.gitignore
		works "agent: git add, commit, branch, log, diff, stash" agent sh -c 'git add src Makefile && git commit -qm first &&
			git checkout -qb work && echo "/* more */" >>src/main.c && git diff --stat && git stash -q && git stash pop -q &&
			git commit -qam second && git log --oneline && git checkout -q - && git merge -q work'
		says "agent: git tells the log" "second"
		[ -z "$BPF" ] || {
			under agent sh -c 'echo x >.git/hooks/pre-commit'
			ok "agent: hooks that run outside the fence stay out" test ! -e .git/hooks/pre-commit
			mkdir -p evil && printf '[core]\n\tfsmonitor = touch ran-outside\n' >evil/config
			under agent sh -c 'echo ../evil >.git/commondir; mkdir sub && git init -q sub; mv .git gone; mkdir -p .husky; echo x >.husky/pre-commit'
			ok "agent: settings of git stay what they are" test -d .git -a ! -e .git/commondir -a -d sub/.git -a ! -e .husky/pre-commit
			under agent sh -c 'git init -q --bare bare && mv bare/HEAD .; git worktree add -q tree; mkdir -p at/a && mv at .git/worktrees'
			ok "agent: no repository is made of the work tree, nor one for worktrees elsewhere" test -f bare/HEAD -a ! -e HEAD -a ! -e .git/worktrees
		}
	else
		skip "agent: git" "git is not installed"
	fi
	if has gcc && has make; then
		works "agent: make and gcc" agent make -s -B hello
		works "agent: what it built" agent ./hello
	else
		skip "agent: gcc" "gcc is not installed"
	fi
	works "agent: python" agent /usr/bin/python3 -c 'import json, sqlite3, subprocess, tempfile, unittest
with tempfile.NamedTemporaryFile() as f: f.write(b"x")
sqlite3.connect("agent.db").execute("create table t (a)")
print(subprocess.check_output(["git", "--version"]).decode())'
	if [ -d node/node_modules ]; then
		works "agent: npm test" agent sh -c 'cd node && npm test'
		works "agent: node" agent node -e 'const fs = require("fs"); fs.writeFileSync("x", "y"); fs.unlinkSync("x");
			const s = require("http").createServer((q, r) => r.end("served")).listen(0, "127.0.0.1", () =>
			require("http").get({port: s.address().port}, r => { r.pipe(process.stdout); r.on("end", () => s.close()); }))'
		says "agent: it serves to itself" served
	fi
	if has curl; then
		works "agent: curl by the proxy" agent curl -sSf -x "http://$PROXY" http://somewhere.example/page
		says "agent: the proxy answers" "by proxy: http://somewhere.example/page"
		SECRET_TOKEN=$SECRET under agent env
		ok "agent: a token of the environment stays out" test "${out/$SECRET/}" = "$out"
		if [ -n "$BPF" ]; then
			fails "agent: another address stays out" agent curl -sSf -m 100 "http://10.9.9.9:$FAR_PORT/rf-greet"
			fails "agent: the metadata service stays out" agent curl -sSf -m 100 http://169.254.169.254/latest/meta-data/
		fi
	fi
	secrets_stay_out agent
	if [ -n "$BPF" ]; then
		mkdir -p /run/podman /tmp/tmux-4242 /tmp/emacs4242
		cat >"$TMP/sockets.py" <<'END'
import socket, sys, time
held = []
for path in sys.argv[2:]:
    s = socket.socket(socket.AF_UNIX); s.bind(path); s.listen(8); held.append(s)
open(sys.argv[1], "w").close()
time.sleep(1000)
END
		background "$TMP/listening" /usr/bin/python3 "$TMP/sockets.py" "$TMP/listening" /run/docker.sock /run/podman/podman.sock \
			/tmp/docker.sock /tmp/tmux-4242/default /tmp/emacs4242/server /tmp/mykitty-4242
		for path in /run/docker.sock /run/podman/podman.sock /tmp/docker.sock /tmp/tmux-4242/default /tmp/emacs4242/server \
			/tmp/mykitty-4242; do
			fails "agent: $path stays out" agent /usr/bin/python3 -c \
				"import socket; socket.socket(socket.AF_UNIX).connect('$path')"
		done
		rm -rf /run/docker.sock /run/podman/podman.sock /tmp/docker.sock /tmp/tmux-4242 /tmp/emacs4242 /tmp/mykitty-4242
	fi
	unset PROXY
fi

# ---- web ----

if has nginx && has curl; then
	mkdir -p www "$TMP/nginx"
	echo "a page" >www/index.html
	# A port of the web's that is free.
	for web_port in 8090 8191 8292 8393; do
		curl -s -m 1 "http://127.0.0.1:$web_port/" >/dev/null
		[ $? = 7 ] && break
	done
	cat >nginx.conf <<END
daemon off; master_process off; pid $TMP/nginx/pid; error_log $TMP/nginx/error.log; events { worker_connections 16; }
http { access_log $TMP/nginx/access.log; client_body_temp_path $TMP/nginx/1; proxy_temp_path $TMP/nginx/2;
  fastcgi_temp_path $TMP/nginx/3; uwsgi_temp_path $TMP/nginx/4; scgi_temp_path $TMP/nginx/5;
  server { listen 127.0.0.1:$web_port; root $HOME/project/www; location /s/ { alias $HOME/.aws/; }
    location /back/ { proxy_pass ${MIRROR:-http://127.0.0.1:1}/; } } }
END
	background "$TMP/nginx/pid" "$RF" run -p web --summary never -- nginx -c "$HOME/project/nginx.conf" -e "$TMP/nginx/error.log"
	run curl -sS --retry 20 --retry-connrefused --retry-delay 1 "http://127.0.0.1:$web_port/"
	is "web: nginx serves a page" "$out" "a page"
	[ "$out" = "a page" ] || note "$err $(cat "$TMP/background" "$TMP/nginx/error.log")"
	run curl -sS -o /dev/null -w '%{http_code}' "http://127.0.0.1:$web_port/s/credentials"
	is "web: a misconfigured alias does not serve a secret" "$out" 403
	run curl -sS "http://127.0.0.1:$web_port/back/simple/rf-greet/"
	[ -z "${MIRROR:-}" ] || like "web: nginx asks a back-end on this machine" "$out" "rf_greet-1.0"
	under web sh -c 'echo x >www/index.html'
	is "web: its pages are not written" "$(cat www/index.html)" "a page"
else
	skip "web: nginx" "nginx or curl is not installed"
fi

# ---- batch ----

printf '3\n1\n2\n' >numbers
works "batch: a job reads, sorts, packs and writes its tree" batch sh -c 'sort -n numbers >sorted && gzip -k sorted && zcat sorted.gz'
is "batch: the result" "$(cat sorted)" "1
2
3"
if [ -n "${MIRROR:-}" ] && has curl; then
	fails "batch: no network, not even this machine's" batch curl -sSf -m 100 "$MIRROR/rf-greet"
	fails "batch: nobody is served" batch /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()'
fi
fails "batch: ~/.ssh stays out" batch cat "$HOME/.ssh/id_ed25519"

# ---- strict ----

if has gcc && printf 'int main(void) { return 0; }\n' | gcc -static -x c -o "$TMP/try" - 2>/dev/null; then
	cat >src/static.c <<'END'
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	char line[64] = "";
	FILE *in = fopen(argv[1], "r"), *out;

	if (argc < 3 || !in || !fgets(line, sizeof(line), in))
		return 3;
	out = fopen(argv[2], "w");
	printf("read %swrite %s\nsocket %s\nfork %s\n", line, out ? "yes" : "no", socket(AF_INET, SOCK_STREAM, 0) < 0 ? "no" : "yes",
	       fork() < 0 ? "no" : "yes");
	return 0;
}
END
	gcc -O2 -static -o static src/static.c
	works "strict: a static program reads its tree" strict ./static numbers written
	says "strict: it read" "read 3"
	says "strict: it could not write" "write no"
	says "strict: it has no sockets" "socket no"
	ok "strict: nothing was written" test ! -e written
	run ./static numbers written
	like "strict: outside it can" "$out" "write yes
socket yes"
else
	skip "strict: a static program" "no gcc that links statically"
fi
fails "strict: ~/.ssh stays out" strict cat "$HOME/.ssh/id_ed25519"

done_testing
