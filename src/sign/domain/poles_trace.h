/*
 * The named factors behind one section's checks, for trace.intermediates, and what an engineer is told beside them.
 * For operations that choose poles.
 */
#ifndef CS_SIGN_DOMAIN_POLES_TRACE_H
#define CS_SIGN_DOMAIN_POLES_TRACE_H

#include "sign/domain/poles_search.h"

struct calc;

/* REF: AISC 360-22 E2: an assumption where Lc/r is above 200, which the user note prefers a column not to be. */
void pole_note_slenderness(struct calc *calc, const struct section *section, double column_in);

void poles_trace(struct calc *calc, const struct poles_problem *problem, const struct section *section);

#endif
