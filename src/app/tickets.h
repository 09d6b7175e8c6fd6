/*
 * Tickets: what a browser shows once in a URL, where it cannot send a header [P-8.11].
 *
 * A ticket stands for who asked for it, for TICKET_S seconds and one use.  Only its SHA-256 is kept, in memory: a
 * restart voids all.  Threads: any.
 */
#ifndef CS_APP_TICKETS_H
#define CS_APP_TICKETS_H

#include <stdbool.h>

#include "crypt/secret.h"
#include "people/principal.h"

struct env;
struct err;
struct tickets;

enum { TICKET_S = 30, TICKETS_MAX = 1024, TICKETS_OF_ONE = 64 };

struct tickets *tickets_new(const struct env *env);
void tickets_free(struct tickets *tickets); /* NULL is fine */

/*
 * A new one.  Past TICKETS_OF_ONE that wait to be used the user's oldest is void, so that nobody can take all places.
 * ERR_OVERLOADED: TICKETS_MAX wait.
 */
bool ticket_make(struct tickets *tickets, const struct principal *principal, char text[SECRET_TEXT], struct err *err);

/* Whom it stands for; it is void then.  ERR_TOKEN_INVALID: unknown, used or too old, told alike. */
bool ticket_use(struct tickets *tickets, const char *text, struct principal *principal, struct err *err);

#endif
