/*
 * sign.poles [sign.md 2.4]: the sections that carry a sign, lightest first.
 */
#ifndef CS_SIGN_DOMAIN_POLES_OP_H
#define CS_SIGN_DOMAIN_POLES_OP_H

#include "seal/op.h"

extern const struct op sign_poles_op;

#endif
