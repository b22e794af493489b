#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Shell scripts are free of the mistakes that shellcheck knows.
set -u
cd "$1" || exit 2
command -v shellcheck >/dev/null || exit 77
find . -name samples -prune -o -name '.git' -prune -o -name '.cache' -prune -o -name 'build*' -prune \
	-o -type f -print | sort | while read -r file; do
	case $(head -c 64 "$file" | head -n 1 | tr -d '\0') in
	'#!/bin/bash'* | '#!/bin/sh'*) echo "$file" ;;
	esac
done | xargs -r shellcheck -S warning -x -e SC1090,SC1091,SC2034,SC2089,SC2090,SC2154
