/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody inside a fence is told of its last denials, and what not. */
#include "tests/unit/unit.h"

#include <string.h>

#include "sandbox/audit/last.h"

#define HEAD(time)                                                                                 \
	"{\"v\":1,\"type\":\"access\",\"seq\":5,\"time\":\"" time                                  \
	"\",\"host\":\"secret-host\",\"process\":{\"pid\":7,\"comm\":\",\\\"layer\\\":\"}"
#define DENIED(path, count)                                                                        \
	",\"layer\":\"files\",\"object\":{\"path\":\"" path                                        \
	"\"},\"verdict\":\"denied\",\"rule\":{\"id\":\"x\"},\"count\":" count "}\n"
#define ANSWER(time, path, count)                                                                  \
	"{\"time\":\"" time "\",\"layer\":\"files\",\"object\":{\"path\":\"" path                  \
	"\"},\"verdict\":\"denied\",\"rule\":{\"id\":\"x\"},\"count\":" count "}"

static void add(struct rf_last *last, const char *line)
{
	rf_last_add(last, line, strlen(line));
}

static void check(const struct rf_last *last, const char *want)
{
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(1 << 20);

	assert_int_equal(rf_last_json(last, &out), 0);
	assert_string_equal(rf_str_text(&out), want);
}

static void only_what_was_denied_and_why(void **state RF_UNUSED)
{
	struct rf_last *last = rf_last_new();

	check(last, "{\"v\":1,\"denials\":[]}\n");
	add(last, HEAD("1") ",\"layer\":\"files\",\"verdict\":\"allowed\",\"count\":1}\n");
	add(last, "{\"v\":1,\"type\":\"lost\",\"count\":3}\n");
	add(last, HEAD("2") DENIED("/etc/shadow", "1"));
	check(last, "{\"v\":1,\"denials\":[" ANSWER("2", "/etc/shadow", "1") "]}\n");
	rf_last_free(last);
}

static void repeats_are_one_and_the_latest_is_last(void **state RF_UNUSED)
{
	struct rf_last *last = rf_last_new();

	add(last, HEAD("1") DENIED("/a", "1"));
	add(last, HEAD("2") DENIED("/b", "1"));
	add(last, HEAD("3") DENIED("/a", "41"));
	check(last,
	      "{\"v\":1,\"denials\":[" ANSWER("2", "/b", "1") "," ANSWER("3", "/a", "42") "]}\n");
	rf_last_free(last);
}

static void the_oldest_makes_room(void **state RF_UNUSED)
{
	struct rf_last *last = rf_last_new();
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(1 << 20);
	char line[512];

	for (int i = 0; i < RF_LAST_KEPT + 5; i++) {
		(void)snprintf(line, sizeof(line), HEAD("1") DENIED("/%d", "1"), i);
		add(last, line);
	}
	assert_int_equal(rf_last_json(last, &out), 0);
	assert_null(strstr(rf_str_text(&out), "\"/4\""));
	assert_non_null(strstr(rf_str_text(&out), "\"/5\""));
	assert_non_null(strstr(rf_str_text(&out), "\"/24\""));
	rf_last_free(last);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_was_denied_and_why),
		cmocka_unit_test(repeats_are_one_and_the_latest_is_last),
		cmocka_unit_test(the_oldest_makes_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
