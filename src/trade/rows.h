/*
 * What accounts, devices and producers share: rows that a tenant has by id, read one by one and in pages, and read
 * again inside the op that changes one.  Private to src/trade.
 */
#ifndef CS_TRADE_ROWS_H
#define CS_TRADE_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;
struct deed;
struct err;
struct exchange;
struct jw;
struct page_ask;

struct row_kind {
	const char *what; /* "device" */
	size_t size;      /* of a row */

	/* The row of that id of the principal's tenant, in the exchange's arena. */
	bool (*find)(struct db *db, struct exchange *x, const char *id, void *row, bool *found, struct err *err);

	/* The rows after the key page->cursor (NULL: from the start), at most page->limit + 1, as an array in the arena. */
	bool (*list)(struct db *db, struct exchange *x, const struct page_ask *page, void **rows, size_t *count,
				 struct err *err);
	const char *(*key)(struct exchange *x, const void *row); /* what the list is ordered by */

	void (*write)(struct jw *jw, struct exchange *x, const void *row, int64_t now_us); /* members */
};

/* GET /{id}, 404 without one; and GET, whose query is page_ask_table. */
void rows_get(struct exchange *x, const struct row_kind *kind);
void rows_list(struct exchange *x, const struct row_kind *kind);

/* In an op: the row that the path names.  *found false: refused with 404. */
bool rows_named(struct deed *deed, const struct row_kind *kind, struct db *db, void *row, bool *found, struct err *err);

/* Answer one row. */
void rows_answer(struct exchange *x, const struct row_kind *kind, const void *row, int status);

#endif
