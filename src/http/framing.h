/*
 * What a request's headers say about where it ends [P-8.1], RFC 9112 section 6, and the few headers that must not be
 * there twice because two readers would take different ones.  Thread: any.
 */
#ifndef CS_HTTP_FRAMING_H
#define CS_HTTP_FRAMING_H

#include <stdbool.h>

#include "core/err.h"
#include "http/head.h"

/*
 * Set content_length, chunked, expects_continue and close of a head whose headers and version are known.  False with
 * ERR_REQUEST_MALFORMED, ERR_HEADER_INVALID or ERR_EXPECTATION_FAILED.
 */
bool framing_check(struct head *head, struct err *err);

#endif
