/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events as lines for people; see text.h.
 */
#include "sandbox/audit/text.h"

#include <string.h>

#define RED    "\033[31m"
#define YELLOW "\033[33m"
#define GREEN  "\033[32m"
#define DIM    "\033[2m"
#define PLAIN  "\033[0m"

/* A string as it is, escaped; nothing for anything else. */
static void add(struct rf_str *out, const struct rf_node *value)
{
	if (rf_node_text(value))
		(void)rf_str_add_printable_n(out, value->text, value->len);
}

static void add_member(struct rf_str *out, const struct rf_node *object, const char *key)
{
	add(out, rf_node_get(object, key));
}

static void add_number(struct rf_str *out, const char *before, const struct rf_node *value)
{
	if (!rf_node_is_integer(value))
		return;
	(void)rf_str_add(out, before);
	(void)rf_str_add_i64(out, value->number);
}

/* text, escaped, and blanks up to width. */
static void add_column(struct rf_str *out, const char *text, size_t width)
{
	static const char blanks[] = "                ";
	size_t start = out->len;

	(void)rf_str_add_printable(out, text);
	if (out->len - start < width)
		(void)rf_str_add_n(out, blanks, width - (out->len - start));
	(void)rf_str_add_n(out, blanks, 1);
}

/* "tcp 10.0.0.1:443", "tcp [2001:db8::1]:443", "netlink" */
static void add_address(struct rf_str *out, const struct rf_node *object)
{
	const char *address = rf_node_get_text(object, "address");

	add_member(out, object, rf_node_get_text(object, "protocol") ? "protocol" : "family");
	if (!address)
		return;
	(void)rf_str_add(out, strchr(address, ':') ? " [" : " ");
	add_member(out, object, "address");
	if (strchr(address, ':'))
		(void)rf_str_add(out, "]");
	add_number(out, ":", rf_node_get(object, "port"));
}

static void add_call(struct rf_str *out, const struct rf_node *object)
{
	const struct rf_node *args = rf_node_get(object, "args"), *arg;

	if (rf_node_get_text(object, "name"))
		add_member(out, object, "name");
	else
		add_number(out, "#", rf_node_get(object, "nr"));
	if (!args)
		return;
	(void)rf_str_add(out, "(");
	for (arg = rf_node_first(args); arg; arg = rf_node_next(args, arg)) {
		(void)rf_str_add(out, arg == args + 1 ? "" : ", ");
		add(out, arg);
	}
	(void)rf_str_add(out, ")");
}

static void add_device(struct rf_str *out, const struct rf_node *object)
{
	add_member(out, object, "type");
	add_number(out, " ", rf_node_get(object, "major"));
	add_number(out, ":", rf_node_get(object, "minor"));
	if (rf_node_get_text(object, "path")) {
		(void)rf_str_add(out, " ");
		add_member(out, object, "path");
	}
}

static void add_process(struct rf_str *out, const struct rf_node *process)
{
	add_member(out, process, "comm");
	add_number(out, "[", rf_node_get(process, "pid"));
	(void)rf_str_add(out, "]");
}

void rf_event_text_object(struct rf_str *out, const struct rf_node *event)
{
	const struct rf_node *object = rf_node_get(event, "object");

	if (rf_node_get(object, "major"))
		add_device(out, object);
	else if (rf_node_get_text(object, "unix")) {
		(void)rf_str_add(out, "unix ");
		add_member(out, object, "unix");
	} else if (rf_node_get_text(object, "family"))
		add_address(out, object);
	else if (rf_node_get(object, "nr"))
		add_call(out, object);
	else if (rf_node_get_text(object, "path"))
		add_member(out, object, "path");
	else if (rf_node_get_text(object, "name"))
		add_member(out, object, "name");
	else if (rf_node_get_text(object, "key"))
		add_member(out, object, "key");
	else if (rf_node_get(object, "pid"))
		add_process(out, object);
	else
		(void)rf_str_add(out, "?");
	if (rf_node_get_text(object, "new_path")) {
		(void)rf_str_add(out, " -> ");
		add_member(out, object, "new_path");
	}
}

static const char *colour_of(const char *verdict)
{
	if (strcmp(verdict, "allowed") == 0)
		return GREEN;
	return strcmp(verdict, "would_deny") == 0 ? YELLOW : RED;
}

static void add_rule(struct rf_str *out, const struct rf_node *rule)
{
	(void)rf_str_add(out, "  by ");
	add_member(out, rule, "id");
	if (rf_node_get_text(rule, "code")) {
		(void)rf_str_add(out, " ");
		add_member(out, rule, "code");
	}
	if (rf_node_get_text(rule, "source")) {
		(void)rf_str_add(out, " (");
		add_member(out, rule, "source");
		(void)rf_str_add(out, ")");
	}
	if (rf_node_get_text(rule, "reason")) {
		(void)rf_str_add(out, ": ");
		add_member(out, rule, "reason");
	}
}

/* The rights refused, else asked for, else the operation: "read,write". */
static void add_action(struct rf_str *out, const struct rf_node *event)
{
	const struct rf_node *rights = rf_node_get(event, "missing"), *right;

	if (rf_node_size(rights) == 0)
		rights = rf_node_get(event, "access");
	if (rf_node_size(rights) == 0) {
		add_member(out, event, "operation");
		return;
	}
	for (right = rf_node_first(rights); right; right = rf_node_next(rights, right)) {
		(void)rf_str_add(out, right == rights + 1 ? "" : ",");
		add(out, right);
	}
}

static void add_access(struct rf_str *out, const struct rf_node *event, const char *verdict,
		       bool colour)
{
	const struct rf_node *count = rf_node_get(event, "count");
	const char *layer = rf_node_get_text(event, "layer");

	(void)rf_str_add(out, colour ? colour_of(verdict) : "");
	add_column(out, verdict, 10);
	(void)rf_str_add(out, colour ? PLAIN : "");
	add_column(out, layer ? layer : "", 12);
	add_action(out, event);
	(void)rf_str_add(out, " ");
	rf_event_text_object(out, event);
	add_rule(out, rf_node_get(event, "rule"));
	if (rf_node_integer(count) > 1)
		add_number(out, "  x", count);
}

static void add_other(struct rf_str *out, const struct rf_node *event, const char *type)
{
	const struct rf_node *code = rf_node_get(event, "exit");

	add_column(out, type, 10);
	if (strcmp(type, "lost") == 0) {
		add_number(out, "", rf_node_get(event, "count"));
		add_number(out, " events, numbers ", rf_node_get(event, "seq"));
		add_number(out, " to ", rf_node_get(event, "last"));
		(void)rf_str_add(out, ": ");
		add_member(out, event, "cause");
	} else if (rf_node_get(event, "object")) {
		rf_event_text_object(out, event);
	} else if (code) {
		add_number(out, "status ", rf_node_get(code, "code"));
		add_number(out, "signal ", rf_node_get(code, "signal"));
	}
}

int rf_event_text(struct rf_str *out, const struct rf_node *event, bool colour)
{
	const char *time = rf_node_get_text(event, "time"), *type = rf_node_get_text(event, "type");
	const char *verdict = rf_node_get_text(event, "verdict");
	const struct rf_node *process = rf_node_get(event, "process");

	if (time && strlen(time) >= 23) {
		(void)rf_str_add(out, colour ? DIM : "");
		(void)rf_str_add_printable_n(out, time + 11, 12);
		(void)rf_str_add(out, colour ? PLAIN " " : " ");
	}
	if (verdict)
		add_access(out, event, verdict, colour);
	else
		add_other(out, event, type ? type : "unknown");
	if (process) {
		(void)rf_str_add(out, colour ? "  " DIM : "  ");
		add_process(out, process);
		(void)rf_str_add(out, colour ? PLAIN : "");
	}
	if (rf_node_get_text(rf_node_get(event, "sandbox"), "name")) {
		(void)rf_str_add(out, " in ");
		add_member(out, rf_node_get(event, "sandbox"), "name");
	}
	return rf_str_add(out, "\n");
}

int rf_event_text_stack(struct rf_str *out, const struct rf_node *event, bool colour)
{
	const struct rf_node *stack = rf_node_get(event, "stack"), *frame;

	for (frame = rf_node_first(stack); frame; frame = rf_node_next(stack, frame)) {
		if (!rf_node_text(frame))
			continue;
		(void)rf_str_add(out, colour ? "    " DIM "at " : "    at ");
		add(out, frame);
		(void)rf_str_add(out, colour ? PLAIN "\n" : "\n");
	}
	return rf_str_error(out);
}
