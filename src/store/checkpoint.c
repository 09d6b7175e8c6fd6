#include "store/checkpoint.h"

#include <time.h>

#include "core/must.h"
#include "store/engine.h"

static bool may_restart(struct checkpoint *c)
{
	return c->copies == 0 && c->mono_us(c->clock) >= c->retry_us;
}

void checkpoint_enter(struct checkpoint *c)
{
	pthread_mutex_lock(&c->lock);
	while (!c->stop && !c->stepped && (c->hold || (c->log >= 2 * c->log_max && may_restart(c)))) {
		pthread_cond_signal(&c->wake);
		pthread_cond_wait(&c->gate, &c->lock);
	}
	c->inside = true;
	pthread_mutex_unlock(&c->lock);
}

void checkpoint_leave(struct checkpoint *c, int64_t log_bytes)
{
	pthread_mutex_lock(&c->lock);
	if (log_bytes >= 0) {
		if (log_bytes < c->log) /* the log began anew */
			c->copied = 0;
		c->log = log_bytes;
	}
	c->batches++;
	c->inside = false;
	if (c->hold || c->log >= c->log_max || (!c->dozing && c->log - c->copied >= CHECKPOINT_WORTH))
		pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
}

void checkpoint_copying(struct checkpoint *c, int change)
{
	pthread_mutex_lock(&c->lock);
	c->copies += change;
	pthread_cond_broadcast(&c->gate);
	pthread_mutex_unlock(&c->lock);
}

/* Copy with the lock given up.  False: the disk failed, and nothing more is to be tried. */
static bool copy(struct checkpoint *c, bool restart, bool *whole)
{
	struct err err;
	*whole = false;
	int64_t log = c->log;
	pthread_mutex_unlock(&c->lock);
	bool done = engine_checkpoint(c->db, restart, whole, &err);
	bool failed = engine_disk_failed(c->db);
	if (failed)
		c->on_fatal(done ? "the checkpoint failed" : err.message, c->self);
	pthread_mutex_lock(&c->lock);
	/* Also when a reader or a full disk kept some back: what is left is tried when there is more. */
	if (c->copied < log && log <= c->log)
		c->copied = log;
	return !failed;
}

static bool copy_when_idle(struct checkpoint *c)
{
	int64_t batches = c->batches;
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += CHECKPOINT_IDLE_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	c->dozing = true;
	pthread_cond_timedwait(&c->wake, &c->lock, &until);
	c->dozing = false;
	bool whole;
	return c->stop || c->inside || c->batches != batches || copy(c, false, &whole);
}

/*
 * Beside the writer: all that is there, then what came meanwhile, and so on, so that little is left for the moment in
 * which the writer is held.  Each time there is less to copy; on a disk that cannot keep up that would not end.
 */
static bool copy_most(struct checkpoint *c)
{
	bool whole;
	int64_t left = INT64_MAX;
	while (!c->stop && c->log - c->copied > CHECKPOINT_LITTLE && c->log - c->copied < left / 2) {
		left = c->log - c->copied;
		if (!copy(c, false, &whole))
			return false;
	}
	return true;
}

static bool restart(struct checkpoint *c)
{
	bool whole;
	if (!copy_most(c))
		return false;
	c->hold = true;
	while (c->inside)
		pthread_cond_wait(&c->wake, &c->lock);
	bool going = copy(c, true, &whole);
	if (whole)
		c->log = c->copied = 0;
	else
		c->retry_us = c->mono_us(c->clock) + CHECKPOINT_RETRY_US;
	atomic_fetch_add(&c->tried, 1);
	atomic_fetch_add(&c->restarts, whole);
	c->hold = false;
	pthread_cond_broadcast(&c->gate);
	return going;
}

static void *run(void *self)
{
	struct checkpoint *c = self;
	bool going = true;
	pthread_setname_np(pthread_self(), "checkpoint");
	pthread_mutex_lock(&c->lock);
	while (!c->stop && going) {
		if (c->log >= c->log_max && may_restart(c))
			going = restart(c);
		else if (c->log - c->copied >= CHECKPOINT_WORTH)
			going = copy_when_idle(c);
		else
			pthread_cond_wait(&c->wake, &c->lock);
	}
	c->log_max = INT64_MAX / 2; /* nobody will shorten it any more, so nobody is to wait for that */
	pthread_cond_broadcast(&c->gate);
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

void checkpoint_start(struct checkpoint *c)
{
	pthread_condattr_t attributes;
	must(pthread_condattr_init(&attributes) == 0);
	must(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
	must(pthread_mutex_init(&c->lock, NULL) == 0);
	must(pthread_cond_init(&c->wake, &attributes) == 0);
	must(pthread_cond_init(&c->gate, NULL) == 0);
	pthread_condattr_destroy(&attributes);
	must(c->stepped || pthread_create(&c->thread, NULL, run, c) == 0);
}

void checkpoint_step(struct checkpoint *c, bool again)
{
	bool whole;
	pthread_mutex_lock(&c->lock);
	must(!c->inside);
	if (again)
		(void)restart(c);
	else
		(void)copy(c, false, &whole);
	pthread_mutex_unlock(&c->lock);
}

void checkpoint_stop(struct checkpoint *c)
{
	pthread_mutex_lock(&c->lock);
	c->stop = true;
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
	must(c->stepped || pthread_join(c->thread, NULL) == 0);
	pthread_cond_destroy(&c->wake);
	pthread_cond_destroy(&c->gate);
	pthread_mutex_destroy(&c->lock);
}
