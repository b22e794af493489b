/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a socket is connected to or listens on, as a question to a policy: from the tables below
 * /proc/PID/net.
 */
#ifndef RF_LAUNCH_HOLDERS_SOCKETS_H
#define RF_LAUNCH_HOLDERS_SOCKETS_H

#include <sys/types.h>

#include "sandbox/launch/why.h"

/*
 * Calls ask once for each thing that the socket with this inode number, descriptor fd of the
 * process, does. *tables: NULL before the first call for a process; the caller frees it.
 */
int rf_sockets_ask(char **tables, pid_t pid, uint64_t inode, int fd,
		   int (*ask)(void *data, struct rf_question *question, int fd), void *data);

#endif
