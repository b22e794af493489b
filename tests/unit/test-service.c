/* SPDX-License-Identifier: Apache-2.0 */
/* The service's messages, and whom it fences for whom. */
#include "sandbox/launch/service.h"

#include <string.h>

#include "lsm/abi_image.h"
#include "sandbox/launch/image.h"
#include "sandbox/launch/service_peer.h"
#include "tests/unit/unit.h"

static struct rf_service_sandbox good_sandbox(void)
{
	struct rf_service_sandbox s = {
		.head = rf_service_head(RF_SERVICE_SANDBOX, sizeof(s)),
		.id = 7,
		.n_pages = 2,
		.words_size = 10,
		.names_size = 3,
		.name = "name",
		.policy = "policy",
	};

	memset(s.sha256, 'a', 64);
	return s;
}

static int parse(const void *bytes, size_t size, struct rf_service_message *ret)
{
	struct rf_err err = RF_ERR_INIT;
	int r = rf_service_parse(ret, bytes, size, &err);

	assert_true((r == 0) == (err.code == 0));
	return r;
}

static void a_sandbox_is_read_as_it_was_written(void **state)
{
	struct rf_service_sandbox s = good_sandbox();
	struct rf_service_message m;

	(void)state;
	assert_int_equal(parse(&s, sizeof(s), &m), 0);
	assert_int_equal(m.type, RF_SERVICE_SANDBOX);
	assert_int_equal(m.sandbox.id, 7);
	assert_string_equal(m.sandbox.policy, "policy");
	assert_int_equal(rf_service_body(&m.sandbox), 2 * sizeof(struct rf_page) + 13);
}

/* One change of a good message each; all are refused. */
static void what_is_not_exactly_right_is_refused(void **state)
{
	static const struct {
		const char *what;
		size_t at, size;
		uint64_t value;
		int error;
	} rows[] = {
		{"magic", 0, 4, 1, -EPROTO},
		{"version", 4, 2, 2, -EPROTO},
		{"type of ours", 6, 2, RF_SERVICE_HELLO, -EPROTO},
		{"no type", 6, 2, 0, -EPROTO},
		{"unknown type", 6, 2, RF_SERVICE_TYPES, -EPROTO},
		{"size", 8, 4, 1, -EPROTO},
		{"padding", 12, 4, 1, -EPROTO},
		{"id 0", offsetof(struct rf_service_sandbox, id), 8, 0, -EPROTO},
		{"flags", offsetof(struct rf_service_sandbox, flags), 4, 2, -EPROTO},
		{"no pages", offsetof(struct rf_service_sandbox, n_pages), 4, 0, -EFBIG},
		{"pages", offsetof(struct rf_service_sandbox, n_pages), 4, RF_SERVICE_PAGES_MAX + 1,
		 -EFBIG},
		{"many pages", offsetof(struct rf_service_sandbox, n_pages), 4, UINT32_MAX, -EFBIG},
		{"no words", offsetof(struct rf_service_sandbox, words_size), 4, 0, -EFBIG},
		{"words", offsetof(struct rf_service_sandbox, words_size), 4,
		 RF_SERVICE_WORDS_MAX + 1, -EFBIG},
		{"names", offsetof(struct rf_service_sandbox, names_size), 4,
		 RF_SERVICE_NAMES_MAX + 1, -EFBIG},
		{"no name", offsetof(struct rf_service_sandbox, name), 8, 0, -EPROTO},
		{"text behind a name", offsetof(struct rf_service_sandbox, name) + 40, 1, 'x',
		 -EPROTO},
		{"name without end", offsetof(struct rf_service_sandbox, name) + 63, 1, 'x',
		 -EPROTO},
		{"no hash", offsetof(struct rf_service_sandbox, sha256) + 3, 1, '"', -EPROTO},
		{"short hash", offsetof(struct rf_service_sandbox, sha256) + 63, 1, 0, -EPROTO},
		{"long hash", offsetof(struct rf_service_sandbox, sha256) + 64, 1, 'a', -EPROTO},
	};

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		struct rf_service_sandbox s = good_sandbox();
		struct rf_service_message m;
		char bytes[sizeof(s)];

		memcpy(bytes, &s, sizeof(s));
		memcpy(bytes + rows[i].at, &rows[i].value, rows[i].size);
		if (parse(bytes, sizeof(bytes), &m) != rows[i].error)
			fail_msg("%s: %d", rows[i].what, parse(bytes, sizeof(bytes), &m));
	}
}

static void each_length_but_the_right_one_is_refused(void **state)
{
	struct rf_service_sandbox s = good_sandbox();
	struct rf_service_message m;

	(void)state;
	for (size_t size = 0; size < sizeof(s); size++) {
		s.head.size = (uint32_t)size;
		assert_int_equal(parse(&s, size, &m), -EPROTO);
	}
}

static void data_has_bytes_and_a_bound(void **state)
{
	static char bytes[sizeof(struct rf_service_head) + RF_SERVICE_CHUNK + 1];
	static const struct {
		size_t size;
		int answer;
	} rows[] = {{0, -EPROTO}, {1, 0}, {RF_SERVICE_CHUNK, 0}, {RF_SERVICE_CHUNK + 1, -EPROTO}};

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		size_t all = sizeof(struct rf_service_head) + rows[i].size;
		struct rf_service_head head = rf_service_head(RF_SERVICE_DATA, all);
		struct rf_service_message m;

		memcpy(bytes, &head, sizeof(head));
		assert_int_equal(parse(bytes, all, &m), rows[i].answer);
		if (rows[i].answer == 0)
			assert_int_equal(m.data_size, rows[i].size);
	}
}

static void names_lead_nowhere_else(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		size_t n; /* 0: refused */
	} rows[] = {
		{"/a", 3, 1},	    {"/a\0/b/c", 8, 2}, {"/", 2, 1},	 {"a", 2, 0},
		{"/a", 2, 0},	    {"", 1, 0},		{"/a/", 4, 0},	 {"//a", 4, 0},
		{"/a/../b", 8, 0},  {"/.", 3, 0},	{"/a/.b", 6, 1}, {"/..a", 5, 1},
		{"/a\0/b\0", 7, 0},
	};

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		RF_AUTOFREE struct rf_pattern *list = NULL;
		size_t n = 0;
		int r = rf_service_names(&list, &n, rows[i].bytes, rows[i].size, NULL);

		if ((rows[i].n ? r != 0 : r != -EPROTO) || n != rows[i].n)
			fail_msg("row %zu: %d, %zu names", i, r, n);
		for (size_t k = 0; k < n; k++)
			assert_true(list[k].literal);
	}
}

static void names_have_a_bound(void **state)
{
	char bytes[3 * (RF_SERVICE_NAMES + 1)];
	RF_AUTOFREE struct rf_pattern *list = NULL;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i <= RF_SERVICE_NAMES; i++)
		memcpy(bytes + 3 * i, "/a", 3);
	assert_int_equal(rf_service_names(&list, &n, bytes, sizeof(bytes), NULL), -E2BIG);
	assert_int_equal(rf_service_names(&list, &n, bytes, sizeof(bytes) - 3, NULL), 0);
	assert_int_equal(n, RF_SERVICE_NAMES);
}

static void events_stay_within_their_message(void **state)
{
	struct {
		struct rf_service_event event;
		char bytes[12];
	} m = {.bytes = "RECORD{line\n"};
	const char *line;
	const void *record;
	size_t record_size, line_size;

	(void)state;
	m.event.head = rf_service_head(RF_SERVICE_EVENT, sizeof(m));
	m.event.record_size = 6;
	m.event.line_size = 6;
	assert_int_equal(
		rf_service_parse_event(&m, sizeof(m), &record, &record_size, &line, &line_size), 0);
	assert_memory_equal(line, "{line\n", 6);
	assert_memory_equal(record, "RECORD", 6);
	for (uint32_t size = 0; size < 40; size++) {
		m.event.line_size = size;
		if (size != 6)
			assert_int_equal(rf_service_parse_event(&m, sizeof(m), &record,
								&record_size, &line, &line_size),
					 -EPROTO);
	}
	m.event.line_size = 7;
	m.event.record_size = UINT32_MAX;
	assert_int_equal(
		rf_service_parse_event(&m, sizeof(m), &record, &record_size, &line, &line_size),
		-EPROTO);
}

/* ---- whom it fences ---- */

static const char good_status[] =
	"Name:\tringfence\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t50\n"
	"Ngid:\t0\nPid:\t50\nPPid:\t40\nTracerPid:\t0\n"
	"Uid:\t1000\t1000\t1000\t1000\nGid:\t1\t1\t1\t1\n"
	"CapPrm:\t0000000000000000\nThreads:\t1\nNoNewPrivs:\t1\n";
static const char good_stat[] = "50 (a) b) S 40 50 50 0 -1 4194368 10 0";

static void a_waiting_child_is_recognised(void **state)
{
	const struct rf_peer peer = {.pid = 40, .uid = 1000};
	struct rf_process p;

	(void)state;
	assert_int_equal(rf_process_parse(&p, good_status, good_stat), 0);
	assert_int_equal(p.pid, 50);
	assert_int_equal(p.parent, 40);
	assert_true(p.forked && p.no_new_privs && p.threads == 1 && p.capabilities == 0);
	p.own = true;
	assert_int_equal(rf_process_judge(&p, &peer, NULL), 0);
}

static void nobody_else_is_fenced(void **state)
{
	const struct rf_peer peer = {.pid = 40, .uid = 1000};
	const struct rf_process good = {.pid = 50,
					.tgid = 50,
					.parent = 40,
					.uids = {1000, 1000, 1000, 1000},
					.threads = 1,
					.no_new_privs = true,
					.forked = true,
					.own = true};
	struct rf_process bad[12];
	struct rf_err err = RF_ERR_INIT;

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(bad); i++)
		bad[i] = good;
	for (size_t i = 0; i < 4; i++)
		bad[i].uids[i] = 0;
	bad[4].tgid = 49;
	bad[5].parent = 1;
	bad[6].threads = 2;
	bad[7].forked = false;
	bad[8].no_new_privs = false;
	bad[9].own = false;
	bad[10].pid = bad[10].tgid = 1;
	bad[11].uids[0] = bad[11].uids[1] = bad[11].uids[2] = bad[11].uids[3] = 1001;
	assert_int_equal(rf_process_judge(&good, &peer, NULL), 0);
	for (size_t i = 0; i < RF_ARRAY_LEN(bad); i++) {
		rf_err_clear(&err);
		if (rf_process_judge(&bad[i], &peer, &err) != -EPERM)
			fail_msg("row %zu is let pass", i);
	}
}

static void what_cannot_be_read_is_refused(void **state)
{
	static const char *const lines[] = {"Tgid",    "Pid",	     "PPid",  "Uid",
					    "Threads", "NoNewPrivs", "CapPrm"};
	struct rf_process p;

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(lines); i++) {
		char text[sizeof(good_status)], name[32];
		char *at;

		memcpy(text, good_status, sizeof(text));
		(void)snprintf(name, sizeof(name), "\n%s:", lines[i]);
		at = strstr(text, name);
		assert_non_null(at);
		at[1] = 'x';
		assert_int_equal(rf_process_parse(&p, text, good_stat), -EPROTO);
	}
	assert_int_equal(rf_process_parse(&p, good_status, "50 (a) S 40"), -EPROTO);
	assert_int_equal(rf_process_parse(&p, good_status, ""), -EPROTO);
	assert_int_equal(rf_process_parse(&p, "", good_stat), -EPROTO);
	/* It executed: the flag is gone. */
	assert_int_equal(rf_process_parse(&p, good_status, "50 (a) S 40 50 50 0 -1 4194304 1"), 0);
	assert_false(p.forked);
}

/* Pages that claim to be another's get a name of their own; equal ones of one owner the same. */
static void images_are_named_by_their_owner(void **state)
{
	static struct rf_page a, b;
	struct rf_image one = {.pages = &a, .n_pages = 1}, two = {.pages = &b, .n_pages = 1};
	struct rf_image_head *head_a = (struct rf_image_head *)(void *)&a;
	struct rf_image_head *head_b = (struct rf_image_head *)(void *)&b;

	(void)state;
	head_a->id = head_b->id = 99;
	rf_image_own(&one, "user 1", 6);
	rf_image_own(&two, "user 1", 6);
	assert_true(head_a->id != 99 && head_a->id == head_b->id && one.key == two.key);
	rf_image_own(&two, "user 2", 6);
	assert_true(head_a->id != head_b->id && one.key != two.key);
	b.cell[4000] = 1;
	rf_image_own(&two, "user 1", 6);
	assert_true(head_a->id != head_b->id && one.key != two.key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sandbox_is_read_as_it_was_written),
		cmocka_unit_test(what_is_not_exactly_right_is_refused),
		cmocka_unit_test(each_length_but_the_right_one_is_refused),
		cmocka_unit_test(data_has_bytes_and_a_bound),
		cmocka_unit_test(names_lead_nowhere_else),
		cmocka_unit_test(names_have_a_bound),
		cmocka_unit_test(events_stay_within_their_message),
		cmocka_unit_test(a_waiting_child_is_recognised),
		cmocka_unit_test(nobody_else_is_fenced),
		cmocka_unit_test(what_cannot_be_read_is_refused),
		cmocka_unit_test(images_are_named_by_their_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
