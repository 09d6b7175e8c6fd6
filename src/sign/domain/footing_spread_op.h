/*
 * sign.footing.spread: a footing that is checked, or searched for.
 */
#ifndef CS_SIGN_DOMAIN_FOOTING_SPREAD_OP_H
#define CS_SIGN_DOMAIN_FOOTING_SPREAD_OP_H

#include "seal/op.h"

struct check_list;
struct arena;
struct spread_answer;

extern const struct op sign_footing_spread_op;

/* The rows of an answer with their names, units and clauses; not finished. */
void spread_rows(const struct spread_answer *answer, struct arena *arena, struct check_list *checks);

#endif
