/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking the helper for names, and remembering its answers; see symbols.h.
 */
#include "sandbox/audit/symbols.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "sandbox/base/cleanup.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/install.h"

/* Stacks of one program repeat: most questions are answered from here. */
#define ANSWERS 4096

/* The helper reads a large file within this; one that takes longer is not asked again. */
#define ANSWER_WAIT_MS 3000

struct object {
	struct rf_mapped id; /* its name is not compared: a file is one, whatever its name */
	uint8_t build_id[RF_BUILD_ID_LEN];
	bool loaded; /* the helper has it; else it cannot be had */
};

struct answer {
	uint64_t ino, offset;
	uint32_t dev;
	uint8_t build_id[RF_BUILD_ID_LEN];
	char *name; /* NULL: the entry is free */
};

struct rf_symbols {
	int fd;	   /* -1: no helper */
	pid_t pid; /* 0: none */
	bool broken;
	struct object objects[RF_SYMBOL_OBJECTS];
	size_t n_objects, next_object;
	struct answer answers[ANSWERS];
};

struct rf_symbols *rf_symbols_new(void)
{
	struct rf_symbols *s = calloc(1, sizeof(*s));

	if (s)
		s->fd = -1;
	return s;
}

/* It has nothing to lose, and may hang in a file that was made for that. */
static void end_helper(struct rf_symbols *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
	if (s->pid > 0) {
		(void)kill(s->pid, SIGKILL);
		while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	s->pid = 0;
}

struct rf_symbols *rf_symbols_free(struct rf_symbols *s)
{
	if (!s)
		return NULL;
	end_helper(s);
	for (size_t i = 0; i < ANSWERS; i++)
		free(s->answers[i].name);
	free(s);
	return NULL;
}

static int spawn(char *path, int fd, pid_t *ret)
{
	char *argv[] = {path, NULL}, *envp[] = {NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int r;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawnattr_init(&attributes);
	(void)posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
	(void)posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	(void)posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	(void)posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	(void)posix_spawnattr_setsigdefault(&attributes, &all);
	(void)posix_spawnattr_setpgroup(&attributes, 0); /* ^C is not for it */
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
							    POSIX_SPAWN_SETPGROUP);
	r = posix_spawn(ret, path, &actions, &attributes, argv, envp);
	(void)posix_spawnattr_destroy(&attributes);
	(void)posix_spawn_file_actions_destroy(&actions);
	return -r;
}

static int start_helper(struct rf_symbols *s)
{
	RF_AUTOFREE char *dir = NULL, *path = NULL;
	RF_AUTOCLOSE int theirs = -1;
	int pair[2], r;

	if (s->fd >= 0)
		return 0;
	if (rf_install_libexecdir(&dir, NULL) < 0 ||
	    asprintf(&path, "%s/ringfence-symbols", dir) < 0)
		return -ENOENT;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	s->fd = pair[0];
	theirs = pair[1];
	r = spawn(path, theirs, &s->pid);
	if (r < 0)
		end_helper(s);
	return r;
}

static int send_ask(int fd, struct rf_symbol_ask *ask, const int *fds, size_t n_fds)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(2 * sizeof(int))];
	} control = {0};
	struct iovec piece = {.iov_base = ask, .iov_len = sizeof(*ask)};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};

	if (n_fds > 0) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(&control.header), fds, n_fds * sizeof(int));
	}
	return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof(*ask) ? 0
											   : -EIO;
}

static int ask_helper(struct rf_symbols *s, struct rf_symbol_ask *ask, const int *fds, size_t n_fds,
		      struct rf_symbol_answer *ret)
{
	struct pollfd wait = {.fd = -1, .events = POLLIN};
	int r = s->broken ? -EIO : start_helper(s);

	wait.fd = s->fd;
	if (r == 0)
		r = send_ask(s->fd, ask, fds, n_fds);
	if (r == 0 && poll(&wait, 1, ANSWER_WAIT_MS) != 1)
		r = -ETIMEDOUT;
	if (r == 0 && (recv(s->fd, ret, sizeof(*ret), MSG_DONTWAIT) != (ssize_t)sizeof(*ret) ||
		       ret->len > sizeof(ret->name)))
		r = -EIO;
	if (r < 0) {
		end_helper(s);
		s->broken = true;
	}
	return r;
}

static bool is_known(const uint8_t build_id[RF_BUILD_ID_LEN])
{
	static const uint8_t none[RF_BUILD_ID_LEN];

	return memcmp(build_id, none, sizeof(none)) != 0;
}

/* Where distributions put what they strip off. */
static int open_debug(const uint8_t id[RF_BUILD_ID_LEN])
{
	char path[96] = "/usr/lib/debug/.build-id/", *at = path + strlen(path);
	int fd = -1;

	for (size_t i = 0; i < RF_BUILD_ID_LEN; i++)
		at += snprintf(at, 4, i == 1 ? "/%02x" : "%02x", id[i]);
	(void)snprintf(at, 8, ".debug");
	return is_known(id) && rf_fd_open_read(path, &fd, NULL) == 0 ? fd : -1;
}

/* The file that was mapped: without a build id to check, it must at least be the same inode. */
static int open_object(const struct rf_mapped *object, const struct rf_frame *frame)
{
	char path[RF_MAPPED_NAME + 1];
	RF_AUTOCLOSE int fd = -1;
	struct stat st;

	if (object->len == 0 || (object->flags & RF_MAPPED_CUT) || object->name[0] != '/')
		return -ENOENT;
	(void)snprintf(path, sizeof(path), "%.*s", (int)object->len, (const char *)object->name);
	if (rf_fd_open_read(path, &fd, NULL) < 0 || fstat(fd, &st) < 0)
		return -ENOENT;
	if (!is_known(frame->build_id) && st.st_ino != object->ino)
		return -ESTALE;
	return RF_TAKE_FD(fd);
}

/* Hands the files over with the question. */
static int load(struct rf_symbols *s, struct object *known, struct rf_symbol_ask *ask,
		const struct rf_frame *frame, struct rf_symbol_answer *ret)
{
	RF_AUTOCLOSE int fd = open_object(&known->id, frame), debug_fd = -1;
	int fds[2], r;

	if (fd < 0)
		return fd;
	debug_fd = open_debug(frame->build_id);
	fds[0] = fd;
	fds[1] = debug_fd;
	ask->load = 1;
	memcpy(ask->build_id, frame->build_id, sizeof(ask->build_id));
	r = ask_helper(s, ask, fds, debug_fd >= 0 ? 2 : 1, ret);
	known->loaded = r == 0;
	return r;
}

static struct object *find_object(struct rf_symbols *s, const struct rf_mapped *object,
				  const struct rf_frame *frame)
{
	for (size_t i = 0; i < s->n_objects; i++)
		if (s->objects[i].id.ino == object->ino && s->objects[i].id.dev == object->dev &&
		    memcmp(s->objects[i].build_id, frame->build_id, RF_BUILD_ID_LEN) == 0)
			return &s->objects[i];
	return NULL;
}

static struct object *add_object(struct rf_symbols *s, const struct rf_mapped *object,
				 const struct rf_frame *frame)
{
	struct object *fresh = &s->objects[s->next_object];

	s->next_object = (s->next_object + 1) % RF_SYMBOL_OBJECTS;
	if (s->n_objects < RF_SYMBOL_OBJECTS)
		s->n_objects++;
	*fresh = (struct object){.id = *object};
	memcpy(fresh->build_id, frame->build_id, sizeof(fresh->build_id));
	return fresh;
}

static void ask(struct rf_symbols *s, const struct rf_mapped *object, const struct rf_frame *frame,
		uint64_t offset, struct rf_symbol_answer *ret)
{
	struct object *known = find_object(s, object, frame);
	struct rf_symbol_ask question = {.offset = offset};
	bool fresh = !known;
	int r = 0;

	if (fresh)
		known = add_object(s, object, frame);
	question.object = (uint32_t)(known - s->objects);
	if (fresh)
		r = load(s, known, &question, frame, ret);
	else if (known->loaded)
		r = ask_helper(s, &question, NULL, 0, ret);
	else
		r = -ENOENT;
	if (r < 0)
		ret->len = 0;
}

static struct answer *answer_at(struct rf_symbols *s, const struct rf_mapped *object,
				uint64_t offset)
{
	uint64_t hash = (offset ^ object->ino << 32 ^ object->dev) * 0x9e3779b97f4a7c15ULL;

	return &s->answers[(hash >> 40) % ANSWERS];
}

bool rf_symbols_find(void *data, const struct rf_mapped *object, const struct rf_frame *frame,
		     bool caller, struct rf_str *name)
{
	/* A call that does not return is the last of its function: look where the call is. */
	uint64_t offset = frame->offset - (caller && frame->offset > 0);
	struct rf_symbols *s = data;
	struct answer *answer = answer_at(s, object, offset);
	struct rf_symbol_answer fresh = {0};

	if (!answer->name || answer->ino != object->ino || answer->dev != object->dev ||
	    answer->offset != offset ||
	    memcmp(answer->build_id, frame->build_id, RF_BUILD_ID_LEN) != 0) {
		ask(s, object, frame, offset, &fresh);
		free(answer->name);
		*answer = (struct answer){.ino = object->ino, .dev = object->dev, .offset = offset};
		memcpy(answer->build_id, frame->build_id, sizeof(answer->build_id));
		answer->name = strndup(fresh.name, fresh.len);
	}
	if (!answer->name || !answer->name[0])
		return false;
	return rf_str_add(name, answer->name) == 0;
}
