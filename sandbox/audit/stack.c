/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stacks of records as members of events; see stack.h.
 */
#include "sandbox/audit/stack.h"

#include <inttypes.h>
#include <string.h>

/*
 * All frames of an event; what does not fit is left out, outermost first. Names come from inside
 * the fence and grow sixfold by escaping: they must not make a line longer than a line may be.
 */
#define JSON_MAX 16384

#define FRAME_MAX 1024

bool rf_stack_find(const struct rf_record *record, size_t text, struct rf_stack *ret)
{
	size_t room = record->size - sizeof(*record);
	size_t wanted = record->frames * sizeof(struct rf_frame) +
			record->objects * sizeof(struct rf_mapped);
	const uint8_t *at;

	*ret = (struct rf_stack){0};
	if (record->frames == 0)
		return record->objects == 0;
	if (record->frames > RF_FRAMES_MAX || record->objects > RF_MAPPED_MAX || wanted > room ||
	    text > room - wanted || (room - wanted) % 8 != 0)
		return false;
	at = record->text + (room - wanted);
	ret->frames = (const void *)at;
	ret->n_frames = record->frames;
	ret->objects = (const void *)(at + record->frames * sizeof(struct rf_frame));
	ret->n_objects = record->objects;
	for (size_t i = 0; i < ret->n_frames; i++)
		if (ret->frames[i].object > ret->n_objects)
			return false;
	for (size_t i = 0; i < ret->n_objects; i++)
		if (ret->objects[i].len > RF_MAPPED_NAME)
			return false;
	return true;
}

static void add_object(struct rf_str *out, const struct rf_mapped *object)
{
	if (!object)
		(void)rf_str_add(out, "[memory]");
	else if (object->len == 0)
		(void)rf_str_addf(out, "[%u:%u:%" PRIu64 "]", object->dev >> 20,
				  object->dev & 0xfffff, (uint64_t)object->ino);
	else if (object->flags & RF_MAPPED_CUT)
		(void)rf_str_add(out, "...");
	if (object)
		(void)rf_str_add_n(out, object->name, object->len);
}

static void add_frame(struct rf_str *text, const struct rf_stack *stack, size_t i,
		      rf_symbol_fn *symbol, void *data)
{
	RF_AUTOSTR struct rf_str name = RF_STR_INIT(FRAME_MAX / 2);
	const struct rf_frame *frame = &stack->frames[i];
	const struct rf_mapped *object = frame->object ? &stack->objects[frame->object - 1] : NULL;

	add_object(text, object);
	(void)rf_str_addf(text, "+0x%" PRIx64, (uint64_t)frame->offset);
	if (symbol && object && symbol(data, object, frame, i > 0, &name) &&
	    rf_str_error(&name) == 0 && name.len > 0) {
		(void)rf_str_add(text, " ");
		(void)rf_str_add_n(text, rf_str_text(&name), name.len);
	}
}

void rf_stack_json(struct rf_str *out, const struct rf_record *record, rf_symbol_fn *symbol,
		   void *data)
{
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(FRAME_MAX), piece = RF_STR_INIT(JSON_MAX);
	size_t start = out->len;
	struct rf_stack stack;

	if (!rf_stack_find(record, 0, &stack) || stack.n_frames == 0)
		return;
	for (size_t i = 0; i < stack.n_frames; i++) {
		rf_str_reset(&text);
		rf_str_reset(&piece);
		add_frame(&text, &stack, i, symbol, data);
		(void)rf_str_add(&piece, i > 0 ? "," : ",\"stack\":[");
		(void)rf_str_add_json_n(&piece, rf_str_text(&text), text.len);
		if (rf_str_error(&piece) < 0 || out->len - start + piece.len > JSON_MAX)
			break;
		(void)rf_str_add_n(out, rf_str_text(&piece), piece.len);
	}
	(void)rf_str_add(out, "]");
}
