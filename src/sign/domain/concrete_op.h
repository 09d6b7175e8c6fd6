/*
 * sign.concrete: volume, yards to order and weight of a round or rectangular footing.
 */
#ifndef CS_SIGN_DOMAIN_CONCRETE_OP_H
#define CS_SIGN_DOMAIN_CONCRETE_OP_H

#include "seal/op.h"

extern const struct op sign_concrete_op;

#endif
