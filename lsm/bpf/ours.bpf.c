/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Is another process one of ringfence's: does it supervise some sandbox, or run an executable of
 * ours?
 *
 * Asked where a fenced task does something to a process outside of its sandbox and its policy
 * allows that, and for signals by descriptor, which are rare: so it may take its time. The
 * executables are known by their folders: those are protected from the inside, and stay when a
 * package is upgraded.
 */
#include "lsm/bpf/others.bpf.h"

struct supervisors {
	__u32 tgid;
	__u32 found;
};

static long look_at_slot(__u64 i, struct supervisors *s)
{
	struct rf_sandbox *sb = rf_sandbox_of((__u32)i);

	if (!sb || sb->state != RF_SB_LIVE || (__u32)sb->self_tgid != s->tgid)
		return 0;
	s->found = 1;
	return 1;
}

static __always_inline bool is_home(const struct rf_home *home, struct inode *dir)
{
	return home->ino && home->ino == BPF_CORE_READ(dir, i_ino) &&
	       home->dev == BPF_CORE_READ(dir, i_sb, s_dev);
}

/* "ringfence", or in a build tree, where they lie side by side, "ringfence-serve" and so on. */
static __always_inline bool is_name(const unsigned char *at)
{
	static const char own[] = "ringfence";
	char name[sizeof(own)] = {};

	if (bpf_probe_read_kernel(name, sizeof(name), at))
		return false;
	for (__u32 i = 0; i + 1 < sizeof(own); i++)
		if (name[i] != own[i])
			return false;
	return !name[sizeof(own) - 1] || name[sizeof(own) - 1] == '-';
}

static __always_inline bool runs_ours(struct task_struct *task, const struct rf_meta *meta)
{
	struct file *exe = BPF_CORE_READ(task, mm, exe_file);
	struct dentry *dentry = BPF_CORE_READ(exe, f_path.dentry);
	struct inode *dir = BPF_CORE_READ(dentry, d_parent, d_inode);

	if (is_home(&meta->home[RF_HOME_OWN], dir))
		return true;
	return is_home(&meta->home[RF_HOME_SHARED], dir) &&
	       is_name(BPF_CORE_READ(dentry, d_name.name));
}

/* The half of it that takes no time: for interrupts. */
int rf_runs_ours(__u64 address)
{
	__u32 zero = 0;
	struct rf_meta *meta = bpf_map_lookup_elem(&rf_meta, &zero);

	return !meta || runs_ours((void *)address, meta);
}

int rf_is_ours(__u64 address)
{
	struct task_struct *task = (void *)address;
	struct supervisors s = {.tgid = (__u32)BPF_CORE_READ(task, tgid)};
	__u32 zero = 0, slots;
	struct rf_meta *meta;

	meta = bpf_map_lookup_elem(&rf_meta, &zero);
	if (!meta || runs_ours(task, meta))
		return 1;
	slots = meta->high_slot;
	bpf_loop(slots < RF_MAX_SANDBOXES ? slots : RF_MAX_SANDBOXES, look_at_slot, &s, 0);
	return (int)s.found;
}
