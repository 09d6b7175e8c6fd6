/*
 * sign.anchors, and what other operations show of anchors.
 */
#ifndef CS_SIGN_DOMAIN_ANCHORS_OP_H
#define CS_SIGN_DOMAIN_ANCHORS_OP_H

#include "seal/op.h"
#include "sign/domain/anchors.h"

struct calc;
struct check_list;

extern const struct op sign_anchors_op;

/* The rows of an answer; not finished. */
void anchors_rows(const struct anchor_answer *answer, struct arena *arena, struct check_list *checks);

/* Say that the shear is decided along an edge, where it is. */
void anchors_note_parallel(struct calc *calc, const struct anchor_answer *answer);

#endif
