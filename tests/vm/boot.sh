# SPDX-License-Identifier: Apache-2.0
# Boots one guest and follows it to its end: streams the command's output, retries a boot that died
# before the command began, never one after it, and kills what outlives its time.

# Under emulation about one boot in twenty dies early.
VM_BOOT_TRIES=4

vm_qemu_accel() {
	if [ -n "$VM_ICOUNT" ]; then
		echo "-accel tcg,thread=single -icount shift=0,sleep=off -smp 1 -seed 1 -cpu max"
	elif [ "$1" = kvm ]; then
		echo "-accel kvm -smp $VM_PROCESSORS -cpu host"
	else
		# Without what an emulator pays for at every copy from user space and every page walk.
		echo "-accel tcg,thread=multi,tb-size=256 -smp $VM_PROCESSORS -cpu max,-smap,-la57"
	fi
}

vm_kernel_words() {
	echo "console=ttyS0 quiet loglevel=4 panic=-1 random.trust_cpu=on"
	# Without these, addresses and so cache effects differ from boot to boot; with the mitigations
	# an emulated kernel is a third slower, but the figures should be those of a stock one.
	if [ -n "$VM_ICOUNT" ]; then
		echo "nokaslr norandmaps"
	else
		# What an emulator translated is used again only at the address where it was translated:
		# with addresses of their own, all programs cost twice as much.
		echo "norandmaps"
		# An emulated kernel distrusts its TSC and would ask an emulated HPET for each time.
		echo "mitigations=off tsc=reliable clocksource=tsc"
		echo "init_on_alloc=0 hardened_usercopy=off randomize_kstack_offset=off"
	fi
	echo "$VM_APPEND"
}

# vm_start KERNEL ACCEL LIMIT: starts QEMU in the background, VM_QEMU is its pid.
vm_start() {
	local dir=$VM_CACHE/$1 accel=$2 limit=$3 console port
	console="file:$VM_TMP/console"
	: >"$VM_TMP/console"
	rm -f "$VM_TMP/share/status"
	if [ -n "$VM_SHELL" ]; then
		port="-chardev stdio,id=out,signal=off -device virtconsole,chardev=out,nr=1"
		port="$port -chardev null,id=err"
	else
		port="-chardev file,id=out,path=$VM_TMP/out -device virtserialport,chardev=out,nr=1"
		port="$port -chardev file,id=err,path=$VM_TMP/err"
	fi
	# shellcheck disable=SC2046,SC2086
	setpriv --pdeathsig TERM \
		timeout --foreground -k 5 "$limit" \
		nice -n 5 qemu-system-x86_64 $(vm_qemu_accel "$accel") -m "$VM_MEM" \
		-display none -monitor none -no-reboot -nic none -nodefaults -serial "$console" \
		-kernel "$dir/vmlinuz" -initrd "$VM_INITRD" \
		-append "$(vm_kernel_words | tr '\n' ' ')" \
		-virtfs local,path=/,mount_tag=hostroot,security_model=none,readonly=on,multidevs=remap \
		-virtfs "local,path=$VM_TMP/share,mount_tag=vmshare,security_model=none" \
		-device virtio-rng-pci -device virtio-serial-pci \
		$port -device virtserialport,chardev=err,nr=2 \
		<"${VM_STDIN:-/dev/null}" 2>"$VM_TMP/qemu.err" &
	VM_QEMU=$!
	VM_PIDS=("$VM_QEMU")
}

# Waits until the guest's command begins; false if the boot died or took too long.
vm_await_command() {
	local waited=0 limit=$1
	while ! grep -qs '^rf-vm: up' "$VM_TMP/console"; do
		kill -0 "$VM_QEMU" 2>/dev/null || return 1
		[ "$waited" -lt $((limit * 5)) ] || return 1
		sleep 0.2
		waited=$((waited + 1))
	done
}

# Nested virtualisation may offer /dev/kvm and not run a stock kernel: only a boot to user space
# counts. The answer holds until this machine boots again.
vm_choose_accel() {
	local note
	[ "$VM_ACCEL" = auto ] || return 0
	if [ -n "$VM_ICOUNT" ] || [ ! -w /dev/kvm ]; then
		VM_ACCEL=tcg
		return 0
	fi
	note=$VM_CACHE/accel-$(cat /proc/sys/kernel/random/boot_id)
	if [ ! -e "$note" ]; then
		rm -f "$VM_CACHE"/accel-*
		VM_ACCEL=tcg
		cp -r "$VM_TMP/share" "$VM_TMP/share.real"
		printf 'exit 0\n' >"$VM_TMP/share/command"
		: >"$VM_TMP/share/stdin"
		vm_write_env "$1" 20
		vm_try "$1" kvm 20 20 >/dev/null 2>&1 && VM_ACCEL=kvm
		rm -rf "$VM_TMP/share"
		mv "$VM_TMP/share.real" "$VM_TMP/share"
		echo "$VM_ACCEL" >"$note"
		[ "$VM_ACCEL" = kvm ] || vm_note "/dev/kvm does not boot a stock kernel here, emulating"
	fi
	VM_ACCEL=$(cat "$note")
}

# vm_write_env KERNEL SECONDS: what the guest has to know, as shell variables in the share.
vm_write_env() {
	local rows='' cols=''
	[ -n "$VM_SHELL" ] && read -r rows cols < <(stty size 2>/dev/null)
	printf '%s=%q\n' VM_ROOT "$VM_ROOT" VM_KERNEL "$VM_CACHE/$1" VM_SHELL "$VM_SHELL" \
		VM_USER "$VM_USER" VM_TERM "${TERM:-dumb}" VM_ROWS "$rows" VM_COLS "$cols" \
		VM_BUILD "$VM_BUILD" VM_LIMIT "$2" >"$VM_TMP/share/env.sh"
}

# vm_try KERNEL ACCEL BOOT-SECONDS COMMAND-SECONDS: one boot. False: the command never began.
vm_try() {
	local kernel=$1 accel=$2 boot=$3 limit=$4 readers=()
	rm -f "$VM_TMP/out" "$VM_TMP/err"
	if [ -z "$VM_SHELL" ]; then
		mkfifo "$VM_TMP/out" "$VM_TMP/err"
		cat "$VM_TMP/out" &
		readers=($!)
		cat "$VM_TMP/err" >&2 &
		readers+=($!)
	fi
	vm_start "$kernel" "$accel" $((boot + limit + 20))
	VM_PIDS+=(${readers[@]+"${readers[@]}"})
	if ! vm_await_command "$boot"; then
		kill "$VM_QEMU" ${readers[@]+"${readers[@]}"} 2>/dev/null
		wait "$VM_QEMU" ${readers[@]+"${readers[@]}"} 2>/dev/null
		return 1
	fi
	wait "$VM_QEMU"
	VM_QEMU_STATUS=$?
	wait ${readers[@]+"${readers[@]}"}
	VM_PIDS=()
	return 0
}

# vm_boot KERNEL SECONDS: runs the share's command in a guest; answers its exit status.
vm_boot() {
	local kernel=$1 limit=$2 boot=90 try
	vm_choose_accel "$kernel"
	[ -n "$VM_ICOUNT" ] && boot=300
	[ -n "$VM_SHELL" ] && VM_STDIN=/dev/stdin
	vm_write_env "$kernel" "$limit"
	for ((try = 1; ; try++)); do
		vm_try "$kernel" "$VM_ACCEL" "$boot" "$limit" && break
		if [ "$try" -ge $VM_BOOT_TRIES ]; then
			tail -n 20 "$VM_TMP/qemu.err" "$VM_TMP/console" >&2
			vm_die "the guest did not start in $try tries"
		fi
		vm_note "boot $try of kernel $kernel died early, again"
	done
	[ -n "$VM_SHELL" ] && stty sane 2>/dev/null
	vm_report_console
	[ -s "$VM_TMP/share/status" ] || {
		tail -n 20 "$VM_TMP/qemu.err" "$VM_TMP/console" >&2
		vm_note "the guest ended without a status (time over, or the kernel died; QEMU's" \
			"own status $VM_QEMU_STATUS, 124 when its time was over)"
		return 124
	}
	return "$(cat "$VM_TMP/share/status")"
}

# A kernel that complains fails the run, whatever the command answered.
vm_report_console() {
	[ -z "$VM_VERBOSE" ] || sed 's/^/console: /' "$VM_TMP/console" >&2
	if grep -qE 'BUG:|Oops|Kernel panic|WARNING: CPU|general protection|soft lockup' \
		"$VM_TMP/console"; then
		grep -vE '^rf-vm: ' "$VM_TMP/console" | tail -n 60 | sed 's/^/console: /' >&2
		vm_note "the guest's kernel complained, see above"
		echo 86 >"$VM_TMP/share/status"
	fi
}
