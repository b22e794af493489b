#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `ringfence learn --from`: what events become, what is never granted, and that the policy holds for
# the events it was learned from.
. "$(dirname "$0")/lib.sh"
cd "$TMP" || exit 1
unset XDG_CONFIG_HOME TMPDIR
export HOME=/home/ann

event() { # LAYER OBJECT ACCESS [MORE-MEMBERS]
	local access=''
	[ -z "$3" ] || access="\"access\":[$3],\"missing\":[$3],"
	printf '{"v":1,"type":"access","seq":1,"sandbox":{"id":"1"},"process":{"pid":9,"comm":"cc1"},"layer":"%s","object":%s,%s"verdict":"would_deny","rule":{"id":"%s.default"},"count":2%s}\n' \
		"$1" "$2" "$access" "$1" "${4:-}"
}
file() { event files "{\"path\":\"$1\"}" "$2" "${3:-}"; }
field() { # FILE EXPRESSION over p
	python3 -c 'import json,sys; p=json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$1" "$2"
}

{
	file "$PWD/main.c" '"read"'
	file "$PWD/main.o" '"read","write","create"'
	file /tmp/ccAbCd12.s '"write","create","remove"' ',"operation":"open"'
	file /home/ann/.ssh/id_rsa '"read"'
	event files "{\"path\":\"$PWD/new.tmp\",\"new_path\":\"$PWD/new\"}" '"create","remove"' ',"operation":"rename"'
	event network '{"family":"inet","protocol":"tcp","address":"10.1.2.3","port":443}' '"connect","send"'
	event network '{"family":"inet","protocol":"tcp","address":"169.254.169.254","port":80}' '"connect"'
	event network '{"family":"inet","protocol":"tcp","address":"0.0.0.0","port":6000}' '"connect"'
	event network '{"family":"unix","unix":"@hello-4711"}' '"connect"'
	event network '{"family":"packet"}' '' ',"operation":"socket"'
	event devices '{"type":"char","major":10,"minor":200}' '"read","write"'
	event capabilities '{"name":"net_raw"}' ''
	event kernel '{"key":"keyrings"}' ''
	event kernel '{"key":"modules"}' ''
	event seccomp '{"name":"keyctl","nr":250,"abi":"x86_64","args":["0x0","0x0","0x0","0x0","0x0","0x0"]}' ''
	event files '{"path":"/sys/fs/bpf/x"}' '"read"' ',"rule":{"id":"ringfence.self"}' | sed 's/"rule":{"id":"files.default"},//'
	echo '{"v":1,"type":"exec","seq":3,"process":{"comm":"sh"},"object":{"path":"/srv/bin/tool"}}'
	echo '{"v":1,"type":"stats","seq":4}'
} >events

run "$RF" learn --from events -o out.json
is 'learn: status' "$status" 0
is 'learn: says how much is held back' "$err" 'ringfence: 5 things were used and not granted; "x-withheld" of out.json tells why'
run "$RF" policy check --strict out.json
is 'the policy passes the strict check' "$status:$out" '0:out.json: ok'
is 'name and base' "$(field out.json 'p["name"],p["extends"]')" "('out', ['@base'])"
is 'files' "$(field out.json '[(r["id"],r["allow"],r["paths"]) for r in p["files"]["rules"]]')" \
	"[('srv-exec', ['exec'], ['/srv/bin/tool']), ('temporary-write', ['write'], ['\${TMPDIR}/cc*.s']), ('work-read', ['read'], ['\${CWD}/main.c']), ('work-read-write', ['read', 'write'], ['\${CWD}/main.o']), ('work-create-remove', ['create', 'remove'], ['\${CWD}/new', '\${CWD}/new.tmp'])]"
is 'network' "$(field out.json '[(r["allow"],r.get("to"),r.get("ports"),r.get("unix")) for r in p["network"]["rules"]]')" \
	"[(['connect'], ['10.1.2.3'], [443], None), (['connect'], ['@loopback'], [6000], None), (['connect'], None, None, ['@hello-*'])]"
is 'everything else' "$(field out.json 'p["capabilities"],p["kernel"],p["devices"]["rules"][0]["nodes"],p["files"]["default"]')" \
	"({'keep': ['net_raw']}, {'keyrings': 'allow'}, ['char 10:200'], 'deny')"
like 'reasons say how often and by whom' "$(field out.json 'p["files"]["rules"][2]["reason"]')" '^2 uses by cc1$'
is 'never granted' "$(field out.json '[w["what"] for w in p["x-withheld"]]')" \
	"['read /home/ann/.ssh/id_rsa', 'connect tcp 169.254.169.254:80', 'kernel modules', 'files use /sys/fs/bpf/x', 'network socket {\"family\":\"packet\"}']"
run "$RF" why out.json read /home/ann/.ssh/id_rsa
is 'a used secret stays denied' "$status" 1
run "$RF" why out.json write "$PWD/main.c"
is 'what was only read is not written' "$status" 1

tac events | "$RF" learn --from - -o - 2>/dev/null | sed 's/"name": "learned"/"name": "out"/' >again.json
ok 'the same events in another order make the same policy' cmp -s out.json again.json
run "$RF" learn --from events --only-denied -p @base -o denied.json
is 'only-denied: sections of the base stay as they are' "$status:$(field denied.json '"default" in p["files"]')" 0:False
run "$RF" learn --from events --diff out.json
is 'diff: secrets are what the events still need' "$status:$(wc -l <<<"$out")" 1:3
grep -v -e id_rsa -e 169.254 -e modules -e packet -e bpf events >plain
run "$RF" learn --from plain --diff out.json
is 'diff: nothing to tell' "$status:$out" 0:
run "$RF" policy replay out.json plain
is 'replay: nothing of the events is denied' "$status" 0
grep -v -e keyrings -e keyctl -e tool -e net_raw plain >fewer
run "$RF" learn --from fewer --diff out.json
is 'diff: what nothing used' "$status:$(sed 's/ (.*//' <<<"$out" | tr '\n' ,)" '1:unused rule srv-exec,unused kernel keyrings,'
sed -i 's|"${CWD}/main.c"|"${CWD}/other.c"|' out.json
run "$RF" learn --from plain --diff out.json
like 'diff: what is needed and what is not used' "$out" "needs read $PWD/main.c  denied by files.default .*unused rule work-read "

# A base without secrets does not give them away.
echo '{"ringfence":1,"name":"mine","capabilities":{"keep":["kill"]},"seccomp":{"default":"allow","deny":["keyctl"]},"kernel":{"keyrings":"deny"}}' >mine.json
run "$RF" learn -p ./mine.json --from events -o sub.json
is 'base: known secrets stay denied' "$status:$(field sub.json 'p["extends"][1]')" 0:@base
is 'base: what it refuses is not granted' "$(field sub.json '[w["what"] for w in p["x-withheld"]][-5:-2]')" "['capability net_raw', 'kernel keyrings', 'kernel modules']"
run "$RF" policy check --strict sub.json
is 'base: strict check' "$status" 0

for bad in 'x' '{"v":1' '[1]'; do
	echo "$bad" >bad
	run "$RF" learn --from bad
	is "refused: $bad" "$status:$err" '125:ringfence: bad, line 1 is not a record of events'
done
printf '{"v":1,"type":"access"' >bad
run "$RF" learn --from bad
is 'refused: half a record' "$status:$err" '125:ringfence: bad ends within a record (line 1)'
for words in '' '--from' '--from events -- true' '--diff x -- true' '--mode audit -- true' '--from events --user root'; do
	run "$RF" learn $words
	is "usage: learn $words" "$status" 2
done
run "$RF" learn --from nosuch
is 'no such file' "$status:$err" '125:ringfence: open nosuch: No such file or directory'

run "$RF" learn --from events --bogus
is 'an option that there is not' "$status:$err" '2:ringfence: unknown option --bogus of `learn`'
run "$RF" learn --name
is 'an option without its value' "$status:$err" '2:ringfence: the option --name needs a value'

# A run that does not come to its command teaches nothing, and takes nothing away.
printf '#!/nosuch\n' >broken
chmod 755 broken
for words in '127 nosuchcmd' '126 ./broken' '125 --user nosuchuser -- true'; do
	echo kept >keep.json
	run "$RF" learn --need should -o keep.json ${words#* }
	is "not started: $words" "$status:$(cat keep.json)" "${words%% *}:kept"
done
run "$RF" learn --need should -o ended.json sh -c 'setarch --show >/dev/null; exit 127'
if [ -e ended.json ]; then
	is "started, with a status like that" "$status" 127
else
	skip "started, with a status like that" "this kernel told of nothing that it did"
fi
run "$RF" learn --need should -p nope -o nope.json -- true
like 'a base that is not there is called by its name' "$status:$err" '^125:ringfence: -p nope: .*there is no policy "nope" in '
echo '{"ringfence": 1, "files": 7}' >wrong.json
run "$RF" learn --need should -p ./wrong.json -o nope.json -- true
like 'a base that is wrong' "$status:$err" "^125:ringfence: -p ./wrong.json: .*/wrong.json:1:"
ok 'nothing is written then' test ! -e nope.json
run "$RF" learn --need should -o true.json -- true
ok "the policy of the run has a name that is not ours alone" test "${err/\/proc\/self/}" = "$err"

# Whatever the events: the policy is right by strict check, and denies nothing of them but secrets.
cat >make.py <<'P'
import json, random, sys
r = random.Random(int(sys.argv[1]))
words = ['a', 'b c', 'x*y', '.env', 'id_rsa', 'lib.so.1.2', 'ccAbCdEf.s', '{q}', 'ü', '0123456789abcdef01', '4711', '${HOME}', 'n,m', '[z]', 'd\\e', '**']
roots = ['/srv', '/tmp', '/home/ann', '/home/ann/.ssh', sys.argv[2], '/etc', '/usr/bin', '/proc/77', '/run/user/5', '']
rights = ['read', 'write', 'append', 'create', 'remove', 'metadata', 'exec']
def path():
    return r.choice(roots) + ''.join('/' + r.choice(words) + r.choice(['', str(r.randrange(40))]) for _ in range(r.randrange(1, 5)))
def some(of):
    return r.sample(of, r.randrange(1, len(of) + 1))
for i in range(int(sys.argv[3])):
    kind = r.randrange(20)
    e = {'v': 1, 'type': 'access', 'seq': i, 'process': {'comm': r.choice(words)}}
    if kind < 13:
        e.update(layer='files', object={'path': path()}, access=some(rights))
        if r.randrange(9) == 0:
            e.update(operation=r.choice(['rename', 'exchange', 'link']), access=['create', 'remove'])
            e['object']['new_path'] = path()
            if e['operation'] == 'link': e['access'] = ['create']
    elif kind < 16:
        a = r.choice(['127.0.0.1', '::1', '0.0.0.0', '10.0.%d.%d' % (r.randrange(3), r.randrange(30)), '2001:db8::%x' % r.randrange(20), '8.8.8.8', '169.254.169.254'])
        o = {'family': 'inet6' if ':' in a else 'inet', 'address': a, 'port': r.choice([0, 22, 443, 8080, 33000, r.randrange(65536)])}
        if r.randrange(8): o['protocol'] = r.choice(['tcp', 'udp', 'sctp', 'icmp'])
        e.update(layer='network', object=o, access=some(['connect', 'send', 'bind'] + ['listen'] * (o.get('protocol') in ('tcp', 'sctp'))))
    elif kind < 17:
        e.update(layer='network', object={'family': 'unix', 'unix': r.choice(['@' + r.choice(words), path()])}, access=some(['connect', 'send', 'bind', 'listen']))
    elif kind < 18:
        e.update(layer='devices', object={'type': r.choice(['char', 'block']), 'major': r.randrange(300), 'minor': r.randrange(9)}, access=some(['read', 'write', 'mknod']))
    elif kind < 19:
        e.update(layer='capabilities', object={'name': r.choice(['kill', 'net_raw', 'sys_admin', 'bpf'])})
    else:
        n, nr = r.choice([('keyctl', 250), ('mount', 165), ('bpf', 321), ('read', 0), ('userfaultfd', 323), ('personality', 135)])
        e.update(layer='seccomp', object={'name': n, 'nr': nr, 'abi': 'x86_64', 'args': ['0x%x' % r.choice([0, 8, 0x20000]) for _ in range(6)]})
    if 'access' in e: e['missing'] = e['access']
    e.update(verdict=r.choice(['would_deny', 'denied', 'allowed']), rule={'id': 'x'}, count=r.randrange(1, 9))
    print(json.dumps(e, ensure_ascii=r.randrange(2) == 0))
P
failed=''
for seed in 1 2 3; do
	python3 make.py $seed "$PWD" 300 >random
	"$RF" learn --from random -o random.json 2>"$TMP/.err" || failed+=" learn:$seed"
	"$RF" policy check --strict random.json >/dev/null 2>>"$TMP/.err" || failed+=" check:$seed"
	# What is told as needed is exactly what was told as withheld.
	"$RF" learn --from random --diff random.json | grep -c '^needs' >needs
	wanted=$(field random.json 'sum(len(w["what"].split(" ")[0].split(",")) for w in p.get("x-withheld", []) if w["why"] != "no rule can name it")')
	[ "$(cat needs)" = "$wanted" ] || failed+=" diff:$seed:$(cat needs):$wanted"
done
is 'generated events: learned, strictly right, and nothing denied but what is withheld' "$failed" ''
# ---- a rename must not add rights, so the old names get those of the new ----
{
	event files "{\"path\":\"$PWD/m2\",\"new_path\":\"$PWD/m3\"}" '"create","remove"' ',"operation":"rename"'
	event files "{\"path\":\"$PWD/m1\",\"new_path\":\"$PWD/m2\"}" '"create","remove"' ',"operation":"rename"'
	file "$PWD/m3" '"read"'
	event files "{\"path\":\"$PWD/k1\",\"new_path\":\"$PWD/k2\"}" '"create"' ',"operation":"link"'
	event files "{\"path\":\"$PWD/x1\",\"new_path\":\"$PWD/x2\"}" '"create","remove"' ',"operation":"exchange"'
	file "$PWD/x1" '"metadata"'
} >renames
run "$RF" learn --from renames -o renames.json
is 'renames: every name on the way' "$(field renames.json '[(r["allow"],r["paths"]) for r in p["files"]["rules"]]')" \
	"[(['create'], ['\${CWD}/k1', '\${CWD}/k2']), (['read', 'create', 'remove'], ['\${CWD}/m1', '\${CWD}/m2', '\${CWD}/m3']), (['create', 'remove', 'metadata'], ['\${CWD}/x1', '\${CWD}/x2'])]"
run "$RF" policy replay renames.json renames
is 'renames: nothing of them is denied' "$status" 0

echo '{"v":1,"type":"stats","seq":5,"completeness":"best-effort"}' | cat events - >partial
run "$RF" learn --from partial -o partial.json
like 'a recording that may not be whole: says so' "$status:$err" '^0:ringfence: the host did not show all that was used'
like 'and in the policy' "$(field partial.json 'p["$comment"]')" 'which may not be all that was used'

# ---- a run: what no back-end here records is left to the base, and that is told ----
if [ "$(id -u)" = 0 ] && touch owned && "$RF" run --need should -p base -- true 2>/dev/null; then
	run "$RF" learn --need should -o live.json -- chown 1:1 owned
	is 'a run: the command went through' "$status" 0
	is 'a run: capabilities are learned, or told as not recorded' \
		"$(field live.json '("capabilities" in p) != ("capabilities" in p.get("x-not-recorded", []))')" True
	is 'a run: the same for files' "$(field live.json '("files" in p) != ("files" in p.get("x-not-recorded", []))')" True
	is 'a run: what is not recorded is told in one sentence' \
		"$(grep -c '^ringfence: uses of .* cannot be recorded here' <<<"$err")" \
		"$(field live.json 'int("x-not-recorded" in p)')"
	run "$RF" run -p ./live.json -- chown 2:2 owned
	is 'a run: what was learned holds for the same command' "$status" 0
else
	skip 'a learning run' 'only root may own files otherwise'
fi

done_testing
