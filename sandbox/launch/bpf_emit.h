/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generates classic BPF from the system-call model.
 *
 * Numbers with the same answer are joined into ranges, and a balanced tree of comparisons finds the
 * range, so the cost of a call grows with the logarithm of the number of ranges (a few dozen), not
 * of calls. A range whose answer does not depend on arguments is a single return, reached through
 * nothing but comparisons of the number, which is what lets the kernel prove the answer constant
 * and skip the filter (its action cache).
 */
#ifndef RF_LAUNCH_BPF_EMIT_H
#define RF_LAUNCH_BPF_EMIT_H

#include <linux/filter.h>

#include "sandbox/base/err.h"
#include "sandbox/base/vec.h"
#include "sandbox/policy/sysmodel.h"

RF_VEC_DEFINE(rf_bpf_code, struct sock_filter);

/* What a program decides; the rest of the machine's calls it allows, for another one to decide. */
struct rf_bpf_part {
	uint32_t
		arches; /* bit per rf_abi_at(); ABIs that share an audit architecture go together */
	uint32_t first; /* numbers first to last, both included */
	uint32_t last;
};

/*
 * Appends to ret the program for a part. Calls of an architecture that the machine does not have
 * are killed. -E2BIG if it takes more than the kernel's BPF_MAXINSNS instructions.
 */
RF_MUST_CHECK int rf_bpf_emit(struct rf_bpf_code *ret, const struct rf_sys_model *model,
			      const struct rf_bpf_part *part, struct rf_err *err);

/*
 * Appends the program for calls that are kept from existing without a word (rf_sys_list_is_quiet),
 * which rf_bpf_emit leaves out; it is to be installed without SECCOMP_FILTER_FLAG_LOG. Appends
 * nothing if there are none. Any other call costs it a comparison for each.
 */
RF_MUST_CHECK int rf_bpf_emit_quiet(struct rf_bpf_code *ret, const struct rf_sys_model *model,
				    struct rf_err *err);

#endif
