/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Standard output, and files with rotation: PATH, and the older ones PATH.1, PATH.2, ...
 *
 * A record is in one file, whole. A new file is 0600 and never reached through a symbolic link.
 * What could not be written waits for the next try.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/audit/sink.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/parse.h"
#include "sandbox/base/str.h"

#define BUFFER_BYTES 65536
#define COUNT_MAX    1000

struct file {
	int fd;
	char *path;
	uint64_t limit, size; /* limit 0: never rotated */
	uint64_t count;
	enum {
		FSYNC_NO,
		FSYNC_ROTATE,
		FSYNC_ALWAYS
	} fsync;
	struct rf_str buffer;
	size_t done; /* bytes of the buffer that are in the file */
	bool torn;   /* the file ends in a line that nobody will finish */
};

/* Bytes at the end of what was written that are no whole line yet. */
static size_t half_line(const struct file *file)
{
	size_t len = 0;

	while (len < file->done && rf_str_text(&file->buffer)[file->done - len - 1] != '\n')
		len++;
	return len;
}

/* Takes half a line off the file, if nobody has written behind it. */
static void retract(struct file *file)
{
	size_t half = half_line(file);
	struct stat st;

	if (half == 0 || !file->path || fstat(file->fd, &st) < 0 ||
	    (uint64_t)st.st_size != file->size || ftruncate(file->fd, st.st_size - (off_t)half) < 0)
		return;
	file->size -= half;
	file->done -= half;
}

static void close_file(void *self)
{
	struct file *file = self;

	retract(file);
	if (file->fd > STDERR_FILENO)
		(void)close(file->fd);
	free(file->path);
	rf_str_done(&file->buffer);
	free(file);
}

static int open_stdout(void **ret, const char *rest RF_UNUSED, struct rf_err *err)
{
	struct file *file = calloc(1, sizeof(*file));

	if (!file)
		return rf_err_sys(err, -ENOMEM, "open standard output");
	file->fd = STDOUT_FILENO;
	rf_str_init(&file->buffer, (size_t)4 << 20);
	*ret = file;
	return 0;
}

static int parse_options(struct file *file, const char *options, struct rf_err *err)
{
	char value[32];

	if (rf_sink_option(options, "size", value, sizeof(value)) &&
	    (rf_parse_size(value, INT64_MAX, &file->limit) < 0 || file->limit == 0))
		return rf_err_set(err, -EINVAL, "size=%s is not a size like 64M", value);
	file->count = 5;
	if (rf_sink_option(options, "count", value, sizeof(value)) &&
	    rf_parse_u64(value, COUNT_MAX, &file->count) < 0)
		return rf_err_set(err, -EINVAL, "count=%s is not a number up to %d", value,
				  COUNT_MAX);
	if (!rf_sink_option(options, "fsync", value, sizeof(value)) || rf_str_eq(value, "no"))
		return 0;
	if (!rf_str_eq(value, "rotate") && !rf_str_eq(value, "always"))
		return rf_err_set(err, -EINVAL, "fsync=%s: there are no, rotate and always", value);
	file->fsync = rf_str_eq(value, "rotate") ? FSYNC_ROTATE : FSYNC_ALWAYS;
	return 0;
}

/* Would what is added continue a line that a writer before us did not finish? */
static bool is_torn(const char *path, const struct stat *st)
{
	RF_AUTOCLOSE int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char last;

	return st->st_size > 0 && fd >= 0 && pread(fd, &last, 1, st->st_size - 1) == 1 &&
	       last != '\n';
}

static int reopen(struct file *file, struct rf_err *err)
{
	struct stat st;

	file->fd =
		open(file->path,
		     O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		     0600);
	if (file->fd < 0)
		return rf_err_sys(err, -errno, "open %s", file->path);
	if (fstat(file->fd, &st) < 0 || !S_ISREG(st.st_mode))
		return rf_err_set(err, -EINVAL, "%s is no regular file", file->path);
	file->size = (uint64_t)st.st_size;
	file->torn = is_torn(file->path, &st);
	return 0;
}

static int open_file(void **ret, const char *rest, struct rf_err *err)
{
	const char *options = strrchr(rest, '?');
	struct file *file = calloc(1, sizeof(*file));
	int r;

	if (!file)
		return rf_err_sys(err, -ENOMEM, "open %s", rest);
	file->fd = -1;
	rf_str_init(&file->buffer, (size_t)4 << 20);
	file->path = strndup(rest, options ? (size_t)(options - rest) : strlen(rest));
	r = file->path ? parse_options(file, options ? options + 1 : NULL, err)
		       : rf_err_sys(err, -ENOMEM, "open %s", rest);
	if (r == 0)
		r = reopen(file, err);
	if (r < 0) {
		close_file(file);
		return r;
	}
	*ret = file;
	return 0;
}

static int sync_file(const struct file *file, struct rf_err *err)
{
	return fsync(file->fd) < 0 ? rf_err_sys(err, -errno, "sync %s", file->path) : 0;
}

/* PATH.1 becomes PATH.2 and so on; the last one goes. */
static int rotate(struct file *file, struct rf_err *err)
{
	int r = file->fsync != FSYNC_NO ? sync_file(file, err) : 0;

	if (r < 0)
		return r;
	for (uint64_t i = file->count; i-- > 0;) {
		RF_AUTOFREE char *from = NULL, *to = NULL;

		if ((i == 0 ? asprintf(&from, "%s", file->path)
			    : asprintf(&from, "%s.%ju", file->path, (uintmax_t)i)) < 0 ||
		    asprintf(&to, "%s.%ju", file->path, (uintmax_t)i + 1) < 0)
			return rf_err_sys(err, -ENOMEM, "rotate %s", file->path);
		if (rename(from, to) < 0 && errno != ENOENT)
			return rf_err_sys(err, -errno, "rotate %s", file->path);
	}
	if (file->count == 0 && unlink(file->path) < 0)
		return rf_err_sys(err, -errno, "rotate %s", file->path);
	(void)close(file->fd);
	return reopen(file, err);
}

static int write_some(struct file *file, const char *text, size_t len, struct rf_err *err)
{
	ssize_t n;

	do
		n = write(file->fd, text, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return rf_err_sys(err, -errno, "cannot write");
	file->size += (size_t)n;
	return (int)n;
}

static int flush_file(void *self, struct rf_err *err)
{
	struct file *file = self;
	int r = file->torn && file->buffer.len > 0 ? write_some(file, "\n", 1, err) : 0;

	if (r < 0)
		return r;
	file->torn = file->torn && r == 0;
	while (file->done < file->buffer.len) {
		r = write_some(file, rf_str_text(&file->buffer) + file->done,
			       file->buffer.len - file->done, err);
		if (r < 0)
			return r;
		file->done += (size_t)r;
	}
	r = file->fsync == FSYNC_ALWAYS ? sync_file(file, err) : 0;
	file->done = 0; /* what a disk did not keep is written again */
	if (r == 0)
		rf_str_reset(&file->buffer);
	return r;
}

static int write_file(void *self, const struct rf_node *event RF_UNUSED, const char *line,
		      size_t len, struct rf_err *err)
{
	struct file *file = self;
	uint64_t size = file->size + file->buffer.len - file->done;
	int r = 0;

	if (file->limit > 0 && size > 0 && size + len > file->limit) {
		r = flush_file(file, err);
		if (r == 0)
			r = rotate(file, err);
	} else if (file->buffer.len >= BUFFER_BYTES) {
		r = flush_file(file, err);
	}
	if (r < 0)
		return r;
	r = rf_str_add_n(&file->buffer, line, len);
	return r < 0 ? rf_err_sys(err, r, "keep an event") : 0;
}

static int mend_stdout(void *self RF_UNUSED, struct rf_err *err RF_UNUSED)
{
	return 0;
}

/* It is another file, perhaps: a line that is half written begins again. */
static int mend_file(void *self, struct rf_err *err)
{
	struct file *file = self;

	retract(file);
	file->done -= half_line(file);
	if (file->fd >= 0)
		(void)close(file->fd);
	return reopen(file, err);
}

const struct rf_sink_kind rf_sink_stdout = {"-",	open_stdout, write_file,
					    flush_file, close_file,  mend_stdout};
const struct rf_sink_kind rf_sink_file = {"file:",    open_file,  write_file,
					  flush_file, close_file, mend_file};
