/* SPDX-License-Identifier: Apache-2.0 */
/* entries PIN: how many a pinned hash map has. bpftool takes seconds for that on an emulated
 * machine. */
#include <linux/bpf.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "tests/vm/attack/attack.h"

#define KEY_MAX 256 /* bytes of a key, more than any of our maps has */

static long call(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

int main(int argc, char **argv)
{
	char keys[2][KEY_MAX];
	union bpf_attr attr;
	unsigned n = 0;
	long fd;

	if (argc != 2)
		return UNTRIED;
	memset(&attr, 0, sizeof(attr));
	attr.pathname = (uintptr_t)argv[1];
	fd = call(BPF_OBJ_GET, &attr);
	if (fd < 0)
		return untried("open the map");
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (__u32)fd;
	for (;; n++) {
		attr.key = n ? (uintptr_t)keys[n % 2] : 0;
		attr.next_key = (uintptr_t)keys[(n + 1) % 2];
		if (call(BPF_MAP_GET_NEXT_KEY, &attr) < 0)
			break;
	}
	if (errno != ENOENT)
		return untried("read the map");
	printf("%u\n", n);
	return WORKED;
}
