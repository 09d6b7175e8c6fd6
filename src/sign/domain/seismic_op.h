/*
 * sign.seismic: base shear and moment of a sign by ASCE 7 chapter 15, and whether it governs over wind.
 */
#ifndef CS_SIGN_DOMAIN_SEISMIC_OP_H
#define CS_SIGN_DOMAIN_SEISMIC_OP_H

#include "seal/op.h"

extern const struct op sign_seismic_op;

#endif
