/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cgroup programs for real, on a cgroup of our own: verdicts, errno, records with their
 * numbers, and the empty entry that refuses everything.
 */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lsm/cgroup.h"
#include "lsm/match_dev.h"
#include "lsm/names.h"

/* Of this process, so that a run that failed half-way does not disturb the next one. */
#define SANDBOX ((uint64_t)getpid() << 32)
#define PAGES	5

enum {
	PAGE_HEAD,
	PAGE_KEYS,
	PAGE_LISTS,
	PAGE_ENTRIES,
	PAGE_DEVICES
};

static struct rf_page *pages;
static struct rf_image_head *head;
static char cgroup_dir[256];
static int cgroup_fd = -1;
static uint64_t cgroup_id;
static struct rf_cg *cg;

/* An empty image: network and devices present, everything denied, one list for every address. */
static void image_init(void)
{
	free(pages);
	pages = calloc(PAGES, sizeof(*pages));
	head = (struct rf_image_head *)&pages[PAGE_HEAD];
	head->magic = RF_IMAGE_MAGIC;
	head->version = RF_ABI_VERSION;
	head->n_cells = PAGES * RF_PAGE_CELLS;
	head->n_rules = 16;
	head->rules_off = 2048;
	head->sections = 1U << RF_SEC_NETWORK | 1U << RF_SEC_DEVICES;
	head->addr_keys_off = PAGE_KEYS * RF_PAGE_CELLS;
	head->addr_lists_off = PAGE_LISTS * RF_PAGE_CELLS;
	head->n_addr = 1;
	pages[PAGE_LISTS].cell[0] = PAGE_ENTRIES * RF_PAGE_CELLS;
	head->dev_off = PAGE_DEVICES * RF_PAGE_CELLS;
}

static void add_net(uint16_t rule, uint32_t rights, uint16_t first, uint16_t last, uint8_t flags)
{
	struct rf_net_entry *entry =
		(struct rf_net_entry *)&pages[PAGE_ENTRIES].cell[pages[PAGE_LISTS].cell[1]++ * 4];

	*entry = (struct rf_net_entry){.rule = rule,
				       .port_first = first,
				       .port_last = last,
				       .rights = (uint8_t)rights,
				       .protocols = 0x1f,
				       .flags = flags};
}

static int make_cgroup(void)
{
	struct stat st;
	const char *root = access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0
				   ? "/sys/fs/cgroup"
				   : "/sys/fs/cgroup/unified";

	(void)snprintf(cgroup_dir, sizeof(cgroup_dir), "%s/rf-unit-%d", root, getpid());
	if (mkdir(cgroup_dir, 0755) < 0)
		return -1;
	cgroup_fd = open(cgroup_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cgroup_fd < 0 || fstat(cgroup_fd, &st) < 0)
		return -1;
	cgroup_id = st.st_ino;
	return 0;
}

static int inside(int (*body)(void))
{
	char path[300];
	int status;
	pid_t pid;

	(void)snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup_dir);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		int fd = open(path, O_WRONLY);

		if (fd < 0 || write(fd, "0", 1) != 1)
			_exit(98);
		close(fd);
		_exit(body());
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 97;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 96;
}

static uint64_t sandbox_id;
static struct rf_record seen[64];
static size_t n_seen;

static int take_record(void *data, void *record, size_t size)
{
	(void)data;
	assert_true(size == sizeof(seen[0]));
	if (((struct rf_record *)record)->sandbox != SANDBOX + sandbox_id)
		return 0; /* of the slot's last sandbox */
	assert_true(n_seen < RF_ARRAY_LEN(seen));
	memcpy(&seen[n_seen++], record, size);
	return 0;
}

/* How many repeats nobody told yet. */
static uint64_t n_pending;
static uint64_t pending_in(int folds_fd)
{
	struct rf_folds *folds = mmap(NULL, sizeof(*folds), PROT_READ, MAP_SHARED, folds_fd, 0);
	uint64_t n = 0;

	assert_true(folds != MAP_FAILED);
	for (size_t i = 0; i < RF_FOLDS; i++)
		n += folds->at[i].pending;
	munmap(folds, sizeof(*folds));
	return n;
}

/* Fences the cgroup with the image as it is, runs body in it, collects the records. */
static struct rf_sandbox counters;
static int fenced(uint32_t parts, uint32_t flags, int (*body)(void))
{
	struct rf_cg_bind bind = {.flags = flags};
	struct rf_err err = RF_ERR_INIT;
	struct ring_buffer *reader;
	struct rf_cg_slot slot;
	int r;

	n_seen = 0;
	bind.sandbox = SANDBOX + ++sandbox_id;
	r = rf_cg_claim(cg, bind.sandbox, cgroup_id, pages, PAGES, 65536, &slot, &err);
	bind.slot = slot.slot;
	if (r == 0)
		r = rf_cg_attach(cg, cgroup_fd, cgroup_id, parts, &bind, &err);
	if (r < 0)
		fail_msg("%s", rf_err_text(&err));
	r = inside(body);
	reader = ring_buffer__new(slot.ring_fd, take_record, NULL, NULL);
	assert_non_null(reader);
	assert_true(ring_buffer__consume(reader) >= 0);
	ring_buffer__free(reader);
	counters = *slot.counters;
	n_pending = pending_in(slot.folds_fd);
	rf_cg_detach(cg, cgroup_fd, parts);
	rf_cg_release(cg, bind.sandbox);
	close(slot.ring_fd);
	close(slot.folds_fd);
	return r;
}

/* ---- what is tried inside ---- */

static int try_connect(int family, int type, int protocol, const char *address, uint16_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	int fd = socket(family, type | SOCK_CLOEXEC, protocol), r;

	if (fd < 0)
		return -1000 - errno;
	if (family == AF_INET) {
		inet_pton(AF_INET, address, &in.sin_addr);
		r = connect(fd, (struct sockaddr *)&in, sizeof(in));
	} else {
		inet_pton(AF_INET6, address, &in6.sin6_addr);
		r = connect(fd, (struct sockaddr *)&in6, sizeof(in6));
	}
	r = r < 0 ? -errno : 0;
	close(fd);
	return r;
}

static int spellings_of_loopback(void)
{
	if (try_connect(AF_INET, SOCK_STREAM, 0, "127.0.0.1", 9) != -EACCES)
		return 1;
	if (try_connect(AF_INET, SOCK_STREAM, 0, "0.0.0.0", 9) != -EACCES)
		return 2;
	if (try_connect(AF_INET6, SOCK_STREAM, 0, "::ffff:127.0.0.1", 9) != -EACCES)
		return 3;
	if (try_connect(AF_INET6, SOCK_STREAM, 0, "::", 9) != -EACCES)
		return 4;
	if (try_connect(AF_INET, SOCK_DGRAM, 0, "127.0.0.1", 9) != -EACCES)
		return 5;
	if (try_connect(AF_INET, SOCK_STREAM, 0, "127.0.0.1", 7) != -ECONNREFUSED)
		return 6;
	return 0;
}

static void denied_address_by_every_spelling(void **state RF_UNUSED)
{
	static const unsigned char v4[16] = {[10] = 255, [11] = 255, [12] = 127, [15] = 1};
	static const unsigned char v6[16] = {[15] = 1};

	image_init();
	add_net(3, RF_A_CONNECT | RF_A_SEND, 7, 7, 0);
	assert_int_equal(fenced(RF_CG_NETWORK, 0, spellings_of_loopback), 0);
	assert_int_equal(n_seen, 5);
	for (size_t i = 0; i < n_seen; i++) {
		assert_int_equal(seen[i].seq, i + 1);
		assert_int_equal(seen[i].sandbox, SANDBOX + sandbox_id);
		assert_int_equal(seen[i].verdict, RF_V_DENIED);
		assert_int_equal(seen[i].layer, RF_SEC_NETWORK);
		assert_int_equal(seen[i].hook, RF_H_CGROUP_CONNECT);
		assert_int_equal(seen[i].rule, RF_RULE_NONE);
		assert_int_equal(seen[i].errno_value, EACCES);
		assert_int_equal(seen[i].o.inet.port, 9);
		assert_memory_equal(seen[i].o.inet.addr, i == 3 ? v6 : v4, 16);
		assert_int_equal(seen[i].ppid, getpid());
		assert_true(seen[i].start > 0);
	}
	assert_int_equal(seen[4].o.inet.protocol, IPPROTO_UDP);
	assert_int_equal(counters.denied, 5);
	assert_int_equal(counters.seq, 5);
	assert_int_equal(counters.submitted, 5);
	assert_int_equal(counters.lost, 0);
}

/* Of a socket that has an address of its own: by connect, and by a datagram's address. */
static int try_zero(int family, const char *own, const char *peer, bool sends)
{
	struct sockaddr_in in[2] = {{.sin_family = AF_INET},
				    {.sin_family = AF_INET, .sin_port = htons(9)}};
	struct sockaddr_in6 in6[2] = {{.sin6_family = AF_INET6},
				      {.sin6_family = AF_INET6, .sin6_port = htons(9)}};
	int fd = socket(family, (sends ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0), r;
	const struct sockaddr *from = (const void *)in, *to = (const void *)&in[1];
	socklen_t len = sizeof(in[0]);

	inet_pton(AF_INET, own, &in[0].sin_addr);
	inet_pton(AF_INET, peer, &in[1].sin_addr);
	inet_pton(AF_INET6, own, &in6[0].sin6_addr);
	inet_pton(AF_INET6, peer, &in6[1].sin6_addr);
	if (family == AF_INET6) {
		from = (const void *)in6;
		to = (const void *)&in6[1];
		len = sizeof(in6[0]);
	}
	if (fd < 0 || bind(fd, from, len) < 0)
		return -1;
	r = sends ? (int)sendto(fd, "x", 1, 0, to, len) : connect(fd, to, len);
	r = r >= 0 || errno != EACCES;
	close(fd);
	return r;
}

static int zeros(void)
{
	for (int sends = 0; sends < 2; sends++)
		if (try_zero(AF_INET, "127.0.0.5", "0.0.0.0", sends) ||
		    try_zero(AF_INET6, "::ffff:127.0.0.5", "::ffff:0.0.0.0", sends) ||
		    try_zero(AF_INET6, "::ffff:127.0.0.5", "::", sends) ||
		    try_zero(AF_INET6, "::1", "::", sends))
			return 1 + sends;
	return 0;
}

static void the_unspecified_address_is_what_the_socket_reaches(void **state RF_UNUSED)
{
	static const unsigned char reached[4][16] = {
		{[10] = 255, [11] = 255, [12] = 127, [15] = 5},
		{[10] = 255, [11] = 255, [12] = 127, [15] = 5},
		{[10] = 255, [11] = 255, [12] = 127, [15] = 1},
		{[15] = 1},
	};

	image_init();
	add_net(3, RF_A_BIND, 0, 65535, 0);
	assert_int_equal(fenced(RF_CG_NETWORK, 0, zeros), 0);
	assert_int_equal(n_seen, 8);
	for (size_t i = 0; i < n_seen; i++) {
		assert_int_equal(seen[i].verdict, RF_V_DENIED);
		assert_memory_equal(seen[i].o.inet.addr, reached[i % 4], 16);
	}
}

static int zero_of_many(void)
{
	(void)try_zero(AF_INET, "239.1.1.1", "0.0.0.0", false);
	(void)try_zero(AF_INET, "239.1.1.1", "0.0.0.0", true);
	return 0;
}

/* Who is bound to an address of many has no address to the kernel: loopback is asked about, too. */
static void the_unspecified_address_of_a_group_is_loopback(void **state RF_UNUSED)
{
	static const unsigned char asked[3][16] = {
		{[10] = 255, [11] = 255, [12] = 239, [13] = 1, [14] = 1, [15] = 1},
		{[10] = 255, [11] = 255, [12] = 127, [15] = 1},
		{[10] = 255, [11] = 255, [12] = 127, [15] = 1},
	};

	image_init();
	add_net(3, RF_A_BIND, 0, 65535, 0);
	add_net(4, RF_A_CONNECT | RF_A_SEND, 0, 65535, RF_NE_AUDIT);
	assert_int_equal(fenced(RF_CG_NETWORK, 0, zero_of_many), 0);
	assert_int_equal(n_seen, 3);
	for (size_t i = 0; i < n_seen; i++) {
		assert_int_equal(seen[i].verdict, RF_V_ALLOWED);
		assert_memory_equal(seen[i].o.inet.addr, asked[i], 16);
	}
}

static int datagrams(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	char byte = 0;
	struct iovec part = {.iov_base = &byte, .iov_len = 1};
	struct mmsghdr many = {.msg_hdr = {.msg_name = &to,
					   .msg_namelen = sizeof(to),
					   .msg_iov = &part,
					   .msg_iovlen = 1}};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int six = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
	if (sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)) >= 0 || errno != EACCES)
		return 1;
	if (sendmmsg(fd, &many, 1, 0) >= 0 || errno != EACCES)
		return 2;
	if (sendto(six, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)) >= 0 || errno != EACCES)
		return 3;
	if (sendto(tcp, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&to, sizeof(to)) >= 0 ||
	    errno != EACCES)
		return 4;
	to.sin_port = htons(7);
	return sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)) == 1 ? 0 : 5;
}

static void datagrams_and_fast_open_are_judged(void **state RF_UNUSED)
{
	image_init();
	add_net(3, RF_A_CONNECT | RF_A_SEND, 7, 7, 0);
	assert_int_equal(fenced(RF_CG_NETWORK, 0, datagrams), 0);
	assert_int_equal(n_seen, 4);
	assert_int_equal(seen[0].hook, RF_H_CGROUP_SENDMSG);
	assert_int_equal(seen[0].missing, RF_A_SEND);
	assert_int_equal(seen[3].hook, RF_H_CGROUP_CONNECT);
}

static int bind_port(uint16_t port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), r;

	inet_pton(AF_INET, "127.0.0.1", &at.sin_addr);
	r = bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ? -errno : 0;
	close(fd);
	return r;
}

static int binds(void)
{
	if (bind_port(4000) != -EACCES)
		return 1;
	if (bind_port(4001) != 0)
		return 2;
	return bind_port(0) == -EACCES ? 0 : 3;
}

static int binds_any(void)
{
	return bind_port(0) == 0 ? 0 : 1;
}

static void ports_are_judged_and_port_0_when_it_is_known(void **state RF_UNUSED)
{
	image_init();
	add_net(2, RF_A_BIND, 4001, 4001, 0);
	assert_int_equal(fenced(RF_CG_NETWORK, 0, binds), 0);
	assert_int_equal(n_seen, 2);
	assert_int_equal(seen[1].hook, RF_H_CGROUP_POST_BIND);
	assert_true(seen[1].o.inet.port >= 1024);
	image_init();
	add_net(2, RF_A_BIND, 1024, 65535, 0);
	assert_int_equal(fenced(RF_CG_NETWORK, 0, binds_any), 0);
}

static int odd_sockets(void)
{
	if (socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) >= 0 || errno != EACCES)
		return 1;
	if (socket(AF_INET6, SOCK_RAW, 17) >= 0 || errno != EACCES)
		return 2;
	if (socket(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE) >= 0 || errno != EACCES)
		return 5;
	if (socket(AF_INET, SOCK_DGRAM, 0) < 0 || socket(AF_INET6, SOCK_STREAM, 0) < 0)
		return 3;
	if (socket(AF_UNIX, SOCK_STREAM, 0) < 0)
		return 4;
	return 0;
}

static void sockets_past_our_hooks_are_refused(void **state RF_UNUSED)
{
	image_init();
	assert_int_equal(fenced(RF_CG_NETWORK, RF_CGB_PLAIN_SOCKETS, odd_sockets), 0);
	assert_int_equal(n_seen, 3);
	assert_int_equal(seen[0].hook, RF_H_CGROUP_SOCK_CREATE);
}

static int mptcp(void)
{
	int r = try_connect(AF_INET, SOCK_STREAM, 262, "127.0.0.1", 9);

	return r == -EACCES || r <= -1000 ? 0 : 1;
}

static void multipath_is_tcp(void **state RF_UNUSED)
{
	image_init();
	add_net(3, RF_A_CONNECT | RF_A_SEND, 7, 7, 0);
	assert_int_equal(fenced(RF_CG_NETWORK, RF_CGB_PLAIN_SOCKETS, mptcp), 0);
}

static int connects_9(void)
{
	return -try_connect(AF_INET, SOCK_STREAM, 0, "127.0.0.1", 9);
}

static void deny_beats_allow_with_its_errno_and_audit_passes(void **state RF_UNUSED)
{
	image_init();
	add_net(3, RF_A_CONNECT, 0, 65535, 0);
	add_net(5, RF_A_CONNECT, 9, 9, RF_NE_DENY);
	((struct rf_rule_info *)&pages[PAGE_HEAD].cell[head->rules_off])[5].errno_value = ENOENT;
	assert_int_equal(fenced(RF_CG_NETWORK, 0, connects_9), ENOENT);
	assert_int_equal(seen[0].rule, 5);
	assert_int_equal(seen[0].errno_value, ENOENT);
	head->audit_mode = 1;
	assert_int_equal(fenced(RF_CG_NETWORK, 0, connects_9), ECONNREFUSED);
	assert_int_equal(n_seen, 1);
	assert_int_equal(seen[0].verdict, RF_V_WOULD_DENY);
	assert_int_equal(seen[0].rule, 5);
}

static int devices(void)
{
	char path[64];
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return 1;
	close(fd);
	if (open("/dev/zero", O_RDONLY) >= 0 || errno != EPERM)
		return 2;
	if (open("/dev/random", O_RDONLY) < 0)
		return 3;
	if (open("/dev/random", O_WRONLY) >= 0)
		return 4;
	(void)snprintf(path, sizeof(path), "/var/tmp/rf-node-%d", getpid());
	if (mknod(path, S_IFCHR | 0600, makedev(1, 3)) == 0) {
		unlink(path);
		return 5;
	}
	return errno == EPERM ? 0 : 6;
}

static void add_dev(uint16_t rule, uint32_t minor, uint32_t rights, uint8_t flags)
{
	struct rf_dev_entry *entry =
		(struct rf_dev_entry *)&pages[PAGE_DEVICES].cell[head->n_dev++ * 8];

	*entry = (struct rf_dev_entry){.major = 1,
				       .minor = minor,
				       .major_mask = UINT32_MAX,
				       .minor_mask = UINT32_MAX,
				       .rule = rule,
				       .type = 2,
				       .rights = (uint8_t)rights,
				       .flags = flags};
}

static void devices_by_number_and_right(void **state RF_UNUSED)
{
	image_init();
	add_dev(1, 3, RF_A_DEV_READ | RF_A_DEV_WRITE, 0);
	add_dev(2, 5, RF_A_DEV_READ, RF_NE_DENY);
	add_dev(3, 5, RF_A_DEV_READ, 0);
	add_dev(4, 8, RF_A_DEV_READ, 0);
	assert_int_equal(fenced(RF_CG_DEVICES, 0, devices), 0);
	assert_int_equal(n_seen, 3);
	assert_int_equal(seen[0].rule, 2);
	assert_int_equal(seen[0].layer, RF_SEC_DEVICES);
	assert_int_equal(seen[0].o.device.type, 2);
	assert_int_equal(seen[0].o.device.major, 1);
	assert_int_equal(seen[0].o.device.minor, 5);
	assert_int_equal(seen[0].errno_value, EPERM);
	assert_int_equal(seen[1].missing, RF_A_DEV_WRITE);
	assert_int_equal(seen[2].operation, RF_OP_MKNOD);
	assert_int_equal(seen[2].missing, RF_A_DEV_MKNOD);
}

static int zero(void)
{
	return open("/dev/zero", O_RDONLY) >= 0 ? 0 : errno;
}

static void both_sessions_widen_the_second_layer(void **state RF_UNUSED)
{
	image_init();
	add_dev(1, 5, RF_A_DEV_READ, RF_NE_EXEC);
	assert_int_equal(fenced(RF_CG_DEVICES, 0, zero), EPERM);
	assert_int_equal(fenced(RF_CG_DEVICES, RF_CGB_BOTH_SESSIONS, zero), 0);
	assert_int_equal(n_seen, 0);
}

static int nothing_goes(void)
{
	if (open("/dev/zero", O_RDONLY) >= 0)
		return 1;
	return try_connect(AF_INET, SOCK_STREAM, 0, "127.0.0.1", 7) == -EPERM ||
			       try_connect(AF_INET, SOCK_STREAM, 0, "127.0.0.1", 7) == -1000 - EPERM
		       ? 0
		       : 2;
}

static void an_unfilled_cgroup_refuses_everything(void **state RF_UNUSED)
{
	struct rf_cg_bind empty = {.sandbox = 0};
	uint32_t parts = RF_CG_DEVICES | RF_CG_NETWORK;
	struct rf_err err = RF_ERR_INIT;

	assert_int_equal(rf_cg_attach(cg, cgroup_fd, cgroup_id, parts, &empty, &err), 0);
	assert_int_equal(inside(nothing_goes), 0);
	rf_cg_detach(cg, cgroup_fd, parts);
	empty.sandbox = SANDBOX; /* of a sandbox that is not there any more */
	assert_int_equal(rf_cg_attach(cg, cgroup_fd, cgroup_id, parts, &empty, &err), 0);
	assert_int_equal(inside(nothing_goes), 0);
	rf_cg_detach(cg, cgroup_fd, parts);
	assert_int_equal(inside(zero), 0);
}

static int nested(void)
{
	char path[300];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/below", cgroup_dir);
	if (mkdir(path, 0755) < 0)
		return 90;
	(void)snprintf(path, sizeof(path), "%s/below/cgroup.procs", cgroup_dir);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, "0", 1) != 1)
		return 91;
	return zero();
}

static void cgroups_below_are_fenced_alike(void **state RF_UNUSED)
{
	char path[300];

	image_init();
	assert_int_equal(fenced(RF_CG_DEVICES, 0, nested), EPERM);
	(void)snprintf(path, sizeof(path), "%s/below", cgroup_dir);
	assert_int_equal(rmdir(path), 0);
}

/* More than the largest ring holds that the slot may have kept. */
#define FLOOD 10000

static int flood(void)
{
	for (int i = 0; i < FLOOD; i++)
		if (try_connect(AF_INET, SOCK_STREAM, 0, "127.0.0.1", 9) != -EACCES)
			return 1;
	return 0;
}

static void a_full_ring_still_denies_and_counts(void **state RF_UNUSED)
{
	struct rf_cg_bind bind = {.sandbox = SANDBOX};
	struct rf_err err = RF_ERR_INIT;
	const struct rf_sandbox *live;
	struct rf_cg_slot slot;

	image_init();
	assert_int_equal(rf_cg_claim(cg, SANDBOX, cgroup_id, pages, PAGES, 4096, &slot, &err), 0);
	bind.slot = slot.slot;
	live = slot.counters;
	assert_int_equal(rf_cg_attach(cg, cgroup_fd, cgroup_id, RF_CG_NETWORK, &bind, &err), 0);
	assert_int_equal(inside(flood), 0);
	assert_int_equal(live->denied, FLOOD);
	assert_int_equal(live->seq, FLOOD);
	assert_int_equal(live->lost + live->submitted, FLOOD);
	assert_true(live->lost > 0 && live->submitted > 0);
	rf_cg_detach(cg, cgroup_fd, RF_CG_NETWORK);
	rf_cg_release(cg, SANDBOX);
	close(slot.ring_fd);
	close(slot.folds_fd);
}

static int connect_twenty(void)
{
	for (int i = 0; i < 20; i++)
		if (try_connect(AF_INET, SOCK_STREAM, 0, "127.0.0.1", 9) != -EACCES)
			return 1;
	return 0;
}

static int flood_of_two(void)
{
	for (int i = 0; i < FLOOD; i++)
		if (try_connect(AF_INET, SOCK_STREAM, 0, "127.0.0.1", (uint16_t)(9 + i % 2)) !=
		    -EACCES)
			return 1;
	return 0;
}

/* The first of each kind is told, its repeats are counted, and no number is taken for them. */
static void repeats_are_counted_and_not_told(void **state RF_UNUSED)
{
	image_init();
	head->dedupe_ns = UINT64_C(3600) * 1000000000;
	assert_int_equal(fenced(RF_CG_NETWORK, 0, flood_of_two), 0);
	assert_int_equal(n_seen, 2);
	assert_int_equal(seen[0].o.inet.port + seen[1].o.inet.port, 9 + 10);
	for (size_t i = 0; i < 2; i++) {
		assert_true(seen[i].fold > 0);
		assert_int_equal(seen[i].count, 1);
		assert_int_equal(seen[i].seq, i + 1);
	}
	assert_int_equal(counters.denied, FLOOD);
	assert_int_equal(counters.submitted, 2);
	assert_int_equal(counters.lost, 0);
	assert_int_equal(counters.folded, FLOOD - 2);
	assert_int_equal(n_pending, FLOOD - 2);
	assert_int_equal(counters.fold_dirty, 1);
}

/* A repeat after the period is told with all that were counted before it. */
static void repeats_are_told_after_their_period(void **state RF_UNUSED)
{
	uint64_t told = 0;

	image_init();
	head->dedupe_ns = 1;
	assert_int_equal(fenced(RF_CG_NETWORK, 0, connect_twenty), 0);
	assert_true(n_seen >= 2 && n_seen <= 20);
	for (size_t i = 0; i < n_seen; i++)
		told += seen[i].count;
	assert_int_equal(told + n_pending, 20);
	assert_int_equal(counters.denied, 20);
	assert_int_equal(counters.submitted + counters.folded, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(denied_address_by_every_spelling),
		cmocka_unit_test(the_unspecified_address_is_what_the_socket_reaches),
		cmocka_unit_test(the_unspecified_address_of_a_group_is_loopback),
		cmocka_unit_test(datagrams_and_fast_open_are_judged),
		cmocka_unit_test(ports_are_judged_and_port_0_when_it_is_known),
		cmocka_unit_test(sockets_past_our_hooks_are_refused),
		cmocka_unit_test(multipath_is_tcp),
		cmocka_unit_test(deny_beats_allow_with_its_errno_and_audit_passes),
		cmocka_unit_test(devices_by_number_and_right),
		cmocka_unit_test(both_sessions_widen_the_second_layer),
		cmocka_unit_test(an_unfilled_cgroup_refuses_everything),
		cmocka_unit_test(cgroups_below_are_fenced_alike),
		cmocka_unit_test(a_full_ring_still_denies_and_counts),
		cmocka_unit_test(repeats_are_counted_and_not_told),
		cmocka_unit_test(repeats_are_told_after_their_period),
	};
	struct rf_err err = RF_ERR_INIT;
	int r;

	if (geteuid() != 0 || rf_cg_open(&cg, false, &err) < 0 || make_cgroup() < 0) {
		fprintf(stderr, "skipped: %s\n", rf_err_text(&err));
		return 77;
	}
	r = cmocka_run_group_tests(tests, NULL, NULL);
	close(cgroup_fd);
	rmdir(cgroup_dir);
	rf_cg_free(cg);
	return r ? 1 : 0;
}
