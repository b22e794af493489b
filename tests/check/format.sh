#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The tree is formatted as clang-format 14 would: no discussion about blanks.
set -u
cd "$1" || exit 2
command -v clang-format-14 >/dev/null || exit 77
find sandbox lsm cli tests -name samples -prune -o -name '*.[ch]' -print 2>/dev/null | sort |
	xargs -r clang-format-14 --style="file:$(dirname "$(realpath "$0")")/../../.clang-format" \
		--dry-run -Werror
