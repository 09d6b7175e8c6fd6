#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/scratch.h"
#include "store/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/env.h"

const struct store_migration fixture_steps[2] = {
	{1, "items",
	 "CREATE TABLE items (id TEXT NOT NULL PRIMARY KEY, n BIGINT NOT NULL CHECK (n >= 0), w DOUBLE, b BYTES) STRICT;"},
	{2, "children",
	 "CREATE TABLE children (id TEXT NOT NULL PRIMARY KEY, item TEXT NOT NULL REFERENCES items (id)) STRICT;\n"
	 "CREATE INDEX children_by_item ON children (item);"},
};

static char folder[SCRATCH_PATH];

int fixture_new(void **state)
{
	(void)state;
	return scratch_make(folder, "store", NULL) ? 0 : -1;
}

int fixture_free(void **state)
{
	(void)state;
	scratch_remove(folder);
	return 0;
}

const char *fixture_folder(void)
{
	return folder;
}

void fixture_fingerprint(const void *bytes, size_t size, char hex[65])
{
	uint64_t hash = 1469598103934665603ULL;
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ ((const unsigned char *)bytes)[i]) * 1099511628211ULL;
	snprintf(hex, 65, "%016llx", (unsigned long long)hash);
}

struct store_options fixture_options(void)
{
	const struct env *env = env_real();
	return (struct store_options){
		.folder = folder,
		.migrations = fixture_steps,
		.migrations_count = 2,
		.sha256_hex = fixture_fingerprint,
		.mono_us = env->mono_us,
		.wall_us = env->wall_us,
		.clock = env->self,
		.new_store_id = "0195f000-0000-7000-8000-000000000001",
		.batch_max = 256,
		.queue_max = 4096,
		.readers = 2,
	};
}

struct store *fixture_open(const struct store_options *options)
{
	struct store *store = NULL;
	struct err err;
	if (!store_open(options, &store, &err))
		fail_msg("%s", err.message);
	return store;
}

bool fixture_insert(struct db *db, const char *id, int64_t n, struct err *err)
{
	return db_run(db, err, "INSERT INTO items (id, n, w, b) VALUES ($1, $2, $3, $4)", V_TEXT(id), V_INT(n), V_REAL(0.5),
				  V_BLOB("\0\1", 2)) &&
		   db_run(db, err, "INSERT INTO children (id, item) VALUES ($1, $1)", V_TEXT(id));
}

struct row {
	const char *id;
	int64_t n;
};

static bool insert_row(struct db *db, void *self, struct err *err)
{
	const struct row *row = self;
	return fixture_insert(db, row->id, row->n, err);
}

bool fixture_write(struct store *store, const char *id, int64_t n, struct err *err)
{
	struct row row = {id, n};
	return store_write(store, insert_row, &row, err);
}

int64_t fixture_number(struct db *db, const char *sql)
{
	struct db_rows rows;
	struct err err;
	if (!db_query(db, &rows, &err, sql))
		fail_msg("%s", err.message);
	assert_true(db_next(&rows));
	int64_t number = db_int(&rows, 0);
	assert_true(db_end(&rows, &err));
	return number;
}

int64_t fixture_count(struct store *store)
{
	struct db *db = store_read(store);
	int64_t count = fixture_number(db, "SELECT COUNT(*) FROM items");
	store_read_end(store, db);
	return count;
}

static bool wait_at_gate(struct db *db, void *self, struct err *err)
{
	(void)db, (void)err;
	struct fixture_gate *gate = self;
	atomic_store(&gate->reached, true);
	pthread_mutex_lock(&gate->closed);
	pthread_mutex_unlock(&gate->closed);
	return true;
}

static void gate_done(void *self, bool applied, const struct err *err)
{
	(void)applied, (void)err;
	struct fixture_gate *gate = self;
	atomic_fetch_sub(&gate->left, 1);
}

void fixture_hold(struct fixture_gate *gate, struct store *store)
{
	*gate = (struct fixture_gate){.op = {.apply = wait_at_gate, .done = gate_done, .self = gate}, .left = 1};
	pthread_mutex_init(&gate->closed, NULL);
	pthread_mutex_lock(&gate->closed);
	assert_true(store_submit(store, &gate->op, NULL));
	while (!atomic_load(&gate->reached))
		usleep(100);
}

void fixture_release(struct fixture_gate *gate)
{
	pthread_mutex_unlock(&gate->closed);
	while (atomic_load(&gate->left) > 0)
		usleep(100);
	pthread_mutex_destroy(&gate->closed);
}

static bool apply_op(struct db *db, void *self, struct err *err)
{
	struct fixture_op *op = self;
	return op->apply != NULL ? op->apply(db, op, err) : fixture_insert(db, op->id, op->n, err);
}

static void op_done(void *self, bool applied, const struct err *err)
{
	struct fixture_op *op = self;
	op->applied = applied;
	op->err = applied ? (struct err){.kind = ERR_NONE} : *err;
	atomic_fetch_sub(&op->gate->left, 1);
}

void fixture_submit(struct fixture_op *op, struct fixture_gate *gate, struct store *store)
{
	op->gate = gate;
	op->op = (struct store_op){.apply = apply_op, .again = op->again, .done = op_done, .self = op};
	atomic_fetch_add(&gate->left, 1);
	assert_true(store_submit(store, &op->op, NULL));
}
