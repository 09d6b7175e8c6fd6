/*
 * Which of several names was meant by one that is none of them: "srve" by "serve".
 * Thread: values, no sharing.  Cost: the product of two lengths for each name that is offered.
 */
#ifndef CS_CORE_SPELL_H
#define CS_CORE_SPELL_H

enum { SPELL_MAX = 64 }; /* bytes; longer names are never meant */

struct spell {
	const char *given;
	const char *nearest; /* of those that were offered, the first of the nearest; NULL: none yet */
	int far;
};

void spell_init(struct spell *spell, const char *given);
void spell_offer(struct spell *spell, const char *name); /* name: kept, not copied */

/* The nearest one, if it is near enough to be a slip of the pen; else NULL. */
const char *spell_meant(const struct spell *spell);

/* Letters to insert, drop, change or exchange with the next one; SPELL_MAX + 1 where one name is too long. */
int spell_distance(const char *a, const char *b);

#endif
