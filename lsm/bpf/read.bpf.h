/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading the kernel's memory by address.
 *
 * Since Linux 6.2 bpf_rdonly_cast makes a typed pointer of any number; a load through it is an
 * instruction with a check in front of it, and reads 0 where there is nothing. Before, each member
 * is a call of bpf_probe_read_kernel, which costs fifteen times as much. casts.bpf.c says which
 * programs can have it.
 */
#ifndef RF_BPF_READ_H
#define RF_BPF_READ_H

#include "lsm/bpf/kernel.bpf.h"

/* Does this kernel have bpf_rdonly_cast? Set by the loader (lsm/loader.c). */
extern const volatile __u32 rf_casts;

extern void *bpf_rdonly_cast(const void *address, __u32 type) __ksym __weak;

/*
 * Only where rf_casts, and in casts.bpf.c; the type is a struct of the kernel's, without
 * qualifiers.
 */
#define RF_CAST(type, address)                                                                     \
	((type *)bpf_rdonly_cast((const void *)(address), bpf_core_type_id_kernel(type)))

/*
 * RF_READ(pointer, member, …): as BPF_CORE_READ, for a pointer to a struct of the kernel's that may
 * be anything. 0 where it cannot be read.
 */
#ifdef RF_BPF_CASTS
#define RF_READ(src, a, ...)                                                                       \
	({                                                                                         \
		___type((src), a, ##__VA_ARGS__) rf_read_;                                         \
		if (rf_casts)                                                                      \
			rf_read_ = ___arrow(RF_CAST(typeof(*(src)), src), a, ##__VA_ARGS__);       \
		else                                                                               \
			BPF_CORE_READ_INTO(&rf_read_, (src), a, ##__VA_ARGS__);                    \
		rf_read_;                                                                          \
	})
#else
#define RF_READ BPF_CORE_READ
#endif

/*
 * The sequence number at the start of a lock of the kernel's; 1, which is odd, if there is none.
 * `casts`: rf_casts, or what a constant tells already: even what is never done asks that each time.
 */
static __always_inline __u32 rf_lock_seq(const void *lock, bool casts)
{
	__u32 seq = 1;

	if (!lock)
		return seq;
	if (casts)
		return *(volatile unsigned int *)&RF_CAST(struct seqcount_spinlock, lock)
				->seqcount.sequence;
	return bpf_probe_read_kernel(&seq, sizeof(seq), lock) ? 1 : seq;
}

#endif
