/*
 * One JSON value of a run: an input, an output, a context.  Never changed, shared by reference count.
 *
 * A datum is its text; the tree is made when somebody looks inside and kept from then on.  So a value that only moves
 * through a run (most do) costs its bytes and nothing else, and what is journalled is what was there, byte for byte.
 * Integers keep 64 bits.  Thread: one at a time for each datum; the counter is atomic, so references may be given up
 * anywhere.
 */
#ifndef CS_FLOW_DOMAIN_DATUM_H
#define CS_FLOW_DOMAIN_DATUM_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct datum;
struct err;
struct json;
struct json_limits;

enum { DATUM_MAX = 4 << 20 }; /* bytes of an input or an output */

extern const struct json_limits datum_limits;

/* Of JSON text, which is checked: ERR_JSON_INVALID, ERR_LIMIT. */
struct datum *datum_parse(const char *text, size_t size, struct err *err);

/* Of JSON text that a writer of ours made: not checked now. */
struct datum *datum_text(const char *text, size_t size);

struct datum *datum_json(const struct json *json); /* a copy; NULL is null */
struct datum *datum_null(void);
struct datum *datum_take_buf(struct buf *buf); /* the text written there; the buffer is empty afterwards */

struct datum *datum_ref(struct datum *datum);
void datum_unref(struct datum *datum); /* NULL is fine */

/* Let *to hold `datum` (a reference of its own) and give up what it held. */
void datum_set(struct datum **to, struct datum *datum);

const char *datum_bytes(const struct datum *datum, size_t *size); /* NUL-terminated; size may be NULL */
bool datum_is_null(const struct datum *datum);                    /* NULL is null */
bool datum_is_false(const struct datum *datum);                   /* null or false, as jq's conditions have it */
bool datum_same_text(const struct datum *a, const struct datum *b);

/* The tree; lives as long as the datum.  Cost: a parse, the first time. */
const struct json *datum_tree(struct datum *datum);

/*
 * Write bytes from outside as a text: UTF-8 as it is, anything else as Latin-1; NUL, which no text of ours may hold, as
 * U+FFFD.
 */
struct jw;
void datum_add_bytes(struct jw *jw, const char *bytes, size_t size);

/* Lower-case hex SHA-256 of the text. */
void datum_sha256(const struct datum *datum, char hex[65]);

#endif
