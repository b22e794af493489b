#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `ringfence audit` on files and standard input: what it takes, what it chooses, how it prints.
. "$(dirname "$0")/lib.sh"

E=$TMP/events
# event SEQ MEMBERS: one line of the stream
event() {
	printf '{"v":1,"type":"access","seq":%d,"time":"2026-01-05T10:11:%02d.123456789Z",%s}\n' "$1" "$1" "$2"
}
denied='"sandbox":{"id":"9f","name":"web"},"process":{"pid":7,"comm":"cat"},"layer":"files","operation":"open"'
{
	event 1 "$denied"',"object":{"path":"/etc/shadow"},"missing":["read"],"verdict":"denied","rule":{"id":"secrets","source":"web.json:14"},"count":3'
	event 2 "$denied"',"object":{"path":"/srv/x"},"access":["read"],"verdict":"allowed","rule":{"id":"www"},"count":1'
	printf '{"v":1,"type":"lost","seq":3,"last":9,"time":"2026-01-05T10:11:03.1Z","count":7,"cause":"ring_full"}\n'
} >"$E"

run "$RF" audit "$E"
is "json passes unchanged" "$out" "$(cat "$E")"
run "$RF" audit --format text "$E"
is "text has aligned columns" "$out" "10:11:01.123 denied     files        read /etc/shadow  by secrets (web.json:14)  x3  cat[7] in web
10:11:02.123 allowed    files        read /srv/x  by www  cat[7] in web
lost       7 events, numbers 3 to 9: ring_full"
is "standard input works alike" "$("$RF" audit --format text - <"$E")" "$out"

seqs() { "$RF" audit "$@" "$E" | sed 's/.*"seq":\([0-9]*\).*/\1/' | tr '\n' ' '; }
is "--denied keeps denials and losses" "$(seqs --denied)" "1 3 "
is "--since takes a time" "$(seqs --since 2026-01-05T10:11:02)" "2 3 "
is "--sandbox takes a name" "$(seqs --sandbox web)" "1 2 "
event 8 '"sandbox":{"id":"aa","name":"0123456789abc"},"container":{"id":"0123456789abcd"},"verdict":"denied"' >"$TMP/container"
is "--sandbox takes a container's id" "$("$RF" audit --sandbox 0123456789abcd "$TMP/container" | wc -l)" 1
is "--sandbox takes its first twelve characters" "$("$RF" audit --sandbox 0123456789ab "$TMP/container" | wc -l)" 1
is "--sandbox takes no fewer" "$("$RF" audit --sandbox 0123456789a "$TMP/container" | wc -l)" 0
is "--where compares" "$(seqs --where 'object.path ~ /etc/* or type = lost')" "1 3 "
is "--where: quotes hide words" "$(seqs --where 'rule.id = "secrets" and not verdict = allowed')" "1 "
run "$RF" audit --where 'a = "b' "$E"
is "a mistake in --where is a usage error" "$status" 2
members=$(jq -r '.properties | to_entries[] | .key as $k | $k, ((.value.properties // {}) | keys[] | "\($k).\(.)")' \
	"$RF_SOURCE_ROOT/policies/schema/event-v1.json" | paste -sd'|' | sed 's/|/ or /g')
run "$RF" audit --where "$members" "$E"
is "--where knows every member of records" "$status $err" "0 "
run "$RF" audit --where 'layer = files and not object.pth ~ /etc/*' "$E"
is "and tells of others" "$status $err" "2 ringfence: --where: no record has a member object.pth"
run "$RF" audit --where 'a = "b' "$E"
like "and names its place" "$err" 'ringfence: --where, at character 5: the closing quote is missing'
run "$RF" audit --since yesterday "$E"
is "a mistake in --since is a usage error" "$status" 2

# Lines that are no events are counted and do not end the reading.
{
	printf '{"v":1,"type":"access","se'
	printf '\n\0\0\0\n[]\nnull\n{"type":1}\n{"type":"x","a":1,"a":2}\n{"type":"x","p":"\377"}\n'
	head -c 400000 /dev/zero | tr '\0' x
	printf '\n'
	cat "$E"
} >"$TMP/broken"
run "$RF" audit "$TMP/broken"
is "good lines among bad ones are kept" "$out" "$(cat "$E")"
is "and the bad ones are told" "$status:$err" "1:ringfence: 8 lines of the input are no events"
head -c -20 "$E" >"$TMP/cut"
run "$RF" audit "$TMP/cut"
is "a file cut in the middle of a line" "$status:$out" "1:$(head -n 2 "$E")"
run "$RF" audit - <"$E"
is "reading nothing is no error" "$status:$out$err" "0:"

printf '%s\n' '{"type":"access","verdict":"denied\u001b[2J","layer":"a\u001b[0m","operation":"\u202eopen","object":{"unix":"@a\u0000b"},"rule":{"id":"\u009bx"},"process":{"comm":"\u0007","pid":-3},"sandbox":{"name":"\r\n"}}' >"$TMP/hostile"
run "$RF" audit --format text "$TMP/hostile"
is "no field reaches a terminal unescaped" "$out" \
	'denied\x1b[2J a\x1b[0m     \xe2\x80\xaeopen unix @a\x00b  by \xc2\x9bx  \x07[-3] in \x0d\x0a'
run "$RF" audit "$TMP/none"
is "a missing file" "$status:$err" "125:ringfence: cannot open $TMP/none: No such file or directory"
line=$(head -n 1 "$E")
for _ in {1..2000}; do printf '%s\n' "$line"; done >"$TMP/many"
mkfifo "$TMP/pipe"
"$RF" audit "$TMP/many" >"$TMP/pipe" 2>"$TMP/pipe.err" &
head -c 1 "$TMP/pipe" >/dev/null
wait $!
status=$?
ok "a reader that went away ends it" test "$status" -ne 0
done_testing
