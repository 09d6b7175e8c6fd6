/* Alarms: a heap, and the thread that watches it. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/env.h"
#include "core/must.h"
#include "flow/feed.h"
#include "flow/runner_internal.h"
#include "flow/scheduler.h"

enum { LOOK_AGAIN_US = 1000000 }; /* the wall clock may have been moved */

static void swap(struct alarm *a, struct alarm *b)
{
	struct alarm kept = *a;
	*a = *b;
	*b = kept;
}

void timer_hurry(struct runner *runner)
{
	pthread_cond_signal(&runner->rung);
}

/* Rest is of interest to the timer where time is to jump, or a list of events to begin. */
void runner_changed(struct runner *runner)
{
	pthread_cond_broadcast(&runner->changed);
	if (runner->options.virtual_time || runner->feed != NULL)
		timer_hurry(runner);
}

void alarms_set(struct runner *runner, const struct alarm *alarm)
{
	struct alarms *alarms = &runner->alarms;
	if (alarms->count == alarms->room) {
		alarms->room = alarms->room == 0 ? 64 : 2 * alarms->room;
		alarms->items = reallocarray(alarms->items, alarms->room, sizeof(*alarms->items));
		must(alarms->items != NULL);
	}
	size_t at = alarms->count++;
	alarms->items[at] = *alarm;
	for (size_t up; at > 0 && alarms->items[up = (at - 1) / 2].due_us > alarms->items[at].due_us; at = up)
		swap(&alarms->items[up], &alarms->items[at]);
	if (alarms->items[0].due_us == alarm->due_us)
		timer_hurry(runner);
}

static struct alarm take_first(struct alarms *alarms)
{
	struct alarm first = alarms->items[0];
	alarms->items[0] = alarms->items[--alarms->count];
	for (size_t at = 0;;) {
		size_t least = at;
		for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++)
			if (child < alarms->count && alarms->items[child].due_us < alarms->items[least].due_us)
				least = child;
		if (least == at)
			return first;
		swap(&alarms->items[least], &alarms->items[at]);
		at = least;
	}
}

void alarms_fini(struct alarms *alarms)
{
	free(alarms->items);
}

void alarms_set_for(struct live *live, int64_t due_us)
{
	if (live->alarm_us == due_us)
		return;
	live->alarm_us = due_us;
	struct alarm alarm = {.due_us = due_us, .priority = live->priority, .tenant = live->tenant};
	strcpy(alarm.run_id, live->run_id);
	alarms_set(live->runner, &alarm);
}

static void ring(struct runner *runner)
{
	struct alarm alarm = take_first(&runner->alarms);
	if (strcmp(alarm.run_id, FEED_ALARM) == 0) {
		feed_ring(runner);
		return;
	}
	if (strcmp(alarm.run_id, SCHEDULER_ALARM) == 0) {
		scheduler_ring(runner, alarm.due_us);
		return;
	}
	struct live *live = live_get(runner, alarm.run_id);
	if (alarm.tenant != NULL)
		live_expect(live, alarm.tenant, alarm.priority);
	if (live->alarm_us == alarm.due_us)
		live->alarm_us = 0;
	live_queue(live);
	live_put(live);
}

/* The next look: at the first alarm, or in a while.  Virtual time has no reason to wait where nothing else happens. */
static int64_t sleep_us(struct runner *runner)
{
	feed_look(runner);
	if (runner->alarms.count == 0)
		return LOOK_AGAIN_US;
	int64_t left = runner->alarms.items[0].due_us - runner_now_us(runner);
	if (runner->options.virtual_time && runner->turns_under_way + runner->effects_under_way == 0 && left > 0) {
		atomic_fetch_add(&runner->skew_us, left);
		return 0;
	}
	return left < LOOK_AGAIN_US ? left : LOOK_AGAIN_US;
}

bool alarms_step(struct runner *runner)
{
	(void)sleep_us(runner);
	if (runner->alarms.count == 0)
		return false;
	ring(runner);
	return true;
}

static void wait_us(struct runner *runner, int64_t us)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ns = until.tv_nsec + us % 1000000 * 1000;
	until.tv_sec += us / 1000000 + ns / 1000000000;
	until.tv_nsec = ns % 1000000000;
	pthread_cond_timedwait(&runner->rung, &runner->lock, &until);
}

/* With the lock held; lets it go while those who waited long enough are told.  In how long is it the next one's time?
 */
static int64_t tell_late(struct runner *runner)
{
	int64_t now_us = env_mono_us(runner->options.env);
	if (now_us < runner->late_us)
		return runner->late_us - now_us;
	struct waiter *late = waiters_late(runner, now_us);
	runner_unlock(runner);
	waiters_tell(runner, late, false);
	runner_lock(runner);
	return 0;
}

void *timer_main(void *self)
{
	struct runner *runner = self;
	runner_lock(runner);
	while (!runner->closing) {
		int64_t late_us = tell_late(runner), us = sleep_us(runner);
		if (us <= 0) {
			ring(runner);
			runner_unlock(runner); /* for those who are to hear of it */
			runner_lock(runner);
		} else if (late_us > 0)
			wait_us(runner, us < late_us ? us : late_us);
	}
	runner_unlock(runner);
	return NULL;
}
