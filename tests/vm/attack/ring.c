/* SPDX-License-Identifier: Apache-2.0 */
/* io_uring without a library: one request at a time, waited for. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "tests/vm/attack/attack.h"

struct ring {
	int fd;
	unsigned char *sq, *cq;
	struct io_uring_sqe *sqes;
	struct io_uring_params p;
};

static int ring_open(struct ring *ring, unsigned int flags)
{
	const int rw = PROT_READ | PROT_WRITE;

	ring->p.flags = flags;
	ring->fd = (int)syscall(SYS_io_uring_setup, 4, &ring->p);
	if (ring->fd < 0)
		return -1;
	ring->sq = mmap(NULL, 4096, rw, MAP_SHARED, ring->fd, IORING_OFF_SQ_RING);
	ring->cq = mmap(NULL, 4096, rw, MAP_SHARED, ring->fd, IORING_OFF_CQ_RING);
	ring->sqes = mmap(NULL, 4096, rw, MAP_SHARED, ring->fd, IORING_OFF_SQES);
	if (ring->sq == MAP_FAILED || ring->cq == MAP_FAILED || ring->sqes == MAP_FAILED)
		return -1;
	return 0;
}

static unsigned int *at(unsigned char *base, unsigned int offset)
{
	return (unsigned int *)(void *)(base + offset);
}

static long ring_do(struct ring *ring, const struct io_uring_sqe *sqe)
{
	unsigned int *tail = at(ring->sq, ring->p.sq_off.tail);
	unsigned int *head = at(ring->cq, ring->p.cq_off.head);
	unsigned int slot = *tail & *at(ring->sq, ring->p.sq_off.ring_mask);
	struct io_uring_cqe *cqes = (void *)(ring->cq + ring->p.cq_off.cqes);

	ring->sqes[slot] = *sqe;
	at(ring->sq, ring->p.sq_off.array)[slot] = slot;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return -errno;
	slot = *head & *at(ring->cq, ring->p.cq_off.ring_mask);
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return cqes[slot].res;
}

static int answer(long r, const char *what)
{
	errno = r < 0 ? (int)-r : 0;
	return r < 0 ? refused(what) : WORKED;
}

static int ring_read(const char *path, unsigned char flags)
{
	struct ring ring = {0};
	struct io_uring_sqe sqe = {.opcode = IORING_OP_OPENAT,
				   .fd = AT_FDCWD,
				   .flags = flags,
				   .addr = (uintptr_t)path,
				   .open_flags = O_RDONLY};
	long r;

	if (ring_open(&ring, 0) < 0)
		return refused("io_uring_setup");
	r = ring_do(&ring, &sqe);
	return r >= 0 ? show_fd((int)r) : answer(r, "ring open");
}

static int open_inline(char **arg)
{
	return ring_read(arg[0], 0);
}

/* A worker thread of the kernel does the open. */
static int open_worker(char **arg)
{
	return ring_read(arg[0], IOSQE_ASYNC);
}

static int unlink_ring(char **arg)
{
	struct ring ring = {0};
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, .addr = (uintptr_t)arg[0]};

	if (ring_open(&ring, 0) < 0)
		return refused("io_uring_setup");
	return answer(ring_do(&ring, &sqe), "ring unlink");
}

/* Calls that name files: by the ring, or by the system call that it stands for. */
static long call_plainly(const char *call, const char *a, const char *b)
{
	struct open_how how = {.flags = O_RDONLY};

	if (strcmp(call, "mkdir") == 0)
		return mkdirat(AT_FDCWD, a, 0755);
	if (strcmp(call, "symlink") == 0)
		return symlinkat(a, AT_FDCWD, b);
	if (strcmp(call, "link") == 0)
		return linkat(AT_FDCWD, a, AT_FDCWD, b, 0);
	if (strcmp(call, "rename") == 0)
		return renameat2(AT_FDCWD, a, AT_FDCWD, b, 0);
	return syscall(SYS_openat2, AT_FDCWD, a, &how, sizeof(how));
}

static long call_by_ring(struct ring *ring, const char *call, const char *a, const char *b)
{
	struct open_how how = {.flags = O_RDONLY};
	struct io_uring_sqe sqe = {.fd = AT_FDCWD, .addr = (uintptr_t)a, .addr2 = (uintptr_t)b};

	if (strcmp(call, "mkdir") == 0) {
		sqe.opcode = IORING_OP_MKDIRAT;
		sqe.len = 0755;
	} else if (strcmp(call, "symlink") == 0) {
		sqe.opcode = IORING_OP_SYMLINKAT;
	} else if (strcmp(call, "openat2") == 0) {
		sqe.opcode = IORING_OP_OPENAT2;
		sqe.addr2 = (uintptr_t)&how;
		sqe.len = sizeof(how);
	} else {
		sqe.opcode = call[0] == 'l' ? IORING_OP_LINKAT : IORING_OP_RENAMEAT;
		sqe.len = (uint32_t)AT_FDCWD;
	}
	return ring_do(ring, &sqe);
}

/* ring|plain mkdir|symlink|link|rename|openat2 NAME [NAME] */
static int call(char **arg)
{
	struct ring ring = {0};

	if (strcmp(arg[0], "plain") == 0)
		return call_plainly(arg[1], arg[2], arg[3]) < 0 ? refused("plain") : WORKED;
	if (ring_open(&ring, 0) < 0)
		return untried("io_uring_setup");
	return answer(call_by_ring(&ring, arg[1], arg[2], arg[3]), "ring");
}

/* ring|plain DESCRIPTOR: takes a connection from a socket that listens. */
static int accept_at(char **arg)
{
	struct io_uring_sqe sqe = {.opcode = IORING_OP_ACCEPT, .fd = atoi(arg[1])};
	struct ring ring = {0};

	if (strcmp(arg[0], "plain") == 0)
		return accept(sqe.fd, NULL, NULL) < 0 ? refused("plain") : WORKED;
	if (ring_open(&ring, 0) < 0)
		return untried("io_uring_setup");
	return answer(ring_do(&ring, &sqe), "ring");
}

/* ring|zero-copy|plain ADDRESS PORT: a datagram. */
static int send_to(char **arg)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((in_port_t)atoi(arg[2]))};
	struct iovec iov = {(char[]){"hello\n"}, 6};
	struct msghdr msg = {
		.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &iov, .msg_iovlen = 1};
	struct io_uring_sqe sqe = {.opcode = IORING_OP_SENDMSG,
				   .fd = socket(AF_INET, SOCK_DGRAM, 0),
				   .addr = (uintptr_t)&msg,
				   .len = 1};
	struct ring ring = {0};

	inet_pton(AF_INET, arg[1], &to.sin_addr);
	if (strcmp(arg[0], "plain") == 0)
		return sendmsg(sqe.fd, &msg, 0) < 0 ? refused("plain") : WORKED;
	if (ring_open(&ring, 0) < 0)
		return untried("io_uring_setup");
	if (strcmp(arg[0], "zero-copy") == 0) {
		sqe.opcode = IORING_OP_SEND_ZC;
		sqe.addr = (uintptr_t)iov.iov_base;
		sqe.len = 6;
		sqe.addr2 = (uintptr_t)&to;
		sqe.addr_len = sizeof(to);
	}
	return answer(ring_do(&ring, &sqe), "ring");
}

static int connect_ring(char **arg)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((in_port_t)atoi(arg[1]))};
	struct ring ring = {0};
	struct io_uring_sqe sqe = {.opcode = IORING_OP_CONNECT,
				   .fd = socket(AF_INET, SOCK_STREAM, 0),
				   .addr = (uintptr_t)&to,
				   .off = sizeof(to)};

	inet_pton(AF_INET, arg[0], &to.sin_addr);
	if (sqe.fd < 0 || ring_open(&ring, 0) < 0)
		return refused("io_uring_setup");
	return answer(ring_do(&ring, &sqe), "ring connect");
}

/* The same capabilities once more, in credentials that the ring's worker does not have. */
static int renew_credentials(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	return syscall(SYS_capget, &head, data) < 0 || syscall(SYS_capset, &head, data) < 0 ? -1
											    : 0;
}

/* An attribute of a file, by a worker that was there before the credentials. */
static int attribute(char **arg)
{
	const struct io_uring_sqe first = {.opcode = IORING_OP_NOP, .flags = IOSQE_ASYNC};
	char value[256] = "";
	const struct io_uring_sqe sqe = {.opcode = IORING_OP_GETXATTR,
					 .addr = (uintptr_t)arg[1],
					 .addr2 = (uintptr_t)value,
					 .addr3 = (uintptr_t)arg[0],
					 .len = sizeof(value) - 1};
	struct ring ring = {0};
	long r;

	if (ring_open(&ring, 0) < 0)
		return refused("io_uring_setup");
	if (ring_do(&ring, &first) < 0 || renew_credentials() < 0)
		return untried("a worker, and new credentials");
	r = ring_do(&ring, &sqe);
	if (r > 0)
		puts(value);
	return answer(r, "ring getxattr");
}

static int setup(char **arg)
{
	struct ring ring = {0};

	if (ring_open(&ring, (unsigned int)strtoul(arg[0], NULL, 0)) < 0)
		return refused("io_uring_setup");
	return WORKED;
}

static const struct attack attacks[] = {
	{"open", 1, open_inline},   {"open-worker", 1, open_worker},
	{"unlink", 1, unlink_ring}, {"connect", 2, connect_ring},
	{"call", 3, call},	    {"accept", 2, accept_at},
	{"send", 3, send_to},	    {"attribute", 2, attribute},
	{"setup", 1, setup},	    {NULL, 0, NULL},
};

int main(int argc, char **argv)
{
	return run_attack(attacks, argc, argv);
}
