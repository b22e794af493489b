/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Validating an image before it is used: nothing in it is trusted, wherever it came from. (Root's
 * kept ones were validated when they were made: image.c.)
 *
 * The decision functions mask every index, so a bad image cannot make them read outside of pages;
 * what it could do is decide wrongly or fail late. Here every offset, count and target is proven to
 * lead to the thing it should.
 */
#include <stddef.h>
#include <string.h>

#include "sandbox/launch/image.h"

struct check {
	const struct rf_page *pages;
	size_t n_pages;
	const struct rf_image_head *head;
	uint8_t *is_base; /* bit per cell of the state pages */
	struct rf_err *err;
};

static void done(struct check *c)
{
	free(c->is_base);
}

static int bad(const struct check *c, const char *what)
{
	return rf_err_set(c->err, -EBADMSG, "the policy image is damaged: %s", what);
}

static uint32_t cell(const struct check *c, size_t at)
{
	return c->pages[at >> RF_PAGE_SHIFT].cell[at & RF_PAGE_MASK];
}

#define HEAD_CELLS (sizeof(struct rf_image_head) / sizeof(uint32_t))

/*
 * n elements of `size` cells at `at`, none of which straddles a page or lies in the head: its id is
 * not known yet (rf_image_own).
 */
static bool table_fits(const struct check *c, uint32_t at, size_t n, size_t size)
{
	size_t cells = c->n_pages * RF_PAGE_CELLS;

	return at % size == 0 && at <= cells && n <= (cells - at) / size &&
	       (n == 0 || at >= HEAD_CELLS);
}

static uint32_t target_of(uint32_t value)
{
	return (((value >> 14 & 0xff) | (value & 3) << 8) << RF_PAGE_SHIFT) |
	       (value & RF_ROW_MASK) >> 2;
}

static bool is_base(const struct check *c, uint32_t state)
{
	size_t at = state - ((size_t)c->head->files.first_page << RF_PAGE_SHIFT);

	if (state >> RF_PAGE_SHIFT < c->head->files.first_page ||
	    state >> RF_PAGE_SHIFT >= c->head->files.first_page + c->head->files.n_pages)
		return false;
	return c->is_base[at / 8] >> (at % 8) & 1;
}

static void set_base(const struct check *c, uint32_t state)
{
	size_t at = state - ((size_t)c->head->files.first_page << RF_PAGE_SHIFT);

	c->is_base[at / 8] |= (uint8_t)(1 << (at % 8));
}

static uint32_t header(const struct check *c, uint32_t state, uint32_t distance)
{
	return c->pages[state >> RF_PAGE_SHIFT].cell[(state - distance) & RF_PAGE_MASK];
}

static bool in_pages(const struct check *c, uint32_t state)
{
	return state >> RF_PAGE_SHIFT >= c->head->files.first_page &&
	       state >> RF_PAGE_SHIFT < c->head->files.first_page + c->head->files.n_pages;
}

static bool leaves_by(uint32_t fallback, uint32_t byte)
{
	return (fallback & 0xff) == byte || (fallback >> 8 & 0xff) == byte;
}

/* A state's row, and what its headers say. */
struct row {
	const struct rf_page *page;
	uint32_t state, fallback;
	bool stays, sticky;
};

static int read_headers(const struct check *c, const struct rf_dfa_head *dfa, struct row *row)
{
	const uint32_t accept = header(c, row->state, 1), info = header(c, row->state, 3);

	row->page = &c->pages[row->state >> RF_PAGE_SHIFT];
	row->fallback = header(c, row->state, 2);
	row->stays = row->fallback >> RF_TAG_SHIFT & RF_TAG_STAYS;
	row->sticky = accept & RF_ACC_STICKY;
	if (accept >> RF_TAG_SHIFT != RF_TAG_NONE || info >> RF_TAG_SHIFT != RF_TAG_NONE ||
	    (row->fallback >> RF_TAG_SHIFT & ~RF_TAG_STAYS) != RF_TAG_NONE)
		return bad(c, "a state without its header");
	if ((info & RF_TAG_PAYLOAD) >= dfa->n_info)
		return bad(c, "a state without a verdict");
	/* A name's end is no byte of it: what were followed there would go on behind. */
	if (row->page->cell[row->state & RF_PAGE_MASK] >> RF_TAG_SHIFT == 0)
		return bad(c, "a transition by no byte");
	return 0;
}

/* A transition of the row's own, by a byte that is not 0. */
static int check_transition(const struct check *c, const struct row *row, uint32_t byte,
			    uint32_t value)
{
	const uint32_t to = target_of(value);

	if (row->sticky && byte != '/' && to != row->state)
		return bad(c, "a state that is left within a name, which it denies");
	if (value >> RF_TAG_SHIFT & RF_TAG_CROSS)
		return row->stays ? bad(c, "a state that leaves its page") : 0;
	/* A walk keeps the cell as its row, and takes equal ones for one state. */
	if (to >> RF_PAGE_SHIFT != row->state >> RF_PAGE_SHIFT)
		return bad(c, "a transition within a page that names another");
	if (row->stays && (row->fallback & 0xffff) && byte != '/' &&
	    !leaves_by(row->fallback, byte))
		return bad(c, "a state that is left by more bytes than it says");
	return 0;
}

/* States that are led to and new, and how many there may be. */
struct stack {
	uint32_t *state;
	size_t top, room;
};

static int reach(struct check *c, uint32_t to, struct stack *stack)
{
	if (!in_pages(c, to))
		return bad(c, "a transition out of the states");
	if (is_base(c, to))
		return 0;
	if (stack->top == stack->room)
		return bad(c, "more states than it says");
	set_base(c, to);
	stack->state[stack->top++] = to;
	return 0;
}

static int check_row(struct check *c, const struct rf_dfa_head *dfa, uint32_t state,
		     struct stack *stack)
{
	struct row row = {.state = state};
	int r = read_headers(c, dfa, &row);

	if (r == 0 && !row.stays) {
		if (row.sticky && target_of(row.fallback) != state)
			return bad(c, "a state that is left within a name, which it denies");
		r = reach(c, target_of(row.fallback), stack);
	}
	for (uint32_t byte = 1; byte < 256 && r == 0; byte++) {
		uint32_t value = row.page->cell[(state + byte) & RF_PAGE_MASK];

		if ((value >> RF_TAG_SHIFT & ~RF_TAG_CROSS) != byte << 2)
			continue;
		r = check_transition(c, &row, byte, value);
		if (r == 0)
			r = reach(c, target_of(value), stack);
	}
	return r;
}

/* Every state that a walk can reach is a state. */
static int check_walk(struct check *c, const struct rf_dfa_head *dfa)
{
	RF_AUTOFREE uint32_t *room = calloc((size_t)dfa->n_states + 1, sizeof(*room));
	struct stack stack = {.state = room, .room = (size_t)dfa->n_states + 1};
	size_t seen = 0;
	int r;

	if (!room)
		return rf_err_set(c->err, -ENOMEM, "no memory to check the policy image");
	if (!in_pages(c, dfa->start))
		return bad(c, "it has no first state");
	r = reach(c, dfa->start, &stack);
	while (r == 0 && stack.top) {
		if (seen++ >= dfa->n_states)
			return bad(c, "more states than it says");
		r = check_row(c, dfa, stack.state[--stack.top], &stack);
	}
	if (r < 0)
		return r;
	return seen == dfa->n_states ? 0 : bad(c, "fewer states than it says");
}

static int check_tables(const struct check *c, const struct rf_dfa_head *dfa)
{
	size_t bits = (size_t)dfa->n_related * dfa->n_related;

	if (dfa->n_states == 0 || dfa->n_states > c->n_pages * RF_PAGE_CELLS / RF_ROW_HEADERS)
		return bad(c, "the number of states");
	if (dfa->first_page != c->head->files.first_page ||
	    dfa->n_pages != c->head->files.n_pages || dfa->n_pages > c->n_pages ||
	    dfa->first_page == 0 || dfa->first_page > c->n_pages - dfa->n_pages)
		return bad(c, "the pages of states");
	if (dfa->n_verdicts == 0 || !table_fits(c, dfa->verdict_off, dfa->n_verdicts, 16))
		return bad(c, "the table of verdicts");
	if (dfa->n_info == 0 || !table_fits(c, dfa->info_off, dfa->n_info, 2))
		return bad(c, "the table of info words");
	if (dfa->n_related > RF_RELATION_STATES || !dfa->n_related != !dfa->relation_off ||
	    (dfa->n_related && !table_fits(c, dfa->relation_off, bits / 32 + 1, 1)))
		return bad(c, "the relation");
	for (uint32_t i = 0; i < dfa->n_info; i++) {
		uint32_t related = cell(c, dfa->info_off + 2 * (size_t)i + 1);

		if (cell(c, dfa->info_off + 2 * (size_t)i) >= dfa->n_verdicts ||
		    (dfa->n_related ? related >= dfa->n_related : related != UINT32_MAX))
			return bad(c, "an info word");
	}
	return 0;
}

static bool rule_is_known(const struct check *c, uint16_t rule)
{
	return rule < c->head->n_rules || rule == RF_RULE_NONE || rule == RF_RULE_SELF;
}

static int check_verdicts(const struct check *c, const struct rf_dfa_head *dfa)
{
	for (uint32_t i = 0; i < dfa->n_verdicts; i++) {
		size_t at = dfa->verdict_off + 16 * (size_t)i;
		const struct rf_verdict *v =
			(const struct rf_verdict *)(const void *)&c->pages[at >> RF_PAGE_SHIFT]
				.cell[at & RF_PAGE_MASK];

		for (unsigned int k = 0; k < 2 * RF_A_FILE_RIGHTS; k++)
			if (!rule_is_known(c, v->rule[k & 1][k / 2]) ||
			    !rule_is_known(c, v->would[k & 1][k / 2]))
				return bad(c, "a verdict names a rule that is not there");
	}
	return 0;
}

/* Entries of `size` cells lie in one page, and their rules, in cell `rule` of each, are there. */
static bool list_fits(const struct check *c, uint32_t first, uint32_t count, uint32_t size,
		      uint32_t rule)
{
	if (!table_fits(c, first, count, size) ||
	    (first & RF_PAGE_MASK) + count * size > RF_PAGE_CELLS)
		return false;
	for (uint32_t i = 0; i < count; i++)
		if ((cell(c, first + (size_t)i * size + rule) & 0xffff) >= c->head->n_rules)
			return false;
	return true;
}

#define NET_CELLS (sizeof(struct rf_net_entry) / 4)
#define NET_RULE  (offsetof(struct rf_net_entry, rule) / 4)
#define DEV_CELLS (sizeof(struct rf_dev_entry) / 4)
#define DEV_RULE  (offsetof(struct rf_dev_entry, rule) / 4)

static bool net_list_fits(const struct check *c, uint32_t first, uint32_t count)
{
	return count <= RF_NET_LIST_MAX && list_fits(c, first, count, NET_CELLS, NET_RULE);
}

static int check_net(const struct check *c)
{
	const struct rf_image_head *head = c->head;
	size_t pages = ((size_t)head->n_addr + RF_NET_KEYS_PER_PAGE - 1) / RF_NET_KEYS_PER_PAGE;

	if (!(head->sections & 1u << RF_SEC_NETWORK))
		return 0;
	if (head->n_addr == 0 || head->n_addr > RF_NET_ADDR_MAX ||
	    !table_fits(c, head->addr_keys_off, head->n_addr, 4) ||
	    (head->addr_keys_off & RF_PAGE_MASK) ||
	    !table_fits(c, head->addr_lists_off, head->n_addr, 2))
		return bad(c, "the table of addresses");
	if (pages > 1 && (!table_fits(c, head->addr_top_off, pages, 4) || !head->addr_top_off ||
			  (head->addr_top_off & RF_PAGE_MASK)))
		return bad(c, "the table of address pages");
	if (!net_list_fits(c, head->net_any_off, head->n_net_any))
		return bad(c, "the list of rules for every address");
	for (uint32_t i = 0; i < head->n_addr; i++) {
		size_t list = head->addr_lists_off + 2 * (size_t)i;
		const uint32_t *key = &c->pages[0].cell[0] + head->addr_keys_off + 4 * (size_t)i;
		static const uint32_t zero[4];

		if (!net_list_fits(c, cell(c, list), cell(c, list + 1)))
			return bad(c, "a list of rules for an address");
		if (i == 0 ? memcmp(key, zero, 16) != 0 : memcmp(key - 4, key, 16) >= 0)
			return bad(c, "the order of addresses");
		if (pages > 1 && i % RF_NET_KEYS_PER_PAGE == 0 &&
		    memcmp(key,
			   &c->pages[0].cell[0] + head->addr_top_off +
				   4 * (size_t)(i / RF_NET_KEYS_PER_PAGE),
			   16) != 0)
			return bad(c, "the first addresses of pages");
	}
	return 0;
}

/* What a hook returns is not looked at again: a value that is no errno would pass for a pointer. */
static int check_rules(const struct check *c)
{
	for (uint32_t i = 0; i < c->head->n_rules; i++) {
		uint32_t first = cell(c, c->head->rules_off + 2 * (size_t)i);

		if ((first & 0xffff) > RF_ERRNO_MAX || (first >> 16 & 0xff) > 1 ||
		    cell(c, c->head->rules_off + 2 * (size_t)i + 1))
			return bad(c, "a rule");
	}
	return 0;
}

static int check_head(const struct check *c)
{
	const struct rf_image_head *head = c->head;

	if (head->magic != RF_IMAGE_MAGIC || head->version != RF_ABI_VERSION)
		return bad(c, "it is of another kind or version");
	if (head->n_cells != c->n_pages * RF_PAGE_CELLS)
		return bad(c, "its size is not what it says");
	if (head->zero)
		return bad(c, "a member that must be 0");
	if (head->n_rules > RF_MAX_RULES || !table_fits(c, head->rules_off, head->n_rules, 2))
		return bad(c, "the table of rules");
	for (int i = 0; i < RF_K_COUNT; i++)
		if (head->kernel[i] > RF_K_DENY)
			return bad(c, "a kernel key's value");
	if (head->n_dev > RF_DEV_MAX ||
	    !list_fits(c, head->dev_off, head->n_dev, DEV_CELLS, DEV_RULE))
		return bad(c, "the table of devices");
	return 0;
}

static int check_dfa(struct check *c, const struct rf_dfa_head *dfa)
{
	int r = check_tables(c, dfa);

	if (r == 0)
		r = check_verdicts(c, dfa);
	return r;
}

int rf_image_check(const struct rf_page *pages, size_t n_pages, struct rf_err *err)
{
	RF_CLEANUP(done)
	struct check c = {.pages = pages,
			  .n_pages = n_pages,
			  .head = (const struct rf_image_head *)(const void *)pages,
			  .err = err};
	int r;

	if (n_pages == 0 || n_pages > RF_IMAGE_MAX_PAGES)
		return bad(&c, "the number of pages");
	r = check_head(&c);
	if (r == 0)
		r = check_rules(&c);
	if (r == 0)
		r = check_dfa(&c, &c.head->files);
	if (r == 0)
		r = check_dfa(&c, &c.head->unix_names);
	if (r == 0)
		r = check_net(&c);
	if (r < 0)
		return r;
	c.is_base = calloc((size_t)c.head->files.n_pages * RF_PAGE_CELLS / 8, 1);
	if (!c.is_base)
		return rf_err_set(err, -ENOMEM, "no memory to check the policy image");
	r = check_walk(&c, &c.head->files);
	if (r < 0)
		return r;
	/* The two have no state in common, and one must not lead into the other. */
	memset(c.is_base, 0, (size_t)c.head->files.n_pages * RF_PAGE_CELLS / 8);
	return check_walk(&c, &c.head->unix_names);
}
