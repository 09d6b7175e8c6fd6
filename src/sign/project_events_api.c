#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "core/stamp.h"
#include "http/exchange.h"
#include "people/reply.h"
#include "sign/cursor.h"
#include "sign/project_write.h"
#include "sign/sign_internal.h"
#include "store/store.h"

/* What happened to a project, newest first [sign.md 5]. */

struct events_query {
	int64_t limit;
	const char *cursor;
};

static const struct field events_query_fields[] = {
	F_INT(events_query, limit, RANGE(1, 500), DEFAULT(50)),
	F_STR(events_query, cursor, LENGTH(1, 400)),
};
static const struct field_table events_query_table =
	FIELD_TABLE("projects.events.query", events_query, events_query_fields);

struct event_view {
	const char *event_id, *type, *actor, *at, *request_id, *content_sha256;
	const struct json *before, *after;
};

static const struct field event_fields[] = {
	F_STR(event_view, event_id),
	F_STR(event_view, type),
	F_STR(event_view, actor, NULLABLE),
	F_STR(event_view, at, FORMAT("date-time")),
	F_STR(event_view, request_id, NULLABLE),
	F_STR(event_view, content_sha256, NULLABLE),
	F_JSON(event_view, before, NULLABLE),
	F_JSON(event_view, after, NULLABLE),
};
static const struct field_table event_table = FIELD_TABLE("projects.event", event_view, event_fields);

struct event_list {
	struct {
		size_t count;
		struct event_view *items;
	} items;
	const char *next_cursor;
};

static const struct field event_list_fields[] = {
	F_OBJECTS(event_list, items, &event_table),
	F_STR(event_list, next_cursor, NULLABLE),
};
static const struct field_table event_list_table = FIELD_TABLE("projects.events", event_list, event_list_fields);

static const struct json *stored(struct exchange *x, const char *text)
{
	const struct json *json = NULL;
	if (text != NULL)
		json_parse(&x->arena, text, strlen(text), &json_body_limits, &json, NULL);
	return json;
}

static struct event_view event_of(struct exchange *x, const struct project_event *event)
{
	char at[STAMP_TEXT];
	stamp_format(at, event->at_us);
	return (struct event_view){
		.event_id = event->event_id,
		.type = event->type,
		.actor = event->actor,
		.at = arena_dup(&x->arena, at),
		.request_id = event->request_id,
		.content_sha256 = event->content_sha256,
		.before = stored(x, event->before),
		.after = stored(x, event->after),
	};
}

static bool read_events(struct exchange *x, const struct project *project, const char *before, size_t limit,
						struct event_list *list, struct err *err)
{
	const struct sign_api *api = x->owner;
	struct project_event *events = arena_array(&x->arena, limit, sizeof *events);
	list->items.items = arena_array(&x->arena, limit, sizeof *list->items.items);
	if (events == NULL || list->items.items == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	struct db *db = store_read(api->options.store);
	size_t count = 0;
	bool read = project_events_list(db, project->account_id, project->project_id, before, limit, &x->arena, events,
									&count, err);
	store_read_end(api->options.store, db);
	for (size_t i = 0; read && i < count; i++)
		list->items.items[list->items.count++] = event_of(x, &events[i]);
	return read;
}

static void handle_events(struct exchange *x)
{
	const struct sign_api *api = x->owner;
	struct events_query query;
	struct event_list list = {.next_cursor = NULL};
	struct project project;
	enum project_stamp stamp;
	struct err err;
	const char *before = NULL;
	if (!exchange_decode_query(x, &query) || !project_read(x, &project, &stamp))
		return;
	if ((query.cursor != NULL && !cursor_read(api, project.project_id, query.cursor, &x->arena, &before, &err)) ||
		!read_events(x, &project, before, (size_t)query.limit + 1, &list, &err)) {
		exchange_fail(x, &err);
		return;
	}
	if (list.items.count > (size_t)query.limit) {
		list.items.count--;
		list.next_cursor =
			cursor_make(api, project.project_id, list.items.items[list.items.count - 1].event_id, &x->arena);
	}
	reply_fact(x, 200, &event_list_table, &list);
}

static const enum err_kind errors[] = {ERR_CURSOR_INVALID, ERR_NONE};

const struct route project_event_routes[] = {
	ROUTE(GET, "/api/v1/projects/{id}/events", "project.read", EFFECT_READ, handle_events, .slash = true,
		  .aliases = ALIASES({"/projects/{id}/events", .slash = true}), .operation = "projects.events",
		  .summary = "What happened to a project, newest first", .query = &events_query_table,
		  .result = &event_list_table, .errors = errors),
};
const size_t project_event_routes_count = sizeof project_event_routes / sizeof *project_event_routes;
