/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Choosing events; see select.h.
 */
#include "sandbox/audit/select.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#include "sandbox/base/parse.h"
#include "sandbox/base/str.h"

void rf_select_done(struct rf_select *select)
{
	select->where = rf_where_free(select->where);
}

/* Every digit where a digit belongs, so that comparing texts compares times. */
static bool is_time(const char *text)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:dd.ddddddddd";
	size_t len = strlen(text);

	if (len > 0 && text[len - 1] == 'Z')
		len--;
	if (len < 4 || len > sizeof(shape) - 1)
		return false;
	for (size_t i = 0; i < len; i++)
		if (shape[i] == 'd' ? !isdigit((unsigned char)text[i]) : text[i] != shape[i])
			return false;
	return true;
}

int rf_select_set_since(struct rf_select *select, const char *text, struct rf_err *err)
{
	uint64_t back;
	time_t when;
	struct tm tm;

	if (is_time(text)) {
		(void)snprintf(select->since, sizeof(select->since), "%s", text);
		if (rf_str_has_suffix(select->since, "Z"))
			select->since[strlen(select->since) - 1] = '\0';
		return 0;
	}
	if (rf_parse_duration(text, 0, &back) < 0)
		return rf_err_set(err, -EINVAL,
				  "--since %s is neither a duration (10m) nor a UTC time "
				  "(2026-01-05T10:11:12)",
				  text);
	when = time(NULL) - (time_t)(back / RF_NS_PER_SEC);
	(void)gmtime_r(&when, &tm);
	(void)strftime(select->since, sizeof(select->since), "%Y-%m-%dT%H:%M:%S", &tm);
	return 0;
}

static bool in_sandbox(const struct rf_node *event, const char *wanted)
{
	const struct rf_node *sandbox = rf_node_get(event, "sandbox");

	return rf_str_eq(rf_node_get_text(sandbox, "id"), wanted) ||
	       rf_str_eq(rf_node_get_text(sandbox, "name"), wanted) ||
	       rf_str_begins_long(rf_node_get_text(rf_node_get(event, "container"), "id"), wanted,
				  RF_CONTAINER_ID_LEAST);
}

static bool is_denial(const struct rf_node *event)
{
	const char *verdict = rf_node_get_text(event, "verdict");

	return verdict ? strcmp(verdict, "allowed") != 0
		       : rf_str_eq(rf_node_get_text(event, "type"), "lost");
}

bool rf_select_matches(const struct rf_select *select, const struct rf_node *event)
{
	const char *time = rf_node_get_text(event, "time");

	if (select->since[0] && (!time || strcmp(time, select->since) < 0))
		return false;
	if (select->sandbox && !in_sandbox(event, select->sandbox))
		return false;
	if (select->denied && !is_denial(event))
		return false;
	return !select->where || rf_where_matches(select->where, event);
}
