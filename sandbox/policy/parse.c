/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The members of a policy file, and what sections share. Each section has its own file.
 */
#include <ctype.h>
#include <string.h>

#include "sandbox/policy/draft.h"
#include "sandbox/policy/limits.h"
#include "sandbox/policy/names.h"

static const char *const need_names[] = {"must", "should"};
static const char *const mode_names[] = {"enforce", "audit"};
static const char *const default_names[] = {"deny", "allow"};

struct rf_draft *rf_draft_new(void)
{
	return calloc(1, sizeof(struct rf_draft));
}

struct rf_draft *rf_draft_free(struct rf_draft *draft)
{
	if (!draft)
		return NULL;
	rf_doc_done(&draft->doc);
	rf_id_uses_done(&draft->ids);
	rf_drafts_done(&draft->extended);
	rf_file_rules_done(&draft->files);
	rf_net_rules_done(&draft->network);
	rf_dev_rules_done(&draft->devices);
	rf_sys_rules_done(&draft->calls);
	rf_rlimits_done(&draft->rlimits);
	rf_names_done(&draft->env_keep);
	rf_env_sets_done(&draft->env_set);
	free(draft);
	return NULL;
}

bool rf_parse_label(struct rf_parse *p, struct rf_at at, const char **ret)
{
	const char *text = NULL;

	if (!rf_at_string(p, at, &text))
		return false;
	if (strlen(text) > RF_LIMIT_ID_BYTES) {
		rf_at_error(p, at, "longer than %d bytes, which is the limit", RF_LIMIT_ID_BYTES);
		return false;
	}
	for (const char *c = text; *c; c++) {
		if (isalnum((unsigned char)*c) || *c == '_' || (c != text && strchr(".-", *c)))
			continue;
		rf_at_error(p, at,
			    "\"%s\" is not a name: letters, digits, '.', '_' and '-' make "
			    "one, and it begins with a letter, a digit or '_'",
			    text);
		return false;
	}
	*ret = rf_parse_strdup(p, text);
	return *ret;
}

void rf_parse_errno(struct rf_parse *p, struct rf_at at, int *ret)
{
	uint64_t value = 0;

	if (json_is_integer(at.json)) {
		if (rf_at_integer(p, at, 1, RF_ERRNO_NAMED_MAX, &value))
			*ret = (int)value;
		return;
	}
	if (!json_is_string(at.json))
		rf_at_error(p, at, "the name of an error is expected here, such as \"EPERM\"");
	else if (rf_errno_find(json_string_value(at.json), ret) < 0)
		rf_at_error(p, at,
			    "unknown error \"%s\"; names are those of errno(3), such as "
			    "\"EPERM\"",
			    json_string_value(at.json));
}

void rf_member_need(struct rf_parse *p, struct rf_at at, void *unused)
{
	size_t choice = 0;

	(void)unused;
	(void)rf_at_choice(p, at, need_names, 2, &choice);
}

/* A valid `need` of the object, else fallback; a wrong one is told by rf_member_need. */
static enum rf_need peek_need(const struct rf_parse *p, struct rf_at object, enum rf_need fallback)
{
	const char *text = json_string_value(rf_at_member(p, object, "need").json);

	for (size_t i = 0; text && i < RF_ARRAY_LEN(need_names); i++)
		if (strcmp(text, need_names[i]) == 0)
			return (enum rf_need)i;
	return fallback;
}

struct rf_draft_section *rf_section_begin(struct rf_parse *p, struct rf_draft *draft,
					  enum rf_section section, struct rf_at at)
{
	struct rf_draft_section *begun = &draft->sections[section];

	begun->given = true;
	begun->place = rf_at_place(p, at);
	begun->need = peek_need(p, at, draft->need);
	return begun;
}

void rf_parse_default(struct rf_parse *p, struct rf_at at, struct rf_draft_section *section)
{
	size_t choice = 0;

	if (!rf_at_choice(p, at, default_names, 2, &choice))
		return;
	section->default_given = true;
	section->fallback = (enum rf_default)choice;
}

static void parse_version(struct rf_parse *p, struct rf_at at, void *out)
{
	(void)out;
	if (!json_is_integer(at.json) || json_integer_value(at.json) != 1)
		rf_at_error(p, at, "the format must be the number 1, the only one there is");
}

static void parse_name(struct rf_parse *p, struct rf_at at, void *out)
{
	(void)rf_parse_label(p, at, &((struct rf_draft *)out)->name);
}

static void parse_extends(struct rf_parse *p, struct rf_at at, void *out)
{
	const char *text = NULL;

	if (!rf_at_is_list(p, at, "policies"))
		return;
	for (struct rf_at item = rf_at_first(p, at); item.json; item = rf_at_next(p, item))
		(void)rf_at_string(p, item, &text);
	((struct rf_draft *)out)->extends = at;
}

static void parse_mode(struct rf_parse *p, struct rf_at at, void *out)
{
	struct rf_draft *draft = out;
	size_t choice = 0;

	if (!rf_at_choice(p, at, mode_names, 2, &choice))
		return;
	draft->mode_given = true;
	draft->mode = (enum rf_mode)choice;
}

static void parse_need(struct rf_parse *p, struct rf_at at, void *out)
{
	size_t choice = 0;

	((struct rf_draft *)out)->need_given = rf_at_choice(p, at, need_names, 2, &choice);
}

static const struct rf_member members[] = {
	{"ringfence", parse_version},
	{"name", parse_name},
	{"extends", parse_extends},
	{"mode", parse_mode},
	{"need", parse_need},
	{"process", rf_parse_process},
	{"resources", rf_parse_resources},
	{"capabilities", rf_parse_capabilities},
	{"seccomp", rf_parse_seccomp},
	{"files", rf_parse_files},
	{"network", rf_parse_network},
	{"devices", rf_parse_devices},
	{"kernel", rf_parse_kernel},
	{"audit", rf_parse_audit},
	{NULL, NULL},
};

static int compare_ids(const void *a, const void *b)
{
	const struct rf_id_use *left = a, *right = b;
	int r = strcmp(left->id, right->id);

	return r ? r : left->node < right->node ? -1 : left->node > right->node;
}

static void check_ids(struct rf_parse *p, struct rf_draft *draft)
{
	struct rf_id_uses *ids = &draft->ids;

	if (ids->len < 2)
		return;
	qsort(ids->data, ids->len, sizeof(*ids->data), compare_ids);
	for (size_t i = 1; i < ids->len; i++) {
		struct rf_at at = {.node = ids->data[i].node};

		if (strcmp(ids->data[i - 1].id, ids->data[i].id) == 0)
			rf_at_error(p, at, "the id \"%s\" is used already on line %u",
				    ids->data[i].id,
				    draft->doc.scan.nodes[ids->data[i - 1].node].line);
	}
}

void rf_draft_parse(struct rf_parse *p, struct rf_draft *draft)
{
	struct rf_at root = rf_at_root(p);

	draft->need = peek_need(p, root, RF_NEED_MUST);
	if (!rf_at_object(p, root, members, NULL, draft))
		return;
	if (!rf_at_member(p, root, "ringfence").json)
		rf_at_error(p, root,
			    "the key \"ringfence\" is missing; it names the format and "
			    "must be 1");
	check_ids(p, draft);
}
