#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An installed tree is whole, works after it was moved, and asks nothing of the environment.
. "$(dirname "$0")/lib.sh"
build=$(cd "$(dirname "$RF")/.." && pwd)

prefix=$(meson introspect "$build" --buildoptions |
	python3 -c 'import json, sys; print({o["name"]: o["value"] for o in json.load(sys.stdin)}["prefix"])')
run env DESTDIR="$TMP/root" meson install -C "$build" --no-rebuild --quiet
is "meson install: status" "$status" 0
mv "$TMP/root$prefix" "$TMP/moved"

run env -i "$TMP/moved/bin/ringfence" --version
is "moved: it runs" "$status" 0
for file in "${RF_SOURCE_ROOT:?}"/policies/*.json; do
	[ -e "$file" ] || continue
	name=$(basename "$file" .json)
	run env -i "$TMP/moved/bin/ringfence" policy check "$name"
	is "moved, empty environment: policy $name is found and sound" "$status" 0
	ok "moved: it is the moved one" test -e "$TMP/moved/share/ringfence/policies/$name.json"
done
ok "nothing is installed that the owner alone does not write" \
	test -z "$(find "$TMP/moved" ! -type l -perm /022)"

run readelf -lW "$TMP/moved/bin/ringfence"
like "hardening: position independent" "$(readelf -hW "$TMP/moved/bin/ringfence")" 'Type: +DYN'
like "hardening: relocations are read-only" "$out" 'GNU_RELRO'
ok "hardening: the stack is not executable" grep -qE 'GNU_STACK .* RW +0x' "$TMP/.out"
like "hardening: symbols are bound at start" \
	"$(readelf -dW "$TMP/moved/bin/ringfence")" 'BIND_NOW|FLAGS_1.*NOW'

done_testing
