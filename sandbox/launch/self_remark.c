/* SPDX-License-Identifier: Apache-2.0 */
/* Naming what protects itself no longer. See self_remark.h. */
#include "sandbox/launch/self_remark.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/base/str.h"
#include "sandbox/launch/landlock_grant.h"
#include "sandbox/launch/landlock_looks.h"
#include "sandbox/launch/landlock_names.h"
#include "sandbox/launch/pack.h"

/* What fits into a reason, beside the words. */
#define LIST_MAX 100

#define CHANGES (RF_FILE_WRITE_ALL & ~RF_FILE_METADATA)

/* A place of a pattern without what follows the directory. */
static size_t name_len(const struct rf_pattern *pattern)
{
	size_t len = strlen(pattern->text);

	return rf_str_has_suffix(pattern->text, "/**") ? len - 3 : len;
}

/*
 * The first thing that exists on the literal way to what a pattern names: its length there, and
 * whose it is. 0: none.
 */
static size_t find_existing(const struct rf_pattern *pattern, char *path, size_t size, uid_t *uid)
{
	size_t len = pattern->literal ? strlen(pattern->text) : strcspn(pattern->text, "*?[{");
	struct stat st;

	if (len >= size)
		return 0;
	while (pattern->text[len] && len && pattern->text[len] != '/')
		len--;
	memcpy(path, pattern->text, len);
	path[len] = '\0';
	for (char *slash = path + len; slash; slash = strrchr(path, '/')) {
		*slash = '\0';
		if (*path && stat(path, &st) == 0) {
			*uid = st.st_uid;
			return strlen(path);
		}
	}
	return 0;
}

struct remark {
	const struct rf_ll_names *names; /* of what is granted; NULL: everything is */
	struct rf_str *list;
	bool more; /* than the list has room for */
};

static bool is_reached(const struct remark *remark, const struct rf_pattern *pattern,
		       const char *existing, size_t len)
{
	RF_AUTOFREE char *real = len ? realpath(existing, NULL) : NULL;
	RF_AUTOFREE char *text = NULL;
	struct rf_pattern resolved = *pattern;

	if (!remark->names || remark->names->incomplete ||
	    rf_ll_names_reached(remark->names, pattern, CHANGES))
		return true;
	/* What is granted has names without links. */
	if (!real || rf_str_eq(real, existing))
		return false;
	if (asprintf(&text, "%s%s", real, pattern->text + len) < 0)
		return true;
	resolved.text = text;
	return rf_ll_names_reached(remark->names, &resolved, CHANGES);
}

static void look_at(struct remark *remark, const struct rf_pattern *pattern)
{
	char existing[PATH_MAX];
	uid_t uid = 0;
	size_t existing_len = find_existing(pattern, existing, sizeof(existing), &uid);
	size_t len = name_len(pattern);

	if ((geteuid() != 0 && uid != geteuid()) ||
	    !is_reached(remark, pattern, existing, existing_len))
		return;
	if (remark->list->len + len > LIST_MAX)
		remark->more = true;
	else
		(void)rf_str_addf(remark->list, "%s%.*s", remark->list->len ? ", " : "", (int)len,
				  pattern->text);
}

static int add_item(struct rf_selection *selection, const struct rf_policy *policy,
		    const struct remark *remark, struct rf_err *err)
{
	struct rf_coverage *item;

	if (!remark->list->len && !remark->more)
		return 0;
	item = rf_report_add(&selection->report);
	if (!item)
		return rf_err_sys(err, -ENOMEM, "cannot judge the policy");
	item->section = RF_SECTION_FILES;
	item->kind = RF_ITEM_SECTION;
	item->id = "ringfence.self";
	item->place = policy->sections[RF_SECTION_FILES].place;
	item->need = RF_NEED_SHOULD;
	item->hold = RF_HOLD_NONE;
	(void)snprintf(item->why, sizeof(item->why),
		       "without BPF LSM nothing keeps the command from changing %s%s%s",
		       rf_str_text(remark->list), remark->list->len && remark->more ? " and " : "",
		       remark->more ? "more of ringfence's own" : "");
	return 0;
}

static int remark_on(struct rf_selection *selection, const struct rf_policy *policy,
		     const struct rf_ll_names *names, struct rf_err *err)
{
	RF_AUTOSTR struct rf_str list = RF_STR_INIT(4096);
	struct remark remark = {.names = names, .list = &list};
	struct rf_protect protect;
	int r = rf_protect_collect(&protect, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < protect.n_all; i++)
		look_at(&remark, &protect.all[i]);
	for (size_t i = 0; i < protect.n_write; i++)
		look_at(&remark, &protect.write[i]);
	r = add_item(selection, policy, &remark, err);
	rf_protect_done(&protect);
	return r;
}

static bool changes_something(const struct rf_ll_looks *looks)
{
	for (size_t i = 0; i < looks->looks.len; i++)
		if (rf_ll_rights(looks->looks.data[i].access) & CHANGES)
			return true;
	return false;
}

int rf_self_remark(struct rf_selection *selection, const struct rf_policy *policy, bool as_user,
		   struct rf_err *err)
{
	RF_CLEANUP(rf_ll_names_done) struct rf_ll_names names = {.incomplete = false};
	struct rf_ll_looks *looks = selection->report.looks;
	int r;

	if (as_user)
		return 0;
	for (size_t i = 0; i < selection->n; i++)
		if (selection->chosen[i].backend->protects_self)
			return 0;
	if (!looks)
		return remark_on(selection, policy, NULL, err);
	if (!changes_something(looks))
		return 0;
	r = rf_ll_names(&names, looks, err);
	return r < 0 ? r : remark_on(selection, policy, &names, err);
}
