/* SPDX-License-Identifier: Apache-2.0 */
/* Packing and unpacking a choice. See form_choice.h. */
#include "sandbox/launch/form_choice.h"

#include <string.h>

#include "sandbox/launch/landlock_abi.h"

/*
 * Everything besides the policy and the file system that answers depend on: what back-ends there
 * are, why others are not, and what they ask about the caller and the kernel.
 */
static void add_circumstances(struct rf_str *out, const struct rf_selection *selection,
			      const struct rf_facts *facts)
{
	static const char *const own_places[] = {"HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME",
						 "XDG_RUNTIME_DIR"};

	rf_str_addf(out, "cgroup %d %x %s\ncaller %d %d %d\nlandlock %d\n", facts->has_cgroup,
		    facts->controllers, facts->why_none ? facts->why_none : "", facts->sys_admin,
		    facts->as_user, rf_caller_has_setpcap(), rf_landlock_abi());
	for (int i = 0; facts->hard && i < RLIM_NLIMITS; i++)
		rf_str_addf(out, "limit %llu\n", (unsigned long long)facts->hard[i]);
	for (size_t i = 0; geteuid() != 0 && i < RF_ARRAY_LEN(own_places); i++)
		rf_str_addf(out, "%s\n", getenv(own_places[i]) ? getenv(own_places[i]) : "");
	for (size_t i = 0; i < selection->n; i++)
		rf_str_addf(out, "by %s %x %x\n", selection->chosen[i].backend->name,
			    selection->chosen[i].sections, selection->chosen[i].second);
	for (size_t i = 0; i < selection->n_absent; i++)
		rf_str_addf(out, "not %s %s\n", selection->absent[i].backend->name,
			    rf_err_text(&selection->absent[i].why));
}

/* One item; id, file, by and why follow, each with a NUL. Of a rule's the rule has the first two.
 */
struct packed {
	uint32_t rule; /* its index + 1; 0: none */
	uint32_t line, column;
	uint8_t section, kind, key, need, hold;
	bool has_file, has_by;
	uint8_t unused;
};

struct head {
	uint32_t circumstances; /* length of the text, with its NUL */
	uint32_t n_items;
	uint32_t items; /* length of all of them, the rest */
};

static void put_text(struct rf_str *out, const char *text)
{
	(void)rf_str_add_n(out, text ? text : "", (text ? strlen(text) : 0) + 1);
}

static void pack_item(struct rf_str *out, const struct rf_coverage *item)
{
	const struct packed packed = {
		.rule = item->rule ? item->rule->index + 1 : 0,
		.line = item->place.line,
		.column = item->place.column,
		.section = (uint8_t)item->section,
		.kind = (uint8_t)item->kind,
		.key = (uint8_t)item->key,
		.need = (uint8_t)item->need,
		.hold = (uint8_t)item->hold,
		.has_file = item->place.file,
		.has_by = item->by,
	};

	(void)rf_str_add_n(out, &packed, sizeof(packed));
	put_text(out, item->rule ? NULL : item->id);
	put_text(out, item->rule ? NULL : item->place.file);
	put_text(out, item->by);
	put_text(out, item->why);
}

int rf_choice_pack(struct rf_str *out, const struct rf_selection *selection,
		   const struct rf_facts *facts)
{
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(out->limit);
	RF_AUTOSTR struct rf_str items = RF_STR_INIT(out->limit);
	const struct rf_report *report = &selection->report;
	struct head head;

	add_circumstances(&text, selection, facts);
	for (size_t i = 0; i < report->n; i++)
		pack_item(&items, &report->items[i]);
	if (rf_str_error(&text) || rf_str_error(&items))
		return -EFBIG;
	head = (struct head){.circumstances = (uint32_t)text.len + 1,
			     .n_items = (uint32_t)report->n,
			     .items = (uint32_t)items.len};
	(void)rf_str_add_n(out, &head, sizeof(head));
	put_text(out, rf_str_text(&text));
	return rf_str_add_n(out, rf_str_text(&items), items.len);
}

struct cursor {
	const char *at;
	size_t left;
};

/* NULL: there is no whole text. */
static const char *take_text(struct cursor *c)
{
	const char *text = c->at, *end = c->left ? memchr(text, '\0', c->left) : NULL;

	if (!end)
		return NULL;
	c->left -= (size_t)(end - text) + 1;
	c->at = end + 1;
	return text;
}

static bool is_sane(const struct packed *packed, const struct rf_policy *policy)
{
	return packed->rule <= policy->n_rules && packed->section < RF_SECTION_COUNT &&
	       packed->kind <= RF_ITEM_SECTION && packed->key < RF_KERNEL_COUNT &&
	       packed->need <= RF_NEED_SHOULD && packed->hold <= RF_HOLD_NONE;
}

static int unpack_item(struct cursor *c, struct rf_report *report, const struct rf_policy *policy)
{
	const char *id, *file, *by, *why;
	struct rf_coverage *item;
	struct packed packed;

	if (c->left < sizeof(packed))
		return -EBADMSG;
	memcpy(&packed, c->at, sizeof(packed));
	c->at += sizeof(packed);
	c->left -= sizeof(packed);
	id = take_text(c);
	file = take_text(c);
	by = take_text(c);
	why = take_text(c);
	if (!why || !is_sane(&packed, policy) || strlen(why) >= sizeof(item->why))
		return -EBADMSG;
	item = rf_report_add(report);
	if (!item)
		return -ENOMEM;
	*item = (struct rf_coverage){
		.section = packed.section,
		.kind = packed.kind,
		.key = packed.key,
		.need = packed.need,
		.hold = packed.hold,
		.id = id,
		.place = {packed.has_file ? file : NULL, packed.line, packed.column},
		.by = packed.has_by ? by : NULL,
	};
	if (packed.rule) {
		item->rule = policy->rules[packed.rule - 1];
		item->id = item->rule->id;
		item->place = item->rule->place;
	}
	memcpy(item->why, why, strlen(why) + 1);
	return 0;
}

static int unpack_items(struct rf_report *report, const struct rf_policy *policy,
			const struct head *head, const char *at)
{
	struct cursor c = {.at = at, .left = head->items};
	int r = 0;

	for (uint32_t i = 0; i < head->n_items && r == 0; i++)
		r = unpack_item(&c, report, policy);
	return r == 0 && c.left ? -EBADMSG : r;
}

int rf_choice_unpack(struct rf_selection *selection, const struct rf_policy *policy,
		     const struct rf_facts *facts, const void *bytes, size_t len)
{
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(len);
	const char *at = bytes;
	struct head head;

	if (len < sizeof(head))
		return -EBADMSG;
	memcpy(&head, at, sizeof(head));
	at += sizeof(head);
	len -= sizeof(head);
	if (!head.circumstances || (uint64_t)head.circumstances + head.items != len ||
	    at[head.circumstances - 1])
		return -EBADMSG;
	add_circumstances(&text, selection, facts);
	if (rf_str_error(&text) || !rf_str_eq(rf_str_text(&text), at))
		return -ESTALE;
	return unpack_items(&selection->report, policy, &head, at + head.circumstances);
}
