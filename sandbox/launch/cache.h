/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was compiled, kept by the hash of everything it was compiled from.
 *
 * /var/cache/ringfence for root, $XDG_CACHE_HOME/ringfence (else ~/.cache/ringfence) for others.
 * Nothing in it is trusted: the directory and the entry must be root's or the caller's and nobody
 * else's to write, an entry must hold what its header and its own sum say, and the reader checks
 * the content once more (but for root's images: image.c). Whatever is wrong with an entry, it is as
 * if it were not there. Without a usable directory everything works, slower.
 */
#ifndef RF_LAUNCH_CACHE_H
#define RF_LAUNCH_CACHE_H

#include <stddef.h>

#include "sandbox/base/err.h"
#include "sandbox/base/hash.h"

/* Together, oldest out first. */
#define RF_CACHE_MAX_ENTRIES 512
#define RF_CACHE_MAX_BYTES   ((size_t)64 << 20)
#define RF_CACHE_ENTRY_MAX   ((size_t)20 << 20)

/*
 * The kinds of entries that decide what a fence holds. Commands of an ordinary user may be allowed
 * to write that user's cache, so these stand beside the user's own policies, in
 * $XDG_CONFIG_HOME/ringfence/cache: who can write there needs no entry to change the next fence.
 */
#define RF_CACHE_LAUNCH "run"
#define RF_CACHE_FILTER "bpf"

/*
 * The content kept under key (hex) and kind (a few letters, the file's suffix). 0 and *ret, which
 * the caller frees; -ENOENT where there is none that can be used.
 */
int rf_cache_get(const char *kind, const char key[RF_HASH_HEX_LEN + 1], void **ret, size_t *ret_len)
	RF_MUST_CHECK;

/* Keeps content, and drops the oldest entries beyond the limits. Failing is not an error. */
void rf_cache_put(const char *kind, const char key[RF_HASH_HEX_LEN + 1], const void *data,
		  size_t len);

/* Forgets an entry. Failing is not an error. */
void rf_cache_drop(const char *kind, const char key[RF_HASH_HEX_LEN + 1]);

/* Where an entry is, for telling; 0 or -ENOENT where there is no directory to keep it in. */
int rf_cache_path(const char *kind, const char key[RF_HASH_HEX_LEN + 1], char *ret, size_t size)
	RF_MUST_CHECK;

#endif
