/*
 * The writer: one thread that applies queued ops in batches, one commit and one fsync a batch.  Private to src/store.
 *
 * A batch is whatever waits when the last commit has ended, at most batch_max ops or WRITER_SLICE_US of applying; there
 * is no other delay.  Each op has a savepoint, unless it is alone or all of its batch can be applied once more
 * (store_op.again): SQLite copies each page that an op changes for its savepoint, a sixth of the writer's time for ops
 * of twenty small rows.  When a failure ends the whole transaction, every op of the batch fails: none may be answered
 * as done, because none is.  Once `dead` is set nothing is written or acknowledged any more.
 */
#ifndef CS_STORE_WRITER_H
#define CS_STORE_WRITER_H

#include <pthread.h>
#include <stdatomic.h>

#include "store/store.h"

enum { WRITER_SLICE_US = 5000 }; /* of applying, so that the first op of a batch is not kept waiting by the last */

struct writer {
	struct db *db;
	size_t batch_max, queue_max;
	int64_t (*mono_us)(void *self);
	int64_t (*wall_us)(void *self);
	void *clock;
	bool (*before_batch)(void *self, struct err *err);          /* false: no batch may be written now */
	void (*after_batch)(void *self, const struct err *failure); /* NULL: committed; before the ops are answered */
	void (*on_fatal)(const char *why, void *self);
	void *self;
	_Atomic bool *dead;
	bool stepped; /* no thread: writer_step() */

	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct store_op *first, **end;
	bool stop;
	_Atomic int64_t waiting, oldest_us; /* oldest_us: when the first of the queue came; 0: none waits */
	_Atomic int64_t batches, ops, failed_ops, commit_us, last_commit_us, beat_us;
	_Atomic int64_t batch_ops[STORE_BUCKETS], commits[STORE_BUCKETS];
};

/* Start the thread, unless it is stepped; the fields up to `stepped` are set and the rest is zero. */
void writer_start(struct writer *writer);

/* Apply what waits, then end the thread. */
void writer_stop(struct writer *writer);

/* Of a stepped one: apply a batch of what waits.  False: nothing does. */
bool writer_step(struct writer *writer);

bool writer_submit(struct writer *writer, struct store_op *op, struct err *err);

/* Fill in what the writer knows.  Takes no lock. */
void writer_figures(struct writer *writer, struct store_figures *figures);

#endif
