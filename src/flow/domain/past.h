/*
 * Attempts that are superseded: an operator's retry or a restore went back to before them [flow.md 3.3].
 *
 * They are part of no state any more, so they are told by what their own rows say: when they began and ended, how, with
 * which error or output; what followed from the state (an input, an output that equals it) is left out.  Gathered from
 * all rows of a journal, in order (journal_walk).  Thread: one at a time.
 */
#ifndef CS_FLOW_DOMAIN_PAST_H
#define CS_FLOW_DOMAIN_PAST_H

#include <stdbool.h>

#include "flow/domain/steps.h"

struct ir;

struct past {
	struct steps steps; /* in the order in which they began */
	const struct ir *ir;
	bool open; /* the last row was superseded: some may have no end yet */
};

/* `ir` names them; it must live as long. */
void past_init(struct past *past, const struct ir *ir);
void past_fini(struct past *past);

/* The next row. */
void past_take(struct past *past, const struct row *row, bool superseded);

/* After the last one: what `counted` has too is the same attempt, which went on or was asked once more by its key. */
void past_settle(struct past *past, const struct steps *counted);

#endif
