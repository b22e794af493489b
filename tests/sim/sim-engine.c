/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `@container-default` is an engine's own profile: both are asked about every number of every ABI
 * of every machine that ringfence is built for, with arguments at their boundaries, and must answer
 * alike, the errno too. What no such machine has is killed by both. The profile is the one
 * of Debian's golang-github-containers-common where that is installed (RF_ENGINE_PROFILE names
 * another); libseccomp makes its program, as for a container runtime.
 */
#include "tests/sim/sim.h"

#include <asm/ioctls.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>

#include "sandbox/base/fd.h"
#include "sandbox/policy/bpfsim.h"

#define ENGINE_PROFILE "/usr/share/containers/seccomp.json"

static char *engine_text;

struct pair {
	struct sim ours;
	struct sim engine;
	size_t asked;
};

static bool always_refused(uint32_t arch, uint32_t nr, const uint64_t args[6])
{
	const char *name = rf_call_name(rf_abi_of(arch, nr) ?: rf_abi_at(0), nr);

	return name && strcmp(name, "ioctl") == 0 &&
	       ((uint32_t)args[1] == TIOCSTI || (uint32_t)args[1] == TIOCLINUX);
}

static void ask_both(struct pair *pair, uint32_t arch, uint32_t nr, const uint64_t args[6])
{
	uint32_t ours = sim_ask(&pair->ours, arch, nr, args);
	uint32_t engine = sim_ask(&pair->engine, arch, nr, args);

	pair->asked++;
	if (always_refused(arch, nr, args))
		assert_int_equal(ours, SIM_ERRNO(EPERM));
	else if (ours != engine)
		fail_msg("%#x %u %s(%#llx, %#llx, %#llx): ours %#x, the engine's %#x", arch, nr,
			 rf_call_name(rf_abi_of(arch, nr), nr) ?: "?", (unsigned long long)args[0],
			 (unsigned long long)args[1], (unsigned long long)args[2], ours, engine);
}

static void ask_about(void *data, uint32_t arch, uint32_t nr)
{
	struct pair *pair = data;
	uint64_t args[6] = {0};

	if (!rf_abi_of(arch, nr))
		return; /* killed by both, with and without its threads */
	ask_both(pair, arch, nr, args);
	for (size_t index = 0; index < 3; index++) {
		for (size_t i = 0; i < RF_ARRAY_LEN(sim_values); i++) {
			args[index] = sim_values[i];
			ask_both(pair, arch, nr, args);
		}
	}
	for (size_t i = 0; i < 40; i++) {
		for (size_t k = 0; k < 6; k++)
			args[k] = sim_values[(size_t)rand() % RF_ARRAY_LEN(sim_values)];
		ask_both(pair, arch, nr, args);
	}
	for (size_t i = 0; i < RF_ARRAY_LEN(sim_values); i++) { /* both of socket's at once */
		args[0] = 16;
		args[2] = sim_values[i];
		ask_both(pair, arch, nr, args);
		args[0] = sim_values[i];
		args[2] = 9;
		ask_both(pair, arch, nr, args);
	}
}

/* The engine's program alone, without anything of ours in front. */
static void engine_open(struct sim *sim, const struct rf_policy *policy)
{
	const struct rf_sys_context context = {0};
	const struct rf_sys_program *programs;
	struct rf_err err = RF_ERR_INIT;
	char *at;

	memset(sim, 0, sizeof(*sim));
	if (rf_sys_model_new(&sim->model, policy, &context, &err) < 0)
		fail_msg("%s", rf_err_text(&err));
	assert_int_equal(rf_sys_model_programs(sim->model, &programs), 1);
	sim->blob.len = 24 + programs[0].n * sizeof(struct sock_filter);
	sim->blob.data = at = calloc(1, sim->blob.len);
	memcpy(at, &(uint32_t[]){0x46535246, 1, 1, 0, (uint32_t)programs[0].n, 0}, 24);
	memcpy(at + 24, programs[0].code, programs[0].n * sizeof(struct sock_filter));
	assert_int_equal(rf_filter_check(sim->blob.data, sim->blob.len, &err), 0);
}

static void compare_with_capabilities(const char *text, bool given, uint64_t capabilities)
{
	const struct rf_filter ours = {.kind = RF_FILTER_BASE, .base = "container-default"};
	const struct rf_filter engine = {.kind = RF_FILTER_OCI, .oci_json = text};
	struct rf_policy policy = sim_policy(&ours, 1);
	const struct rf_sys_context context = {0};
	struct pair pair = {.asked = 0};

	srand(11);
	policy.sections[RF_SECTION_CAPABILITIES].present = given;
	policy.capabilities_keep = capabilities;
	sim_open(&pair.ours, &policy, &context);
	policy.filters = &engine;
	engine_open(&pair.engine, &policy);
	sim_every_number(ask_about, &pair);
	assert_true(pair.asked > 500000);
	sim_close(&pair.ours);
	sim_close(&pair.engine);
}

static void compare_on(const char *machine, const char *text)
{
	assert_true(rf_abi_pretend(machine));
	compare_with_capabilities(text, false, 0);
	compare_with_capabilities(text, true, 0);
	compare_with_capabilities(text, true, UINT64_MAX);
	compare_with_capabilities(text, true, UINT64_C(1) << CAP_SYS_ADMIN);
	compare_with_capabilities(text, true, UINT64_C(1) << CAP_AUDIT_WRITE);
	compare_with_capabilities(text, true, UINT64_C(1) << CAP_SYS_CHROOT);
}

static void compare_all(const char *text)
{
	compare_on("aarch64", text);
	compare_on("x86_64", text);
}

/* Our generator against libseccomp's on the shipped text, so without any package. */
static void libseccomp_decides_alike(void **state)
{
	(void)state;
	compare_all(rf_base_filter_text("container-default"));
}

static void the_engine_decides_alike(void **state)
{
	(void)state;
	if (engine_text)
		compare_all(engine_text);
	else
		print_message("no %s: not compared\n", ENGINE_PROFILE);
}

/* Every architecture that linux/audit.h names and a machine does not have. */
static const uint32_t foreign[] = {
	AUDIT_ARCH_AARCH64,	AUDIT_ARCH_ALPHA,	AUDIT_ARCH_ARM,	       AUDIT_ARCH_ARMEB,
	AUDIT_ARCH_CRIS,	AUDIT_ARCH_FRV,		AUDIT_ARCH_I386,       AUDIT_ARCH_IA64,
	AUDIT_ARCH_M32R,	AUDIT_ARCH_M68K,	AUDIT_ARCH_MICROBLAZE, AUDIT_ARCH_MIPS,
	AUDIT_ARCH_MIPSEL,	AUDIT_ARCH_MIPS64,	AUDIT_ARCH_MIPS64N32,  AUDIT_ARCH_MIPSEL64,
	AUDIT_ARCH_MIPSEL64N32, AUDIT_ARCH_OPENRISC,	AUDIT_ARCH_PARISC,     AUDIT_ARCH_PARISC64,
	AUDIT_ARCH_PPC,		AUDIT_ARCH_PPC64,	AUDIT_ARCH_PPC64LE,    AUDIT_ARCH_RISCV32,
	AUDIT_ARCH_RISCV64,	AUDIT_ARCH_S390,	AUDIT_ARCH_S390X,      AUDIT_ARCH_SH,
	AUDIT_ARCH_SH64,	AUDIT_ARCH_SHEL,	AUDIT_ARCH_SHEL64,     AUDIT_ARCH_SPARC,
	AUDIT_ARCH_SPARC64,	AUDIT_ARCH_TILEGX,	AUDIT_ARCH_TILEGX32,   AUDIT_ARCH_TILEPRO,
	AUDIT_ARCH_X86_64,	AUDIT_ARCH_LOONGARCH64,
};

static bool is_killed(uint32_t answer)
{
	return answer == SECCOMP_RET_KILL_PROCESS || answer == SECCOMP_RET_KILL_THREAD;
}

static void other_machines_calls_are_killed(void **state)
{
	static const char *const machines[] = {"aarch64", "x86_64"};
	const struct rf_filter ours = {.kind = RF_FILTER_BASE, .base = "container-default"};
	const struct rf_filter engine = {.kind = RF_FILTER_OCI,
					 .oci_json = rf_base_filter_text("container-default")};
	const struct rf_sys_context context = {0};
	const uint64_t args[6] = {0};
	struct pair pair;

	(void)state;
	for (size_t m = 0; m < RF_ARRAY_LEN(machines); m++) {
		struct rf_policy policy = sim_policy(&ours, 1);
		size_t killed = 0;

		assert_true(rf_abi_pretend(machines[m]));
		sim_open(&pair.ours, &policy, &context);
		policy.filters = &engine;
		engine_open(&pair.engine, &policy);
		for (size_t i = 0; i < RF_ARRAY_LEN(foreign); i++) {
			for (uint32_t nr = 0; nr < 8192 && !rf_abi_of(foreign[i], 0); nr++) {
				assert_int_equal(sim_ask(&pair.ours, foreign[i], nr, args),
						 SIM_KILL);
				assert_true(is_killed(sim_ask(&pair.engine, foreign[i], nr, args)));
				killed++;
			}
		}
		assert_int_equal(killed, (RF_ARRAY_LEN(foreign) - 2) * 8192);
		sim_close(&pair.ours);
		sim_close(&pair.engine);
	}
}

/* Instructions of one program over a call; a blob of one program has its code at byte 24. */
static int steps(const struct sim *sim, uint32_t nr, const uint64_t args[6])
{
	struct seccomp_data call = {.arch = rf_abi_at(0)->audit_arch, .nr = (int)nr};
	const char *code = (const char *)sim->blob.data + 24;
	uint32_t answer;

	memcpy(call.args, args, sizeof(call.args));
	return rf_bpf_run(&answer, (const struct sock_filter *)(const void *)code,
			  (sim->blob.len - 24) / sizeof(struct sock_filter), &call);
}

/* Per call no slower than libseccomp's binary tree, on average and for each call there is. */
static void no_call_takes_longer_than_in_libseccomps_tree(void **state)
{
	const struct rf_filter ours = {.kind = RF_FILTER_BASE, .base = "container-default"};
	const struct rf_filter engine = {.kind = RF_FILTER_OCI,
					 .oci_json = rf_base_filter_text("container-default")};
	struct rf_policy policy = sim_policy(&ours, 1);
	const struct rf_sys_context context = {0};
	const uint64_t args[][6] = {{0}, {1, 1, 1}, {2, 0x5401, 0}, {0x20000}, {0xffffffff}};
	long our_sum = 0, tree_sum = 0;
	struct pair pair;

	(void)state;
	sim_open(&pair.ours, &policy, &context);
	policy.filters = &engine;
	engine_open(&pair.engine, &policy);
	for (uint32_t nr = 0; nr < 470; nr++) {
		if (!rf_call_name(rf_abi_at(0), nr))
			continue;
		for (size_t i = 0; i < RF_ARRAY_LEN(args); i++) {
			int our = steps(&pair.ours, nr, args[i]);
			int tree = steps(&pair.engine, nr, args[i]);

			assert_true(our > 0 && tree > 0);
			if (our > tree + 1)
				fail_msg("%s: %d steps, the tree %d",
					 rf_call_name(rf_abi_at(0), nr), our, tree);
			our_sum += our;
			tree_sum += tree;
		}
	}
	assert_true(our_sum * 100 < tree_sum * 90);
	sim_close(&pair.ours);
	sim_close(&pair.engine);
}

static void read_engine_text(void)
{
	const char *path = getenv("RF_ENGINE_PROFILE") ?: ENGINE_PROFILE;
	FILE *file = fopen(path, "re");
	size_t size = 0;

	if (!file)
		return;
	if (getdelim(&engine_text, &size, '\0', file) < 0) {
		free(engine_text);
		engine_text = NULL;
	}
	fclose(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(libseccomp_decides_alike),
		cmocka_unit_test(the_engine_decides_alike),
		cmocka_unit_test(other_machines_calls_are_killed),
		cmocka_unit_test(no_call_takes_longer_than_in_libseccomps_tree),
	};
	int failed;

	read_engine_text();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(engine_text);
	return failed ? 1 : 0;
}
