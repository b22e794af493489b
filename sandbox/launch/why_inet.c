/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions about addresses. For a local port 0 the kernel chooses one: the answer is the strictest
 * about a port that it may choose. Answers only change where a rule's range begins or ends.
 */
#include "sandbox/launch/why_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lsm/match_net.h"
#include "sandbox/launch/chosen_port.h"

/* A bit for each port from which on the answer may be another one. */
static void mark(const struct rf_policy *policy, uint8_t *begins)
{
	for (size_t i = 0; i < policy->n_network; i++) {
		const struct rf_net_rule *rule = &policy->network[i];

		for (size_t k = 0; k < rule->n_ports; k++) {
			unsigned int end = rule->ports[k].last + 1u;

			begins[rule->ports[k].first / 8] |=
				(uint8_t)(1u << rule->ports[k].first % 8);
			if (end < RF_PORTS)
				begins[end / 8] |= (uint8_t)(1u << end % 8);
		}
	}
}

static unsigned int strictness(uint32_t verdict)
{
	return verdict == RF_V_ALLOWED ? 0 : verdict == RF_V_WOULD_DENY ? 1 : 2;
}

/* The kernel tells the lowest rule of those that refuse; no rule comes last. */
static bool counts_more(const struct rf_answer *answer, const struct rf_answer *than)
{
	unsigned int a = strictness(answer->verdict), b = strictness(than->verdict);

	return a != b ? a > b : a && answer->rule < than->rule;
}

static int ask_one(const struct rf_img *img, const struct rf_image_head *head,
		   const struct rf_question *q, uint16_t port, struct rf_answer *ret)
{
	struct rf_net_query query = {.port = port,
				     .protocol = q->protocol,
				     .session = (__u8)q->session,
				     .rights = q->rights};

	memcpy(query.addr, q->address, sizeof(query.addr));
	return rf_net_answer(img, head, &query, ret) ? -EINVAL : 0;
}

static bool is_chosen(const struct rf_question *q)
{
	return !q->port && !(q->rights & ~(uint32_t)(RF_NET_BIND | RF_NET_LISTEN)) &&
	       q->protocol & (RF_PROTO_TCP | RF_PROTO_UDP | RF_PROTO_SCTP);
}

int rf_why_inet(const struct rf_policy *policy, const struct rf_img *img,
		const struct rf_question *q, struct rf_answer *ret, uint16_t *chosen)
{
	const struct rf_image_head *head = rf_img_head(img);
	RF_AUTOFREE uint8_t *begins = NULL;
	unsigned int first, last;
	int r = 0;

	*chosen = 0;
	if (!head)
		return -EINVAL;
	*ret = (struct rf_answer){.rule = RF_RULE_NONE, .verdict = RF_V_ALLOWED};
	if (!(head->sections & 1u << RF_SEC_NETWORK))
		return 0;
	if (!is_chosen(q))
		return ask_one(img, head, q, q->port, ret);
	begins = calloc(RF_PORTS / 8, 1);
	if (!begins)
		return -ENOMEM;
	rf_chosen_range(&first, &last);
	mark(policy, begins);
	for (unsigned int at = first; r == 0 && at <= last; at++) {
		struct rf_answer answer = {0};

		if (at != first && !(begins[at / 8] >> at % 8 & 1))
			continue;
		r = ask_one(img, head, q, (uint16_t)at, &answer);
		if (at == first || counts_more(&answer, ret)) {
			*ret = answer;
			*chosen = (uint16_t)at;
		}
	}
	return r;
}
