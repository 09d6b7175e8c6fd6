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

/* --- events and schedules --- */

static void listeners_read_their_strategies(void **state)
{
	(void)state;
	const struct ir *ir = ir_sound(
		"do:\n"
		"- a: {listen: {to: {one: {with: {type: t, data: '${ .x > 1 }'}, correlate: {k: {from: .id, expect: '7'}}}}}}\n"
		"- b:\n    listen: {to: {any: [], until: '( . | length ) > 3'}, read: envelope}\n"
		"    foreach: {item: event, at: i, do: [{p: {set: {e: '${ $event }'}}}], output: {as: .e}}\n"
		"- c: {listen: {to: {any: [{with: {type: t}}], until: {one: {with: {type: stop}}}}}}\n"
		"- d: {listen: {to: {all: [{with: {type: t}}, {with: {type: u}}]}}}\n");
	const struct ir_strategy *one = &ir_nth_task(ir, 0)->listen.to;
	assert_int_equal(one->consume, IR_ONE);
	assert_int_equal(one->filters[0].values[0].mode, IR_LITERAL);
	assert_int_equal(one->filters[0].values[1].mode, IR_STRICT);
	assert_string_equal(one->filters[0].correlate[0].name, "k");
	assert_int_equal(one->filters[0].correlate[0].expect.mode, IR_LITERAL);
	const struct ir_task *b = ir_nth_task(ir, 1);
	assert_int_equal(b->listen.read, IR_READ_ENVELOPE);
	assert_int_equal(b->listen.to.count, 0);
	assert_int_equal(b->listen.to.until.mode, IR_BARE);
	assert_string_equal(b->listen.block.tasks[0].reference, "/do/1/b/foreach/do/0/p");
	assert_int_equal(ir->values[b->listen.foreach_output_as.number].scope->count, 2);
	assert_int_equal(ir_nth_task(ir, 2)->listen.to.until_events->consume, IR_ONE);
	assert_int_equal(ir_nth_task(ir, 3)->listen.to.count, 2);
	ir_refused(
		"do:\n- a: {listen: {to: {any: []}}}\n- b: {listen: {to: {any: [], until: {any: [], until: .}}}}\n"
		"- c: {listen: {to: {all: [], one: {with: {}}}, read: all}}\n- d: {listen: {}}\n- e: {listen: {to: {one: "
		"{with: {type: t}, correlate: {k: {}}}}}, foreach: {do: 3}}\n",
		"/do/0/a/listen/to/until required; /do/1/b/listen/to/until/until unknown_property; /do/2/c/listen/to/all "
		"range; /do/2/c/listen/to/all unknown_property; /do/2/c/listen/to/one/with range; /do/2/c/listen/read enum; "
		"/do/3/d/listen/to required; /do/4/e/listen/to/one/correlate/k/from required; /do/4/e/foreach/do type");
}

static void schedules_are_of_one_kind(void **state)
{
	(void)state;
	const struct ir *ir = ir_sound("schedule: {cron: '0 6 * * 1-5', tz: Europe/Berlin, catch_up: all}\ndo: []\n");
	assert_true(ir->schedule.given);
	assert_string_equal(ir->schedule.tz, "Europe/Berlin");
	assert_int_equal(ir_sound("schedule: {every: {minutes: 5}}\ndo: []\n")->schedule.every.ms, 300000);
	assert_int_equal(ir_sound("schedule: {on: {one: {with: {type: t}}}, read: raw}\ndo: []\n")->schedule.on->count, 1);
	ir_refused("schedule: {cron: '61 * * * *', tz: Nowhere/At, overlap: maybe}\ndo: []\n",
			   "/schedule/cron format; /schedule/tz unknown_timezone; /schedule/overlap enum");
	ir_refused("schedule: {}\ndo: []\n", "/schedule required");
	ir_refused("schedule: {every: '${ .x }', after: PT1S}\ndo: []\n",
			   "/schedule/every type; /schedule/after unknown_property");
	ir_refused("schedule: {every: PT0S}\ndo: []\n", "/schedule/every range");
	ir_refused("schedule: {cron: '0 6 30,31 feb *'}\ndo: []\n", "/schedule/cron range");
	ir_refused("schedule: {cron: '0 6 31 4,6,9,11 *'}\ndo: []\n", "/schedule/cron range");
	(void)ir_sound("schedule: {cron: '0 6 30 2 mon'}\ndo: []\n"); /* either day is enough */
	(void)ir_sound("schedule: {cron: '0 6 29 2 *'}\ndo: []\n");
}

static void schemas_and_patterns_are_looked_into(void **state)
{
	(void)state;
	ir_refused(
		"input: {schema: {document: {type: objekt}}}\ndo:\n- a: {set: {x: 1}, output: {schema: {document: {$ref: "
		"'https://x.io/s.json'}}}}\n- b: {listen: {to: {one: {with: {type: '/a(/', source: '/^x$/'}}}}}\n",
		"/input/schema/document/type enum; /do/0/a/output/schema/document/$ref unknown_reference; "
		"/do/1/b/listen/to/one/with/type format");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, ir_set_up, ir_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(listeners_read_their_strategies),
		TEST(schedules_are_of_one_kind),
		TEST(schemas_and_patterns_are_looked_into),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
