/* SPDX-License-Identifier: Apache-2.0 */
/* The parts that a report is added up from: bounded tables, trees, time, suggestions. */
#include "tests/unit/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sandbox/audit/digest.h"
#include "sandbox/audit/suggest_rule.h"

static void keys_get_numbers_up_to_the_bound(void **state RF_UNUSED)
{
	RF_CLEANUP(rf_intern_freep) struct rf_intern *intern = rf_intern_new(100, 1 << 20);
	uint32_t number;
	char key[16];
	size_t len;

	for (uint32_t i = 0; i < 100; i++) {
		(void)snprintf(key, sizeof(key), "k%" PRIu32, i);
		assert_int_equal(rf_intern_add(intern, key, strlen(key), &number), 1);
		assert_int_equal(number, i);
	}
	assert_int_equal(rf_intern_add(intern, "new", 3, &number), -ENOSPC);
	assert_int_equal(rf_intern_add(intern, "k42", 3, &number), 0);
	assert_int_equal(number, 42);
	assert_string_equal(rf_intern_key(intern, 99, &len), "k99");
	assert_int_equal(rf_intern_count(intern), 100);
}

static void bytes_of_keys_are_bounded_too(void **state RF_UNUSED)
{
	RF_CLEANUP(rf_intern_freep) struct rf_intern *intern = rf_intern_new(100, 64);
	char key[256] = {0};
	uint32_t number;

	assert_int_equal(rf_intern_add(intern, key, sizeof(key), &number), -ENOSPC);
	assert_int_equal(rf_intern_add(intern, key, 0, &number), 1);
	assert_int_equal(rf_intern_add(intern, key, 1, &number), 1);
}

static void a_full_tree_counts_at_the_nearest_ancestor(void **state RF_UNUSED)
{
	struct rf_grove grove;
	uint32_t a, b;

	assert_int_equal(rf_grove_init(&grove, 2, 4096), 0);
	a = rf_grove_child(&grove, RF_GROVE_ROOT, "a", 1);
	b = rf_grove_child(&grove, a, "b", 1);
	assert_int_equal(rf_grove_child(&grove, a, "b", 1), b);
	assert_int_equal(rf_grove_child(&grove, b, "c", 1), b);
	assert_int_equal(grove.squeezed, 1);
	rf_grove_count(&grove, b, 3, 1);
	rf_grove_count(&grove, a, 1, 0);
	assert_int_equal(rf_grove_finish(&grove), 0);
	assert_int_equal(grove.nodes.data[RF_GROVE_ROOT].denied, 4);
	assert_int_equal(grove.nodes.data[a].denied, 4);
	assert_int_equal(grove.nodes.data[b].denied, 3);
	assert_int_equal(grove.nodes.data[b].allowed, 1);
	assert_int_equal(grove.order[grove.nodes.data[a].first], b);
	rf_grove_done(&grove);
}

static void times_are_those_of_the_clock(void **state RF_UNUSED)
{
	assert_int_equal(rf_timeline_parse("1970-01-01T00:00:00Z"), 0);
	assert_int_equal(rf_timeline_parse("2026-01-05T10:11:12.123456789Z"), 1767607872123456789);
	assert_int_equal(rf_timeline_parse("2000-02-29T23:59:59.5Z"), 951868799500000000);
	assert_int_equal(rf_timeline_parse("yesterday, or the day before"), -1);
	assert_int_equal(rf_timeline_parse("2026-13-05T10:11:12Z"), -1);
	assert_int_equal(rf_timeline_parse(NULL), -1);
}

/* Whatever the order and the distances, no count gets lost. */
static void a_timeline_stretches_both_ways(void **state RF_UNUSED)
{
	static const int64_t times[] = {1767607872123456789,
					1767607872123456789,
					1767607871000000000,
					1767607999000000000,
					1,
					7258118400000000000,
					5,
					1767607872123456790,
					951868799500000000};
	struct rf_timeline timeline = {0};
	uint64_t sum = 0;

	for (size_t i = 0; i < RF_ARRAY_LEN(times); i++) {
		rf_timeline_add(&timeline, times[i], 3, i + 1);
		assert_true(timeline.start % timeline.width == 0);
		assert_true(times[i] >= timeline.start);
		assert_true((times[i] - timeline.start) / timeline.width < RF_TIMELINE_BINS);
	}
	for (int i = 0; i < RF_TIMELINE_BINS; i++)
		sum += timeline.bins[i][3];
	assert_int_equal(sum, 45);
	rf_timeline_add(&timeline, -1, 3, 1);
	rf_timeline_add(&timeline, 5, RF_TIMELINE_SERIES, 1);
}

static void each_layer_has_its_suggestion(void **state RF_UNUSED)
{
#define DENIED(layer, id, object)                                                                  \
	"{\"layer\":\"" layer "\",\"rule\":{\"id\":\"" id                                          \
	"\"},\"missing\":[\"read\",\"x\"],\"object\":{" object "}}"
	static const struct {
		const char *event, *wanted;
	} rows[] = {
		{DENIED("files", "files.default", "\"path\":\"/a b\""),
		 "\"files\": {\"rules\": [{\"allow\": [\"read\", \"x\"], \"paths\": [\"/a b\"]}]}"},
		{DENIED("files", "mine", "\"path\":\"/a$\\u00e9\\\"\""),
		 "\"except\": [{\"literal\": \"/a$\\u00e9\\\"\"}]"},
		{DENIED("files", "files.default", "\"path\":\"/bad\\ufffd\""), ""},
		{DENIED("files", "files.default", "\"path\":\"relative\""), ""},
		{DENIED("files", "files.default", "\"ino\":7"), ""},
		{DENIED("files", "ringfence.self", "\"path\":\"/a\""), ""},
		{DENIED("network", "network.default",
			"\"protocol\":\"tcp\",\"address\":\"::1\",\"port\":1"),
		 "\"network\": {\"rules\": [{\"allow\": [\"read\", \"x\"], \"protocol\": \"tcp\", "
		 "\"to\": [\"::1\"], \"ports\": [1]}]}"},
		{DENIED("network", "network.default", "\"unix\":\"@x\""),
		 "\"network\": {\"rules\": [{\"allow\": [\"read\", \"x\"], \"unix\": [\"@x\"]}]}"},
		{DENIED("network", "meta", "\"address\":\"::1\""), ""},
		{DENIED("devices", "devices.default", "\"type\":\"char\",\"major\":1,\"minor\":2"),
		 "\"devices\": {\"rules\": [{\"allow\": [\"read\", \"x\"], \"nodes\": [\"char 1:2\"]}]}"},
		{DENIED("seccomp", "seccomp.default", "\"name\":\"ptrace\""),
		 "\"seccomp\": {\"allow\": [\"ptrace\"]}"},
		{DENIED("capabilities", "capabilities", "\"name\":\"sys_admin\""),
		 "\"capabilities\": {\"keep\": [\"sys_admin\"]}"},
		{DENIED("kernel", "kernel.mount", "\"key\":\"mount\""),
		 "\"kernel\": {\"mount\": \"allow\"}"},
		{DENIED("process", "x", "\"pid\":1"), ""},
		{"{}", ""},
	};
	RF_CLEANUP(rf_tape_freep) struct rf_tape *tape = rf_tape_new();

	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		RF_AUTOSTR struct rf_str out = RF_STR_INIT(4096);
		const struct rf_node *event =
			rf_tape_parse_object(tape, rows[i].event, strlen(rows[i].event), false);

		assert_non_null(event);
		assert_int_equal(rf_suggest_rule(&out, event), 0);
		assert_string_equal(rf_str_text(&out), rows[i].wanted);
	}
}

/* A number may be used again: the parent is the one that lived when the child began. */
static void children_find_the_parent_of_their_time(void **state RF_UNUSED)
{
	static const int numbers[][3] = {
		{5, 1, 10}, {5, 1, 50}, {7, 5, 20}, {8, 5, 60}, {9, 9, 70}};
	RF_CLEANUP(rf_digest_freep) struct rf_digest *digest = rf_digest_new();
	RF_CLEANUP(rf_tape_freep) struct rf_tape *tape = rf_tape_new();
	struct rf_err err = RF_ERR_INIT;
	uint32_t index, parent;

	for (size_t i = 0; i < RF_ARRAY_LEN(numbers); i++) {
		char text[128];
		int len = snprintf(
			text, sizeof(text),
			"{\"type\":\"exec\",\"process\":{\"pid\":%d,\"ppid\":%d,\"start\":%d}}",
			numbers[i][0], numbers[i][1], numbers[i][2]);

		rf_digest_add(digest, rf_tape_parse(tape, text, (size_t)len, false));
	}
	assert_int_equal(rf_digest_finish(digest, &err), 0);
	assert_int_equal(digest->parents.nodes.data[RF_GROVE_ROOT].n_children, 3);
	for (size_t i = 1; i < digest->parents.nodes.len; i++) {
		const struct rf_grove_node *node = &digest->parents.nodes.data[i];

		memcpy(&index, node->name, sizeof(index));
		if (digest->processes.data[index].pid < 7 || digest->processes.data[index].pid > 8)
			continue;
		memcpy(&parent, digest->parents.nodes.data[node->parent].name, sizeof(parent));
		assert_int_equal(digest->processes.data[parent].start,
				 digest->processes.data[index].pid == 7 ? 10 : 50);
	}
}

UNIT_MAIN(cmocka_unit_test(keys_get_numbers_up_to_the_bound),
	  cmocka_unit_test(bytes_of_keys_are_bounded_too),
	  cmocka_unit_test(a_full_tree_counts_at_the_nearest_ancestor),
	  cmocka_unit_test(times_are_those_of_the_clock),
	  cmocka_unit_test(a_timeline_stretches_both_ways),
	  cmocka_unit_test(each_layer_has_its_suggestion),
	  cmocka_unit_test(children_find_the_parent_of_their_time));
