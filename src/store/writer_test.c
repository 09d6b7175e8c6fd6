#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/env.h"
#include "core/must.h"
#include "store/fault_vfs.h"
#include "store/fixture.h"

enum { OPS = 1000 };

static struct store *opened(void)
{
	const struct store_options how = fixture_options();
	return fixture_open(&how);
}

static int64_t count_all(struct store *store)
{
	struct db *db = store_read(store);
	int64_t items = fixture_number(db, "SELECT COUNT(*) FROM items");
	assert_int_equal(fixture_number(db, "SELECT COUNT(*) FROM children"), items);
	store_read_end(store, db);
	return items;
}

/* All that waits when a commit ends goes into the next one, and that is one fsync. */
static void a_batch_costs_one_sync(void **state)
{
	(void)state;
	struct fault_vfs *vfs = fault_vfs_new("counting", false);
	struct store_options how = fixture_options();
	how.vfs = "counting";
	struct store *store = fixture_open(&how);
	assert_true(fixture_write(store, "first", 1, NULL)); /* begins the log, which is synced for itself */
	struct fixture_gate gate;
	static struct fixture_op ops[200];
	fixture_hold(&gate, store);
	for (int i = 0; i < 200; i++) {
		ops[i] = (struct fixture_op){.n = i};
		snprintf(ops[i].id, sizeof ops[i].id, "id%05d", i);
		fixture_submit(&ops[i], &gate, store);
	}
	fault_vfs_plan(vfs, (struct fault_plan){.kind = FAULT_NONE});
	fixture_release(&gate); /* its own batch writes nothing, so it syncs nothing */
	struct store_figures figures;
	store_figures(store, &figures);
	assert_int_equal(fault_vfs_count(vfs, FAULT_SYNC), figures.batches - 2);
	assert_true(figures.batches - 2 < 50); /* one if 200 ops take no longer than the slice */
	assert_int_equal(figures.ops, 202);
	assert_int_equal(count_all(store), 201);
	store_close(store);
	fault_vfs_free(vfs);
}

static bool refuse_after_writing(struct db *db, void *self, struct err *err)
{
	const struct fixture_op *op = self;
	return fixture_insert(db, op->id, op->n, err) && err_set(err, ERR_FOUR_EYES, "refused after its write");
}

static void ops_fail_alone(void **state)
{
	(void)state;
	struct store *store = opened();
	struct fixture_gate gate;
	static struct fixture_op ops[OPS];
	fixture_hold(&gate, store);
	for (int i = 0; i < OPS; i++) {
		ops[i] = (struct fixture_op){.n = i, .apply = i % 5 == 1 ? refuse_after_writing : NULL};
		snprintf(ops[i].id, sizeof ops[i].id, "id%05d", i);
		fixture_submit(&ops[i], &gate, store);
	}
	fixture_release(&gate);
	for (int i = 0; i < OPS; i++) {
		assert_int_equal(ops[i].applied, i % 5 != 1);
		assert_int_equal(ops[i].err.kind, i % 5 == 1 ? ERR_FOUR_EYES : ERR_NONE);
	}
	assert_int_equal(count_all(store), OPS - OPS / 5);
	struct store_figures figures;
	store_figures(store, &figures);
	assert_int_equal(figures.ops, OPS - OPS / 5 + 1);
	assert_int_equal(figures.failed_ops, OPS / 5);
	assert_int_equal(figures.queue, 0);
	assert_int_equal(figures.oldest_us, 0);
	store_close(store);
}

/* --- without savepoints --- */

static void an_op_alone_is_undone_whole(void **state)
{
	(void)state;
	struct store *store = opened();
	struct fixture_op alone = {.id = "alone", .n = 1};
	struct err err = {.kind = ERR_NONE};
	assert_false(store_write(store, refuse_after_writing, &alone, &err));
	assert_int_equal(err.kind, ERR_FOUR_EYES);
	assert_int_equal(count_all(store), 0);
	assert_true(fixture_write(store, "alone", 2, NULL));
	assert_int_equal(count_all(store), 1);
	struct store_figures figures;
	store_figures(store, &figures);
	assert_int_equal(figures.ops, 1);
	assert_int_equal(figures.failed_ops, 1);
	store_close(store);
}

enum { TRIES = 5 };
static struct fixture_op tries[TRIES];
static int times_applied[TRIES], times_put_back[TRIES];

static bool count_and_insert(struct db *db, void *self, struct err *err)
{
	struct fixture_op *op = self;
	times_applied[op - tries]++;
	op->n++; /* what `again` has to undo */
	return fixture_insert(db, op->id, op->n, err);
}

static bool count_and_refuse(struct db *db, void *self, struct err *err)
{
	return count_and_insert(db, self, err) && err_set(err, ERR_FOUR_EYES, "refused after its write");
}

static void count_put_back(void *self)
{
	struct fixture_op *op = self;
	times_put_back[op - tries]++;
	op->n = 10;
}

/* Five in one batch: the clock stands still.  Rows that stay say 11. */
static void try_five(struct store_options how, bool (*third)(struct db *db, void *self, struct err *err), int64_t stay)
{
	struct env_sim sim;
	struct fixture_gate gate;
	env_sim_init(&sim, 1, 1700000000000000);
	how.mono_us = sim.env.mono_us;
	how.wall_us = sim.env.wall_us;
	how.clock = sim.env.self;
	struct store *store = fixture_open(&how);
	memset(times_applied, 0, sizeof times_applied);
	memset(times_put_back, 0, sizeof times_put_back);
	fixture_hold(&gate, store);
	for (int i = 0; i < TRIES; i++) {
		tries[i] = (struct fixture_op){.apply = i == 2 ? third : count_and_insert, .again = count_put_back, .n = 10};
		snprintf(tries[i].id, sizeof tries[i].id, "id%d", i);
		fixture_submit(&tries[i], &gate, store);
	}
	fixture_release(&gate);
	struct db *db = store_read(store);
	assert_int_equal(fixture_number(db, "SELECT COUNT(*) FROM items"), stay);
	assert_int_equal(fixture_number(db, "SELECT COUNT(*) FROM items WHERE n = 11"), stay);
	store_read_end(store, db);
	store_close(store);
	env_sim_fini(&sim);
}

/* Each of the others is there once, as if it had been applied once. */
static void ops_that_can_come_again_do(void **state)
{
	(void)state;
	try_five(fixture_options(), count_and_refuse, TRIES - 1);
	for (int i = 0; i < TRIES; i++) {
		assert_int_equal(tries[i].applied, i != 2);
		assert_int_equal(tries[i].err.kind, i == 2 ? ERR_FOUR_EYES : ERR_NONE);
		assert_int_equal(times_applied[i], i <= 2 ? 2 : 1);
		assert_int_equal(times_put_back[i], i <= 2 ? 1 : 0);
	}
}

static bool insert_part(struct db *db, void *self, struct err *err)
{
	(void)self;
	return fixture_insert(db, "part", 1, err) && err_set(err, ERR_ALREADY_DECIDED, "decided already");
}

static bool inner_part(struct db *db, void *self, struct err *err)
{
	(void)self;
	struct err inner = {.kind = ERR_NONE};
	if (!fixture_insert(db, "outer", 1, err))
		return false;
	bool undone = !db_attempt(db, insert_part, NULL, &inner) && inner.kind == ERR_ALREADY_DECIDED;
	return undone || err_set(err, ERR_INTERNAL, "the part was kept");
}

/* [P-8.5]: the op's refusal undoes its work, and its record is kept. */
static bool record_refusal(struct db *db, void *self, struct err *err)
{
	(void)self;
	struct err refusal = {.kind = ERR_NONE};
	return !db_attempt(db, insert_part, NULL, &refusal) && refusal.kind == ERR_ALREADY_DECIDED &&
		   db_attempt(db, inner_part, NULL, err) && fixture_insert(db, "record", 409, err);
}

static void a_part_can_be_undone(void **state)
{
	(void)state;
	struct store *store = opened();
	assert_true(store_write(store, record_refusal, NULL, NULL));
	struct db *db = store_read(store);
	assert_int_equal(fixture_number(db, "SELECT COUNT(*) FROM items WHERE id = 'part'"), 0);
	assert_int_equal(fixture_number(db, "SELECT COUNT(*) FROM items WHERE id IN ('outer', 'record')"), 2);
	store_read_end(store, db);
	store_close(store);
}

/* What a failure of the engine does: RAISE(ROLLBACK) ends the transaction under the op that meets it. */
static const struct store_migration losing_steps[3] = {
	{1, "items", "CREATE TABLE items (id TEXT NOT NULL PRIMARY KEY, n BIGINT NOT NULL, w DOUBLE, b BYTES) STRICT;"},
	{2, "children", "CREATE TABLE children (id TEXT NOT NULL PRIMARY KEY, item TEXT NOT NULL) STRICT;"},
	{3, "trap",
	 "CREATE TRIGGER trap BEFORE INSERT ON items WHEN NEW.n = 666 BEGIN SELECT RAISE(ROLLBACK, 'lost'); END;"},
};

/* Looks away from its failure and writes on; outside the transaction that would be a commit of its own. */
static bool lose_and_go_on(struct db *db, void *self, struct err *err)
{
	struct fixture_op *op = self;
	struct err after = {.kind = ERR_NONE};
	bool wrote = fixture_insert(db, "trap", 666, err) || fixture_insert(db, "after", 1, &after);
	op->n = wrote ? -1 : (int64_t)after.kind; /* for the test's thread to look at */
	return true;
}

/* The clock stands still, so that all five are in one batch however slow the machine is. */
static void a_lost_transaction_fails_all(void **state)
{
	(void)state;
	struct env_sim sim;
	struct store_options how = fixture_options();
	env_sim_init(&sim, 1, 1700000000000000);
	how.mono_us = sim.env.mono_us;
	how.wall_us = sim.env.wall_us;
	how.clock = sim.env.self;
	how.migrations = losing_steps;
	how.migrations_count = 3;
	struct store *store = fixture_open(&how);
	struct fixture_gate gate;
	struct fixture_op ops[5] = {
		{.id = "a"}, {.id = "b"}, {.id = "c", .apply = lose_and_go_on}, {.id = "d"}, {.id = "e"}};
	fixture_hold(&gate, store);
	for (int i = 0; i < 5; i++)
		fixture_submit(&ops[i], &gate, store);
	fixture_release(&gate);
	for (int i = 0; i < 5; i++) {
		assert_false(ops[i].applied);
		assert_int_equal(ops[i].err.kind, ERR_UNAVAILABLE);
	}
	assert_int_equal(ops[2].n, ERR_UNAVAILABLE);
	assert_int_equal(fixture_count(store), 0);
	assert_true(fixture_write(store, "f", 1, NULL)); /* the next batch is whole again */
	assert_int_equal(fixture_count(store), 1);
	store_close(store);
	env_sim_fini(&sim);
}

/* What ends the transaction ends it for those too that could come again: it might do so each time. */
static void a_lost_transaction_is_not_tried_again(void **state)
{
	(void)state;
	struct store_options how = fixture_options();
	how.migrations = losing_steps;
	how.migrations_count = 3;
	try_five(how, lose_and_go_on, 0);
	for (int i = 0; i < TRIES; i++) {
		assert_false(tries[i].applied);
		assert_int_equal(tries[i].err.kind, ERR_UNAVAILABLE);
		assert_int_equal(times_put_back[i], 0);
	}
}

static void a_full_queue_refuses(void **state)
{
	(void)state;
	struct store_options how = fixture_options();
	how.queue_max = 3;
	struct store *store = fixture_open(&how);
	struct fixture_gate gate;
	struct err err = {.kind = ERR_NONE};
	static struct fixture_op ops[3];
	fixture_hold(&gate, store);
	for (int i = 0; i < 3; i++) {
		ops[i] = (struct fixture_op){.n = i};
		snprintf(ops[i].id, sizeof ops[i].id, "id%d", i);
		fixture_submit(&ops[i], &gate, store);
	}
	struct store_op more = ops[0].op;
	assert_false(store_submit(store, &more, &err));
	assert_int_equal(err.kind, ERR_OVERLOADED);
	struct store_figures figures;
	store_figures(store, &figures);
	assert_int_equal(figures.queue, 3);
	assert_true(figures.oldest_us > 0);
	fixture_release(&gate);
	assert_true(fixture_write(store, "again", 1, &err));
	assert_int_equal(fixture_count(store), 4);
	store_close(store);
}

static bool take_time(struct db *db, void *self, struct err *err)
{
	const struct fixture_op *op = self;
	if (op->n != 0)
		env_sim_advance((struct env_sim *)(intptr_t)op->n, 1000);
	return fixture_insert(db, op->id, 1, err);
}

/* 2 ms of applying a batch: of ops that take 1 ms each, two go into a commit, in their order. */
static void a_slice_of_applying_ends_a_batch(void **state)
{
	(void)state;
	struct env_sim sim;
	env_sim_init(&sim, 1, 1700000000000000);
	struct store_options how = fixture_options();
	how.mono_us = sim.env.mono_us;
	how.wall_us = sim.env.wall_us;
	how.clock = sim.env.self;
	struct store *store = fixture_open(&how);
	struct fixture_gate gate;
	static struct fixture_op ops[10];
	fixture_hold(&gate, store);
	for (int i = 0; i < 10; i++) {
		ops[i] = (struct fixture_op){.apply = take_time, .n = (intptr_t)&sim};
		snprintf(ops[i].id, sizeof ops[i].id, "id%d", i);
		fixture_submit(&ops[i], &gate, store);
	}
	fixture_release(&gate);
	store_close(store);
	store = fixture_open(&how);
	assert_int_equal(count_all(store), 10);
	struct db *db = store_read(store);
	struct db_rows rows;
	assert_true(db_query(db, &rows, NULL, "SELECT id FROM items"));
	for (int i = 0; i < 10; i++) {
		assert_true(db_next(&rows));
		assert_string_equal(db_text(&rows, 0), ops[i].id);
	}
	assert_true(db_end(&rows, NULL));
	store_read_end(store, db);
	store_close(store);
	env_sim_fini(&sim);
}

static void figures_tell_batches_and_commits(void **state)
{
	(void)state;
	struct store *store = opened();
	for (int i = 0; i < 3; i++)
		assert_true(fixture_write(store, (const char[]){(char)('a' + i), '\0'}, i, NULL));
	struct store_figures figures;
	store_figures(store, &figures);
	int64_t batches = 0, commits = 0;
	for (int i = 0; i < STORE_BUCKETS; i++) {
		batches += figures.batch_ops[i];
		commits += figures.commits[i];
	}
	assert_int_equal(figures.batches, 3);
	assert_int_equal(batches, 3);
	assert_int_equal(commits, 3);
	assert_int_equal(figures.batch_ops[0], 3); /* of one op each */
	assert_true(figures.commit_us > 0);
	assert_true(figures.last_commit_us > 0);
	assert_true(figures.bytes > 0);
	assert_true(figures.wal_bytes > 0);
	store_close(store);
}

static void submit_from_done(void *self, bool applied, const struct err *err)
{
	(void)err;
	struct fixture_op *op = self;
	must(applied);
	if (op[1].gate != NULL)
		must(store_submit((struct store *)(intptr_t)op->n, &op[1].op, NULL));
	atomic_fetch_sub(&op->gate->left, 1);
}

static bool do_nothing(struct db *db, void *self, struct err *err)
{
	(void)db, (void)self, (void)err;
	return true;
}

/* An answer may start the next write; stopping applies all that was accepted. */
static void done_may_submit_and_close_drains(void **state)
{
	(void)state;
	struct store *store = opened();
	struct fixture_gate gate;
	static struct fixture_op chain[4], ops[100];
	fixture_hold(&gate, store);
	for (int i = 0; i < 3; i++)
		chain[i] = (struct fixture_op){.gate = &gate,
									   .n = (intptr_t)store,
									   .op = {.apply = do_nothing, .done = submit_from_done, .self = &chain[i]}};
	atomic_fetch_add(&gate.left, 3);
	assert_true(store_submit(store, &chain[0].op, NULL));
	fixture_release(&gate);
	fixture_hold(&gate, store);
	for (int i = 0; i < 100; i++) {
		ops[i] = (struct fixture_op){.n = i};
		snprintf(ops[i].id, sizeof ops[i].id, "id%d", i);
		fixture_submit(&ops[i], &gate, store);
	}
	pthread_mutex_unlock(&gate.closed);
	store_close(store);
	assert_int_equal(atomic_load(&gate.left), 0);
	store = opened();
	assert_int_equal(fixture_count(store), 100);
	store_close(store);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_new, fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_batch_costs_one_sync),
		CASE(ops_fail_alone),
		CASE(an_op_alone_is_undone_whole),
		CASE(ops_that_can_come_again_do),
		CASE(a_part_can_be_undone),
		CASE(a_lost_transaction_fails_all),
		CASE(a_lost_transaction_is_not_tried_again),
		CASE(a_full_queue_refuses),
		CASE(a_slice_of_applying_ends_a_batch),
		CASE(figures_tell_batches_and_commits),
		CASE(done_may_submit_and_close_drains),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
