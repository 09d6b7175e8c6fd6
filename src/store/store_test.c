#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/arena.h"
#include "store/fixture.h"

static struct store *opened(void)
{
	const struct store_options how = fixture_options();
	return fixture_open(&how);
}

static void values_come_back_as_they_went(void **state)
{
	(void)state;
	struct store *store = opened();
	struct err err;
	assert_true(fixture_write(store, "a", 7, &err));
	struct db *db = store_read(store);
	struct db_rows rows;
	/* $2 before $1: parameters go by number, not by place */
	assert_true(db_query(db, &rows, &err, "SELECT id, n, w, b, NULL FROM items WHERE n = $2 AND id = $1", V_TEXT("a"),
						 V_INT(7)));
	assert_true(db_next(&rows));
	size_t size;
	struct arena arena;
	arena_init(&arena, 1000);
	assert_string_equal(db_text(&rows, 0), "a");
	assert_string_equal(db_text_dup(&rows, 0, &arena), "a");
	assert_int_equal(db_int(&rows, 1), 7);
	assert_float_equal(db_real(&rows, 2), .5, 0);
	assert_memory_equal(db_blob(&rows, 3, &size), "\0\1", 2);
	assert_int_equal(size, 2);
	assert_true(db_is_null(&rows, 4));
	assert_null(db_text(&rows, 4));
	assert_true(isnan(db_real(&rows, 4)));
	assert_false(db_next(&rows));
	assert_false(db_next(&rows)); /* and does not begin again */
	assert_true(db_end(&rows, &err));
	arena_fini(&arena);
	store_read_end(store, db);
	store_close(store);
}

static bool nulls(struct db *db, void *self, struct err *err)
{
	(void)self;
	return db_run(db, err, "INSERT INTO items (id, n, w, b) VALUES ($1, $2, $3, $4)", V_TEXT("null"),
				  V_INT(INT64_MIN + 1), V_REAL(NAN), V_NULL);
}

static bool extremes(struct db *db, void *self, struct err *err)
{
	(void)self;
	return db_run(db, err, "INSERT INTO items (id, n, w, b) VALUES ($1, $2, $3, $4)", V_TEXT("ü\n'\""),
				  V_INT(INT64_MAX), V_REAL(NAN), V_BLOB(NULL, 0));
}

static void extremes_come_back_too(void **state)
{
	(void)state;
	struct store *store = opened();
	struct err err = {.kind = ERR_NONE};
	assert_false(store_write(store, nulls, NULL, &err)); /* n >= 0 */
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_true(store_write(store, extremes, NULL, &err));
	struct db *db = store_read(store);
	struct db_rows rows;
	size_t size = 7;
	assert_true(db_query(db, &rows, &err, "SELECT id, n, w, b FROM items"));
	assert_true(db_next(&rows));
	assert_string_equal(db_text(&rows, 0), "ü\n'\"");
	assert_true(db_int(&rows, 1) == INT64_MAX);
	assert_true(db_is_null(&rows, 2)); /* NaN is null */
	assert_false(db_is_null(&rows, 3));
	db_blob(&rows, 3, &size);
	assert_int_equal(size, 0);
	assert_true(db_end(&rows, &err));
	store_read_end(store, db);
	store_close(store);
}

struct slip {
	const char *sql;
	enum err_kind kind;
	const char *says;
};

/* --- words that only some programs know --- */

static const char *const known[] = {"a", "b", NULL};

static void take_word(const struct db_rows *row, void *self)
{
	*(int *)self = db_word(row, 0, known);
}

/* A word that nobody knows fails the query that read it, and no other one. */
static void a_strange_word_is_told_at_the_end(void **state)
{
	(void)state;
	struct store *store = opened();
	struct err err = {.kind = ERR_NONE};
	struct db_rows rows;
	int word = -1;
	assert_true(fixture_write(store, "a", 1, &err) && fixture_write(store, "b", 2, &err) &&
				fixture_write(store, "stranger", 3, &err));
	struct db *db = store_read(store);
	assert_true(db_one(db, &err, NULL, take_word, &word, "SELECT id FROM items WHERE n = 2"));
	assert_int_equal(word, 1);
	assert_false(db_one(db, &err, NULL, take_word, &word, "SELECT id FROM items WHERE n = 3"));
	assert_int_equal(word, 0);
	assert_int_equal(err.kind, ERR_INTERNAL);
	assert_non_null(strstr(err.message, "row stranger has the id stranger"));
	assert_true(db_query(db, &rows, &err, "SELECT n, id FROM items ORDER BY id DESC"));
	while (db_next(&rows))
		word = db_word(&rows, 1, known);
	assert_int_equal(word, 0); /* the last one's own */
	assert_false(db_end(&rows, &err));
	assert_true(db_one(db, &err, NULL, take_word, &word, "SELECT id FROM items WHERE n = 2"));
	store_read_end(store, db);
	store_close(store);
}

static bool run_slip(struct db *db, void *self, struct err *err)
{
	const struct slip *slip = self;
	return db_run(db, err, slip->sql, V_TEXT("x"));
}

static void slips_are_refused(void **state)
{
	(void)state;
	static const struct slip slips[] = {
		{"DELETE FROM items", ERR_INTERNAL, "1 values for 0 parameters"},
		{"DELETE FROM items WHERE id = $1 AND n = $2", ERR_INTERNAL, "1 values for 2 parameters"},
		{"DELETE FROM items WHERE id = $2", ERR_INTERNAL, "parameter $1 is missing"},
		{"DELETE FROM items WHERE id = ?", ERR_INTERNAL, "use $1"},
		{"DELETE FROM items WHERE id = $1; DELETE FROM items", ERR_INTERNAL, "not one statement"},
		{" -- nothing", ERR_INTERNAL, "not one statement"},
		{"DELETE FROM nowhere WHERE id = $1", ERR_INTERNAL, "no such table"},
		{"COMMIT", ERR_INTERNAL, "not authorized"},
		{"ROLLBACK", ERR_INTERNAL, "not authorized"},
		{"SAVEPOINT x", ERR_INTERNAL, "not authorized"},
		{"ATTACH $1 AS x", ERR_INTERNAL, "not authorized"},
		{"PRAGMA synchronous = OFF", ERR_INTERNAL, "pragma"},
	};
	struct store *store = opened();
	struct err err;
	for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
		struct slip slip = slips[i];
		err = (struct err){.kind = ERR_NONE};
		assert_false(store_write(store, run_slip, &slip, &err));
		assert_int_equal(err.kind, slip.kind);
		if (strcasestr(err.message, slip.says) == NULL)
			fail_msg("%s: %s", slip.sql, err.message);
	}
	assert_true(fixture_write(store, "a", 1, &err));
	store_close(store);
}

static bool insert_orphan(struct db *db, void *self, struct err *err)
{
	bool done = db_run(db, err, "INSERT INTO children (id, item) VALUES ($1, $2)", V_TEXT("c"), V_TEXT("nobody"));
	*(enum db_fault *)self = db_fault(db);
	return done;
}

static bool insert_null(struct db *db, void *self, struct err *err)
{
	bool done = db_run(db, err, "INSERT INTO children (id, item) VALUES ($1, $2)", V_TEXT("c"), V_NULL);
	*(enum db_fault *)self = db_fault(db);
	return done;
}

static bool insert_negative(struct db *db, void *self, struct err *err)
{
	bool done = fixture_insert(db, "b", -1, err);
	*(enum db_fault *)self = db_fault(db);
	return done;
}

static bool insert_again(struct db *db, void *self, struct err *err)
{
	bool done = fixture_insert(db, "a", 1, err);
	*(enum db_fault *)self = db_fault(db);
	return done;
}

static void constraints_have_their_kinds(void **state)
{
	(void)state;
	static const struct {
		bool (*apply)(struct db *db, void *self, struct err *err);
		enum err_kind kind;
		enum db_fault fault;
	} rows[] = {
		{insert_again, ERR_DUPLICATE, DB_FAULT_UNIQUE},
		{insert_negative, ERR_CONFLICT, DB_FAULT_CHECK},
		{insert_orphan, ERR_CONFLICT, DB_FAULT_FOREIGN_KEY},
		{insert_null, ERR_CONFLICT, DB_FAULT_NOT_NULL},
	};
	struct store *store = opened();
	struct err err;
	assert_true(fixture_write(store, "a", 1, &err));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		enum db_fault fault = DB_FAULT_NONE;
		err = (struct err){.kind = ERR_NONE};
		assert_false(store_write(store, rows[i].apply, &fault, &err));
		assert_int_equal(err.kind, rows[i].kind);
		assert_int_equal(fault, rows[i].fault);
	}
	assert_int_equal(fixture_count(store), 1);
	store_close(store);
}

struct returning {
	int64_t changed, seen;
};

static bool change_with_returning(struct db *db, void *self, struct err *err)
{
	struct returning *returning = self;
	struct db_rows rows;
	if (!db_query(db, &rows, err, "UPDATE items SET n = n + 100 RETURNING n") || !db_next(&rows))
		return db_end(&rows, err);
	returning->seen = db_int(&rows, 0);
	if (!db_end(&rows, err)) /* after the first of three */
		return false;
	if (!db_run(db, err, "UPDATE items SET n = n + 1 RETURNING n"))
		return false;
	returning->changed = db_changed(db);
	return true;
}

static void returning_changes_all_rows(void **state)
{
	(void)state;
	struct store *store = opened();
	struct returning returning = {0, 0};
	for (int i = 0; i < 3; i++)
		assert_true(fixture_write(store, (const char[]){(char)('a' + i), '\0'}, i, NULL));
	assert_true(store_write(store, change_with_returning, &returning, NULL));
	assert_in_range(returning.seen, 100, 102);
	assert_int_equal(returning.changed, 3);
	struct db *db = store_read(store);
	assert_int_equal(fixture_number(db, "SELECT COUNT(*) FROM items WHERE n > 100"), 3);
	store_read_end(store, db);
	store_close(store);
}

static void readers_see_one_committed_state(void **state)
{
	(void)state;
	struct store *store = opened();
	struct err err;
	struct db *early = store_read(store);
	assert_int_equal(fixture_number(early, "SELECT COUNT(*) FROM items"), 0);
	assert_true(fixture_write(store, "a", 1, &err));
	assert_int_equal(fixture_number(early, "SELECT COUNT(*) FROM items"), 0); /* its state, not the newest */
	assert_int_equal(fixture_count(store), 1);
	assert_false(db_run(early, &err, "DELETE FROM items")); /* readers only read */
	assert_false(db_run(early, &err, "COMMIT"));
	store_read_end(store, early);
	store_close(store);
}

static void *hold_one(void *self)
{
	struct store *store = self;
	struct db *db = store_read(store);
	long count = (long)fixture_number(db, "SELECT COUNT(*) FROM items");
	store_read_end(store, db);
	return (void *)count;
}

/* As many as the options say, though not all of them are there from the start; who comes later waits for one. */
static void readers_are_made_when_they_are_wanted(void **state)
{
	(void)state;
	enum { MOST = 7 };
	struct store_options how = fixture_options();
	how.readers = MOST;
	struct store *store = fixture_open(&how);
	struct db *all[MOST];
	pthread_t late;
	void *count;
	struct err err;
	assert_true(fixture_write(store, "a", 1, &err));
	for (int i = 0; i < MOST; i++) {
		all[i] = store_read(store);
		for (int before = 0; before < i; before++)
			assert_ptr_not_equal(all[i], all[before]);
		assert_int_equal(fixture_number(all[i], "SELECT COUNT(*) FROM items"), 1);
	}
	assert_int_equal(pthread_create(&late, NULL, hold_one, store), 0);
	usleep(20000);
	assert_int_equal(pthread_tryjoin_np(late, &count), EBUSY);
	for (int i = 0; i < MOST; i++)
		store_read_end(store, all[i]);
	assert_int_equal(pthread_join(late, &count), 0);
	assert_int_equal((long)count, 1);
	store_close(store);
}

static bool count_inside(struct db *db, void *self, struct err *err)
{
	struct store *store = self;
	if (!fixture_insert(db, "half", 1, err))
		return false;
	bool own = fixture_number(db, "SELECT COUNT(*) FROM items") == 1;
	bool others = fixture_count(store) == 1; /* a reader's connection, before the commit */
	return (own && !others) || err_set(err, ERR_INTERNAL, "seen too early or not at all");
}

static void nothing_is_seen_before_its_commit(void **state)
{
	(void)state;
	struct store *store = opened();
	assert_true(store_write(store, count_inside, store, NULL));
	assert_int_equal(fixture_count(store), 1);
	store_close(store);
}

/* More texts than the cache holds, with one of them being read all the time. */
static void the_cache_of_statements_turns_over(void **state)
{
	(void)state;
	struct store *store = opened();
	for (int i = 0; i < 3; i++)
		assert_true(fixture_write(store, (const char[]){(char)('a' + i), '\0'}, i, NULL));
	struct db *db = store_read(store);
	struct db_rows outer, same;
	assert_true(db_query(db, &outer, NULL, "SELECT n FROM items ORDER BY n"));
	assert_true(db_next(&outer));
	assert_true(db_query(db, &same, NULL, "SELECT n FROM items ORDER BY n"));
	for (int64_t i = 0; i < 1000; i++) {
		char sql[64];
		snprintf(sql, sizeof sql, "SELECT %lld", (long long)i);
		assert_int_equal(fixture_number(db, sql), i);
	}
	assert_true(db_next(&same));
	assert_int_equal(db_int(&same, 0), 0);
	assert_true(db_end(&same, NULL));
	assert_true(db_next(&outer));
	assert_int_equal(db_int(&outer, 0), 1);
	assert_true(db_end(&outer, NULL));
	store_read_end(store, db);
	store_close(store);
}

static void one_process_at_a_time(void **state)
{
	(void)state;
	struct store *store = opened(), *second;
	struct err err;
	char pid[32];
	const struct store_options how = fixture_options();
	assert_false(store_open(&how, &second, &err)); /* another open file is as good as another process */
	assert_int_equal(err.kind, ERR_STORE_BUSY);
	assert_non_null(strstr(err.message, "in use"));
	snprintf(pid, sizeof pid, "(%ld)", (long)getpid());
	assert_non_null(strstr(err.message, pid));
	store_close(store);
	store_close(opened());
}

static void folders_are_made_and_refused(void **state)
{
	(void)state;
	struct store_options how = fixture_options();
	struct store *store = NULL;
	struct err err = {.kind = ERR_NONE};
	struct stat st;
	char path[6000];
	snprintf(path, sizeof path, "%s/a b/c/", fixture_folder());
	how.folder = path;
	store = fixture_open(&how);
	assert_string_equal(store_id(store), how.new_store_id);
	assert_int_equal(store_schema_version(store), 2);
	store_close(store);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	strcat(path, "store.db");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_false(store_open(&how, &store, &err)); /* under a file there is no folder */
	assert_int_equal(err.kind, ERR_IO);
	assert_non_null(strstr(err.message, path));
	how.folder = "/proc/countersign"; /* not even root may write there */
	assert_false(store_open(&how, &store, &err));
	assert_int_equal(err.kind, ERR_IO);
	memset(path, 'x', sizeof path - 1);
	path[sizeof path - 1] = '\0';
	how.folder = path;
	assert_false(store_open(&how, &store, &err));
	assert_int_equal(err.kind, ERR_IO);
}

static void what_is_no_store_is_refused(void **state)
{
	(void)state;
	const struct store_options how = fixture_options();
	struct store *store;
	struct err err = {.kind = ERR_NONE};
	char path[400];
	snprintf(path, sizeof path, "%s/store.db", fixture_folder());
	FILE *file = fopen(path, "w");
	for (int i = 0; i < 1000; i++)
		fputs("this is not a database. ", file);
	fclose(file);
	assert_false(store_open(&how, &store, &err));
	assert_int_equal(err.kind, ERR_IO);
	assert_non_null(strstr(err.message, "not a database"));
}

static void a_store_keeps_its_id(void **state)
{
	(void)state;
	store_close(opened());
	struct store_options how = fixture_options();
	how.new_store_id = "0195f000-0000-7000-8000-000000000002";
	struct store *store = fixture_open(&how);
	assert_string_equal(store_id(store), "0195f000-0000-7000-8000-000000000001");
	store_close(store);
}

/* [P-12.3] */
static void no_room_refuses_and_recovers(void **state)
{
	(void)state;
	struct store_options how = fixture_options();
	how.min_free_bytes = INT64_MAX;
	struct store *store = fixture_open(&how);
	struct store_figures figures;
	struct err err = {.kind = ERR_NONE};
	assert_false(fixture_write(store, "a", 1, &err));
	assert_int_equal(err.kind, ERR_STORE_FULL);
	assert_int_equal(fixture_count(store), 0); /* reads serve */
	store_figures(store, &figures);
	assert_true(figures.full);
	store_close(store);
	store = opened();
	assert_true(fixture_write(store, "a", 1, &err));
	store_figures(store, &figures);
	assert_false(figures.full);
	store_close(store);
}

static void a_backup_is_a_store(void **state)
{
	(void)state;
	struct store *store = opened();
	struct err err;
	char path[500], other[400];
	assert_true(fixture_write(store, "a", 1, &err));
	snprintf(other, sizeof other, "%s/other", fixture_folder());
	snprintf(path, sizeof path, "%s/store.db", other);
	assert_int_equal(mkdir(other, 0700), 0);
	assert_true(store_backup(store, path, &err));
	assert_false(store_backup(store, path, &err)); /* never over another */
	assert_int_equal(err.kind, ERR_DUPLICATE);
	assert_true(fixture_write(store, "b", 1, &err));
	store_close(store);
	struct store_options how = fixture_options();
	how.folder = other;
	store = fixture_open(&how);
	assert_int_equal(fixture_count(store), 1);
	assert_true(fixture_write(store, "c", 1, &err)); /* and goes on as one */
	store_close(store);
}

/* [P-12.1] */
static void a_backup_without_room_leaves_nothing(void **state)
{
	(void)state;
	struct store *store = opened();
	char id[16], path[400];
	for (int i = 0; i < 2000; i++) {
		snprintf(id, sizeof id, "id%05d", i);
		assert_true(fixture_write(store, id, i, NULL));
	}
	store_close(store);
	struct store_options how = fixture_options();
	how.min_free_bytes = INT64_MAX;
	store = fixture_open(&how);
	struct err err = {.kind = ERR_NONE};
	snprintf(path, sizeof path, "%s/copy.db", fixture_folder());
	assert_false(store_backup(store, path, &err));
	assert_int_equal(err.kind, ERR_STORE_FULL);
	assert_int_equal(access(path, F_OK), -1);
	store_close(store);
}

static int64_t no_time(void *self)
{
	(void)self;
	return 1;
}

/* No thread of its own: nothing happens but by store_step, store_write and store_idle, on the caller's thread. */
static void a_stepped_store_does_what_it_is_told(void **state)
{
	(void)state;
	struct store_options how = fixture_options();
	how.stepped = true;
	how.batch_max = 2;
	how.mono_us = no_time; /* a batch ends early where applying takes long */
	struct store *store = fixture_open(&how);
	struct fixture_gate gate = {.left = 0};
	struct fixture_op ops[4] = {{.id = "a"}, {.id = "b"}, {.id = "c"}, {.id = "d"}};
	for (int i = 0; i < 3; i++)
		fixture_submit(&ops[i], &gate, store);
	assert_int_equal(store_queued(store), 3);
	assert_int_equal(fixture_count(store), 0);
	assert_true(store_step(store));
	assert_int_equal(atomic_load(&gate.left), 1);
	assert_int_equal(store_queued(store), 1);
	assert_int_equal(fixture_count(store), 2);
	assert_true(fixture_write(store, "w", 1, NULL)); /* what waits before it goes first */
	assert_true(ops[2].applied);
	assert_false(store_step(store));
	store_idle(store, false);
	store_idle(store, true);
	assert_int_equal(fixture_count(store), 4);
	fixture_submit(&ops[3], &gate, store);
	store_close(store); /* applies what is left */
	assert_true(ops[3].applied);
	const struct store_options usual = fixture_options();
	store = fixture_open(&usual);
	assert_int_equal(fixture_count(store), 5);
	assert_false(store_step(store)); /* it has a writer */
	store_close(store);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_new, fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(values_come_back_as_they_went),
		CASE(extremes_come_back_too),
		CASE(a_strange_word_is_told_at_the_end),
		CASE(slips_are_refused),
		CASE(constraints_have_their_kinds),
		CASE(returning_changes_all_rows),
		CASE(readers_see_one_committed_state),
		CASE(readers_are_made_when_they_are_wanted),
		CASE(nothing_is_seen_before_its_commit),
		CASE(the_cache_of_statements_turns_over),
		CASE(one_process_at_a_time),
		CASE(folders_are_made_and_refused),
		CASE(what_is_no_store_is_refused),
		CASE(a_store_keeps_its_id),
		CASE(no_room_refuses_and_recovers),
		CASE(a_backup_is_a_store),
		CASE(a_backup_without_room_leaves_nothing),
		CASE(a_stepped_store_does_what_it_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
