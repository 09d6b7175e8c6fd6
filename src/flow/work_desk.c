#include "flow/work_desk.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "core/env.h"
#include "core/err.h"
#include "core/log.h"
#include "core/must.h"
#include "store/store.h"

enum { LOOK_AGAIN_US = 1000000, LOOK_SOON_US = 1000 };

struct work_desk {
	struct store *store;
	const struct env *env;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	struct work_wait *waits;
	uint64_t rung;
	bool closing;
};

/* Is it worth a write?  On a reader, so that many who wait cost the writer nothing. */
static bool is_due(struct work_desk *desk, struct db *db, struct work_wait *wait)
{
	struct err err;
	bool there = false;
	if (env_mono_us(desk->env) >= wait->deadline_us)
		return true;
	wait->claim.now_us = env_wall_us(desk->env);
	if (!work_claimable(db, &wait->claim, &there, &err)) {
		log_error("flow: work cannot be looked for", log_str("error", err.message));
		return false;
	}
	return there;
}

/* Takes those that are due out of the list. */
static struct work_wait *due(struct work_desk *desk, struct work_wait *waits, struct work_wait **rest)
{
	struct work_wait *found = NULL;
	struct db *db = store_read(desk->store);
	*rest = NULL;
	while (waits != NULL) {
		struct work_wait *wait = waits;
		waits = wait->next;
		struct work_wait **list = is_due(desk, db, wait) ? &found : rest;
		wait->next = *list;
		*list = wait;
	}
	store_read_end(desk->store, db);
	return found;
}

static void put_back(struct work_desk *desk, struct work_wait *rest)
{
	while (rest != NULL) {
		struct work_wait *wait = rest;
		rest = wait->next;
		wait->next = desk->waits;
		desk->waits = wait;
	}
}

static void let_go(struct work_wait *found)
{
	while (found != NULL) {
		struct work_wait *wait = found;
		found = wait->next;
		wait->go(wait);
	}
}

/* Until the first deadline, or a while. */
static int64_t patience_us(const struct work_desk *desk)
{
	int64_t least = LOOK_AGAIN_US, now_us = env_mono_us(desk->env);
	for (const struct work_wait *wait = desk->waits; wait != NULL; wait = wait->next)
		if (wait->deadline_us - now_us < least)
			least = wait->deadline_us - now_us;
	return least < LOOK_SOON_US ? LOOK_SOON_US : least;
}

static void rest_until(struct work_desk *desk, uint64_t rung)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ns = until.tv_nsec + patience_us(desk) * 1000;
	until.tv_sec += ns / 1000000000;
	until.tv_nsec = ns % 1000000000;
	int status = 0;
	while (status == 0 && desk->rung == rung && !desk->closing)
		status = desk->waits == NULL ? pthread_cond_wait(&desk->changed, &desk->lock)
									 : pthread_cond_timedwait(&desk->changed, &desk->lock, &until);
}

static void *run(void *self)
{
	struct work_desk *desk = self;
	pthread_mutex_lock(&desk->lock);
	while (!desk->closing) {
		uint64_t rung = desk->rung;
		struct work_wait *waits = desk->waits, *rest = NULL, *found = NULL;
		desk->waits = NULL;
		pthread_mutex_unlock(&desk->lock);
		if (waits != NULL)
			found = due(desk, waits, &rest);
		let_go(found);
		pthread_mutex_lock(&desk->lock);
		put_back(desk, rest);
		rest_until(desk, rung);
	}
	pthread_mutex_unlock(&desk->lock);
	return NULL;
}

void work_desk_ring(struct work_desk *desk)
{
	pthread_mutex_lock(&desk->lock);
	desk->rung++;
	pthread_cond_signal(&desk->changed);
	pthread_mutex_unlock(&desk->lock);
}

void work_desk_park(struct work_desk *desk, struct work_wait *wait)
{
	pthread_mutex_lock(&desk->lock);
	wait->next = desk->waits;
	desk->waits = wait;
	desk->rung++; /* the thread looks once more: something may have come meanwhile, and there is a new deadline */
	pthread_cond_signal(&desk->changed);
	pthread_mutex_unlock(&desk->lock);
}

struct work_desk *work_desk_open(struct store *store, const struct env *env)
{
	pthread_condattr_t monotonic;
	struct work_desk *desk = calloc(1, sizeof *desk);
	must(desk != NULL);
	desk->store = store;
	desk->env = env;
	pthread_mutex_init(&desk->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&desk->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	must(pthread_create(&desk->thread, NULL, run, desk) == 0);
	return desk;
}

void work_desk_close(struct work_desk *desk)
{
	if (desk == NULL)
		return;
	pthread_mutex_lock(&desk->lock);
	desk->closing = true;
	pthread_cond_signal(&desk->changed);
	pthread_mutex_unlock(&desk->lock);
	pthread_join(desk->thread, NULL);
	pthread_cond_destroy(&desk->changed);
	pthread_mutex_destroy(&desk->lock);
	free(desk);
}
