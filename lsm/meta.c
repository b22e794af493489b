/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The description of what is loaded, and handing it from one build to the next; see meta.h.
 */
#include "lsm/meta.h"

#include <bpf/bpf.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "lsm/loader.h"
#include "lsm/pins.h"

uint64_t rf_meta_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

struct rf_meta *rf_meta_map(void)
{
	RF_AUTOCLOSE int fd = bpf_obj_get(RF_LSM_PIN_DIR "/rf_meta");
	void *at = fd < 0 ? MAP_FAILED
			  : mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
				 MAP_SHARED, fd, 0);

	return at == MAP_FAILED ? NULL : at;
}

void rf_meta_unmap(struct rf_meta **meta)
{
	if (*meta)
		(void)munmap(*meta, (size_t)sysconf(_SC_PAGESIZE));
}

int rf_meta_announce(struct rf_meta *meta, const uint8_t hash[32], uint32_t n_programs)
{
	memcpy(meta->next_hash, hash, sizeof(meta->next_hash));
	meta->next_programs = n_programs;
	__atomic_store_n(&meta->next_era, meta->era + 1, __ATOMIC_RELEASE);
	return 0;
}

void rf_meta_take_over(struct rf_meta *meta)
{
	if (meta->next_era == meta->era || meta->next_era == 0)
		return;
	memcpy(meta->hash, meta->next_hash, sizeof(meta->hash));
	meta->n_programs = meta->next_programs;
	meta->loaded = rf_meta_now();
	__atomic_store_n(&meta->era, meta->next_era, __ATOMIC_SEQ_CST);
}

int rf_meta_check(const struct rf_meta *meta, struct rf_err *err)
{
	uint32_t live = 0;
	int r;

	if (meta && meta->version == RF_ABI_VERSION)
		return 0;
	r = rf_pins_count_live(&live);
	if (r == 0 && live == 0)
		return 0;
	return rf_err_set(err, -EBUSY,
			  "the kernel side that is loaded is of version %u and this is version %d, "
			  "which cannot take over its running sandboxes; stop them first",
			  meta ? meta->version : 0, RF_ABI_VERSION);
}
