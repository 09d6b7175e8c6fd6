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
		.next = live->waiters,
	};
	live->refs++;
	live->waiters = waiter;
	list_push(&runner->waiters, &waiter->among);
	if (waiter->deadline_us < runner->late_us) {
		runner->late_us = waiter->deadline_us;
		timer_hurry(runner);
	}
}

/* Out of the lists of the runner and of its run, into that of those who are told. */
static void take(struct waiter **at, struct waiter **taken)
{
	struct waiter *waiter = *at;
	*at = waiter->next;
	list_remove(&waiter->among);
	waiter->next = *taken;
	*taken = waiter;
}

struct waiter *waiters_met(struct live *live)
{
	struct waiter *met = NULL;
	for (struct waiter **at = &live->waiters; *at != NULL;)
		if ((*at)->turn || live->over || live->suspended)
			take(at, &met);
		else
			at = &(*at)->next;
	return met;
}

struct waiter *waiters_late(struct runner *runner, int64_t now_us)
{
	struct waiter *late = NULL;
	runner->late_us = INT64_MAX;
	list_each(link, &runner->waiters)
	{
		struct waiter *waiter = list_item(link, struct waiter, among), **at = &waiter->live->waiters;
		if (waiter->deadline_us <= now_us) {
			while (*at != waiter)
				at = &(*at)->next;
			take(at, &late);
		} else if (waiter->deadline_us < runner->late_us) {
			runner->late_us = waiter->deadline_us;
		}
	}
	return late;
}

void waiters_drop(struct runner *runner)
{
	for (struct list_link *link; (link = list_pop(&runner->waiters)) != NULL;) {
		struct waiter *waiter = list_item(link, struct waiter, among);
		waiter->live->waiters = NULL; /* the others of the same run go too */
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
		runner_lock(runner);
		live_put(waiter->live);
		runner_unlock(runner);
		free(waiter);
	}
}
