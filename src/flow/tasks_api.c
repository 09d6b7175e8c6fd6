#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "core/stamp.h"
#include "flow/flow_internal.h"
#include "flow/tasks.h"
#include "http/exchange.h"
#include "people/page.h"
#include "people/principal.h"
#include "people/reply.h"
#include "people/view.h"
#include "people/write.h"
#include "seal/audit.h"
#include "store/store.h"

/* Background tasks by their run id [P-10.2; sign.md 7]. */

struct error_view {
	const char *code, *message;
};
static const struct field error_fields[] = {
	F_STR(error_view, code),
	F_STR(error_view, message),
};
static const struct field_table error_table = FIELD_TABLE("tasks.task.error", error_view, error_fields);

struct task_view {
	const char *task_id, *name;
	int state;
	double progress;
	int64_t attempts;
	const struct json *result;
	const struct error_view *error;
	const char *why, *run_id, *created_at, *updated_at;
};

static const struct field task_fields[] = {
	F_STR(task_view, task_id, DOC("The run id")),
	F_STR(task_view, name),
	F_ENUM(task_view, state, flow_task_states),
	F_NUM(task_view, progress, RANGE(0, 1)),
	F_INT(task_view, attempts),
	F_JSON(task_view, result, NULLABLE, DOC("What came of it: {project_id, project_number} or {sha256, …}")),
	F_OBJECT_PTR(task_view, error, &error_table, NULLABLE, DOC("Why the last try failed")),
	F_STR(task_view, why, NULLABLE, DOC("What it waits for, or why it ended without success")),
	F_STR(task_view, run_id),
	F_STR(task_view, created_at, FORMAT("date-time")),
	F_STR(task_view, updated_at, FORMAT("date-time")),
};
static const struct field_table task_table = FIELD_TABLE("tasks.task", task_view, task_fields);

static const char *why_of(const struct flow_task *task, struct arena *arena)
{
	char next[STAMP_TEXT];
	stamp_format(next, task->next_us);
	switch (task->state) {
	case FLOW_TASK_PENDING:
		return "It waits for its turn.";
	case FLOW_TASK_STARTED:
		return "It is under way.";
	case FLOW_TASK_RETRY:
		return arena_printf(arena, "It failed %lld times and is tried again at %s.", (long long)task->attempts, next);
	case FLOW_TASK_FAILURE:
		return "It is out of tries: a dead letter, which an admin can have redelivered.";
	case FLOW_TASK_REVOKED:
		return "It was cancelled.";
	default:
		return NULL;
	}
}

static struct task_view view_of(const struct flow_task *task, struct arena *arena)
{
	struct task_view view = {
		.task_id = task->task_id,
		.name = task->name,
		.state = (int)task->state,
		.progress = task->state == FLOW_TASK_SUCCESS ? 1 : 0, /* one step: done, or not */
		.attempts = task->attempts,
		.why = why_of(task, arena),
		.run_id = task->task_id,
		.created_at = view_time(arena, task->created_us),
		.updated_at = view_time(arena, task->updated_us),
	};
	struct error_view *error = task->error != NULL ? arena_new(arena, struct error_view) : NULL;
	if (error != NULL)
		*error = (struct error_view){task->state == FLOW_TASK_FAILURE ? "task_failed" : "try_failed", task->error};
	view.error = error;
	if (task->result != NULL)
		json_parse(arena, task->result, strlen(task->result), &json_body_limits, &view.result, NULL);
	return view;
}

static bool find(struct exchange *x, struct db *db, struct flow_task *task, struct err *err)
{
	bool found = false;
	return tasks_find(db, principal_of(x)->account_id, exchange_param(x, "id"), &x->arena, task, &found, err) &&
		   (found || err_set(err, ERR_NOT_FOUND, "There is no such task."));
}

static void handle_get(struct exchange *x)
{
	const struct flow_api *api = x->owner;
	struct flow_task task;
	struct err err;
	struct db *db = store_read(api->options.store);
	bool read = find(x, db, &task, &err);
	store_read_end(api->options.store, db);
	if (!read) {
		exchange_fail(x, &err);
		return;
	}
	const struct task_view view = view_of(&task, &x->arena);
	reply_fact(x, 200, &task_table, &view);
}

/* --- list --- */

struct list_query {
	int64_t limit;
	int state;
	const char *cursor;
};
static const struct field query_fields[] = {
	F_INT(list_query, limit, RANGE(1, 500), DEFAULT(50)),
	F_ENUM(list_query, state, flow_task_states),
	F_STR(list_query, cursor, LENGTH(1, 400)),
};
static const struct field_table query_table = FIELD_TABLE("tasks.tasks.query", list_query, query_fields);

struct task_list {
	struct {
		size_t count;
		struct task_view *items;
	} items;
	const char *next_cursor;
};
static const struct field list_fields[] = {
	F_OBJECTS(task_list, items, &task_table),
	F_STR(task_list, next_cursor, NULLABLE),
};
static const struct field_table list_table = FIELD_TABLE("tasks.tasks", task_list, list_fields);

/* The state asked for; NULL: any. */
static const char *state_of(const struct list_query *query)
{
	return query->state >= 0 ? flow_task_states[query->state] : NULL;
}

static bool read_list(struct exchange *x, const struct list_query *query, struct task_list *list, struct err *err)
{
	const struct flow_api *api = x->owner;
	const size_t limit = (size_t)query->limit;
	const char *account_id = principal_of(x)->account_id, *state = state_of(query);
	const char *scope = arena_printf(&x->arena, "tasks %s %s", account_id, state != NULL ? state : "");
	struct flow_task *tasks = arena_array(&x->arena, limit + 1, sizeof *tasks);
	char before[PAGE_AFTER_MAX + 1];
	size_t count = 0;
	list->items.items = arena_array(&x->arena, limit, sizeof *list->items.items);
	if (scope == NULL || tasks == NULL || list->items.items == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!page_after(api->page_key, scope, query->cursor, before, err))
		return false;
	const struct tasks_filter filter = {
		.account_id = account_id, .state = state, .before = before[0] != '\0' ? before : NULL, .limit = limit + 1};
	struct db *db = store_read(api->options.store);
	bool read = tasks_list(db, &filter, &x->arena, tasks, &count, err);
	store_read_end(api->options.store, db);
	for (size_t i = 0; read && i < count && i < limit; i++)
		list->items.items[list->items.count++] = view_of(&tasks[i], &x->arena);
	if (read && count > limit)
		list->next_cursor = page_cursor(&x->arena, api->page_key, scope, tasks[limit - 1].task_id);
	return read;
}

static void handle_list(struct exchange *x)
{
	struct list_query query;
	struct task_list list = {.next_cursor = NULL};
	struct err err;
	if (!exchange_decode_query(x, &query))
		return;
	if (!read_list(x, &query, &list, &err)) {
		exchange_fail(x, &err);
		return;
	}
	if (list.next_cursor != NULL)
		page_link(x, list.next_cursor);
	reply_fact(x, 200, &list_table, &list);
}

/* --- cancelling --- */

struct cancel_view {
	const char *task_id;
	int state;
	bool cancelled;
};
static const struct field cancel_fields[] = {
	F_STR(cancel_view, task_id),
	F_ENUM(cancel_view, state, flow_task_states),
	F_BOOL(cancel_view, cancelled),
};
static const struct field_table cancel_table = FIELD_TABLE("tasks.task.cancel", cancel_view, cancel_fields);

struct cancelling {
	struct write write; /* first */
	struct flow_task task;
};

/* Once what it is for is stored it has ended, though its run may have a word left to say. */
static bool apply_cancel(struct write *w, struct db *db, struct err *err)
{
	struct cancelling *c = (struct cancelling *)w;
	const struct flow_api *api = w->x->owner;
	const struct audit_event who = principal_event(w->x, AUDIT_RUN_CANCEL, AUDIT_SUCCESS);
	struct flow_task *task = &c->task;
	if (!find(w->x, db, task, err))
		return false;
	if (task->applied || task->state == FLOW_TASK_SUCCESS || task->state == FLOW_TASK_FAILURE ||
		task->state == FLOW_TASK_REVOKED)
		return err_set(err, ERR_TASK_FINISHED, "The task has ended: %s.",
					   flow_task_states[task->applied ? FLOW_TASK_SUCCESS : task->state]);
	task->state = FLOW_TASK_REVOKED;
	return tasks_move(db, task->task_id, FLOW_TASK_REVOKED, runner_now_us(api->runner), err) &&
		   tasks_tell(api->options.parts, db, task, FLOW_REVOKED, &who, NULL, err);
}

static void answer_cancel(struct write *w)
{
	const struct flow_task *task = &((const struct cancelling *)w)->task;
	const struct cancel_view view = {.task_id = task->task_id, .state = (int)task->state, .cancelled = true};
	reply_fact(w->x, 200, &cancel_table, &view);
}

/* Its run hears of it, and ends. */
static void after_cancel(struct write *w, bool applied)
{
	const struct flow_api *api = w->x->owner;
	if (applied)
		runner_look(api->runner, ((const struct cancelling *)w)->task.task_id);
}

static void handle_cancel(struct exchange *x)
{
	const struct flow_api *api = x->owner;
	struct cancelling *c = write_start(x, sizeof *c);
	if (c == NULL)
		return;
	c->write.store = api->options.store;
	c->write.apply = apply_cancel;
	c->write.answer = answer_cancel;
	c->write.after = after_cancel;
	write_submit(&c->write);
}

static const enum err_kind list_errors[] = {ERR_CURSOR_INVALID, ERR_NONE};
static const enum err_kind cancel_errors[] = {ERR_TASK_FINISHED, ERR_NONE};

const struct route tasks_routes[] = {
	ROUTE(GET, "/api/v1/tasks", "task.read", EFFECT_READ, handle_list, .slash = true,
		  .aliases = ALIASES({"/tasks", .slash = true}), .operation = "tasks.list",
		  .summary = "Background tasks of the account, newest first", .query = &query_table, .result = &list_table,
		  .errors = list_errors),
	ROUTE(GET, "/api/v1/tasks/{id}", "task.read", EFFECT_READ, handle_get, .slash = true,
		  .aliases = ALIASES({"/tasks/{id}", .slash = true}), .operation = "tasks.get",
		  .summary = "How far a background task is", .result = &task_table),
	ROUTE(DELETE, "/api/v1/tasks/{id}", "task.cancel", EFFECT_WRITE, handle_cancel, .slash = true,
		  .aliases = ALIASES({"/tasks/{id}", .slash = true}), .operation = "tasks.cancel",
		  .summary = "Cancel a background task that has not ended", .result = &cancel_table, .errors = cancel_errors),
};
const size_t tasks_routes_count = sizeof tasks_routes / sizeof *tasks_routes;
