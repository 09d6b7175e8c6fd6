/*
 * Cursors of lists [P-8.7]: the key that a page ended with, bound to the filter and to the caller's account, so that a
 * forged one or one of another list is refused.
 */
#ifndef CS_SIGN_CURSOR_H
#define CS_SIGN_CURSOR_H

#include <stdbool.h>

struct arena;
struct err;
struct sign_api;

enum { CURSOR_KEY_MAX = 128 };

/* The text of a cursor behind `key` for a list of this filter; NULL when the arena is full. */
const char *cursor_make(const struct sign_api *api, const char *filter, const char *key, struct arena *arena);

/* The key in it.  ERR_CURSOR_INVALID: it was not made for this filter, or not by us. */
bool cursor_read(const struct sign_api *api, const char *filter, const char *cursor, struct arena *arena,
				 const char **key, struct err *err);

#endif
