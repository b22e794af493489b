/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where ringfence's own files are: shipped policies and helper programs.
 *
 * Found by the running executable's own path (PREFIX/bin/ringfence, or a build tree), so that an
 * installed tree can be moved and a build can be tried without installing; else at the prefix of
 * the build. The environment has no say.
 */
#ifndef RF_BASE_INSTALL_H
#define RF_BASE_INSTALL_H

#include "sandbox/base/err.h"

/* PREFIX/share/ringfence; the caller frees *ret. */
int rf_install_datadir(char **ret, struct rf_err *err) RF_MUST_CHECK;

/* PREFIX/libexec/ringfence; the caller frees *ret. */
int rf_install_libexecdir(char **ret, struct rf_err *err) RF_MUST_CHECK;

/* The ringfence executable itself, for helpers that start it; the caller frees *ret. */
int rf_install_executable(char **ret, struct rf_err *err) RF_MUST_CHECK;

/*
 * Length of the PREFIX in an executable's absolute path, 0 if it is not where ringfence installs or
 * builds executables.
 */
size_t rf_install_prefix_len(const char *exe);

#endif
