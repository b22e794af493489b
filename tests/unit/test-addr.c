/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses, networks and the named sets. */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <string.h>

#include "sandbox/policy/addr.h"

static void parse_address(const char *text, uint8_t ret[16])
{
	memset(ret, 0, 16);
	ret[10] = ret[11] = 0xff;
	if (inet_pton(AF_INET, text, ret + 12) != 1)
		assert_int_equal(inet_pton(AF_INET6, text, ret), 1);
}

static bool in_ranges(const struct rf_addr_range *ranges, size_t n, const char *text)
{
	uint8_t addr[16];

	parse_address(text, addr);
	for (size_t i = 0; i < n; i++)
		if (memcmp(ranges[i].first, addr, 16) <= 0 && memcmp(addr, ranges[i].last, 16) <= 0)
			return true;
	return false;
}

static void networks_have_exact_ends(void **state)
{
	static const struct {
		const char *text, *first, *last, *formatted;
	} rows[] = {
		{"10.0.0.0/8", "10.0.0.0", "10.255.255.255", "10.0.0.0/8"},
		{"192.0.2.7", "192.0.2.7", "192.0.2.7", "192.0.2.7"},
		{"192.0.2.7/32", "192.0.2.7", "192.0.2.7", "192.0.2.7"},
		{"0.0.0.0/0", "0.0.0.0", "255.255.255.255", "0.0.0.0/0"},
		{"192.0.2.6/31", "192.0.2.6", "192.0.2.7", "192.0.2.6/31"},
		{"2001:db8::/33", "2001:db8::", "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff",
		 "2001:db8::/33"},
		{"::1", "::1", "::1", "::1"},
		{"::ffff:10.0.0.0/104", "10.0.0.0", "10.255.255.255", "10.0.0.0/8"},
	};

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		struct rf_addr_range ranges[RF_ADDR_RANGES_MAX];
		char why[256], text[RF_ADDR_TEXT_MAX];
		uint8_t addr[16];
		size_t n = 0;

		assert_int_equal(rf_addr_parse(rows[i].text, ranges, &n, why, sizeof(why)), 0);
		assert_int_equal(n, 1);
		parse_address(rows[i].first, addr);
		assert_memory_equal(ranges[0].first, addr, 16);
		parse_address(rows[i].last, addr);
		assert_memory_equal(ranges[0].last, addr, 16);
		rf_addr_format(&ranges[0], text);
		assert_string_equal(text, rows[i].formatted);
	}
}

static void ipv6_networks_leave_out_ipv4(void **state)
{
	struct rf_addr_range ranges[RF_ADDR_RANGES_MAX];
	char why[256];
	size_t n = 0;

	(void)state;
	assert_int_equal(rf_addr_parse("::/0", ranges, &n, why, sizeof(why)), 0);
	assert_int_equal(n, 2);
	assert_false(in_ranges(ranges, n, "0.0.0.0"));
	assert_false(in_ranges(ranges, n, "255.255.255.255"));
	assert_true(in_ranges(ranges, n, "::fffe:ffff:ffff"));
	assert_true(in_ranges(ranges, n, "::1:0:0:0"));
	assert_true(in_ranges(ranges, n, "::"));
}

static void what_is_no_address_is_explained(void **state)
{
	static const struct {
		const char *text, *part;
	} rows[] = {
		{"example.com", "host names"},
		{"localhost", "host names"},
		{"10.0.0.1/8", "\"10.0.0.0/8\""},
		{"2001:db8::1/64", "\"2001:db8::/64\""},
		{"10.0.0.0/33", "0 to 32"},
		{"::/129", "0 to 128"},
		{"10.0.0.0/08", "0 to 32"},
		{"10.0.0.0/", "0 to 32"},
		{"fe80::1%eth0", "interface"},
		{"10.0.0.01", "not an address"},
		{"1.2.3", "not an address"},
		{"0x7f000001", "not an address"},
		{"", "host names"},
		{"*", "leave \"to\" out"},
	};

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		struct rf_addr_range ranges[RF_ADDR_RANGES_MAX];
		char why[512] = "";
		size_t n = 0;

		assert_int_equal(rf_addr_parse(rows[i].text, ranges, &n, why, sizeof(why)),
				 -EINVAL);
		if (!strstr(why, rows[i].part))
			print_message("%s: %s\n", rows[i].text, why);
		assert_non_null(strstr(why, rows[i].part));
	}
}

/* Which of the sets each address is in; '-' for none. */
static void sets_hold_what_they_say(void **state)
{
	static const struct {
		const char *addr, *sets;
	} rows[] = {
		{"127.0.0.1", "loopback"},
		{"127.255.255.255", "loopback"},
		{"::1", "loopback"},
		{"::2", "-"},
		{"10.0.0.0", "private"},
		{"10.255.255.255", "private"},
		{"9.255.255.255", "internet"},
		{"11.0.0.0", "internet"},
		{"100.63.255.255", "internet"},
		{"100.64.0.0", "private"},
		{"100.127.255.255", "private"},
		{"100.128.0.0", "internet"},
		{"100.100.100.200", "metadata private"},
		{"172.15.255.255", "internet"},
		{"172.16.0.0", "private"},
		{"172.31.255.255", "private"},
		{"172.32.0.0", "internet"},
		{"192.168.0.1", "private"},
		{"192.167.255.255", "internet"},
		{"192.169.0.0", "internet"},
		{"169.254.1.1", "link-local"},
		{"169.254.169.254", "link-local metadata"},
		{"168.63.129.16", "metadata"},
		{"168.63.129.15", "internet"},
		{"168.63.129.17", "internet"},
		{"8.8.8.8", "internet"},
		{"203.0.113.9", "internet"},
		{"0.0.0.0", "-"},
		{"1.0.0.0", "internet"},
		{"198.18.0.1", "-"},
		{"223.255.255.255", "internet"},
		{"224.0.0.1", "multicast"},
		{"239.255.255.255", "multicast"},
		{"255.255.255.255", "-"},
		{"fc00::1", "private"},
		{"fdff::1", "private"},
		{"fe80::1", "link-local"},
		{"ff02::1", "multicast"},
		{"fd00:ec2::254", "metadata private"},
		{"2606:4700::1", "internet"},
		{"2001:4860::1", "internet"},
		{"2001:0:1::1", "-"},
		{"2002:7f00:1::", "-"},
		{"2003::1", "internet"},
		{"3fff:ffff::", "internet"},
		{"4000::", "-"},
		{"64:ff9b::7f00:1", "-"},
	};

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		char found[128] = "";

		for (size_t s = 0; rf_addr_set_at(s); s++) {
			const struct rf_addr_range *ranges = NULL;
			size_t n = 0;

			assert_int_equal(rf_addr_set_find(rf_addr_set_at(s), &ranges, &n), 0);
			if (!in_ranges(ranges, n, rows[i].addr))
				continue;
			if (found[0])
				strcat(found, " ");
			strcat(found, rf_addr_set_at(s));
		}
		if (strcmp(found[0] ? found : "-", rows[i].sets) != 0)
			print_message("%s\n", rows[i].addr);
		assert_string_equal(found[0] ? found : "-", rows[i].sets);
	}
}

static void unknown_set_is_not_there(void **state)
{
	const struct rf_addr_range *ranges = NULL;
	size_t n = 7;

	(void)state;
	assert_int_equal(rf_addr_set_find("privat", &ranges, &n), -ENOENT);
	assert_int_equal(n, 7);
}

UNIT_MAIN(cmocka_unit_test(networks_have_exact_ends),
	  cmocka_unit_test(ipv6_networks_leave_out_ipv4),
	  cmocka_unit_test(what_is_no_address_is_explained),
	  cmocka_unit_test(sets_hold_what_they_say), cmocka_unit_test(unknown_set_is_not_there));
