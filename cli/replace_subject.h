/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose policy is to be replaced, and the new policy as it is for that sandbox: its variables are
 * those of the command, or of the container's configuration, not of whoever replaces.
 */
#ifndef RF_CLI_REPLACE_SUBJECT_H
#define RF_CLI_REPLACE_SUBJECT_H

#include <jansson.h>

#include "cli/policy.h"
#include "cli/run_recipe.h"
#include "lsm/rules.h"
#include "sandbox/launch/found.h"
#include "sandbox/launch/oci_config.h"
#include "sandbox/launch/user.h"
#include "sandbox/launch/world.h"

struct rf_replace_subject {
	struct rf_found found;
	struct rf_recipe *recipe; /* NULL: a container */
	struct rf_oci_config config;
	bool is_container;
	struct rf_world world; /* of its files */
	char *recipe_text;     /* of the new policy, for `exec`; NULL: none */
	json_t *began;	       /* what it began with (launch/fixed_part.h) */
	struct rf_policy *policy;
};

/*
 * Finds the sandbox by id, name, or the container's id, and loads the policy for it. lsm: NULL
 * where nothing is loaded, and no policy can be replaced. RF_EXIT_OK, or a status with the reason
 * told. Released with rf_replace_subject_done always.
 */
int rf_replace_subject_load(struct rf_replace_subject *ret, struct rf_lsm *lsm, const char *sandbox,
			    const char *const *policies, size_t n_policies, const char *const *sets,
			    size_t n_sets);
void rf_replace_subject_done(struct rf_replace_subject *subject);

#endif
