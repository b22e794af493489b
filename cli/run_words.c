/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one place where the policy's rules become the audit layer's words; see run_words.h.
 */
#include "cli/run_words.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sandbox/base/fd.h"
#include "sandbox/launch/fixed_part.h"

_Static_assert((int)RF_SEC_FILES == (int)RF_SECTION_FILES &&
		       (int)RF_SEC_NETWORK == (int)RF_SECTION_NETWORK &&
		       (int)RF_SEC_DEVICES == (int)RF_SECTION_DEVICES &&
		       (int)RF_SEC_CAPABILITIES == (int)RF_SECTION_CAPABILITIES &&
		       (int)RF_SEC_SECCOMP == (int)RF_SECTION_SECCOMP &&
		       (int)RF_SEC_KERNEL == (int)RF_SECTION_KERNEL &&
		       (int)RF_SEC_PROCESS == (int)RF_SECTION_PROCESS,
	       "a record's layer is the policy's section");
_Static_assert((int)RF_K_COUNT == (int)RF_KERNEL_COUNT, "a record's key is the policy's key");

static void fill_place(struct rf_rule_words *words, const struct rf_place *place)
{
	words->file = place->line > 0 ? place->file : NULL;
	words->line = place->line;
}

int rf_words_fill(struct rf_wordbook *book, const struct rf_policy *policy, struct rf_err *err)
{
	book->rules = calloc(policy->n_rules ? policy->n_rules : 1, sizeof(book->rules[0]));
	if (!book->rules)
		return rf_err_sys(err, -ENOMEM, "keep the rules' words");
	book->n_rules = policy->n_rules;
	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct rf_rule *rule = policy->rules[i];

		book->rules[i] = (struct rf_rule_words){.id = rule->id,
							.file = rule->place.file,
							.line = rule->place.line,
							.reason = rule->reason,
							.hint = rule->hint};
	}
	for (size_t i = 0; i < RF_WORDBOOK_SECTIONS; i++)
		fill_place(&book->sections[i], &policy->sections[i].place);
	for (size_t i = 0; i < RF_K_COUNT; i++)
		if (policy->kernel[i].given)
			fill_place(&book->keys[i], &policy->kernel[i].place);
	return 0;
}

static int write_book(int dir, const char *name, const struct rf_wordbook *book,
		      const struct rf_policy *policy, struct rf_err *err)
{
	json_t *fixed = rf_fixed_part(policy);
	RF_AUTOFREE char *text = NULL;
	int r = rf_wordbook_format(book, fixed, &text, err);

	json_decref(fixed);
	return r < 0 ? r : rf_fd_write_atomic(dir, name, 0600, text, strlen(text), err);
}

int rf_words_publish(const struct rf_wordbook *book, const struct rf_policy *policy,
		     struct rf_err *err)
{
	const char *sha256 = policy->sha256;
	RF_AUTOCLOSE int dir = -1;
	char name[80];
	int r;

	if (geteuid() != 0 || !sha256[0])
		return 0;
	(void)snprintf(name, sizeof(name), "%.64s.json", sha256);
	dir = open(RF_WORDS_DIR, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0) {
		r = rf_fd_mkdirs(RF_WORDS_DIR, 0700, err);
		if (r < 0)
			return r;
		dir = open(RF_WORDS_DIR, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	if (dir < 0)
		return rf_err_sys(err, -errno, "open %s", RF_WORDS_DIR);
	if (faccessat(dir, name, F_OK, 0) == 0)
		return 0;
	return write_book(dir, name, book, policy, err);
}
