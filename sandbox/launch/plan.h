/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan of a launch: an ordered list of steps, made before anything happens.
 *
 * A pure function of the request. `run --plan` prints it, tests compare it, and the launcher has no
 * other way to do anything: the parent executes the parent's steps, the child the child's, in
 * order, and the first failure ends the launch.
 */
#ifndef RF_LAUNCH_PLAN_H
#define RF_LAUNCH_PLAN_H

#include <stdbool.h>

#include "sandbox/base/str.h"
#include "sandbox/launch/launch.h"

enum rf_step_kind {
	/* parent */
	RF_STEP_STATE,	   /* note the sandbox where the next run finds it */
	RF_STEP_CGROUP,	   /* make it */
	RF_STEP_RESOURCES, /* limit it */
	RF_STEP_PREPARE,   /* one per back-end: maps, rulesets, programs on the cgroup */
	RF_STEP_CLONE,	   /* into the cgroup, with a pidfd; the child waits */
	RF_STEP_ATTACH,	   /* one per back-end: hand the waiting child its fence */
	/* child */
	RF_STEP_SIGNALS,
	RF_STEP_SESSION,
	RF_STEP_RLIMITS,
	RF_STEP_ENV,
	RF_STEP_CWD,
	RF_STEP_USER,
	RF_STEP_DESCRIPTORS,
	RF_STEP_CAPABILITIES,
	RF_STEP_NO_NEW_PRIVS,
	RF_STEP_FENCE, /* one per back-end */
	RF_STEP_LAST,  /* seccomp */
	RF_STEP_EXEC,
	RF_STEP_PAYLOAD, /* instead of exec */
	RF_STEP_COUNT
};

struct rf_step {
	enum rf_step_kind kind;
	const struct rf_backend *backend; /* where the step is a back-end's, else NULL */
	uint32_t sections;		  /* PREPARE: what the back-end was chosen for */
	uint32_t second;		  /* PREPARE: of these, as second layer */
	char text[192];			  /* for people */
};

#define RF_PLAN_MAX 64

struct rf_plan {
	struct rf_step steps[RF_PLAN_MAX];
	size_t n;
};

int rf_plan_make(struct rf_plan *ret, const struct rf_request *request, struct rf_err *err)
	RF_MUST_CHECK;

/* The word that `--plan` and tests use, e.g. "clone3". */
const char *rf_step_name(const struct rf_step *step);

bool rf_step_in_child(const struct rf_step *step);

/* Appends the plan as `run --plan` prints it. */
int rf_plan_format(const struct rf_plan *plan, struct rf_str *out) RF_MUST_CHECK;

#endif
