/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How full the ring of a slot is, as the programs see it: from what its owner has given up to what
 * is reserved.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "lsm/rules_parts.h"

static int read_position(int fd, off_t page, uint64_t *ret)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	const uint64_t *at = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, page * (off_t)size);

	if (at == MAP_FAILED)
		return -errno;
	*ret = __atomic_load_n(at, __ATOMIC_ACQUIRE);
	(void)munmap((void *)(uintptr_t)at, size);
	return 0;
}

int rf_fence_ring_used(struct rf_lsm *lsm, uint32_t slot, uint64_t *ret)
{
	RF_AUTOCLOSE int fd = rf_inner_fd(lsm->ring_fd, slot);
	uint64_t consumer = 0, producer = 0;
	int r = fd < 0 ? fd : read_position(fd, 0, &consumer);

	if (r == 0)
		r = read_position(fd, 1, &producer);
	if (r == 0)
		*ret = producer > consumer ? producer - consumer : 0;
	return r;
}

uint64_t rf_lsm_loaded(const struct rf_lsm *lsm)
{
	return lsm->meta->loaded;
}
