/* SPDX-License-Identifier: Apache-2.0 */
/*
 * THREADS COUNT FILE FOLDER: each thread opens COUNT times, every other time FILE, else one of
 * FOLDER/0 … FOLDER/1999. Says how the opens ended, if all ended alike.
 */
#include <fcntl.h>
#include <pthread.h>

#include "tests/vm/attack/attack.h"

enum {
	THREADS_MAX = 64,
	NAMES = 2000
};

static const char *file, *folder;
static long count;
static long refusals, opened;

static void *open_many(void *seed)
{
	size_t first = (size_t)seed * 500;
	char path[4096];

	for (long i = 0; i < count; i++) {
		int fd;

		snprintf(path, sizeof(path), "%s/%zu", folder, (first + (size_t)i / 2) % NAMES);
		fd = open(i & 1 ? path : file, O_RDONLY | O_CLOEXEC);
		__atomic_add_fetch(fd < 0 && errno == EACCES ? &refusals : &opened, 1,
				   __ATOMIC_RELAXED);
		if (fd >= 0)
			close(fd);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS_MAX];
	long n = argc == 5 ? strtol(argv[1], NULL, 10) : 0;

	if (n < 1 || n > THREADS_MAX)
		return untried("arguments");
	count = strtol(argv[2], NULL, 10);
	file = argv[3];
	folder = argv[4];
	for (long i = 0; i < n; i++)
		if (pthread_create(&threads[i], NULL, open_many, (void *)(size_t)i) != 0)
			return untried("thread");
	for (long i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	printf("refused %ld opened %ld\n", refusals, opened);
	return WORKED;
}
