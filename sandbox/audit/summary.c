/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Denials counted by what, by which rule; see summary.h.
 */
#include "sandbox/audit/summary.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/audit/tape.h"
#include "sandbox/audit/text.h"
#include "sandbox/base/vec.h"

#define LINE_MAX_BYTES 16384

struct item {
	char *what; /* "read /etc/shadow  by secrets (web.json:14): private keys" */
	char *fix;  /* one more sentence, or NULL */
	uint64_t count;
	bool would;
};

RF_VEC_DEFINE(item_vec, struct item);

struct rf_summary {
	struct item_vec items;
	uint64_t denied, would, lost, others;
	uint64_t dropped; /* by the kernel, at least */
	struct rf_tape *tape;
	rf_summary_advisor advise; /* NULL: nobody knows the policy */
	void *data;
};

struct rf_summary *rf_summary_new(void)
{
	RF_CLEANUP(rf_summary_freep) struct rf_summary *summary = calloc(1, sizeof(*summary));

	if (summary)
		summary->tape = rf_tape_new();
	return summary && summary->tape ? RF_TAKE_PTR(summary) : NULL;
}

struct rf_summary *rf_summary_free(struct rf_summary *summary)
{
	if (!summary)
		return NULL;
	for (size_t i = 0; i < summary->items.len; i++) {
		free(summary->items.data[i].what);
		free(summary->items.data[i].fix);
	}
	item_vec_done(&summary->items);
	(void)rf_tape_free(summary->tape);
	free(summary);
	return NULL;
}

static void add_rights(struct rf_str *out, const struct rf_node *event)
{
	const struct rf_node *rights = rf_node_get(event, "missing"), *right;

	if (rf_node_size(rights) == 0 && rf_node_get_text(event, "operation"))
		(void)rf_str_add_printable(out, rf_node_get_text(event, "operation"));
	for (right = rf_node_first(rights); right; right = rf_node_next(rights, right)) {
		(void)rf_str_add(out, right == rights + 1 ? "" : ",");
		if (rf_node_text(right))
			(void)rf_str_add_printable(out, rf_node_text(right));
	}
}

int rf_summary_describe(struct rf_str *out, const struct rf_node *event)
{
	const struct rf_node *rule = rf_node_get(event, "rule");

	if (rf_node_get_text(event, "layer") && !rf_node_get(event, "missing"))
		(void)rf_str_addf(out, "%s ", rf_node_get_text(event, "layer"));
	add_rights(out, event);
	(void)rf_str_add(out, " ");
	rf_event_text_object(out, event);
	(void)rf_str_add(out, "  by ");
	if (rf_node_get_text(rule, "id"))
		(void)rf_str_add_printable(out, rf_node_get_text(rule, "id"));
	if (rf_node_get_text(rule, "source")) {
		(void)rf_str_add(out, " (");
		(void)rf_str_add_printable(out, rf_node_get_text(rule, "source"));
		(void)rf_str_add(out, ")");
	}
	if (rf_node_get_text(rule, "reason")) {
		(void)rf_str_add(out, ": ");
		(void)rf_str_add_printable(out, rf_node_get_text(rule, "reason"));
	}
	return rf_str_error(out);
}

/* True if the event's rule is the section's default: an allow rule is the smallest change. */
static bool by_default(const struct rf_node *event)
{
	const char *id = rf_node_get_text(rf_node_get(event, "rule"), "id");

	return id && rf_str_has_suffix(id, ".default");
}

/* What no policy can allow gets no advice. */
static bool is_never_allowed(const struct rf_node *event)
{
	const char *id = rf_node_get_text(rf_node_get(event, "rule"), "id");

	return !id || strcmp(id, "ringfence.self") == 0;
}

static void fix_files(struct rf_str *out, const struct rf_node *event)
{
	const char *path = rf_node_get_text(rf_node_get(event, "object"), "path");

	if (!path || rf_node_get(rf_node_get(event, "rule"), "code"))
		return;
	if (!by_default(event)) {
		(void)rf_str_add(out, "to allow it: add it to that rule's \"except\"");
		return;
	}
	(void)rf_str_add(out, "to allow it: --allow ");
	add_rights(out, event);
	(void)rf_str_add(out, "=");
	(void)rf_str_add_printable(out, path);
}

/* Rights as a list of JSON. */
static void add_list(struct rf_str *out, const struct rf_node *rights)
{
	const struct rf_node *right;

	(void)rf_str_add(out, "[");
	for (right = rf_node_first(rights); right; right = rf_node_next(rights, right)) {
		(void)rf_str_add(out, right == rights + 1 ? "" : ", ");
		if (rf_node_text(right))
			(void)rf_str_addf(out, "\"%s\"", rf_node_text(right));
	}
	(void)rf_str_add(out, "]");
}

/* A protocol that neither rules nor options can name: only a rule for every protocol allows it. */
static void allow_any_protocol(struct rf_str *out, const struct rf_node *event, const char *address,
			       int64_t port)
{
	(void)rf_str_add(out, "to allow it: the rule {\"allow\": ");
	add_list(out, rf_node_get(event, "missing"));
	(void)rf_str_addf(out, ", \"to\": [\"%s\"]", address);
	if (port)
		(void)rf_str_addf(out, ", \"ports\": [%" PRId64 "]", port);
	(void)rf_str_add(out, "} of \"network\"");
}

static bool has_name(const char *protocol)
{
	static const char *const names[] = {"tcp", "udp", "sctp", "icmp"};

	for (size_t i = 0; i < RF_ARRAY_LEN(names); i++)
		if (strcmp(protocol, names[i]) == 0)
			return true;
	return false;
}

static void fix_network(struct rf_str *out, const struct rf_node *event)
{
	const struct rf_node *object = rf_node_get(event, "object");
	const char *address = rf_node_get_text(object, "address"),
		   *protocol = rf_node_get_text(object, "protocol"),
		   *name = rf_node_get_text(object, "unix");
	int64_t port = (int64_t)rf_node_integer(rf_node_get(object, "port"));
	bool six = address && strchr(address, ':');

	if ((!address || !protocol) && !name)
		return;
	if (!by_default(event)) {
		(void)rf_str_add(out, "to allow it: narrow or remove that rule");
		return;
	}
	if (!name && !has_name(protocol)) {
		allow_any_protocol(out, event, address, port);
		return;
	}
	(void)rf_str_add(out, "to allow it: --allow ");
	add_rights(out, event);
	if (name) {
		(void)rf_str_add(out, "=unix:");
		(void)rf_str_add_printable(out, name);
		return;
	}
	(void)rf_str_addf(out, "=%s:%s%s%s:%" PRId64, protocol, six ? "[" : "", address,
			  six ? "]" : "", port);
}

static void fix_devices(struct rf_str *out, const struct rf_node *event)
{
	const struct rf_node *object = rf_node_get(event, "object"),
			     *rights = rf_node_get(event, "missing");
	const char *type = rf_node_get_text(object, "type");

	if (!type || !rf_node_size(rights))
		return;
	if (!by_default(event)) {
		(void)rf_str_add(out, "to allow it: narrow or remove that rule");
		return;
	}
	(void)rf_str_add(out, "to allow it: the rule {\"allow\": ");
	add_list(out, rights);
	(void)rf_str_addf(out, ", \"nodes\": [\"%s %" PRId64 ":%" PRId64 "\"]} of \"devices\"",
			  type, (int64_t)rf_node_integer(rf_node_get(object, "major")),
			  (int64_t)rf_node_integer(rf_node_get(object, "minor")));
}

/*
 * Where the filter of system calls stands in for section network, no list of calls matters. What
 * the call was about is not in such a record, so it is said what would be allowed.
 */
static void explain_network_call(struct rf_str *out, const char *name)
{
	if (strcmp(name, "socket") == 0)
		(void)rf_str_add(out, "no rule of \"network\" allows such sockets; a rule with "
				      "\"unix\" allows unix sockets, one without IP sockets");
	else if (strcmp(name, "socketpair") == 0)
		(void)rf_str_add(out, "no rule of \"network\" allows such sockets; a rule with "
				      "\"unix\" allows pairs of unix datagram sockets");
	else if (strcmp(name, "listen") == 0)
		(void)rf_str_add(out, "no rule of \"network\" allows to listen");
	else
		(void)rf_str_add(out, "no rule of \"network\" allows it");
}

static bool is_of_network(const struct rf_node *event)
{
	const char *id = rf_node_get_text(rf_node_get(event, "rule"), "id");

	return id && strcmp(id, "network.default") == 0;
}

/* A rule that refuses beats any that allows: it has to change. */
static void fix_call(struct rf_str *out, const struct rf_node *event, const char *name)
{
	if (is_of_network(event))
		explain_network_call(out, name);
	else if (by_default(event))
		(void)rf_str_addf(out, "to allow it: add \"%s\" to seccomp.allow", name);
	else
		(void)rf_str_addf(out, "to allow it: take \"%s\" out of that rule", name);
}

static void fix_kernel(struct rf_str *out, const char *key)
{
	if (key)
		(void)rf_str_addf(out, "to allow it: \"kernel\": {\"%s\": \"allow\"}", key);
}

/* "signals" of "kernel.signals": the object of such a denial is the other process. */
static const char *key_of_rule(const struct rf_node *rule)
{
	const char *id = rf_node_get_text(rule, "id");

	return id && strncmp(id, "kernel.", strlen("kernel.")) == 0 ? id + strlen("kernel.") : NULL;
}

int rf_summary_advise(struct rf_str *out, const struct rf_node *event)
{
	const struct rf_node *rule = rf_node_get(event, "rule"), *object;
	const char *layer = rf_node_get_text(event, "layer"),
		   *hint = rf_node_get_text(rule, "hint");

	object = rf_node_get(event, "object");
	if (hint) {
		(void)rf_str_add(out, "hint: ");
		(void)rf_str_add_printable(out, hint);
	} else if (is_never_allowed(event)) {
		return rf_str_error(out);
	} else if (layer && strcmp(layer, "files") == 0) {
		fix_files(out, event);
	} else if (layer && strcmp(layer, "network") == 0) {
		fix_network(out, event);
	} else if (layer && strcmp(layer, "devices") == 0) {
		fix_devices(out, event);
	} else if (layer && strcmp(layer, "kernel") == 0) {
		fix_kernel(out, rf_node_get_text(object, "key"));
	} else if (layer && strcmp(layer, "process") == 0) {
		fix_kernel(out, key_of_rule(rule));
	} else if (layer && strcmp(layer, "capabilities") == 0 &&
		   rf_node_get_text(object, "name")) {
		(void)rf_str_addf(out, "to allow it: add \"%s\" to capabilities.keep",
				  rf_node_get_text(object, "name"));
	} else if (layer && strcmp(layer, "seccomp") == 0 && rf_node_get_text(object, "name")) {
		fix_call(out, event, rf_node_get_text(object, "name"));
	}
	return rf_str_error(out);
}

void rf_summary_ask(struct rf_summary *summary, rf_summary_advisor advise, void *data)
{
	summary->advise = advise;
	summary->data = data;
}

static int find_fix(const struct rf_summary *summary, struct rf_str *out,
		    const struct rf_node *event)
{
	int r = summary->advise ? summary->advise(summary->data, out, event) : 0;

	return r ? r < 0 ? r : rf_str_error(out) : rf_summary_advise(out, event);
}

static struct item *find(struct rf_summary *summary, const char *what)
{
	for (size_t i = 0; i < summary->items.len; i++)
		if (strcmp(summary->items.data[i].what, what) == 0)
			return &summary->items.data[i];
	return NULL;
}

static int remember(struct rf_summary *summary, const struct rf_node *event, uint64_t count,
		    bool would, struct rf_err *err)
{
	RF_AUTOSTR struct rf_str what = RF_STR_INIT(LINE_MAX_BYTES);
	RF_AUTOSTR struct rf_str fix = RF_STR_INIT(LINE_MAX_BYTES);
	struct item *item, fresh = {.count = count, .would = would};
	int r = rf_summary_describe(&what, event);

	if (r == 0)
		r = find_fix(summary, &fix, event);
	if (r < 0)
		return rf_err_sys(err, r, "summarise a denial");
	item = find(summary, rf_str_text(&what));
	if (item) {
		item->count += count;
		return 0;
	}
	if (summary->items.len >= RF_SUMMARY_MAX) {
		summary->others += count;
		return 0;
	}
	if (fix.len > 0 && rf_str_take(&fix, &fresh.fix) < 0)
		return rf_err_sys(err, -ENOMEM, "summarise a denial");
	r = rf_str_take(&what, &fresh.what);
	if (r == 0)
		r = item_vec_push(&summary->items, fresh);
	if (r < 0) {
		free(fresh.what);
		free(fresh.fix);
		return rf_err_sys(err, r, "summarise a denial");
	}
	return 0;
}

/* Spares the parse of the many lines that are no denial. */
static bool interesting(const char *line, size_t len)
{
	return memmem(line, len, "\"type\":\"lost\"", 13) ||
	       memmem(line, len, "\"audit_lost\":", 13) ||
	       (memmem(line, len, "\"verdict\":\"", 11) &&
		!memmem(line, len, "\"verdict\":\"allowed\"", 19));
}

int rf_summary_add(struct rf_summary *summary, const char *line, size_t len, struct rf_err *err)
{
	const char *verdict;
	uint64_t count;
	const struct rf_node *event;
	bool would;
	int r = 0;

	if (!interesting(line, len))
		return 0;
	event = rf_tape_parse_object(summary->tape, line, len, false);
	if (!event)
		return rf_err_set(err, -EINVAL, "an event of the stream is not JSON");
	verdict = rf_node_get_text(event, "verdict");
	count = (uint64_t)rf_node_integer(rf_node_get(event, "count"));
	would = verdict && strcmp(verdict, "would_deny") == 0;
	if (rf_node_get(event, "audit_lost")) {
		summary->dropped = (uint64_t)rf_node_integer(rf_node_get(event, "audit_lost"));
	} else if (!verdict) {
		summary->lost += count;
	} else {
		*(would ? &summary->would : &summary->denied) += count;
		r = remember(summary, event, count, would, err);
	}
	return r;
}

uint64_t rf_summary_count(const struct rf_summary *summary)
{
	return summary->denied + summary->would + summary->lost + summary->dropped;
}

static int most_frequent_first(const void *a, const void *b)
{
	const struct item *x = *(const struct item *const *)a, *y = *(const struct item *const *)b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->what, y->what);
}

static void add_head(const struct rf_summary *summary, struct rf_str *out)
{
	const char *comma = "", *least = summary->dropped ? "at least " : "";

	(void)rf_str_add(out, "ringfence: ");
	if (summary->denied > 0) {
		(void)rf_str_addf(out, "%s%" PRIu64 " denied", least, summary->denied);
		comma = ", ";
	}
	if (summary->would > 0) {
		(void)rf_str_addf(out, "%s%s%" PRIu64 " would be denied", comma, least,
				  summary->would);
		comma = ", ";
	}
	if (summary->lost > 0) {
		(void)rf_str_addf(out, "%s%" PRIu64 " events lost", comma, summary->lost);
		comma = ", ";
	}
	if (summary->dropped > 0)
		(void)rf_str_addf(out,
				  "%sthe kernel dropped audit records, which may have told of "
				  "more",
				  comma);
	(void)rf_str_add(out, "\n");
}

int rf_summary_text(const struct rf_summary *summary, struct rf_str *out, size_t most)
{
	size_t n = summary->items.len;
	RF_AUTOFREE const struct item **sorted = calloc(n ? n : 1, sizeof(*sorted));

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		sorted[i] = &summary->items.data[i];
	qsort(sorted, n, sizeof(*sorted), most_frequent_first);
	add_head(summary, out);
	for (size_t i = 0; i < n && i < most; i++) {
		(void)rf_str_addf(out, "  %4" PRIu64 " x %s%s\n", sorted[i]->count,
				  sorted[i]->would ? "(would deny) " : "", sorted[i]->what);
		if (sorted[i]->fix)
			(void)rf_str_addf(out, "         %s\n", sorted[i]->fix);
	}
	if (n > most || summary->others > 0)
		(void)rf_str_addf(out, "  and %zu more; --events FILE records all of them\n",
				  (n > most ? n - most : 0) + (size_t)summary->others);
	return rf_str_error(out);
}
