/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads "audit(SECONDS.MS:SERIAL): key=value key="value" …".
 */
#include "sandbox/audit/audit_line.h"

#include <arpa/inet.h>
#include <string.h>

#include "sandbox/base/parse.h"

struct text {
	const char *at;
	const char *end;
};

struct field {
	const char *key, *value;
	size_t key_len, value_len;
	bool quoted;
};

static bool take_decimal(struct text *text, uint64_t *ret)
{
	uint64_t value = 0;
	const char *begin = text->at;

	for (; text->at < text->end && *text->at >= '0' && *text->at <= '9'; text->at++)
		if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*text->at - '0'), &value))
			return false;
	*ret = value;
	return text->at > begin;
}

static bool take(struct text *text, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(text->end - text->at) < len || memcmp(text->at, word, len) != 0)
		return false;
	text->at += len;
	return true;
}

static bool take_head(struct text *text, struct rf_audit_line *ret)
{
	uint64_t seconds, ms;

	if (!take(text, "audit(") || !take_decimal(text, &seconds) || !take(text, ".") ||
	    !take_decimal(text, &ms) || !take(text, ":") || !take_decimal(text, &ret->serial) ||
	    !take(text, "):") || seconds > INT32_MAX * UINT64_C(4) || ms > 999)
		return false;
	ret->time = (int64_t)(seconds * RF_NS_PER_SEC + ms * 1000000);
	return true;
}

/* 1: a field; 0: the end; -EBADMSG. */
static int next_field(struct text *text, struct field *ret)
{
	const char *stop;

	while (text->at < text->end && *text->at == ' ')
		text->at++;
	if (text->at == text->end || *text->at == '\0' || *text->at == '\n')
		return 0;
	ret->key = text->at;
	stop = memchr(text->at, '=', (size_t)(text->end - text->at));
	if (!stop)
		return -EBADMSG;
	ret->key_len = (size_t)(stop - text->at);
	text->at = stop + 1;
	ret->quoted = text->at < text->end && *text->at == '"';
	text->at += ret->quoted;
	ret->value = text->at;
	while (text->at < text->end && *text->at != (ret->quoted ? '"' : ' ') && *text->at != '\0')
		text->at++;
	ret->value_len = (size_t)(text->at - ret->value);
	if (ret->quoted && (text->at == text->end || *text->at != '"'))
		return -EBADMSG;
	text->at += ret->quoted;
	return 1;
}

static bool is_key(const struct field *field, const char *key)
{
	return field->key_len == strlen(key) && memcmp(field->key, key, field->key_len) == 0;
}

static int number_of(const struct field *field, const char *prefix, uint64_t *ret)
{
	char digits[32];

	if (field->value_len + strlen(prefix) >= sizeof(digits))
		return -EBADMSG;
	memcpy(mempcpy(digits, prefix, strlen(prefix)), field->value, field->value_len);
	digits[field->value_len + strlen(prefix)] = '\0';
	return rf_parse_u64_any(digits, UINT64_MAX, ret) < 0 ? -EBADMSG : 0;
}

static int decimal_of(const struct field *field, uint64_t *ret)
{
	return number_of(field, "", ret);
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A name: as it stands in quotes, else every byte as two digits; "(null)" is none. */
static int bytes_of(const struct field *field, char *ret, size_t size, size_t *ret_len)
{
	*ret_len = 0;
	if (field->quoted) {
		*ret_len = field->value_len < size ? field->value_len : size;
		memcpy(ret, field->value, *ret_len);
		return 0;
	}
	if (field->value_len % 2 != 0 || (field->value_len > 0 && field->value[0] == '('))
		return 0;
	for (size_t i = 0; i + 1 < field->value_len && *ret_len < size; i += 2) {
		int high = nibble(field->value[i]), low = nibble(field->value[i + 1]);

		if (high < 0 || low < 0)
			return -EBADMSG;
		ret[(*ret_len)++] = (char)(high << 4 | low);
	}
	return 0;
}

/* ---- what Landlock calls the rights that were missing ---- */

static const struct {
	const char *word;
	uint32_t rights, net_rights;
} blockers[] = {
	{"fs.execute", RF_A_EXEC, 0},	      {"fs.write_file", RF_A_WRITE, 0},
	{"fs.read_file", RF_A_READ, 0},	      {"fs.read_dir", RF_A_READ, 0},
	{"fs.remove_dir", RF_A_REMOVE, 0},    {"fs.remove_file", RF_A_REMOVE, 0},
	{"fs.make_char", RF_A_CREATE, 0},     {"fs.make_dir", RF_A_CREATE, 0},
	{"fs.make_reg", RF_A_CREATE, 0},      {"fs.make_sock", RF_A_CREATE, 0},
	{"fs.make_fifo", RF_A_CREATE, 0},     {"fs.make_block", RF_A_CREATE, 0},
	{"fs.make_sym", RF_A_CREATE, 0},      {"fs.refer", RF_A_CREATE, 0},
	{"fs.truncate", RF_A_WRITE, 0},	      {"fs.ioctl_dev", RF_A_READ, 0},
	{"fs.change_topology", 0, 0},	      {"net.bind_tcp", 0, RF_A_BIND},
	{"net.connect_tcp", 0, RF_A_CONNECT},
};

static void add_blocker(struct rf_audit_line *ret, const char *word, size_t len)
{
	for (size_t i = 0; i < RF_ARRAY_LEN(blockers); i++) {
		if (strlen(blockers[i].word) != len || memcmp(blockers[i].word, word, len) != 0)
			continue;
		ret->rights |= blockers[i].rights;
		ret->net_rights |= blockers[i].net_rights;
	}
	ret->scope_signal |= len == 12 && memcmp(word, "scope.signal", 12) == 0;
	ret->scope_unix |= len == 26 && memcmp(word, "scope.abstract_unix_socket", 26) == 0;
	ret->ptrace |= len == 6 && memcmp(word, "ptrace", 6) == 0;
}

static void add_blockers(struct rf_audit_line *ret, const struct field *field)
{
	const char *at = field->value, *end = at + field->value_len;

	while (at < end) {
		const char *comma = memchr(at, ',', (size_t)(end - at)) ?: end;

		add_blocker(ret, at, (size_t)(comma - at));
		at = comma < end ? comma + 1 : end;
	}
}

/* ---- fields ---- */

static int take_seccomp_field(struct rf_audit_line *ret, const struct field *field)
{
	uint64_t value = 0;
	int r = 0;

	if (is_key(field, "arch")) {
		r = number_of(field, "0x", &value);
		ret->call.abi = (uint32_t)value;
	} else if (is_key(field, "syscall")) {
		/* x32 numbers are printed as they are, with their bit; -1 for none. */
		if (field->value_len > 0 && field->value[0] == '-')
			value = UINT32_MAX;
		else
			r = decimal_of(field, &value);
		ret->call.nr = (uint32_t)value;
	} else if (is_key(field, "ip")) {
		r = decimal_of(field, &value);
		ret->call.ip = value;
	} else if (is_key(field, "code")) {
		r = decimal_of(field, &value);
		ret->code = (uint32_t)value;
	}
	return r;
}

static int take_landlock_field(struct rf_audit_line *ret, const struct field *field)
{
	uint64_t value = 0;
	int r = 0;

	if (is_key(field, "domain")) {
		r = number_of(field, "0x", &ret->domain);
	} else if (is_key(field, "status")) {
		ret->allocated = field->value_len == 9 && memcmp(field->value, "allocated", 9) == 0;
	} else if (is_key(field, "blockers")) {
		add_blockers(ret, field);
	} else if (is_key(field, "path") || is_key(field, "name")) {
		r = bytes_of(field, ret->path, sizeof(ret->path), &ret->path_len);
	} else if (is_key(field, "ino")) {
		r = decimal_of(field, &ret->ino);
	} else if (is_key(field, "dest") || is_key(field, "src")) {
		r = decimal_of(field, &value);
		ret->port = (uint16_t)value;
	}
	return r;
}

static int take_field(struct rf_audit_line *ret, const struct field *field)
{
	uint64_t value = 0;
	size_t len;
	int r = 0;

	if (is_key(field, "pid")) {
		r = decimal_of(field, &value);
		ret->pid = (uint32_t)value;
	} else if (is_key(field, "uid")) {
		r = decimal_of(field, &value);
		ret->uid = (uint32_t)value;
	} else if (is_key(field, "gid")) {
		r = decimal_of(field, &value);
		ret->gid = (uint32_t)value;
	} else if (is_key(field, "comm")) {
		r = bytes_of(field, ret->comm, sizeof(ret->comm) - 1, &len);
	} else if (ret->type == RF_AUDIT_SECCOMP) {
		r = take_seccomp_field(ret, field);
	} else {
		r = take_landlock_field(ret, field);
	}
	return r;
}

int rf_audit_line_parse(struct rf_audit_line *ret, uint32_t type, const char *text, size_t len)
{
	struct text rest = {text, text + len};
	struct field field;
	int r;

	if (type != RF_AUDIT_SECCOMP && type != RF_AUDIT_LANDLOCK_ACCESS &&
	    type != RF_AUDIT_LANDLOCK_DOMAIN)
		return -ENOMSG;
	memset(ret, 0, sizeof(*ret));
	ret->type = type;
	if (!take_head(&rest, ret))
		return -EBADMSG;
	while ((r = next_field(&rest, &field)) > 0) {
		r = take_field(ret, &field);
		if (r < 0)
			return r;
	}
	return r;
}
