/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the deny rules' names to objects and the automaton's states; see nails.h.
 */
#include "sandbox/launch/nails.h"

#include "sandbox/launch/why.h"
#include "sandbox/policy/fixed.h"

struct nails {
	struct rf_lsm *lsm;
	uint32_t slot;
	struct rf_view view;
	struct rf_img img;
	const struct rf_image_head *head;
	size_t n;
	struct rf_err *err;
};

static int each_name(const struct rf_policy *policy, int (*fn)(void *data, const char *name),
		     void *data)
{
	int r = 0;

	for (size_t i = 0; i < policy->n_files && r == 0; i++) {
		const struct rf_file_rule *rule = &policy->files[i];

		for (size_t k = 0; rule->rule.deny && k < rule->n_paths && r == 0; k++)
			if (rf_pattern_is_fixed(&rule->paths[k]))
				r = rf_pattern_each_name(&rule->paths[k], fn, data);
	}
	return r;
}

static int count(void *data, const char *name RF_UNUSED)
{
	struct nails *n = data;

	n->n++;
	return 0;
}

/* These say that there is no such object, as opposed to: it could not be found out. */
static bool is_nowhere(int error)
{
	return error == -ENOENT || error == -ENOTDIR || error == -ELOOP || error == -ENAMETOOLONG ||
	       error == -EACCES || error == -ENXIO || error == -ENODEV || error == -ESTALE;
}

static int nail(void *data, const char *name)
{
	struct nails *n = data;
	RF_AUTOCLOSE int fd = -1;
	struct rf_dfa_pos pos;
	int r = rf_why_walk(&n->img, &n->head->files, name, &pos);

	if (r < 0)
		return rf_err_sys(n->err, r, "cannot judge the name %.200s", name);
	if (!(rf_dfa_accept(&pos) & RF_ACC_NAIL))
		return 0; /* an exception took it away */
	fd = rf_view_object(&n->view, name);
	if (fd < 0)
		return is_nowhere(fd) ? 0 : rf_err_sys(n->err, fd, "cannot look at %.200s", name);
	r = rf_fence_nail(n->lsm, n->slot, fd, n->head->id, rf_dfa_state(&pos), n->err);
	return r < 0 ? rf_err_wrap(n->err, r, "%.200s", name) : 0;
}

static int nail_all(struct nails *n, const struct rf_policy *policy, bool keep)
{
	int r = each_name(policy, count, n);

	if (r == 0 && n->n)
		r = rf_fence_nail_room(n->lsm, n->slot, n->n, keep, n->err);
	if (r == 0 && n->n)
		r = each_name(policy, nail, n);
	if (r == -ENOMEM)
		return rf_err_set(n->err, r, "no memory for the names that deny rules fix");
	return r;
}

int rf_nails_set(struct rf_lsm *lsm, uint32_t slot, const struct rf_world *world,
		 const struct rf_policy *policy, const struct rf_image *image, bool keep,
		 struct rf_err *err)
{
	struct nails n = {.lsm = lsm,
			  .slot = slot,
			  .img = {.pages = image->pages, .n_pages = (__u32)image->n_pages},
			  .err = err};
	int r;

	n.head = rf_img_head(&n.img);
	if (!n.head)
		return rf_err_set(err, -EBADMSG, "the packed policy is damaged");
	r = rf_view_open(&n.view, world, err);
	if (r == 0)
		r = nail_all(&n, policy, keep);
	rf_view_close(&n.view);
	return r;
}
