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

/* --- calls --- */

static void an_http_call_keeps_its_credentials_apart(void **state)
{
	(void)state;
	const struct ir *ir =
		ir_sound("use: {authentications: {pet: {basic: {username: '${ $secrets.u }', password: p}}}}\n"
				 "do:\n"
				 "- a: {call: http, with: {method: get, endpoint: {uri: 'https://x.io/{id}', authentication: "
				 "{use: pet}}, query: '${ .q }'}}\n"
				 "- b: {call: http, with: {method: get, endpoint: '${ .uri }', output: response, redirect: true}}\n");
	const struct ir_task *a = ir_nth_task(ir, 0);
	assert_int_equal(a->type, IR_CALL);
	assert_int_equal(a->call.callee, IR_HTTP);
	assert_non_null(json_get(a->call.authentication, "basic"));
	assert_true(ir->values[a->call.authentication_value.number].secrets);
	assert_false(ir->values[a->call.with.number].secrets);
	assert_null(json_get(json_get(a->call.with.source, "endpoint"), "authentication"));
	assert_string_equal(json_text(json_get(a->call.with.source, "endpoint"), "uri"), "https://x.io/{id}");
	assert_null(ir_nth_task(ir, 1)->call.authentication);
	assert_string_equal(ir->features[0], "call.http");
	ir_refused("do:\n- a: {call: http, with: {method: get, endpoint: x.io, output: text, headers: 3, verb: x}}\n"
			   "- b: {call: http}\n- c: {call: http, with: {endpoint: {uri: 'https://a', authentication: {use: no}}}}\n"
			   "- d: {call: http, with: '${ . }'}\n",
			   "/do/0/a/with/endpoint format; /do/0/a/with/output enum; /do/0/a/with/headers type; /do/0/a/with/verb "
			   "unknown_property; /do/1/b/with required; /do/2/c/with/endpoint/authentication/use unknown_reference; "
			   "/do/2/c/with/method required; /do/3/d/with type");
}

static void policies_are_checked_where_they_stand(void **state)
{
	(void)state;
	ir_sound(
		"use:\n  secrets: [mine]\n  authentications:\n    a: {bearer: {token: t}}\n    b: {oauth2: {use: mine}}\n"
		"    c: {oidc: {authority: 'https://a', grant: client_credentials, client: {id: i, secret: s}, scopes: [x]}}\n"
		"    d: {digest: {username: u, password: p}}\ndo: []\n");
	ir_refused(
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
	ir_rules.shell = false;
	ir_refused(
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
	ir_rules = (struct ir_policy){.shell = true, .stdio = true, .scripts = scripts};
	ir_refused("do:\n- a: {run: {shell: {command: x, arguments: 5}}}\n", "/do/0/a/run/shell/arguments type");
	const struct ir *ir =
		ir_sound("do:\n- e: {run: {script: {language: javascript, code: x, arguments: [1, '${ .a }']}}}\n"
				 "- f: {run: {shell: {command: 'ls ${HOME} '}, return: all, await: false}}\n"
				 "- h: {call: mcp, with: {method: tools/list, transport: {stdio: {command: npx}}}}\n"
				 "- w: {run: {workflow: {namespace: a, name: b, input: '${ . }'}, return: none}}\n");
	assert_int_equal(ir_nth_task(ir, 0)->type, IR_RUN_SCRIPT);
	assert_int_equal(ir_nth_task(ir, 1)->process.body.mode, IR_LITERAL);
	assert_int_equal(ir_nth_task(ir, 1)->process.returns, IR_RETURN_ALL);
	assert_false(ir_nth_task(ir, 1)->process.await);
	assert_int_equal(ir_nth_task(ir, 2)->call.callee, IR_MCP);
	assert_int_equal(ir_nth_task(ir, 3)->type, IR_RUN_WORKFLOW);
	assert_int_equal(ir_nth_task(ir, 3)->workflow.returns, IR_RETURN_NONE);
	assert_null(ir_nth_task(ir, 3)->workflow.version.source);
}

static void a_method_that_is_no_word_is_refused(void **state)
{
	(void)state;
	ir_refused("do:\n- a: {call: http, with: {method: GE T, endpoint: 'http://h/'}}\n"
			   "- b: {call: http, with: {method: '${ .m }', endpoint: 'http://h/'}}\n",
			   "/do/0/a/with/method format");
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
	ir_rules.op_known = known_op;
	const struct ir *ir = ir_sound(
		"do:\n- a: {call: sign.design, with: {x: '${ .x }'}}\n- b: {call: trade.lapse, with: {}}\n"
		"- c: {call: countersign, with: {content: {}, title: T, who: {role: engineer}, quorum: 2, expires: P1D}}\n"
		"- d: {call: llm, with: {model: m, messages: [], cache: force}}\n- e: {call: memory.search, with: {agent_id: "
		"a}}\n"
		"- f: {call: worker, with: {queue: q, payload: {}, lease: PT1M}}\n");
	static const enum ir_callee want[] = {IR_OP, IR_EFFECT, IR_COUNTERSIGN, IR_LLM, IR_MEMORY, IR_WORKER};
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(ir_nth_task(ir, i)->call.callee, want[i]);
	ir_refused(
		"do:\n- a: {call: sign.desing, with: {}}\n- c: {call: countersign, with: {title: T, who: {}, quorum: 0, "
		"on_reject: stop}}\n- d: {call: llm, with: {model: m, messages: x, cache: never}}\n- e: {call: worker}\n",
		"/do/0/a/call unknown_reference; /do/1/c/with/who required; /do/1/c/with/quorum range; "
		"/do/1/c/with/on_reject enum; /do/1/c/with/content required; /do/2/d/with/messages type; "
		"/do/2/d/with/cache enum; /do/3/e/with required");
}

static void functions_begin_references_anew(void **state)
{
	(void)state;
	const struct ir *ir = ir_sound("use:\n  functions:\n    f: {do: [{x: {set: {a: '${ .b }'}}}]}\n    g: {call: f}\n"
								   "do:\n- a: {call: f, with: {b: 1}}\n- b: {call: g}\n");
	const struct ir_task *f = ir_nth_task(ir, 0)->call.function;
	assert_int_equal(ir_nth_task(ir, 0)->call.callee, IR_FUNCTION);
	assert_string_equal(f->reference, "");
	assert_string_equal(f->block.tasks[0].reference, "/do/0/x");
	assert_string_equal(ir->values[f->block.tasks[0].set.number].pointer, "/use/functions/f/do/0/x/set");
	assert_true(f->block.tasks[0].may_revisit);
	assert_ptr_equal(ir_nth_task(ir, 1)->call.function->call.function, f);
	ir_refused("use:\n  functions:\n    f: {call: g}\n    g: {call: f}\n    h: {set: {}}\ndo: []\n",
			   "/use/functions/g/call limit; /use/functions/h/set range");
}

static const struct json *pinned(void *resources, const char *uri)
{
	assert_string_equal(uri, "https://cat.io/root/functions/log/1.2.0/function.yaml");
	return resources;
}

static void catalogs_give_functions_by_address(void **state)
{
	(void)state;
	static const char text[] = "use: {catalogs: {mine: {endpoint: {uri: 'https://cat.io/root/'}}}}\n"
							   "do:\n- a: {call: 'log:1.2.0@mine', with: {x: 1}}\n";
	const struct ir *ir = ir_sound(text);
	assert_null(ir_nth_task(ir, 0)->call.function);
	assert_int_equal(ir->resources_count, 1);
	assert_int_equal(ir->resources[0].kind, IR_CATALOG_FUNCTION);
	assert_string_equal(ir->resources[0].pointer, "/do/0/a/call");
	static const char function[] = "{\"do\":[{\"s\":{\"set\":{\"y\":1}}}]}";
	const struct json *json;
	assert_true(json_parse(&ir_arena, function, strlen(function), &json_body_limits, &json, NULL));
	ir_rules.resource = pinned;
	ir_rules.resources = (void *)(uintptr_t)json;
	ir = ir_sound(text);
	assert_string_equal(ir_nth_task(ir, 0)->call.function->block.tasks[0].reference, "/do/0/s");
	assert_string_equal(ir_nth_task(ir, 0)->call.uri, ir->resources[0].uri);
}

static void extensions_apply_to_their_kind(void **state)
{
	(void)state;
	const struct ir *ir = ir_sound("use:\n  extensions:\n  - log: {extend: all, before: [{l: {set: {x: 1}}}]}\n"
								   "  - mock: {extend: call, when: $task.with != null, after: [{m: {call: f}}]}\n"
								   "  functions: {f: {set: {y: 1}}}\n"
								   "do:\n- a: {call: f}\n- b: {wait: PT1S}\n");
	const struct ir_extension *const *of_a = ir_nth_task(ir, 0)->extensions, *const *of_b =
																				 ir_nth_task(ir, 1)->extensions;
	assert_string_equal(of_a[0]->name, "log");
	assert_string_equal(of_a[1]->name, "mock");
	assert_null(of_a[2]);
	assert_string_equal(of_a[0]->before.tasks[0].reference, "/before/0/l");
	assert_null(of_a[0]->before.tasks[0].extensions);
	assert_non_null(of_b[0]);
	assert_null(of_b[1]);
	ir_refused("use: {extensions: [{x: {extend: most, before: 3}}, y]}\ndo: []\n",
			   "/use/extensions/0/x/extend enum; /use/extensions/0/x/before type; /use/extensions/1 type");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, ir_set_up, ir_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_http_call_keeps_its_credentials_apart), TEST(policies_are_checked_where_they_stand),
		TEST(what_is_not_supported_is_refused_by_name), TEST(a_method_that_is_no_word_is_refused),
		TEST(our_own_products_are_called_by_name),      TEST(functions_begin_references_anew),
		TEST(catalogs_give_functions_by_address),       TEST(extensions_apply_to_their_kind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
