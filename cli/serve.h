/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of `ringfence serve`: a process that only listens, one process for each caller, and
 * `ringfence audit` for the sinks.
 */
#ifndef RF_CLI_SERVE_H
#define RF_CLI_SERVE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sandbox/base/err.h"

struct rf_serve {
	uint32_t per_user, total; /* sandboxes, and callers at once */
	const char *group;	  /* who may connect; NULL: everybody */
	char *const *audit;	  /* arguments of the audit that feeds the sinks; NULL: none */
	bool prints;		  /* there is a sink, which may be standard output */
	uint8_t secret[32];	  /* names of images are made with it; new at each start */
};

/* ---- serve_listen.c ---- */

/* Opens, or takes from systemd, the socket, and serves until SIGTERM or SIGINT. */
int rf_serve_listen(struct rf_serve *serve, struct rf_err *err) RF_MUST_CHECK;

/* ---- serve_client.c ---- */

/* The whole conversation with one caller, in a process of its own. */
_Noreturn void rf_serve_client(const struct rf_serve *serve, int conn);

/* ---- serve_audit.c ---- */

/* Starts `ringfence audit --follow` with the arguments; its number, or negative. prints: keep
 * stdout. */
pid_t rf_serve_audit(char *const *arguments, bool prints, struct rf_err *err);

#endif
