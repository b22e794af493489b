/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sandboxes in the kernel side's maps: taking a slot, filling it, handing it to a task, replacing
 * its policy, ending it.
 *
 * This is the path of every launch: it opens pinned maps, parses nothing and uses no libbpf object.
 * A slot keeps its policy map and its ring when its sandbox ends, and the next sandbox writes into
 * them: putting a new map into a map of maps makes the kernel wait for an RCU grace period, which
 * costs more than a whole launch.
 */
#ifndef RF_LSM_RULES_H
#define RF_LSM_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lsm/abi.h"
#include "sandbox/base/err.h"

struct rf_lsm; /* the pinned maps, opened */

#define RF_RING_BYTES (512u * 1024) /* of a sandbox that asks for no other */

/* Pages that the map for an image has room for: some more, for the next policy of the slot. */
static inline uint32_t rf_image_room(size_t n_pages)
{
	uint32_t room = 8;

	while (room < n_pages)
		room *= 2;
	return room;
}

/* Objects that the map for n names of nailed objects has room for. */
#define RF_FIXED_NAMES_MAX RF_NAIL_OBJECTS
static inline uint32_t rf_nail_room(size_t n)
{
	uint32_t room = 64;

	while (room < 2 * n)
		room *= 2;
	return room;
}

/*
 * Opens the pinned maps. -ENOENT: nothing is loaded. -ESTALE: another version is. The caller ends
 * it with rf_lsm_close (NULL is fine), which ends no sandbox.
 */
int rf_lsm_open(struct rf_lsm **ret, struct rf_err *err) RF_MUST_CHECK;

/* Would rf_lsm_open do? The same answers, for a fraction of the time. */
int rf_lsm_check(struct rf_err *err) RF_MUST_CHECK;
struct rf_lsm *rf_lsm_close(struct rf_lsm *lsm);
RF_DEFINE_CLEANUP(struct rf_lsm, rf_lsm_closep, rf_lsm_close)

/* What a sandbox is called; kept beside it for `status`, `exec` and events. */
struct rf_fence_spec {
	uint64_t id;	     /* never 0 */
	uint64_t cgroup;     /* 0: none */
	uint32_t supervisor; /* process whose end frees an empty sandbox; 0: none */
	const char *name;
	const char *policy;
	const char *sha256;	     /* of the policy, hex */
	const struct rf_page *pages; /* the image */
	size_t n_pages;
	uint64_t image_key;    /* names these pages, equal keys mean equal pages; 0: no name */
	size_t ring_bytes;     /* 0: the default; a power of two */
	const char *container; /* its id; NULL: no container's */
	const char *runtime;
	const char *pod; /* NULL: none */
	bool stacks;	 /* records of denials carry the user stack */
	uint64_t owner;	 /* as rf_sandbox.owner */
};

/*
 * Takes a slot, fills it and makes it live. Nothing is left behind on failure. pages may be NULL
 * with an image_key: -ENODATA then says that no free slot holds that image.
 */
int rf_fence_new(struct rf_lsm *lsm, const struct rf_fence_spec *spec, uint32_t *ret_slot,
		 struct rf_err *err) RF_MUST_CHECK;

/*
 * Puts the waiting, single-threaded process behind the pidfd into the sandbox. -EEXIST if it is in
 * one already: a fence is never replaced.
 */
int rf_fence_task(struct rf_lsm *lsm, uint32_t slot, int pidfd, uint32_t session,
		  struct rf_err *err) RF_MUST_CHECK;

/* The sandbox's first task will have no capability, and none can be gained: set RF_SBF_PLAIN. */
void rf_fence_plain(struct rf_lsm *lsm, uint32_t slot);

/* Which fence the process behind the pidfd is in. 0 and *ret; -ENOENT: none; else it cannot be
 * told. */
int rf_fence_of(struct rf_lsm *lsm, int pidfd, struct rf_task *ret) RF_MUST_CHECK;

/* Sandboxes of this owner that live or still have tasks; all with an owner for UINT64_MAX. */
uint32_t rf_fence_owned(struct rf_lsm *lsm, uint64_t owner);

/* From now on the sandbox lives without a supervisor, until rf_fence_end. */
void rf_fence_keep(struct rf_lsm *lsm, uint32_t slot);

/*
 * Replacing the policy of a running sandbox (replace.c), one caller at a time: the slot is held, so
 * that it is not given out if the sandbox ends meanwhile; nails of the new policy are set, with
 * `keep`; then the new policy counts from one moment on for every task, and the stream tells so.
 * *ret_gen is its generation, known before. On failure the old one stays.
 */
int rf_fence_hold(struct rf_lsm *lsm, uint32_t slot, uint64_t id, uint32_t *ret_gen,
		  struct rf_err *err) RF_MUST_CHECK;
void rf_fence_let_go(struct rf_lsm *lsm, uint32_t slot);
int rf_fence_replace(struct rf_lsm *lsm, uint32_t slot, const struct rf_page *pages, size_t n_pages,
		     struct rf_err *err) RF_MUST_CHECK;

/*
 * Nails (lsm/abi.h). First room for those of n names and what is named so later; what the slot held
 * before is forgotten, but with keep those of the policy that counts now. Then each object: that
 * behind the descriptor (O_PATH will do) is denied what `state` of the image with this id is denied
 * by rules, whatever name it is reached by.
 */
int rf_fence_nail_room(struct rf_lsm *lsm, uint32_t slot, size_t n, bool keep, struct rf_err *err)
	RF_MUST_CHECK;
int rf_fence_nail(struct rf_lsm *lsm, uint32_t slot, int fd, uint64_t image, uint32_t state,
		  struct rf_err *err) RF_MUST_CHECK;

/* The sandbox takes no more tasks; its slot is free once its last task is gone. */
void rf_fence_end(struct rf_lsm *lsm, uint32_t slot);

/*
 * The live element of a slot, shared with the kernel: counters grow under the reader. NULL if there
 * is no such slot, or no memory to look at one that was first used since rf_lsm_open. Valid until
 * rf_lsm_close.
 */
struct rf_sandbox *rf_fence_at(struct rf_lsm *lsm, uint32_t slot);

/*
 * Has the element a sandbox that goes on: with a task, or live and not left by a supervisor that
 * died before anything ran, or after everything had ended?
 */
bool rf_fence_in_use(const struct rf_sandbox *sb);

/* The words of a slot. 0, or -ENOENT for a slot without sandbox. */
int rf_fence_about(struct rf_lsm *lsm, uint32_t slot, struct rf_about *ret);

/* The slot of the live sandbox with this id; -ENOENT if there is none. */
int rf_fence_find(struct rf_lsm *lsm, uint64_t id, uint32_t *ret_slot);

/* One past the highest slot that was ever used, for loops over all sandboxes: below it rf_fence_at
 * is never NULL. */
uint32_t rf_fence_limit(struct rf_lsm *lsm);

/* A descriptor of the sandbox's ring; the caller closes it. Negative: none. */
int rf_fence_ring(struct rf_lsm *lsm, uint32_t slot, struct rf_err *err) RF_MUST_CHECK;

/* The same for its table of repeats (struct rf_folds, memory-mappable). */
int rf_fence_folds(struct rf_lsm *lsm, uint32_t slot, struct rf_err *err) RF_MUST_CHECK;

/* Bytes of the ring behind rf_fence_ring. */
size_t rf_fence_ring_size(struct rf_lsm *lsm, uint32_t slot);

/* Bytes of it that no new record can have: unread, or kept for further readers. */
int rf_fence_ring_used(struct rf_lsm *lsm, uint32_t slot, uint64_t *ret);

/* When the programs were loaded, ns of CLOCK_BOOTTIME. */
uint64_t rf_lsm_loaded(const struct rf_lsm *lsm);

#endif
