/*
 * sign.monument: a sign that stands on the ground, or on short posts, on a strip footing under its whole length.
 */
#ifndef CS_SIGN_DOMAIN_MONUMENT_OP_H
#define CS_SIGN_DOMAIN_MONUMENT_OP_H

#include "seal/op.h"

extern const struct op sign_monument_op;

#endif
