/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image in the making: pages that grow, tables laid into them, DFAs overlaid. Private to the
 * translation (image.c, lsm_rules.c, lsm_net.c, lsm_dev.c, pack_dfa.c).
 */
#ifndef RF_LAUNCH_PACK_H
#define RF_LAUNCH_PACK_H

#include "lsm/abi.h"
#include "sandbox/base/vec.h"
#include "sandbox/policy/dfa.h"
#include "sandbox/policy/policy.h"

RF_VEC_DEFINE(rf_pages, struct rf_page);
RF_VEC_DEFINE(rf_dev_entries, struct rf_dev_entry);

struct rf_pack {
	struct rf_pages pages; /* page 0 begins with the head */
	size_t next;	       /* first cell that no table uses */
};

void rf_pack_done(struct rf_pack *pack);

/* The head; valid until the pack grows. */
static inline struct rf_image_head *rf_pack_head(struct rf_pack *pack)
{
	return (struct rf_image_head *)(void *)pack->pages.data;
}

/*
 * Room for n cells, zeroed, that begin at a multiple of align (a power of two); *ret is the first
 * one's number. Elements of align cells never straddle a page.
 */
int rf_pack_room(struct rf_pack *pack, size_t n, size_t align, uint32_t *ret, struct rf_err *err)
	RF_MUST_CHECK;

/* The automata of a policy: paths, and names of unix sockets. Self-protection is in both. */
int rf_pack_compile_names(const struct rf_policy *policy, struct rf_dfa **ret_files,
			  struct rf_dfa **ret_unix, struct rf_err *err) RF_MUST_CHECK;

/* Copies bytes to the cells from `at`. */
void rf_pack_write(struct rf_pack *pack, uint32_t at, const void *data, size_t bytes);

static inline uint32_t *rf_pack_cell(struct rf_pack *pack, size_t at)
{
	return &pack->pages.data[at >> RF_PAGE_SHIFT].cell[at & RF_PAGE_MASK];
}

/* What states of these pages are told by; to be put into their head. Never 0. */
uint64_t rf_image_id(const struct rf_page *pages, size_t n);

/* Names the finished image by the hash of its pages. */
struct rf_image;
void rf_image_seal(struct rf_image *image);

/* Lays the states of both automata into pages of their own, and their tables beside the others. */
int rf_pack_dfas(struct rf_pack *pack, const struct rf_dfa *files, const struct rf_dfa *unix_names,
		 struct rf_err *err) RF_MUST_CHECK;

/* The tables of section network but for unix names. Fills the head. */
int rf_pack_net(struct rf_pack *pack, const struct rf_policy *policy, struct rf_err *err)
	RF_MUST_CHECK;

/* The table of section devices. Fills the head. */
int rf_pack_dev(struct rf_pack *pack, const struct rf_policy *policy, struct rf_err *err)
	RF_MUST_CHECK;

/* Section devices as it is packed: patterns are looked up in /dev now. Zeroed is empty. */
struct rf_dev_table {
	uint32_t otherwise; /* rights of a device that no entry is about */
	struct rf_dev_entries entries;
};

int rf_dev_table_make(struct rf_dev_table *ret, const struct rf_policy *policy, struct rf_err *err)
	RF_MUST_CHECK;
void rf_dev_table_done(struct rf_dev_table *table);

/* RF_NE_* of a rule of this policy. */
uint8_t rf_pack_flags(const struct rf_policy *policy, const struct rf_rule *rule);

/*
 * What protects ringfence itself, whatever the policy says: rules with `self` for the automata.
 * Strings live in the result; freed with rf_protect_done.
 */
#define RF_PROTECT_MAX 128
struct rf_protect {
	struct rf_pattern all[RF_PROTECT_MAX]; /* nothing may be done with these */
	size_t n_all;
	struct rf_pattern write[RF_PROTECT_MAX]; /* these may not be changed */
	size_t n_write;
	char *owned[2 * RF_PROTECT_MAX];
	size_t n_owned;
};

int rf_protect_collect(struct rf_protect *ret, struct rf_err *err) RF_MUST_CHECK;
void rf_protect_done(struct rf_protect *protect);

#endif
