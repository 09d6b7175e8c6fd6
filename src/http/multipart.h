/*
 * Bodies of forms with files: multipart/form-data.  RFC 7578, RFC 2046 5.1.1.
 *
 * Read strictly, as browsers and curl write it: the body begins with the first delimiter, lines end in CRLF, every part
 * has a Content-Disposition of form-data with a name, and nothing but a line end follows the last delimiter.  Nothing
 * is copied but names: the bytes of a part lie in the body.  Thread: any.  Cost: about a memmem over the body.
 */
#ifndef CS_HTTP_MULTIPART_H
#define CS_HTTP_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

struct arena;

enum { MULTIPART_PARTS_MAX = 16, MULTIPART_HEAD_MAX = 4096 /* bytes of the headers of one part */ };

struct part {
	const char *name, *filename; /* UTF-8, the arena's; filename NULL: a plain field */
	const char *type;            /* media type in lower case without parameters; NULL: none was given */
	const char *bytes;           /* inside the body */
	size_t size;
};

struct multipart {
	struct part parts[MULTIPART_PARTS_MAX];
	size_t count;
};

/* Read a body of that Content-Type.  False: ERR_REQUEST_MALFORMED, ERR_LIMIT. */
bool multipart_read(const char *content_type, const char *body, size_t size, struct arena *arena,
					struct multipart *multipart, struct err *err);

/* The first part of that name, or NULL. */
const struct part *multipart_find(const struct multipart *multipart, const char *name);

#endif
