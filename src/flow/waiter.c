/* Those who wait for a run. */
#include <stdlib.h>

#include "core/env.h"
#include "core/must.h"
#include "flow/runner_internal.h"

enum { TURN_MS = 60000 /* a turn that does not end in this time never will: the writer is gone */ };

void waiter_add(struct live *live, bool turn, int64_t timeout_ms, void (*told)(void *self, bool ended), void *self)
{
	struct runner *runner = live->runner;
	struct waiter *waiter = malloc(sizeof *waiter);
	must(waiter != NULL);
	*waiter = (struct waiter){
		.live = live,
		.turn = turn,
		.deadline_us = env_mono_us(runner->options.env) + (turn ? TURN_MS : timeout_ms) * 1000,
		.told = told,
		.self = self,
		.next = runner->waiters,
	};
	live->refs++;
	runner->waiters = waiter;
	pthread_cond_broadcast(&runner->changed);
}

/* Move those that `meets` into a list of their own. */
static struct waiter *take(struct runner *runner, bool (*meets)(const struct waiter *waiter, const void *self),
						   const void *self)
{
	struct waiter *met = NULL;
	for (struct waiter **at = &runner->waiters, *waiter; (waiter = *at) != NULL;) {
		if (!meets(waiter, self)) {
			at = &waiter->next;
			continue;
		}
		*at = waiter->next;
		waiter->next = met;
		met = waiter;
	}
	return met;
}

static bool is_met(const struct waiter *waiter, const void *live)
{
	return waiter->live == live && (waiter->turn || waiter->live->over || waiter->live->suspended);
}

struct waiter *waiters_met(struct live *live)
{
	return take(live->runner, is_met, live);
}

static bool is_late(const struct waiter *waiter, const void *now_us)
{
	return waiter->deadline_us <= *(const int64_t *)now_us;
}

struct waiter *waiters_late(struct runner *runner, int64_t *next_us)
{
	int64_t now_us = env_mono_us(runner->options.env);
	struct waiter *late = take(runner, is_late, &now_us);
	*next_us = INT64_MAX;
	for (const struct waiter *waiter = runner->waiters; waiter != NULL; waiter = waiter->next)
		if (waiter->deadline_us - now_us < *next_us)
			*next_us = waiter->deadline_us - now_us;
	return late;
}

void waiters_drop(struct runner *runner)
{
	while (runner->waiters != NULL) {
		struct waiter *waiter = runner->waiters;
		runner->waiters = waiter->next;
		live_put(waiter->live);
		free(waiter);
	}
}

void waiters_tell(struct runner *runner, struct waiter *met, bool ended)
{
	while (met != NULL) {
		struct waiter *waiter = met;
		met = waiter->next;
		waiter->told(waiter->self, ended);
		pthread_mutex_lock(&runner->lock);
		live_put(waiter->live);
		pthread_mutex_unlock(&runner->lock);
		free(waiter);
	}
}
