/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When a directory moves, what is kept about directories ends; what is kept for one also when it
 * gets a new dentry.
 *
 * Every change of a dentry's name or parent goes through __d_move (kernel.md says which callers),
 * under rename_lock: so the two programs below never run side by side, and the kernel never skips
 * one as a recursion. Moves of anything but directories change nothing that is kept.
 */
#include "lsm/bpf/tree.bpf.h"
#include "lsm/bpf/terminal.bpf.h"

static __always_inline bool is_directory(struct dentry *dentry)
{
	struct inode *inode = BPF_CORE_READ(dentry, d_inode);

	return inode && (BPF_CORE_READ(inode, i_mode) & RF_S_IFMT) == RF_S_IFDIR;
}

static __always_inline struct rf_tree *tree_of(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&rf_tree, &zero);
}

/* The lowest bit is set and cleared, not counted: once wrong it would stay wrong. */
SEC("fentry/__d_move")
int BPF_PROG(rf_move_begin, struct dentry *dentry, struct dentry *target)
{
	struct rf_tree *tree = tree_of();

	if (!tree || (!is_directory(dentry) && !is_directory(target)))
		return 0;
	__sync_fetch_and_add(&tree->generation, 2);
	__sync_fetch_and_or(&tree->generation, 1);
	return 0;
}

SEC("fexit/__d_move")
int BPF_PROG(rf_move_end, struct dentry *dentry, struct dentry *target)
{
	struct rf_tree *tree = tree_of();

	if (!tree || (!is_directory(dentry) && !is_directory(target)))
		return 0;
	__sync_fetch_and_add(&tree->generation, 2);
	__sync_fetch_and_and(&tree->generation, ~1ULL);
	return 0;
}

/*
 * A directory's inode gets a dentry, its first or another one: what was kept for it names the one
 * before, whose address may come back. Asked before the new one is there, so that nothing is kept
 * for it yet. Programs of this kind are never skipped as a recursion.
 */
SEC("lsm/d_instantiate")
int BPF_PROG(rf_dentry_new, struct dentry *dentry, struct inode *inode)
{
	struct rf_tree *tree;
	long r;

	if (!inode)
		return 0;
	if ((inode->i_mode & RF_S_IFMT) != RF_S_IFDIR) {
		rf_terminal_made(inode);
		return 0;
	}
	r = bpf_inode_storage_delete(&rf_dir, inode);
	tree = r && r != -RF_E_NOENT ? tree_of() : NULL;
	/* It could not be taken away: then nothing that is kept counts any more. */
	if (tree)
		__sync_fetch_and_add(&tree->generation, 2);
	return 0;
}
