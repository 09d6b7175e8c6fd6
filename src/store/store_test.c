#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/env.h"
#include "store/blob.h"
#include "store/store.h"

static const struct store_migration first[] = {
	{1, "items",
	 "CREATE TABLE items (id TEXT NOT NULL PRIMARY KEY, n BIGINT NOT NULL CHECK (n >= 0), w DOUBLE, b BYTES) STRICT;"},
	{2, "children",
	 "CREATE TABLE children (id TEXT NOT NULL PRIMARY KEY, item TEXT NOT NULL REFERENCES items (id)) STRICT;"},
	{3, "broken", "CREATE TABLE third (id TEXT NOT NULL PRIMARY KEY) STRICT; CREATE TABLE oops (;"},
};

/* Not a digest, but as good as one to tell two texts apart here. */
static void fingerprint(const void *bytes, size_t size, char hex[65])
{
	uint64_t hash = 1469598103934665603ULL;
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ ((const unsigned char *)bytes)[i]) * 1099511628211ULL;
	snprintf(hex, 65, "%016llx", (unsigned long long)hash);
}

static char folder[256];

static struct store_options options(size_t migrations)
{
	const struct env *env = env_real();
	return (struct store_options){.folder = folder,
								  .migrations = first,
								  .migrations_count = migrations,
								  .sha256_hex = fingerprint,
								  .mono_us = env->mono_us,
								  .wall_us = env->wall_us,
								  .clock = env->self,
								  .new_store_id = "0195f000-0000-7000-8000-000000000001",
								  .batch_max = 256,
								  .queue_max = 4096,
								  .readers = 2};
}

static int fresh_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "%s/countersign-store-XXXXXX",
			 getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(folder));
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	char command[400];
	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	return system(command);
}

static struct store *opened(void)
{
	struct store *store;
	struct err err;
	const struct store_options how = options(2);
	if (!store_open(&how, &store, &err))
		fail_msg("%s", err.message);
	return store;
}

struct insert {
	const char *id;
	int64_t n;
};

static bool insert_item(struct db *db, void *self, struct err *err)
{
	const struct insert *insert = self;
	return db_run(db, err, "INSERT INTO items (id, n, w, b) VALUES ($1, $2, $3, $4)", V_TEXT(insert->id),
				  V_INT(insert->n), V_REAL(0.5), V_BLOB("\0\1", 2));
}

static int64_t count_items(struct store *store)
{
	struct db *db = store_read(store);
	struct db_rows rows;
	assert_true(db_query(db, &rows, NULL, "SELECT COUNT(*) FROM items"));
	assert_true(db_next(&rows));
	int64_t count = db_int(&rows, 0);
	assert_true(db_end(&rows, NULL));
	store_read_end(store, db);
	return count;
}

static void values_come_back_as_they_went(void **state)
{
	(void)state;
	struct store *store = opened();
	struct insert insert = {"a", 7};
	struct err err;
	assert_true(store_write(store, insert_item, &insert, &err));
	struct db *db = store_read(store);
	struct db_rows rows;
	/* $2 before $1: parameters go by number, not by place */
	assert_true(db_query(db, &rows, &err, "SELECT id, n, w, b, NULL FROM items WHERE n = $2 AND id = $1", V_TEXT("a"),
						 V_INT(7)));
	assert_true(db_next(&rows));
	size_t size;
	assert_string_equal(db_text(&rows, 0), "a");
	assert_int_equal(db_int(&rows, 1), 7);
	assert_float_equal(db_real(&rows, 2), .5, 0);
	assert_memory_equal(db_blob(&rows, 3, &size), "\0\1", 2);
	assert_int_equal(size, 2);
	assert_true(db_is_null(&rows, 4));
	assert_false(db_next(&rows));
	assert_true(db_end(&rows, &err));
	assert_false(db_run(db, &err, "DELETE FROM items")); /* readers only read */
	store_read_end(store, db);
	store_close(store);
}

static bool insert_child(struct db *db, void *self, struct err *err)
{
	return db_run(db, err, "INSERT INTO children (id, item) VALUES ('c', $1)", V_TEXT(self));
}

static void constraints_have_their_kinds(void **state)
{
	(void)state;
	struct store *store = opened();
	struct insert good = {"a", 1}, negative = {"b", -1};
	char nobody[] = "nobody";
	struct err err = {.kind = ERR_NONE};
	assert_true(store_write(store, insert_item, &good, &err));
	assert_false(store_write(store, insert_item, &good, &err));
	assert_int_equal(err.kind, ERR_DUPLICATE);
	assert_false(store_write(store, insert_item, &negative, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_false(store_write(store, insert_child, nobody, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_int_equal(count_items(store), 1);
	store_close(store);
}

/* --- batches --- */

enum { OPS = 1000 };

struct many {
	struct store_op op;
	struct insert insert;
	char id[16];
	_Atomic int *left;
	pthread_mutex_t *gate;
	bool applied;
	enum err_kind kind;
};

static void count_down(void *self, bool applied, const struct err *err)
{
	struct many *one = self;
	one->applied = applied;
	one->kind = applied ? ERR_NONE : err->kind;
	(*one->left)--;
}

static bool apply_many(struct db *db, void *self, struct err *err)
{
	struct many *one = self;
	if (!insert_item(db, &one->insert, err))
		return false;
	return one->insert.n % 10 != 3 || err_set(err, ERR_FOUR_EYES, "refused after its write");
}

static void ops_share_a_commit_and_fail_alone(void **state)
{
	(void)state;
	struct store *store = opened();
	static struct many ops[OPS];
	_Atomic int left = OPS;
	for (int i = 0; i < OPS; i++) {
		snprintf(ops[i].id, sizeof ops[i].id, "id%05d", i);
		ops[i].insert = (struct insert){ops[i].id, i};
		ops[i].left = &left;
		ops[i].op = (struct store_op){.apply = apply_many, .done = count_down, .self = &ops[i]};
		struct err err;
		assert_true(store_submit(store, &ops[i].op, &err));
	}
	while (left > 0)
		usleep(1000);
	for (int i = 0; i < OPS; i++) {
		assert_int_equal(ops[i].applied, i % 10 != 3);
		assert_int_equal(ops[i].kind, i % 10 == 3 ? ERR_FOUR_EYES : ERR_NONE);
	}
	assert_int_equal(count_items(store), OPS - OPS / 10);
	struct store_figures figures;
	store_figures(store, &figures);
	assert_int_equal(figures.ops, OPS - OPS / 10);
	assert_int_equal(figures.failed_ops, OPS / 10);
	assert_true(figures.batches < OPS / 2); /* they did share */
	assert_int_equal(figures.queue, 0);
	store_close(store);
}

static bool wait_for_gate(struct db *db, void *self, struct err *err)
{
	(void)db, (void)err;
	struct many *one = self;
	pthread_mutex_lock(one->gate);
	pthread_mutex_unlock(one->gate);
	return true;
}

static void a_full_queue_refuses(void **state)
{
	(void)state;
	struct store_options how = options(2);
	how.queue_max = 3;
	struct store *store;
	struct err err = {.kind = ERR_NONE};
	assert_true(store_open(&how, &store, &err));
	static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
	pthread_mutex_lock(&gate);
	static struct many ops[8];
	_Atomic int left = 0;
	int refused = 0;
	for (int i = 0; i < 8; i++) {
		ops[i].left = &left;
		ops[i].gate = &gate;
		ops[i].op = (struct store_op){.apply = wait_for_gate, .done = count_down, .self = &ops[i]};
		left++;
		if (!store_submit(store, &ops[i].op, &err)) {
			assert_int_equal(err.kind, ERR_OVERLOADED);
			refused++;
			left--;
		}
	}
	assert_true(refused >= 1); /* one may be under way and three wait */
	pthread_mutex_unlock(&gate);
	while (left > 0)
		usleep(1000);
	store_close(store);
}

static void a_failed_migration_leaves_the_old_schema(void **state)
{
	(void)state;
	store_close(opened());
	struct store *store;
	struct err err;
	const struct store_options broken = options(3);
	assert_false(store_open(&broken, &store, &err));
	store = opened(); /* as before; table third is not there */
	struct db *db = store_read(store);
	struct db_rows rows;
	assert_false(db_query(db, &rows, &err, "SELECT id FROM third"));
	store_read_end(store, db);
	assert_int_equal(store_schema_version(store), 2);
	store_close(store);
}

static void an_edited_or_newer_schema_is_refused(void **state)
{
	(void)state;
	store_close(opened());
	struct store *store;
	struct err err;
	struct store_options older = options(1);
	assert_false(store_open(&older, &store, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_non_null(strstr(err.message, "version 2"));
	const struct store_migration edited[] = {{1, "items", "CREATE TABLE items (id TEXT) STRICT;"}, first[1]};
	struct store_options other = options(2);
	other.migrations = edited;
	assert_false(store_open(&other, &store, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
}

static void one_process_at_a_time(void **state)
{
	(void)state;
	struct store *store = opened(), *second;
	struct err err;
	const struct store_options how = options(2);
	assert_false(store_open(&how, &second, &err)); /* flock: another open file is as good as another process */
	assert_int_equal(err.kind, ERR_STORE_BUSY);
	store_close(store);
	store_close(opened());
}

static void no_room_refuses_and_recovers(void **state)
{
	(void)state;
	struct store_options how = options(2);
	how.min_free_bytes = INT64_MAX;
	struct store *store;
	struct err err = {.kind = ERR_NONE};
	assert_true(store_open(&how, &store, &err));
	struct insert insert = {"a", 1};
	assert_false(store_write(store, insert_item, &insert, &err));
	assert_int_equal(err.kind, ERR_STORE_FULL);
	assert_int_equal(count_items(store), 0); /* reads serve */
	store_close(store);
	store = opened();
	assert_true(store_write(store, insert_item, &insert, &err));
	store_close(store);
}

static void a_backup_is_a_store(void **state)
{
	(void)state;
	struct store *store = opened();
	struct insert insert = {"a", 1};
	struct err err;
	char path[400], moved[1200];
	assert_true(store_write(store, insert_item, &insert, &err));
	snprintf(path, sizeof path, "%s/copy.db", folder);
	assert_true(store_backup(store, path, &err));
	store_close(store);
	snprintf(moved, sizeof moved, "mkdir '%s/other' && mv '%s' '%s/other/store.db'", folder, path, folder);
	assert_int_equal(system(moved), 0);
	struct store_options how = options(2);
	char other[400];
	snprintf(other, sizeof other, "%s/other", folder);
	how.folder = other;
	assert_true(store_open(&how, &store, &err));
	assert_int_equal(count_items(store), 1);
	store_close(store);
}

/* --- kill -9: what was acknowledged is there --- */

static void write_until_killed(int pipe)
{
	struct store *store;
	struct err err;
	const struct store_options how = options(2);
	if (!store_open(&how, &store, &err))
		_exit(3);
	int64_t from = count_items(store);
	for (int64_t i = from;; i++) {
		char id[32];
		snprintf(id, sizeof id, "id%09lld", (long long)i);
		struct insert insert = {id, i};
		if (!store_write(store, insert_item, &insert, &err) || write(pipe, &i, sizeof i) != sizeof i)
			_exit(4);
	}
}

static void acknowledged_writes_survive_kill(void **state)
{
	(void)state;
	unsigned seed = 7;
	for (int round = 0; round < 20; round++) {
		int pipes[2];
		assert_int_equal(pipe(pipes), 0);
		pid_t child = fork();
		if (child == 0)
			write_until_killed(pipes[1]);
		close(pipes[1]);
		seed = seed * 1103515245 + 12345;
		usleep(2000 + seed / 65536 % 30000);
		kill(child, SIGKILL);
		int status;
		waitpid(child, &status, 0);
		assert_true(WIFSIGNALED(status));
		int64_t last = -1, id;
		while (read(pipes[0], &id, sizeof id) == sizeof id)
			last = id;
		close(pipes[0]);
		struct store *store = opened();
		int64_t count = count_items(store);
		assert_true(count > last); /* ids are 0 … count-1; at most one more than was acknowledged */
		store_close(store);
	}
}

static void blobs_are_whole_and_named_by_digest(void **state)
{
	(void)state;
	const char *name = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	struct err err;
	struct buf buf;
	buf_init(&buf, 0);
	assert_false(blob_exists(folder, name));
	assert_true(blob_put(folder, name, "hello", 5, &err));
	assert_true(blob_put(folder, name, "hello", 5, &err));
	assert_true(blob_exists(folder, name));
	assert_true(blob_get(folder, name, &buf, &err));
	assert_string_equal(buf_text(&buf), "hello");
	buf_fini(&buf);
	assert_true(blob_remove(folder, name, &err));
	assert_true(blob_remove(folder, name, &err));
	assert_false(blob_get(folder, name, &buf, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_false(blob_name_valid("../../etc/passwd"));
	assert_false(blob_name_valid("0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef"));
	buf_fini(&buf);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fresh_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(values_come_back_as_they_went),
		CASE(constraints_have_their_kinds),
		CASE(ops_share_a_commit_and_fail_alone),
		CASE(a_full_queue_refuses),
		CASE(a_failed_migration_leaves_the_old_schema),
		CASE(an_edited_or_newer_schema_is_refused),
		CASE(one_process_at_a_time),
		CASE(no_room_refuses_and_recovers),
		CASE(a_backup_is_a_store),
		CASE(acknowledged_writes_survive_kill),
		CASE(blobs_are_whole_and_named_by_digest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
