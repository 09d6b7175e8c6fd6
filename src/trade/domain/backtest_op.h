/*
 * trade.backtest [trade.md 9.4]: a strategy's trades, equity and figures on bars of the past.
 */
#ifndef CS_TRADE_DOMAIN_BACKTEST_OP_H
#define CS_TRADE_DOMAIN_BACKTEST_OP_H

struct op;

extern const struct op trade_backtest_op;

#endif
