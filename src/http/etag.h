/*
 * ETag, If-Match and If-None-Match for versioned resources [P-8.4].
 *
 * An ETag here is strong, `"hex32"`: 32 hex digits of the content's hash in quotes.  RFC 9110 8.8.3, 13.1.
 * Thread: any.  Cost: under 1 us.
 */
#ifndef CS_HTTP_ETAG_H
#define CS_HTTP_ETAG_H

#include <stdbool.h>

#include "core/err.h"

struct exchange;

enum { ETAG_TEXT = 35 };

/* From the hex SHA-256 of the content (at least 32 digits, must): its first 32 digits in quotes. */
void etag_format(char etag[ETAG_TEXT], const char *sha256_hex);

/*
 * A write to the resource whose ETag is `current` (NULL: it is not there): may it go on?  False with
 * ERR_PRECONDITION_REQUIRED without If-Match, ERR_PRECONDITION_FAILED (and the ETag header set on the exchange) when
 * none of its entity tags is the current one, ERR_HEADER_INVALID when the list is malformed.  `*` passes for DELETE
 * only.
 */
bool etag_if_match(struct exchange *x, const char *current, struct err *err);

/* Is If-None-Match satisfied by `current`, so that GET answers 304?  A malformed list matches nothing. */
bool etag_none_match(const struct exchange *x, const char *current);

#endif
