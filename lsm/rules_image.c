/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy of a slot: a map of pages, kept for the next sandbox that has the same, or that fits.
 */
#include <bpf/bpf.h>
#include <string.h>

#include "lsm/rules_parts.h"

static int write_pages(int fd, const struct rf_page *pages, size_t n, struct rf_err *err)
{
	for (uint32_t i = 0; i < n; i++)
		if (bpf_map_update_elem(fd, &i, &pages[i], BPF_ANY) < 0)
			return rf_err_sys(err, -errno, "cannot write page %u of the policy", i);
	return 0;
}

int rf_image_map(const struct rf_page *pages, size_t n, uint32_t *ret_room, struct rf_err *err)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_INNER_MAP);
	RF_AUTOCLOSE int fd = -1;
	uint32_t room = rf_image_room(n);
	int r;

	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "rf_image_inner", sizeof(uint32_t),
			    sizeof(struct rf_page), room, &opts);
	if (fd < 0)
		return rf_err_sys(err, -errno, "cannot make a map of %u pages for the policy",
				  room);
	r = write_pages(fd, pages, n, err);
	if (r < 0)
		return r;
	*ret_room = room;
	return RF_TAKE_FD(fd);
}

static int make_image(struct rf_lsm *lsm, uint32_t slot, const struct rf_page *pages, size_t n,
		      struct rf_err *err)
{
	struct rf_sandbox *sb = rf_fence_at(lsm, slot);
	uint32_t room = 0;
	RF_AUTOCLOSE int fd = rf_image_map(pages, n, &room, err);

	if (fd < 0)
		return fd;
	sb->image_key = 0;
	if (bpf_map_update_elem(lsm->image_fd, &slot, &fd, BPF_ANY) < 0)
		return rf_err_sys(err, -errno, "cannot publish the policy");
	sb->image_pages = room;
	return 0;
}

void rf_image_forget(struct rf_lsm *lsm, uint32_t slot)
{
	uint32_t at = rf_image_at(slot, 1);

	if (rf_fence_at(lsm, slot)->policy_gen & 1)
		(void)bpf_map_delete_elem(lsm->image_fd, &at);
}

int rf_image_fill(struct rf_lsm *lsm, uint32_t slot, const struct rf_fence_spec *spec,
		  struct rf_err *err)
{
	struct rf_sandbox *sb = rf_fence_at(lsm, slot);
	RF_AUTOCLOSE int fd = -1;
	int r;

	if (spec->image_key && sb->image_key == spec->image_key)
		return 0;
	if (!spec->pages)
		return rf_err_set(err, -ENODATA, "no free slot holds this policy");
	sb->image_key = 0; /* not while the pages are neither old nor new */
	if (sb->image_pages >= spec->n_pages)
		fd = rf_inner_fd(lsm->image_fd, slot);
	if (fd < 0)
		r = make_image(lsm, slot, spec->pages, spec->n_pages, err);
	else
		r = write_pages(fd, spec->pages, spec->n_pages, err);
	if (r == 0)
		sb->image_key = spec->image_key;
	return r;
}
