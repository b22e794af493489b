/* SPDX-License-Identifier: Apache-2.0 */
/* The order of a replacement. See replace.h. */
#include "sandbox/launch/replace.h"

#include <fcntl.h>
#include <sys/file.h>

#include "lsm/loader.h"
#include "sandbox/launch/nails.h"

#define LOCK RF_LSM_RUN_DIR "/replace.lock"

/* Generations are numbers that the next one counts on: no two at once. */
static int take_lock(int *ret, struct rf_err *err)
{
	RF_AUTOCLOSE int fd = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return rf_err_sys(err, -errno, "cannot open %s", LOCK);
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return rf_err_sys(err, -errno, "cannot lock %s", LOCK);
	*ret = RF_TAKE_FD(fd);
	return 0;
}

/* Nails and words of the new policy are there before it counts, and harm nobody until then. */
static int replace_held(struct rf_lsm *lsm, uint32_t slot, const struct rf_replacement *r,
			uint32_t gen, struct rf_err *err)
{
	int error = rf_nails_set(lsm, slot, &r->world, r->policy, r->image, true, err);

	if (error == 0)
		error = r->note(r->data, gen, err);
	return error < 0 ? error
			 : rf_fence_replace(lsm, slot, r->image->pages, r->image->n_pages, err);
}

int rf_replace(struct rf_lsm *lsm, const struct rf_replacement *r, uint32_t *ret_gen,
	       struct rf_err *err)
{
	RF_AUTOCLOSE int lock = -1;
	uint32_t slot = 0, gen = 0;
	int error = take_lock(&lock, err);

	if (error < 0)
		return error;
	if (rf_fence_find(lsm, r->sandbox, &slot) < 0)
		return rf_err_set(err, -ENOENT, "the sandbox has ended");
	error = rf_fence_hold(lsm, slot, r->sandbox, &gen, err);
	if (error < 0)
		return error;
	error = replace_held(lsm, slot, r, gen, err);
	rf_fence_let_go(lsm, slot);
	if (error == 0)
		*ret_gen = gen;
	return error;
}
