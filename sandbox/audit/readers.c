/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor's copies of its stream to the readers that asked for one; see live.h.
 *
 * A full socket buffer means a slow reader: its events are counted, and when there is room again it
 * is first told the range it missed, as a line cut out of the next line's own head. For the last
 * line there is room of its own: no reader takes a stream for whole that is not.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "sandbox/audit/live.h"
#include "sandbox/audit/order.h"
#include "sandbox/base/str.h"

/* Room for a burst while the reader works, and behind it for the end; the kernel doubles both. */
#define SEND_BUFFER (1 << 20)
#define END_ROOM    (1 << 18)

/* What those without CAP_NET_ADMIN get of it stays below the usual net.core.wmem_max. */
#define SHARE 8

#define END_HEAD "{\"v\":1,\"type\":\"sandbox_end\","

struct reader {
	int fd;
	uint64_t missed_first, missed_last; /* 0: nothing missed */
	uint64_t missed_count;		    /* accesses in them */
};

struct rf_readers {
	struct reader list[RF_READERS_MAX];
	size_t n;
};

static void set_room(int fd, int size)
{
	int share = size / SHARE;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &share, sizeof(share));
}

/*
 * Who becomes a reader holds the folder's lock until it listens. Until then its socket refuses like
 * one that a dead reader left: what refuses is taken away only under the lock, and after a second
 * look. Never waits. Returns whether the second look found a reader.
 */
static bool connect_or_remove(int dir, int fd, const struct sockaddr_un *address, const char *name)
{
	bool connected;

	if (flock(dir, LOCK_EX | LOCK_NB) < 0)
		return false;
	connected = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;
	if (!connected && errno == ECONNREFUSED)
		(void)unlinkat(dir, name, 0);
	(void)flock(dir, LOCK_UN);
	return connected;
}

static int connect_to(const char *path, int dir, const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	RF_AUTOCLOSE int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", path, name) >=
			      (int)sizeof(address.sun_path))
		return -1;
	set_room(fd, SEND_BUFFER);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 &&
	    (errno != ECONNREFUSED || !connect_or_remove(dir, fd, &address, name)))
		return -1;
	return RF_TAKE_FD(fd);
}

struct rf_readers *rf_readers_open(const char *path)
{
	RF_AUTOCLOSEDIR DIR *dir = opendir(path);
	RF_AUTOFREE struct rf_readers *readers = NULL;
	const struct dirent *entry;

	if (!dir)
		return NULL;
	readers = calloc(1, sizeof(*readers));
	while (readers && readers->n < RF_READERS_MAX && (entry = readdir(dir))) {
		int fd = entry->d_name[0] == '.' ? -1 : connect_to(path, dirfd(dir), entry->d_name);

		if (fd >= 0)
			readers->list[readers->n++].fd = fd;
	}
	return readers && readers->n > 0 ? RF_TAKE_PTR(readers) : NULL;
}

size_t rf_readers_count(const struct rf_readers *readers)
{
	return readers ? readers->n : 0;
}

struct rf_readers *rf_readers_close(struct rf_readers *readers)
{
	if (!readers)
		return NULL;
	for (size_t i = 0; i < readers->n; i++)
		if (readers->list[i].fd >= 0)
			(void)close(readers->list[i].fd);
	free(readers);
	return NULL;
}

/* The number in `"NAME":N` of a line that we formatted ourselves; 0 if it has none. */
static uint64_t number_of(const char *line, size_t len, const char *name)
{
	const char *at = memmem(line, len, name, strlen(name)), *end = line + len;
	uint64_t number = 0;

	if (at)
		for (at += strlen(name); at < end && *at >= '0' && *at <= '9'; at++)
			number = number * 10 + (uint64_t)(*at - '0');
	return number;
}

/* From `,"time"` to the end of the `sandbox` object: what every line of a stream begins with. */
static size_t common_head(const char *line, size_t len, const char **start)
{
	const char *from = memmem(line, len, ",\"time\":", 8), *sandbox, *end;

	if (!from)
		return 0;
	sandbox = memmem(from, len - (size_t)(from - line), ",\"sandbox\":{", 12);
	if (!sandbox)
		return 0;
	/* Strings in it are escaped, so a quote ends one; look for the brace outside of strings. */
	end = sandbox + 12;
	for (bool quoted = false; end < line + len && (quoted || *end != '}'); end++) {
		if (quoted && *end == '\\')
			end++;
		else if (*end == '"')
			quoted = !quoted;
	}
	if (end >= line + len)
		return 0;
	*start = from;
	return (size_t)(end + 1 - from);
}

static bool send_line(struct reader *reader, const char *line, size_t len)
{
	ssize_t n;

	do {
		n = send(reader->fd, line, len, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n >= 0)
		return true;
	if (errno != EAGAIN && errno != ENOBUFS) {
		(void)close(reader->fd);
		reader->fd = -1;
	}
	return false;
}

static bool send_missed(struct reader *reader, const char *line, size_t len)
{
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(65536);
	const char *head = NULL;
	size_t head_len = common_head(line, len, &head);

	(void)rf_str_addf(&text, "{\"v\":1,\"type\":\"lost\",\"seq\":%" PRIu64 ",\"last\":%" PRIu64,
			  reader->missed_first, reader->missed_last);
	(void)rf_str_add_n(&text, head, head_len);
	(void)rf_str_addf(&text, ",\"count\":%" PRIu64 ",\"cause\":\"%s\"}\n", reader->missed_count,
			  rf_lost_cause_name(RF_LOST_READER));
	return rf_str_error(&text) == 0 && send_line(reader, rf_str_text(&text), text.len);
}

static void offer(struct reader *reader, const char *line, size_t len)
{
	uint64_t first = number_of(line, len, "\"seq\":"), last;

	if (reader->fd < 0)
		return;
	if (len > strlen(END_HEAD) && memcmp(line, END_HEAD, strlen(END_HEAD)) == 0)
		set_room(reader->fd, SEND_BUFFER + END_ROOM);
	if (reader->missed_first != 0 && send_missed(reader, line, len))
		reader->missed_first = 0;
	if (reader->fd < 0 || (reader->missed_first == 0 && send_line(reader, line, len)))
		return;
	last = number_of(line, len, ",\"last\":");
	if (reader->missed_first == 0) {
		reader->missed_first = first;
		reader->missed_count = 0;
	}
	reader->missed_count += number_of(line, len, ",\"count\":");
	reader->missed_last = last > first ? last : first;
}

void rf_readers_offer(struct rf_readers *readers, const char *line, size_t len)
{
	for (size_t i = 0; i < readers->n; i++)
		offer(&readers->list[i], line, len);
}
