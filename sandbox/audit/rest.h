/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resting between records that nobody hurries for (rf_sandbox.rest_until): the kernel side wakes
 * for the first of them and lets the next ones lie; a reader looks again when the rest is over.
 */
#ifndef RF_AUDIT_REST_H
#define RF_AUDIT_REST_H

#include <stdint.h>

/* A timer that wakes the epoll instance; negative errno. The caller closes it. */
int rf_rest_open(int epoll_fd);

/* After each look at the ring: sets the timer if a rest (its end, CLOCK_BOOTTIME) is on. */
void rf_rest_set(int fd, uint64_t until);

#endif
