/* SPDX-License-Identifier: Apache-2.0 */
/* Ports of TCP by Landlock: what is granted, what is answered, and the kernel's word for it. */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "sandbox/launch/landlock_abi.h"
#include "sandbox/launch/landlock_net.h"
#include "tests/unit/fence.h"

static const struct rf_addr_range somewhere = {.last = {255}};
static const struct rf_port_range seven = {7, 7}, high = {8080, 8081}, one = {8080, 8080},
				  most = {1, 65535};

struct net {
	struct fence fence;
	struct rf_net_rule rules[3];
	struct rf_report report;
};

static struct rf_net_rule *add(struct net *net, const char *id, bool deny, uint32_t rights,
			       const struct rf_port_range *ports)
{
	struct rf_net_rule *rule = &net->rules[net->fence.policy.n_network++];

	rule->rights = rights;
	rule->protocols = RF_PROTO_TCP;
	rule->ports = ports;
	rule->n_ports = ports ? 1 : 0;
	fence_rule(&net->fence, &rule->rule, RF_SECTION_NETWORK, id, deny);
	return rule;
}

static void init(struct net *net)
{
	memset(net, 0, sizeof(*net));
	fence_init(&net->fence);
	net->fence.policy.network = net->rules;
	net->fence.policy.sections[RF_SECTION_NETWORK].present = true;
	net->fence.policy.kernel[RF_KERNEL_IO_URING].value = RF_KERNEL_DENY;
}

static enum rf_hold held(struct net *net, const char *id, int abi)
{
	enum rf_hold hold = RF_HOLD_NONE;

	net->report.n = 0;
	assert_int_equal(rf_ll_judge_network(&net->fence.policy, abi, &net->report, NULL), 0);
	for (size_t i = 0; i < net->report.n; i++) {
		if (strcmp(net->report.items[i].id, id) == 0) {
			hold = net->report.items[i].hold;
			rf_report_done(&net->report);
			return hold;
		}
	}
	rf_report_done(&net->report);
	return (enum rf_hold)99;
}

static void nothing_allowed_is_held_by_any_kernel(void **state RF_UNUSED)
{
	struct net net;

	init(&net);
	assert_int_equal(held(&net, "network.default", 1), RF_HOLD_EXACT);
	net.fence.policy.mode = RF_MODE_AUDIT;
	assert_int_equal(held(&net, "network.default", 7), RF_HOLD_NONE);
	net.fence.policy.mode = RF_MODE_ENFORCE;
	net.fence.policy.kernel[RF_KERNEL_IO_URING].value = RF_KERNEL_ALLOW;
	assert_int_equal(held(&net, "network.default", 7), RF_HOLD_NONE);
}

static void ports_of_tcp_are_exact(void **state RF_UNUSED)
{
	struct net net;
	struct rf_net_rule *rule;

	init(&net);
	rule = add(&net, "rule", false, RF_NET_CONNECT | RF_NET_SEND, &seven);
	assert_int_equal(held(&net, "rule", 4), RF_HOLD_EXACT);
	assert_int_equal(held(&net, "network.default", 4), RF_HOLD_EXACT);
	for (int abi = 1; abi <= 8; abi++) {
		enum rf_hold wanted = abi < 4 ? RF_HOLD_NONE : RF_HOLD_EXACT;

		assert_int_equal(held(&net, "rule", abi), wanted);
		assert_int_equal(held(&net, "network.default", abi), wanted);
	}
	rule->protocols = RF_PROTO_TCP | RF_PROTO_UDP;
	assert_int_equal(held(&net, "rule", 4), RF_HOLD_STRICTER);
	rule->protocols = RF_PROTO_TCP;
	rule->to = &somewhere;
	rule->n_to = 1;
	assert_int_equal(held(&net, "rule", 4), RF_HOLD_STRICTER);
	assert_int_equal(held(&net, "network.default", 4), RF_HOLD_EXACT);
	rule->n_to = 0;
	rule->ports = &most;
	assert_int_equal(held(&net, "rule", 4), RF_HOLD_STRICTER);
}

static void deny_rules_take_ports_out(void **state RF_UNUSED)
{
	struct net net;
	struct rf_net_rule *deny;
	struct rf_ll_net plan;

	init(&net);
	add(&net, "allow", false, RF_NET_CONNECT | RF_NET_SEND, &high);
	deny = add(&net, "deny", true, RF_NET_CONNECT, &one);
	rf_ll_net_plan(&plan, &net.fence.policy, 7);
	assert_int_equal(plan.handled, RF_LL_NET_CONNECT_TCP | RF_LL_NET_BIND_TCP);
	assert_int_equal(plan.connect.n, 1);
	assert_int_equal(plan.bind.n, 0);
	assert_int_equal(held(&net, "deny", 7), RF_HOLD_EXACT);
	deny->to = &somewhere;
	deny->n_to = 1;
	assert_int_equal(held(&net, "deny", 7), RF_HOLD_NONE);
	deny->ports = &seven;
	assert_int_equal(held(&net, "deny", 7), RF_HOLD_EXACT);
}

static void all_of_ip_needs_no_ports(void **state RF_UNUSED)
{
	struct rf_ll_net plan;
	struct rf_net_rule *rule;
	struct net net;

	init(&net);
	rule = add(&net, "all", false, RF_NET_ALL, NULL);
	rule->protocols = RF_PROTO_ANY;
	rf_ll_net_plan(&plan, &net.fence.policy, 7);
	assert_int_equal(plan.handled, 0);
	assert_int_equal(held(&net, "all", 1), RF_HOLD_EXACT);
	assert_int_equal(held(&net, "network.default", 1), RF_HOLD_EXACT);
	add(&net, "deny", true, RF_NET_CONNECT, &seven);
	assert_int_equal(held(&net, "deny", 7), RF_HOLD_NONE);
}

static void refused_pairs_are_told(void **state RF_UNUSED)
{
	struct net net;

	init(&net);
	add(&net, "connect", false, RF_NET_CONNECT, &seven);
	assert_int_equal(held(&net, "network.socketpair", 7), RF_HOLD_STRICTER);
	add(&net, "unix", false, RF_NET_CONNECT, NULL)->is_unix = true;
	assert_int_equal(held(&net, "network.socketpair", 7), 99);
}

static void listening_is_told(void **state RF_UNUSED)
{
	struct net net;

	init(&net);
	add(&net, "connect", false, RF_NET_CONNECT, &seven);
	assert_int_equal(held(&net, "network.listen", 7), 99);
	add(&net, "serve", false, RF_NET_BIND | RF_NET_LISTEN, &one);
	assert_int_equal(held(&net, "network.listen", 7), RF_HOLD_NONE);
	add(&net, "deny", true, RF_NET_LISTEN, &seven);
	assert_int_equal(held(&net, "deny", 7), RF_HOLD_NONE);
}

static int attempt(bool binding, uint16_t port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), r;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (binding)
		r = bind(fd, (struct sockaddr *)&at, sizeof(at));
	else
		r = connect(fd, (struct sockaddr *)&at, sizeof(at));
	r = r < 0 ? errno : 0;
	close(fd);
	return r;
}

static int use_ports(void *data RF_UNUSED)
{
	if (attempt(false, 7) != ECONNREFUSED)
		return 1;
	if (attempt(false, 9) != EACCES)
		return 2;
	if (attempt(true, 8080) == EACCES)
		return 3;
	if (attempt(true, 8082) != EACCES)
		return 4;
	return attempt(true, 0) == EACCES ? 0 : 5;
}

static void the_kernel_agrees(void **state RF_UNUSED)
{
	static const struct rf_backend *const landlock[] = {&rf_backend_landlock, NULL};
	struct net net;

	if (rf_landlock_abi() < RF_LL_ABI_NET)
		return;
	init(&net);
	add(&net, "connect", false, RF_NET_CONNECT | RF_NET_SEND, &seven);
	add(&net, "serve", false, RF_NET_BIND | RF_NET_LISTEN, &high);
	assert_int_equal(fence_run(&net.fence, landlock, 1U << RF_SECTION_NETWORK,
				   geteuid() == 0 ? FENCE_NOBODY : 0, use_ports, NULL),
			 0);
}

UNIT_MAIN(cmocka_unit_test(nothing_allowed_is_held_by_any_kernel),
	  cmocka_unit_test(ports_of_tcp_are_exact), cmocka_unit_test(deny_rules_take_ports_out),
	  cmocka_unit_test(all_of_ip_needs_no_ports), cmocka_unit_test(refused_pairs_are_told),
	  cmocka_unit_test(listening_is_told), cmocka_unit_test(the_kernel_agrees));
