#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Real programs under the shipped policies where BPF LSM holds all of them, and the verdict tables asked
# of the kernel itself.
. "$RF_VM/lib.sh"

T_BASE=/projects

test_programs_work_and_secrets_stay_out() {
	capture env RF_LIBRARY_BPF=1 "RF_LIBRARY_DIR=$T" HOME=/root "RF_SOURCE_ROOT=$RF_ROOT" "RF=$RF" bash \
		"$RF_ROOT/tests/shell/library.sh"
	[ "$RC" -eq 0 ] || fail "$(grep -A6 '^not ok' <<<"$OUT")
$ERR"
	contains "$OUT" "the metadata service stays out" "tests"
}

# Each row of policies/verdicts is an access that is really made, in one process under its policy.
test_the_kernel_answers_as_the_tables_say() {
	# No policy here keeps the capability, which is asked first; and folders are no sockets.
	local unaskable='^skipped: (device mknod char 1:3|connect unix /(tmp|run/user)) - '
	local name told='' bad=''
	# Where every policy lets it be read.
	mkdir -p /usr/local/share/rf-table
	cp -r "$RF_ROOT/policies/verdicts" "$RF_VM/table.py" /usr/local/share/rf-table/
	cd /usr/local/share/rf-table || exit 1
	mkdir -p /data/project /data/tmp /home/user
	background /usr/bin/python3 "$PWD/table.py" prepare verdicts
	wait_for 'grep -q ready "$T/.background"' "what the rows name"
	# Outside of a fence nearly nothing is denied: else a refusal would prove nothing.
	capture /usr/bin/python3 table.py ask verdicts/strict
	[ "$(grep -c ^differs <<<"$OUT")" -gt 60 ] || fail "outside it is denied, too: $OUT"
	for name in agent base batch build container-default default strict web; do
		capture env HOME=/home/user USER=user TMPDIR=/data/tmp "$RF" run -p $name --workdir /data/project --summary never -- \
			/usr/bin/python3 "$PWD/table.py" ask "$PWD/verdicts/$name"
		told="$told
$name: $(tail -n 1 <<<"$OUT")"
		[ "$RC" -eq 0 ] || bad="$bad
$name: status $RC
$(grep -v ^skipped <<<"$OUT")
$ERR"
		{ grep -qE '^[1-9][0-9]* agree, ' <<<"$OUT" && ! grep ^skipped <<<"$OUT" | grep -qvE "$unaskable"; } || bad="$bad
$name: rows that nobody asked
$OUT"
	done
	echo "# $told" | tr '\n' ';'
	echo
	[ -z "$bad" ] || fail "$bad"
}

run_tests
