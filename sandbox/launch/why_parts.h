/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pieces that the smallest change is told with. Private to why_*.c.
 */
#ifndef RF_LAUNCH_WHY_PARTS_H
#define RF_LAUNCH_WHY_PARTS_H

#include "lsm/match_net.h"
#include "sandbox/launch/why.h"

/*
 * About an address and a port. Where the kernel is to choose the port (a local one that is 0), the
 * answer is the strictest of those about all ports of this machine's net.ipv4.ip_local_port_range,
 * and *chosen the first with that answer; else 0. -EINVAL: the image is damaged, or -ENOMEM.
 */
int rf_why_inet(const struct rf_policy *policy, const struct rf_img *img,
		const struct rf_question *question, struct rf_answer *ret, uint16_t *chosen)
	RF_MUST_CHECK;

/* "tcp", "udp", "sctp", "icmp"; NULL: a protocol that no rule can name. */
const char *rf_why_protocol(uint8_t protocol);

/* " (FILE:LINE)", where there is one. What is added here and below no terminal acts on. */
void rf_why_add_place(const struct rf_place *place, struct rf_str *out);

/* A name as a list of a policy takes it: a string, or an object that says it literally. */
void rf_why_add_name(const char *name, struct rf_str *out);

/*
 * What to add where nothing allows: a rule, or an entry of a list, as an option of `run` too where
 * there is one. Not for system calls.
 */
void rf_why_add_rule(const struct rf_policy *policy, const struct rf_question *question,
		     struct rf_str *out);

/* To allow a key of section kernel, in each file that does not. */
void rf_why_add_key(const struct rf_policy *policy, enum rf_kernel_key key, struct rf_str *out);

/*
 * What it takes to allow a system call, which several layers may refuse: each change is made to a
 * copy of the policy, which is then asked again.
 */
int rf_why_change_calls(const struct rf_policy *policy, const struct rf_question *question,
			struct rf_str *out, struct rf_err *err) RF_MUST_CHECK;

#endif
