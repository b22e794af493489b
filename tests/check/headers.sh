#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each header compiles alone: what it needs, it includes.
set -u
cd "$1" || exit 2
build=${2:-build}
failed=0

compile() { # HEADER COMPILER [FLAG...]
	local header=$1
	shift
	printf '#include "%s"\n' "$header" |
		"$@" -I. -I"$build" -x c -fsyntax-only -Wall -Wextra -Werror -Wno-unused-function \
			-Wno-unused-const-variable - || {
		echo "$header: does not compile alone"
		failed=1
	}
}

while read -r header; do
	case $header in
	lsm/bpf/*)
		compile "$header" clang -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -O2 -g \
			-idirafter "/usr/include/$(gcc -print-multiarch)" -Wno-unused-parameter \
			-Wno-missing-declarations -Wno-gnu-variable-sized-type-not-at-end
		;;
	*) compile "$header" gcc -std=gnu11 -D_GNU_SOURCE ;;
	esac
done < <(find sandbox lsm cli -name '*.h' 2>/dev/null | sort)
exit $failed
