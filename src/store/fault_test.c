/* The disk fails: what was acknowledged is there, what was not is there whole or not at all [P-12.3]. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/log.h"
#include "core/must.h"
#include "store/fault_vfs.h"
#include "store/fixture.h"

static _Atomic int fatal;

static void note_fatal(const char *why, void *self)
{
	(void)self;
	must(why != NULL && why[0] != '\0');
	atomic_fetch_add(&fatal, 1);
}

static struct store_options faulty(void)
{
	struct store_options how = fixture_options();
	how.vfs = "faulty";
	how.on_fatal = note_fatal;
	how.readers = 1;
	atomic_store(&fatal, 0);
	return how;
}

/* The whole file is sound and both rows of each item are there. */
static void assert_sound(struct store *store)
{
	struct db *db = store_read(store);
	assert_int_equal(fixture_number(db, "SELECT COUNT(*) FROM items"),
					 fixture_number(db, "SELECT COUNT(*) FROM items, children WHERE children.item = items.id"));
	assert_int_equal(fixture_number(db, "SELECT COUNT(*) FROM children"),
					 fixture_number(db, "SELECT COUNT(*) FROM items"));
	store_read_end(store, db);
	char path[400];
	snprintf(path, sizeof path, "%s/store.db", fixture_folder());
	sqlite3 *handle;
	sqlite3_stmt *stmt;
	assert_int_equal(sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, "faulty"), SQLITE_OK);
	sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	assert_int_equal(sqlite3_prepare_v2(handle, "PRAGMA integrity_check", -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	assert_string_equal(sqlite3_column_text(stmt, 0), "ok");
	sqlite3_finalize(stmt);
	sqlite3_close(handle);
}

/* --- single faults --- */

static void a_failed_sync_ends_acknowledging(void **state)
{
	(void)state;
	struct fault_vfs *vfs = fault_vfs_new("faulty", true);
	const struct store_options how = faulty();
	struct store *store = fixture_open(&how);
	struct err err = {.kind = ERR_NONE};
	assert_true(fixture_write(store, "a", 1, &err));
	struct fixture_gate gate;
	struct fixture_op ops[3] = {{.id = "b"}, {.id = "c"}, {.id = "d"}};
	fixture_hold(&gate, store);
	for (int i = 0; i < 3; i++)
		fixture_submit(&ops[i], &gate, store);
	fault_vfs_plan(vfs, (struct fault_plan){FAULT_EIO, FAULT_SYNC, 1, false}); /* once: a second one would say yes */
	fixture_release(&gate);
	for (int i = 0; i < 3; i++) {
		assert_false(ops[i].applied);
		assert_int_equal(ops[i].err.kind, ERR_IO);
	}
	assert_int_equal(atomic_load(&fatal), 1);
	int64_t syncs = fault_vfs_count(vfs, FAULT_SYNC), writes = fault_vfs_count(vfs, FAULT_WRITE);
	assert_false(fixture_write(store, "e", 1, &err));
	assert_int_equal(err.kind, ERR_IO);
	store_close(store);
	assert_int_equal(atomic_load(&fatal), 1);
	assert_int_equal(fault_vfs_count(vfs, FAULT_SYNC), syncs); /* never retried, nothing written, not even at the end */
	assert_int_equal(fault_vfs_count(vfs, FAULT_WRITE), writes);
	fault_vfs_plan(vfs, (struct fault_plan){.kind = FAULT_NONE});
	store = fixture_open(&how);
	assert_sound(store);
	assert_false(fixture_write(store, "a", 1, NULL)); /* the acknowledged one is there */
	assert_true(fixture_write(store, "e", 1, NULL));  /* the refused one is not */
	store_close(store);
	fault_vfs_free(vfs);
}

static void a_failed_write_is_fatal_too(void **state)
{
	(void)state;
	struct fault_vfs *vfs = fault_vfs_new("faulty", true);
	const struct store_options how = faulty();
	struct store *store = fixture_open(&how);
	struct err err = {.kind = ERR_NONE};
	fault_vfs_plan(vfs, (struct fault_plan){FAULT_EIO, FAULT_WRITE, 1, false});
	assert_false(fixture_write(store, "a", 1, &err));
	assert_int_equal(err.kind, ERR_IO);
	assert_int_equal(atomic_load(&fatal), 1);
	assert_int_equal(fixture_count(store), 0); /* readers may look until the process is gone */
	store_close(store);
	fault_vfs_free(vfs);
}

static void a_full_disk_recovers(void **state)
{
	(void)state;
	for (int quota = 0; quota < 2; quota++) {
		struct fault_vfs *vfs = fault_vfs_new("faulty", true);
		const struct store_options how = faulty();
		struct store *store = fixture_open(&how);
		struct store_figures figures;
		char id[16];
		struct err err = {.kind = ERR_NONE};
		snprintf(id, sizeof id, "before%d", quota);
		assert_true(fixture_write(store, id, 1, &err));
		fault_vfs_plan(vfs, (struct fault_plan){quota ? FAULT_QUOTA : FAULT_FULL, FAULT_WRITE, 1, true});
		snprintf(id, sizeof id, "after%d", quota);
		for (int i = 0; i < 3; i++) {
			err.kind = ERR_NONE;
			assert_false(fixture_write(store, id, 1, &err));
			assert_int_equal(err.kind, ERR_STORE_FULL);
		}
		store_figures(store, &figures);
		assert_true(figures.full);
		assert_int_equal(fixture_count(store), 1 + 2 * quota); /* reads serve */
		fault_vfs_plan(vfs, (struct fault_plan){.kind = FAULT_NONE});
		assert_true(fixture_write(store, id, 1, &err)); /* by itself */
		store_figures(store, &figures);
		assert_false(figures.full);
		assert_int_equal(atomic_load(&fatal), 0);
		assert_sound(store);
		store_close(store);
		fault_vfs_free(vfs);
	}
}

/* All ops of the batch, not the one that met the end of the disk. */
static void a_full_disk_fails_the_batch(void **state)
{
	(void)state;
	struct fault_vfs *vfs = fault_vfs_new("faulty", true);
	const struct store_options how = faulty();
	struct store *store = fixture_open(&how);
	struct fixture_gate gate;
	struct fixture_op ops[5] = {{.id = "a"}, {.id = "b"}, {.id = "c"}, {.id = "d"}, {.id = "e"}};
	fixture_hold(&gate, store);
	for (int i = 0; i < 5; i++)
		fixture_submit(&ops[i], &gate, store);
	fault_vfs_plan(vfs, (struct fault_plan){FAULT_FULL, FAULT_WRITE, 1, true});
	fixture_release(&gate);
	for (int i = 0; i < 5; i++) {
		assert_false(ops[i].applied);
		assert_int_equal(ops[i].err.kind, ERR_STORE_FULL);
	}
	fault_vfs_plan(vfs, (struct fault_plan){.kind = FAULT_NONE});
	assert_int_equal(fixture_count(store), 0);
	store_close(store);
	fault_vfs_free(vfs);
}

/* --- every call in turn --- */

enum { OPS = 10, NEVER = 1000 };

/*
 * Open, write, copy the log, close; note which ops were acknowledged.  False when it could not be opened.  Small pages
 * of log, so that a run has checkpoints of each kind.
 */
static bool run_work(bool acknowledged[OPS])
{
	struct store_options how = faulty();
	how.log_max_bytes = 64 << 10;
	struct store *store;
	struct err err = {.kind = ERR_NONE};
	if (!store_open(&how, &store, &err)) {
		assert_int_not_equal(err.kind, ERR_NONE);
		assert_int_not_equal(err.message[0], '\0');
		return false;
	}
	for (int i = 0; i < OPS; i++) {
		char id[16];
		snprintf(id, sizeof id, "id%03d", i);
		acknowledged[i] = fixture_write(store, id, i, &err) || acknowledged[i];
	}
	store_close(store);
	return true;
}

static void assert_all_there(const bool acknowledged[OPS])
{
	struct store_options how = faulty();
	struct store *store = fixture_open(&how);
	assert_sound(store);
	struct db *db = store_read(store);
	for (int i = 0; i < OPS; i++) {
		struct db_rows rows;
		char id[16];
		snprintf(id, sizeof id, "id%03d", i);
		assert_true(db_query(db, &rows, NULL, "SELECT n FROM items WHERE id = $1", V_TEXT(id)));
		bool there = db_next(&rows);
		if (acknowledged[i] && !there)
			fail_msg("op %d was acknowledged and is gone", i);
		assert_true(db_end(&rows, NULL));
	}
	store_read_end(store, db);
	store_close(store);
}

/* Fail the nth call; then start again on a whole disk.  False when the work has fewer calls. */
static bool fail_nth(enum fault_kind kind, int call, int64_t nth, bool for_good, uint64_t seed)
{
	fixture_new(NULL);
	struct fault_vfs *vfs = fault_vfs_new("faulty", true);
	bool acknowledged[OPS] = {false};
	fault_vfs_plan(vfs, (struct fault_plan){kind, call, nth, for_good});
	run_work(acknowledged);
	bool struck = fault_vfs_struck(vfs);
	bool is_full = kind == FAULT_FULL || kind == FAULT_QUOTA;
	if (is_full)
		assert_int_equal(atomic_load(&fatal), 0);
	if (kind == FAULT_POWER)
		assert_true(fault_vfs_cut(vfs, seed));
	fault_vfs_plan(vfs, (struct fault_plan){.kind = FAULT_NONE});
	assert_all_there(acknowledged);
	if (!struck)
		for (int i = 0; i < OPS; i++)
			assert_true(acknowledged[i]);
	fault_vfs_free(vfs);
	fixture_free(NULL);
	return struck;
}

static void fail_every(enum fault_kind kind, int call, bool for_good, uint64_t seed)
{
	int64_t nth = 1;
	while (nth < NEVER && fail_nth(kind, call, nth, for_good, seed * NEVER + (uint64_t)nth))
		nth++;
	print_message("# %lld calls failed in turn\n", (long long)nth - 1);
	assert_in_range(nth, 10, NEVER - 1); /* so many such calls there are */
}

static void every_call_can_fail_once(void **state)
{
	(void)state;
	fail_every(FAULT_EIO, FAULT_ANY_CALL, false, 0);
}

static void every_write_can_find_the_disk_full(void **state)
{
	(void)state;
	fail_every(FAULT_FULL, FAULT_WRITE, false, 0); /* for a moment */
}

static void every_write_can_meet_a_quota(void **state)
{
	(void)state;
	fail_every(FAULT_QUOTA, FAULT_WRITE, true, 0); /* for the rest of the process */
}

static void the_power_can_go_at_every_call(void **state)
{
	(void)state;
	const char *given = getenv("COUNTERSIGN_TEST_SEED");
	uint64_t seed = given != NULL ? (uint64_t)strtoull(given, NULL, 10) : (uint64_t)getpid();
	print_message("# COUNTERSIGN_TEST_SEED=%llu\n", (unsigned long long)seed);
	fail_every(FAULT_POWER, FAULT_ANY_CALL, false, seed);
}

/* --- kill -9 --- */

enum { THREADS = 4 };

struct client {
	struct store *store;
	int pipe, number;
	int64_t from;
};

static void *write_until_killed(void *self)
{
	const struct client *client = self;
	for (int64_t i = client->from;; i += THREADS) {
		char id[32];
		snprintf(id, sizeof id, "id%09lld", (long long)i);
		if (!fixture_write(client->store, id, i, NULL) || write(client->pipe, &i, sizeof i) != sizeof i)
			_exit(4);
	}
}

static void be_killed(int pipe, int64_t from)
{
	struct store_options how = fixture_options();
	how.log_max_bytes = 1 << 20; /* so that some die in a checkpoint */
	struct store *store;
	if (!store_open(&how, &store, NULL))
		_exit(3);
	struct client clients[THREADS];
	pthread_t thread;
	for (int i = 0; i < THREADS; i++) {
		clients[i] = (struct client){store, pipe, i, from + i};
		if (pthread_create(&thread, NULL, write_until_killed, &clients[i]) != 0)
			_exit(5);
	}
	for (;;)
		pause();
}

/* Reads what the child acknowledged before it died, and looks for each. */
static int64_t check_acknowledged(int pipe, int64_t from)
{
	const struct store_options how = fixture_options();
	struct store *store = fixture_open(&how);
	struct db *db = store_read(store);
	struct db_rows rows;
	for (int64_t id; read(pipe, &id, sizeof id) == sizeof id;) {
		assert_true(
			db_query(db, &rows, NULL, "SELECT n FROM items, children WHERE n = $1 AND item = items.id", V_INT(id)));
		if (!db_next(&rows))
			fail_msg("write %lld was acknowledged and is gone", (long long)id);
		assert_true(db_end(&rows, NULL));
		from = id + 1 > from ? id + 1 : from;
	}
	int64_t next = fixture_number(db, "SELECT COALESCE(MAX(n), 0) + 1 FROM items");
	store_read_end(store, db);
	store_close(store);
	return next > from ? next : from;
}

static void acknowledged_writes_survive_kill(void **state)
{
	(void)state;
	unsigned seed = (unsigned)getpid();
	int64_t from = 0;
	print_message("# seed %u\n", seed);
	for (int round = 0; round < 20; round++) {
		int pipes[2];
		assert_int_equal(pipe(pipes), 0);
		pid_t child = fork();
		if (child == 0)
			be_killed(pipes[1], from);
		close(pipes[1]);
		seed = seed * 1103515245 + 12345;
		if (round % 2 == 0) /* however slow the machine is; the others may end before any */
			assert_int_equal(poll(&(struct pollfd){.fd = pipes[0], .events = POLLIN}, 1, 60000), 1);
		usleep(2000 + seed / 65536 % 40000);
		kill(child, SIGKILL);
		int status;
		waitpid(child, &status, 0);
		assert_true(WIFSIGNALED(status));
		from = check_acknowledged(pipes[0], from);
		close(pipes[0]);
	}
	assert_true(from >= 10); /* it did write */
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_new, fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(acknowledged_writes_survive_kill), /* first: a fork wants a process without threads */
		CASE(a_failed_sync_ends_acknowledging),
		CASE(a_failed_write_is_fatal_too),
		CASE(a_full_disk_recovers),
		CASE(a_full_disk_fails_the_batch),
		cmocka_unit_test(every_call_can_fail_once),
		cmocka_unit_test(every_write_can_find_the_disk_full),
		cmocka_unit_test(every_write_can_meet_a_quota),
		cmocka_unit_test(the_power_can_go_at_every_call),
	};
	log_setup(&(struct log_options){.level = LOG_LEVEL_ERROR}); /* a disk that is full at the end is only a warning */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
