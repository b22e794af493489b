/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which system call the current task is in; and calls in its code: is an address one that a call
 * comes back to?
 */
#ifndef RF_BPF_CALL_H
#define RF_BPF_CALL_H

#include "lsm/bpf/kernel.bpf.h"

#define RF_X32_BIT 0x40000000 /* marks calls of that ABI, which else have the native numbers */

/* Its number, of the native ABI or a foreign one. */
static __always_inline long rf_current_call(void)
{
	struct pt_regs *regs = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());

#if defined(__TARGET_ARCH_x86)
	return (int)BPF_CORE_READ(regs, orig_ax) & ~RF_X32_BIT;
#else
	return BPF_CORE_READ(regs, syscallno);
#endif
}

/* Of both ABIs; where it is not, an open for executing has flags that somebody else gave. */
static __always_inline bool rf_is_exec_call(void)
{
	switch (rf_current_call()) {
#if defined(__TARGET_ARCH_x86)
	case 59:  /* execve */
	case 322: /* execveat */
	case 134: /* uselib */
	case 520: /* execve, x32 */
	case 545: /* execveat, x32 */
	case 11:  /* execve, 32-bit; natively munmap, which opens nothing; so with the next ones */
	case 358: /* execveat, 32-bit */
	case 86:  /* uselib, 32-bit */
#else
	case 221: /* execve */
	case 281: /* execveat */
	case 11:  /* execve, 32-bit */
	case 387: /* execveat, 32-bit */
	case 86:  /* uselib, 32-bit */
#endif
		return true;
	default:
		return false;
	}
}

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
