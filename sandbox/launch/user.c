/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts and groups by name or number. See user.h. */
#include "sandbox/launch/user.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

#include "sandbox/base/parse.h"
#include "sandbox/base/str.h"

#define ID_MAX 4294967294u /* 2^32 - 1 means "unchanged" to the kernel */

void rf_user_done(struct rf_user *user)
{
	free(user->groups);
	free(user->name);
	free(user->home);
	memset(user, 0, sizeof(*user));
}

static int copy_entry(struct rf_user *user, const struct passwd *entry, struct rf_err *err)
{
	user->uid = entry->pw_uid;
	user->gid = entry->pw_gid;
	user->name = strdup(entry->pw_name);
	user->home = strdup(entry->pw_dir);
	return user->name && user->home ? 1 : rf_err_sys(err, -ENOMEM, "cannot look up the user");
}

/* name NULL: by uid. 1 found, 0 not. Without /etc/passwd nobody is found. */
static int find_account(struct rf_user *user, const char *name, uid_t uid, struct rf_err *err)
{
	RF_AUTOFCLOSE FILE *file = fopen("/etc/passwd", "re");
	const struct passwd *entry;

	if (!file)
		return 0;
	while ((entry = fgetpwent(file)))
		if (name ? rf_str_eq(entry->pw_name, name) : entry->pw_uid == uid)
			return copy_entry(user, entry, err);
	return 0;
}

static int add_group(struct rf_user *user, gid_t gid, struct rf_err *err)
{
	gid_t *groups;

	for (size_t i = 0; i < user->n_groups; i++)
		if (user->groups[i] == gid)
			return 0;
	if (user->n_groups == RF_USER_GROUPS_MAX)
		return rf_err_set(err, -E2BIG, "user %s is in more than %d groups",
				  user->name ? user->name : "?", RF_USER_GROUPS_MAX);
	groups = reallocarray(user->groups, user->n_groups + 1, sizeof(*groups));
	if (!groups)
		return rf_err_sys(err, -ENOMEM, "cannot list the user's groups");
	user->groups = groups;
	user->groups[user->n_groups++] = gid;
	return 0;
}

static bool has_member(const struct group *group, const char *name)
{
	for (char **member = group->gr_mem; *member; member++)
		if (rf_str_eq(*member, name))
			return true;
	return false;
}

static int add_memberships(struct rf_user *user, struct rf_err *err)
{
	RF_AUTOFCLOSE FILE *file = user->name ? fopen("/etc/group", "re") : NULL;
	const struct group *entry;
	int r = add_group(user, user->gid, err);

	while (r == 0 && file && (entry = fgetgrent(file)))
		if (has_member(entry, user->name))
			r = add_group(user, entry->gr_gid, err);
	return r;
}

static int find_group(const char *text, gid_t *ret, struct rf_err *err)
{
	RF_AUTOFCLOSE FILE *file = NULL;
	const struct group *entry;
	uint64_t number;

	if (rf_parse_u64(text, ID_MAX, &number) == 0) {
		*ret = (gid_t)number;
		return 0;
	}
	file = fopen("/etc/group", "re");
	while (file && (entry = fgetgrent(file)))
		if (rf_str_eq(entry->gr_name, text)) {
			*ret = entry->gr_gid;
			return 0;
		}
	return rf_err_set(err, -ENOENT, "group %s is not in /etc/group; give its number", text);
}

/* The account of a name or number; a number without account is its own group. */
static int find_user(struct rf_user *user, const char *text, struct rf_err *err)
{
	uint64_t number;
	int r;

	if (rf_parse_u64(text, ID_MAX, &number) < 0) {
		r = find_account(user, text, 0, err);
		return r == 0 ? rf_err_set(err, -ENOENT,
					   "user %s is not in /etc/passwd; give the number", text)
			      : r;
	}
	user->uid = (uid_t)number;
	user->gid = (gid_t)number;
	return find_account(user, NULL, (uid_t)number, err);
}

int rf_user_parse(struct rf_user *ret, const char *spec, struct rf_err *err)
{
	RF_CLEANUP(rf_user_done) struct rf_user user = {0};
	RF_AUTOFREE char *text = strdup(spec);
	char *group = text ? strchr(text, ':') : NULL;
	int r;

	if (!text)
		return rf_err_sys(err, -ENOMEM, "user %s", spec);
	if (group)
		*group++ = '\0';
	r = find_user(&user, text, err);
	if (r >= 0 && group) {
		r = find_group(group, &user.gid, err);
		if (r == 0)
			r = add_group(&user, user.gid, err);
	} else if (r >= 0) {
		r = add_memberships(&user, err);
	}
	if (r < 0)
		return r;
	*ret = user;
	memset(&user, 0, sizeof(user));
	return 0;
}

int rf_user_from_uid(struct rf_user *ret, uid_t uid, struct rf_err *err)
{
	RF_CLEANUP(rf_user_done) struct rf_user user = {.uid = uid};
	int r = find_account(&user, NULL, uid, err);

	if (r < 0)
		return r;
	*ret = user;
	memset(&user, 0, sizeof(user));
	return 0;
}
