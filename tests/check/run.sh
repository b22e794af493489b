#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs one check twice, as TAP: the tree must pass, and the check's own sample must not, so that a
# check that has gone blind is noticed.
# usage: run.sh CHECK SOURCE_ROOT BUILD_ROOT
set -u
check=$1 root=$2 build=$3
here=$(cd "$(dirname "$0")" && pwd)
name=$(basename "${check%.*}")
sample=$here/samples/$name
failed=0

echo 1..2
output=$("$here/$check" "$root" "$build" 2>&1)
case $? in
0) echo "ok 1 - $name: the tree" ;;
77) echo "ok 1 - $name: the tree # SKIP the tool is not installed" ;;
*)
	echo "not ok 1 - $name: the tree"
	printf '%s\n' "$output" | sed 's/^/# /'
	failed=1
	;;
esac
output=$("$here/$check" "$sample" "$build" 2>&1)
case $? in
0 | 2)
	echo "not ok 2 - $name: its sample is refused"
	failed=1
	;;
77) echo "ok 2 - $name: its sample is refused # SKIP the tool is not installed" ;;
*) echo "ok 2 - $name: its sample is refused" ;;
esac
exit $failed
