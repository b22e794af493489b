/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the deny rules' names to objects and the automaton's states; see nails.h.
 */
#include "sandbox/launch/nails.h"

#include <string.h>

#include "sandbox/base/str.h"
#include "sandbox/launch/why.h"
#include "sandbox/policy/fixed.h"

/* A policy names a few dozen; more than this is refused before. */
#define LIST_MAX ((size_t)64 << 20)

struct list {
	struct rf_img img;
	const struct rf_image_head *head;
	size_t n;
	struct rf_str bytes;
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

static int add_name(void *data, const char *name)
{
	struct list *list = data;
	struct rf_dfa_pos pos;
	uint32_t state;
	int r = rf_why_walk(&list->img, &list->head->files, name, &pos);

	if (r < 0)
		return rf_err_sys(list->err, r, "cannot judge the name %.200s", name);
	list->n++;
	if (!(rf_dfa_accept(&pos) & RF_ACC_NAIL))
		return 0; /* an exception took it away */
	state = rf_dfa_state(&pos);
	(void)rf_str_add_n(&list->bytes, &state, sizeof(state));
	r = rf_str_add_n(&list->bytes, name, strlen(name) + 1);
	return r < 0 ? rf_err_sys(list->err, r, "cannot list the names that deny rules fix") : 0;
}

int rf_nail_list_make(struct rf_nail_list *ret, char **ret_bytes, const struct rf_policy *policy,
		      const struct rf_image *image, struct rf_err *err)
{
	struct list list = {.img = {.pages = image->pages, .n_pages = (__u32)image->n_pages},
			    .err = err};
	size_t len;
	int r;

	list.head = rf_img_head(&list.img);
	if (!list.head)
		return rf_err_set(err, -EBADMSG, "the packed policy is damaged");
	rf_str_init(&list.bytes, LIST_MAX);
	r = each_name(policy, add_name, &list);
	len = list.bytes.len;
	if (r == 0)
		r = rf_str_take(&list.bytes, ret_bytes);
	rf_str_done(&list.bytes);
	if (r == -ENOMEM)
		return rf_err_set(err, r, "no memory for the names that deny rules fix");
	if (r < 0)
		return r;
	*ret = (struct rf_nail_list){
		.image = list.head->id, .n = list.n, .bytes = *ret_bytes, .len = len};
	return 0;
}

bool rf_nail_list_is_whole(const struct rf_nail_list *list)
{
	size_t at = 0, n = 0;

	while (at < list->len) {
		const char *end;

		if (list->len - at <= sizeof(uint32_t))
			return false;
		at += sizeof(uint32_t);
		end = memchr(list->bytes + at, '\0', list->len - at);
		if (!end)
			return false;
		at = (size_t)(end - list->bytes) + 1;
		n++;
	}
	return n <= list->n;
}

/* These say that there is no such object, as opposed to: it could not be found out. */
static bool is_nowhere(int error)
{
	return error == -ENOENT || error == -ENOTDIR || error == -ELOOP || error == -ENAMETOOLONG ||
	       error == -EACCES || error == -ENXIO || error == -ENODEV || error == -ESTALE;
}

static int nail(struct rf_lsm *lsm, uint32_t slot, const struct rf_view *view, uint64_t image,
		uint32_t state, const char *name, struct rf_err *err)
{
	RF_AUTOCLOSE int fd = rf_view_object(view, name);
	int r;

	if (fd < 0)
		return is_nowhere(fd) ? 0 : rf_err_sys(err, fd, "cannot look at %.200s", name);
	r = rf_fence_nail(lsm, slot, fd, image, state, err);
	return r < 0 ? rf_err_wrap(err, r, "%.200s", name) : 0;
}

static int put_all(struct rf_lsm *lsm, uint32_t slot, const struct rf_view *view,
		   const struct rf_nail_list *list, bool keep, struct rf_err *err)
{
	int r = rf_fence_nail_room(lsm, slot, (size_t)list->n, keep, err);

	for (size_t at = 0; r == 0 && at < list->len;) {
		const char *name = list->bytes + at + sizeof(uint32_t);
		uint32_t state;

		memcpy(&state, list->bytes + at, sizeof(state));
		r = nail(lsm, slot, view, list->image, state, name, err);
		at += sizeof(state) + strlen(name) + 1;
	}
	return r;
}

int rf_nails_put(struct rf_lsm *lsm, uint32_t slot, const struct rf_world *world,
		 const struct rf_nail_list *list, bool keep, struct rf_err *err)
{
	struct rf_view view;
	int r;

	if (!list->n)
		return 0;
	if (!rf_nail_list_is_whole(list))
		return rf_err_set(err, -EBADMSG, "the names that deny rules fix are damaged");
	r = rf_view_open(&view, world, err);
	if (r == 0)
		r = put_all(lsm, slot, &view, list, keep, err);
	rf_view_close(&view);
	return r;
}

int rf_nails_set(struct rf_lsm *lsm, uint32_t slot, const struct rf_world *world,
		 const struct rf_policy *policy, const struct rf_image *image, bool keep,
		 struct rf_err *err)
{
	RF_AUTOFREE char *bytes = NULL;
	struct rf_nail_list list;
	int r = rf_nail_list_make(&list, &bytes, policy, image, err);

	return r < 0 ? r : rf_nails_put(lsm, slot, world, &list, keep, err);
}
