/*
 * sign.snow_ice: weight of ice and snow on a sign or a member of it, and the wind that comes with the ice.
 */
#ifndef CS_SIGN_DOMAIN_SNOW_ICE_OP_H
#define CS_SIGN_DOMAIN_SNOW_ICE_OP_H

#include "seal/op.h"

extern const struct op sign_snow_ice_op;

#endif
