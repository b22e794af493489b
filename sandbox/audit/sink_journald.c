/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal, with the fields of an event as fields of its own: `journalctl
 * RINGFENCE_RULE=secrets`.
 */
#include <inttypes.h>
#include <stdio.h>
#include <systemd/sd-journal.h>

#include "sandbox/audit/sink.h"
#include "sandbox/audit/text.h"
#include "sandbox/base/str.h"

#define FIELDS 12

static int open_journal(void **ret, const char *rest RF_UNUSED, struct rf_err *err RF_UNUSED)
{
	static int nothing;

	*ret = &nothing;
	return 0;
}

static void close_journal(void *self RF_UNUSED)
{
}

struct fields {
	struct rf_str text[FIELDS];
	struct iovec vector[FIELDS];
	int n;
};

static void add_field(struct fields *fields, const char *name, const struct rf_node *value)
{
	struct rf_str *text = &fields->text[fields->n];

	if (fields->n == FIELDS || !value)
		return;
	rf_str_init(text, RF_TAPE_TEXT_MAX * 4);
	(void)rf_str_add(text, name);
	if (rf_node_is_integer(value))
		(void)rf_str_add_i64(text, value->number);
	else if (rf_node_text(value))
		(void)rf_str_add_n(text, value->text, value->len);
	fields->vector[fields->n++] = (struct iovec){text->data, text->len};
}

static int write_journal(void *self RF_UNUSED, const struct rf_node *event, const char *line,
			 size_t len, struct rf_err *err)
{
	const struct rf_node *sandbox = rf_node_get(event, "sandbox");
	const char *verdict = rf_node_get_text(event, "verdict");
	RF_AUTOSTR struct rf_str message = RF_STR_INIT((size_t)4 << 20);
	RF_AUTOSTR struct rf_str json = RF_STR_INIT((size_t)4 << 20);
	struct fields fields = {.n = 0};
	char priority[] = "PRIORITY=6", identifier[] = "SYSLOG_IDENTIFIER=ringfence";
	int r;

	(void)rf_str_add(&message, "MESSAGE=");
	(void)rf_str_add(&json, "RINGFENCE_EVENT=");
	(void)rf_str_add_n(&json, line, len - 1);
	if (rf_event_text(&message, event, false) < 0 || rf_str_error(&json) < 0)
		return rf_err_set(err, -EINVAL, "an event is too long for the journal");
	if (verdict && strcmp(verdict, "allowed") != 0)
		priority[9] = '4';
	fields.vector[fields.n++] = (struct iovec){message.data, message.len - 1};
	fields.vector[fields.n++] = (struct iovec){json.data, json.len};
	fields.vector[fields.n++] = (struct iovec){priority, sizeof(priority) - 1};
	fields.vector[fields.n++] = (struct iovec){identifier, sizeof(identifier) - 1};
	add_field(&fields, "RINGFENCE_TYPE=", rf_node_get(event, "type"));
	add_field(&fields, "RINGFENCE_SEQ=", rf_node_get(event, "seq"));
	add_field(&fields, "RINGFENCE_SANDBOX=", rf_node_get(sandbox, "id"));
	add_field(&fields, "RINGFENCE_NAME=", rf_node_get(sandbox, "name"));
	add_field(&fields, "RINGFENCE_LAYER=", rf_node_get(event, "layer"));
	add_field(&fields, "RINGFENCE_VERDICT=", rf_node_get(event, "verdict"));
	add_field(&fields, "RINGFENCE_RULE=", rf_node_get(rf_node_get(event, "rule"), "id"));
	add_field(&fields, "RINGFENCE_PID=", rf_node_get(rf_node_get(event, "process"), "pid"));
	r = sd_journal_sendv(fields.vector, fields.n);
	for (int i = 4; i < fields.n; i++)
		rf_str_done(&fields.text[i]);
	return r < 0 ? rf_err_sys(err, r, "send to the journal") : 0;
}

const struct rf_sink_kind rf_sink_journald = {"journald", open_journal, write_journal, NULL,
					      close_journal};
