/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters over HTTP, by libmicrohttpd; only on a unix socket of the caller or on loopback.
 */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sandbox/audit/counts.h"

#define TEXT_MAX    ((size_t)8 << 20)
#define CLIENTS_MAX 16
#define TIMEOUT_S   10

struct rf_metrics {
	struct MHD_Daemon *daemon;
	struct rf_counts *counts;
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)]; /* of our socket, or "" */
};

static enum MHD_Result answer(void *data, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version RF_UNUSED,
			      const char *upload RF_UNUSED, size_t *upload_size RF_UNUSED,
			      void **request RF_UNUSED)
{
	struct rf_metrics *metrics = data;
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(TEXT_MAX);
	unsigned int status = MHD_HTTP_OK;
	struct MHD_Response *response;
	enum MHD_Result result;

	if (strcmp(method, "GET") != 0)
		status = MHD_HTTP_METHOD_NOT_ALLOWED;
	else if (strcmp(url, "/metrics") != 0)
		status = MHD_HTTP_NOT_FOUND;
	else if (rf_counts_text(metrics->counts, &text) < 0)
		status = MHD_HTTP_INTERNAL_SERVER_ERROR;
	if (status != MHD_HTTP_OK) {
		rf_str_reset(&text);
		(void)rf_str_add(&text, "the metrics are at GET /metrics\n");
	}
	response = MHD_create_response_from_buffer(text.len, text.data, MHD_RESPMEM_MUST_COPY);
	if (!response)
		return MHD_NO;
	(void)MHD_add_response_header(response, "Content-Type",
				      "text/plain; version=0.0.4; charset=utf-8");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static int listen_on(const struct sockaddr *address, socklen_t size, const char *name,
		     struct rf_err *err)
{
	RF_AUTOCLOSE int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd < 0)
		return rf_err_sys(err, -errno, "make a socket for metrics");
	if (address->sa_family != AF_UNIX)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, address, size) < 0 || listen(fd, CLIENTS_MAX) < 0)
		return rf_err_sys(err, -errno, "serve metrics on %s", name);
	return RF_TAKE_FD(fd);
}

static int listen_unix(struct rf_metrics *metrics, const char *path, struct rf_err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat st;
	mode_t mask;
	int fd;

	if (path[0] == '\0' || strlen(path) >= sizeof(address.sun_path))
		return rf_err_set(err, -EINVAL, "\"%s\" is no name for a socket", path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		(void)unlink(path); /* of one that ended without saying goodbye */
	mask = umask(0177);
	fd = listen_on((const struct sockaddr *)&address, sizeof(address), path, err);
	(void)umask(mask);
	if (fd >= 0)
		memcpy(metrics->path, path, strlen(path) + 1);
	return fd;
}

static int listen_inet(const char *text, struct rf_err *err)
{
	struct sockaddr_in four = {.sin_family = AF_INET};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
	const char *colon = strrchr(text, ':');
	uint64_t port = 0;
	char host[64];

	if (!colon || (size_t)(colon - text) >= sizeof(host) ||
	    rf_parse_u64(colon + 1, UINT16_MAX, &port) < 0)
		return rf_err_set(err, -EINVAL,
				  "--metrics %s is neither unix:PATH nor ADDRESS:PORT", text);
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';
	if (rf_str_eq(host, "[::1]")) {
		six.sin6_port = htons((uint16_t)port);
		return listen_on((const struct sockaddr *)&six, sizeof(six), text, err);
	}
	if (inet_pton(AF_INET, rf_str_eq(host, "localhost") ? "127.0.0.1" : host, &four.sin_addr) !=
		    1 ||
	    ntohl(four.sin_addr.s_addr) >> 24 != 127)
		return rf_err_set(err, -EINVAL, "--metrics %s: metrics are served on loopback only",
				  text);
	four.sin_port = htons((uint16_t)port);
	return listen_on((const struct sockaddr *)&four, sizeof(four), text, err);
}

struct rf_metrics *rf_metrics_stop(struct rf_metrics *metrics)
{
	if (!metrics)
		return NULL;
	if (metrics->daemon)
		MHD_stop_daemon(metrics->daemon);
	if (metrics->path[0])
		(void)unlink(metrics->path);
	free(metrics);
	return NULL;
}

int rf_metrics_start(struct rf_metrics **ret, const char *address, struct rf_counts *counts,
		     struct rf_err *err)
{
	struct rf_metrics *metrics = calloc(1, sizeof(*metrics));
	int fd;

	if (!metrics)
		return rf_err_sys(err, -ENOMEM, "serve metrics");
	metrics->counts = counts;
	fd = rf_str_has_prefix(address, "unix:") ? listen_unix(metrics, address + 5, err)
						 : listen_inet(address, err);
	if (fd < 0) {
		(void)rf_metrics_stop(metrics);
		return fd;
	}
	metrics->daemon = MHD_start_daemon(MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL,
					   NULL, answer, metrics, MHD_OPTION_LISTEN_SOCKET, fd,
					   MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CLIENTS_MAX,
					   MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)TIMEOUT_S,
					   MHD_OPTION_END);
	if (!metrics->daemon) {
		(void)close(fd);
		(void)rf_metrics_stop(metrics);
		return rf_err_set(err, -EIO, "the server of metrics does not start on %s", address);
	}
	*ret = metrics;
	return 0;
}
