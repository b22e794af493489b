/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The running kernel answers as the interpreter does: filters are installed in a child, which then
 * makes every call that they refuse, by all three ways into the kernel (syscall, syscall with an
 * x32 number, int 0x80), and compares.
 */
#include "tests/sim/sim.h"

#include <asm/ioctls.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a child found wrong, in memory shared with its parent: it cannot print. */
struct finding {
	uint32_t arch, nr;
	int64_t got, wanted;
	uint32_t made, wrong;
};

static struct finding *finding;

static long enter(uint32_t arch, uint32_t nr, const uint64_t args[6])
{
	long r;

#ifdef __x86_64__
	if (arch == AUDIT_ARCH_I386) {
		__asm__ volatile("int $0x80"
				 : "=a"(r)
				 : "a"((uint64_t)nr), "b"(args[0]), "c"(args[1]), "d"(args[2]),
				   "S"(args[3]), "D"(args[4])
				 : "memory", "r8", "r9", "r10", "r11", "cc");
		return (int32_t)r;
	}
#endif
	r = syscall((long)nr, args[0], args[1], args[2], args[3], args[4], args[5]);
	return r == -1 ? -errno : r;
}

static void note(uint32_t arch, uint32_t nr, int64_t got, int64_t wanted)
{
	finding->made++;
	if (got == wanted)
		return;
	if (finding->wrong++ == 0) {
		finding->arch = arch;
		finding->nr = nr;
		finding->got = got;
		finding->wanted = wanted;
	}
}

static void expect(uint32_t arch, const char *abi, const char *name, uint64_t a, uint64_t b,
		   int wanted)
{
	const uint64_t args[6] = {a, b};
	int nr = rf_call_number(rf_abi_find(abi), name);

	note(arch, (uint32_t)nr, enter(arch, (uint32_t)nr, args), -wanted);
}

/* setsockopt of no descriptor, level and option. */
static void expect_option(uint32_t arch, const char *abi, uint64_t level, uint64_t option,
			  int wanted)
{
	const uint64_t args[6] = {(uint32_t)-1, level, option};
	int nr = rf_call_number(rf_abi_find(abi), "setsockopt");

	note(arch, (uint32_t)nr, enter(arch, (uint32_t)nr, args), -wanted);
}

static bool has_int80(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		const uint64_t none[6] = {0};

		_exit(enter(AUDIT_ARCH_I386, 20, none) == getpid() ? 0 : 1);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Runs work in a child under the filter; returns its wait status. */
static int run_filtered(const struct sim *sim, void (*work)(const struct sim *))
{
	struct rf_err err = RF_ERR_INIT;
	int status = 0;
	pid_t pid;

	memset(finding, 0, sizeof(*finding));
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		for (int number = 1; number < 32; number++) /* cmocka's handlers are not for it */
			(void)signal(number, SIG_DFL);
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		    rf_filter_install(sim->blob.data, sim->blob.len, &err) < 0)
			_exit(99);
		work(sim);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void check_finding(int status, uint32_t at_least)
{
	assert_int_equal(status, 0);
	if (finding->wrong > 0)
		fail_msg("%u of %u wrong, the first: %#x %u gave %lld, wanted %lld", finding->wrong,
			 finding->made, finding->arch, finding->nr, (long long)finding->got,
			 (long long)finding->wanted);
	assert_true(finding->made >= at_least);
}

static bool int80;

static void call_if_refused(void *data, uint32_t arch, uint32_t nr)
{
	const uint64_t args[6] = {0};
	struct seccomp_data call = {.arch = arch, .nr = (int)nr};
	const struct sim *sim = data;
	uint32_t answer = 0;

	/* uretprobe and uprobe of new kernels pass every filter and end those who call them. */
	if (arch == AUDIT_ARCH_X86_64 && (nr == 335 || nr == 336))
		return;
	if (!rf_abi_of(arch, nr) || (arch == AUDIT_ARCH_I386 && (!int80 || nr >= 0x40000000)))
		return;
	if (rf_filter_ask(&answer, sim->blob.data, sim->blob.len, &call) < 0)
		answer = 0;
	if ((answer & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
		note(arch, nr, enter(arch, nr, args), -(int64_t)(answer & SECCOMP_RET_DATA));
}

static void make_every_refused_call(const struct sim *sim)
{
	sim_every_number(call_if_refused, (void *)(uintptr_t)sim);
}

static const struct rf_call needed[] = {{"exit_group", false},
					{"write", false},
					{"mmap", false},
					{"munmap", false},
					{"brk", false}};

/* An allow list: everything else of every ABI is refused, with an errno the kernel never gives. */
static void an_allow_list_refuses_the_rest(void **state)
{
	const struct rf_sys_rule rules[] = {SIM_RULE("needed", false, needed, NULL, 0)};
	const struct rf_filter filter = {.kind = RF_FILTER_DEFAULT,
					 .fallback = RF_DEFAULT_DENY,
					 .errno_value = EDOM,
					 .rules = rules,
					 .n_rules = 1};
	struct rf_policy policy = sim_policy(&filter, 1);
	const struct rf_sys_context context = {0};
	struct sim sim;

	(void)state;
	sim_open(&sim, &policy, &context);
	check_finding(run_filtered(&sim, make_every_refused_call), int80 ? 3000 : 2000);
	sim_close(&sim);
}

static void the_engines_filter_refuses_the_same(void **state)
{
	const struct rf_filter filter = {.kind = RF_FILTER_BASE, .base = "container-default"};
	struct rf_policy policy = sim_policy(&filter, 1);
	const struct rf_sys_context context = {0};
	struct sim sim;

	(void)state;
	for (int key = 0; key < RF_KERNEL_COUNT; key++)
		policy.kernel[key].value = RF_KERNEL_DENY;
	sim_open(&sim, &policy, &context);
	check_finding(run_filtered(&sim, make_every_refused_call), 1500);
	sim_close(&sim);
}

/* Arguments, with rubbish in the high half where the kernel ignores it. */
static void make_calls_with_arguments(const struct sim *sim)
{
	const uint64_t high = UINT64_C(0xdead0000) << 32;

	(void)sim;
	for (uint64_t rubbish = 0; rubbish <= high; rubbish += high) {
		uint32_t arch = rf_abi_at(0)->audit_arch;
		const char *native = rf_abi_at(0)->name;

		expect(arch, native, "ioctl", -1, rubbish | TIOCSTI, EPERM);
		expect(arch, native, "ioctl", -1, rubbish | TIOCLINUX, EPERM);
		expect(arch, native, "ioctl", -1, rubbish | TIOCGWINSZ, EBADF);
		expect(arch, native, "clone", rubbish | CLONE_NEWUSER, 0, EPERM);
		expect(arch, native, "clone", rubbish | CLONE_NEWNS | SIGCHLD, 0, EPERM);
		expect(arch, native, "clone", rubbish | CLONE_THREAD, 0, EINVAL);
		expect(arch, native, "unshare", rubbish | CLONE_NEWNET, 0, EPERM);
		expect(arch, native, "unshare", rubbish | CLONE_NEWTIME, 0, EPERM);
		expect(arch, native, "setns", (uint64_t)-1, rubbish | 0, EPERM);
		expect(arch, native, "clone3", 0, 0, ENOSYS);
		expect(arch, native, "socket", rubbish | AF_PACKET, SOCK_RAW, EACCES);
		expect(arch, native, "socket", rubbish | AF_INET, SOCK_RAW, EACCES);
		expect(arch, native, "socket", AF_INET, SOCK_PACKET, EACCES);
		expect(arch, native, "socket", rubbish | AF_INET, 77, EINVAL);
		expect_option(arch, native, rubbish | IPPROTO_IP, rubbish | IP_OPTIONS, EACCES);
		expect_option(arch, native, rubbish | IPPROTO_IPV6, rubbish | IPV6_RTHDR, EACCES);
		expect_option(arch, native, IPPROTO_IPV6, IPV6_2292PKTOPTIONS, EACCES);
		expect_option(arch, native, IPPROTO_IPV6, rubbish | IPV6_RECVRTHDR, EBADF);
		expect_option(arch, native, SOL_SOCKET, IP_OPTIONS, EBADF);
		expect(arch, native, "io_uring_setup", 1, 0, EPERM);
		expect(arch, native, "bpf", 0, 0, EPERM);
		if (!int80)
			continue;
		expect(AUDIT_ARCH_I386, "i386", "ioctl", (uint32_t)-1, TIOCSTI, EPERM);
		expect(AUDIT_ARCH_I386, "i386", "ioctl", (uint32_t)-1, TIOCGWINSZ, EBADF);
		expect(AUDIT_ARCH_I386, "i386", "clone", CLONE_NEWUSER, 0, EPERM);
		expect(AUDIT_ARCH_I386, "i386", "socketcall", 1, 0, EACCES);
		expect(AUDIT_ARCH_I386, "i386", "socketcall", 3, 0, EFAULT);
		expect(AUDIT_ARCH_I386, "i386", "umount", 0, 0, EPERM);
	}
}

static void arguments_are_compared_as_the_kernel_reads_them(void **state)
{
	struct rf_policy policy = sim_policy(NULL, 0);
	const struct rf_sys_context context = {.network_families = true};
	struct sim sim;

	(void)state;
	for (int key = 0; key < RF_KERNEL_COUNT; key++)
		policy.kernel[key].value = RF_KERNEL_DENY;
	policy.sections[RF_SECTION_NETWORK].present = true;
	sim_open(&sim, &policy, &context);
	check_finding(run_filtered(&sim, make_calls_with_arguments), 32);
	sim_close(&sim);
}

static const struct rf_call deadly[] = {{"getpriority", false}};

static void make_deadly_call(const struct sim *sim)
{
	(void)sim;
	(void)syscall(__NR_getpriority, 0, 0);
}

/* A filter added later, by the one it fences, cannot bring a call back. */
static void add_a_listener_and_try(const struct sim *sim)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_mkdir, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = RF_ARRAY_LEN(code), .filter = code};
	long fd = syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
			  &program);

	(void)sim;
	note(0, __NR_seccomp, fd >= 0, 1);
	note(0, __NR_mkdir, enter(AUDIT_ARCH_X86_64, __NR_mkdir, (uint64_t[6]){0}), -EDOM);
	note(0, __NR_prctl, prctl(PR_SET_SECCOMP, 0), -1);
}

static const struct rf_call making[] = {{"mkdir", false}};

static void actions_have_their_effect(void **state)
{
	struct rf_sys_rule rules[] = {SIM_RULE("deadly", true, deadly, NULL, 0),
				      SIM_RULE("making", true, making, NULL, 0)};
	const struct rf_filter filter = {.kind = RF_FILTER_DEFAULT,
					 .fallback = RF_DEFAULT_ALLOW,
					 .errno_value = EDOM,
					 .rules = rules,
					 .n_rules = 2};
	struct rf_policy policy = sim_policy(&filter, 1);
	const struct rf_sys_context context = {0};
	struct sim sim;
	int status;

	(void)state;
	rules[0].rule.kill = true;
	sim_open(&sim, &policy, &context);
	status = run_filtered(&sim, make_deadly_call);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	check_finding(run_filtered(&sim, add_a_listener_and_try), 3);
	sim_close(&sim);
	policy.mode = RF_MODE_AUDIT;
	sim_open(&sim, &policy, &context);
	assert_int_equal(run_filtered(&sim, make_deadly_call), 0);
	sim_close(&sim);
}

/* Profiles chained with rules of ours, installed for real. */
static void chained_profiles_hold(void **state)
{
	static const char no_seccomp[] =
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":33,\"syscalls\":[{"
		"\"names\":[\"exit_group\",\"write\",\"mmap\",\"munmap\",\"brk\"],"
		"\"action\":\"SCMP_ACT_ALLOW\"}]}";
	const struct rf_filter filters[] = {
		{.kind = RF_FILTER_OCI, .oci_json = no_seccomp},
		{.kind = RF_FILTER_OCI, .oci_json = no_seccomp},
		{.kind = RF_FILTER_DEFAULT, .fallback = RF_DEFAULT_ALLOW},
	};
	struct rf_policy policy = sim_policy(filters, 3);
	const struct rf_sys_context context = {0};
	struct sim sim;

	(void)state;
	sim_open(&sim, &policy, &context);
	check_finding(run_filtered(&sim, make_every_refused_call), 400);
	sim_close(&sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_allow_list_refuses_the_rest),
		cmocka_unit_test(the_engines_filter_refuses_the_same),
		cmocka_unit_test(arguments_are_compared_as_the_kernel_reads_them),
		cmocka_unit_test(actions_have_their_effect),
		cmocka_unit_test(chained_profiles_hold),
	};
	uint32_t action = SECCOMP_RET_LOG;

	if (syscall(__NR_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) != 0)
		return 77;
	finding = mmap(NULL, sizeof(*finding), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (finding == MAP_FAILED)
		return 99;
	int80 = has_int80();
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
