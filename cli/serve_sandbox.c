/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A user's sandbox, from the service's side. See serve_sandbox.h.
 *
 * The image comes from the user and is checked cell by cell; it gets an id of our own making,
 * because what the kernel keeps is told apart by it. The rest of what the user says, names and
 * words, ends in events about this sandbox only.
 */
#include "cli/serve_sandbox.h"

#include <poll.h>
#include <string.h>
#include <time.h>

#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"
#include "sandbox/launch/image.h"
#include "sandbox/launch/nails.h"
#include "sandbox/launch/service_record.h"

/* How long a caller may take for what is left when its command has ended. */
#define LAST_WAIT_MS 2000

/* Repeats are told no more often: it is this process that wakes up for them. */
#define DEDUPE_MIN_NS UINT64_C(10000000)

/* Of 5 ms. */
#define LINGER_STEPS 40

static int set_nails(struct rf_served *served, const struct rf_peer *peer,
		     const struct rf_image *image, const char *names, struct rf_err *err)
{
	RF_AUTOFREE struct rf_pattern *patterns = NULL;
	struct rf_file_rule rule = {.rule = {.deny = true}};
	const struct rf_policy policy = {.files = &rule, .n_files = 1};
	const struct rf_world whole = {.root = "/"};
	int r = rf_service_names(&patterns, &rule.n_paths, names, served->spec.names_size, err);

	if (r < 0 || rule.n_paths == 0)
		return r;
	rule.paths = patterns;
	rf_peer_become(peer);
	r = rf_nails_set(served->lsm, served->slot, &whole, &policy, image, false, err);
	rf_peer_back();
	return r;
}

static int make(struct rf_served *served, const struct rf_peer *peer, const struct rf_image *image,
		struct rf_err *err)
{
	const struct rf_service_sandbox *spec = &served->spec;
	const struct rf_fence_spec fence = {
		.id = spec->id,
		.cgroup = spec->cgroup,
		.supervisor = (uint32_t)peer->pid,
		.name = spec->name,
		.policy = spec->policy,
		.sha256 = spec->sha256,
		.pages = image->pages,
		.n_pages = image->n_pages,
		.image_key = image->key,
		.stacks = spec->flags & RF_SERVICE_STACKS,
		.owner = (uint64_t)peer->uid + 1,
	};
	int r;

	/* What served another caller may have been killed, and left its sandbox. */
	rf_service_record_collect();
	r = rf_fence_new(served->lsm, &fence, &served->slot, err);
	served->live = r == 0;
	if (r < 0)
		return r;
	served->ring_fd = rf_fence_ring(served->lsm, served->slot, err);
	if (served->ring_fd < 0)
		return served->ring_fd;
	served->folds_fd = rf_fence_folds(served->lsm, served->slot, err);
	return served->folds_fd < 0
		       ? served->folds_fd
		       : rf_service_record_write(&served->record, spec, peer->uid, err);
}

int rf_served_make(struct rf_served *served, const struct rf_peer *peer, const char *body,
		   const uint8_t secret[32], struct rf_err *err)
{
	RF_CLEANUP(rf_image_freep) struct rf_image *image = NULL;
	size_t pages = served->spec.n_pages * sizeof(struct rf_page);
	uint8_t salt[32 + sizeof(peer->uid)];
	int r = rf_image_load(&image, body, pages, err);

	if (r < 0)
		return r;
	memcpy(salt, secret, 32);
	memcpy(salt + 32, &peer->uid, sizeof(peer->uid));
	rf_image_own(image, salt, sizeof(salt));
	served->dedupe_ns = ((const struct rf_image_head *)(const void *)image->pages)->dedupe_ns;
	if (served->dedupe_ns && served->dedupe_ns < DEDUPE_MIN_NS)
		served->dedupe_ns = DEDUPE_MIN_NS;
	r = make(served, peer, image, err);
	return r < 0 ? r
		     : set_nails(served, peer, image, body + pages + served->spec.words_size, err);
}

/* ---- events ---- */

/* The number in `"seq":N` of a line that was formatted here. */
static uint64_t number_of(const char *line, size_t len)
{
	const char *at = memmem(line, len, "\"seq\":", 6), *end = line + len;
	uint64_t number = 0;

	for (at = at ? at + 6 : end; at < end && *at >= '0' && *at <= '9'; at++)
		number = number * 10 + (uint64_t)(*at - '0');
	return number;
}

static bool tell_missed(struct rf_served *served)
{
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(RF_EVENT_LINE_MAX);
	struct rf_talk *talk = served->talk;

	if (!talk->missed)
		return true;
	if (rf_event_lost_json(&text, talk->missed_first, talk->missed_last, talk->missed,
			       RF_LOST_READER, &served->subject, rf_event_now()) < 0 ||
	    rf_talk_event(talk, NULL, rf_str_text(&text), text.len) < 0)
		return false;
	talk->missed = 0;
	return true;
}

/* A caller that does not read holds up nobody: it misses events, and is told which. */
static int deliver(void *data, const char *line, size_t len, const struct rf_record *record,
		   struct rf_err *err RF_UNUSED)
{
	struct rf_served *served = data;
	struct rf_talk *talk = served->talk;

	if (served->readers)
		rf_readers_offer(served->readers, line, len);
	if (!tell_missed(served) || rf_talk_event(talk, record, line, len) < 0) {
		talk->missed_last = number_of(line, len);
		if (talk->missed++ == 0)
			talk->missed_first = talk->missed_last;
	}
	return 0;
}

static void find_host(struct rf_served *served)
{
	RF_AUTOFREE char *boot = NULL;

	if (gethostname(served->host, sizeof(served->host) - 1) < 0)
		served->host[0] = '\0';
	if (rf_fd_read_file("/proc/sys/kernel/random/boot_id", 64, &boot, NULL, NULL) == 0)
		(void)snprintf(served->boot, sizeof(served->boot), "%.*s", (int)strcspn(boot, "\n"),
			       boot);
}

static void fill_subject(struct rf_served *served)
{
	find_host(served);
	served->subject = (struct rf_subject){
		.id = served->spec.id,
		.name = served->spec.name,
		.policy = served->spec.policy,
		.sha256 = served->spec.sha256,
		.host = served->host[0] ? served->host : NULL,
		.boot = served->boot[0] ? served->boot : NULL,
		.rule = rf_wordbook_find,
		.data = &served->book,
	};
}

int rf_served_open(struct rf_served *served, const char *body, struct rf_err *err)
{
	const struct rf_stream_sink sink = {.event = deliver, .data = served};
	const char *words = body + served->spec.n_pages * sizeof(struct rf_page);
	int r = rf_wordbook_parse(&served->book, words, served->spec.words_size, err);

	if (r < 0)
		return r;
	fill_subject(served);
	served->readers = rf_readers_open(RF_READERS_DIR);
	r = rf_stream_open(&served->stream, served->ring_fd, rf_fence_at(served->lsm, served->slot),
			   true, &served->subject, &sink, err);
	return r == 0 ? rf_stream_fold(served->stream, served->folds_fd, true, served->dedupe_ns,
				       err)
		      : r;
}

int rf_served_start(struct rf_served *served, pid_t pid, struct rf_err *err)
{
	char members[64];
	int r;

	rf_service_record_command(served->record, pid);
	(void)snprintf(members, sizeof(members), ",\"process\":{\"pid\":%d}", (int)pid);
	r = rf_stream_note(served->stream, "sandbox_start", members, err);
	if (r == 0)
		r = rf_stream_note(served->stream, "policy_loaded", "", err);
	return r == 0 ? rf_stream_drain(served->stream, err) : r;
}

/* True when the caller has ended it. */
static bool has_ended(struct rf_served *served)
{
	struct rf_service_message message;
	int r = rf_talk_receive(served->talk, &message, false, NULL);

	if (r == -EAGAIN)
		return false;
	if (r == 0 && message.type == RF_SERVICE_END)
		return true;
	/* It is gone, or talks nonsense: the sandbox has a process, and goes on for its readers. */
	(void)close(RF_TAKE_FD(served->talk->conn));
	return false;
}

void rf_served_follow(struct rf_served *served, int pidfd)
{
	for (;;) {
		struct pollfd p[] = {
			{.fd = served->talk->conn, .events = POLLIN},
			{.fd = rf_stream_fd(served->stream), .events = POLLIN},
			{.fd = served->talk->conn < 0 ? pidfd : -1, .events = POLLIN},
		};

		if (served->talk->conn >= 0 && served->talk->missed)
			p[0].events |= POLLOUT;
		if (poll(p, RF_ARRAY_LEN(p), -1) < 0 && errno != EINTR)
			return;
		if (p[1].revents && rf_stream_drain(served->stream, NULL) < 0)
			return;
		if (p[0].revents & POLLOUT)
			(void)tell_missed(served);
		if (p[0].revents && has_ended(served))
			return;
		if (p[2].revents)
			return;
	}
}

static void end_stream(struct rf_served *served)
{
	int r;

	if (!served->stream)
		return;
	rf_talk_wait(served->talk, LAST_WAIT_MS);
	r = rf_stream_finish(served->stream, NULL);
	if (r == 0)
		r = rf_stream_note(served->stream, "sandbox_end", "", NULL);
	if (served->talk->missed) {
		rf_talk_wait(served->talk, LAST_WAIT_MS);
		(void)tell_missed(served);
	}
	served->stream = rf_stream_close(served->stream);
}

/* The kernel forgets an ended task a moment later. */
static bool has_tasks(const struct rf_sandbox *sb)
{
	const struct timespec pause = {.tv_nsec = 5000000};

	for (int i = 0; i < LINGER_STEPS && __atomic_load_n(&sb->tasks, __ATOMIC_ACQUIRE); i++)
		(void)nanosleep(&pause, NULL);
	return __atomic_load_n(&sb->tasks, __ATOMIC_ACQUIRE) > 0;
}

void rf_served_end(struct rf_served *served)
{
	const struct rf_sandbox *sb = served->live ? rf_fence_at(served->lsm, served->slot) : NULL;

	end_stream(served);
	if (sb)
		rf_fence_end(served->lsm, served->slot);
	served->record = rf_service_record_end(served->record, sb && has_tasks(sb));
	served->readers = rf_readers_close(served->readers);
	rf_wordbook_done(&served->book);
	if (served->ring_fd >= 0)
		(void)close(RF_TAKE_FD(served->ring_fd));
	if (served->folds_fd >= 0)
		(void)close(RF_TAKE_FD(served->folds_fd));
	served->live = false;
}
