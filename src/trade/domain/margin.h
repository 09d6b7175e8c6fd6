/*
 * trade.margin and trade.copy_volume [trade.md 7]: what orders bind, and how large a copy of them is.
 */
#ifndef CS_TRADE_DOMAIN_MARGIN_H
#define CS_TRADE_DOMAIN_MARGIN_H

struct op;

extern const struct op trade_margin_op;
extern const struct op trade_copy_volume_op;

#endif
