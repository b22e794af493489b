/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The user's side of the service's socket, and whether a launch goes through it.
 */
#ifndef RF_LAUNCH_SERVICE_CLIENT_H
#define RF_LAUNCH_SERVICE_CLIENT_H

#include "sandbox/launch/select.h"
#include "sandbox/launch/service.h"

/*
 * Connects to the service, if it is root's, and reads its HELLO. -ENOENT: there is none. Any
 * refusal is an error with the service's own words. The caller closes *ret.
 */
int rf_service_connect(int *ret, struct rf_service_answer *hello, struct rf_err *err) RF_MUST_CHECK;

/* One message; pass: a descriptor that goes with it, -1: none. */
int rf_service_send(int fd, const void *message, size_t size, int pass, struct rf_err *err)
	RF_MUST_CHECK;

/* The body of a message that announced it, in pieces. */
int rf_service_send_body(int fd, const void *data, size_t size, struct rf_err *err) RF_MUST_CHECK;

/* Waits for ANSWER. A refusal is an error with the service's own words. */
int rf_service_wait(int fd, struct rf_service_answer *ret, struct rf_err *err) RF_MUST_CHECK;

/* JOIN or STOP, or LIST with id 0. */
int rf_service_send_which(int fd, enum rf_service_type type, uint64_t id, uint32_t flags,
			  struct rf_err *err) RF_MUST_CHECK;

/*
 * From now on rf_select may choose the service's back-end: for callers that take the events of a
 * sandbox from rf_launch.lines_fd. Others are left as they were.
 */
void rf_service_allow(void);

/* The number that the sandbox must have if the service was chosen; 0: it was not. */
uint64_t rf_service_chosen(const struct rf_selection *selection);

#endif
