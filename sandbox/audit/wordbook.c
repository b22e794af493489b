/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding, writing and reading the words of a policy's rules; see wordbook.h.
 */
#include "sandbox/audit/wordbook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lsm/names.h"

void rf_wordbook_done(struct rf_wordbook *book)
{
	free(book->rules);
	json_decref(book->json);
	memset(book, 0, sizeof(*book));
}

/* A key that no file gives has its default and no place. */
static int find_key(struct rf_wordbook *book, uint32_t key, struct rf_rule_words *ret)
{
	*ret = book->keys[key];
	(void)snprintf(book->id, sizeof(book->id), "kernel.%s", rf_kernel_word(key));
	ret->id = book->id;
	if (!ret->file)
		ret->reason = "not given in the policy, so it has its default";
	return 1;
}

static int find_section(struct rf_wordbook *book, uint32_t layer, struct rf_rule_words *ret)
{
	*ret = book->sections[layer];
	(void)snprintf(book->id, sizeof(book->id), "%s%s", rf_layer_name(layer),
		       layer == RF_SEC_CAPABILITIES ? "" : ".default");
	ret->id = book->id;
	return 1;
}

int rf_wordbook_find(void *data, const struct rf_record *record, struct rf_rule_words *ret)
{
	struct rf_wordbook *book = data;

	if (record->rule == RF_RULE_SELF) {
		*ret = (struct rf_rule_words){.id = "ringfence.self",
					      .reason = "the fence protects itself"};
		return 1;
	}
	if (record->rule == RF_RULE_UNJUDGED || record->layer >= RF_WORDBOOK_SECTIONS)
		return 0;
	if (record->layer == RF_SEC_KERNEL)
		return record->key < RF_K_COUNT ? find_key(book, record->key, ret) : 0;
	if (record->rule < book->n_rules) {
		*ret = book->rules[record->rule];
		return 1;
	}
	if (record->rule == RF_RULE_NONE || record->rule == RF_RULE_CAPS)
		return find_section(book, record->layer, ret);
	return 0;
}

static json_t *words_json(const struct rf_rule_words *words)
{
	return json_pack("{s:s*, s:s*, s:i, s:s*, s:s*}", "id", words->id, "file", words->file,
			 "line", (int)words->line, "reason", words->reason, "hint", words->hint);
}

static json_t *list_json(const struct rf_rule_words *words, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < n; i++)
		if (json_array_append_new(list, words_json(&words[i])) < 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

int rf_wordbook_format(const struct rf_wordbook *book, json_t *fixed, char **ret,
		       struct rf_err *err)
{
	json_t *json = json_pack("{s:i, s:o, s:o, s:o, s:O*}", "v", 1, "rules",
				 list_json(book->rules, book->n_rules), "sections",
				 list_json(book->sections, RF_WORDBOOK_SECTIONS), "kernel",
				 list_json(book->keys, RF_K_COUNT), "fixed", fixed);
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	json_decref(json);
	if (!text)
		return rf_err_set(err, -ENOMEM, "cannot write down the rules' words");
	*ret = text;
	return 0;
}

static void words_parse(struct rf_rule_words *ret, const json_t *json)
{
	*ret = (struct rf_rule_words){
		.id = json_string_value(json_object_get(json, "id")),
		.file = json_string_value(json_object_get(json, "file")),
		.line = (uint32_t)json_integer_value(json_object_get(json, "line")),
		.reason = json_string_value(json_object_get(json, "reason")),
		.hint = json_string_value(json_object_get(json, "hint")),
	};
}

static void list_parse(struct rf_rule_words *ret, size_t n, const json_t *list)
{
	for (size_t i = 0; i < n; i++)
		words_parse(&ret[i], json_array_get(list, i));
}

int rf_wordbook_parse(struct rf_wordbook *book, const char *text, size_t len, struct rf_err *err)
{
	json_error_t error;
	json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	size_t n = json_array_size(json_object_get(json, "rules"));

	if (!json_is_array(json_object_get(json, "rules")) || n > RF_MAX_RULES) {
		json_decref(json);
		return rf_err_set(err, -EBADMSG, "the rules' words are damaged: %s", error.text);
	}
	book->rules = calloc(n ? n : 1, sizeof(book->rules[0]));
	if (!book->rules) {
		json_decref(json);
		return rf_err_sys(err, -ENOMEM, "read the rules' words");
	}
	book->json = json;
	book->n_rules = n;
	list_parse(book->rules, n, json_object_get(json, "rules"));
	list_parse(book->sections, RF_WORDBOOK_SECTIONS, json_object_get(json, "sections"));
	list_parse(book->keys, RF_K_COUNT, json_object_get(json, "kernel"));
	return 0;
}
