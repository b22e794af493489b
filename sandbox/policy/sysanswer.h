/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a policy answers to one system call, and who says so: for `why`, for `policy diff`, and for
 * naming the rule behind a denial that the kernel reports without one.
 */
#ifndef RF_POLICY_SYSANSWER_H
#define RF_POLICY_SYSANSWER_H

#include "sandbox/policy/sysmodel.h"

enum rf_sys_verdict {
	RF_SYS_ALLOWED,
	RF_SYS_LOGGED, /* allowed and recorded: audit mode, or a rule with "audit": true */
	RF_SYS_DENIED, /* errno_value */
	RF_SYS_KILLED,
	RF_SYS_TRAPPED /* SIGSYS, or a tracer's business (profiles only) */
};

struct rf_sys_answer {
	enum rf_sys_verdict verdict;
	uint32_t action; /* the SECCOMP_RET_ value itself */
	int errno_value; /* DENIED */
	enum rf_sys_origin origin;
	const struct rf_rule *rule;	/* the rule; NULL unless origin is RULE */
	const struct rf_filter *filter; /* the filter whose default or rule it is; may be NULL */
	enum rf_kernel_key key;		/* origin KERNEL */
	const char
		*rule_id; /* as events say it; static or the policy's: "tty", "seccomp.default" */
	struct rf_place place;	  /* line 0: nowhere */
	bool would_deny;	  /* LOGGED because of audit mode, not by "audit": true */
	bool depends_on_args;	  /* other arguments may get another answer */
	bool one_of_several;	  /* guessed without arguments: another rule may have decided */
	const struct rf_abi *abi; /* NULL: an ABI this machine does not have */
	const char *name;	  /* of the call; NULL: unknown number */
};

/* The answer of a model. Total: every call has one. */
void rf_sys_model_explain(const struct rf_sys_model *model, uint32_t audit_arch, uint32_t nr,
			  const uint64_t args[6], struct rf_sys_answer *ret);

/* The same straight from a policy; makes a model, so not for many calls in a row. */
RF_MUST_CHECK int rf_filter_explain(const struct rf_policy *policy,
				    const struct rf_sys_context *context, uint32_t audit_arch,
				    uint32_t nr, const uint64_t args[6], struct rf_sys_answer *ret,
				    struct rf_err *err);

#endif
