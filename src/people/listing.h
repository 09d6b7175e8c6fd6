/*
 * A list over HTTP, whole but for its rows: query, cursor, whose rows, page, `Link` and answer [P-8.7, P-5.3].
 *
 * A list is a `struct list_kind`: its tables and how its rows are read.  A page's cursor belongs to everything that was
 * asked but `limit`: another filter, another account or another list refuses it.  Whose rows: those of the caller's
 * account; an admin may name another one, or * for everybody's; anybody else who names another sees what a random id
 * would show, which is nothing.
 *
 * Thread: that of a handler that may wait for the store (a worker).
 */
#ifndef CS_PEOPLE_LISTING_H
#define CS_PEOPLE_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/field.h"
#include "people/page.h"

struct db;
struct err;
struct exchange;
struct note;
struct store;

enum { LIST_LIMIT_MAX = 500, LIST_LIMIT = 50 /* rows of a page */ };

/* The first members of every list's query, and their rows. */
#define LIST_QUERY \
	int64_t limit; \
	const char *cursor, *account_id
#define F_LIST_QUERY(s) \
	F_INT(s, limit, RANGE(1, LIST_LIMIT_MAX), DEFAULT(LIST_LIMIT)), F_STR(s, cursor, LENGTH(1, 400)), \
		F_STR(s, account_id, LENGTH(1, 64), DOC("Another account's, for an admin; * for everybody's"))

/* What a list answers: struct `page` of items of one kind, and its table `page_table`. */
#define LIST_PAGE(page, name, item_struct, item_table) \
	struct page { \
		struct { \
			size_t count; \
			struct item_struct *items; \
		} items; \
		const char *next_cursor; \
	}; \
	static const struct field page##_fields[] = { \
		F_OBJECTS(page, items, item_table), \
		F_STR(page, next_cursor, NULLABLE), \
	}; \
	static const struct field_table page##_table = FIELD_TABLE(name, page, page##_fields)

struct listing;

struct list_kind {
	const char *name;
	const struct field_table *query, *page; /* query: of a struct that begins with LIST_QUERY; page: of LIST_PAGE */
	size_t item_size;                       /* of one view */
	/* Read l->limit rows after l->after, in the order of their keys, and fill listing_room() with each. */
	bool (*read)(struct listing *l, struct db *db, struct err *err);
};

/* One list being answered. */
struct listing {
	struct exchange *x;
	const void *query;          /* the decoded struct */
	const char *account_id;     /* whose rows; NULL: everybody's */
	const char *after;          /* the key of the row before; "": from the start */
	int64_t limit;              /* rows to read: one more than the page has */
	const struct note *warning; /* set by read, to stand beside the page; NULL: none */
	/* listing.c's */
	const struct list_kind *kind;
	struct paging paging;
	struct {
		size_t count;
		void *items;
		const char *next_cursor;
	} page;
	const char *last;
};

/* Room for the view of the next row, whose key (the arena's) the next page begins after.  NULL: the page is full. */
void *listing_room(struct listing *l, const char *key);

/* Decode, read and answer; `key` is the cursors'. */
void listing_answer(struct exchange *x, struct store *store, const unsigned char key[PAGE_KEY],
					const struct list_kind *kind);

/* Whose single objects the caller reads by id: an admin anybody's (NULL), others their account's [P-5.3]. */
const char *listing_reads(const struct exchange *x);

#endif
