/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state file: lines of JSON {"sink":...,"sandbox":...,"seq":N}; see cursor.h.
 */
#include "sandbox/audit/cursor.h"

#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <unistd.h>

#include "sandbox/audit/intern.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"
#include "sandbox/base/vec.h"

#define PLACES_MAX  262144
#define PLACES_SIZE ((size_t)32 << 20)
#define FILE_MAX    ((size_t)64 << 20)

RF_VEC_DEFINE(number_vec, int64_t);

struct rf_cursor {
	const char *path;
	struct rf_intern *places; /* sink, NUL, sandbox */
	struct number_vec numbers;
};

struct rf_cursor *rf_cursor_free(struct rf_cursor *cursor)
{
	if (!cursor)
		return NULL;
	(void)rf_intern_free(cursor->places);
	number_vec_done(&cursor->numbers);
	free(cursor);
	return NULL;
}

RF_DEFINE_CLEANUP(struct rf_cursor, free_cursorp, rf_cursor_free)

/* The number of a place; NULL if there is no room for another. */
static int64_t *find(struct rf_cursor *cursor, const char *sink, const char *sandbox)
{
	RF_AUTOSTR struct rf_str key = RF_STR_INIT(RF_TAPE_TEXT_MAX);
	uint32_t place;
	int r;

	(void)rf_str_add_n(&key, sink, strlen(sink) + 1);
	r = rf_str_add(&key, sandbox);
	if (r < 0 || number_vec_reserve(&cursor->numbers, cursor->numbers.len + 1) < 0)
		return NULL;
	r = rf_intern_add(cursor->places, key.data, key.len, &place);
	if (r < 0)
		return NULL;
	if (r > 0)
		cursor->numbers.data[cursor->numbers.len++] = 0;
	return &cursor->numbers.data[place];
}

static int load(struct rf_cursor *cursor, struct rf_err *err)
{
	RF_CLEANUP(rf_tape_freep) struct rf_tape *tape = rf_tape_new();
	RF_AUTOFREE char *text = NULL;
	size_t len;
	int r;

	if (access(cursor->path, F_OK) < 0 && errno == ENOENT)
		return 0;
	r = tape ? rf_fd_read_file(cursor->path, FILE_MAX, &text, &len, err)
		 : rf_err_sys(err, -ENOMEM, "read %s", cursor->path);
	if (r < 0)
		return r;
	for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
		const struct rf_node *node =
			rf_tape_parse_object(tape, line, (size_t)(end - line), false);
		const char *sink = rf_node_get_text(node, "sink");
		const char *sandbox = rf_node_get_text(node, "sandbox");
		int64_t *number = sink && sandbox ? find(cursor, sink, sandbox) : NULL;

		if (!number)
			return rf_err_set(err, -EBADMSG, "%s is no state of audit", cursor->path);
		*number = rf_node_integer(rf_node_get(node, "seq"));
	}
	return 0;
}

int rf_cursor_open(struct rf_cursor **ret, const char *path, struct rf_err *err)
{
	RF_CLEANUP(free_cursorp) struct rf_cursor *cursor = calloc(1, sizeof(*cursor));
	int r;

	if (!cursor || !(cursor->places = rf_intern_new(PLACES_MAX, PLACES_SIZE)))
		return rf_err_sys(err, -ENOMEM, "read %s", path);
	cursor->path = path;
	r = load(cursor, err);
	if (r == 0)
		*ret = RF_TAKE_PTR(cursor);
	return r;
}

bool rf_cursor_pass(struct rf_cursor *cursor, const char *sink, const struct rf_node *event)
{
	const char *sandbox = rf_node_get_text(rf_node_get(event, "sandbox"), "id");
	int64_t seq = rf_node_integer(rf_node_get(event, "seq"));
	int64_t *number = sandbox && seq > 0 ? find(cursor, sink, sandbox) : NULL;

	if (!number)
		return false;
	if (seq <= *number)
		return true;
	*number = seq;
	return false;
}

int rf_cursor_save(struct rf_cursor *cursor, struct rf_err *err)
{
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(FILE_MAX);
	RF_AUTOFREE char *dir = strdup(cursor->path), *name = strdup(cursor->path);
	RF_AUTOCLOSE int dirfd = -1;

	if (!dir || !name)
		return rf_err_sys(err, -ENOMEM, "write %s", cursor->path);
	for (uint32_t i = 0; i < cursor->numbers.len; i++) {
		size_t len;
		const char *sink = rf_intern_key(cursor->places, i, &len);

		(void)rf_str_add(&text, "{\"sink\":");
		(void)rf_str_add_json(&text, sink);
		(void)rf_str_add(&text, ",\"sandbox\":");
		(void)rf_str_add_json(&text, sink + strlen(sink) + 1);
		(void)rf_str_add(&text, ",\"seq\":");
		(void)rf_str_add_i64(&text, cursor->numbers.data[i]);
		(void)rf_str_add(&text, "}\n");
	}
	if (rf_str_error(&text) < 0)
		return rf_err_sys(err, rf_str_error(&text), "write %s", cursor->path);
	dirfd = open(dirname(dir), O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	if (dirfd < 0)
		return rf_err_sys(err, -errno, "write %s", cursor->path);
	return rf_fd_write_atomic(dirfd, basename(name), 0600, rf_str_text(&text), text.len, err);
}
