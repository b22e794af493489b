/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules of the command line: `--allow read=/srv/data`, `--deny connect=tcp:10.0.0.1:443`.
 *
 * Each becomes a policy text of one rule that goes the way of all texts, so that there is one
 * parser and one set of errors; its places are "argv:N".
 */
#include <string.h>

#include "sandbox/policy/load.h"
#include "sandbox/policy/names.h"

static bool is_one_of(const char *word, size_t len, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(names[i]) == len && strncmp(names[i], word, len) == 0)
			return true;
	return false;
}

/* "a,b" as a JSON list of strings. */
static json_t *split_rights(const char *text, size_t len)
{
	json_t *list = json_array();

	for (size_t at = 0; list && at <= len; at++) {
		const char *comma = memchr(text + at, ',', len - at);
		size_t word = comma ? (size_t)(comma - text) - at : len - at;

		if (json_array_append_new(list, json_stringn(text + at, word)) < 0)
			break;
		at += word;
	}
	return list;
}

/*
 * "tcp:ADDR:PORT", "udp:[ADDR]:FIRST-LAST", "unix:NAME"; ADDR and PORT may be "*". Sets the
 * members of the rule; returns false for another shape.
 */
static bool set_peer(json_t *rule, const char *text)
{
	const char *colon = strchr(text, ':'), *last = strrchr(text, ':'), *addr;
	size_t addr_len;

	if (!colon)
		return false;
	if (strncmp(text, "unix:", 5) == 0)
		return json_object_set_new(rule, "unix", json_pack("[s]", text + 5)) == 0;
	if (last == colon)
		return false;
	addr = colon + 1;
	addr_len = (size_t)(last - addr);
	if (addr_len > 1 && addr[0] == '[' && last[-1] == ']') {
		addr++;
		addr_len -= 2;
	} else if (memchr(addr, ':', addr_len)) {
		return false; /* IPv6 goes in brackets: else its end is anybody's guess */
	}
	json_object_set_new(rule, "protocol", json_stringn(text, (size_t)(colon - text)));
	if (addr_len != 1 || addr[0] != '*')
		json_object_set_new(rule, "to", json_pack("[s%]", addr, addr_len));
	if (strcmp(last + 1, "*") != 0)
		json_object_set_new(rule, "ports", json_pack("[s]", last + 1));
	return true;
}

/* The document for one rule, or NULL if text has not the shape of one. */
static json_t *build(const struct rf_extra_rule *extra)
{
	const char *equals = strchr(extra->text, '=');
	size_t len = equals ? (size_t)(equals - extra->text) : 0;
	size_t first = strcspn(extra->text, ",=");
	bool network = is_one_of(extra->text, first, rf_net_right_names, RF_NET_RIGHTS);
	json_t *rule;
	char id[32];

	if (len == 0)
		return NULL;
	(void)snprintf(id, sizeof(id), "argv.%u", extra->argv_index);
	rule = json_pack("{s:s, s:o}", "id", id, extra->deny ? "deny" : "allow",
			 split_rights(extra->text, len));
	if (!rule)
		return NULL;
	if (network && !set_peer(rule, equals + 1)) {
		json_decref(rule);
		return NULL;
	}
	if (!network)
		json_object_set_new(rule, "paths", json_pack("[s]", equals + 1));
	return json_pack("{s:i, s:{s:[o]}}", "ringfence", 1, network ? "network" : "files", "rules",
			 rule);
}

int rf_load_extra(struct rf_loader *loader, const struct rf_extra_rule *extra, size_t root,
		  struct rf_err *err)
{
	RF_CLEANUP(rf_json_freep) json_t *json = build(extra);
	RF_AUTOFREE char *text = NULL;
	char name[32];

	if (!json)
		return rf_err_set(err, -EINVAL,
				  "\"%s\" is no rule; write RIGHT[,RIGHT]=PATH, "
				  "connect=tcp:ADDRESS:PORT (IPv6 in brackets) or "
				  "connect=unix:NAME",
				  extra->text);
	text = json_dumps(json, JSON_COMPACT);
	if (!text)
		return -ENOMEM;
	(void)snprintf(name, sizeof(name), "argv:%u", extra->argv_index);
	return rf_load_text(loader, name, text, strlen(text), true, root, err);
}
