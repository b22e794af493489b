/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which back-ends this build has, and which is preferred for a section.
 *
 * A new back-end is a line here; nothing else in the launcher names one.
 */
#include "sandbox/launch/backend.h"

const struct rf_candidate rf_candidates[] = {
	{RF_SECTION_FILES, {&rf_backend_bpf_lsm}},
	{RF_SECTION_FILES, {&rf_backend_service}},
	{RF_SECTION_FILES, {&rf_backend_landlock}},
	{RF_SECTION_NETWORK, {&rf_backend_bpf_lsm}},
	{RF_SECTION_NETWORK, {&rf_backend_service}},
	{RF_SECTION_NETWORK, {&rf_backend_sockaddr}},
	{RF_SECTION_NETWORK, {&rf_backend_landlock}},
	{RF_SECTION_DEVICES, {&rf_backend_bpf_lsm, &rf_backend_devcgroup}},
	{RF_SECTION_DEVICES, {&rf_backend_service}},
	{RF_SECTION_DEVICES, {&rf_backend_devcgroup}},
	{RF_SECTION_KERNEL, {&rf_backend_bpf_lsm, &rf_backend_seccomp}},
	{RF_SECTION_KERNEL, {&rf_backend_service, &rf_backend_seccomp}},
	{RF_SECTION_KERNEL, {&rf_backend_landlock, &rf_backend_seccomp}},
	{RF_SECTION_KERNEL, {&rf_backend_seccomp}},
	{RF_SECTION_SECCOMP, {&rf_backend_seccomp}},
	{RF_SECTION_CAPABILITIES, {&rf_backend_caps, &rf_backend_bpf_lsm, &rf_backend_service}},
	{RF_SECTION_COUNT, {NULL}},
};
