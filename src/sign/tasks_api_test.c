#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/err.h"
#include "flow/tasks_fixture.h"
#include "seal/outbox.h"
#include "sign/project_fixture.h"
#include "store/store.h"

enum { SUBMISSION_TRIES = 6 }; /* [sign.md 5] */

#define PAYLOAD \
	"{\"module\":\"signage.single_pole\",\"config\":{\"site\":{\"wind_speed_mph\":115},\"sign\":{\"height_ft\":25," \
	"\"sign_height_ft\":8,\"sign_width_ft\":10}}}"

static int ask(struct project_fixture *f, const char *who, const char *method, const char *format, const char *id,
			   const char *body)
{
	struct buf path;
	buf_init(&path, 0);
	buf_addf(&path, format, id);
	int status = fixture_ask(f, who, method, buf_text(&path), body, NULL);
	buf_fini(&path);
	return status;
}

/* A project under submission; its run. */
static const char *submitted(struct project_fixture *f, const char **project_id, const char *key)
{
	const char *const headers[] = {"Idempotency-Key", key, NULL};
	assert_int_equal(fixture_ask(f, "ann", "POST", "/projects", "{\"name\":\"Diner\"}", NULL), 201);
	*project_id = fixture_text(f, "result.project_id");
	assert_int_equal(ask(f, "ann", "POST", "/projects/%s/payload", *project_id, PAYLOAD), 201);
	assert_int_equal(ask(f, "ann", "POST", "/projects/%s/estimate", *project_id, "{\"height_ft\":25}"), 200);
	assert_int_equal(
		fixture_ask(f, "ann", "POST", arena_printf(&f->arena, "/projects/%s/submit", *project_id), NULL, headers), 202);
	return fixture_text(f, "result.dispatch.run_id");
}

static void expect_state(struct project_fixture *f, const char *run, const char *state)
{
	assert_int_equal(ask(f, "vic", "GET", "/tasks/%s", run, NULL), 200);
	assert_string_equal(fixture_text(f, "result.state"), state);
	assert_string_equal(fixture_text(f, "result.task_id"), run);
}

static void test_states(void **state)
{
	struct project_fixture *f = *state;
	const char *id, *run = submitted(f, &id, "k1");
	expect_state(f, run, "PENDING");
	assert_string_equal(fixture_text(f, "result.name"), "projects.submit.dispatch");
	assert_string_equal(fixture_text(f, "result.why"), "It waits for its turn.");
	f->pm_down = true;
	fixture_work(f);
	expect_state(f, run, "RETRY");
	assert_string_equal(fixture_text(f, "result.error.message"), "the PM system is down");
	assert_string_equal(fixture_text(f, "result.error.code"), "try_failed");
	assert_string_equal(fixture_text(f, "result.run_id"), run);
	assert_true(fixture_number_at(f, "result.progress") == 0);
	assert_true(fixture_number_at(f, "result.attempts") == 1);
	f->pm_down = false;
	env_sim_advance(&f->env, 5000000);
	fixture_work(f);
	expect_state(f, run, "SUCCESS");
	assert_string_equal(fixture_text(f, "result.result.project_number"), "PM-1");
	assert_int_equal(fixture_at(f, "result.why")->kind, JS_NULL);
	assert_int_equal(fixture_at(f, "result.error")->kind, JS_NULL);
	assert_true(fixture_number_at(f, "result.progress") == 1);
	assert_int_equal(fixture_at(f, "result.created_at")->kind, JS_STRING);
	assert_int_equal(fixture_at(f, "result.updated_at")->kind, JS_STRING);
	assert_int_equal(ask(f, "eve", "GET", "/tasks/%s", run, NULL), 404);
	assert_int_equal(ask(f, "vic", "GET", "/tasks/%s", "nonsense", NULL), 404);
	assert_int_equal(ask(f, "adam", "DELETE", "/api/v1/tasks/%s", run, NULL), 409);
	assert_string_equal(fixture_text(f, "code"), "task_finished");
}

/* [P-10.2] the list: newest first, by state, of one's own account, page by page */
static void test_list(void **state)
{
	struct project_fixture *f = *state;
	const char *id, *first = submitted(f, &id, "k1"), *second = submitted(f, &id, "k2");
	assert_int_equal(ask(f, "adam", "DELETE", "/tasks/%s", first, NULL), 200);
	assert_int_equal(ask(f, "vic", "GET", "/api/v1/tasks%s", "", NULL), 200);
	assert_int_equal(fixture_at(f, "result.items")->count, 2);
	assert_string_equal(fixture_text(f, "result.items.0.task_id"), second);
	assert_int_equal(ask(f, "vic", "GET", "/tasks?state=%s", "REVOKED", NULL), 200);
	assert_int_equal(fixture_at(f, "result.items")->count, 1);
	assert_string_equal(fixture_text(f, "result.items.0.task_id"), first);
	assert_int_equal(ask(f, "vic", "GET", "/api/v1/tasks?limit=%s", "1", NULL), 200);
	const char *cursor = fixture_text(f, "result.next_cursor");
	assert_int_equal(ask(f, "vic", "GET", "/api/v1/tasks?limit=1&cursor=%s", cursor, NULL), 200);
	assert_string_equal(fixture_text(f, "result.items.0.task_id"), first);
	assert_int_equal(fixture_at(f, "result.next_cursor")->kind, JS_NULL);
	assert_int_equal(ask(f, "vic", "GET", "/api/v1/tasks?state=PENDING&cursor=%s", cursor, NULL), 400);
	assert_int_equal(ask(f, "vic", "GET", "/api/v1/tasks?state=%s", "DONE", NULL), 422);
	assert_int_equal(ask(f, "eve", "GET", "/api/v1/tasks%s", "", NULL), 200);
	assert_int_equal(fixture_at(f, "result.items")->count, 0);
}

/* Cancelled before it began it is never sent; the project may be submitted anew. */
static void test_cancel(void **state)
{
	struct project_fixture *f = *state;
	const char *const headers[] = {"Idempotency-Key", "k2", NULL};
	const char *id, *run = submitted(f, &id, "k1");
	assert_int_equal(ask(f, "vic", "DELETE", "/tasks/%s", run, NULL), 403);
	assert_int_equal(ask(f, "adam", "DELETE", "/tasks/%s", run, NULL), 200);
	assert_string_equal(fixture_text(f, "result.state"), "REVOKED");
	assert_true(fixture_at(f, "result.cancelled")->boolean);
	assert_int_equal(ask(f, "adam", "DELETE", "/tasks/%s", run, NULL), 409);
	fixture_work(f);
	assert_int_equal(f->pm_calls, 0);
	expect_state(f, run, "REVOKED");
	assert_int_equal(ask(f, "ann", "GET", "/projects/%s/events", id, NULL), 200);
	assert_string_equal(fixture_text(f, "result.items.0.type"), "projects.submit.dispatch.revoked");
	assert_int_equal(fixture_ask(f, "ann", "POST", arena_printf(&f->arena, "/projects/%s/submit", id), NULL, headers),
					 202);
	fixture_work(f);
	assert_int_equal(f->pm_calls, 1);
	assert_true(fixture_chain_sound(f));
}

static void fail_all(struct project_fixture *f)
{
	f->pm_down = true;
	for (int i = 0; i < 20; i++) {
		fixture_work(f);
		env_sim_advance(&f->env, 91000000);
	}
}

/* [P-10.6] a dead letter is listed, redelivered with all its tries and the same key, and given up with a reason */
static void test_dead_letters(void **state)
{
	struct project_fixture *f = *state;
	const char *first, *second, *run = submitted(f, &first, "k1"), *other = submitted(f, &second, "k2");
	fail_all(f);
	expect_state(f, run, "FAILURE");
	int calls = f->pm_calls;
	assert_int_equal(calls, 2 * SUBMISSION_TRIES);
	assert_int_equal(ask(f, "ann", "GET", "/api/v1/dead-letters%s", "", NULL), 403);
	assert_int_equal(ask(f, "adam", "GET", "/api/v1/dead-letters?limit=%s", "1", NULL), 200);
	assert_string_equal(fixture_text(f, "result.items.0.dead_letter_id"), other);
	const char *cursor = fixture_text(f, "result.next_cursor");
	assert_int_equal(ask(f, "adam", "GET", "/api/v1/dead-letters?limit=1&cursor=%s", cursor, NULL), 200);
	assert_string_equal(fixture_text(f, "result.items.0.dead_letter_id"), run);
	assert_string_equal(fixture_text(f, "result.items.0.subject_id"), first);
	assert_string_equal(fixture_text(f, "result.items.0.error"), "the PM system is down");
	assert_int_equal(fixture_at(f, "result.next_cursor")->kind, JS_NULL);
	assert_int_equal(ask(f, "adam", "GET", "/api/v1/dead-letters/%s", run, NULL), 200);
	f->pm_down = false;
	assert_int_equal(ask(f, "adam", "POST", "/api/v1/dead-letters/%s/redeliver", run, NULL), 202);
	assert_int_equal(ask(f, "adam", "POST", "/api/v1/dead-letters/%s/redeliver", run, NULL), 404);
	env_sim_advance(&f->env, 91000000);
	fixture_work(f);
	assert_int_equal(f->pm_calls, calls + 1);
	assert_string_equal(f->pm_key, first);
	expect_state(f, run, "SUCCESS");
	assert_int_equal(ask(f, "adam", "DELETE", "/api/v1/dead-letters/%s", other, "{}"), 422);
	assert_int_equal(ask(f, "adam", "DELETE", "/api/v1/dead-letters/%s", other, "{\"reason\":\"sent by hand\"}"), 204);
	expect_state(f, other, "REVOKED");
	assert_int_equal(ask(f, "adam", "GET", "/api/v1/dead-letters%s", "", NULL), 200);
	assert_int_equal(fixture_at(f, "result.items")->count, 0);
	assert_true(fixture_chain_sound(f));
}

/* [flow.md 3.1] ended after each of its turns and calls, it is taken up again: one number, by the project's key. */
static void test_taken_up(void **state)
{
	struct project_fixture *f = *state;
	bool over = false;
	for (int steps = 0; !over; steps++) {
		const char *id, *run = submitted(f, &id, arena_printf(&f->arena, "k%d", steps));
		bool goes_on = true;
		for (int i = 0; i < steps && goes_on; i++)
			goes_on = tasks_fixture_step(f->tasks);
		over = !goes_on;
		fixture_reopen(f, false, true);
		fixture_work(f);
		expect_state(f, run, "SUCCESS");
		assert_string_equal(f->pm_key, id);
		assert_int_equal(ask(f, "ann", "GET", "/projects/%s", id, NULL), 200);
		assert_string_equal(fixture_text(f, "result.status"), "submitted");
		assert_true(steps < 50);
	}
	assert_true(fixture_chain_sound(f));
}

struct heard {
	int count;
	char last[64];
	const char *project_id;
};

static void hear(void *self, const struct outbox_event *event)
{
	struct heard *heard = self;
	assert_string_equal(event->topic, "projects");
	assert_string_equal(event->subject, heard->project_id);
	assert_non_null(strstr(event->data, "\"content_sha256\":"));
	strcpy(heard->last, event->event);
	heard->count++;
}

/* Whoever listens hears what the project's events tell, in their order. */
static void test_outbox(void **state)
{
	struct project_fixture *f = *state;
	struct heard heard = {0};
	struct err err;
	submitted(f, &heard.project_id, "k1");
	fixture_work(f);
	const char *const topics[] = {SIGN_TOPIC, NULL};
	const struct outbox_filter filter = {.topics = topics, .limit = 100};
	struct db *db = store_read(f->store);
	assert_true(outbox_read(db, &filter, &f->arena, hear, &heard, &err));
	store_read_end(f->store, db);
	assert_string_equal(heard.last, "projects.email.send.finished");
	assert_int_equal(ask(f, "ann", "GET", "/projects/%s/events", heard.project_id, NULL), 200);
	assert_int_equal(fixture_at(f, "result.items")->count, heard.count);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, project_fixture_new, project_fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_states),   TEST(test_list),         TEST(test_cancel),
									   TEST(test_taken_up), TEST(test_dead_letters), TEST(test_outbox)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
