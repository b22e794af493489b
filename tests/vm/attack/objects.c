/* SPDX-License-Identifier: Apache-2.0 */
/*
 * objects: what BPF holds in the whole kernel: how many programs and links there are, and of each
 * name of a map how many, with how many entries (of those whose entries can be walked). What was
 * let go of is freed a grace period later, so it waits for one first. bpftool takes seconds for
 * that on an emulated machine.
 */
#include <linux/bpf.h>
#include <linux/membarrier.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "tests/vm/attack/attack.h"

#define KEY_MAX	 256 /* bytes of a key, more than any of our maps has */
#define NAME_MAX 64

struct name {
	char text[BPF_OBJ_NAME_LEN];
	unsigned maps, entries;
};

static long call(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int next_id(int command, uint32_t *id)
{
	union bpf_attr attr = {.start_id = *id};
	long r = call(command, &attr);

	*id = attr.next_id;
	return r < 0 ? -1 : 0;
}

static unsigned count_ids(int command)
{
	uint32_t id = 0;
	unsigned n = 0;

	while (next_id(command, &id) == 0)
		n++;
	return n;
}

static unsigned count_entries(int fd, const struct bpf_map_info *info)
{
	char keys[2][KEY_MAX];
	unsigned n = 0;

	if (info->type != BPF_MAP_TYPE_HASH && info->type != BPF_MAP_TYPE_LRU_HASH &&
	    info->type != BPF_MAP_TYPE_HASH_OF_MAPS)
		return 0;
	for (;; n++) {
		union bpf_attr attr = {.map_fd = (uint32_t)fd};

		attr.key = n ? (uintptr_t)keys[n % 2] : 0;
		attr.next_key = (uintptr_t)keys[(n + 1) % 2];
		if (info->key_size > KEY_MAX || call(BPF_MAP_GET_NEXT_KEY, &attr) < 0)
			return n;
	}
}

static struct name *find(struct name *names, const char *text)
{
	struct name *n = names;

	while (n < names + NAME_MAX - 1 && n->maps && strcmp(n->text, text) != 0)
		n++;
	memcpy(n->text, text, sizeof(n->text));
	return n;
}

static int add_map(struct name *names, uint32_t id)
{
	struct bpf_map_info info;
	union bpf_attr attr = {.map_id = id};
	int fd = (int)call(BPF_MAP_GET_FD_BY_ID, &attr);
	struct name *n;

	if (fd < 0)
		return errno == ENOENT ? 0 : -1; /* gone since */
	memset(&info, 0, sizeof(info));
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uintptr_t)&info;
	if (call(BPF_OBJ_GET_INFO_BY_FD, &attr) < 0)
		return -1;
	n = find(names, info.name);
	n->maps++;
	n->entries += count_entries(fd, &info);
	return close(fd);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

int main(void)
{
	struct name names[NAME_MAX] = {{.maps = 0}};
	uint32_t id = 0;

	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) < 0)
		return untried("wait for a grace period");
	printf("programs %u\n", count_ids(BPF_PROG_GET_NEXT_ID));
	printf("links %u\n", count_ids(BPF_LINK_GET_NEXT_ID));
	if (errno != ENOENT)
		return untried("look for links");
	while (next_id(BPF_MAP_GET_NEXT_ID, &id) == 0)
		if (add_map(names, id) < 0)
			return untried("look at a map");
	qsort(names, NAME_MAX, sizeof(names[0]), by_name);
	for (size_t i = 0; i < NAME_MAX; i++)
		if (names[i].maps)
			printf("maps %s %u, entries %u\n", names[i].text, names[i].maps,
			       names[i].entries);
	return WORKED;
}
