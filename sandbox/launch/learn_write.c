/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a learned policy; see learn_parts.h. Files and the frame are here, the other sections
 * in learn_rules.c.
 */
#include <ctype.h>
#include <stdlib.h>
#include <sys/capability.h>

#include "sandbox/launch/learn_parts.h"

#define LINE_ROOM 96 /* a list that is longer goes over several lines */

static void key(struct rf_str *out, const char *name)
{
	(void)rf_str_addf(out, ",\n  \"%s\": ", name);
}

int rf_learn_skeleton(const struct rf_learn_frame *frame, enum rf_learn_asks asks,
		      struct rf_str *out)
{
	static const enum rf_section ruled[] = {RF_SECTION_FILES, RF_SECTION_NETWORK,
						RF_SECTION_DEVICES};

	(void)rf_str_addf(out, "  \"ringfence\": 1,\n  \"name\": \"learned\",\n  \"extends\": [%s]",
			  rf_str_text(&frame->extends));
	for (size_t i = 0; i < RF_ARRAY_LEN(ruled) && asks == RF_LEARN_RULES; i++)
		if (frame->section[ruled[i]]) {
			key(out, rf_section_name(ruled[i]));
			(void)rf_str_add(out, "{\"default\": \"deny\"}");
		}
	if (asks == RF_LEARN_FILTER && frame->section[RF_SECTION_CAPABILITIES]) {
		key(out, "capabilities"); /* some calls come with a capability */
		(void)rf_str_add(out, "{\"keep\": []}");
	}
	if (asks == RF_LEARN_FILTER && frame->section[RF_SECTION_SECCOMP] && !frame->has_filter) {
		key(out, "seccomp");
		(void)rf_str_add(out, "{\"base\": \"@container-default\"}");
	}
	for (unsigned int i = 0; i < RF_KERNEL_COUNT && asks == RF_LEARN_FILTER; i++) {
		if (!i)
			key(out, "kernel");
		(void)rf_str_addf(out, "%s\"%s\": \"allow\"%s", i ? ", " : "{",
				  rf_kernel_key_name((enum rf_kernel_key)i),
				  i + 1 < RF_KERNEL_COUNT ? "" : "}");
	}
	return rf_str_error(out);
}

void rf_learn_list(struct rf_str *out, const char *name, const char *const *items, size_t n)
{
	size_t room = strlen(name);
	bool lines;

	for (size_t i = 0; i < n; i++)
		room += strlen(items[i]) + 4;
	lines = room > LINE_ROOM;
	(void)rf_str_addf(out, ",\n        \"%s\": [", name);
	for (size_t i = 0; i < n; i++) {
		(void)rf_str_add(out, lines ? "\n          " : "");
		(void)rf_str_add_json(out, items[i]);
		(void)rf_str_add(out, i + 1 < n ? lines ? "," : ", " : "");
	}
	(void)rf_str_add(out, lines ? "\n        ]" : "]");
}

void rf_learn_rule_begin(struct rf_learn_section *s, const char *id)
{
	if (!s->n_rules++) {
		key(s->out, s->name);
		(void)rf_str_addf(s->out, "{\n%s    \"rules\": [",
				  s->denies ? "    \"default\": \"deny\",\n" : "");
	}
	(void)rf_str_addf(s->out, "%s\n      {\n        \"id\": ", s->n_rules > 1 ? "," : "");
	(void)rf_str_add_json(s->out, id);
}

void rf_learn_rule_end(struct rf_learn_section *s, const struct rf_tally *tally)
{
	RF_AUTOSTR struct rf_str reason = RF_STR_INIT(1024);

	rf_tally_text(tally, &reason);
	(void)rf_str_add(s->out, ",\n        \"reason\": ");
	(void)rf_str_add_json(s->out, rf_str_text(&reason));
	(void)rf_str_add(s->out, "\n      }");
}

void rf_learn_section_end(struct rf_learn_section *s)
{
	if (s->n_rules) {
		(void)rf_str_add(s->out, "\n    ]\n  }");
	} else if (s->denies) {
		key(s->out, s->name);
		(void)rf_str_add(s->out, "{\"default\": \"deny\"}");
	}
}

size_t rf_learn_rights(uint32_t rights, const char *(*name)(uint32_t bit), const char **ret)
{
	size_t n = 0;

	for (uint32_t bit = 1; bit <= RF_FILE_EXEC; bit <<= 1)
		if ((rights & bit) && name(bit))
			ret[n++] = name(bit);
	return n;
}

/* ---- files ---- */

/* Part of a rule's id: where its patterns are. */
static void area_of(const char *pattern, char ret[32])
{
	static const struct {
		const char *word, *area;
	} words[] = {{"${CWD}", "work"}, {"${HOME}", "home"}, {"${TMPDIR}", "temporary"}};
	size_t n = 0;

	for (size_t i = 0; i < RF_ARRAY_LEN(words); i++)
		if (rf_str_has_prefix(pattern, words[i].word)) {
			(void)snprintf(ret, 32, "%s", words[i].area);
			return;
		}
	for (const char *c = pattern + 1; *c && *c != '/' && n < 24; c++)
		if (isalnum((unsigned char)*c))
			ret[n++] = *c;
	ret[n] = '\0';
	if (!n)
		(void)snprintf(ret, 32, "root");
}

static int compare_groups(const void *a, const void *b)
{
	const struct rf_learned *x = a, *y = b;
	char left[32], right[32];
	int r;

	area_of(x->pattern, left);
	area_of(y->pattern, right);
	r = strcmp(left, right);
	if (r == 0 && x->rights != y->rights)
		r = x->rights < y->rights ? -1 : 1;
	return r ? r : strcmp(x->pattern, y->pattern);
}

static void make_id(const char *area, const char *const *rights, size_t n, char ret[64])
{
	size_t at = (size_t)snprintf(ret, 64, "%s", area);

	for (size_t i = 0; i < n && at < 63; i++)
		at += (size_t)snprintf(ret + at, 64 - at, "-%s", rights[i]);
}

/* The first ones of vec that make one rule; returns how many. */
static size_t add_file_rule(struct rf_learn_section *s, const struct rf_learned *items, size_t n)
{
	RF_AUTOFREE const char **paths = calloc(n, sizeof(*paths));
	struct rf_tally tally = {0};
	const char *rights[RF_FILE_RIGHTS] = {NULL};
	char area[32], other[32], id[64];
	size_t len = 0, n_rights;

	if (!paths)
		return 0;
	area_of(items[0].pattern, area);
	while (len < n) {
		area_of(items[len].pattern, other);
		if (items[len].rights != items[0].rights || strcmp(area, other) != 0)
			break;
		rf_tally_add(&tally, &items[len].tally);
		paths[len] = items[len].pattern;
		len++;
	}
	n_rights = rf_learn_rights(items[0].rights, rf_file_right_name, rights);
	make_id(area, rights, n_rights, id);
	rf_learn_rule_begin(s, id);
	rf_learn_list(s->out, "allow", rights, n_rights);
	rf_learn_list(s->out, "paths", paths, len);
	rf_learn_rule_end(s, &tally);
	return len;
}

/* A pattern that gives "write" gives its parts, which need no words then. */
static uint32_t plain_rights(uint32_t rights)
{
	return rights & RF_FILE_WRITE ? (rights & ~(uint32_t)RF_FILE_WRITE_ALL) | RF_FILE_WRITE
				      : rights;
}

static int add_pattern(struct rf_learned_vec *vec, const struct rf_learn_names *names,
		       const struct rf_use *use)
{
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(65536);

	if (use->exact)
		rf_learn_exact(&text, use->text);
	else
		rf_learn_pattern(&text, names, use->text);
	if (rf_str_error(&text) < 0)
		return rf_str_error(&text);
	return rf_learned_add(vec, rf_str_text(&text), use->needed, &use->tally);
}

int rf_learn_names_of(const struct rf_learn *learn, enum rf_why_kind kind,
		      struct rf_learned_vec *ret)
{
	struct rf_learn_names names;
	int r = 0;

	rf_learn_names_take(&names, learn->load->variables, learn->load->n_variables);
	for (size_t i = 0; i < learn->uses.items.len && r == 0; i++) {
		const struct rf_use *use = &learn->uses.items.data[i];

		if (use->kind == kind && use->needed)
			r = add_pattern(ret, &names, use);
	}
	return r;
}

static int write_files(const struct rf_learn *learn, const struct rf_learn_frame *frame,
		       struct rf_str *out)
{
	RF_CLEANUP(rf_learned_done) struct rf_learned_vec vec = {0};
	struct rf_learn_section s = {
		.out = out, .name = "files", .denies = frame->section[RF_SECTION_FILES]};
	int r = rf_learn_names_of(learn, RF_WHY_FILE, &vec);

	if (r == 0)
		r = rf_learned_collapse(&vec, RF_FILE_EXEC, RF_FILE_WRITE_ALL);
	if (r < 0)
		return r;
	for (size_t i = 0; i < vec.len; i++)
		vec.data[i].rights = plain_rights(vec.data[i].rights);
	if (vec.len)
		qsort(vec.data, vec.len, sizeof(*vec.data), compare_groups);
	for (size_t i = 0, n; i < vec.len; i += n) {
		n = add_file_rule(&s, &vec.data[i], vec.len - i);
		if (!n)
			return -ENOMEM;
	}
	rf_learn_section_end(&s);
	return 0;
}

/* ---- sections that are lists ---- */

static void write_capabilities(const struct rf_learn *learn, const struct rf_learn_frame *frame,
			       struct rf_str *out)
{
	const char *comma = "";

	if (!frame->section[RF_SECTION_CAPABILITIES])
		return;
	key(out, "capabilities");
	(void)rf_str_add(out, "{\"keep\": [");
	for (size_t i = 0; i < learn->uses.items.len; i++) {
		const struct rf_use *use = &learn->uses.items.data[i];

		if (use->kind != RF_WHY_CAPABILITY || !use->needed)
			continue;
		(void)rf_str_add(out, comma);
		(void)rf_str_add_json(out, use->text);
		comma = ", ";
	}
	(void)rf_str_add(out, "]}");
}

static void write_seccomp(const struct rf_learn *learn, const struct rf_learn_frame *frame,
			  struct rf_str *out)
{
	const char *before = "", *comma = ", \"allow\": [";

	if (!frame->section[RF_SECTION_SECCOMP] || frame->has_filter)
		return;
	key(out, "seccomp");
	(void)rf_str_add(out, "{\"base\": \"@container-default\"");
	for (size_t i = 0; i < learn->uses.items.len; i++) {
		const struct rf_use *use = &learn->uses.items.data[i];

		if (use->kind != RF_WHY_SYSCALL || !use->listed || strcmp(before, use->text) == 0)
			continue;
		(void)rf_str_add(out, comma);
		(void)rf_str_add_json(out, use->text);
		before = use->text;
		comma = ", ";
	}
	(void)rf_str_add(out, before[0] ? "]}" : "}");
}

static void write_kernel(const struct rf_learn_frame *frame, struct rf_str *out)
{
	bool any = false;

	for (unsigned int i = 0; i < RF_KERNEL_COUNT; i++) {
		if (!(frame->keys >> i & 1))
			continue;
		if (!any)
			key(out, "kernel");
		(void)rf_str_addf(out, "%s\"%s\": \"allow\"", any ? ", " : "{",
				  rf_kernel_key_name((enum rf_kernel_key)i));
		any = true;
	}
	(void)rf_str_add(out, any ? "}" : "");
}

/* ---- what is told besides ---- */

static void add_withheld(struct rf_str *out, bool *any, const char *what, const char *why,
			 const struct rf_tally *tally)
{
	RF_AUTOSTR struct rf_str uses = RF_STR_INIT(1024);

	if (!*any)
		key(out, "x-withheld");
	rf_tally_text(tally, &uses);
	(void)rf_str_addf(out, "%s\n    {\"what\": ", *any ? "," : "[");
	(void)rf_str_add_json(out, what);
	(void)rf_str_add(out, ", \"why\": ");
	(void)rf_str_add_json(out, why);
	(void)rf_str_add(out, ", \"seen\": ");
	(void)rf_str_add_json(out, rf_str_text(&uses));
	(void)rf_str_add(out, "}");
	*any = true;
}

static int compare_ungrantable(const void *a, const void *b)
{
	return strcmp(((const struct rf_ungrantable *)a)->what,
		      ((const struct rf_ungrantable *)b)->what);
}

static void write_withheld(const struct rf_learn *learn, struct rf_str *out)
{
	const struct rf_ungrantable_vec *more = &learn->ungrantable;
	bool any = false;

	for (size_t i = 0; i < learn->uses.items.len; i++) {
		const struct rf_use *use = &learn->uses.items.data[i];
		RF_AUTOSTR struct rf_str what = RF_STR_INIT(65536);
		struct rf_question q;

		if (!use->withheld)
			continue;
		rf_use_question(use, use->withheld, &q);
		rf_why_describe(&q, &what);
		add_withheld(out, &any, rf_str_text(&what), use->why, &use->tally);
	}
	if (more->len)
		qsort(more->data, more->len, sizeof(*more->data), compare_ungrantable);
	for (size_t i = 0; i < more->len; i++)
		add_withheld(out, &any, more->data[i].what, more->data[i].why,
			     &more->data[i].tally);
	(void)rf_str_add(out, any ? "\n  ]" : "");
}

/* Sections that nothing is said about, since a recording like this one does not show their uses. */
static void write_not_recorded(const struct rf_learn *learn, const struct rf_learn_frame *frame,
			       struct rf_str *out)
{
	static const enum rf_section sections[] = {RF_SECTION_FILES, RF_SECTION_NETWORK,
						   RF_SECTION_DEVICES, RF_SECTION_CAPABILITIES,
						   RF_SECTION_SECCOMP};
	const char *comma = "[";

	for (size_t i = 0; i < RF_ARRAY_LEN(sections) && !learn->only_denied; i++) {
		if (frame->section[sections[i]])
			continue;
		if (comma[0] == '[')
			key(out, "x-not-recorded");
		(void)rf_str_addf(out, "%s\"%s\"", comma, rf_section_name(sections[i]));
		comma = ", ";
	}
	(void)rf_str_add(out, comma[0] == '[' ? "" : "]");
}

int rf_learn_write(const struct rf_learn *learn, const struct rf_learn_frame *frame,
		   struct rf_str *out)
{
	int r;

	(void)rf_str_add(out, "{\n  \"ringfence\": 1,\n  \"$comment\": ");
	(void)rf_str_add_json(out, learn->source);
	key(out, "name");
	(void)rf_str_add_json(out, learn->name);
	key(out, "extends");
	(void)rf_str_addf(out, "[%s]", rf_str_text(&frame->extends));
	if (frame->should) {
		key(out, "need");
		(void)rf_str_add(out, "\"should\"");
	}
	write_capabilities(learn, frame, out);
	write_seccomp(learn, frame, out);
	r = write_files(learn, frame, out);
	if (r == 0)
		r = rf_learn_network(learn, frame, out);
	if (r == 0)
		r = rf_learn_devices(learn, frame, out);
	if (r < 0)
		return r;
	write_kernel(frame, out);
	write_withheld(learn, out);
	write_not_recorded(learn, frame, out);
	(void)rf_str_add(out, "\n}\n");
	return rf_str_error(out);
}
