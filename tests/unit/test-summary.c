/* SPDX-License-Identifier: Apache-2.0 */
/* The lines for people: one event as text, and the summary of a run. */
#include "tests/unit/unit.h"

#include <string.h>

#include "sandbox/audit/summary.h"
#include "sandbox/audit/text.h"

#define DENIED_FILE                                                                                \
	"{\"v\":1,\"type\":\"access\",\"seq\":2,\"time\":\"2026-01-05T10:11:12.123456789Z\","      \
	"\"sandbox\":{\"id\":\"1\",\"name\":\"web\"},\"process\":{\"pid\":7,\"comm\":\"cat\"},"    \
	"\"layer\":\"files\",\"operation\":\"open\",\"object\":{\"path\":\"/etc/shadow\"},"        \
	"\"access\":[\"read\",\"write\"],\"missing\":[\"read\"],\"verdict\":\"denied\","           \
	"\"rule\":{\"id\":\"secrets\",\"source\":\"web.json:14\",\"reason\":\"private keys\"},"    \
	"\"count\":2}"

#define DENIED_NET                                                                                 \
	"{\"v\":1,\"type\":\"access\",\"seq\":3,\"layer\":\"network\",\"operation\":\"connect\","  \
	"\"object\":{\"family\":\"inet6\",\"protocol\":\"tcp\",\"address\":\"2001:db8::1\","       \
	"\"port\":443},\"missing\":[\"connect\"],\"verdict\":\"denied\","                          \
	"\"rule\":{\"id\":\"network.default\"},\"count\":1}"

#define ALLOWED "{\"v\":1,\"verdict\":\"allowed\",\"count\":9}"

#define LOST "{\"v\":1,\"type\":\"lost\",\"seq\":5,\"last\":9,\"count\":5,\"cause\":\"ring_full\"}"

static void expect_text(const char *json, const char *wanted)
{
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(4096);
	RF_CLEANUP(rf_tape_freep) struct rf_tape *tape = rf_tape_new();
	const struct rf_node *event = rf_tape_parse_object(tape, json, strlen(json), false);

	assert_non_null(event);
	assert_int_equal(rf_event_text(&out, event, false), 0);
	assert_string_equal(rf_str_text(&out), wanted);
}

static void events_read_as_lines(void **state RF_UNUSED)
{
	expect_text(DENIED_FILE,
		    "10:11:12.123 denied     files        read /etc/shadow  by secrets "
		    "(web.json:14): private keys  x2  cat[7] in web\n");
	expect_text(DENIED_NET, "denied     network      connect tcp [2001:db8::1]:443  by "
				"network.default\n");
	expect_text(LOST, "lost       5 events, numbers 5 to 9: ring_full\n");
}

static void text_escapes_what_a_terminal_would_obey(void **state RF_UNUSED)
{
	expect_text("{\"type\":\"access\",\"verdict\":\"denied\",\"layer\":\"files\","
		    "\"operation\":\"open\",\"object\":{\"path\":\"/a\\u001b[2Jb\"},"
		    "\"rule\":{\"id\":\"x\"}}",
		    "denied     files        open /a\\x1b[2Jb  by x\n");
}

static void add(struct rf_summary *summary, const char *line)
{
	struct rf_err err = RF_ERR_INIT;

	assert_int_equal(rf_summary_add(summary, line, strlen(line), &err), 0);
}

static void summary_counts_and_suggests(void **state RF_UNUSED)
{
	RF_CLEANUP(rf_summary_freep) struct rf_summary *summary = rf_summary_new();
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(4096);

	add(summary, ALLOWED);
	assert_int_equal(rf_summary_count(summary), 0);
	add(summary, DENIED_NET);
	add(summary, DENIED_FILE);
	add(summary, DENIED_FILE);
	add(summary, LOST);
	assert_int_equal(rf_summary_count(summary), 10);
	assert_int_equal(rf_summary_text(summary, &out, 10), 0);
	assert_string_equal(rf_str_text(&out),
			    "ringfence: 5 denied, 5 events lost\n"
			    "     4 x read /etc/shadow  by secrets (web.json:14): private keys\n"
			    "         to allow it: add it to that rule's \"except\"\n"
			    "     1 x connect tcp [2001:db8::1]:443  by network.default\n"
			    "         to allow it: --allow connect=tcp:[2001:db8::1]:443\n");
	rf_str_reset(&out);
	assert_int_equal(rf_summary_text(summary, &out, 1), 0);
	assert_non_null(strstr(rf_str_text(&out), "  and 1 more"));
}

static void expect_advice(const char *json, const char *wanted)
{
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(4096);
	RF_CLEANUP(rf_tape_freep) struct rf_tape *tape = rf_tape_new();
	const struct rf_node *event = rf_tape_parse_object(tape, json, strlen(json), false);

	assert_non_null(event);
	assert_int_equal(rf_summary_advise(&out, event), 0);
	assert_string_equal(rf_str_text(&out), wanted);
}

static void every_layer_has_its_advice(void **state RF_UNUSED)
{
	expect_advice(
		"{\"layer\":\"devices\",\"object\":{\"type\":\"char\",\"major\":1,\"minor\":11},"
		"\"missing\":[\"read\",\"write\"],\"rule\":{\"id\":\"devices.default\"}}",
		"to allow it: the rule {\"allow\": [\"read\", \"write\"], "
		"\"nodes\": [\"char 1:11\"]} of \"devices\"");
	expect_advice(
		"{\"layer\":\"devices\",\"object\":{\"type\":\"char\",\"major\":1,\"minor\":11},"
		"\"missing\":[\"read\"],\"rule\":{\"id\":\"log\"}}",
		"to allow it: narrow or remove that rule");
	expect_advice("{\"layer\":\"network\",\"object\":{\"family\":\"unix\",\"unix\":\"/run/x\"},"
		      "\"missing\":[\"connect\"],\"rule\":{\"id\":\"network.default\"}}",
		      "to allow it: --allow connect=unix:/run/x");
	expect_advice("{\"layer\":\"network\",\"object\":{\"family\":\"inet\",\"protocol\":\"136\","
		      "\"address\":\"127.0.0.1\",\"port\":18000},\"missing\":[\"send\"],"
		      "\"rule\":{\"id\":\"network.default\"}}",
		      "to allow it: the rule {\"allow\": [\"send\"], \"to\": [\"127.0.0.1\"], "
		      "\"ports\": [18000]} of \"network\"");
	expect_advice(
		"{\"layer\":\"seccomp\",\"object\":{\"name\":\"socket\"},"
		"\"rule\":{\"id\":\"network.default\"}}",
		"no rule of \"network\" allows such sockets; a rule with \"unix\" allows unix "
		"sockets, one without IP sockets");
	expect_advice("{\"layer\":\"seccomp\",\"object\":{\"name\":\"listen\"},"
		      "\"rule\":{\"id\":\"network.default\"}}",
		      "no rule of \"network\" allows to listen");
	expect_advice("{\"layer\":\"seccomp\",\"object\":{\"name\":\"mount\"},"
		      "\"rule\":{\"id\":\"seccomp.default\"}}",
		      "to allow it: add \"mount\" to seccomp.allow");
	expect_advice("{\"layer\":\"process\",\"object\":{\"pid\":1,\"comm\":\"init\"},"
		      "\"rule\":{\"id\":\"kernel.signals\"}}",
		      "to allow it: \"kernel\": {\"signals\": \"allow\"}");
	expect_advice("{\"layer\":\"network\",\"object\":{\"family\":\"inet\",\"protocol\":\"tcp\","
		      "\"address\":\"1.2.3.4\",\"port\":80},\"missing\":[\"connect\"],"
		      "\"rule\":{\"id\":\"meta\"}}",
		      "to allow it: narrow or remove that rule");
}

static void what_is_never_allowed_has_no_advice(void **state RF_UNUSED)
{
	expect_advice("{\"layer\":\"files\",\"object\":{\"path\":\"/run/ringfence/x\"},"
		      "\"missing\":[\"read\"],\"rule\":{\"id\":\"ringfence.self\"}}",
		      "");
	expect_advice("{\"layer\":\"kernel\",\"object\":{\"key\":\"bpf\"},"
		      "\"rule\":{\"id\":\"ringfence.self\"}}",
		      "");
}

static void summary_memory_is_bounded(void **state RF_UNUSED)
{
	RF_CLEANUP(rf_summary_freep) struct rf_summary *summary = rf_summary_new();
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(4096);

	for (int i = 0; i < RF_SUMMARY_MAX + 50; i++) {
		char line[200];

		(void)snprintf(line, sizeof(line),
			       "{\"layer\":\"files\",\"verdict\":\"denied\",\"missing\":[\"read\"],"
			       "\"object\":{\"path\":\"/%d\"},\"rule\":{\"id\":\"x\"},\"count\":1}",
			       i);
		add(summary, line);
	}
	assert_int_equal(rf_summary_count(summary), RF_SUMMARY_MAX + 50);
	assert_int_equal(rf_summary_text(summary, &out, 2), 0);
	assert_non_null(strstr(rf_str_text(&out), "  and 1048 more"));
}

/* What the kernel dropped is known to be missing: no count is told as if it were whole. */
static void dropped_audit_records_are_told(void **state RF_UNUSED)
{
	RF_CLEANUP(rf_summary_freep) struct rf_summary *summary = rf_summary_new();
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(4096);

	add(summary, "{\"type\":\"stats\",\"audit_lost\":1}");
	assert_int_equal(rf_summary_count(summary), 1); /* so that it is printed */
	add(summary, "{\"type\":\"stats\",\"audit_lost\":2}");
	add(summary, "{\"layer\":\"kernel\",\"verdict\":\"denied\",\"object\":{\"key\":\"bpf\"},"
		     "\"rule\":{\"id\":\"kernel.bpf\"},\"count\":7}");
	assert_int_equal(rf_summary_text(summary, &out, 0), 0);
	assert_string_equal(rf_str_text(&out),
			    "ringfence: at least 7 denied, the kernel dropped audit records, which "
			    "may have told of more\n  and 1 more; --events FILE records all of "
			    "them\n");
}

static int advise_bpf(void *data, struct rf_str *out, const struct rf_node *event)
{
	if (strcmp(rf_node_get_text(rf_node_get(event, "object"), "name"), "bpf") != 0)
		return 0;
	(void)rf_str_add(out, data);
	return 1;
}

static void who_knows_the_policy_advises(void **state RF_UNUSED)
{
	RF_CLEANUP(rf_summary_freep) struct rf_summary *summary = rf_summary_new();
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(4096);
	char words[] = "two changes";

	rf_summary_ask(summary, advise_bpf, words);
	add(summary, "{\"layer\":\"seccomp\",\"verdict\":\"denied\",\"object\":{\"name\":\"bpf\"},"
		     "\"rule\":{\"id\":\"seccomp.default\"},\"count\":1}");
	add(summary, "{\"layer\":\"seccomp\",\"verdict\":\"denied\",\"object\":{\"name\":\"acct\"},"
		     "\"rule\":{\"id\":\"seccomp.default\"},\"count\":1}");
	assert_int_equal(rf_summary_text(summary, &out, 9), 0);
	assert_non_null(strstr(rf_str_text(&out), "         two changes\n"));
	assert_non_null(strstr(rf_str_text(&out), "         to allow it: add \"acct\" to"));
}

UNIT_MAIN(cmocka_unit_test(events_read_as_lines),
	  cmocka_unit_test(text_escapes_what_a_terminal_would_obey),
	  cmocka_unit_test(summary_counts_and_suggests),
	  cmocka_unit_test(every_layer_has_its_advice),
	  cmocka_unit_test(what_is_never_allowed_has_no_advice),
	  cmocka_unit_test(dropped_audit_records_are_told),
	  cmocka_unit_test(who_knows_the_policy_advises),
	  cmocka_unit_test(summary_memory_is_bounded));
