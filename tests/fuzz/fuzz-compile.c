/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any policy that loads, compiled: what `run` would hand to the kernel, or a sentence. The same
 * bytes each time, which the checks of a cache take; and where bits of them are flipped, as in a
 * damaged cache, the checks refuse them or every decision still stays within the pages.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lsm/match_dfa.h"
#include "sandbox/launch/filter.h"
#include "sandbox/launch/image.h"
#include "sandbox/launch/why.h"
#include "sandbox/policy/load.h"
#include "sandbox/policy/policy.h"
#include "tests/fuzz/fuzz.h"

/* Flips of one input, fewer where an image is large: each is checked whole. */
#define FLIPS_MAX   24
#define FLIPS_BYTES (2u << 20)

RF_DEFINE_CLEANUP(struct rf_policy, free_policy, rf_policy_free)

static const struct rf_variable variables[] = {
	{"HOME", "/home/user"}, {"CWD", "/home/user/work"}, {"USER", "user"},
	{"UID", "1000"},	{"TMPDIR", "/tmp"},
};

static void check_filter(const struct rf_policy *policy)
{
	const struct rf_sys_context context = {0};
	struct rf_err err = RF_ERR_INIT;
	struct rf_blob blob = {0};

	if (rf_filter_build(policy, &context, &blob, &err) < 0)
		assert(err.msg[0]);
	else
		assert(blob.len == 0 || rf_filter_check(blob.data, blob.len, &err) == 0);
	rf_blob_done(&blob);
}

/* Decisions of every kind; whatever they are, they end. */
static void ask(const struct rf_policy *policy, const struct rf_image *image)
{
	struct rf_question question = {.kind = RF_WHY_FILE, .rights = 1, .text = "/usr/lib/.env/x"};
	struct rf_finding finding;
	struct rf_err err = RF_ERR_INIT;

	for (int kind = RF_WHY_FILE; kind <= RF_WHY_KERNEL; kind++) {
		question.kind = (enum rf_why_kind)kind;
		question.dev_type = 2;
		if (kind != RF_WHY_SYSCALL)
			(void)!rf_why_ask(policy, image, &question, &finding, &err);
		rf_err_clear(&err);
	}
}

static void check_damaged(const struct rf_policy *policy, const struct rf_image *image,
			  uint64_t seed)
{
	size_t size = image->n_pages * sizeof(*image->pages);
	size_t flips = 2 + FLIPS_BYTES / size;
	RF_AUTOFREE uint8_t *copy = malloc(size);

	if (!copy)
		return;
	for (size_t i = 0; i < flips && i < FLIPS_MAX; i++) {
		RF_CLEANUP(rf_image_freep) struct rf_image *damaged = NULL;
		struct rf_err err = RF_ERR_INIT;

		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		memcpy(copy, image->pages, size);
		/* Half of them in the heads of the sections, which say where all else is. */
		copy[(seed >> 33) % (i % 2 ? size : 512)] ^= (uint8_t)(1 << (seed >> 20 & 7));
		if (rf_image_load(&damaged, copy, size, &err) == 0)
			ask(policy, damaged);
		else
			assert(err.msg[0]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct rf_load_options options = {
		.variables = variables,
		.n_variables = RF_ARRAY_LEN(variables),
	};
	RF_CLEANUP(free_policy) struct rf_policy *policy = NULL;
	RF_CLEANUP(rf_image_freep) struct rf_image *image = NULL, *again = NULL;
	struct rf_problems problems = {0};
	struct rf_err err = RF_ERR_INIT;
	uint64_t seed = size;
	int r = rf_policy_load_text(&policy, "fuzz.json", (const char *)data, size, &options,
				    &problems, &err);

	rf_problems_done(&problems);
	if (r < 0)
		return 0;
	check_filter(policy);
	if (rf_image_compile(&image, policy, &err) < 0) {
		assert(err.msg[0]);
		return 0;
	}
	assert(rf_image_check(image->pages, image->n_pages, &err) == 0);
	assert(rf_image_compile(&again, policy, &err) == 0);
	assert(again->key == image->key && again->n_pages == image->n_pages);
	assert(memcmp(again->pages, image->pages, image->n_pages * sizeof(*image->pages)) == 0);
	ask(policy, image);
	for (size_t i = 0; i < size; i++)
		seed = seed * 31 + data[i];
	check_damaged(policy, image, seed);
	return 0;
}
