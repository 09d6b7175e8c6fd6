#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/json.h"
#include "flow/domain/duration.h"
#include "flow/domain/ir.h"
#include "flow/domain/ir_fixture.h"
#include "seal/pack.h"

/* --- documents --- */

static void a_document_is_read(void **state)
{
	(void)state;
	const struct ir *ir = ir_text("document:\n  dsl: '1.0.3'\n  namespace: a-b\n  name: n1\n  version: 1.2.3-rc.1\n"
								  "  title: T\n  tags: {x: y}\n  metadata: {max_runs: 3}\ndo: []\n");
	assert_non_null(ir);
	assert_string_equal(ir->namespace, "a-b");
	assert_string_equal(ir->name, "n1");
	assert_string_equal(ir->version, "1.2.3-rc.1");
	assert_string_equal(ir->title, "T");
	assert_int_equal(ir->tags->count, 1);
	assert_int_equal(ir->tasks_count, 0);
	assert_false(ir->dag);
}

static void documents_are_refused_whole(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"do: []", "/document required"},
		{"document: 3\ndo: []", "/document type"},
		{"document: {dsl: 1.0.3, namespace: a, name: b, version: 1.0.0}", "/do required"},
		{"document: {}\ndo: {}",
		 "/document/dsl required; /document/namespace required; /document/name required; /document/version required; "
		 "/do type"},
		{"document: {dsl: 1.1.0, namespace: a, name: b, version: 1.0.0}\ndo: []", "/document/dsl dsl_version"},
		{"document: {dsl: 1.0.0-alpha5, namespace: a, name: b, version: 1.0.0}\ndo: []", "/document/dsl dsl_version"},
		{"document: {dsl: 1.0.0, namespace: -a, name: b_c, version: 1.0}\ndo: []",
		 "/document/namespace format; /document/name format; /document/version type"},
		{"document: {dsl: 1.0.0, namespace: a, name: b, version: 01.0.0}\ndo: []", "/document/version format"},
		{"document: {dsl: 1.0.0, namespace: a, name: b, version: 1.0.0, titel: x}\ndo: []\nextra: 1",
		 "/document/titel unknown_property; /extra unknown_property"},
		{"document: {dsl: 1.0.0, namespace: a, name: b, version: 1.0.0}\nevaluate: {language: js}\ndo: []",
		 "/evaluate/language unsupported_language"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_null(ir_text(cases[i][0]));
		assert_string_equal(ir_all_problems(), cases[i][1]);
	}
}

/* REF: Semantic Versioning 2.0.0, 9 and 10; RFC 1123, 2.1 */
static void versions_and_labels_are_of_their_form(void **state)
{
	(void)state;
	static const struct {
		const char *version, *name, *want;
	} cases[] = {
		{"1.0.0", "a", ""},
		{"1.0.0-alpha.1+build.07", "a-b", ""},
		{"1.0.0-01", "a", "/document/version format"},
		{"1.0.0-a..b", "a", "/document/version format"},
		{"1.0.0-", "a", "/document/version format"},
		{"1.0.0+", "a", "/document/version format"},
		{"1.0.0.0", "a", "/document/version format"},
		{"v1.0.0", "a", "/document/version format"},
		{"1.0.0", "a-", "/document/name format"},
		{"1.0.0", "", "/document/name format"},
		{"1.0.0", "a123456789012345678901234567890123456789012345678901234567890123", "/document/name format"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		ir_text(arena_printf(&ir_arena, "document: {dsl: 1.0.3, namespace: n, name: '%s', version: '%s'}\ndo: []",
							 cases[i].name, cases[i].version));
		assert_string_equal(ir_all_problems(), cases[i].want);
	}
}

/* --- tasks --- */

static void references_and_segments_are_pointers(void **state)
{
	(void)state;
	const struct ir *ir = ir_sound("do:\n"
								   "- a: {do: [{b/c~d: {set: {x: 1}}}]}\n"
								   "- t:\n"
								   "    try: [{e: {wait: PT1S}}]\n"
								   "    catch: {do: [{f: {set: {y: 2}}}]}\n"
								   "- g: {fork: {branches: [{h: {set: {z: 3}}}]}}\n");
	assert_string_equal(ir_nth_task(ir, 0)->block.tasks[0].reference, "/do/0/a/do/0/b~1c~0d");
	assert_string_equal(ir_nth_task(ir, 0)->block.tasks[0].segment, "/do/0/b~1c~0d");
	assert_string_equal(ir_nth_task(ir, 1)->try_.block.tasks[0].reference, "/do/1/t/try/0/e");
	assert_string_equal(ir_nth_task(ir, 1)->try_.catch_do.tasks[0].reference, "/do/1/t/catch/do/0/f");
	assert_string_equal(ir_nth_task(ir, 2)->fork.branches.tasks[0].reference, "/do/2/g/fork/branches/0/h");
	assert_int_equal(ir->tasks_count, 7);
	assert_int_equal(ir_nth_task(ir, 1)->number, 2);
	assert_int_equal(ir->features_count, 5);
	assert_string_equal(ir->features[0], "do");
	assert_string_equal(ir->features[4], "wait");
}

static void every_task_takes_the_common_members(void **state)
{
	(void)state;
	const struct ir *ir =
		ir_sound("use: {timeouts: {long: {after: PT1H}}, secrets: [s]}\n"
				 "do:\n"
				 "- a:\n"
				 "    if: .x > 1\n"
				 "    input: {schema: {document: {type: object}}, from: '{k: $secrets.s}'}\n"
				 "    set: {v: '${ .y }', w: plain}\n"
				 "    output: {as: .v}\n"
				 "    export: {as: {all: '${ . }'}, schema: {format: json, document: {}}}\n"
				 "    timeout: long\n"
				 "    then: end\n"
				 "    metadata: {effect: at-most-once, key: step, cost: {amount: '${ .c }', currency: USD}}\n"
				 "- b: {set: {v: 1}, timeout: {after: {minutes: 2}}}\n");
	const struct ir_task *a = ir_nth_task(ir, 0);
	assert_int_equal(a->if_.mode, IR_BARE);
	assert_int_equal(a->input_schema.document->kind, JS_OBJECT);
	assert_true(a->input_secrets);
	assert_true(ir->values[a->input_from.number].secrets);
	assert_false(ir->values[a->if_.number].secrets);
	assert_string_equal(ir->values[a->set.number].pointer, "/do/0/a/set");
	assert_int_equal(a->set.mode, IR_STRICT);
	assert_int_equal(a->output_as.mode, IR_BARE);
	assert_int_equal(a->export_as.mode, IR_STRICT);
	assert_int_equal(a->timeout.ms, 3600000);
	assert_int_equal(a->next.then, IR_END);
	assert_true(a->at_most_once && a->key_step);
	assert_int_equal(a->cost.mode, IR_STRICT);
	assert_int_equal(ir_nth_task(ir, 1)->timeout.ms, 120000);
	assert_int_equal(ir_nth_task(ir, 1)->set.mode, IR_LITERAL);
	assert_int_equal(ir_nth_task(ir, 1)->set.number, UINT32_MAX);
	assert_false(ir_nth_task(ir, 1)->input_secrets);
}

static void wrong_members_are_told_all_at_once(void **state)
{
	(void)state;
	ir_refused(
		"do:\n- a: {set: {x: 1}, when: 1, if: 3, input: {form: x}, output: [], then: 4, timeout: nope}\n",
		"/do/0/a/when unknown_property; /do/0/a/if type; /do/0/a/input/form unknown_property; /do/0/a/output type; "
		"/do/0/a/then type; /do/0/a/timeout unknown_reference");
	ir_refused("do:\n- a: {}\n- b: 3\n- c\n- {d: {set: {x: 1}}, e: {set: {x: 1}}}\n- f: {set: {x: 1}, wait: PT1S}\n",
			   "/do/0/a required; /do/1/b type; /do/2 type; /do/3 format; /do/4/f/wait unknown_property");
	ir_refused("do:\n- a: {set: {}}\n- b: {set: text}\n- c: {set: 3}\n- a: {set: {x: 1}}\n",
			   "/do/0/a/set range; /do/1/b/set type; /do/2/c/set type; /do/3/a duplicate_task");
	ir_refused(
		"do:\n- a: {set: {x: 1}, metadata: {effect: twice, key: 3}, input: {from: 3}, output: {as: []}}\n",
		"/do/0/a/metadata/effect enum; /do/0/a/metadata/key type; /do/0/a/input/from type; /do/0/a/output/as type");
	ir_refused("input: {schema: {}}\ndo: []\noutput: {schema: {format: avro, document: {}, resource: {}}}\n",
			   "/input/schema required; /output/schema/format enum; /output/schema/resource unknown_property");
}

/* A word that is nearly one of ours is told with the one that was probably meant [flow.md 2.2]. */
static void a_misspelt_word_is_told(void **state)
{
	(void)state;
	static const struct {
		const char *task, *problems, *meant; /* NULL: nothing is near */
	} cases[] = {
		{"{swich: []}", "/do/0/a required; /do/0/a/swich unknown_property", "“switch”"},
		{"{cal: http, with: {}}", "/do/0/a required; /do/0/a/cal unknown_property; /do/0/a/with unknown_property",
		 "“call”"},
		{"{Set: {x: 1}}", "/do/0/a required; /do/0/a/Set unknown_property", "“set”"},
		{"{fro: {in: []}, do: []}", "/do/0/a/fro unknown_property", "“for”"},
		{"{raies: {error: e}, metdata: {}}",
		 "/do/0/a required; /do/0/a/raies unknown_property; /do/0/a/metdata unknown_property", "“raise”"},
		{"{set: {x: 1}, exprot: {}}", "/do/0/a/exprot unknown_property", "“export”"},
		{"{nonsense: 1}", "/do/0/a required; /do/0/a/nonsense unknown_property", NULL},
		{"{go: 1}", "/do/0/a required; /do/0/a/go unknown_property", "“do”"},
		{"{xy: 1}", "/do/0/a required; /do/0/a/xy unknown_property", NULL},
		{"{"
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		 ": 1}",
		 "/do/0/a required; /do/0/a/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa unknown_property",
		 NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool told = false;
		ir_refused(arena_printf(&ir_arena, "do:\n- a: %s", cases[i].task), cases[i].problems);
		for (size_t k = 0; k < ir_found.count; k++)
			told = told || (cases[i].meant != NULL && strstr(ir_found.items[k].message, cases[i].meant) != NULL);
		assert_int_equal(told, cases[i].meant != NULL);
		for (size_t k = 0; k < ir_found.count && cases[i].meant == NULL; k++)
			assert_null(strstr(ir_found.items[k].message, "did you mean"));
	}
}

static void directives_lead_within_their_list(void **state)
{
	(void)state;
	const struct ir *ir =
		ir_sound("do:\n- a: {set: {x: 1}, then: c}\n- b: {set: {x: 1}, then: exit}\n- c: {set: {x: 1}}\n");
	assert_int_equal(ir_nth_task(ir, 0)->next.then, IR_GOTO);
	assert_int_equal(ir_nth_task(ir, 0)->next.index, 2);
	assert_int_equal(ir_nth_task(ir, 1)->next.then, IR_EXIT);
	assert_int_equal(ir_nth_task(ir, 2)->next.then, IR_CONTINUE);
	assert_false(ir->root.block.loops);
	ir_refused("do:\n- a: {do: [{b: {set: {x: 1}, then: a}}]}\n- c: {set: {x: 1}, then: b}\n",
			   "/do/0/a/do/0/b/then then_unknown_task; /do/1/c/then then_unknown_task");
	ir_refused("do:\n- f: {fork: {branches: [{a: {set: {x: 1}, then: b}}, {b: {set: {x: 1}}}]}}\n",
			   "/do/0/f/fork/branches/0/a/then then_unknown_task");
}

/* flow.md 3.1: a path has ~n only where a jump can come again. */
static void only_what_a_jump_can_reach_again_is_marked(void **state)
{
	(void)state;
	const struct ir *ir = ir_sound("do:\n"
								   "- a: {set: {x: 1}}\n"
								   "- b: {do: [{inner: {set: {x: 1}}}]}\n"
								   "- c: {switch: [{again: {when: .x, then: b}}, {on: {then: d}}]}\n"
								   "- d: {set: {x: 1}}\n");
	assert_true(ir->root.block.loops);
	assert_false(ir_nth_task(ir, 0)->may_revisit);
	assert_true(ir_nth_task(ir, 1)->may_revisit);
	assert_true(ir_nth_task(ir, 1)->block.tasks[0].may_revisit);
	assert_false(ir_nth_task(ir, 1)->block.loops);
	assert_true(ir_nth_task(ir, 2)->may_revisit);
	assert_false(ir_nth_task(ir, 3)->may_revisit);
	ir = ir_sound("do:\n- a: {set: {x: 1}, then: a}\n- b: {set: {x: 1}}\n");
	assert_true(ir_nth_task(ir, 0)->may_revisit);
	assert_false(ir_nth_task(ir, 1)->may_revisit);
}

static void a_switch_has_one_default(void **state)
{
	(void)state;
	const struct ir *ir = ir_sound("do:\n- s:\n    switch:\n    - one: {when: .a, then: end}\n    - other: {then: t}\n"
								   "- t: {set: {x: 1}}\n");
	assert_int_equal(ir_nth_task(ir, 0)->switch_.count, 2);
	assert_string_equal(ir_nth_task(ir, 0)->switch_.cases[1].name, "other");
	assert_null(ir_nth_task(ir, 0)->switch_.cases[1].when.source);
	assert_int_equal(ir_nth_task(ir, 0)->switch_.cases[1].next.index, 1);
	ir_refused(
		"do:\n- s: {switch: [{a: {then: end}}, {b: {then: exit}}, {c: {when: .x}}, d, {e: {when: 3, then: z}}]}\n",
		"/do/0/s/switch/1 switch_two_defaults; /do/0/s/switch/2/c/then required; /do/0/s/switch/3 type; "
		"/do/0/s/switch/4/e/when type; /do/0/s/switch/4/e/then then_unknown_task");
	ir_refused("do:\n- s: {switch: []}\n", "/do/0/s/switch range");
}

static void a_loop_names_its_variables(void **state)
{
	(void)state;
	const struct ir *ir = ir_sound(
		"do:\n- l:\n    for: {in: .xs}\n    while: $item > 1\n    metadata: {parallel: {max: 7, settle: true}}\n"
		"    do: [{b: {for: {each: y, at: j, in: [1, '${ .a }']}, do: [{c: {set: '${ $y }'}}]}}]\n");
	const struct ir_task *outer = ir_nth_task(ir, 0), *inner = &outer->for_.block.tasks[0];
	assert_string_equal(outer->for_.each, "item");
	assert_string_equal(outer->for_.at, "index");
	assert_int_equal(outer->for_.parallel, 7);
	assert_true(outer->for_.settle);
	assert_null(ir->values[outer->for_.in.number].scope);
	assert_int_equal(ir->values[outer->for_.while_.number].scope->count, 2);
	assert_int_equal(inner->for_.in.mode, IR_STRICT);
	assert_int_equal(inner->scope->count, 2);
	const struct ir_scope *scope = ir->values[inner->for_.block.tasks[0].set.number].scope;
	assert_int_equal(scope->count, 4);
	assert_string_equal(scope->names[0], "item");
	assert_string_equal(scope->names[3], "j");
	ir_refused("do:\n- l: {for: {each: context, at: 1x, in: 3}, do: []}\n- m: {for: {}}\n",
			   "/do/0/l/for/each format; /do/0/l/for/at format; /do/0/l/for/in type; /do/1/m/for/in required; "
			   "/do/1/m/do required");
	ir_refused(
		"do:\n- l: {for: {in: .x}, metadata: {parallel: {max: 1001}}, do: [{a: {set: {x: 1}, export: {as: .}}}]}\n",
		"/do/0/l/metadata/parallel/max range; /do/0/l/do/0/a/export unknown_property");
}

static void errors_are_inline_or_named(void **state)
{
	(void)state;
	const struct ir *ir =
		ir_sound("use: {errors: {no: {type: 'https://x.io/no', status: 500, title: '${ .t }'}}}\n"
				 "do:\n- a: {raise: {error: no}}\n- b: {raise: {error: {type: x, status: 400, detail: d}}}\n");
	assert_string_equal(ir_nth_task(ir, 0)->raise.type.source->text, "https://x.io/no");
	assert_int_equal(ir_nth_task(ir, 0)->raise.title.mode, IR_STRICT);
	assert_string_equal(ir->values[ir_nth_task(ir, 0)->raise.title.number].pointer, "/use/errors/no/title");
	assert_int_equal(ir_nth_task(ir, 1)->raise.status.source->integer, 400);
	assert_null(ir_nth_task(ir, 1)->raise.title.source);
	ir_refused(
		"use: {errors: {e: {type: x}}}\ndo:\n- a: {raise: {error: none}}\n- b: {raise: {error: {status: abc}}}\n- c: "
		"{raise: {}}\n",
		"/use/errors/e/status required; /do/0/a/raise/error unknown_reference; /do/1/b/raise/error/status type; "
		"/do/1/b/raise/error/type required; /do/2/c/raise/error required");
}

static void a_try_catches_and_retries(void **state)
{
	(void)state;
	const struct ir *ir = ir_sound(
		"use: {retries: {mine: {delay: {seconds: 3}, backoff: {exponential: {}}, limit: {attempt: {count: 5, "
		"duration: PT9S}, duration: PT1M}, jitter: {from: {milliseconds: 5}, to: PT0.01S}}}}\n"
		"do:\n"
		"- a: {try: [], catch: {errors: {with: {status: 404, type: t}}, as: err, when: $err.status == 404, retry: "
		"mine, do: [{x: {set: {e: '${ $err }'}}}], then: b}}\n"
		"- b: {try: [], catch: {retry: standard}}\n"
		"- c: {try: [], catch: {retry: {when: .a, delay: '${ .d }'}}}\n");
	const struct ir_task *a = ir_nth_task(ir, 0);
	assert_int_equal(a->try_.with.status->integer, 404);
	assert_null(a->try_.with.title);
	assert_string_equal(a->try_.as, "err");
	assert_int_equal(ir->values[a->try_.when.number].scope->count, 1);
	assert_int_equal(a->try_.retry.delay.ms, 3000);
	assert_int_equal(a->try_.retry.constants.backoff, BACKOFF_EXPONENTIAL);
	assert_float_equal(a->try_.retry.constants.jitter_from_ms, 5, 0);
	assert_float_equal(a->try_.retry.constants.jitter_to_ms, 10, 0);
	assert_int_equal(a->try_.retry.limit_count, 5);
	assert_int_equal(a->try_.retry.attempt_duration.ms, 9000);
	assert_int_equal(a->try_.retry.limit_duration.ms, 60000);
	assert_true(a->try_.has_do && a->try_.has_then);
	assert_int_equal(a->try_.catch_next.index, 1);
	const struct ir_retry *standard = &ir_nth_task(ir, 1)->try_.retry; /* P-10.3: 3 tries, 1 s, at most 30 s */
	assert_true(standard->given && standard->scatter);
	assert_int_equal(standard->limit_count, 2);
	assert_int_equal(standard->delay.ms, 1000);
	assert_int_equal(standard->max_delay_ms, 30000);
	assert_string_equal(ir_nth_task(ir, 1)->try_.as, "error");
	assert_false(ir_nth_task(ir, 1)->try_.has_do);
	assert_non_null(ir_nth_task(ir, 2)->try_.retry.delay.value.source);
	assert_int_equal(ir_nth_task(ir, 2)->try_.retry.limit_count, -1);
	ir_refused(
		"do:\n- a: {try: [], catch: {retry: nope, then: x}}\n- b: {try: []}\n- c: {try: 3, catch: {retry: {backoff: "
		"{linear: {}, constant: {}}, jitter: {from: PT2S, to: PT1S}, delay: P1M, limit: {attempt: {count: -1}}}}}\n",
		"/do/0/a/catch/retry unknown_reference; /do/0/a/catch/then then_unknown_task; /do/1/b/catch required; "
		"/do/2/c/try type; /do/2/c/catch/retry/backoff/linear unknown_property; /do/2/c/catch/retry/jitter/to range; "
		"/do/2/c/catch/retry/delay format; /do/2/c/catch/retry/limit/attempt/count range");
}

static void an_emitted_event_needs_source_and_type(void **state)
{
	(void)state;
	const struct ir *ir =
		ir_sound("do:\n- e: {emit: {event: {with: {source: 's', type: t, data: '${ . }', own: 1}}}}\n");
	assert_int_equal(ir_nth_task(ir, 0)->emit.with.source->count, 4);
	ir_refused("do:\n- e: {emit: {event: {with: {source: ''}}}}\n- f: {emit: {event: {}, more: 1}}\n",
			   "/do/0/e/emit/event/with/source range; /do/0/e/emit/event/with/type required; /do/1/f/emit/event/with "
			   "required; /do/1/f/emit/more unknown_property");
}

/* --- limits --- */

static void there_are_limits(void **state)
{
	(void)state;
	struct buf text;
	buf_init(&text, 0);
	buf_adds(&text, IR_DOCUMENT "do:\n");
	for (int i = 0; i <= IR_TASKS_MAX; i++)
		buf_addf(&text, "- t%d: {wait: PT1S}\n", i);
	assert_null(ir_text(buf_text(&text)));
	assert_string_equal(ir_all_problems(), "/do limit");
	buf_reset(&text);
	buf_adds(&text,
			 "{\"document\":{\"dsl\":\"1.0.0\",\"namespace\":\"a\",\"name\":\"b\",\"version\":\"1.0.0\"},\"do\":[");
	for (int i = 0; i <= IR_DEPTH_MAX; i++)
		buf_adds(&text, "{\"a\":{\"do\":[");
	for (int i = 0; i <= IR_DEPTH_MAX; i++)
		buf_adds(&text, "]}}");
	buf_adds(&text, "]}");
	const struct json_limits limits = {.depth = 1000, .values = 100000};
	const struct json *json;
	assert_true(json_parse(&ir_arena, buf_text(&text), text.size, &limits, &json, NULL));
	assert_null(ir_compile(&ir_arena, json, &ir_rules, &ir_found));
	assert_int_equal(ir_found.count, 1);
	assert_string_equal(ir_found.items[0].code, "limit");
	buf_fini(&text);
}

static void a_full_arena_is_no_problem_of_the_text(void **state)
{
	(void)state;
	const struct json *json;
	struct yaml_fault fault;
	static const char text[] = IR_DOCUMENT "do:\n- a: {set: {x: '${ .y }'}}\n- b: {wait: PT1S, bad: 1}\n";
	assert_true(yaml_read(&ir_arena, text, strlen(text), &json, &fault));
	for (size_t cap = 0; cap < 40000; cap += 100) {
		struct arena small;
		arena_init(&small, cap);
		const struct ir *ir = ir_compile(&small, json, &ir_rules, &ir_found);
		assert_null(ir);
		assert_true(ir_found.count == 0 ? small.full : strcmp(ir_all_problems(), "/do/1/b/bad unknown_property") == 0);
		arena_fini(&small);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, ir_set_up, ir_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_document_is_read),
		TEST(documents_are_refused_whole),
		TEST(versions_and_labels_are_of_their_form),
		TEST(references_and_segments_are_pointers),
		TEST(every_task_takes_the_common_members),
		TEST(wrong_members_are_told_all_at_once),
		TEST(a_misspelt_word_is_told),
		TEST(directives_lead_within_their_list),
		TEST(only_what_a_jump_can_reach_again_is_marked),
		TEST(a_switch_has_one_default),
		TEST(a_loop_names_its_variables),
		TEST(errors_are_inline_or_named),
		TEST(a_try_catches_and_retries),
		TEST(an_emitted_event_needs_source_and_type),
		TEST(there_are_limits),
		TEST(a_full_arena_is_no_problem_of_the_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
