/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What judging the file rules saw of the file system, and what is granted for it.
 *
 * Judging opens each object once; what it opened is what is granted (no second walk between which
 * names could change), and what it saw can be kept and looked at again by the next launch: where
 * every look gives the same, so does the judgement.
 */
#ifndef RF_LAUNCH_LANDLOCK_LOOKS_H
#define RF_LAUNCH_LANDLOCK_LOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox/base/str.h"
#include "sandbox/base/vec.h"

/* What stood at a path; negative: the errno of looking there. */
enum rf_ll_seen {
	RF_LL_SEEN_DIR,
	RF_LL_SEEN_LINK,
	RF_LL_SEEN_OTHER,
	RF_LL_SEEN_SELF /* below /proc/self: the child looks */
};

struct rf_ll_look {
	const char *path;
	uint64_t access; /* granted on it; 0: nothing */
	int seen;	 /* enum rf_ll_seen, or negative */
	int fd;		 /* O_PATH, until it is granted; -1: to be opened then */
	bool dir;	 /* granted with all beneath */
};

/* What glob(3) found, as a sum over the names. */
struct rf_ll_glob {
	const char *pattern;
	uint64_t sum;
};

/* Whether a regular file with several names stands there. */
struct rf_ll_named {
	const char *path;
	int seen; /* RF_LL_SEEN_LINK, _OTHER (a directory, too), or negative */
	bool several;
};

RF_VEC_DEFINE(rf_ll_look_vec, struct rf_ll_look);
RF_VEC_DEFINE(rf_ll_glob_vec, struct rf_ll_glob);
RF_VEC_DEFINE(rf_ll_named_vec, struct rf_ll_named);

struct rf_ll_looks {
	struct rf_ll_look_vec looks;
	struct rf_ll_glob_vec globs;
	struct rf_ll_named_vec named;
	size_t n_open;
	int64_t since;	 /* when looking began */
	uint64_t mounts; /* rf_mounts_sum; 0 also if they cannot be read */
	bool has_mounts; /* they were looked at */
	bool borrowed;	 /* the texts are in somebody's bytes */
};

struct rf_ll_looks *rf_ll_looks_new(void);
struct rf_ll_looks *rf_ll_looks_free(struct rf_ll_looks *looks);

RF_DEFINE_CLEANUP(struct rf_ll_looks, rf_ll_looks_freep, rf_ll_looks_free)

/* Opens the object itself, whatever it is, if no link stands on the way; negative errno if not. */
int rf_ll_open(const char *path);

/*
 * Notes a look. *fd is taken over (then -1) if something is granted and not too many are open. The
 * path is copied. Returns 0 or -ENOMEM.
 */
int rf_ll_looks_add(struct rf_ll_looks *looks, const struct rf_ll_look *look, int *fd);
int rf_ll_looks_add_glob(struct rf_ll_looks *looks, const char *pattern, char *const *found,
			 size_t n);

/* Whether a regular file with several names stands at path; noted unless looks is NULL. */
int rf_ll_looks_named(struct rf_ll_looks *looks, const char *path, bool *ret);

/* Whether the looks tell that no link stands on the way to dir, dir included. */
bool rf_ll_looks_cover(const struct rf_ll_looks *looks, const char *dir);

/* As bytes without pointers. */
int rf_ll_looks_pack(const struct rf_ll_looks *looks, struct rf_str *out);

/*
 * Looks again at everything in the bytes, which stay as long as *ret. -ESTALE where anything is
 * another thing now, -EBADMSG for bytes that rf_ll_looks_pack did not write.
 */
int rf_ll_looks_again(struct rf_ll_looks **ret, const void *bytes, size_t len) RF_MUST_CHECK;

#endif
