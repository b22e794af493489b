/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cgroup programs: loaded once, pinned, and put on a sandbox's cgroup.
 *
 * They need neither BPF LSM nor trampolines, only CAP_BPF, CAP_NET_ADMIN and a bpffs. Their maps
 * are their own, or on a host with our LSM side the LSM's, so that a sandbox has one ring and one
 * counter. A program put on a cgroup stays until the cgroup is removed, whoever dies; while the
 * cgroup's entry is empty it refuses everything.
 *
 * On failure nothing is left: what a call made it took back.
 */
#ifndef RF_LSM_CGROUP_H
#define RF_LSM_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lsm/abi_cgroup.h"
#include "sandbox/base/err.h"

#define RF_CG_DEVICES 0x1u
#define RF_CG_CONNECT 0x2u /* connect, datagrams with an address */
#define RF_CG_BIND    0x4u
#define RF_CG_SOCKETS 0x8u /* the making of sockets that no other program sees */
#define RF_CG_NETWORK (RF_CG_CONNECT | RF_CG_BIND | RF_CG_SOCKETS)

struct rf_cg;

/* Can programs of these kinds be loaded and attached by this caller? -EOPNOTSUPP with why not. */
int rf_cg_available(struct rf_err *err) RF_MUST_CHECK;

/*
 * Opens the pinned programs, loading and pinning them first if need be. shared: with the maps of
 * the LSM side, which must be pinned. The caller frees *ret; what rf_cg_available opened is shared
 * by all callers of a process and stays open.
 */
int rf_cg_open(struct rf_cg **ret, bool shared, struct rf_err *err) RF_MUST_CHECK;
struct rf_cg *rf_cg_free(struct rf_cg *cg);

/* The same with maps of their own, and only if they are pinned already: -ENOENT, silently. */
int rf_cg_open_pinned(struct rf_cg **ret);

/* A sandbox's place: its ring and its table of repeats (struct rf_folds, memory-mappable). */
struct rf_cg_slot {
	uint32_t slot;
	int ring_fd, folds_fd;	     /* the caller's to close */
	struct rf_sandbox *counters; /* lives as long as the struct rf_cg */
};

/*
 * Takes a slot for a sandbox, gives it the policy's pages, a ring of ring_bytes (a power of two of
 * at least a page) and an empty table of repeats. Not for shared. On failure *ret is not touched.
 */
int rf_cg_claim(struct rf_cg *cg, uint64_t sandbox, uint64_t cgroup, const struct rf_page *pages,
		size_t n_pages, size_t ring_bytes, struct rf_cg_slot *ret, struct rf_err *err)
	RF_MUST_CHECK;

/* Frees the slot of a sandbox, if it has one. Its programs refuse everything from then on. */
void rf_cg_release(struct rf_cg *cg, uint64_t sandbox);

/* Is this the slot of that sandbox there? Without mapping the array. */
bool rf_cg_has(const struct rf_cg *cg, uint32_t slot, uint64_t sandbox);

/* The slot of a sandbox in the LSM's or our own array; -ENOENT, or why the array is not seen. */
int rf_cg_find(struct rf_cg *cg, uint64_t sandbox, uint32_t *ret_slot);

/*
 * Puts the programs of `parts`, at least one, on a cgroup and fills in whose it is. They go with
 * the cgroup: taking them off by rf_cg_detach before makes a launch wait for what the kernel does
 * later anyway (it rewrites code on all processors).
 */
int rf_cg_attach(struct rf_cg *cg, int cgroup_fd, uint64_t cgroup, uint32_t parts,
		 const struct rf_cg_bind *bind, struct rf_err *err) RF_MUST_CHECK;
void rf_cg_detach(struct rf_cg *cg, int cgroup_fd, uint32_t parts);

/*
 * The device program by a link that is pinned at `pin`, for cgroups that a container runtime
 * manages: runtimes detach programs that they find attached, a link stays. The pin appears once the
 * cgroup is filled in. On failure nothing is left.
 */
int rf_cg_link_devices(struct rf_cg *cg, int cgroup_fd, uint64_t cgroup,
		       const struct rf_cg_bind *bind, const char *pin, struct rf_err *err)
	RF_MUST_CHECK;

/* The cgroup that the link pinned there is attached to; 0: it is gone. Negative: no such link. */
int rf_cg_link_cgroup(const char *pin, uint64_t *ret);

/*
 * Removes every pin. -EBUSY while sandboxes of ours live, unless `force`; what is attached to their
 * cgroups stays and goes on judging.
 */
int rf_cg_unload(bool force, struct rf_err *err) RF_MUST_CHECK;

#endif
