#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/err.h"
#include "core/stamp.h"
#include "store/store.h"
#include "trade/desk_fixture.h"
#include "trade/domain/signature.h"

/*
 * A signal is judged before its op, and what it was judged by may change before the op runs: in the batch before, in
 * its own batch, or in an op that is undone.  An op of the test holds the writer while the signal is judged and queued.
 */

struct holding {
	struct store_op op;
	sem_t entered, go, over;
	const char *sql; /* what it does once it is let go */
	bool undone, as_meant;
};

static bool run_gate(struct db *db, void *self, struct err *err)
{
	struct holding *gate = self;
	sem_post(&gate->entered);
	while (sem_wait(&gate->go) != 0)
		;
	return db_run(db, err, gate->sql) && (!gate->undone || err_set(err, ERR_CONFLICT, "as asked"));
}

static void gate_done(void *self, bool applied, const struct err *err)
{
	struct holding *gate = self;
	(void)err;
	gate->as_meant = applied == !gate->undone;
	sem_post(&gate->over);
}

static void close_gate(struct holding *gate)
{
	struct err err;
	gate->op = (struct store_op){.apply = run_gate, .done = gate_done, .self = gate};
	assert_true(sem_init(&gate->entered, 0, 0) == 0 && sem_init(&gate->go, 0, 0) == 0 &&
				sem_init(&gate->over, 0, 0) == 0);
	assert_true(store_submit(f.store, &gate->op, &err));
	while (sem_wait(&gate->entered) != 0)
		;
}

static void open_gate(struct holding *gate)
{
	sem_post(&gate->go);
	while (sem_wait(&gate->over) != 0)
		;
	assert_true(gate->as_meant);
	sem_destroy(&gate->entered);
	sem_destroy(&gate->go);
	sem_destroy(&gate->over);
}

static void wait_for_queued(size_t count)
{
	const struct timespec moment = {.tv_nsec = 1000000};
	while (store_queued(f.store) < count)
		nanosleep(&moment, NULL);
}

static void *post_it(void *body)
{
	assert_int_equal(post((struct send){.body = body}), 201);
	return NULL;
}

/* The status of a signal that was judged while the writer was held, and what the gate did came before it. */
static const char *status_after(const char *sql, bool undone)
{
	struct holding gate = {.sql = sql, .undone = undone};
	pthread_t thread;
	const char *body = signal_with("1950.0", ",\"volume\":0.1");
	close_gate(&gate);
	assert_int_equal(pthread_create(&thread, NULL, post_it, (void *)(uintptr_t)body), 0);
	wait_for_queued(1);
	open_gate(&gate);
	pthread_join(thread, NULL);
	return text("result.status");
}

static const char *halting(const char *scope, const char *scope_id)
{
	return arena_printf(&f.arena,
						"INSERT INTO trading_states (account_id, scope, scope_id, state, guarded, reason, changed_by, "
						"changed_at) VALUES ('%s', '%s', '%s', 'HALTED', 0, 'test', 'test', 1)",
						f.principals[OWNER].account_id, scope, scope_id);
}

static int begin(void **state)
{
	desk_set_up(state);
	add_producer("");
	desk_broker(10000);
	return 0;
}

static void what_does_not_concern_it_changes_nothing(void **state)
{
	(void)state;
	assert_string_equal(status_after("UPDATE producers SET name = 'another'", false), "pending");
}

static void a_halt_before_its_op_is_seen(void **state)
{
	(void)state;
	assert_string_equal(status_after(halting("global", ""), false), "blocked");
	assert_string_equal(text("result.risk.failed.0"), "trading_state");
}

static void a_halt_that_is_undone_is_none(void **state)
{
	(void)state;
	assert_string_equal(status_after(halting("global", ""), true), "pending");
}

static void a_guard_that_fires_is_seen(void **state)
{
	(void)state;
	const char *sql = arena_printf(
		&f.arena,
		"INSERT INTO guard_episodes (trading_account_id, guard, instrument, account_id, state, started_at) VALUES "
		"('%s', 'drawdown', '', '%s', 'armed', 1)",
		DESK_ACCOUNT, f.principals[OWNER].account_id);
	assert_string_equal(status_after(sql, false), "blocked");
}

static void figures_of_the_account_are_the_newest(void **state)
{
	(void)state;
	assert_string_equal(status_after("UPDATE trading_accounts SET equity = 50000000", false), "blocked");
	assert_string_equal(status_after("UPDATE quotes SET quoted_at = 1", false), "blocked");
	assert_string_equal(status_after("DELETE FROM quotes", false), "blocked");
}

/* --- several in one batch --- */

struct sender {
	pthread_t thread;
	struct loopback l;
	const char *headers[9];
};

static void prepare(struct sender *s, int i, int version)
{
	char stamp[STAMP_TEXT], signature[SIGNATURE_TEXT];
	const char *body = signal_with("1950.0", arena_printf(&f.arena, ",\"volume\":0.1,\"version\":\"1.%d\"", version));
	stamp_format(stamp, f.sim.wall_us + i);
	const struct canonical canonical =
		signature_producer(&f.arena, "POST", "/api/v1/signals", stamp, f.producer, body, strlen(body));
	signature_make(f.secret, strlen(f.secret), canonical, signature);
	const char *const headers[] = {"content-type",
								   "application/json",
								   "x-producer-id",
								   f.producer,
								   "x-timestamp",
								   arena_dup(&f.arena, stamp),
								   "x-signature",
								   arena_dup(&f.arena, signature),
								   NULL};
	memcpy(s->headers, headers, sizeof headers);
	s->l = (struct loopback){
		.method = "POST", .target = "/api/v1/signals", .headers = s->headers, .body = body, .body_size = strlen(body)};
}

static void *send_one(void *self)
{
	loopback_ask(&f.service, &((struct sender *)self)->l);
	return NULL;
}

enum { TOGETHER = 6 };

/* In one batch, in this order, after the gate's own write. */
static void send_together(struct sender senders[TOGETHER], const int versions[TOGETHER])
{
	struct holding gate = {.sql = "UPDATE producers SET name = 'another'"};
	close_gate(&gate);
	for (int i = 0; i < TOGETHER; i++) {
		prepare(&senders[i], i, versions[i]);
		assert_int_equal(pthread_create(&senders[i].thread, NULL, send_one, &senders[i]), 0);
		wait_for_queued((size_t)i + 1);
	}
	open_gate(&gate);
	for (int i = 0; i < TOGETHER; i++)
		pthread_join(senders[i].thread, NULL);
}

/* Each was judged without the others, and still no two slip through one limit together. */
static void one_accepted_counts_for_the_next_of_its_batch(void **state)
{
	(void)state;
	enum { LET_THROUGH = 2 };
	struct sender senders[TOGETHER];
	int accepted = 0;
	f.who = RISK_OWNER;
	set_profile("{\"max_orders_per_minute\":2,\"duplicate_window_s\":0}");
	send_together(senders, (const int[]){0, 1, 2, 3, 4, 5});
	for (int i = 0; i < TOGETHER; i++) {
		assert_int_equal(senders[i].l.status, 201);
		accepted += strstr(senders[i].l.answer, "\"status\":\"pending\"") != NULL;
		loopback_fini(&senders[i].l);
	}
	assert_int_equal(accepted, LET_THROUGH);
}

/*
 * A batch of signals goes without savepoints; one that fails at its last row makes the others come once more, and they
 * are what they would have been: one and its repetition among them.
 */
static void one_that_fails_leaves_its_batch_as_it_was(void **state)
{
	(void)state;
	static const int versions[TOGETHER] = {0, 1, 0, 2, 1, 3};
	static const char *const codes[TOGETHER] = {NULL, NULL, "duplicate_signal", "conflict", "duplicate_signal", NULL};
	struct sender senders[TOGETHER];
	desk_sql("CREATE TRIGGER trap BEFORE INSERT ON signal_events WHEN (SELECT version FROM signals WHERE signal_id = "
			 "NEW.signal_id) = '1.2' BEGIN SELECT RAISE(ABORT, 'trap'); END");
	send_together(senders, versions);
	for (int i = 0; i < TOGETHER; i++) {
		assert_int_equal(senders[i].l.status, codes[i] == NULL ? 201 : 409);
		assert_true(codes[i] == NULL || strstr(senders[i].l.answer, codes[i]) != NULL);
		loopback_fini(&senders[i].l);
	}
	assert_int_equal(desk_count("SELECT COUNT(*) FROM signals"), 3);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM seals WHERE subject_kind = 'signal'"), 3);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM refused_signals"), 2);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM replays"), 5);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM audit WHERE action = 'signal.create'"), 3);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM audit WHERE action = 'signal.refuse'"), 2);
	chain_is_sound(-1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_does_not_concern_it_changes_nothing, begin, desk_tear_down),
		cmocka_unit_test_setup_teardown(a_halt_before_its_op_is_seen, begin, desk_tear_down),
		cmocka_unit_test_setup_teardown(a_halt_that_is_undone_is_none, begin, desk_tear_down),
		cmocka_unit_test_setup_teardown(a_guard_that_fires_is_seen, begin, desk_tear_down),
		cmocka_unit_test_setup_teardown(figures_of_the_account_are_the_newest, begin, desk_tear_down),
		cmocka_unit_test_setup_teardown(one_accepted_counts_for_the_next_of_its_batch, begin, desk_tear_down),
		cmocka_unit_test_setup_teardown(one_that_fails_leaves_its_batch_as_it_was, begin, desk_tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
