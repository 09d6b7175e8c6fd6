/*
 * CalcuSign: what the rest of the house sees of the sign product.
 *
 * The pure operations and the kinds of packs they read.  Engineering lives in sign/domain/: values in, values out.
 */
#ifndef CS_SIGN_SIGN_H
#define CS_SIGN_SIGN_H

#include <stddef.h>

struct op;
struct pack_kind;

extern const struct op *const sign_ops[];
extern const size_t sign_ops_count;

extern const struct pack_kind *const sign_pack_kinds[];
extern const size_t sign_pack_kinds_count;

#endif
