/* SPDX-License-Identifier: Apache-2.0 */
/* Events from the service; see run_lines.h. */
#include "cli/run_lines.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "sandbox/audit/tape.h"
#include "sandbox/base/str.h"
#include "sandbox/launch/service_client.h"

/* The service looks at what is left of a sandbox for less than that. */
#define LAST_WAIT_MS 5000

/* A refused call again, with its rule; what the service found out about the process stays. */
static int event_of_call(struct rf_run_lines *lines, const char *line, size_t len,
			 const struct rf_record *record, struct rf_err *err)
{
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(RF_EVENT_LINE_MAX);
	struct rf_tape *tape = rf_tape_new();
	const struct rf_node *event = tape ? rf_tape_parse(tape, line, len - 1, false) : NULL;
	const struct rf_node *process = event ? rf_node_get(event, "process") : NULL;
	const char *exe = process ? rf_node_get_text(process, "exe") : NULL;
	int r = rf_event_json(&text, record, &lines->subject, exe, exe ? strlen(exe) : 0,
			      rf_event_clock_offset());

	(void)rf_tape_free(tape);
	return r < 0 ? lines->event(lines->data, line, len, record, err)
		     : lines->event(lines->data, rf_str_text(&text), text.len, record, err);
}

static int take(struct rf_run_lines *lines, const char *bytes, size_t size, struct rf_err *err)
{
	const struct rf_record *record = NULL;
	const void *raw;
	const char *line;
	size_t raw_size, len;

	if (rf_service_parse_event(bytes, size, &raw, &raw_size, &line, &len) < 0 ||
	    (raw && rf_event_check(&record, raw, raw_size, NULL) < 0))
		return rf_err_set(err, -EPROTO, "the service sends what is no event");
	lines->ended |= !record && memmem(line, len, "\"type\":\"sandbox_end\"", 20);
	if (record && record->obj == RF_OBJ_SYSCALL)
		return event_of_call(lines, line, len, record, err);
	return lines->event(lines->data, line, len, record, err);
}

static int read_all(struct rf_run_lines *lines, struct rf_err *err)
{
	RF_AUTOFREE char *bytes = malloc(RF_SERVICE_MESSAGE_MAX);

	if (!bytes)
		return rf_err_sys(err, -ENOMEM, "read events");
	for (;;) {
		ssize_t n = recv(lines->fd, bytes, RF_SERVICE_MESSAGE_MAX, MSG_DONTWAIT);
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n <= 0 && lines->ended) /* it hangs up after its last word */
			return 0;
		if (n <= 0)
			return rf_err_set(err, -EPIPE, "the service is gone");
		r = take(lines, bytes, (size_t)n, err);
		if (r < 0)
			return r;
	}
}

int rf_run_lines_read(struct rf_run_lines *lines, bool last, struct rf_err *err)
{
	struct pollfd p = {.fd = lines->fd, .events = POLLIN};
	int r = 0;

	if (last && !lines->ended)
		r = rf_service_send_which(lines->fd, RF_SERVICE_END, 0, 0, err);
	if (r == 0)
		r = read_all(lines, err);
	while (r == 0 && last && !lines->ended && poll(&p, 1, LAST_WAIT_MS) > 0)
		r = read_all(lines, err);
	return lines->ended ? 0 : r;
}
