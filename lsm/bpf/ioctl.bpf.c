/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioctl: file flags are metadata; typing into a terminal and stopping a file system are never
 * allowed; a descriptor's owner gets signals; a snapshot is another name for each file in it.
 */
#include "lsm/bpf/path.bpf.h"

#define RF_TIOCSTI   0x5412
#define RF_TIOCLINUX 0x541c

/* The right that a command needs beyond what the open file has; 0: none. */
static __always_inline __u32 right_of(unsigned int cmd)
{
	switch (cmd) {
	case 0x40086602: /* FS_IOC_SETFLAGS */
	case 0x40046602: /* the same, 32-bit */
	case 0x40087602: /* FS_IOC_SETVERSION */
	case 0x40047602:
	case 0x40086604: /* EXT4_IOC_SETVERSION */
	case 0x40046604:
	case 0x401c5820: /* FS_IOC_FSSETXATTR */
	case 0x40047211: /* FAT_IOCTL_SET_ATTRIBUTES */
	case 0x41009432: /* FS_IOC_SETFSLABEL */
	case 0x800c6613: /* FS_IOC_SET_ENCRYPTION_POLICY */
	case 0x4008662c: /* EXT4_IOC_SETFSUUID */
		return RF_A_METADATA;
	case 0x40305828: /* FS_IOC_RESVSP */
	case 0x402c5828: /* the same, 32-bit; so with the next ones */
	case 0x4030582a: /* FS_IOC_RESVSP64 */
	case 0x402c582a:
	case 0x40305829: /* FS_IOC_UNRESVSP */
	case 0x402c5829:
	case 0x4030582b: /* FS_IOC_UNRESVSP64 */
	case 0x402c582b:
	case 0x40305839: /* FS_IOC_ZERO_RANGE */
	case 0x402c5839:
	case 0x40806685: /* FS_IOC_ENABLE_VERITY: nobody can write it any more */
	case 0xc028660f: /* EXT4_IOC_MOVE_EXT */
	case 0x6611:	 /* EXT4_IOC_SWAP_BOOT */
	case 0x40086610: /* EXT4_IOC_RESIZE_FS */
	case 0x40086607: /* EXT4_IOC_GROUP_EXTEND */
	case 0x40046607:
	case 0xc0406619: /* FS_IOC_REMOVE_ENCRYPTION_KEY_ALL_USERS: others cannot read any more */
	case 0xf501:	 /* F2FS_IOC_START_ATOMIC_WRITE */
	case 0xf519:	 /* F2FS_IOC_START_ATOMIC_REPLACE */
	case 0xc020f509: /* F2FS_IOC_MOVE_RANGE */
	case 0xc01cf509: /* the same, 32-bit */
	case 0x4004f50d: /* F2FS_IOC_SET_PIN_FILE */
	case 0x4018f514: /* F2FS_IOC_SEC_TRIM_FILE */
		return RF_A_WRITE;
	default:
		return 0;
	}
}

/*
 * These write to a second file as well, whose descriptor lies in the caller's memory: it may be one
 * that may only append.
 */
static __always_inline bool has_second(unsigned int cmd)
{
	return cmd == 0xc028660f || cmd == 0xc020f509 || cmd == 0xc01cf509;
}

/* The generation is part of what tells a nailed object from others (nail.bpf.c). */
static __always_inline bool is_generation(unsigned int cmd)
{
	return cmd == 0x40087602 || cmd == 0x40047602 || cmd == 0x40086604 || cmd == 0x40046604;
}

#define RF_BTRFS_TYPE 0x94
#define RF_BTRFS(nr)  (1ULL << (nr))

/*
 * Commands of btrfs that give a whole tree other names, or read, write and remove what is in it
 * past the names: by number, since their sizes change. The others are judged as what they are for.
 */
static __always_inline bool is_tree_command(unsigned int cmd)
{
	const __u64 commands = RF_BTRFS(1) |  /* SNAP_CREATE */
			       RF_BTRFS(10) | /* ADD_DEV: onto which others' files are copied */
			       RF_BTRFS(11) | /* RM_DEV */
			       RF_BTRFS(14) | /* SUBVOL_CREATE */
			       RF_BTRFS(15) | /* SNAP_DESTROY */
			       RF_BTRFS(17) | /* TREE_SEARCH, TREE_SEARCH_V2 */
			       RF_BTRFS(19) | /* DEFAULT_SUBVOL */
			       RF_BTRFS(23) | /* SNAP_CREATE_V2 */
			       RF_BTRFS(24) | /* SUBVOL_CREATE_V2 */
			       RF_BTRFS(26) | /* SUBVOL_SETFLAGS */
			       RF_BTRFS(37) | /* SET_RECEIVED_SUBVOL */
			       RF_BTRFS(38) | /* SEND */
			       RF_BTRFS(53) | /* DEV_REPLACE */
			       RF_BTRFS(58) | /* RM_DEV_V2 */
			       RF_BTRFS(63);  /* SNAP_DESTROY_V2 */
	unsigned int nr = cmd & 0xff;

	if ((cmd >> 8 & 0xff) != RF_BTRFS_TYPE)
		return false;
	return nr < 64 ? commands >> nr & 1 : nr == 64 /* ENCODED_READ, ENCODED_WRITE */;
}

/* Attributes and link texts of whatever a handle in the caller's memory names, past all hooks. */
static __always_inline bool is_by_handle(unsigned int cmd)
{
	unsigned int nr = cmd & 0xff;

	return (cmd >> 8 & 0xff) == 'X' && (nr == 108 /* XFS_IOC_READLINK_BY_HANDLE */ ||
					    nr == 122 /* XFS_IOC_ATTRLIST_BY_HANDLE */ ||
					    nr == 123 /* XFS_IOC_ATTRMULTI_BY_HANDLE */);
}

static __always_inline bool is_past_names(const struct file *file, unsigned int cmd)
{
	unsigned long magic = file->f_inode->i_sb->s_magic;

	return (is_tree_command(cmd) && magic == RF_MAGIC_BTRFS) ||
	       (is_by_handle(cmd) && magic == RF_MAGIC_XFS);
}

static __always_inline int check_past_names(void)
{
	struct rf_work *w;
	int r = rf_begin(&w, RF_SEC_FILES, RF_H_FILE_IOCTL, RF_OP_IOCTL);

	if (!w)
		return r;
	if (rf_has_files(w)) {
		rf_topology_ask(w);
		w->errno_value = RF_E_XDEV;
	}
	return rf_end(w);
}

/*
 * Stop a whole file system, through any descriptor of it: who writes there next, be it to start or
 * stop a sandbox, waits until somebody thaws it, or gets EIO for good.
 */
static __always_inline bool is_stop(unsigned int cmd)
{
	return cmd == 0xc0045877 /* FIFREEZE */ || cmd == 0xc0045878 /* FITHAW */ ||
	       cmd == 0x8004587d /* FS_IOC_SHUTDOWN, XFS_IOC_GOINGDOWN */;
}

/* F_SETOWN by another name; the number lies in the caller's memory. */
#define RF_FIOSETOWN 0x8901
#define RF_SIOCSPGRP 0x8902
/* O_ASYNC by another name; SIGHUP for all whose terminal it is. */
#define RF_FIOASYNC    0x5452
#define RF_TIOCVHANGUP 0x5437
/* With 1 the terminal is taken from the session that has it, which then gets no signals by it. */
#define RF_TIOCSCTTY 0x540e

static __always_inline bool is_signal(struct file *file, unsigned int cmd, unsigned long arg)
{
	if (cmd == RF_FIOSETOWN || cmd == RF_SIOCSPGRP || cmd == RF_TIOCVHANGUP)
		return true;
	if (cmd == RF_TIOCSCTTY && arg)
		return true;
	return cmd == RF_FIOASYNC && (file->f_inode->i_mode & RF_S_IFMT) == RF_S_IFCHR;
}

static __always_inline int check_owner(void)
{
	struct rf_work *w;
	int r = rf_begin(&w, RF_SEC_KERNEL, RF_H_FILE_IOCTL, RF_OP_IOCTL);

	if (!w)
		return r;
	rf_owner_ask(w, 0, 0);
	return rf_end(w);
}

static __always_inline int check_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	bool never = cmd == RF_TIOCSTI || cmd == RF_TIOCLINUX || is_stop(cmd);
	__u32 right = right_of(cmd);
	struct rf_work *w;
	int r;

	if (is_signal(file, cmd, arg))
		return check_owner();
	if (is_past_names(file, cmd))
		return check_past_names();
	if (!never && !right)
		return 0;
	r = rf_begin(&w, RF_SEC_FILES, RF_H_FILE_IOCTL, RF_OP_IOCTL);
	if (!w)
		return r;
	rf_path_check(w, file->f_path.dentry, file->f_path.mnt, right);
	if (never)
		rf_refuse(w, RF_A_WRITE, RF_RULE_SELF, 0);
	else if (!w->missing && w->nails && is_generation(cmd))
		rf_refuse(w, right, RF_RULE_UNJUDGED, RF_CODE_ALIAS);
	else if (!w->missing && has_second(cmd) && rf_has_files(w)) {
		rf_topology_ask(w);
		w->errno_value = RF_E_XDEV;
	}
	return rf_end(w);
}

SEC("lsm/file_ioctl")
int BPF_PROG(rf_ioctl, struct file *file, unsigned int cmd, unsigned long arg, int ret)
{
	return ret ? ret : check_ioctl(file, cmd, arg);
}

SEC("lsm/file_ioctl_compat")
int BPF_PROG(rf_ioctl_cmpt, struct file *file, unsigned int cmd, unsigned long arg, int ret)
{
	return ret ? ret : check_ioctl(file, cmd, arg);
}
