/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ports that the kernel chooses for a bind to port 0 (docs/decisions/0044-port-zero.md).
 */
#ifndef RF_LAUNCH_CHOSEN_PORT_H
#define RF_LAUNCH_CHOSEN_PORT_H

#include "sandbox/policy/policy.h"

#define RF_PORTS 65536u

/*
 * What it chooses from: net.ipv4.ip_local_port_range of the caller's network namespace, both ends
 * included. As lsm/bpf/ports.bpf.c: 1024-65535 where it cannot be read.
 */
void rf_chosen_range(unsigned int *first, unsigned int *last);

/*
 * Whether rules refuse one right (RF_NET_BIND or RF_NET_LISTEN) for some of the ports from first to
 * last and not all: *ret is one of those that are refused. Rules in audit mode take no part; that
 * rules may be about different addresses is not looked at. Where the memory for that is missing the
 * answer is yes.
 */
bool rf_chosen_is_mixed(const struct rf_policy *policy, uint32_t right, unsigned int first,
			unsigned int last, unsigned int *ret);

#endif
