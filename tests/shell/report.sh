#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `ringfence report`: the page agrees with the events, is well-formed, shows hostile names and runs
# nothing of them. In a headless Chromium too, where one is installed.
. "$(dirname "$0")/lib.sh"
HERE=$(cd "$(dirname "$0")" && pwd)

"$HERE/report-events.py" >"$TMP/events"
run "$RF" report "$TMP/events" -o "$TMP/page.html"
is "a page is made, silently" "$status:$out$err" 0:
is "the page is readable by everybody" "$(stat -c %a "$TMP/page.html")" 644
# The check prints one line of TAP a promise; they become ours.
"$HERE/report-page.py" "$TMP/events" "$TMP/page.html" >"$TMP/checked" 2>&1
is "the check ended" "$(tail -n 1 "$TMP/checked")" end
while IFS= read -r line; do
	case $line in
	ok\ *) ok "${line#ok }" true ;;
	no\ *) ok "${line#no }" false ;;
	end) ;;
	*) note "$line" ;;
	esac
done <"$TMP/checked"

: >"$TMP/empty"
run "$RF" report "$TMP/empty" -o "$TMP/x.html"
is "no events: told" "$status:$err" "1:ringfence: the input holds no events"
ok "and no page" test ! -e "$TMP/x.html"
echo '{"v":1,"type":"exec","seq":1,"sandbox":{"id":"1"},"process":{"comm":"sh"},"object":{"path":"/bin/true"}}' >"$TMP/quiet"
run "$RF" report "$TMP/quiet" -o -
is "events without a denial make a page" "$status:$err" 0:
like "and it says so" "$out" 'Nothing was denied.*No event was lost'
"$RF" report -o - - <"$TMP/events" >"$TMP/stdout.html"
is "standard input and output" "$(sed 's/<code>-</<code>X</; s/: -</: X</' "$TMP/stdout.html" | grep -c '')" \
	"$(grep -c '' "$TMP/page.html")"
run "$RF" report "$TMP/events"
is "-o is asked for" "$status:$err" "2:ringfence: report: -o FILE is missing; -o - is standard output"
run "$RF" report -o "$TMP/x.html"
is "events are asked for" "$status" 2
run "$RF" report "$TMP/none" -o "$TMP/x.html"
is "a missing file" "$status:$err" "125:ringfence: cannot open $TMP/none: No such file or directory"
ok "leaves no page" test ! -e "$TMP/x.html"
printf 'no\nevents\n' >"$TMP/text"
run "$RF" report "$TMP/text" -o "$TMP/x.html"
is "a file without events" "$status:$err" "1:ringfence: 2 lines of the input are no events"
ok "leaves no page either" test ! -e "$TMP/x.html"
run "$RF" report "$TMP/text" "$TMP/events" -o "$TMP/x.html"
is "bad lines among events are told" "$status:$err" "0:ringfence: 2 lines of the input are no events"
run "$RF" report "$TMP/events" -o "$TMP/none/x.html"
is "a folder that is not there" "$status" 125

# Ten thousand different names: the page stays small, the sums stay right.
python3 - >"$TMP/many" <<'END'
for i in range(20000):
    print('{"v":1,"type":"access","seq":%d,"sandbox":{"id":"s%d"},"process":{"pid":%d,"comm":"c"},'
          '"layer":"files","operation":"open","object":{"path":"/d%d/%s%d"},"missing":["read"],'
          '"verdict":"denied","rule":{"id":"r%d"},"count":1}' % (i, i % 500, i, i, "<&>\'" * 200, i, i % 3000))
END
"$RF" report "$TMP/many" -o "$TMP/many.html"
like "every denial is counted" "$(grep -o '"totals">.*' "$TMP/many.html")" '"events":20000,"denied":20000,'
ok "the page is bounded" test "$(stat -c %s "$TMP/many.html")" -lt 12000000
is "the rules and the rest add up" "$(python3 - "$TMP/many.html" <<'END'
import re, sys
part = open(sys.argv[1]).read().split('id="t-rules"')[1].split("</section>")[0]
print(sum(map(int, re.findall(r'data-n="(\d+)"', part))) + int(re.search(r"fit counts (\d+)", part)[1]))
END
)" 20000

browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
# visit HASH: the page's document after its script has run, from a profile of its own
visit() {
	HOME=$TMP XDG_RUNTIME_DIR=$TMP timeout 60 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
		--user-data-dir="$TMP/profile" --virtual-time-budget=2000 --dump-dom \
		"file://$TMP/page.html$1" 2>/dev/null
}
if [ -z "$browser" ]; then
	skip "the page works in a browser" "no chromium is installed"
elif visit '' >"$TMP/whole" && [ ! -s "$TMP/whole" ]; then
	skip "the page works in a browser" "$browser does not start here"
else
	visit '#layer=network' >"$TMP/network"
	visit '#text=shadow&verdict=denied' >"$TMP/shadow"
	visit "#frame=$(grep -o 'id="frame-[0-9]*"[^>]*><title>load (app)' "$TMP/page.html" | grep -o '[0-9]*' | head -n 1)" >"$TMP/frame"
	# Keys, by a script that the page itself would not let in.
	cp "$TMP/page.html" "$TMP/page.whole"
	sed -i '/Content-Security-Policy/d' "$TMP/page.html"
	cat >>"$TMP/page.html" <<'END'
<script>
setTimeout(function () {
	var key = function (name) {
		document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key: name, bubbles: true}));
		return document.activeElement.querySelector("title").textContent.replace(/: [0-9]+ denials.*/, "");
	};
	document.querySelector(".frame[tabindex='0']").focus();
	var walked = [key("x"), key("ArrowRight"), key("ArrowDown"), key("ArrowRight"), key("Enter") && document.activeElement.querySelector("rect").getAttribute("width")];
	key("Escape");
	walked.push(document.querySelectorAll(".frame.off").length + " off");
	document.body.appendChild(document.createTextNode("[walked:" + walked.join("|") + "]"));
}, 100);
</script>
END
	visit '' >"$TMP/keys"
	mv "$TMP/page.whole" "$TMP/page.html"
	"$HERE/report-page.py" --browser "$TMP/events" "$TMP/whole" "$TMP/network" "$TMP/shadow" "$TMP/frame" "$TMP/keys" >"$TMP/checked" 2>&1
	is "the browser's check ended" "$(tail -n 1 "$TMP/checked")" end
	while IFS= read -r line; do
		case $line in
		ok\ *) ok "${line#ok }" true ;;
		no\ *) ok "${line#no }" false ;;
		end) ;;
		*) note "$line" ;;
		esac
	done <"$TMP/checked"
fi
done_testing
