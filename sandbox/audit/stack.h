/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The user stack behind a record of a denial (lsm/abi_stack.h): finding it, and telling it.
 */
#ifndef RF_AUDIT_STACK_H
#define RF_AUDIT_STACK_H

#include <stdbool.h>
#include <stddef.h>

#include "lsm/abi.h"
#include "sandbox/base/str.h"

/* Borrowed from the record. */
struct rf_stack {
	const struct rf_frame *frames; /* innermost first */
	size_t n_frames;
	const struct rf_mapped *objects;
	size_t n_objects;
};

/*
 * Finds the stack of a record that lies wholly in its size; `text`: bytes of it that are names.
 * False if what the record says of its stack does not fit; no stack is fine.
 */
bool rf_stack_find(const struct rf_record *record, size_t text, struct rf_stack *ret);

/*
 * Looks the function up that a frame is in. object is NULL where the frame is in no file; caller:
 * the frame is one that called, so its address is that of the next instruction. Appends the name
 * and answers true, or answers false.
 */
typedef bool rf_symbol_fn(void *data, const struct rf_mapped *object, const struct rf_frame *frame,
			  bool caller, struct rf_str *name);

/* Appends ,"stack":["OBJECT+0xOFF SYMBOL",…]; nothing for a record without. symbol: may be NULL. */
void rf_stack_json(struct rf_str *out, const struct rf_record *record, rf_symbol_fn *symbol,
		   void *data);

#endif
