/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The set of what was used; see learn_use.h.
 */
#include "sandbox/launch/learn_use.h"

#include <inttypes.h>
#include <stdlib.h>

/* Calls whose first arguments choose what they do, and which argument that is. */
static const struct {
	const char *name;
	uint32_t index;
} selectors[] = {
	{"bpf", 0},    {"clone", 0},	   {"fcntl", 1},   {"ioctl", 1},
	{"keyctl", 0}, {"personality", 0}, {"prctl", 0},   {"setns", 1},
	{"socket", 0}, {"socketpair", 0},  {"unshare", 0},
};

static uint64_t selector_of(const struct rf_question *q)
{
	if (q->kind != RF_WHY_SYSCALL)
		return 0;
	for (size_t i = 0; i < RF_ARRAY_LEN(selectors); i++)
		if (rf_str_eq(q->text, selectors[i].name) && selectors[i].index < q->n_args)
			return q->args[selectors[i].index];
	return 0;
}

/* Kinds that are asked about right by right. */
static bool is_ruled(enum rf_why_kind kind)
{
	return kind == RF_WHY_FILE || kind == RF_WHY_UNIX || kind == RF_WHY_INET ||
	       kind == RF_WHY_DEVICE;
}

/* What tells two things apart, besides the text. */
struct key {
	uint64_t selector;
	uint32_t kind, nr, audit_arch, number, dev_type, dev_major, dev_minor;
	uint16_t port;
	uint8_t protocol;
	uint8_t blind;
	uint8_t address[16];
};

static struct key key_of(const struct rf_question *q)
{
	struct key key;

	memset(&key, 0, sizeof(key)); /* hashed and compared as bytes */
	key.selector = selector_of(q);
	key.kind = q->kind;
	key.blind = q->blind;
	key.nr = q->nr;
	key.audit_arch = q->audit_arch;
	key.number = q->number;
	key.dev_type = q->dev_type;
	key.dev_major = q->dev_major;
	key.dev_minor = q->dev_minor;
	key.port = q->port;
	key.protocol = q->protocol;
	memcpy(key.address, q->address, sizeof(key.address));
	return key;
}

static uint64_t hash_bytes(uint64_t hash, const void *data, size_t len)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static uint64_t hash_of(const struct key *key, const char *text)
{
	uint64_t hash = hash_bytes(UINT64_C(0xcbf29ce484222325), key, sizeof(*key));

	hash = hash_bytes(hash, text, strlen(text));
	return hash ^ hash >> 32;
}

void rf_use_question(const struct rf_use *use, uint32_t rights, struct rf_question *ret)
{
	memset(ret, 0, offsetof(struct rf_question, text));
	memset(ret->address, 0, sizeof(*ret) - offsetof(struct rf_question, address));
	ret->kind = use->kind;
	ret->rights = is_ruled(use->kind) ? rights : 0;
	(void)snprintf(ret->text, sizeof(ret->text), "%s", use->text);
	memcpy(ret->address, use->address, sizeof(ret->address));
	memcpy(ret->args, use->args, sizeof(ret->args));
	ret->port = use->port;
	ret->protocol = use->protocol;
	ret->audit_arch = use->audit_arch;
	ret->nr = use->nr;
	ret->n_args = use->n_args;
	ret->blind = use->blind;
	ret->number = use->number;
	ret->dev_type = use->dev_type;
	ret->dev_major = use->dev_major;
	ret->dev_minor = use->dev_minor;
}

static bool is_same(const struct rf_use *use, const struct key *key, const char *text)
{
	struct rf_question q;
	struct key other;

	if (strcmp(use->text, text) != 0)
		return false;
	rf_use_question(use, use->rights, &q);
	other = key_of(&q);
	return memcmp(&other, key, sizeof(other)) == 0;
}

static int grow(struct rf_uses *uses)
{
	size_t size = uses->table_size ? 2 * uses->table_size : 1024;
	uint32_t *table = calloc(size, sizeof(*table));

	if (!table)
		return -ENOMEM;
	for (size_t i = 0; i < uses->items.len; i++) {
		struct rf_question q;
		struct key key;
		size_t at;

		rf_use_question(&uses->items.data[i], 0, &q);
		key = key_of(&q);
		at = hash_of(&key, uses->items.data[i].text) & (size - 1);
		while (table[at])
			at = (at + 1) & (size - 1);
		table[at] = (uint32_t)i + 1;
	}
	free(uses->table);
	uses->table = table;
	uses->table_size = size;
	return 0;
}

static void add_by(struct rf_tally *tally, const char *by)
{
	for (uint32_t i = 0; i < tally->n_by; i++)
		if (strncmp(tally->by[i], by, sizeof(tally->by[i]) - 1) == 0)
			return;
	if (tally->n_by == RF_BY_MAX) {
		/* The alphabet's first ones stay, whatever came first. */
		uint32_t last = 0;

		for (uint32_t i = 1; i < RF_BY_MAX; i++)
			if (strcmp(tally->by[i], tally->by[last]) > 0)
				last = i;
		tally->more = true;
		if (strncmp(by, tally->by[last], sizeof(tally->by[last]) - 1) < 0)
			(void)snprintf(tally->by[last], sizeof(tally->by[last]), "%s", by);
		return;
	}
	(void)snprintf(tally->by[tally->n_by++], sizeof(tally->by[0]), "%s", by);
}

void rf_tally_add(struct rf_tally *to, const struct rf_tally *from)
{
	to->count += from->count;
	to->more |= from->more;
	for (uint32_t i = 0; i < from->n_by; i++)
		add_by(to, from->by[i]);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

void rf_tally_text(const struct rf_tally *tally, struct rf_str *out)
{
	struct rf_tally sorted = *tally;

	qsort(sorted.by, sorted.n_by, sizeof(sorted.by[0]), compare_names);
	(void)rf_str_addf(out, "%" PRIu64 " use%s", tally->count, tally->count == 1 ? "" : "s");
	for (uint32_t i = 0; i < sorted.n_by; i++)
		(void)rf_str_addf(out, "%s%s", i ? ", " : " by ", sorted.by[i]);
	if (tally->more)
		(void)rf_str_add(out, " and others");
}

static int append(struct rf_uses *uses, const struct rf_question *q, struct rf_use **ret)
{
	struct rf_use *use = rf_use_vec_add(&uses->items);

	if (!use)
		return -ENOMEM;
	use->text = strdup(q->text);
	if (!use->text) {
		uses->items.len--;
		return -ENOMEM;
	}
	use->kind = q->kind;
	memcpy(use->address, q->address, sizeof(use->address));
	memcpy(use->args, q->args, sizeof(use->args));
	use->port = q->port;
	use->protocol = q->protocol;
	use->audit_arch = q->audit_arch;
	use->nr = q->nr;
	use->n_args = q->n_args;
	use->blind = q->blind;
	use->number = q->number;
	use->dev_type = q->dev_type;
	use->dev_major = q->dev_major;
	use->dev_minor = q->dev_minor;
	*ret = use;
	return 0;
}

uint32_t rf_uses_rights(const struct rf_uses *uses, const struct rf_question *q)
{
	struct key key = key_of(q);
	size_t at;

	if (!uses->table_size)
		return 0;
	for (at = hash_of(&key, q->text) & (uses->table_size - 1); uses->table[at];
	     at = (at + 1) & (uses->table_size - 1)) {
		const struct rf_use *use = &uses->items.data[uses->table[at] - 1];

		if (is_same(use, &key, q->text))
			return use->rights;
	}
	return 0;
}

int rf_uses_add(struct rf_uses *uses, const struct rf_question *q, uint64_t count, const char *by,
		struct rf_err *err)
{
	struct key key = key_of(q);
	struct rf_use *use = NULL;
	size_t at;

	if (uses->items.len * 2 >= uses->table_size && grow(uses) < 0)
		return rf_err_sys(err, -ENOMEM, "remember what was used");
	for (at = hash_of(&key, q->text) & (uses->table_size - 1); uses->table[at];
	     at = (at + 1) & (uses->table_size - 1)) {
		use = &uses->items.data[uses->table[at] - 1];
		if (is_same(use, &key, q->text))
			break;
	}
	if (!uses->table[at]) {
		if (uses->items.len == RF_USES_MAX)
			return rf_err_set(err, -E2BIG,
					  "the events tell of more than %d different things, which "
					  "is the limit; learn from fewer commands at once",
					  RF_USES_MAX);
		if (append(uses, q, &use) < 0)
			return rf_err_sys(err, -ENOMEM, "remember what was used");
		uses->table[at] = (uint32_t)uses->items.len;
	}
	if (!use)
		return rf_err_sys(err, -ENOMEM, "remember what was used");
	use->rights |= is_ruled(q->kind) ? q->rights : 1;
	use->tally.count += count;
	if (by && by[0])
		add_by(&use->tally, by);
	return 0;
}

void rf_uses_done(struct rf_uses *uses)
{
	for (size_t i = 0; i < uses->items.len; i++) {
		free(uses->items.data[i].text);
		free(uses->items.data[i].why);
	}
	rf_use_vec_done(&uses->items);
	free(uses->table);
	memset(uses, 0, sizeof(*uses));
}

static int compare_uses(const void *a, const void *b)
{
	const struct rf_use *x = a, *y = b;
	int r = (int)x->kind - (int)y->kind;

	if (r == 0 && x->kind == RF_WHY_INET) {
		r = x->protocol - y->protocol;
		r = r ? r : memcmp(x->address, y->address, sizeof(x->address));
		r = r ? r : (int)x->port - (int)y->port;
	}
	r = r ? r : strcmp(x->text, y->text);
	r = r ? r : memcmp(x->args, y->args, sizeof(x->args));
	if (r == 0)
		r = x->audit_arch < y->audit_arch ? -1 : x->audit_arch > y->audit_arch;
	return r;
}

void rf_uses_sort(struct rf_uses *uses)
{
	if (uses->items.len)
		qsort(uses->items.data, uses->items.len, sizeof(*uses->items.data), compare_uses);
	free(uses->table);
	uses->table = NULL;
	uses->table_size = 0;
}
