/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls in the code of the current process: is an address one that a call comes back to?
 */
#ifndef RF_BPF_CALL_H
#define RF_BPF_CALL_H

#include "lsm/bpf/kernel.bpf.h"

#define RF_CALL_MAX 7 /* bytes of the longest call from its opcode on */

/* Do the bytes before an address end a call? Where a call is not known when seen: yes. */
static __always_inline int follows_call(__u64 address)
{
#if defined(__TARGET_ARCH_x86)
	__u8 b[RF_CALL_MAX];

	if (bpf_probe_read_user(b, sizeof(b), (void *)(address - sizeof(b))))
		return 0;
	/* call rel32; call r/m with its two, three, four, six or seven bytes */
	return b[2] == 0xe8 || (b[5] == 0xff && (b[6] & 0x38) == 0x10) ||
	       (b[4] == 0xff && (b[5] & 0x38) == 0x10) || (b[3] == 0xff && (b[4] & 0x38) == 0x10) ||
	       (b[1] == 0xff && (b[2] & 0x38) == 0x10) || (b[0] == 0xff && (b[1] & 0x38) == 0x10);
#else
	return 1;
#endif
}

#endif
