/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ending a command with everything it started, where no cgroup holds them together.
 *
 * The supervisor adopts the orphans below it, so that they come to it one generation after the
 * other. Only its own unreaped children are ever killed: no number can have been reused.
 */
#ifndef RF_LAUNCH_DESCENDANTS_H
#define RF_LAUNCH_DESCENDANTS_H

#include <stdint.h>

/* From now on, processes below us whose parent ends become our children. */
void rf_descendants_adopt(void);

/* Kills and reaps children until none is left or the time (rf_now_ns) is up. */
void rf_descendants_kill(uint64_t until_ns);

#endif
