/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a launch was found to need, kept for the next one: the policy as it was loaded, which
 * back-end holds what of it, and the objects that Landlock grants.
 *
 * An entry of the cache is named by everything that was asked for (policies, rules and variables of
 * the command line, the caller, the working directory, this very build). It is used only if all
 * that it was made from is still so: the policy files say the same, links lead the same way, each
 * object is what it was, and the kernel and the caller can do the same. Then its answers are those
 * that would be found again. Anything else, and all is done anew; an entry is never repaired.
 */
#ifndef RF_LAUNCH_FORM_H
#define RF_LAUNCH_FORM_H

#include "sandbox/base/hash.h"
#include "sandbox/launch/image.h"
#include "sandbox/launch/select.h"
#include "sandbox/policy/trace.h"

struct rf_form {
	char key[RF_HASH_HEX_LEN + 1]; /* empty: nothing can be kept */
	bool fresh;		       /* nothing was found: what is found out is to be kept */
	struct rf_trace made;	       /* of the load that was done */
	const void *choice;	       /* of an entry that was found, in the policy's memory */
	size_t choice_len;
	const struct rf_image_part *image_part; /* of its policy, there too; NULL: none was found */
	struct rf_ll_looks *looks; /* looked at again for it; NULL: there are none, or used */
	bool has_looks;
};

/* Zeroed is ready; several uses after each other need rf_form_done between them. */
void rf_form_done(struct rf_form *form);

/*
 * rf_policy_load, or what is kept of it. The form is filled for the two functions below and belongs
 * to the policy: it must not be used after it is freed.
 */
int rf_form_load(struct rf_form *form, struct rf_policy **ret, const char *const *names, size_t n,
		 const struct rf_load_options *options, struct rf_problems *problems,
		 struct rf_err *err) RF_MUST_CHECK;

/*
 * rf_select, or what is kept of it. What had to be found anew is kept; an entry that was found and
 * does not fit the kernel and the caller of now is dropped, so that the next launch keeps another.
 */
int rf_form_select(struct rf_form *form, struct rf_selection *ret, const struct rf_policy *policy,
		   const struct rf_candidate *candidates, const struct rf_facts *facts,
		   struct rf_err *err) RF_MUST_CHECK;

#endif
