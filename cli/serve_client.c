/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One caller of the service, from HELLO to its end, in a process of its own: a slow or hostile
 * caller delays and damages this process only, and nothing of what it said outlives it.
 *
 * Done for a user with root's rights: a slot of the kernel side is filled, a child of the caller's
 * is put in it, processes in the user's own sandboxes are signalled. Before the words of the
 * policy are parsed, the process gives up every capability.
 */
#include <signal.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/serve.h"
#include "cli/serve_own.h"
#include "cli/serve_sandbox.h"
#include "lsm/loader.h"
#include "sandbox/base/fd.h"
#include "sandbox/launch/backend.h"

/* From the connection to a fenced child, a policy's compilation by the caller included. */
#define SETUP_S 60

/* A policy's image and words, thrice; far below what would hurt the machine. */
#define MEMORY_MAX ((rlim_t)128 << 20)

struct client {
	const struct rf_serve *serve;
	struct rf_talk *talk;
	struct rf_peer peer;
	struct rf_lsm *lsm;
	uint64_t id;
};

static int make_id(struct client *c, struct rf_err *err)
{
	uint32_t slot;

	do {
		if (getrandom(&c->id, sizeof(c->id), 0) != sizeof(c->id))
			return rf_err_sys(err, -EIO, "cannot make an id for the sandbox");
	} while (c->id == 0 || rf_fence_find(c->lsm, c->id, &slot) == 0);
	return 0;
}

static int check_limits(const struct client *c, struct rf_err *err)
{
	if (rf_fence_owned(c->lsm, (uint64_t)c->peer.uid + 1) >= c->serve->per_user)
		return rf_err_set(err, -EDQUOT, "uid %u has %u sandboxes, which is the limit",
				  c->peer.uid, c->serve->per_user);
	if (rf_fence_owned(c->lsm, UINT64_MAX) >= c->serve->total)
		return rf_err_set(err, -ENOSPC, "users have %u sandboxes, which is the limit",
				  c->serve->total);
	return 0;
}

/* Who asks, and whether the kernel side is there. */
static int open_client(struct client *c, struct rf_err *err)
{
	int r = rf_backend_bpf_lsm.available(err);

	if (r == 0)
		r = rf_lsm_open(&c->lsm, err);
	if (r == 0)
		r = rf_peer_take(&c->peer, c->talk->conn, c->lsm, err);
	if (r == 0 && c->peer.uid == 0)
		r = rf_err_set(err, -EPERM, "root needs no service");
	return r == 0 ? make_id(c, err) : r;
}

static int receive_body(struct client *c, char *body, size_t size, struct rf_err *err)
{
	for (size_t at = 0; at < size;) {
		struct rf_service_message message;
		int r = rf_talk_receive(c->talk, &message, true, err);

		if (r < 0)
			return r;
		if (message.type != RF_SERVICE_DATA || message.data_size > size - at)
			return rf_err_set(err, -EPROTO, "the policy is longer than was said");
		memcpy(body + at, message.data, message.data_size);
		at += message.data_size;
	}
	return 0;
}

/* The child, as TASK passed it, held. */
static int receive_task(struct client *c, int *ret, struct rf_process *child, struct rf_err *err)
{
	struct rf_service_message message;
	int r = rf_talk_receive(c->talk, &message, true, err);

	if (r == 0 && message.type != RF_SERVICE_TASK)
		r = rf_err_set(err, -EPROTO, "TASK should have come");
	if (r < 0)
		return r;
	*ret = RF_TAKE_FD(c->talk->passed);
	return rf_peer_child(&c->peer, *ret, child, err);
}

/* Looked at again afterwards: what changed in between is not let go. */
static int fence(struct client *c, uint32_t slot, int pidfd, uint32_t session, struct rf_err *err)
{
	struct rf_process after;
	int r = rf_fence_task(c->lsm, slot, pidfd, session, err);

	return r < 0 ? r : rf_peer_child(&c->peer, pidfd, &after, err);
}

/* What follows needs none of them; root's own files stay root's. */
static int drop_capabilities(struct rf_err *err)
{
	cap_t none = cap_init();
	int r = none && cap_set_proc(none) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
			? 0
			: -errno;

	(void)cap_free(none);
	return r < 0 ? rf_err_sys(err, r, "cannot drop capabilities") : 0;
}

static int receive_sandbox(struct client *c, struct rf_served *served, char **body,
			   struct rf_err *err)
{
	size_t size = rf_service_body(&served->spec);
	int r = check_limits(c, err);

	if (r == 0 && served->spec.id != c->id)
		r = rf_err_set(err, -EPROTO, "the sandbox has another number than was given");
	if (r < 0)
		return r;
	*body = calloc(1, size + 1);
	if (!*body)
		return rf_err_sys(err, -ENOMEM, "take a policy of %zu bytes", size);
	r = receive_body(c, *body, size, err);
	return r < 0 ? r : rf_served_make(served, &c->peer, *body, c->serve->secret, err);
}

static int serve_sandbox(struct client *c, struct rf_served *served, struct rf_err *err)
{
	RF_AUTOFREE char *body = NULL;
	RF_AUTOCLOSE int pidfd = -1;
	struct rf_process child = {0};
	int r = receive_sandbox(c, served, &body, err);

	if (r < 0)
		return r;
	rf_talk_answer(c->talk, RF_SERVICE_ANSWER, c->id, 0, NULL);
	r = receive_task(c, &pidfd, &child, err);
	if (r == 0 && child.capabilities == 0)
		rf_fence_plain(c->lsm, served->slot);
	if (r == 0)
		r = fence(c, served->slot, pidfd, RF_SESS_INIT, err);
	if (r == 0)
		r = drop_capabilities(err);
	if (r == 0)
		r = rf_served_open(served, body, err);
	if (r < 0)
		return r;
	rf_talk_answer(c->talk, RF_SERVICE_ANSWER, c->id, 0, NULL);
	r = rf_served_start(served, child.pid, err);
	if (r < 0)
		return r;
	(void)alarm(0);
	rf_served_follow(served, pidfd);
	return 0;
}

static int serve_join(struct client *c, uint64_t id, struct rf_err *err)
{
	RF_AUTOCLOSE int pidfd = -1;
	uint32_t slot = 0;
	struct rf_process child = {0};
	int r = rf_own_find(c->lsm, &c->peer, id, &slot, err);

	if (r < 0)
		return r;
	rf_talk_answer(c->talk, RF_SERVICE_ANSWER, id, 0, NULL);
	r = receive_task(c, &pidfd, &child, err);
	if (r == 0)
		r = fence(c, slot, pidfd, RF_SESS_EXEC, err);
	if (r == 0)
		rf_talk_answer(c->talk, RF_SERVICE_ANSWER, id, 0, NULL);
	return r;
}

static int serve_one(struct client *c, struct rf_served *served, struct rf_err *err)
{
	struct rf_service_message message;
	int r = rf_talk_receive(c->talk, &message, true, err);

	if (r < 0)
		return r;
	switch (message.type) {
	case RF_SERVICE_SANDBOX:
		served->spec = message.sandbox;
		return serve_sandbox(c, served, err);
	case RF_SERVICE_JOIN:
		return serve_join(c, message.which.id, err);
	case RF_SERVICE_LIST:
		return rf_own_list(c->lsm, &c->peer, c->talk, err);
	case RF_SERVICE_STOP:
		return rf_own_stop(c->lsm, &c->peer, c->talk, &message.which, err);
	default:
		return rf_err_set(err, -EPROTO, "this is nothing to begin with");
	}
}

/* Bounds for a process that works for somebody else. */
static void bound(void)
{
	const struct rlimit memory = {MEMORY_MAX, MEMORY_MAX}, none = {0, 0};

	(void)setrlimit(RLIMIT_DATA, &memory);
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)alarm(SETUP_S + 10);
}

_Noreturn void rf_serve_client(const struct rf_serve *serve, int conn)
{
	struct client c = {.serve = serve, .peer = RF_PEER_INIT};
	struct rf_served served = RF_SERVED_INIT;
	struct rf_err err = RF_ERR_INIT;
	int r;

	c.talk = calloc(1, sizeof(*c.talk));
	if (!c.talk)
		_exit(1);
	rf_talk_begin(c.talk, conn, SETUP_S);
	r = open_client(&c, &err);
	bound();
	rf_talk_answer(c.talk, RF_SERVICE_HELLO, c.id, 0, r < 0 ? &err : NULL);
	served.lsm = c.lsm;
	served.talk = c.talk;
	if (r == 0) {
		r = serve_one(&c, &served, &err);
		if (r < 0 && c.talk->conn >= 0)
			rf_talk_answer(c.talk, RF_SERVICE_ANSWER, c.id, 0, &err);
	}
	rf_served_end(&served);
	rf_peer_done(&c.peer);
	rf_talk_done(c.talk);
	free(c.talk);
	(void)rf_lsm_close(c.lsm);
	_exit(0);
}
