/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network as Landlock holds it: TCP, by port and nothing else.
 *
 * What it does not see the filter of system calls refuses whole (sandbox/policy/syslayer_net.c):
 * every other protocol, Fast Open, and where the policy allows none of them IP sockets, unix
 * sockets and listening. So rules about ports of TCP are held, and a section that allows everything
 * or nothing of IP is; rules with addresses are not granted, which is stricter than they are.
 */
#ifndef RF_LAUNCH_LANDLOCK_NET_H
#define RF_LAUNCH_LANDLOCK_NET_H

#include "sandbox/launch/backend.h"

/* More ports than this are not granted one by one: each is a rule in the kernel. */
#define RF_LL_PORTS_MAX 8192

struct rf_ll_ports {
	uint64_t bits[65536 / 64];
	size_t n;
};

struct rf_ll_net {
	uint64_t handled; /* RF_LL_NET_*; 0: nothing to hold, or not by ports */
	struct rf_ll_ports connect, bind;
};

int rf_ll_judge_network(const struct rf_policy *policy, int abi, struct rf_report *report,
			struct rf_err *err) RF_MUST_CHECK;

/* What to handle and grant; the same for judge and launch. */
void rf_ll_net_plan(struct rf_ll_net *ret, const struct rf_policy *policy, int abi);

int rf_ll_net_grant(int ruleset, const struct rf_ll_net *net, struct rf_err *err) RF_MUST_CHECK;

#endif
