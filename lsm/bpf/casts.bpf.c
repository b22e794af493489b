/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What reads most of the kernel's memory, in one object: only one can name bpf_rdonly_cast, since
 * the linker of libbpf before 1.2 refuses an object whose kernel function another has named too.
 */
#define RF_BPF_CASTS

#include "lsm/bpf/answer.bpf.c"
#include "lsm/bpf/climb.bpf.c"
#include "lsm/bpf/descend.bpf.c"
#include "lsm/bpf/file.bpf.c"
#include "lsm/bpf/judge.bpf.c"
#include "lsm/bpf/mmap.bpf.c"
#include "lsm/bpf/quick.bpf.c"
#include "lsm/bpf/quick_net.bpf.c"
#include "lsm/bpf/sock.bpf.c"
