/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scanner and jansson read the same text the same way: every value that jansson has is found at
 * a place where jansson, begun there, reads that value again; what one refuses the other refuses,
 * but for the few things that only jansson looks at.
 */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <jansson.h>
#include <string.h>

#include "sandbox/base/fd.h"
#include "sandbox/policy/limits.h"
#include "sandbox/policy/scan.h"

struct text {
	const char *bytes;
	size_t len;
	struct rf_scan scan;
	struct rf_arena *arena;
};

/* Lines and columns counted anew, one character at a time. */
static void assert_place(const struct text *t, uint32_t offset, uint32_t line, uint32_t column)
{
	uint32_t at_line = 1, at_column = 1;

	for (uint32_t i = 0; i < offset; i++) {
		if (t->bytes[i] == '\n') {
			at_line++;
			at_column = 1;
		} else if (((unsigned char)t->bytes[i] & 0xc0) != 0x80) {
			at_column++;
		}
	}
	assert_int_equal(line, at_line);
	assert_int_equal(column, at_column);
}

static size_t compare(const struct text *t, const json_t *value, uint32_t node)
{
	const struct rf_scan_node *place = &t->scan.nodes[node];
	json_t *again, *item;
	const char *key;
	size_t i, n = 1;

	again = json_loadb(t->bytes + place->offset, t->len - place->offset,
			   JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK, NULL);
	assert_non_null(again);
	assert_true(json_equal(again, value));
	json_decref(again);
	assert_place(t, place->offset, place->line, place->column);
	json_object_foreach ((json_t *)(uintptr_t)value, key, item) {
		uint32_t child = rf_scan_member(&t->scan, node, key);

		assert_int_not_equal(child, RF_SCAN_NONE);
		n += compare(t, item, child);
	}
	json_array_foreach (value, i, item) {
		uint32_t child = rf_scan_item(&t->scan, node, (uint32_t)i);

		assert_int_not_equal(child, RF_SCAN_NONE);
		n += compare(t, item, child);
	}
	return n;
}

/* Returns whether both accept it. */
static bool check_text(const char *bytes, size_t len, bool lenient)
{
	struct text t = {.bytes = bytes, .len = len, .arena = rf_arena_new(1 << 24)};
	json_t *json = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, NULL);
	int r = rf_scan_text(&t.scan, bytes, len, t.arena);
	bool both = r == 0 && json;

	if (json) {
		assert_int_equal(r, 0);
		assert_int_equal(compare(&t, json, 0), t.scan.n);
	} else if (!lenient) {
		assert_true(r == -EINVAL || t.scan.has_duplicates);
	}
	if (r < 0) {
		assert_non_null(t.scan.error);
		assert_true(t.scan.error_line >= 1 && t.scan.error_column >= 1);
	}
	json_decref(json);
	rf_scan_done(&t.scan);
	rf_arena_free(t.arena);
	return both;
}

static void corpus_reads_alike(void **state)
{
	RF_AUTOFREE char *folder = NULL;
	RF_AUTOCLOSEDIR DIR *dir = NULL;
	int n = 0, n_good = 0;

	(void)state;
	assert_true(asprintf(&folder, "%s/tests/golden/policy", getenv("RF_SOURCE_ROOT")) > 0);
	dir = opendir(folder);
	assert_non_null(dir);
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		RF_AUTOFREE char *path = NULL, *text = NULL;
		size_t len = 0;

		assert_true(asprintf(&path, "%s/%s/policy.json", folder, entry->d_name) > 0);
		if (entry->d_name[0] == '.' ||
		    rf_fd_read_file(path, RF_LIMIT_FILE_BYTES, &text, &len, NULL) < 0)
			continue;
		if (strcmp(entry->d_name, "json-deep") == 0)
			continue; /* jansson has no such limit, and needs none: we scan first */
		n_good += check_text(text, len, true);
		n++;
	}
	assert_true(n >= 300 && n_good >= 250);
}

static void valid_texts_are_accepted(void **state)
{
	static const char *const texts[] = {
		"{}",
		"[]",
		" [ 1 , -0.5e+3, 1E5, 0, true , false,null, \"\" ] ",
		"{\"a\":{\"b\":[{\"c\":[[],{}]}]},\"d\":\"\\u00e4\\\"\\\\\\/\\n\"}",
		"{\"\\u0061b\": 1, \"a~/b\": {\"\": 2}}",
		"{\n\t\"ä\": \"€😀\", \"b\": [1,\r\n2]}",
	};

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(texts); i++)
		assert_true(check_text(texts[i], strlen(texts[i]), false));
}

static void invalid_texts_are_refused_by_both(void **state)
{
	static const char *const texts[] = {
		"",
		" ",
		"{",
		"[",
		"[1",
		"[1,",
		"[1,]",
		"{\"a\"",
		"{\"a\":",
		"{\"a\":1",
		"{\"a\":1,}",
		"{a:1}",
		"{'a':1}",
		"[01]",
		"[1.]",
		"[.5]",
		"[1e]",
		"[1e+]",
		"[-]",
		"[+1]",
		"[tru]",
		"[nul]",
		"[\"a]",
		"[\"\t\"]",
		"[\"\\",
		"{} {}",
		"[]x",
		"[1 2]",
		"{\"a\" 1}",
		"{\"a\":1 \"b\":2}",
		"[\"\xff\"]",
		"[\"\xc0\x80\"]",
		"[\"\xed\xa0\x80\"]",
		"{\"a\":1,\"a\":2}",
		"{\"a\":1,\"\\u0061\":2}",
	};

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(texts); i++)
		assert_false(check_text(texts[i], strlen(texts[i]), false));
}

static void depth_is_limited(void **state)
{
	struct rf_arena *arena = rf_arena_new(1 << 20);
	char text[2 * RF_LIMIT_DEPTH + 3];
	struct rf_scan scan;

	(void)state;
	for (int depth = RF_LIMIT_DEPTH; depth <= RF_LIMIT_DEPTH + 1; depth++) {
		memset(text, '[', (size_t)depth);
		memset(text + depth, ']', (size_t)depth);
		assert_int_equal(rf_scan_text(&scan, text, 2 * (size_t)depth, arena),
				 depth > RF_LIMIT_DEPTH ? -EINVAL : 0);
		rf_scan_done(&scan);
	}
	rf_arena_free(arena);
}

static void pointers_are_escaped(void **state)
{
	static const char text[] = "{\"a~/b\": [0, {\"\": 1}]}";
	RF_AUTOSTR struct rf_str pointer = RF_STR_INIT(100);
	struct rf_arena *arena = rf_arena_new(1 << 16);
	struct rf_scan scan;
	uint32_t node;

	(void)state;
	assert_int_equal(rf_scan_text(&scan, text, sizeof(text) - 1, arena), 0);
	node = rf_scan_item(&scan, rf_scan_member(&scan, 0, "a~/b"), 1);
	rf_scan_pointer(&scan, rf_scan_member(&scan, node, ""), &pointer);
	assert_string_equal(rf_str_text(&pointer), "/a~0~1b/1/");
	rf_scan_done(&scan);
	rf_arena_free(arena);
}

static void the_last_of_equal_keys_counts(void **state)
{
	static const char text[] = "{\"a\": 1,\n \"b\": 2,\n \"a\": 3,\n \"a\": 4}";
	struct rf_arena *arena = rf_arena_new(1 << 16);
	struct rf_scan scan;
	uint32_t node;

	(void)state;
	assert_int_equal(rf_scan_text(&scan, text, sizeof(text) - 1, arena), 0);
	assert_true(scan.has_duplicates);
	node = rf_scan_member(&scan, 0, "a");
	assert_int_equal(scan.nodes[node].key_line, 4);
	assert_int_equal(scan.nodes[scan.nodes[node].first_same].key_line, 1);
	rf_scan_done(&scan);
	rf_arena_free(arena);
}

UNIT_MAIN(cmocka_unit_test(corpus_reads_alike), cmocka_unit_test(valid_texts_are_accepted),
	  cmocka_unit_test(invalid_texts_are_refused_by_both), cmocka_unit_test(depth_is_limited),
	  cmocka_unit_test(pointers_are_escaped), cmocka_unit_test(the_last_of_equal_keys_counts));
