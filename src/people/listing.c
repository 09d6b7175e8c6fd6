#include "people/listing.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/must.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"
#include "people/roles.h"
#include "store/store.h"

struct list_head {
	LIST_QUERY;
};

static bool is_admin(const struct exchange *x)
{
	return (principal_of(x)->roles & ROLE_ADMIN) != 0;
}

const char *listing_reads(const struct exchange *x)
{
	return is_admin(x) ? NULL : principal_of(x)->account_id;
}

static const char *account_of(const struct exchange *x, const char *asked)
{
	const char *own = principal_of(x)->account_id;
	if (asked == NULL || strcmp(asked, own) == 0)
		return own;
	if (!is_admin(x))
		return "";
	return strcmp(asked, "*") == 0 ? NULL : asked;
}

static int by_name(const void *a, const void *b)
{
	const struct route_param *const *left = a, *const *right = b;
	return strcmp((*left)->name, (*right)->name);
}

static bool is_filter(const char *name)
{
	return strcmp(name, "cursor") != 0 && strcmp(name, "limit") != 0 && strcmp(name, "account_id") != 0;
}

/* What the cursor is bound to; the same question in another order is the same question.  NULL: no memory. */
static const char *filter_of(struct listing *l)
{
	struct exchange *x = l->x;
	const struct route_param **sorted = arena_array(&x->arena, x->query_count + 1, sizeof *sorted);
	const char *text = arena_printf(&x->arena, "%s:%s", l->kind->name, l->account_id != NULL ? l->account_id : "*");
	size_t count = 0;
	for (size_t i = 0; sorted != NULL && i < x->query_count; i++)
		if (is_filter(x->query[i].name))
			sorted[count++] = &x->query[i];
	if (count > 1)
		qsort(sorted, count, sizeof *sorted, by_name);
	for (size_t i = 0; text != NULL && i < count; i++)
		text =
			arena_printf(&x->arena, "%s&%zu:%s=%s", text, strlen(sorted[i]->value), sorted[i]->name, sorted[i]->value);
	return sorted != NULL ? text : NULL;
}

static bool begin(struct listing *l, const unsigned char key[PAGE_KEY], struct err *err)
{
	struct list_head head;
	memcpy(&head, l->query, sizeof head);
	l->account_id = account_of(l->x, head.account_id);
	l->limit = head.limit + 1;
	l->page.items = arena_array(&l->x->arena, (size_t)head.limit, l->kind->item_size);
	if (l->page.items == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!paging_begin(&l->paging, l->x, key, filter_of(l), head.limit, head.cursor, err))
		return false;
	l->after = l->paging.after;
	return true;
}

void *listing_room(struct listing *l, const char *key)
{
	if (!paging_takes(&l->paging))
		return NULL;
	l->last = key;
	return (char *)l->page.items + l->page.count++ * l->kind->item_size;
}

static bool read_page(struct listing *l, struct store *store, struct err *err)
{
	struct db *db = store_read(store);
	bool read = l->kind->read(l, db, err);
	store_read_end(store, db);
	if (read && l->paging.more && l->last == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (read && l->paging.more)
		l->page.next_cursor = paging_end(&l->paging, l->last);
	return read;
}

void listing_answer(struct exchange *x, struct store *store, const unsigned char key[PAGE_KEY],
					const struct list_kind *kind)
{
	struct listing l = {.x = x, .kind = kind};
	struct err err;
	void *query = arena_alloc(&x->arena, kind->query->size);
	must(kind->page->size == sizeof l.page);
	if (query == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	if (!exchange_decode_query(x, query))
		return;
	l.query = query;
	if (begin(&l, key, &err) && read_page(&l, store, &err))
		reply_fact_warned(x, 200, kind->page, &l.page, l.warning);
	else
		exchange_fail(x, &err);
}
