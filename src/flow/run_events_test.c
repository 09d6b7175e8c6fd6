#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/buf.h"
#include "flow/flow_internal.h"
#include "flow/run_events.h"
#include "flow/runs_fixture.h"
#include "flow/runs_repo.h"
#include "http/exchange.h"
#include "http/stream.h"
#include "store/store.h"

/* GET /runs/{id}/events: every row once, in order, to the last [flow.md 4]. */

#define WORK(name) "{\"" name "\":{\"call\":\"worker\",\"with\":{\"queue\":\"q\",\"payload\":\"${ . }\"}}}"
#define SET(name, text) "{\"" name "\":{\"set\":" text "}}"

static int ask_after(struct runs_fixture *f, const char *last)
{
	char target[96];
	const char *const headers[] = {"Last-Event-ID", last, NULL};
	snprintf(target, sizeof target, "/api/v1/flow/runs/%s/events", f->run_id);
	return people_fixture_ask(&f->base->people, "ops", "GET", target, NULL, last == NULL ? NULL : headers);
}

/* Ids `first` to `last`, one after the other, and nothing else. */
static void assert_ids(const char *text, int first, int last)
{
	for (int id = first; id <= last; id++) {
		text = strstr(text, "id: ");
		assert_non_null(text);
		assert_int_equal(atoi(text + 4), id);
		text += 4;
	}
	assert_null(strstr(text, "id: "));
}

static void test_to_the_end(void **state)
{
	struct runs_fixture *f = *state;
	char last[24];
	runs_start(f, "[" SET("a", "{\"text\":\"two\\nlines\"}") "," SET("b", "{\"n\":1}") "]", "{}");
	assert_true(runs_is(f, "completed"));
	int seq = (int)fixture_number_at(f->base, "result.seq");
	assert_true(seq > 2);
	assert_int_equal(ask_after(f, NULL), 200);
	assert_string_equal(loopback_header(&f->base->answer, "content-type"), "text/event-stream");
	assert_ids(f->base->answer.answer, 1, seq);
	assert_non_null(strstr(f->base->answer.answer, "event: run.started\n"));
	assert_non_null(strstr(f->base->answer.answer, "event: run.completed\n"));
	assert_non_null(strstr(f->base->answer.answer, "data: {\"seq\":1,\"at\":\""));
	assert_int_equal(ask_after(f, "2"), 200);
	assert_ids(f->base->answer.answer, 3, seq);
	snprintf(last, sizeof last, "%d", seq);
	assert_int_equal(ask_after(f, last), 200);
	assert_ids(f->base->answer.answer, 1, 0);
	assert_int_equal(ask_after(f, "x"), 400);
	assert_int_equal(ask_after(f, "-1"), 400);
	assert_int_equal(runs_ask(f, "ops", "GET", "/events?last_event_id=2", NULL), 200);
	assert_ids(f->base->answer.answer, 3, seq);
	assert_int_equal(runs_ask(f, "eve", "GET", "/events", NULL), 404);
}

/* --- while it runs --- */

static void delivered(struct exchange *x)
{
	(void)x;
}

static struct exchange *follow(struct runs_fixture *f, int64_t after)
{
	struct exchange *x = exchange_new(&f->base->service);
	struct run_record record;
	struct err err;
	bool found;
	assert_non_null(x);
	x->deliver = delivered;
	exchange_move(x, EXCHANGE_ROUTED);
	struct db *db = store_read(f->base->store);
	assert_true(runs_get(db, f->run_id, NULL, &f->base->arena, &record, &found, &err) && found);
	store_read_end(f->base->store, db);
	run_events_follow(f->flow->events, x, &record, after);
	return x;
}

/* Take what comes until `text` does; a test that waits in vain ends by its own time-out. */
static void take_until(struct exchange *x, struct buf *out, const char *text)
{
	const struct timespec moment = {.tv_nsec = 2000000};
	while (strstr(buf_text(out), text) == NULL) {
		(void)stream_take(x->stream, out);
		nanosleep(&moment, NULL);
	}
}

static void take_the_end(struct exchange *x, struct buf *out)
{
	const struct timespec moment = {.tv_nsec = 2000000};
	while (!stream_take(x->stream, out))
		nanosleep(&moment, NULL);
}

static void leave(struct exchange *x)
{
	exchange_move(x, EXCHANGE_SENDING);
	exchange_move(x, EXCHANGE_DONE);
	exchange_free(x);
}

static void work(struct runs_fixture *f)
{
	char target[128];
	assert_int_equal(
		fixture_ask(f->base, "ops", "POST", "/api/v1/flow/work/claim", "{\"queue\":\"q\",\"worker_id\":\"w\"}"), 200);
	snprintf(target, sizeof target, "/api/v1/flow/work/%s/complete", fixture_text(f->base, "result.tasks.0.task_id"));
	assert_int_equal(fixture_ask(f->base, "ops", "POST", target, "{\"fence\":1,\"output\":7}"), 200);
}

/* One from the start, one from row 2, and one that leaves and comes again. */
static void test_while_it_runs(void **state)
{
	struct runs_fixture *f = *state;
	struct buf all, some, parts;
	buf_init(&all, 0);
	buf_init(&some, 0);
	buf_init(&parts, 0);
	runs_start(f, "[" WORK("a") "," WORK("b") "]", "{}");
	assert_true(runs_is(f, "waiting"));
	struct exchange *first = follow(f, 0), *second = follow(f, 2), *third = follow(f, 0);
	take_until(first, &all, "task.intent");
	take_until(third, &parts, "task.intent");
	leave(third);
	work(f);
	take_until(first, &all, "task.result");
	assert_true(runs_is(f, "waiting"));
	int seen = 0;
	for (const char *at = buf_text(&parts); (at = strstr(at, "id: ")) != NULL; at += 4)
		seen++;
	third = follow(f, seen);
	work(f);
	assert_true(runs_is(f, "completed"));
	int seq = (int)fixture_number_at(f->base, "result.seq");
	take_the_end(first, &all);
	take_the_end(second, &some);
	take_the_end(third, &parts);
	assert_ids(buf_text(&all), 1, seq);
	assert_ids(buf_text(&some), 3, seq);
	assert_ids(buf_text(&parts), 1, seq);
	leave(first);
	leave(second);
	leave(third);
	buf_fini(&all);
	buf_fini(&some);
	buf_fini(&parts);
}

/* A stream does not outlive a right for long; and many rows come to a peer that takes them piece by piece. */
static void test_ends_and_pieces(void **state)
{
	struct runs_fixture *f = *state;
	struct buf out;
	buf_init(&out, 0);
	runs_start(f, "[" WORK("a") "]", "{}");
	struct exchange *x = follow(f, 0);
	env_sim_advance(&f->base->env, INT64_C(600) * 1000000);
	take_the_end(x, &out);
	assert_non_null(strstr(buf_text(&out), "event: bye"));
	leave(x);
	buf_reset(&out);
	runs_start(f,
			   "[{\"f\":{\"for\":{\"in\":\"${ [range(300)] }\"},\"do\":[" SET(
				   "s", "{\"t\":\"${ \\\"0123456789\\\" * 500 }\"}") "]}}]",
			   "{}");
	assert_true(runs_is(f, "completed"));
	int seq = (int)fixture_number_at(f->base, "result.seq");
	assert_true(seq >= 300);
	x = follow(f, 0);
	take_the_end(x, &out);
	assert_ids(buf_text(&out), 1, seq);
	leave(x);
	buf_fini(&out);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, runs_fixture_new, runs_fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_to_the_end), TEST(test_while_it_runs), TEST(test_ends_and_pieces)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
