/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several sinks as one; see outlet.h.
 */
#include "sandbox/audit/outlet.h"

/* Events between two savings of the state: at most so many come twice after a crash. */
#define SAVE_EVERY 4096

int rf_outlet_write(struct rf_outlet *outlet, const struct rf_node *event, const char *line,
		    size_t len, struct rf_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < outlet->n; i++) {
		if (outlet->cursor && rf_cursor_pass(outlet->cursor, outlet->names[i], event))
			continue;
		r = rf_sink_write(outlet->sinks[i], event, line, len, err);
	}
	if (r == 0 && ++outlet->unsaved >= SAVE_EVERY)
		r = rf_outlet_flush(outlet, err);
	return r;
}

int rf_outlet_flush(struct rf_outlet *outlet, struct rf_err *err)
{
	int r = 0;

	if (outlet->unsaved == 0)
		return 0;
	for (size_t i = 0; r == 0 && i < outlet->n; i++)
		r = rf_sink_flush(outlet->sinks[i], err);
	if (r == 0 && outlet->cursor)
		r = rf_cursor_save(outlet->cursor, err);
	if (r == 0)
		outlet->unsaved = 0;
	return r;
}

void rf_outlet_close(struct rf_outlet *outlet)
{
	for (size_t i = 0; i < outlet->n; i++)
		outlet->sinks[i] = rf_sink_close(outlet->sinks[i]);
	outlet->n = 0;
	outlet->cursor = rf_cursor_free(outlet->cursor);
}
