/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks behind records: what fits, and what is told. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "sandbox/audit/event.h"
#include "sandbox/audit/stack.h"

struct whole {
	struct rf_record record;
	char text[8];
	struct rf_frame frames[3];
	struct rf_mapped objects[2];
};

static struct whole make(void)
{
	struct whole w = {
		.record = {.size = sizeof(w),
			   .version = RF_ABI_VERSION,
			   .type = RF_REC_ACCESS,
			   .obj = RF_OBJ_FILE,
			   .verdict = RF_V_DENIED,
			   .frames = 3,
			   .objects = 2,
			   .o.file.path_len = 2},
		.text = "/x",
		.frames = {{.object = 1, .offset = 0x10},
			   {.object = 2, .offset = 0x20},
			   {.offset = 0x30}},
		.objects = {{.len = 8, .name = "/lib/a\"b"}, {.ino = 77, .dev = 8 << 20 | 1}},
	};

	return w;
}

static bool name_it(void *data, const struct rf_mapped *object, const struct rf_frame *frame,
		    bool caller, struct rf_str *name)
{
	assert_non_null(object);
	assert_string_equal(data, "d");
	if (frame->offset == 0x20)
		return false;
	return rf_str_add(name, caller ? "caller" : "f\x1bn") == 0;
}

static void expect(const struct whole *w, rf_symbol_fn *symbol, const char *wanted)
{
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(RF_EVENT_LINE_MAX);
	char tag[] = "d";

	rf_stack_json(&out, &w->record, symbol, tag);
	assert_string_equal(rf_str_text(&out), wanted);
}

static void frames_are_told_innermost_first(void **state RF_UNUSED)
{
	struct whole w = make();

	expect(&w, NULL, ",\"stack\":[\"/lib/a\\\"b+0x10\",\"[8:1:77]+0x20\",\"[memory]+0x30\"]");
	expect(&w, name_it,
	       ",\"stack\":[\"/lib/a\\\"b+0x10 f\\u001bn\",\"[8:1:77]+0x20\",\"[memory]+0x30\"]");
	w.objects[0].flags = RF_MAPPED_CUT;
	w.frames[1].object = 1;
	w.frames[1].offset = 0x21;
	expect(&w, name_it,
	       ",\"stack\":[\".../lib/a\\\"b+0x10 f\\u001bn\",\".../lib/a\\\"b+0x21 caller\",\"[memory]+0x30\"]");
	w.record.frames = w.record.objects = 0;
	w.record.size = sizeof(w.record) + sizeof(w.text);
	expect(&w, name_it, "");
}

static void what_does_not_fit_is_refused(void **state RF_UNUSED)
{
	const struct rf_record *record;
	struct whole w = make();

	assert_int_equal(rf_event_check(&record, &w, sizeof(w), NULL), 0);
	for (int i = 0; i < 7; i++) {
		w = make();
		if (i == 0)
			w.frames[2].object = 3;
		else if (i == 1)
			w.objects[1].len = RF_MAPPED_NAME + 1;
		else if (i == 2)
			w.record.frames = RF_FRAMES_MAX + 1;
		else if (i == 3)
			w.record.objects = RF_MAPPED_MAX;
		else if (i == 4)
			w.record.o.file.path_len = 9; /* into the frames */
		else if (i == 5)
			w.record.size -= 4;
		else
			w.record.frames = 0;
		assert_int_equal(rf_event_check(&record, &w, sizeof(w), NULL), -EBADMSG);
	}
}

/* Names that grow by escaping leave outer frames out; the line stays whole. */
static void a_hostile_stack_keeps_the_line_in_its_limits(void **state RF_UNUSED)
{
	static struct {
		struct rf_record record;
		struct rf_frame frames[RF_FRAMES_MAX];
		struct rf_mapped objects[1];
	} w;
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(RF_EVENT_LINE_MAX);

	w.record = (struct rf_record){.size = sizeof(w), .frames = RF_FRAMES_MAX, .objects = 1};
	for (size_t i = 0; i < RF_FRAMES_MAX; i++)
		w.frames[i].object = 1;
	w.objects[0].len = RF_MAPPED_NAME;
	memset(w.objects[0].name, 1, RF_MAPPED_NAME);
	rf_stack_json(&out, &w.record, NULL, NULL);
	assert_int_equal(rf_str_error(&out), 0);
	assert_true(out.len > 1400 && out.len <= 16385);
	assert_memory_equal(rf_str_text(&out) + out.len - 6, "+0x0\"]", 6);
}

UNIT_MAIN(cmocka_unit_test(frames_are_told_innermost_first),
	  cmocka_unit_test(what_does_not_fit_is_refused),
	  cmocka_unit_test(a_hostile_stack_keeps_the_line_in_its_limits));
