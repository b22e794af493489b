/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the service. See service_own.h. */
#include "sandbox/launch/service_own.h"

#include <string.h>
#include <sys/socket.h>

#include "sandbox/base/fd.h"
#include "sandbox/launch/service_client.h"

/* TEXT comes before its ANSWER, which says whether there was one. */
static int receive_text(int fd, char **ret, struct rf_err *err)
{
	RF_AUTOFREE char *bytes = calloc(1, RF_SERVICE_MESSAGE_MAX + 1);
	struct rf_service_answer answer;
	struct rf_service_head head;
	ssize_t n;

	if (!bytes)
		return rf_err_sys(err, -ENOMEM, "ask the service");
	do
		n = recv(fd, bytes, RF_SERVICE_MESSAGE_MAX, 0);
	while (n < 0 && errno == EINTR);
	if (n < (ssize_t)sizeof(head))
		return rf_err_set(err, -EPIPE, "the service does not answer");
	memcpy(&head, bytes, sizeof(head));
	if (head.type != RF_SERVICE_TEXT) {
		int r = rf_service_parse_answer(&answer, bytes, (size_t)n, err);

		return r < 0 ? r
			     : rf_err_set(err, answer.code ? answer.code : -EPROTO,
					  "the service refuses: %s", answer.text);
	}
	if (head.magic != RF_SERVICE_MAGIC || head.size != (size_t)n)
		return rf_err_set(err, -EPROTO, "the service's answer is damaged");
	*ret = strdup(bytes + sizeof(head));
	return *ret ? 0 : rf_err_sys(err, -ENOMEM, "ask the service");
}

int rf_service_list(char **ret, struct rf_err *err)
{
	struct rf_service_answer hello;
	RF_AUTOCLOSE int fd = -1;
	int r = rf_service_connect(&fd, &hello, err);

	if (r == 0)
		r = rf_service_send_which(fd, RF_SERVICE_LIST, 0, 0, err);
	return r == 0 ? receive_text(fd, ret, err) : r;
}

int rf_service_stop(uint64_t id, bool kill, struct rf_err *err)
{
	struct rf_service_answer answer;
	RF_AUTOCLOSE int fd = -1;
	int r = rf_service_connect(&fd, &answer, err);

	if (r == 0)
		r = rf_service_send_which(fd, RF_SERVICE_STOP, id, kill ? RF_SERVICE_KILL : 0, err);
	if (r == 0)
		r = rf_service_wait(fd, &answer, err);
	return r == 0 ? answer.value != 0 : r;
}
