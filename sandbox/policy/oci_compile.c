/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An OCI profile becomes a program by the same library calls, in the same order, as in a container
 * runtime, so that both decide every call alike, including the corners that only libseccomp's own
 * merging of rules explains. Nothing is loaded here; the program is read back through a memfd.
 */
#include "sandbox/policy/syslayer.h"

#include <seccomp.h>
#include <sys/mman.h>
#include <sys/stat.h>

static void release(scmp_filter_ctx *ctx)
{
	if (*ctx)
		seccomp_release(*ctx);
}

static int add_call(scmp_filter_ctx ctx, const struct rf_oci_rule *rule, int nr)
{
	struct scmp_arg_cmp args[6];
	int r = 0;

	if (rule->n_args == 0)
		return seccomp_rule_add_array(ctx, rule->action, nr, 0, NULL);
	for (size_t i = 0; i < rule->n_args; i++) {
		struct scmp_arg_cmp arg = {
			.arg = rule->args[i].index,
			.op = (enum scmp_compare)rule->args[i].op,
			.datum_a = rule->args[i].value,
			.datum_b = rule->args[i].value_two,
		};

		if (rule->any) {
			r = seccomp_rule_add_array(ctx, rule->action, nr, 1, &arg);
			if (r < 0)
				return r;
			continue;
		}
		args[i] = arg; /* one per argument, so at most six */
	}
	return rule->any ? 0
			 : seccomp_rule_add_array(ctx, rule->action, nr, (unsigned)rule->n_args,
						  args);
}

static int add_rules(scmp_filter_ctx ctx, const struct rf_oci_profile *profile, struct rf_err *err)
{
	for (size_t i = 0; i < profile->n_rules; i++) {
		const struct rf_oci_rule *rule = &profile->rules[i];

		/* The library refuses a rule that says what the default says; runtimes skip it. */
		if (rule->action == profile->default_action)
			continue;
		for (size_t k = 0; k < rule->n_names; k++) {
			int nr = seccomp_syscall_resolve_name(rule->names[k]);
			int r;

			if (nr == __NR_SCMP_ERROR)
				continue;
			r = add_call(ctx, rule, nr);
			if (r < 0 && r != -EEXIST)
				return rf_err_sys(err, r,
						  "seccomp profile: rule %zu: %s cannot be added",
						  i, rule->names[k]);
		}
	}
	return 0;
}

static int read_back(struct rf_sys_program *ret, scmp_filter_ctx ctx, struct rf_arena *arena,
		     struct rf_err *err)
{
	RF_AUTOCLOSE int fd = memfd_create("ringfence-seccomp", MFD_CLOEXEC);
	struct sock_filter *code;
	struct stat st;
	ssize_t got;
	int r;

	if (fd < 0)
		return rf_err_sys(err, -errno, "seccomp profile: memfd");
	r = seccomp_export_bpf(ctx, fd);
	if (r < 0)
		return rf_err_sys(err, r, "seccomp profile: generating its program");
	if (fstat(fd, &st) < 0)
		return rf_err_sys(err, -errno, "seccomp profile: reading its program");
	if (st.st_size <= 0 || st.st_size % (off_t)sizeof(*code) != 0 ||
	    st.st_size / (off_t)sizeof(*code) > BPF_MAXINSNS)
		return rf_err_set(err, -E2BIG,
				  "seccomp profile: needs more than the kernel's %d instructions",
				  BPF_MAXINSNS);
	code = rf_arena_alloc(arena, (size_t)st.st_size);
	if (!code)
		return rf_err_set(err, -ENOMEM, "seccomp profile: no memory");
	got = pread(fd, code, (size_t)st.st_size, 0);
	if (got != st.st_size)
		return rf_err_set(err, -EIO, "seccomp profile: reading its program");
	ret->code = code;
	ret->n = (size_t)st.st_size / sizeof(*code);
	return 0;
}

int rf_oci_seccomp_compile(struct rf_sys_program *ret, const struct rf_oci_profile *profile,
			   struct rf_arena *arena, struct rf_err *err)
{
	RF_CLEANUP(release) scmp_filter_ctx ctx = seccomp_init(profile->default_action);
	struct rf_sys_program program = {.flags = profile->flags};
	const struct rf_abi *abi;
	int r;

	if (!ctx)
		return rf_err_set(err, -ENOMEM, "seccomp profile: its default action is refused");
	/* It begins with the machine that runs, which in a test is another than the one meant. */
	if (seccomp_arch_native() != rf_abi_at(0)->token &&
	    (r = seccomp_arch_remove(ctx, seccomp_arch_native())) < 0)
		return rf_err_sys(err, r, "seccomp profile: another architecture");
	for (size_t i = 0; (abi = rf_abi_at(i)); i++) {
		if (!(profile->abis & 1u << i))
			continue;
		r = seccomp_arch_add(ctx, abi->token);
		if (r < 0 && r != -EEXIST)
			return rf_err_sys(err, r, "seccomp profile: architecture %s", abi->name);
	}
	r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (r < 0)
		return rf_err_sys(err, r, "seccomp profile: optimisation");
	r = add_rules(ctx, profile, err);
	if (r == 0)
		r = read_back(&program, ctx, arena, err);
	if (r < 0)
		return r;
	*ret = program;
	return 0;
}
