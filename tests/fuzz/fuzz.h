/* SPDX-License-Identifier: Apache-2.0 */
/* The entry of a fuzz target, called by libFuzzer or by replay.c. Always returns 0. */
#ifndef RF_TESTS_FUZZ_FUZZ_H
#define RF_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
