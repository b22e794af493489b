# SPDX-License-Identifier: Apache-2.0
# Fetches Debian's stock kernels and unpacks them into the cache, so that a guest can boot them;
# nothing is installed and the running system is left alone.

# Each series by the meta package that follows Debian's updates.
vm_meta_package() {
	case $1 in
	6.1) echo linux-image-amd64 ;;
	6.12) echo linux-image-6.12-amd64 ;;
	*) return 1 ;;
	esac
}

vm_resolve_package() {
	LC_ALL=C apt-cache depends "$1" 2>/dev/null |
		awk '$1 == "Depends:" && $2 ~ /^linux-image-[0-9]/ { print $2; exit }'
}

# vm_fetch_kernel SERIES: afterwards $VM_CACHE/SERIES holds vmlinuz, release and lib/modules.
# Safe to call from several runs at once; a half-fetched kernel is never seen by its final name.
vm_fetch_kernel() {
	local series=$1 dir=$VM_CACHE/$1 meta package work release
	[ -e "$dir/release" ] && return 0
	mkdir -p "$VM_CACHE"
	exec 8>"$VM_CACHE/lock.$series"
	flock 8
	if [ -e "$dir/release" ]; then
		exec 8>&-
		return 0
	fi
	meta=$(vm_meta_package "$series") || vm_die "no kernel series $series, use 6.1 or 6.12"
	package=$(vm_resolve_package "$meta")
	[ -n "$package" ] || vm_die "package $meta is unknown to apt, run apt-get update" \
		"(Debian 12 with its updates and security sections)"
	vm_note "fetching $package (once, about 100 MB)"
	work=$(mktemp -d "$VM_CACHE/fetch.XXXXXX")
	(cd "$work" && apt-get -q -o APT::Sandbox::User=root download "$package") \
		>"$work/apt.log" 2>&1 || {
		tail -n 3 "$work/apt.log" >&2
		rm -rf "$work"
		vm_die "cannot download $package: offline, or the package list is old (apt-get update)"
	}
	dpkg -x "$work"/"$package"_*.deb "$work/root" || vm_die "cannot unpack $package"
	release=$(basename "$work"/root/boot/vmlinuz-*)
	release=${release#vmlinuz-}
	depmod -b "$work/root" "$release"
	mkdir "$work/kernel"
	mv "$work/root/boot/vmlinuz-$release" "$work/kernel/vmlinuz"
	mv "$work/root/lib" "$work/kernel/lib"
	echo "$release" >"$work/kernel/release"
	rm -rf "$dir"
	mv "$work/kernel" "$dir"
	rm -rf "$work"
	exec 8>&-
}
