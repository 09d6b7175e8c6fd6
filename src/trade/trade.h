/*
 * What the rest of the house sees of the trade product: its pure operations and the kinds of packs they read.
 *
 * The calculations live in trade/domain/: values in, values out.
 */
#ifndef CS_TRADE_TRADE_H
#define CS_TRADE_TRADE_H

#include <stddef.h>

struct op;
struct pack_kind;

extern const struct op *const trade_ops[];
extern const size_t trade_ops_count;

extern const struct pack_kind *const trade_pack_kinds[];
extern const size_t trade_pack_kinds_count;

#endif
