/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Capabilities that are held, and what has no hook but `capable`: the new mount calls, setns and
 * unshare. (A capability that is missing is told by observe.bpf.c; this hook never sees it.)
 */
#include "lsm/bpf/call.bpf.h"
#include "lsm/bpf/layer.bpf.h"
#include "lsm/bpf/path.bpf.h"

#define RF_CAP_SYS_CHROOT  18
#define RF_CAP_SYS_RAWIO   17
#define RF_CAP_SYS_ADMIN   21
#define RF_CAP_SYS_TTY	   26
#define RF_CAP_OPT_NOAUDIT 2

/* Numbers of both ABIs together: none of the foreign ones asks for CAP_SYS_ADMIN in the other. */
static __always_inline int key_of_call(long nr)
{
	switch (nr) {
	case 428: /* open_tree */
	case 429: /* move_mount */
	case 430: /* fsopen */
	case 431: /* fsconfig */
	case 432: /* fsmount */
	case 433: /* fspick */
	case 442: /* mount_setattr */
	case 467: /* open_tree_attr */
		return RF_K_MOUNT;
#if defined(__TARGET_ARCH_x86)
	case 272: /* unshare */
	case 308: /* setns */
	case 310: /* unshare, 32-bit */
	case 346: /* setns, 32-bit */
		return RF_K_NAMESPACES;
	case 165: /* mount */
	case 166: /* umount2 */
	case 155: /* pivot_root */
		return RF_K_MOUNT;
#else
	case 97:  /* unshare */
	case 268: /* setns */
		return RF_K_NAMESPACES;
#endif
	default:
		return -1;
	}
}

/* open_tree asks only when it is to copy mounts. */
static __always_inline bool is_tree_clone(long nr)
{
	return nr == 428 || nr == 467;
}

/* Attributes of mounts, which are everybody's in the namespace and nobody knows which. */
static __always_inline bool is_mount_change(long nr)
{
	return nr == 442 || nr == 467;
}

/* Where pages of everybody's memory go. */
static __always_inline bool is_swap(long nr)
{
#if defined(__TARGET_ARCH_x86)
	return nr == 167 || nr == 168 || nr == 87 || nr == 115 /* 32-bit */;
#else
	return nr == 224 || nr == 225 || nr == 87 || nr == 115;
#endif
}

/* The machine's ports: as good as its memory, which is never given (rf_device_ask). */
static __always_inline bool is_port_access(long nr)
{
#if defined(__TARGET_ARCH_x86)
	return nr == 172 || nr == 173 || nr == 110 || nr == 101 /* 32-bit */;
#else
	return false;
#endif
}

/* SIGHUP for all whose terminal it is. */
static __always_inline bool is_hangup(long nr)
{
#if defined(__TARGET_ARCH_x86)
	return nr == 153 || nr == 111 /* 32-bit */;
#else
	return nr == 58 || nr == 111;
#endif
}

/* Of all namespaces only that of mounts asks who joins it for CAP_SYS_CHROOT (mntns_install). */
static __always_inline bool is_joining(long nr)
{
#if defined(__TARGET_ARCH_x86)
	return nr == 308 || nr == 346;
#else
	return nr == 268;
#endif
}

/*
 * The launcher's child is fenced before it drops what the policy does not keep, which itself takes
 * capabilities. The limit holds from its first exec on, and for any child of its own at once.
 */
static __always_inline bool is_still_dropping(void)
{
	struct rf_task self = {};

	return rf_self(&self) == 1 && (self.flags & RF_TASK_STARTING);
}

static __always_inline void ask_keep(struct rf_work *w, int cap)
{
	const struct rf_image_head *head;
	struct rf_img img;

	head = rf_head_of(w->image, &img);
	if (head && (!(head->sections & (1U << RF_SEC_CAPABILITIES)) ||
		     (head->caps_keep >> (cap & 63) & 1)))
		return;
	if (is_still_dropping())
		return;
	w->rec.layer = RF_SEC_CAPABILITIES;
	w->rec.obj = RF_OBJ_CAPABILITY;
	w->rec.key = cap;
	rf_refuse(w, 1, RF_RULE_CAPS, head ? 0 : RF_CODE_IMAGE);
}

static __always_inline void refuse_always(struct rf_work *w, int cap)
{
	w->rec.layer = RF_SEC_CAPABILITIES;
	w->rec.obj = RF_OBJ_CAPABILITY;
	w->rec.key = cap;
	rf_refuse(w, 1, RF_RULE_SELF, 0);
}

/* A container's mounts are its own. */
static __always_inline void ask_mount_change(struct rf_work *w, int cap)
{
	const struct rf_sandbox *sb = rf_sandbox_of(w->slot);

	if (!sb || !(sb->flags & RF_SBF_CONTAINER))
		refuse_always(w, cap);
}

/*
 * Stacking file systems act under their mounter's credentials in the caller's context: that is not
 * the caller's use of a capability.
 */
SEC("lsm/capable")
int BPF_PROG(rf_capable, const struct cred *cred, void *ns, int cap, unsigned int opts, int ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rf_work *w;
	int r, key;
	long nr;

	if (ret || (__u64)cred != (__u64)task->cred || rf_is_layer(task))
		return ret;
	r = rf_begin(&w, RF_SEC_KERNEL, RF_H_CAPABLE, RF_OP_CAPABLE);
	if (!w)
		return r;
	ask_keep(w, cap);
	if (cap == RF_CAP_SYS_ADMIN && !w->missing) {
		nr = rf_current_call();
		key = key_of_call(nr);
		if (key >= 0)
			rf_kernel_ask(w, key, 0);
		if (is_tree_clone(nr) && !w->missing)
			rf_topology_ask(w);
		if (is_mount_change(nr) && !w->missing)
			ask_mount_change(w, cap);
		if (is_swap(nr) && !w->missing)
			refuse_always(w, cap);
	} else if (cap == RF_CAP_SYS_RAWIO && !w->missing && is_port_access(rf_current_call())) {
		refuse_always(w, cap);
	} else if (cap == RF_CAP_SYS_TTY && !w->missing && is_hangup(rf_current_call())) {
		rf_kernel_ask(w, RF_K_SIGNALS, 0);
	} else if (cap == RF_CAP_SYS_CHROOT && !w->missing && is_joining(rf_current_call())) {
		rf_topology_ask(w);
	}
	if (w->missing && (opts & RF_CAP_OPT_NOAUDIT)) {
		rf_work_put(w);
		return -RF_E_PERM;
	}
	return rf_end(w);
}
