#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/stamp.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"
#include "sign/cursor.h"
#include "sign/sign_internal.h"
#include "sign/task_write.h"
#include "store/store.h"

/* Dead letters: work that is out of tries, and waits for a person [P-10.6]. */

struct letter_view {
	const char *dead_letter_id, *name, *subject_kind, *subject_id, *error;
	int64_t attempts;
	const char *created_at, *failed_at;
};

static const struct field letter_fields[] = {
	F_STR(letter_view, dead_letter_id, DOC("The run id")),
	F_STR(letter_view, name),
	F_STR(letter_view, subject_kind),
	F_STR(letter_view, subject_id),
	F_INT(letter_view, attempts),
	F_STR(letter_view, error, NULLABLE, DOC("Why the last try failed")),
	F_STR(letter_view, created_at, FORMAT("date-time")),
	F_STR(letter_view, failed_at, FORMAT("date-time")),
};
static const struct field_table letter_table = FIELD_TABLE("dead_letter", letter_view, letter_fields);

static const char *time_text(struct arena *arena, int64_t us)
{
	char text[STAMP_TEXT];
	stamp_format(text, us);
	return arena_dup(arena, text);
}

static struct letter_view view_of(const struct dispatch *task, struct arena *arena)
{
	return (struct letter_view){
		.dead_letter_id = task->dispatch_id,
		.name = task->name,
		.subject_kind = "project",
		.subject_id = task->project_id,
		.attempts = task->attempts,
		.error = task->error,
		.created_at = time_text(arena, task->created_us),
		.failed_at = time_text(arena, task->updated_us),
	};
}

static void handle_get(struct exchange *x)
{
	struct dispatch task;
	if (!task_read(x, &task))
		return;
	if (task.state != DISPATCH_FAILURE) {
		exchange_failf(x, ERR_NOT_FOUND, "There is no such dead letter.");
		return;
	}
	const struct letter_view view = view_of(&task, &x->arena);
	reply_fact(x, 200, &letter_table, &view);
}

/* --- list --- */

struct list_query {
	int64_t limit;
	const char *cursor;
};
static const struct field query_fields[] = {
	F_INT(list_query, limit, RANGE(1, 500), DEFAULT(50)),
	F_STR(list_query, cursor, LENGTH(1, 400)),
};
static const struct field_table query_table = FIELD_TABLE("dead_letters.query", list_query, query_fields);

struct letter_list {
	struct {
		size_t count;
		struct letter_view *items;
	} items;
	const char *next_cursor;
};
static const struct field list_fields[] = {
	F_OBJECTS(letter_list, items, &letter_table),
	F_STR(letter_list, next_cursor, NULLABLE),
};
static const struct field_table list_table = FIELD_TABLE("dead_letters", letter_list, list_fields);

#define LIST_NAME "dead_letters"

static bool read_list(struct exchange *x, const char *before, size_t limit, struct letter_list *list, struct err *err)
{
	const struct sign_api *api = x->owner;
	struct dispatch *tasks = arena_array(&x->arena, limit + 1, sizeof *tasks);
	list->items.items = arena_array(&x->arena, limit, sizeof *list->items.items);
	if (tasks == NULL || list->items.items == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	size_t count = 0;
	struct db *db = store_read(api->options.store);
	bool read = dispatches_failed(db, principal_of(x)->account_id, before, limit + 1, &x->arena, tasks, &count, err);
	store_read_end(api->options.store, db);
	for (size_t i = 0; read && i < count && i < limit; i++)
		list->items.items[list->items.count++] = view_of(&tasks[i], &x->arena);
	if (read && count > limit)
		list->next_cursor = cursor_make(api, LIST_NAME, tasks[limit - 1].dispatch_id, &x->arena);
	return read;
}

static void handle_list(struct exchange *x)
{
	const struct sign_api *api = x->owner;
	struct list_query query;
	struct letter_list list = {.next_cursor = NULL};
	const char *before = NULL;
	struct err err;
	if (!exchange_decode_query(x, &query))
		return;
	if ((query.cursor != NULL && !cursor_read(api, LIST_NAME, query.cursor, &x->arena, &before, &err)) ||
		!read_list(x, before, (size_t)query.limit, &list, &err))
		exchange_fail(x, &err);
	else
		reply_fact(x, 200, &list_table, &list);
}

/* --- another try, or none --- */

static bool revive(struct task_write *t, struct db *db, int64_t now_us, enum dispatch_state state, int64_t attempts,
				   struct err *err)
{
	if (t->task.state != DISPATCH_FAILURE)
		return err_set(err, ERR_NOT_FOUND, "There is no such dead letter.");
	t->task.state = state;
	t->task.attempts = attempts;
	return dispatch_revive(db, &t->task, now_us, err);
}

static bool redeliver(struct task_write *t, struct db *db, int64_t now_us, struct err *err)
{
	return revive(t, db, now_us, DISPATCH_RETRY, 0, err);
}

static bool drop(struct task_write *t, struct db *db, int64_t now_us, struct err *err)
{
	return revive(t, db, now_us, DISPATCH_REVOKED, t->task.attempts, err);
}

struct redelivered_view {
	const char *run_id;
	int state;
};
static const struct field redelivered_fields[] = {
	F_STR(redelivered_view, run_id, DOC("How far it is: GET /api/v1/tasks/{run_id}")),
	F_ENUM(redelivered_view, state, dispatch_state_names),
};
static const struct field_table redelivered_table =
	FIELD_TABLE("dead_letter.redelivered", redelivered_view, redelivered_fields);

static void answer_redeliver(struct write *w)
{
	const struct dispatch *task = &((const struct task_write *)w)->task;
	const struct redelivered_view view = {.run_id = task->dispatch_id, .state = (int)task->state};
	reply_fact(w->x, 202, &redelivered_table, &view);
}

static struct task_write *start(struct exchange *x)
{
	struct task_write *t = arena_new(&x->arena, struct task_write);
	if (t == NULL)
		exchange_failf(x, ERR_LIMIT, "no memory");
	return t;
}

static void handle_redeliver(struct exchange *x)
{
	struct task_write *t = start(x);
	if (t == NULL)
		return;
	t->change = redeliver;
	t->action = AUDIT_PROJECT_WORK_REDELIVERED;
	t->what = "redelivered";
	task_write_submit(t, x, answer_redeliver);
}

struct drop_body {
	const char *reason;
};
static const struct field drop_fields[] = {F_STR(drop_body, reason, REQUIRED, LENGTH(1, 500))};
static const struct field_table drop_table = FIELD_TABLE("dead_letter.drop", drop_body, drop_fields);

static void handle_drop(struct exchange *x)
{
	struct drop_body body;
	struct task_write *t = start(x);
	if (t == NULL || !exchange_decode(x, &body))
		return;
	t->change = drop;
	t->reason = body.reason;
	t->action = AUDIT_PROJECT_WORK_REVOKED;
	t->what = "revoked";
	task_write_submit(t, x, NULL);
}

static const enum err_kind list_errors[] = {ERR_CURSOR_INVALID, ERR_NONE};

const struct route dead_letter_routes[] = {
	ROUTE(GET, "/api/v1/dead-letters", "deadletter.manage", EFFECT_READ, handle_list, .slash = true,
		  .operation = "deadletters.list", .summary = "Work that is out of tries, newest first", .query = &query_table,
		  .result = &list_table, .errors = list_errors),
	ROUTE(GET, "/api/v1/dead-letters/{id}", "deadletter.manage", EFFECT_READ, handle_get, .slash = true,
		  .operation = "deadletters.get", .summary = "One dead letter", .result = &letter_table),
	ROUTE(POST, "/api/v1/dead-letters/{id}/redeliver", "deadletter.manage", EFFECT_WRITE, handle_redeliver,
		  .slash = true, .operation = "deadletters.redeliver", .summary = "Give it all its tries again",
		  .result = &redelivered_table, .status = 202),
	ROUTE(DELETE, "/api/v1/dead-letters/{id}", "deadletter.manage", EFFECT_WRITE, handle_drop, .slash = true,
		  .operation = "deadletters.delete", .summary = "Give it up, with a reason", .body = &drop_table, .status = 204,
		  .example = "{\"reason\":\"sent by hand\"}"),
};
const size_t dead_letter_routes_count = sizeof dead_letter_routes / sizeof *dead_letter_routes;
