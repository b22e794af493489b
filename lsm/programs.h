/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known about our programs by name.
 */
#ifndef RF_LSM_PROGRAMS_H
#define RF_LSM_PROGRAMS_H

#include <stdbool.h>

/* True if a kernel without the program's hook is still a kernel that we can fence on. */
bool rf_program_is_optional(const char *name);

/* Does this map hold running sandboxes, so that the next build takes it over? */
bool rf_map_is_kept(const char *name);

#endif
