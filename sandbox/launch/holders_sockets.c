/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the kernel's tables of sockets. See holders_sockets.h. */
#include "sandbox/launch/holders_sockets.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "sandbox/base/fd.h"
#include "sandbox/base/parse.h"
#include "sandbox/base/str.h"

#define TABLE_MAX ((size_t)16 << 20)

#define STATE_ESTABLISHED 1
#define STATE_LISTEN	  10
#define FLAG_LISTENING	  0x10000 /* of /proc/net/unix */

static const struct {
	const char *name;
	uint8_t protocol;
} tables_of[] = {
	{"tcp", RF_PROTO_TCP}, {"tcp6", RF_PROTO_TCP},
	{"udp", RF_PROTO_UDP}, {"udp6", RF_PROTO_UDP},
	{"unix", 0},
};

/* All tables as one text; each begins with a line "=PROTOCOL" of ours. */
static char *read_tables(pid_t pid)
{
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(RF_ARRAY_LEN(tables_of) * TABLE_MAX);

	for (size_t i = 0; i < RF_ARRAY_LEN(tables_of); i++) {
		RF_AUTOFREE char *text = NULL;
		char path[64];

		(void)snprintf(path, sizeof(path), "/proc/%d/net/%s", (int)pid, tables_of[i].name);
		if (rf_fd_read_file(path, TABLE_MAX, &text, NULL, NULL) < 0)
			continue;
		(void)rf_str_addf(&out, "=%x\n", tables_of[i].protocol);
		(void)rf_str_add(&out, text);
	}
	return strdup(rf_str_error(&out) == 0 ? rf_str_text(&out) : "");
}

/* Hexadecimal digits without a prefix. */
static uint32_t parse_hex(const char *text, size_t len)
{
	char number[16] = "0x";
	uint64_t value = 0;

	if (len > 8)
		len = 8;
	memcpy(number + 2, text, len);
	return rf_parse_u64_any(number, UINT32_MAX, &value) == 0 ? (uint32_t)value : 0;
}

/* "0100007F:0050", or 32 digits: words in the machine's order. IPv4 is mapped. */
static bool parse_address(const char *text, uint8_t ret[16], uint16_t *port)
{
	uint32_t words[4] = {0, 0, htonl(0xffff), 0};
	size_t digits = strcspn(text, ":"), n = digits / 8;

	if ((n != 1 && n != 4) || text[digits] != ':')
		return false;
	for (size_t i = 0; i < n; i++)
		words[n == 1 ? 3 : i] = parse_hex(text + 8 * i, 8);
	memcpy(ret, words, 16);
	*port = (uint16_t)parse_hex(text + digits + 1, 4);
	return true;
}

#define FIELDS 10

/* Cuts a line at its blanks; the last field is the rest. How many there are. */
static size_t cut(char *line, char *ret[FIELDS], size_t max)
{
	size_t n = 0;

	for (line += strspn(line, " "); *line && n < max; line += strspn(line, " ")) {
		ret[n++] = line;
		if (n == max)
			break;
		line += strcspn(line, " ");
		if (*line)
			*line++ = '\0';
	}
	return n;
}

/* "sl: LOCAL REMOTE STATE queues timer retransmits uid timeout INODE …" */
struct inet {
	char *local, *remote;
	uint32_t state;
	uint64_t inode;
};

static bool parse_line(char *line, struct inet *ret)
{
	char *field[FIELDS];

	if (cut(line, field, FIELDS) < FIELDS)
		return false;
	field[9][strcspn(field[9], " ")] = '\0';
	ret->local = field[1];
	ret->remote = field[2];
	ret->state = parse_hex(field[3], strlen(field[3]));
	return rf_parse_u64(field[9], UINT64_MAX, &ret->inode) == 0;
}

/* Came to a listener of this port: nobody asked whether it may. */
static bool was_accepted(const char *tables, uint16_t port)
{
	for (const char *line = tables; *line;) {
		size_t len = strcspn(line, "\n");
		RF_AUTOFREE char *copy = strndup(line, len);
		uint8_t address[16];
		uint16_t its = 0;
		struct inet inet;

		if (copy && parse_line(copy, &inet) && inet.state == STATE_LISTEN &&
		    parse_address(inet.local, address, &its) && its == port)
			return true;
		line += len + (line[len] == '\n');
	}
	return false;
}

static bool parse_inet(char *line, const char *tables, uint8_t protocol, uint64_t inode,
		       struct rf_question *q)
{
	struct inet inet;

	if (!parse_line(line, &inet) || inet.inode != inode)
		return false;
	*q = (struct rf_question){.kind = RF_WHY_INET, .protocol = protocol};
	if (!parse_address(inet.local, q->address, &q->port))
		return false;
	if (inet.state == STATE_LISTEN) {
		q->rights = RF_NET_LISTEN;
		return true;
	}
	if (inet.state != STATE_ESTABLISHED || was_accepted(tables, q->port))
		return false;
	q->rights = RF_NET_CONNECT;
	return parse_address(inet.remote, q->address, &q->port);
}

/* "ADDRESS: count protocol flags type state INODE PATH" */
static bool parse_unix(char *line, uint64_t inode, struct rf_question *q)
{
	char *field[FIELDS];
	uint64_t number;

	if (cut(line, field, 8) < 8 || rf_parse_u64(field[6], UINT64_MAX, &number) < 0 ||
	    number != inode || !(parse_hex(field[3], strlen(field[3])) & FLAG_LISTENING))
		return false;
	*q = (struct rf_question){.kind = RF_WHY_UNIX, .rights = RF_NET_BIND};
	(void)snprintf(q->text, sizeof(q->text), "%s", field[7]);
	return true;
}

int rf_sockets_ask(char **tables, pid_t pid, uint64_t inode, int fd,
		   int (*ask)(void *data, struct rf_question *question, int fd), void *data)
{
	uint8_t protocol = 0;
	int r = 0;

	if (!*tables)
		*tables = read_tables(pid);
	for (const char *line = *tables; r == 0 && line && *line;) {
		size_t len = strcspn(line, "\n");
		RF_AUTOFREE char *copy = strndup(line, len);
		struct rf_question q;

		if (!copy)
			return -ENOMEM;
		if (*copy == '=')
			protocol = (uint8_t)parse_hex(copy + 1, 2);
		else if (protocol ? parse_inet(copy, *tables, protocol, inode, &q)
				  : parse_unix(copy, inode, &q))
			r = ask(data, &q, fd);
		line += len + (line[len] == '\n');
	}
	return r;
}
