# SPDX-License-Identifier: Apache-2.0
# Builds the small initrd of a guest: busybox, the modules that reach the host's root over 9p, and
# tests/vm/init. Everything else comes from the host's root, so this stays a few megabytes.

VM_MODULES=(virtio_pci 9pnet_virtio 9p overlay virtio_console virtio_rng)

# Prints the files of the modules named, each after those it depends on; built-in ones are skipped.
vm_module_files() {
	local dep=$1/modules.dep name line
	shift
	for name; do
		line=$(grep -E "(^|/)${name}\.ko(\.xz)?:" "$dep") || continue
		# shellcheck disable=SC2086
		printf '%s\n' ${line/:/ } | tac
	done | awk '!seen[$0]++'
}

# vm_build_initrd SERIES: makes $VM_CACHE/SERIES/initrd-HASH unless it is there; sets VM_INITRD.
vm_build_initrd() {
	local dir=$VM_CACHE/$1 modules work file busybox
	modules=$dir/lib/modules/$(cat "$dir/release")
	busybox=$(command -v busybox) || vm_die "busybox is missing (apt-get install busybox-static)"
	VM_INITRD=$dir/initrd-$(cat "$VM_DIR/init" "$VM_DIR/initrd.sh" "$busybox" | md5sum | cut -c1-12)
	[ -e "$VM_INITRD" ] && return 0
	work=$(mktemp -d "$VM_CACHE/initrd.XXXXXX")
	mkdir -p "$work/root/bin" "$work/root/modules"
	cp "$busybox" "$work/root/bin/busybox"
	cp "$VM_DIR/init" "$work/root/init"
	chmod 755 "$work/root/init"
	for file in $(vm_module_files "$modules" "${VM_MODULES[@]}"); do
		case $file in
		*.xz) xz -dc "$modules/$file" >"$work/root/modules/$(basename "$file" .xz)" ;;
		*) cp "$modules/$file" "$work/root/modules/" ;;
		esac
		basename "$file" .xz >>"$work/root/modules/order"
	done
	(cd "$work/root" && find . | cpio -o -H newc --quiet) >"$work/initrd"
	mv "$work/initrd" "$VM_INITRD"
	rm -rf "$work"
}
