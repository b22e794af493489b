#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs the named cases one after the other inside the guest, after putting the built product where it
# would be installed. Prints unnumbered TAP lines "ok CASE: TEST"; the host numbers them.
# Works from a copy: whoever edits the checkout meanwhile does not pull it from under the tests.
export RF_ROOT=$VM_ROOT RF_VM=/run/rf/vm
if [ ! -d $RF_VM ]; then
	mkdir -p /run/rf
	cp -r "$VM_ROOT/tests/vm" $RF_VM || exit 125
	exec bash $RF_VM/suite.sh "$@"
fi
cp -a /run/vm/install/. / || exit 125
mkdir -p /run/rf
mkdir -p /run/rf/attack
for helper in "$VM_BUILD"/tests/vm/attack-*; do
	[ -f "$helper" ] && cp "$helper" "/run/rf/attack/${helper##*/attack-}"
done
RF=$(find /run/vm/install -path '*/bin/ringfence' -type f -perm -u+x | head -n 1)
export RF=${RF#/run/vm/install}
failed=0
for case in "$@"; do
	echo "# case $case"
	began=$SECONDS
	timeout -k 5 "${RF_CASE_TIMEOUT:-1200}" bash "$RF_VM/cases/$case.sh"
	status=$?
	[ $status -eq 0 ] || failed=1
	[ $status -ne 124 ] && [ $status -ne 137 ] || echo "not ok $case: its time was over"
	echo "# end $case after $((SECONDS - began)) s"
done
exit $failed
