/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * File systems that are mounted once more, or given other options: by either interface the kernel
 * asks with the superblock, whatever the place was called.
 */
#include "lsm/bpf/mount.bpf.h"

/*
 * Where the kernel is controlled: what is protected there by name must have one name. The processes
 * alone may have another, where no rule speaks of files.
 */
static __always_inline bool is_control(const struct super_block *sb)
{
	const struct proc_fs_info *proc;

	switch (sb->s_magic) {
	case RF_MAGIC_BPFFS:
	case RF_MAGIC_SYSFS:
	case RF_MAGIC_CGROUP1:
	case RF_MAGIC_CGROUP2:
	case RF_MAGIC_BINFMT:
	case RF_MAGIC_DEBUGFS:
	case RF_MAGIC_TRACEFS:
	case RF_MAGIC_SECURITYFS:
	case RF_MAGIC_CONFIGFS:
		return true;
	case RF_MAGIC_PROC:
		proc = sb->s_fs_info;
		return BPF_CORE_READ(proc, pidonly) != PROC_PIDONLY_ON;
	default:
		return false;
	}
}

/*
 * A second mount of what has one already, be it the kernel's own, or one that is stacked on another
 * (overlayfs, ecryptfs). Queues belong to their makers.
 */
static __always_inline bool is_alias(const struct super_block *sb)
{
	__u64 head = (__u64)sb + bpf_core_field_offset(struct super_block, s_mounts);

	return sb->s_stack_depth || sb->s_magic == RF_MAGIC_OVERLAY ||
	       sb->s_magic == RF_MAGIC_PROC ||
	       (sb->s_magic != RF_MAGIC_MQUEUE && (__u64)BPF_CORE_READ(sb, s_mounts.next) != head);
}

/* New file systems, by either interface. bpffs shows whoever mounts it a door to pinned objects. */
SEC("lsm/sb_kern_mount")
int BPF_PROG(rf_sb_kern, struct super_block *sb, int ret)
{
	bool control, alias;
	struct rf_work *w;
	int r;

	if (ret)
		return ret;
	control = is_control(sb);
	alias = is_alias(sb);
	if (!control && !alias)
		return 0;
	r = rf_begin(&w, RF_SEC_KERNEL, RF_H_SB_KERN_MOUNT, RF_OP_MOUNT);
	if (!w)
		return r;
	w->rec.obj = RF_OBJ_KERNEL;
	w->rec.key = RF_K_MOUNT;
	if (control)
		rf_refuse(w, 1, RF_RULE_SELF, 0);
	else if (sb->s_magic != RF_MAGIC_PROC || rf_has_files(w))
		rf_topology_ask(w);
	return rf_end(w);
}

#define RF_PLACES_MAX 256 /* of one file system; one that has more is not changed */

struct places {
	struct rf_work *w;
	__u64 head; /* super_block.s_mounts */
	__u64 next; /* cursor in it */
	__u64 ns;   /* the caller's */
	__u32 container;
	__u32 ended;
};

static __always_inline void refuse_change(struct rf_work *w)
{
	w->rec.obj = RF_OBJ_KERNEL;
	w->rec.key = RF_K_MOUNT;
	rf_refuse(w, 1, RF_RULE_SELF, 0);
}

/* A mount of the kernel's own has an error for a namespace, one that is gone none. */
static long guard_mount(__u64 i, struct places *p)
{
	__u64 off = bpf_core_field_offset(struct mount, mnt_instance), ns;
	struct rf_work *w = p->w;
	struct mount *mount;

	if (p->next == p->head) {
		p->ended = 1;
		return 1;
	}
	mount = (void *)(p->next - off);
	p->next = (__u64)BPF_CORE_READ(mount, mnt_instance.next);
	ns = (__u64)BPF_CORE_READ(mount, mnt_ns);
	if (ns == p->ns) {
		w->text_base = 0;
		w->text_len = 0;
		guard_place(w, BPF_CORE_READ(mount, mnt.mnt_root), &mount->mnt);
	} else if (p->container && ns && ns < RF_ERR_PTR_MIN) {
		refuse_change(w);
	}
	return !p->next || w->missing; /* a list that ends by a fault did not end */
}

/*
 * A mounted file system is given other options, by either interface, whichever of its mounts was
 * named: read-only, it is so for everybody. Not if ringfence has something there, and from a
 * container only if nobody outside has it mounted.
 */
SEC("lsm/sb_remount")
int BPF_PROG(rf_sb_remount, struct super_block *sb, void *options, int ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct rf_sandbox *sandbox;
	struct places p = {};
	int r;

	if (ret)
		return ret;
	r = rf_begin(&p.w, RF_SEC_KERNEL, RF_H_SB_REMOUNT, RF_OP_MOUNT);
	if (!p.w)
		return r;
	rf_kernel_ask(p.w, RF_K_MOUNT, 0);
	sandbox = rf_sandbox_of(p.w->slot);
	p.container = sandbox && (sandbox->flags & RF_SBF_CONTAINER);
	p.ns = (__u64)BPF_CORE_READ(task, nsproxy, mnt_ns);
	p.head = (__u64)sb + bpf_core_field_offset(struct super_block, s_mounts);
	p.next = (__u64)BPF_CORE_READ(sb, s_mounts.next);
	if (!is_control(sb))
		bpf_loop(RF_PLACES_MAX, guard_mount, &p, 0);
	if (!p.ended && !p.w->missing)
		refuse_change(p.w);
	return rf_end(p.w);
}
