/*
 * sign.cantilever: a sign on arms beside its pole.
 */
#ifndef CS_SIGN_DOMAIN_CANTILEVER_OP_H
#define CS_SIGN_DOMAIN_CANTILEVER_OP_H

#include "seal/op.h"

extern const struct op sign_cantilever_op;

#endif
