#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs a command, or the guest suite, as root in a QEMU guest with one of Debian's stock kernels. The
# guest's root is this machine's, read-only with a tmpfs on top: what is built here is there.
# See docs/testing.md; usage: tests/vm/run.sh --help.
set -u
VM_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
VM_ROOT=$(cd "$VM_DIR/../.." && pwd -P)
VM_CACHE=${RF_VM_CACHE:-$VM_ROOT/.cache/vm}

usage() {
	cat <<'END'
usage: tests/vm/run.sh [options] -- COMMAND [ARG…]   run COMMAND in a guest; its exit status is passed on
       tests/vm/run.sh [options] --shell [-- COMMAND…]   an interactive shell there (exit: leave it)
       tests/vm/run.sh [options] --suite [CASE…]     run tests/vm/cases/*.sh (or the named ones), TAP;
                       @racing: those that need two processors, @plain: those that get one
       tests/vm/run.sh [options] --fetch             fetch the kernels and stop

  --kernel 6.1|6.12|all  the guest's kernel (default 6.12)
  --user                 run the command as uid 1000 instead of root
  --stdin                hand this command's standard input to the guest's (read to its end first)
  --env NAME=VALUE       set a variable for the command (again for more)
  --mem M                memory, for example 2G (the default)
  --processors N         for a command; 2 is the default
  --timeout S            seconds for the command (default 600)
  --preempt-full         boot with preempt=full
  --icount               one guest instruction is one nanosecond: repeatable costs, slow
  --accel auto|kvm|tcg   default auto: KVM where a stock kernel really boots with it
  --append WORDS         more kernel command line
  --build DIR            the build folder that the suite tests (default build)
  --keep                 keep the temporary folder (console, share) and print its name
  --verbose              print the guest's console when it ends

The command starts in this folder, with standard input empty. Opens on the guest's root cost
milliseconds; work that counts or times copies itself to /run/rf (tmpfs). Exit status 125: no guest.
END
}

vm_note() { echo "rf-vm: $*" >&2; }
vm_die() {
	echo "rf-vm: $*" >&2
	exit 125
}

. "$VM_DIR/kernel.sh"
. "$VM_DIR/initrd.sh"
. "$VM_DIR/boot.sh"
. "$VM_DIR/suite-host.sh"

series=6.12 mode=command timeout=600 VM_MEM=2G VM_PROCESSORS=2 VM_ACCEL=auto VM_APPEND='' VM_ICOUNT='' VM_KEEP=''
VM_SHELL='' VM_USER='' VM_VERBOSE='' VM_BUILD=$VM_ROOT/build stdin='' exports=()
while [ $# -gt 0 ]; do
	case $1 in
	--kernel | --mem | --processors | --timeout | --accel | --append | --env | --build)
		[ $# -ge 2 ] || vm_die "$1 needs a value"
		;;&
	--kernel) series=$2 && shift ;;
	--mem) VM_MEM=$2 && shift ;;
	--processors) VM_PROCESSORS=$2 && shift ;;
	--timeout) timeout=$2 && shift ;;
	--accel) VM_ACCEL=$2 && shift ;;
	--append) VM_APPEND="$VM_APPEND $2" && shift ;;
	--env) exports+=("$2") && shift ;;
	--build) VM_BUILD=$(realpath "$2") && shift ;;
	--preempt-full) VM_APPEND="$VM_APPEND preempt=full" ;;
	--icount) VM_ICOUNT=1 ;;
	--user) VM_USER=1 ;;
	--stdin) stdin=1 ;;
	--keep) VM_KEEP=1 ;;
	--verbose) VM_VERBOSE=1 ;;
	--shell) mode=shell VM_SHELL=1 ;;
	--suite) mode=suite ;;
	--fetch) mode=fetch ;;
	--help | -h)
		usage
		exit 0
		;;
	--)
		shift
		break
		;;
	-*) vm_die "unknown option $1, see --help" ;;
	*) break ;;
	esac
	shift
done
[ "$series" = all ] && series="6.1 6.12"
[ "$mode" != command ] || [ $# -gt 0 ] || vm_die "no command given, see --help"

for tool in qemu-system-x86_64 busybox cpio depmod xz; do
	command -v "$tool" >/dev/null || PATH=$PATH:/usr/sbin:/sbin
	command -v "$tool" >/dev/null || vm_die "$tool is missing: tools/deps guest installs it"
done

VM_TMP=$(mktemp -d "${TMPDIR:-/tmp}/rf-vm.XXXXXX") || vm_die "no temporary folder"
VM_PIDS=()
finish() {
	local pid
	for pid in "${VM_PIDS[@]}"; do
		kill "$pid" 2>/dev/null
	done
	# Not for all that this shell began: what numbers the TAP ends with its input, which may be late.
	[ ${#VM_PIDS[@]} -eq 0 ] || wait "${VM_PIDS[@]}" 2>/dev/null
	if [ -n "$VM_KEEP" ]; then vm_note "kept $VM_TMP"; else rm -rf "$VM_TMP"; fi
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# The command as a script for the guest: words and folder quoted by bash, so any byte survives.
write_command() {
	local share=$VM_TMP/share
	{
		for pair in ${exports[@]+"${exports[@]}"}; do
			printf 'export %s=%q\n' "${pair%%=*}" "${pair#*=}"
		done
		printf 'cd %q || exit 125\nexec' "$PWD"
		printf ' %q' "$@"
		echo
	} >"$share/command"
	chmod 644 "$share/command"
	if [ -n "$stdin" ]; then cat >"$share/stdin"; else : >"$share/stdin"; fi
}

mkdir -m 755 "$VM_TMP/share"
chmod 755 "$VM_TMP"
result=0
for kernel in $series; do
	vm_fetch_kernel "$kernel"
	vm_build_initrd "$kernel"
	[ "$mode" = fetch ] && continue
	case $mode in
	command) write_command "$@" ;;
	shell) write_command "${@:-bash}" ;;
	suite)
		vm_run_suite "$kernel" "$timeout" "$@" || result=1
		continue
		;;
	esac
	[ "$series" = "$kernel" ] || vm_note "kernel $kernel"
	vm_boot "$kernel" "$timeout"
	status=$?
	[ "$status" -eq 0 ] || result=$status
done
if [ "$mode" = suite ]; then
	echo "1..$(cat "$VM_TMP/count")"
fi
exit "$result"
