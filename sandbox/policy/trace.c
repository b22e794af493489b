/* SPDX-License-Identifier: Apache-2.0 */
/* Recording what a load read, and looking whether it still is so. See trace.h. */
#include "sandbox/policy/trace.h"

#include <string.h>

#include "sandbox/base/fd.h"
#include "sandbox/policy/limits.h"
#include "sandbox/policy/pattern.h"
#include "sandbox/policy/search.h"
#include "sandbox/policy/stamp.h"

#define TRACE_MAX ((size_t)16 << 20)

/* The first byte of an entry; its texts follow, each with its length before and a NUL behind. */
enum kind {
	KIND_POLICY = 'p', /* name, base_dir or "", trust, text */
	KIND_FILE = 'f',   /* path, text */
	KIND_DIR = 'd',	   /* path, stamp and number of the leads that follow and need no look if it
			      holds */
	KIND_LEAD = 'l',   /* path */
	KIND_LINK = 's'	   /* pattern, manner, answer, result */
};

void rf_trace_init(struct rf_trace *trace)
{
	memset(trace, 0, sizeof(*trace));
	trace->since = rf_stamp_now();
	rf_str_init(&trace->bytes, TRACE_MAX);
}

void rf_trace_done(struct rf_trace *trace)
{
	for (size_t i = 0; i < trace->leads.len; i++)
		free(trace->leads.data[i]);
	rf_trace_leads_done(&trace->leads);
	rf_str_done(&trace->bytes);
}

static void put(struct rf_str *bytes, const char *text, size_t len)
{
	uint32_t size = (uint32_t)len;

	(void)rf_str_add_n(bytes, &size, sizeof(size));
	if (len)
		(void)rf_str_add_n(bytes, text, len);
	(void)rf_str_add_n(bytes, "", 1);
}

static void put_text(struct rf_str *bytes, const char *text)
{
	put(bytes, text, strlen(text));
}

void rf_trace_policy(struct rf_trace *trace, const char *name, const char *base_dir,
		     bool base_trusted, const char *text, size_t len)
{
	const char how[] = {base_dir ? 'b' : '-', base_trusted ? 't' : '-', '\0'};

	if (!trace)
		return;
	(void)rf_str_add_char(&trace->bytes, KIND_POLICY);
	put_text(&trace->bytes, name);
	put_text(&trace->bytes, base_dir ? base_dir : "");
	put_text(&trace->bytes, how);
	put(&trace->bytes, text, len);
}

void rf_trace_file(struct rf_trace *trace, const char *path, const char *text, size_t len)
{
	if (!trace)
		return;
	(void)rf_str_add_char(&trace->bytes, KIND_FILE);
	put_text(&trace->bytes, path);
	put(&trace->bytes, text, len);
}

static void put_link(struct rf_trace *trace, const struct rf_pattern *pattern, bool follow,
		     int answer, const char *result)
{
	const char how[] = {pattern->literal ? 'l' : '-', follow ? 'f' : '-', (char)('0' + answer),
			    '\0'};

	(void)rf_str_add_char(&trace->bytes, KIND_LINK);
	put_text(&trace->bytes, pattern->text);
	put_text(&trace->bytes, how);
	put_text(&trace->bytes, result ? result : "");
}

void rf_trace_pattern(struct rf_trace *trace, const char *root, const struct rf_pattern *pattern,
		      bool follow, int answer, const char *result)
{
	RF_AUTOFREE char *lead = NULL;

	if (!trace)
		return;
	if (!rf_str_eq(root, "/") || answer < 0) {
		trace->broken = true;
		return;
	}
	if (answer != RF_RESOLVE_SAME) {
		put_link(trace, pattern, follow, answer, result);
		return;
	}
	if (rf_pattern_lead(pattern->text, pattern->literal, follow, &lead) < 0)
		trace->broken = true;
	if (!lead)
		return;
	if (rf_path_has_link(lead)) {
		put_link(trace, pattern, follow, answer, result);
		return;
	}
	if (rf_trace_leads_push(&trace->leads, lead) < 0)
		trace->broken = true;
	else
		lead = NULL; /* the list's now */
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/*
 * A path without a link has none on the way to a directory above it either. In the order of the
 * text what is above stands before what is below, but "/a-" stands between "/a" and "/a/b": so all
 * that follow with the same beginning are looked at.
 */
static bool is_covered(const struct rf_trace_leads *leads, size_t i)
{
	const char *path = leads->data[i];
	size_t len = strlen(path);

	for (size_t k = i + 1; k < leads->len && strncmp(leads->data[k], path, len) == 0; k++)
		if (rf_path_is_above(path, leads->data[k]))
			return true;
	return false;
}

/* What decides a group of leads, and how many they are. */
struct span {
	uint64_t stamp;
	uint64_t n;
};

static void put_lead(struct rf_str *out, const char *path)
{
	(void)rf_str_add_char(out, KIND_LEAD);
	put_text(out, path);
}

/* Moves the leads of one directory from the list into out, behind its stamp; or the first alone. */
static void put_group(struct rf_trace_leads *leads, int64_t since, struct rf_str *out)
{
	RF_AUTOSTR struct rf_str group = RF_STR_INIT(TRACE_MAX);
	RF_AUTOFREE char *dir = NULL;
	struct span span = {.n = 0};
	size_t kept = 0;

	if (!rf_stamp_take(leads->data[0], since, &dir, &span.stamp)) {
		put_lead(out, leads->data[0]);
		memmove(leads->data, leads->data + 1, --leads->len * sizeof(*leads->data));
		return;
	}
	for (size_t i = 0; i < leads->len; i++) {
		RF_AUTOFREE char *other = NULL;
		uint64_t stamp;

		if (rf_stamp_take(leads->data[i], since, &other, &stamp) && stamp == span.stamp &&
		    rf_str_eq(dir, other)) {
			put_lead(&group, leads->data[i]);
			span.n++;
		} else {
			leads->data[kept++] = leads->data[i];
		}
	}
	leads->len = kept;
	(void)rf_str_add_char(out, KIND_DIR);
	put_text(out, dir);
	put(out, (const char *)&span, sizeof(span));
	(void)rf_str_add_n(out, rf_str_text(&group), group.len);
}

bool rf_trace_pack(struct rf_trace *trace, struct rf_str *out,
		   bool (*is_seen)(const void *data, const char *path), const void *data)
{
	RF_CLEANUP(rf_trace_leads_done) struct rf_trace_leads left = {.len = 0};
	struct rf_trace_leads *leads = &trace->leads;

	if (trace->broken || rf_str_error(&trace->bytes))
		return false;
	(void)rf_str_add_n(out, rf_str_text(&trace->bytes), trace->bytes.len);
	if (leads->len)
		qsort(leads->data, leads->len, sizeof(*leads->data), by_text);
	for (size_t i = 0; i < leads->len; i++)
		if (!is_covered(leads, i) && !is_seen(data, leads->data[i]) &&
		    rf_trace_leads_push(&left, leads->data[i]) < 0)
			return false;
	while (left.len)
		put_group(&left, trace->since, out);
	return rf_str_error(out) == 0;
}

/* ---- looking again ---- */

struct cursor {
	const char *at;
	size_t left;
};

static bool take(struct cursor *c, const char **ret, size_t *ret_len)
{
	uint32_t len;

	if (c->left < sizeof(len))
		return false;
	memcpy(&len, c->at, sizeof(len));
	if (c->left - sizeof(len) <= len || c->at[sizeof(len) + len])
		return false;
	*ret = c->at + sizeof(len);
	*ret_len = len;
	c->at += sizeof(len) + len + 1;
	c->left -= sizeof(len) + len + 1;
	return true;
}

/* The file holds exactly this text; one byte more is asked for, to see that it ends there. */
static bool holds_text(int fd, const char *text, size_t len)
{
	RF_AUTOFREE char *now = malloc(len + 1);
	size_t got = 0;

	while (now && got <= len) {
		ssize_t n = read(fd, now + got, len + 1 - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 && got == len && memcmp(now, text, len) == 0;
		got += (size_t)n;
	}
	return false;
}

static bool holds_policy(struct cursor *c, const struct rf_load_options *options)
{
	RF_CLEANUP(rf_found_done) struct rf_found found = RF_FOUND_INIT;
	const char *name, *base, *how, *text;
	size_t len, how_len;

	if (!take(c, &name, &len) || !take(c, &base, &len) || !take(c, &how, &how_len) ||
	    how_len != 2 || !take(c, &text, &len))
		return false;
	return rf_search_open(options, name, how[0] == 'b' ? base : NULL, how[1] == 't', &found,
			      NULL) == 0 &&
	       holds_text(found.fd, text, len);
}

static bool holds_file(struct cursor *c)
{
	RF_AUTOCLOSE int fd = -1;
	const char *path, *text;
	size_t len;

	return take(c, &path, &len) && take(c, &text, &len) &&
	       rf_fd_open_read(path, &fd, NULL) == 0 && holds_text(fd, text, len);
}

/* *known: so many leads that follow are as they were. */
static bool holds_dir(struct cursor *c, uint64_t *known)
{
	const char *path, *data;
	struct span span;
	size_t len;

	if (!take(c, &path, &len) || !take(c, &data, &len) || len != sizeof(span))
		return false;
	memcpy(&span, data, sizeof(span));
	*known = rf_stamp_holds(path, span.stamp) ? span.n : 0;
	return true;
}

static bool holds_lead(struct cursor *c, uint64_t *known)
{
	const char *path;
	size_t len;

	if (!take(c, &path, &len))
		return false;
	if (!*known)
		return !rf_path_has_link(path);
	--*known;
	return true;
}

static bool holds_link(struct cursor *c)
{
	const char *pattern, *how, *wanted;
	RF_AUTOFREE char *result = NULL;
	size_t len, how_len;
	int answer;

	if (!take(c, &pattern, &len) || !take(c, &how, &how_len) || how_len != 3 ||
	    !take(c, &wanted, &len))
		return false;
	answer = rf_pattern_resolve("/", pattern, how[0] == 'l', how[1] == 'f', &result);
	return answer == how[2] - '0' && rf_str_eq(result ? result : "", wanted);
}

bool rf_trace_holds(const void *bytes, size_t len, const struct rf_load_options *options)
{
	struct cursor c = {.at = bytes, .left = len};
	bool holds = rf_str_eq(options->root, "/");
	uint64_t known = 0;

	while (holds && c.left) {
		char kind = *c.at;

		c.at++;
		c.left--;
		switch (kind) {
		case KIND_POLICY:
			holds = holds_policy(&c, options);
			break;
		case KIND_FILE:
			holds = holds_file(&c);
			break;
		case KIND_LEAD:
			holds = holds_lead(&c, &known);
			break;
		case KIND_DIR:
			holds = holds_dir(&c, &known);
			break;
		case KIND_LINK:
			holds = holds_link(&c);
			break;
		default:
			holds = false;
		}
	}
	return holds;
}
