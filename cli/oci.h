/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ringfence oci ACTION`: the hook is linked in, the other actions are the executable ringfence-oci
 * in libexec. One action, one function; each returns an exit status.
 */
#ifndef RF_CLI_OCI_H
#define RF_CLI_OCI_H

/* argv[0] is the action. */
int rf_oci_cmd_hook(int argc, char **argv);
int rf_oci_cmd_gc(int argc, char **argv);
int rf_oci_cmd_apply(int argc, char **argv);
int rf_oci_cmd_install(int argc, char **argv);
int rf_oci_cmd_uninstall(int argc, char **argv);
int rf_oci_cmd_node(int argc, char **argv);

#endif
