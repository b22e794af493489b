/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What no policy gives away: ringfence's own kernel side and cgroups.
 *
 * Names are protected by the image (rules that every policy gets); here is what a name cannot
 * catch, because the same file system may be mounted anywhere.
 */
#include "lsm/bpf/path.bpf.h"

#define RF_CHANGES	(RF_A_WRITE | RF_A_APPEND | RF_A_CREATE | RF_A_REMOVE | RF_A_METADATA)
#define RF_CGROUP_DEPTH 16

/* Up to 16 bytes of a name, NUL-padded, as two numbers: there is no memcmp here. */
union name {
	char text[16];
	__u64 half[2];
};

static __always_inline bool is_name(const union name *name, const union name *other)
{
	return name->half[0] == other->half[0] && name->half[1] == other->half[1];
}

#define RF_IS_NAME(name, literal) is_name(&(name), &(const union name){literal})

/* cgroup.procs, .threads, .kill, .freeze and what version 1 has for it. */
static __always_inline bool moves_tasks(struct dentry *dentry)
{
	const unsigned char *at = BPF_CORE_READ(dentry, d_name.name);
	union name name = {};

	if (bpf_probe_read_kernel_str(name.text, sizeof(name.text), at) < 0)
		return true;
	return RF_IS_NAME(name, "cgroup.procs") || RF_IS_NAME(name, "cgroup.threads") ||
	       RF_IS_NAME(name, "cgroup.kill") || RF_IS_NAME(name, "cgroup.freeze") ||
	       RF_IS_NAME(name, "tasks") || RF_IS_NAME(name, "release_agent");
}

/* Is it in the sandbox's own cgroup, or that cgroup itself? */
static __always_inline bool is_own_cgroup(struct rf_work *w, __u64 cgroup)
{
	struct dentry *dentry = (void *)w->at_dentry, *up;

	for (int i = 0; i < RF_CGROUP_DEPTH; i++) {
		struct inode *inode = BPF_CORE_READ(dentry, d_inode);

		if (inode && BPF_CORE_READ(inode, i_ino) == cgroup)
			return true;
		up = BPF_CORE_READ(dentry, d_parent);
		if (up == dentry)
			return false;
		dentry = up;
	}
	return true;
}

int rf_guard_ask(struct rf_work *w, __u32 rights)
{
	struct rf_sandbox *sb;
	struct dentry *dentry;
	unsigned long magic;
	bool ours = false;

	if (!w)
		return 1;
	dentry = (void *)w->at_dentry;
	magic = BPF_CORE_READ(dentry, d_sb, s_magic);
	if (magic == RF_MAGIC_BPFFS) {
		ours = true;
	} else if ((magic == RF_MAGIC_CGROUP2 || magic == RF_MAGIC_CGROUP1) &&
		   (rights & RF_CHANGES)) {
		sb = rf_sandbox_of(w->slot);
		ours = !sb || moves_tasks(dentry) ||
		       (magic == RF_MAGIC_CGROUP2 && sb->cgroup && is_own_cgroup(w, sb->cgroup));
	}
	if (!ours)
		return 0;
	rf_refuse(w, rights, RF_RULE_SELF, 0);
	return 1;
}
