/* SPDX-License-Identifier: Apache-2.0 */
/* Diagnostics: levels, the sink, silence by default. */
#include "tests/unit/unit.h"

#include <string.h>

#include "sandbox/base/log.h"

struct seen {
	int count;
	enum rf_log_level level;
	char text[2048];
};

static void remember(void *data, enum rf_log_level level, const char *text)
{
	struct seen *seen = data;

	seen->count++;
	seen->level = level;
	(void)snprintf(seen->text, sizeof(seen->text), "%s", text);
}

static void silent_without_a_sink(void **state RF_UNUSED)
{
	rf_log_set_sink(NULL, NULL, RF_LOG_DEBUG);
	assert_int_equal(rf_log_enabled(RF_LOG_WARN), 0);
	rf_log_warn("nobody hears %d", 1);
}

static void lower_levels_do_not_reach_the_sink(void **state RF_UNUSED)
{
	struct seen seen = {0};

	rf_log_set_sink(remember, &seen, RF_LOG_INFO);
	rf_log_debug("quiet");
	assert_int_equal(seen.count, 0);
	rf_log_warn("loud %s", "text");
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.level, RF_LOG_WARN);
	assert_string_equal(seen.text, "loud text");
	rf_log_set_sink(NULL, NULL, RF_LOG_DEBUG);
}

static void errno_survives_and_long_lines_are_cut(void **state RF_UNUSED)
{
	struct seen seen = {0};
	char text[3000];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	rf_log_set_sink(remember, &seen, RF_LOG_DEBUG);
	errno = ERANGE;
	rf_log_debug("%s", text);
	assert_int_equal(errno, ERANGE);
	assert_int_equal(strlen(seen.text), 1023);
	rf_log_set_sink(NULL, NULL, RF_LOG_DEBUG);
}

static void standard_error_gets_one_escaped_line(void **state RF_UNUSED)
{
	const char expected[] = "ringfence: warning: bell \\x07\n";
	char text[100] = "";
	int ends[2], saved = dup(STDERR_FILENO);

	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	rf_log_to_stderr(NULL, RF_LOG_WARN, "bell \a");
	dup2(saved, STDERR_FILENO);
	assert_int_equal(read(ends[0], text, sizeof(text) - 1), sizeof(expected) - 1);
	assert_string_equal(text, expected);
	close(ends[0]);
	close(ends[1]);
	close(saved);
}

UNIT_MAIN(cmocka_unit_test(silent_without_a_sink),
	  cmocka_unit_test(lower_levels_do_not_reach_the_sink),
	  cmocka_unit_test(errno_survives_and_long_lines_are_cut),
	  cmocka_unit_test(standard_error_gets_one_escaped_line));
