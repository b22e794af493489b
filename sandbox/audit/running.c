/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passive streams over pinned rings; see running.h.
 */
#include "sandbox/audit/running.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <time.h>

#include "lsm/pins.h"
#include "sandbox/audit/history.h"
#include "sandbox/audit/stream.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/log.h"
#include "sandbox/base/vec.h"

#define RECORD_MAX 65536

struct watched {
	struct rf_stream *stream;
	const struct rf_sandbox *slot;
	uint64_t id;
	struct rf_wordbook book;
	struct rf_history *history; /* NULL: every event is told with the first policy */
	json_t *record;		    /* the file about the sandbox; owner of the names */
	int lock_fd; /* that file, locked: nobody else empties this ring; -1: not ours */
	struct rf_running *running;
};

RF_VEC_DEFINE(watched_vec, struct watched *);

struct rf_running {
	rf_live_fn *fn;
	void *data;
	struct rf_sandbox *slots; /* NULL: no kernel side */
	struct watched_vec list;
	int epoll_fd;
	bool follow;
	char host[65];
	char boot[40];
};

static int deliver(void *data, const char *line, size_t len,
		   const struct rf_record *record RF_UNUSED, struct rf_err *err)
{
	struct watched *watched = data;

	return watched->running->fn(watched->running->data, line, len, err);
}

static void free_watched(struct watched *watched)
{
	(void)rf_stream_close(watched->stream);
	rf_wordbook_done(&watched->book);
	(void)rf_history_free(watched->history);
	json_decref(watched->record);
	if (watched->lock_fd >= 0)
		(void)close(watched->lock_fd);
	free(watched);
}

static void record_path(uint64_t id, char ret[160])
{
	(void)snprintf(ret, 160, "/run/ringfence/sandboxes/%016" PRIx64 ".json", id);
}

static void load_container(const struct watched *watched, struct rf_subject *subject)
{
	const json_t *recipe = json_object_get(watched->record, "recipe");
	const json_t *container = json_object_get(recipe, "container");

	subject->container_id = json_string_value(json_object_get(container, "id"));
	subject->container_runtime = json_string_value(json_object_get(container, "runtime"));
	subject->container_pod = json_string_value(json_object_get(container, "pod"));
}

/* Who only looks at records locks them for a moment, too. */
static bool lock_record(int fd)
{
	const struct timespec pause = {.tv_nsec = 1000000};

	for (int i = 0; i < 5; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return true;
		(void)nanosleep(&pause, NULL);
	}
	return false;
}

/*
 * A container has no supervisor: the first who follows its events empties its ring, so that there
 * is always room. Whoever holds the lock of its record is that one.
 */
static bool become_owner(struct watched *watched)
{
	RF_AUTOCLOSE int fd = -1;
	char path[160];

	record_path(watched->id, path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || !lock_record(fd))
		return false;
	watched->lock_fd = RF_TAKE_FD(fd);
	return true;
}

/* Names and words are a help for the reader: without them events carry numbers. */
static void load_words(struct watched *watched, uint64_t id, struct rf_subject *subject)
{
	RF_AUTOFREE char *text = NULL, *book = NULL;
	char path[160];
	size_t len;

	record_path(id, path);
	if (rf_fd_read_file(path, RECORD_MAX, &text, &len, NULL) < 0)
		return;
	watched->record = json_loadb(text, len, 0, NULL);
	subject->name = json_string_value(json_object_get(watched->record, "name"));
	subject->policy = json_string_value(json_object_get(watched->record, "policy"));
	subject->sha256 = json_string_value(json_object_get(watched->record, "sha256"));
	load_container(watched, subject);
	if (!subject->sha256)
		return;
	(void)snprintf(path, sizeof(path), RF_WORDS_DIR "/%.64s.json", subject->sha256);
	if (rf_fd_read_file(path, RF_WORDBOOK_MAX, &book, &len, NULL) < 0 ||
	    rf_wordbook_parse(&watched->book, book, len, NULL) < 0)
		rf_log_debug("no words for policy %s", subject->sha256);
}

static int find_rule(void *data, const struct rf_record *record, struct rf_rule_words *ret)
{
	struct watched *watched = data;
	struct rf_past_policy *past =
		watched->history ? rf_history_find(watched->history, record->policy_gen) : NULL;

	return rf_wordbook_find(past ? &past->book : &watched->book, record, ret);
}

static void find_policy(void *data, uint32_t policy_gen, struct rf_subject *ret)
{
	struct watched *watched = data;
	struct rf_past_policy *past =
		watched->history ? rf_history_find(watched->history, policy_gen) : NULL;

	if (!past)
		return;
	ret->policy = past->name;
	ret->sha256 = past->sha256;
}

/* containers: only those, because the supervisors of others send copies to whoever follows. */
static int watch(struct rf_running *running, struct rf_sandbox *slot, int ring_fd, bool containers,
		 struct rf_err *err)
{
	struct watched *watched = calloc(1, sizeof(*watched));
	struct rf_stream_sink sink = {.event = deliver, .data = watched};
	struct rf_subject subject = {.id = slot->id,
				     .host = running->host[0] ? running->host : NULL,
				     .boot = running->boot[0] ? running->boot : NULL,
				     .rule = find_rule,
				     .at = find_policy};
	struct epoll_event event = {.events = EPOLLIN};
	bool owner;
	int r;

	if (!watched)
		return rf_err_sys(err, -ENOMEM, "watch a sandbox");
	watched->lock_fd = -1;
	watched->running = running;
	watched->slot = slot;
	watched->id = slot->id;
	watched->history = rf_history_new(slot->id);
	subject.data = watched;
	load_words(watched, slot->id, &subject);
	if (containers && !subject.container_id) {
		free_watched(watched);
		return 0;
	}
	owner = running->follow && subject.container_id && become_owner(watched);
	r = rf_stream_open(&watched->stream, ring_fd, slot, owner, &subject, &sink, err);
	if (r == 0 &&
	    epoll_ctl(running->epoll_fd, EPOLL_CTL_ADD, rf_stream_fd(watched->stream), &event) < 0)
		r = rf_err_sys(err, -errno, "watch a sandbox");
	if (r == 0 && watched_vec_push(&running->list, watched) < 0)
		r = rf_err_sys(err, -ENOMEM, "watch a sandbox");
	if (r < 0)
		free_watched(watched);
	return r;
}

static bool is_watched(const struct rf_running *running, const struct rf_sandbox *slot)
{
	uint64_t id = __atomic_load_n(&slot->id, __ATOMIC_ACQUIRE);

	for (size_t i = 0; i < running->list.len; i++)
		if (running->list.data[i]->id == id)
			return true;
	return false;
}

static int watch_all(struct rf_running *running, bool containers, struct rf_err *err)
{
	RF_AUTOCLOSE int rings = bpf_obj_get(RF_PIN_RINGS);
	int r = 0;

	if (rings < 0)
		return rf_err_sys(err, -errno, "open %s", RF_PIN_RINGS);
	for (uint32_t slot = 0; r == 0 && slot < RF_MAX_SANDBOXES; slot++) {
		RF_AUTOCLOSE int ring = -1;
		uint32_t id;

		if (__atomic_load_n(&running->slots[slot].state, __ATOMIC_ACQUIRE) != RF_SB_LIVE ||
		    is_watched(running, &running->slots[slot]) ||
		    bpf_map_lookup_elem(rings, &slot, &id) < 0)
			continue;
		ring = bpf_map_get_fd_by_id(id);
		if (ring >= 0) /* else it ended just now */
			r = watch(running, &running->slots[slot], ring, containers, err);
	}
	return r;
}

static int map_slots(struct rf_running *running, struct rf_err *err)
{
	RF_AUTOCLOSE int fd = bpf_obj_get(RF_PIN_SANDBOXES);
	void *p;

	if (fd < 0)
		return errno == ENOENT ? 0 : rf_err_sys(err, -errno, "open %s", RF_PIN_SANDBOXES);
	p = mmap(NULL, RF_MAX_SANDBOXES * sizeof(struct rf_sandbox), PROT_READ | PROT_WRITE,
		 MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return rf_err_sys(err, -errno, "map %s", RF_PIN_SANDBOXES);
	running->slots = p;
	return 0;
}

static void find_host(struct rf_running *running)
{
	RF_AUTOFREE char *boot = NULL;

	if (gethostname(running->host, sizeof(running->host) - 1) < 0)
		running->host[0] = '\0';
	if (rf_fd_read_file("/proc/sys/kernel/random/boot_id", 64, &boot, NULL, NULL) == 0)
		(void)snprintf(running->boot, sizeof(running->boot), "%.*s",
			       (int)strcspn(boot, "\n"), boot);
}

int rf_running_open(struct rf_running **ret, bool follow, rf_live_fn *fn, void *data,
		    struct rf_err *err)
{
	struct rf_running *running = calloc(1, sizeof(*running));
	int r;

	if (!running)
		return rf_err_sys(err, -ENOMEM, "read running sandboxes");
	running->fn = fn;
	running->follow = follow;
	running->data = data;
	find_host(running);
	running->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	r = running->epoll_fd < 0 ? rf_err_sys(err, -errno, "make an epoll instance")
				  : map_slots(running, err);
	if (r == 0 && running->slots)
		r = watch_all(running, false, err);
	if (r < 0) {
		(void)rf_running_close(running);
		return r;
	}
	*ret = running;
	return 0;
}

int rf_running_renew(struct rf_running *running, struct rf_err *err)
{
	int r = running->slots ? 0 : map_slots(running, err);

	return r == 0 && running->slots ? watch_all(running, true, err) : r;
}

struct rf_running *rf_running_close(struct rf_running *running)
{
	if (!running)
		return NULL;
	for (size_t i = 0; i < running->list.len; i++)
		free_watched(running->list.data[i]);
	watched_vec_done(&running->list);
	if (running->slots)
		(void)munmap(running->slots, RF_MAX_SANDBOXES * sizeof(struct rf_sandbox));
	if (running->epoll_fd >= 0)
		(void)close(running->epoll_fd);
	free(running);
	return NULL;
}

int rf_running_fd(const struct rf_running *running)
{
	return running->epoll_fd;
}

/* The slot may belong to nobody, or to another sandbox by now. */
static bool ended(const struct watched *watched)
{
	return __atomic_load_n(&watched->slot->id, __ATOMIC_ACQUIRE) != watched->id ||
	       __atomic_load_n(&watched->slot->state, __ATOMIC_ACQUIRE) == RF_SB_FREE;
}

int rf_running_drain(struct rf_running *running, struct rf_err *err)
{
	size_t i = 0;

	while (i < running->list.len) {
		struct watched *watched = running->list.data[i];
		bool gone = ended(watched);
		int r;

		if (gone)
			rf_stream_detach(watched->stream);
		r = rf_stream_drain(watched->stream, err);
		if (r < 0)
			return r;
		if (!gone) {
			i++;
			continue;
		}
		free_watched(watched);
		running->list.data[i] = running->list.data[--running->list.len];
	}
	return 0;
}
