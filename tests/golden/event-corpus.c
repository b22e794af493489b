/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints an event of every shape that the formatter knows, one per line, for the test that keeps
 * the schema in step with it: each record type, layer, object, hook, operation, verdict, rule and
 * code, with and without what may be left out, and names that try to be more than names.
 */
#include <errno.h>
#include <linux/audit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "lsm/names.h"
#include "sandbox/audit/event.h"

#define TEXT_MAX 64

static int find_rule(void *data, const struct rf_record *record, struct rf_rule_words *ret)
{
	(void)data;
	if (record->rule != 3)
		return 0;
	*ret = (struct rf_rule_words){.id = "secrets",
				      .file = "web.json",
				      .line = 14,
				      .reason = "\"why\"\n",
				      .hint = "hint"};
	return 1;
}

static struct rf_subject subject = {.id = 0x9f2c, .rule = find_rule};
static struct rf_str out = RF_STR_INIT(1 << 20);

static void flush_line(int r)
{
	if (r < 0)
		exit(1);
	(void)fwrite(rf_str_text(&out), 1, out.len, stdout);
	rf_str_reset(&out);
}

static void print(const struct rf_record *record, const char *exe)
{
	flush_line(rf_event_json(&out, record, &subject, exe, exe ? strlen(exe) : 0, 1));
}

static struct rf_record *fresh(uint8_t layer, uint8_t obj)
{
	static union {
		struct rf_record record;
		char room[sizeof(struct rf_record) + TEXT_MAX];
	} u;

	memset(&u, 0, sizeof(u));
	u.record = (struct rf_record){.size = sizeof(u),
				      .version = RF_ABI_VERSION,
				      .type = RF_REC_ACCESS,
				      .layer = layer,
				      .obj = obj,
				      .seq = 7,
				      .time = 1500000000,
				      .pid = 10,
				      .tid = 11,
				      .ppid = 9,
				      .start = subject.name ? 0 : 1230000000,
				      .verdict = RF_V_DENIED,
				      .errno_value = EACCES,
				      .rule = RF_RULE_NONE,
				      .access = 0x7f,
				      .missing = 0x7f,
				      .count = 2};
	memcpy(u.record.comm, "\x1b\xff\"x", 5);
	memcpy(u.record.text, "/a\xff\n\"b\"/new", 12);
	return &u.record;
}

static void print_files(void)
{
	static const uint32_t types[] = {S_IFREG, S_IFDIR, S_IFLNK,  S_IFCHR,
					 S_IFBLK, S_IFIFO, S_IFSOCK, 0};

	for (size_t i = 0; i < RF_ARRAY_LEN(types); i++) {
		struct rf_record *r = fresh(RF_SEC_FILES, RF_OBJ_FILE);

		r->o.file.mode = types[i];
		r->o.file.ino = i;
		r->o.file.path_len = 5;
		r->o.file.new_len = i & 1 ? 4 : 0;
		r->rule = i & 1 ? 3 : RF_RULE_NONE;
		print(r, "/bin/\xff");
	}
	for (uint16_t code = 0; code < RF_CODE_COUNT; code++) {
		struct rf_record *r = fresh(RF_SEC_FILES, RF_OBJ_FILE);

		r->rule = RF_RULE_UNJUDGED;
		r->code = code;
		print(r, NULL);
	}
}

static void print_network(void)
{
	static const uint16_t families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, 99};
	static const uint8_t protocols[] = {0, 6, 17, 132, 1, 58, 255, 200};

	for (size_t i = 0; i < RF_ARRAY_LEN(families); i++)
		for (size_t p = 0; p < RF_ARRAY_LEN(protocols); p++) {
			struct rf_record *r = fresh(RF_SEC_NETWORK, RF_OBJ_INET);

			r->o.inet.family = families[i];
			r->o.inet.protocol = protocols[p];
			r->o.inet.port = 443;
			r->operation = p & 1 ? RF_OP_SOCKET : RF_OP_CONNECT;
			print(r, NULL);
		}
	for (uint32_t n = 0; n < 2; n++) {
		struct rf_record *r = fresh(RF_SEC_NETWORK, RF_OBJ_UNIX);

		r->o.unix_name.name_len = n * 4;
		print(r, NULL);
	}
}

static void print_others(void)
{
	static const uint32_t abis[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64,
					AUDIT_ARCH_ARM, 1};
	struct rf_record *self;

	for (uint32_t type = 1; type <= 2; type++) {
		struct rf_record *r = fresh(RF_SEC_DEVICES, RF_OBJ_DEVICE);

		r->o.device.type = type;
		r->o.device.path_len = type == 1 ? 0 : 2;
		print(r, NULL);
	}
	for (size_t i = 0; i < RF_ARRAY_LEN(abis); i++) {
		struct rf_record *r = fresh(RF_SEC_SECCOMP, RF_OBJ_SYSCALL);

		r->o.syscall.abi = abis[i];
		r->o.syscall.nr = i & 1 ? 59 : 100000;
		r->access = i & 1 ? RF_SYSCALL_NO_ARGS : 0;
		print(r, NULL);
	}
	for (uint32_t key = 0; key < RF_K_COUNT; key++) {
		struct rf_record *r = fresh(RF_SEC_KERNEL, RF_OBJ_KERNEL);

		r->rule = RF_RULE_KERNEL;
		r->key = key;
		print(r, NULL);
	}
	for (uint32_t cap = 0; cap < 41; cap += 40) {
		struct rf_record *r = fresh(RF_SEC_CAPABILITIES, RF_OBJ_CAPABILITY);

		r->rule = RF_RULE_CAPS;
		r->key = cap;
		print(r, NULL);
	}
	self = fresh(RF_SEC_PROCESS, RF_OBJ_PROCESS);
	self->rule = RF_RULE_SELF;
	print(self, NULL);
}

static void print_words(void)
{
	for (uint8_t hook = 0; hook < RF_H_COUNT; hook++) {
		struct rf_record *r = fresh(RF_SEC_FILES, RF_OBJ_FILE);

		r->hook = hook;
		print(r, NULL);
	}
	for (uint8_t op = 0; op < RF_OP_COUNT; op++) {
		struct rf_record *r = fresh(RF_SEC_FILES, RF_OBJ_FILE);

		r->operation = op;
		print(r, NULL);
	}
	for (uint8_t verdict = 0; verdict <= RF_V_WOULD_DENY; verdict++) {
		struct rf_record *r = fresh(RF_SEC_FILES, RF_OBJ_FILE);

		r->verdict = verdict;
		r->errno_value = verdict == RF_V_DENIED ? EPERM : 0;
		r->session = verdict & 1;
		print(r, NULL);
	}
}

static bool name_it(void *data, const struct rf_mapped *object, const struct rf_frame *frame,
		    bool caller, struct rf_str *name)
{
	(void)data;
	return rf_str_add(name, caller ? "ma\x1bin" : "open") == 0 && object && frame->offset > 1;
}

static void print_stacks(void)
{
	struct {
		struct rf_record record;
		char text[8];
		struct rf_frame frames[3];
		struct rf_mapped objects[2];
	} all = {.frames = {{.object = 1, .offset = 16},
			    {.object = 2, .offset = 1},
			    {.offset = 255}},
		 .objects = {{.len = 5, .name = "/a\xff\n\""}, {.ino = 3, .dev = 8 << 20 | 1}}};

	memcpy(&all.record, fresh(RF_SEC_FILES, RF_OBJ_FILE), sizeof(all.record));
	memcpy(all.text, "/x", 2);
	all.record.size = sizeof(all);
	all.record.o.file.path_len = 2;
	all.record.frames = 3;
	all.record.objects = 2;
	print(&all.record, NULL);
	all.objects[0].flags = RF_MAPPED_CUT;
	subject.symbol = name_it;
	print(&all.record, NULL);
	subject.symbol = NULL;
}

static void print_life(void)
{
	static const char *const notes[] = {"sandbox_start", "sandbox_end", "policy_loaded",
					    "policy_replaced"};
	struct rf_record *r = fresh(RF_SEC_PROCESS, RF_OBJ_FILE);

	r->type = RF_REC_EXEC;
	r->o.file.path_len = 2;
	print(r, "/bin/x");
	for (uint32_t status = 9; status < 600; status += 500) {
		r = fresh(RF_SEC_PROCESS, RF_OBJ_NONE);
		r->type = RF_REC_EXIT;
		r->key = status == 9 ? 9 : 7 << 8;
		print(r, NULL);
	}
	for (size_t i = 0; i < RF_ARRAY_LEN(notes); i++)
		flush_line(rf_event_note_json(&out, notes[i], 3, &subject, 5,
					      i ? "" : ",\"process\":{\"pid\":5}"));
	flush_line(rf_event_note_json(&out, "stats", 3, &subject, 5,
				      ",\"denied\":1,\"unjudged\":0,\"folded\":3,\"lost\":0,"
				      "\"ring\":{\"size\":4096,\"pending\":0},"
				      "\"completeness\":\"complete\""));
	flush_line(rf_event_note_json(&out, "stats", 3, &subject, 5,
				      ",\"source\":\"audit\",\"audit_lost\":4,"
				      "\"completeness\":\"best-effort\""));
	for (int cause = 0; cause < RF_LOST_COUNT; cause++)
		flush_line(
			rf_event_lost_json(&out, 4, 9, 5, (enum rf_lost_cause)cause, &subject, 5));
}

int main(void)
{
	for (int round = 0; round < 2; round++) {
		print_files();
		print_network();
		print_others();
		print_words();
		print_stacks();
		print_life();
		subject = (struct rf_subject){.id = 1,
					      .name = "n\x1b",
					      .policy = "p",
					      .sha256 = "ab",
					      .host = "h",
					      .boot = "b",
					      .container_id = "c",
					      .container_runtime = "crun",
					      .container_pod = "ns/pod",
					      .rule = find_rule};
	}
	rf_str_done(&out);
	return 0;
}
