#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The closing line tells the truth: crashes, unreported tests and absent plans are failures.
. "$(dirname "$0")/lib.sh"
tally=$(dirname "$0")/../tally

# tally_of FILE: the closing line for a record whose content is on standard input
tally_of() {
	cat >"$TMP/$1"
	"$tally" "$TMP/$1" | tail -n 1
}

cmocka() { # RESULT TEXT
	printf '{"name": "t", "result": "%s", "stdout": "%s", "stderr": ""}\n' "$1" "$2"
}

is "cmocka: each test counts" "$(cmocka OK \
	'[==========] Running 2 test(s).\n[       OK ] a\n[       OK ] b\n[  PASSED  ] 2 test(s).' |
	tally_of a.json)" "2 passed, 0 failed, 0 skipped"
is "cmocka: a failure named twice is one" "$(cmocka FAIL \
	'[==========] Running 2 test(s).\n[       OK ] a\n[  FAILED  ] b\n[  FAILED  ] 1 test(s), listed below:\n[  FAILED  ] b' |
	tally_of a.json)" "1 passed, 1 failed, 0 skipped"
is "cmocka: what a crash left out has failed" "$(cmocka FAIL \
	'[==========] Running 3 test(s).\n[       OK ] a' |
	tally_of a.json)" "1 passed, 2 failed, 0 skipped"
is "cmocka: a leak found at the end is a failure" "$(cmocka FAIL \
	'[==========] Running 1 test(s).\n[       OK ] a' |
	tally_of a.json)" "1 passed, 1 failed, 0 skipped"
is "a program without protocol is one test" "$(cmocka OK 'hello' | tally_of a.json)" \
	"1 passed, 0 failed, 0 skipped"
is "a program that skips is one skip" "$(cmocka SKIP '' | tally_of a.json)" \
	"0 passed, 0 failed, 1 skipped"
is "a timeout is a failure" "$(cmocka TIMEOUT '' | tally_of a.json)" "0 passed, 1 failed, 0 skipped"
is "tap: each line counts" "$(printf 'ok 1 - a\nnot ok 2 - b\nok 3 - c # SKIP why\n1..3\n' |
	tally_of a.tap)" "1 passed, 1 failed, 1 skipped"
is "tap: planned but not run has failed" "$(printf '1..3\nok 1 - a\n' | tally_of a.tap)" \
	"1 passed, 2 failed, 0 skipped"
is "tap: without a plan it did not end" "$(printf 'ok 1 - a\n' | tally_of a.tap)" \
	"1 passed, 1 failed, 0 skipped"
is "tap: bailing out is a failure" "$(printf 'ok 1 - a\nBail out! no guest\n1..1\n' |
	tally_of a.tap)" "1 passed, 1 failed, 0 skipped"
is "tap: an empty file is a failure" "$(tally_of a.tap </dev/null)" "0 passed, 1 failed, 0 skipped"
run "$tally" "$TMP/absent.tap"
ok "an absent record is not a success" test "$status" -ne 0

done_testing
