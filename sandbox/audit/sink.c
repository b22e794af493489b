/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sinks by their names, and patience with them; see sink.h.
 */
#include "sandbox/audit/sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"

struct rf_sink {
	const struct rf_sink_kind *kind;
	const char *name, *rest;
	void *self;  /* NULL: to be opened again */
	bool broken; /* to be mended before it is used again */
	void (*tell)(const struct rf_err *trouble);
	uint64_t retries;
};

static const struct rf_sink_kind *const kinds[] = {&rf_sink_stdout,   &rf_sink_file,
						   &rf_sink_unix,     &rf_sink_syslog,
						   &rf_sink_journald, &rf_sink_nats};

int rf_sink_option(const char *options, const char *key, char *ret, size_t size)
{
	size_t len = strlen(key);

	for (const char *at = options; at && *at; at += *at == '&') {
		size_t all = strcspn(at, "&");

		if (all > len && strncmp(at, key, len) == 0 && at[len] == '=' &&
		    all - len - 1 < size) {
			memcpy(ret, at + len + 1, all - len - 1);
			ret[all - len - 1] = '\0';
			return 1;
		}
		at += all;
	}
	return 0;
}

int rf_sink_open(struct rf_sink **ret, const char *name, void (*tell)(const struct rf_err *trouble),
		 struct rf_err *err)
{
	RF_AUTOFREE struct rf_sink *sink = calloc(1, sizeof(*sink));
	int r;

	if (!sink)
		return rf_err_sys(err, -ENOMEM, "open the sink %s", name);
	for (size_t i = 0; i < RF_ARRAY_LEN(kinds); i++) {
		const char *prefix = kinds[i]->prefix;
		bool whole = prefix[strlen(prefix) - 1] != ':';

		if (whole ? strcmp(name, prefix) == 0 : rf_str_has_prefix(name, prefix)) {
			sink->kind = kinds[i];
			sink->rest = name + strlen(prefix);
		}
	}
	if (!sink->kind)
		return rf_err_set(err, -EINVAL,
				  "there is no sink %s; there are - file:PATH unix:PATH syslog "
				  "journald nats:URL",
				  name);
	sink->name = name;
	sink->tell = tell;
	r = sink->kind->open(&sink->self, sink->rest, err);
	if (r < 0)
		return rf_err_wrap(err, r, "sink %s", name);
	*ret = RF_TAKE_PTR(sink);
	return 0;
}

struct rf_sink *rf_sink_close(struct rf_sink *sink)
{
	if (sink && sink->self)
		sink->kind->close(sink->self);
	free(sink);
	return NULL;
}

uint64_t rf_sink_retries(const struct rf_sink *sink)
{
	return sink->retries;
}

static int attempt(struct rf_sink *sink, const struct rf_node *event, const char *line, size_t len,
		   struct rf_err *err)
{
	int r = 0;

	if (!sink->self)
		r = sink->kind->open(&sink->self, sink->rest, err);
	else if (sink->broken)
		r = sink->kind->mend(sink->self, err);
	if (r < 0)
		return r;
	sink->broken = false;
	if (line)
		return sink->kind->write(sink->self, event, line, len, err);
	return sink->kind->flush ? sink->kind->flush(sink->self, err) : 0;
}

/* What waits inside for its delivery goes with close: only a kind that keeps nothing may be closed.
 */
static void set_aside(struct rf_sink *sink)
{
	sink->broken = true;
	if (!sink->self || sink->kind->mend)
		return;
	sink->kind->close(sink->self);
	sink->self = NULL;
}

/* Tries until it is taken or patience is over; the first trouble is told. */
static int persist(struct rf_sink *sink, const struct rf_node *event, const char *line, size_t len,
		   struct rf_err *err)
{
	struct timespec pause = {.tv_nsec = 100000000};
	time_t end = time(NULL) + RF_SINK_PATIENCE;
	struct rf_err trouble = RF_ERR_INIT;
	bool told = false;
	int r;

	for (;;) {
		r = attempt(sink, event, line, len, &trouble);
		if (r >= 0)
			return 0;
		/* A reader that went away, or what no repetition can help. */
		if (r == -EINVAL || (r == -EPIPE && sink->kind == &rf_sink_stdout) ||
		    time(NULL) >= end)
			break;
		if (!told && sink->tell) {
			(void)rf_err_wrap(&trouble, r, "sink %s, trying again", sink->name);
			sink->tell(&trouble);
		}
		told = true;
		sink->retries++;
		set_aside(sink);
		(void)nanosleep(&pause, NULL);
		if (pause.tv_sec == 0)
			pause = (struct timespec){pause.tv_nsec >= 800000000,
						  pause.tv_nsec * 2 % 1000000000};
		rf_err_clear(&trouble);
	}
	if (err)
		*err = trouble;
	return rf_err_wrap(err, r, "sink %s", sink->name);
}

int rf_sink_write(struct rf_sink *sink, const struct rf_node *event, const char *line, size_t len,
		  struct rf_err *err)
{
	return persist(sink, event, line, len, err);
}

int rf_sink_flush(struct rf_sink *sink, struct rf_err *err)
{
	return persist(sink, NULL, NULL, 0, err);
}
