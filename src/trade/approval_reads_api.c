/* GET /api/v1/approvals and below: what I decided, and what waits for me [trade.md 3]. */
#include <string.h>

#include "core/arena.h"
#include "core/env.h"
#include "core/field.h"
#include "core/id.h"
#include "core/stamp.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "trade/approval_view.h"
#include "trade/approvals.h"
#include "trade/limits.h"
#include "trade/signal_view.h"
#include "trade/tell.h"
#include "trade/trade_internal.h"
#include "trade/trade_routes.h"

struct reading {
	struct exchange *x;
	struct page_ask page;
	struct approval one, *items;
	size_t count;
	bool found;
	/* what waits */
	struct waiting *waiting;
	struct signal_row *rows;
	bool among;
	int64_t now_us;
};

static bool read_one(struct db *db, void *self, struct err *err)
{
	struct reading *r = self;
	const struct principal *p = principal_of(r->x);
	const char *id = exchange_param(r->x, "id");
	return !id_valid(id) || approval_find(db, p->account_id, p->user_id, id, &r->x->arena, &r->one, &r->found, err);
}

static void handle_get(struct exchange *x)
{
	struct reading r = {.x = x};
	if (!tell_read(x, read_one, &r))
		return;
	if (r.found)
		approval_reply(x, &r.one, 200);
	else
		exchange_failf(x, ERR_NOT_FOUND, "There is no such approval of yours.");
}

static bool read_list(struct db *db, void *self, struct err *err)
{
	struct reading *r = self;
	const struct principal *p = principal_of(r->x);
	return approval_list(db, p->account_id, p->user_id, r->page.cursor, r->page.limit + 1, &r->x->arena, &r->items,
						 &r->count, err);
}

static void handle_list(struct exchange *x)
{
	struct reading r = {.x = x};
	struct telling t;
	if (!exchange_decode_query(x, &r.page) || !tell_cursor_open(x, &r.page.cursor) || !tell_read(x, read_list, &r))
		return;
	bool more = r.count > (size_t)r.page.limit;
	r.count -= more;
	tell_list(&t);
	for (size_t i = 0; i < r.count; i++) {
		jw_object(&t.jw);
		approval_write_members(&t.jw, &r.items[i]);
		jw_object_end(&t.jw);
	}
	tell_list_end(&t, x, more ? r.items[r.count - 1].approval_id : NULL);
}

/* What waits for the caller; nothing when the desk leaves them out. */
static bool read_pending(struct db *db, void *self, struct err *err)
{
	struct reading *r = self;
	struct exchange *x = r->x;
	const struct principal *p = principal_of(x);
	struct profile_row profile;
	enum { WAITING_MAX = 1000 };
	if (!approval_among(x, db, &profile, &r->among, err))
		return false;
	if (!r->among)
		return true;
	if (!approval_waiting(db, p->account_id, p->user_id, r->now_us, WAITING_MAX, &x->arena, &r->waiting, &r->count,
						  err))
		return false;
	r->rows = arena_array(&x->arena, r->count + 1, sizeof *r->rows);
	bool found = true;
	for (size_t i = 0; r->rows != NULL && i < r->count; i++)
		if (!signal_find(db, p->account_id, r->waiting[i].signal_id, &x->arena, &r->rows[i], &found, err))
			return false;
	return r->rows != NULL || err_set(err, ERR_LIMIT, "no memory");
}

/* Where a page begins: after the row the cursor names; a row that is decided meanwhile begins anew. */
static size_t first_of(const struct reading *r)
{
	for (size_t i = 0; r->page.cursor != NULL && i < r->count; i++)
		if (strcmp(r->waiting[i].signal_id, r->page.cursor) == 0)
			return i + 1;
	return 0;
}

static void handle_pending(struct exchange *x)
{
	const struct trade_api *api = x->owner;
	struct reading r = {.x = x, .now_us = env_wall_us(api->options.env)};
	struct telling t;
	if (!exchange_decode_query(x, &r.page) || !tell_cursor_open(x, &r.page.cursor) || !tell_read(x, read_pending, &r))
		return;
	size_t first = first_of(&r), end = first;
	tell_list(&t);
	for (; end < r.count && end < first + (size_t)r.page.limit; end++) {
		const struct signal_row *row = &r.rows[end];
		jw_object(&t.jw);
		signal_write_members(&t.jw, row);
		tell_exact(&t.jw, "lot_size", row->lots);
		jw_member_int(&t.jw, "seconds_left", (r.waiting[end].expires_us - r.now_us) / STAMP_US_PER_S);
		jw_object_end(&t.jw);
	}
	tell_list_end(&t, x, end < r.count && end > first ? r.rows[end - 1].signal_id : NULL);
}

static const struct field page_rows[] = {T_PAGE(&approval_view_table)};
static const struct field_table approvals_page_table = TOLD_TABLE("trade.approvals", page_rows);
static const struct field waiting_rows[] = {
	T_ALL(&signal_view_table),
	T_NUM(lot_size, NULLABLE, UNIT("lots")),
	T_INT(seconds_left, UNIT("s")),
};
static const struct field_table waiting_table = TOLD_TABLE("trade.approvals.waiting", waiting_rows);
static const struct field pending_rows[] = {T_PAGE(&waiting_table)};
static const struct field_table pending_table = TOLD_TABLE("trade.approvals.pending", pending_rows);

const struct route approval_reads_routes[] = {
	ROUTE(GET, "/api/v1/approvals", "trade.approve", EFFECT_READ, handle_list, .operation = "approvals.list",
		  .summary = "My own decisions, newest first", .query = &page_ask_table, .result = &approvals_page_table),
	ROUTE(GET, "/api/v1/approvals/pending", "trade.approve", EFFECT_READ, handle_pending,
		  .operation = "approvals.pending", .summary = "Signals that wait for me, the next to expire first",
		  .query = &page_ask_table, .result = &pending_table),
	ROUTE(GET, "/api/v1/approvals/{id}", "trade.approve", EFFECT_READ, handle_get, .operation = "approvals.get",
		  .summary = "One decision of mine", .result = &approval_view_table),
};
const size_t approval_reads_routes_count = sizeof approval_reads_routes / sizeof *approval_reads_routes;
