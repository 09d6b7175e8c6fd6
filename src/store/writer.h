/*
 * The writer: one thread that applies queued ops in batches, one commit and one fsync a batch.  Private to src/store.
 *
 * A batch is whatever waits when the last commit has ended, at most batch_max ops or WRITER_SLICE_US of applying.  Each
 * op has a savepoint.  When a failure ends the whole transaction, every op of the batch fails: none may be answered as
 * done, because none is.
 */
#ifndef CS_STORE_WRITER_H
#define CS_STORE_WRITER_H

#include <pthread.h>
#include <stdatomic.h>

#include "store/store.h"

enum { WRITER_SLICE_US = 2000 }; /* of applying, so that the first op of a batch is not kept waiting by the last */

struct writer {
	struct db *db;
	size_t batch_max, queue_max;
	int64_t (*mono_us)(void *self);
	int64_t (*wall_us)(void *self);
	void *clock;
	bool (*has_room)(void *self); /* false: the disk is too full to write */
	void (*after_batch)(void *self);
	void (*on_fatal)(const char *why, void *self);
	void *self;

	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake, paused_wake;
	struct store_op *first, **end;
	size_t waiting;
	bool stop, pause, paused;
	_Atomic int64_t batches, ops, failed_ops, commit_us, last_commit_us, beat_us;
};

/* Start the thread; the fields up to `self` are set. */
void writer_start(struct writer *writer);

/* Apply what waits, then end the thread. */
void writer_stop(struct writer *writer);

bool writer_submit(struct writer *writer, struct store_op *op, struct err *err);

/* Hold the writer between two batches, for a checkpoint; ops queue up meanwhile. */
void writer_pause(struct writer *writer);
void writer_resume(struct writer *writer);

/* Ops waiting and the age of the oldest. */
void writer_queue(struct writer *writer, int64_t *waiting, int64_t *oldest_us);

#endif
