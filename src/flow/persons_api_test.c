#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/err.h"
#include "flow/runs_fixture.h"
#include "seal/countersign.h"
#include "store/store.h"

/* Steps that people decide: countersignatures of kind `step` [flow.md 2.7, platform.md P-6.6 to P-6.9]. */

#define ASK(more) \
	"[{\"ok\":{\"call\":\"countersign\",\"with\":{\"title\":\"Pay?\",\"content\":{\"pay\":\"${ .amount }\"}," \
	"\"who\":{\"role\":\"owner\"}" more "}}}]"
#define OWN_ID "01900000-0000-7000-8000-000000000002"
#define OPS_ID "01900000-0000-7000-8000-000000000001"

/* The seal that `why` names. */
static const char *seal_of(struct runs_fixture *f)
{
	assert_true(runs_is(f, "waiting"));
	assert_int_equal(runs_ask(f, "ops", "GET", "/why", NULL), 200);
	assert_string_equal(fixture_text(f->base, "result.waiting.0.kind"), "countersignature");
	return fixture_keep(f->base, "result.waiting.0.unblock.body.seal_sha256");
}

static int decide(struct runs_fixture *f, const char *who, const char *seal, const char *decision, const char *more)
{
	return runs_ask(f, who, "POST", "/countersign",
					"{\"seal_sha256\":\"%s\",\"decision\":\"%s\",\"consent_version\":1%s}", seal, decision, more);
}

static void test_approved(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, ASK(""), "{\"amount\":12}");
	const char *seal = seal_of(f);
	assert_string_equal(fixture_text(f->base, "result.waiting.0.step"), "/do/0/ok");
	assert_int_equal(decide(f, "own", seal, "approve", ",\"reason\":\"fine\""), 200);
	assert_string_equal(fixture_text(f->base, "result.status"), "completed");
	assert_string_equal(fixture_text(f->base, "result.output.decision"), "approve");
	assert_string_equal(fixture_text(f->base, "result.output.seal_sha256"), seal);
	assert_string_equal(fixture_text(f->base, "result.output.decisions.0.user_id"), OWN_ID);
	assert_string_equal(fixture_text(f->base, "result.output.decisions.0.reason"), "fine");
	assert_string_equal(fixture_text(f->base, "result.output.decisions.0.decision"), "approve");
	assert_int_equal(decide(f, "own", seal, "approve", ""), 409);
	assert_string_equal(fixture_text(f->base, "code"), "already_decided");
	assert_true(fixture_chain_sound(f->base));
}

static void test_rejected(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, ASK(""), "{\"amount\":12}");
	const char *seal = seal_of(f);
	assert_int_equal(decide(f, "own", seal, "reject", ""), 422);
	assert_int_equal(decide(f, "own", seal, "reject", ",\"reason\":\"too much\""), 200);
	assert_string_equal(fixture_text(f->base, "result.status"), "faulted");
	assert_string_equal(fixture_text(f->base, "result.error.title"), "Rejected");
	runs_start(f, ASK(",\"on_reject\":\"continue\""), "{\"amount\":12}");
	assert_int_equal(decide(f, "own", seal_of(f), "reject", ",\"reason\":\"too much\""), 200);
	assert_string_equal(fixture_text(f->base, "result.status"), "completed");
	assert_string_equal(fixture_text(f->base, "result.output.decision"), "reject");
	assert_string_equal(fixture_text(f->base, "result.output.decisions.0.reason"), "too much");
}

static void test_refused(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, ASK(""), "{\"amount\":12}");
	const char *seal = seal_of(f);
	assert_int_equal(decide(f, "own", "00", "approve", ""), 409);
	assert_string_equal(fixture_text(f->base, "code"), "seal_mismatch");
	assert_int_equal(decide(f, "ops", seal, "approve", ""), 403);
	assert_int_equal(decide(f, "eve", seal, "approve", ""), 404);
	assert_int_equal(decide(f, "own", seal, "approve", ",\"step\":\"/do/1/x\""), 404);
	assert_int_equal(runs_ask(f, "own", "POST", "/countersign",
							  "{\"seal_sha256\":\"%s\",\"decision\":\"approve\",\"consent_version\":9}", seal),
					 422);
	assert_string_equal(fixture_text(f->base, "code"), "consent_outdated");
	assert_int_equal(decide(f, "own", seal, "approve", ",\"step\":\"/do/0/ok\""), 200);
	runs_start(f, "[{\"a\":{\"wait\":{\"hours\":1}}}]", "{}");
	assert_int_equal(decide(f, "own", seal, "approve", ""), 404);
}

static void test_quorum(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f,
			   "[{\"ok\":{\"call\":\"countersign\",\"with\":{\"title\":\"Pay?\",\"content\":1,\"quorum\":2,"
			   "\"who\":{\"users\":[\"" OWN_ID "\",\"" OPS_ID "\"]}}}}]",
			   "{}");
	const char *seal = seal_of(f);
	assert_int_equal(decide(f, "own", seal, "approve", ""), 200);
	assert_string_equal(fixture_text(f->base, "result.status"), "waiting");
	assert_int_equal(decide(f, "own", seal, "approve", ""), 409);
	assert_int_equal(decide(f, "ops", seal, "approve", ""), 200);
	assert_string_equal(fixture_text(f->base, "result.status"), "completed");
	assert_non_null(fixture_at(f->base, "result.output.decisions.1"));
	assert_null(fixture_at(f->base, "result.output.decisions.2"));
}

static void test_four_eyes(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f,
			   "[{\"ok\":{\"call\":\"countersign\",\"with\":{\"title\":\"Pay?\",\"content\":1,\"four_eyes\":true,"
			   "\"who\":{\"users\":[\"" OWN_ID "\",\"" OPS_ID "\"]}}}}]",
			   "{}");
	const char *seal = seal_of(f);
	assert_int_equal(decide(f, "ops", seal, "approve", ""), 403);
	assert_string_equal(fixture_text(f->base, "code"), "four_eyes");
	assert_int_equal(decide(f, "own", seal, "approve", ""), 200);
	assert_string_equal(fixture_text(f->base, "result.status"), "completed");
}

static bool apply_expire(struct db *db, void *self, struct err *err)
{
	struct runs_fixture *f = self;
	int64_t count;
	return countersign_expire(f->people.countersign, db, 100, &count, err);
}

static void test_expires(void **state)
{
	struct runs_fixture *f = *state;
	struct err err;
	runs_start(f, ASK(",\"expires\":{\"minutes\":5}"), "{\"amount\":12}");
	const char *seal = seal_of(f);
	runs_pass(f, 300000);
	assert_int_equal(decide(f, "own", seal, "approve", ""), 410);
	assert_string_equal(fixture_text(f->base, "code"), "expired");
	assert_true(store_write(f->base->store, apply_expire, f, &err));
	assert_true(runs_is(f, "faulted"));
	assert_int_equal(fixture_number_at(f->base, "result.error.status"), 408);
	assert_string_equal(fixture_text(f->base, "result.error.instance"), "/do/0/ok");
	assert_int_equal(decide(f, "own", seal, "approve", ""), 410);
}

/* A run that is cancelled withdraws what it asked for. */
static void test_withdrawn(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, ASK(""), "{\"amount\":12}");
	const char *seal = seal_of(f);
	assert_int_equal(runs_ask(f, "ops", "POST", "/cancel", "{}"), 200);
	assert_int_equal(decide(f, "own", seal, "approve", ""), 409);
	assert_string_equal(fixture_text(f->base, "code"), "transition_refused");
	assert_true(runs_is(f, "cancelled"));
}

/* Decided while nobody drove the run: the next process takes the decision in. */
static void test_restart(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, ASK(""), "{\"amount\":12}");
	const char *seal = seal_of(f);
	runs_reopen(f);
	assert_int_equal(decide(f, "own", seal, "approve", ""), 200);
	assert_true(runs_is(f, "completed"));
}

static void test_in_a_graph(void **state)
{
	struct runs_fixture *f = *state;
	runs_start_definition(
		f,
		"{\"workflow_id\":\"w\",\"version\":\"1.0.0\",\"name\":\"w\",\"steps\":[{\"step_id\":\"ok\","
		"\"type\":\"countersign\",\"params\":{\"title\":\"t\",\"content\":{\"a\":\"${{ inputs.a }}\"},"
		"\"who\":{\"role\":\"owner\"}}},{\"step_id\":\"b\",\"type\":\"set\",\"depends_on\":[\"ok\"],"
		"\"params\":{\"by\":\"${{ steps.ok.output.decision }}\"}}]}",
		"{\"a\":1}");
	assert_int_equal(decide(f, "own", seal_of(f), "approve", ",\"step\":\"/steps/ok\""), 200);
	assert_true(runs_is(f, "completed"));
	assert_string_equal(fixture_text(f->base, "result.output.b.by"), "approve");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, runs_fixture_new, runs_fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_approved), TEST(test_rejected),  TEST(test_refused), TEST(test_quorum),     TEST(test_four_eyes),
		TEST(test_expires),  TEST(test_withdrawn), TEST(test_restart), TEST(test_in_a_graph),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
