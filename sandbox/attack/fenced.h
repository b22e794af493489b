/* SPDX-License-Identifier: Apache-2.0 */
/* Running the attempts: the part that is inside the fence, and what to make of what it left. */
#ifndef RF_ATTACK_FENCED_H
#define RF_ATTACK_FENCED_H

#include "sandbox/attack/scene.h"

/* The payload of the launch; data is the scene. Tries every attempt that applies, one by one. */
int rf_attack_fenced(void *data);

enum rf_score {
	RF_SCORE_OK,
	RF_SCORE_FAIL,
	RF_SCORE_NA,
	RF_SCORE_COUNT
};

struct rf_result {
	enum rf_score score;
	const char *expected; /* "denied", "killed", "allowed", "-" */
	const char *got;      /* "denied", "killed", "allowed", "hung", "crashed", "unrun", "-" */
	int error;	      /* errno of the refusal; 0: none */
	int ms;		      /* what it took */
	char note[256];	      /* why n/a, or what was seen; may be empty */
};

/* Outside, after the launch: what came of one attempt. */
void rf_attack_score(const struct rf_scene *scene, size_t index, struct rf_result *ret);

#endif
