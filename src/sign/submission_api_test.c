#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/err.h"
#include "sign/project_fixture.h"

#define PAYLOAD \
	"{\"module\":\"signage.single_pole\",\"config\":{\"site\":{\"wind_speed_mph\":115},\"sign\":{\"height_ft\":25," \
	"\"sign_height_ft\":8,\"sign_width_ft\":10}}}"

static int ask(struct project_fixture *f, const char *who, const char *method, const char *id, const char *what,
			   const char *body)
{
	return fixture_ask(f, who, method, arena_printf(&f->arena, "/projects/%s%s", id, what), body, NULL);
}

static int submit(struct project_fixture *f, const char *who, const char *id, const char *key)
{
	const char *const headers[] = {"Idempotency-Key", key, NULL};
	return fixture_ask(f, who, "POST", arena_printf(&f->arena, "/projects/%s/submit", id), NULL,
					   key != NULL ? headers : NULL);
}

/* Estimated, with a payload. */
static const char *project_ready(struct project_fixture *f)
{
	assert_int_equal(fixture_ask(f, "ann", "POST", "/projects", "{\"name\":\"Diner\"}", NULL), 201);
	const char *id = fixture_text(f, "result.project_id");
	assert_int_equal(ask(f, "ann", "POST", id, "/payload", PAYLOAD), 201);
	assert_int_equal(ask(f, "ann", "POST", id, "/estimate", "{\"height_ft\":25}"), 200);
	return id;
}

/* [sign.md 5] flows/projects.submit.dispatch.yaml, flows/projects.email.send.yaml */
enum { SUBMISSION_TRIES = 6, EMAIL_TRIES = 3 };

static void expect_status(struct project_fixture *f, const char *id, const char *status, const char *number)
{
	assert_int_equal(ask(f, "ann", "GET", id, "", NULL), 200);
	assert_string_equal(fixture_text(f, "result.status"), status);
	assert_string_equal(fixture_text(f, "result.project_number"), number);
}

/* What is missing is told, each in its own words. */
static void test_refused(void **state)
{
	struct project_fixture *f = *state;
	assert_int_equal(fixture_ask(f, "ann", "POST", "/projects", "{\"name\":\"Diner\"}", NULL), 201);
	const char *id = fixture_text(f, "result.project_id");
	assert_int_equal(submit(f, "ann", id, NULL), 400);
	assert_string_equal(fixture_text(f, "code"), "idempotency_key_invalid");
	assert_int_equal(submit(f, "ann", id, "k1"), 422);
	assert_string_equal(fixture_text(f, "code"), "no_payload");
	assert_int_equal(ask(f, "ann", "POST", id, "/payload", PAYLOAD), 201);
	fixture_reopen(f, true, true);
	assert_int_equal(submit(f, "ann", id, "k1s"), 409);
	assert_string_equal(fixture_text(f, "code"), "not_stamped"); /* a draft too [sign.md 8] */
	fixture_reopen(f, false, true);
	assert_int_equal(submit(f, "ann", id, "k2"), 412);
	assert_string_equal(fixture_text(f, "code"), "transition_refused");
	assert_string_equal(fixture_text(f, "current_status"), "draft");
	assert_int_equal(ask(f, "ann", "POST", id, "/estimate", "{\"height_ft\":25}"), 200);
	fixture_reopen(f, true, true);
	assert_int_equal(submit(f, "ann", id, "k3"), 409);
	assert_string_equal(fixture_text(f, "code"), "not_stamped");
	assert_int_equal(submit(f, "vic", id, "k4"), 403);
	assert_int_equal(submit(f, "pat", id, "k4"), 403); /* a pe stamps and does not submit */
	assert_int_equal(submit(f, "eve", id, "k4"), 404);
	assert_int_equal(ask(f, "ann", "GET", id, "/submit", NULL), 404);
	fixture_work(f);
	assert_int_equal(f->pm_calls, 0);
	expect_status(f, id, "estimating", "");
}

/* One number, read-only afterwards, then a verdict. */
static void test_journey(void **state)
{
	struct project_fixture *f = *state;
	const char *id = project_ready(f), *other = project_ready(f);
	assert_int_equal(submit(f, "bob", id, "k1"), 202);
	const char *run = fixture_text(f, "result.dispatch.run_id");
	assert_string_equal(fixture_text(f, "result.status"), "estimating");
	assert_int_equal(submit(f, "bob", id, "k2"), 409);
	assert_string_equal(fixture_text(f, "code"), "already_submitted");
	assert_string_equal(fixture_text(f, "run_id"), run);
	assert_int_equal(f->pm_calls, 0); /* nothing before the commit, nothing by the request */
	fixture_work(f);                  /* the PM system, then the mail */
	assert_int_equal(f->pm_calls, 1);
	assert_string_equal(f->pm_key, id);
	assert_int_equal(f->mails, 1);
	expect_status(f, id, "submitted", "PM-1");
	assert_true(fixture_at(f, "result.read_only")->boolean);
	const char *const headers[] = {"If-Match", fixture_text(f, "result.etag"), NULL};
	assert_int_equal(submit(f, "bob", id, "k3"), 409);
	assert_string_equal(fixture_text(f, "project_number"), "PM-1");
	const char *path = arena_printf(&f->arena, "/projects/%s", id);
	assert_int_equal(fixture_ask(f, "ann", "PUT", path, "{\"name\":\"x\"}", headers), 409);
	assert_string_equal(fixture_text(f, "code"), "read_only");
	assert_int_equal(fixture_ask(f, "ann", "PUT", path, "{\"status\":\"draft\"}", headers), 412);
	assert_int_equal(fixture_ask(f, "adam", "DELETE", path, NULL, headers), 409);
	assert_int_equal(ask(f, "ann", "POST", id, "/payload", PAYLOAD), 409);
	assert_int_equal(ask(f, "ann", "POST", id, "/estimate", "{\"height_ft\":25}"), 409);
	assert_int_equal(ask(f, "ann", "GET", id, "/submit", NULL), 200);
	assert_string_equal(fixture_text(f, "result.dispatch.state"), "SUCCESS");
	assert_int_equal(fixture_ask(f, "bob", "POST", arena_printf(&f->arena, "%s/transition", path),
								 "{\"to\":\"accepted\",\"reason\":\"fine\"}", headers),
					 200);
	expect_status(f, id, "accepted", "PM-1");
	assert_int_equal(ask(f, "ann", "GET", id, "/final", NULL), 200);
	assert_true(fixture_at(f, "result.read_only")->boolean);
	expect_status(f, other, "estimating", "");
	assert_int_equal(ask(f, "ann", "GET", id, "/events", NULL), 200);
	static const char *const types[] = {"project.accepted",
										"project.status_changed",
										"project.transition_refused",
										"projects.email.send.finished",
										"projects.email.send.started",
										"projects.submit.dispatch.finished",
										"project.status_changed",
										"project.dispatched",
										"projects.submit.dispatch.started",
										"project.submitted"};
	for (int i = 0; i < (int)(sizeof types / sizeof *types); i++)
		assert_string_equal(fixture_text(f, arena_printf(&f->arena, "result.items.%d.type", i)), types[i]);
	assert_true(fixture_chain_sound(f));
}

/* Without a PM system the numbers come from the store. */
static void test_builtin_numbers(void **state)
{
	struct project_fixture *f = *state;
	fixture_reopen(f, false, false);
	const char *first = project_ready(f), *second = project_ready(f);
	assert_int_equal(submit(f, "ann", first, "k1"), 202);
	assert_int_equal(submit(f, "ann", second, "k1"), 202);
	fixture_work(f);
	expect_status(f, first, "submitted", "CS-000001");
	expect_status(f, second, "submitted", "CS-000002");
}

/* Three failures open the breaker for a minute; out of tries is a dead letter that a person submits anew. */
static void test_outage(void **state)
{
	struct project_fixture *f = *state;
	const char *id = project_ready(f);
	f->pm_down = true;
	assert_int_equal(submit(f, "ann", id, "k1"), 202);
	fixture_work(f);
	for (int i = 0; i < 2; i++) {
		env_sim_advance(&f->env, 5000000);
		fixture_work(f);
	}
	assert_int_equal(f->pm_calls, 3);
	env_sim_advance(&f->env, 15000000); /* due, and the breaker is open */
	fixture_work(f);
	assert_int_equal(f->pm_calls, 3);
	expect_status(f, id, "estimating", "");
	assert_int_equal(ask(f, "ann", "GET", id, "/submit", NULL), 200);
	assert_string_equal(fixture_text(f, "result.dispatch.state"), "RETRY");
	assert_true(fixture_number_at(f, "result.dispatch.attempts") == 3);
	env_sim_advance(&f->env, 61000000); /* one probe */
	fixture_work(f);
	assert_int_equal(f->pm_calls, 4);
	for (int i = 0; i < 20; i++) {
		env_sim_advance(&f->env, 61000000);
		fixture_work(f);
	}
	assert_int_equal(f->pm_calls, SUBMISSION_TRIES);
	assert_int_equal(ask(f, "ann", "GET", id, "/submit", NULL), 200);
	assert_string_equal(fixture_text(f, "result.dispatch.state"), "FAILURE");
	assert_string_equal(fixture_text(f, "result.dispatch.error"), "the PM system is down");
	expect_status(f, id, "estimating", "");
	assert_int_equal(ask(f, "ann", "GET", id, "/events", NULL), 200);
	assert_string_equal(fixture_text(f, "result.items.0.type"), "projects.submit.dispatch.failed");
	f->pm_down = false;
	assert_int_equal(submit(f, "ann", id, "k2"), 202);
	env_sim_advance(&f->env, 61000000);
	fixture_work(f);
	expect_status(f, id, "submitted", "PM-1");
	assert_true(fixture_chain_sound(f));
}

/* The answer was lost: asked again with the same key, the PM system gives the same number. */
static void test_lost_answer(void **state)
{
	struct project_fixture *f = *state;
	const char *id = project_ready(f);
	f->pm_says = "not JSON";
	assert_int_equal(submit(f, "ann", id, "k1"), 202);
	fixture_work(f);
	f->pm_says = NULL;
	env_sim_advance(&f->env, 5000000);
	fixture_work(f);
	assert_int_equal(f->pm_calls, 2);
	assert_string_equal(f->pm_key, id);
	expect_status(f, id, "submitted", "PM-1");
}

/* Mail that fails changes nothing. */
static void test_mail_fails(void **state)
{
	struct project_fixture *f = *state;
	const char *id = project_ready(f);
	f->mail_down = true;
	assert_int_equal(submit(f, "ann", id, "k1"), 202);
	for (int i = 0; i < 10; i++) {
		fixture_work(f);
		env_sim_advance(&f->env, 61000000);
	}
	assert_int_equal(f->mails, EMAIL_TRIES);
	expect_status(f, id, "submitted", "PM-1");
	assert_int_equal(ask(f, "ann", "GET", id, "/events", NULL), 200);
	assert_string_equal(fixture_text(f, "result.items.0.type"), "projects.email.send.failed");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, project_fixture_new, project_fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_refused), TEST(test_journey),     TEST(test_builtin_numbers),
		TEST(test_outage),  TEST(test_lost_answer), TEST(test_mail_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
