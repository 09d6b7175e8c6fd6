/*
 * Where a URL leads: its host, and the port where that is not the usual one [RFC 3986 3.2].
 *
 * What stands before an @ is a login and left out, as are path and query: many a webhook's secret is in those.
 * Thread: any.
 */
#ifndef CS_LINK_AUTHORITY_H
#define CS_LINK_AUTHORITY_H

#include <stdbool.h>

enum { AUTHORITY_MAX = 256 /* bytes, with the NUL */ };

/* In lower case, without :443 of https and :80 of another.  False, authority untouched: it has none, or a longer one.
 */
bool authority_of(const char *url, char authority[AUTHORITY_MAX]);

/* The host alone, brackets and all.  False: as above. */
bool authority_host(const char *url, char host[AUTHORITY_MAX]);

#endif
