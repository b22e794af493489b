/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions of one ELF file, by offset in the file.
 *
 * The file may be written by whoever is fenced: it is read with pread, never mapped (a file that
 * shrinks would kill the reader), and everything has a limit. Whoever reads such files should still
 * do it in a process that may do nothing else (cli/cmd-symbols.c).
 */
#ifndef RF_AUDIT_SYMTAB_H
#define RF_AUDIT_SYMTAB_H

#include <stddef.h>
#include <stdint.h>

#include "sandbox/base/err.h"

/* As the kernel keeps it: shorter ids end in zeroes. */
#define RF_BUILD_ID_LEN 20

#define RF_SYMTAB_MAX (8u << 20) /* symbols of one file */

struct rf_symtab;

/*
 * Reads the file behind fd (any that can be seeked; borrowed, not used later). debug_fd: a file
 * with the symbols that fd was stripped of, -1: none; it counts only if its build id is the same.
 * -EBADMSG: no ELF file of this machine, or one that contradicts itself.
 */
int rf_symtab_read(struct rf_symtab **ret, int fd, int debug_fd, struct rf_err *err) RF_MUST_CHECK;

struct rf_symtab *rf_symtab_free(struct rf_symtab *symtab); /* NULL is fine; returns NULL */

RF_DEFINE_CLEANUP(struct rf_symtab, rf_symtab_freep, rf_symtab_free)

/* RF_BUILD_ID_LEN bytes; zeroes: the file has none. */
const uint8_t *rf_symtab_build_id(const struct rf_symtab *symtab);

size_t rf_symtab_count(const struct rf_symtab *symtab);

/* The function that this offset in the file is in, or NULL. Valid until rf_symtab_free. */
const char *rf_symtab_find(const struct rf_symtab *symtab, uint64_t offset);

#endif
