/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IP addresses by cgroup: the judgement; connect and unconnected datagrams of TCP and UDP.
 *
 * These hooks sit in the protocols, behind every spelling of the system call: Fast Open, io_uring
 * and sendmmsg come here too. SCTP, ping and raw sockets do not; see cgroup_bind.bpf.c.
 */
#include "lsm/bpf/cgroup_net.bpf.h"

/* One walk over a list of entries. */
struct list {
	const struct rf_page *page;
	__u32 first;
	__u32 pad;
	struct rf_net_query query;
	struct rf_tally tally;
};

static long list_step(__u32 i, struct list *list)
{
	__u32 at = (list->first + i * 4u) & RF_PAGE_MASK & ~3u;
	const struct rf_net_entry *entry;

	RF_OPAQUE(at);
	at &= RF_PAGE_MASK & ~3u;
	entry = (const struct rf_net_entry *)&list->page->cell[at];
	rf_tally_add(&list->tally, rf_net_entry_rights(entry, &list->query), entry->flags,
		     entry->rule);
	return 0;
}

static __always_inline int walk_list(const struct rf_cg_scope *s, struct list *list, __u32 first,
				     __u32 count)
{
	list->first = first;
	list->page = rf_img_page(&s->img, first >> RF_PAGE_SHIFT);
	if (!list->page || count > RF_NET_LIST_MAX)
		return -1;
	return bpf_loop(count, list_step, list, 0) < 0 ? -1 : 0;
}

/*
 * rf_net_answer with its loops as callbacks: Linux 6.18's verifier gives up on it otherwise.
 * Called, so that its list is off the stack when the record is sent.
 */
static __noinline int net_answer(const struct rf_cg_scope *s, const struct rf_cg_ask *ask,
				 struct rf_answer *answer)
{
	struct list list = {};
	__u32 no, first, count;

	__builtin_memcpy(list.query.addr, ask->addr, sizeof(list.query.addr));
	list.query.port = ask->port;
	list.query.protocol = rf_cg_protocol(ask->protocol);
	list.query.rights = ask->right;
	if (rf_net_interval(&s->img, s->head, list.query.addr, &no))
		return -1;
	if (rf_img_cell(&s->img, s->head->addr_lists_off + no * 2u, &first) ||
	    rf_img_cell(&s->img, s->head->addr_lists_off + no * 2u + 1u, &count))
		return -1;
	if (walk_list(s, &list, s->head->net_any_off, s->head->n_net_any) ||
	    walk_list(s, &list, first, count))
		return -1;
	return rf_tally_end(&s->img, s->head, &list.tally, ask->right, s->head->net_default,
			    answer);
}

static __always_inline void answer_unknown(const struct rf_cg_scope *s, struct rf_cg_note *note,
					   struct rf_answer *a)
{
	__u32 passes;

	if (s->head->net_families & RF_FAM_HIDDEN)
		return;
	a->rule = RF_RULE_UNJUDGED;
	note->rec.code = RF_CODE_LOOKUP;
	/* Value by value: compilers make an address of the choice, which no verifier takes. */
	passes = !!s->head->audit_mode;
	RF_OPAQUE(passes);
	a->would = passes ? note->rec.access : 0;
	a->missing = passes ? 0 : note->rec.access;
	a->verdict = passes ? RF_V_WOULD_DENY : RF_V_DENIED;
}

__noinline int rf_cg_judge(const struct rf_cg_ask *ask)
{
	struct rf_cg_note note = {};
	struct rf_answer a = {};
	struct rf_cg_scope s;

	if (!ask || rf_cg_scope(&s))
		return 0;
	if (!(s.head->sections & 1U << RF_SEC_NETWORK))
		return 1;
	rf_cg_about(&note, RF_SEC_NETWORK, ask->hook, ask->operation, RF_OBJ_INET, ask->right);
	note.rec.o.inet.family = ask->family;
	note.rec.o.inet.port = ask->port;
	note.rec.o.inet.protocol =
		ask->protocol == IPPROTO_RF_MPTCP ? IPPROTO_RF_TCP : ask->protocol;
	__builtin_memcpy(note.rec.o.inet.addr, ask->addr, sizeof(note.rec.o.inet.addr));
	if (ask->unknown)
		answer_unknown(&s, &note, &a);
	else if (net_answer(&s, ask, &a))
		rf_cg_unjudged(&a, &note);
	if (ask->right == RF_A_CONNECT && s.head->audit_connect && !a.missing && !a.would)
		a.audit = RF_A_CONNECT;
	rf_cg_record(&s, &a, &note);
	return rf_cg_verdict(&a, &note);
}

SEC("cgroup/connect4")
int rf_cg_connect4(struct bpf_sock_addr *ctx)
{
	return rf_cg_judge4(ctx, rf_cg_own(ctx), RF_A_CONNECT, RF_H_CGROUP_CONNECT, RF_OP_CONNECT);
}

SEC("cgroup/connect6")
int rf_cg_connect6(struct bpf_sock_addr *ctx)
{
	return rf_cg_judge6(ctx, rf_cg_own(ctx), RF_A_CONNECT, RF_H_CGROUP_CONNECT, RF_OP_CONNECT);
}

SEC("cgroup/sendmsg4")
int rf_cg_sendmsg4(struct bpf_sock_addr *ctx)
{
	return rf_cg_judge4(ctx, ctx->msg_src_ip4, RF_A_SEND, RF_H_CGROUP_SENDMSG, RF_OP_SEND);
}

SEC("cgroup/sendmsg6")
int rf_cg_sendmsg6(struct bpf_sock_addr *ctx)
{
	return rf_cg_judge6(ctx, rf_cg_own(ctx), RF_A_SEND, RF_H_CGROUP_SENDMSG, RF_OP_SEND);
}
