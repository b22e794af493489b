/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Objects that deny rules name without a wildcard: what becomes of them, and who they are.
 */
#include "lsm/bpf/nail.bpf.h"

/*
 * Overlayfs makes another object of one that is written to, or linked, the first time; what the old
 * one was denied by would not know the new one. So what rules deny anything of is not copied from
 * inside, but under the denied name alone: that one nails the new object, too. Where the overlay
 * has an index, links stay links of the new object: its inode has their number then.
 */
SEC("lsm/inode_copy_up")
int BPF_PROG(rf_copy_up, struct dentry *dentry, struct cred **creds, int ret)
{
	struct rf_work *w;
	int r;

	if (ret)
		return ret;
	r = rf_begin(&w, RF_SEC_FILES, RF_H_INODE_COPY_UP, RF_OP_OPEN);
	if (!w)
		return r;
	if (w->nails) {
		rf_path_at(w, dentry, NULL);
		rf_path_describe(w);
		if (!rf_dentry_fixed(w) || BPF_CORE_READ(dentry, d_inode, i_nlink) != 1) {
			rf_nail_ask(w, (1u << RF_A_FILE_RIGHTS) - 1);
			w->access = w->missing | w->would;
		}
	}
	return rf_end(w);
}

/* The object is gone for good, not only from memory: its number may be given to another. */
SEC("lsm/inode_free_security")
int BPF_PROG(rf_nail_free, struct inode *inode)
{
	struct rf_nail_object object = {};

	if (inode->i_nlink)
		return 0;
	rf_object_of(&object, inode);
	if (rf_serial_of(false, &object))
		bpf_map_delete_elem(&rf_nail_object, &object);
	if (rf_serial_of(true, &object))
		bpf_map_delete_elem(&rf_user_object, &object);
	return 0;
}

/* Run by the launcher on a descriptor of its own: only the kernel knows what identifies an object.
 */
SEC("syscall")
int rf_identify(struct rf_identify *ask)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct file **table, *file = NULL;
	struct inode *inode;
	__u32 max;

	ask->found = 0;
	max = BPF_CORE_READ(task, files, fdt, max_fds);
	table = BPF_CORE_READ(task, files, fdt, fd);
	if (ask->fd >= max || bpf_probe_read_kernel(&file, sizeof(file), table + ask->fd) || !file)
		return 0;
	inode = BPF_CORE_READ(file, f_inode);
	if (!inode)
		return 0;
	rf_object_of(&ask->object, inode);
	ask->found = 1;
	return 0;
}
