/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which values of which arguments a seccomp program looks at when it judges one call: so that the
 * arguments worth asking about are known although the program is all there is.
 */
#ifndef RF_POLICY_BPFARGS_H
#define RF_POLICY_BPFARGS_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox/base/cleanup.h"

/* One comparison of half an argument, after a mask. */
struct rf_bpf_look {
	uint8_t index;	/* of the argument */
	uint8_t half;	/* 0: the low 32 bits, 1: the high ones */
	uint32_t mask;	/* all ones: none */
	uint32_t value; /* compared with; for a test of bits, the bits */
};

/*
 * Calls look() for every comparison that some way through the program makes for this call. Returns
 * 0, or -EINVAL for a program that does more than compare words and mask them.
 */
RF_MUST_CHECK int rf_bpf_looks(const struct sock_filter *code, size_t n, uint32_t arch, uint32_t nr,
			       int (*look)(void *data, const struct rf_bpf_look *what), void *data);

#endif
