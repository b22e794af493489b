/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One layer of the system-call model in the making: who answers what for which number.
 *
 * Private to the model: sysmodel.c asks each maker for its layers and joins them.
 */
#ifndef RF_POLICY_SYSLAYER_H
#define RF_POLICY_SYSLAYER_H

#include <linux/seccomp.h>

#include "sandbox/base/arena.h"
#include "sandbox/base/vec.h"
#include "sandbox/policy/oci_seccomp.h"
#include "sandbox/policy/syscalls.h"
#include "sandbox/policy/sysmodel.h"

#define RF_ABIS_MAX 3

/* Order within one filter; lower decides first. Deny comes before allow whatever the order. */
enum rf_sys_phase {
	RF_PHASE_DENY,
	RF_PHASE_DENY_ARGS,
	RF_PHASE_ALLOW_ARGS,
	RF_PHASE_ALLOW,
	RF_PHASE_BASE_ALWAYS, /* an unconditional rule of a profile beats its conditional ones */
	RF_PHASE_BASE_ARGS
};

struct rf_sys_entry {
	uint32_t nr;
	enum rf_sys_phase phase;
	uint32_t order;
	struct rf_sys_clause clause;
};

RF_VEC_DEFINE(rf_sys_entries, struct rf_sys_entry);

struct rf_sys_layer {
	struct rf_sys_entries entries[RF_ABIS_MAX];
	struct rf_sys_clause known;   /* calls of the table without an entry that always decides */
	struct rf_sys_clause unknown; /* numbers that are no call */
	struct rf_sys_clause foreign; /* every call of an ABI that `abis` leaves out */
	uint32_t abis;		      /* bit per ABI that has entries; the others get `foreign` */
};

/* What makers work with. */
struct rf_sys_maker {
	const struct rf_policy *policy;
	const struct rf_sys_context *context;
	struct rf_arena *arena;
	struct rf_err *err;
	/* Of all filters: rules in audit mode, and rules that kill, which other filters do not
	 * hide. */
	struct rf_sys_layer *audit, *kills;
	uint32_t order;
	size_t pieces; /* entries (two each), conditions and values so far */
};

/* Of all filters of a policy; what they take is memory, 100 MiB at this. */
#define RF_SYS_PIECES_MAX 1000000u

/* An empty layer that allows everything. */
void rf_sys_layer_init(struct rf_sys_layer *layer);
void rf_sys_layer_done(struct rf_sys_layer *layer);

/*
 * Adds a clause for a call by name on every ABI that has it. On i386 it also reaches the function
 * of socketcall or ipc: a clause without conditions decides it there too; one with conditions
 * cannot be judged there, so a refusal refuses the function whole and a permission gives nothing.
 * Conditions that can never hold drop the clause, those that always hold are dropped.
 */
RF_MUST_CHECK int rf_sys_layer_add(struct rf_sys_layer *layer, struct rf_sys_maker *maker,
				   const char *call, enum rf_sys_phase phase,
				   const struct rf_sys_clause *clause);

/* The same in phase DENY; the conditions are copied. */
RF_MUST_CHECK int rf_sys_layer_refuse(struct rf_sys_layer *layer, struct rf_sys_maker *maker,
				      const char *call, const struct rf_sys_cond *conds, size_t n,
				      struct rf_sys_clause clause);

/* Whether this action refuses the call. */
static inline bool rf_sys_refuses(uint32_t action)
{
	return action != SECCOMP_RET_ALLOW && action != SECCOMP_RET_LOG;
}

/* Fills a layer, and those of the maker, from one filter of the policy. */
RF_MUST_CHECK int rf_sys_layer_filter(struct rf_sys_layer *layer, struct rf_sys_maker *maker,
				      const struct rf_filter *filter);

/* Filters flatten for the capabilities that the command will have at most. */
struct rf_oci_host rf_sys_flattening_host(const struct rf_policy *policy,
					  const struct rf_sys_context *context);

/*
 * Does the rule grant appending to a file, and no other write? Then the filter has a part in it.
 * Where writing is allowed by default it adds nothing: who is denied writing is denied appending.
 */
static inline bool rf_grants_append_alone(const struct rf_policy *policy,
					  const struct rf_file_rule *rule)
{
	return policy->files_default == RF_DEFAULT_DENY && !rule->rule.deny &&
	       (rule->rights & RF_FILE_APPEND) && !(rule->rights & RF_FILE_WRITE);
}

/* The layers that do not come from section seccomp. */
RF_MUST_CHECK int rf_sys_layer_self(struct rf_sys_layer *layer, struct rf_sys_maker *maker);
RF_MUST_CHECK int rf_sys_layer_kernel(struct rf_sys_layer *layer, struct rf_sys_maker *maker);
RF_MUST_CHECK int rf_sys_layer_families(struct rf_sys_layer *layer, struct rf_sys_maker *maker);

/* libseccomp's program for a profile, in the arena. */
RF_MUST_CHECK int rf_oci_seccomp_compile(struct rf_sys_program *ret,
					 const struct rf_oci_profile *profile,
					 struct rf_arena *arena, struct rf_err *err);

#endif
