/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whose terminal is it? What is typed into one is read by whoever opens it, and what is written to
 * it another one's terminal believes. So one of others is a question of `signals`, as what else
 * reaches processes outside. The sandbox's own are those that it made, was given as descriptor 0,
 * 1 or 2, or is in a session of.
 *
 * Inline, because inode storage takes only the pointers that the hook itself was given.
 */
#ifndef RF_BPF_TERMINAL_H
#define RF_BPF_TERMINAL_H

#include "lsm/bpf/path.bpf.h"

#define RF_PTS_FIRST 136
#define RF_PTS_LAST  143

/* Of terminal.bpf.c: asks about the terminal whose dentry is at w->at_object. */
int rf_session_ask(struct rf_work *w);

static __always_inline bool rf_is_terminal(struct inode *inode)
{
	__u32 major = inode->i_rdev >> 20;

	return (inode->i_mode & RF_S_IFMT) == RF_S_IFCHR && major >= RF_PTS_FIRST &&
	       major <= RF_PTS_LAST && inode->i_sb->s_magic == RF_MAGIC_DEVPTS;
}

/* Its other side is being opened, by the caller. Not noted: another's. */
static __always_inline void rf_terminal_made(struct inode *inode)
{
	struct rf_terminal *terminal;
	struct rf_task self = {};

	if (!rf_is_terminal(inode) || rf_self(&self) != 1)
		return;
	terminal = bpf_inode_storage_get(&rf_terminal, inode, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (terminal)
		terminal->maker = self.sandbox;
}

static __always_inline bool rf_terminal_is_given(const struct rf_work *w, __u64 serial)
{
	const struct rf_sandbox *sb = rf_sandbox_of(w->slot);

	return sb && serial &&
	       (serial == sb->terminal[0] || serial == sb->terminal[1] ||
		serial == sb->terminal[2]);
}

static __always_inline void rf_terminal_ask(struct rf_work *w, struct file *file)
{
	struct rf_terminal *terminal;

	if (!rf_is_terminal(file->f_inode))
		return;
	terminal = bpf_inode_storage_get(&rf_terminal, file->f_inode, NULL, 0);
	if (terminal &&
	    (terminal->maker == w->sandbox || rf_terminal_is_given(w, terminal->serial)))
		return;
	w->at_object = (__u64)file->f_path.dentry;
	rf_session_ask(w);
}

#endif
