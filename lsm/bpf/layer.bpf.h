/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Does the kernel act for the task under the credentials of somebody else?
 */
#ifndef RF_BPF_LAYER_H
#define RF_BPF_LAYER_H

#include "lsm/bpf/scope.bpf.h"

#define RF_PF_IO_WORKER 0x10

/*
 * Stacking file systems act on their layers under the mounter's credentials, after the upper object
 * was judged. Workers of rings carry credentials of their own, too, those of whoever asked, without
 * a hook (io-wq.c): they are judged, and if it is a layer that they are at, by names that no rule
 * allows.
 */
static __always_inline bool rf_is_layer(const struct task_struct *task)
{
	return !(task->flags & RF_PF_IO_WORKER) && (__u64)task->cred != (__u64)task->real_cred;
}

#endif
