#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/json.h"
#include "core/jw.h"
#include "flow/domain/ir.h"
#include "flow/workflow_graph.h"
#include "seal/pack.h"

static struct arena arena;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 64 << 20);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static const struct json *graph_of(const char *yaml)
{
	const struct ir_policy policy = {.shell = true};
	struct ir_problems problems;
	struct yaml_fault fault;
	const struct json *json;
	struct buf text;
	struct jw jw;
	assert_true(yaml_read(&arena, yaml, strlen(yaml), &json, &fault));
	const struct ir *ir = ir_compile(&arena, json, &policy, &problems);
	assert_non_null(ir);
	buf_init(&text, 0);
	jw_init(&jw, &text);
	assert_true(workflow_graph_write(&jw, &arena, ir));
	const char *copy = arena_dupn(&arena, buf_text(&text), text.size);
	assert_true(json_parse(&arena, copy, text.size, &json_body_limits, &json, NULL));
	buf_fini(&text);
	return json;
}

/* "from>to from>to" */
static const char *edges_of(const struct json *graph)
{
	const struct json *edges = json_get(graph, "edges");
	struct buf text;
	buf_init(&text, 0);
	for (uint32_t i = 0; i < edges->count; i++)
		buf_addf(&text, "%s%s>%s", i == 0 ? "" : " ", strrchr(json_text(&edges->items[i], "from"), '/') + 1,
				 strrchr(json_text(&edges->items[i], "to"), '/') + 1);
	const char *copy = arena_dup(&arena, buf_text(&text));
	buf_fini(&text);
	return copy;
}

static const char *path_of(const struct json *graph)
{
	const struct json *path = json_get(graph, "critical_path");
	struct buf text;
	buf_init(&text, 0);
	for (uint32_t i = 0; i < path->count; i++)
		buf_addf(&text, "%s%s", i == 0 ? "" : " ", strrchr(path->items[i].text, '/') + 1);
	const char *copy = arena_dup(&arena, buf_text(&text));
	buf_fini(&text);
	return copy;
}

static double number_of(const struct json *graph, const char *name)
{
	return json_number(json_get(graph, name));
}

#define DOCUMENT "document: {dsl: 1.0.3, namespace: t, name: t, version: 1.0.0}\n"

static void tasks_lead_into_their_lists_and_on(void **state)
{
	(void)state;
	const struct json *graph = graph_of(DOCUMENT "do:\n- a: {do: [{b: {wait: PT2S}}, {c: {set: {x: 1}}}]}\n"
												 "- f: {fork: {branches: [{g: {wait: PT5S}}, {h: {set: {x: 1}}}]}}\n"
												 "- z: {set: {x: 1}}\n");
	assert_int_equal(json_get(graph, "nodes")->count, 7);
	assert_string_equal(edges_of(graph), "a>b b>c c>f f>g f>h g>z h>z");
	assert_string_equal(path_of(graph), "a b c f g z");
	assert_float_equal(number_of(graph, "min_time_s"), 7, 0);
	assert_float_equal(number_of(graph, "max_parallelism"), 2, 0);
}

static void jumps_and_cases_lead_where_they_say(void **state)
{
	(void)state;
	const struct json *graph =
		graph_of(DOCUMENT "do:\n- s: {switch: [{x: {when: .a, then: b}}, {y: {when: .b, then: end}}]}\n"
						  "- a: {set: {x: 1}, then: exit}\n- b: {raise: {error: {type: t, status: 500}}}\n"
						  "- c: {set: {x: 1}, then: s}\n");
	assert_string_equal(edges_of(graph), "s>b s>a c>s");
	/* A jump back is no part of the way. */
	assert_string_equal(path_of(graph), "s a");
}

static void what_is_caught_goes_on_too(void **state)
{
	(void)state;
	const struct json *graph = graph_of(
		DOCUMENT
		"do:\n- t: {try: [{a: {set: {x: 1}}}], catch: {do: [{b: {set: {x: 1}}}], then: z}}\n- y: {set: {x: 1}}\n"
		"- z: {for: {in: .x}, metadata: {parallel: {max: 4}}, do: [{w: {set: {x: 1}}}]}\n");
	assert_string_equal(edges_of(graph), "t>a t>b b>z a>y y>z z>w");
	assert_float_equal(number_of(graph, "max_parallelism"), 4, 0);
}

static void steps_follow_their_dependencies(void **state)
{
	(void)state;
	const struct json *graph = graph_of("workflow_id: w\nversion: 1.0.0\nname: W\nsteps:\n- {step_id: a}\n"
										"- {step_id: b, type: wait, params: PT3S, depends_on: [a]}\n"
										"- {step_id: c, depends_on: [a]}\n- {step_id: d, depends_on: [b, c]}\n");
	assert_string_equal(edges_of(graph), "a>b a>c b>d c>d");
	assert_string_equal(path_of(graph), "a b d");
	assert_float_equal(number_of(graph, "min_time_s"), 3, 0);
	assert_float_equal(number_of(graph, "max_parallelism"), 2, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(tasks_lead_into_their_lists_and_on),
		TEST(jumps_and_cases_lead_where_they_say),
		TEST(what_is_caught_goes_on_too),
		TEST(steps_follow_their_dependencies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
