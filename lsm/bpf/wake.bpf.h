/* SPDX-License-Identifier: GPL-2.0-only */
/* The reader of a sandbox's ring sleeps until somebody tells it of something. */
#ifndef RF_BPF_WAKE_H
#define RF_BPF_WAKE_H

#include "lsm/bpf/kernel.bpf.h"

#include "lsm/abi.h"

/*
 * Wakes a reader that sleeps, or fell asleep between a look of ours and our commit; never waits.
 * Without room for the empty record that does it, the next who finds some wakes it.
 */
static __always_inline void rf_wake(void *ring, struct rf_sandbox *sb)
{
	void *nothing;

	if (!sb->reader_waiting || !__sync_lock_test_and_set(&sb->reader_waiting, 0))
		return;
	nothing = bpf_ringbuf_reserve(ring, 8, 0);
	if (nothing)
		bpf_ringbuf_discard(nothing, BPF_RB_FORCE_WAKEUP);
	else
		sb->reader_waiting = 1;
}

#endif
