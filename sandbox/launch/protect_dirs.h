/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a folder that protects the fence really is, and what decides that it is there.
 *
 * The kernel judges the names of resolved objects: a rule about `~/.config/ringfence` says nothing
 * if `~/.config` is a link. And whoever can replace that link, or make one where a folder of the
 * way is missing, moves the folder; so these names are told as well.
 */
#ifndef RF_LAUNCH_PROTECT_DIRS_H
#define RF_LAUNCH_PROTECT_DIRS_H

#include <stdbool.h>
#include <stddef.h>

#include "sandbox/base/err.h"

#define RF_REAL_DIR_LINKS_MAX	 40 /* as the kernel */
#define RF_REAL_DIR_DECIDERS_MAX (RF_REAL_DIR_LINKS_MAX + 2)

struct rf_real_dir {
	char *named;	/* as it is written, without "//", "." and ".." */
	char *resolved; /* the longest part that exists, resolved, and the rest */
	/* Links on the way; then the deepest folder that exists and the first name that does not.
	 */
	char *deciders[RF_REAL_DIR_DECIDERS_MAX];
	size_t n_links, n_deciders;
};

/*
 * Looks at an absolute path as it is now. More links than the kernel follows lead nowhere: then
 * resolved is as named. -EINVAL if it is not absolute, is the root or too long; -ENOMEM. Freed with
 * rf_real_dir_done.
 */
int rf_real_dir_find(struct rf_real_dir *ret, const char *path) RF_MUST_CHECK;
void rf_real_dir_done(struct rf_real_dir *dir);

/* The folders of the calling user that ringfence reads and writes. */
enum rf_user_dir {
	RF_USER_CONFIG, /* $XDG_CONFIG_HOME/ringfence or HOME/.config/ringfence: believed */
	RF_USER_CACHE,
	RF_USER_RUN
};

/*
 * Variables that are not absolute paths count as unset; without HOME that of /etc/passwd. *ret is
 * NULL if there is none; the caller frees it.
 */
int rf_user_dir_find(enum rf_user_dir which, char **ret, struct rf_err *err) RF_MUST_CHECK;

#endif
