/* SPDX-License-Identifier: Apache-2.0 */
/* The table of sandboxes, shared with the kernel: mapped piece by piece, where it is looked at. */
#include <sys/mman.h>

#include "lsm/rules_parts.h"

#define TABLE_BYTES (RF_MAX_SANDBOXES * sizeof(struct rf_sandbox))
#define PIECE_SLOTS (RF_MAX_SANDBOXES / 64) /* a piece for each bit of rf_lsm.mapped */
#define PIECE_BYTES (PIECE_SLOTS * sizeof(struct rf_sandbox))

_Static_assert(PIECE_BYTES % 65536 == 0, "a piece is whole pages, whatever a page is");

int rf_table_reserve(struct rf_lsm *lsm, struct rf_err *err)
{
	void *at = mmap(NULL, TABLE_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			-1, 0);

	if (at == MAP_FAILED)
		return rf_err_sys(err, -errno, "cannot map the table of sandboxes");
	lsm->sandboxes = at;
	return 0;
}

void rf_table_release(struct rf_lsm *lsm)
{
	if (lsm->sandboxes)
		munmap(lsm->sandboxes, TABLE_BYTES);
}

/*
 * The kernel fills in all pages of such a mapping at once, which for the whole table costs more
 * than a process. So only what is looked at is mapped; what is there stays where it is.
 */
static bool map_piece(struct rf_lsm *lsm, uint32_t slot)
{
	uint32_t piece = slot / PIECE_SLOTS;
	void *at = &lsm->sandboxes[(size_t)piece * PIECE_SLOTS];

	if (lsm->mapped & UINT64_C(1) << piece)
		return true;
	if (mmap(at, PIECE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, lsm->sandbox_fd,
		 (off_t)piece * PIECE_BYTES) == MAP_FAILED) {
		/* It may have taken the room away, which nobody else is to get. */
		(void)mmap(at, PIECE_BYTES, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
		return false;
	}
	lsm->mapped |= UINT64_C(1) << piece;
	return true;
}

struct rf_sandbox *rf_fence_at(struct rf_lsm *lsm, uint32_t slot)
{
	return slot < RF_MAX_SANDBOXES && map_piece(lsm, slot) ? &lsm->sandboxes[slot] : NULL;
}

uint32_t rf_fence_limit(struct rf_lsm *lsm)
{
	uint32_t limit = __atomic_load_n(&lsm->meta->high_slot, __ATOMIC_ACQUIRE);

	if (limit > RF_MAX_SANDBOXES)
		limit = RF_MAX_SANDBOXES;
	for (uint32_t slot = 0; slot < limit; slot += PIECE_SLOTS)
		if (!map_piece(lsm, slot))
			return slot;
	return limit;
}
