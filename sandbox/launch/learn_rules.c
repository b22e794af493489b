/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules of a learned policy about addresses, unix sockets and devices; see learn_parts.h.
 *
 * Addresses that were used with the same ports make one rule, many neighbours their network. Ports
 * that the kernel chose are another one the next time, so they become the range it chooses from.
 */
#include <arpa/inet.h>
#include <stdlib.h>

#include "sandbox/launch/learn_parts.h"

/* What the kernel chooses a port from unless told otherwise (ip_local_port_range). */
#define CHOSEN_FIRST 32768
#define CHOSEN_LAST  60999

/* So many addresses of one /24 or /64 with the same ports stand for all of it. */
#define NEIGHBOURS 8

/* So many ports of one peer stand for all that need no privilege. */
#define PORTS_MANY 16

struct peer {
	uint32_t rights;
	uint8_t protocol;
	char *ports;   /* JSON items; owned */
	char *address; /* as it is written; owned */
	uint8_t bytes[16];
	struct rf_tally tally;
};

RF_VEC_DEFINE(peer_vec, struct peer);

static void peers_done(struct peer_vec *peers)
{
	for (size_t i = 0; i < peers->len; i++) {
		free(peers->data[i].ports);
		free(peers->data[i].address);
	}
	peer_vec_done(peers);
}

static uint32_t plain_rights(uint32_t rights)
{
	return rights & RF_NET_CONNECT ? rights & ~(uint32_t)RF_NET_SEND : rights;
}

static bool is_mapped(const uint8_t *bytes)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(bytes, mapped, sizeof(mapped)) == 0;
}

static bool is_loopback(const uint8_t *bytes)
{
	static const uint8_t one[16] = {[15] = 1};

	return memcmp(bytes, one, 16) == 0 || (is_mapped(bytes) && bytes[12] == 127);
}

static char *write_address(const uint8_t *bytes)
{
	char text[INET6_ADDRSTRLEN] = "";
	bool four = is_mapped(bytes);

	if (is_loopback(bytes))
		return strdup("@loopback");
	(void)inet_ntop(four ? AF_INET : AF_INET6, bytes + (four ? 12 : 0), text, sizeof(text));
	return strdup(text);
}

static bool is_chosen(const struct rf_use *use)
{
	return (use->needed & (RF_NET_BIND | RF_NET_LISTEN) || is_loopback(use->address)) &&
	       use->port >= CHOSEN_FIRST && use->port <= CHOSEN_LAST;
}

/* Uses first..first+n differ in their ports only. "" means any port. */
static char *write_ports(const struct rf_use *const *uses, size_t n)
{
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(65536);
	bool chosen = false, low = false;
	size_t plain = 0;
	char *ret = NULL;

	for (size_t i = 0; i < n; i++) {
		if (uses[i]->port == 0)
			return strdup("");
		chosen |= is_chosen(uses[i]);
		plain += !is_chosen(uses[i]);
		low |= uses[i]->port < 1024;
	}
	if (plain > PORTS_MANY && !low)
		return strdup("\"1024-65535\"");
	for (size_t i = 0; i < n; i++)
		if (!is_chosen(uses[i]) && (!i || uses[i - 1]->port != uses[i]->port))
			(void)rf_str_addf(&out, "%s%u", out.len ? ", " : "", uses[i]->port);
	if (chosen)
		(void)rf_str_addf(&out, "%s\"%d-%d\"", out.len ? ", " : "", CHOSEN_FIRST,
				  CHOSEN_LAST);
	return rf_str_take(&out, &ret) < 0 ? NULL : ret;
}

static int compare_uses(const void *a, const void *b)
{
	const struct rf_use *x = *(const struct rf_use *const *)a;
	const struct rf_use *y = *(const struct rf_use *const *)b;
	uint32_t left = plain_rights(x->needed), right = plain_rights(y->needed);
	int r = x->protocol - y->protocol;

	if (r == 0 && left != right)
		r = left < right ? -1 : 1;
	r = r ? r : memcmp(x->address, y->address, 16);
	return r ? r : (int)x->port - (int)y->port;
}

static bool is_same_peer(const struct rf_use *a, const struct rf_use *b)
{
	if (a->protocol != b->protocol || plain_rights(a->needed) != plain_rights(b->needed))
		return false;
	return memcmp(a->address, b->address, 16) == 0 ||
	       (is_loopback(a->address) && is_loopback(b->address));
}

static int add_peer(struct peer_vec *peers, const struct rf_use *const *uses, size_t n)
{
	struct peer *peer = peer_vec_add(peers);

	if (!peer)
		return -ENOMEM;
	peer->rights = plain_rights(uses[0]->needed);
	peer->protocol = uses[0]->protocol;
	memcpy(peer->bytes, uses[0]->address, 16);
	for (size_t i = 0; i < n; i++)
		rf_tally_add(&peer->tally, &uses[i]->tally);
	peer->ports = write_ports(uses, n);
	peer->address = write_address(peer->bytes);
	return peer->ports && peer->address ? 0 : -ENOMEM;
}

static int find_peers(const struct rf_learn *learn, struct peer_vec *ret)
{
	RF_AUTOFREE const struct rf_use **uses = calloc(learn->uses.items.len + 1, sizeof(*uses));
	size_t n = 0;
	int r = 0;

	if (!uses)
		return -ENOMEM;
	for (size_t i = 0; i < learn->uses.items.len; i++)
		if (learn->uses.items.data[i].kind == RF_WHY_INET &&
		    learn->uses.items.data[i].needed)
			uses[n++] = &learn->uses.items.data[i];
	if (n)
		qsort(uses, n, sizeof(*uses), compare_uses);
	for (size_t i = 0, end; i < n && r == 0; i = end) {
		for (end = i + 1; end < n && is_same_peer(uses[i], uses[end]);)
			end++;
		r = add_peer(ret, &uses[i], end - i);
	}
	return r;
}

static int compare_peers(const void *a, const void *b)
{
	const struct peer *x = a, *y = b;
	int r = x->protocol - y->protocol;

	if (r == 0 && x->rights != y->rights)
		r = x->rights < y->rights ? -1 : 1;
	r = r ? r : strcmp(x->ports, y->ports);
	return r ? r : memcmp(x->bytes, y->bytes, 16);
}

static bool is_one_rule(const struct peer *a, const struct peer *b)
{
	return a->protocol == b->protocol && a->rights == b->rights &&
	       strcmp(a->ports, b->ports) == 0;
}

static bool is_neighbour(const struct peer *a, const struct peer *b)
{
	bool four = is_mapped(a->bytes);

	return four == is_mapped(b->bytes) && memcmp(a->bytes, b->bytes, four ? 15 : 8) == 0;
}

/* One rule's addresses, with networks for many neighbours. Texts are the peers'. */
static size_t write_peers(struct peer *peers, size_t n, const char **ret)
{
	size_t len = 0;

	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && is_neighbour(&peers[i], &peers[end]);)
			end++;
		if (end - i >= NEIGHBOURS && !is_loopback(peers[i].bytes)) {
			bool four = is_mapped(peers[i].bytes);
			uint8_t bytes[16];
			char text[INET6_ADDRSTRLEN] = "", *net = NULL;

			memcpy(bytes, peers[i].bytes, 16);
			memset(bytes + (four ? 15 : 8), 0, four ? 1 : 8);
			(void)inet_ntop(four ? AF_INET : AF_INET6, bytes + (four ? 12 : 0), text,
					sizeof(text));
			if (asprintf(&net, "%s/%d", text, four ? 24 : 64) < 0)
				return 0;
			free(peers[i].address);
			peers[i].address = net;
			ret[len++] = net;
			continue;
		}
		for (size_t j = i; j < end; j++)
			ret[len++] = peers[j].address;
	}
	return len;
}

static const char *protocol_name(uint8_t protocol)
{
	static const char *const names[] = {"tcp", "udp", "sctp", "icmp"};

	for (size_t i = 0; i < RF_ARRAY_LEN(names); i++)
		if (protocol == 1u << i)
			return names[i];
	return NULL;
}

static int add_inet_rule(struct rf_learn_section *s, struct peer *peers, size_t n)
{
	RF_AUTOFREE const char **to = calloc(n, sizeof(*to));
	const char *rights[RF_FILE_RIGHTS], *protocol = protocol_name(peers[0].protocol);
	size_t n_rights = rf_learn_rights(peers[0].rights, rf_net_right_name, rights), n_to;
	struct rf_tally tally = {0};
	char id[64];

	n_to = to ? write_peers(peers, n, to) : 0;
	if (!n_to)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		rf_tally_add(&tally, &peers[i].tally);
	(void)snprintf(id, sizeof(id), "%s-%s-%zu", protocol ? protocol : "ip", rights[0],
		       s->n_rules + 1);
	rf_learn_rule_begin(s, id);
	rf_learn_list(s->out, "allow", rights, n_rights);
	if (protocol)
		(void)rf_str_addf(s->out, ",\n        \"protocol\": \"%s\"", protocol);
	rf_learn_list(s->out, "to", to, n_to);
	if (peers[0].ports[0] && peers[0].protocol != RF_PROTO_ICMP)
		(void)rf_str_addf(s->out, ",\n        \"ports\": [%s]", peers[0].ports);
	rf_learn_rule_end(s, &tally);
	return 0;
}

static int write_inet(const struct rf_learn *learn, struct rf_learn_section *s)
{
	RF_CLEANUP(peers_done) struct peer_vec peers = {0};
	int r = find_peers(learn, &peers);

	if (r == 0 && peers.len)
		qsort(peers.data, peers.len, sizeof(*peers.data), compare_peers);
	for (size_t i = 0, end; i < peers.len && r == 0; i = end) {
		for (end = i + 1; end < peers.len && is_one_rule(&peers.data[i], &peers.data[end]);)
			end++;
		r = add_inet_rule(s, &peers.data[i], end - i);
	}
	return r;
}

static int compare_names(const void *a, const void *b)
{
	const struct rf_learned *x = a, *y = b;

	if (x->rights != y->rights)
		return x->rights < y->rights ? -1 : 1;
	return strcmp(x->pattern, y->pattern);
}

/* Rules out of names that share their rights: unix sockets, devices. */
static int write_names(struct rf_learn_section *s, struct rf_learned_vec *vec, const char *kind,
		       const char *list, const char *(*right_name)(uint32_t bit))
{
	RF_AUTOFREE const char **items = calloc(vec->len + 1, sizeof(*items));

	if (!items)
		return -ENOMEM;
	if (vec->len)
		qsort(vec->data, vec->len, sizeof(*vec->data), compare_names);
	for (size_t i = 0, end; i < vec->len; i = end) {
		const char *rights[RF_FILE_RIGHTS];
		size_t n_rights = rf_learn_rights(vec->data[i].rights, right_name, rights);
		struct rf_tally tally = {0};
		char id[64];

		for (end = i; end < vec->len && vec->data[end].rights == vec->data[i].rights;
		     end++) {
			items[end - i] = vec->data[end].pattern;
			rf_tally_add(&tally, &vec->data[end].tally);
		}
		(void)snprintf(id, sizeof(id), "%s-%s-%zu", kind, rights[0], s->n_rules + 1);
		rf_learn_rule_begin(s, id);
		rf_learn_list(s->out, "allow", rights, n_rights);
		rf_learn_list(s->out, list, items, end - i);
		rf_learn_rule_end(s, &tally);
	}
	return 0;
}

static int write_unix(const struct rf_learn *learn, struct rf_learn_section *s)
{
	RF_CLEANUP(rf_learned_done) struct rf_learned_vec vec = {0};
	int r = rf_learn_names_of(learn, RF_WHY_UNIX, &vec);

	if (r == 0)
		r = rf_learned_collapse(&vec, 0, 0);
	for (size_t i = 0; i < vec.len; i++)
		vec.data[i].rights = plain_rights(vec.data[i].rights);
	return r < 0 ? r : write_names(s, &vec, "unix", "unix", rf_net_right_name);
}

int rf_learn_network(const struct rf_learn *learn, const struct rf_learn_frame *frame,
		     struct rf_str *out)
{
	struct rf_learn_section s = {
		.out = out, .name = "network", .denies = frame->section[RF_SECTION_NETWORK]};
	int r = write_inet(learn, &s);

	if (r == 0)
		r = write_unix(learn, &s);
	rf_learn_section_end(&s);
	return r;
}

/* Terminals come and go by number. */
#define PTS_FIRST 136
#define PTS_LAST  143

static void name_device(const struct rf_use *use, char *ret, size_t size)
{
	const char *type = use->dev_type == 1 ? "block" : "char";

	if (use->dev_type != 1 && use->dev_major >= PTS_FIRST && use->dev_major <= PTS_LAST)
		(void)snprintf(ret, size, "char %u:*", use->dev_major);
	else
		(void)snprintf(ret, size, "%s %u:%u", type, use->dev_major, use->dev_minor);
}

int rf_learn_devices(const struct rf_learn *learn, const struct rf_learn_frame *frame,
		     struct rf_str *out)
{
	RF_CLEANUP(rf_learned_done) struct rf_learned_vec vec = {0};
	struct rf_learn_section s = {
		.out = out, .name = "devices", .denies = frame->section[RF_SECTION_DEVICES]};
	int r = 0;

	for (size_t i = 0; i < learn->uses.items.len && r == 0; i++) {
		const struct rf_use *use = &learn->uses.items.data[i];
		char name[48];

		if (use->kind != RF_WHY_DEVICE || !use->needed)
			continue;
		name_device(use, name, sizeof(name));
		r = rf_learned_add(&vec, name, use->needed, &use->tally);
	}
	if (r == 0)
		r = rf_learned_collapse(&vec, 0, 0);
	if (r == 0)
		r = write_names(&s, &vec, "device", "nodes", rf_dev_right_name);
	rf_learn_section_end(&s);
	return r;
}
