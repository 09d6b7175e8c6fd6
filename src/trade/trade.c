#include "trade/trade.h"

#include "seal/op.h"
#include "trade/domain/indicators_op.h"
#include "trade/domain/metrics_op.h"

const struct op *const trade_ops[] = {
	&trade_metrics_op,
	&trade_indicators_op,
};
const size_t trade_ops_count = sizeof trade_ops / sizeof *trade_ops;
