/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ringfence-symbols`: reads the functions of ELF files for whoever writes events (`run --stacks`).
 *
 * The files are handed to it open, and may have been written by the fence to break their reader. So
 * before the first one is looked at, this process gives up everything but reading what it is
 * given, answering, and memory: if it breaks, a stack has no names.
 */
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "sandbox/audit/symbols.h"
#include "sandbox/base/cleanup.h"

#define MEMORY_MAX ((rlim_t)2 << 30)
#define FILES_MAX  8

static struct rf_symtab *objects[RF_SYMBOL_OBJECTS];

static int limit(void)
{
	const struct rlimit memory = {MEMORY_MAX, MEMORY_MAX}, files = {FILES_MAX, FILES_MAX};
	const struct rlimit nothing = {0, 0};
	cap_t none = cap_init();
	int r = none ? 0 : -1;

	/* Not dumpable: whoever has our user still cannot trace us. */
	if (r == 0 &&
	    (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
	     cap_set_proc(none) < 0 || setrlimit(RLIMIT_AS, &memory) < 0 ||
	     setrlimit(RLIMIT_NOFILE, &files) < 0 || setrlimit(RLIMIT_CORE, &nothing) < 0 ||
	     setrlimit(RLIMIT_FSIZE, &nothing) < 0))
		r = -1;
	(void)cap_free(none);
	return r;
}

static int filter(void)
{
	static const int calls[] = {
		SCMP_SYS(read),	   SCMP_SYS(pread64),	   SCMP_SYS(lseek),	 SCMP_SYS(fstat),
		SCMP_SYS(recvmsg), SCMP_SYS(sendto),	   SCMP_SYS(close),	 SCMP_SYS(brk),
		SCMP_SYS(munmap),  SCMP_SYS(mremap),	   SCMP_SYS(exit_group), SCMP_SYS(futex),
		SCMP_SYS(madvise), SCMP_SYS(rt_sigreturn), SCMP_SYS(newfstatat), SCMP_SYS(fcntl),
		SCMP_SYS(sysinfo), /* qsort of glibc 2.36 asks how much memory there is */
	};
	scmp_filter_ctx context = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int r = context ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < sizeof(calls) / sizeof(calls[0]); i++)
		r = seccomp_rule_add(context, SCMP_ACT_ALLOW, calls[i], 0);
	/* Memory, but no file and nothing to execute. */
	if (r == 0)
		r = seccomp_rule_add(context, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
				     SCMP_A2(SCMP_CMP_MASKED_EQ, 4 /* PROT_EXEC */, 0),
				     SCMP_A3(SCMP_CMP_MASKED_EQ, 32 /* MAP_ANONYMOUS */, 32));
	if (r == 0)
		r = seccomp_load(context);
	seccomp_release(context);
	return r;
}

/* The descriptors that came with a packet; the rest of them is closed. */
static int take_fds(struct msghdr *message, int fds[2])
{
	int n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (n < 2)
				fds[n++] = fd;
			else
				(void)close(fd);
		}
	}
	return n;
}

static void load(const struct rf_symbol_ask *ask, int fd, int debug_fd)
{
	static const uint8_t anything[RF_BUILD_ID_LEN];
	struct rf_symtab **object = &objects[ask->object];

	*object = rf_symtab_free(*object);
	if (fd < 0 || rf_symtab_read(object, fd, debug_fd, NULL) < 0)
		return;
	if (memcmp(ask->build_id, anything, sizeof(anything)) != 0 &&
	    memcmp(ask->build_id, rf_symtab_build_id(*object), sizeof(anything)) != 0)
		*object = rf_symtab_free(*object); /* another file has taken the name */
}

static int answer(const struct rf_symbol_ask *ask)
{
	const struct rf_symtab *object = objects[ask->object];
	const char *name = object ? rf_symtab_find(object, ask->offset) : NULL;
	struct rf_symbol_answer reply = {0};

	if (name)
		reply.len = (uint32_t)strnlen(name, sizeof(reply.name));
	if (name)
		memcpy(reply.name, name, reply.len);
	return send(STDIN_FILENO, &reply, sizeof(reply), MSG_NOSIGNAL) == (ssize_t)sizeof(reply)
		       ? 0
		       : -1;
}

/* 0: go on. */
static int serve(void)
{
	RF_AUTOCLOSE int fd = -1, debug_fd = -1;
	struct rf_symbol_ask ask;
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(2 * sizeof(int))];
	} control;
	struct iovec piece = {.iov_base = &ask, .iov_len = sizeof(ask)};
	struct msghdr message = {.msg_iov = &piece,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	int fds[2] = {-1, -1};

	if (recvmsg(STDIN_FILENO, &message, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof(ask))
		return -1;
	(void)take_fds(&message, fds);
	fd = fds[0];
	debug_fd = fds[1];
	if (ask.object >= RF_SYMBOL_OBJECTS)
		return -1;
	if (ask.load)
		load(&ask, fd, debug_fd);
	return answer(&ask);
}

int main(void)
{
	if (limit() < 0 || filter() < 0)
		return 125;
	while (serve() == 0)
		;
	return 0;
}
