/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks for things by functions whose names are known: open FILE (three times one way, once
 * another), call (swapon), connect, memory FILE (from code that is in no file), data FILE, pointer
 * FILE (with a frame pointer that is none: what is there leads to data, or to code that nobody
 * called from).
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "tests/vm/attack/attack.h"

/* Nothing follows a call in tail position, so that each function has a frame of its own. */
#define KEEP(result)                                                                               \
	do {                                                                                       \
		__asm__ volatile("" ::: "memory");                                                 \
		return result;                                                                     \
	} while (0)

/*
 * The system call itself: the C library has no frame, and would hide who called it. Looking at the
 * frame makes gcc keep it in a function that calls none.
 */
__attribute__((always_inline)) static inline long call(long number, long a, long b, long c)
{
	long r = number;

	__asm__ volatile("" ::"r"(__builtin_frame_address(0)));
	__asm__ volatile("syscall" : "+a"(r) : "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
	return r;
}

__attribute__((noinline)) static long opens_it(const char *path)
{
	long r = call(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC);

	KEEP(r);
}

__attribute__((noinline)) static long one_way(const char *path)
{
	long r = opens_it(path);

	KEEP(r);
}

__attribute__((noinline)) static long other_way(const char *path)
{
	long r = opens_it(path);

	KEEP(r);
}

__attribute__((noinline)) static long calls_it(void)
{
	long r = call(SYS_swapon, (long)"/nowhere", 0, 0);

	KEEP(r);
}

__attribute__((noinline)) static long connects_it(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(80)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	long r;

	to.sin_addr.s_addr = htonl(0xc0000201);
	r = connect(fd, (const struct sockaddr *)&to, sizeof(to));
	KEEP(r);
}

/* openat(AT_FDCWD, path, O_RDONLY), from a page that no file is behind. */
__attribute__((noinline)) static long opens_from_memory(const char *path)
{
	static const unsigned char code[] = {
		0x55,					  /* push rbp */
		0x48, 0x89, 0xe5,			  /* mov rbp, rsp */
		0x48, 0x89, 0xfe,			  /* mov rsi, rdi */
		0xbf, 0x9c, 0xff, 0xff, 0xff,		  /* mov edi, -100 */
		0x31, 0xd2,				  /* xor edx, edx */
		0xb8, 0x01, 0x01, 0x00, 0x00, 0x0f, 0x05, /* mov eax, 257; syscall */
		0x5d, 0xc3,				  /* pop rbp; ret */
	};
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long (*run)(const char *);
	long r;

	if (page == MAP_FAILED)
		return untried("mmap");
	memcpy(page, code, sizeof(code));
	if (mprotect(page, 4096, PROT_READ | PROT_EXEC) < 0)
		return untried("mprotect");
	memcpy(&run, &page, sizeof(run));
	r = run(path);
	KEEP(r);
}

/* As code without frames does it: what is in the register is its own business. */
__attribute__((noinline)) static long opens_without_a_frame(const char *path, const void *leads_to)
{
	const void *frame[2] = {NULL, leads_to}, *outer[2] = {frame, leads_to};
	long r = SYS_openat;

	__asm__ volatile("mov %%rbp, %%rbx; mov %[frame], %%rbp; syscall; mov %%rbx, %%rbp"
			 : "+a"(r)
			 : [frame] "r"(outer), "D"((long)AT_FDCWD), "S"(path),
			   "d"(O_RDONLY | O_CLOEXEC), "m"(frame), "m"(outer)
			 : "rbx", "rcx", "r11", "memory");
	KEEP(r);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	long r = 0;

	if (strcmp(what, "open") == 0 && argc == 3) {
		for (int i = 0; i < 3; i++)
			r += one_way(argv[2]);
		r += other_way(argv[2]);
	} else if (strcmp(what, "call") == 0) {
		r = calls_it();
	} else if (strcmp(what, "connect") == 0) {
		r = connects_it();
	} else if (strcmp(what, "memory") == 0 && argc == 3) {
		r = opens_from_memory(argv[2]);
	} else if (strcmp(what, "data") == 0 && argc == 3) {
		r = opens_without_a_frame(argv[2], argv[2]);
	} else if (strcmp(what, "pointer") == 0 && argc == 3) {
		r = opens_without_a_frame(argv[2], (const void *)(uintptr_t)one_way);
	} else {
		return untried("arguments");
	}
	return r < 0 ? REFUSED : WORKED;
}
