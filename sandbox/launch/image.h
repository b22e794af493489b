/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy packed for the decision functions of lsm/match.h: whole pages, ready to be written into
 * a map, kept in a file, or asked by `why`. Layout: lsm/abi_image.h.
 *
 * Making one is the only translation from policies to the kernel's terms (lsm_rules.c and what it
 * calls). The same policy on the same machine gives the same bytes.
 */
#ifndef RF_LAUNCH_IMAGE_H
#define RF_LAUNCH_IMAGE_H

#include "lsm/abi.h"
#include "sandbox/base/hash.h"
#include "sandbox/policy/policy.h"

struct rf_image {
	struct rf_page *pages;
	size_t n_pages;
	uint64_t key; /* from the hash of the pages; never 0 */
	char sha256[65];
	struct {
		struct rf_automaton_sizes {
			size_t raw_states, raw_edges, pieces, states, verdicts, related;
			uint64_t steps;
		} files, names;
		size_t addresses, rule_bytes, device_bytes, address_bytes, state_bytes;
	} sizes; /* for sizes.c; zeroes in a loaded image */
};

/*
 * Packs a policy, or takes it from the cache (cache.h) where the very same was packed before.
 * Device patterns are resolved in /dev now. Fails with -E2BIG and the names of the costliest rules
 * where the published limits are exceeded.
 */
int rf_image_make(struct rf_image **ret, const struct rf_policy *policy, struct rf_err *err)
	RF_MUST_CHECK;

/* The hash of all that the image of a policy is made from. */
int rf_image_name(const struct rf_policy *policy, char ret[RF_HASH_HEX_LEN + 1], struct rf_err *err)
	RF_MUST_CHECK;

/* The part of it that only this build and this very policy decide, and the rest added to that. */
struct rf_image_part {
	uint8_t hash[RF_HASH_LEN];
};

void rf_image_part_make(struct rf_image_part *ret, const struct rf_policy *policy);
int rf_image_name_with(const struct rf_image_part *part, const struct rf_policy *policy,
		       char ret[RF_HASH_HEX_LEN + 1], struct rf_err *err) RF_MUST_CHECK;

/* As rf_image_make, by a name that is known. */
int rf_image_make_named(struct rf_image **ret, const struct rf_policy *policy,
			const char name[RF_HASH_HEX_LEN + 1], struct rf_err *err) RF_MUST_CHECK;

/* Packs a policy, whatever the cache holds. */
int rf_image_compile(struct rf_image **ret, const struct rf_policy *policy, struct rf_err *err)
	RF_MUST_CHECK;

/*
 * The first rule that allows a name, for people: the image does not tell allow rules apart. Made
 * for many questions about one policy, which is borrowed.
 */
struct rf_allowers;

int rf_allowers_new(struct rf_allowers **ret, const struct rf_policy *policy, bool is_unix,
		    struct rf_err *err) RF_MUST_CHECK;

/* *ret is RF_RULE_NONE where the default allows. `name` as in struct rf_question; one right. */
int rf_allowers_find(const struct rf_allowers *allowers, const char *name, uint32_t session,
		     uint32_t right, uint16_t *ret, struct rf_err *err) RF_MUST_CHECK;

/* Accepts NULL; returns NULL. */
struct rf_allowers *rf_allowers_free(struct rf_allowers *allowers);

RF_DEFINE_CLEANUP(struct rf_allowers, rf_allowers_freep, rf_allowers_free)

/* Takes a copy of pages from outside (a file) after checking them with rf_image_check. */
int rf_image_load(struct rf_image **ret, const void *data, size_t size, struct rf_err *err)
	RF_MUST_CHECK;

/*
 * Makes the image's names (id and key) those of its pages as `salt` owns them: pages from another
 * owner have other names, whatever they say of themselves.
 */
void rf_image_own(struct rf_image *image, const void *salt, size_t size);

/*
 * Every offset, count, transition and index of the pages is within bounds, so that no decision can
 * read outside of them or go round in circles. 0, or -EBADMSG and what is wrong.
 */
int rf_image_check(const struct rf_page *pages, size_t n_pages, struct rf_err *err) RF_MUST_CHECK;

/* Accepts NULL; returns NULL. */
struct rf_image *rf_image_free(struct rf_image *image);

RF_DEFINE_CLEANUP(struct rf_image, rf_image_freep, rf_image_free)

#endif
