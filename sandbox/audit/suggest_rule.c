/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules suggested layer by layer; see suggest_rule.h.
 */
#include "sandbox/audit/suggest_rule.h"

#include <inttypes.h>

static uint32_t decode(const unsigned char *bytes, size_t len)
{
	uint32_t point = bytes[0] & (len == 1 ? 0x7f : 0x7f >> len);

	for (size_t i = 1; i < len; i++)
		point = point << 6 | (bytes[i] & 0x3f);
	return point;
}

/* A JSON string that looks the same to every reader, whatever is in it. */
static void add_ascii(struct rf_str *out, const struct rf_node *value)
{
	const unsigned char *bytes = (const unsigned char *)value->text;

	(void)rf_str_add(out, "\"");
	for (size_t at = 0, step; at < value->len; at += step) {
		uint32_t point;

		step = rf_utf8_len(bytes + at, value->len - at);
		point = step ? decode(bytes + at, step) : 0xfffd;
		step = step ? step : 1;
		if (point == '"' || point == '\\')
			(void)rf_str_addf(out, "\\%c", (int)point);
		else if (point >= 0x20 && point < 0x7f)
			(void)rf_str_add_char(out, (char)point);
		else if (point < 0x10000)
			(void)rf_str_addf(out, "\\u%04" PRIx32, point);
		else
			(void)rf_str_addf(out, "\\u%04" PRIx32 "\\u%04" PRIx32,
					  0xd800 + ((point - 0x10000) >> 10),
					  0xdc00 + ((point - 0x10000) & 0x3ff));
	}
	(void)rf_str_add(out, "\"");
}

/* A name that means itself: a pattern only where it has no character of patterns. */
static void add_path(struct rf_str *out, const struct rf_node *path)
{
	bool literal = strpbrk(path->text, "*?[]{}$\\") != NULL;

	(void)rf_str_add(out, literal ? "{\"literal\": " : "");
	add_ascii(out, path);
	(void)rf_str_add(out, literal ? "}" : "");
}

static void add_rights(struct rf_str *out, const struct rf_node *event)
{
	const struct rf_node *rights = rf_node_get(event, "missing"), *right;

	if (rf_node_size(rights) == 0)
		rights = rf_node_get(event, "access");
	(void)rf_str_add(out, "{\"allow\": [");
	for (right = rf_node_first(rights); right; right = rf_node_next(rights, right)) {
		(void)rf_str_add(out, right == rights + 1 ? "" : ", ");
		if (rf_node_text(right))
			add_ascii(out, right);
	}
	(void)rf_str_add(out, "], ");
}

static bool has_rights(const struct rf_node *event)
{
	return rf_node_size(rf_node_get(event, "missing")) > 0 ||
	       rf_node_size(rf_node_get(event, "access")) > 0;
}

/* What was written for bytes that are no text names nothing. */
static bool is_name(const struct rf_node *path)
{
	return rf_node_text(path) && path->text[0] == '/' && strlen(path->text) == path->len &&
	       !strstr(path->text, "\xef\xbf\xbd");
}

static void suggest_files(struct rf_str *out, const struct rf_node *event, bool by_default)
{
	const struct rf_node *path = rf_node_get(rf_node_get(event, "object"), "path");

	if (!is_name(path) || rf_node_get(rf_node_get(event, "rule"), "code"))
		return;
	if (!by_default) {
		(void)rf_str_add(out, "\"except\": [");
		add_path(out, path);
		(void)rf_str_add(out, "]");
	} else if (has_rights(event)) {
		(void)rf_str_add(out, "\"files\": {\"rules\": [");
		add_rights(out, event);
		(void)rf_str_add(out, "\"paths\": [");
		add_path(out, path);
		(void)rf_str_add(out, "]}]}");
	}
}

static void suggest_network(struct rf_str *out, const struct rf_node *event)
{
	const struct rf_node *object = rf_node_get(event, "object");
	const struct rf_node *address = rf_node_get(object, "address");
	const struct rf_node *name = rf_node_get(object, "unix"), *port;

	if (!has_rights(event) || (!rf_node_text(address) && !rf_node_text(name)))
		return;
	(void)rf_str_add(out, "\"network\": {\"rules\": [");
	add_rights(out, event);
	if (rf_node_text(name)) {
		(void)rf_str_add(out, "\"unix\": [");
		add_path(out, name);
		(void)rf_str_add(out, "]}]}");
		return;
	}
	if (rf_node_get_text(object, "protocol")) {
		(void)rf_str_add(out, "\"protocol\": ");
		add_ascii(out, rf_node_get(object, "protocol"));
		(void)rf_str_add(out, ", ");
	}
	(void)rf_str_add(out, "\"to\": [");
	add_ascii(out, address);
	(void)rf_str_add(out, "]");
	port = rf_node_get(object, "port");
	if (rf_node_is_integer(port))
		(void)rf_str_addf(out, ", \"ports\": [%" PRId64 "]", port->number);
	(void)rf_str_add(out, "}]}");
}

static void suggest_device(struct rf_str *out, const struct rf_node *event)
{
	const struct rf_node *object = rf_node_get(event, "object");
	const char *type = rf_node_get_text(object, "type");

	if (!type || !has_rights(event) ||
	    (strcmp(type, "char") != 0 && strcmp(type, "block") != 0))
		return;
	(void)rf_str_add(out, "\"devices\": {\"rules\": [");
	add_rights(out, event);
	(void)rf_str_addf(out, "\"nodes\": [\"%s %" PRId64 ":%" PRId64 "\"]}]}", type,
			  rf_node_integer(rf_node_get(object, "major")),
			  rf_node_integer(rf_node_get(object, "minor")));
}

static void suggest_word(struct rf_str *out, const char *before, const struct rf_node *word,
			 const char *after)
{
	if (!rf_node_text(word))
		return;
	(void)rf_str_add(out, before);
	add_ascii(out, word);
	(void)rf_str_add(out, after);
}

int rf_suggest_rule(struct rf_str *out, const struct rf_node *event)
{
	const struct rf_node *object = rf_node_get(event, "object");
	const char *layer = rf_node_get_text(event, "layer");
	const char *id = rf_node_get_text(rf_node_get(event, "rule"), "id");
	bool by_default = id && rf_str_has_suffix(id, ".default");

	if (!layer || !id || strcmp(id, "ringfence.self") == 0)
		return 0;
	if (strcmp(layer, "files") == 0)
		suggest_files(out, event, by_default);
	else if (strcmp(layer, "kernel") == 0)
		suggest_word(out, "\"kernel\": {", rf_node_get(object, "key"), ": \"allow\"}");
	else if (strcmp(layer, "capabilities") == 0)
		suggest_word(out, "\"capabilities\": {\"keep\": [", rf_node_get(object, "name"),
			     "]}");
	else if (by_default && strcmp(layer, "network") == 0)
		suggest_network(out, event);
	else if (by_default && strcmp(layer, "devices") == 0)
		suggest_device(out, event);
	else if (by_default && strcmp(layer, "seccomp") == 0)
		suggest_word(out, "\"seccomp\": {\"allow\": [", rf_node_get(object, "name"), "]}");
	return rf_str_error(out);
}
