/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scope-bound ownership: attributes that release a resource when its variable goes out of scope,
 * and the two ways to hand it on.
 *
 * One function body must be enough to see that nothing leaks. So every owning local carries one of
 * these attributes and an initialiser (NULL, or -1 for descriptors), and leaves the function only
 * through RF_TAKE_PTR or RF_TAKE_FD. Releasing keeps errno, so that an error path may still read
 * it.
 */
#ifndef RF_BASE_CLEANUP_H
#define RF_BASE_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Runs fn(&variable) at the end of the scope. */
#define RF_CLEANUP(fn) __attribute__((cleanup(fn)))

/* The caller may not drop the answer. */
#define RF_MUST_CHECK __attribute__((warn_unused_result))

/* Argument fmt is a printf format whose arguments begin at args (0 for a va_list). */
#define RF_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

#define RF_UNUSED __attribute__((unused))

/* Number of elements; does not compile for a pointer. */
#define RF_ARRAY_LEN(array)                                                                        \
	(sizeof(array) / sizeof((array)[0]) +                                                      \
	 0 * sizeof(struct {                                                                       \
		 _Static_assert(!__builtin_types_compatible_p(__typeof__(array),                   \
							      __typeof__(&(array)[0])),            \
				"not an array");                                                   \
		 int rf_unused;                                                                    \
	 }))

/* Yields the pointer and leaves NULL behind: the owner is now whoever takes the value. */
#define RF_TAKE_PTR(pointer)                                                                       \
	__extension__({                                                                            \
		__typeof__(pointer) *rf_take_from = &(pointer);                                    \
		__typeof__(pointer) rf_taken = *rf_take_from;                                      \
		*rf_take_from = NULL;                                                              \
		rf_taken;                                                                          \
	})

/* Yields the descriptor and leaves -1 behind. */
#define RF_TAKE_FD(fd)                                                                             \
	__extension__({                                                                            \
		int *rf_take_from = &(fd);                                                         \
		int rf_taken = *rf_take_from;                                                      \
		*rf_take_from = -1;                                                                \
		rf_taken;                                                                          \
	})

/*
 * Defines `static inline void name(type **p)` for RF_CLEANUP, out of a destructor that takes a
 * `type *`. NULL is not handed to it.
 *
 *	RF_DEFINE_CLEANUP(struct rf_policy, rf_policy_freep, rf_policy_free)
 */
#define RF_DEFINE_CLEANUP(type, name, free_fn)                                                     \
	static inline RF_UNUSED void name(type **p)                                                \
	{                                                                                          \
		if (*p) {                                                                          \
			int rf_saved = errno;                                                      \
			(void)free_fn(*p);                                                         \
			*p = NULL;                                                                 \
			errno = rf_saved;                                                          \
		}                                                                                  \
	}

static inline void rf_cleanup_free(void *p)
{
	int saved = errno;

	free(*(void **)p);
	errno = saved;
}

static inline void rf_cleanup_close(const int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(*fd);
	errno = saved;
}

RF_DEFINE_CLEANUP(FILE, rf_cleanup_fclose, fclose)
RF_DEFINE_CLEANUP(DIR, rf_cleanup_closedir, closedir)

#define RF_AUTOFREE	RF_CLEANUP(rf_cleanup_free)	/* any malloc'd pointer = NULL */
#define RF_AUTOCLOSE	RF_CLEANUP(rf_cleanup_close)	/* int fd = -1 */
#define RF_AUTOFCLOSE	RF_CLEANUP(rf_cleanup_fclose)	/* FILE *file = NULL */
#define RF_AUTOCLOSEDIR RF_CLEANUP(rf_cleanup_closedir) /* DIR *dir = NULL */

#endif
