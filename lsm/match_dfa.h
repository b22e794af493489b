/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Walking a policy image: pages, the DFA over bytes, its header words.
 *
 * One text for the kernel and for user space: no library, no unbounded loop, every index masked so
 * that the verifier of 6.1 and 6.12 sees its bound. Layout: lsm/abi_image.h. The walk costs about
 * ten machine instructions a byte; what is not needed for that is out of line of it.
 *
 * Functions that answer int give 0, or a negative number when the image is damaged (a page that is
 * not there). The caller denies then, with RF_CODE_IMAGE.
 */
#ifndef RF_LSM_MATCH_DFA_H
#define RF_LSM_MATCH_DFA_H

#include "lsm/abi.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#define RF_UNLIKELY(x) __builtin_expect(!!(x), 0)
#ifdef __clang__
#define RF_UNROLL _Pragma("clang loop unroll(full)")
#else
#define RF_UNROLL
#endif

#ifdef __bpf__
/* `map`: the array map of the policy's pages, a const pointer or the inner map of a map of maps. */
struct rf_img {
	void *map;
};

static __always_inline const struct rf_page *rf_img_page(const struct rf_img *img, __u32 no)
{
	return bpf_map_lookup_elem(img->map, &no);
}
/* Hides a value from the optimiser, which otherwise moves masks away from their use. */
#define RF_OPAQUE(x) asm volatile("" : "+r"(x))
/* a += b without a copy of either, which the compiler would make. */
#define RF_ADD(a, b) asm volatile("%0 += %1" : "+w"(a) : "w"(b))
/*
 * Makes the verifier forget what it knows of a 32-bit value, which stays the same: else it tells
 * apart ways that come together, and follows each of them to the end.
 */
#define RF_FORGET(x) asm volatile("%0 = -%0\n\t%0 = -%0" : "+w"(x))
#else
struct rf_img {
	const struct rf_page *pages;
	__u32 n_pages;
};

static __always_inline const struct rf_page *rf_img_page(const struct rf_img *img, __u32 no)
{
	return no < img->n_pages ? &img->pages[no] : (const struct rf_page *)0;
}
#define RF_OPAQUE(x) ((void)0)
#define RF_ADD(a, b) ((a) += (b))
#define RF_FORGET(x) ((void)0)
#endif

/* The head, which is page 0; NULL if there is none or it is of another version. */
static __always_inline const struct rf_image_head *rf_img_head(const struct rf_img *img)
{
	const struct rf_image_head *head = (const struct rf_image_head *)rf_img_page(img, 0);

	if (!head || head->magic != RF_IMAGE_MAGIC || head->version != RF_ABI_VERSION)
		return (const struct rf_image_head *)0;
	return head;
}

/* One cell by its number; 0 or negative. */
static __always_inline int rf_img_cell(const struct rf_img *img, __u32 at, __u32 *ret)
{
	const struct rf_page *page = rf_img_page(img, at >> RF_PAGE_SHIFT);

	if (!page)
		return -1;
	*ret = page->cell[at & RF_PAGE_MASK];
	return 0;
}

/* Where a walk stands. `row` is the byte offset of the state's base, unmasked bits are garbage. */
struct rf_dfa_pos {
	const struct rf_page *page;
	__u32 page_no;
	__u32 row;
};

static __always_inline __u32 rf_dfa_load(const struct rf_page *page, __u32 at)
{
	at &= RF_ROW_MASK;
	return *(const __u32 *)((const char *)page + at);
}

/* Stands on a state, e.g. head->files.start or one that rf_dfa_state gave for the same image. */
static __always_inline int rf_dfa_enter(const struct rf_img *img, struct rf_dfa_pos *pos,
					__u32 state)
{
	pos->page_no = state >> RF_PAGE_SHIFT;
	pos->row = (state & RF_PAGE_MASK) << 2;
	RF_FORGET(pos->row);
	pos->page = rf_img_page(img, pos->page_no);
	return pos->page ? 0 : -1;
}

/* The state as a number that may be kept beside the image's identity. */
static __always_inline __u32 rf_dfa_state(const struct rf_dfa_pos *pos)
{
	return pos->page_no << RF_PAGE_SHIFT | (pos->row & RF_ROW_MASK) >> 2;
}

/* The accept word; RF_ACC_*. */
static __always_inline __u32 rf_dfa_accept(const struct rf_dfa_pos *pos)
{
	return rf_dfa_load(pos->page, pos->row - RF_ROW_ACCEPT) & RF_TAG_PAYLOAD;
}

static __always_inline __u32 rf_dfa_info(const struct rf_dfa_pos *pos)
{
	return rf_dfa_load(pos->page, pos->row - RF_ROW_INFO) & RF_TAG_PAYLOAD;
}

/* Follows a cell that may lead to another page: a CROSS transition or a default. */
static __always_inline int rf_dfa_follow(const struct rf_img *img, struct rf_dfa_pos *pos,
					 __u32 cell)
{
	__u32 page_no = (cell >> 14 & 0xff) | (cell & 3) << 8;

	pos->row = cell;
	if (page_no == pos->page_no)
		return 0;
	pos->page_no = page_no;
	pos->page = rf_img_page(img, page_no);
	return pos->page ? 0 : -1;
}

/* `cell` was found for tag `want` at `at` and is not a transition within the page. */
static __always_inline int rf_dfa_leave(const struct rf_img *img, struct rf_dfa_pos *pos,
					__u32 cell, __u32 want)
{
	if (cell >> RF_TAG_SHIFT != (want | RF_TAG_CROSS) || !want) {
		cell = rf_dfa_load(pos->page, pos->row - RF_ROW_DEFAULT);
		if (cell >> RF_TAG_SHIFT & RF_TAG_STAYS)
			return 0;
	}
	return rf_dfa_follow(img, pos, cell);
}

/* One byte, any value: "/" between components, "@" before an abstract name. */
static __always_inline int rf_dfa_byte(const struct rf_img *img, struct rf_dfa_pos *pos, __u32 byte)
{
	__u32 want = (byte & 0xff) << 2;
	__u32 cell = rf_dfa_load(pos->page, pos->row + want);

	if (cell >> RF_TAG_SHIFT == want) {
		pos->row = cell;
		return 0;
	}
	return rf_dfa_leave(img, pos, cell, want);
}

/* `len` bytes, at most `max` (a constant), any values. Slower than rf_dfa_name. */
static __always_inline int rf_dfa_bytes(const struct rf_img *img, struct rf_dfa_pos *pos,
					const __u8 *bytes, __u32 len, __u32 max)
{
	for (__u32 i = 0; i < max; i++) {
		if (i >= len)
			break;
		if (rf_dfa_byte(img, pos, bytes[i]))
			return -1;
	}
	return 0;
}

#define RF_NAME_BUF 256 /* a component (NAME_MAX 255) and its NUL */

/*
 * Bytes up to a NUL, or all `max` of them, which may all be read: 0 if what follows does not
 * matter, 1 if it does. Unrolled by RF_NAME_STEP, since control would cost as much as a step.
 */
#define RF_NAME_STEP 8
static __always_inline int rf_dfa_text(const struct rf_img *img, struct rf_dfa_pos *pos,
				       const __u8 *name, __u32 max)
{
	/* The row that is known to be left only by transitions of its own; ~0 is none. */
	__u32 stays = ~0u;

	for (__u32 i = 0; i < max; i += RF_NAME_STEP) {
		RF_UNROLL
		for (__u32 k = 0; k < RF_NAME_STEP; k++) {
			__u32 want = (__u32)name[i + k] << 2, row = pos->row, cell;
			__u64 at;

			/* Opaque and in place: the byte and the row need no registers of their own.
			 */
			RF_OPAQUE(want);
			RF_ADD(row, want);
			at = row & RF_ROW_MASK;
			RF_OPAQUE(at);
			cell = *(const __u32 *)(const void *)((const char *)pos->page + at);
			if (cell >> RF_TAG_SHIFT == want) {
				pos->row = cell;
				continue;
			}
			if (!want)
				return 0;
			if (pos->row == stays)
				continue;
			cell = rf_dfa_load(pos->page, pos->row + want);
			if (rf_dfa_load(pos->page, pos->row - RF_ROW_DEFAULT) >> RF_TAG_SHIFT &
			    RF_TAG_STAYS) {
				stays = pos->row;
				RF_FORGET(stays);
			} else if (rf_dfa_leave(img, pos, cell, want))
				return -1;
			if (rf_dfa_accept(pos) & RF_ACC_STICKY)
				return 0;
		}
	}
	return 1;
}

/* The rest of a component whose "/" was fed: NUL-terminated in RF_NAME_BUF bytes. */
static __always_inline int rf_dfa_name(const struct rf_img *img, struct rf_dfa_pos *pos,
				       const __u8 *name)
{
	return rf_dfa_text(img, pos, name, RF_NAME_BUF) ? -1 : 0; /* no NUL: not a component */
}

/* "/" and a component. Where every continuation has one verdict, the bytes are not looked at. */
static __always_inline int rf_dfa_component(const struct rf_img *img, struct rf_dfa_pos *pos,
					    const __u8 *name)
{
	if (rf_dfa_accept(pos) & RF_ACC_UNIVERSAL)
		return 0;
	if (rf_dfa_byte(img, pos, '/'))
		return -1;
	return rf_dfa_name(img, pos, name);
}

#endif
