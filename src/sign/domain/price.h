/*
 * sign.price [sign.md 2.10]: the fee of a sign by its height, from pack `pricing`.
 */
#ifndef CS_SIGN_DOMAIN_PRICE_H
#define CS_SIGN_DOMAIN_PRICE_H

#include "seal/op.h"
#include "seal/pack.h"

extern const struct op sign_price_op;
extern const struct pack_kind sign_pricing_kind;

#endif
