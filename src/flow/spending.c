#include "flow/spending.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "core/must.h"
#include "flow/budget_repo.h"
#include "flow/definition.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/domain/money.h"
#include "flow/runner_internal.h"
#include "flow/spending_internal.h"
#include "flow/story.h"
#include "seal/outbox.h"
#include "store/store.h"

enum { STORY_ARENA = 64 << 20, NUDGED_MAX = 16 };

struct spending *spending_new(const struct env *env)
{
	struct spending *spending = calloc(1, sizeof *spending);
	must(spending != NULL);
	spending->env = env;
	spending->end = &spending->sayings;
	map_init(&spending->halted, NULL, NULL);
	pthread_mutex_init(&spending->lock, NULL);
	return spending;
}

static struct saying *take_sayings(struct spending *spending)
{
	struct saying *first = spending->sayings;
	spending->sayings = NULL;
	spending->end = &spending->sayings;
	return first;
}

void spending_free(struct spending *spending)
{
	if (spending == NULL)
		return;
	for (struct saying *saying = take_sayings(spending), *next; saying != NULL; saying = next) {
		next = saying->next;
		free(saying);
	}
	map_fini(&spending->halted);
	pthread_mutex_destroy(&spending->lock);
	free(spending);
}

void spending_attach(struct spending *spending, struct runner *runner)
{
	if (spending == NULL)
		return;
	pthread_mutex_lock(&spending->lock);
	spending->runner = runner;
	pthread_mutex_unlock(&spending->lock);
}

/* --- what budgets say --- */

static void say(struct spending *spending, const char *run_id, const char *budget_id, int64_t allocated)
{
	struct saying *saying = calloc(1, sizeof *saying);
	must(saying != NULL);
	snprintf(saying->run_id, sizeof saying->run_id, "%s", run_id);
	snprintf(saying->budget_id, sizeof saying->budget_id, "%s", budget_id);
	saying->allocated = allocated;
	pthread_mutex_lock(&spending->lock);
	*spending->end = saying;
	spending->end = &saying->next;
	pthread_mutex_unlock(&spending->lock);
}

/* After a commit: on the writer's thread, so it only passes the word on.  The lock keeps the runner there. */
static void woken(void *self)
{
	struct spending *spending = self;
	pthread_mutex_lock(&spending->lock);
	struct saying *saying = spending->runner == NULL ? NULL : take_sayings(spending);
	for (struct saying *next; saying != NULL; saying = next) {
		next = saying->next;
		if (saying->budget_id[0] != '\0')
			runner_halt(spending->runner, saying->run_id, saying->budget_id, saying->allocated);
		else
			runner_wake(spending->runner, saying->run_id);
		free(saying);
	}
	pthread_mutex_unlock(&spending->lock);
}

void spending_serve(struct spending *spending, const struct budgets *budgets, struct outbox *outbox)
{
	spending->budgets = budgets;
	if (outbox != NULL)
		outbox_hook(outbox, woken, spending);
}

/* Does the budget cover the run? */
static bool covers(const struct budget_row *budget, const struct db_rows *rows)
{
	char workflow[600];
	switch (budget->scope) {
	case BUDGET_RUN:
		return strcmp(budget->scope_id, db_text(rows, 0)) == 0;
	case BUDGET_WORKFLOW:
		snprintf(workflow, sizeof workflow, "%s/%s", db_text(rows, 1), db_text(rows, 2));
		return strcmp(budget->scope_id, workflow) == 0;
	case BUDGET_TENANT:
		return true;
	default: {
		struct datum *labels = datum_parse(db_text(rows, 3), strlen(db_text(rows, 3)), NULL);
		const char *agent = labels == NULL ? NULL : json_text(datum_tree(labels), "agent_id");
		bool same = agent != NULL && strcmp(agent, budget->scope_id) == 0;
		datum_unref(labels);
		return same;
	}
	}
}

static bool stop(void *self, struct db *db, const struct budget_row *budget, struct err *err)
{
	struct db_rows rows;
	if (!db_query(
			db, &rows, err,
			"SELECT run_id, namespace, name, labels FROM flow_runs WHERE account_id = $1 AND status IN ('pending', "
			"'running', 'waiting')",
			V_TEXT(budget->account_id)))
		return false;
	while (db_next(&rows))
		if (covers(budget, &rows))
			say(self, db_text(&rows, 0), budget->budget_id, budget->allocated);
	return db_end(&rows, err);
}

/* Each looks for itself whether this is the budget that it waits for. */
static bool go_on(void *self, struct db *db, const struct budget_row *budget, struct err *err)
{
	struct db_rows rows;
	if (!db_query(db, &rows, err,
				  "SELECT run_id FROM flow_runs WHERE account_id = $1 AND status = 'suspended' AND reason = 'budget'",
				  V_TEXT(budget->account_id)))
		return false;
	while (db_next(&rows))
		say(self, db_text(&rows, 0), "", 0);
	return db_end(&rows, err);
}

/* --- those that stand still --- */

void spending_keep_halted(struct spending *spending, const char *run_id, bool halted)
{
	pthread_mutex_lock(&spending->lock);
	if (halted)
		must(map_set(&spending->halted, run_id, spending, NULL));
	else
		map_remove(&spending->halted, run_id);
	pthread_mutex_unlock(&spending->lock);
}

void spending_nudge(struct spending *spending)
{
	const char *run_id;
	size_t size;
	void *value;
	pthread_mutex_lock(&spending->lock);
	for (int left = NUDGED_MAX; left > 0 && spending->runner != NULL; left--) {
		if (!map_next(&spending->halted, &spending->next, &run_id, &size, &value)) {
			spending->next = 0;
			break;
		}
		runner_wake(spending->runner, run_id);
	}
	pthread_mutex_unlock(&spending->lock);
}

/* --- what they ask --- */

static bool workflow_of(void *self, struct db *db, const char *account_id, const char *run_id, struct arena *arena,
						const char **workflow, bool *known, struct err *err)
{
	struct run_record record;
	(void)self;
	*workflow = NULL;
	if (!runs_get(db, run_id, account_id, arena, &record, known, err))
		return false;
	if (*known)
		*workflow = arena_printf(arena, "%s/%s", record.namespace, record.name);
	return !arena->full || err_set(err, ERR_LIMIT, "no memory");
}

static void count_steps(const struct story *story, int64_t *completed, int64_t *total)
{
	*total = (int64_t)definition_ir(story->definition)->tasks_count;
	for (size_t i = 0; i < story->steps.count; i++)
		*completed += story->steps.items[i].status == STEP_COMPLETED || story->steps.items[i].status == STEP_SKIPPED;
	if (*total < (int64_t)story->steps.count)
		*total = (int64_t)story->steps.count; /* loops go through their tasks more than once */
}

static bool steps_of_run(struct spending *spending, struct db *db, const struct run_record *record, struct arena *arena,
						 int64_t *completed, int64_t *total, struct err *err)
{
	struct story story;
	pthread_mutex_lock(&spending->lock);
	struct runner *runner = spending->runner;
	bool read = runner == NULL || story_open(&story, runner, db, record, arena, err);
	if (runner != NULL && read) {
		count_steps(&story, completed, total);
		story_close(&story);
	}
	pthread_mutex_unlock(&spending->lock);
	return read;
}

static bool steps_of(void *self, struct db *db, const char *account_id, const char *run_id, int64_t *completed,
					 int64_t *total, struct err *err)
{
	struct run_record record;
	struct arena arena;
	bool found;
	*completed = *total = 0;
	arena_init(&arena, STORY_ARENA);
	bool read = runs_get(db, run_id, account_id, &arena, &record, &found, err) &&
				(!found || steps_of_run(self, db, &record, &arena, completed, total, err));
	arena_fini(&arena);
	return read;
}

struct budget_hooks spending_hooks(struct spending *spending)
{
	return (struct budget_hooks){
		.self = spending, .workflow_of = workflow_of, .steps_of = steps_of, .stop = stop, .go_on = go_on};
}

/* --- starts --- */

static bool insert_budget(struct runner *runner, struct db *db, const struct runner_start *start, int64_t limit,
						  const char *currency, struct err *err)
{
	char id[ID_TEXT];
	id_make(runner->options.ids, id);
	const struct budget_row row = {.budget_id = id,
								   .account_id = start->account_id,
								   .scope_id = start->run_id,
								   .currency = currency,
								   .tz = "UTC",
								   .created_by = start->created_by,
								   .scope = BUDGET_RUN,
								   .window = BUDGET_TOTAL,
								   .on_exhausted = BUDGET_SUSPEND,
								   .allocated = limit,
								   .warning = .8,
								   .critical = .95,
								   .window_end_us = INT64_MAX,
								   .created_us = start->created_us};
	return budget_insert(db, &row, err);
}

bool spending_start(struct runner *runner, struct db *db, const struct runner_start *start, struct err *err)
{
	const struct json *own = definition_ir(start->definition)->budget,
					  *budget = start->budget != NULL ? start->budget : own;
	const char *currency = json_text(budget, "currency");
	int64_t limit;
	if (budget == NULL || runner->options.spending == NULL || runner->options.spending->budgets == NULL)
		return true;
	if (currency == NULL || json_get(budget, "limit") == NULL || !money_of_json(json_get(budget, "limit"), &limit) ||
		limit <= 0)
		return err_field(err, ERR_INVALID, "/budget", "A budget is a limit above 0 and a currency.");
	return insert_budget(runner, db, start, limit, currency, err);
}

/* --- after a restart --- */

bool spending_take_up(struct runner *runner, struct db *db, struct err *err)
{
	struct db_rows rows;
	if (runner->options.spending == NULL)
		return true;
	if (!db_query(db, &rows, err, "SELECT run_id FROM flow_runs WHERE status = 'suspended' AND reason = 'budget'"))
		return false;
	while (db_next(&rows)) {
		struct live *live = live_get(runner, db_text(&rows, 0));
		live_queue(live);
		live_put(live);
	}
	return db_end(&rows, err);
}
