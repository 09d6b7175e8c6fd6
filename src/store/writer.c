#include "store/writer.h"

#include <string.h>
#include <time.h>

#include "core/must.h"
#include "store/engine.h"
#include "store/watch.h"

const int64_t store_batch_bounds[STORE_BUCKETS - 1] = {1, 2, 4, 8, 16, 32, 64, 128, 256};
const int64_t store_commit_bounds_us[STORE_BUCKETS - 1] = {100, 250, 500, 1000, 2500, 10000, 50000, 250000, 1000000};

static void count_in(_Atomic int64_t buckets[STORE_BUCKETS], const int64_t bounds[STORE_BUCKETS - 1], int64_t value)
{
	size_t i = 0;
	while (i < STORE_BUCKETS - 1 && value > bounds[i])
		i++;
	atomic_fetch_add(&buckets[i], 1);
}

/* --- the queue --- */

static void note_oldest(struct writer *w)
{
	atomic_store(&w->oldest_us, w->first != NULL ? w->first->queued_us : 0);
}

static void wait_for_ops(struct writer *w)
{
	while (w->first == NULL && !w->stop) {
		struct timespec until;
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec++; /* a beat each second shows that the writer lives */
		atomic_store(&w->beat_us, w->mono_us(w->clock));
		pthread_cond_timedwait(&w->wake, &w->lock, &until);
	}
}

/* All that waits, up to batch_max.  NULL: there is nothing and there will be nothing. */
static struct store_op *take_batch(struct writer *w)
{
	pthread_mutex_lock(&w->lock);
	wait_for_ops(w);
	struct store_op *batch = w->first, *last = batch;
	if (last != NULL) {
		size_t count = 1;
		for (; count < w->batch_max && last->next != NULL; count++)
			last = last->next;
		w->first = last->next;
		last->next = NULL;
		if (w->first == NULL)
			w->end = &w->first;
		atomic_fetch_sub(&w->waiting, (int64_t)count);
		note_oldest(w);
	}
	pthread_mutex_unlock(&w->lock);
	return batch;
}

/* What did not fit into the slice goes back to the front of the queue. */
static void give_back(struct writer *w, struct store_op *rest)
{
	if (rest == NULL)
		return;
	struct store_op *last = rest;
	int64_t count = 1;
	for (; last->next != NULL; last = last->next)
		count++;
	pthread_mutex_lock(&w->lock);
	last->next = w->first;
	if (w->first == NULL)
		w->end = &last->next;
	w->first = rest;
	atomic_fetch_add(&w->waiting, count);
	note_oldest(w);
	pthread_mutex_unlock(&w->lock);
}

bool writer_submit(struct writer *w, struct store_op *op, struct err *err)
{
	op->next = NULL;
	op->applied = false;
	op->queued_us = w->mono_us(w->clock);
	pthread_mutex_lock(&w->lock);
	bool stopped = w->stop, full = (size_t)atomic_load(&w->waiting) >= w->queue_max;
	if (!stopped && !full) {
		*w->end = op;
		w->end = &op->next;
		atomic_fetch_add(&w->waiting, 1);
		if (w->first == op) {
			note_oldest(w);
			pthread_cond_signal(&w->wake);
		}
	}
	pthread_mutex_unlock(&w->lock);
	if (stopped)
		return err_set(err, ERR_DRAINING, "the server is stopping");
	return !full || err_set(err, ERR_OVERLOADED, "%zu writes are waiting already", w->queue_max);
}

/* --- applying --- */

bool db_attempt(struct db *db, bool (*part)(struct db *db, void *self, struct err *err), void *self, struct err *err)
{
	int open_rows = engine_open_rows(db);
	struct watches_mark mark;
	if (!engine_savepoint(db, err))
		return false;
	watches_mark(engine_watches(db), &mark);
	bool done = part(db, self, err);
	must(engine_open_rows(db) == open_rows); /* each db_query has its db_end */
	if (!engine_in_transaction(db))
		return done ? err_set(err, ERR_UNAVAILABLE, "the transaction was lost") : false;
	if (!done)
		watches_undone(engine_watches(db), &mark);
	if (done ? engine_release(db, err) : engine_rollback_to(db))
		return done;
	engine_rollback(db); /* half an op must not stay */
	return done ? false : err_set(err, ERR_UNAVAILABLE, "the transaction was lost");
}

/* The ops that did nothing wrong hear that they may come again; who ended the transaction hears why. */
static void fail_all(struct store_op *batch, const struct store_op *culprit, const struct err *why)
{
	for (struct store_op *op = batch; op != NULL; op = op->next) {
		op->applied = false;
		if (op == culprit)
			continue;
		op->failure = *why;
		if (culprit != NULL && why->kind != ERR_STORE_FULL)
			err_set(&op->failure, ERR_UNAVAILABLE, "the transaction was lost with another write; try again");
	}
}

static bool is_lost(const struct writer *w)
{
	return !engine_in_transaction(w->db) || engine_disk_failed(w->db);
}

/* Without a savepoint: what it did before it failed is undone with the transaction alone. */
static bool apply_bare(struct db *db, struct store_op *op)
{
	bool done = op->apply(db, op->self, &op->failure);
	must(engine_open_rows(db) == 0);
	return done && (engine_in_transaction(db) || err_set(&op->failure, ERR_UNAVAILABLE, "the transaction was lost"));
}

/*
 * Apply ops in order until the slice is used up; cuts the list there.  Returns the op that ended it before that: its
 * failure ended the transaction, or it was not guarded by a savepoint.
 */
static struct store_op *apply_in_turn(struct writer *w, struct store_op *batch, bool guarded, struct store_op **rest)
{
	int64_t until = w->mono_us(w->clock) + WRITER_SLICE_US;
	for (struct store_op *op = batch; op != NULL; op = op->next) {
		op->failure = (struct err){.kind = ERR_INTERNAL};
		op->applied = guarded ? db_attempt(w->db, op->apply, op->self, &op->failure) : apply_bare(w->db, op);
		if (is_lost(w) || (!guarded && !op->applied))
			return op;
		if (op->next != NULL && w->mono_us(w->clock) >= until) {
			*rest = op->next;
			op->next = NULL;
		}
	}
	return NULL;
}

/* An op alone has no neighbours to save, and several that can be applied once more are, should one of them fail. */
static bool needs_guard(const struct store_op *batch)
{
	bool all_again = true;
	for (const struct store_op *op = batch; op != NULL; op = op->next)
		all_again = all_again && op->again != NULL;
	return batch->next != NULL && !all_again;
}

/* As if none had been applied, up to the one that failed. */
static bool start_over(struct writer *w, struct store_op *batch, const struct store_op *failed, struct err *why)
{
	engine_rollback(w->db);
	watches_publish(engine_watches(w->db), false);
	for (struct store_op *op = batch; batch->next != NULL; op = op->next) {
		op->again(op->self);
		if (op == failed)
			break;
	}
	return engine_begin(w->db, why);
}

/* False: the transaction is lost; by `culprit`, if that is not NULL. */
static bool apply_all(struct writer *w, struct store_op *batch, struct store_op **rest, struct store_op **culprit,
					  struct err *why)
{
	bool guarded = needs_guard(batch);
	*culprit = apply_in_turn(w, batch, guarded, rest);
	if (*culprit == NULL || guarded || is_lost(w))
		return *culprit == NULL;
	const struct store_op *failed = *culprit;
	*culprit = NULL;
	if (!start_over(w, batch, failed, why))
		return false;
	if (batch->next != NULL)
		*culprit = apply_in_turn(w, batch, true, rest);
	return *culprit == NULL;
}

static bool commit(struct writer *w, struct err *why)
{
	int64_t began = w->mono_us(w->clock);
	bool done = engine_commit(w->db, why);
	int64_t took = w->mono_us(w->clock) - began;
	atomic_fetch_add(&w->commit_us, took);
	count_in(w->commits, store_commit_bounds_us, took);
	return done;
}

static bool run_transaction(struct writer *w, struct store_op *batch, struct store_op **rest, struct err *why)
{
	struct store_op *culprit = NULL;
	bool begun = w->before_batch(w->self, why) && engine_begin(w->db, why);
	if (begun && apply_all(w, batch, rest, &culprit, why) && !atomic_load(w->dead) && commit(w, why)) {
		watches_publish(engine_watches(w->db), true);
		return true;
	}
	if (culprit != NULL)
		*why = culprit->failure;
	engine_rollback(w->db);
	watches_publish(engine_watches(w->db), false);
	fail_all(batch, culprit, why);
	return false;
}

/*
 * After a failure of the disk nothing of this batch may be acknowledged, whatever the commit said, nor may an fsync be
 * tried again: what is durable only a restart can tell [P-12.3].
 */
static bool is_dead(struct writer *w, struct store_op *batch, struct err *why)
{
	if (engine_disk_failed(w->db))
		w->on_fatal(why->message, w->self);
	if (!atomic_load(w->dead))
		return false;
	err_set(why, ERR_IO, "the store's disk failed; whether this was written only a restart can tell");
	fail_all(batch, NULL, why);
	return true;
}

static void answer(struct writer *w, struct store_op *batch)
{
	int64_t count = 0;
	for (const struct store_op *op = batch; op != NULL; op = op->next, count++)
		atomic_fetch_add(op->applied ? &w->ops : &w->failed_ops, 1);
	count_in(w->batch_ops, store_batch_bounds, count);
	for (struct store_op *next; batch != NULL; batch = next) {
		next = batch->next; /* `done` may free it */
		batch->done(batch->self, batch->applied, batch->applied ? NULL : &batch->failure);
	}
}

static void run_batch(struct writer *w, struct store_op *batch)
{
	struct err why = {.kind = ERR_INTERNAL};
	struct store_op *rest = NULL;
	bool committed = !is_dead(w, batch, &why) && run_transaction(w, batch, &rest, &why);
	if (is_dead(w, batch, &why))
		committed = false;
	if (committed)
		atomic_store(&w->last_commit_us, w->wall_us(w->clock));
	give_back(w, rest);
	atomic_fetch_add(&w->batches, 1);
	atomic_store(&w->beat_us, w->mono_us(w->clock));
	w->after_batch(w->self, committed ? NULL : &why);
	answer(w, batch);
}

static void *run(void *self)
{
	struct writer *w = self;
	pthread_setname_np(pthread_self(), "writer");
	for (struct store_op *batch; (batch = take_batch(w)) != NULL;)
		run_batch(w, batch);
	return NULL;
}

bool writer_step(struct writer *w)
{
	if (atomic_load(&w->waiting) == 0)
		return false;
	run_batch(w, take_batch(w));
	return true;
}

void writer_start(struct writer *w)
{
	pthread_condattr_t attributes;
	w->end = &w->first;
	atomic_store(&w->beat_us, w->mono_us(w->clock));
	must(w->batch_max > 0 && w->queue_max > 0);
	must(pthread_condattr_init(&attributes) == 0);
	must(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
	must(pthread_mutex_init(&w->lock, NULL) == 0);
	must(pthread_cond_init(&w->wake, &attributes) == 0);
	pthread_condattr_destroy(&attributes);
	must(w->stepped || pthread_create(&w->thread, NULL, run, w) == 0);
}

void writer_stop(struct writer *w)
{
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	while (w->stepped && writer_step(w))
		;
	must(w->stepped || pthread_join(w->thread, NULL) == 0);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
}

static void copy_buckets(int64_t to[STORE_BUCKETS], _Atomic int64_t from[STORE_BUCKETS])
{
	for (size_t i = 0; i < STORE_BUCKETS; i++)
		to[i] = atomic_load(&from[i]);
}

void writer_figures(struct writer *w, struct store_figures *figures)
{
	int64_t oldest = atomic_load(&w->oldest_us);
	figures->batches = atomic_load(&w->batches);
	figures->ops = atomic_load(&w->ops);
	figures->failed_ops = atomic_load(&w->failed_ops);
	figures->commit_us = atomic_load(&w->commit_us);
	figures->last_commit_us = atomic_load(&w->last_commit_us);
	figures->writer_beat_us = atomic_load(&w->beat_us);
	figures->queue = atomic_load(&w->waiting);
	figures->oldest_us = oldest != 0 ? w->mono_us(w->clock) - oldest : 0;
	copy_buckets(figures->batch_ops, w->batch_ops);
	copy_buckets(figures->commits, w->commits);
}
