/* SPDX-License-Identifier: Apache-2.0 */
/* Records of the kernel's audit subsystem, as texts, become records of ours. */
#include "tests/unit/unit.h"

#include <linux/audit.h>
#include <stdlib.h>
#include <string.h>

#include "lsm/names.h"
#include "sandbox/audit/event.h"
#include "sandbox/audit/netlink.h"

static struct rf_audit_line line;
static struct rf_feed_buffer buffer;

static int parse(uint32_t type, const char *text)
{
	return rf_audit_line_parse(&line, type, text, strlen(text));
}

static void a_seccomp_record_is_read(void **state)
{
	const struct rf_record *record;
	struct rf_err err = RF_ERR_INIT;

	(void)state;
	assert_int_equal(parse(1326, "audit(1795367782.874:41056): auid=4294967295 uid=33 gid=44 "
				     "ses=4294967295 subj=unconfined pid=629 comm=\"nl\" "
				     "exe=\"/tmp/nl\" sig=0 arch=c000003e syscall=83 compat=0 "
				     "ip=0x7fa5a267b829 code=0x50000"),
			 0);
	assert_true(line.time == INT64_C(1795367782874000000));
	assert_int_equal(line.serial, 41056);
	assert_int_equal(line.pid, 629);
	assert_int_equal(line.uid, 33);
	assert_int_equal(line.gid, 44);
	assert_string_equal(line.comm, "nl");
	assert_int_equal(line.call.nr, 83);
	assert_int_equal(line.call.abi, AUDIT_ARCH_X86_64);
	assert_true(line.call.ip == 0x7fa5a267b829);
	assert_int_equal(line.code, 0x50000);
	assert_int_equal(rf_feed_convert(&buffer, &line), 0);
	assert_int_equal(buffer.head.layer, RF_SEC_SECCOMP);
	assert_int_equal(buffer.head.verdict, RF_V_DENIED);
	assert_int_equal(buffer.head.obj, RF_OBJ_SYSCALL);
	assert_int_equal(buffer.head.o.syscall.nr, 83);
	assert_int_equal(buffer.head.pid, 629);
	assert_int_equal(rf_event_check(&record, &buffer, buffer.head.size, &err), 0);
}

static void actions_become_verdicts(void **state)
{
	static const struct {
		const char *code;
		uint8_t verdict;
	} rows[] = {
		{"0x50026", RF_V_DENIED},    {"0x7ffc0000", RF_V_WOULD_DENY},
		{"0x80000000", RF_V_KILLED}, {"0x0", RF_V_KILLED},
		{"0x30000", RF_V_DENIED},
	};

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		char text[128];

		(void)snprintf(text, sizeof(text),
			       "audit(1.002:3): pid=9 arch=40000003 syscall=20 code=%s",
			       rows[i].code);
		assert_int_equal(parse(1326, text), 0);
		assert_int_equal(line.call.abi, AUDIT_ARCH_I386);
		assert_int_equal(rf_feed_convert(&buffer, &line), 0);
		assert_int_equal(buffer.head.verdict, rows[i].verdict);
	}
}

/* What a command calls itself cannot add fields. */
static void names_are_only_names(void **state)
{
	(void)state;
	assert_int_equal(parse(1326, "audit(1.2:3): pid=7 comm=61207069643D31 syscall=1"), 0);
	assert_int_equal(line.pid, 7);
	assert_string_equal(line.comm, "a pid=1");
	assert_int_equal(parse(1326, "audit(1.2:3): pid=7 comm=\"a pid=1\" syscall=1"), 0);
	assert_int_equal(line.pid, 7);
	assert_int_equal(
		parse(1326, "audit(1.2:3): comm=\"012345678901234567890123\" pid=5 syscall=1"), 0);
	assert_string_equal(line.comm, "012345678901234");
	assert_int_equal(line.pid, 5);
}

static void landlock_denials_are_read(void **state)
{
	const struct rf_record *record;
	struct rf_err err = RF_ERR_INIT;

	(void)state;
	assert_int_equal(parse(1423, "audit(5.1:6): domain=195ba459b "
				     "blockers=fs.remove_dir,fs.refer path=\"/usr/bin\" "
				     "dev=\"vda2\" ino=351"),
			 0);
	assert_true(line.domain == 0x195ba459b);
	assert_int_equal(line.rights, RF_A_REMOVE | RF_A_CREATE);
	assert_int_equal(line.ino, 351);
	assert_int_equal(rf_feed_convert(&buffer, &line), 0);
	assert_int_equal(buffer.head.layer, RF_SEC_FILES);
	assert_int_equal(buffer.head.missing, RF_A_REMOVE | RF_A_CREATE);
	assert_int_equal(buffer.head.o.file.path_len, 8);
	assert_memory_equal(buffer.head.text, "/usr/bin", 8);
	assert_int_equal(rf_event_check(&record, &buffer, buffer.head.size, &err), 0);
	assert_int_equal(parse(1423,
			       "audit(5.1:6): domain=1 blockers=net.connect_tcp daddr=127.0.0.1 "
			       "dest=80"),
			 0);
	assert_int_equal(rf_feed_convert(&buffer, &line), 0);
	assert_int_equal(buffer.head.layer, RF_SEC_NETWORK);
	assert_int_equal(buffer.head.o.inet.port, 80);
	assert_int_equal(buffer.head.operation, RF_OP_CONNECT);
	assert_int_equal(parse(1423, "audit(5.1:6): domain=1 blockers=scope.signal opid=1 "
				     "ocomm=\"systemd\""),
			 0);
	assert_int_equal(rf_feed_convert(&buffer, &line), 0);
	assert_int_equal(buffer.head.key, RF_K_SIGNALS);
	assert_int_equal(buffer.head.rule, RF_RULE_KERNEL);
	assert_int_equal(parse(1424, "audit(5.1:6): domain=1a status=allocated mode=enforcing "
				     "pid=300 uid=0 exe=\"/root/s\" comm=\"s\""),
			 0);
	assert_true(line.allocated);
	assert_int_equal(line.pid, 300);
	assert_int_equal(rf_feed_convert(&buffer, &line), -ENOMSG);
	assert_int_equal(parse(1424, "audit(5.1:6): domain=1a status=deallocated denials=3"), 0);
	assert_false(line.allocated);
}

static void nonsense_is_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"audit",
		"audit(1.2:3)",
		"audit(x.2:3): pid=1",
		"audit(1.2:3): pid=x",
		"audit(1.2:3): pid=99999999999999999999999999",
		"audit(1.2:3): comm=\"open",
		"audit(1.2:3): comm=6G",
		"audit(1.2:3): word",
		"audit(1.2:3): arch=xyz",
		"audit(99999999999999999999.2:3): pid=1",
	};

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++)
		if (parse(1326, rows[i]) != -EBADMSG)
			fail_msg("taken: %s", rows[i]);
	assert_int_equal(parse(1300, "audit(1.2:3): pid=1"), -ENOMSG);
}

UNIT_MAIN(cmocka_unit_test(a_seccomp_record_is_read), cmocka_unit_test(actions_become_verdicts),
	  cmocka_unit_test(names_are_only_names), cmocka_unit_test(landlock_denials_are_read),
	  cmocka_unit_test(nonsense_is_refused));
