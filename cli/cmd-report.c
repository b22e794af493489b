/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ringfence report`: one self-contained page of HTML out of files of events.
 *
 * An executable of its own in libexec: it reads what fenced programs may have named, and needs
 * nothing of what a launch needs.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "sandbox/audit/digest.h"
#include "sandbox/audit/lines.h"
#include "sandbox/audit/page.h"
#include "sandbox/audit/tape.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/output.h"
#include "sandbox/base/str.h"

static const char help[] =
	"usage: ringfence report EVENTS... -o FILE\n"
	"\n"
	"Writes one page of HTML about the events in files or on standard input (-): timeline, denials\n"
	"by rule with what would allow them, processes, objects, network peers, losses. The page needs\n"
	"no network and no other file.\n"
	"\n"
	"  -o, --output FILE   where to write the page; - is standard output\n"
	"      --help\n"
	"\n"
	"exit status: 0 done, 1 the input holds no events, 2 usage, 125 failure\n";

static int read_events(struct rf_digest *digest, struct rf_tape *tape, const char *path,
		       struct rf_err *err)
{
	RF_CLEANUP(rf_lines_freep) struct rf_lines *lines = NULL;
	bool is_stdin = strcmp(path, "-") == 0;
	RF_AUTOCLOSE int fd = -1;
	const char *line;
	size_t len;
	int r = is_stdin ? 0 : rf_fd_open_read(path, &fd, err);

	if (r < 0)
		return r;
	lines = rf_lines_new(is_stdin ? STDIN_FILENO : fd);
	if (!lines)
		return rf_err_sys(err, -ENOMEM, "read %s", path);
	while ((r = rf_lines_next(lines, &line, &len, err)) == RF_LINES_LINE) {
		const struct rf_node *event;

		if (len == 0)
			continue;
		event = rf_tape_parse(tape, line, len, true);
		if (event)
			rf_digest_add(digest, event);
		else
			digest->bad_lines++;
	}
	if (r < 0)
		return rf_err_wrap(err, r, "%s", path);
	digest->bad_lines += lines->too_long + (rf_lines_rest(lines) > 0 ? 1 : 0);
	return 0;
}

/* Whole or not at all; to standard output as it comes. */
static int write_page(const char *path, const struct rf_str *page, struct rf_err *err)
{
	if (strcmp(path, "-") == 0)
		return rf_fd_write_all(STDOUT_FILENO, rf_str_text(page), page->len, err);
	return rf_output_write(path, 0644, rf_str_text(page), page->len, err);
}

static int make_page(struct rf_digest *digest, char **files, int n_files, const char *output,
		     struct rf_err *err)
{
	RF_AUTOSTR struct rf_str page = RF_STR_INIT(RF_PAGE_MAX);
	int r = rf_digest_finish(digest, err);

	if (r < 0)
		return r;
	r = rf_page_add(&page, digest, (const char *const *)files, (size_t)n_files);
	if (r < 0)
		return rf_err_sys(err, r, "make the page");
	return write_page(output, &page, err);
}

/* 1: there are no events. With 0 err may still tell of lines that were passed over. */
static int report(char **files, int n_files, const char *output, struct rf_err *err)
{
	RF_CLEANUP(rf_digest_freep) struct rf_digest *digest = rf_digest_new();
	RF_CLEANUP(rf_tape_freep) struct rf_tape *tape = rf_tape_new();
	int r = 0;

	if (!digest || !tape)
		return rf_err_sys(err, -ENOMEM, "read events");
	for (int i = 0; r == 0 && i < n_files; i++)
		r = read_events(digest, tape, files[i], err);
	if (r == 0 && digest->events == 0 && digest->bad_lines == 0) {
		(void)rf_err_set(err, -ENODATA, "the input holds no events");
		return 1;
	}
	if (r == 0 && digest->events > 0)
		r = make_page(digest, files, n_files, output, err);
	if (r < 0 || digest->bad_lines == 0)
		return r;
	(void)rf_err_set(err, -EINVAL, "%ju lines of the input are no events",
			 (uintmax_t)digest->bad_lines);
	return digest->events == 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"output", required_argument, NULL, 'o'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	struct rf_err err = RF_ERR_INIT;
	const char *output = NULL;
	int option, r;

	rf_cmd_begin();
	opterr = 0;
	while ((option = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			return RF_EXIT_OK;
		}
		if (option != 'o')
			return rf_cmd_usage(
				"report: unknown option, or its argument is missing: %s",
				argv[optind - 1]);
		output = optarg;
	}
	if (optind == argc)
		return rf_cmd_usage("report: a file of events is missing; - is standard input");
	if (!output)
		return rf_cmd_usage("report: -o FILE is missing; -o - is standard output");
	r = report(argv + optind, argc - optind, output, &err);
	if (r < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	if (err.code < 0)
		(void)rf_cmd_fail(RF_EXIT_NO, &err);
	return r > 0 ? RF_EXIT_NO : RF_EXIT_OK;
}
