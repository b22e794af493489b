/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One record of the kernel's audit subsystem, as text, read into what an event needs.
 *
 * Only the two kinds that our fences cause: AUDIT_SECCOMP, and Landlock's denials and domains. The
 * text is the kernel's, but names in it are the fenced command's: quoted, or in hexadecimal where
 * they hold anything that could be mistaken for more text.
 */
#ifndef RF_AUDIT_AUDIT_LINE_H
#define RF_AUDIT_AUDIT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lsm/abi.h"
#include "sandbox/base/cleanup.h"

/* Record types; the last two are newer than Debian 12's headers. */
#define RF_AUDIT_SECCOMP	 1326
#define RF_AUDIT_LANDLOCK_ACCESS 1423
#define RF_AUDIT_LANDLOCK_DOMAIN 1424

struct rf_audit_line {
	uint32_t type;
	int64_t time;	 /* ns of CLOCK_REALTIME */
	uint64_t serial; /* of the event the record is part of */
	uint32_t pid;	 /* initial pid namespace; 0: the record has none */
	uint32_t uid, gid;
	char comm[16];
	uint64_t domain;	    /* Landlock */
	bool allocated;		    /* DOMAIN: it begins (with pid), else it ends */
	struct rf_obj_syscall call; /* SECCOMP; the kernel does not tell the arguments */
	uint32_t code;		    /* SECCOMP: the action, without data */
	uint32_t rights;	    /* ACCESS: file rights refused, 0 if not about files */
	uint32_t net_rights;	    /* ACCESS: network rights refused */
	uint16_t port;		    /* ACCESS with net_rights */
	bool scope_signal, scope_unix, ptrace;
	uint64_t ino;
	size_t path_len;
	char path[4096]; /* ACCESS: bytes, not terminated; empty: none was told */
};

/* Reads a record's text. 0; -ENOMSG: of no interest; -EBADMSG: not what the kernel writes. */
RF_MUST_CHECK int rf_audit_line_parse(struct rf_audit_line *ret, uint32_t type, const char *text,
				      size_t len);

#endif
