/* SPDX-License-Identifier: GPL-2.0-only */
/* The short way of addresses, for all that do not have it in line. */
#include "lsm/bpf/quick_net.bpf.h"

__noinline int rf_quick_net(struct rf_quick_net *q)
{
	return q ? quick_net(q, bpf_get_current_task_btf()) : 0;
}
