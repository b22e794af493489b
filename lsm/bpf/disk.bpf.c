/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Is a block device in use by the kernel itself: does a file system, swap space, device mapper or
 * RAID lie on it, or on a part of it?
 *
 * Who needs a block device for himself claims it, and the kernel notes him as its holder; where he
 * claims a partition, it notes on the whole disk that somebody did (bd_may_claim in block/bdev.c).
 * File systems say only what their first device is, and the root of a namespace says still less:
 * rootfs. So the question goes to the devices. O_EXCL claims as well: what programs hold for
 * themselves is not meant. Since 6.9 swap space is held as by a program, but marked as such.
 */
#include "lsm/bpf/scope.bpf.h"

#define RF_DISKS_MAX 65536 /* block devices of the machine; with more nothing is told */

extern const void blockdev_superblock __ksym __weak;
extern const void bd_may_claim __ksym __weak;

struct disks {
	__u64 next; /* cursor in super_block.s_inodes of the devices */
	__u64 head;
	__u32 dev;
	__u32 ended;
	__u32 used;
	__u32 pad;
};

/* The holder of a device that was opened with O_EXCL is the open file. */
static __always_inline bool is_program(const void *holder, __u32 dev)
{
	const struct file *file = holder;
	struct inode *inode = BPF_CORE_READ(file, f_inode);

	return (BPF_CORE_READ(inode, i_mode) & RF_S_IFMT) == RF_S_IFBLK &&
	       BPF_CORE_READ(inode, i_rdev) == dev;
}

static __always_inline bool is_held(struct block_device *bdev)
{
	void *holder = BPF_CORE_READ(bdev, bd_holder);

	return holder && !is_program(holder, BPF_CORE_READ(bdev, bd_dev));
}

/* Of the disk of a partition: held as such, not for another of its partitions. */
static __always_inline bool is_held_whole(struct block_device *whole)
{
	return is_held(whole) && BPF_CORE_READ(whole, bd_holder) != &bd_may_claim;
}

static long look_at_disk(__u64 i, struct disks *d)
{
	struct block_device *bdev, *whole;
	struct inode *inode;

	if (!d->next)
		return 1;
	if (d->next == d->head) {
		d->ended = 1;
		return 1;
	}
	inode = (void *)(d->next - bpf_core_field_offset(struct inode, i_sb_list));
	bdev = (void *)((__u64)inode - bpf_core_field_offset(struct bdev_inode, vfs_inode) +
			bpf_core_field_offset(struct bdev_inode, bdev));
	d->next = (__u64)BPF_CORE_READ(inode, i_sb_list.next);
	/* Not the first one alone: a device that went may still be there beside its successor. */
	if (BPF_CORE_READ(bdev, bd_dev) != d->dev)
		return 0;
	whole = BPF_CORE_READ(bdev, bd_disk, part0);
	d->used |= is_held(bdev) || (BPF_CORE_READ(inode, i_flags) & RF_S_SWAPFILE) || !whole ||
		   (whole != bdev && is_held_whole(whole));
	return 0;
}

int rf_disk_is_used(__u32 dev)
{
	struct super_block *sb = NULL;
	struct disks d = {.dev = dev};

	if (!&blockdev_superblock || !bpf_core_type_exists(struct bdev_inode) ||
	    bpf_probe_read_kernel(&sb, sizeof(sb), &blockdev_superblock) || !sb)
		return 1;
	d.head = (__u64)sb + bpf_core_field_offset(struct super_block, s_inodes);
	d.next = (__u64)BPF_CORE_READ(sb, s_inodes.next);
	bpf_loop(RF_DISKS_MAX, look_at_disk, &d, 0);
	return d.used || !d.ended;
}
