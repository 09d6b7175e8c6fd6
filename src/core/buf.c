#include "core/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/must.h"

enum { SMALLEST = 256 };

void buf_init(struct buf *buf, size_t limit)
{
	*buf = (struct buf){.limit = limit};
}

void buf_fini(struct buf *buf)
{
	free(buf->bytes);
	buf_init(buf, buf->limit);
}

void buf_reset(struct buf *buf)
{
	buf->size = 0;
	buf->failed = false;
	if (buf->bytes != NULL)
		buf->bytes[0] = '\0';
}

static bool make_room(struct buf *buf, size_t more)
{
	if (buf->failed || more > SIZE_MAX / 4 - buf->size || (buf->limit != 0 && buf->size + more > buf->limit)) {
		buf->failed = true;
		return false;
	}
	size_t need = buf->size + more + 1;
	if (need <= buf->room)
		return true;
	size_t room = buf->room == 0 ? SMALLEST : buf->room * 2;
	if (buf->limit != 0 && room > buf->limit + 1)
		room = buf->limit + 1; /* so that whoever finds room is within the limit */
	if (room < need)
		room = need;
	char *bytes = realloc(buf->bytes, room);
	if (bytes == NULL) {
		buf->failed = true;
		return false;
	}
	buf->bytes = bytes;
	buf->room = room;
	return true;
}

char *buf_extend(struct buf *buf, size_t size)
{
	if (!make_room(buf, size))
		return NULL;
	char *at = buf->bytes + buf->size;
	buf->size += size;
	buf->bytes[buf->size] = '\0';
	return at;
}

void buf_cut(struct buf *buf, size_t size)
{
	must(size <= buf->size);
	buf->size = size;
	if (buf->bytes != NULL)
		buf->bytes[size] = '\0';
}

void buf_addf(struct buf *buf, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	size_t left = buf->failed ? 0 : buf->room - buf->size;
	int length = vsnprintf(left > 0 ? buf->bytes + buf->size : NULL, left, format, args);
	va_end(args);
	if (length < 0)
		buf->failed = true;
	else if ((size_t)length < left)
		buf->size += (size_t)length;
	else if (make_room(buf, (size_t)length)) {
		vsnprintf(buf->bytes + buf->size, (size_t)length + 1, format, again);
		buf->size += (size_t)length;
	} else if (left > 0)
		buf->bytes[buf->size] = '\0'; /* what did not fit is not there, not even in part */
	va_end(again);
}

bool buf_ok(const struct buf *buf)
{
	return !buf->failed;
}

char *buf_take(struct buf *buf, size_t *size)
{
	buf_add(buf, "", 0);
	if (buf->failed)
		return NULL;
	char *bytes = buf->bytes;
	if (size != NULL)
		*size = buf->size;
	buf->bytes = NULL;
	buf_init(buf, buf->limit);
	return bytes;
}

const char *buf_text(const struct buf *buf)
{
	return buf->bytes != NULL ? buf->bytes : "";
}
