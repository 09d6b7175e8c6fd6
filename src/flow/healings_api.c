/* GET /api/v1/flow/health/healings: what rules of self-healing did, with the counters before and after [flow.md 9]. */
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "flow/agents_internal.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"
#include "store/store.h"

enum { LIST_MAX = 500, LIST_USUAL = 50 };

struct healing_view {
	const char *healing_id, *rule, *action, *subject, *at;
	const struct json *before, *after;
	bool helped;
};

static const struct field healing_fields[] = {
	F_STR(healing_view, healing_id),
	F_STR(healing_view, rule),
	F_STR(healing_view, action),
	F_STR(healing_view, subject, NULLABLE, DOC("The target, agent or workflow; null: the server")),
	F_JSON(healing_view, before, DOC("Counters as the rule's condition saw them")),
	F_JSON(healing_view, after),
	F_BOOL(healing_view, helped, DOC("The condition held no longer; else an incident was opened")),
	F_STR(healing_view, at, FORMAT("date-time")),
};
static const struct field_table healing_table = FIELD_TABLE("healing", healing_view, healing_fields);

struct healing_list {
	struct {
		size_t count;
		struct healing_view *items;
	} items;
	const char *next_cursor;
};

static const struct field list_fields[] = {
	F_OBJECTS(healing_list, items, &healing_table),
	F_STR(healing_list, next_cursor, NULLABLE),
};
static const struct field_table list_table = FIELD_TABLE("healings.list", healing_list, list_fields);

struct healing_query {
	const char *rule, *cursor;
	int64_t limit;
};

static const struct field query_fields[] = {
	F_STR(healing_query, rule, LENGTH(1, 100)),
	F_INT(healing_query, limit, RANGE(1, LIST_MAX), DEFAULT(LIST_USUAL)),
	F_STR(healing_query, cursor, LENGTH(1, 400)),
};
static const struct field_table query_table = FIELD_TABLE("healings.list.query", healing_query, query_fields);

struct listing {
	struct exchange *x;
	struct healing_query query;
	char before[AGENTS_CURSOR];
	struct healing_list list;
	bool more;
};

static const struct json *counters(const struct db_rows *row, int column, struct arena *arena)
{
	const struct json *json = NULL;
	const char *text = db_text_dup(row, column, arena);
	if (text != NULL)
		json_parse(arena, text, strlen(text), &json_body_limits, &json, NULL);
	return json;
}

static void take(const struct db_rows *row, struct arena *arena, struct healing_view *view)
{
	*view = (struct healing_view){.healing_id = db_text_dup(row, 0, arena),
								  .rule = db_text_dup(row, 1, arena),
								  .action = db_text_dup(row, 2, arena),
								  .before = counters(row, 3, arena),
								  .after = counters(row, 4, arena),
								  .helped = db_int(row, 5) != 0,
								  .at = agents_time(arena, db_int(row, 6)),
								  .subject = db_text_dup(row, 7, arena)};
}

static bool read_page(void *self, struct db *db, struct err *err)
{
	struct listing *l = self;
	struct arena *arena = &l->x->arena;
	const char *rule = l->query.rule != NULL ? l->query.rule : "";
	size_t limit = (size_t)l->query.limit;
	struct db_rows rows;
	l->list.items.items = arena_array(arena, limit, sizeof *l->list.items.items);
	if (l->list.items.items == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!db_query(
			db, &rows, err,
			"SELECT healing_id, rule, action, counters_before, counters_after, helped, at, subject FROM healings WHERE "
			"($1 = '' OR rule = $1) AND ($2 = '' OR healing_id < $2) AND (account_id IS NULL OR account_id = $4) ORDER "
			"BY healing_id DESC LIMIT $3",
			V_TEXT(rule), V_TEXT(l->before), V_INT((int64_t)limit + 1), V_TEXT(principal_of(l->x)->account_id)))
		return false;
	while (l->list.items.count < limit && db_next(&rows))
		take(&rows, arena, &l->list.items.items[l->list.items.count++]);
	l->more = l->list.items.count == limit && db_next(&rows);
	return db_end(&rows, err) && (!arena->full || err_set(err, ERR_LIMIT, "no memory"));
}

static void handle_list(struct exchange *x)
{
	struct listing l = {.x = x};
	if (!exchange_decode_query(x, &l.query))
		return;
	const char *filter = arena_printf(&x->arena, "healings\n%s", l.query.rule != NULL ? l.query.rule : "");
	if (!agents_cursor(x, filter, l.query.cursor, l.before) || !agents_read(x, read_page, &l))
		return;
	if (l.more)
		l.list.next_cursor = agents_next(x, filter, l.list.items.items[l.list.items.count - 1].healing_id);
	reply_fact(x, 200, &list_table, &l.list);
}

static const enum err_kind list_errors[] = {ERR_CURSOR_INVALID, ERR_NONE};

/* Those of the server, and of what the account has: who may operate sees them. */
const struct route healing_routes[] = {
	ROUTE(GET, "/api/v1/flow/health/healings", "flow.operate", EFFECT_READ, handle_list,
		  .aliases = ALIASES({"/api/v3/health/healings"}), .operation = "healings.list",
		  .summary = "What rules of self-healing did, newest first", .query = &query_table, .result = &list_table,
		  .errors = list_errors),
};
const size_t healing_routes_count = sizeof healing_routes / sizeof *healing_routes;
