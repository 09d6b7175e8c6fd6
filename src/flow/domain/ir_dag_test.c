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
#include "flow/domain/ir.h"
#include "seal/pack.h"

static struct arena arena;
static struct ir_problems problems;
static struct ir_policy policy;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 256 << 20);
	policy = (struct ir_policy){.shell = true};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

#define HEAD "workflow_id: w.1\nversion: 1.0.0\nname: W\n"

static const struct ir *compile_text(const char *text)
{
	const struct json *json;
	struct yaml_fault fault = {.code = ""};
	if (!yaml_read(&arena, text, strlen(text), &json, &fault))
		fail_msg("line %zu: %s in\n%s", fault.line, fault.message, text);
	return ir_compile(&arena, json, &policy, &problems);
}

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
	const struct ir *ir = compile_text(arena_printf(&arena, HEAD "%s", rest));
	if (ir == NULL)
		fail_msg("%s\nin\n%s", all_problems(), rest);
	return ir;
}

static void refused(const char *rest, const char *expected)
{
	const struct ir *ir = compile_text(arena_printf(&arena, HEAD "%s", rest));
	if (ir != NULL)
		fail_msg("taken, but should be: %s\nin\n%s", expected, rest);
	if (strcmp(all_problems(), expected) != 0)
		fail_msg("got  %s\nwant %s\nin\n%s", all_problems(), expected, rest);
}

static const struct ir_step *step(const struct ir *ir, uint32_t i)
{
	assert_true(i < ir->root.dag.count);
	return &ir->root.dag.steps[i];
}

static void a_dag_has_its_identity_and_defaults(void **state)
{
	(void)state;
	const struct ir *ir =
		sound("tags: [a]\nschedule: '@daily'\nbudget: {limit: 5, currency: USD}\n"
			  "inputs_schema: {type: object}\noutputs: {r: .steps.a.output}\nsteps:\n- {step_id: a}\n");
	assert_true(ir->dag);
	assert_string_equal(ir->namespace, "dag");
	assert_string_equal(ir->name, "w.1");
	assert_string_equal(ir->title, "W");
	assert_string_equal(ir->schedule.cron, "@daily");
	assert_int_equal(ir->root.type, IR_DAG_STEPS);
	assert_int_equal(ir->root.dag.max_parallel, 20);
	assert_string_equal(json_text(ir->root.dag.outputs_value.source, "r"), "${ .steps.a.output }");
	assert_non_null(ir->root.input_schema.document);
	const struct ir_step *a = step(ir, 0);
	assert_string_equal(a->task.reference, "/steps/a");
	assert_int_equal(a->task.call.callee, IR_WORKER);
	assert_string_equal(json_text(a->task.call.with.source, "queue"), "default");
	assert_int_equal(a->task.timeout.ms, 300000);
	assert_false(a->retry.given);
	assert_null(a->condition.source);
	assert_false(a->run_on_failed);
}

static void older_names_are_read_too(void **state)
{
	(void)state;
	const struct ir *ir =
		sound("steps:\n- {id: a, agent_capability: code_review, inputs: {x: 1}, config: {timeout: 7, retry_count: 2}}\n"
			  "- {id: b, agent_capability: set, inputs: {y: 2}, dependencies: [a, a], when_upstream_failed: run}\n");
	assert_string_equal(json_text(step(ir, 0)->task.call.with.source, "queue"), "code_review");
	assert_int_equal(step(ir, 0)->task.timeout.ms, 7000);
	assert_int_equal(step(ir, 0)->retry.limit_count, 2);
	assert_int_equal(step(ir, 0)->retry.delay.ms, 5000);
	assert_int_equal(step(ir, 0)->retry.constants.backoff, BACKOFF_EXPONENTIAL);
	assert_int_equal(step(ir, 1)->task.type, IR_SET);
	assert_int_equal(step(ir, 1)->depends_count, 1);
	assert_int_equal(step(ir, 1)->depends[0], 0);
	assert_int_equal(step(ir, 0)->dependents_count, 1);
	assert_true(step(ir, 1)->run_on_failed);
	refused(
		"steps:\n- {id: a, step_id: b, type: task, agent_capability: x, params: {}, inputs: {}, depends_on: [], "
		"dependencies: []}\n",
		"/steps/0/id unknown_property; /steps/0/agent_capability unknown_property; /steps/0/inputs unknown_property; "
		"/steps/0/dependencies unknown_property");
}

static void every_type_has_the_body_of_its_task(void **state)
{
	(void)state;
	const struct ir *ir =
		sound("steps:\n"
			  "- {step_id: s, type: set, params: {x: '${ .inputs.a }'}}\n"
			  "- {step_id: h, type: http, params: {method: get, endpoint: 'https://x.io/${{ inputs.id }}'}}\n"
			  "- {step_id: o, type: openapi, params: {document: {endpoint: 'https://x.io'}, operationId: i}}\n"
			  "- {step_id: m, type: mcp, params: {method: tools/list, transport: {http: {endpoint: 'https://m'}}}}\n"
			  "- {step_id: w, type: wait, params: PT1H}\n"
			  "- {step_id: e, type: emit, params: {event: {with: {source: s, type: t}}}}\n"
			  "- {step_id: l, type: listen, params: {to: {one: {with: {type: t}}}, read: envelope}}\n"
			  "- {step_id: x, type: shell, params: {command: 'echo ${{ inputs.a }}', return: all}}\n"
			  "- {step_id: f, type: workflow, params: {namespace: n, name: w}}\n"
			  "- {step_id: c, type: countersign, params: {content: {}, title: T, who: {role: r}}}\n"
			  "- {step_id: g, type: llm, params: {model: m, messages: []}}\n"
			  "- {step_id: p, type: op, params: {call: worker, with: {queue: q}}}\n"
			  "- {step_id: r, type: memory, params: {call: memory.get, with: {memory_id: i}}}\n");
	static const enum ir_type want[] = {IR_SET,       IR_CALL,         IR_CALL, IR_CALL, IR_WAIT, IR_EMIT, IR_LISTEN,
										IR_RUN_SHELL, IR_RUN_WORKFLOW, IR_CALL, IR_CALL, IR_CALL, IR_CALL};
	for (uint32_t i = 0; i < sizeof want / sizeof *want; i++)
		assert_int_equal(step(ir, i)->task.type, want[i]);
	assert_int_equal(step(ir, 0)->task.set.mode, IR_STRICT);
	assert_string_equal(ir->values[step(ir, 0)->task.set.number].pointer, "/steps/0/params");
	assert_int_equal(step(ir, 4)->task.wait.ms, 3600000);
	assert_false(step(ir, 4)->task.timeout.given);
	assert_int_equal(step(ir, 6)->task.listen.read, IR_READ_ENVELOPE);
	assert_int_equal(step(ir, 7)->task.process.returns, IR_RETURN_ALL);
	assert_null(json_get(step(ir, 7)->task.process.body.source, "return"));
	assert_int_equal(step(ir, 11)->task.call.callee, IR_WORKER);
	assert_int_equal(step(ir, 12)->task.call.callee, IR_MEMORY);
	assert_string_equal(json_text(step(ir, 7)->task.definition, "step_id"), "x");
}

static void faults_are_told_where_the_text_has_them(void **state)
{
	(void)state;
	refused("steps:\n"
			"- {step_id: a, type: http, params: {endpoint: x}}\n"
			"- {step_id: b, type: shell, params: {cmd: ls, return: some}}\n"
			"- {step_id: c, type: wait, params: soon}\n"
			"- {step_id: d, type: set}\n"
			"- {step_id: e, type: nothing}\n"
			"- {step_id: f, type: emit, params: {event: {with: {source: s}}}}\n"
			"- {step_id: g, type: op, params: {with: {}}}\n"
			"- {step_id: a b, type: task}\n"
			"- {step_id: g, timeout_seconds: 0, retry_count: -1, extra: 1}\n",
			"/steps/0/params/endpoint format; /steps/0/params/method required; /steps/1/params enum; "
			"/steps/1/params/cmd unknown_property; /steps/1/params/command required; /steps/2/params format; "
			"/steps/3/params required; /steps/4/type enum; /steps/5/params/event/with/type required; "
			"/steps/6/params/call required; /steps/7/step_id format; /steps/8/step_id duplicate_task; "
			"/steps/8/timeout_seconds range; /steps/8/retry_count range; /steps/8/extra unknown_property");
	assert_null(compile_text("workflow_id: 'a b'\nversion: 1.0.0-rc\nname: ''\nsteps: []\ntags: [1]\nschedule: x\n"));
	assert_string_equal(all_problems(),
						"/workflow_id format; /version format; /name range; /steps range; /tags/0 type; "
						"/schedule format");
	assert_null(compile_text("steps: [{type: task}, 3]\n"));
	assert_string_equal(all_problems(), "/steps/0/step_id required; /steps/1 type; /workflow_id required; /version "
										"required; /name required");
}

static void dependencies_are_of_steps_and_in_no_circle(void **state)
{
	(void)state;
	refused("steps:\n- {step_id: a, depends_on: [x, 3]}\n", "/steps/0/depends_on/0 unknown_dependency; "
															"/steps/0/depends_on/1 type");
	refused(
		"steps:\n- {step_id: a, depends_on: [b]}\n- {step_id: b, depends_on: [a]}\n- {step_id: c, depends_on: [c]}\n",
		"/steps/0/depends_on dag_cycle; /steps/2/depends_on dag_cycle");
	assert_string_equal(problems.items[0].message, "a -> b -> a");
	assert_string_equal(problems.items[1].message, "c -> c");
	refused(
		"steps:\n- {step_id: a, depends_on: [c]}\n- {step_id: b, depends_on: [a]}\n- {step_id: c, depends_on: [b]}\n",
		"/steps/0/depends_on dag_cycle");
	assert_string_equal(problems.items[0].message, "a -> b -> c -> a");
}

static void references_are_to_ancestors(void **state)
{
	(void)state;
	const struct ir *ir =
		sound("outputs: {z: '${{ steps.c.output }}'}\nsteps:\n- {step_id: a-1}\n- {step_id: b, depends_on: [a-1]}\n"
			  "- {step_id: c, depends_on: [b], params: {x: '${{ steps.a-1.output.y[0].z }} of ${{ inputs.n }}', y: '${ "
			  ".steps[\"a-1\"].output }'}, condition: '.steps.b.status == \"completed\"'}\n");
	assert_int_equal(step(ir, 2)->condition.mode, IR_BARE);
	refused(
		"steps:\n- {step_id: a}\n- {step_id: b, params: {x: '${{ steps.a.output }}'}}\n"
		"- {step_id: c, params: {x: '${{ steps.none.output }}'}}\n- {step_id: d, params: ['${{ steps.d.status }}']}\n"
		"- {step_id: e, condition: .steps.a.output.ok}\n- {step_id: f, params: '${ .steps[\"a\"].status }'}\n",
		"/steps/1/params/x not_an_ancestor; /steps/2/params/x not_an_ancestor; /steps/3/params/0 not_an_ancestor; "
		"/steps/4/condition not_an_ancestor; /steps/5/params not_an_ancestor");
	refused("steps:\n- {step_id: a, params: {x: '${{ input.a }}', y: 'x ${{ steps.a }}', z: '${{ inputs.', q: '${{ "
			"inputs.a[x] }}', r: '${{ steps..output }}'}}\n",
			"/steps/0/params/x expression_syntax; /steps/0/params/y expression_syntax; /steps/0/params/z "
			"expression_syntax; /steps/0/params/q expression_syntax; /steps/0/params/r expression_syntax");
	/* Behind a pipe `.` is something else. */
	sound("steps:\n- {step_id: a}\n- {step_id: b, condition: '.inputs | .steps.a'}\n- {step_id: c, condition: "
		  ".inputs.steps.a}\n");
}

static void placeholders_are_taken_apart(void **state)
{
	(void)state;
	static const char text[] = "a ${{ inputs.x }} b ${{steps.s-1.output.l[12].m}}${{ steps.q.status }}";
	struct ir_placeholder found;
	size_t at = 0, size;
	uint64_t index;
	const char *name;
	assert_true(ir_placeholder_next(text, strlen(text), &at, &found));
	assert_true(found.sound && found.inputs);
	assert_int_equal(found.from, 2);
	assert_int_equal(found.to, 17);
	assert_true(ir_placeholder_next(text, strlen(text), &at, &found));
	assert_true(found.sound && !found.inputs && !found.status);
	assert_int_equal(found.step_size, 3);
	assert_true(ir_path_next(&found.path, &found.path_size, &name, &size, &index));
	assert_true(name != NULL && size == 1 && *name == 'l');
	assert_true(ir_path_next(&found.path, &found.path_size, &name, &size, &index));
	assert_true(name == NULL && index == 12);
	assert_true(ir_path_next(&found.path, &found.path_size, &name, &size, &index));
	assert_true(name != NULL && size == 1 && *name == 'm');
	assert_false(ir_path_next(&found.path, &found.path_size, &name, &size, &index));
	assert_true(ir_placeholder_next(text, strlen(text), &at, &found));
	assert_true(found.status && found.path_size == 0);
	assert_false(ir_placeholder_next(text, strlen(text), &at, &found));
}

/* Alone the JSON type is kept, inside of text it is text, in jq it is a value [flow.md 2.6]. */
static void placeholders_become_jq(void **state)
{
	(void)state;
	static const struct {
		const char *written, *read;
	} cases[] = {
		{"${{ inputs.long_name.b }}", "${ .inputs.long_name.b }"},
		{" ${{inputs}} ", "${ .inputs }"},
		{"${{ steps.s-1.output[2].and }}", "${ .steps.\"s-1\".output[2].and }"},
		{"a \"q\" \\(x) ${{ inputs.n }}!", "${ \"a \\\"q\\\" \\\\(x) \\(.inputs.n)!\" }"},
		{"${{ inputs.a }}${{ steps.s-1.status }}", "${ \"\\(.inputs.a)\\(.steps.\"s-1\".status)\" }"},
		{"${ ${{ inputs.a }} + 1 }", "${  (.inputs.a) + 1  }"},
		{"${ .inputs.a }", "${ .inputs.a }"},
		{"$HOME ${X}", "$HOME ${X}"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct ir *ir = sound(arena_printf(
			&arena,
			"steps:\n- {step_id: s-1}\n- step_id: t\n  type: set\n  depends_on: [s-1]\n  params:\n    x: '%s'\n",
			cases[i].written));
		assert_string_equal(json_text(step(ir, 1)->task.set.source, "x"), cases[i].read);
	}
	const struct ir *ir = sound(
		"steps:\n- {step_id: a, condition: '${{ inputs.a }} == 1'}\n- {step_id: b, condition: '${{ inputs.b }}'}\n");
	assert_string_equal(step(ir, 0)->condition.source->text, "${ (.inputs.a) == 1 }");
	assert_string_equal(step(ir, 1)->condition.source->text, "${ .inputs.b }");
}

/* flow.md 2.6: up to 50,000 steps, each here with a reference far up. */
static void fifty_thousand_steps_are_taken(void **state)
{
	(void)state;
	struct buf text;
	buf_init(&text, 0);
	buf_adds(&text, "{\"workflow_id\":\"w\",\"version\":\"1.0.0\",\"name\":\"n\",\"steps\":[{\"step_id\":\"s0\"}");
	for (int i = 1; i < IR_DAG_STEPS_MAX; i++)
		buf_addf(&text,
				 ",{\"step_id\":\"s%d\",\"depends_on\":[\"s%d\"],\"params\":{\"x\":\"${{ steps.s%d.output }}\"}}", i,
				 i - 1, i / 1000);
	buf_adds(&text, "]}");
	const struct json_limits limits = {.depth = 64, .values = 5000000};
	const struct json *json;
	assert_true(json_parse(&arena, buf_text(&text), text.size, &limits, &json, NULL));
	buf_fini(&text);
	const struct ir *ir = ir_compile(&arena, json, &policy, &problems);
	assert_non_null(ir);
	assert_int_equal(ir->tasks_count, IR_DAG_STEPS_MAX);
	assert_string_equal(step(ir, IR_DAG_STEPS_MAX - 1)->task.reference, "/steps/s49999");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_dag_has_its_identity_and_defaults),
		TEST(older_names_are_read_too),
		TEST(every_type_has_the_body_of_its_task),
		TEST(faults_are_told_where_the_text_has_them),
		TEST(dependencies_are_of_steps_and_in_no_circle),
		TEST(references_are_to_ancestors),
		TEST(placeholders_are_taken_apart),
		TEST(placeholders_become_jq),
		TEST(fifty_thousand_steps_are_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
