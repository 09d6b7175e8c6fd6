#include "http/workers.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/must.h"

struct job {
	void (*run)(void *job, int worker);
	void *job;
};

struct worker {
	struct workers *workers;
	pthread_t thread;
	int number;
};

struct workers {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	struct job *ring; /* waiting jobs: count of them from first on, wrapping at room */
	size_t room, first, count;
	bool closing, stopped;
	unsigned threads, most;
	unsigned idle, woken;    /* threads that wait; those of them, one at most, that are being woken */
	_Atomic unsigned inside; /* pushes that have queued and may not have woken yet */
	struct worker *each;     /* room for `most` */
};

/*
 * Is there an idle thread to be woken?  One at a time: it wakes the next, if there is more by then than the busy ones
 * have taken.  With the lock held.
 */
static bool must_wake(struct workers *workers)
{
	bool wakes = workers->count > 0 && workers->woken == 0 && workers->idle > 0;
	workers->woken += wakes;
	return wakes;
}

/* The next job; false when closing and nothing is left. */
static bool take_job(struct workers *workers, struct job *job)
{
	pthread_mutex_lock(&workers->lock);
	while (workers->count == 0 && !workers->closing) {
		workers->idle++;
		pthread_cond_wait(&workers->filled, &workers->lock);
		workers->idle--;
		workers->woken -= workers->woken > 0;
	}
	bool some = workers->count > 0;
	if (some) {
		*job = workers->ring[workers->first];
		workers->first = (workers->first + 1) % workers->room;
		workers->count--;
	}
	bool wakes = must_wake(workers);
	pthread_mutex_unlock(&workers->lock);
	if (wakes)
		pthread_cond_signal(&workers->filled);
	return some;
}

static void *work(void *self)
{
	struct worker *worker = self;
	struct job job;
	pthread_setname_np(pthread_self(), "worker");
	while (take_job(worker->workers, &job))
		job.run(job.job, worker->number);
	return NULL;
}

static bool start(struct workers *workers, unsigned threads, struct err *err)
{
	for (; workers->threads < threads; workers->threads++) {
		struct worker *worker = &workers->each[workers->threads];
		*worker = (struct worker){.workers = workers, .number = (int)workers->threads + 1};
		int error = pthread_create(&worker->thread, NULL, work, worker);
		if (error != 0)
			return err_set(err, ERR_IO, "A worker thread does not start: %s", strerror(error));
	}
	return true;
}

void workers_step(struct workers *workers)
{
	struct job job;
	if (take_job(workers, &job))
		job.run(job.job, 0);
}

bool workers_open(struct workers **workers, unsigned threads, size_t room, struct err *err)
{
	return workers_open_up_to(workers, threads, threads, room, err);
}

bool workers_open_up_to(struct workers **workers, unsigned threads, unsigned most, size_t room, struct err *err)
{
	must(room > 0 && most >= threads);
	struct workers *made = calloc(1, sizeof *made);
	must(made != NULL);
	made->ring = calloc(room, sizeof *made->ring);
	made->each = calloc(most + 1, sizeof *made->each);
	must(made->ring != NULL && made->each != NULL);
	made->room = room;
	made->most = most;
	must(pthread_mutex_init(&made->lock, NULL) == 0 && pthread_cond_init(&made->filled, NULL) == 0);
	if (!start(made, threads, err)) {
		workers_close(made);
		return false;
	}
	*workers = made;
	return true;
}

void workers_stop(struct workers *workers)
{
	if (workers == NULL || workers->stopped)
		return;
	workers->stopped = true;
	pthread_mutex_lock(&workers->lock);
	workers->closing = true;
	pthread_cond_broadcast(&workers->filled);
	pthread_mutex_unlock(&workers->lock);
	for (struct job job; workers->threads == 0 && take_job(workers, &job);)
		job.run(job.job, 0);
	for (unsigned i = 0; i < workers->threads; i++)
		pthread_join(workers->each[i].thread, NULL);
}

void workers_close(struct workers *workers)
{
	if (workers == NULL)
		return;
	workers_stop(workers);
	while (atomic_load(&workers->inside) > 0)
		sched_yield();
	pthread_mutex_destroy(&workers->lock);
	pthread_cond_destroy(&workers->filled);
	free(workers->ring);
	free(workers->each);
	free(workers);
}

/*
 * Whom it wakes would wait for the lock next, so it is given back first.  By then the job may have been done, and the
 * queue may be closing: workers_close() waits for those inside.
 */
bool workers_push(struct workers *workers, void (*run)(void *job, int worker), void *job)
{
	struct err err;
	pthread_mutex_lock(&workers->lock);
	bool fits = !workers->closing && workers->count < workers->room, wakes = false;
	if (fits) {
		if (workers->count >= workers->idle && workers->threads > 0 && workers->threads < workers->most)
			(void)start(workers, workers->threads + 1, &err); /* there are fewer then: the job waits for one of those */
		workers->ring[(workers->first + workers->count) % workers->room] = (struct job){run, job};
		workers->count++;
		wakes = must_wake(workers);
		atomic_fetch_add(&workers->inside, wakes);
	}
	pthread_mutex_unlock(&workers->lock);
	if (wakes) {
		pthread_cond_signal(&workers->filled);
		atomic_fetch_sub(&workers->inside, 1);
	}
	return fits;
}

size_t workers_waiting(struct workers *workers)
{
	pthread_mutex_lock(&workers->lock);
	size_t count = workers->count;
	pthread_mutex_unlock(&workers->lock);
	return count;
}

unsigned workers_threads(const struct workers *workers)
{
	return workers->threads;
}
