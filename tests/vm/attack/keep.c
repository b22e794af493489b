/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keep CGROUP: attaches a device program that allows everything to a cgroup where nobody is, for as
 * long as the machine runs. See guest.sh.
 */
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "tests/vm/attack/attack.h"

static int call(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

int main(int argc, char **argv)
{
	static const struct bpf_insn allow[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (uintptr_t)allow,
		.insn_cnt = sizeof(allow) / sizeof(allow[0]),
		.license = (uintptr_t) "Apache-2.0",
	};
	int cgroup = argc == 2 ? open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int program = call(BPF_PROG_LOAD, &attr);

	if (cgroup < 0 || program < 0)
		return untried("load the program");
	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)cgroup;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	return call(BPF_PROG_ATTACH, &attr) < 0 ? untried("attach it") : WORKED;
}
