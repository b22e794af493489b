/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libbpf prints what it thinks of a kernel on standard error; here it goes to the debug log, since
 * an error of ours says what it means for the user.
 */
#ifndef RF_LSM_LIBBPF_LOG_H
#define RF_LSM_LIBBPF_LOG_H

/* From now on, for the whole process. */
void rf_libbpf_log(void);

#endif
