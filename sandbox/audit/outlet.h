/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several sinks and their state as one: what `audit` hands its events to.
 */
#ifndef RF_AUDIT_OUTLET_H
#define RF_AUDIT_OUTLET_H

#include "sandbox/audit/cursor.h"
#include "sandbox/audit/sink.h"

#define RF_OUTLET_MAX 16

struct rf_outlet {
	struct rf_sink *sinks[RF_OUTLET_MAX];
	const char *names[RF_OUTLET_MAX]; /* borrowed */
	size_t n;
	struct rf_cursor *cursor; /* NULL: nothing is remembered */
	uint64_t unsaved;
};

/* Delivers to every sink that has not had the event; line ends with its newline. */
int rf_outlet_write(struct rf_outlet *outlet, const struct rf_node *event, const char *line,
		    size_t len, struct rf_err *err) RF_MUST_CHECK;

/* Until every sink has confirmed; then the state is saved. */
int rf_outlet_flush(struct rf_outlet *outlet, struct rf_err *err) RF_MUST_CHECK;

void rf_outlet_close(struct rf_outlet *outlet);

#endif
