/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packed policies and the decision functions over them: verdicts by table, the packed automaton
 * against the one it was made from, network lists against a naive evaluation, damage of any kind.
 */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lsm/match_dev.h"
#include "lsm/match_rest.h"
#include "sandbox/launch/image.h"
#include "sandbox/launch/pack.h"

static struct rf_policy *load(const char *json)
{
	char path[] = "/tmp/rf-test-image-XXXXXX.json";
	int fd = mkstemps(path, 5);
	const char *name = path;
	const struct rf_variable variables[] = {{"HOME", "/home/u"}, {"CWD", "/proj"}};
	const struct rf_load_options options = {.variables = variables, .n_variables = 2};
	struct rf_problems problems = {0};
	struct rf_err err = RF_ERR_INIT;
	struct rf_policy *policy = NULL;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, json, strlen(json)), (ssize_t)strlen(json));
	close(fd);
	if (rf_policy_load(&policy, &name, 1, &options, &problems, &err) < 0)
		fail_msg("%s", rf_err_text(&err));
	rf_problems_done(&problems);
	unlink(path);
	return policy;
}

struct fixture {
	struct rf_policy *policy;
	struct rf_image *image;
	struct rf_img img;
	const struct rf_image_head *head;
};

static struct fixture make(const char *json)
{
	struct fixture f = {.policy = load(json)};
	struct rf_err err = RF_ERR_INIT;

	if (rf_image_compile(&f.image, f.policy, &err) < 0)
		fail_msg("%s", rf_err_text(&err));
	f.img = (struct rf_img){.pages = f.image->pages, .n_pages = (__u32)f.image->n_pages};
	f.head = rf_img_head(&f.img);
	assert_non_null(f.head);
	return f;
}

static void drop(struct fixture *f)
{
	rf_image_free(f->image);
	rf_policy_free(f->policy);
}

/* As the kernel side walks: component by component. */
static void walk(const struct fixture *f, const char *path, struct rf_dfa_pos *pos)
{
	__u8 name[RF_NAME_BUF];

	assert_int_equal(rf_dfa_enter(&f->img, pos, f->head->files.start), 0);
	while (*path == '/' && path[1]) {
		size_t len = strcspn(path + 1, "/");

		memset(name, 0xee, sizeof(name));
		memcpy(name, path + 1, len);
		name[len] = 0;
		assert_int_equal(rf_dfa_component(&f->img, pos, name), 0);
		path += 1 + len;
	}
}

static struct rf_answer ask(const struct fixture *f, const char *path, __u32 session, __u32 rights)
{
	struct rf_err err = RF_ERR_INIT;
	struct rf_dfa_pos pos;
	struct rf_answer answer = {0};

	walk(f, path, &pos);
	assert_int_equal(
		rf_dfa_answer(&f->img, f->head, &f->head->files, &pos, session, rights, &answer),
		0);
	if (!(rf_dfa_accept(&pos) & RF_ACC_WATCH) && !f->head->audit_mode)
		assert_int_equal(answer.missing,
				 rf_file_missing(rf_dfa_accept(&pos), session, rights));
	if (answer.verdict == RF_V_ALLOWED && answer.rule == RF_RULE_NONE) {
		RF_CLEANUP(rf_allowers_freep) struct rf_allowers *allowers = NULL;

		assert_int_equal(rf_allowers_new(&allowers, f->policy, false, &err), 0);
		assert_int_equal(rf_allowers_find(allowers, path, session, rights & -rights,
						  &answer.rule, &err),
				 0);
	}
	return answer;
}

static const char files_json[] =
	"{\"ringfence\":1,\"name\":\"t\",\"files\":{\"default\":\"deny\",\"rules\":["
	"{\"id\":\"sys\",\"allow\":[\"read\",\"exec\"],\"paths\":[\"/usr/**\",\"/\"]},"
	"{\"id\":\"work\",\"allow\":[\"read\",\"write\"],\"paths\":[\"${CWD}/**\"]},"
	"{\"id\":\"env\",\"deny\":[\"read\",\"write\"],\"paths\":[\"**/.env\"],"
	"\"except\":[\"/proj/pub/.env\"],\"errno\":\"ENOENT\"},"
	"{\"id\":\"die\",\"deny\":[\"write\"],\"paths\":[\"/proj/die\"],\"action\":\"kill\"},"
	"{\"id\":\"soft\",\"deny\":[\"read\"],\"paths\":[\"/proj/soft/**\"],\"mode\":\"audit\"},"
	"{\"id\":\"seen\",\"allow\":[\"read\"],\"paths\":[\"/proj/seen\"],\"audit\":true},"
	"{\"id\":\"init\",\"allow\":[\"exec\"],\"paths\":[\"/proj/init\"],\"session\":\"init\"},"
	"{\"id\":\"all\",\"allow\":[\"read\",\"write\"],\"paths\":[\"/run/**\",\"/sys/**\","
	"\"/etc/**\"]}"
	"]}}";

static void files_by_table(void **state)
{
	static const struct {
		const char *path;
		__u32 session, rights, missing;
		int rule; /* -1: default; -2: self */
		__u32 would, audit;
		int verdict, errno_value;
	} table[] = {
		{"/", 0, RF_A_READ, 0, 1, 0, 0, RF_V_ALLOWED, 0},
		{"/", 0, RF_A_WRITE, RF_A_WRITE, -1, 0, 0, RF_V_DENIED, 0},
		{"/usr/lib/libc.so.6", 0, RF_A_READ | RF_A_EXEC, 0, 1, 0, 0, RF_V_ALLOWED, 0},
		{"/usr", 1, RF_A_CREATE, RF_A_CREATE, -1, 0, 0, RF_V_DENIED, 0},
		{"/usrx", 1, RF_A_READ, RF_A_READ, -1, 0, 0, RF_V_DENIED, 0},
		{"/proj/a", 0, RF_A_READ | RF_A_APPEND, 0, 2, 0, 0, RF_V_ALLOWED, 0},
		{"/proj/.env", 0, RF_A_READ, RF_A_READ, 3, 0, 0, RF_V_DENIED, 2},
		{"/proj/pub/.env", 0, RF_A_READ, 0, 2, 0, 0, RF_V_ALLOWED, 0},
		{"/usr/.env", 0, RF_A_EXEC, 0, 1, 0, 0, RF_V_ALLOWED, 0},
		{"/proj/die", 0, RF_A_WRITE, RF_A_WRITE, 0, 0, 0, RF_V_KILLED, 0},
		{"/proj/soft/x", 0, RF_A_READ, 0, 4, RF_A_READ, 0, RF_V_WOULD_DENY, 0},
		{"/proj/soft/x", 0, RF_A_WRITE, 0, 2, 0, 0, RF_V_ALLOWED, 0},
		{"/proj/soft/.env", 0, RF_A_READ, RF_A_READ, 3, 0, 0, RF_V_DENIED, 2},
		{"/proj/seen", 0, RF_A_READ, 0, 5, 0, RF_A_READ, RF_V_ALLOWED, 0},
		{"/proj/init", 0, RF_A_EXEC, 0, 6, 0, 0, RF_V_ALLOWED, 0},
		{"/proj/init", 1, RF_A_EXEC, RF_A_EXEC, -1, 0, 0, RF_V_DENIED, 0},
		{"/run/x", 0, RF_A_WRITE, 0, 7, 0, 0, RF_V_ALLOWED, 0},
		{"/run/ringfence/socket", 0, RF_A_READ, RF_A_READ, -2, 0, 0, RF_V_DENIED, 0},
		{"/sys/fs/bpf", 1, RF_A_READ, RF_A_READ, -2, 0, 0, RF_V_DENIED, 0},
		{"/etc/ringfence/a.json", 0, RF_A_READ, 0, 7, 0, 0, RF_V_ALLOWED, 0},
		{"/etc/ringfence/a.json", 0, RF_A_CREATE, RF_A_CREATE, -2, 0, 0, RF_V_DENIED, 0},
		{"/sys/fs/cgroup/a/b/cgroup.procs", 0, RF_A_WRITE, RF_A_WRITE, -2, 0, 0,
		 RF_V_DENIED, 0},
	};
	struct fixture f = make(files_json);

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct rf_answer a = ask(&f, table[i].path, table[i].session, table[i].rights);
		unsigned int rule = table[i].rule == -1	  ? RF_RULE_NONE
				    : table[i].rule == -2 ? RF_RULE_SELF
							  : (unsigned int)table[i].rule;

		if (a.missing != table[i].missing || a.would != table[i].would ||
		    a.audit != table[i].audit || a.rule != rule || a.verdict != table[i].verdict ||
		    a.errno_value != table[i].errno_value)
			fail_msg("row %zu %s: missing %#x would %#x audit %#x rule %#x verdict %u "
				 "errno %u",
				 i, table[i].path, a.missing, a.would, a.audit, a.rule, a.verdict,
				 a.errno_value);
	}
	drop(&f);
}

static void audit_mode_lets_pass_all_but_self(void **state)
{
	char *json = strdup(files_json);
	struct fixture f;
	struct rf_answer a = {0};
	RF_AUTOFREE char *text = NULL;

	(void)state;
	assert_true(asprintf(&text, "{\"mode\":\"audit\",%s", json + 1) > 0);
	free(json);
	f = make(text);
	a = ask(&f, "/proj/.env", 0, RF_A_READ);
	assert_int_equal(a.missing, 0);
	assert_int_equal(a.would, RF_A_READ);
	assert_int_equal(a.rule, 3);
	assert_int_equal(a.verdict, RF_V_WOULD_DENY);
	a = ask(&f, "/nowhere", 0, RF_A_READ);
	assert_int_equal(a.rule, RF_RULE_NONE);
	assert_int_equal(a.verdict, RF_V_WOULD_DENY);
	a = ask(&f, "/run/ringfence/x", 0, RF_A_READ);
	assert_int_equal(a.missing, RF_A_READ);
	assert_int_equal(a.verdict, RF_V_DENIED);
	assert_int_equal(a.rule, RF_RULE_SELF);
	drop(&f);
}

static void absent_sections_are_open_but_for_self(void **state)
{
	struct fixture f = make("{\"ringfence\":1,\"name\":\"t\"}");
	struct rf_answer a = ask(&f, "/any/thing", 1, RF_FILE_ALL);

	(void)state;
	assert_int_equal(a.missing, 0);
	assert_int_equal(f.head->sections & (1u << RF_SEC_FILES), 0);
	assert_int_equal(f.head->sections & (1u << RF_SEC_KERNEL), 1u << RF_SEC_KERNEL);
	assert_true(f.head->caps_keep == UINT64_MAX);
	assert_int_equal(f.head->kernel[RF_K_PTRACE], RF_K_INSIDE);
	assert_int_equal(f.head->kernel[RF_K_BPF], RF_K_DENY);
	assert_true(rf_kernel_refuses(f.head, RF_K_BPF, 1));
	assert_true(rf_kernel_refuses(f.head, RF_K_PTRACE, 0));
	assert_false(rf_kernel_refuses(f.head, RF_K_PTRACE, 1));
	assert_true(rf_kernel_refuses(f.head, RF_K_COUNT, 1));
	a = ask(&f, "/sys/fs/bpf/x", 0, RF_A_READ);
	assert_int_equal(a.rule, RF_RULE_SELF);
	drop(&f);
}

/* A deny rule over the same tree must not hide that ringfence's own is there. */
static void audit_mode_keeps_self_below_a_denied_tree(void **state)
{
	struct fixture f = make("{\"ringfence\":1,\"name\":\"t\",\"mode\":\"audit\",\"files\":{"
				"\"default\":\"allow\",\"rules\":[{\"deny\":[\"read\",\"write\"],"
				"\"paths\":[\"/etc/**\",\"/run/**\"]}]}}");
	struct rf_answer a = ask(&f, "/etc/ringfence/a.json", 0, RF_A_CREATE);

	(void)state;
	assert_int_equal(a.missing, RF_A_CREATE);
	assert_int_equal(a.rule, RF_RULE_SELF);
	a = ask(&f, "/etc/other", 0, RF_A_CREATE);
	assert_int_equal(a.missing, 0);
	assert_int_equal(a.would, RF_A_CREATE);
	a = ask(&f, "/run/ringfence/x", 1, RF_A_READ);
	assert_int_equal(a.missing, RF_A_READ);
	drop(&f);
}

static void aliases_add_nothing(void **state)
{
	struct fixture f = make(files_json);
	static const struct {
		const char *old, *new;
		int tree;
	} table[] = {
		{"/proj/a", "/proj/b", 1},	 {"/proj/a", "/nowhere", 1},
		{"/nowhere", "/proj/b", 0},	 {"/proj/pub", "/proj/other", 1},
		{"/proj/other", "/proj/pub", 0}, {"/usr/a", "/usr/b", 1},
		{"/etc", "/run/etc", 0},	 {"/proj/soft", "/proj/hard", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct rf_dfa_pos old, new;

		walk(&f, table[i].old, &old);
		walk(&f, table[i].new, &new);
		if (rf_alias_tree(&f.img, &f.head->files, &old, &new) != table[i].tree)
			fail_msg("%s as %s: not %d", table[i].old, table[i].new, table[i].tree);
	}
	for (int i = 0; i < 2; i++) {
		struct rf_dfa_pos pos;

		walk(&f, i ? "/etc" : "/opt", &pos);
		assert_int_equal(rf_alias_self(rf_dfa_accept(&pos), 1), i);
		assert_int_equal(rf_alias_self(rf_dfa_accept(&pos), 0), 0);
	}
	drop(&f);
}

/* ---- network ---- */

static struct rf_answer ask_net(const struct fixture *f, const char *address, int port,
				__u8 protocol, __u32 rights, __u8 session)
{
	struct rf_net_query query = {
		.port = (__u16)port, .protocol = protocol, .rights = rights, .session = session};
	struct rf_answer answer = {0};
	__u8 *bytes = (__u8 *)query.addr;

	if (strchr(address, ':')) {
		assert_int_equal(inet_pton(AF_INET6, address, bytes), 1);
	} else {
		bytes[10] = bytes[11] = 0xff;
		assert_int_equal(inet_pton(AF_INET, address, bytes + 12), 1);
	}
	assert_int_equal(rf_net_answer(&f->img, f->head, &query, &answer), 0);
	return answer;
}

/* Wherever it stands, and also below what a plain deny has decided for ever. */
static void what_kills_comes_before_what_only_denies(void **state)
{
	static const struct {
		const char *path;
		int verdict;
	} table[] = {
		{"/d/x", RF_V_KILLED},	 {"/e/in/y", RF_V_KILLED},	{"/e/t/u/v", RF_V_KILLED},
		{"/e/o", RF_V_DENIED},	 {"/e/deep/in/y", RF_V_DENIED}, {"/k/x", RF_V_KILLED},
		{"/k/y/z", RF_V_KILLED}, {"/o", RF_V_ALLOWED},
	};
	struct fixture f =
		make("{\"ringfence\":1,\"name\":\"t\",\"files\":{\"default\":\"allow\",\"rules\":["
		     "{\"deny\":[\"read\"],\"paths\":[\"/d/x\",\"/e/**\",\"/k/y/**\"]},"
		     "{\"deny\":[\"read\"],\"paths\":[\"/d/x\",\"/e/in/*\",\"/e/t/**\",\"/k/**\"],"
		     "\"action\":\"kill\"}]},\"network\":{\"default\":\"allow\",\"rules\":["
		     "{\"deny\":[\"connect\"],\"to\":[\"10.0.0.0/8\"]},"
		     "{\"deny\":[\"connect\"],\"to\":[\"10.1.0.0/16\"],\"action\":\"kill\"}]}}");

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_int_equal(ask(&f, table[i].path, 0, RF_A_READ).verdict, table[i].verdict);
	assert_int_equal(ask_net(&f, "10.1.2.3", 1, RF_NP_TCP, RF_A_CONNECT, 0).verdict,
			 RF_V_KILLED);
	assert_int_equal(ask_net(&f, "10.2.2.3", 1, RF_NP_TCP, RF_A_CONNECT, 0).verdict,
			 RF_V_DENIED);
	drop(&f);
}

static void network_by_table(void **state)
{
	struct fixture f =
		make("{\"ringfence\":1,\"name\":\"t\",\"network\":{\"default\":\"deny\",\"rules\":["
		     "{\"allow\":[\"connect\"],\"protocol\":\"tcp\",\"to\":[\"10.0.0.0/"
		     "8\",\"2001:db8::/32\"],\"ports\":[443,\"8000-8999\"]},"
		     "{\"deny\":[\"connect\"],\"to\":[\"10.9.0.0/16\"],\"action\":\"kill\"},"
		     "{\"allow\":[\"bind\",\"listen\"],\"protocol\":\"tcp\",\"ports\":[8080]},"
		     "{\"deny\":[\"connect\"],\"ports\":[8888],\"mode\":\"audit\"},"
		     "{\"allow\":[\"connect\"],\"to\":[\"255.255.255.255\"],\"audit\":true},"
		     "{\"allow\":[\"connect\"],\"to\":[\"ffff::/16\"],\"session\":\"exec\"}"
		     "]}}");
	static const struct {
		const char *address;
		int port, protocol;
		__u32 rights;
		__u8 session;
		int verdict, rule;
	} table[] = {
		{"10.1.2.3", 443, RF_NP_TCP, RF_A_CONNECT, 0, RF_V_ALLOWED, 1},
		{"10.1.2.3", 8999, RF_NP_TCP, RF_A_SEND, 0, RF_V_ALLOWED, 1},
		{"10.1.2.3", 9000, RF_NP_TCP, RF_A_CONNECT, 0, RF_V_DENIED, -1},
		{"10.1.2.3", 443, RF_NP_UDP, RF_A_CONNECT, 0, RF_V_DENIED, -1},
		{"10.1.2.3", 8888, RF_NP_TCP, RF_A_CONNECT, 0, RF_V_WOULD_DENY, 3},
		{"10.9.255.255", 443, RF_NP_TCP, RF_A_CONNECT, 0, RF_V_KILLED, 0},
		{"10.8.255.255", 443, RF_NP_TCP, RF_A_CONNECT, 0, RF_V_ALLOWED, 1},
		{"10.10.0.0", 443, RF_NP_TCP, RF_A_CONNECT, 0, RF_V_ALLOWED, 1},
		{"9.255.255.255", 443, RF_NP_TCP, RF_A_CONNECT, 0, RF_V_DENIED, -1},
		{"11.0.0.0", 443, RF_NP_TCP, RF_A_CONNECT, 0, RF_V_DENIED, -1},
		{"2001:db8::1", 443, RF_NP_TCP, RF_A_CONNECT, 0, RF_V_ALLOWED, 1},
		{"2001:db9::1", 443, RF_NP_TCP, RF_A_CONNECT, 0, RF_V_DENIED, -1},
		{"0.0.0.0", 8080, RF_NP_TCP, RF_A_BIND, 0, RF_V_ALLOWED, 2},
		{"::", 8080, RF_NP_TCP, RF_A_LISTEN, 0, RF_V_ALLOWED, 2},
		{"::", 8080, RF_NP_TCP, RF_A_CONNECT, 0, RF_V_DENIED, -1},
		{"255.255.255.255", 1, RF_NP_OTHER, RF_A_CONNECT, 0, RF_V_ALLOWED, 4},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1, RF_NP_UDP, RF_A_CONNECT, 1,
		 RF_V_ALLOWED, 5},
		{"ffff::", 1, RF_NP_UDP, RF_A_CONNECT, 0, RF_V_DENIED, -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct rf_answer a =
			ask_net(&f, table[i].address, table[i].port, (__u8)table[i].protocol,
				table[i].rights, table[i].session);

		if (a.verdict != table[i].verdict ||
		    a.rule != (table[i].rule < 0 ? RF_RULE_NONE : (unsigned)table[i].rule))
			fail_msg("row %zu: %s %d: verdict %u rule %u", i, table[i].address,
				 table[i].port, a.verdict, a.rule);
	}
	assert_int_equal(f.head->net_families, 0);
	drop(&f);
}

static unsigned int seed = 7;

static unsigned int draw(unsigned int n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 16) % n;
}

/* 3,000 ranges: several pages of keys. Each answer against a look at every rule. */
static void many_addresses_agree_with_every_rule(void **state)
{
	RF_AUTOFREE char *json = malloc(1 << 20);
	size_t len = (size_t)sprintf(json, "{\"ringfence\":1,\"name\":\"t\",\"network\":{"
					   "\"default\":\"deny\",\"rules\":[");
	struct fixture f;

	(void)state;
	for (unsigned int i = 0; i < 3000; i++)
		len += (size_t)sprintf(json + len,
				       "%s{\"%s\":[\"connect\"],\"to\":[\"10.%u.%u.%u/%u\"]"
				       ",\"ports\":[\"%u-%u\"]}",
				       i ? "," : "", draw(4) ? "allow" : "deny", draw(16),
				       draw(256), draw(8) << 5, draw(3) ? 29 : 27, 1 + draw(49),
				       50 + draw(50));
	strcpy(json + len, "]}}");
	f = make(json);
	assert_true(f.head->n_addr > 2 * RF_NET_KEYS_PER_PAGE);
	for (unsigned int k = 0; k < 20000; k++) {
		char address[32];
		unsigned char want[16] = {[10] = 0xff, [11] = 0xff};
		unsigned int port = draw(110), deny = UINT32_MAX, allow = UINT32_MAX;
		struct rf_answer a = {0};

		sprintf(address, "10.%u.%u.%u", draw(16), draw(256), draw(256));
		assert_int_equal(inet_pton(AF_INET, address, want + 12), 1);
		for (unsigned int i = (unsigned int)f.policy->n_network; i-- > 0;) {
			const struct rf_net_rule *rule = &f.policy->network[i];

			if (memcmp(rule->to[0].first, want, 16) > 0 ||
			    memcmp(rule->to[0].last, want, 16) < 0 || rule->ports[0].first > port ||
			    rule->ports[0].last < port)
				continue;
			*(rule->rule.deny ? &deny : &allow) = i;
		}
		a = ask_net(&f, address, (int)port, RF_NP_TCP, RF_A_CONNECT, 0);
		assert_int_equal(a.missing, deny != UINT32_MAX || allow == UINT32_MAX);
		assert_int_equal(a.rule, deny != UINT32_MAX    ? deny
					 : allow != UINT32_MAX ? allow
							       : RF_RULE_NONE);
	}
	drop(&f);
}

/* before, n items and after; in an item, %1 is its number from 1 and %2 two low bytes of twice
 * that. */
static char *with_items(const char *before, const char *item, unsigned int n, const char *after)
{
	char *json = malloc(strlen(before) + n * (strlen(item) + 16) + strlen(after) + 1);
	char *at = stpcpy(json, before);

	for (unsigned int i = 1; i <= n; i++) {
		const char *mark = strchr(item, '%');

		at += sprintf(at, "%s%.*s", i > 1 ? "," : "", (int)(mark - item), item);
		at += mark[1] == '1' ? sprintf(at, "%u", i)
				     : sprintf(at, "%u.%u", i * 2 / 256 % 256, i * 2 % 256);
		at = stpcpy(at, mark + 2);
	}
	strcpy(at, after);
	return json;
}

static void assert_tables(char *json, const char *refusal)
{
	struct rf_policy *policy = load(json);
	struct rf_image *image = NULL;
	struct rf_err err = RF_ERR_INIT;

	assert_int_equal(rf_image_compile(&image, policy, &err), refusal ? -E2BIG : 0);
	if (refusal && !strstr(rf_err_text(&err), refusal))
		fail_msg("got \"%s\", wanted \"%s\"", rf_err_text(&err), refusal);
	rf_image_free(image);
	rf_policy_free(policy);
	free(json);
}

#define NETWORK_RULES                                                                              \
	"{\"ringfence\":1,\"name\":\"t\",\"network\":{\"default\":\"deny\",\"rules\":["

/* docs/policy.md, "Limits": what the limit is compiles, one more is refused. */
static void tables_have_limits(void **state)
{
	static const char devices[] = "{\"ringfence\":1,\"name\":\"t\",\"devices\":{\"default\":"
				      "\"deny\",\"rules\":[{\"allow\":[\"read\"],\"nodes\":[";
	static const char device[] = "\"char 7:%1\"", address[] = "\"10.0.%2\"";
	static const char rule[] = "{\"allow\":[\"connect\"],\"to\":[\"10.0.0.1\"],\"ports\":[%1]}";
	static const char to[] = NETWORK_RULES "{\"allow\":[\"connect\"],\"to\":[";
	static const char denied[] =
		"{\"ringfence\":1,\"name\":\"t\",\"files\":{\"default\":\"deny\",\"rules\":[{"
		"\"deny\":[\"read\"],\"paths\":[";
	static const char names[] = /* 4096 of them */
		"\"/zz-%1-{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}\"";
	struct rf_err err = RF_ERR_INIT;
	RF_CLEANUP(rf_pack_done) struct rf_pack pack = {0};
	uint32_t at;

	(void)state;
	assert_tables(with_items(devices, device, RF_DEV_MAX, "]}]}}"), NULL);
	assert_tables(with_items(devices, device, RF_DEV_MAX + 1, "]}]}}"),
		      "name more than 256 devices, which is the limit; the rule devices.0");
	assert_tables(with_items(NETWORK_RULES, rule, RF_NET_LIST_MAX, "]}}"), NULL);
	assert_tables(with_items(NETWORK_RULES, rule, RF_NET_LIST_MAX + 1, "]}}"),
		      "257 network rules and port ranges speak of one address, the limit is 256; "
		      "the first of them is network.0");
	assert_tables(with_items(to, address, RF_NET_ADDR_MAX / 2 - 1, "]}]}}"), NULL);
	assert_tables(with_items(to, address, RF_NET_ADDR_MAX / 2, "]}]}}"),
		      "make 65537 intervals, the limit is 65536");
	assert_tables(with_items(denied, names, RF_NAIL_OBJECTS / 4096, "]}]}}"), NULL);
	assert_tables(with_items(denied, names, RF_NAIL_OBJECTS / 4096 + 1, "]}]}}"),
		      "deny rules name more than 65536 objects without a wildcard");
	assert_int_equal(rf_pack_room(&pack, RF_IMAGE_MAX_PAGES * RF_PAGE_CELLS + 1, 1, &at, &err),
			 -E2BIG);
	assert_string_equal(rf_err_text(&err), "the policy needs more than 16 MiB of tables");
}

/* A rule that says many times what it says once: no look at each of them for each address. */
static void ranges_of_one_rule_count_once(void **state)
{
	enum {
		N = 30000
	};
	struct rf_addr_range *to = calloc(2 * N, sizeof(*to));
	struct rf_net_rule rule = {
		.rights = RF_NET_CONNECT, .to = to, .n_to = 2 * N, .protocols = 1};
	const struct rf_rule *rules[] = {&rule.rule};
	struct rf_policy policy = {.network = &rule, .n_network = 1, .rules = rules, .n_rules = 1};
	struct rf_image *image = NULL;
	struct rf_err err = RF_ERR_INIT;
	clock_t start = clock();

	(void)state;
	policy.sections[RF_SECTION_NETWORK].present = true;
	for (uint32_t i = 0; i < N; i++) {
		memset(to[2 * i].last, 0xff, 16); /* everything, again and again */
		to[2 * i + 1].first[0] = to[2 * i + 1].last[0] = (uint8_t)(i >> 8);
		to[2 * i + 1].first[1] = to[2 * i + 1].last[1] = (uint8_t)i;
	}
	if (rf_image_compile(&image, &policy, &err) < 0)
		fail_msg("%s", rf_err_text(&err));
	assert_int_equal(image->sizes.addresses, 1);
	assert_true(clock() - start < 5 * CLOCKS_PER_SEC);
	rf_image_free(image);
	free(to);
}

static void unix_names(void **state)
{
	struct fixture f = make(
		"{\"ringfence\":1,\"name\":\"t\",\"network\":{\"default\":\"deny\",\"rules\":["
		"{\"allow\":[\"connect\"],\"unix\":[\"/run/pg/*\",\"@x*\",\"/run/ringfence/**\"]}]}}");
	static const struct {
		const char *name;
		size_t len;
		__u32 missing;
	} table[] = {
		{"/run/pg/s", 9, 0},
		{"@x", 2, 0},
		{"@x\0y", 4, 0},
		{"@y", 2, RF_A_CONNECT},
		{"/run/pg", 7, RF_A_CONNECT},
		{"/run/ringfence/socket", 21, RF_A_CONNECT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct rf_dfa_pos pos;

		assert_int_equal(rf_dfa_enter(&f.img, &pos, f.head->unix_names.start), 0);
		assert_int_equal(rf_dfa_bytes(&f.img, &pos, (const __u8 *)table[i].name,
					      (__u32)table[i].len, 108),
				 0);
		assert_int_equal(rf_file_missing(rf_dfa_accept(&pos), 0, RF_A_CONNECT),
				 table[i].missing);
	}
	drop(&f);
}

static void devices(void **state)
{
	struct fixture f =
		make("{\"ringfence\":1,\"name\":\"t\",\"devices\":{\"default\":\"deny\",\"rules\":["
		     "{\"allow\":[\"read\",\"write\"],\"nodes\":[\"char 10:200\",\"block 7:*\"]},"
		     "{\"deny\":[\"write\"],\"nodes\":[\"block 7:3\"]},"
		     "{\"allow\":[\"read\"],\"nodes\":[\"/dev/nul?\"]}]}}");
	static const struct {
		__u32 type, major, minor, rights, missing;
		int rule;
	} table[] = {
		{2, 10, 200, RF_A_DEV_READ | RF_A_DEV_WRITE, 0, 0},
		{1, 10, 200, RF_A_DEV_READ, RF_A_DEV_READ, -1},
		{1, 7, 0, RF_A_DEV_WRITE, 0, 0},
		{1, 7, 3, RF_A_DEV_READ | RF_A_DEV_WRITE, RF_A_DEV_WRITE, 1},
		{1, 8, 0, RF_A_DEV_READ, RF_A_DEV_READ, -1},
		{2, 10, 200, RF_A_DEV_MKNOD, RF_A_DEV_MKNOD, -1},
		{2, 1, 3, RF_A_DEV_READ, 0, 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct rf_dev_query query = {.type = table[i].type,
						   .major = table[i].major,
						   .minor = table[i].minor,
						   .rights = table[i].rights};
		struct rf_answer a = {0};

		assert_int_equal(rf_dev_answer(&f.img, f.head, &query, &a), 0);
		if (a.missing != table[i].missing ||
		    a.rule != (table[i].rule < 0 ? RF_RULE_NONE : (unsigned)table[i].rule))
			fail_msg("row %zu: missing %#x rule %#x", i, a.missing, a.rule);
	}
	drop(&f);
}

/* Each text differs from the first in one thing that the image is made from. */
static void another_policy_has_another_name(void **state)
{
	static const char *const texts[] = {
		"\"files\":{\"default\":\"deny\",\"rules\":[{\"allow\":[\"read\"],\"paths\":[\"/a\"]}]}",
		"\"files\":{\"default\":\"allow\",\"rules\":[{\"allow\":[\"read\"],\"paths\":[\"/a\"]}]}",
		"\"files\":{\"default\":\"deny\",\"rules\":[{\"deny\":[\"read\"],\"paths\":[\"/a\"]}]}",
		"\"files\":{\"default\":\"deny\",\"rules\":[{\"allow\":[\"exec\"],\"paths\":[\"/a\"]}]}",
		"\"files\":{\"default\":\"deny\",\"rules\":[{\"allow\":[\"read\"],\"paths\":[\"/b\"]}]}",
		"\"files\":{\"default\":\"deny\",\"rules\":[{\"allow\":[\"read\"],\"paths\":[{\"literal\":"
		"\"/a\"}]}]}",
		"\"files\":{\"default\":\"deny\",\"rules\":[{\"allow\":[\"read\"],\"paths\":[\"/a\"],"
		"\"except\":[\"/a\"]}]}",
		"\"files\":{\"default\":\"deny\",\"rules\":[{\"allow\":[\"read\"],\"paths\":[\"/a\"],"
		"\"session\":\"exec\"}]}",
		"\"files\":{\"default\":\"deny\",\"rules\":[{\"allow\":[\"read\"],\"paths\":[\"/a\"],"
		"\"audit\":true}]}",
		"\"mode\":\"audit\",\"files\":{\"default\":\"deny\",\"rules\":[{\"allow\":[\"read\"],"
		"\"paths\":[\"/a\"]}]}",
		"\"network\":{\"default\":\"deny\",\"rules\":[{\"allow\":[\"connect\"],\"ports\":[1]}]}",
		"\"network\":{\"default\":\"deny\",\"rules\":[{\"allow\":[\"connect\"],\"ports\":[2]}]}",
		"\"network\":{\"default\":\"deny\",\"rules\":[{\"allow\":[\"connect\"],\"to\":"
		"[\"10.0.0.1\"]}]}",
		"\"network\":{\"default\":\"deny\",\"rules\":[{\"allow\":[\"connect\"],\"unix\":[\"@a\"]}]}",
		"\"devices\":{\"default\":\"deny\",\"rules\":[{\"allow\":[\"read\"],\"nodes\":"
		"[\"char 1:3\"]}]}",
		"\"devices\":{\"default\":\"deny\",\"rules\":[{\"allow\":[\"read\"],\"nodes\":"
		"[\"char 1:*\"]}]}",
		"\"kernel\":{\"bpf\":\"allow\"}",
		"\"capabilities\":{\"keep\":[\"chown\"]}",
		"\"audit\":{\"allowed\":[\"exec\"]}",
		"\"audit\":{\"dedupe\":\"2s\"}",
	};
	char names[RF_ARRAY_LEN(texts)][RF_HASH_HEX_LEN + 1];

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(texts); i++) {
		RF_AUTOFREE char *json = NULL;
		struct rf_err err = RF_ERR_INIT;
		struct rf_policy *policy;
		char again[RF_HASH_HEX_LEN + 1];

		assert_true(asprintf(&json, "{\"ringfence\":1,\"name\":\"t\",%s}", texts[i]) > 0);
		policy = load(json);
		assert_int_equal(rf_image_name(policy, names[i], &err), 0);
		assert_int_equal(rf_image_name(policy, again, &err), 0);
		assert_string_equal(names[i], again);
		for (size_t k = 0; k < i; k++)
			if (strcmp(names[k], names[i]) == 0)
				fail_msg("%s and %s have one name", texts[k], texts[i]);
		rf_policy_free(policy);
	}
}

/* Any one cell changed: found, or without any effect that is out of bounds (sanitizers watch). */
static void damage_is_found_or_harmless(void **state)
{
	struct fixture f = make(files_json);
	struct rf_err err = RF_ERR_INIT;
	size_t size = f.image->n_pages * sizeof(struct rf_page), found = 0;
	RF_CLEANUP(rf_image_freep) struct rf_image *copy = NULL;

	(void)state;
	assert_int_equal(rf_image_load(&copy, f.image->pages, size, &err), 0);
	assert_string_equal(copy->sha256, f.image->sha256);
	assert_true(copy->key == f.image->key && copy->key);
	assert_int_equal(rf_image_load(&copy, f.image->pages, size - 4, NULL), -EBADMSG);
	assert_int_equal(rf_image_load(&copy, f.image->pages, 0, NULL), -EBADMSG);
	for (unsigned int i = 0; i < 3000; i++) {
		size_t page = draw((unsigned int)f.image->n_pages);
		__u32 *cell = &f.image->pages[page].cell[i < 64 ? i : draw(RF_PAGE_CELLS)];
		__u32 old = *cell;

		if (i < 64)
			cell = &f.image->pages[0].cell[i], old = *cell;
		*cell = i & 1 ? old ^ 1u << draw(32) : draw(65536) << 16 | draw(65536);
		rf_err_clear(&err);
		if (rf_image_check(f.image->pages, f.image->n_pages, &err) < 0) {
			found++;
		} else {
			(void)ask(&f, "/proj/soft/a.env", 0, RF_A_READ);
		}
		*cell = old;
	}
	assert_true(found > 100);
	assert_int_equal(rf_image_check(f.image->pages, f.image->n_pages, NULL), 0);
	drop(&f);
}

/* What a name's end would lead to is followed behind the name, through memory of the kernel's. */
static void the_end_of_a_name_leads_nowhere(void **state)
{
	struct fixture f = make(files_json);
	__u32 start = f.head->files.start;
	__u32 *cell = &f.image->pages[start >> RF_PAGE_SHIFT].cell[start & RF_PAGE_MASK];
	struct rf_err err = RF_ERR_INIT;

	(void)state;
	*cell = (start & RF_PAGE_MASK) << 2;
	assert_int_equal(rf_image_check(f.image->pages, f.image->n_pages, &err), -EBADMSG);
	assert_non_null(strstr(rf_err_text(&err), "a transition by no byte"));
	drop(&f);
}

/* ---- what the programs rely on; `cells` are all of the image's, from its head on ---- */

/* The first byte that leads from the first state to one of its own page. */
static __u32 *first_edge(struct rf_image_head *head, __u32 *cells)
{
	__u32 *page = cells + (head->files.start & ~(__u32)RF_PAGE_MASK);

	for (__u32 byte = 1; byte < 256; byte++) {
		__u32 *cell = &page[(head->files.start + byte) & RF_PAGE_MASK];

		if (*cell >> RF_TAG_SHIFT == byte << 2)
			return cell;
	}
	fail_msg("the first state is left by no byte");
	return NULL;
}

/* Walks take rows of equal cells for one: another page's must not look like this one's. */
static void edge_names_another_page(struct rf_image_head *head, __u32 *cells)
{
	*first_edge(head, cells) ^= 1u << 14;
}

static void sticky_is_left(struct rf_image_head *head, __u32 *cells)
{
	__u32 base = (*first_edge(head, cells) & RF_ROW_MASK) >> 2;

	base |= head->files.start & ~(__u32)RF_PAGE_MASK;
	cells[base - 1] |= RF_ACC_STICKY;
}

/* The id is written when all is checked, and what it is nobody knows before. */
static void rules_lie_in_the_id(struct rf_image_head *head, __u32 *cells RF_UNUSED)
{
	head->id = 13;
	head->rules_off = offsetof(struct rf_image_head, id) / sizeof(__u32);
	head->n_rules = 1;
	head->n_addr = head->n_dev = head->n_net_any = 0;
	head->sections = 0;
}

static void device_of_no_rule(struct rf_image_head *head, __u32 *cells)
{
	((struct rf_dev_entry *)(void *)(cells + head->dev_off))->rule = (__u16)head->n_rules;
}

static void address_of_no_rule(struct rf_image_head *head, __u32 *cells)
{
	__u32 *list = cells + head->addr_lists_off;

	while (!list[1])
		list += 2;
	((struct rf_net_entry *)(void *)(cells + list[0]))->rule = RF_RULE_UNJUDGED;
}

static void network_of_no_rule(struct rf_image_head *head, __u32 *cells)
{
	((struct rf_net_entry *)(void *)(cells + head->net_any_off))->rule = RF_RULE_SELF;
}

static void what_programs_rely_on_is_checked(void **state)
{
	static const char policy[] =
		"{\"ringfence\":1,\"name\":\"t\",\"network\":{\"default\":\"deny\",\"rules\":["
		"{\"allow\":[\"connect\"],\"to\":[\"10.0.0.1\"]},"
		"{\"allow\":[\"bind\"],\"ports\":[80]}]},"
		"\"devices\":{\"default\":\"deny\",\"rules\":["
		"{\"allow\":[\"read\"],\"nodes\":[\"char 1:3\"]}]}}";
	static const struct {
		void (*damage)(struct rf_image_head *head, __u32 *cells);
		const char *refusal;
	} table[] = {
		{edge_names_another_page, "a transition within a page that names another"},
		{sticky_is_left, "a state that is left within a name, which it denies"},
		{rules_lie_in_the_id, "the table of rules"},
		{device_of_no_rule, "the table of devices"},
		{address_of_no_rule, "a list of rules for an address"},
		{network_of_no_rule, "the list of rules for every address"},
	};

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(table); i++) {
		struct fixture f = make(policy);
		struct rf_image_head *head = (struct rf_image_head *)(void *)f.image->pages;
		struct rf_err err = RF_ERR_INIT;

		table[i].damage(head, f.image->pages[0].cell);
		if (rf_image_check(f.image->pages, f.image->n_pages, &err) != -EBADMSG ||
		    !strstr(rf_err_text(&err), table[i].refusal))
			fail_msg("row %zu: got \"%s\"", i, rf_err_text(&err));
		drop(&f);
	}
}

/* A hook's answer beyond the last errno would pass for a pointer in the kernel. */
static void a_rule_answers_with_an_errno(void **state)
{
	static const struct {
		__u32 first, second;
		int answer;
	} rows[] = {{0, 0, 0},
		    {13, 0, 0},
		    {RF_ERRNO_MAX, 0, 0},
		    {RF_ERRNO_MAX + 1, 0, -EBADMSG},
		    {512, 0, -EBADMSG},
		    {0xffff, 0, -EBADMSG},
		    {0x10000, 0, 0},
		    {0x20000, 0, -EBADMSG},
		    {0, 1, -EBADMSG}};
	struct fixture f = make(files_json);
	const struct rf_image_head *head =
		(const struct rf_image_head *)(const void *)f.image->pages;

	(void)state;
	assert_true(head->n_rules > 1);
	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		__u32 *rule = &f.image->pages[0].cell[0] + head->rules_off + 2;

		rule[0] = rows[i].first;
		rule[1] = rows[i].second;
		assert_int_equal(rf_image_check(f.image->pages, f.image->n_pages, NULL),
				 rows[i].answer);
	}
	drop(&f);
}

static __u64 word_of(const __u8 *name, size_t at)
{
	__u64 value = 0;

	for (unsigned int k = 0; k < RF_WORD; k++)
		value |= (__u64)name[at + k] << (8 * k);
	return value;
}

/* As the kernel side does, from rf_rest_special on. */
static void add_specials(const struct rf_img *img, struct rf_rest *rest)
{
	const __u32 bytes[] = {rest->bytes & 0xff, rest->bytes >> 8};

	for (int i = 0; i < 2; i++) {
		struct rf_dfa_pos pos;
		int r;

		assert_int_equal(rf_dfa_enter(img, &pos, rest->state), 0);
		r = rf_rest_special(img, &pos, rest, bytes[i]);
		assert_true(r >= 0);
		if (!r)
			return;
		for (__u32 from = 0; from < 128; from += RF_REST_STEP)
			rest->after[from >> 6] |= (__u64)rf_rest_own(&pos, from) << (from & 63);
	}
	rf_rest_ends(rest);
	rest->flags |= RF_REST_AFTER;
}

/* The state of a name as the kernel's short way finds it, and *known one more if by the rest. */
static __u32 state_by_rest(const struct rf_img *img, struct rf_dfa_pos slash, const __u8 *name,
			   unsigned int *known)
{
	struct rf_dfa_pos pos = slash;
	struct rf_rest rest = {0};
	__u64 before = 0;
	size_t at = 0;
	int r = -1;

	for (__u32 from = 0; !rf_rest_stays(&slash) && from < 128; from += RF_REST_STEP)
		rest.firsts[from >> 6] |= (__u64)rf_rest_own(&slash, from) << (from & 63);
	assert_int_equal(rf_rest_find(img, &pos, &rest), 0);
	if (rest.flags)
		add_specials(img, &rest);
	pos = slash;
	if (rest.flags && rf_rest_begins(&rest, word_of(name, 0))) {
		for (__u32 k = 0;; k++) {
			__u64 word = word_of(name, at);

			r = rf_rest_word(&rest, k, word, &before);
			if (r < 0)
				r = rf_rest_after(&rest, word, name[at + RF_WORD], &before);
			if (r <= 0)
				break;
			at += RF_WORD;
		}
		assert_int_equal(rf_dfa_enter(img, &pos, rest.state), 0);
		*known += r == 0;
	}
	for (r = r ? 1 : 0; r > 0; at += RF_WORD, before = 0)
		r = rf_dfa_word(img, &pos, word_of(name, at), before);
	assert_int_equal(r, 0);
	return rf_dfa_state(&pos);
}

/* Names by words answer as names by bytes do, wherever their special bytes lie. */
static void words_are_bytes(void **state)
{
	static const char *const policies[] = {
		"[\"**/*.key\",\"**/.env\"]",	     /* one byte is told apart */
		"[\"**/*.key\",\"**/*~\"]",	     /* two */
		"[\"**/*.k\",\"**/*~\",\"**/*-x\"]", /* three: no word is skipped */
		"[\"**/a*b\",\"/proj/*\xc3\xbf\",\"**/.*\"]",
		"[\"/proj/[a-c]*[x-z]\",\"/usr/**\"]",
		"[\"**/*.k\",\"**/*.ab\",\"**/*~z\"]", /* both behind others */
		"[\"**/*.k*\"]",		       /* what follows does not matter */
		"[\"**/*.?*k\"]",		       /* a byte behind one does not lead back */
	};
	static const char letters[] = "aabk.~-xyz_e\xc3\xbf";
	unsigned int dice = 1;

	(void)state;
	for (size_t p = 0; p < sizeof(policies) / sizeof(policies[0]); p++) {
		unsigned int known = 0;
		char json[512];
		struct fixture f;

		(void)snprintf(
			json, sizeof(json),
			"{\"ringfence\":1,\"name\":\"t\",\"files\":{\"default\":\"allow\",\"rules\":["
			"{\"deny\":[\"read\"],\"paths\":%s}]}}",
			policies[p]);
		f = make(json);
		for (int n = 0; n < 40000; n++) {
			__u8 name[RF_NAME_BUF + RF_WORD] = {0};
			struct rf_dfa_pos start, byte, word;
			size_t len = 1 + (size_t)rand_r(&dice) % 40, at = 0;
			int r = 1;

			for (size_t i = 0; i < len; i++)
				name[i] = (__u8)
					letters[rand_r(&dice) % (n % 3 ? 2 : sizeof(letters) - 1)];
			name[(size_t)rand_r(&dice) % len] =
				(__u8)letters[(size_t)rand_r(&dice) % (sizeof(letters) - 1)];
			walk(&f, n % 2 ? "/proj" : "/usr/share", &start);
			if (rf_dfa_accept(&start) & RF_ACC_UNIVERSAL)
				continue;
			assert_int_equal(rf_dfa_byte(&f.img, &start, '/'), 0);
			byte = start;
			assert_int_equal(rf_dfa_bytes(&f.img, &byte, name, (__u32)len, 64), 0);
			word = start;
			for (at = 0; r > 0; at += RF_WORD) {
				assert_true(at <= len);
				r = rf_dfa_word(&f.img, &word, word_of(name, at), 0);
			}
			assert_int_equal(r, 0);
			assert_int_equal(rf_dfa_state(&word), rf_dfa_state(&byte));
			assert_int_equal(state_by_rest(&f.img, start, name, &known),
					 rf_dfa_state(&byte));
		}
		/* The third policy tells three bytes apart, so no name is one of the rest. */
		assert_int_equal(known > 0, p != 2);
		drop(&f);
	}
}

/*
 * Wherever the borders of pages come to lie, which the lengths of all other paths decide: the state
 * of most names stays in one page with what it leads to, and answers by words.
 */
static void no_border_makes_names_slow(void **state)
{
	static const __u8 name[RF_NAME_BUF + RF_WORD] = "aaaabbbbcccc";
	char json[4096], path[240];

	(void)state;
	for (size_t len = 1; len < sizeof(path); len += 2) {
		unsigned int known = 0;
		struct rf_dfa_pos pos;
		struct fixture f;

		for (size_t i = 0; i < len; i++)
			path[i] = (char)('a' + i % 23);
		(void)snprintf(json, sizeof(json),
			       "{\"ringfence\":1,\"name\":\"t\",\"files\":{\"default\":\"allow\","
			       "\"rules\":[{\"deny\":[\"read\"],\"paths\":[\"/a%.*s\",\"**/*.key\","
			       "\"**/*~\"]}]}}",
			       (int)len, path);
		f = make(json);
		walk(&f, "/usr/share", &pos);
		assert_int_equal(rf_dfa_byte(&f.img, &pos, '/'), 0);
		(void)state_by_rest(&f.img, pos, name, &known);
		if (!known)
			fail_msg("not with a path of %zu bytes", len);
		drop(&f);
	}
}

/* Also where there are more such states than a page holds, and folders share what they lead to. */
static void nor_do_many_folders(void **state)
{
	enum {
		N = 400
	};
	static const __u8 name[RF_NAME_BUF + RF_WORD] = "aaaabbbbcccc";
	size_t size = 200 + N * 40, len;
	char *json = malloc(size);
	unsigned int known = 0, stay = 0;
	struct fixture f;

	(void)state;
	assert_non_null(json);
	len = (size_t)snprintf(json, size,
			       "{\"ringfence\":1,\"name\":\"t\",\"files\":{\"default\":\"allow\","
			       "\"rules\":[{\"deny\":[\"read\"],\"paths\":[");
	for (int i = 0; i < N; i++)
		len += (size_t)snprintf(json + len, size - len, "%s\"/srv/p%d/**/x?%d*y\"",
					i ? "," : "", i, i);
	(void)snprintf(json + len, size - len, "]}]}}");
	f = make(json);
	free(json);
	for (int i = 0; i < N; i++) {
		struct rf_dfa_pos pos;
		char path[32];

		(void)snprintf(path, sizeof(path), "/srv/p%d/q", i);
		walk(&f, path, &pos);
		assert_int_equal(rf_dfa_byte(&f.img, &pos, '/'), 0);
		(void)state_by_rest(&f.img, pos, name, &known);
		(void)snprintf(path, sizeof(path), "/srv/p%d/q/xa%d", i, i);
		walk(&f, path, &pos); /* as before a "y" */
		stay += rf_rest_stays(&pos) != 0;
	}
	if (known < N - N / 50 || stay < N - N / 50)
		fail_msg("%u and %u of %d", known, stay, N);
	drop(&f);
}

UNIT_MAIN(cmocka_unit_test(words_are_bytes), cmocka_unit_test(no_border_makes_names_slow),
	  cmocka_unit_test(nor_do_many_folders), cmocka_unit_test(files_by_table),
	  cmocka_unit_test(audit_mode_lets_pass_all_but_self),
	  cmocka_unit_test(absent_sections_are_open_but_for_self),
	  cmocka_unit_test(audit_mode_keeps_self_below_a_denied_tree),
	  cmocka_unit_test(aliases_add_nothing),
	  cmocka_unit_test(what_kills_comes_before_what_only_denies),
	  cmocka_unit_test(network_by_table),
	  cmocka_unit_test(many_addresses_agree_with_every_rule),
	  cmocka_unit_test(tables_have_limits), cmocka_unit_test(ranges_of_one_rule_count_once),
	  cmocka_unit_test(unix_names), cmocka_unit_test(devices),
	  cmocka_unit_test(another_policy_has_another_name),
	  cmocka_unit_test(damage_is_found_or_harmless),
	  cmocka_unit_test(the_end_of_a_name_leads_nowhere),
	  cmocka_unit_test(what_programs_rely_on_is_checked),
	  cmocka_unit_test(a_rule_answers_with_an_errno));
