#include "trade/tell.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/num.h"
#include "core/stamp.h"
#include "http/exchange.h"
#include "people/page.h"
#include "people/principal.h"
#include "people/reply.h"
#include "store/store.h"
#include "trade/trade_internal.h"

enum { LIST_MAX = 500, LIST_USUAL = 50, MONEY_DECIMALS = 2, RATIO_DECIMALS = 6 };

static const struct field page_fields[] = {
	F_INT(page_ask, limit, RANGE(1, LIST_MAX), DEFAULT(LIST_USUAL)), /* [P-8.7] */
	F_STR(page_ask, cursor, LENGTH(1, CURSOR_TEXT), DOC("next_cursor of the page before")),
};
const struct field_table page_ask_table = FIELD_TABLE("trade.page", page_ask, page_fields);

void tell_exact(struct jw *jw, const char *name, double x)
{
	jw_key(jw, name);
	if (isnan(x))
		jw_null(jw);
	else
		jw_num(jw, x);
}

void tell_money(struct jw *jw, const char *name, double x)
{
	tell_exact(jw, name, isnan(x) ? x : num_round(x, MONEY_DECIMALS));
}

void tell_ratio(struct jw *jw, const char *name, double x)
{
	tell_exact(jw, name, isnan(x) ? x : num_round(x, RATIO_DECIMALS));
}

void tell_time(struct jw *jw, const char *name, int64_t us)
{
	char text[STAMP_TEXT];
	if (us != 0)
		stamp_format(text, us);
	jw_member_str(jw, name, us != 0 ? text : NULL);
}

void tell_json(struct jw *jw, const char *name, const char *json)
{
	jw_key(jw, name);
	if (json == NULL)
		jw_null(jw);
	else
		jw_raw(jw, json, strlen(json));
}

void tell_begin(struct telling *t)
{
	buf_init(&t->buf, 0);
	jw_init(&t->jw, &t->buf);
	jw_object(&t->jw);
}

void tell_end(struct telling *t, struct exchange *x, int status)
{
	tell_end_warned(t, x, status, NULL);
}

void tell_end_warned(struct telling *t, struct exchange *x, int status, const struct note *warning)
{
	jw_object_end(&t->jw);
	if (jw_ok(&t->jw))
		reply_fact_text_warned(x, status, buf_text(&t->buf), t->buf.size, warning);
	else
		exchange_failf(x, ERR_LIMIT, "the answer could not be written");
	buf_fini(&t->buf);
}

void tell_list(struct telling *t)
{
	tell_begin(t);
	jw_key(&t->jw, "items");
	jw_array(&t->jw);
}

/* A list is its path, its reader and all that was asked but for where the page lies.  NULL: no memory. */
static const char *filter_of(struct exchange *x)
{
	struct buf text;
	buf_init(&text, 0);
	buf_addf(&text, "%s\n%s\n%s", x->path, principal_of(x)->account_id, principal_of(x)->user_id);
	for (size_t i = 0; i < x->query_count; i++)
		if (strcmp(x->query[i].name, "cursor") != 0 && strcmp(x->query[i].name, "limit") != 0)
			buf_addf(&text, "\n%s=%s", x->query[i].name, x->query[i].value);
	const char *filter = buf_ok(&text) ? arena_dupn(&x->arena, buf_text(&text), text.size) : NULL;
	buf_fini(&text);
	return filter;
}

void tell_list_end(struct telling *t, struct exchange *x, const char *last)
{
	const struct trade_api *api = x->owner;
	const char *filter = last != NULL ? filter_of(x) : NULL, *cursor = NULL;
	if (filter != NULL)
		cursor = page_cursor(&x->arena, api->page_key, filter, last);
	jw_array_end(&t->jw);
	jw_member_str(&t->jw, "next_cursor", cursor);
	if (cursor != NULL)
		page_link(x, cursor);
	tell_end(t, x, 200);
}

bool tell_cursor_open(struct exchange *x, const char **cursor)
{
	const struct trade_api *api = x->owner;
	char after[PAGE_AFTER_MAX + 1];
	struct err err;
	const char *filter = filter_of(x);
	if (*cursor == NULL)
		return true;
	bool good = filter != NULL ? page_after(api->page_key, filter, *cursor, after, &err)
							   : err_set(&err, ERR_LIMIT, "no memory");
	if (good)
		*cursor = arena_dup(&x->arena, after);
	else
		exchange_fail(x, &err);
	return good;
}

bool tell_read(struct exchange *x, bool (*read)(struct db *db, void *self, struct err *err), void *self)
{
	const struct trade_api *api = x->owner;
	struct err err;
	struct db *db = store_read(api->options.store);
	bool done = read(db, self, &err);
	store_read_end(api->options.store, db);
	if (!done)
		exchange_fail(x, &err);
	return done;
}
