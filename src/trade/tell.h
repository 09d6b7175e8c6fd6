/*
 * Answers of trade that are written member by member, and the reading before them.  Private to src/trade.
 *
 *     struct telling t;
 *     tell_begin(&t);                    {"result": {
 *     tell_time(&t.jw, "at", us); …
 *     tell_end(&t, x, 200);              answers
 */
#ifndef CS_TRADE_TELL_H
#define CS_TRADE_TELL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/field.h"
#include "core/jw.h"

struct db;
struct err;
struct exchange;
struct note;

/* Members; NaN, 0 and NULL write null. */
void tell_exact(struct jw *jw, const char *name, double x); /* as it is: prices, lots */
void tell_money(struct jw *jw, const char *name, double x); /* 2 decimals */
void tell_ratio(struct jw *jw, const char *name, double x); /* 6 decimals: percentages */
void tell_time(struct jw *jw, const char *name, int64_t us);
void tell_json(struct jw *jw, const char *name, const char *json); /* JSON text */

struct telling {
	struct buf buf;
	struct jw jw;
};

void tell_begin(struct telling *t);
void tell_end(struct telling *t, struct exchange *x, int status);
void tell_end_warned(struct telling *t, struct exchange *x, int status, const struct note *warning); /* NULL: none */

/* {items: [ … ], next_cursor} */
void tell_list(struct telling *t);
void tell_list_end(struct telling *t, struct exchange *x, const char *last); /* the last row's key; NULL: no more */

/* A page of a list [P-8.7]. */
enum { CURSOR_TEXT = 400 };
struct page_ask {
	const char *cursor;
	int64_t limit;
};
extern const struct field_table page_ask_table;

/*
 * Put the last row's key that a cursor stands for in its place; NULL stays.  False: 400 cursor_invalid was answered,
 * for one of another list, another filter or nobody's.
 */
bool tell_cursor_open(struct exchange *x, const char **cursor);

/* Run `read` on a reader; false: it failed, and that was answered. */
bool tell_read(struct exchange *x, bool (*read)(struct db *db, void *self, struct err *err), void *self);

#endif
