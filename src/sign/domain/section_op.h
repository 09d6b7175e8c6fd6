/*
 * sign.sections [sign.md 2.3]: sections by designation or by family, with their properties.
 */
#ifndef CS_SIGN_DOMAIN_SECTION_OP_H
#define CS_SIGN_DOMAIN_SECTION_OP_H

#include "seal/op.h"

extern const struct op sign_sections_op;

#endif
