/* SPDX-License-Identifier: Apache-2.0 */
/* Records in the order of their numbers, every gap told once. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "sandbox/audit/order.h"
#include "sandbox/base/str.h"

struct log {
	struct rf_str text;
};

static int log_record(void *data, const void *bytes, size_t len, struct rf_err *err RF_UNUSED)
{
	struct log *log = data;

	assert_int_equal(len, sizeof(uint64_t));
	return rf_str_addf(&log->text, "%d ", (int)*(const uint64_t *)bytes);
}

static int log_lost(void *data, uint64_t first, uint64_t last, enum rf_lost_cause cause,
		    struct rf_err *err RF_UNUSED)
{
	struct log *log = data;

	return rf_str_addf(&log->text, "lost%d-%d:%s ", (int)first, (int)last,
			   rf_lost_cause_name(cause));
}

static void feed(struct rf_order *order, const uint64_t *seqs, size_t n)
{
	struct rf_err err = RF_ERR_INIT;

	for (size_t i = 0; i < n; i++)
		assert_int_equal(rf_order_add(order, seqs[i], &seqs[i], sizeof(seqs[i]), &err), 0);
}

#define FEED(order, ...)                                                                           \
	feed(order, (const uint64_t[]){__VA_ARGS__},                                               \
	     sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

#define BEGIN                                                                                      \
	struct log log = {.text = RF_STR_INIT(65536)};                                             \
	struct rf_order_sink sink = {.record = log_record, .lost = log_lost, .data = &log};        \
	struct rf_order *order = rf_order_new(1, &sink);                                           \
	struct rf_err err = RF_ERR_INIT;                                                           \
                                                                                                   \
	(void)err;                                                                                 \
	assert_non_null(order)

#define END                                                                                        \
	rf_order_free(order);                                                                      \
	rf_str_done(&log.text)

static void in_order_passes_through(void **state RF_UNUSED)
{
	BEGIN;
	FEED(order, 1, 2, 3);
	assert_string_equal(rf_str_text(&log.text), "1 2 3 ");
	assert_false(rf_order_waiting(order));
	END;
}

static void later_ones_wait_for_earlier_ones(void **state RF_UNUSED)
{
	BEGIN;
	FEED(order, 3, 2, 5);
	assert_string_equal(rf_str_text(&log.text), "");
	assert_true(rf_order_waiting(order));
	FEED(order, 1);
	assert_string_equal(rf_str_text(&log.text), "1 2 3 ");
	FEED(order, 4);
	assert_string_equal(rf_str_text(&log.text), "1 2 3 4 5 ");
	END;
}

static void a_number_comes_once(void **state RF_UNUSED)
{
	BEGIN;
	FEED(order, 1, 1, 3, 3, 2, 3);
	assert_string_equal(rf_str_text(&log.text), "1 2 3 ");
	END;
}

static void gaps_are_told_in_place(void **state RF_UNUSED)
{
	BEGIN;
	FEED(order, 1, 4, 7);
	assert_int_equal(rf_order_settle(order, 8, RF_LOST_RING_FULL, &err), 0);
	assert_string_equal(rf_str_text(&log.text),
			    "1 lost2-3:ring_full 4 lost5-6:ring_full 7 lost8-8:ring_full ");
	assert_int_equal(rf_order_next(order), 9);
	END;
}

static void settling_before_the_gap_changes_nothing(void **state RF_UNUSED)
{
	BEGIN;
	FEED(order, 1, 2, 9);
	assert_int_equal(rf_order_settle(order, 2, RF_LOST_READER, &err), 0);
	assert_string_equal(rf_str_text(&log.text), "1 2 ");
	assert_true(rf_order_waiting(order));
	END;
}

static void any_arrival_order_gives_the_same_stream(void **state RF_UNUSED)
{
	uint64_t seqs[200];

	for (unsigned int seed = 1; seed < 50; seed++) {
		BEGIN;
		srandom(seed);
		for (size_t i = 0; i < RF_ARRAY_LEN(seqs); i++)
			seqs[i] = i + 1;
		for (size_t i = RF_ARRAY_LEN(seqs) - 1; i > 0; i--) {
			size_t j = (size_t)random() % (i + 1);
			uint64_t t = seqs[i];

			seqs[i] = seqs[j];
			seqs[j] = t;
		}
		feed(order, seqs, RF_ARRAY_LEN(seqs));
		assert_int_equal(rf_order_next(order), 201);
		assert_int_equal(strncmp(rf_str_text(&log.text), "1 2 3 4 5 6 7 8 9 10 ", 21), 0);
		END;
	}
}

UNIT_MAIN(cmocka_unit_test(in_order_passes_through),
	  cmocka_unit_test(later_ones_wait_for_earlier_ones), cmocka_unit_test(a_number_comes_once),
	  cmocka_unit_test(gaps_are_told_in_place),
	  cmocka_unit_test(settling_before_the_gap_changes_nothing),
	  cmocka_unit_test(any_arrival_order_gives_the_same_stream));
