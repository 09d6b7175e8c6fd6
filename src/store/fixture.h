/*
 * What the store's tests share: a folder for each, a small schema, ops that insert.  No part of the server.
 */
#ifndef CS_STORE_FIXTURE_H
#define CS_STORE_FIXTURE_H

#include <pthread.h>
#include <stdatomic.h>

#include "store/store.h"

/* items (id, n >= 0, w, b) and children (id, item → items), as migrations 1 and 2. */
extern const struct store_migration fixture_steps[2];

/* A new folder for the test that runs (cmocka setup and teardown). */
int fixture_new(void **state);
int fixture_free(void **state);
const char *fixture_folder(void);

/* Real clocks, 2 readers, the two steps, no least free space. */
struct store_options fixture_options(void);

/* Not a digest, but as good as one to tell two texts apart. */
void fixture_fingerprint(const void *bytes, size_t size, char hex[65]);

/* Open it or fail the test. */
struct store *fixture_open(const struct store_options *options);

/* One item and one child of it: two rows that are there together or not at all. */
bool fixture_insert(struct db *db, const char *id, int64_t n, struct err *err);

/* The same as an op of its own, waiting.  n < 0 breaks a check. */
bool fixture_write(struct store *store, const char *id, int64_t n, struct err *err);

/* A number from a query. */
int64_t fixture_number(struct db *db, const char *sql);
int64_t fixture_count(struct store *store); /* items */

/* Ops that wait in one batch: the gate's own op holds the writer until fixture_release. */
struct fixture_gate {
	struct store_op op;
	pthread_mutex_t closed;
	_Atomic bool reached;
	_Atomic int left; /* ops that are not done */
};

void fixture_hold(struct fixture_gate *gate, struct store *store);
void fixture_release(struct fixture_gate *gate); /* and wait until all are done */

struct fixture_op {
	struct store_op op;
	struct fixture_gate *gate;
	bool (*apply)(struct db *db, void *self, struct err *err);
	void (*again)(void *op); /* NULL: cannot come once more */
	char id[16];
	int64_t n;
	bool applied;
	struct err err;
};

/* Submit an op that runs apply(db, op, err), or inserts {id, n} when apply is NULL. */
void fixture_submit(struct fixture_op *op, struct fixture_gate *gate, struct store *store);

#endif
