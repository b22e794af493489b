/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Section `network` as far as system calls express it: what the back-end that judges addresses does
 * not see is refused whole where the policy allows none of it.
 *
 * Used where that back-end is not BPF LSM. Through i386's socketcall the family cannot be seen, so
 * no socket can be made there.
 */
#include "sandbox/policy/netfacts.h"
#include "sandbox/policy/syslayer.h"

#include <netinet/in.h>
#include <sys/socket.h>

#define FLOWLABEL_MGR 32 /* IPV6_FLOWLABEL_MGR; its header and libc's do not go together */

#define TYPE_MASK 0xf /* SOCK_TYPE_MASK of the kernel: without SOCK_CLOEXEC and SOCK_NONBLOCK */

static const uint64_t internet[] = {AF_INET, AF_INET6};

struct net {
	struct rf_sys_layer *layer;
	struct rf_sys_maker *maker;
	struct rf_net_facts facts;
	struct rf_sys_clause clause;
};

static int refuse(struct net *net, const char *call, const struct rf_sys_cond *conds, size_t n)
{
	return rf_sys_layer_refuse(net->layer, net->maker, call, conds, n, net->clause);
}

/* Every family but those that rules name and somebody judges; of netlink only the routes. */
static int refuse_families(struct net *net)
{
	uint64_t families[4];
	const struct rf_sys_cond route[] = {
		{.op = RF_ARG_EQ, .value = AF_NETLINK},
		{.index = 2, .op = RF_ARG_EQ, .value = 0, .negate = true},
	};
	struct rf_sys_cond other = {.op = RF_ARG_IN, .negate = true};
	uint64_t *values;
	size_t n = 0;
	int r;

	if (net->facts.unix_some)
		families[n++] = AF_UNIX;
	if (net->facts.inet_some || !net->maker->context->network_ports) {
		families[n++] = AF_INET;
		families[n++] = AF_INET6;
	}
	families[n++] = AF_NETLINK;
	values = rf_arena_memdup(net->maker->arena, families, sizeof(families));
	if (!values)
		return rf_err_set(net->maker->err, -ENOMEM, "system calls: no memory");
	other.values = values;
	other.n_values = n;
	if (n == 1)
		other = (struct rf_sys_cond){.op = RF_ARG_EQ, .value = AF_NETLINK, .negate = true};
	r = refuse(net, "socket", &other, 1);
	return r < 0 ? r : refuse(net, "socket", route, RF_ARRAY_LEN(route));
}

/*
 * Pairs stay, of unix sockets: they reach nobody but each other, except that a datagram socket can
 * be turned to another address.
 */
static int refuse_pairs(struct net *net)
{
	const struct rf_sys_cond other = {.op = RF_ARG_EQ, .value = AF_UNIX, .negate = true};
	const struct rf_sys_cond datagram = {
		.index = 1, .op = RF_ARG_MASKED_EQ, .mask = TYPE_MASK, .value = SOCK_DGRAM};
	int r = refuse(net, "socketpair", &other, 1);

	if (r == 0 && !net->facts.unix_some)
		r = refuse(net, "socketpair", &datagram, 1);
	return r;
}

static int refuse_type(struct net *net, uint64_t type)
{
	const struct rf_sys_cond conds[] = {
		{.op = RF_ARG_IN, .values = internet, .n_values = RF_ARRAY_LEN(internet)},
		{.index = 1, .op = RF_ARG_MASKED_EQ, .mask = TYPE_MASK, .value = type},
	};

	return refuse(net, "socket", conds, RF_ARRAY_LEN(conds));
}

/* Landlock sees plain TCP only, and of that not the connect inside a send. */
static int refuse_but_tcp(struct net *net)
{
	static const uint64_t plain[] = {0, IPPROTO_TCP};
	const struct rf_sys_cond protocol[] = {
		{.op = RF_ARG_IN, .values = internet, .n_values = RF_ARRAY_LEN(internet)},
		{.index = 2, .op = RF_ARG_IN, .values = plain, .n_values = 2, .negate = true},
	};
	struct rf_sys_cond fast = {
		.op = RF_ARG_MASKED_EQ, .mask = MSG_FASTOPEN, .value = MSG_FASTOPEN};
	static const struct {
		const char *call;
		uint8_t flags;
	} sends[] = {{"sendto", 3}, {"sendmsg", 2}, {"sendmmsg", 3}};
	int r = refuse_type(net, SOCK_DGRAM);

	if (r == 0)
		r = refuse_type(net, SOCK_SEQPACKET);
	if (r == 0)
		r = refuse(net, "socket", protocol, RF_ARRAY_LEN(protocol));
	for (size_t i = 0; i < RF_ARRAY_LEN(sends) && r == 0; i++) {
		fast.index = sends[i].flags;
		r = refuse(net, sends[i].call, &fast, 1);
	}
	return r;
}

/*
 * Options that make a packet leave for another address than the one that is judged: a source route,
 * the routing header of IPv6, what may hold one. The same by control messages is behind a pointer.
 */
static int refuse_routes(struct net *net)
{
	static const uint64_t six[] = {IPV6_RTHDR, IPV6_2292PKTOPTIONS, FLOWLABEL_MGR};
	const struct rf_sys_cond source[] = {
		{.index = 1, .op = RF_ARG_EQ, .value = IPPROTO_IP},
		{.index = 2, .op = RF_ARG_EQ, .value = IP_OPTIONS},
	};
	const struct rf_sys_cond header[] = {
		{.index = 1, .op = RF_ARG_EQ, .value = IPPROTO_IPV6},
		{.index = 2, .op = RF_ARG_IN, .values = six, .n_values = RF_ARRAY_LEN(six)},
	};
	int r = refuse(net, "setsockopt", source, RF_ARRAY_LEN(source));

	return r < 0 ? r : refuse(net, "setsockopt", header, RF_ARRAY_LEN(header));
}

static int refuse_clone3(struct net *net)
{
	struct rf_sys_clause absent = net->clause;

	absent.action = SECCOMP_RET_ERRNO | ENOSYS;
	absent.quiet = true;
	return rf_sys_layer_refuse(net->layer, net->maker, "clone3", NULL, 0, absent);
}

int rf_sys_layer_families(struct rf_sys_layer *layer, struct rf_sys_maker *maker)
{
	const struct rf_policy *policy = maker->policy;
	struct net net = {
		.layer = layer,
		.maker = maker,
		.clause = {.action = SECCOMP_RET_ERRNO | EACCES, .origin = RF_SYS_NETWORK},
	};
	int r = 0;

	if (maker->context->hold_cgroup && policy->mode != RF_MODE_AUDIT)
		r = refuse_clone3(&net);
	if (r < 0 || !maker->context->network_families ||
	    !policy->sections[RF_SECTION_NETWORK].present)
		return r;
	rf_net_facts(&net.facts, policy);
	if (policy->mode == RF_MODE_AUDIT)
		net.clause.action = SECCOMP_RET_LOG;
	if (policy->network_default == RF_DEFAULT_DENY || net.facts.inet_denied)
		r = refuse_routes(&net);
	if (r < 0 || policy->network_default != RF_DEFAULT_DENY)
		return r;
	r = refuse_families(&net);
	if (r == 0)
		r = refuse_pairs(&net);
	if (r == 0)
		r = refuse_type(&net, SOCK_RAW);
	if (r == 0)
		r = refuse_type(&net, SOCK_PACKET);
	if (r == 0 && !net.facts.listen_some)
		r = refuse(&net, "listen", NULL, 0);
	if (r == 0 && maker->context->network_ports && !net.facts.inet_all)
		r = refuse_but_tcp(&net);
	return r;
}
