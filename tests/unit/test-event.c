/* SPDX-License-Identifier: Apache-2.0 */
/* Records as lines of JSON: the members, their order and their escaping. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <jansson.h>
#include <linux/audit.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "lsm/names.h"
#include "sandbox/audit/event.h"

#define TEXT_MAX 512

static int find_rule(void *data RF_UNUSED, const struct rf_record *record,
		     struct rf_rule_words *ret)
{
	if (record->rule != 3)
		return 0;
	*ret = (struct rf_rule_words){.id = "secrets",
				      .file = "web.json",
				      .line = 14,
				      .reason = "private keys",
				      .hint = "use the agent"};
	return 1;
}

static const struct rf_subject subject = {
	.id = 0x9f2c,
	.name = "web",
	.policy = "webpol",
	.sha256 = "ab",
	.host = "n1",
	.boot = "b0",
	.rule = find_rule,
};

static struct rf_record *new_record(const char *text, size_t len)
{
	struct rf_record *r = calloc(1, sizeof(*r) + TEXT_MAX);

	assert_non_null(r);
	r->size = (uint16_t)(sizeof(*r) + len);
	r->version = RF_ABI_VERSION;
	r->type = RF_REC_ACCESS;
	r->seq = 812;
	r->time = 1500000000;
	r->pid = r->tid = 4312;
	r->ppid = 4300;
	r->start = 1230000000;
	r->verdict = RF_V_DENIED;
	r->errno_value = EACCES;
	r->count = 1;
	memcpy(r->comm, "nginx", 6);
	memcpy(r->text, text, len);
	return r;
}

static void expect(struct rf_record *record, const char *exe, const char *wanted)
{
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(RF_EVENT_LINE_MAX);

	assert_int_equal(rf_event_json(&out, record, &subject, exe, exe ? strlen(exe) : 0, 0), 0);
	assert_string_equal(rf_str_text(&out), wanted);
	free(record);
}

#define HEAD                                                                                         \
	"{\"v\":1,\"type\":\"access\",\"seq\":812,\"time\":\"1970-01-01T00:00:01.500000000Z\","      \
	"\"host\":\"n1\",\"boot\":\"b0\",\"sandbox\":{\"id\":\"0000000000009f2c\",\"name\":\"web\"," \
	"\"policy\":\"webpol\",\"sha256\":\"ab\",\"session\":\"init\"},"                             \
	"\"process\":{\"pid\":4312,\"tid\":4312,\"ppid\":4300,\"start\":123,\"uid\":0,\"gid\":0,"    \
	"\"comm\":\"nginx\""

static void file_denial_has_every_member_in_order(void **state RF_UNUSED)
{
	struct rf_record *r = new_record("/etc/shadow", 11);

	r->layer = RF_SEC_FILES;
	r->hook = RF_H_FILE_OPEN;
	r->operation = RF_OP_OPEN;
	r->obj = RF_OBJ_FILE;
	r->rule = 3;
	r->access = RF_A_READ | RF_A_WRITE;
	r->missing = RF_A_WRITE;
	r->o.file = (struct rf_obj_file){
		.major = 8, .minor = 1, .ino = 77, .mode = S_IFREG, .path_len = 11};
	expect(r, "/usr/sbin/nginx",
	       HEAD ",\"exe\":\"/usr/sbin/nginx\"},\"layer\":\"files\",\"hook\":\"file_open\","
		    "\"operation\":\"open\",\"object\":{\"path\":\"/etc/shadow\",\"dev\":\"8:1\","
		    "\"ino\":77,\"type\":\"regular\"},\"access\":[\"read\",\"write\"],"
		    "\"missing\":[\"write\"],\"verdict\":\"denied\",\"enforced\":true,"
		    "\"errno\":\"EACCES\",\"rule\":{\"id\":\"secrets\",\"source\":\"web.json:14\","
		    "\"reason\":\"private keys\",\"hint\":\"use the agent\"},\"count\":1}\n");
}

static void unjudged_names_its_code(void **state RF_UNUSED)
{
	struct rf_record *r = new_record("", 0);

	r->layer = RF_SEC_FILES;
	r->hook = RF_H_FILE_OPEN;
	r->operation = RF_OP_OPEN;
	r->obj = RF_OBJ_FILE;
	r->rule = RF_RULE_UNJUDGED;
	r->code = RF_CODE_TOO_DEEP;
	r->access = r->missing = RF_A_READ;
	expect(r, NULL,
	       HEAD "},\"layer\":\"files\",\"hook\":\"file_open\",\"operation\":\"open\","
		    "\"object\":{},\"access\":[\"read\"],\"missing\":[\"read\"],"
		    "\"verdict\":\"denied\",\"enforced\":true,\"errno\":\"EACCES\","
		    "\"rule\":{\"id\":\"files.unjudged\",\"code\":\"too_deep\"},\"count\":1}\n");
}

static void mapped_address_is_ipv4(void **state RF_UNUSED)
{
	struct rf_record *r = new_record("", 0);

	r->layer = RF_SEC_NETWORK;
	r->hook = RF_H_SOCKET_CONNECT;
	r->operation = RF_OP_CONNECT;
	r->obj = RF_OBJ_INET;
	r->rule = RF_RULE_NONE;
	r->errno_value = EPERM;
	r->access = r->missing = RF_A_CONNECT;
	r->o.inet =
		(struct rf_obj_inet){.family = AF_INET6,
				     .port = 443,
				     .protocol = 6,
				     .addr = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 1, 2, 3}};
	expect(r, NULL,
	       HEAD "},\"layer\":\"network\",\"hook\":\"socket_connect\",\"operation\":\"connect\","
		    "\"object\":{\"family\":\"inet\",\"protocol\":\"tcp\",\"address\":\"10.1.2.3\","
		    "\"port\":443},\"access\":[\"connect\"],\"missing\":[\"connect\"],"
		    "\"verdict\":\"denied\",\"enforced\":true,\"errno\":\"EPERM\","
		    "\"rule\":{\"id\":\"network.default\"},\"count\":1}\n");
}

static void syscall_names_call_and_abi(void **state RF_UNUSED)
{
	struct rf_record *r = new_record("", 0);

	r->layer = RF_SEC_SECCOMP;
	r->hook = RF_H_SECCOMP;
	r->operation = RF_OP_SYSCALL;
	r->obj = RF_OBJ_SYSCALL;
	r->rule = RF_RULE_NONE;
	r->errno_value = EPERM;
	r->o.syscall = (struct rf_obj_syscall){
		.nr = 101, .abi = AUDIT_ARCH_X86_64, .args = {16, 0xffffffffffffffff}, .ip = 4096};
	expect(r, NULL,
	       HEAD "},\"layer\":\"seccomp\",\"hook\":\"seccomp\",\"operation\":\"syscall\","
		    "\"object\":{\"name\":\"ptrace\",\"nr\":101,\"abi\":\"x86_64\","
		    "\"args\":[\"0x10\",\"0xffffffffffffffff\",\"0x0\",\"0x0\",\"0x0\",\"0x0\"],"
		    "\"ip\":\"0x1000\"},\"verdict\":\"denied\",\"enforced\":true,"
		    "\"errno\":\"EPERM\",\"rule\":{\"id\":\"seccomp.default\"},\"count\":1}\n");
}

static void hostile_names_stay_data(void **state RF_UNUSED)
{
	static const char path[] = "/a\"\n\x1b[31m\xff\\";
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(RF_EVENT_LINE_MAX);
	struct rf_record *r = new_record(path, sizeof(path) - 1);
	json_t *json;

	r->layer = RF_SEC_FILES;
	r->obj = RF_OBJ_FILE;
	r->o.file.path_len = sizeof(path) - 1;
	assert_int_equal(rf_event_json(&out, r, &subject, NULL, 0, 0), 0);
	assert_ptr_equal(strchr(rf_str_text(&out), '\n'), rf_str_text(&out) + out.len - 1);
	json = json_loads(rf_str_text(&out), 0, NULL);
	assert_non_null(json);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(json, "object"), "path")),
		"/a\"\n\x1b[31m\xef\xbf\xbd\\");
	json_decref(json);
	free(r);
}

static void damaged_records_are_refused(void **state RF_UNUSED)
{
	struct rf_record *r = new_record("/x", 2);
	const struct rf_record *checked;
	struct rf_err err = RF_ERR_INIT;

	r->obj = RF_OBJ_FILE;
	r->o.file.path_len = 2;
	assert_int_equal(rf_event_check(&checked, r, r->size, &err), 0);
	assert_int_equal(rf_event_check(&checked, r, sizeof(*r) - 1, &err), -EBADMSG);
	assert_int_equal(rf_event_check(&checked, r, r->size - 1u, &err), -EBADMSG);
	r->o.file.path_len = 3;
	assert_int_equal(rf_event_check(&checked, r, r->size, &err), -EBADMSG);
	r->o.file.path_len = UINT32_MAX;
	r->o.file.new_len = 3;
	assert_int_equal(rf_event_check(&checked, r, r->size, &err), -EBADMSG);
	r->o.file.path_len = r->o.file.new_len = 1;
	assert_int_equal(rf_event_check(&checked, r, r->size, &err), 0);
	r->version++;
	assert_int_equal(rf_event_check(&checked, r, r->size, &err), -EBADMSG);
	free(r);
}

static void losses_and_notes_say_their_range(void **state RF_UNUSED)
{
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(RF_EVENT_LINE_MAX);

	assert_int_equal(rf_event_lost_json(&out, 5, 9, 5, RF_LOST_RING_FULL, &subject, 1000000000),
			 0);
	assert_string_equal(
		rf_str_text(&out),
		"{\"v\":1,\"type\":\"lost\",\"seq\":5,\"last\":9,"
		"\"time\":\"1970-01-01T00:00:01.000000000Z\",\"host\":\"n1\",\"boot\":\"b0\","
		"\"sandbox\":{\"id\":\"0000000000009f2c\",\"name\":\"web\",\"policy\":\"webpol\","
		"\"sha256\":\"ab\"},\"count\":5,\"cause\":\"ring_full\"}\n");
}

static void a_parent_that_is_not_known_is_left_out(void **state RF_UNUSED)
{
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(RF_EVENT_LINE_MAX);
	struct rf_record *r = new_record("", 0);

	r->ppid = 0;
	assert_int_equal(rf_event_json(&out, r, &subject, NULL, 0, 0), 0);
	assert_non_null(strstr(rf_str_text(&out), "\"tid\":4312,\"start\":123"));
	free(r);
}

static void a_start_that_is_not_known_is_left_out(void **state RF_UNUSED)
{
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(RF_EVENT_LINE_MAX);
	struct rf_record *r = new_record("", 0);

	r->start = 0;
	assert_int_equal(rf_event_json(&out, r, &subject, NULL, 0, 0), 0);
	assert_non_null(strstr(rf_str_text(&out), "\"ppid\":4300,\"uid\":0"));
	free(r);
}

UNIT_MAIN(cmocka_unit_test(a_start_that_is_not_known_is_left_out),
	  cmocka_unit_test(a_parent_that_is_not_known_is_left_out),
	  cmocka_unit_test(file_denial_has_every_member_in_order),
	  cmocka_unit_test(unjudged_names_its_code), cmocka_unit_test(mapped_address_is_ipv4),
	  cmocka_unit_test(syscall_names_call_and_abi), cmocka_unit_test(hostile_names_stay_data),
	  cmocka_unit_test(damaged_records_are_refused),
	  cmocka_unit_test(losses_and_notes_say_their_range));
