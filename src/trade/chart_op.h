/*
 * trade.chart.candles, trade.chart.equity, trade.chart.histogram [trade.md 10]: pictures of prices and performance.
 *
 * Same input, same bytes, on any machine.  The picture comes beside the result (calc->attached), which names it by its
 * SHA-256.  Not in domain/, because it draws; pure all the same.
 */
#ifndef CS_TRADE_CHART_OP_H
#define CS_TRADE_CHART_OP_H

struct field_table;
struct op;

extern const struct field_table trade_chart_result_table; /* what all of them answer */

extern const struct op trade_chart_candles_op, trade_chart_equity_op, trade_chart_histogram_op;

#endif
