/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets of families that no rule can name, where the policy refuses them. */
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "sandbox/attack/scene.h"

static void make(struct rf_try *t, int family, int type, int protocol)
{
	int fd = socket(family, type | SOCK_CLOEXEC, protocol);

	/* Not built into this kernel: whoever is told so by it was let through, unless the rule
	 * itself says so. */
	rf_try_result(t, fd, "socket");
}

#define FAMILY(name, family, type, protocol)                                                       \
	static void make_##name(struct rf_try *t)                                                  \
	{                                                                                          \
		make(t, family, type, protocol);                                                   \
	}

FAMILY(packet, AF_PACKET, SOCK_RAW, 0)
FAMILY(raw, AF_INET, SOCK_RAW, 255)
FAMILY(vsock, AF_VSOCK, SOCK_STREAM, 0)
FAMILY(alg, AF_ALG, SOCK_SEQPACKET, 0)
FAMILY(bluetooth, AF_BLUETOOTH, SOCK_RAW, 1)
FAMILY(xdp, AF_XDP, SOCK_RAW, 0)
FAMILY(key, AF_KEY, SOCK_RAW, 2)
FAMILY(tipc, AF_TIPC, SOCK_STREAM, 0)
FAMILY(can, AF_CAN, SOCK_RAW, 1)

#define ROW(name, words, family, type)                                                             \
	{                                                                                          \
		.id = "families." #name, .text = words,                                            \
		.ask = RF_ASK_CALL(SYS_socket, .args = {family, type}), .run = make_##name         \
	}

static const struct rf_attempt attempts[] = {
	ROW(packet, "make a packet socket", AF_PACKET, SOCK_RAW),
	ROW(raw, "make a raw IP socket", AF_INET, SOCK_RAW),
	ROW(vsock, "make a socket to the machine below", AF_VSOCK, SOCK_STREAM),
	ROW(alg, "make a socket of the kernel's ciphers", AF_ALG, SOCK_SEQPACKET),
	ROW(bluetooth, "make a Bluetooth socket", AF_BLUETOOTH, SOCK_RAW),
	ROW(xdp, "make an XDP socket", AF_XDP, SOCK_RAW),
	ROW(key, "make a socket of IPsec keys", AF_KEY, SOCK_RAW),
	ROW(tipc, "make a TIPC socket", AF_TIPC, SOCK_STREAM),
	ROW(can, "make a CAN socket", AF_CAN, SOCK_RAW),
};

const struct rf_attempt_group rf_attack_families = {attempts, RF_ARRAY_LEN(attempts)};
