/*
 * The checkpoint thread: copies what was committed from the log into the main file; private to src/store.
 *
 * Its connection is the only one that ever does so: two checkpoints that race can lose the log's reset.  It works in
 * idle moments, beside a writer that may begin again at any time.  Under a writer without idle moments nothing would
 * ever begin the log anew; so past `log_max` bytes it first copies beside the writer, again and again while that helps,
 * then holds it between two batches, copies the little that came meanwhile and restarts the log.  A reader that stays
 * keeps it from doing so: the writer is let go and it is tried again a second later.
 *
 * The writer passes a gate around each batch (enter, leave).  At twice log_max the gate stays shut until the log was
 * tried to be restarted once, so that the log's length does not depend on how often this thread runs.
 */
#ifndef CS_STORE_CHECKPOINT_H
#define CS_STORE_CHECKPOINT_H

#include <pthread.h>
#include <stdatomic.h>

#include "store/store.h"

enum {
	CHECKPOINT_WORTH = 1 << 20,  /* bytes of log for which an idle moment is used */
	CHECKPOINT_LITTLE = 1 << 18, /* for which the writer may be held: a few milliseconds */
	CHECKPOINT_IDLE_MS = 20,     /* without a batch, that count as idle */
	CHECKPOINT_RETRY_US = 1000000,
};

struct checkpoint {
	struct db *db; /* its own */
	int64_t log_max;
	int64_t (*mono_us)(void *self);
	void *clock;
	void (*on_fatal)(const char *why, void *self);
	void *self;
	bool stepped; /* no thread: checkpoint_step() */

	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake, gate;
	bool stop, hold;       /* hold: the writer must not enter */
	bool inside;           /* the writer is in a batch */
	bool dozing;           /* the thread looks again by itself, soon */
	int copies;            /* backups that read: the log may grow */
	int64_t log, copied;   /* bytes of log in use; of these in the main file too */
	int64_t batches;       /* that ended */
	int64_t retry_us;      /* no restart is tried before this time */
	_Atomic int64_t tried; /* restarts of the log that were tried, and that succeeded; for tests */
	_Atomic int64_t restarts;
};

/* Start the thread, unless it is stepped; the fields up to `stepped` are set and the rest is zero. */
void checkpoint_start(struct checkpoint *checkpoint);

/* End the thread; the writer has ended. */
void checkpoint_stop(struct checkpoint *checkpoint);

/* Of a stepped one, with the writer outside: copy, and begin the log anew if `again`. */
void checkpoint_step(struct checkpoint *checkpoint, bool again);

/* The writer's gate: before a batch, and after it with the bytes of log then in use (-1: as before). */
void checkpoint_enter(struct checkpoint *checkpoint);
void checkpoint_leave(struct checkpoint *checkpoint, int64_t log_bytes);

/* A backup begins (+1) or ends (-1). */
void checkpoint_copying(struct checkpoint *checkpoint, int change);

#endif
