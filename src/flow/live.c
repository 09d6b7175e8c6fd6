/* Runs in memory, and their inboxes. */
#include <stdlib.h>
#include <string.h>

#include "core/must.h"
#include "expr/expr.h"
#include "flow/definition.h"
#include "flow/domain/datum.h"
#include "flow/runner_internal.h"
#include "flow/spending.h"
#include "http/workers.h"
#include "link/outgoing.h"

struct live *live_get(struct runner *runner, const char *run_id)
{
	struct live *live = map_get(&runner->live, run_id);
	if (live == NULL) {
		live = calloc(1, sizeof *live);
		must(live != NULL && strlen(run_id) < sizeof live->run_id);
		live->runner = runner;
		strcpy(live->run_id, run_id);
		live->inbox_end = &live->inbox;
		list_init(&live->effects);
		live->tenant = fair_tenant(&runner->turn_line, "");
		live->priority = FAIR_USUAL;
		must(map_set(&runner->live, run_id, live, NULL));
	}
	live->refs++;
	return live;
}

void live_forget(struct live *live)
{
	if (!live->loaded)
		return;
	asks_forget(live);
	announce_forget(live);
	run_fini(&live->run);
	definition_unref(live->definition);
	free(live->seed);
	free(live->money.account_id);
	free(live->money.agent_id);
	free(live->money.workflow);
	spending_drop(live);
	live->money = (struct live_money){.holds = true};
	live->seed = NULL;
	free(live->account_id);
	free(live->parent_run_id);
	free(live->created_by);
	live->account_id = live->parent_run_id = live->created_by = NULL;
	following_forget(live);
	live->definition = NULL;
	live->standing.known = false;
	live->loaded = false;
}

static void free_message(struct message *message)
{
	datum_unref(message->output);
	datum_unref(message->error);
	datum_unref(message->cost);
	outgoing_answer_free(message->answer);
	free(message->reason);
	free(message->path);
	free(message);
}

static void free_live(struct live *live)
{
	map_remove(&live->runner->live, live->run_id);
	while (list_pop(&live->effects) != NULL)
		;
	live_forget(live);
	while (live->inbox != NULL) {
		struct message *message = live->inbox;
		live->inbox = message->next;
		free_message(message);
	}
	free(live);
}

/*
 * A run that only waits may stay, so that its next turn need not read the journal again.  One that has a call under way
 * has to: read anew it would not know of the call, and send it once more.
 */
void live_put(struct live *live)
{
	must(live->refs > 0);
	live->refs--;
	bool idle = live->refs == 0 && !live->queued && !live->turning;
	bool too_many = live->runner->live.count > LIVE_MAX && live->in_flight == 0;
	if (idle && (live->over || live->runner->closing || too_many))
		free_live(live);
}

bool runner_is_idle(struct runner *runner, const char *run_id)
{
	runner_lock(runner);
	const struct live *live = map_get(&runner->live, run_id);
	bool busy = live != NULL && (live->queued || live->turning || live->wanted || live->in_flight > 0 ||
								 live->inbox != NULL || live->alarm_us > runner_now_us(runner));
	runner_unlock(runner);
	return !busy;
}

enum runner_standing runner_standing(struct runner *runner, const char *run_id)
{
	runner_lock(runner);
	const struct live *live = map_get(&runner->live, run_id);
	enum runner_standing standing = live == NULL    ? RUNNER_RESTS
									: live->turning ? RUNNER_TURNS
									: live->queued  ? RUNNER_IN_LINE
													: RUNNER_RESTS;
	runner_unlock(runner);
	return standing;
}

/* A thread is free for whoever is next by now. */
static void take_turn(void *self, int worker)
{
	struct runner *runner = self;
	struct fair_tenant *tenant;
	(void)worker;
	runner_lock(runner);
	struct fair_item *item = fair_take(&runner->turn_line, runner_now_us(runner), &tenant);
	runner_unlock(runner);
	struct live *live = (struct live *)(void *)((char *)item - offsetof(struct live, wait));
	if (live->committing) {
		live->committing = false;
		turn_end(live);
	} else {
		turn_run(live);
	}
}

static void stand_in_line(struct live *live, int64_t priority)
{
	struct runner *runner = live->runner;
	fair_put(&runner->turn_line, live->tenant, priority, runner_now_us(runner), &live->wait);
	runner->turns_unsaid++;
}

void runner_lock(struct runner *runner)
{
	pthread_mutex_lock(&runner->lock);
}

void runner_unlock(struct runner *runner)
{
	unsigned turns = runner->turns_unsaid;
	runner->turns_unsaid = 0;
	pthread_mutex_unlock(&runner->lock);
	for (; turns > 0; turns--)
		must(workers_push(runner->turns, take_turn, runner));
}

void live_committed(struct live *live)
{
	runner_lock(live->runner);
	live->committing = true;
	stand_in_line(live, FAIR_PRIORITIES);
	runner_unlock(live->runner);
}

struct expr_pool *live_exprs(const struct live *live)
{
	struct expr_pool *all = live->runner->options.expr;
	return live->account_id == NULL ? all : expr_share(all, live->account_id);
}

void live_expect(struct live *live, struct fair_tenant *tenant, int64_t priority)
{
	if (live->queued || live->turning || live->loaded) /* in this order: who turns may be loading */
		return;
	live->tenant = tenant;
	live->priority = priority;
}

void live_queue(struct live *live)
{
	if (live->queued || live->turning || live->runner->closing)
		return;
	live->queued = true;
	live->refs++;
	live->runner->turns_under_way++;
	stand_in_line(live, live->priority);
}

void live_post(struct live *live, struct message *message)
{
	message->next = NULL;
	*live->inbox_end = message;
	live->inbox_end = &message->next;
	live_queue(live);
}
