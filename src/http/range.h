/*
 * One Range of bytes, as a download may be asked for [P-9.5].  RFC 9110 14.1.2, 14.2.
 *
 * Only one range is served; a list of them, another unit and what is malformed are as if nothing had been asked, which
 * the RFC allows and clients must expect.  Thread: any.
 */
#ifndef CS_HTTP_RANGE_H
#define CS_HTTP_RANGE_H

#include <stdint.h>

enum range {
	RANGE_WHOLE,  /* 200 with everything */
	RANGE_PART,   /* 206 with *count bytes from *from on */
	RANGE_BEYOND, /* 416: nothing of it is there */
};

/* What the value of a Range header (NULL: none) asks of `size` >= 0 bytes.  RANGE_PART: 0 <= *from, 1 <= *count,
 * *from + *count <= size; else both are untouched. */
enum range range_of(const char *header, int64_t size, int64_t *from, int64_t *count);

#endif
