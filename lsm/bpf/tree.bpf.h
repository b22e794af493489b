/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * On which file systems a directory's state may be kept; docs/decisions/0040-directory-states.md.
 */
#ifndef RF_BPF_TREE_H
#define RF_BPF_TREE_H

#include "lsm/bpf/maps.bpf.h"

/*
 * Where a path is nothing but names. On all others nothing is kept: proc means its reader, and
 * about bpffs, cgroups and message queues more is asked than a name.
 */
static __always_inline bool rf_may_keep(unsigned long magic)
{
	return magic == RF_MAGIC_TMPFS || magic == RF_MAGIC_EXT4 || magic == RF_MAGIC_XFS ||
	       magic == RF_MAGIC_BTRFS || magic == RF_MAGIC_F2FS || magic == RF_MAGIC_RAMFS ||
	       magic == RF_MAGIC_SQUASHFS || magic == RF_MAGIC_EROFS || magic == RF_MAGIC_OVERLAY ||
	       magic == RF_MAGIC_NFS || magic == RF_MAGIC_FUSE || magic == 0x01021997 /* 9p */ ||
	       magic == 0xfe534d42 /* smb */ || magic == 0xff534d42 /* cifs */ ||
	       magic == 0x00c36400 /* ceph */ || magic == 0x9660 /* iso9660 */;
}

#endif
