#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "flow/domain/ir_fixture.h"
#include "flow/domain/past.h"
#include "flow/domain/row.h"

/* Attempts that were gone back over, by their rows alone. */

static const char definition[] =
	"use:\n"
	"  functions:\n"
	"    twice: {do: [{a: {set: {n: 1}}}]}\n"
	"  extensions:\n"
	"    - log: {extend: emit, before: [{note: {set: {n: 2}}}]}\n"
	"do:\n"
	"  - loop: {for: {in: '${ [1, 2] }'}, do: [{'x/~1#2': {set: {n: 3}}}]}\n"
	"  - f: {call: twice}\n"
	"  - t: {try: [{r: {raise: {error: {type: 'urn:x', status: 500}}}}], catch: {do: [{c: {wait: {seconds: 1}}}]}}\n"
	"  - e: {emit: {event: {with: {type: x, source: 'urn:y'}}}}\n";

static void take(struct past *past, int64_t seq, enum row_kind kind, const char *path, uint32_t attempt,
				 bool superseded)
{
	const struct row row = {.seq = seq, .at_us = 1000 * seq, .kind = kind, .path = path, .attempt = attempt};
	past_take(past, &row, superseded);
}

static void they_are_named_by_the_definition(void **state)
{
	static const struct {
		const char *path, *reference, *name, *type;
	} rows[] = {
		{"/do/0/loop", "/do/0/loop", "loop", "for"},
		{"/do/0/loop/do/0/x~1~01#2#1", "/do/0/loop/do/0/x~1~01#2", "x/~1#2", "set"},
		{"/do/0/loop/do/0/x~1~01#2#1~3", "/do/0/loop/do/0/x~1~01#2", "x/~1#2", "set"},
		{"/do/1/f", "/do/1/f", "f", "call"},
		{"/do/1/f/do/0/a", "/do/1/f/do/0/a", "a", "set"},
		{"/do/2/t/try/0/r~12", "/do/2/t/try/0/r", "r", "raise"},
		{"/do/2/t/catch/do/0/c", "/do/2/t/catch/do/0/c", "c", "wait"},
		{"/do/3/e#4.0/before/0/note", "/do/3/e/before/0/note", "note", "set"},
		{"/do/9/gone#1", "/do/9/gone", "gone", NULL},
	};
	struct past past;
	(void)state;
	past_init(&past, ir_sound(definition));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		take(&past, 2 + (int64_t)i, ROW_COMPLETED, rows[i].path, 1, true);
		const struct step *step = &past.steps.items[i];
		assert_int_equal(past.steps.count, i + 1);
		assert_string_equal(step->reference, rows[i].reference);
		assert_string_equal(step->name, rows[i].name);
		assert_true(rows[i].type == NULL ? step->type == NULL : strcmp(step->type, rows[i].type) == 0);
	}
	past_fini(&past);
}

static void what_went_on_is_told_once_and_what_was_left_ends(void **state)
{
	struct steps counted;
	struct past past;
	(void)state;
	steps_init(&counted);
	past_init(&past, ir_sound(definition));
	take(&past, 2, ROW_ENTERED, "/do/2/t", 1, false);
	take(&past, 3, ROW_FAULTED, "/do/2/t/try/0/r", 1, true);
	take(&past, 4, ROW_FAULTED, "/do/2/t", 1, true); /* begun by a row that counts */
	take(&past, 5, ROW_ENTERED, "/do/1/f", 1, true);
	take(&past, 6, ROW_RETRIED, "/do/2/t/try/0/r", 2, false);
	struct step going = {.path = (char *)(uintptr_t) "/do/2/t", .attempt = 1, .began_seq = 2};
	counted.items = &going;
	counted.count = 1;
	past_settle(&past, &counted);
	assert_int_equal(past.steps.count, 2);
	assert_string_equal(past.steps.items[0].path, "/do/2/t/try/0/r");
	assert_int_equal(past.steps.items[0].status, STEP_FAULTED);
	assert_int_equal(past.steps.items[0].ended_us, 3000);
	assert_string_equal(past.steps.items[1].path, "/do/1/f");
	assert_int_equal(past.steps.items[1].status, STEP_CANCELLED);
	assert_int_equal(past.steps.items[1].ended_us, 6000);
	past_fini(&past);
	counted.items = NULL;
	counted.count = 0;
	steps_fini(&counted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(they_are_named_by_the_definition, ir_set_up, ir_tear_down),
		cmocka_unit_test_setup_teardown(what_went_on_is_told_once_and_what_was_left_ends, ir_set_up, ir_tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
