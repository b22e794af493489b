/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process must be to be fenced for somebody else; see service_peer.h. Pure.
 *
 * Each line of the table closes a way to use the service against a process that is not the
 * caller's to restrict: refusing single calls of a program with more rights than its caller has
 * made such programs do worse things before. A set-uid program has executed; one that was and gave
 * its rights back has files of root in /proc; and no_new_privs keeps what is fenced from gaining
 * any later.
 */
#include <string.h>

#include "sandbox/base/str.h"
#include "sandbox/launch/service_peer.h"

/* include/linux/sched.h; part of /proc/PID/stat since ever. */
#define PF_FORKNOEXEC 0x40u

/* The number at *at, moved behind it and the blanks around it. */
static int take_number(const char **at, uint64_t *ret)
{
	char digits[24];
	size_t len;

	*at += strspn(*at, " \t");
	len = strspn(*at, "0123456789");
	if (!len || len >= sizeof(digits))
		return -EPROTO;
	memcpy(digits, *at, len);
	digits[len] = '\0';
	*at += len;
	return rf_parse_u64(digits, UINT64_MAX, ret) < 0 ? -EPROTO : 0;
}

/* Behind "\nNAME:"; comm, in the first line, has its line feeds escaped. */
static const char *find_line(const char *status, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = strchr(status, '\n'); at; at = strchr(at + 1, '\n'))
		if (strncmp(at + 1, name, len) == 0 && at[1 + len] == ':')
			return at + 1 + len + 1;
	return NULL;
}

/* "CapPrm:" and sixteen hexadecimal digits. */
static int take_capabilities(const char *status, uint64_t *ret)
{
	const char *at = find_line(status, "CapPrm");
	char digits[2 + 16 + 1] = "0x";

	if (!at)
		return -EPROTO;
	at += strspn(at, " \t");
	if (strspn(at, "0123456789abcdef") != 16)
		return -EPROTO;
	memcpy(digits + 2, at, 16);
	return rf_parse_u64_any(digits, UINT64_MAX, ret) < 0 ? -EPROTO : 0;
}

static int take_line(const char *status, const char *name, uint64_t *ret, size_t n)
{
	const char *at = find_line(status, name);
	int r = at ? 0 : -EPROTO;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = take_number(&at, &ret[i]);
	return r;
}

/* Field 9 of stat; comm, field 2, is in parentheses and may hold anything. */
static int take_flags(const char *stat, uint64_t *ret)
{
	const char *at = strrchr(stat, ')');

	for (int field = 2; at && field < 9; field++)
		at = strchr(at + 1, ' ');
	return at ? take_number(&at, ret) : -EPROTO;
}

int rf_process_parse(struct rf_process *ret, const char *status, const char *stat)
{
	uint64_t pid, tgid, parent, threads, no_new_privs, uids[4], flags, caps;

	if (take_line(status, "Pid", &pid, 1) < 0 || take_line(status, "Tgid", &tgid, 1) < 0 ||
	    take_line(status, "PPid", &parent, 1) < 0 || take_line(status, "Uid", uids, 4) < 0 ||
	    take_line(status, "Threads", &threads, 1) < 0 ||
	    take_line(status, "NoNewPrivs", &no_new_privs, 1) < 0 ||
	    take_capabilities(status, &caps) < 0 || take_flags(stat, &flags) < 0)
		return -EPROTO;
	*ret = (struct rf_process){.pid = (pid_t)pid,
				   .tgid = (pid_t)tgid,
				   .parent = (pid_t)parent,
				   .threads = threads,
				   .capabilities = caps,
				   .no_new_privs = no_new_privs == 1,
				   .forked = flags & PF_FORKNOEXEC};
	for (int i = 0; i < 4; i++)
		ret->uids[i] = (uid_t)uids[i];
	return 0;
}

int rf_process_judge(const struct rf_process *p, const struct rf_peer *peer, struct rf_err *err)
{
	const char *why = NULL;

	if (p->pid <= 1 || p->tgid != p->pid)
		why = "it is a thread";
	for (int i = 0; i < 4 && !why; i++)
		if (p->uids[i] != peer->uid)
			why = "it is another user's";
	if (!why && p->parent != peer->pid)
		why = "it is no child of the process that asks";
	if (!why && p->threads != 1)
		why = "it has several threads";
	if (!why && !p->forked)
		why = "it runs a program already";
	if (!why && !p->no_new_privs)
		why = "it could gain privileges (no_new_privs is not set)";
	if (!why && !p->own)
		why = "it has held more rights than its user";
	return why ? rf_err_set(err, -EPERM, "process %d cannot be fenced for you: %s", p->pid, why)
		   : 0;
}
