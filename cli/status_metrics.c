/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters of every sandbox in Prometheus's text format; see status_metrics.h and docs/metrics.md.
 */
#include "cli/status_metrics.h"

#include <inttypes.h>
#include <time.h>

#include "cli/status_records.h"

static uint64_t read_events(const struct rf_sandbox *sb)
{
	return sb->seq;
}

static uint64_t read_denied(const struct rf_sandbox *sb)
{
	return sb->denied;
}

static uint64_t read_lost(const struct rf_sandbox *sb)
{
	return sb->lost;
}

static uint64_t read_errors(const struct rf_sandbox *sb)
{
	return sb->errors;
}

static uint64_t read_tasks(const struct rf_sandbox *sb)
{
	return sb->tasks;
}

static uint64_t read_ring(const struct rf_sandbox *sb)
{
	return sb->ring_bytes;
}

static uint64_t read_folded(const struct rf_sandbox *sb)
{
	return sb->folded;
}

/* Either read, from what is kept about each sandbox, or ask, which may fail: then nothing is said.
 */
static const struct {
	const char *name, *type, *help;
	uint64_t (*read)(const struct rf_sandbox *sb);
	int (*ask)(struct rf_lsm *lsm, uint32_t slot, uint64_t *ret);
} metrics[] = {
	{"events_total", "counter", "Numbers given to events of the sandbox", read_events, NULL},
	{"denials_total", "counter", "Accesses that the kernel side refused", read_denied, NULL},
	{"folded_total", "counter", "Denials counted in the event of another one", read_folded,
	 NULL},
	{"lost_total", "counter", "Events that found no room in the ring", read_lost, NULL},
	{"verdict_errors_total", "counter", "Accesses refused because they could not be judged",
	 read_errors, NULL},
	{"tasks", "gauge", "Tasks in the sandbox", read_tasks, NULL},
	{"ring_bytes", "gauge", "Size of the sandbox's ring", read_ring, NULL},
	{"ring_used_bytes", "gauge", "Bytes of the ring that no new event can have", NULL,
	 rf_fence_ring_used},
};

/* Words from policies and people: nothing in them ends a label or a line. */
static void add_label(struct rf_str *out, const char *text)
{
	RF_AUTOSTR struct rf_str ready = RF_STR_INIT(4096);

	(void)rf_str_add_printable(&ready, text);
	for (const char *c = rf_str_text(&ready); *c; c++) {
		if (*c == '"')
			(void)rf_str_add_char(out, '\\');
		(void)rf_str_add_char(out, *c);
	}
}

static bool is_running(const struct rf_sandbox *sb)
{
	return rf_fence_in_use(sb);
}

static void add_samples(struct rf_str *out, struct rf_lsm *lsm, size_t metric)
{
	for (uint32_t slot = 0; slot < rf_fence_limit(lsm); slot++) {
		const struct rf_sandbox *sb = rf_fence_at(lsm, slot);
		struct rf_about about;
		uint64_t n = 0;

		if (!is_running(sb) || rf_fence_about(lsm, slot, &about) < 0)
			continue;
		if (metrics[metric].read)
			n = metrics[metric].read(sb);
		else if (metrics[metric].ask(lsm, slot, &n) < 0)
			continue;
		(void)rf_str_addf(out, "ringfence_sandbox_%s{sandbox=\"%016" PRIx64 "\",name=\"",
				  metrics[metric].name, (uint64_t)sb->id);
		add_label(out, about.name);
		(void)rf_str_add(out, "\",policy=\"");
		add_label(out, about.policy);
		(void)rf_str_addf(out, "\"} %" PRIu64 "\n", n);
	}
}

/* Seconds since 1970; the kernel side notes the time since boot. */
static double loaded_at(struct rf_lsm *lsm)
{
	struct timespec wall, boot;

	(void)clock_gettime(CLOCK_REALTIME, &wall);
	(void)clock_gettime(CLOCK_BOOTTIME, &boot);
	return (double)(wall.tv_sec - boot.tv_sec) + (double)(wall.tv_nsec - boot.tv_nsec) / 1e9 +
	       (double)rf_lsm_loaded(lsm) / 1e9;
}

int rf_status_metrics(struct rf_str *out, struct rf_lsm *lsm)
{
	uint64_t n = rf_status_count_records(lsm);

	for (uint32_t slot = 0; lsm && slot < rf_fence_limit(lsm); slot++)
		n += is_running(rf_fence_at(lsm, slot));
	(void)rf_str_addf(out,
			  "# HELP ringfence_loaded Whether this build's kernel side is loaded\n"
			  "# TYPE ringfence_loaded gauge\n"
			  "ringfence_loaded %d\n"
			  "# HELP ringfence_sandboxes Sandboxes that are running\n"
			  "# TYPE ringfence_sandboxes gauge\n"
			  "ringfence_sandboxes %" PRIu64 "\n",
			  lsm != NULL, n);
	if (lsm)
		(void)rf_str_addf(
			out,
			"# HELP ringfence_loaded_timestamp_seconds When the kernel side was loaded\n"
			"# TYPE ringfence_loaded_timestamp_seconds gauge\n"
			"ringfence_loaded_timestamp_seconds %.3f\n",
			loaded_at(lsm));
	for (size_t i = 0; i < RF_ARRAY_LEN(metrics); i++) {
		(void)rf_str_addf(
			out, "# HELP ringfence_sandbox_%s %s\n# TYPE ringfence_sandbox_%s %s\n",
			metrics[i].name, metrics[i].help, metrics[i].name, metrics[i].type);
		if (lsm)
			add_samples(out, lsm, i);
	}
	return rf_str_error(out);
}
