/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One JSON text of a policy, and telling what is wrong at a place of it. See doc.h.
 */
#include "sandbox/policy/doc.h"

#include <stdarg.h>
#include <string.h>

#include "sandbox/policy/limits.h"
#include "sandbox/policy/problem.h"
#include "sandbox/policy/wide.h"

#define SENTENCE_MAX 2048
#define POINTER_MAX  1024

static struct rf_place node_place(const struct rf_doc *doc, uint32_t node, bool of_key)
{
	const struct rf_scan_node *at = &doc->scan.nodes[node];
	struct rf_place place = {.file = doc->name, .line = at->line, .column = at->column};

	if (doc->synthetic)
		place.line = place.column = 0;
	else if (of_key && at->key) {
		place.line = at->key_line;
		place.column = at->key_column;
	}
	return place;
}

/* " (extended at web.json:3:14)", for each document on the way. */
static void add_via(const struct rf_doc *doc, struct rf_str *ret)
{
	for (; doc->via; doc = doc->via) {
		struct rf_place place = node_place(doc->via, doc->via_node, false);

		rf_str_addf(ret, " (extended at %s:%u:%u)", place.file, place.line, place.column);
	}
}

static void tell(struct rf_parse *p, bool warning, const struct rf_place *place,
		 const char *pointer, const char *sentence)
{
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(SENTENCE_MAX + 16384);

	p->n_errors += !warning;
	rf_str_add(&text, sentence);
	add_via(p->doc, &text);
	if (rf_problems_add(p->problems, warning, place, pointer, rf_str_text(&text)) < 0)
		p->no_memory = true;
}

static void tell_at(struct rf_parse *p, bool warning, struct rf_at at, bool of_key,
		    const char *sentence)
{
	RF_AUTOSTR struct rf_str pointer = RF_STR_INIT(POINTER_MAX);
	struct rf_place place = node_place(p->doc, at.node, of_key);

	if (!p->doc->synthetic)
		rf_scan_pointer(&p->doc->scan, at.node, &pointer);
	tell(p, warning, &place, rf_str_text(&pointer), sentence);
}

void rf_at_error(struct rf_parse *p, struct rf_at at, const char *fmt, ...)
{
	char sentence[SENTENCE_MAX];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(sentence, sizeof(sentence), fmt, args);
	va_end(args);
	tell_at(p, false, at, false, sentence);
}

void rf_at_key_error(struct rf_parse *p, struct rf_at at, const char *fmt, ...)
{
	char sentence[SENTENCE_MAX];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(sentence, sizeof(sentence), fmt, args);
	va_end(args);
	tell_at(p, false, at, true, sentence);
}

void rf_at_warn(struct rf_parse *p, struct rf_at at, const char *fmt, ...)
{
	char sentence[SENTENCE_MAX];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(sentence, sizeof(sentence), fmt, args);
	va_end(args);
	tell_at(p, true, at, false, sentence);
}

/* A text that is not JSON: the words are jansson's, the place is the scanner's where it has one. */
static int tell_invalid(struct rf_parse *p, const struct rf_doc *doc, const json_error_t *error)
{
	struct rf_place place = {.file = doc->name, .line = 1, .column = 1};
	char sentence[SENTENCE_MAX];

	if (doc->scan.error) {
		place.line = doc->scan.error_line;
		place.column = doc->scan.error_column;
	} else if (error && error->line > 0) {
		place.line = (uint32_t)error->line;
		place.column = error->column > 0 ? (uint32_t)error->column : 1;
	}
	if (doc->scan.error && error)
		(void)snprintf(sentence, sizeof(sentence), "not valid JSON: %s (%s)",
			       doc->scan.error, error->text);
	else
		(void)snprintf(sentence, sizeof(sentence), "not valid JSON: %s",
			       error ? error->text : doc->scan.error);
	tell(p, false, &place, "", sentence);
	return -EINVAL;
}

/* Wherever they are, also in what is otherwise ignored. */
static void tell_duplicates(struct rf_parse *p, const struct rf_doc *doc)
{
	for (uint32_t i = 0; i < doc->scan.n; i++) {
		const struct rf_scan_node *node = &doc->scan.nodes[i];

		if (node->first_same != RF_SCAN_NONE)
			rf_at_key_error(p, (struct rf_at){.node = i},
					"duplicate key \"%s\", first on line %u", node->key,
					doc->scan.nodes[node->first_same].key_line);
	}
}

int rf_doc_parse(struct rf_parse *p, struct rf_doc *doc, const char *text, size_t len)
{
	json_error_t error;
	int r;

	r = rf_scan_text(&doc->scan, text, len, p->arena);
	if (r == -ENOMEM)
		return r;
	if (r < 0 && rf_str_eq(doc->scan.error, "nested too deeply")) {
		char sentence[SENTENCE_MAX];
		struct rf_place place = {doc->name, doc->scan.error_line, doc->scan.error_column};

		(void)snprintf(sentence, sizeof(sentence),
			       "nested more than %d levels deep, which is the limit",
			       RF_LIMIT_DEPTH);
		tell(p, false, &place, "", sentence);
		return -EINVAL;
	}
	/* Duplicates are told with all their places; for anything else jansson has the word. */
	doc->root = rf_json_load_wide(text, len, JSON_REJECT_DUPLICATES, &error);
	if (!doc->root && r == 0 && doc->scan.has_duplicates &&
	    json_error_code(&error) == json_error_duplicate_key)
		doc->root = rf_json_load_wide(text, len, 0, &error);
	if (!doc->root)
		return tell_invalid(p, doc, &error);
	if (r < 0)
		return tell_invalid(p, doc, NULL);
	tell_duplicates(p, doc);
	return 0;
}

void rf_doc_done(struct rf_doc *doc)
{
	json_decref(doc->root);
	doc->root = NULL;
	rf_scan_done(&doc->scan);
}

struct rf_place rf_at_place(const struct rf_parse *p, struct rf_at at)
{
	return node_place(p->doc, at.node, false);
}
