/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What tells the objects apart that deny rules name without a wildcard: see lsm/abi.h.
 */
#ifndef RF_BPF_NAIL_H
#define RF_BPF_NAIL_H

#include "lsm/bpf/path.bpf.h"

/*
 * Overlayfs hands on the numbers of its layers, which are often different file systems: which layer
 * it is tells two objects with one number apart. Its directories are numbered by a counter of its
 * own (ovl_map_ino), so a directory and a file share a number, too. struct ovl_inode, of a module,
 * has the dentry of the upper layer right behind its vfs_inode (6.1 and 6.12); overlayfs keeps no
 * generation.
 */
static __always_inline __u32 overlay_kind(struct inode *inode)
{
	bool dir = (BPF_CORE_READ(inode, i_mode) & RF_S_IFMT) == RF_S_IFDIR;
	__u64 upper = 0;

	if (bpf_probe_read_kernel(&upper, sizeof(upper),
				  (char *)inode + bpf_core_type_size(struct inode)))
		return 3;
	return (upper ? 1 : 2) | (dir ? 4 : 0);
}

/* The object behind an inode; both are addresses read by probe. */
static __always_inline void rf_object_of(struct rf_nail_object *ret, struct inode *inode)
{
	ret->ino = BPF_CORE_READ(inode, i_ino);
	ret->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	ret->generation = BPF_CORE_READ(inode, i_generation);
	if (BPF_CORE_READ(inode, i_sb, s_magic) == RF_MAGIC_OVERLAY)
		ret->generation = overlay_kind(inode);
}

/* It cannot be told whether, or how, the object is held. */
static __always_inline int rf_nail_unknown(struct rf_work *w, __u32 rights)
{
	return rf_refuse(w, rights ? rights : RF_A_READ, RF_RULE_UNJUDGED, RF_CODE_LOOKUP);
}

static __always_inline __u64 nail_is_set(const struct rf_sandbox *sb, __u32 bit)
{
	return *(const volatile __u64 *)&sb->nail_bits[bit >> 6 & (RF_NAIL_WORDS - 1)] >>
		       (bit & 63) &
	       1;
}

/* Is the object held whatever its name, if the sandbox holds any? In doubt, yes. */
static __always_inline bool rf_may_be_nailed(const struct rf_sandbox *sb, __u64 ino)
{
	return nail_is_set(sb, rf_nail_bit(ino)) && nail_is_set(sb, rf_nail_second(ino));
}

/*
 * The serial number of an object that some sandbox nailed, among those that root made or those that
 * the service made for users; 0: none did.
 */
static __always_inline __u64 rf_serial_of(bool users, const struct rf_nail_object *object)
{
	__u64 *serial = users ? bpf_map_lookup_elem(&rf_user_object, object)
			      : bpf_map_lookup_elem(&rf_nail_object, object);

	return serial ? *serial : 0;
}

#endif
