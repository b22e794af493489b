/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading events for `learn`; see learn_read.h.
 */
#include "cli/learn_read.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "cli/why_question.h"
#include "sandbox/audit/lines.h"
#include "sandbox/base/fd.h"

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static uint64_t count_of(const json_t *event)
{
	json_int_t count = json_integer_value(json_object_get(event, "count"));

	return count > 0 ? (uint64_t)count : 1;
}

static int add(struct rf_learn *learn, const json_t *event, const struct rf_question *q,
	       struct rf_err *err)
{
	return rf_uses_add(&learn->uses, q, count_of(event),
			   text_of(json_object_get(event, "process"), "comm"), err);
}

/* Why no rule can allow what this record tells of; NULL: one may. */
static const char *why_never(const json_t *event)
{
	const json_t *rule = json_object_get(event, "rule");

	if (rf_str_eq(text_of(rule, "id"), "ringfence.self"))
		return "ringfence protects itself, whatever the policy says";
	if (!rf_str_eq(text_of(rule, "id"), "files.unjudged"))
		return NULL;
	if (rf_str_eq(text_of(rule, "code"), "alias"))
		return "the second name would have added rights";
	return "it could not be judged";
}

static int never(struct rf_learn *learn, const json_t *event, const char *why, struct rf_err *err)
{
	RF_AUTOSTR struct rf_str what = RF_STR_INIT(65536);
	char *object = json_dumps(json_object_get(event, "object"), JSON_COMPACT | JSON_SORT_KEYS);
	const char *path = text_of(json_object_get(event, "object"), "path");
	const char *operation = text_of(event, "operation"), *layer = text_of(event, "layer");

	(void)rf_str_addf(&what, "%s %s ", layer ? layer : "unknown",
			  operation ? operation : "use");
	(void)rf_str_add(&what, path ? path : object ? object : "");
	free(object);
	if (rf_str_error(&what) < 0)
		return rf_err_sys(err, rf_str_error(&what), "remember what was used");
	return rf_learn_ungrantable(learn, rf_str_text(&what), why, count_of(event),
				    text_of(json_object_get(event, "process"), "comm"), err);
}

/* An exec is a use of its file, recorded whether or not a rule was asked to. */
static int add_exec(struct rf_learn *learn, const json_t *event, struct rf_err *err)
{
	const char *path = text_of(json_object_get(event, "object"), "path");
	struct rf_question q;

	if (!path || path[0] != '/' || strlen(path) >= sizeof(q.text))
		return 0;
	memset(&q, 0, sizeof(q));
	q.kind = RF_WHY_FILE;
	q.rights = RF_FILE_EXEC;
	(void)snprintf(q.text, sizeof(q.text), "%s", path);
	return add(learn, event, &q, err);
}

/* Another name for an object; of two that are exchanged, for either. */
static int add_renaming(struct rf_learn *learn, const json_t *event, struct rf_err *err)
{
	const json_t *object = json_object_get(event, "object");
	const char *from = text_of(object, "path"), *to = text_of(object, "new_path");
	int r;

	if (!from || !to)
		return 0;
	r = rf_learn_renaming(learn, from, to, err);
	if (r == 0 && rf_str_eq(text_of(event, "operation"), "exchange"))
		r = rf_learn_renaming(learn, to, from, err);
	return r;
}

static int add_access(struct rf_learn *learn, const json_t *event, struct rf_err *err)
{
	struct rf_err told = RF_ERR_INIT;
	struct rf_question q[2];
	const char *why = why_never(event);
	size_t n = 0;
	int r;

	if (why)
		return never(learn, event, why, err);
	r = rf_questions_from_event(q, &n, event, &told);
	if (r < 0 || (q[0].kind == RF_WHY_FILE && q[0].text[0] != '/'))
		return never(learn, event, "no rule can name it", err);
	if (rf_str_eq(text_of(event, "operation"), "rename") && n == 2)
		q[1].rights |= RF_FILE_REMOVE; /* the next time there may be one to replace */
	if (q[0].kind == RF_WHY_FILE)
		r = add_renaming(learn, event, err);
	for (size_t i = 0; i < n && r == 0; i++) {
		q[i].session = 0;
		r = add(learn, event, &q[i], err);
	}
	return r;
}

int rf_learn_read_event(struct rf_learn *learn, const json_t *event, struct rf_reading_stats *stats,
			struct rf_err *err)
{
	const char *type = text_of(event, "type");
	bool allowed = rf_str_eq(text_of(event, "verdict"), "allowed");

	if (rf_str_eq(type, "lost"))
		stats->lost += count_of(event);
	if (rf_str_eq(type, "stats") && rf_str_eq(text_of(event, "completeness"), "best-effort"))
		stats->partial = true;
	if (!rf_str_eq(type, "access") && !rf_str_eq(type, "exec"))
		return 0;
	if (type[0] == 'e')
		stats->execs++;
	else if (!rf_str_eq(text_of(event, "layer"), "seccomp"))
		stats->objects++;
	if (learn->only_denied && (allowed || type[0] == 'e'))
		return 0;
	stats->records++;
	return type[0] == 'e' ? add_exec(learn, event, err) : add_access(learn, event, err);
}

int rf_learn_read_fd(struct rf_learn *learn, int fd, const char *name,
		     struct rf_reading_stats *stats, struct rf_err *err)
{
	RF_CLEANUP(rf_lines_freep) struct rf_lines *lines = rf_lines_new(fd);
	uint64_t number = 0;
	const char *line;
	size_t len;
	int r;

	if (!lines)
		return rf_err_sys(err, -ENOMEM, "read %s", name);
	while ((r = rf_lines_next(lines, &line, &len, err)) == RF_LINES_LINE) {
		json_t *event;

		number++;
		if (!len)
			continue;
		event = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
		if (!json_is_object(event)) {
			json_decref(event);
			return rf_err_set(err, -EINVAL,
					  "%s, line %" PRIu64 " is not a record of events", name,
					  number);
		}
		r = rf_learn_read_event(learn, event, stats, err);
		json_decref(event);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return rf_err_wrap(err, r, "%s", name);
	if (rf_lines_rest(lines))
		return rf_err_set(err, -EINVAL, "%s ends within a record (line %" PRIu64 ")", name,
				  number + 1);
	return 0;
}

int rf_learn_read_file(struct rf_learn *learn, const char *path, struct rf_reading_stats *stats,
		       struct rf_err *err)
{
	RF_AUTOCLOSE int fd = -1;

	if (strcmp(path, "-") == 0)
		return rf_learn_read_fd(learn, STDIN_FILENO, "standard input", stats, err);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return rf_err_sys(err, -errno, "open %s", path);
	return rf_learn_read_fd(learn, fd, path, stats, err);
}
