#include "trade/waiting.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include "core/env.h"
#include "core/err.h"
#include "core/log.h"
#include "core/must.h"
#include "store/store.h"
#include "trade/leases.h"

enum { SLICE_MS = 100 /* between two looks at the clock; env's own may be a simulated one */ };

struct waiting {
	struct store *store;
	const struct env *env;
	_Atomic size_t count; /* parked and arriving: with none a commit wakes nobody */
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t wake;
	struct parked *arriving;
	bool woken, stopped, running;
	pthread_t thread;
	struct parked *parked; /* the thread's own */
};

static bool is_busy(struct db *db, const struct parked *p)
{
	struct err err;
	bool busy = false;
	if (leases_busy(db, p->trading_account_id, &busy, &err))
		return busy;
	log_warn("a terminal that waits could not be looked after", log_str("why", err.message));
	return true; /* it will be told so itself */
}

/* Unlink those that go on; db NULL: nothing was committed meanwhile. */
static struct parked *pick(struct waiting *w, struct db *db, bool all)
{
	int64_t now_us = env_mono_us(w->env);
	struct parked *ready = NULL;
	for (struct parked **at = &w->parked; *at != NULL;) {
		struct parked *p = *at;
		if (!all && now_us < p->until_us && (db == NULL || !is_busy(db, p))) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		p->next = ready;
		ready = p;
	}
	return ready;
}

static void let_go(struct waiting *w, struct parked *ready)
{
	while (ready != NULL) {
		struct parked *next = ready->next; /* from go_on() on it is another's */
		atomic_fetch_sub(&w->count, 1);
		ready->go_on(ready);
		ready = next;
	}
}

/* Without the lock: the store may be waited for. */
static void look(struct waiting *w, bool woken, bool all)
{
	struct db *db = woken && w->parked != NULL ? store_read(w->store) : NULL;
	struct parked *ready = pick(w, db, all);
	if (db != NULL)
		store_read_end(w->store, db);
	let_go(w, ready);
}

static void take_arriving(struct waiting *w)
{
	while (w->arriving != NULL) {
		struct parked *p = w->arriving;
		w->arriving = p->next;
		p->next = w->parked;
		w->parked = p;
	}
}

/* Until something is to be looked at.  Under the lock. */
static void sleep_a_while(struct waiting *w)
{
	struct timespec until;
	if (w->woken || w->stopped)
		return;
	if (w->parked == NULL) {
		pthread_cond_wait(&w->wake, &w->lock);
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += SLICE_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	pthread_cond_timedwait(&w->wake, &w->lock, &until);
}

static void *run(void *self)
{
	struct waiting *w = self;
	pthread_mutex_lock(&w->lock);
	for (bool stopped = false; !stopped;) {
		sleep_a_while(w);
		take_arriving(w);
		bool woken = w->woken;
		stopped = w->stopped;
		w->woken = false;
		pthread_mutex_unlock(&w->lock);
		look(w, woken, stopped);
		pthread_mutex_lock(&w->lock);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

struct waiting *waiting_new(struct store *store, const struct env *env)
{
	struct waiting *w = calloc(1, sizeof *w);
	pthread_condattr_t monotonic;
	must(w != NULL);
	w->store = store;
	w->env = env;
	must(pthread_mutex_init(&w->lock, NULL) == 0 && pthread_condattr_init(&monotonic) == 0);
	must(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
	must(pthread_cond_init(&w->wake, &monotonic) == 0);
	pthread_condattr_destroy(&monotonic);
	return w;
}

void waiting_stop(struct waiting *w)
{
	pthread_mutex_lock(&w->lock);
	bool running = w->running;
	w->stopped = true;
	w->running = false;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	if (running)
		pthread_join(w->thread, NULL);
}

void waiting_free(struct waiting *w)
{
	if (w == NULL)
		return;
	must(!w->running && w->parked == NULL && w->arriving == NULL);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

/* Looked at once more when it is in: what was committed a moment before has woken nobody. */
bool waiting_park(struct waiting *w, struct parked *parked)
{
	pthread_mutex_lock(&w->lock);
	if (!w->stopped && !w->running)
		w->running = pthread_create(&w->thread, NULL, run, w) == 0;
	bool taken = w->running;
	if (taken) {
		atomic_fetch_add(&w->count, 1);
		parked->next = w->arriving;
		w->arriving = parked;
		w->woken = true;
		pthread_cond_signal(&w->wake);
	}
	pthread_mutex_unlock(&w->lock);
	return taken;
}

/* Runs on the writer's thread after each commit: it passes the word on and no more. */
void waiting_wake(void *self)
{
	struct waiting *w = self;
	if (atomic_load(&w->count) == 0)
		return;
	pthread_mutex_lock(&w->lock);
	w->woken = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}
