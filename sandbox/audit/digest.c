/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over the events; see digest.h.
 */
#include "sandbox/audit/digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "sandbox/audit/suggest_rule.h"
#include "sandbox/audit/text.h"

/* Limits of the tables; together below 200 MiB if somebody fills every one with the longest names.
 */
#define WORDS_MAX     200000
#define WORDS_BYTES   ((size_t)64 << 20)
#define KEYS_BYTES    ((size_t)16 << 20)
#define SANDBOXES_MAX 4096
#define RULES_MAX     8192
#define GROUPS_MAX    65536
#define PEERS_MAX     8192
#define PROCESSES_MAX 65536
#define LOSSES_MAX    1000
#define OBJECTS_MAX   131072
#define STACKS_MAX    65536
#define SCRATCH_MAX   65536

/* A path's components below this depth are one name. */
#define DEPTH_MAX 32

enum {
	KEYS_SANDBOXES,
	KEYS_RULES,
	KEYS_GROUPS,
	KEYS_PEERS,
	KEYS_PROCESSES,
	KEYS_COUNT
};

const char *const rf_digest_layers[RF_DIGEST_LAYERS] = {
	"files", "network", "devices", "capabilities", "seccomp", "kernel", "process", "other"};
const char *const rf_digest_verdicts[RF_DIGEST_VERDICTS] = {"allowed", "denied", "killed",
							    "would_deny"};

struct rf_digest *rf_digest_free(struct rf_digest *digest)
{
	if (!digest)
		return NULL;
	rf_digest_sandbox_vec_done(&digest->sandboxes);
	rf_digest_rule_vec_done(&digest->rules);
	rf_digest_group_vec_done(&digest->groups);
	rf_digest_peer_vec_done(&digest->peers);
	rf_digest_process_vec_done(&digest->processes);
	rf_digest_loss_vec_done(&digest->losses);
	rf_grove_done(&digest->objects);
	rf_grove_done(&digest->stacks);
	rf_grove_done(&digest->parents);
	(void)rf_intern_free(digest->words);
	for (int i = 0; i < KEYS_COUNT; i++)
		(void)rf_intern_free(digest->keys[i]);
	rf_str_done(&digest->scratch);
	free(digest);
	return NULL;
}

struct rf_digest *rf_digest_new(void)
{
	static const uint32_t limits[KEYS_COUNT] = {SANDBOXES_MAX, RULES_MAX, GROUPS_MAX, PEERS_MAX,
						    PROCESSES_MAX};
	RF_CLEANUP(rf_digest_freep) struct rf_digest *digest = calloc(1, sizeof(*digest));
	bool ok;

	if (!digest)
		return NULL;
	rf_str_init(&digest->scratch, SCRATCH_MAX);
	digest->first = digest->last = -1;
	digest->words = rf_intern_new(WORDS_MAX, WORDS_BYTES);
	ok = digest->words != NULL;
	for (int i = 0; i < KEYS_COUNT; i++) {
		digest->keys[i] = rf_intern_new(limits[i], KEYS_BYTES);
		ok = ok && digest->keys[i];
	}
	ok = ok && rf_grove_init(&digest->objects, OBJECTS_MAX, WORDS_BYTES) == 0;
	ok = ok && rf_grove_init(&digest->stacks, STACKS_MAX, WORDS_BYTES) == 0;
	return ok ? RF_TAKE_PTR(digest) : NULL;
}

const char *rf_digest_word(const struct rf_digest *digest, uint32_t word, size_t *ret_len)
{
	if (word != RF_DIGEST_NONE)
		return rf_intern_key(digest->words, word, ret_len);
	if (ret_len)
		*ret_len = 0;
	return "";
}

static uint32_t word_n(struct rf_digest *digest, const char *text, size_t len)
{
	uint32_t word;

	if (!text || len == 0 || rf_intern_add(digest->words, text, len, &word) < 0)
		return RF_DIGEST_NONE;
	return word;
}

static uint32_t word_of(struct rf_digest *digest, const struct rf_node *object, const char *key)
{
	const struct rf_node *value = rf_node_get(object, key);

	return rf_node_text(value) ? word_n(digest, value->text, value->len) : RF_DIGEST_NONE;
}

/* What scratch holds, and scratch is empty again. */
static uint32_t word_scratch(struct rf_digest *digest)
{
	uint32_t word = word_n(digest, rf_str_text(&digest->scratch), digest->scratch.len);

	rf_str_reset(&digest->scratch);
	return word;
}

static struct rf_digest_sandbox *sandbox_of(struct rf_digest *digest, const struct rf_node *event,
					    uint32_t *ret)
{
	const struct rf_node *sandbox = rf_node_get(event, "sandbox");
	struct rf_digest_sandbox *entry;
	uint32_t id = word_of(digest, sandbox, "id");
	int r;

	*ret = RF_DIGEST_NONE;
	if (id == RF_DIGEST_NONE)
		return NULL;
	r = rf_intern_add(digest->keys[KEYS_SANDBOXES], &id, sizeof(id), ret);
	if (r == 0)
		return &digest->sandboxes.data[*ret];
	entry = r > 0 ? rf_digest_sandbox_vec_add(&digest->sandboxes) : NULL;
	if (!entry) {
		*ret = RF_DIGEST_NONE;
		digest->sandbox_others++;
		return NULL;
	}
	entry->id = id;
	entry->name = word_of(digest, sandbox, "name");
	entry->policy = word_of(digest, sandbox, "policy");
	entry->sha256 = word_of(digest, sandbox, "sha256");
	return entry;
}

/* Counts of hostile files stay counts. */
static uint64_t count_of(const struct rf_node *event)
{
	int64_t count = rf_node_integer(rf_node_get(event, "count"));

	return count < 1 ? 1 : count > UINT32_MAX ? UINT32_MAX : (uint64_t)count;
}

static unsigned int layer_of(const struct rf_node *event)
{
	const char *layer = rf_node_get_text(event, "layer");

	for (unsigned int i = 0; layer && i < RF_DIGEST_OTHER; i++)
		if (strcmp(layer, rf_digest_layers[i]) == 0)
			return i;
	return RF_DIGEST_OTHER;
}

static bool verdict_of(const struct rf_node *event, enum rf_digest_verdict *ret)
{
	const char *verdict = rf_node_get_text(event, "verdict");

	for (unsigned int i = 0; verdict && i < RF_DIGEST_VERDICTS; i++)
		if (strcmp(verdict, rf_digest_verdicts[i]) == 0) {
			*ret = (enum rf_digest_verdict)i;
			return true;
		}
	return false;
}

static uint32_t count_rule(struct rf_digest *digest, const struct rf_node *event,
			   unsigned int layer, enum rf_digest_verdict verdict, uint64_t n)
{
	const struct rf_node *rule = rf_node_get(event, "rule");
	struct rf_digest_rule *entry;
	uint32_t key[3] = {word_of(digest, rule, "id"), word_of(digest, rule, "source"), layer};
	uint32_t number;
	int r = rf_intern_add(digest->keys[KEYS_RULES], key, sizeof(key), &number);

	if (r == 0) {
		digest->rules.data[number].n[verdict] += n;
		return number;
	}
	entry = r > 0 ? rf_digest_rule_vec_add(&digest->rules) : NULL;
	if (!entry) {
		digest->rule_others += n;
		return RF_DIGEST_NONE;
	}
	entry->id = key[0];
	entry->source = key[1];
	entry->layer = layer;
	entry->reason = word_of(digest, rule, "reason");
	entry->hint = word_of(digest, rule, "hint");
	entry->n[verdict] = n;
	return number;
}

static uint32_t action_of(struct rf_digest *digest, const struct rf_node *event)
{
	const struct rf_node *rights = rf_node_get(event, "missing"), *right;

	if (rf_node_size(rights) == 0)
		rights = rf_node_get(event, "access");
	if (rf_node_size(rights) == 0)
		return word_of(digest, event, "operation");
	for (right = rf_node_first(rights); right; right = rf_node_next(rights, right)) {
		(void)rf_str_add(&digest->scratch, right == rights + 1 ? "" : ",");
		if (rf_node_text(right))
			(void)rf_str_add_n(&digest->scratch, right->text, right->len);
	}
	return word_scratch(digest);
}

static uint32_t what_of(struct rf_digest *digest, const struct rf_node *event)
{
	rf_event_text_object(&digest->scratch, event);
	return word_scratch(digest);
}

static void count_group(struct rf_digest *digest, const struct rf_node *event,
			struct rf_digest_group group)
{
	const struct rf_node *process = rf_node_get(event, "process");
	struct rf_digest_group *entry;
	uint32_t number, key[7] = {group.sandbox, group.rule, group.layer, group.verdict};
	int r;

	key[4] = group.action = action_of(digest, event);
	key[5] = group.what = what_of(digest, event);
	key[6] = group.exe = word_of(digest, process, rf_node_get(process, "exe") ? "exe" : "comm");
	r = rf_intern_add(digest->keys[KEYS_GROUPS], key, sizeof(key), &number);
	if (r == 0) {
		entry = &digest->groups.data[number];
		entry->count += group.count;
		if (group.first >= 0 && (entry->first < 0 || group.first < entry->first))
			entry->first = group.first;
		if (group.last > entry->last)
			entry->last = group.last;
		return;
	}
	entry = r > 0 ? rf_digest_group_vec_add(&digest->groups) : NULL;
	if (!entry) {
		digest->group_others += group.count;
		return;
	}
	group.fix = RF_DIGEST_NONE;
	if (rf_suggest_rule(&digest->scratch, event) == 0)
		group.fix = word_scratch(digest);
	rf_str_reset(&digest->scratch);
	*entry = group;
}

static void count_path(struct rf_digest *digest, const char *root, const struct rf_node *path,
		       uint64_t denied, uint64_t allowed)
{
	uint32_t node = rf_grove_child(&digest->objects, RF_GROVE_ROOT, root, strlen(root));
	const char *at = path->text, *end = path->text + path->len;

	for (int depth = 0; at < end; depth++) {
		const char *slash;

		if (*at == '/') {
			at++;
			continue;
		}
		slash = depth < DEPTH_MAX ? memchr(at, '/', (size_t)(end - at)) : NULL;
		slash = slash ? slash : end;
		(void)rf_str_add_printable_n(&digest->scratch, at, (size_t)(slash - at));
		node = rf_grove_child(&digest->objects, node, rf_str_text(&digest->scratch),
				      digest->scratch.len);
		rf_str_reset(&digest->scratch);
		at = slash;
	}
	rf_grove_count(&digest->objects, node, denied, allowed);
}

static void count_peer(struct rf_digest *digest, uint32_t what, uint64_t denied, uint64_t allowed)
{
	struct rf_digest_peer *entry;
	uint32_t number;
	int r = rf_intern_add(digest->keys[KEYS_PEERS], &what, sizeof(what), &number);

	entry = r == 0 ? &digest->peers.data[number] : NULL;
	if (r > 0) {
		entry = rf_digest_peer_vec_add(&digest->peers);
		if (entry)
			*entry = (struct rf_digest_peer){.what = what};
	}
	if (!entry) {
		digest->peer_others += denied + allowed;
		return;
	}
	entry->denied += denied;
	entry->allowed += allowed;
}

/* Into the object tree, and a network peer also into its own table. */
static void count_object(struct rf_digest *digest, const struct rf_node *event, unsigned int layer,
			 uint64_t denied, uint64_t allowed)
{
	const struct rf_node *object = rf_node_get(event, "object");
	const struct rf_node *path = rf_node_get(object, "path");
	uint32_t node;

	if (rf_node_text(path)) {
		count_path(digest, rf_digest_layers[layer], path, denied, allowed);
		return;
	}
	rf_event_text_object(&digest->scratch, event);
	node = rf_grove_child(&digest->objects, RF_GROVE_ROOT, rf_digest_layers[layer],
			      strlen(rf_digest_layers[layer]));
	node = rf_grove_child(&digest->objects, node, rf_str_text(&digest->scratch),
			      digest->scratch.len);
	rf_grove_count(&digest->objects, node, denied, allowed);
	if (layer == 1)
		count_peer(digest, word_scratch(digest), denied, allowed);
	rf_str_reset(&digest->scratch);
}

/*
 * The frame as a flame tells it: calls from different places of one function are one frame. The
 * last "+0xOFF " divides, since a symbol may have anything before it but no blank.
 */
static uint32_t add_frame(struct rf_digest *digest, uint32_t parent, const struct rf_node *frame)
{
	const char *text = frame->text, *symbol = memrchr(text, ' ', frame->len), *plus;
	uint32_t node;

	plus = symbol ? memrchr(text, '+', (size_t)(symbol - text)) : NULL;
	if (!plus || plus[1] != '0' || plus[2] != 'x')
		return rf_grove_child(&digest->stacks, parent, text, frame->len);
	(void)rf_str_add_n(&digest->scratch, symbol + 1, (size_t)(text + frame->len - symbol) - 1);
	(void)rf_str_add(&digest->scratch, " (");
	(void)rf_str_add_n(&digest->scratch, text, (size_t)(plus - text));
	(void)rf_str_add(&digest->scratch, ")");
	node = rf_grove_child(&digest->stacks, parent, rf_str_text(&digest->scratch),
			      digest->scratch.len);
	rf_str_reset(&digest->scratch);
	return node;
}

/* Frames come innermost first; a flame stands on its outermost. */
static void count_stack(struct rf_digest *digest, const struct rf_node *stack, uint64_t n)
{
	const struct rf_node *frames[256], *frame;
	uint32_t node = RF_GROVE_ROOT;
	size_t count = 0;

	for (frame = rf_node_first(stack); frame && count < RF_ARRAY_LEN(frames);
	     frame = rf_node_next(stack, frame))
		if (rf_node_text(frame))
			frames[count++] = frame;
	if (count == 0)
		return;
	while (count-- > 0)
		node = add_frame(digest, node, frames[count]);
	rf_grove_count(&digest->stacks, node, n, 0);
}

static void count_process(struct rf_digest *digest, const struct rf_node *event, uint32_t sandbox,
			  uint64_t denied, uint64_t allowed)
{
	const struct rf_node *process = rf_node_get(event, "process");
	struct rf_digest_process fresh = {
		.sandbox = sandbox,
		.pid = rf_node_integer(rf_node_get(process, "pid")),
		.ppid = rf_node_integer(rf_node_get(process, "ppid")),
		.start = rf_node_integer(rf_node_get(process, "start")),
	};
	const int64_t key[3] = {(int64_t)sandbox, fresh.pid, fresh.start};
	struct rf_digest_process *entry;
	uint32_t number;
	int r;

	if (!process)
		return;
	r = rf_intern_add(digest->keys[KEYS_PROCESSES], key, sizeof(key), &number);
	entry = r == 0 ? &digest->processes.data[number] : NULL;
	if (r > 0) {
		entry = rf_digest_process_vec_add(&digest->processes);
		if (entry) {
			*entry = fresh;
			entry->exe = RF_DIGEST_NONE;
		}
	}
	if (!entry) {
		digest->process_others += denied + allowed;
		return;
	}
	entry->denied += denied;
	entry->allowed += allowed;
	entry->comm = word_of(digest, process, "comm"); /* the latest is what people know it by */
	if (rf_node_get(process, "exe"))
		entry->exe = word_of(digest, process, "exe");
}

static void add_loss(struct rf_digest *digest, const struct rf_node *event, uint32_t sandbox,
		     int64_t time)
{
	struct rf_digest_loss *entry = NULL;
	uint64_t n = count_of(event);

	digest->lost += n;
	digest->loss_records++;
	rf_timeline_add(&digest->timeline, time, RF_DIGEST_SERIES_LOST, n);
	if (sandbox != RF_DIGEST_NONE)
		digest->sandboxes.data[sandbox].lost += n;
	if (digest->losses.len < LOSSES_MAX)
		entry = rf_digest_loss_vec_add(&digest->losses);
	if (!entry)
		return;
	entry->sandbox = sandbox;
	entry->cause = word_of(digest, event, "cause");
	entry->first = (uint64_t)rf_node_integer(rf_node_get(event, "seq"));
	entry->last = (uint64_t)rf_node_integer(rf_node_get(event, "last"));
	entry->count = n;
}

static void add_access(struct rf_digest *digest, const struct rf_node *event, uint32_t sandbox,
		       enum rf_digest_verdict verdict, int64_t time)
{
	unsigned int layer = layer_of(event);
	uint64_t n = count_of(event), denied = verdict == RF_DIGEST_ALLOWED ? 0 : n;
	uint32_t rule = count_rule(digest, event, layer, verdict, n);

	digest->n[verdict] += n;
	digest->layers[layer][verdict] += n;
	if (sandbox != RF_DIGEST_NONE)
		digest->sandboxes.data[sandbox].n[verdict] += n;
	rf_timeline_add(&digest->timeline, time, denied ? layer : RF_DIGEST_SERIES_ALLOWED, n);
	count_object(digest, event, layer, denied, n - denied);
	count_process(digest, event, sandbox, denied, n - denied);
	if (!denied)
		return;
	count_stack(digest, rf_node_get(event, "stack"), n);
	count_group(digest, event,
		    (struct rf_digest_group){.sandbox = sandbox,
					     .rule = rule,
					     .layer = layer,
					     .verdict = verdict,
					     .count = n,
					     .first = time,
					     .last = time});
}

/* Numbers go up by one, a loss stands for its range; files that were filtered have gaps. */
static void follow_numbers(struct rf_digest_sandbox *sandbox, const struct rf_node *event)
{
	uint64_t seq = (uint64_t)rf_node_integer(rf_node_get(event, "seq"));
	uint64_t last = (uint64_t)rf_node_integer(rf_node_get(event, "last"));

	sandbox->events++;
	if (seq == 0 || seq > INT64_MAX)
		return;
	if (sandbox->last_seq != 0 && seq > sandbox->last_seq + 1)
		sandbox->gaps += seq - sandbox->last_seq - 1;
	last = last > seq ? last : seq;
	if (last > sandbox->last_seq)
		sandbox->last_seq = last;
}

void rf_digest_add(struct rf_digest *digest, const struct rf_node *event)
{
	const char *type = rf_node_get_text(event, "type");
	int64_t time = rf_timeline_parse(rf_node_get_text(event, "time"));
	struct rf_digest_sandbox *entry;
	enum rf_digest_verdict verdict;
	uint32_t sandbox;

	digest->events++;
	if (time >= 0) {
		digest->first = digest->first < 0 || time < digest->first ? time : digest->first;
		digest->last = time > digest->last ? time : digest->last;
	}
	entry = sandbox_of(digest, event, &sandbox);
	if (entry)
		follow_numbers(entry, event);
	if (verdict_of(event, &verdict)) {
		add_access(digest, event, sandbox, verdict, time);
		return;
	}
	if (strcmp(type, "lost") == 0)
		add_loss(digest, event, sandbox, time);
	else
		count_process(digest, event, sandbox, 0, 0);
	digest->execs += strcmp(type, "exec") == 0;
	digest->exits += strcmp(type, "exit") == 0;
}
