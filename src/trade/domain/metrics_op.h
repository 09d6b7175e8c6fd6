/*
 * trade.metrics [trade.md 9.1, 9.2]: figures of returns or an equity curve, and of trades.
 */
#ifndef CS_TRADE_DOMAIN_METRICS_OP_H
#define CS_TRADE_DOMAIN_METRICS_OP_H

#include "seal/op.h"

enum {
	TRADE_ELEMENTS_MAX = 1000000, /* of an array of numbers or times */
	TRADE_TRADES_MAX = 100000,
	TRADE_BODY_MAX = 128 << 20, /* bytes: five arrays of a million */
	TRADE_MEMORY_MAX = 1 << 30, /* bytes: the body, its values, and the answer written three times */
};

extern const struct op trade_metrics_op;
extern const struct json_limits trade_json_limits;

#endif
