#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a launch of /bin/true under `default` costs root with the kernel side loaded, and plain
# fork+exec beside it, in guest instructions (as "us": thousands). Run in a guest:
#	tests/vm/run.sh --kernel all --icount -- tests/bench/launch.sh [BUILD [ROUNDS]]
# The root is a tmpfs with what is needed: of the guest's own, the host would answer look-ups.
set -eu
if [ -z "${RF_BENCH_INSIDE:-}" ]; then
	RF_BENCH_INSIDE=1 exec unshare -m --propagation private "$0" "$@"
fi
cd "$(dirname "$0")/../.."
build=${1:-build}
root=/mnt

mount -t tmpfs -o mode=755 none $root
(cd $root && mkdir -p etc home proc sys dev run tmp var/{cache,lib,log,tmp} old root \
	usr/{bin,sbin,lib,lib64} usr/local/{bin,libexec/ringfence,share/ringfence/policies} &&
	ln -s usr/bin bin && ln -s usr/sbin sbin && ln -s usr/lib lib && ln -s usr/lib64 lib64)
cp /etc/passwd /etc/group /etc/ld.so.cache $root/etc/
for name in bash true umount; do
	file=$(type -P $name)
	cp -L "$file" $root/usr/bin/
	for needed in $(ldd "$file" | grep -o '/[^ ]*'); do
		mkdir -p "$root$(dirname "$needed")"
		cp -L "$needed" "$root$needed"
	done
done
cp "$build/cli/ringfence" $root/usr/local/bin/
cp policies/*.json $root/usr/local/share/ringfence/policies/
cp "$build/tests/bench/bench-cost" $root/usr/bin/
for dir in proc sys dev run; do
	mount --rbind /$dir $root/$dir
done
cd $root
pivot_root . old
umount -l /old
cd /
export PATH=/usr/local/bin:/usr/bin HOME=/root
ringfence load
ringfence run --summary never -- /bin/true
bench-cost launch "${2:-15}" /usr/local/bin/ringfence run --summary never -- /bin/true
