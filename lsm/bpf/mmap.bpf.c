/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files in memory: mapped executable, mapped writable and shared, made so later.
 */
#include "lsm/bpf/quick_ask.bpf.h"

/* The file's path as its opener knew it: 6.12's overlayfs maps a file of the layer below. */
static __always_inline void at_file(struct rf_work *w, struct file *file)
{
	struct path path = {};

	if (bpf_core_type_exists(struct backing_file) &&
	    (BPF_CORE_READ(file, f_mode) & RF_FMODE_BACKING)) {
		struct backing_file *backing = (void *)file;

		BPF_CORE_READ_INTO(&path, backing, user_path);
	} else {
		BPF_CORE_READ_INTO(&path, file, f_path);
	}
	rf_path_at(w, path.dentry, path.mnt);
}

static __always_inline int map_long(__u32 hook, __u32 op, struct file *typed, struct file *file,
				    __u32 rights)
{
	struct rf_quick q = {};
	struct rf_work *w;
	int r;

	if (rf_quick_again(typed) && rf_quick_file(&q, typed, rights))
		return 0;
	r = rf_begin(&w, RF_SEC_FILES, hook, op);
	if (!w)
		return r;
	at_file(w, file);
	rf_path_describe(w);
	rf_path_judge(w);
	rf_path_ask(w, rights);
	if ((rights & RF_A_EXEC) && w->spot.kind != RF_KIND_INNER &&
	    (w->spot.kind == RF_KIND_NONE || !BPF_CORE_READ(file, f_inode, i_nlink)))
		rf_kernel_ask(w, RF_K_FILELESS, 0);
	rf_quick_end(&q, w, typed->f_path.dentry);
	return rf_end(w);
}

/* `typed` is not NULL, which was made sure of by probe; `file` is the same, as a plain number. */
static __always_inline int check_map(__u32 hook, __u32 op, struct file *typed, struct file *file,
				     __u32 rights)
{
	RF_FORGET(rights);
	if (rf_quick_file_near(typed, rights))
		return 0;
	RF_BARRIER(); /* what the long way needs is not prepared before */
	return map_long(hook, op, typed, file, rights);
}

/*
 * `file` is NULL for anonymous memory. On 6.12 a test of the argument itself is optimised away by
 * the verifier and the load faults, so its value is read from the context by probe.
 */
SEC("lsm/mmap_file")
int BPF_PROG(rf_mmap_file, struct file *typed, unsigned long reqprot, unsigned long prot,
	     unsigned long flags, int ret)
{
	__u32 type = flags & RF_MAP_TYPE, rights = 0;
	struct file *file = NULL;

	if (ret)
		return ret;
	if (prot & RF_PROT_EXEC)
		rights |= RF_A_EXEC;
	if ((prot & RF_PROT_WRITE) && (type == RF_MAP_SHARED || type == RF_MAP_SHARED_VALIDATE))
		rights |= RF_A_WRITE;
	if (!rights || bpf_probe_read_kernel(&file, sizeof(file), ctx) || !file)
		return 0;
	return check_map(RF_H_MMAP_FILE, RF_OP_MMAP, typed, file, rights);
}

SEC("lsm/file_mprotect")
int BPF_PROG(rf_mprotect, struct vm_area_struct *vma, unsigned long reqprot, unsigned long prot,
	     int ret)
{
	unsigned long had = vma->vm_flags;
	struct file *file, *typed;
	__u32 rights = 0;

	if (ret)
		return ret;
	if ((prot & RF_PROT_EXEC) && !(had & RF_VM_EXEC))
		rights |= RF_A_EXEC;
	if ((prot & RF_PROT_WRITE) && (had & RF_VM_SHARED) && !(had & RF_VM_WRITE))
		rights |= RF_A_WRITE;
	if (!rights)
		return 0;
	file = BPF_CORE_READ(vma, vm_file);
	if (!file)
		return 0;
	typed = vma->vm_file;
	if (!typed)
		return 0;
	return check_map(RF_H_FILE_MPROTECT, RF_OP_MPROTECT, typed, file, rights);
}
