/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whose code asked: the user stack of a denial, behind the record's text (lsm/abi_stack.h).
 *
 * Runs only for denials in sandboxes that want it. What cannot be had (memory that is not there,
 * a lock that is held, no work space) leaves frames out; nothing here touches the verdict. The
 * stack belongs to the process, which can write any address into it: it is a hint for its author
 * and proves nothing.
 */
#include "lsm/bpf/call.bpf.h"
#include "lsm/bpf/path.bpf.h"

#define RF_F_USER_STACK	   (1 << 8)  /* BPF_F_USER_STACK */
#define RF_F_USER_BUILD_ID (1 << 11) /* BPF_F_USER_BUILD_ID */
#define RF_BUILD_ID_VALID  1
#define RF_PAGE_BITS	   12

/* Addresses wait in the room behind the text, where no name is stepped any more. */
#define RF_ADDRESSES RF_TEXT_MAX

_Static_assert(RF_FRAMES_MAX * 8 <= 2 * RF_NAME_ROOM, "addresses fit the room behind the text");

/* Where an address is mapped from. */
struct place {
	__u64 first; /* address of the mapping's byte 0 in the file, wrapping */
	__u64 dentry, mnt;
	__u64 ino;
	__u32 dev;
	__u32 is_file;
	__u32 is_code; /* mapped executable */
};

struct naming {
	struct rf_work *s;
};

static long look(struct task_struct *task, struct vm_area_struct *vma, void *data)
{
	struct file *file = BPF_CORE_READ(vma, vm_file);
	struct place *p = data;
	struct inode *inode;

	p->is_code = (BPF_CORE_READ(vma, vm_flags) & RF_VM_EXEC) != 0;
	if (!file)
		return 0;
	inode = BPF_CORE_READ(file, f_inode);
	p->first = BPF_CORE_READ(vma, vm_start) - (BPF_CORE_READ(vma, vm_pgoff) << RF_PAGE_BITS);
	p->dentry = (__u64)BPF_CORE_READ(file, f_path.dentry);
	p->mnt = (__u64)BPF_CORE_READ(file, f_path.mnt);
	p->ino = BPF_CORE_READ(inode, i_ino);
	p->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	p->is_file = 1;
	return 0;
}

/* One component of the name behind what is there. */
static long add_component(__u64 i, struct naming *n)
{
	struct rf_work *s = n->s;
	struct dentry *dentry =
		(void *)s->hop[(s->n_hops - 1 - (__u32)i) & (RF_HOPS_MAX - 1)].dentry;
	__u32 at = s->text_len, len;
	struct qstr name = {};

	RF_PIN(at);
	if (at > RF_TEXT_MAX - RF_NAME_ROOM || BPF_CORE_READ_INTO(&name, dentry, d_name))
		return 1;
	len = name.len;
	RF_PIN(len);
	if (len >= RF_NAME_ROOM)
		return 1;
	s->text[at] = '/';
	if (bpf_probe_read_kernel(&s->text[at + 1], len, name.name))
		return 1;
	s->text_len = at + 1 + len;
	return 0;
}

/* The name as rules see it, in a second work space. Left empty where it moves meanwhile. */
static __always_inline void name_it(struct rf_mapped *object, struct rf_work *s,
				    const struct place *p)
{
	struct naming n = {.s = s};
	__u32 len, from = 0;

	s->text_len = 0;
	s->dentry = p->dentry;
	s->mnt = p->mnt;
	rf_path_climb(s);
	if (!s->walk_done)
		return;
	bpf_loop(s->n_hops, add_component, &n, 0);
	if (!rf_path_settled(s))
		return;
	len = s->text_len;
	if (len > RF_MAPPED_NAME) {
		from = len - RF_MAPPED_NAME;
		len = RF_MAPPED_NAME;
		object->flags = RF_MAPPED_CUT;
	}
	RF_PIN(from);
	RF_PIN(len);
	if (from > RF_TEXT_MAX - RF_MAPPED_NAME || len > RF_MAPPED_NAME)
		return;
	if (bpf_probe_read_kernel(object->name, len, s->text + from) == 0)
		object->len = len;
}

/* Number of the record's object for this place, made if need be; 0: there is no room. */
static __always_inline __u32 object_of(struct rf_work *w, struct rf_work *s, __u32 table,
				       const struct place *p)
{
	struct rf_mapped *object;
	__u32 i, at = table;

	for (i = 0; i < RF_MAPPED_MAX && i < w->rec.objects; i++, at += sizeof(*object)) {
		RF_PIN(at);
		if (at > RF_TEXT_MAX - sizeof(*object))
			return 0;
		object = (void *)(w->text + at);
		if (object->ino == p->ino && object->dev == p->dev)
			return i + 1;
	}
	RF_PIN(at);
	if (i >= RF_MAPPED_MAX || at > RF_TEXT_MAX - sizeof(*object))
		return 0;
	object = (void *)(w->text + at);
	__builtin_memset(object, 0, sizeof(*object));
	object->ino = p->ino;
	object->dev = p->dev;
	name_it(object, s, p);
	w->rec.objects = i + 1;
	return i + 1;
}

/* Makes of one frame, as the kernel wrote it, one of ours. `from` is where the frames begin. */
int rf_stack_frame(struct rf_work *w, struct rf_work *s, __u32 from, __u32 i)
{
	struct place p = {};
	struct rf_frame *frame;
	__u64 address, offset;
	__u32 at, known;

	if (!w || !s || i >= RF_FRAMES_MAX)
		return -1;
	at = from + i * sizeof(*frame);
	RF_PIN(at);
	if (at > RF_TEXT_MAX - sizeof(*frame))
		return -1;
	frame = (void *)(w->text + at);
	address = *(__u64 *)(w->text + RF_ADDRESSES + i * 8);
	bpf_find_vma(bpf_get_current_task_btf(), address, look, &p, 0);
	offset = address - p.first;
	known = p.is_file ? object_of(w, s, from + w->rec.frames * sizeof(*frame), &p) : 0;
	if (!known || frame->object != RF_BUILD_ID_VALID || frame->offset != offset)
		__builtin_memset(frame->build_id, 0, sizeof(frame->build_id));
	frame->object = known;
	frame->offset = known ? offset : address;
	return 0;
}

/*
 * Counts a frame if it can be true: does its address lie in code, and behind a call unless it is
 * the innermost? Code that uses the frame pointer for something else makes the kernel follow
 * whatever is there.
 */
int rf_stack_is_true(struct rf_work *w, __u32 i)
{
	struct place p = {};
	__u64 address;

	if (!w || i >= RF_FRAMES_MAX)
		return 0;
	address = *(__u64 *)(w->text + RF_ADDRESSES + i * 8);
	bpf_find_vma(bpf_get_current_task_btf(), address, look, &p, 0);
	if (!p.is_code || (i > 0 && !follows_call(address)))
		return 0;
	w->rec.frames = i + 1;
	return 1;
}

/* Both answers are of one moment unless another thread rewrites the stack: then they disagree. */
static __always_inline __u32 read_stack(struct rf_work *w, __u32 from)
{
	struct task_struct *task = bpf_get_current_task_btf();
	long n, again;

	RF_PIN(from);
	if (from > RF_STACK_TEXT)
		return 0;
	n = bpf_get_task_stack(task, w->text + RF_ADDRESSES, RF_FRAMES_MAX * 8, RF_F_USER_STACK);
	again = bpf_get_task_stack(task, w->text + from, RF_FRAMES_MAX * sizeof(struct rf_frame),
				   RF_F_USER_STACK | RF_F_USER_BUILD_ID);
	if (n <= 0 || again <= 0)
		return 0;
	n /= 8;
	again /= sizeof(struct rf_frame);
	return n < again ? n : again;
}

/* The record's text ends at a multiple of 8, with zeroes. Where that is; too far: no stack. */
static __always_inline __u32 pad_text(struct rf_work *w)
{
	__u32 end = w->text_base + w->text_len;

	RF_PIN(end);
	if (end > RF_STACK_TEXT - 8)
		return RF_TEXT_MAX;
	for (__u32 i = 0; i < 8; i++)
		w->text[end + i] = 0;
	return (end + 7) & ~7U;
}

/* The record is complete but for its number; its size grows. */
int rf_stack_add(struct rf_work *w)
{
	__u32 from, known, n;
	struct rf_work *s;

	if (!w)
		return -1;
	from = pad_text(w);
	s = from < RF_TEXT_MAX ? rf_work_get(w->slot) : NULL;
	if (!s)
		return -1;
	known = read_stack(w, from);
	w->rec.frames = 0;
	/* Behind the first that cannot be true nothing is: it is what led there. */
	for (__u32 i = 0; i < RF_FRAMES_MAX && i < known; i++)
		if (!rf_stack_is_true(w, i))
			break;
	n = w->rec.frames; /* from memory: the verifier would follow each length by itself */
	for (__u32 i = 0; i < RF_FRAMES_MAX && i < n; i++)
		rf_stack_frame(w, s, from, i);
	rf_work_put(s);
	if (n)
		w->rec.size = sizeof(w->rec) + from + n * sizeof(struct rf_frame) +
			      w->rec.objects * sizeof(struct rf_mapped);
	return 0;
}
