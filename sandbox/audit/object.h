/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The members of an event that say what was touched and how: `object`, `access`, `missing`.
 * Failures stick to the text (str.h), so nothing is answered here.
 */
#ifndef RF_AUDIT_OBJECT_H
#define RF_AUDIT_OBJECT_H

#include "lsm/abi.h"
#include "sandbox/base/str.h"

/* Appends ,"object":{…}; nothing for a record without an object. */
void rf_object_json(struct rf_str *out, const struct rf_record *record);

/* Appends ,"NAME":["read",…] with the words of the layer's rights; nothing for no rights. */
void rf_rights_json(struct rf_str *out, const char *name, unsigned int layer, uint32_t rights);

#endif
