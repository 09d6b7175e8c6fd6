/*
 * Cursors of lists [P-8.7]: where the next page begins, opaque to the client and bound to what was asked.
 *
 * The text is base64url of a MAC and the last key of the page; the MAC covers the filter too, so that a cursor of
 * another list, another filter or another installation is refused.  Thread: any.
 */
#ifndef CS_PEOPLE_PAGE_H
#define CS_PEOPLE_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct err;
struct exchange;

enum { PAGE_KEY = 32, PAGE_AFTER_MAX = 128 /* bytes of a key */ };

/* The cursor after the row `after`, in the arena; NULL when that is full.  `filter` names the list and what it asks. */
const char *page_cursor(struct arena *arena, const unsigned char key[PAGE_KEY], const char *filter, const char *after);

/* The key inside a cursor; NULL cursor: "".  ERR_CURSOR_INVALID. */
bool page_after(const unsigned char key[PAGE_KEY], const char *filter, const char *cursor,
				char after[PAGE_AFTER_MAX + 1], struct err *err);

/* A page under way: where it begins, how many rows it has, whether more follow. */
struct paging {
	struct exchange *x;
	unsigned char key[PAGE_KEY];
	const char *filter;
	int64_t limit, count;
	bool more;
	char after[PAGE_AFTER_MAX + 1]; /* "": from the start */
};

/* `filter` is the arena's, NULL when that is full.  ERR_CURSOR_INVALID, ERR_LIMIT. */
bool paging_begin(struct paging *paging, struct exchange *x, const unsigned char key[PAGE_KEY], const char *filter,
				  int64_t limit, const char *cursor, struct err *err);

/* One more row was read (of limit + 1 at most): has the page room for it?  False: there is a next page. */
bool paging_takes(struct paging *paging);

/* The next page's cursor after the last row's key, with its `Link`; NULL: this was the last page. */
const char *paging_end(struct paging *paging, const char *last);

/* Add `Link: <…?…&cursor=…>; rel="next"`: the request's own query with this cursor. */
void page_link(struct exchange *x, const char *cursor);

#endif
