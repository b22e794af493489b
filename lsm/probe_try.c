/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tries behind `probe` on this machine. Programs are loaded and dropped at once; nothing is
 * attached, and no other process notices.
 */
#include "lsm/probe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lsm/audit_status.h"
#include "lsm/cgroup.h"
#include "lsm/loader.h"

#ifndef __NR_landlock_create_ruleset
#define __NR_landlock_create_ruleset 444
#endif

/* Loads `return 0` for a place that is found in BTF by name. */
static int load_nothing(enum bpf_prog_type type, enum bpf_attach_type attach, const char *target)
{
	const struct bpf_insn nothing[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = attach);
	libbpf_print_fn_t before = libbpf_set_print(NULL);
	int id = libbpf_find_vmlinux_btf_id(target, attach), fd = id;

	if (id > 0) {
		opts.attach_btf_id = (uint32_t)id;
		fd = bpf_prog_load(type, "rf_probe", "GPL", nothing, 2, &opts);
		if (fd < 0)
			fd = -errno;
	}
	(void)libbpf_set_print(before);
	if (fd < 0)
		return fd;
	(void)close(fd);
	return 0;
}

static int load_lsm(void)
{
	return load_nothing(BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "file_open");
}

static int load_fentry(void)
{
	return load_nothing(BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, "__d_move");
}

static int landlock_abi(void)
{
	long abi = syscall(__NR_landlock_create_ruleset, NULL, 0, 1U);

	return abi < 0 ? -errno : (int)abi;
}

static int seccomp_action(uint32_t action)
{
	return syscall(__NR_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) < 0 ? -errno : 0;
}

static int audit_group(void)
{
	struct sockaddr_nl group = {.nl_family = AF_NETLINK, .nl_groups = AUDIT_NLGRP_READLOG};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT), r = 0;

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&group, sizeof(group)) < 0)
		r = -errno;
	(void)close(fd);
	return r;
}

static uint64_t capabilities(void)
{
	char line[256];
	FILE *status = fopen("/proc/self/status", "re");
	uint64_t caps = 0;

	while (status && fgets(line, sizeof(line), status)) {
		if (strncmp(line, "CapEff:\t", 8) != 0)
			continue;
		for (const char *hex = line + 8; *hex && *hex != '\n'; hex++)
			caps = caps << 4 | (uint64_t)(*hex <= '9' ? *hex - '0' : *hex - 'a' + 10);
	}
	if (status)
		(void)fclose(status);
	return caps;
}

static uint64_t memlock(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
		return UINT64_MAX;
	return limit.rlim_cur;
}

static uint32_t uid(void)
{
	return geteuid();
}

const struct rf_probe_env rf_probe_here = {
	.root = "",
	.load_lsm = load_lsm,
	.load_fentry = load_fentry,
	.load_cgroup = rf_cg_available,
	.landlock_abi = landlock_abi,
	.seccomp_action = seccomp_action,
	.audit_group = audit_group,
	.audit_is_on = rf_audit_is_on,
	.capabilities = capabilities,
	.memlock = memlock,
	.uid = uid,
	.hooks = rf_lsm_each_hook,
};
