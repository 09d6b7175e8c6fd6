/*
 * The named factors behind one section's checks, for trace.intermediates.  For poles_op.c only.
 */
#ifndef CS_SIGN_DOMAIN_POLES_TRACE_H
#define CS_SIGN_DOMAIN_POLES_TRACE_H

#include "sign/domain/poles_search.h"

struct calc;

void poles_trace(struct calc *calc, const struct poles_problem *problem, const struct section *section);

#endif
