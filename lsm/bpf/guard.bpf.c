/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What no policy gives away: ringfence's own kernel side and cgroups.
 *
 * Names are protected by the image (rules that every policy gets); here is what a name cannot
 * catch, because the same file system may be mounted anywhere.
 */
#include "lsm/bpf/path.bpf.h"

#define RF_CHANGES (RF_A_WRITE | RF_A_APPEND | RF_A_CREATE | RF_A_REMOVE | RF_A_METADATA)

/* Where files are the kernel's own switches, of which some are protected by name. */
static __always_inline bool is_switches(unsigned long magic)
{
	return magic == RF_MAGIC_PROC || magic == RF_MAGIC_SYSFS || magic == RF_MAGIC_DEBUGFS ||
	       magic == RF_MAGIC_TRACEFS || magic == RF_MAGIC_SECURITYFS ||
	       magic == RF_MAGIC_CONFIGFS || magic == RF_MAGIC_BINFMT;
}

/* A file of /proc/PID is of a process: proc.bpf.c asks whose. */
static __always_inline bool is_of_process(struct dentry *dentry)
{
	__u64 inode = (__u64)BPF_CORE_READ(dentry, d_inode);
	struct proc_inode *proc;

	if (!inode)
		return false;
	proc = (void *)(inode - bpf_core_field_offset(struct proc_inode, vfs_inode));
	return BPF_CORE_READ(proc, pid);
}

/*
 * Was it reached by the name that protects it: what belongs below /proc there, the rest in /sys?
 * Not where the name is not known whole: then the text may be what somebody else left there.
 */
static __always_inline bool is_at_its_name(struct rf_work *w, unsigned long magic)
{
	__u32 at = w->text_base & (RF_TEXT_MAX - 1);
	const char *text = (const char *)&w->text[at];

	if (w->spot.code || w->text_cut || text[0] != '/')
		return false;
	if (magic != RF_MAGIC_PROC && magic != RF_MAGIC_BINFMT)
		return text[1] == 's' && text[2] == 'y' && text[3] == 's' && text[4] == '/';
	return text[1] == 'p' && text[2] == 'r' && text[3] == 'o' && text[4] == 'c' &&
	       text[5] == '/';
}

/*
 * In a cgroup file system nothing is changed from inside: of the own cgroup, since that would shed
 * the fence or its limits; of others, since ringfence's processes are in one, and who limits that
 * one or any above it stops them.
 */
int rf_guard_ask(struct rf_work *w, __u32 rights)
{
	struct dentry *dentry;
	unsigned long magic;
	bool ours = false;

	if (!w)
		return 1;
	dentry = (void *)w->at_dentry;
	magic = BPF_CORE_READ(dentry, d_sb, s_magic);
	if (magic == RF_MAGIC_BPFFS)
		ours = true;
	else if (magic == RF_MAGIC_CGROUP2 || magic == RF_MAGIC_CGROUP1)
		ours = rights & RF_CHANGES;
	else if ((rights & RF_CHANGES) && is_switches(magic))
		ours = !is_at_its_name(w, magic) &&
		       (magic != RF_MAGIC_PROC || !is_of_process(dentry));
	if (!ours)
		return 0;
	rf_refuse(w, rights, RF_RULE_SELF, 0);
	return 1;
}
