/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system-call filter of a policy: built into bytes, kept anywhere, installed in the child.
 *
 * Building costs milliseconds and is pure, so its result belongs into the compiled form of a
 * policy; installing takes the bytes only, allocates nothing and parses nothing.
 *
 * A filter once installed cannot be removed or loosened by anything the command does: further
 * filters can only add refusals, PR_SET_SECCOMP likewise, and a user-notification listener of a
 * later filter is asked only where the answers of all earlier ones rank below it, so it can never
 * turn our refusal into a permission. That holds across exec and for every thread and child.
 */
#ifndef RF_LAUNCH_FILTER_H
#define RF_LAUNCH_FILTER_H

#include <stddef.h>

#include "sandbox/base/err.h"
#include "sandbox/policy/sysmodel.h"

/* Bytes owned by whoever holds the struct. */
struct rf_blob {
	void *data;
	size_t len;
};

void rf_blob_done(struct rf_blob *blob);

/* Most bytes of a filter: what the kernel's limit on all filters of a task leaves room for. */
#define RF_FILTER_BLOB_MAX (256 * 1024)

/*
 * Builds the filter of a policy. Every policy has one: some calls are always refused. Deterministic
 * for a policy, a context and a build of libseccomp; a context without a kernel version takes the
 * running one, which OCI profiles may ask for.
 */
RF_MUST_CHECK int rf_filter_build(const struct rf_policy *policy,
				  const struct rf_sys_context *context, struct rf_blob *ret,
				  struct rf_err *err);

/*
 * As rf_filter_build, for root by way of the cache. The context must tell all that the filter
 * depends on beside the policy.
 */
RF_MUST_CHECK int rf_filter_make(const struct rf_policy *policy,
				 const struct rf_sys_context *context, struct rf_blob *ret,
				 struct rf_err *err);

/* Whether bytes are a filter that the kernel would take: 0 or -EINVAL. For what was kept somewhere.
 */
RF_MUST_CHECK int rf_filter_check(const void *data, size_t len, struct rf_err *err);

struct rf_filter_size {
	size_t programs, instructions, longest; /* longest: instructions of one program */
};

#define RF_FILTER_PROGRAMS_MAX 64u

/* -EINVAL for bytes that are no filter. */
RF_MUST_CHECK int rf_filter_measure(struct rf_filter_size *ret, const void *data, size_t len);

/*
 * Installs a filter in the calling thread, for good. Needs no_new_privs or CAP_SYS_ADMIN.
 * Async-signal-safe but for the words in err. On failure the caller must not go on: a part may be
 * installed already.
 */
RF_MUST_CHECK int rf_filter_install(const void *data, size_t len, struct rf_err *err);

/*
 * What the filter would answer to a call, by running its bytes; for tests and for showing that an
 * explanation is true. -EINVAL for bytes that are no filter.
 */
struct seccomp_data;
RF_MUST_CHECK int rf_filter_ask(uint32_t *ret, const void *data, size_t len,
				const struct seccomp_data *call);

#endif
