/* SPDX-License-Identifier: Apache-2.0 */
/* See why_recorded.h. */
#include "cli/why_recorded.h"

#include <stdio.h>
#include <string.h>

#include "sandbox/base/parse.h"
#include "sandbox/base/str.h"

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static uint32_t verdict_of(const char *name)
{
	if (rf_str_eq(name, "killed"))
		return RF_V_KILLED;
	return rf_str_eq(name, "would_deny") ? RF_V_WOULD_DENY : RF_V_DENIED;
}

/* FILE:LINE; what is neither is no place. */
static void read_source(const char *source, struct rf_place *ret, char *file, size_t size)
{
	const char *colon = source ? strrchr(source, ':') : NULL;
	uint64_t line;

	*ret = (struct rf_place){.file = NULL};
	if (!colon || (size_t)(colon - source) >= size ||
	    rf_parse_u64(colon + 1, UINT32_MAX, &line) < 0)
		return;
	(void)snprintf(file, size, "%.*s", (int)(colon - source), source);
	ret->file = file;
	ret->line = (uint32_t)line;
}

bool rf_recorded_decides(const struct rf_question *question, const json_t *event,
			 struct rf_finding *finding, char *file, size_t size)
{
	const json_t *rule = json_object_get(event, "rule");
	const char *id = text_of(rule, "id");

	if (!question->blind || !id || !finding->depends_on_args ||
	    finding->verdict != RF_V_ALLOWED)
		return false;
	finding->verdict = verdict_of(text_of(event, "verdict"));
	finding->rule = id;
	finding->decided = NULL;
	finding->reason = text_of(rule, "reason");
	finding->hint = text_of(rule, "hint");
	read_source(text_of(rule, "source"), &finding->place, file, size);
	return true;
}
