/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What section `network` as a whole allows some, all or nothing of: for layers that can refuse a
 * kind of thing whole and nothing finer.
 */
#ifndef RF_POLICY_NETFACTS_H
#define RF_POLICY_NETFACTS_H

#include "sandbox/policy/policy.h"

struct rf_net_facts {
	bool refuses;	       /* the section refuses anything at all */
	bool inet_some;	       /* some IP address may be used for something */
	bool inet_all;	       /* a rule allows every one, for everything, before deny rules */
	bool unix_some;	       /* some unix socket may be connected to, bound or listened on */
	bool unix_all;	       /* every one */
	bool listen_some;      /* some socket, of either kind, may listen */
	bool inet_listen_some; /* some IP socket may */
	bool inet_listen_all;  /* every IP socket may */
	bool inet_denied;      /* a rule refuses connecting or sending to some address */
	/* RF_NET_*: what the default or a rule about IP of any mode refuses or grants, or is told.
	 */
	uint32_t inet_judged;
};

/* Rules in audit mode take no part. An absent section allows everything. */
void rf_net_facts(struct rf_net_facts *ret, const struct rf_policy *policy);

/*
 * Whether the filter of system calls refuses pairs of unix datagram sockets, where it stands in for
 * the section: POLICY.md 15 lets pairs stay, but such a socket can be turned to another address.
 */
bool rf_net_refuses_pairs(const struct rf_policy *policy, const struct rf_net_facts *facts);

#define RF_NET_PAIRS_REFUSED                                                                       \
	"pairs of unix datagram sockets cannot be made: a filter cannot see where they send"

#endif
