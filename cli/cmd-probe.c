/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ringfence probe`: what this kernel can enforce for this caller, and what to change.
 *
 * A report, not a test: it exits with 0 whatever it finds.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "lsm/probe.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"
#include "sandbox/launch/backend.h"
#include "sandbox/launch/service_client.h"

#define OUTPUT_MAX ((size_t)1 << 20)

static const char help[] =
	"usage: ringfence probe [--json]\n"
	"\n"
	"Tells what this kernel can enforce for the caller: which back-end would hold each section of\n"
	"a policy, then thing by thing what is there, and for what is missing why and what to change.\n"
	"\n"
	"  --json      one object: {\"sections\":{...},\"backends\":[...],\"items\":[...]}\n"
	"\n"
	"exit status: 0 done, 2 usage, 125 failure\n";

struct backend_state {
	const struct rf_backend *backend;
	bool available;
	struct rf_err why;
};

#define BACKENDS_MAX 8

struct report {
	struct rf_probe probe;
	struct backend_state backends[BACKENDS_MAX];
	size_t n_backends;
	const struct rf_backend *holder[RF_SECTION_COUNT];
	char kernel[128];
};

static const struct backend_state *state_of(struct report *report, const struct rf_backend *backend)
{
	struct backend_state *state;

	for (size_t i = 0; i < report->n_backends; i++)
		if (report->backends[i].backend == backend)
			return &report->backends[i];
	if (report->n_backends == BACKENDS_MAX)
		return NULL;
	state = &report->backends[report->n_backends++];
	state->backend = backend;
	state->available = !backend->available || backend->available(&state->why) == 0;
	return state;
}

static void find_holders(struct report *report)
{
	for (const struct rf_candidate *c = rf_candidates; c->backends[0]; c++)
		for (size_t i = 0; i < RF_CHOICE_MAX && c->backends[i]; i++) {
			const struct backend_state *state = state_of(report, c->backends[i]);

			if (state && state->available && i == 0 && !report->holder[c->section])
				report->holder[c->section] = c->backends[i];
		}
}

/* ---- text ---- */

static void print_backends(const struct report *report, struct rf_str *out)
{
	for (int section = 0; section <= RF_SECTION_KERNEL; section++)
		rf_str_addf(out, "%-13s %s\n", rf_section_name((enum rf_section)section),
			    report->holder[section] ? report->holder[section]->name
						    : "held by nobody");
	rf_str_add(out, "\n");
	for (size_t i = 0; i < report->n_backends; i++) {
		const struct backend_state *state = &report->backends[i];

		rf_str_addf(out, "%-8s %-16s ", state->available ? "yes" : "no",
			    state->backend->name);
		rf_str_add_printable(out, state->available ? "" : rf_err_text(&state->why));
		rf_str_add(out, "\n");
	}
}

static void print_items(const struct report *report, struct rf_str *out)
{
	const char *group = "";

	for (size_t i = 0; i < report->probe.n; i++) {
		const struct rf_probe_item *item = &report->probe.items[i];

		if (strcmp(group, item->group) != 0)
			rf_str_addf(out, "\n%s\n", item->group);
		group = item->group;
		rf_str_addf(out, "%-8s %-24s ", rf_probe_state_name(item->state), item->id);
		rf_str_add_printable(out, item->detail);
		rf_str_add(out, *item->remedy ? "; remedy: " : "");
		rf_str_add_printable(out, item->remedy);
		rf_str_add(out, "\n");
	}
}

/* ---- JSON ---- */

static void add_member(struct rf_str *out, const char *before, const char *value)
{
	rf_str_add(out, before);
	rf_str_add_json(out, value);
}

static void json_backends(const struct report *report, struct rf_str *out)
{
	const char *comma = "";

	rf_str_add(out, ",\"sections\":{");
	for (int section = 0; section <= RF_SECTION_KERNEL; section++) {
		if (!report->holder[section])
			continue;
		rf_str_add(out, comma);
		add_member(out, "", rf_section_name((enum rf_section)section));
		add_member(out, ":", report->holder[section]->name);
		comma = ",";
	}
	rf_str_add(out, "},\"backends\":[");
	for (size_t i = 0; i < report->n_backends; i++) {
		const struct backend_state *state = &report->backends[i];

		add_member(out, i ? ",{\"name\":" : "{\"name\":", state->backend->name);
		rf_str_addf(out, ",\"available\":%s", state->available ? "true" : "false");
		if (!state->available)
			add_member(out, ",\"why\":", rf_err_text(&state->why));
		rf_str_add(out, "}");
	}
	rf_str_add(out, "]");
}

static void json_items(const struct report *report, struct rf_str *out)
{
	rf_str_add(out, ",\"items\":[");
	for (size_t i = 0; i < report->probe.n; i++) {
		const struct rf_probe_item *item = &report->probe.items[i];

		add_member(out, i ? ",{\"id\":" : "{\"id\":", item->id);
		add_member(out, ",\"group\":", item->group);
		add_member(out, ",\"state\":", rf_probe_state_name(item->state));
		add_member(out, ",\"detail\":", item->detail);
		if (*item->remedy)
			add_member(out, ",\"remedy\":", item->remedy);
		rf_str_add(out, "}");
	}
	rf_str_add(out, "]}\n");
}

static int print(const struct report *report, bool json, struct rf_err *err)
{
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(OUTPUT_MAX);

	if (json) {
		add_member(&out, "{\"kernel\":", report->kernel);
		json_backends(report, &out);
		json_items(report, &out);
	} else {
		rf_str_addf(&out, "Linux %s\n\n", report->kernel);
		print_backends(report, &out);
		print_items(report, &out);
	}
	if (rf_str_error(&out))
		return rf_err_sys(err, rf_str_error(&out), "cannot write the report");
	return rf_fd_write_all(STDOUT_FILENO, rf_str_text(&out), out.len, err);
}

static int probe(bool json)
{
	struct report report = {.n_backends = 0};
	struct rf_err err = RF_ERR_INIT;
	struct utsname name;
	int r = rf_probe_run(&report.probe, &rf_probe_here, &err);

	if (r == 0) {
		(void)snprintf(report.kernel, sizeof(report.kernel), "%s",
			       uname(&name) == 0 ? name.release : "?");
		find_holders(&report);
		r = print(&report, json, &err);
	}
	rf_probe_done(&report.probe);
	return r < 0 ? rf_cmd_fail(RF_EXIT_FAILED, &err) : RF_EXIT_OK;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, 'j'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	bool json = false;
	int option;

	rf_cmd_begin();
	rf_service_allow(); /* as `run` would */
	opterr = 0;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			return RF_EXIT_OK;
		}
		if (option != 'j')
			return rf_cmd_usage("probe: unknown option %s", argv[optind - 1]);
		json = true;
	}
	if (optind < argc)
		return rf_cmd_usage("probe takes no argument: %s", argv[optind]);
	return probe(json);
}
