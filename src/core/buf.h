/*
 * A growing run of bytes, always followed by a NUL that does not count.
 *
 * Sticky: when memory runs out or the limit is passed, the buffer is *failed*; further appends do nothing.  Write all
 * of an answer and ask buf_ok() once.  Thread: one at a time.
 */
#ifndef CS_CORE_BUF_H
#define CS_CORE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct buf {
	char *bytes; /* NULL until the first append; NUL-terminated afterwards */
	size_t size, room, limit;
	bool failed;
};

/* An empty buffer that may grow to `limit` bytes (0: no limit but memory). */
void buf_init(struct buf *buf, size_t limit);
void buf_fini(struct buf *buf);

/* Empty it, keep the memory, forget a failure. */
void buf_reset(struct buf *buf);

void buf_addf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* `size` writable bytes at the end, counted at once; NULL when failed. */
char *buf_extend(struct buf *buf, size_t size);

/* Forget what stands after the first `size` bytes (there are as many, must). */
void buf_cut(struct buf *buf, size_t size);

/* Appending is most of what an answer costs, so it is here: a copy while there is room, buf_extend() when not. */
static inline void buf_add(struct buf *buf, const void *bytes, size_t size)
{
	char *at;
	if (!buf->failed && size < buf->room - buf->size) {
		at = buf->bytes + buf->size;
		buf->size += size;
		at[size] = '\0';
	} else {
		at = buf_extend(buf, size);
	}
	if (at != NULL && size > 0)
		memcpy(at, bytes, size);
}

static inline void buf_adds(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

static inline void buf_addc(struct buf *buf, char byte)
{
	buf_add(buf, &byte, 1);
}

/* True while everything appended is there. */
bool buf_ok(const struct buf *buf);

/* Hand the bytes over (malloc'd, NUL-terminated; free() them).  NULL when failed.  The buffer is empty afterwards. */
char *buf_take(struct buf *buf, size_t *size);

/* The text, "" when nothing was appended. */
const char *buf_text(const struct buf *buf);

#endif
