/*
 * Compressed answers: gzip and zstd by Accept-Encoding, for text of at least 1 KiB [P-8.10].
 *
 * Not for routes under /auth/, whose answers hold secrets beside what a stranger may have sent; not for streams.
 * Thread: any that holds the exchange; 5 to 30 ms for a megabyte, so never a loop's.
 */
#ifndef CS_HTTP_SQUEEZE_H
#define CS_HTTP_SQUEEZE_H

#include <stdbool.h>

struct answer;
struct exchange;

enum coding { CODING_NONE, CODING_GZIP, CODING_ZSTD };

/* What an Accept-Encoding value likes best of what we have; zstd when it likes both.  RFC 9110 12.5.3. */
enum coding coding_of(const char *accept_encoding);

/* Is this answer compressed for this client?  Sets `Vary` on every answer that could be. */
bool squeeze_wanted(struct exchange *x);

/* Compress the body and say so, unless that fails or makes it no smaller. */
void squeeze(struct exchange *x);

#endif
