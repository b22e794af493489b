/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NATS JetStream: each event is published with its id and counts as delivered when a majority of
 * the stream's servers has acknowledged it.
 *
 * Events go out in batches without waiting for each answer. If one answer of a batch is missing,
 * the whole batch is sent again: the server knows the ids that it has and stores none twice.
 */
#include <nats/nats.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "sandbox/audit/sink.h"
#include "sandbox/base/str.h"
#include "sandbox/base/vec.h"

#define BATCH	  512
#define ANSWER_MS 5000
#define STREAM	  "RINGFENCE"
#define SUBJECT	  "ringfence.events"
#define WINDOW_NS (INT64_C(600) * 1000000000) /* in which the server knows ids again */

struct message {
	char *id, *data;
	size_t len;
};

RF_VEC_DEFINE(message_vec, struct message);

struct nats {
	natsOptions *options;
	natsConnection *connection;
	jsCtx *context;
	char stream[64], subject[128];
	struct message_vec batch; /* not yet acknowledged */
	atomic_uint failed;
};

static void forget_batch(struct nats *nats)
{
	for (size_t i = 0; i < nats->batch.len; i++) {
		free(nats->batch.data[i].id);
		free(nats->batch.data[i].data);
	}
	nats->batch.len = 0;
}

static void close_nats(void *self)
{
	struct nats *nats = self;

	forget_batch(nats);
	message_vec_done(&nats->batch);
	jsCtx_Destroy(nats->context);
	natsConnection_Destroy(nats->connection);
	natsOptions_Destroy(nats->options);
	free(nats);
}

static void on_failure(jsCtx *context RF_UNUSED, jsPubAckErr *failure RF_UNUSED, void *data)
{
	struct nats *nats = data;

	atomic_fetch_add(&nats->failed, 1);
}

static int fail(natsStatus status, const char *what, struct rf_err *err)
{
	return rf_err_set(err, -EIO, "%s: %s", what, natsStatus_GetText(status));
}

/* A stream of ours if nobody has made one. */
static natsStatus make_stream(struct nats *nats, int64_t replicas)
{
	const char *subjects[] = {nats->subject};
	jsStreamConfig config;
	jsStreamInfo *info = NULL;
	jsErrCode code = 0;
	natsStatus status = js_GetStreamInfo(&info, nats->context, nats->stream, NULL, &code);

	jsStreamInfo_Destroy(info);
	if (status != NATS_NOT_FOUND)
		return status;
	(void)jsStreamConfig_Init(&config);
	config.Name = nats->stream;
	config.Subjects = subjects;
	config.SubjectsLen = 1;
	config.Replicas = replicas;
	config.Duplicates = WINDOW_NS;
	return js_AddStream(NULL, nats->context, &config, NULL, &code);
}

static natsStatus connect_nats(struct nats *nats, char *servers)
{
	const char *urls[16];
	jsOptions options;
	natsStatus status;
	int n = 0;

	for (char *at = servers; at && n < 16; n++) {
		char *comma = strchr(at, ',');

		urls[n] = at;
		if (comma)
			*comma = '\0';
		at = comma ? comma + 1 : NULL;
	}
	status = natsOptions_Create(&nats->options);
	if (status == NATS_OK)
		status = natsOptions_SetServers(nats->options, urls, n);
	if (status == NATS_OK)
		status = natsOptions_SetMaxReconnect(nats->options, -1);
	if (status == NATS_OK)
		status = natsOptions_SetReconnectWait(nats->options, 200);
	if (status == NATS_OK)
		status = natsConnection_Connect(&nats->connection, nats->options);
	(void)jsOptions_Init(&options);
	options.Wait = ANSWER_MS;
	options.PublishAsync.ErrHandler = on_failure;
	options.PublishAsync.ErrHandlerClosure = nats;
	if (status == NATS_OK)
		status = natsConnection_JetStream(&nats->context, nats->connection, &options);
	return status;
}

static int open_nats(void **ret, const char *rest, struct rf_err *err)
{
	const char *options = strrchr(rest, '?');
	RF_AUTOFREE char *servers =
		strndup(rest, options ? (size_t)(options - rest) : strlen(rest));
	struct nats *nats = calloc(1, sizeof(*nats));
	char value[16];
	uint64_t replicas = 1;
	natsStatus status;

	if (!nats || !servers) {
		free(nats);
		return rf_err_sys(err, -ENOMEM, "connect to NATS");
	}
	options = options ? options + 1 : NULL;
	(void)snprintf(nats->stream, sizeof(nats->stream), STREAM);
	(void)snprintf(nats->subject, sizeof(nats->subject), SUBJECT);
	(void)rf_sink_option(options, "stream", nats->stream, sizeof(nats->stream));
	(void)rf_sink_option(options, "subject", nats->subject, sizeof(nats->subject));
	if (rf_sink_option(options, "replicas", value, sizeof(value)) &&
	    (rf_parse_u64(value, 5, &replicas) < 0 || replicas == 0)) {
		close_nats(nats);
		return rf_err_set(err, -EINVAL, "replicas=%s is not a number from 1 to 5", value);
	}
	status = connect_nats(nats, servers);
	if (status == NATS_OK)
		status = make_stream(nats, (int64_t)replicas);
	if (status != NATS_OK) {
		close_nats(nats);
		return fail(status, "connect to NATS JetStream", err);
	}
	*ret = nats;
	return 0;
}

static natsStatus publish(struct nats *nats, const struct message *message)
{
	jsPubOptions options;

	(void)jsPubOptions_Init(&options);
	options.MsgId = message->id;
	options.ExpectStream = nats->stream;
	return js_PublishAsync(nats->context, nats->subject, message->data, (int)message->len,
			       &options);
}

/* Waits for every answer; if one is missing, everything is sent again by the next call. */
static int flush_nats(void *self, struct rf_err *err)
{
	struct nats *nats = self;
	jsPubOptions options;
	natsStatus status;

	if (nats->batch.len == 0)
		return 0;
	(void)jsPubOptions_Init(&options);
	options.MaxWait = ANSWER_MS;
	status = js_PublishAsyncComplete(nats->context, &options);
	if (status == NATS_OK && atomic_load(&nats->failed) == 0) {
		forget_batch(nats);
		return 0;
	}
	/* Forget what is pending, so that its late answers cannot be taken for new ones. */
	{
		natsMsgList pending = {0};

		if (js_PublishAsyncGetPendingList(&pending, nats->context) == NATS_OK)
			natsMsgList_Destroy(&pending);
	}
	atomic_store(&nats->failed, 0);
	for (size_t i = 0; i < nats->batch.len; i++) {
		natsStatus again = publish(nats, &nats->batch.data[i]);

		if (again != NATS_OK)
			return fail(again, "publish again", err);
	}
	return fail(status != NATS_OK ? status : NATS_ERR, "wait for acknowledgements", err);
}

static int write_nats(void *self, const struct rf_node *event, const char *line, size_t len,
		      struct rf_err *err)
{
	const struct rf_node *id = rf_node_get(rf_node_get(event, "sandbox"), "id");
	struct nats *nats = self;
	struct message message = {.len = len - 1};
	int r = nats->batch.len >= BATCH ? flush_nats(nats, err) : 0;

	if (r < 0)
		return r;
	if (asprintf(&message.id, "%s-%jd", rf_node_text(id) ? id->text : "",
		     (intmax_t)rf_node_integer(rf_node_get(event, "seq"))) < 0)
		return rf_err_sys(err, -ENOMEM, "publish an event");
	message.data = malloc(len);
	if (!message.data || message_vec_push(&nats->batch, message) < 0) {
		free(message.id);
		free(message.data);
		return rf_err_sys(err, -ENOMEM, "publish an event");
	}
	memcpy(message.data, line, len);
	/* From here on it is in the batch: a failure shows in flush, which sends it again. */
	if (publish(nats, &message) != NATS_OK)
		atomic_fetch_add(&nats->failed, 1);
	return 0;
}

/* The library connects again by itself, and the batch waits here. */
static int mend_nats(void *self RF_UNUSED, struct rf_err *err RF_UNUSED)
{
	return 0;
}

const struct rf_sink_kind rf_sink_nats = {"nats:",    open_nats,  write_nats,
					  flush_nats, close_nats, mend_nats};
