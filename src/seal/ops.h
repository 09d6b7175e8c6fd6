/* The pure operations of the core itself. */
#ifndef CS_SEAL_OPS_H
#define CS_SEAL_OPS_H

#include "seal/op.h"

extern const struct op core_jcs_op; /* [P-2.2] */

#endif
