/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names for the frames of stacks, from the files that they are in.
 *
 * The files may be written by the fence, so they are parsed in a process of its own that can do
 * nothing else (`ringfence-symbols`, started with the first question): here they are only opened
 * and handed over. Whatever goes wrong, a frame stays without a name.
 */
#ifndef RF_AUDIT_SYMBOLS_H
#define RF_AUDIT_SYMBOLS_H

#include <stdbool.h>

#include "lsm/abi.h"
#include "sandbox/audit/symtab.h"
#include "sandbox/base/str.h"

/* What goes over the socket that is the helper's standard input, one packet each way. */
struct rf_symbol_ask {
	uint32_t object; /* below RF_SYMBOL_OBJECTS */
	uint32_t load;	 /* two descriptors or one come with it: the object's files */
	uint8_t build_id[RF_BUILD_ID_LEN]; /* load: what the file must have; zeroes: anything */
	uint32_t pad;
	uint64_t offset;
};

#define RF_SYMBOL_OBJECTS  32
#define RF_SYMBOL_NAME_MAX 256

struct rf_symbol_answer {
	uint32_t len; /* 0: no name */
	char name[RF_SYMBOL_NAME_MAX];
};

struct rf_symbols;

/* NULL without memory. The helper is started when it is needed. */
struct rf_symbols *rf_symbols_new(void);
struct rf_symbols *rf_symbols_free(struct rf_symbols *symbols); /* ends the helper */

/* As rf_symbol_fn (stack.h); data is a struct rf_symbols. */
bool rf_symbols_find(void *data, const struct rf_mapped *object, const struct rf_frame *frame,
		     bool caller, struct rf_str *name);

#endif
