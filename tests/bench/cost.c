/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one operation costs in nanoseconds of CLOCK_MONOTONIC, which are instructions in a guest
 * started with --icount. Not a test: tests/bench/cost.sh runs it in each configuration.
 *
 *	cost ops DIR [filter]	the operations below DIR; see make_tree
 *				filter: under a seccomp filter that allows everything
 *	cost names DIR [filter]	open and close of files in DIR, by names that programs really open
 *	cost launch N CMD…	fork+exec of /bin/true and of CMD, in turns: medians, and their
 *ratio cost peers N RINGFENCE	the same of `RINGFENCE run` and of other launchers that are here
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BATCHES_MAX 2001
#define DEEP	    30

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "cost: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare);
	return values[n / 2];
}

/* Median over batches of the mean over one batch; the first batch only warms up. */
static void measure(const char *name, void (*op)(const void *), const void *data, size_t batches,
		    size_t per_batch)
{
	double cost[BATCHES_MAX];

	for (size_t i = 0; i <= batches; i++) {
		double start = now();

		for (size_t k = 0; k < per_batch; k++)
			op(data);
		cost[i ? i - 1 : 0] = (now() - start) / (double)per_batch;
	}
	printf("%s %.0f\n", name, median(cost, batches));
	(void)fflush(stdout);
}

static void op_getppid(const void *data)
{
	(void)data;
	(void)syscall(SYS_getppid);
}

static void op_open(const void *data)
{
	int fd = open(data, O_RDONLY);

	if (fd < 0)
		die(data);
	(void)close(fd);
}

static void op_exec(const void *data)
{
	char *argv[] = {(char *)(size_t)data, NULL};
	pid_t pid;
	int status;

	errno = posix_spawn(&pid, data, NULL, NULL, argv, environ);
	if (errno || waitpid(pid, &status, 0) != pid || status)
		die(data);
}

static int listener = -1;
static struct sockaddr_in listen_at;

static void op_connect(const void *data)
{
	struct linger reset = {.l_onoff = 1};
	int fd = socket(AF_INET, SOCK_STREAM, 0), peer;

	(void)data;
	if (fd < 0 || connect(fd, (struct sockaddr *)&listen_at, sizeof(listen_at)) < 0)
		die("connect");
	peer = accept(listener, NULL, NULL);
	if (peer < 0)
		die("accept");
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	(void)close(fd);
	(void)close(peer);
}

/* Without the accept: its own right is not what is counted. */
static void op_connect_only(const void *data)
{
	struct linger reset = {.l_onoff = 1};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)data;
	if (fd < 0 || connect(fd, (struct sockaddr *)&listen_at, sizeof(listen_at)) < 0)
		die("connect");
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	(void)close(fd);
}

static void start_listening(void)
{
	socklen_t len = sizeof(listen_at);

	listener = socket(AF_INET, SOCK_STREAM, 0);
	listen_at = (struct sockaddr_in){.sin_family = AF_INET,
					 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	if (listener < 0 || bind(listener, (struct sockaddr *)&listen_at, sizeof(listen_at)) < 0 ||
	    listen(listener, 4000) < 0 ||
	    getsockname(listener, (struct sockaddr *)&listen_at, &len) < 0)
		die("listen");
}

struct paths {
	char shallow[512]; /* DIR/x/f: three components if DIR has one */
	char named[512];   /* the same with a name of 20 bytes */
	char deep[512];	   /* as deep as DEEP components */
};

static void make_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		die(path);
	(void)close(fd);
}

/* Makes what is missing: the first run, which is unfenced, makes all. */
static void make_tree(struct paths *p, const char *dir)
{
	size_t len;
	int depth = 1;

	for (const char *c = dir + 1; *c; c++)
		depth += *c == '/';
	(void)snprintf(p->shallow, sizeof(p->shallow), "%s/x", dir);
	(void)mkdir(p->shallow, 0700);
	(void)snprintf(p->shallow, sizeof(p->shallow), "%s/x/f", dir);
	(void)snprintf(p->named, sizeof(p->named), "%s/x/abcdefghijklmnopqrst", dir);
	make_file(p->shallow);
	make_file(p->named);
	len = (size_t)snprintf(p->deep, sizeof(p->deep), "%s", dir);
	for (int i = depth; i < DEEP - 1; i++) {
		len += (size_t)snprintf(p->deep + len, sizeof(p->deep) - len, "/d");
		(void)mkdir(p->deep, 0700);
	}
	(void)snprintf(p->deep + len, sizeof(p->deep) - len, "/f");
	make_file(p->deep);
}

static void filter_nothing(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {.len = 1, .filter = &allow};

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		die("seccomp");
}

static int run_ops(const char *dir, int filtered)
{
	struct paths p;

	make_tree(&p, dir);
	if (filtered)
		filter_nothing();
	measure("getppid", op_getppid, NULL, 21, 500);
	measure("open-depth-3", op_open, p.shallow, 41, 100);
	measure("open-depth-3-name-20", op_open, p.named, 41, 100);
	measure("open-depth-30", op_open, p.deep, 41, 100);
	start_listening();
	measure("connect", op_connect_only, NULL, 101, 5);
	measure("connect-accept", op_connect, NULL, 101, 5);
	/* Everything an exec needs is below DIR/root: the guest's own root answers in milliseconds.
	 */
	if (chdir(dir) < 0 || chroot("root") < 0)
		die("chroot");
	measure("exec", op_exec, "/bin/true", 41, 3);
	return 0;
}

/* What compilers, interpreters, tools and version control open all day, and odd ones. */
static int run_names(const char *dir, int filtered)
{
	static const char *const names[] = {
		"f",	       "7",	    "main.c",	   "README.md",	   "Makefile",
		"config.json", "index.js",  "__init__.py", "libc.so.6",	   "kernel.c",
		"sock.h",      ".git",	    "HEAD",	   "package.json", "struct_ops-test.tar.gz",
		"ld.so.cache", "locale.gen"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[512];

		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		make_file(path);
		if (filtered && !i)
			filter_nothing();
		measure(names[i], op_open, path, 41, 100);
	}
	return 0;
}

static void spawn_and_wait(char **argv)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		die(argv[0]);
}

static int run_launch(const char *count, char **argv)
{
	static char true_path[] = "/bin/true";
	double plain[BATCHES_MAX], fenced[BATCHES_MAX], ratio[BATCHES_MAX], start;
	char *true_argv[] = {true_path, NULL};
	size_t n = strtoul(count, NULL, 10);

	if (n == 0 || n > BATCHES_MAX)
		die("N");
	for (size_t i = 0; i <= n; i++) {
		size_t at = i ? i - 1 : 0;

		start = now();
		spawn_and_wait(true_argv);
		plain[at] = now() - start;
		start = now();
		spawn_and_wait(argv);
		fenced[at] = now() - start;
		ratio[at] = fenced[at] / plain[at];
	}
	printf("plain-us %.0f\nfenced-us %.0f\n", median(plain, n) / 1e3, median(fenced, n) / 1e3);
	printf("plain-min-us %.0f\nfenced-min-us %.0f\n", plain[0] / 1e3, fenced[0] / 1e3);
	printf("ratio-of-medians %.2f\nratio-of-minima %.2f\nmedian-of-ratios %.2f\n",
	       plain[n / 2] > 0 ? fenced[n / 2] / plain[n / 2] : 0, fenced[0] / plain[0],
	       median(ratio, n));
	return 0;
}

#define WORDS_MAX 12

/* Launchers, each with what it does of its own accord. */
struct peer {
	const char *name, *words; /* RINGFENCE is the caller's */
	char copy[256], *argv[WORDS_MAX];
	double wall[BATCHES_MAX], wall_ratio[BATCHES_MAX];
	double cpu[BATCHES_MAX], cpu_ratio[BATCHES_MAX];
	int here;
};

static struct peer peers[] = {
	{.name = "plain", .words = "/bin/true"},
	{.name = "ringfence run", .words = "RINGFENCE run --summary never -- /bin/true"},
	{.name = "setpriv",
	 .words = "setpriv --bounding-set=-all --inh-caps=-all --ambient-caps=-all --no-new-privs "
		  "/bin/true"},
	{.name = "minijail0", .words = "minijail0 -vplneN --uts /bin/true"},
	{.name = "bwrap",
	 .words = "bwrap --ro-bind / / --proc /proc --dev /dev --unshare-all /bin/true"},
};
#define N_PEERS (sizeof(peers) / sizeof(peers[0]))

static void split(struct peer *peer, char *ringfence)
{
	char *word, *rest = NULL;
	size_t n = 0;

	(void)snprintf(peer->copy, sizeof(peer->copy), "%s", peer->words);
	for (word = strtok_r(peer->copy, " ", &rest); word && n < WORDS_MAX - 1;
	     word = strtok_r(NULL, " ", &rest))
		peer->argv[n++] = strcmp(word, "RINGFENCE") == 0 ? ringfence : word;
}

static int run_once(char **argv)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		die(argv[0]);
	return status;
}

/* Of all children so far that were waited for, and theirs. */
static double cpu_time(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_CHILDREN, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e9 +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e3;
}

static void run_peer(struct peer *peer, size_t round)
{
	double start = now(), cpu = cpu_time();

	spawn_and_wait(peer->argv);
	peer->wall[round] = now() - start;
	peer->cpu[round] = cpu_time() - cpu;
	peer->wall_ratio[round] = peer->wall[round] / peers[0].wall[round];
	peer->cpu_ratio[round] = peer->cpu[round] / peers[0].cpu[round];
}

static void print_peer(struct peer *peer, size_t n)
{
	double wall = median(peer->wall, n), cpu = median(peer->cpu, n);

	printf("%-16s %9.0f %9.0f %9.2f %9.2f %9.0f %9.2f\n", peer->name, wall / 1e3,
	       peer->wall[0] / 1e3, median(peer->wall_ratio, n), peer->wall[0] / peers[0].wall[0],
	       cpu / 1e3, median(peer->cpu_ratio, n));
}

/* Whatever does not work here is told and left out; the first rounds only warm up. */
static int run_peers(const char *count, char *ringfence)
{
	size_t n = strtoul(count, NULL, 10);

	if (n == 0 || n > BATCHES_MAX)
		die("N");
	for (size_t i = 0; i < N_PEERS; i++) {
		split(&peers[i], ringfence);
		peers[i].here = run_once(peers[i].argv) == 0;
	}
	for (size_t round = 0; round < n; round++)
		for (size_t i = 0; i < N_PEERS; i++)
			if (peers[i].here)
				run_peer(&peers[i], round);
	printf("%-16s %9s %9s %9s %9s %9s %9s\n", "launcher", "wall us", "least", "x plain",
	       "least x", "cpu us", "x plain");
	for (size_t i = 0; i < N_PEERS; i++) {
		if (peers[i].here)
			print_peer(&peers[i], n);
		else
			printf("%-16s does not work here\n", peers[i].name);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "ops"))
		return run_ops(argv[2], 0);
	if (argc == 4 && !strcmp(argv[1], "ops") && !strcmp(argv[3], "filter"))
		return run_ops(argv[2], 1);
	if (argc == 3 && !strcmp(argv[1], "names"))
		return run_names(argv[2], 0);
	if (argc == 4 && !strcmp(argv[1], "names") && !strcmp(argv[3], "filter"))
		return run_names(argv[2], 1);
	if (argc >= 4 && !strcmp(argv[1], "launch"))
		return run_launch(argv[2], argv + 3);
	if (argc == 4 && !strcmp(argv[1], "peers"))
		return run_peers(argv[2], argv[3]);
	fprintf(stderr,
		"usage: cost {ops|names} DIR [filter] | cost launch N COMMAND [ARG...] | cost "
		"peers N RINGFENCE\n");
	return 2;
}
