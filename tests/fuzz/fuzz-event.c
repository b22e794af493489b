/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any line as an event: the parser takes what jansson takes, and whatever it takes, each projection
 * of it ends well: text holds nothing a terminal acts on, OCSF is JSON, the page holds no markup of
 * the event's.
 */
#include <assert.h>
#include <jansson.h>
#include <string.h>

#include "sandbox/audit/digest.h"
#include "sandbox/audit/ocsf.h"
#include "sandbox/audit/select.h"
#include "sandbox/audit/suggest_rule.h"
#include "sandbox/audit/tape.h"
#include "sandbox/audit/text.h"
#include "tests/fuzz/fuzz.h"

/* Our limits and jansson's differ for numbers and depth only: what we take, it takes. */
static void check_strict(const char *line, size_t size, const struct rf_node *event)
{
	json_t *json;

	if (!event)
		return;
	json = json_loadb(line, size,
			  JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
	if (json) {
		assert(json_is_object(json));
		assert(json_is_string(json_object_get(json, "type")));
	}
	json_decref(json);
}

static void check_text(const struct rf_node *event)
{
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(4 << 20);

	if (rf_event_text(&out, event, false) < 0)
		return;
	for (size_t i = 0; i + 1 < out.len; i++)
		assert((unsigned char)out.data[i] >= 0x20 && out.data[i] != 0x7f);
	assert(out.data[out.len - 1] == '\n');
	rf_str_reset(&out);
	if (rf_event_text_stack(&out, event, false) < 0)
		return;
	for (size_t i = 0; i < out.len; i++)
		assert(((unsigned char)out.data[i] >= 0x20 && out.data[i] != 0x7f) ||
		       (out.data[i] == '\n' && (i + 1 == out.len || out.data[i + 1] == ' ')));
}

static void check_ocsf(const struct rf_node *event)
{
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(4 << 20);
	json_t *json;
	json_error_t error;

	if (rf_ocsf_add(&out, event) < 0)
		return;
	json = json_loadb(out.data, out.len, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &error);
	assert(json_is_object(json) || json_error_code(&error) == json_error_numeric_overflow);
	json_decref(json);
}

static void check_rest(const struct rf_node *event)
{
	RF_CLEANUP(rf_digest_freep) struct rf_digest *digest = rf_digest_new();
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(1 << 20);
	struct rf_err err = RF_ERR_INIT;
	struct rf_select select = {.denied = true, .sandbox = "x"};

	assert(digest);
	rf_digest_add(digest, event);
	rf_digest_add(digest, event);
	assert(digest->events == 2);
	assert(rf_digest_finish(digest, &err) == 0);
	(void)!rf_suggest_rule(&out, event);
	assert(rf_where_parse(&select.where, "object.path ~ /* or count > 3 and not type = x",
			      &err) == 0);
	(void)rf_select_matches(&select, event);
	select.denied = false;
	select.sandbox = NULL;
	(void)rf_select_matches(&select, event);
	rf_select_done(&select);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	RF_CLEANUP(rf_tape_freep) struct rf_tape *tape = rf_tape_new();
	const struct rf_node *event;

	assert(tape);
	event = rf_tape_parse(tape, (const char *)data, size, false);
	check_strict((const char *)data, size, event);
	if (event)
		check_ocsf(event);
	event = rf_tape_parse(tape, (const char *)data, size, true);
	if (!event)
		return 0;
	check_text(event);
	check_rest(event);
	return 0;
}
