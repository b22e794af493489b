/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions out of the words of the command line.
 */
#include "cli/why_question.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/capability.h>

#include "sandbox/base/parse.h"
#include "sandbox/base/str.h"
#include "sandbox/policy/symbols.h"
#include "sandbox/policy/syscalls.h"

static int usage(struct rf_err *err, const char *what)
{
	return rf_err_set(err, -EINVAL, "%s; `ringfence why --help` lists what can be asked", what);
}

static uint32_t file_right(const char *word)
{
	for (uint32_t bit = 1; bit <= RF_FILE_EXEC; bit <<= 1)
		if (rf_str_eq(rf_file_right_name(bit), word))
			return bit;
	return 0;
}

static uint32_t net_right(const char *word)
{
	for (uint32_t bit = 1; bit <= RF_NET_LISTEN; bit <<= 1)
		if (rf_str_eq(rf_net_right_name(bit), word))
			return bit;
	return 0;
}

static int parse_file(struct rf_question *q, char *const *words, size_t n, struct rf_err *err)
{
	if (n != 2)
		return usage(err, "a right is followed by one path");
	q->kind = RF_WHY_FILE;
	q->rights = file_right(words[0]);
	/* These are about the name itself. */
	return rf_resolve_path(words[1], !(q->rights & (RF_FILE_CREATE | RF_FILE_REMOVE)), q->text,
			       sizeof(q->text), err);
}

void rf_question_settle(struct rf_question *q)
{
	static const uint8_t any4[16] = {[10] = 0xff, [11] = 0xff}, any6[16];

	if (!(q->rights & (RF_NET_CONNECT | RF_NET_SEND)))
		return;
	if (memcmp(q->address, any4, 16) == 0) {
		q->address[12] = 127;
		q->address[15] = 1;
	} else if (memcmp(q->address, any6, 16) == 0) {
		q->address[15] = 1;
	}
}

static int parse_address(struct rf_question *q, const char *text, struct rf_err *err)
{
	char host[64];
	const char *end = strrchr(text, ':');
	uint64_t port;
	size_t len;

	if (!end || rf_parse_u64(end + 1, UINT16_MAX, &port) < 0)
		return rf_err_set(err, -EINVAL, "%.100s is not ADDR:PORT", text);
	len = (size_t)(end - text);
	if (text[0] == '[' && len > 2 && text[len - 1] == ']') {
		text++;
		len -= 2;
		(void)snprintf(host, sizeof(host), "%.*s", (int)len, text);
		if (len >= sizeof(host) || inet_pton(AF_INET6, host, q->address) != 1)
			return rf_err_set(err, -EINVAL, "%.100s is not an IPv6 address", host);
	} else {
		(void)snprintf(host, sizeof(host), "%.*s", (int)len, text);
		memset(q->address, 0, 10);
		q->address[10] = q->address[11] = 0xff;
		if (len >= sizeof(host) || inet_pton(AF_INET, host, q->address + 12) != 1)
			return rf_err_set(err, -EINVAL,
					  "%.100s is not an IPv4 address (IPv6 goes in brackets; a "
					  "name must be resolved first)",
					  host);
	}
	q->port = (uint16_t)port;
	rf_question_settle(q);
	return 0;
}

static uint8_t protocol_of(const char *word)
{
	static const char *const names[] = {"tcp", "udp", "sctp", "icmp"};

	for (unsigned int i = 0; i < RF_ARRAY_LEN(names); i++)
		if (strcmp(names[i], word) == 0)
			return (uint8_t)(1u << i);
	return 0;
}

static int parse_net(struct rf_question *q, char *const *words, size_t n, struct rf_err *err)
{
	if (n != 3)
		return usage(err, "a network right is followed by a protocol and one address");
	q->rights = net_right(words[0]);
	if (strcmp(words[1], "unix") == 0) {
		q->kind = RF_WHY_UNIX;
		if (words[2][0] != '@')
			return rf_resolve_path(words[2], !(q->rights & RF_NET_BIND), q->text,
					       sizeof(q->text), err);
		if (!words[2][1] || strlen(words[2]) > 108)
			return usage(err, "an abstract name has 1 to 107 bytes");
		(void)snprintf(q->text, sizeof(q->text), "%s", words[2]);
		return 0;
	}
	q->kind = RF_WHY_INET;
	q->protocol = protocol_of(words[1]);
	if (!q->protocol)
		return rf_err_set(
			err, -EINVAL,
			"%.40s is not tcp, udp, sctp, icmp or unix; `ringfence why --help` "
			"lists what can be asked",
			words[1]);
	(void)snprintf(q->text, sizeof(q->text), "%s", words[2]);
	return parse_address(q, words[2], err);
}

static int parse_syscall(struct rf_question *q, char *const *words, size_t n, struct rf_err *err)
{
	const struct rf_abi *abi = rf_abi_at(0);
	int nr;

	if (n < 2 || n > 8)
		return usage(err, "`syscall` is followed by a name and up to six arguments");
	q->kind = RF_WHY_SYSCALL;
	(void)snprintf(q->text, sizeof(q->text), "%s", words[1]);
	q->audit_arch = abi->audit_arch;
	nr = rf_call_number(abi, words[1]);
	if (nr < 0)
		return rf_err_set(err, -EINVAL, "%.60s is no system call of %s", words[1],
				  abi->name);
	q->nr = (uint32_t)nr;
	for (size_t i = 2; i < n; i++) {
		uint64_t *arg = &q->args[i - 2];
		int64_t negative;

		if (rf_parse_u64_any(words[i], UINT64_MAX, arg) < 0 &&
		    rf_symbol_find(words[i], arg) < 0) {
			if (rf_parse_i64(words[i], INT64_MIN, INT64_MAX, &negative) < 0)
				return rf_err_set(err, -EINVAL,
						  "%.60s is neither a number nor a known constant",
						  words[i]);
			*arg = (uint64_t)negative;
		}
	}
	q->n_args = (uint32_t)(n - 2);
	return 0;
}

static int parse_capability(struct rf_question *q, char *const *words, size_t n, struct rf_err *err)
{
	char name[64];
	cap_value_t value;

	if (n != 2)
		return usage(err, "`capability` is followed by one name");
	q->kind = RF_WHY_CAPABILITY;
	(void)snprintf(name, sizeof(name), "%s%s",
		       strncasecmp(words[1], "cap_", 4) == 0 ? "" : "cap_", words[1]);
	if (cap_from_name(name, &value) < 0 || value < 0 || value > 63)
		return rf_err_set(err, -EINVAL, "%.60s is no capability", words[1]);
	q->number = (uint32_t)value;
	for (char *c = name; *c; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 'a' - 'A' : *c);
	(void)snprintf(q->text, sizeof(q->text), "%s", name + 4);
	return 0;
}

static int parse_device(struct rf_question *q, char *const *words, size_t n, struct rf_err *err)
{
	uint64_t major, minor;
	char number[24];
	char *colon;

	if (n != 4)
		return usage(err,
			     "`device` is followed by a right, char or block, and MAJOR:MINOR");
	q->kind = RF_WHY_DEVICE;
	for (uint32_t bit = 1; bit <= RF_DEV_MKNOD; bit <<= 1)
		if (rf_str_eq(rf_dev_right_name(bit), words[1]))
			q->rights = bit;
	if (!q->rights)
		return rf_err_set(err, -EINVAL, "%.40s is not read, write or mknod", words[1]);
	if (strcmp(words[2], "char") != 0 && strcmp(words[2], "block") != 0)
		return rf_err_set(err, -EINVAL, "%.40s is not char or block", words[2]);
	q->dev_type = words[2][0] == 'b' ? 1 : 2;
	(void)snprintf(number, sizeof(number), "%s", words[3]);
	colon = strchr(number, ':');
	if (colon)
		*colon++ = 0;
	if (!colon || strlen(words[3]) >= sizeof(number) ||
	    rf_parse_u64(number, UINT32_MAX, &major) < 0 ||
	    rf_parse_u64(colon, UINT32_MAX, &minor) < 0)
		return rf_err_set(err, -EINVAL, "%.40s is not MAJOR:MINOR", words[3]);
	q->dev_major = (uint32_t)major;
	q->dev_minor = (uint32_t)minor;
	(void)snprintf(q->text, sizeof(q->text), "%s %s", words[2], words[3]);
	return 0;
}

static int parse_kernel(struct rf_question *q, char *const *words, size_t n, struct rf_err *err)
{
	if (n != 2)
		return usage(err, "`kernel` is followed by one key");
	q->kind = RF_WHY_KERNEL;
	for (unsigned int key = 0; key < RF_KERNEL_COUNT; key++) {
		if (rf_str_eq(rf_kernel_key_name((enum rf_kernel_key)key), words[1])) {
			q->number = key;
			(void)snprintf(q->text, sizeof(q->text), "%s", words[1]);
			return 0;
		}
	}
	return rf_err_set(err, -EINVAL, "%.40s is no key of \"kernel\"", words[1]);
}

int rf_question_parse(struct rf_question *ret, char *const *words, size_t n, struct rf_err *err)
{
	static const struct {
		const char *word;
		int (*parse)(struct rf_question *q, char *const *words, size_t n,
			     struct rf_err *err);
	} kinds[] = {
		{"syscall", parse_syscall},
		{"capability", parse_capability},
		{"device", parse_device},
		{"kernel", parse_kernel},
	};

	memset(ret, 0, sizeof(*ret));
	if (n == 0)
		return usage(err, "nothing is asked");
	if (file_right(words[0]))
		return parse_file(ret, words, n, err);
	if (net_right(words[0]))
		return parse_net(ret, words, n, err);
	for (size_t i = 0; i < RF_ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].word, words[0]) == 0)
			return kinds[i].parse(ret, words, n, err);
	return rf_err_set(err, -EINVAL,
			  "%.40s cannot be asked; `ringfence why --help` lists what can be",
			  words[0]);
}
