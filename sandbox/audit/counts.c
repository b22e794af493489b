/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters of events; see counts.h.
 */
#include "sandbox/audit/counts.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

#include "sandbox/audit/intern.h"
#include "sandbox/base/vec.h"

#define RULES_MAX   1000
#define RULES_BYTES ((size_t)4 << 20)
#define WORD_MAX    200 /* of an id; a longer one counts under "others" */

RF_VEC_DEFINE(count_vec, uint64_t);

struct rf_counts {
	pthread_mutex_t lock;
	uint64_t events, allowed, folded, lost, bad, others;
	struct rf_intern *rules; /* layer, NUL, verdict, NUL, rule */
	struct count_vec denials;
};

struct rf_counts *rf_counts_free(struct rf_counts *counts)
{
	if (!counts)
		return NULL;
	(void)rf_intern_free(counts->rules);
	count_vec_done(&counts->denials);
	(void)pthread_mutex_destroy(&counts->lock);
	free(counts);
	return NULL;
}

struct rf_counts *rf_counts_new(void)
{
	struct rf_counts *counts = calloc(1, sizeof(*counts));

	if (!counts)
		return NULL;
	(void)pthread_mutex_init(&counts->lock, NULL);
	counts->rules = rf_intern_new(RULES_MAX, RULES_BYTES);
	if (!counts->rules || count_vec_reserve(&counts->denials, RULES_MAX) < 0)
		return rf_counts_free(counts);
	return counts;
}

static void add_word(struct rf_str *key, const char *word)
{
	(void)rf_str_add_printable(key, word && strlen(word) <= WORD_MAX ? word : "others");
	(void)rf_str_add_n(key, "", 1);
}

static void count_denial(struct rf_counts *counts, const struct rf_node *event, const char *verdict,
			 uint64_t n)
{
	RF_AUTOSTR struct rf_str key = RF_STR_INIT(8192);
	uint32_t number;
	int r;

	add_word(&key, rf_node_get_text(event, "layer"));
	add_word(&key, verdict);
	add_word(&key, rf_node_get_text(rf_node_get(event, "rule"), "id"));
	r = rf_intern_add(counts->rules, rf_str_text(&key), key.len, &number);
	if (r > 0)
		counts->denials.data[counts->denials.len++] = 0;
	if (r >= 0)
		counts->denials.data[number] += n;
	else
		counts->others += n;
}

void rf_counts_add(struct rf_counts *counts, const struct rf_node *event)
{
	const char *verdict = rf_node_get_text(event, "verdict");
	const char *type = rf_node_get_text(event, "type");
	int64_t count = rf_node_integer(rf_node_get(event, "count"));
	uint64_t n = count < 1 ? 1 : (uint64_t)count;

	(void)pthread_mutex_lock(&counts->lock);
	counts->events++;
	if (verdict && strcmp(verdict, "allowed") == 0) {
		counts->allowed += n;
	} else if (verdict) {
		counts->folded += n - 1;
		count_denial(counts, event, verdict, n);
	} else if (type && strcmp(type, "lost") == 0) {
		counts->lost += n;
	}
	(void)pthread_mutex_unlock(&counts->lock);
}

void rf_counts_add_bad(struct rf_counts *counts)
{
	(void)pthread_mutex_lock(&counts->lock);
	counts->bad++;
	(void)pthread_mutex_unlock(&counts->lock);
}

static void add_label(struct rf_str *out, const char *name, const char *text)
{
	(void)rf_str_addf(out, "%s=\"", name);
	for (; *text; text++) {
		if (*text == '"')
			(void)rf_str_add_char(out, '\\');
		(void)rf_str_add_char(out, *text);
	}
	(void)rf_str_add_char(out, '"');
}

static void add_simple(struct rf_str *out, const char *name, const char *help, uint64_t n)
{
	(void)rf_str_addf(out, "# HELP %s %s\n# TYPE %s counter\n%s %" PRIu64 "\n", name, help,
			  name, name, n);
}

int rf_counts_text(struct rf_counts *counts, struct rf_str *out)
{
	(void)pthread_mutex_lock(&counts->lock);
	add_simple(out, "ringfence_events_total", "Events read", counts->events);
	add_simple(out, "ringfence_allowed_total", "Allowed accesses in them", counts->allowed);
	add_simple(out, "ringfence_folded_total", "Denials that another event stands for",
		   counts->folded);
	add_simple(out, "ringfence_lost_total", "Events told to be lost", counts->lost);
	add_simple(out, "ringfence_bad_lines_total", "Lines that are no event", counts->bad);
	(void)rf_str_add(out, "# HELP ringfence_denials_total Denials by layer, verdict and rule\n"
			      "# TYPE ringfence_denials_total counter\n");
	for (uint32_t i = 0; i < counts->denials.len; i++) {
		const char *layer = rf_intern_key(counts->rules, i, NULL);
		const char *verdict = layer + strlen(layer) + 1;

		(void)rf_str_add(out, "ringfence_denials_total{");
		add_label(out, "layer", layer);
		add_label(out, ",verdict", verdict);
		add_label(out, ",rule", verdict + strlen(verdict) + 1);
		(void)rf_str_addf(out, "} %" PRIu64 "\n", counts->denials.data[i]);
	}
	if (counts->others > 0)
		(void)rf_str_addf(out,
				  "ringfence_denials_total{layer=\"others\",verdict=\"others\","
				  "rule=\"others\"} %" PRIu64 "\n",
				  counts->others);
	(void)pthread_mutex_unlock(&counts->lock);
	return rf_str_error(out);
}
