/*
 * The canonical form of JSON (RFC 8785): no white space, members sorted by the UTF-16 code units of their names,
 * numbers as ECMAScript prints them.  What is hashed and signed in this house is hashed over these bytes.
 */
#ifndef CS_CORE_JCS_H
#define CS_CORE_JCS_H

#include <stddef.h>

struct buf;
struct json;
struct jw;

/* Append the canonical text of `json`.  Integers become the nearest double first, as RFC 8785 has no others. */
void jcs_write(struct buf *buf, const struct json *json);

/* The same with each integer beyond 2^53 as the text of its digits: what RFC 8785 would round is kept. */
void jcs_write_whole(struct buf *buf, const struct json *json);

/* The same as the next value of what `jw` writes. */
void jcs_value(struct jw *jw, const struct json *json);
void jcs_value_whole(struct jw *jw, const struct json *json);

/* Compare two UTF-8 names by UTF-16 code units: negative, zero or positive. */
int jcs_compare(const char *a, const char *b);

#endif
