#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/err.h"
#include "flow/flow_internal.h"
#include "flow/runner_internal.h"
#include "flow/runs_fixture.h"
#include "store/store.h"

/* Calls that are under way when their step ends otherwise are given up [flow.md 3.3]. */

enum { LOOKS = 2000 };

struct peer {
	_Atomic int asked, given_up, patient;
};

static void pause_a_little(void)
{
	const struct timespec pause = {.tv_nsec = 5000000};
	nanosleep(&pause, NULL);
}

/* A peer that never answers: it tells whether it was waited for to the end. */
static bool silence(void *self, const struct outgoing_request *request, struct outgoing_answer *answer, struct err *err)
{
	struct peer *peer = self;
	peer->asked++;
	for (int i = 0; i < LOOKS; i++) {
		if (request->given_up(request->self)) {
			peer->given_up++;
			answer->sent = true;
			return err_set(err, ERR_DEADLINE, "given up");
		}
		pause_a_little();
	}
	peer->patient++;
	return err_set(err, ERR_UNAVAILABLE, "nobody came");
}

static void serve(struct runs_fixture *f, struct peer *peer)
{
	*peer = (struct peer){.asked = 0};
	f->outgoing.ask = silence;
	f->outgoing.ask_self = peer;
}

static bool becomes(_Atomic int *figure, int wanted)
{
	for (int i = 0; i < LOOKS && *figure != wanted; i++)
		pause_a_little();
	return *figure == wanted;
}

#define CALL(name) \
	"{\"" name "\":{\"call\":\"http\",\"with\":{\"method\":\"post\",\"endpoint\":\"https://a.example/x\"}}}"

static void test_cancelled(void **state)
{
	struct runs_fixture *f = *state;
	struct peer peer;
	serve(f, &peer);
	runs_start(f, "[" CALL("ask") "]", "{}");
	assert_true(becomes(&peer.asked, 1));
	assert_int_equal(runs_ask(f, "ops", "POST", "/cancel", "{}"), 200);
	assert_string_equal(fixture_text(f->base, "result.status"), "cancelled");
	assert_true(becomes(&peer.given_up, 1));
	assert_int_equal(peer.patient, 0);
}

/* A pause lets what is under way end. */
static void test_paused(void **state)
{
	struct runs_fixture *f = *state;
	struct peer peer;
	serve(f, &peer);
	runs_start(f, "[" CALL("ask") "]", "{}");
	assert_true(becomes(&peer.asked, 1));
	assert_int_equal(runs_ask(f, "ops", "POST", "/pause", "{}"), 200);
	for (int i = 0; i < 5; i++)
		pause_a_little();
	assert_int_equal(peer.given_up, 0);
	assert_int_equal(runs_ask(f, "ops", "POST", "/cancel", "{}"), 200);
	assert_true(becomes(&peer.given_up, 1));
}

static void test_timed_out(void **state)
{
	struct runs_fixture *f = *state;
	struct peer peer;
	serve(f, &peer);
	runs_start(f,
			   "[{\"ask\":{\"call\":\"http\",\"with\":{\"method\":\"post\",\"endpoint\":\"https://a.example/x\"},"
			   "\"timeout\":{\"after\":{\"seconds\":60}}}}]",
			   "{}");
	assert_true(becomes(&peer.asked, 1));
	runs_pass(f, 60000);
	assert_true(runs_is(f, "faulted"));
	assert_true(becomes(&peer.given_up, 1));
}

/* Of a fork the branch that lost, and not the one that goes on; what waits for a thread is never sent. */
static void test_only_what_ended(void **state)
{
	struct runs_fixture *f = *state;
	struct peer peer;
	serve(f, &peer);
	runs_start(f,
			   "[{\"f\":{\"fork\":{\"compete\":true,\"branches\":[" CALL("a") "," CALL("b") "," CALL(
				   "c") ",{\"d\":{\"wait\":{\"seconds\":5}}}]}}}," CALL("next") "]",
			   "{}");
	assert_true(becomes(&peer.asked, 2)); /* the fixture has two threads for calls */
	runs_pass(f, 5000);
	assert_true(becomes(&peer.given_up, 2));
	assert_true(becomes(&peer.asked, 3)); /* the third branch was never asked; this is the step after the fork */
	assert_int_equal(peer.given_up, 2);
	assert_int_equal(runs_ask(f, "ops", "POST", "/cancel", "{}"), 200);
	assert_true(becomes(&peer.given_up, 3));
	assert_int_equal(peer.asked, 3);
}

static long read_number(const char *path)
{
	FILE *file = fopen(path, "r");
	long number = 0;
	if (file != NULL && fscanf(file, "%ld", &number) != 1)
		number = 0;
	if (file != NULL)
		fclose(file);
	return number;
}

/* A process is killed. */
static void test_process(void **state)
{
	struct runs_fixture *f = *state;
	char path[] = "/tmp/countersign-effect-XXXXXX", tasks[256];
	int file = mkstemp(path);
	assert_true(file >= 0);
	snprintf(tasks, sizeof tasks, "[{\"p\":{\"run\":{\"shell\":{\"command\":\"echo $$ > %s; exec sleep 300\"}}}}]",
			 path);
	runs_start(f, tasks, "{}");
	for (int i = 0; i < LOOKS && read_number(path) == 0; i++)
		pause_a_little();
	pid_t pid = (pid_t)read_number(path);
	assert_true(pid > 1);
	assert_int_equal(kill(pid, 0), 0);
	assert_int_equal(runs_ask(f, "ops", "POST", "/cancel", "{}"), 200);
	for (int i = 0; i < LOOKS && kill(pid, 0) == 0; i++)
		pause_a_little();
	assert_int_equal(kill(pid, 0), -1);
	close(file);
	unlink(path);
}

/* One that is not waited for is looked after until it ends, on the thread that sent it off. */
static void test_process_left_alone(void **state)
{
	struct runs_fixture *f = *state;
	struct runner *runner = f->flow->runner;
	size_t under_way = 1;
	runs_start(f, "[{\"p\":{\"run\":{\"shell\":{\"command\":\"sleep 0.1\"},\"await\":false}}}]", "{\"n\":1}");
	assert_true(runs_is(f, "completed"));
	assert_string_equal(runs_json(f, "result.output.n"), "1");
	for (int i = 0; i < 20; i++) /* while it is left */
		pause_a_little();
	for (int i = 0; i < LOOKS && under_way > 0; i++) {
		runner_lock(runner);
		under_way = runner->effects_under_way;
		runner_unlock(runner);
		pause_a_little();
	}
	assert_int_equal(under_way, 0);
}

struct broken {
	_Atomic int asked;
	char keys[3][100];
};

/* Two connections that break after the request was sent, then an answer. */
static bool break_off(void *self, const struct outgoing_request *request, struct outgoing_answer *answer,
					  struct err *err)
{
	struct broken *broken = self;
	int n = broken->asked;
	for (const char *const *header = request->headers; *header != NULL; header++)
		if (n < 3 && strncmp(*header, "Idempotency-Key: ", 17) == 0)
			snprintf(broken->keys[n], sizeof broken->keys[n], "%s", *header);
	broken->asked = n + 1;
	answer->sent = true;
	answer->status = n < 2 ? 0 : 200;
	return n >= 2 || err_set(err, ERR_UNAVAILABLE, "it broke");
}

/* A task of a function may be entered again; by a retry it is the same visit, so the same key [flow.md 3.1]. */
static void test_retry_is_no_visit(void **state)
{
	struct runs_fixture *f = *state;
	struct broken broken = {.asked = 0};
	f->outgoing.ask = break_off;
	f->outgoing.ask_self = &broken;
	runs_start_definition(
		f,
		"{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"t\",\"name\":\"t\",\"version\":\"1.0.0\"},\"use\":{"
		"\"functions\":{"
		"\"f\":{\"do\":[" CALL(
			"ask") "]}}},\"do\":[{\"t\":{\"try\":[{\"x\":{\"call\":\"f\"}}],\"catch\":{\"retry\":{\"delay\":"
				   "{\"milliseconds\":1}}}}}]}",
		"{}");
	for (int i = 1; i <= 3; i++) {
		assert_true(becomes(&broken.asked, i));
		assert_true(runs_is(f, i < 3 ? "waiting" : "completed"));
		runs_pass(f, 1000);
	}
	assert_string_equal(broken.keys[1], broken.keys[0]);
	assert_string_equal(broken.keys[2], broken.keys[0]);
	assert_int_equal(runs_ask(f, "ops", "GET", "/steps", NULL), 200);
	assert_null(strstr(f->base->answer.answer, "~2"));
}

/* --- how long a call may take --- */

static bool note_timeout(void *self, const struct outgoing_request *request, struct outgoing_answer *answer,
						 struct err *err)
{
	(void)err;
	*(_Atomic int64_t *)self = request->timeout_ms;
	answer->status = 200;
	answer->sent = true;
	return true;
}

#define ASK "\"call\":\"http\",\"with\":{\"method\":\"get\",\"endpoint\":\"https://a.example/x\"}"
#define WITHIN(time) "\"timeout\":{\"after\":{" time "}}"

/* As long as its task says, five minutes where that says nothing, and no longer than what is around it [flow.md 2.4].
 */
static void test_how_long(void **state)
{
	static const struct {
		const char *tasks;
		int64_t timeout_ms;
	} cases[] = {
		{"[{\"a\":{" ASK "}}]", 300000},
		{"[{\"a\":{" ASK "," WITHIN("\"seconds\":5") "}}]", 5000},
		{"[{\"a\":{" ASK "," WITHIN("\"hours\":2") "}}]", 7200000},
		{"[{\"b\":{\"do\":[{\"a\":{" ASK "}}]," WITHIN("\"hours\":2") "}}]", 300000},
		{"[{\"b\":{\"do\":[{\"a\":{" ASK "," WITHIN("\"hours\":2") "}}]," WITHIN("\"hours\":1") "}}]", 3600000},
	};
	struct runs_fixture *f = *state;
	static _Atomic int64_t timeout_ms;
	f->outgoing.ask = note_timeout;
	f->outgoing.ask_self = &timeout_ms;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		timeout_ms = 0;
		runs_start(f, cases[i].tasks, "{}");
		assert_true(runs_is(f, "completed"));
		assert_int_equal(timeout_ms, cases[i].timeout_ms);
	}
}

/* --- more runs than are kept in memory --- */

static bool answer_late(void *self, const struct outgoing_request *request, struct outgoing_answer *answer,
						struct err *err)
{
	struct peer *peer = self;
	(void)request, (void)err;
	peer->asked++;
	for (int i = 0; i < 20; i++)
		pause_a_little();
	answer->status = 200;
	answer->sent = true;
	return true;
}

#define CROWD_ID "'01900000-0000-7000-8000-' || SUBSTR('000000000000' || i, -12)"
#define NUMBERS "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2) "

enum { CROWD = LIVE_MAX + 100 };

/* The waiting run `self`, many times over. */
static bool apply_crowd(struct db *db, void *self, struct err *err)
{
	return db_run(
			   db, err,
			   "INSERT INTO flow_runs (run_id, account_id, namespace, name, version, definition_sha256, status, "
			   "seed, priority, labels, seq, due_at, driven, input, steps_total, attempts_total, created_at, "
			   "started_at) " NUMBERS "SELECT " CROWD_ID ", account_id, namespace, name, version, definition_sha256, "
			   "status, seed, priority, labels, seq, due_at, driven, input, steps_total, attempts_total, created_at, "
			   "started_at FROM flow_runs, n WHERE run_id = $1",
			   V_TEXT(self), V_INT(CROWD)) &&
		   db_run(db, err,
				  "INSERT INTO flow_journal (run_id, first_seq, last_seq, lines) " NUMBERS "SELECT " CROWD_ID
				  ", first_seq, last_seq, lines FROM flow_journal, n WHERE run_id = $1",
				  V_TEXT(self), V_INT(CROWD));
}

static size_t kept(struct runner *runner)
{
	runner_lock(runner);
	size_t count = runner->turns_under_way > 0 ? 0 : runner->live.count;
	runner_unlock(runner);
	return count;
}

/* A run whose call is under way stays in memory: read anew it would send the call once more. */
static void test_in_a_crowd(void **state)
{
	struct runs_fixture *f = *state;
	struct peer peer = {.asked = 0};
	struct err err;
	char id[64];
	runs_start(f, "[{\"w\":{\"wait\":{\"hours\":9}}}]", "{}");
	assert_true(runs_is(f, "waiting"));
	assert_true(store_write(f->base->store, apply_crowd, f->run_id, &err));
	for (int i = 1; i <= CROWD; i++) {
		snprintf(id, sizeof id, "01900000-0000-7000-8000-%012d", i);
		runner_wake(f->flow->runner, id);
	}
	for (int i = 0; i < LOOKS && kept(f->flow->runner) < LIVE_MAX; i++)
		pause_a_little();
	assert_in_range(kept(f->flow->runner), LIVE_MAX, LIVE_MAX + 8);
	f->outgoing.ask = answer_late;
	f->outgoing.ask_self = &peer;
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/runs", "%s",
								 "{\"definition\":{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"t\",\"name\":"
								 "\"t\",\"version\":\"1.0.0\"},\"do\":[" CALL("ask") "]}}"),
					 202);
	strcpy(f->run_id, fixture_text(f->base, "result.run_id"));
	assert_true(becomes(&peer.asked, 1));
	assert_true(runs_is(f, "completed"));
	assert_int_equal(peer.asked, 1);
	assert_int_equal(runs_ask(f, "ops", "GET", "/steps", NULL), 200);
	assert_string_equal(runs_json(f, "result.steps.0.deliveries"), "1");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, runs_fixture_new, runs_fixture_free)
	const struct CMUnitTest tests[] = {
		TEST(test_cancelled),         TEST(test_paused),   TEST(test_timed_out),
		TEST(test_only_what_ended),   TEST(test_process),  TEST(test_process_left_alone),
		TEST(test_retry_is_no_visit), TEST(test_how_long), TEST(test_in_a_crowd),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
