/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The environment that the command will have, and the variables that policies take from it.
 *
 * The order is: the caller's (unless cleared), less what the policy does not keep, plus what the
 * policy sets, plus what --user implies, plus --env. It is known before the policy is loaded but
 * for the policy's own part, so the command line loads twice where that part changes a variable.
 */
#ifndef RF_LAUNCH_ENV_H
#define RF_LAUNCH_ENV_H

#include "sandbox/launch/user.h"
#include "sandbox/policy/policy.h"

/* A NULL-terminated list for execve; strings are owned. */
struct rf_env {
	char **list;
	size_t n;
};

struct rf_env_options {
	char *const *inherited;	  /* the caller's; NULL: none */
	bool clear;		  /* --clear-env */
	const char *const *extra; /* --env: "NAME=VALUE", or "NAME" to pass the caller's on */
	size_t n_extra;
	const struct rf_user *user; /* --user: sets HOME, USER, LOGNAME; NULL: unchanged */
};

/* policy may be NULL: before it is loaded. */
int rf_env_build(struct rf_env *ret, const struct rf_env_options *options,
		 const struct rf_policy *policy, struct rf_err *err) RF_MUST_CHECK;

void rf_env_done(struct rf_env *env);

/* Borrowed; NULL if not set. */
const char *rf_env_get(const struct rf_env *env, const char *name);

/* True if the variables that policies take from an environment are the same in both. */
bool rf_env_is_same_for_policies(const struct rf_env *a, const struct rf_env *b);

#endif
