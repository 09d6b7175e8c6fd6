#include "store/writer.h"

#include <string.h>

#include "core/must.h"
#include "store/engine.h"

static struct store_op *take_batch(struct writer *w, bool *stop)
{
	pthread_mutex_lock(&w->lock);
	while ((w->first == NULL && !w->stop) || w->pause) {
		w->paused = w->pause;
		if (w->paused)
			pthread_cond_signal(&w->paused_wake);
		atomic_store(&w->beat_us, w->mono_us(w->clock));
		struct timespec until;
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec++; /* a beat each second shows that the writer lives */
		pthread_cond_timedwait(&w->wake, &w->lock, &until);
	}
	w->paused = false;
	struct store_op *batch = w->first, *last = batch;
	for (size_t count = 1; last != NULL && count < w->batch_max && last->next != NULL; count++)
		last = last->next;
	if (last != NULL) {
		w->first = last->next;
		last->next = NULL;
		if (w->first == NULL)
			w->end = &w->first;
	}
	for (struct store_op *op = batch; op != NULL; op = op->next)
		w->waiting--;
	*stop = w->stop && batch == NULL;
	pthread_mutex_unlock(&w->lock);
	return batch;
}

/* What did not fit into the slice goes back to the front of the queue. */
static void give_back(struct writer *w, struct store_op *rest)
{
	if (rest == NULL)
		return;
	struct store_op *last = rest;
	size_t count = 1;
	for (; last->next != NULL; last = last->next)
		count++;
	pthread_mutex_lock(&w->lock);
	last->next = w->first;
	if (w->first == NULL)
		w->end = &last->next;
	w->first = rest;
	w->waiting += count;
	pthread_mutex_unlock(&w->lock);
}

static void answer(struct writer *w, struct store_op *batch)
{
	while (batch != NULL) {
		struct store_op *next = batch->next;
		atomic_fetch_add(batch->applied ? &w->ops : &w->failed_ops, 1);
		batch->done(batch->self, batch->applied, batch->applied ? NULL : &batch->failure);
		batch = next;
	}
}

static void fail_all(struct store_op *batch, const struct err *why)
{
	for (struct store_op *op = batch; op != NULL; op = op->next) {
		op->applied = false;
		op->failure = *why;
	}
}

/* One op under its savepoint.  False: the transaction itself is gone. */
static bool apply_one(struct writer *w, struct store_op *op)
{
	op->failure = (struct err){.kind = ERR_INTERNAL};
	if (!engine_savepoint(w->db, &op->failure))
		return false;
	op->applied = op->apply(w->db, op->self, &op->failure);
	if (!engine_in_transaction(w->db))
		return false;
	if (op->applied)
		return engine_release(w->db, &op->failure);
	return engine_rollback_to(w->db);
}

/* Apply ops in order until the slice is used up; cuts the list there.  False: `why` ended the transaction. */
static bool apply_all(struct writer *w, struct store_op *batch, struct store_op **rest, struct err *why)
{
	int64_t until = w->mono_us(w->clock) + WRITER_SLICE_US;
	*rest = NULL;
	for (struct store_op *op = batch; op != NULL; op = op->next) {
		if (!apply_one(w, op)) {
			*why = op->failure;
			return false;
		}
		if (op->next != NULL && w->mono_us(w->clock) >= until) {
			*rest = op->next;
			op->next = NULL;
		}
	}
	return true;
}

static bool run_transaction(struct writer *w, struct store_op *batch, struct store_op **rest, struct err *why)
{
	*rest = NULL;
	if (!w->has_room(w->self))
		return err_set(why, ERR_STORE_FULL, "the disk is nearly full; writes resume by themselves when there is room");
	if (!engine_begin(w->db, why))
		return false;
	if (!apply_all(w, batch, rest, why) || !engine_commit(w->db, why)) {
		engine_rollback(w->db);
		return false;
	}
	return true;
}

static void run_batch(struct writer *w, struct store_op *batch)
{
	struct err why = {.kind = ERR_INTERNAL};
	struct store_op *rest;
	int64_t began = w->mono_us(w->clock);
	bool committed = run_transaction(w, batch, &rest, &why);
	if (engine_disk_failed(w->db)) {
		/* Nothing of this batch may be acknowledged, nor may an fsync be tried again: only a restart reads the truth.
		 */
		w->on_fatal(why.message, w->self);
		fail_all(batch, &why);
	} else if (!committed) {
		fail_all(batch, &why);
	} else {
		atomic_store(&w->last_commit_us, w->wall_us(w->clock));
	}
	give_back(w, rest);
	atomic_fetch_add(&w->batches, 1);
	atomic_fetch_add(&w->commit_us, w->mono_us(w->clock) - began);
	atomic_store(&w->beat_us, w->mono_us(w->clock));
	answer(w, batch);
	w->after_batch(w->self);
}

static void *run(void *self)
{
	struct writer *w = self;
	for (bool stop = false; !stop;) {
		struct store_op *batch = take_batch(w, &stop);
		if (batch != NULL)
			run_batch(w, batch);
	}
	return NULL;
}

void writer_start(struct writer *w)
{
	w->end = &w->first;
	atomic_store(&w->beat_us, w->mono_us(w->clock));
	must(pthread_mutex_init(&w->lock, NULL) == 0);
	must(pthread_cond_init(&w->wake, NULL) == 0);
	must(pthread_cond_init(&w->paused_wake, NULL) == 0);
	must(pthread_create(&w->thread, NULL, run, w) == 0);
}

void writer_stop(struct writer *w)
{
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	w->pause = false;
	pthread_cond_signal(&w->wake);
	pthread_cond_broadcast(&w->paused_wake);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->wake);
	pthread_cond_destroy(&w->paused_wake);
	pthread_mutex_destroy(&w->lock);
}

bool writer_submit(struct writer *w, struct store_op *op, struct err *err)
{
	op->next = NULL;
	op->applied = false;
	op->queued_us = w->mono_us(w->clock);
	pthread_mutex_lock(&w->lock);
	bool stopped = w->stop, full = w->waiting >= w->queue_max;
	if (!stopped && !full) {
		*w->end = op;
		w->end = &op->next;
		w->waiting++;
		pthread_cond_signal(&w->wake);
	}
	pthread_mutex_unlock(&w->lock);
	if (stopped)
		return err_set(err, ERR_DRAINING, "the server is stopping");
	return !full || err_set(err, ERR_OVERLOADED, "%zu writes are waiting already", w->queue_max);
}

void writer_pause(struct writer *w)
{
	pthread_mutex_lock(&w->lock);
	w->pause = !w->stop;
	pthread_cond_signal(&w->wake);
	while (w->pause && !w->paused)
		pthread_cond_wait(&w->paused_wake, &w->lock);
	pthread_mutex_unlock(&w->lock);
}

void writer_resume(struct writer *w)
{
	pthread_mutex_lock(&w->lock);
	w->pause = false;
	w->paused = false;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

void writer_queue(struct writer *w, int64_t *waiting, int64_t *oldest_us)
{
	pthread_mutex_lock(&w->lock);
	*waiting = (int64_t)w->waiting;
	*oldest_us = w->first != NULL ? w->mono_us(w->clock) - w->first->queued_us : 0;
	pthread_mutex_unlock(&w->lock);
}
