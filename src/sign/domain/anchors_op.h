/*
 * sign.anchors, and what other operations show of anchors.
 */
#ifndef CS_SIGN_DOMAIN_ANCHORS_OP_H
#define CS_SIGN_DOMAIN_ANCHORS_OP_H

#include "seal/op.h"
#include "sign/domain/anchors.h"

struct check_list;

extern const struct op sign_anchors_op;

/* The rows of an answer; not finished. */
void anchors_rows(const struct anchor_answer *answer, struct arena *arena, struct check_list *checks);

#endif
