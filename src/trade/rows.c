#include "trade/rows.h"

#include "core/arena.h"
#include "core/env.h"
#include "core/id.h"
#include "http/exchange.h"
#include "trade/deed.h"
#include "trade/tell.h"
#include "trade/trade_internal.h"

struct reading {
	struct exchange *x;
	const struct row_kind *kind;
	struct page_ask page;
	void *rows;
	size_t count;
	bool found;
};

static int64_t now_us(const struct exchange *x)
{
	return env_wall_us(((const struct trade_api *)x->owner)->options.env);
}

static bool find(const struct reading *r, struct db *db, void *row, bool *found, struct err *err)
{
	const char *id = exchange_param(r->x, "id");
	*found = false;
	return !id_valid(id) || r->kind->find(db, r->x, id, row, found, err);
}

void rows_answer(struct exchange *x, const struct row_kind *kind, const void *row, int status)
{
	struct telling t;
	tell_begin(&t);
	kind->write(&t.jw, x, row, now_us(x));
	tell_end(&t, x, status);
}

static bool read_one(struct db *db, void *self, struct err *err)
{
	struct reading *r = self;
	return find(r, db, r->rows, &r->found, err);
}

void rows_get(struct exchange *x, const struct row_kind *kind)
{
	struct reading r = {.x = x, .kind = kind, .rows = arena_alloc(&x->arena, kind->size)};
	if (r.rows == NULL)
		exchange_failf(x, ERR_LIMIT, "no memory");
	else if (!tell_read(x, read_one, &r))
		return;
	else if (r.found)
		rows_answer(x, kind, r.rows, 200);
	else
		exchange_failf(x, ERR_NOT_FOUND, "There is no such %s.", kind->what);
}

static bool read_page(struct db *db, void *self, struct err *err)
{
	struct reading *r = self;
	return r->kind->list(db, r->x, &r->page, &r->rows, &r->count, err);
}

void rows_list(struct exchange *x, const struct row_kind *kind)
{
	struct reading r = {.x = x, .kind = kind};
	struct telling t;
	if (!exchange_decode_query(x, &r.page) || !tell_cursor_open(x, &r.page.cursor) || !tell_read(x, read_page, &r))
		return;
	const char *last = NULL, *row = r.rows;
	bool more = r.count > (size_t)r.page.limit;
	r.count -= more;
	tell_list(&t);
	for (size_t i = 0; i < r.count; i++, row += kind->size) {
		jw_object(&t.jw);
		kind->write(&t.jw, x, row, now_us(x));
		jw_object_end(&t.jw);
		last = more && i + 1 == r.count ? kind->key(x, row) : NULL;
	}
	tell_list_end(&t, x, last);
}

bool rows_named(struct deed *deed, const struct row_kind *kind, struct db *db, void *row, bool *found, struct err *err)
{
	const struct reading r = {.x = deed->x, .kind = kind};
	return find(&r, db, row, found, err) &&
		   (*found || write_refuse(&deed->write, ERR_NOT_FOUND, "There is no such %s.", kind->what));
}
