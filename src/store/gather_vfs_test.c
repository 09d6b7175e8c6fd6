/* The log that gathering leaves is the one that the engine wrote, at every commit and after every failed write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/must.h"
#include "core/rng.h"
#include "core/scratch.h"
#include "store/fault_vfs.h"
#include "store/gather_vfs.h"

enum { KEYS = 300, COMMITS = 30 };

struct pair {
	struct fault_vfs *disk;
	struct gather_vfs *gather;
	sqlite3 *writer, *reader;
	char folder[SCRATCH_PATH];
};

static int64_t number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	int64_t found = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return found;
}

static void run(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

/* Of ten pages' cache only, so that a transaction of any size writes frames before its commit and over them again. */
static sqlite3 *connect(const struct pair *pair, const char *vfs, const char *mode)
{
	char path[SCRATCH_PATH + 16], sql[200];
	sqlite3 *db = NULL;
	snprintf(path, sizeof path, "%s/a.db", pair->folder);
	must(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs) == SQLITE_OK);
	sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	snprintf(sql, sizeof sql,
			 "PRAGMA journal_mode = WAL; PRAGMA synchronous = %s; PRAGMA cache_size = 10;"
			 "PRAGMA wal_autocheckpoint = 0;",
			 mode);
	run(db, sql);
	return db;
}

static void open_pair(struct pair *pair, const char *mode)
{
	assert_true(scratch_make(pair->folder, "gather", NULL));
	pair->disk = fault_vfs_new("below", true);
	pair->gather = gather_vfs_new("below");
	assert_non_null(pair->gather);
	pair->writer = connect(pair, gather_vfs_name(pair->gather), mode);
	run(pair->writer, "CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT NOT NULL);"
					  "CREATE INDEX t_v ON t (v); CREATE TABLE sums (n INTEGER NOT NULL, c INTEGER NOT NULL);"
					  "INSERT INTO sums VALUES (0, 0)");
	pair->reader = connect(pair, "below", mode);
}

static void close_pair(struct pair *pair)
{
	sqlite3_close(pair->reader);
	sqlite3_close(pair->writer);
	gather_vfs_free(pair->gather);
	fault_vfs_free(pair->disk);
	scratch_remove(pair->folder);
}

/* Rows that are made, changed and deleted at random; `sums` has their sum then, and how many transactions there were.
 */
static int transaction(sqlite3 *db, struct rng *rng)
{
	char sql[200];
	int code = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	for (uint64_t i = rng_below(rng, 120); i > 0 && code == SQLITE_OK; i--) {
		int key = (int)rng_below(rng, KEYS), size = (int)rng_below(rng, 3000);
		if (rng_below(rng, 4) == 0)
			snprintf(sql, sizeof sql, "DELETE FROM t WHERE k = %d", key);
		else
			snprintf(sql, sizeof sql, "INSERT OR REPLACE INTO t VALUES (%d, hex(zeroblob(%d)) || %d)", key, size / 2,
					 (int)rng_below(rng, 1000000));
		code = sqlite3_exec(db, sql, NULL, NULL, NULL);
	}
	if (code == SQLITE_OK)
		code =
			sqlite3_exec(db, "UPDATE sums SET c = c + 1, n = (SELECT TOTAL(length(v) + k) FROM t)", NULL, NULL, NULL);
	return code == SQLITE_OK ? sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) : code;
}

static void assert_sound(sqlite3 *db)
{
	sqlite3_stmt *stmt = NULL;
	assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	assert_string_equal(sqlite3_column_text(stmt, 0), "ok");
	sqlite3_finalize(stmt);
	assert_int_equal(number(db, "SELECT n = (SELECT TOTAL(length(v) + k) FROM t) FROM sums"), 1);
}

/* With FULL the engine syncs at each commit, with NORMAL it calls nothing after the last frame. */
static void others_see_each_commit_at_once(void **state)
{
	static const char *const modes[] = {"FULL", "NORMAL"};
	(void)state;
	for (int m = 0; m < 2; m++) {
		struct pair pair;
		struct rng rng;
		rng_init(&rng, 7 + (uint64_t)m);
		open_pair(&pair, modes[m]);
		for (int i = 0; i < COMMITS; i++) {
			assert_int_equal(transaction(pair.writer, &rng), SQLITE_OK);
			assert_int_equal(number(pair.reader, "SELECT n FROM sums"), number(pair.writer, "SELECT n FROM sums"));
			assert_sound(pair.reader);
			if (i % 10 == 9)
				run(pair.reader, "PRAGMA wal_checkpoint(RESTART)"); /* the log begins anew */
		}
		close_pair(&pair);
	}
}

/* A commit of one transaction that fits the cache: each thirty frames one write. */
static void a_commit_is_few_writes(void **state)
{
	struct pair pair;
	(void)state;
	open_pair(&pair, "FULL");
	run(pair.writer, "PRAGMA cache_size = 1000; DROP INDEX t_v; BEGIN IMMEDIATE");
	for (int i = 0; i < 100; i++)
		run(pair.writer, "INSERT INTO t (v) VALUES (hex(zeroblob(1900)))"); /* a page each */
	fault_vfs_plan(pair.disk, (struct fault_plan){.kind = FAULT_NONE});
	run(pair.writer, "COMMIT");
	assert_in_range(fault_vfs_count(pair.disk, FAULT_WRITE), 4, 6);
	assert_int_equal(number(pair.reader, "SELECT COUNT(*) FROM t"), 100);
	close_pair(&pair);
}

/* The disk is full at each write in turn: the transaction is lost whole, what came before is there, and it goes on. */
static void a_write_that_fails_loses_its_transaction_alone(void **state)
{
	struct pair pair;
	struct rng rng;
	(void)state;
	rng_init(&rng, 3);
	open_pair(&pair, "FULL");
	assert_int_equal(transaction(pair.writer, &rng), SQLITE_OK);
	int failed = 0;
	for (int nth = 1; nth <= 60; nth++) {
		int64_t before = number(pair.reader, "SELECT n FROM sums");
		fault_vfs_plan(pair.disk, (struct fault_plan){FAULT_FULL, FAULT_WRITE, nth, nth % 2 == 0});
		int code = transaction(pair.writer, &rng);
		if (code != SQLITE_OK) {
			assert_int_equal(code, SQLITE_FULL);
			if (sqlite3_get_autocommit(pair.writer) == 0)
				run(pair.writer, "ROLLBACK");
			assert_int_equal(number(pair.reader, "SELECT n FROM sums"), before);
			failed++;
		}
		fault_vfs_plan(pair.disk, (struct fault_plan){.kind = FAULT_NONE});
		assert_int_equal(transaction(pair.writer, &rng), SQLITE_OK);
		assert_sound(pair.reader);
		assert_int_equal(number(pair.reader, "SELECT n FROM sums"), number(pair.writer, "SELECT n FROM sums"));
	}
	assert_true(failed > 20);
	close_pair(&pair);
}

/* A statement fails for want of room and is undone alone; its transaction goes on once there is room, and commits. */
static void a_transaction_may_go_on_after_a_full_disk(void **state)
{
	struct pair pair;
	(void)state;
	open_pair(&pair, "FULL");
	int met = 0, went_on = 0;
	run(pair.writer, "DROP INDEX t_v"); /* pages one after the other: frames of a statement still wait in the next */
	for (int nth = 1; nth <= 40; nth++) {
		run(pair.writer, "BEGIN IMMEDIATE");
		for (int i = 0; i < 20 + nth; i++)
			run(pair.writer, "INSERT INTO t (v) VALUES (hex(randomblob(1900)))");
		fault_vfs_plan(pair.disk, (struct fault_plan){FAULT_FULL, FAULT_WRITE, nth, nth % 4 == 0});
		int code = sqlite3_exec(pair.writer, "UPDATE t SET v = v || 'x'", NULL, NULL, NULL);
		fault_vfs_plan(pair.disk, (struct fault_plan){.kind = FAULT_NONE});
		met += code == SQLITE_FULL;
		assert_true(code == SQLITE_OK || code == SQLITE_FULL);
		if (sqlite3_get_autocommit(pair.writer) != 0)
			continue; /* the engine gave the whole up */
		went_on += code == SQLITE_FULL;
		run(pair.writer, "UPDATE sums SET n = (SELECT TOTAL(length(v) + k) FROM t); COMMIT");
		assert_sound(pair.writer);
		assert_sound(pair.reader);
	}
	assert_true(met > 0 && went_on > 0);
	close_pair(&pair);
}

/* The power goes at a call of the disk: what was committed is there, and the transaction under way whole or not at all.
 */
static void the_power_may_go_at_any_call(void **state)
{
	(void)state;
	int cut = 0;
	for (uint64_t seed = 0; seed < 30; seed++) {
		struct pair pair;
		struct rng rng;
		int64_t committed = 0;
		rng_init(&rng, seed);
		open_pair(&pair, "FULL");
		sqlite3_close(pair.reader);
		const struct fault_plan plan = {FAULT_POWER, FAULT_ANY_CALL, (int64_t)rng_below(&rng, 900) + 1, true};
		fault_vfs_plan(pair.disk, plan);
		while (transaction(pair.writer, &rng) == SQLITE_OK)
			committed++;
		assert_true(fault_vfs_struck(pair.disk));
		sqlite3_close(pair.writer);
		assert_true(fault_vfs_cut(pair.disk, seed));
		pair.writer = connect(&pair, gather_vfs_name(pair.gather), "FULL");
		pair.reader = connect(&pair, "below", "FULL");
		assert_sound(pair.reader);
		assert_in_range(number(pair.reader, "SELECT c FROM sums"), committed, committed + 1);
		assert_int_equal(transaction(pair.writer, &rng), SQLITE_OK);
		assert_sound(pair.reader);
		cut += committed > 0;
		close_pair(&pair);
	}
	assert_true(cut > 10);
}

/* A commit found no room; the power goes when the next one has begun to write.  It must not come back. */
static void what_was_refused_does_not_come_back(void **state)
{
	static const char add[] = "BEGIN IMMEDIATE; INSERT INTO t (v) VALUES ('a'); UPDATE sums SET c = c + 1; COMMIT";
	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct pair pair;
		open_pair(&pair, "FULL");
		fault_vfs_plan(pair.disk, (struct fault_plan){FAULT_FULL, FAULT_WRITE, 1, false});
		assert_int_equal(sqlite3_exec(pair.writer, add, NULL, NULL, NULL), SQLITE_FULL);
		sqlite3_exec(pair.writer, "ROLLBACK", NULL, NULL, NULL); /* unless the engine has */
		fault_vfs_plan(pair.disk, (struct fault_plan){FAULT_POWER, FAULT_WRITE, 2, true});
		assert_int_not_equal(sqlite3_exec(pair.writer, add, NULL, NULL, NULL), SQLITE_OK);
		sqlite3_close(pair.reader);
		sqlite3_close(pair.writer);
		assert_true(fault_vfs_cut(pair.disk, seed));
		pair.writer = connect(&pair, gather_vfs_name(pair.gather), "FULL");
		pair.reader = connect(&pair, "below", "FULL");
		assert_int_equal(number(pair.reader, "SELECT c FROM sums"), 0);
		close_pair(&pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_see_each_commit_at_once),
		cmocka_unit_test(a_commit_is_few_writes),
		cmocka_unit_test(a_write_that_fails_loses_its_transaction_alone),
		cmocka_unit_test(a_transaction_may_go_on_after_a_full_disk),
		cmocka_unit_test(the_power_may_go_at_any_call),
		cmocka_unit_test(what_was_refused_does_not_come_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
