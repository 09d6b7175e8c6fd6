/*
 * Values of libjq from bytes of the wire and back, integers whole.  Inside a helper only.
 */
#ifndef CS_EXPR_VALUE_H
#define CS_EXPR_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include <jv.h>

struct buf;
struct json;
struct wire_reader;

/* One value; invalid when the reader has failed. */
jv value_read(struct wire_reader *reader);

jv value_from_json(const struct json *json);

enum value_fit { VALUE_FITS, VALUE_TOO_LONG, VALUE_TOO_DEEP };

/* Write a value whose JSON text has at most `limit` bytes; `value` is not consumed. */
enum value_fit value_write(struct buf *buf, jv value, size_t limit);

#endif
