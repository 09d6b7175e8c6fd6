/*
 * sign.baseplate: a plate that is checked, or searched for.
 */
#ifndef CS_SIGN_DOMAIN_BASEPLATE_OP_H
#define CS_SIGN_DOMAIN_BASEPLATE_OP_H

#include "seal/op.h"

struct check_list;
struct plate_answer;

extern const struct op sign_baseplate_op;

/* The rows of an answer, with those of anchors in concrete; not finished. */
void plate_rows(const struct plate_answer *answer, struct arena *arena, struct check_list *checks);

#endif
