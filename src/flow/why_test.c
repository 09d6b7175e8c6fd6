#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/buf.h"
#include "flow/runs_fixture.h"

/* Why a run does not go on, and the request that lets it: sent just as it is told [flow.md 3.3, 14]. */

#define WHY(member) fixture_text(f->base, "result.waiting.0." member)

static void assert_why(struct runs_fixture *f, const char *kind, const char *step, const char *detail)
{
	assert_int_equal(runs_ask(f, "ops", "GET", "/why", NULL), 200);
	assert_string_equal(WHY("kind"), kind);
	assert_string_equal(WHY("detail"), detail);
	assert_string_equal(runs_json(f, "result.waiting.0.step"), step);
	assert_string_equal(runs_json(f, "result.waiting.1"), "absent");
}

/* Send what `unblock` at `path` says. */
static int unblock(struct runs_fixture *f, const char *path)
{
	char method[128], target[128], member[64], body[512];
	snprintf(member, sizeof member, "%s.body", path);
	snprintf(body, sizeof body, "%s", runs_json(f, member));
	snprintf(member, sizeof member, "%s.method", path);
	snprintf(method, sizeof method, "%s", fixture_text(f->base, member));
	snprintf(member, sizeof member, "%s.path", path);
	snprintf(target, sizeof target, "%s", fixture_text(f->base, member));
	return fixture_ask(f->base, "ops", method, target, strcmp(method, "GET") == 0 ? NULL : "%s", body);
}
#define FIRST "result.waiting.0.unblock"

static void test_timer(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, "[{\"a\":{\"wait\":{\"hours\":1}}}]", "{}");
	assert_why(f, "timer", "\"/do/0/a\"", "It waits for a time.");
	assert_string_equal(WHY("until"), "2025-06-15T16:06:40.000000Z");
	assert_int_equal(unblock(f, FIRST), 200);
	assert_true(runs_is(f, "completed"));
}

static void test_paused(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, "[{\"a\":{\"wait\":{\"seconds\":1}}}]", "{}");
	assert_int_equal(runs_ask(f, "ops", "POST", "/pause", "{\"reason\":\"budget\"}"), 200);
	assert_why(f, "paused", "null", "It was paused and stands still: budget");
	assert_int_equal(runs_ask(f, "ops", "GET", "", NULL), 200);
	assert_string_equal(fixture_text(f->base, "result.reason"), "paused");
	runs_reopen(f);
	assert_why(f, "paused", "null", "It was paused and stands still: budget");
	assert_int_equal(unblock(f, FIRST), 200);
	runs_pass(f, 1000);
	assert_true(runs_is(f, "completed"));
}

static bool refuse(void *self, const struct outgoing_request *request, struct outgoing_answer *answer, struct err *err)
{
	(void)self, (void)request, (void)err;
	answer->sent = true;
	answer->status = 503;
	return true;
}

#define CALL "\"call\":\"http\",\"with\":{\"method\":\"post\",\"endpoint\":\"https://a.example/x\"}"

static void test_retry(void **state)
{
	struct runs_fixture *f = *state;
	f->outgoing.ask = refuse;
	runs_start(f,
			   "[{\"t\":{\"try\":[{\"a\":{" CALL
			   "}}],\"catch\":{\"retry\":{\"delay\":{\"minutes\":5},\"limit\":{\"attempt\":{"
			   "\"count\":3}}}}}}]",
			   "{}");
	assert_true(runs_is(f, "waiting"));
	assert_int_equal(runs_ask(f, "ops", "GET", "/why", NULL), 200);
	assert_non_null(strstr(WHY("detail"), "Retry 1 of 3 begins then; before it: "));
	runs_start(f, "[{\"t\":{\"try\":[{\"a\":{" CALL "}}],\"catch\":{\"retry\":{\"delay\":{\"minutes\":5}}}}}]", "{}");
	assert_true(runs_is(f, "waiting"));
	assert_int_equal(runs_ask(f, "ops", "GET", "/why", NULL), 200);
	assert_string_equal(WHY("kind"), "retry");
	assert_string_equal(WHY("step"), "/do/0/t");
	assert_non_null(strstr(WHY("detail"), "Retry 1 begins then; before it: "));
	assert_non_null(strstr(WHY("detail"), "503"));
	assert_int_equal(unblock(f, FIRST), 200);
	assert_true(runs_is(f, "completed"));
}

/* A step of the DAG form has no frame while it waits for its next try. */
static void test_retry_of_a_graph(void **state)
{
	struct runs_fixture *f = *state;
	f->outgoing.ask = refuse;
	runs_start_definition(
		f,
		"{\"workflow_id\":\"w\",\"version\":\"1.0.0\",\"name\":\"w\",\"steps\":[{\"step_id\":\"s\","
		"\"type\":\"http\",\"retry_count\":2,\"retry_delay_seconds\":60,\"params\":{\"method\":\"post\","
		"\"endpoint\":\"https://a.example/x\"}}]}",
		"{}");
	assert_true(runs_is(f, "waiting"));
	assert_int_equal(runs_ask(f, "ops", "GET", "/why", NULL), 200);
	assert_string_equal(WHY("kind"), "retry");
	assert_string_equal(WHY("step"), "/steps/s");
	assert_non_null(strstr(WHY("detail"), "503"));
	assert_string_equal(WHY("until"), "2025-06-15T15:07:40.000000Z");
}

static void test_event(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, "[{\"a\":{\"listen\":{\"to\":{\"one\":{\"with\":{\"type\":\"x.y\"}}}}}}]", "{}");
	assert_why(f, "event", "\"/do/0/a\"", "It listens for an event: type x.y.");
	for (int i = 0; i < 2; i++) { /* another run's event is another one */
		assert_int_equal(unblock(f, FIRST), 202);
		assert_true(runs_is(f, "completed"));
		runs_start(f, "[{\"a\":{\"listen\":{\"to\":{\"one\":{\"with\":{\"type\":\"x.y\"}}}}}}]", "{}");
		assert_int_equal(runs_ask(f, "ops", "GET", "/why", NULL), 200);
	}
}

/* Of several those that have not come, and what a correlation is bound to by now. */
static void test_events(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f,
			   "[{\"a\":{\"listen\":{\"to\":{\"all\":[{\"with\":{\"type\":\"x.y\"},\"correlate\":{\"id\":{\"from\":"
			   "\".data.id\"}}},{\"with\":{\"type\":\"x.z\",\"source\":\"${ . == \\\"s\\\" }\"},\"correlate\":{\"id\":{"
			   "\"from\":\".data.id\"}}}]}},\"timeout\":{\"after\":{\"hours\":1}}}}]",
			   "{}");
	assert_why(
		f, "event", "\"/do/0/a\"",
		"It listens for all of these events that have not come: type x.y, correlation id; type x.z, source ${ . == "
		"\"s\" }, correlation id.");
	assert_int_equal(
		fixture_ask(f->base, "ops", "POST", "/api/v1/flow/events",
					"{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"x.y\",\"data\":{\"id\":7}}"),
		202);
	assert_int_equal(runs_ask(f, "ops", "GET", "/why", NULL), 200);
	for (int i = 0; i < 2000 && strstr(runs_json(f, "result.waiting"), "x.y") != NULL; i++) {
		nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
		assert_int_equal(runs_ask(f, "ops", "GET", "/why", NULL), 200);
	}
	assert_why(
		f, "event", "\"/do/0/a\"",
		"It listens for all of these events that have not come: type x.z, source ${ . == \"s\" }, correlation id = "
		"7.");
	assert_string_equal(WHY("until"), "2025-06-15T16:06:40.000000Z");
}

/* What a correlation expects is told before an event came. */
static void test_expected(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f,
			   "[{\"a\":{\"listen\":{\"to\":{\"one\":{\"with\":{\"type\":\"x.y\"},\"correlate\":{\"id\":{\"from\":\"."
			   "data.id\","
			   "\"expect\":\"7\"}}}}}}}]",
			   "{}");
	assert_why(f, "event", "\"/do/0/a\"", "It listens for an event: type x.y, correlation id = 7.");
}

/* One that takes as many as come is let go on by what ends it. */
static void test_events_until(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(
		f,
		"[{\"a\":{\"listen\":{\"to\":{\"any\":[{\"with\":{\"type\":\"x.y\"}}],\"until\":{\"one\":{\"with\":{\"type\":"
		"\"x.end\"}}}}}}}]",
		"{}");
	assert_why(f, "event", "\"/do/0/a\"", "It listens for any of these events: type x.y, until type x.end.");
	assert_int_equal(unblock(f, FIRST), 202);
	assert_true(runs_is(f, "completed"));
	runs_start(f, "[{\"a\":{\"listen\":{\"to\":{\"any\":[],\"until\":\"${ length > 1 }\"}}}}]", "{}");
	assert_why(f, "event", "\"/do/0/a\"", "It listens for every event, until ${ length > 1 }.");
}

static void test_worker(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, "[{\"a\":{\"call\":\"worker\",\"with\":{\"queue\":\"q\",\"lease\":{\"seconds\":90}}}}]", "{}");
	assert_true(runs_is(f, "waiting"));
	assert_why(f, "worker", "\"/do/0/a\"", "No worker has claimed it from the queue q.");
	assert_int_equal(unblock(f, FIRST), 200);
	assert_string_equal(fixture_text(f->base, "result.tasks.0.step"), "/do/0/a");
	assert_why(f, "worker", "\"/do/0/a\"",
			   "The worker operator has it; when its lease is over, another may claim it from the queue q.");
	assert_string_equal(WHY("until"), "2025-06-15T15:08:10.000000Z");
}

static void test_person(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f,
			   "[{\"a\":{\"call\":\"countersign\",\"with\":{\"content\":{\"n\":1},\"who\":{\"role\":\"operator\"},"
			   "\"title\":\"Pay Ada\",\"expires\":{\"hours\":2}}}}]",
			   "{}");
	assert_true(runs_is(f, "waiting"));
	assert_why(f, "countersignature", "\"/do/0/a\"",
			   "A person has to decide: Pay Ada (somebody with the role operator; 0 of 1 approve).");
	assert_string_equal(WHY("until"), "2025-06-15T17:06:40.000000Z");
	runs_start(
		f,
		"[{\"a\":{\"call\":\"countersign\",\"with\":{\"content\":1,\"title\":\"Pay\",\"four_eyes\":true,\"who\":{"
		"\"users\":[\"u1\",\"u2\",\"u3\",\"u4\",\"u5\"]}}}}]",
		"{}");
	assert_true(runs_is(f, "waiting"));
	assert_why(f, "countersignature", "\"/do/0/a\"",
			   "A person has to decide: Pay (one of the users u1, u2, u3 and 2 more, but not who started it; 0 of 1 "
			   "approve).");
}

static void test_child(void **state)
{
	struct runs_fixture *f = *state;
	char detail[128];
	assert_int_equal(
		fixture_ask(f->base, "ops", "POST", "/api/v1/flow/workflows",
					"{\"definition\":{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"t\",\"name\":\"child\","
					"\"version\":\"1.0.0\"},\"do\":[{\"w\":{\"wait\":{\"days\":1}}}]}}"),
		201);
	runs_start(f, "[{\"a\":{\"run\":{\"workflow\":{\"namespace\":\"t\",\"name\":\"child\",\"version\":\"1.0.0\"}}}}]",
			   "{}");
	assert_true(runs_is(f, "waiting"));
	assert_int_equal(runs_ask(f, "ops", "GET", "/why", NULL), 200);
	snprintf(detail, sizeof detail, "%s", WHY("detail"));
	assert_string_equal(WHY("kind"), "subflow");
	assert_int_equal(unblock(f, FIRST), 200);
	assert_non_null(strstr(detail, fixture_text(f->base, "result.run_id")));
	assert_string_not_equal(fixture_text(f->base, "result.run_id"), f->run_id); /* the other one says why */
	assert_string_equal(runs_json(f, "result.waiting.1"), "absent");
	assert_string_not_equal(runs_json(f, "result.waiting.0"), "absent");
}

/* The one that it waits for was paused: that is told, and what lets it go on. */
static void test_paused_child(void **state)
{
	struct runs_fixture *f = *state;
	char parent[ID_TEXT], child[ID_TEXT];
	assert_int_equal(
		fixture_ask(f->base, "ops", "POST", "/api/v1/flow/workflows",
					"{\"definition\":{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"t\",\"name\":\"child\","
					"\"version\":\"1.0.0\"},\"do\":[{\"w\":{\"wait\":{\"seconds\":1}}}]}}"),
		201);
	runs_start(f, "[{\"a\":{\"run\":{\"workflow\":{\"namespace\":\"t\",\"name\":\"child\",\"version\":\"1.0.0\"}}}}]",
			   "{}");
	assert_true(runs_is(f, "waiting"));
	snprintf(parent, sizeof parent, "%s", f->run_id);
	assert_int_equal(fixture_ask(f->base, "ops", "GET", "/api/v1/flow/runs?workflow=t/child", NULL), 200);
	snprintf(child, sizeof child, "%s", fixture_text(f->base, "result.items.0.run_id"));
	strcpy(f->run_id, child);
	assert_int_equal(runs_ask(f, "ops", "POST", "/pause", "{\"reason\":\"hold\"}"), 200);
	strcpy(f->run_id, parent);
	assert_int_equal(runs_ask(f, "ops", "GET", "/why", NULL), 200);
	assert_non_null(strstr(WHY("detail"), " of t/child 1.0.0 has to end first; it is suspended: paused."));
	assert_int_equal(unblock(f, FIRST), 200);
	assert_string_equal(fixture_text(f->base, "result.run_id"), child);
	runs_pass(f, 1000);
	assert_true(runs_is(f, "completed"));
}

/* Who has the place: one that stands still has it too. */
static void test_place_taken(void **state)
{
	static const char definition[] =
		"{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"t\",\"name\":\"one\",\"version\":\"1.0.0\",\"metadata\":{"
		"\"max_runs\":1}},\"do\":[{\"w\":{\"wait\":{\"hours\":1}}}]}";
	struct runs_fixture *f = *state;
	char first[ID_TEXT], detail[256];
	runs_start_definition(f, definition, "{}");
	snprintf(first, sizeof first, "%s", f->run_id);
	assert_int_equal(runs_ask(f, "ops", "POST", "/pause", "{}"), 200);
	runs_start_definition(f, definition, "{}");
	snprintf(detail, sizeof detail,
			 "The workflow allows 1 run at a time (max_runs), and as many are under way: it begins when one of them is "
			 "over. The oldest is %s (suspended).",
			 first);
	assert_why(f, "slot", "null", detail);
	assert_int_equal(unblock(f, FIRST), 200);
	assert_string_equal(fixture_text(f->base, "result.run_id"), first);
}

/* A run that faulted waits for nothing; what takes it up again is told all the same. */
static void test_faulted(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, "[{\"a\":{\"raise\":{\"error\":{\"type\":\"urn:x\",\"status\":500,\"title\":\"t\"}}}}]", "{}");
	assert_true(runs_is(f, "faulted"));
	assert_int_equal(runs_ask(f, "ops", "GET", "/why", NULL), 200);
	assert_string_equal(runs_json(f, "result.waiting"), "[]");
	assert_string_equal(fixture_text(f->base, "result.error.instance"), "/do/0/a");
	assert_int_equal(unblock(f, "result.unblock"), 200);
}

/* What an expression that failed is part of is told, to be sent back mended. */
static void test_expression(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, "[{\"a\":{\"do\":[{\"b\":{\"set\":{\"x\":\"${ .n | keys }\"}}}]}}]", "{\"n\":1}");
	assert_true(runs_is(f, "faulted"));
	assert_int_equal(runs_ask(f, "ops", "GET", "/why", NULL), 200);
	assert_non_null(strstr(fixture_text(f->base, "result.unblock.path"), "/patch"));
	assert_string_equal(runs_json(f, "result.unblock.body"),
						"{\"step\":\"/do/0/a/do/0/b\",\"definition\":{\"set\":{\"x\":\"${ .n | keys }\"}}}");
	assert_int_equal(unblock(f, "result.unblock"), 200);
	assert_true(runs_is(f, "faulted"));
	assert_int_equal(runs_ask(f, "ops", "POST", "/patch",
							  "{\"step\":\"/do/0/a/do/0/b\",\"definition\":{\"set\":{\"x\":\"${ .n }\"}}}"),
					 200);
	assert_true(runs_is(f, "completed"));
	runs_start_definition(
		f,
		"{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"t\",\"name\":\"t\",\"version\":\"1.0.0\"},"
		"\"use\":{\"functions\":{\"f\":{\"set\":{\"x\":\"${ .n | keys }\"}}}},\"do\":[{\"a\":{\"call\":\"f\"}}]}",
		"{\"n\":1}");
	assert_true(runs_is(f, "faulted")); /* its task stands elsewhere */
	assert_int_equal(runs_ask(f, "ops", "GET", "/why", NULL), 200);
	assert_string_equal(runs_json(f, "result.unblock.body"), "{}");
}

/* `?strict=1` as the reference writes it, and as JSON would; and what came in as it should is let in. */
static void test_strict(void **state)
{
	static const char *const words[] = {"1", "true"};
	struct runs_fixture *f = *state;
	for (size_t i = 0; i < 2; i++) {
		char target[64];
		snprintf(target, sizeof target, "/api/v1/flow/runs?strict=%s", words[i]);
		for (int good = 0; good < 2; good++)
			assert_int_equal(
				fixture_ask(
					f->base, "ops", "POST", target,
					"{\"definition\":{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"t\",\"name\":\"t\",\"version\":"
					"\"1.0.0\"},\"input\":{\"schema\":{\"document\":{\"type\":\"object\"}}},\"do\":[{\"a\":{\"set\":{"
					"\"x\":1}}}]},\"input\":%s}",
					good ? "{}" : "[]"),
				good ? 202 : 422);
	}
}

/* A definition beside the name of another workflow: it is not guessed which is meant. */
static void test_two_ways(void **state)
{
#define OWN \
	"\"definition\":{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"t\",\"name\":\"t\",\"version\":\"1.0.0\"}," \
	"\"do\":[]}"
	struct runs_fixture *f = *state;
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/runs",
								 "{" OWN ",\"namespace\":\"t\",\"name\":\"other\",\"version\":\"2.0.0\"}"),
					 422);
	assert_string_equal(fixture_text(f->base, "errors.0.pointer"), "/name");
	assert_string_equal(fixture_text(f->base, "errors.0.code"), "read_only");
	assert_string_equal(fixture_text(f->base, "errors.1.pointer"), "/version");
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/runs",
								 "{" OWN ",\"namespace\":\"t\",\"name\":\"t\",\"version\":\"1.0.0\"}"),
					 202);
}

static void test_filters(void **state)
{
	struct runs_fixture *f = *state;
	assert_int_equal(fixture_ask(f->base, "ops", "GET", "/api/v1/flow/runs?workflow=hello&label=team", NULL), 422);
	assert_string_equal(fixture_text(f->base, "errors.0.pointer"), "/workflow");
	assert_string_equal(fixture_text(f->base, "errors.1.pointer"), "/label");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, runs_fixture_new, runs_fixture_free)
	const struct CMUnitTest tests[] = {
		TEST(test_timer),    TEST(test_paused),     TEST(test_retry),        TEST(test_retry_of_a_graph),
		TEST(test_event),    TEST(test_events),     TEST(test_events_until), TEST(test_worker),
		TEST(test_person),   TEST(test_faulted),    TEST(test_child),        TEST(test_strict),
		TEST(test_expected), TEST(test_expression), TEST(test_paused_child), TEST(test_place_taken),
		TEST(test_two_ways), TEST(test_filters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
