#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What docs/cookbook.md shows happens where every policy can be held as it is written.
. "$RF_VM/lib.sh"

# Folders as a user has them: /run is where programs leave sockets.
T_BASE=/projects

test_every_recipe_does_what_it_shows() {
	status 0 "$RF" load # as part of a recipe it would take of that one's time
	capture env RF_COOKBOOK_ALL=1 "RF_COOKBOOK_DIR=$T" "RF_SOURCE_ROOT=$RF_ROOT" "RF=$RF" \
		/usr/bin/python3 "$RF_ROOT/tests/shell/cookbook.py"
	[ "$RC" -eq 0 ] || fail "$(grep -A6 '^not ok' <<<"$OUT")
$ERR"
	lacks "$OUT" "# SKIP" "recipes"
}

run_tests
