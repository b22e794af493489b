/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit netlink group as a source of records. See netlink.h.
 *
 * A Landlock denial names a domain and no process; the first denial of a domain is preceded by a
 * record that tells who made it, so domains of ours are remembered.
 */
#include "sandbox/audit/netlink.h"

#include <linux/audit.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/socket.h>

#include "lsm/names.h"
#include "sandbox/audit/event.h"
#include "sandbox/base/vec.h"

/* Room for a burst; the kernel caps it at net.core.rmem_max without privilege. */
#define RECEIVE_BYTES (8 * 1024 * 1024)
#define MESSAGE_MAX   (8970 + NLMSG_HDRLEN) /* the kernel's MAX_AUDIT_MESSAGE_LENGTH */
/* Read at most so much per call, so that one storm does not hold up the supervisor. */
#define MESSAGES_MAX 1024
#define DOMAINS_MAX  256

struct domain {
	uint64_t id;
	struct rf_audit_line maker;
};

RF_VEC_DEFINE(domains, struct domain);

struct rf_feed {
	int fd;
	struct rf_feed_sink sink;
	struct domains domains;
	struct rf_audit_line line;
	struct rf_feed_buffer record;
	char message[MESSAGE_MAX + 1];
};

struct rf_feed *rf_feed_close(struct rf_feed *feed)
{
	if (feed) {
		if (feed->fd >= 0)
			(void)close(feed->fd);
		domains_done(&feed->domains);
	}
	free(feed);
	return NULL;
}

int rf_feed_open(struct rf_feed **ret, const struct rf_feed_sink *sink, struct rf_err *err)
{
	RF_CLEANUP(rf_feed_closep) struct rf_feed *feed = calloc(1, sizeof(*feed));
	struct sockaddr_nl any = {.nl_family = AF_NETLINK};
	int group = AUDIT_NLGRP_READLOG, bytes = RECEIVE_BYTES;

	if (!feed)
		return rf_err_set(err, -ENOMEM, "audit netlink: no memory");
	feed->sink = *sink;
	feed->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_AUDIT);
	if (feed->fd < 0)
		return rf_err_sys(err, errno == EPERM ? -EPERM : -EOPNOTSUPP,
				  "this kernel has no audit netlink");
	if (setsockopt(feed->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
		(void)setsockopt(feed->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	/* Without a port of its own a socket is left out of every multicast. */
	if (bind(feed->fd, (const struct sockaddr *)&any, sizeof(any)) < 0)
		return rf_err_sys(err, -errno, "audit netlink: bind");
	if (setsockopt(feed->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return rf_err_sys(err, -errno,
				  "audit records cannot be read (CAP_AUDIT_READ outside any user "
				  "namespace is needed)");
	*ret = RF_TAKE_PTR(feed);
	return 0;
}

int rf_feed_fd(const struct rf_feed *feed)
{
	return feed->fd;
}

/* ---- lines to records ---- */

static uint8_t verdict_of(uint32_t code)
{
	switch (code & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_LOG:
		return RF_V_WOULD_DENY;
	case SECCOMP_RET_KILL_PROCESS:
	case SECCOMP_RET_KILL_THREAD:
		return RF_V_KILLED;
	default:
		return RF_V_DENIED;
	}
}

static void convert_seccomp(struct rf_record *record, const struct rf_audit_line *line)
{
	record->layer = RF_SEC_SECCOMP;
	record->hook = RF_H_SECCOMP;
	record->operation = RF_OP_SYSCALL;
	record->obj = RF_OBJ_SYSCALL;
	record->verdict = verdict_of(line->code);
	record->o.syscall = line->call;
	record->access = RF_SYSCALL_NO_ARGS;
}

static uint8_t file_operation(uint32_t rights)
{
	if (rights & RF_A_EXEC)
		return RF_OP_EXEC;
	if (rights & RF_A_REMOVE)
		return RF_OP_UNLINK;
	return rights & RF_A_CREATE ? RF_OP_CREATE : RF_OP_OPEN;
}

static int convert_landlock(struct rf_feed_buffer *buffer, const struct rf_audit_line *line)
{
	struct rf_record *record = &buffer->head;

	record->hook = RF_H_LANDLOCK;
	record->verdict = RF_V_DENIED;
	record->errno_value = EACCES;
	if (line->net_rights) {
		record->layer = RF_SEC_NETWORK;
		record->obj = RF_OBJ_INET;
		record->operation = line->net_rights & RF_A_BIND ? RF_OP_BIND : RF_OP_CONNECT;
		record->access = record->missing = line->net_rights;
		record->o.inet.family = AF_INET;
		record->o.inet.protocol = 6;
		record->o.inet.port = line->port;
		return 0;
	}
	if (line->scope_signal || line->scope_unix || line->ptrace) {
		record->layer = RF_SEC_KERNEL;
		record->rule = RF_RULE_KERNEL;
		record->obj = RF_OBJ_KERNEL;
		record->errno_value = EPERM;
		record->key = line->scope_signal ? RF_K_SIGNALS
			      : line->ptrace	 ? RF_K_PTRACE
						 : RF_K_IPC;
		record->operation = line->scope_signal ? RF_OP_SIGNAL
				    : line->ptrace     ? RF_OP_PTRACE
						       : RF_OP_IPC;
		return 0;
	}
	record->layer = RF_SEC_FILES;
	record->obj = RF_OBJ_FILE;
	record->operation = file_operation(line->rights);
	record->access = record->missing = line->rights;
	record->o.file.ino = line->ino;
	record->o.file.path_len = (uint32_t)line->path_len;
	memcpy(buffer->text, line->path, line->path_len);
	record->size = (uint16_t)(record->size + ((line->path_len + 7) & ~(size_t)7));
	return 0;
}

int rf_feed_convert(struct rf_feed_buffer *ret, const struct rf_audit_line *line)
{
	struct rf_record *record = &ret->head;

	memset(ret, 0, sizeof(*ret));
	record->size = sizeof(*record);
	record->version = RF_ABI_VERSION;
	record->type = RF_REC_ACCESS;
	record->time = (uint64_t)(line->time - rf_event_clock_offset());
	record->rule = RF_RULE_NONE;
	record->pid = record->tid = line->pid;
	record->uid = line->uid;
	record->gid = line->gid;
	record->count = 1;
	memcpy(record->comm, line->comm, sizeof(line->comm));
	if (line->type == RF_AUDIT_SECCOMP) {
		convert_seccomp(record, line);
		return 0;
	}
	return line->type == RF_AUDIT_LANDLOCK_ACCESS ? convert_landlock(ret, line) : -ENOMSG;
}

/* ---- messages to lines ---- */

static struct domain *find_domain(struct rf_feed *feed, uint64_t id)
{
	for (size_t i = 0; i < feed->domains.len; i++)
		if (feed->domains.data[i].id == id)
			return &feed->domains.data[i];
	return NULL;
}

static void forget_domain(struct rf_feed *feed, struct domain *domain)
{
	*domain = feed->domains.data[--feed->domains.len];
}

static int note_domain(struct rf_feed *feed)
{
	struct domain *known = find_domain(feed, feed->line.domain);

	if (known)
		forget_domain(feed, known);
	if (!feed->line.allocated || !feed->sink.ours(feed->sink.data, feed->line.pid))
		return 0;
	if (feed->domains.len == DOMAINS_MAX) /* the kernel tells each once: drop the oldest */
		forget_domain(feed, &feed->domains.data[0]);
	return domains_push(&feed->domains, (struct domain){feed->line.domain, feed->line});
}

/* Whether the line is about a process of ours; a Landlock denial gets its domain's maker. */
static bool is_ours(struct rf_feed *feed)
{
	const struct domain *domain;

	if (feed->line.type == RF_AUDIT_SECCOMP)
		return feed->sink.ours(feed->sink.data, feed->line.pid);
	domain = find_domain(feed, feed->line.domain);
	if (!domain)
		return false;
	feed->line.pid = domain->maker.pid;
	feed->line.uid = domain->maker.uid;
	memcpy(feed->line.comm, domain->maker.comm, sizeof(feed->line.comm));
	return true;
}

static int take_line(struct rf_feed *feed, uint32_t type, const char *text, size_t len,
		     struct rf_err *err)
{
	int r = rf_audit_line_parse(&feed->line, type, text, len);

	if (r < 0)
		return 0; /* other programs' records, or words of a newer kernel */
	if (type == RF_AUDIT_LANDLOCK_DOMAIN) {
		r = note_domain(feed);
		return r < 0 ? rf_err_set(err, r, "audit netlink: no memory") : 0;
	}
	if (!is_ours(feed) || rf_feed_convert(&feed->record, &feed->line) < 0)
		return 0;
	return feed->sink.record(feed->sink.data, &feed->record.head, err);
}

static int take_message(struct rf_feed *feed, size_t len, struct rf_err *err)
{
	struct nlmsghdr head;

	if (len < sizeof(head))
		return 0;
	memcpy(&head, feed->message, sizeof(head));
	/* The kernel's own length leaves the head out in some versions: the datagram's counts. */
	return take_line(feed, head.nlmsg_type, feed->message + NLMSG_HDRLEN, len - NLMSG_HDRLEN,
			 err);
}

int rf_feed_read(struct rf_feed *feed, struct rf_err *err)
{
	for (size_t i = 0; i < MESSAGES_MAX; i++) {
		struct sockaddr_nl from = {0};
		socklen_t from_len = sizeof(from);
		ssize_t len = recvfrom(feed->fd, feed->message, MESSAGE_MAX, 0,
				       (struct sockaddr *)&from, &from_len);
		int r;

		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (len < 0 && errno == ENOBUFS)
			r = feed->sink.lost(feed->sink.data, 1, err);
		else if (len < 0)
			return rf_err_sys(err, -errno, "reading audit records");
		else if (from.nl_pid != 0) /* not the kernel's word */
			r = 0;
		else
			r = take_message(feed, (size_t)len, err);
		if (r < 0)
			return r;
	}
	return 0;
}
