/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A compiled policy from someone who means harm: cells of it are set to anything, or to what looks
 * as if it belonged there. The check refuses it with a sentence, or every way of walking it ends at
 * a name's NUL in the same state, and every answer is within bounds.
 *
 * An input is the number of a policy, the number of changes, those (struct change), and paths with
 * a NUL behind each. All values are little-endian.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lsm/match_dev.h"
#include "lsm/match_word.h"
#include "sandbox/launch/image.h"
#include "sandbox/policy/load.h"
#include "tests/fuzz/fuzz.h"

#define CHANGES_MAX 16	/* this bit beside their number: states are counted anew */
#define STEPS_MAX   512 /* of one input's paths */
#define HEAD_CELLS  (sizeof(struct rf_image_head) / sizeof(__u32))
#define LONG(x)                                                                                    \
	"\"/" x                                                                                    \
	"/nobody-calls-a-file-like-this-but-here-it-takes-a-state-for-each-of-its-bytes-and-"      \
	"then-some-more-until-one-page-is-not-enough-for-all-of-them-together-with-what-else-" x   \
	"\""
#define RULES(list) ",\"rules\":[" list "]}"

RF_DEFINE_CLEANUP(struct rf_policy, free_policy, rf_policy_free)

struct change {
	__u8 what;   /* enum below, plus flags */
	__u8 byte;   /* of a transition; which header cell */
	__u16 from;  /* a state, or the high half of a cell's number */
	__u32 value; /* of a transition: the state, and 8 bits by which its page is another */
};

enum {
	CELL,	    /* number from << 8 | byte, becomes value */
	HEAD,	    /* cell of the head, becomes value */
	TRANSITION, /* by `byte`, of state `from` or the next with room for it, to state `value` */
	HEADER,	    /* cell byte % 3 + 1 before state `from`, payload value */
	WHAT = 3,
	STAYS = 4, /* of HEADER: with that tag */
	OTHER = 8, /* of TRANSITION: says CROSS where the page is the same, or the reverse */
};

static const char *const policies[] = {
	"{\"ringfence\":1,\"name\":\"t\"}",
	"{\"ringfence\":1,\"name\":\"t\",\"files\":{\"default\":\"deny\"" RULES(
		"{\"allow\":[\"read\",\"exec\"],\"paths\":[\"/usr/**\",\"/\"]},"
		"{\"deny\":[\"read\"],\"paths\":[\"**/*.key\",\"**/.env\"],\"errno\":\"ENOENT\"},"
		"{\"deny\":[\"write\"],\"paths\":[\"/p/die\"],\"action\":\"kill\"},"
		"{\"deny\":[\"read\"],\"paths\":[\"/p/soft/**\"],\"mode\":\"audit\"},"
		"{\"allow\":[\"read\"],\"paths\":[\"/p/seen\"],\"audit\":true}") "}",
	"{\"ringfence\":1,\"name\":\"t\",\"mode\":\"audit\",\"network\":{\"default\":\"deny\"" RULES(
		"{\"allow\":[\"connect\"],\"to\":[\"10.0.0.0/8\",\"2001:db8::/32\"],\"ports\":[1,443]},"
		"{\"deny\":[\"connect\"],\"to\":[\"10.9.0.0/16\"],\"action\":\"kill\"},"
		"{\"allow\":[\"bind\"],\"ports\":[80]},"
		"{\"allow\":[\"connect\"],\"unix\":[\"/run/pg/*\",\"@x*\",\"/q/a?\"]}") "}",
	"{\"ringfence\":1,\"name\":\"t\",\"devices\":{\"default\":\"deny\"" RULES(
		"{\"allow\":[\"read\"],\"nodes\":[\"char 1:3\",\"block 7:*\"]},"
		"{\"deny\":[\"write\"],\"nodes\":[\"block 7:3\"]}") ",\"files\":{\"default\":\"allow\"" RULES("{\"deny\":[\"read\"],\"paths\":[\"**/*.k\",\"**/*~\",\"**/*-x\",\"/a*b/c\"]}") "}",
	/* Not in one page. */
	"{\"ringfence\":1,\"name\":\"t\",\"files\":{\"default\":\"allow\"" RULES(
		"{\"deny\":[\"read\"],\"paths\":[" LONG("a") "," LONG("b") "," LONG("c") "," LONG(
			"d") "," LONG("e") "," LONG("f") "," LONG("g") ",\"**/.key\"]}") "}",
};

/* One policy: as it was compiled, and as it is changed, in pages of exactly its size. */
struct subject {
	struct rf_image *image;
	struct rf_page *pages;
	__u32 *states; /* of both automata, as it was compiled */
	size_t n_states;
	__u32 *found; /* these three have as many as there are cells */
	bool *seen;
	bool *is_header;
};

static struct subject subjects[RF_ARRAY_LEN(policies)];
static __u8 *name_end; /* behind it nothing can be read */

/* States that a walk can reach from `start`; what leads out of the pages is none. */
static size_t find_states(const struct rf_img *img, __u32 start, __u32 *states, bool *seen)
{
	size_t n = 0;

	memset(seen, 0, (size_t)img->n_pages * RF_PAGE_CELLS);
	if (start >> RF_PAGE_SHIFT >= img->n_pages)
		return 0;
	seen[start] = true;
	states[n++] = start;
	for (size_t at = 0; at < n; at++) {
		for (__u32 byte = 0; byte < 256; byte++) {
			struct rf_dfa_pos pos;

			if (rf_dfa_enter(img, &pos, states[at]) || rf_dfa_byte(img, &pos, byte))
				continue;
			if (!seen[rf_dfa_state(&pos)])
				states[n++] = rf_dfa_state(&pos);
			seen[rf_dfa_state(&pos)] = true;
		}
	}
	return n;
}

static __u32 cell_no(__u32 state, __u32 distance)
{
	return (state & ~(__u32)RF_PAGE_MASK) | ((state + distance) & RF_PAGE_MASK);
}

static __u32 *cell_at(struct subject *s, __u32 state, __u32 distance)
{
	__u32 at = cell_no(state, distance);

	return &s->pages[at >> RF_PAGE_SHIFT].cell[at & RF_PAGE_MASK];
}

static void make_name_room(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	__u8 *room =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert(room != MAP_FAILED && mprotect(room + page, page, PROT_NONE) == 0);
	name_end = room + page;
}

static void make_subject(struct subject *s, const char *text)
{
	RF_CLEANUP(free_policy) struct rf_policy *policy = NULL;
	const struct rf_load_options options = {0};
	struct rf_problems problems = {0};
	const struct rf_image_head *head;
	struct rf_img img;

	assert(rf_policy_load_text(&policy, "fuzz.json", text, strlen(text), &options, &problems,
				   NULL) == 0);
	rf_problems_done(&problems);
	assert(rf_image_compile(&s->image, policy, NULL) == 0);
	img = (struct rf_img){s->image->pages, (__u32)s->image->n_pages};
	head = rf_img_head(&img);
	s->pages = malloc(s->image->n_pages * sizeof(struct rf_page));
	s->states = calloc(2 * (size_t)head->n_cells, sizeof(*s->states));
	s->found = calloc(head->n_cells, sizeof(*s->found));
	s->seen = calloc(head->n_cells, sizeof(*s->seen));
	s->is_header = calloc(head->n_cells, sizeof(*s->is_header));
	assert(s->pages && s->states && s->found && s->seen && s->is_header);
	s->n_states = find_states(&img, head->files.start, s->states, s->seen);
	s->n_states += find_states(&img, head->unix_names.start, s->states + s->n_states, s->seen);
	for (size_t i = 0; i < s->n_states * RF_ROW_HEADERS; i++)
		s->is_header[cell_no(s->states[i / RF_ROW_HEADERS],
				     0u - (__u32)(i % RF_ROW_HEADERS + 1))] = true;
}

static struct subject *subject_of(size_t i)
{
	struct subject *s = &subjects[i % RF_ARRAY_LEN(policies)];

	if (!name_end)
		make_name_room();
	if (!s->image)
		make_subject(s, policies[i % RF_ARRAY_LEN(policies)]);
	return s;
}

static __u32 target(__u32 state)
{
	__u32 page = state >> RF_PAGE_SHIFT;

	return (page & 0xff) << 14 | (state & RF_PAGE_MASK) << 2 | page >> 8;
}

/* The first state from `from` on whose row has room for the byte, so that no other row is hurt. */
static __u32 roomy_state(struct subject *s, const struct change *c)
{
	for (size_t i = 0; i < s->n_states; i++) {
		__u32 state = s->states[(c->from + i) % s->n_states];
		__u32 tag = *cell_at(s, state, c->byte) >> RF_TAG_SHIFT;

		if (tag >> 2 == c->byte ||
		    (tag == RF_TAG_NONE && !s->is_header[cell_no(state, c->byte)]))
			return state;
	}
	return s->states[c->from % s->n_states];
}

static void make_transition(struct subject *s, const struct change *c)
{
	__u32 from = roomy_state(s, c), to = s->states[(c->value & 0xffff) % s->n_states];
	bool crosses = from >> RF_PAGE_SHIFT != to >> RF_PAGE_SHIFT;
	__u32 tag = (__u32)c->byte << 2;

	tag |= crosses != !!(c->what & OTHER) ? RF_TAG_CROSS : 0;
	*cell_at(s, from, c->byte) =
		tag << RF_TAG_SHIFT | (target(to) ^ (c->value >> 16 & 0xff) << 14);
}

static void make_change(struct subject *s, const struct change *c)
{
	__u32 from = s->states[c->from % s->n_states], at = (__u32)c->from << 8 | c->byte;
	__u32 tag = RF_TAG_NONE | (c->what & STAYS ? RF_TAG_STAYS : 0);

	switch (c->what & WHAT) {
	case CELL:
		at %= (__u32)s->image->n_pages * RF_PAGE_CELLS;
		s->pages[at >> RF_PAGE_SHIFT].cell[at & RF_PAGE_MASK] = c->value;
		break;
	case HEAD:
		s->pages[0].cell[c->from % HEAD_CELLS] = c->value;
		break;
	case TRANSITION:
		make_transition(s, c);
		break;
	case HEADER:
	default:
		*cell_at(s, from, 0u - (c->byte % RF_ROW_HEADERS + 1)) =
			tag << RF_TAG_SHIFT | (c->value & RF_TAG_PAYLOAD);
	}
}

/* Who means harm counts right. */
static void count_states(struct subject *s)
{
	struct rf_image_head *head = (struct rf_image_head *)(void *)s->pages;
	const struct rf_img img = {s->pages, (__u32)s->image->n_pages};

	head->files.n_states = (__u32)find_states(&img, head->files.start, s->found, s->seen);
	head->unix_names.n_states =
		(__u32)find_states(&img, head->unix_names.start, s->found, s->seen);
}

static void assert_same(const struct rf_dfa_pos *a, const struct rf_dfa_pos *b)
{
	assert(rf_dfa_state(a) == rf_dfa_state(b) && rf_dfa_accept(a) == rf_dfa_accept(b));
}

/* By words, what is behind the NUL in its own word being `fill`. No word behind it is asked for. */
static void walk_words(const struct rf_img *img, struct rf_dfa_pos *pos, const __u8 *name,
		       size_t len, __u8 fill)
{
	int r = 1;

	for (size_t at = 0; r > 0; at += RF_WORD) {
		__u64 word = 0;

		assert(at <= len);
		for (size_t k = 0; k < RF_WORD; k++)
			word |= (__u64)(at + k < len	? name[at + k]
					: at + k == len ? 0
							: fill)
				<< (8 * k);
		r = rf_dfa_word(img, pos, word, 0);
	}
	assert(r == 0);
}

/* A name from where `pos` stands, which moves on. */
static void walk_name(const struct rf_img *img, struct rf_dfa_pos *pos, const __u8 *name,
		      size_t len)
{
	struct rf_dfa_pos text = *pos, words = *pos, noise = *pos;
	__u8 *copy = name_end - len - 1;

	memcpy(copy, name, len);
	copy[len] = 0;
	walk_words(img, &words, copy, len, 0);
	walk_words(img, &noise, copy, len, len ? name[0] : '.');
	assert(rf_dfa_name(img, &text, copy) == 0);
	assert(rf_dfa_bytes(img, pos, copy, (__u32)len, RF_NAME_BUF) == 0);
	assert_same(pos, &text);
	assert_same(pos, &words);
	assert_same(pos, &noise);
}

static void assert_answer(const struct rf_image_head *head, const struct rf_answer *a, __u32 rights)
{
	assert(!(a->missing & ~rights) && !(a->would & ~rights) && !(a->audit & ~rights));
	assert(a->rule < head->n_rules || a->rule == RF_RULE_NONE || a->rule == RF_RULE_SELF);
	assert(a->errno_value <= RF_ERRNO_MAX && a->kill <= 1);
	assert(a->verdict <= RF_V_WOULD_DENY &&
	       (a->missing != 0) == (a->verdict == RF_V_DENIED || a->verdict == RF_V_KILLED));
}

static void answer_here(const struct rf_img *img, const struct rf_dfa_head *dfa,
			const struct rf_dfa_pos *pos)
{
	const struct rf_image_head *head = rf_img_head(img);

	for (__u32 k = 0; k < 2 * RF_A_FILE_RIGHTS; k++) {
		__u32 rights = k & 8 ? RF_A_READ | 1u << (k & 7) % 7 : 1u << k % 7;
		struct rf_answer a = {0};

		assert(rf_dfa_answer(img, head, dfa, pos, k & 1, rights, &a) == 0);
		assert_answer(head, &a, rights);
	}
}

/* Component by component, as the kernel side; each is compared with the one before as its alias. */
static void walk_path(const struct rf_img *img, const struct rf_dfa_head *dfa, const __u8 *path,
		      size_t size)
{
	struct rf_dfa_pos pos, before;

	assert(rf_dfa_enter(img, &pos, dfa->start) == 0);
	answer_here(img, dfa, &pos);
	for (size_t at = 0; at < size;) {
		const __u8 *slash = memchr(path + at, '/', size - at);
		size_t len = slash ? (size_t)(slash - path) - at : size - at;

		if (len >= RF_NAME_BUF)
			return;
		before = pos;
		assert(rf_dfa_byte(img, &pos, '/') == 0);
		walk_name(img, &pos, path + at, len);
		answer_here(img, dfa, &pos);
		assert(rf_alias_tree(img, dfa, &before, &pos) >= 0);
		at += len + 1;
	}
}

static void ask_others(const struct rf_img *img)
{
	static const __u64 words[] = {0, 1, ~0ULL, 0x000000000000000aULL, 0x0001090affff0000ULL};
	const struct rf_image_head *head = rf_img_head(img);
	struct rf_answer a = {0};

	for (unsigned int i = 0; i < 25 && (head->sections & 1u << RF_SEC_NETWORK); i++) {
		const struct rf_net_query query = {.addr = {words[i / 5], words[i % 5]},
						   .port = (__u16)(i * 443),
						   .protocol = (__u8)(1 << i % 5),
						   .session = i & 1,
						   .rights = RF_A_CONNECT | RF_A_BIND};

		assert(rf_net_answer(img, head, &query, &a) == 0);
		assert_answer(head, &a, query.rights);
	}
	for (__u32 i = 0; i < 16; i++) {
		const struct rf_dev_query query = {.type = 1 + (i & 1),
						   .major = i & 2 ? 7 : 1,
						   .minor = 3 + (i & 4),
						   .session = i >> 3,
						   .rights = RF_A_DEV_READ | RF_A_DEV_WRITE};

		assert(rf_dev_answer(img, head, &query, &a) == 0);
		assert_answer(head, &a, query.rights);
	}
	for (__u32 key = 0; key < RF_K_COUNT; key++)
		assert(rf_kernel_refuses(head, key, 0) >= rf_kernel_refuses(head, key, 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rf_err err = RF_ERR_INIT;
	struct change change;
	struct rf_image_head *head;
	struct subject *s;
	struct rf_img img;
	size_t at = 2, steps = 0;

	if (size < at)
		return 0;
	s = subject_of(data[0]);
	memcpy(s->pages, s->image->pages, s->image->n_pages * sizeof(struct rf_page));
	for (int i = 0; i < data[1] % CHANGES_MAX && at + sizeof(change) <= size; i++) {
		memcpy(&change, data + at, sizeof(change));
		make_change(s, &change);
		at += sizeof(change);
	}
	if (data[1] & CHANGES_MAX)
		count_states(s);
	if (rf_image_check(s->pages, s->image->n_pages, &err) < 0) {
		assert(err.msg[0]);
		return 0;
	}
	head = (struct rf_image_head *)(void *)s->pages;
	head->id = ~0ULL; /* as rf_image_own, behind the check */
	img = (struct rf_img){s->pages, (__u32)s->image->n_pages};
	ask_others(&img);
	while (at < size && steps < STEPS_MAX) {
		size_t len = strnlen((const char *)data + at, size - at);

		if (steps + len > STEPS_MAX)
			len = STEPS_MAX - steps;
		walk_path(&img, &head->files, data + at, len);
		walk_path(&img, &head->unix_names, data + at, len);
		at += len + 1;
		steps += len + 1;
	}
	return 0;
}
