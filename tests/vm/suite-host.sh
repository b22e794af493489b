# SPDX-License-Identifier: Apache-2.0
# The guest suite seen from outside: installs the build into the share, boots, numbers the TAP lines
# as they arrive, and goes on in a new guest after a case that killed its own.

# A loop of the shell: awk would hold lines back until it has thousands of bytes.
vm_suite_number() {
	local line n
	n=$(cat "$VM_TMP/count" 2>/dev/null || echo 0)
	while IFS= read -r line; do
		case $line in
		"ok "* | "not ok "*)
			n=$((n + 1))
			echo "${line%%ok *}ok $n - $1 ${line#*ok }"
			;;
		*) echo "$line" ;;
		esac
	done
	echo "$n" >"$VM_TMP/count"
}

vm_suite_stage() {
	[ -e "$VM_BUILD/build.ninja" ] || vm_die "no build in $VM_BUILD: meson setup and compile first"
	rm -rf "$VM_TMP/share/install"
	DESTDIR=$VM_TMP/share/install meson install -C "$VM_BUILD" --no-rebuild --quiet \
		>"$VM_TMP/install.log" 2>&1 || {
		cat "$VM_TMP/install.log" >&2
		vm_die "meson install failed"
	}
}

# Cases that get a guest of their own: they count what is left in the whole machine.
VM_ALONE=' runtimes serve '

# Cases that let two processors race. An emulated processor that waits for another one burns this
# machine's, which the other may need: all other cases get one.
VM_RACING=' aliases cache containers failures folding moving replace stress tasks '

vm_is_racing() { [[ $VM_RACING == *" $1 "* ]]; }

# vm_suite_batch CASE…: the leading ones that run in one guest, in $batch, and its processors.
vm_suite_batch() {
	batch=("$1")
	VM_PROCESSORS=1
	! vm_is_racing "$1" || VM_PROCESSORS=2
	[[ $VM_ALONE != *" $1 "* ]] || return 0
	while [ $# -gt 1 ] && [[ $VM_ALONE != *" $2 "* ]]; do
		[ "$VM_PROCESSORS" = "$(vm_is_racing "$2" && echo 2 || echo 1)" ] || return 0
		batch+=("$2")
		shift
	done
}

# vm_suite_cases [CASE|@racing|@plain…]: the names, racing ones last, in $cases.
vm_suite_cases() {
	local name file plain=() racing=()
	for name in "${@:-}"; do
		for file in "$VM_DIR"/cases/$([[ $name == @* || -z $name ]] && echo '*' || echo "$name").sh; do
			[ -e "$file" ] || vm_die "no guest case $name"
			file=$(basename "$file" .sh)
			if vm_is_racing "$file"; then
				[ "$name" = @plain ] || racing+=("$file")
			else
				[ "$name" = @racing ] || plain+=("$file")
			fi
		done
	done
	cases=(${plain[@]+"${plain[@]}"} ${racing[@]+"${racing[@]}"})
}

# vm_run_suite KERNEL SECONDS [CASE…]: false if any test failed.
vm_run_suite() {
	local kernel=$1 limit=$2 cases=() name left batch raw=$VM_TMP/tap.$1 died
	shift 2
	vm_suite_stage
	vm_suite_cases "$@"
	: >"$raw"
	left=("${cases[@]}")
	while [ ${#left[@]} -gt 0 ]; do
		vm_suite_batch "${left[@]}"
		write_command bash "$VM_DIR/suite.sh" "${batch[@]}"
		vm_boot "$kernel" "$limit" > >(tee -a "$raw" | vm_suite_number "$kernel")
		wait $!
		died=$(awk '/^# case /{c=$3} /^# end /{c=""} END{print c}' "$raw")
		if [ -z "$died" ]; then
			left=("${left[@]:${#batch[@]}}")
			continue
		fi
		echo "# end $died" >>"$raw"
		echo "not ok $died: the guest died or its time was over" |
			tee -a "$raw" | vm_suite_number "$kernel"
		while [ ${#left[@]} -gt 0 ] && [ "${left[0]}" != "$died" ]; do left=("${left[@]:1}"); done
		left=("${left[@]:1}")
	done
	for name in "${cases[@]}"; do
		grep -q "^# end $name" "$raw" && continue
		echo "not ok $name: never ran" | tee -a "$raw" | vm_suite_number "$kernel"
	done
	! grep -v '# TODO' "$raw" | grep -q '^not ok' && grep -q '^ok' "$raw"
}
