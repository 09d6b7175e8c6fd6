/*
 * Media types: what a body is, and what an Accept header wants.  RFC 9110 8.3, 12.5.1.  Thread: any.
 */
#ifndef CS_HTTP_MEDIA_H
#define CS_HTTP_MEDIA_H

#include <stdbool.h>

/*
 * Is a Content-Type value one of the listed types (NULL-terminated; an asterisk on both sides of the slash takes any)?
 * Parameters do not count, but a charset must be UTF-8 for JSON and text.
 */
bool media_is(const char *content_type, const char *const *types);

/* Is it JSON, or a kind of it (application/health+json)? */
bool media_is_json(const char *content_type);

/* 0 (not acceptable) to 1000, of one type under an Accept value; NULL or one that cannot be read accepts all. */
int media_accepts(const char *accept, const char *type);

#endif
