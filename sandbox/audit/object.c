/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was touched, layer by layer, as EVENTS.md 4 lists the members; see object.h.
 */
#include "sandbox/audit/object.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/audit.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "lsm/names.h"

static const char *type_word(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "regular";
	case S_IFDIR:
		return "directory";
	case S_IFLNK:
		return "symlink";
	case S_IFCHR:
		return "char";
	case S_IFBLK:
		return "block";
	case S_IFIFO:
		return "fifo";
	case S_IFSOCK:
		return "socket";
	default:
		return NULL;
	}
}

static void file_json(struct rf_str *out, const struct rf_record *record)
{
	const struct rf_obj_file *file = &record->o.file;
	const char *type = type_word(file->mode);
	const char *comma = "";

	(void)rf_str_add(out, ",\"object\":{");
	if (file->path_len > 0) {
		(void)rf_str_add(out, "\"path\":");
		(void)rf_str_add_json_n(out, record->text, file->path_len);
		comma = ",";
	}
	if (file->ino != 0) {
		(void)rf_str_addf(out, "%s\"dev\":\"%" PRIu32 ":%" PRIu32 "\",\"ino\":%" PRIu64,
				  comma, file->major, file->minor, (uint64_t)file->ino);
		comma = ",";
	}
	if (type) {
		(void)rf_str_addf(out, "%s\"type\":\"%s\"", comma, type);
		comma = ",";
	}
	if (file->new_len > 0) {
		(void)rf_str_addf(out, "%s\"new_path\":", comma);
		(void)rf_str_add_json_n(out, record->text + file->path_len, file->new_len);
	}
	(void)rf_str_add(out, "}");
}

static const char *family_word(unsigned int family)
{
	static const struct {
		unsigned int family;
		const char *word;
	} words[] = {
		{AF_UNIX, "unix"},	 {AF_INET, "inet"},
		{AF_INET6, "inet6"},	 {AF_NETLINK, "netlink"},
		{AF_PACKET, "packet"},	 {AF_VSOCK, "vsock"},
		{AF_ALG, "alg"},	 {AF_BLUETOOTH, "bluetooth"},
		{AF_CAN, "can"},	 {AF_TIPC, "tipc"},
		{AF_XDP, "xdp"},	 {AF_KEY, "key"},
		{AF_RDS, "rds"},	 {AF_NFC, "nfc"},
		{AF_QIPCRTR, "qipcrtr"},
	};

	for (size_t i = 0; i < RF_ARRAY_LEN(words); i++)
		if (words[i].family == family)
			return words[i].word;
	return NULL;
}

static const char *protocol_word(unsigned int protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_SCTP:
		return "sctp";
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return "icmp";
	case IPPROTO_RAW:
		return "raw";
	default:
		return NULL;
	}
}

/* A number stands for itself where there is no word for it. */
static void word_or_number(struct rf_str *out, const char *name, const char *word, unsigned int n)
{
	if (word)
		(void)rf_str_addf(out, "\"%s\":\"%s\"", name, word);
	else
		(void)rf_str_addf(out, "\"%s\":\"%u\"", name, n);
}

static void inet_json(struct rf_str *out, const struct rf_record *record)
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	const struct rf_obj_inet *inet = &record->o.inet;
	char address[INET6_ADDRSTRLEN];
	unsigned int family = inet->family;

	(void)rf_str_add(out, ",\"object\":{");
	if (family == AF_INET6 && memcmp(inet->addr, mapped, sizeof(mapped)) == 0)
		family = AF_INET;
	word_or_number(out, "family", family_word(family), family);
	if (inet->protocol != 0) {
		(void)rf_str_add(out, ",");
		word_or_number(out, "protocol", protocol_word(inet->protocol), inet->protocol);
	}
	if (record->operation != RF_OP_SOCKET && (family == AF_INET || family == AF_INET6)) {
		if (inet_ntop((int)family, inet->addr + (family == AF_INET ? 12 : 0), address,
			      sizeof(address)))
			(void)rf_str_addf(out, ",\"address\":\"%s\"", address);
		(void)rf_str_addf(out, ",\"port\":%u", inet->port);
	}
	(void)rf_str_add(out, "}");
}

static void unix_json(struct rf_str *out, const struct rf_record *record)
{
	(void)rf_str_add(out, ",\"object\":{\"family\":\"unix\"");
	if (record->o.unix_name.name_len > 0) {
		(void)rf_str_add(out, ",\"unix\":");
		(void)rf_str_add_json_n(out, record->text, record->o.unix_name.name_len);
	}
	(void)rf_str_add(out, "}");
}

static void device_json(struct rf_str *out, const struct rf_record *record)
{
	const struct rf_obj_device *device = &record->o.device;

	(void)rf_str_addf(out,
			  ",\"object\":{\"type\":\"%s\",\"major\":%" PRIu32 ",\"minor\":%" PRIu32,
			  device->type == 1 ? "block" : "char", device->major, device->minor);
	if (device->path_len > 0) {
		(void)rf_str_add(out, ",\"path\":");
		(void)rf_str_add_json_n(out, record->text, device->path_len);
	}
	(void)rf_str_add(out, "}");
}

#define X32_BIT 0x40000000u

/* The ABI's word, and libseccomp's token for it. */
static const char *abi_word(const struct rf_obj_syscall *call, uint32_t *token)
{
	if (call->abi == AUDIT_ARCH_X86_64 && (call->nr & X32_BIT)) {
		*token = SCMP_ARCH_X32;
		return "x32";
	}
	*token = call->abi; /* libseccomp's tokens are the audit architectures */
	switch (call->abi) {
	case AUDIT_ARCH_X86_64:
		return "x86_64";
	case AUDIT_ARCH_I386:
		return "i386";
	case AUDIT_ARCH_AARCH64:
		return "aarch64";
	case AUDIT_ARCH_ARM:
		return "arm";
	default:
		return NULL;
	}
}

static void syscall_json(struct rf_str *out, const struct rf_record *record)
{
	const struct rf_obj_syscall *call = &record->o.syscall;
	uint32_t token = 0;
	const char *abi = abi_word(call, &token);
	char *name = seccomp_syscall_resolve_num_arch(token, (int)call->nr);

	(void)rf_str_add(out, ",\"object\":{");
	if (name)
		(void)rf_str_addf(out, "\"name\":\"%s\",", name);
	free(name);
	(void)rf_str_addf(out, "\"nr\":%" PRIu32 ",", call->nr);
	if (abi)
		(void)rf_str_addf(out, "\"abi\":\"%s\"", abi);
	else
		(void)rf_str_addf(out, "\"abi\":\"0x%" PRIx32 "\"", call->abi);
	if (!(record->access & RF_SYSCALL_NO_ARGS)) {
		(void)rf_str_add(out, ",\"args\":[");
		for (size_t i = 0; i < RF_ARRAY_LEN(call->args); i++)
			(void)rf_str_addf(out, "%s\"0x%" PRIx64 "\"", i ? "," : "",
					  (uint64_t)call->args[i]);
		(void)rf_str_add(out, "]");
	}
	(void)rf_str_addf(out, ",\"ip\":\"0x%" PRIx64 "\"}", (uint64_t)call->ip);
}

static void capability_json(struct rf_str *out, const struct rf_record *record)
{
	char *name = cap_to_name((cap_value_t)record->key);

	if (name && strncmp(name, "cap_", 4) == 0)
		(void)rf_str_addf(out, ",\"object\":{\"name\":\"%s\"}", name + 4);
	else
		(void)rf_str_addf(out, ",\"object\":{\"name\":\"%" PRIu32 "\"}", record->key);
	if (name)
		(void)cap_free(name);
}

static void process_json(struct rf_str *out, const struct rf_record *record)
{
	const struct rf_obj_process *process = &record->o.process;

	(void)rf_str_addf(out, ",\"object\":{\"pid\":%" PRIu32 ",\"comm\":", process->pid);
	(void)rf_str_add_json_n(out, process->comm,
				strnlen((const char *)process->comm, sizeof(process->comm)));
	(void)rf_str_add(out, "}");
}

void rf_object_json(struct rf_str *out, const struct rf_record *record)
{
	const char *key;

	switch (record->obj) {
	case RF_OBJ_FILE:
		file_json(out, record);
		break;
	case RF_OBJ_INET:
		inet_json(out, record);
		break;
	case RF_OBJ_UNIX:
		unix_json(out, record);
		break;
	case RF_OBJ_DEVICE:
		device_json(out, record);
		break;
	case RF_OBJ_SYSCALL:
		syscall_json(out, record);
		break;
	case RF_OBJ_CAPABILITY:
		capability_json(out, record);
		break;
	case RF_OBJ_PROCESS:
		process_json(out, record);
		break;
	case RF_OBJ_KERNEL:
		key = rf_kernel_word(record->key);
		(void)rf_str_addf(out, ",\"object\":{\"key\":\"%s\"}", key ? key : "unknown");
		break;
	default:
		break;
	}
}

static const char *const file_rights[] = {"read",   "write",	"append", "create",
					  "remove", "metadata", "exec"};
static const char *const net_rights[] = {"connect", "send", "bind", "listen"};
static const char *const dev_rights[] = {"read", "write", "mknod"};

void rf_rights_json(struct rf_str *out, const char *name, unsigned int layer, uint32_t rights)
{
	const char *const *words = NULL;
	size_t n = 0;
	const char *comma = "";

	if (layer == RF_SEC_FILES) {
		words = file_rights;
		n = RF_ARRAY_LEN(file_rights);
	} else if (layer == RF_SEC_NETWORK) {
		words = net_rights;
		n = RF_ARRAY_LEN(net_rights);
	} else if (layer == RF_SEC_DEVICES) {
		words = dev_rights;
		n = RF_ARRAY_LEN(dev_rights);
	}
	if (!words || (rights & ((UINT32_C(1) << n) - 1)) == 0)
		return;
	(void)rf_str_addf(out, ",\"%s\":[", name);
	for (size_t i = 0; i < n; i++) {
		if (!(rights & (UINT32_C(1) << i)))
			continue;
		(void)rf_str_addf(out, "%s\"%s\"", comma, words[i]);
		comma = ",";
	}
	(void)rf_str_add(out, "]");
}
