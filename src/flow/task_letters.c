/*
 * Tasks that are out of tries, as a part of people's dead letters [P-10.6].
 *
 * Redelivered, the step that failed is executed anew as a whole, with all its tries.
 */
#include "core/arena.h"
#include "core/err.h"
#include "flow/flow_internal.h"
#include "flow/orders.h"
#include "flow/system.h"
#include "flow/tasks.h"
#include "http/exchange.h"
#include "people/dead_letters.h"
#include "people/principal.h"
#include "seal/audit.h"
#include "store/store.h"

static struct dead_letter letter_of(const struct flow_task *task)
{
	return (struct dead_letter){.id = task->task_id,
								.account_id = task->account_id,
								.name = task->name,
								.subject_kind = task->subject_kind,
								.subject_id = task->subject_id,
								.error = task->error,
								.attempts = task->attempts,
								.created_us = task->created_us,
								.failed_us = task->updated_us};
}

static bool list(void *self, struct db *db, const char *account_id, const char *before, size_t limit,
				 struct arena *arena, struct dead_letter *letters, size_t *count, struct err *err)
{
	const struct tasks_filter filter = {
		.account_id = account_id, .state = flow_task_states[FLOW_TASK_FAILURE], .before = before, .limit = limit};
	struct flow_task *tasks = arena_array(arena, limit, sizeof *tasks);
	(void)self;
	if (tasks == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!tasks_list(db, &filter, arena, tasks, count, err))
		return false;
	for (size_t i = 0; i < *count; i++)
		letters[i] = letter_of(&tasks[i]);
	return true;
}

static bool find(void *self, struct db *db, const char *account_id, const char *id, struct arena *arena,
				 struct dead_letter *letter, bool *found, struct err *err)
{
	struct flow_task task;
	(void)self;
	if (!tasks_find(db, account_id, id, arena, &task, found, err))
		return false;
	*found = *found && task.state == FLOW_TASK_FAILURE;
	if (*found)
		*letter = letter_of(&task);
	return true;
}

/* One that an earlier version gave up has no run yet: it gets one. */
static bool send_on(struct flow_api *api, struct db *db, struct exchange *x, const struct flow_task *task,
					struct err *err)
{
	const struct principal *principal = principal_of(x);
	const struct control retry = {
		.kind = CONTROL_RETRY, .whole = true, .by = principal->user_id[0] == '\0' ? NULL : principal->user_id};
	return task->unbegun ? system_run(api, db, task, err)
						 : orders_put(db, api->options.ids, task->task_id, &retry, err);
}

static bool settle(void *self, struct db *db, struct exchange *x, const struct dead_letter *letter, const char *reason,
				   struct err *err)
{
	struct flow_api *api = self;
	const struct audit_event who = principal_event(x, AUDIT_RUN_RETRY, AUDIT_SUCCESS);
	enum flow_task_state state = reason != NULL ? FLOW_TASK_REVOKED : FLOW_TASK_RETRY;
	struct flow_task task;
	bool found = false;
	if (!tasks_find(db, letter->account_id, letter->id, &x->arena, &task, &found, err))
		return false;
	if (!found)
		return err_set(err, ERR_NOT_FOUND, "There is no such dead letter.");
	if (reason == NULL && !send_on(api, db, x, &task, err))
		return false;
	return tasks_move(db, letter->id, state, runner_now_us(api->runner), err) &&
		   tasks_tell(api->options.parts, db, &task, reason != NULL ? FLOW_REVOKED : FLOW_REDELIVERED, &who, reason,
					  err);
}

static void settled(void *self)
{
	struct flow_api *api = self;
	flow_begin(api);
	flow_look_at_orders(api);
}

void flow_task_letters(struct flow_api *api, struct dead_letters *letters)
{
	dead_letters_add(letters,
					 &(struct dead_letter_part){.kind = "task",
												.count_sql = "SELECT COUNT(*) FROM tasks WHERE state = 'FAILURE'",
												.self = api,
												.list = list,
												.find = find,
												.settle = settle,
												.settled = settled});
}
