/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a user may send to the service, and what stands in for the kernel's words about a process:
 * an accepted message keeps every limit, accepted names are plain, and nothing is read beyond the
 * bytes.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lsm/abi_image.h"
#include "sandbox/launch/service.h"
#include "sandbox/launch/service_peer.h"
#include "tests/fuzz/fuzz.h"

static void check_message(const void *bytes, size_t size)
{
	struct rf_service_message m;

	if (rf_service_parse(&m, bytes, size, NULL) < 0)
		return;
	assert(m.type > RF_SERVICE_TEXT && m.type < RF_SERVICE_TYPES);
	if (m.type == RF_SERVICE_SANDBOX) {
		assert(rf_service_body(&m.sandbox) <=
		       RF_SERVICE_PAGES_MAX * sizeof(struct rf_page) + RF_SERVICE_WORDS_MAX +
			       RF_SERVICE_NAMES_MAX);
		assert(strlen(m.sandbox.sha256) == 64 && strlen(m.sandbox.name) < 64);
		assert(strlen(m.sandbox.policy) < 64 && m.sandbox.id);
	}
	if (m.type == RF_SERVICE_DATA)
		assert((const char *)m.data + m.data_size == (const char *)bytes + size);
}

static void check_answers(const void *bytes, size_t size)
{
	struct rf_service_answer answer;
	size_t record_size, line_size;
	const void *record;
	const char *line;

	if (rf_service_parse_answer(&answer, bytes, size, NULL) == 0)
		assert(strlen(answer.text) < sizeof(answer.text) && answer.code <= 0);
	if (rf_service_parse_event(bytes, size, &record, &record_size, &line, &line_size) == 0) {
		assert(line + line_size == (const char *)bytes + size);
		assert(line[line_size - 1] == '\n');
		assert(!record || (const char *)record + record_size == line);
	}
}

static void check_names(const char *bytes, size_t size)
{
	struct rf_pattern *list = NULL;
	size_t n = 0, all = 0;

	if (rf_service_names(&list, &n, bytes, size, NULL) == 0) {
		for (size_t i = 0; i < n; i++) {
			assert(list[i].text[0] == '/' && !strstr(list[i].text, "//"));
			assert(!strstr(list[i].text, "/../"));
			all += strlen(list[i].text) + 1;
		}
		assert(all == size);
	}
	free(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1); /* exact, so that one byte too far is seen */
	struct rf_process process;

	if (!copy)
		return 0;
	memcpy(copy, data, size);
	copy[size] = '\0';
	if (rf_process_parse(&process, copy, copy) == 0)
		assert(process.uids[3] <= UINT32_MAX && strstr(copy, "CapPrm:"));
	free(copy);
	copy = malloc(size ? size : 1);
	if (!copy)
		return 0;
	memcpy(copy, data, size);
	check_message(copy, size);
	check_answers(copy, size);
	check_names(copy, size);
	free(copy);
	return 0;
}
