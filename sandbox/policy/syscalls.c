/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers and names of system calls per ABI.
 *
 * libseccomp's own answers need two corrections. It numbers i386's socket and ipc calls by
 * pseudo-numbers, although kernels since 4.3 have direct ones as well, and it does not know calls
 * newer than itself, which a deny rule must nevertheless reach.
 */
#include "sandbox/policy/syscalls.h"

#include <pthread.h>
#include <seccomp.h>
#include <string.h>

static const struct rf_abi x86[] = {
	{"x86_64", AUDIT_ARCH_X86_64, SCMP_ARCH_X86_64, 0, false, false, false},
	{"i386", AUDIT_ARCH_I386, SCMP_ARCH_X86, 0, true, false, true},
	{"x32", AUDIT_ARCH_X86_64, SCMP_ARCH_X32, RF_X32_BIT, false, true, true},
};

#define ARM_PRIVATE 0x0f0000 /* set_tls, without which no thread begins, cacheflush and so on */

static const struct rf_abi arm[] = {
	{"aarch64", AUDIT_ARCH_AARCH64, SCMP_ARCH_AARCH64, 0, false, false, false},
	{"arm", AUDIT_ARCH_ARM, SCMP_ARCH_ARM, 0, true, false, true},
	{"arm", AUDIT_ARCH_ARM, SCMP_ARCH_ARM, ARM_PRIVATE, true, false, true},
};

#define ABIS 3

/* Names by number, asked of the library once per process: it allocates every answer. */
struct family {
	const struct rf_abi *abis; /* ABIS of them */
	const char *go;
	const char *names[ABIS][RF_CALLS_MAX];
	bool named;
};

static struct family families[] = {{.abis = x86, .go = "amd64"}, {.abis = arm, .go = "arm64"}};
static pthread_mutex_t naming = PTHREAD_MUTEX_INITIALIZER;

#if defined(__x86_64__)
static struct family *family = &families[0];
#elif defined(__aarch64__)
static struct family *family = &families[1];
#else
#error "the ABIs of this architecture are not described yet"
#endif

_Static_assert(RF_ARRAY_LEN(x86) == ABIS && RF_ARRAY_LEN(arm) == ABIS, "every family has as many");

/* Calls that libseccomp 2.5.4 does not know. They have one number on all these ABIs. */
static const struct {
	const char *name;
	uint32_t nr;
} newer[] = {
	{"statmount", 457},	    {"listmount", 458},	       {"lsm_get_self_attr", 459},
	{"lsm_set_self_attr", 460}, {"lsm_list_modules", 461}, {"mseal", 462},
	{"setxattrat", 463},	    {"getxattrat", 464},       {"listxattrat", 465},
	{"removexattrat", 466},	    {"open_tree_attr", 467},   {"file_getattr", 468},
	{"file_setattr", 469},
};

#define SOCKETCALL_MASK UINT32_MAX /* compared as an int */
#define IPC_MASK	0xffffu	   /* the upper half is a version */

static const struct rf_mux muxes[] = {
	{"socket", "socketcall", 1, SOCKETCALL_MASK},
	{"bind", "socketcall", 2, SOCKETCALL_MASK},
	{"connect", "socketcall", 3, SOCKETCALL_MASK},
	{"listen", "socketcall", 4, SOCKETCALL_MASK},
	{"accept", "socketcall", 5, SOCKETCALL_MASK},
	{"getsockname", "socketcall", 6, SOCKETCALL_MASK},
	{"getpeername", "socketcall", 7, SOCKETCALL_MASK},
	{"socketpair", "socketcall", 8, SOCKETCALL_MASK},
	{"send", "socketcall", 9, SOCKETCALL_MASK},
	{"recv", "socketcall", 10, SOCKETCALL_MASK},
	{"sendto", "socketcall", 11, SOCKETCALL_MASK},
	{"recvfrom", "socketcall", 12, SOCKETCALL_MASK},
	{"shutdown", "socketcall", 13, SOCKETCALL_MASK},
	{"setsockopt", "socketcall", 14, SOCKETCALL_MASK},
	{"getsockopt", "socketcall", 15, SOCKETCALL_MASK},
	{"sendmsg", "socketcall", 16, SOCKETCALL_MASK},
	{"recvmsg", "socketcall", 17, SOCKETCALL_MASK},
	{"accept4", "socketcall", 18, SOCKETCALL_MASK},
	{"recvmmsg", "socketcall", 19, SOCKETCALL_MASK},
	{"sendmmsg", "socketcall", 20, SOCKETCALL_MASK},
	{"semop", "ipc", 1, IPC_MASK},
	{"semget", "ipc", 2, IPC_MASK},
	{"semctl", "ipc", 3, IPC_MASK},
	{"semtimedop", "ipc", 4, IPC_MASK},
	{"msgsnd", "ipc", 11, IPC_MASK},
	{"msgrcv", "ipc", 12, IPC_MASK},
	{"msgget", "ipc", 13, IPC_MASK},
	{"msgctl", "ipc", 14, IPC_MASK},
	{"shmat", "ipc", 21, IPC_MASK},
	{"shmdt", "ipc", 22, IPC_MASK},
	{"shmget", "ipc", 23, IPC_MASK},
	{"shmctl", "ipc", 24, IPC_MASK},
};

/* What i386 has of them as calls of their own (2.6.33 to 5.1). */
static const struct {
	const char *name;
	uint32_t nr;
} i386_direct[] = {
	{"socket", 359},      {"socketpair", 360},  {"bind", 361},	 {"connect", 362},
	{"listen", 363},      {"accept4", 364},	    {"getsockopt", 365}, {"setsockopt", 366},
	{"getsockname", 367}, {"getpeername", 368}, {"sendto", 369},	 {"sendmsg", 370},
	{"recvfrom", 371},    {"recvmsg", 372},	    {"shutdown", 373},	 {"semget", 393},
	{"semctl", 394},      {"shmget", 395},	    {"shmctl", 396},	 {"shmat", 397},
	{"shmdt", 398},	      {"msgget", 399},	    {"msgsnd", 400},	 {"msgrcv", 401},
	{"msgctl", 402},      {"recvmmsg", 337},    {"sendmmsg", 345},
};

const struct rf_abi *rf_abi_at(size_t index)
{
	return index < ABIS ? &family->abis[index] : NULL;
}

bool rf_abi_pretend(const char *native)
{
	for (size_t i = 0; i < RF_ARRAY_LEN(families); i++) {
		if (strcmp(families[i].abis[0].name, native) != 0)
			continue;
		family = &families[i];
		return true;
	}
	return false;
}

const char *rf_abi_go_name(void)
{
	return family->go;
}

const struct rf_abi *rf_abi_of(uint32_t audit_arch, uint32_t nr)
{
	const struct rf_abi *found = NULL, *abis = family->abis;

	for (size_t i = 0; i < ABIS; i++) {
		if (abis[i].audit_arch != audit_arch || nr < abis[i].first)
			continue;
		if (!found || abis[i].first > found->first)
			found = &abis[i];
	}
	return found;
}

const struct rf_abi *rf_abi_find(const char *name)
{
	const struct rf_abi *abis = family->abis;
	uint32_t token = 0;

	for (size_t i = 0; i < ABIS; i++)
		if (strcmp(abis[i].name, name) == 0)
			return &abis[i];
	if (strncmp(name, "SCMP_ARCH_", 10) == 0) {
		char lower[32];
		size_t n;

		name += 10;
		for (n = 0; name[n] && n < sizeof(lower) - 1; n++)
			lower[n] =
				name[n] >= 'A' && name[n] <= 'Z' ? (char)(name[n] | 0x20) : name[n];
		lower[n] = '\0';
		token = seccomp_arch_resolve_name(lower);
	} else {
		token = seccomp_arch_resolve_name(name);
	}
	for (size_t i = 0; token && i < ABIS; i++)
		if (abis[i].token == token)
			return &abis[i];
	return NULL;
}

static bool is_i386(const struct rf_abi *abi)
{
	return abi->token == SCMP_ARCH_X86;
}

/* Only the first block of an ABI's numbers grows with new calls. */
static bool has_newer(const struct rf_abi *abi)
{
	return abi->first == 0 || abi->first == RF_X32_BIT;
}

int rf_call_number(const struct rf_abi *abi, const char *name)
{
	int nr;

	if (is_i386(abi))
		for (size_t i = 0; i < RF_ARRAY_LEN(i386_direct); i++)
			if (strcmp(i386_direct[i].name, name) == 0)
				return (int)i386_direct[i].nr;
	nr = seccomp_syscall_resolve_name_arch(abi->token, name);
	if (nr >= 0)
		return (uint32_t)nr >= abi->first && (uint32_t)nr - abi->first < RF_CALLS_MAX
			       ? nr
			       : -ENOENT;
	for (size_t i = 0; has_newer(abi) && i < RF_ARRAY_LEN(newer); i++)
		if (strcmp(newer[i].name, name) == 0)
			return (int)(abi->first + newer[i].nr);
	return -ENOENT;
}

static void fill_names_of(const struct rf_abi *abi, const char **names)
{
	if (is_i386(abi))
		for (size_t i = 0; i < RF_ARRAY_LEN(i386_direct); i++)
			names[i386_direct[i].nr] = i386_direct[i].name;
	for (uint32_t i = 0; i < RF_CALLS_MAX; i++)
		if (!names[i])
			names[i] =
				seccomp_syscall_resolve_num_arch(abi->token, (int)(abi->first + i));
	for (size_t i = 0; has_newer(abi) && i < RF_ARRAY_LEN(newer); i++)
		if (!names[newer[i].nr])
			names[newer[i].nr] = newer[i].name;
}

static void fill_names(void)
{
	if (__atomic_load_n(&family->named, __ATOMIC_ACQUIRE))
		return;
	pthread_mutex_lock(&naming);
	for (size_t a = 0; !family->named && a < ABIS; a++)
		fill_names_of(&family->abis[a], family->names[a]);
	__atomic_store_n(&family->named, true, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&naming);
}

const char *rf_call_name(const struct rf_abi *abi, uint32_t nr)
{
	fill_names();
	if (nr < abi->first || nr - abi->first >= RF_CALLS_MAX)
		return NULL;
	return family->names[abi - family->abis][nr - abi->first];
}

const struct rf_mux *rf_mux_at(const struct rf_abi *abi, size_t index)
{
	return is_i386(abi) && index < RF_ARRAY_LEN(muxes) ? &muxes[index] : NULL;
}

const struct rf_mux *rf_mux_find(const struct rf_abi *abi, const char *name)
{
	const struct rf_mux *mux;

	for (size_t i = 0; (mux = rf_mux_at(abi, i)); i++)
		if (strcmp(mux->name, name) == 0)
			return mux;
	return NULL;
}

bool rf_call_known(const char *name)
{
	if (seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR)
		return true;
	for (size_t i = 0; i < RF_ARRAY_LEN(newer); i++)
		if (strcmp(newer[i].name, name) == 0)
			return true;
	return false;
}
