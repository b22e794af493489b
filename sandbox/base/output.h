/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a user asked to have written to a name.
 */
#ifndef RF_BASE_OUTPUT_H
#define RF_BASE_OUTPUT_H

#include <stddef.h>
#include <sys/types.h>

#include "sandbox/base/err.h"

/*
 * Writes data to path. A regular file, or a name that is not there yet, gets it whole or not at all
 * and has exactly that mode then (rf_fd_write_atomic). A character device or FIFO is written to and
 * stays what it is; a FIFO waits for its reader. All else would be lost to a rename and is refused:
 * a symbolic link, directory, block device or socket.
 */
int rf_output_write(const char *path, mode_t mode, const void *data, size_t len, struct rf_err *err)
	RF_MUST_CHECK;

#endif
