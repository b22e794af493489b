/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Terminals that are the caller's by a session; see terminal.bpf.h.
 *
 * devpts keeps the terminal in the name's d_fsdata (drivers/tty/pty.c: devpts_pty_new), until it is
 * hung up; then the open fails by itself.
 */
#include "lsm/bpf/others.bpf.h"

/* The process that began the terminal's session; NULL: none, or it has ended. */
static __always_inline struct task_struct *leader_of(struct tty_struct *tty)
{
	struct pid *session = BPF_CORE_READ(tty, ctrl.session);

	return session ? rf_task_called(session) : NULL;
}

int rf_session_ask(struct rf_work *w)
{
	struct task_struct *task = bpf_get_current_task_btf(), *leader;
	struct rf_task other = {};
	struct tty_struct *tty;
	struct dentry *dentry;

	if (!w)
		return -1;
	dentry = (void *)w->at_object;
	tty = BPF_CORE_READ(dentry, d_fsdata);
	if (w->missing || (tty && BPF_CORE_READ(task, signal, tty) == tty))
		return 0;
	leader = tty ? leader_of(tty) : NULL;
	if (leader && rf_storage_walk(&other, (__u64)leader) == 1 && other.sandbox == w->sandbox)
		return 0;
	rf_kernel_ask(w, RF_K_SIGNALS, 0);
	if (w->rec.obj == RF_OBJ_KERNEL && leader)
		rf_describe_other(w, leader);
	return 0;
}
