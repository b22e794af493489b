/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rule or entry that would allow a thing, written as a policy and, where there is one, as an
 * option. What is written here is read by the loader: a test adds each to a policy and asks again.
 */
#include "sandbox/launch/why_parts.h"

#include <arpa/inet.h>
#include <string.h>

const char *rf_why_protocol(uint8_t protocol)
{
	switch (protocol) {
	case RF_PROTO_TCP:
		return "tcp";
	case RF_PROTO_UDP:
		return "udp";
	case RF_PROTO_SCTP:
		return "sctp";
	case RF_PROTO_ICMP:
		return "icmp";
	default:
		return NULL;
	}
}

/* False: a terminal would act on it. */
static bool is_shown(const char *character, size_t len)
{
	RF_AUTOSTR struct rf_str safe = RF_STR_INIT(64);

	return rf_str_add_printable_n(&safe, character, len) == 0 && safe.len == len;
}

/*
 * Bytes that are no text have no place in JSON, and what a terminal acts on none in a sentence; a
 * '?' matches each byte.
 */
static void add_bytes(const char *name, struct rf_str *out)
{
	size_t len = strlen(name);

	rf_str_add(out, "\"");
	for (size_t at = 0, step; at < len; at += step) {
		char piece[8] = "?";

		step = rf_utf8_len(name + at, len - at);
		if (step == 1 && strchr("*?[{$", name[at]))
			(void)snprintf(piece, sizeof(piece), "[%c]", name[at]);
		else if (step == 1 && (unsigned char)name[at] >= ' ' && !strchr("\\\"", name[at]))
			(void)snprintf(piece, sizeof(piece), "%c", name[at]);
		else if (step > 1 && is_shown(name + at, step))
			(void)snprintf(piece, sizeof(piece), "%.*s", (int)step, name + at);
		else
			step = 1;
		rf_str_add(out, piece);
	}
	rf_str_add(out, "\"");
}

static bool is_text(const char *name)
{
	size_t len = strlen(name), step = 1;

	for (size_t at = 0; at < len && step; at += step)
		step = rf_utf8_len(name + at, len - at);
	return step > 0;
}

void rf_why_add_place(const struct rf_place *place, struct rf_str *out)
{
	if (!place->file || !place->line)
		return;
	rf_str_add(out, " (");
	rf_str_add_printable(out, place->file);
	rf_str_addf(out, ":%u)", place->line);
}

void rf_why_add_name(const char *name, struct rf_str *out)
{
	bool literal = strpbrk(name, "*?[]{}\\$");

	if (!is_text(name)) {
		add_bytes(name, out);
		return;
	}
	rf_str_add(out, literal ? "{\"literal\": " : "");
	rf_str_add_json_printable(out, name);
	rf_str_add(out, literal ? "}" : "");
}

/* What a shell and --allow take as it stands. */
static bool is_word(const char *text)
{
	static const char fine[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "/._-+:@%";

	return strspn(text, fine) == strlen(text);
}

static void add_rights(const struct rf_question *q, struct rf_str *out)
{
	char rights[128];

	rf_why_rights(q, rights, sizeof(rights));
	rf_str_add(out, "{\"allow\": [\"");
	for (const char *c = rights; *c; c++)
		(void)(*c == ',' ? rf_str_add(out, "\", \"") : rf_str_add_char(out, *c));
	rf_str_add(out, "\"]");
}

static void add_option(const struct rf_question *q, const char *prefix, struct rf_str *out)
{
	char rights[128];

	rf_why_rights(q, rights, sizeof(rights));
	if (is_word(q->text))
		rf_str_addf(out, "--allow %s=%s%s, or ", rights, prefix, q->text);
}

static void add_inet(const struct rf_question *q, struct rf_str *out)
{
	const char *protocol = rf_why_protocol(q->protocol);
	bool v4 = IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)(const void *)q->address);
	bool has_port = q->port && q->protocol != RF_PROTO_ICMP;
	char address[INET6_ADDRSTRLEN] = "", rights[128];

	if (q->rights == RF_NET_LISTEN &&
	    (q->protocol == RF_PROTO_UDP || q->protocol == RF_PROTO_ICMP)) {
		rf_str_add(out, "none: sockets of this protocol do not listen");
		return;
	}
	(void)inet_ntop(v4 ? AF_INET : AF_INET6, q->address + (v4 ? 12 : 0), address,
			sizeof(address));
	rf_why_rights(q, rights, sizeof(rights));
	if (protocol) {
		rf_str_addf(out, "--allow %s=%s:%s%s%s:", rights, protocol, v4 ? "" : "[", address,
			    v4 ? "" : "]");
		rf_str_addf(out, has_port ? "%u, or " : "'*', or ", q->port);
	}
	rf_str_add(out, "the rule ");
	add_rights(q, out);
	if (protocol)
		rf_str_addf(out, ", \"protocol\": \"%s\"", protocol);
	rf_str_addf(out, ", \"to\": [\"%s\"]", address);
	if (has_port)
		rf_str_addf(out, ", \"ports\": [%u]", q->port);
	rf_str_add(out, "} of \"network\"");
}

/* In each file whose list lacks it. */
static void add_keep(const struct rf_policy *policy, const struct rf_question *q,
		     struct rf_str *out)
{
	const char *before = "";

	for (size_t i = 0; i < policy->n_keeps; i++) {
		if (policy->keeps[i].bits >> q->number & 1)
			continue;
		rf_str_addf(out, "%sadd \"%s\" to capabilities.keep", before, q->text);
		rf_why_add_place(&policy->keeps[i].place, out);
		before = ", and ";
	}
}

void rf_why_add_key(const struct rf_policy *policy, enum rf_kernel_key key, struct rf_str *out)
{
	const char *before = "";

	for (size_t i = 0; i < policy->n_key_limits; i++) {
		if (policy->key_limits[i].key != key)
			continue;
		rf_str_addf(out, "%s\"kernel\": {\"%s\": \"allow\"}", before,
			    rf_kernel_key_name(key));
		rf_why_add_place(&policy->key_limits[i].place, out);
		before = ", and ";
	}
	if (!*before)
		rf_str_addf(out, "\"kernel\": {\"%s\": \"allow\"}", rf_kernel_key_name(key));
}

void rf_why_add_rule(const struct rf_policy *policy, const struct rf_question *q,
		     struct rf_str *out)
{
	switch (q->kind) {
	case RF_WHY_FILE:
		add_option(q, "", out);
		rf_str_add(out, "the rule ");
		add_rights(q, out);
		rf_str_add(out, ", \"paths\": [");
		rf_why_add_name(q->text, out);
		rf_str_add(out, "]} of \"files\"");
		break;
	case RF_WHY_INET:
		add_inet(q, out);
		break;
	case RF_WHY_UNIX:
		add_option(q, "unix:", out);
		rf_str_add(out, "the rule ");
		add_rights(q, out);
		rf_str_add(out, ", \"unix\": [");
		rf_why_add_name(q->text, out);
		rf_str_add(out, "]} of \"network\"");
		break;
	case RF_WHY_DEVICE:
		rf_str_add(out, "the rule ");
		add_rights(q, out);
		rf_str_addf(out, ", \"nodes\": [\"%s\"]} of \"devices\"", q->text);
		break;
	case RF_WHY_CAPABILITY:
		add_keep(policy, q, out);
		break;
	case RF_WHY_KERNEL:
	case RF_WHY_SYSCALL:
	default:
		rf_why_add_key(policy, (enum rf_kernel_key)q->number, out);
		break;
	}
}
