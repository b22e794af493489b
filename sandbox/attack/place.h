/* SPDX-License-Identifier: Apache-2.0 */
/* Where the attempts' objects can stand: names that the policy denies, and where it lets write. */
#ifndef RF_ATTACK_PLACE_H
#define RF_ATTACK_PLACE_H

#include "sandbox/attack/scene.h"

/* Chooses scene->closed, secret and open; makes nothing yet. None found is no failure. */
int rf_place_find(struct rf_scene *scene, struct rf_err *err) RF_MUST_CHECK;

/* Makes the folders that were chosen. */
int rf_place_make(const struct rf_scene *scene, struct rf_err *err) RF_MUST_CHECK;

#endif
