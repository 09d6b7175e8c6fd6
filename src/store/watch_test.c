#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "store/fixture.h"
#include "store/store.h"

/* A stepped store: what is submitted between two steps is one batch. */
static struct store *store;
static const struct store_watch *items, *children;
static const char *const items_table[] = {"items", NULL}, *const both_tables[] = {"items", "children", NULL},
						 *const children_table[] = {"children", NULL};

/* Time stands still: however slow the machine, a batch is not cut short. */
static int64_t no_time(void *self)
{
	(void)self;
	return 1;
}

static int begin(void **state)
{
	if (fixture_new(state) != 0)
		return -1;
	struct store_options options = fixture_options();
	options.stepped = true;
	options.mono_us = no_time;
	store = fixture_open(&options);
	items = store_watch(store, items_table);
	children = store_watch(store, children_table);
	return 0;
}

static int end(void **state)
{
	store_close(store);
	return fixture_free(state);
}

/* One op: a statement, and what the watch of items said before and after it, in the op. */
struct step {
	struct store_op op;
	const char *sql;
	bool fail, query; /* fail after it; as a query */
	uint64_t before, after;
	bool applied;
};

static bool run_sql(struct step *s, struct db *db, struct err *err)
{
	struct db_rows rows;
	if (!s->query)
		return db_run(db, err, s->sql);
	if (!db_query(db, &rows, err, s->sql))
		return false;
	while (db_next(&rows))
		;
	return db_end(&rows, err);
}

static bool apply(struct db *db, void *self, struct err *err)
{
	struct step *s = self;
	s->before = db_watch(db, items);
	bool done = s->sql == NULL || run_sql(s, db, err);
	s->after = db_watch(db, items);
	return done && (!s->fail || err_set(err, ERR_CONFLICT, "as asked"));
}

static void done(void *self, bool applied, const struct err *err)
{
	(void)err;
	((struct step *)self)->applied = applied;
}

static void submit(struct step *s)
{
	struct err err;
	s->op = (struct store_op){.apply = apply, .done = done, .self = s};
	assert_true(store_submit(store, &s->op, &err));
}

static struct step run(const char *sql, bool fail)
{
	struct step s = {.sql = sql, .fail = fail};
	submit(&s);
	assert_true(store_step(store));
	return s;
}

static const char insert_one[] = "INSERT INTO items (id, n) VALUES ('1', 1)";

static void equal_until_a_table_is_written(void **state)
{
	(void)state;
	struct step first = run(NULL, false), again = run(NULL, false);
	assert_true(first.before > 0);
	assert_int_equal(first.before, again.after);
	assert_int_equal(store_watch_seen(items), again.after);
	struct step write = run(insert_one, false);
	assert_true(write.applied && write.after > write.before);
	assert_int_equal(store_watch_seen(items), write.after);
	uint64_t other = store_watch_seen(children);
	struct step read = {.sql = "SELECT n FROM items", .query = true};
	submit(&read);
	assert_true(store_step(store));
	assert_int_equal(read.after, write.after);
	assert_int_equal(store_watch_seen(children), other);
	struct step update = run("UPDATE items SET n = 2 WHERE id = '1'", false);
	assert_true(update.after > read.after);
	struct step returning = {.sql = "DELETE FROM items WHERE id = '1' RETURNING n", .query = true};
	submit(&returning);
	assert_true(store_step(store));
	assert_true(returning.after > update.after);
}

static void an_op_sees_what_its_batch_has_written(void **state)
{
	(void)state;
	struct step write = {.sql = insert_one}, after = {.sql = NULL};
	run(NULL, false);
	uint64_t seen = store_watch_seen(items);
	submit(&write);
	submit(&after);
	assert_int_equal(store_watch_seen(items), seen); /* nothing is committed */
	assert_true(store_step(store));
	assert_int_equal(write.before, seen);
	assert_true(after.before > seen);
	assert_int_equal(store_watch_seen(items), after.before);
}

/* What was kept of a state that is undone is good no more, and what was kept of the state before it neither. */
static void what_is_undone_is_a_change(void **state)
{
	(void)state;
	struct step write = {.sql = insert_one, .fail = true}, after = {.sql = NULL};
	run(NULL, false);
	submit(&write);
	submit(&after);
	assert_true(store_step(store));
	assert_false(write.applied);
	assert_true(after.applied && after.before > write.after);
	struct step nothing = run(NULL, true);
	assert_int_equal(run(NULL, false).before, nothing.after); /* nothing was written, so nothing is undone */
}

static bool undone_part(struct db *db, void *self, struct err *err)
{
	*(uint64_t *)self = db_run(db, err, insert_one) ? db_watch(db, items) : 0;
	return err_set(err, ERR_CONFLICT, "as asked");
}

static bool with_a_part(struct db *db, void *self, struct err *err)
{
	uint64_t *inside = self;
	struct err ignored;
	(void)err;
	assert_false(db_attempt(db, undone_part, inside, &ignored));
	assert_true(db_watch(db, items) > *inside);
	return true;
}

static void a_part_that_is_undone_is_a_change(void **state)
{
	uint64_t inside = 0;
	struct err err;
	(void)state;
	assert_true(store_write(store, with_a_part, &inside, &err));
	assert_true(inside > 0 && store_watch_seen(items) > inside);
}

/* Statements that were prepared before it are counted too, and no number of before is given again. */
static void a_late_watch_misses_nothing(void **state)
{
	(void)state;
	run(insert_one, false);
	const struct store_watch *late = store_watch(store, both_tables);
	uint64_t seen = store_watch_seen(late);
	run("DELETE FROM items", false);
	assert_true(store_watch_seen(late) > seen);
	seen = store_watch_seen(late);
	run(insert_one, false);
	assert_true(store_watch_seen(late) > seen);
	seen = store_watch_seen(late);
	run("INSERT INTO children (id, item) VALUES ('a', '1')", false);
	assert_true(store_watch_seen(late) > seen);
}

static void a_reader_does_not_know(void **state)
{
	(void)state;
	run(insert_one, false);
	struct db *db = store_read(store);
	assert_int_equal(db_watch(db, items), 0);
	store_read_end(store, db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(equal_until_a_table_is_written, begin, end),
		cmocka_unit_test_setup_teardown(an_op_sees_what_its_batch_has_written, begin, end),
		cmocka_unit_test_setup_teardown(what_is_undone_is_a_change, begin, end),
		cmocka_unit_test_setup_teardown(a_part_that_is_undone_is_a_change, begin, end),
		cmocka_unit_test_setup_teardown(a_late_watch_misses_nothing, begin, end),
		cmocka_unit_test_setup_teardown(a_reader_does_not_know, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
