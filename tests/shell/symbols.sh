#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The process that names the frames of stacks: right names, for the right file only, and no rights.
. "$(dirname "$0")/lib.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
HELPER=$(dirname "$RF")/ringfence-symbols

if [ -z "$(command -v gcc)" ] || [ -z "$(command -v objcopy)" ]; then
	skip "symbols" "gcc and binutils are not installed"
else
	echo 'int wanted(int x) { return x * 3; } int main(void) { return wanted(0); }' >"$TMP/program.c"
	gcc -O0 -Wl,--build-id -o "$TMP/program" "$TMP/program.c"
	"$HERE/symbols.py" "$HELPER" "$TMP/program" wanted >"$TMP/checked" 2>&1
	is "the check ended" "$(tail -n 1 "$TMP/checked")" end
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
