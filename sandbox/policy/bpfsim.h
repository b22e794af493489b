/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A classic-BPF interpreter for seccomp programs: runs a filter in user space, exactly as the
 * kernel would, so that a filter can be asked and tested without being installed.
 */
#ifndef RF_POLICY_BPFSIM_H
#define RF_POLICY_BPFSIM_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox/base/cleanup.h"

/*
 * Runs a program over one call. Returns the number of instructions executed and writes its answer
 * to *ret; -EINVAL for a program that the kernel would not have accepted.
 */
RF_MUST_CHECK int rf_bpf_run(uint32_t *ret, const struct sock_filter *code, size_t n,
			     const struct seccomp_data *data);

/* Whether the kernel's seccomp would accept the program: 0, or -EINVAL. */
RF_MUST_CHECK int rf_bpf_check(const struct sock_filter *code, size_t n);

/* Of two answers of stacked filters, the one that the kernel follows. */
uint32_t rf_seccomp_stricter(uint32_t a, uint32_t b);

#endif
