/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as --where and --since: refused with a place, or it answers for an event. */
#include <assert.h>
#include <string.h>

#include "sandbox/audit/select.h"
#include "tests/fuzz/fuzz.h"

static const char event_text[] =
	"{\"type\":\"access\",\"seq\":12,\"layer\":\"files\",\"count\":3,\"time\":\"2026-01-05T10:11:12Z\","
	"\"process\":{\"comm\":\"bash\",\"uid\":0},\"object\":{\"path\":\"/etc/a b\"},"
	"\"access\":[\"read\",\"write\"],\"enforced\":true,\"ino\":18446744073709551615}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	RF_CLEANUP(rf_tape_freep) struct rf_tape *tape = rf_tape_new();
	struct rf_select select = {0};
	struct rf_err err = RF_ERR_INIT;
	char text[RF_WHERE_TEXT_MAX + 64];
	const struct rf_node *event;

	if (size >= sizeof(text) || !tape)
		return 0;
	/* fnmatch takes exponential time on many stars; that is the asker's own time. */
	if (size > 256 && memchr(data, '*', size))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	event = rf_tape_parse(tape, event_text, sizeof(event_text) - 1, false);
	assert(event);
	if (rf_where_parse(&select.where, text, &err) == 0)
		(void)rf_select_matches(&select, event);
	else
		assert(err.code < 0 && strncmp(rf_err_text(&err), "--where", 7) == 0);
	rf_err_clear(&err);
	if (rf_select_set_since(&select, text, &err) == 0)
		assert(strlen(select.since) < sizeof(select.since));
	rf_select_done(&select);
	return 0;
}
