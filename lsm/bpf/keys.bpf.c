/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Questions that no path answers: keys of the kernel section, and devices.
 */
#include "lsm/bpf/scope.bpf.h"

#include "lsm/match_dev.h"

#define RF_MISC_MAJOR	10
#define RF_MAPPER_MINOR 236 /* /dev/mapper/control */
#define RF_IMAGE_MINOR	231 /* /dev/snapshot */
#define RF_MSR_MAJOR	202 /* /dev/cpu/N/msr */

/* Of disk.bpf.c: 1 where it cannot be told, too. */
int rf_disk_is_used(__u32 dev);

/* From here on the record tells of another layer than the hook began with. */
static __always_inline void retell(struct rf_work *w, __u32 layer, __u32 obj)
{
	w->rec.layer = layer;
	w->rec.obj = obj;
	__builtin_memset(&w->rec.o, 0, sizeof(w->rec.o));
}

int rf_kernel_ask(struct rf_work *w, __u32 key, __u32 inside)
{
	const struct rf_image_head *head;
	struct rf_img img;

	if (!w)
		return -1;
	if (w->missing)
		return 0;
	head = rf_head_of(w->image, &img);
	if (head && !(head->sections & (1U << RF_SEC_KERNEL)))
		return 0;
	if (head && !rf_kernel_refuses(head, key, inside))
		return 0;
	retell(w, RF_SEC_KERNEL, RF_OBJ_KERNEL);
	w->rec.key = key;
	w->access = 0;
	return rf_refuse(w, 1, RF_RULE_KERNEL, head ? 0 : RF_CODE_IMAGE);
}

struct list {
	struct rf_work *w;
	struct rf_img img;
	__u32 first; /* cell of the first entry; the list lies in one page */
	struct rf_dev_query query;
};

/* The loop of rf_dev_answer, by turns: unrolled it is most of what a program is verified for. */
static long add_entry(__u64 i, struct list *list)
{
	const struct rf_page *page = rf_img_page(&list->img, list->first >> RF_PAGE_SHIFT);
	__u32 at = (list->first + (__u32)i * 8u) & RF_PAGE_MASK & ~7u;
	const struct rf_dev_entry *entry;

	if (!page) {
		list->w->code = RF_CODE_IMAGE;
		return 1;
	}
	RF_OPAQUE(at);
	at &= RF_PAGE_MASK & ~7u;
	entry = (const struct rf_dev_entry *)&page->cell[at];
	rf_tally_add(&list->w->tally, rf_dev_entry_rights(entry, &list->query), entry->flags,
		     entry->rule);
	return 0;
}

static __always_inline int answer_dev(struct list *list, const struct rf_image_head *head,
				      struct rf_answer *answer)
{
	struct rf_work *w = list->w;

	w->tally = rf_tally_empty(head);
	list->first = head->dev_off;
	if (head->n_dev > RF_DEV_MAX)
		return -1;
	bpf_loop(head->n_dev, add_entry, list, 0);
	if (w->code == RF_CODE_IMAGE)
		return -1;
	return rf_tally_end(&list->img, head, &w->tally, list->query.rights, head->dev_default,
			    answer);
}

/*
 * Memory, ports, the processors' registers, an image of all memory, what makes devices of parts of
 * others, the disk that the root file system is on (and what shares its driver), and what the
 * kernel itself uses: whoever has them has the kernel and every file, whatever the rules say.
 */
static __always_inline bool is_beneath(__u32 type, __u32 major, __u32 minor)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 root;

	if (type == 2)
		return (major == 1 && (minor == 1 || minor == 2 || minor == 4)) ||
		       (major == RF_MISC_MAJOR &&
			(minor == RF_MAPPER_MINOR || minor == RF_IMAGE_MINOR)) ||
		       major == RF_MSR_MAJOR;
	root = BPF_CORE_READ(task, nsproxy, mnt_ns, root, mnt.mnt_sb, s_dev) >> 20;
	return (root && root == major) || rf_disk_is_used(major << 20 | minor);
}

int rf_device_ask(struct rf_work *w, __u32 mode, __u32 rdev, __u32 rights)
{
	const struct rf_image_head *head;
	struct rf_answer answer = {};
	struct list list = {.w = w};
	bool beneath, present;
	int r = -1;

	if (!w)
		return -1;
	if (w->missing)
		return 0;
	list.query.rights = rights;
	list.query.type = (mode & RF_S_IFMT) == RF_S_IFBLK ? 1 : 2;
	list.query.major = rdev >> 20;
	list.query.minor = rdev & 0xfffff;
	list.query.session = w->session & 1;
	beneath = is_beneath(list.query.type, list.query.major, list.query.minor);
	head = rf_head_of(w->image, &list.img);
	present = !head || (head->sections & (1U << RF_SEC_DEVICES));
	if (!beneath && !present)
		return 0;
	if (head && present)
		r = answer_dev(&list, head, &answer);
	if (r == 0 && !beneath && !answer.missing && !answer.would && !answer.audit)
		return 0;
	retell(w, RF_SEC_DEVICES, RF_OBJ_DEVICE);
	w->rec.o.device.type = list.query.type;
	w->rec.o.device.major = list.query.major;
	w->rec.o.device.minor = list.query.minor;
	w->access = rights;
	w->would = 0;
	w->audit = 0;
	/* A rule that refuses it says more than we could. */
	if (beneath && (r || !answer.missing))
		return rf_refuse(w, rights, RF_RULE_SELF, 0);
	if (r)
		return rf_refuse(w, rights, RF_RULE_UNJUDGED, RF_CODE_IMAGE);
	rf_take_answer(w, &answer);
	return 0;
}
