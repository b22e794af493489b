/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the loader (BPF_PROG_RUN): can hooks see what they cannot judge a path without?
 */
#include "lsm/bpf/path.bpf.h"

SEC("syscall")
int rf_look(struct rf_look *ask)
{
	ask->mount_seq = rf_mount_seq();
	return 0;
}
