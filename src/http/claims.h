/*
 * Members of a body that are the server's to set (account_id, owner, author, status, roles, version), where a route's
 * table does not know them [P-5.3].  Such a member is refused unless it is what the server would set, and what that is
 * stands in the answer: so a body's claims are kept, and a success whose result says otherwise, or nothing, becomes 422
 * with read_only; so do the refusals that come after 422 in the order of P-5.2.  Whoever stores before it answers has
 * to draft the answer first and undo when it was refused (people/write.h does).
 *
 * Thread: whoever holds the exchange.  Cost: nothing without claims, else the answer is parsed once.
 */
#ifndef CS_HTTP_CLAIMS_H
#define CS_HTTP_CLAIMS_H

#include <stdbool.h>

struct exchange;
struct faults;
struct json;

/*
 * Faults of a decoded body: when its only ones are claims they are kept with the exchange and `faults` is empty
 * afterwards, else each is told as read_only beside the others.  `body` lives as long as the exchange.
 */
void claims_take(struct exchange *x, const struct json *body, struct faults *faults);

/*
 * Is an answer of that status one that claims are held against?  Not 409 to what is new: it may well claim what would
 * have been so.
 */
bool claims_asked(const struct exchange *x, int status);

/* Does the answer's result say the same of each?  False: `refused` tells which not (memory: the exchange's). */
bool claims_hold(struct exchange *x, struct faults *refused);

#endif
