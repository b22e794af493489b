/* SPDX-License-Identifier: Apache-2.0 */
/* One probe in the making, between the files that probe.c is split into. */
#ifndef RF_LSM_PROBE_PARTS_H
#define RF_LSM_PROBE_PARTS_H

#include "lsm/probe.h"

struct rf_prober {
	struct rf_probe *out;
	const struct rf_probe_env *env;
	bool failed; /* out of memory */
};

/* Never NULL: what finds no room goes to a spare item, and the probe fails in the end. */
struct rf_probe_item *rf_prober_add(struct rf_prober *p, const char *group, const char *id,
				    enum rf_probe_state state, const char *fmt, ...)
	RF_PRINTF(5, 6);
void rf_prober_remedy(struct rf_probe_item *item, const char *fmt, ...) RF_PRINTF(2, 3);

/* A file below the root, without its last newline; NULL if it cannot be read. The caller frees. */
char *rf_prober_read(const struct rf_prober *p, const char *path);

/* Is word in a list of words with commas or blanks between them? */
bool rf_prober_has_word(const char *list, const char *word);

void rf_prober_seccomp(struct rf_prober *p);
void rf_prober_audit(struct rf_prober *p);
void rf_prober_system(struct rf_prober *p);
void rf_prober_caller(struct rf_prober *p);

#endif
