#include "app/watch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/env.h"
#include "core/log.h"
#include "core/must.h"

const struct watch_pace watch_pace = {.every_ms = 1000, .timeout_ms = 2000, .idle_ms = 10000};

enum { STACK_BYTES = 256 << 10 };

struct watch {
	struct watches *all;
	const struct watch_row *row;
	pthread_t thread;
	struct watch_seen seen;
	bool looking, ended;
	int64_t since_us; /* monotonic: the look began */
};

struct watches {
	const struct env *env;
	struct watch_pace pace;
	void *self;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* a look ended, or it is time to stop */
	bool stop;
	int64_t read_us; /* monotonic: somebody asked last */
	_Atomic uint64_t looks;
	size_t count, ended;
	struct watch watches[WATCHES_MAX];
};

static struct timespec in_ms(int ms)
{
	struct timespec when;
	clock_gettime(CLOCK_MONOTONIC, &when);
	when.tv_sec += ms / 1000;
	when.tv_nsec += (long)(ms % 1000) * 1000000;
	if (when.tv_nsec >= 1000000000) {
		when.tv_sec++;
		when.tv_nsec -= 1000000000;
	}
	return when;
}

/* Under the lock, which it gives up while it looks: the look may hang. */
static void look(struct watches *all, struct watch *watch)
{
	struct watch_seen seen = {.name = watch->row->name, .required = watch->row->required};
	pthread_mutex_unlock(&all->lock);
	seen.state = watch->row->look(all->self, &seen.note);
	pthread_mutex_lock(&all->lock);
	seen.latency_us = env_mono_us(all->env) - watch->since_us;
	seen.at_us = env_wall_us(all->env);
	watch->seen = seen;
	watch->looking = false;
	atomic_fetch_add(&all->looks, 1);
	pthread_cond_broadcast(&all->changed);
}

static bool wanted(const struct watches *all, const struct watch *watch)
{
	return !watch->row->costly || env_mono_us(all->env) - all->read_us < (int64_t)all->pace.idle_ms * 1000;
}

/* Whoever rests for long is woken by the looks of the others, and sees then that somebody asked. */
static void rest(struct watches *all, const struct watch *watch)
{
	const struct timespec soon = in_ms(all->pace.every_ms), late = in_ms(all->pace.idle_ms);
	while (!all->stop && pthread_cond_timedwait(&all->changed, &all->lock, &soon) == 0)
		;
	while (!all->stop && !wanted(all, watch) && pthread_cond_timedwait(&all->changed, &all->lock, &late) == 0)
		;
}

static void *run(void *self)
{
	struct watch *watch = self;
	struct watches *all = watch->all;
	pthread_setname_np(pthread_self(), "watch");
	pthread_mutex_lock(&all->lock);
	while (!all->stop) {
		look(all, watch);
		rest(all, watch);
		watch->looking = !all->stop;
		watch->since_us = env_mono_us(all->env);
	}
	watch->ended = true;
	all->ended++;
	pthread_cond_broadcast(&all->changed);
	pthread_mutex_unlock(&all->lock);
	return NULL;
}

static void start(struct watches *all, struct watch *watch, const struct watch_row *row)
{
	pthread_attr_t attr;
	*watch = (struct watch){.all = all, .row = row, .looking = true, .since_us = env_mono_us(all->env)};
	watch->seen = (struct watch_seen){.name = row->name, .required = row->required};
	must(pthread_attr_init(&attr) == 0 && pthread_attr_setstacksize(&attr, STACK_BYTES) == 0);
	must(pthread_create(&watch->thread, &attr, run, watch) == 0);
	pthread_attr_destroy(&attr);
}

static bool all_looked(const struct watches *all)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->watches[i].seen.at_us == 0)
			return false;
	return true;
}

struct watches *watches_open(const struct watch_row *rows, size_t count, void *self, const struct watch_pace *pace,
							 const struct env *env)
{
	must(count <= WATCHES_MAX);
	struct watches *all = calloc(1, sizeof *all);
	pthread_condattr_t attr;
	must(all != NULL && pthread_mutex_init(&all->lock, NULL) == 0 && pthread_condattr_init(&attr) == 0 &&
		 pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 && pthread_cond_init(&all->changed, &attr) == 0);
	pthread_condattr_destroy(&attr);
	all->env = env;
	all->pace = *pace;
	all->self = self;
	pthread_mutex_lock(&all->lock);
	for (all->count = 0; all->count < count; all->count++)
		start(all, &all->watches[all->count], &rows[all->count]);
	const struct timespec until = in_ms(pace->timeout_ms);
	while (!all_looked(all) && pthread_cond_timedwait(&all->changed, &all->lock, &until) == 0)
		;
	pthread_mutex_unlock(&all->lock);
	return all;
}

void watches_close(struct watches *all)
{
	if (all == NULL)
		return;
	pthread_mutex_lock(&all->lock);
	all->stop = true;
	pthread_cond_broadcast(&all->changed);
	const struct timespec until = in_ms(all->pace.timeout_ms);
	while (all->ended < all->count && pthread_cond_timedwait(&all->changed, &all->lock, &until) == 0)
		;
	bool hangs = all->ended < all->count;
	for (size_t i = 0; i < all->count; i++)
		if (!all->watches[i].ended)
			log_warn("a look at a part of the server does not come back", log_str("part", all->watches[i].row->name));
	pthread_mutex_unlock(&all->lock);
	if (hangs)
		return; /* it may still write there */
	for (size_t i = 0; i < all->count; i++)
		must(pthread_join(all->watches[i].thread, NULL) == 0);
	pthread_cond_destroy(&all->changed);
	pthread_mutex_destroy(&all->lock);
	free(all);
}

static struct watch_seen read_one(const struct watches *all, const struct watch *watch)
{
	struct watch_seen seen = watch->seen;
	int64_t taken_us = watch->looking ? env_mono_us(all->env) - watch->since_us : 0;
	if (taken_us < (int64_t)all->pace.timeout_ms * 1000)
		return seen;
	seen.state = HEALTH_BAD;
	seen.latency_us = taken_us;
	seen.at_us = env_wall_us(all->env);
	seen.note.details[0] = '\0';
	snprintf(seen.note.error, sizeof seen.note.error, "timeout");
	return seen;
}

size_t watches_read(struct watches *all, struct watch_seen seen[WATCHES_MAX])
{
	pthread_mutex_lock(&all->lock);
	all->read_us = env_mono_us(all->env);
	size_t count = 0;
	for (size_t i = 0; i < all->count; i++) {
		seen[count] = read_one(all, &all->watches[i]);
		count += seen[count].state != HEALTH_ABSENT;
	}
	pthread_mutex_unlock(&all->lock);
	return count;
}

uint64_t watches_looks(const struct watches *all)
{
	return atomic_load(&all->looks);
}

enum health_state watch_overall(const struct watch_seen *seen, size_t count)
{
	enum health_state state = HEALTH_OK;
	for (size_t i = 0; i < count; i++) {
		if (seen[i].state == HEALTH_BAD && seen[i].required)
			return HEALTH_BAD;
		if (seen[i].state != HEALTH_OK)
			state = HEALTH_DEGRADED;
	}
	return state;
}
