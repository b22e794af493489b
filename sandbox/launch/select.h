/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which back-ends hold a policy here, and how well: the coverage that is reported, refused or run.
 *
 * A function of the policy, the table of candidates and a few facts about caller and machine. It
 * changes nothing. Combination is pessimistic: an item nobody spoke of is held by nobody.
 */
#ifndef RF_LAUNCH_SELECT_H
#define RF_LAUNCH_SELECT_H

#include <sys/resource.h>

#include "sandbox/launch/backend.h"

/* Controllers that the sandbox's cgroup would have. */
#define RF_CONTROLLER_MEMORY 0x1u
#define RF_CONTROLLER_PIDS   0x2u
#define RF_CONTROLLER_CPU    0x4u

struct rf_facts {
	bool has_cgroup;      /* a cgroup of our own can be made */
	const char *why_none; /* why not, one clause; NULL with has_cgroup */
	uint32_t controllers; /* RF_CONTROLLER_* */
	bool sys_admin;	      /* the caller has CAP_SYS_ADMIN */
	bool as_user;	      /* the caller is root, the command will not be */
	const uint64_t *hard; /* limits of the caller by RLIMIT_, RLIM_NLIMITS; NULL: unknown */
};

/* The caller's hard limits, for rf_facts. */
void rf_hard_limits(uint64_t ret[RLIM_NLIMITS]);

#define RF_SELECT_MAX 8

struct rf_chosen {
	const struct rf_backend *backend;
	uint32_t sections; /* bit per enum rf_section */
	uint32_t second;   /* of these, where it is the second layer */
};

/* A back-end that a present section would have liked, and why it cannot be had. */
struct rf_absent {
	const struct rf_backend *backend;
	struct rf_err why;
};

struct rf_selection {
	struct rf_chosen chosen[RF_SELECT_MAX]; /* in the order of the candidates */
	size_t n;
	struct rf_absent absent[RF_SELECT_MAX];
	size_t n_absent;
	struct rf_report report;
};

/*
 * Fills *ret, which the caller releases with rf_selection_done whatever the answer. An item that
 * cannot be held is no failure here: see rf_selection_refused.
 */
int rf_select(struct rf_selection *ret, const struct rf_policy *policy,
	      const struct rf_candidate *candidates, const struct rf_facts *facts,
	      struct rf_err *err) RF_MUST_CHECK;

/* Only the back-ends, as rf_select chooses them, and nobody's answers. */
int rf_select_backends(struct rf_selection *ret, const struct rf_policy *policy,
		       const struct rf_candidate *candidates, const struct rf_facts *facts,
		       struct rf_err *err) RF_MUST_CHECK;

void rf_selection_done(struct rf_selection *selection);

/* An item that is `need: must` and not held exactly as written: the launch is refused. */
bool rf_coverage_refuses(const struct rf_coverage *item);

/* Number of items that refuse. */
size_t rf_selection_refused(const struct rf_selection *selection);

/* The chosen back-end for section as first layer, or NULL. */
const struct rf_backend *rf_selection_first(const struct rf_selection *selection,
					    enum rf_section section);

#endif
