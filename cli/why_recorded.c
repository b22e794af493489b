/* SPDX-License-Identifier: Apache-2.0 */
/* See why_recorded.h. */
#include "cli/why_recorded.h"

#include <stdio.h>
#include <string.h>

#include "sandbox/base/parse.h"
#include "sandbox/base/str.h"
#include "sandbox/policy/netfacts.h"

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

/*
 * Refusals of ringfence's own, and of what could not be judged, are none of the policy's; a removal
 * has code "alias" only where the file system keeps the file under another name.
 */
static bool is_unconditional(const json_t *event)
{
	const json_t *rule = json_object_get(event, "rule");
	const char *id = text_of(rule, "id");

	return rf_str_eq(id, "ringfence.self") || rf_str_eq(id, "files.unjudged") ||
	       (rf_str_eq(text_of(rule, "code"), "alias") &&
		rf_str_eq(text_of(event, "operation"), "unlink"));
}

bool rf_recorded_alias(const json_t *event)
{
	const char *verdict = text_of(event, "verdict");

	return rf_str_eq(text_of(json_object_get(event, "rule"), "code"), "alias") && verdict &&
	       !rf_str_eq(verdict, "allowed");
}

bool rf_recorded_unasked(const json_t *event)
{
	const char *verdict = text_of(event, "verdict");

	return is_unconditional(event) && verdict && !rf_str_eq(verdict, "allowed");
}

void rf_recorded_finding(const json_t *event, struct rf_finding *finding, char *file, size_t size)
{
	const json_t *rule = json_object_get(event, "rule");

	finding->verdict = verdict_of(text_of(event, "verdict"));
	finding->rule = text_of(rule, "id") ?: "files.unjudged";
	finding->decided = NULL;
	finding->reason = text_of(rule, "reason");
	finding->hint = text_of(rule, "hint");
	finding->enforced = true;
	read_source(text_of(rule, "source"), &finding->place, file, size);
}

bool rf_recorded_decides(const struct rf_question *question, const json_t *event,
			 struct rf_finding *finding, char *file, size_t size)
{
	if (finding->verdict != RF_V_ALLOWED || !text_of(json_object_get(event, "rule"), "id"))
		return false;
	if (!(question->blind && finding->depends_on_args) &&
	    !(finding->enforced && rf_recorded_unasked(event)))
		return false;
	rf_recorded_finding(event, finding, file, size);
	return true;
}

/* As is_hidden of lsm/bpf/address.bpf.c, by the names that records have (sandbox/audit/object.c).
 */
static bool is_hidden(const char *family)
{
	static const char *const names[] = {"inet", "inet6", "packet", "rds",
					    "tipc", "33",    "43",     "xdp"};

	for (size_t i = 0; i < RF_ARRAY_LEN(names); i++)
		if (strcmp(names[i], family) == 0)
			return true;
	return false;
}

bool rf_recorded_family(const json_t *event, const struct rf_policy *policy,
			struct rf_finding *finding, const char **ret_family)
{
	const json_t *object = json_object_get(event, "object");
	const char *family = text_of(object, "family");
	uint32_t refused = policy->mode == RF_MODE_AUDIT ? RF_V_WOULD_DENY : RF_V_DENIED;
	struct rf_net_facts facts;
	bool refuses;

	if (!rf_str_eq(text_of(event, "layer"), "network") || !family ||
	    text_of(object, "address") || rf_str_eq(family, "unix"))
		return false;
	*ret_family = family;
	/* The audit subsystem's. */
	if (rf_str_eq(text_of(json_object_get(event, "rule"), "id"), "ringfence.self")) {
		*finding = (struct rf_finding){
			.section = RF_SECTION_NETWORK,
			.rule = "ringfence.self",
			.reason = "ringfence protects itself, whatever the policy",
			.verdict = RF_V_DENIED,
			.enforced = true};
		return true;
	}
	rf_net_facts(&facts, policy);
	refuses = policy->network_default == RF_DEFAULT_DENY ||
		  (facts.inet_denied && is_hidden(family));
	*finding = (struct rf_finding){
		.section = RF_SECTION_NETWORK,
		.rule = "network.default",
		.enforced = policy->sections[RF_SECTION_NETWORK].present,
		.place = policy->sections[RF_SECTION_NETWORK].place,
	};
	if (refuses && policy->network_default != RF_DEFAULT_DENY)
		finding->reason = "a rule refuses addresses, and these sockets reach any unasked";
	finding->verdict = finding->enforced && refuses ? refused : RF_V_ALLOWED;
	return true;
}
