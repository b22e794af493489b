/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which sandbox we are in is told by the name of our cgroup; who is denied its /proc cannot ask.
 */
#include "cli/why_last.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "cli/cmd.h"
#include "sandbox/audit/last.h"
#include "sandbox/audit/summary.h"
#include "sandbox/audit/tape.h"
#include "sandbox/base/fd.h"

#define ANSWER_MAX ((size_t)1 << 20)
#define WAIT_S	   30

static uint64_t read_hex(const char *digits)
{
	uint64_t number = 0;

	for (; *digits; digits++)
		number = number << 4 |
			 (uint64_t)(*digits <= '9' ? *digits - '0' : *digits - 'a' + 10);
	return number;
}

/* The number in the name that launch gave our cgroup, or one above it; the innermost counts. */
static int find_sandbox(uint64_t *ret, struct rf_err *err)
{
	RF_AUTOFREE char *text = NULL;
	bool found = false;
	int r = rf_fd_read_file("/proc/self/cgroup", 65536, &text, NULL, err);

	if (r < 0)
		return rf_err_wrap(err, r, "cannot tell which fence this is");
	for (const char *at = text; (at = strstr(at, "/ringfence"));) {
		char id[17] = "";

		at += strlen("/ringfence");
		if (*at == '/' || *at == '-')
			(void)snprintf(id, sizeof(id), "%.16s", at + 1);
		if (strspn(id, "0123456789abcdef") == 16) {
			*ret = read_hex(id);
			found = true;
		}
	}
	return found ? 0
		     : rf_err_set(err, -ENOENT,
				  "why --last answers inside a fence of `ringfence run`, and this "
				  "process is in none");
}

static int ask(uint64_t sandbox, struct rf_str *answer, struct rf_err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct timeval wait = {.tv_sec = WAIT_S};
	RF_AUTOCLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int n = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, RF_LAST_NAME_FORMAT,
			 sandbox);
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
	char piece[4096];
	ssize_t got = 0;

	if (fd < 0)
		return rf_err_sys(err, -errno, "the fence allows no socket to ask its supervisor");
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	if (connect(fd, (const struct sockaddr *)&address, len) < 0)
		return errno == ECONNREFUSED
			       ? rf_err_set(err, -ENOENT,
					    "nobody records this fence's denials: its `run` has "
					    "ended, or this host does not tell them")
			       : rf_err_sys(err, -errno, "cannot ask the fence's supervisor");
	while ((got = recv(fd, piece, sizeof(piece), 0)) > 0)
		if (rf_str_add_n(answer, piece, (size_t)got) < 0)
			return rf_err_set(err, -EFBIG, "the supervisor's answer is too long");
	if (got < 0)
		return rf_err_sys(err, -errno, "the fence's supervisor does not answer");
	if (answer->len == 0)
		return rf_err_set(err, -EPERM,
				  "the supervisor did not take this process for one of its fence");
	return 0;
}

static int format(struct rf_str *out, const struct rf_node *denials)
{
	for (const struct rf_node *denial = rf_node_first(denials); denial;
	     denial = rf_node_next(denials, denial)) {
		RF_AUTOSTR struct rf_str advice = RF_STR_INIT(ANSWER_MAX);
		const char *verdict = rf_node_get_text(denial, "verdict");

		(void)rf_str_addf(out, "%s %" PRId64 " x ",
				  verdict && strcmp(verdict, "would_deny") == 0 ? "would deny"
										: "denied",
				  rf_node_integer(rf_node_get(denial, "count")));
		if (rf_summary_describe(out, denial) < 0 || rf_summary_advise(&advice, denial) < 0)
			return -ENOMEM;
		(void)rf_str_add(out, "\n");
		if (advice.len > 0)
			(void)rf_str_addf(out, "  %s\n", rf_str_text(&advice));
	}
	if (rf_node_size(denials) == 0)
		(void)rf_str_add(out, "no denial was recorded in this fence\n");
	return rf_str_error(out);
}

int rf_why_last(bool json)
{
	RF_AUTOSTR struct rf_str answer = RF_STR_INIT(ANSWER_MAX);
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(2 * ANSWER_MAX);
	struct rf_err err = RF_ERR_INIT;
	uint64_t sandbox = 0;
	RF_CLEANUP(rf_tape_freep) struct rf_tape *tape = NULL;
	const struct rf_node *root;
	int r = find_sandbox(&sandbox, &err);

	if (r == 0)
		r = ask(sandbox, &answer, &err);
	if (r < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	if (json)
		return rf_fd_write_all(STDOUT_FILENO, rf_str_text(&answer), answer.len, &err) < 0
			       ? rf_cmd_fail(RF_EXIT_FAILED, &err)
			       : RF_EXIT_OK;
	tape = rf_tape_new();
	root = tape ? rf_tape_parse_object(tape, rf_str_text(&answer), answer.len, true) : NULL;
	r = root ? format(&out, rf_node_get(root, "denials")) : -EBADMSG;
	if (r == 0)
		r = rf_fd_write_all(STDOUT_FILENO, rf_str_text(&out), out.len, &err);
	else
		rf_err_sys(&err, r, "cannot read the supervisor's answer");
	return r < 0 ? rf_cmd_fail(RF_EXIT_FAILED, &err) : RF_EXIT_OK;
}
