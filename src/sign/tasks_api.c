#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "core/stamp.h"
#include "http/exchange.h"
#include "people/reply.h"
#include "sign/sign_internal.h"
#include "sign/task_write.h"

/* Background tasks of projects by their run id [sign.md 7]. */

struct task_view {
	const char *task_id, *name;
	int state;
	int64_t attempts;
	const struct json *result;
	const char *error, *why;
};

static const struct field task_fields[] = {
	F_STR(task_view, task_id, DOC("The run id")),
	F_STR(task_view, name),
	F_ENUM(task_view, state, dispatch_state_names),
	F_INT(task_view, attempts),
	F_JSON(task_view, result, NULLABLE, DOC("What came of it: {project_id, project_number} or {sha256, …}")),
	F_STR(task_view, error, NULLABLE, DOC("Why the last try failed")),
	F_STR(task_view, why, NULLABLE, DOC("What it waits for, or why it ended without success")),
};
static const struct field_table task_table = FIELD_TABLE("projects.task", task_view, task_fields);

static const char *why_of(const struct dispatch *task, struct arena *arena)
{
	char next[STAMP_TEXT];
	stamp_format(next, task->next_us);
	switch (task->state) {
	case DISPATCH_PENDING:
		return "It waits for its turn.";
	case DISPATCH_STARTED:
		return "It is under way.";
	case DISPATCH_RETRY:
		return arena_printf(arena, "It failed %lld times and is tried again at %s.", (long long)task->attempts, next);
	case DISPATCH_FAILURE:
		return "It is out of tries: a dead letter, which an admin can have redelivered.";
	case DISPATCH_REVOKED:
		return "It was cancelled.";
	default:
		return NULL;
	}
}

static void handle_get(struct exchange *x)
{
	struct dispatch task;
	const struct json *result = NULL;
	if (!task_read(x, &task))
		return;
	if (task.result != NULL)
		json_parse(&x->arena, task.result, strlen(task.result), &json_body_limits, &result, NULL);
	const struct task_view view = {
		.task_id = task.dispatch_id,
		.name = task.name,
		.state = (int)task.state,
		.attempts = task.attempts,
		.result = result,
		.error = task.error,
		.why = why_of(&task, &x->arena),
	};
	reply_fact(x, 200, &task_table, &view);
}

/* --- cancelling --- */

struct cancel_view {
	const char *task_id;
	int state;
	bool cancelled;
};
static const struct field cancel_fields[] = {
	F_STR(cancel_view, task_id),
	F_ENUM(cancel_view, state, dispatch_state_names),
	F_BOOL(cancel_view, cancelled),
};
static const struct field_table cancel_table = FIELD_TABLE("projects.task.cancel", cancel_view, cancel_fields);

static bool cancel(struct task_write *t, struct db *db, int64_t now_us, struct err *err)
{
	struct dispatch *task = &t->task;
	if (task->state == DISPATCH_SUCCESS || task->state == DISPATCH_FAILURE || task->state == DISPATCH_REVOKED)
		return err_set(err, ERR_TASK_FINISHED, "The task has ended: %s.", dispatch_state_names[task->state]);
	task->state = DISPATCH_REVOKED;
	return dispatch_update(db, task, now_us, err);
}

static void answer_cancel(struct write *w)
{
	const struct dispatch *task = &((const struct task_write *)w)->task;
	const struct cancel_view view = {.task_id = task->dispatch_id, .state = (int)task->state, .cancelled = true};
	reply_fact(w->x, 200, &cancel_table, &view);
}

static void handle_cancel(struct exchange *x)
{
	struct task_write *t = arena_new(&x->arena, struct task_write);
	if (t == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	t->change = cancel;
	t->action = AUDIT_PROJECT_WORK_REVOKED;
	t->what = "revoked";
	task_write_submit(t, x, answer_cancel);
}

static const enum err_kind cancel_errors[] = {ERR_TASK_FINISHED, ERR_NONE};

const struct route task_routes[] = {
	ROUTE(GET, "/api/v1/tasks/{id}", "task.read", EFFECT_READ, handle_get, .slash = true,
		  .aliases = ALIASES({"/tasks/{id}", .slash = true}), .operation = "tasks.get",
		  .summary = "How far a background task is", .result = &task_table),
	ROUTE(DELETE, "/api/v1/tasks/{id}", "task.cancel", EFFECT_WRITE, handle_cancel, .slash = true,
		  .aliases = ALIASES({"/tasks/{id}", .slash = true}), .operation = "tasks.cancel",
		  .summary = "Cancel a background task that has not ended", .result = &cancel_table, .errors = cancel_errors),
};
const size_t task_routes_count = sizeof task_routes / sizeof *task_routes;
