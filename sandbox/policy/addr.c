/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses, CIDRs and the named sets of them (POLICY.md 15).
 *
 * A set is data: CIDRs, with @internet as what remains of the unicast space when everything that
 * is near, reserved or a cloud's metadata service is taken out.
 */
#include "sandbox/policy/addr.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <string.h>

#include "sandbox/base/parse.h"
#include "sandbox/base/str.h"

#define SET_RANGES_MAX 64

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static int refuse(char *why, size_t why_size, const char *fmt, ...) RF_PRINTF(3, 4);

static int refuse(char *why, size_t why_size, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(why, why_size, fmt, args);
	va_end(args);
	return -EINVAL;
}

/* The network of an address: all bits from `bits` on become `one`. */
static void fill_bits(uint8_t addr[16], unsigned int bits, bool one)
{
	for (unsigned int i = bits; i < 128; i++) {
		uint8_t mask = (uint8_t)(0x80 >> i % 8);

		if (one)
			addr[i / 8] |= mask;
		else
			addr[i / 8] &= (uint8_t)~mask;
	}
}

static bool is_mapped(const uint8_t addr[16])
{
	return memcmp(addr, mapped, sizeof(mapped)) == 0;
}

static bool add_one(uint8_t addr[16])
{
	for (int i = 15; i >= 0; i--)
		if (++addr[i])
			return true;
	return false;
}

static bool subtract_one(uint8_t addr[16])
{
	for (int i = 15; i >= 0; i--)
		if (addr[i]--)
			return true;
	return false;
}

/* An IPv6 network that holds the mapped addresses is what lies before and after them. */
static size_t without_mapped(struct rf_addr_range *ranges)
{
	struct rf_addr_range inner = {.first = {0}};

	memcpy(inner.first, mapped, sizeof(mapped));
	memcpy(inner.last, inner.first, 16);
	memset(inner.last + 12, 0xff, 4);
	if (memcmp(ranges[0].first, inner.first, 16) > 0 ||
	    memcmp(ranges[0].last, inner.last, 16) < 0)
		return 1;
	ranges[1] = ranges[0];
	memcpy(ranges[0].last, inner.first, 16);
	subtract_one(ranges[0].last);
	memcpy(ranges[1].first, inner.last, 16);
	add_one(ranges[1].first);
	return 2;
}

static int refuse_text(const char *text, char *why, size_t why_size)
{
	if (strchr(text, '%'))
		return refuse(why, why_size,
			      "\"%s\" has an interface's name in it; write the "
			      "address alone",
			      text);
	if (rf_str_eq(text, "*"))
		return refuse(why, why_size, "\"*\" is not an address; leave \"to\" out for any");
	if (strspn(text, "0123456789.:/abcdefABCDEFx[]-") == strlen(text) &&
	    strpbrk(text, "0123456789"))
		return refuse(why, why_size,
			      "\"%s\" is not an address: write IPv4 as 192.0.2.1, "
			      "IPv6 as 2001:db8::1, networks with /BITS, ports in \"ports\"",
			      text);
	return refuse(why, why_size,
		      "host names are not possible, because the kernel sees "
		      "addresses only and names change: replace \"%s\" by addresses, "
		      "a network, or a set such as \"@internet\", or allow only a "
		      "proxy that knows names",
		      text);
}

int rf_addr_parse(const char *text, struct rf_addr_range *ret, size_t *ret_n, char *why,
		  size_t why_size)
{
	char addr[INET6_ADDRSTRLEN + 8], network[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	uint64_t bits, all;
	uint8_t *first = ret[0].first;
	bool v4;

	if (len >= sizeof(addr))
		return refuse_text(text, why, why_size);
	memcpy(addr, text, len);
	addr[len] = '\0';
	memcpy(first, mapped, sizeof(mapped));
	v4 = inet_pton(AF_INET, addr, first + 12) == 1;
	if (!v4 && inet_pton(AF_INET6, addr, first) != 1)
		return refuse_text(text, why, why_size);
	bits = all = v4 ? 32 : 128;
	if (slash && rf_parse_u64(slash + 1, all, &bits) < 0)
		return refuse(why, why_size, "\"%s\" has no number from 0 to %d after the \"/\"",
			      text, v4 ? 32 : 128);
	memcpy(ret[0].last, first, 16);
	fill_bits(ret[0].last, (unsigned int)(bits + 128 - all), true);
	fill_bits(first, (unsigned int)(bits + 128 - all), false);
	(void)inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? first + 12 : first, network, sizeof(network));
	memcpy(ret[1].first, first, 16);
	(void)inet_pton(v4 ? AF_INET : AF_INET6, addr, v4 ? ret[1].first + 12 : ret[1].first);
	if (memcmp(ret[1].first, first, 16) != 0)
		return refuse(why, why_size,
			      "\"%s\" has bits set after the first %d; write "
			      "\"%s/%d\" for the network or \"%s\" for the address",
			      text, (int)bits, network, (int)bits, addr);
	*ret_n = v4 || is_mapped(first) ? 1 : without_mapped(ret);
	return 0;
}

static const char *const loopback[] = {"127.0.0.0/8", "::1"};
static const char *const private[] = {"10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12",
				      "192.168.0.0/16", "fc00::/7"};
static const char *const link_local[] = {"169.254.0.0/16", "fe80::/10"};
static const char *const multicast[] = {"224.0.0.0/4", "ff00::/8"};

/* Where clouds serve credentials to whoever asks from the machine. */
static const char *const metadata[] = {
	"100.100.100.200", /* Alibaba */
	"168.63.129.16",   /* Azure's wire server */
	"169.254.42.42",   /* Scaleway */
	"169.254.169.254", /* nearly all */
	"169.254.170.2",   /* AWS, tasks of containers */
	"169.254.170.23",  /* AWS, pods */
	"192.0.0.192",	   /* Oracle */
	"fd00:42::42",	   /* Scaleway */
	"fd00:ec2::23",	   /* AWS, pods */
	"fd00:ec2::254",   /* AWS */
	"fd20:ce::254",	   /* Google */
};

/* Unicast that is not the internet. Addresses for documentation stay in: they lead nowhere. */
static const char *const not_internet[] = {
	"0.0.0.0/8",
	"10.0.0.0/8",
	"100.64.0.0/10",
	"127.0.0.0/8",
	"168.63.129.16",
	"169.254.0.0/16",
	"172.16.0.0/12",
	"192.0.0.0/24",
	"192.168.0.0/16",
	"198.18.0.0/15",
	"224.0.0.0/3",
	/* Tunnels whose addresses hold an IPv4 address. */
	"2001::/32",
	"2002::/16",
};

#define SET(name, array)                                                                           \
	{                                                                                          \
		name, array, RF_ARRAY_LEN(array)                                                   \
	}

static const struct addr_set {
	const char *name;
	const char *const *texts;
	size_t n;
} sets[] = {
	SET("internet", not_internet), /* the complement, see find_internet */
	SET("link-local", link_local), SET("loopback", loopback), SET("metadata", metadata),
	SET("multicast", multicast),   SET("private", private),
};

/* Our own texts: that they parse is what a unit test shows. */
static size_t parse_texts(const char *const *texts, size_t n, struct rf_addr_range *ret)
{
	char why[256];
	size_t n_ret = 0;

	for (size_t i = 0; i < n; i++) {
		struct rf_addr_range ranges[RF_ADDR_RANGES_MAX];
		size_t n_ranges = 0;

		if (rf_addr_parse(texts[i], ranges, &n_ranges, why, sizeof(why)) < 0)
			abort();
		for (size_t j = 0; j < n_ranges; j++)
			ret[n_ret++] = ranges[j];
	}
	return n_ret;
}

static int compare_ranges(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

/* 0.0.0.0/0 and 2000::/3 without the ranges in `out`. */
static size_t find_internet(struct rf_addr_range *out, size_t n_out, struct rf_addr_range *ret)
{
	static const char *const whole[] = {"0.0.0.0/0", "2000::/3"};
	struct rf_addr_range spaces[2];
	size_t n = 0;

	parse_texts(whole, 2, spaces);
	qsort(out, n_out, sizeof(*out), compare_ranges);
	for (size_t s = 0; s < 2; s++) {
		struct rf_addr_range rest = spaces[s];
		bool more = true;

		for (size_t i = 0; i < n_out && more; i++) {
			if (memcmp(out[i].first, rest.first, 16) < 0 ||
			    memcmp(out[i].last, rest.last, 16) > 0)
				continue;
			if (memcmp(out[i].first, rest.first, 16) > 0) {
				ret[n] = rest;
				memcpy(ret[n].last, out[i].first, 16);
				subtract_one(ret[n++].last);
			}
			more = memcmp(out[i].last, rest.last, 16) < 0;
			memcpy(rest.first, out[i].last, 16);
			add_one(rest.first);
		}
		if (more)
			ret[n++] = rest;
	}
	return n;
}

int rf_addr_set_find(const char *name, const struct rf_addr_range **ret, size_t *ret_n)
{
	static struct rf_addr_range ranges[RF_ARRAY_LEN(sets)][SET_RANGES_MAX];
	static size_t n_ranges[RF_ARRAY_LEN(sets)];

	for (size_t i = 0; i < RF_ARRAY_LEN(sets); i++) {
		struct rf_addr_range parsed[SET_RANGES_MAX];

		if (strcmp(sets[i].name, name) != 0)
			continue;
		if (!n_ranges[i]) {
			n_ranges[i] = parse_texts(sets[i].texts, sets[i].n, parsed);
			if (sets[i].texts == not_internet)
				n_ranges[i] = find_internet(parsed, n_ranges[i], ranges[i]);
			else
				memcpy(ranges[i], parsed, n_ranges[i] * sizeof(*parsed));
		}
		*ret = ranges[i];
		*ret_n = n_ranges[i];
		return 0;
	}
	return -ENOENT;
}

const char *rf_addr_set_at(size_t index)
{
	return index < RF_ARRAY_LEN(sets) ? sets[index].name : NULL;
}

/* Bits of the CIDR that is this range, or -1. */
static int cidr_bits(const struct rf_addr_range *range)
{
	uint8_t probe[16];

	for (int bits = 0; bits <= 128; bits++) {
		memcpy(probe, range->first, 16);
		fill_bits(probe, (unsigned int)bits, true);
		if (memcmp(probe, range->last, 16) != 0)
			continue;
		fill_bits(probe, (unsigned int)bits, false);
		if (memcmp(probe, range->first, 16) == 0)
			return bits;
	}
	return -1;
}

static void format_one(const uint8_t addr[16], char *ret, size_t size)
{
	bool v4 = is_mapped(addr);

	(void)inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? addr + 12 : addr, ret, (socklen_t)size);
}

void rf_addr_format(const struct rf_addr_range *range, char ret[RF_ADDR_TEXT_MAX])
{
	char first[INET6_ADDRSTRLEN], last[INET6_ADDRSTRLEN];
	int bits = cidr_bits(range);
	bool v4 = is_mapped(range->first) && is_mapped(range->last);

	format_one(range->first, first, sizeof(first));
	format_one(range->last, last, sizeof(last));
	if (bits == 128)
		(void)snprintf(ret, RF_ADDR_TEXT_MAX, "%s", first);
	else if (bits >= 0)
		(void)snprintf(ret, RF_ADDR_TEXT_MAX, "%s/%d", first, v4 ? bits - 96 : bits);
	else
		(void)snprintf(ret, RF_ADDR_TEXT_MAX, "%s-%s", first, last);
}
