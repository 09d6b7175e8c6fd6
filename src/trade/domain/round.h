/*
 * trade.round [trade.md 7]: a value to whole ticks, in exact decimals.
 */
#ifndef CS_TRADE_DOMAIN_ROUND_H
#define CS_TRADE_DOMAIN_ROUND_H

struct op;

extern const struct op trade_round_op;

#endif
