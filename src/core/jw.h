/*
 * JSON as it goes out: a sticky writer onto a buffer.
 *
 * Call begin, key, value and end in the order of the text; commas are the writer's.  Numbers print as RFC 8785 asks,
 * so what is written twice is equal byte for byte.  A number that is not finite makes the writer *failed* (such a
 * figure must never leave); ask jw_ok() at the end.  Thread: one at a time.
 */
#ifndef CS_CORE_JW_H
#define CS_CORE_JW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct json;

struct jw {
	struct buf *buf;
	bool comma; /* the next value of this level needs one before it */
	bool failed;
};

void jw_init(struct jw *jw, struct buf *buf);
bool jw_ok(const struct jw *jw); /* nothing failed, the buffer included */

void jw_object(struct jw *jw);
void jw_object_end(struct jw *jw);
void jw_array(struct jw *jw);
void jw_array_end(struct jw *jw);
void jw_key(struct jw *jw, const char *name);

void jw_null(struct jw *jw);
void jw_bool(struct jw *jw, bool value);
void jw_int(struct jw *jw, int64_t value);
void jw_num(struct jw *jw, double value);
void jw_str(struct jw *jw, const char *text); /* UTF-8; NULL writes null */
void jw_strn(struct jw *jw, const char *text, size_t size);
void jw_raw(struct jw *jw, const char *json, size_t size); /* a value that is JSON text already */
void jw_json(struct jw *jw, const struct json *json);      /* NULL writes null */

/* key and value in one line */
void jw_member_str(struct jw *jw, const char *name, const char *text);
void jw_member_int(struct jw *jw, const char *name, int64_t value);
void jw_member_num(struct jw *jw, const char *name, double value);
void jw_member_bool(struct jw *jw, const char *name, bool value);

#endif
