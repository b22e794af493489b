/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any question put to any policy: a policy, a NUL byte, and either words, one a line, or an event.
 * Refused with a sentence, or answered with a verdict and who gives it, twice alike; a change is
 * offered only for what is denied.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "cli/why_question.h"
#include "sandbox/policy/load.h"
#include "tests/fuzz/fuzz.h"

#define WORDS_MAX 12

RF_DEFINE_CLEANUP(struct rf_policy, free_policy, rf_policy_free)

static const struct rf_variable variables[] = {
	{"HOME", "/home/user"}, {"CWD", "/home/user/work"}, {"USER", "user"},
	{"UID", "1000"},	{"TMPDIR", "/tmp"},
};

static int read_words(struct rf_question *ret, char *text, struct rf_err *err)
{
	char *words[WORDS_MAX];
	size_t n = 0;

	for (char *word = strtok(text, "\n"); word && n < WORDS_MAX; word = strtok(NULL, "\n"))
		words[n++] = word;
	return rf_question_parse(ret, words, n, err);
}

static int read_question(struct rf_question *ret, char *text, size_t size, struct rf_err *err)
{
	json_t *event;
	int r;

	if (text[0] != '{')
		return read_words(ret, text, err);
	event = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
	r = event ? rf_question_from_event(ret, event, err) : -ENOMSG;
	json_decref(event);
	return r;
}

static void ask(const struct rf_policy *policy, const struct rf_image *image,
		const struct rf_question *question)
{
	RF_AUTOSTR struct rf_str words = RF_STR_INIT(4 * RF_WHY_TEXT_MAX);
	struct rf_finding first = {0}, again = {0}, otherwise = {0};
	struct rf_err err = RF_ERR_INIT;
	char change[4 * RF_WHY_TEXT_MAX];
	int r = rf_why_ask(policy, image, question, &first, &err);

	if (r < 0) {
		assert(err.msg[0]);
		return;
	}
	assert(first.rule && first.rule[0] && rf_why_verdict_name(first.verdict));
	assert(rf_why_ask(policy, image, question, &again, &err) == 0);
	assert(again.verdict == first.verdict && strcmp(again.rule, first.rule) == 0);
	rf_why_describe(question, &words);
	assert(rf_str_error(&words) == 0 && words.len > 0);
	r = rf_why_otherwise(policy, question, &first, &otherwise, &err);
	assert(r <= 1 && (r >= 0 || err.msg[0]) && (r <= 0 || otherwise.rule));
	if (r < 0)
		return;
	r = rf_why_change(policy, question, &first, r > 0 ? &otherwise : NULL, change,
			  sizeof(change), &err);
	assert(r == 0 || err.msg[0]);
	assert(r < 0 || first.verdict != RF_V_ALLOWED || !change[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct rf_load_options options = {
		.variables = variables,
		.n_variables = RF_ARRAY_LEN(variables),
	};
	RF_CLEANUP(free_policy) struct rf_policy *policy = NULL;
	RF_CLEANUP(rf_image_freep) struct rf_image *image = NULL;
	const uint8_t *end = memchr(data, 0, size);
	size_t policy_len = end ? (size_t)(end - data) : size;
	size_t rest = end ? size - policy_len - 1 : 0;
	RF_AUTOFREE char *text = strndup(end ? (const char *)end + 1 : "", rest);
	struct rf_problems problems = {0};
	struct rf_err err = RF_ERR_INIT;
	struct rf_question question;
	int r;

	if (!text)
		return 0;
	r = read_question(&question, text, strlen(text), &err);
	assert(r == 0 || r == -ENOMSG || err.msg[0]);
	if (r < 0)
		return 0;
	r = rf_policy_load_text(&policy, "fuzz.json", (const char *)data, policy_len, &options,
				&problems, NULL);
	rf_problems_done(&problems);
	if (r == 0 && rf_image_compile(&image, policy, NULL) == 0)
		ask(policy, image, &question);
	return 0;
}
