/*
 * Refusals of what a principal may not do, in the audit chain: every 403 forbidden has its row [P-5.2, P-7.2].
 * Private to src/people.
 */
#ifndef CS_PEOPLE_DENIALS_H
#define CS_PEOPLE_DENIALS_H

struct exchange;
struct people;
struct route;

/* Note it in a write of its own; nobody waits for it.  The principal is set.  Thread: any. */
void denial_note(struct people *people, const struct exchange *x, const struct route *route);

#endif
