/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a policy decides about every system call of every ABI: the model that the installed filter
 * is generated from and that explanations are read from.
 *
 * For each call number there is one list of clauses; the first clause whose conditions all hold
 * decides, and the last one has no conditions. A list is made of layers that must all allow: the
 * calls ringfence always refuses, each filter of the policy, the `kernel` section as far as calls
 * express it, and, where asked, the socket families that no network rule can name. OCI profiles are
 * not turned into lists: libseccomp makes a program of each, as it does for a container runtime,
 * and that program decides beside the list.
 */
#ifndef RF_POLICY_SYSMODEL_H
#define RF_POLICY_SYSMODEL_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox/policy/policy.h"

/* What a model depends on besides the policy. Zeroed: the init session of a plain run. */
struct rf_sys_context {
	enum rf_session session; /* rules of the other kind of session take no part; ANY is init */
	uint32_t kernel; /* major << 16 | minor, for minKernel of profiles; 0: the running one */
	/* Refuse what the network's back-end cannot see: families, listening, unix sockets. */
	bool network_families;
	bool network_ports;	   /* with it: that back-end sees nothing but TCP by port */
	bool hold_self;		   /* no hook refuses leases, swap space, ports */
	bool hold_cgroup;	   /* refuse clone3, which can start a process in another cgroup */
	uint32_t kernel_elsewhere; /* bit per kernel key: in audit mode a better layer records it */
};

/* One comparison of one argument. */
struct rf_sys_cond {
	uint8_t index;
	uint8_t op;	 /* enum rf_arg_op, without IN of one value or NE, which become EQ */
	bool narrow;	 /* the low 32 bits count */
	bool as_library; /* a shipped filter's: as wide as libseccomp compares, to answer alike */
	bool negate;
	uint64_t value;
	uint64_t mask;		/* MASKED_EQ */
	const uint64_t *values; /* IN */
	size_t n_values;
};

/* Who decided. */
enum rf_sys_origin {
	RF_SYS_RULE,	/* a rule of the policy */
	RF_SYS_DEFAULT, /* the filter's base, profile or default: "seccomp.default" */
	RF_SYS_UNKNOWN, /* no such call in the table: ENOSYS */
	RF_SYS_KERNEL,	/* a key of section kernel: "kernel.KEY" */
	RF_SYS_NETWORK, /* a socket family: "network.default" */
	RF_SYS_SELF	/* always refused: "ringfence.self" */
};

struct rf_sys_clause {
	const struct rf_sys_cond *conds;
	size_t n_conds;
	uint32_t action; /* SECCOMP_RET_ value with data */
	/*
	 * Not a refusal to be told: the call is kept from existing so that the caller takes another
	 * one, which is judged. Only for calls answered so whatever their arguments.
	 */
	bool quiet;
	enum rf_sys_origin origin;
	const struct rf_rule *rule;	/* RULE, else NULL */
	const struct rf_filter *filter; /* RULE and DEFAULT, else NULL */
	enum rf_kernel_key key;		/* KERNEL */
};

struct rf_sys_list {
	const struct rf_sys_clause *clauses;
	size_t n;
};

/* One OCI profile's program; `flags` are SECCOMP_FILTER_FLAG_. */
struct rf_sys_program {
	const struct sock_filter *code;
	size_t n;
	uint32_t flags;
	const struct rf_filter *filter;
};

struct rf_sys_model;

/* Most clauses that one call may need. */
#define RF_SYS_CLAUSES_MAX 2048
#define RF_SYS_FILTERS_MAX 60 /* that are united */

/*
 * Makes the model. Pure: the same policy, context and library give the same model. The policy is
 * borrowed and must outlive it.
 */
RF_MUST_CHECK int rf_sys_model_new(struct rf_sys_model **ret, const struct rf_policy *policy,
				   const struct rf_sys_context *context, struct rf_err *err);

struct rf_sys_model *rf_sys_model_free(struct rf_sys_model *model);

RF_DEFINE_CLEANUP(struct rf_sys_model, rf_sys_model_freep, rf_sys_model_free)

/* The list for a call by its ABI's audit architecture; NULL: no ABI of this machine (killed). */
const struct rf_sys_list *rf_sys_model_find(const struct rf_sys_model *model, uint32_t audit_arch,
					    uint32_t nr);

/* The policy it was made of; borrowed. */
const struct rf_policy *rf_sys_model_policy(const struct rf_sys_model *model);

/* The OCI programs, in the order of the policy. */
size_t rf_sys_model_programs(const struct rf_sys_model *model, const struct rf_sys_program **ret);

/* Whether a condition holds for these arguments. */
bool rf_sys_cond_holds(const struct rf_sys_cond *cond, const uint64_t args[6]);

/* The deciding clause; never NULL for a list of a model. */
const struct rf_sys_clause *rf_sys_list_decide(const struct rf_sys_list *list,
					       const uint64_t args[6]);

/* Whether the call is kept from existing without a word. */
static inline bool rf_sys_list_is_quiet(const struct rf_sys_list *list)
{
	return list->n == 1 && list->clauses[0].quiet;
}

/* Whether two lists answer alike whatever the arguments (whoever is responsible). */
bool rf_sys_list_same(const struct rf_sys_list *a, const struct rf_sys_list *b);

/* The shipped filter's text (OCI form) by name without '@', or NULL. */
const char *rf_base_filter_text(const char *name);

#endif
