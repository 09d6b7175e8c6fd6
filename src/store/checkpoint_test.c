#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/env.h"
#include "store/fixture.h"

enum { LOG_MAX = 1 << 20, BIG = 8192 };

static int64_t file_bytes(const char *name)
{
	char path[400];
	struct stat st;
	snprintf(path, sizeof path, "%s/%s", fixture_folder(), name);
	return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

static bool insert_big(struct db *db, void *self, struct err *err)
{
	static const char bytes[BIG];
	char id[32];
	snprintf(id, sizeof id, "id%09d", ++*(int *)self);
	return db_run(db, err, "INSERT INTO items (id, n, b) VALUES ($1, $2, $3)", V_TEXT(id), V_INT(1),
				  V_BLOB(bytes, sizeof bytes));
}

static void write_megabytes(struct store *store, int megabytes, int *last)
{
	for (int i = 0; i < megabytes * (1 << 20) / BIG; i++)
		assert_true(store_write(store, insert_big, last, NULL));
}

static struct store_options short_log(void)
{
	struct store_options how = fixture_options();
	how.log_max_bytes = LOG_MAX;
	return how;
}

/* Under a writer without a pause, and readers that come and go. */
static void the_log_stays_short(void **state)
{
	(void)state;
	const struct store_options how = short_log();
	struct store *store = fixture_open(&how);
	int last = 0;
	for (int i = 0; i < 16; i++) {
		struct db *db = store_read(store);
		assert_int_equal(fixture_number(db, "SELECT COUNT(*) FROM items"), last);
		store_read_end(store, db);
		write_megabytes(store, 1, &last);
	}
	assert_true(file_bytes("store.db-wal") <= 2 * LOG_MAX + (1 << 16)); /* twice the bound, and the last op's */
	assert_true(file_bytes("store.db") >= 12 << 20);
	assert_int_equal(fixture_count(store), last);
	store_close(store);
	assert_int_equal(file_bytes("store.db-wal"), 0); /* stopped in order: all is in the main file */
	store = fixture_open(&how);
	assert_int_equal(fixture_count(store), last);
	store_close(store);
}

/* A reader that stays keeps the log, not the writer. */
static void a_long_reader_holds_nobody(void **state)
{
	(void)state;
	struct env_sim sim; /* whose time stands still: the second before the next try never passes by itself */
	env_sim_init(&sim, 1, 1700000000000000);
	struct store_options how = short_log();
	how.mono_us = sim.env.mono_us;
	how.wall_us = sim.env.wall_us;
	how.clock = sim.env.self;
	struct store *store = fixture_open(&how);
	int last = 0;
	write_megabytes(store, 1, &last);
	struct db *db = store_read(store);
	int64_t seen = fixture_number(db, "SELECT COUNT(*) FROM items");
	write_megabytes(store, 8, &last);
	assert_true(file_bytes("store.db-wal") > 4 * LOG_MAX);
	assert_int_equal(fixture_number(db, "SELECT COUNT(*) FROM items"), seen); /* its state is kept for it */
	store_read_end(store, db);
	int64_t grown = file_bytes("store.db-wal");
	env_sim_advance(&sim, 2000000);
	write_megabytes(store, 4, &last); /* now it begins anew, in the same place */
	assert_int_equal(file_bytes("store.db-wal"), grown);
	assert_int_equal(fixture_count(store), last);
	struct store_figures figures;
	store_figures(store, &figures);
	assert_true(figures.wal_bytes <= 2 * LOG_MAX + (1 << 16));
	store_close(store);
	env_sim_fini(&sim);
}

static void idle_moments_copy(void **state)
{
	(void)state;
	const struct store_options how = fixture_options(); /* 64 MiB: the bound has no part in it */
	struct store *store = fixture_open(&how);
	int last = 0;
	write_megabytes(store, 3, &last);
	struct store_figures figures;
	store_figures(store, &figures);
	assert_true(figures.wal_bytes > 3 << 20);
	for (int i = 0; i < 200 && figures.wal_bytes > 1 << 20; i++) {
		usleep(50000);
		assert_true(store_write(store, insert_big, &last, NULL)); /* begins the log anew if all of it was copied */
		store_figures(store, &figures);
	}
	assert_true(figures.wal_bytes < 1 << 20);
	assert_int_equal(fixture_count(store), last);
	store_close(store);
}

struct writing {
	struct store *store;
	int last;
	_Atomic bool stop;
};

static void *write_on(void *self)
{
	struct writing *writing = self;
	while (!atomic_load(&writing->stop))
		if (!store_write(writing->store, insert_big, &writing->last, NULL))
			return self;
	return NULL;
}

/* [P-12.1] */
static void backups_under_load_are_whole(void **state)
{
	(void)state;
	struct store_options how = short_log();
	struct writing writing = {.store = fixture_open(&how)};
	pthread_t thread;
	void *failed;
	char path[400];
	write_megabytes(writing.store, 2, &writing.last);
	assert_int_equal(pthread_create(&thread, NULL, write_on, &writing), 0);
	for (int i = 0; i < 3; i++) {
		struct err err;
		snprintf(path, sizeof path, "%s/copy%d", fixture_folder(), i);
		assert_int_equal(mkdir(path, 0700), 0);
		strcat(path, "/store.db");
		if (!store_backup(writing.store, path, &err))
			fail_msg("%s", err.message);
	}
	atomic_store(&writing.stop, true);
	pthread_join(thread, &failed);
	assert_null(failed);
	store_close(writing.store);
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/copy%d", fixture_folder(), i);
		how.folder = path;
		struct store *copy = fixture_open(&how);
		struct db *db = store_read(copy);
		int64_t count = fixture_number(db, "SELECT COUNT(*) FROM items");
		assert_true(count >= 2 * (1 << 20) / BIG && count <= writing.last);
		/* ids count up: a copy of one state has all of them up to its last */
		assert_int_equal(fixture_number(db, "SELECT CAST(SUBSTR(MAX(id), 3) AS BIGINT) FROM items"), count);
		store_read_end(copy, db);
		store_close(copy);
	}
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_new, fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_log_stays_short),
		CASE(a_long_reader_holds_nobody),
		CASE(idle_moments_copy),
		CASE(backups_under_load_are_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
