/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses that the policy denies, for the attempts on the network. */
#ifndef RF_ATTACK_NETWORK_H
#define RF_ATTACK_NETWORK_H

#include "sandbox/attack/scene.h"

/* Fills scene->connect, send and bind: those whose denial is in force are preferred. */
void rf_network_find(struct rf_scene *scene);

#endif
