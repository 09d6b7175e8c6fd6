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
#include "seal/pack.h"

/* --- help --- */

static struct arena arena;
static struct ir_problems problems;
static struct ir_policy policy;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 64 << 20);
	policy = (struct ir_policy){.shell = true};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static const struct ir *compile_text(const char *text)
{
	const struct json *json;
	struct yaml_fault fault = {.code = ""};
	if (!yaml_read(&arena, text, strlen(text), &json, &fault))
		fail_msg("line %zu: %s in\n%s", fault.line, fault.message, text);
	return ir_compile(&arena, json, &policy, &problems);
}

#define DOCUMENT "document: {dsl: 1.0.3, namespace: test, name: t, version: 1.0.0}\n"

static const char *all_problems(void)
{
	struct buf text;
	buf_init(&text, 0);
	for (size_t i = 0; i < problems.count; i++)
		buf_addf(&text, "%s%s %s", i == 0 ? "" : "; ", problems.items[i].pointer, problems.items[i].code);
	const char *copy = arena_dup(&arena, buf_text(&text));
	buf_fini(&text);
	return copy;
}

static const struct ir *sound(const char *rest)
{
	const struct ir *ir = compile_text(arena_printf(&arena, DOCUMENT "%s", rest));
	if (ir == NULL)
		fail_msg("%s\nin\n%s", all_problems(), rest);
	return ir;
}

/* The problems of a definition as "pointer code; pointer code". */
static void refused(const char *rest, const char *expected)
{
	const struct ir *ir = compile_text(arena_printf(&arena, DOCUMENT "%s", rest));
	if (ir != NULL && *expected != '\0')
		fail_msg("taken, but should be: %s\nin\n%s", expected, rest);
	if (strcmp(all_problems(), expected) != 0)
		fail_msg("got  %s\nwant %s\nin\n%s", all_problems(), expected, rest);
}

static const struct ir_task *nth(const struct ir *ir, uint32_t i)
{
	assert_true(i < ir->root.block.count);
	return &ir->root.block.tasks[i];
}

/* --- documents --- */

static void a_document_is_read(void **state)
{
	(void)state;
	const struct ir *ir =
		compile_text("document:\n  dsl: '1.0.3'\n  namespace: a-b\n  name: n1\n  version: 1.2.3-rc.1\n"
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
		assert_null(compile_text(cases[i][0]));
		assert_string_equal(all_problems(), cases[i][1]);
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
		compile_text(arena_printf(&arena, "document: {dsl: 1.0.3, namespace: n, name: '%s', version: '%s'}\ndo: []",
								  cases[i].name, cases[i].version));
		assert_string_equal(all_problems(), cases[i].want);
	}
}

/* --- tasks --- */

static void references_and_segments_are_pointers(void **state)
{
	(void)state;
	const struct ir *ir = sound("do:\n"
								"- a: {do: [{b/c~d: {set: {x: 1}}}]}\n"
								"- t:\n"
								"    try: [{e: {wait: PT1S}}]\n"
								"    catch: {do: [{f: {set: {y: 2}}}]}\n"
								"- g: {fork: {branches: [{h: {set: {z: 3}}}]}}\n");
	assert_string_equal(nth(ir, 0)->block.tasks[0].reference, "/do/0/a/do/0/b~1c~0d");
	assert_string_equal(nth(ir, 0)->block.tasks[0].segment, "/do/0/b~1c~0d");
	assert_string_equal(nth(ir, 1)->try_.block.tasks[0].reference, "/do/1/t/try/0/e");
	assert_string_equal(nth(ir, 1)->try_.catch_do.tasks[0].reference, "/do/1/t/catch/do/0/f");
	assert_string_equal(nth(ir, 2)->fork.branches.tasks[0].reference, "/do/2/g/fork/branches/0/h");
	assert_int_equal(ir->tasks_count, 7);
	assert_int_equal(nth(ir, 1)->number, 2);
	assert_int_equal(ir->features_count, 5);
	assert_string_equal(ir->features[0], "do");
	assert_string_equal(ir->features[4], "wait");
}

static void every_task_takes_the_common_members(void **state)
{
	(void)state;
	const struct ir *ir =
		sound("use: {timeouts: {long: {after: PT1H}}, secrets: [s]}\n"
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
	const struct ir_task *a = nth(ir, 0);
	assert_int_equal(a->if_.mode, IR_BARE);
	assert_int_equal(a->input_schema->kind, JS_OBJECT);
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
	assert_int_equal(nth(ir, 1)->timeout.ms, 120000);
	assert_int_equal(nth(ir, 1)->set.mode, IR_LITERAL);
	assert_int_equal(nth(ir, 1)->set.number, UINT32_MAX);
	assert_false(nth(ir, 1)->input_secrets);
}

static void wrong_members_are_told_all_at_once(void **state)
{
	(void)state;
	refused("do:\n- a: {set: {x: 1}, when: 1, if: 3, input: {form: x}, output: [], then: 4, timeout: nope}\n",
			"/do/0/a/when unknown_property; /do/0/a/if type; /do/0/a/input/form unknown_property; /do/0/a/output type; "
			"/do/0/a/then type; /do/0/a/timeout unknown_reference");
	refused("do:\n- a: {}\n- b: 3\n- c\n- {d: {set: {x: 1}}, e: {set: {x: 1}}}\n- f: {set: {x: 1}, wait: PT1S}\n",
			"/do/0/a required; /do/1/b type; /do/2 type; /do/3 format; /do/4/f/wait unknown_property");
	refused("do:\n- a: {set: {}}\n- b: {set: text}\n- c: {set: 3}\n- a: {set: {x: 1}}\n",
			"/do/0/a/set range; /do/1/b/set type; /do/2/c/set type; /do/3/a duplicate_task");
	refused("do:\n- a: {set: {x: 1}, metadata: {effect: twice, key: 3}, input: {from: 3}, output: {as: []}}\n",
			"/do/0/a/metadata/effect enum; /do/0/a/metadata/key type; /do/0/a/input/from type; /do/0/a/output/as type");
	refused("input: {schema: {}}\ndo: []\noutput: {schema: {format: avro, document: {}, resource: {}}}\n",
			"/input/schema required; /output/schema/format enum; /output/schema/resource unknown_property");
}

static void directives_lead_within_their_list(void **state)
{
	(void)state;
	const struct ir *ir =
		sound("do:\n- a: {set: {x: 1}, then: c}\n- b: {set: {x: 1}, then: exit}\n- c: {set: {x: 1}}\n");
	assert_int_equal(nth(ir, 0)->next.then, IR_GOTO);
	assert_int_equal(nth(ir, 0)->next.index, 2);
	assert_int_equal(nth(ir, 1)->next.then, IR_EXIT);
	assert_int_equal(nth(ir, 2)->next.then, IR_CONTINUE);
	assert_false(ir->root.block.loops);
	refused("do:\n- a: {do: [{b: {set: {x: 1}, then: a}}]}\n- c: {set: {x: 1}, then: b}\n",
			"/do/0/a/do/0/b/then then_unknown_task; /do/1/c/then then_unknown_task");
	refused("do:\n- f: {fork: {branches: [{a: {set: {x: 1}, then: b}}, {b: {set: {x: 1}}}]}}\n",
			"/do/0/f/fork/branches/0/a/then then_unknown_task");
}

/* flow.md 3.1: a path has ~n only where a jump can come again. */
static void only_what_a_jump_can_reach_again_is_marked(void **state)
{
	(void)state;
	const struct ir *ir = sound("do:\n"
								"- a: {set: {x: 1}}\n"
								"- b: {do: [{inner: {set: {x: 1}}}]}\n"
								"- c: {switch: [{again: {when: .x, then: b}}, {on: {then: d}}]}\n"
								"- d: {set: {x: 1}}\n");
	assert_true(ir->root.block.loops);
	assert_false(nth(ir, 0)->may_revisit);
	assert_true(nth(ir, 1)->may_revisit);
	assert_true(nth(ir, 1)->block.tasks[0].may_revisit);
	assert_false(nth(ir, 1)->block.loops);
	assert_true(nth(ir, 2)->may_revisit);
	assert_false(nth(ir, 3)->may_revisit);
	ir = sound("do:\n- a: {set: {x: 1}, then: a}\n- b: {set: {x: 1}}\n");
	assert_true(nth(ir, 0)->may_revisit);
	assert_false(nth(ir, 1)->may_revisit);
}

static void a_switch_has_one_default(void **state)
{
	(void)state;
	const struct ir *ir = sound("do:\n- s:\n    switch:\n    - one: {when: .a, then: end}\n    - other: {then: t}\n"
								"- t: {set: {x: 1}}\n");
	assert_int_equal(nth(ir, 0)->switch_.count, 2);
	assert_string_equal(nth(ir, 0)->switch_.cases[1].name, "other");
	assert_null(nth(ir, 0)->switch_.cases[1].when.source);
	assert_int_equal(nth(ir, 0)->switch_.cases[1].next.index, 1);
	refused("do:\n- s: {switch: [{a: {then: end}}, {b: {then: exit}}, {c: {when: .x}}, d, {e: {when: 3, then: z}}]}\n",
			"/do/0/s/switch/1 switch_two_defaults; /do/0/s/switch/2/c/then required; /do/0/s/switch/3 type; "
			"/do/0/s/switch/4/e/when type; /do/0/s/switch/4/e/then then_unknown_task");
	refused("do:\n- s: {switch: []}\n", "/do/0/s/switch range");
}

static void a_loop_names_its_variables(void **state)
{
	(void)state;
	const struct ir *ir =
		sound("do:\n- l:\n    for: {in: .xs}\n    while: $item > 1\n    metadata: {parallel: {max: 7, settle: true}}\n"
			  "    do: [{b: {for: {each: y, at: j, in: [1, '${ .a }']}, do: [{c: {set: '${ $y }'}}]}}]\n");
	const struct ir_task *outer = nth(ir, 0), *inner = &outer->for_.block.tasks[0];
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
	refused("do:\n- l: {for: {each: context, at: 1x, in: 3}, do: []}\n- m: {for: {}}\n",
			"/do/0/l/for/each format; /do/0/l/for/at format; /do/0/l/for/in type; /do/1/m/for/in required; "
			"/do/1/m/do required");
	refused("do:\n- l: {for: {in: .x}, metadata: {parallel: {max: 1001}}, do: [{a: {set: {x: 1}, export: {as: .}}}]}\n",
			"/do/0/l/metadata/parallel/max range; /do/0/l/do/0/a/export unknown_property");
}

static void errors_are_inline_or_named(void **state)
{
	(void)state;
	const struct ir *ir =
		sound("use: {errors: {no: {type: 'https://x.io/no', status: 500, title: '${ .t }'}}}\n"
			  "do:\n- a: {raise: {error: no}}\n- b: {raise: {error: {type: x, status: 400, detail: d}}}\n");
	assert_string_equal(nth(ir, 0)->raise.type.source->text, "https://x.io/no");
	assert_int_equal(nth(ir, 0)->raise.title.mode, IR_STRICT);
	assert_string_equal(ir->values[nth(ir, 0)->raise.title.number].pointer, "/use/errors/no/title");
	assert_int_equal(nth(ir, 1)->raise.status.source->integer, 400);
	assert_null(nth(ir, 1)->raise.title.source);
	refused(
		"use: {errors: {e: {type: x}}}\ndo:\n- a: {raise: {error: none}}\n- b: {raise: {error: {status: abc}}}\n- c: "
		"{raise: {}}\n",
		"/use/errors/e/status required; /do/0/a/raise/error unknown_reference; /do/1/b/raise/error/status type; "
		"/do/1/b/raise/error/type required; /do/2/c/raise/error required");
}

static void a_try_catches_and_retries(void **state)
{
	(void)state;
	const struct ir *ir = sound(
		"use: {retries: {mine: {delay: {seconds: 3}, backoff: {exponential: {}}, limit: {attempt: {count: 5, "
		"duration: PT9S}, duration: PT1M}, jitter: {from: {milliseconds: 5}, to: PT0.01S}}}}\n"
		"do:\n"
		"- a: {try: [], catch: {errors: {with: {status: 404, type: t}}, as: err, when: $err.status == 404, retry: "
		"mine, do: [{x: {set: {e: '${ $err }'}}}], then: b}}\n"
		"- b: {try: [], catch: {retry: standard}}\n"
		"- c: {try: [], catch: {retry: {when: .a, delay: '${ .d }'}}}\n");
	const struct ir_task *a = nth(ir, 0);
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
	const struct ir_retry *standard = &nth(ir, 1)->try_.retry; /* P-10.3: 3 tries, 1 s, at most 30 s */
	assert_true(standard->given && standard->scatter);
	assert_int_equal(standard->limit_count, 2);
	assert_int_equal(standard->delay.ms, 1000);
	assert_int_equal(standard->max_delay_ms, 30000);
	assert_string_equal(nth(ir, 1)->try_.as, "error");
	assert_false(nth(ir, 1)->try_.has_do);
	assert_non_null(nth(ir, 2)->try_.retry.delay.value.source);
	assert_int_equal(nth(ir, 2)->try_.retry.limit_count, -1);
	refused(
		"do:\n- a: {try: [], catch: {retry: nope, then: x}}\n- b: {try: []}\n- c: {try: 3, catch: {retry: {backoff: "
		"{linear: {}, constant: {}}, jitter: {from: PT2S, to: PT1S}, delay: P1M, limit: {attempt: {count: -1}}}}}\n",
		"/do/0/a/catch/retry unknown_reference; /do/0/a/catch/then then_unknown_task; /do/1/b/catch required; "
		"/do/2/c/try type; /do/2/c/catch/retry/backoff/linear unknown_property; /do/2/c/catch/retry/jitter/to range; "
		"/do/2/c/catch/retry/delay format; /do/2/c/catch/retry/limit/attempt/count range");
}

static void an_emitted_event_needs_source_and_type(void **state)
{
	(void)state;
	const struct ir *ir = sound("do:\n- e: {emit: {event: {with: {source: 's', type: t, data: '${ . }', own: 1}}}}\n");
	assert_int_equal(nth(ir, 0)->emit.with.source->count, 4);
	refused("do:\n- e: {emit: {event: {with: {source: ''}}}}\n- f: {emit: {event: {}, more: 1}}\n",
			"/do/0/e/emit/event/with/source range; /do/0/e/emit/event/with/type required; /do/1/f/emit/event/with "
			"required; /do/1/f/emit/more unknown_property");
}

/* --- calls --- */

static void an_http_call_keeps_its_credentials_apart(void **state)
{
	(void)state;
	const struct ir *ir =
		sound("use: {authentications: {pet: {basic: {username: '${ $secrets.u }', password: p}}}}\n"
			  "do:\n"
			  "- a: {call: http, with: {method: get, endpoint: {uri: 'https://x.io/{id}', authentication: "
			  "{use: pet}}, query: '${ .q }'}}\n"
			  "- b: {call: http, with: {method: get, endpoint: '${ .uri }', output: response, redirect: true}}\n");
	const struct ir_task *a = nth(ir, 0);
	assert_int_equal(a->type, IR_CALL);
	assert_int_equal(a->call.callee, IR_HTTP);
	assert_non_null(json_get(a->call.authentication, "basic"));
	assert_true(ir->values[a->call.authentication_value.number].secrets);
	assert_false(ir->values[a->call.with.number].secrets);
	assert_null(json_get(json_get(a->call.with.source, "endpoint"), "authentication"));
	assert_string_equal(json_text(json_get(a->call.with.source, "endpoint"), "uri"), "https://x.io/{id}");
	assert_null(nth(ir, 1)->call.authentication);
	assert_string_equal(ir->features[0], "call.http");
	refused("do:\n- a: {call: http, with: {method: get, endpoint: x.io, output: text, headers: 3, verb: x}}\n"
			"- b: {call: http}\n- c: {call: http, with: {endpoint: {uri: 'https://a', authentication: {use: no}}}}\n"
			"- d: {call: http, with: '${ . }'}\n",
			"/do/0/a/with/endpoint format; /do/0/a/with/output enum; /do/0/a/with/headers type; /do/0/a/with/verb "
			"unknown_property; /do/1/b/with required; /do/2/c/with/endpoint/authentication/use unknown_reference; "
			"/do/2/c/with/method required; /do/3/d/with type");
}

static void policies_are_checked_where_they_stand(void **state)
{
	(void)state;
	sound(
		"use:\n  secrets: [mine]\n  authentications:\n    a: {bearer: {token: t}}\n    b: {oauth2: {use: mine}}\n"
		"    c: {oidc: {authority: 'https://a', grant: client_credentials, client: {id: i, secret: s}, scopes: [x]}}\n"
		"    d: {digest: {username: u, password: p}}\ndo: []\n");
	refused(
		"use:\n  secrets: [mine, 3]\n  authentications:\n    a: {bearer: {}}\n    b: {oauth2: {use: other}}\n"
		"    c: {oauth2: {grant: refresh_token}}\n    d: {basic: {username: u, password: p}, bearer: {token: t}}\n"
		"    e: {apikey: 1}\n    f: {use: a}\ndo: []\n",
		"/use/secrets/1 type; /use/authentications/a/bearer/token required; /use/authentications/b/oauth2/use "
		"unknown_reference; /use/authentications/c/oauth2/grant enum; /use/authentications/c/oauth2/authority "
		"required; /use/authentications/d/bearer unknown_property; /use/authentications/e required; "
		"/use/authentications/e/apikey unknown_property; /use/authentications/f required; /use/authentications/f/use "
		"unknown_property");
}

static void what_is_not_supported_is_refused_by_name(void **state)
{
	(void)state;
	policy.shell = false;
	refused(
		"do:\n- a: {call: grpc, with: {}}\n- b: {call: asyncapi}\n- c: {call: a2a}\n- d: {run: {container: {image: "
		"x}}}\n- e: {run: {script: {language: javascript, code: x}}}\n- f: {run: {shell: {command: ls}}}\n- g: {run: "
		"{script: {language: sh, code: ls}}}\n- h: {call: mcp, with: {method: tools/list, transport: {stdio: "
		"{command: npx}}}}\n- i: {call: nobody}\n- j: {call: 'f:1.0@none'}\n- k: {call: 'f@none'}\n",
		"/do/0/a/call unsupported_grpc; /do/1/b/call unsupported_asyncapi; /do/2/c/call unsupported_a2a; "
		"/do/3/d/run/container unsupported_container; /do/4/e/run/script/language script_disabled; "
		"/do/5/f/run/shell shell_disabled; /do/6/g/run/script/language shell_disabled; "
		"/do/7/h/with/transport/stdio stdio_disabled; /do/8/i/call unknown_reference; /do/9/j/call "
		"unknown_reference; /do/10/k/call format");
	static const char *const scripts[] = {"js", NULL};
	policy = (struct ir_policy){.shell = true, .stdio = true, .scripts = scripts};
	const struct ir *ir =
		sound("do:\n- e: {run: {script: {language: javascript, code: x, arguments: [1, '${ .a }']}}}\n"
			  "- f: {run: {shell: {command: 'ls ${HOME} '}, return: all, await: false}}\n"
			  "- h: {call: mcp, with: {method: tools/list, transport: {stdio: {command: npx}}}}\n"
			  "- w: {run: {workflow: {namespace: a, name: b, input: '${ . }'}, return: none}}\n");
	assert_int_equal(nth(ir, 0)->type, IR_RUN_SCRIPT);
	assert_int_equal(nth(ir, 1)->process.body.mode, IR_LITERAL);
	assert_int_equal(nth(ir, 1)->process.returns, IR_RETURN_ALL);
	assert_false(nth(ir, 1)->process.await);
	assert_int_equal(nth(ir, 2)->call.callee, IR_MCP);
	assert_int_equal(nth(ir, 3)->type, IR_RUN_WORKFLOW);
	assert_int_equal(nth(ir, 3)->workflow.returns, IR_RETURN_NONE);
	assert_null(nth(ir, 3)->workflow.version.source);
}

static bool known_op(void *context, const char *name, bool *effect)
{
	(void)context;
	*effect = strcmp(name, "trade.lapse") == 0;
	return *effect || strcmp(name, "sign.design") == 0;
}

static void our_own_products_are_called_by_name(void **state)
{
	(void)state;
	policy.op_known = known_op;
	const struct ir *ir = sound(
		"do:\n- a: {call: sign.design, with: {x: '${ .x }'}}\n- b: {call: trade.lapse, with: {}}\n"
		"- c: {call: countersign, with: {content: {}, title: T, who: {role: engineer}, quorum: 2, expires: P1D}}\n"
		"- d: {call: llm, with: {model: m, messages: [], cache: force}}\n- e: {call: memory.search, with: {agent_id: "
		"a}}\n"
		"- f: {call: worker, with: {queue: q, payload: {}, lease: PT1M}}\n");
	static const enum ir_callee want[] = {IR_OP, IR_EFFECT, IR_COUNTERSIGN, IR_LLM, IR_MEMORY, IR_WORKER};
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(nth(ir, i)->call.callee, want[i]);
	refused("do:\n- a: {call: sign.desing, with: {}}\n- c: {call: countersign, with: {title: T, who: {}, quorum: 0, "
			"on_reject: stop}}\n- d: {call: llm, with: {model: m, messages: x, cache: never}}\n- e: {call: worker}\n",
			"/do/0/a/call unknown_reference; /do/1/c/with/who required; /do/1/c/with/quorum range; "
			"/do/1/c/with/on_reject enum; /do/1/c/with/content required; /do/2/d/with/messages type; "
			"/do/2/d/with/cache enum; /do/3/e/with required");
}

static void functions_begin_references_anew(void **state)
{
	(void)state;
	const struct ir *ir = sound("use:\n  functions:\n    f: {do: [{x: {set: {a: '${ .b }'}}}]}\n    g: {call: f}\n"
								"do:\n- a: {call: f, with: {b: 1}}\n- b: {call: g}\n");
	const struct ir_task *f = nth(ir, 0)->call.function;
	assert_int_equal(nth(ir, 0)->call.callee, IR_FUNCTION);
	assert_string_equal(f->reference, "");
	assert_string_equal(f->block.tasks[0].reference, "/do/0/x");
	assert_string_equal(ir->values[f->block.tasks[0].set.number].pointer, "/use/functions/f/do/0/x/set");
	assert_true(f->block.tasks[0].may_revisit);
	assert_ptr_equal(nth(ir, 1)->call.function->call.function, f);
	refused("use:\n  functions:\n    f: {call: g}\n    g: {call: f}\n    h: {set: {}}\ndo: []\n",
			"/use/functions/g/call limit; /use/functions/h/set range");
}

static const struct json *pinned(void *context, const char *uri)
{
	assert_string_equal(uri, "https://cat.io/root/functions/log/1.2.0/function.yaml");
	return context;
}

static void catalogs_give_functions_by_address(void **state)
{
	(void)state;
	static const char text[] = "use: {catalogs: {mine: {endpoint: {uri: 'https://cat.io/root/'}}}}\n"
							   "do:\n- a: {call: 'log:1.2.0@mine', with: {x: 1}}\n";
	const struct ir *ir = sound(text);
	assert_null(nth(ir, 0)->call.function);
	assert_int_equal(ir->resources_count, 1);
	assert_int_equal(ir->resources[0].kind, IR_CATALOG_FUNCTION);
	assert_string_equal(ir->resources[0].pointer, "/do/0/a/call");
	static const char function[] = "{\"do\":[{\"s\":{\"set\":{\"y\":1}}}]}";
	const struct json *json;
	assert_true(json_parse(&arena, function, strlen(function), &json_body_limits, &json, NULL));
	policy.resource = pinned;
	policy.resources = (void *)(uintptr_t)json;
	ir = sound(text);
	assert_string_equal(nth(ir, 0)->call.function->block.tasks[0].reference, "/do/0/s");
	assert_string_equal(nth(ir, 0)->call.uri, ir->resources[0].uri);
}

static void extensions_apply_to_their_kind(void **state)
{
	(void)state;
	const struct ir *ir = sound("use:\n  extensions:\n  - log: {extend: all, before: [{l: {set: {x: 1}}}]}\n"
								"  - mock: {extend: call, when: $task.with != null, after: [{m: {call: f}}]}\n"
								"  functions: {f: {set: {y: 1}}}\n"
								"do:\n- a: {call: f}\n- b: {wait: PT1S}\n");
	const struct ir_extension *const *of_a = nth(ir, 0)->extensions, *const *of_b = nth(ir, 1)->extensions;
	assert_string_equal(of_a[0]->name, "log");
	assert_string_equal(of_a[1]->name, "mock");
	assert_null(of_a[2]);
	assert_string_equal(of_a[0]->before.tasks[0].reference, "/before/0/l");
	assert_null(of_a[0]->before.tasks[0].extensions);
	assert_non_null(of_b[0]);
	assert_null(of_b[1]);
	refused("use: {extensions: [{x: {extend: most, before: 3}}, y]}\ndo: []\n",
			"/use/extensions/0/x/extend enum; /use/extensions/0/x/before type; /use/extensions/1 type");
}

/* --- events and schedules --- */

static void listeners_read_their_strategies(void **state)
{
	(void)state;
	const struct ir *ir = sound(
		"do:\n"
		"- a: {listen: {to: {one: {with: {type: t, data: '${ .x > 1 }'}, correlate: {k: {from: .id, expect: '7'}}}}}}\n"
		"- b:\n    listen: {to: {any: [], until: '( . | length ) > 3'}, read: envelope}\n"
		"    foreach: {item: event, at: i, do: [{p: {set: {e: '${ $event }'}}}], output: {as: .e}}\n"
		"- c: {listen: {to: {any: [{with: {type: t}}], until: {one: {with: {type: stop}}}}}}\n"
		"- d: {listen: {to: {all: [{with: {type: t}}, {with: {type: u}}]}}}\n");
	const struct ir_strategy *one = &nth(ir, 0)->listen.to;
	assert_int_equal(one->consume, IR_ONE);
	assert_int_equal(one->filters[0].values[0].mode, IR_LITERAL);
	assert_int_equal(one->filters[0].values[1].mode, IR_STRICT);
	assert_string_equal(one->filters[0].correlate[0].name, "k");
	assert_int_equal(one->filters[0].correlate[0].expect.mode, IR_LITERAL);
	const struct ir_task *b = nth(ir, 1);
	assert_int_equal(b->listen.read, IR_READ_ENVELOPE);
	assert_int_equal(b->listen.to.count, 0);
	assert_int_equal(b->listen.to.until.mode, IR_BARE);
	assert_string_equal(b->listen.block.tasks[0].reference, "/do/1/b/foreach/do/0/p");
	assert_int_equal(ir->values[b->listen.foreach_output_as.number].scope->count, 2);
	assert_int_equal(nth(ir, 2)->listen.to.until_events->consume, IR_ONE);
	assert_int_equal(nth(ir, 3)->listen.to.count, 2);
	refused(
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
	const struct ir *ir = sound("schedule: {cron: '0 6 * * 1-5', tz: Europe/Berlin, catch_up: all}\ndo: []\n");
	assert_true(ir->schedule.given);
	assert_string_equal(ir->schedule.tz, "Europe/Berlin");
	assert_int_equal(sound("schedule: {every: {minutes: 5}}\ndo: []\n")->schedule.every.ms, 300000);
	assert_int_equal(sound("schedule: {on: {one: {with: {type: t}}}, read: raw}\ndo: []\n")->schedule.on->count, 1);
	refused("schedule: {cron: '61 * * * *', tz: Nowhere/At, overlap: maybe}\ndo: []\n",
			"/schedule/cron format; /schedule/tz unknown_timezone; /schedule/overlap enum");
	refused("schedule: {}\ndo: []\n", "/schedule required");
	refused("schedule: {every: '${ .x }', after: PT1S}\ndo: []\n",
			"/schedule/every type; /schedule/after unknown_property");
	refused("schedule: {every: PT0S}\ndo: []\n", "/schedule/every range");
}

static void schemas_and_patterns_are_looked_into(void **state)
{
	(void)state;
	refused("input: {schema: {document: {type: objekt}}}\ndo:\n- a: {set: {x: 1}, output: {schema: {document: {$ref: "
			"'https://x.io/s.json'}}}}\n- b: {listen: {to: {one: {with: {type: '/a(/', source: '/^x$/'}}}}}\n",
			"/input/schema/document/type enum; /do/0/a/output/schema/document/$ref unknown_reference; "
			"/do/1/b/listen/to/one/with/type format");
}

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
	policy.expression = note_expression;
	seen = "";
	sound(
		"do:\n- a: {if: .a, set: {x: ['${ .b }', plain], y: {z: '${.c}'}}, output: {as: '${ .d }'}, input: {from: {q: "
		"'${.e}', r: .f}}}\n");
	assert_string_equal(seen, "/do/0/a/if .a; /do/0/a/input/from .e; /do/0/a/output/as  .d ; /do/0/a/set  .b ; "
							  "/do/0/a/set .c");
	refused("do:\n- a: {set: {x: ['${ ! }', plain], y: '${ .! }'}, if: '!'}\n",
			"/do/0/a/set/x/0 expression_syntax; /do/0/a/set/y expression_syntax; /do/0/a/if expression_syntax");
}

static void a_loose_definition_takes_bare_text(void **state)
{
	(void)state;
	policy.expression = note_expression;
	seen = "";
	const struct ir *ir =
		sound("evaluate: {mode: loose}\ndo:\n- a: {set: {x: .b, y: '${.c}', z: 1}}\n- b: {set: {z: 1}}\n"
			  "- c: {set: .all}\n- d: {wait: .pause}\n");
	assert_int_equal(nth(ir, 0)->set.mode, IR_LOOSE);
	assert_int_equal(nth(ir, 1)->set.mode, IR_LITERAL);
	assert_int_equal(nth(ir, 2)->set.mode, IR_LOOSE);
	assert_int_equal(nth(ir, 3)->wait.value.mode, IR_LOOSE);
	assert_string_equal(seen, "/do/0/a/set .c");
}

static void durations_are_constants_or_expressions(void **state)
{
	(void)state;
	const struct ir *ir =
		sound("do:\n- a: {wait: PT1.5S}\n- b: {wait: {days: 1, milliseconds: 2}}\n- c: {wait: '${ .w }'}\n"
			  "- d: {wait: {seconds: '${ .s }', minutes: 1}}\n");
	assert_int_equal(nth(ir, 0)->wait.ms, 1500);
	assert_int_equal(nth(ir, 1)->wait.ms, 86400002);
	assert_non_null(nth(ir, 2)->wait.value.source);
	assert_int_equal(nth(ir, 3)->wait.value.mode, IR_STRICT);
	refused(
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

/* --- limits --- */

static void there_are_limits(void **state)
{
	(void)state;
	struct buf text;
	buf_init(&text, 0);
	buf_adds(&text, DOCUMENT "do:\n");
	for (int i = 0; i <= IR_TASKS_MAX; i++)
		buf_addf(&text, "- t%d: {wait: PT1S}\n", i);
	assert_null(compile_text(buf_text(&text)));
	assert_string_equal(all_problems(), "/do limit");
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
	assert_true(json_parse(&arena, buf_text(&text), text.size, &limits, &json, NULL));
	assert_null(ir_compile(&arena, json, &policy, &problems));
	assert_int_equal(problems.count, 1);
	assert_string_equal(problems.items[0].code, "limit");
	buf_fini(&text);
}

static void a_full_arena_is_no_problem_of_the_text(void **state)
{
	(void)state;
	const struct json *json;
	struct yaml_fault fault;
	static const char text[] = DOCUMENT "do:\n- a: {set: {x: '${ .y }'}}\n- b: {wait: PT1S, bad: 1}\n";
	assert_true(yaml_read(&arena, text, strlen(text), &json, &fault));
	for (size_t cap = 0; cap < 40000; cap += 100) {
		struct arena small;
		arena_init(&small, cap);
		const struct ir *ir = ir_compile(&small, json, &policy, &problems);
		assert_null(ir);
		assert_true(problems.count == 0 ? small.full : strcmp(all_problems(), "/do/1/b/bad unknown_property") == 0);
		arena_fini(&small);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_document_is_read),
		TEST(documents_are_refused_whole),
		TEST(versions_and_labels_are_of_their_form),
		TEST(references_and_segments_are_pointers),
		TEST(every_task_takes_the_common_members),
		TEST(wrong_members_are_told_all_at_once),
		TEST(directives_lead_within_their_list),
		TEST(only_what_a_jump_can_reach_again_is_marked),
		TEST(a_switch_has_one_default),
		TEST(a_loop_names_its_variables),
		TEST(errors_are_inline_or_named),
		TEST(a_try_catches_and_retries),
		TEST(an_emitted_event_needs_source_and_type),
		TEST(an_http_call_keeps_its_credentials_apart),
		TEST(policies_are_checked_where_they_stand),
		TEST(what_is_not_supported_is_refused_by_name),
		TEST(our_own_products_are_called_by_name),
		TEST(functions_begin_references_anew),
		TEST(catalogs_give_functions_by_address),
		TEST(extensions_apply_to_their_kind),
		TEST(listeners_read_their_strategies),
		TEST(schedules_are_of_one_kind),
		TEST(schemas_and_patterns_are_looked_into),
		TEST(an_expression_is_the_whole_text),
		TEST(every_expression_is_shown_once),
		TEST(a_loose_definition_takes_bare_text),
		TEST(durations_are_constants_or_expressions),
		TEST(iso_durations_are_in_order),
		TEST(there_are_limits),
		TEST(a_full_arena_is_no_problem_of_the_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
