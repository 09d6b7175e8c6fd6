#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/json.h"
#include "flow/domain/duration.h"
#include "flow/domain/ir.h"
#include "flow/domain/ir_fixture.h"

/* --- expressions --- */

/* flow.md 2.3: as a whole, white space apart, and the last brace closes the first. */
static void an_expression_is_the_whole_text(void **state)
{
	(void)state;
	static const struct {
		const char *text, *inner; /* NULL: it is none */
	} cases[] = {
		{"${ .a }", " .a "},
		{" \n${.a}\t", ".a"},
		{"${ {a: {b: 1}} }", " {a: {b: 1}} "},
		{"${ \"}\" }", " \"}\" "},
		{"${ \"a\\\"}\\(.b | {c: \"}\"})\" }", " \"a\\\"}\\(.b | {c: \"}\"})\" "},
		{"${ . # }\n }", " . # }\n "},
		{"${ \"never closed }", " \"never closed "},
		{"${a} and ${b}", NULL},
		{"${HOME}/bin", NULL},
		{"x ${ .a }", NULL},
		{"${ .a", NULL},
		{"$.a}", NULL},
		{"${", NULL},
		{"", NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *inner = NULL;
		size_t size = 0;
		assert_int_equal(ir_expression(cases[i].text, strlen(cases[i].text), &inner, &size), cases[i].inner != NULL);
		if (cases[i].inner == NULL)
			continue;
		assert_int_equal(size, strlen(cases[i].inner));
		assert_memory_equal(inner, cases[i].inner, size);
	}
}

static const char *seen;

static const char *note_expression(void *context, const struct ir_slot *slot, const char *text, size_t size,
								   const char **message, struct arena *to)
{
	(void)context;
	seen = arena_printf(to, "%s%s%s %.*s", seen, *seen == '\0' ? "" : "; ", slot->pointer, (int)size, text);
	*message = "bad";
	return memchr(text, '!', size) != NULL ? "expression_syntax" : NULL;
}

static void every_expression_is_shown_once(void **state)
{
	(void)state;
	ir_rules.expression = note_expression;
	seen = "";
	ir_sound(
		"do:\n- a: {if: .a, set: {x: ['${ .b }', plain], y: {z: '${.c}'}}, output: {as: '${ .d }'}, input: {from: {q: "
		"'${.e}', r: .f}}}\n");
	assert_string_equal(seen, "/do/0/a/if .a; /do/0/a/input/from .e; /do/0/a/output/as  .d ; /do/0/a/set  .b ; "
							  "/do/0/a/set .c");
	ir_refused("do:\n- a: {set: {x: ['${ ! }', plain], y: '${ .! }'}, if: '!'}\n",
			   "/do/0/a/set/x/0 expression_syntax; /do/0/a/set/y expression_syntax; /do/0/a/if expression_syntax");
}

static void a_loose_definition_takes_bare_text(void **state)
{
	(void)state;
	ir_rules.expression = note_expression;
	seen = "";
	const struct ir *ir =
		ir_sound("evaluate: {mode: loose}\ndo:\n- a: {set: {x: .b, y: '${.c}', z: 1}}\n- b: {set: {z: 1}}\n"
				 "- c: {set: .all}\n- d: {wait: .pause}\n");
	assert_int_equal(ir_nth_task(ir, 0)->set.mode, IR_LOOSE);
	assert_int_equal(ir_nth_task(ir, 1)->set.mode, IR_LITERAL);
	assert_int_equal(ir_nth_task(ir, 2)->set.mode, IR_LOOSE);
	assert_int_equal(ir_nth_task(ir, 3)->wait.value.mode, IR_LOOSE);
	assert_string_equal(seen, "/do/0/a/set .c");
}

static void durations_are_constants_or_expressions(void **state)
{
	(void)state;
	const struct ir *ir =
		ir_sound("do:\n- a: {wait: PT1.5S}\n- b: {wait: {days: 1, milliseconds: 2}}\n- c: {wait: '${ .w }'}\n"
				 "- d: {wait: {seconds: '${ .s }', minutes: 1}}\n");
	assert_int_equal(ir_nth_task(ir, 0)->wait.ms, 1500);
	assert_int_equal(ir_nth_task(ir, 1)->wait.ms, 86400002);
	assert_non_null(ir_nth_task(ir, 2)->wait.value.source);
	assert_int_equal(ir_nth_task(ir, 3)->wait.value.mode, IR_STRICT);
	ir_refused(
		"do:\n- a: {wait: 5}\n- b: {wait: {}}\n- c: {wait: {seconds: -1}}\n- d: {wait: {weeks: 1}}\n- e: {wait: P1Y}\n"
		"- f: {wait: P40000D}\n- g: {wait: {seconds: x, minutes: '${ . }'}}\n",
		"/do/0/a/wait type; /do/1/b/wait required; /do/2/c/wait/seconds range; /do/3/d/wait/weeks unknown_property; "
		"/do/4/e/wait format; /do/5/f/wait range; /do/6/g/wait/seconds type");
}

static void iso_durations_are_in_order(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		double ms; /* negative: refused */
	} cases[] = {
		{"P1W", 604800e3}, {"P1DT2H3M4.5S", 93784500},
		{"PT0S", 0},       {"PT0.001S", 1},
		{"P", -1},         {"PT", -1},
		{"P1DT", -1},      {"PT1S2M", -1},
		{"P1H", -1},       {"PT1D", -1},
		{"PT1.S", -1},     {"PT.5S", -1},
		{"PT1e3S", -1},    {"PT0x1S", -1},
		{"PT-1S", -1},     {"PT1S1S", -1},
		{"P1M", -1},       {"1S", -1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct json json = {.kind = JS_STRING, .text = cases[i].text, .size = strlen(cases[i].text)};
		double ms = -1;
		bool taken = duration_ms(&json, &ms);
		assert_int_equal(taken, cases[i].ms >= 0);
		if (taken)
			assert_float_equal(ms, cases[i].ms, 1e-9);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, ir_set_up, ir_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_expression_is_the_whole_text),    TEST(every_expression_is_shown_once),
		TEST(a_loose_definition_takes_bare_text), TEST(durations_are_constants_or_expressions),
		TEST(iso_durations_are_in_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
