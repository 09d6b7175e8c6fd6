#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/countersign_api.h"
#include "app/routes.h"
#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "http/exchange.h"
#include "http/router.h"
#include "people/page.h"
#include "people/principal.h"
#include "people/reply.h"
#include "people/roles.h"
#include "people/view.h"
#include "store/store.h"

/* GET /api/v1/audit and /api/v1/audit/checkpoints: the chain as rows, newest first [P-7.6]. */

struct audit_view {
	const char *stream;
	int64_t seq;
	const char *at, *account_id, *actor, *role, *action, *target_kind, *target_id;
	int status;
	const char *ip, *user_agent, *request_id;
	const struct json *meta;
	const char *prev_hash, *hash;
};

static const char *const statuses[] = {"success", "failure", "denied", NULL};

static const struct field row_fields[] = {
	F_STR(audit_view, stream),
	F_INT(audit_view, seq),
	F_STR(audit_view, at, FORMAT("date-time")),
	F_STR(audit_view, account_id, NULLABLE),
	F_STR(audit_view, actor, NULLABLE),
	F_STR(audit_view, role, NULLABLE),
	F_STR(audit_view, action),
	F_STR(audit_view, target_kind, NULLABLE),
	F_STR(audit_view, target_id, NULLABLE),
	F_ENUM(audit_view, status, statuses),
	F_STR(audit_view, ip, NULLABLE, DOC("In clear, as long as it is kept; the chain itself holds a commitment")),
	F_STR(audit_view, user_agent, NULLABLE, DOC("In clear, as long as it is kept")),
	F_STR(audit_view, request_id, NULLABLE),
	F_JSON(audit_view, meta),
	F_STR(audit_view, prev_hash),
	F_STR(audit_view, hash),
};
static const struct field_table row_table = FIELD_TABLE("audit.row", audit_view, row_fields);

struct audit_page {
	struct {
		size_t count;
		struct audit_view *items;
	} items;
	const char *next_cursor;
};
static const struct field page_fields[] = {
	F_OBJECTS(audit_page, items, &row_table),
	F_STR(audit_page, next_cursor, NULLABLE),
};
static const struct field_table page_table = FIELD_TABLE("audit.rows", audit_page, page_fields);

struct audit_query {
	const char *actor, *action, *target_kind, *target_id, *account_id, *from, *to, *cursor;
	int status;
	int64_t limit;
};
static const struct field query_fields[] = {
	F_STR(audit_query, actor, LENGTH(1, 64)),
	F_STR(audit_query, action, LENGTH(1, 64)),
	F_STR(audit_query, target_kind, LENGTH(1, 64)),
	F_STR(audit_query, target_id, LENGTH(1, 160)),
	F_ENUM(audit_query, status, statuses),
	F_STR(audit_query, from, FORMAT("date-time"), DOC("Not before")),
	F_STR(audit_query, to, FORMAT("date-time"), DOC("Before")),
	F_STR(audit_query, account_id, LENGTH(1, 64),
		  DOC("One account's rows, for an admin, who otherwise sees all, as with *")),
	F_INT(audit_query, limit, RANGE(1, 500), DEFAULT(50)),
	F_STR(audit_query, cursor, LENGTH(1, 400)),
};
static const struct field_table query_table = FIELD_TABLE("audit.query", audit_query, query_fields);

/* The last row of a page: rows are ordered by these three. */
struct place {
	int64_t at_us, seq;
	char stream[64];
};

struct listing {
	struct exchange *x;
	struct audit_query query;
	struct audit_page page;
	const char *account_id; /* NULL: all */
	const char *filter;     /* what the cursor is bound to */
	int64_t from_us, to_us;
	struct place after;
	unsigned char key[PAGE_KEY];
};

static void take_times(void *self, struct faults *faults)
{
	struct listing *l = self;
	l->from_us = 0;
	l->to_us = INT64_MAX;
	view_take_time(l->query.from, "/from", &l->from_us, faults);
	view_take_time(l->query.to, "/to", &l->to_us, faults);
}

/* An admin sees every account's rows and those of none; anybody else their own account's. */
static void choose_account(struct listing *l)
{
	const struct principal *principal = principal_of(l->x);
	bool admin = (principal->roles & ROLE_ADMIN) != 0;
	const char *asked = l->query.account_id;
	if (admin)
		l->account_id = asked != NULL && strcmp(asked, "*") == 0 ? NULL : asked;
	else
		l->account_id = asked == NULL || strcmp(asked, principal->account_id) == 0 ? principal->account_id : "";
}

static const char *or_empty(const char *text)
{
	return text != NULL ? text : "";
}

static bool read_cursor(struct listing *l, struct err *err)
{
	const struct audit_query *q = &l->query;
	char after[PAGE_AFTER_MAX + 1];
	app_page_key(l->x->owner, l->key);
	l->filter = arena_printf(&l->x->arena, "audit:%s:%s:%s:%s:%s:%d:%lld:%lld", or_empty(l->account_id),
							 or_empty(q->actor), or_empty(q->action), or_empty(q->target_kind), or_empty(q->target_id),
							 q->status, (long long)l->from_us, (long long)l->to_us);
	if (l->filter == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!page_after(l->key, l->filter, q->cursor, after, err))
		return false;
	l->after = (struct place){.at_us = INT64_MAX};
	char *rest = after;
	if (after[0] != '\0') { /* made by us: the MAC says so */
		l->after.at_us = strtoll(rest, &rest, 10);
		l->after.seq = strtoll(rest + 1, &rest, 10);
		snprintf(l->after.stream, sizeof l->after.stream, "%s", rest + 1);
	}
	return true;
}

static void take_row(const struct db_rows *rows, struct arena *arena, struct audit_view *view)
{
	const char *meta = db_text(rows, 12);
	*view = (struct audit_view){
		.stream = db_text_dup(rows, 0, arena),
		.seq = db_int(rows, 1),
		.at = view_time(arena, db_int(rows, 2)),
		.account_id = db_text_dup(rows, 3, arena),
		.actor = db_text_dup(rows, 4, arena),
		.role = db_text_dup(rows, 5, arena),
		.action = db_text_dup(rows, 6, arena),
		.target_kind = db_text_dup(rows, 7, arena),
		.target_id = db_text_dup(rows, 8, arena),
		.status = db_word(rows, 9, statuses),
		.ip = db_text_dup(rows, 10, arena),
		.user_agent = db_text_dup(rows, 11, arena),
		.request_id = db_text_dup(rows, 13, arena),
		.prev_hash = db_text_dup(rows, 14, arena),
		.hash = db_text_dup(rows, 15, arena),
	};
	json_parse(arena, meta, strlen(meta), &json_body_limits, &view->meta, NULL);
}

static const char select_rows[] =
	"SELECT a.stream, a.seq, a.at, a.account_id, a.actor, a.role, a.action, a.target_kind, a.target_id, a.status, "
	"p.ip, p.user_agent, a.meta, a.request_id, a.prev_hash, a.hash FROM audit a "
	"LEFT JOIN audit_personal p ON p.stream = a.stream AND p.seq = a.seq "
	"WHERE (CAST($1 AS TEXT) IS NULL OR a.account_id = $1) AND (CAST($2 AS TEXT) IS NULL OR a.actor = $2) "
	"AND (CAST($3 AS TEXT) IS NULL OR a.action = $3) AND (CAST($4 AS TEXT) IS NULL OR a.target_kind = $4) "
	"AND (CAST($5 AS TEXT) IS NULL OR a.target_id = $5) AND (CAST($6 AS TEXT) IS NULL OR a.status = $6) "
	"AND a.at >= $7 AND a.at < $8 "
	"AND (a.at < $9 OR (a.at = $9 AND (a.seq < $10 OR (a.seq = $10 AND a.stream > $11)))) "
	"ORDER BY a.at DESC, a.seq DESC, a.stream LIMIT $12";

static bool read_rows(struct listing *l, struct db *db, struct err *err)
{
	const struct audit_query *q = &l->query;
	struct arena *arena = &l->x->arena;
	struct db_rows rows;
	bool more = false;
	struct place last = {.at_us = 0};
	if (!db_query(db, &rows, err, select_rows, V_TEXT(l->account_id), V_TEXT(q->actor), V_TEXT(q->action),
				  V_TEXT(q->target_kind), V_TEXT(q->target_id), V_TEXT(q->status >= 0 ? statuses[q->status] : NULL),
				  V_INT(l->from_us), V_INT(l->to_us), V_INT(l->after.at_us), V_INT(l->after.seq),
				  V_TEXT(l->after.stream), V_INT(q->limit + 1)))
		return false;
	while (db_next(&rows)) {
		more = l->page.items.count == (size_t)q->limit;
		if (more)
			continue;
		last.at_us = db_int(&rows, 2);
		last.seq = db_int(&rows, 1);
		snprintf(last.stream, sizeof last.stream, "%s", db_text(&rows, 0));
		take_row(&rows, arena, &l->page.items.items[l->page.items.count++]);
	}
	if (!db_end(&rows, err))
		return false;
	if (more) {
		const char *key = arena_printf(arena, "%lld/%lld/%s", (long long)last.at_us, (long long)last.seq, last.stream);
		l->page.next_cursor = key != NULL ? page_cursor(arena, l->key, l->filter, key) : NULL;
	}
	return !arena->full || err_set(err, ERR_LIMIT, "no memory for the rows");
}

static void handle_list(struct exchange *x)
{
	const struct app *app = x->owner;
	struct listing l = {.x = x};
	struct err err;
	if (!exchange_decode_query_checked(x, &l.query, take_times, &l))
		return;
	choose_account(&l);
	l.page.items.items = arena_array(&x->arena, (size_t)l.query.limit, sizeof *l.page.items.items);
	bool read = l.page.items.items != NULL ? read_cursor(&l, &err) : err_set(&err, ERR_LIMIT, "no memory");
	if (read) {
		struct db *db = store_read(app->store);
		read = read_rows(&l, db, &err);
		store_read_end(app->store, db);
	}
	if (!read) {
		exchange_fail(x, &err);
		return;
	}
	if (l.page.next_cursor != NULL)
		page_link(x, l.page.next_cursor);
	reply_fact(x, 200, &page_table, &l.page);
}

/* --- checkpoints --- */

struct checkpoint_view {
	const char *stream;
	int64_t seq;
	const char *at, *hash, *key_id, *signature;
	const struct json *statement;
};
static const struct field checkpoint_fields[] = {
	F_STR(checkpoint_view, stream),
	F_INT(checkpoint_view, seq),
	F_STR(checkpoint_view, at, FORMAT("date-time")),
	F_STR(checkpoint_view, hash, DOC("Of the row seq")),
	F_STR(checkpoint_view, key_id, DOC("kid of an Ed25519 key among /.well-known/jwks.json")),
	F_JSON(checkpoint_view, statement, DOC("What is signed, in RFC 8785 form")),
	F_STR(checkpoint_view, signature, DOC("Hex")),
};
static const struct field_table checkpoint_table = FIELD_TABLE("audit.checkpoint", checkpoint_view, checkpoint_fields);

struct checkpoints_query {
	int64_t limit;
};
static const struct field checkpoints_query_fields[] = {F_INT(checkpoints_query, limit, RANGE(1, 500), DEFAULT(50))};
static const struct field_table checkpoints_query_table =
	FIELD_TABLE("audit.checkpoints.query", checkpoints_query, checkpoints_query_fields);

struct checkpoints_page {
	struct {
		size_t count;
		struct checkpoint_view *items;
	} items;
	const char *next_cursor;
};
static const struct field checkpoints_page_fields[] = {
	F_OBJECTS(checkpoints_page, items, &checkpoint_table),
	F_STR(checkpoints_page, next_cursor, NULLABLE, DOC("Always null: the newest are given, GET export gives all")),
};
static const struct field_table checkpoints_page_table =
	FIELD_TABLE("audit.checkpoints", checkpoints_page, checkpoints_page_fields);

static bool read_checkpoints(struct db *db, struct arena *arena, int64_t limit, struct checkpoints_page *page,
							 struct err *err)
{
	struct db_rows rows;
	if (!db_query(db, &rows, err,
				  "SELECT stream, seq, at, hash, key_id, statement, signature FROM audit_checkpoints "
				  "ORDER BY at DESC, stream, seq DESC LIMIT $1",
				  V_INT(limit)))
		return false;
	while (db_next(&rows)) {
		struct checkpoint_view *view = &page->items.items[page->items.count++];
		const char *statement = db_text(&rows, 5);
		*view = (struct checkpoint_view){
			.stream = db_text_dup(&rows, 0, arena),
			.seq = db_int(&rows, 1),
			.at = view_time(arena, db_int(&rows, 2)),
			.hash = db_text_dup(&rows, 3, arena),
			.key_id = db_text_dup(&rows, 4, arena),
			.signature = db_text_dup(&rows, 6, arena),
		};
		json_parse(arena, statement, strlen(statement), &json_body_limits, &view->statement, NULL);
	}
	return db_end(&rows, err) && (!arena->full || err_set(err, ERR_LIMIT, "no memory for the rows"));
}

static void handle_checkpoints(struct exchange *x)
{
	const struct app *app = x->owner;
	struct checkpoints_query query;
	struct checkpoints_page page = {.next_cursor = NULL};
	struct err err;
	if (!exchange_decode_query(x, &query))
		return;
	page.items.items = arena_array(&x->arena, (size_t)query.limit, sizeof *page.items.items);
	struct db *db = store_read(app->store);
	bool read = page.items.items != NULL ? read_checkpoints(db, &x->arena, query.limit, &page, &err)
										 : err_set(&err, ERR_LIMIT, "no memory");
	store_read_end(app->store, db);
	if (read)
		reply_fact(x, 200, &checkpoints_page_table, &page);
	else
		exchange_fail(x, &err);
}

static const enum err_kind list_errors[] = {ERR_CURSOR_INVALID, ERR_NONE};

static const struct route routes[] = {
	ROUTE(GET, "/api/v1/audit", "audit.read", EFFECT_READ, handle_list, .operation = "audit.list",
		  .summary = "Rows of the audit chain, newest first", .aliases = ALIASES({"/api/v1/audit/logs"}),
		  .query = &query_table, .result = &page_table, .errors = list_errors),
	ROUTE(GET, "/api/v1/audit/checkpoints", "audit.read", EFFECT_READ, handle_checkpoints,
		  .operation = "audit.checkpoints", .summary = "Signed heads of the audit chain, newest first",
		  .query = &checkpoints_query_table, .result = &checkpoints_page_table),
};

void audit_rows_api_add(struct app *app)
{
	router_add(app->router, routes, sizeof routes / sizeof *routes, app);
}
