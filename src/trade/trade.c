#include "trade/trade.h"

#include "seal/op.h"
#include "seal/pack.h"
#include "trade/chart_op.h"
#include "trade/domain/backtest_op.h"
#include "trade/domain/guards.h"
#include "trade/domain/hook_sources.h"
#include "trade/domain/indicators_op.h"
#include "trade/domain/instruments.h"
#include "trade/domain/margin.h"
#include "trade/domain/market_hours.h"
#include "trade/domain/metrics_op.h"
#include "trade/domain/reconcile_op.h"
#include "trade/domain/risk_op.h"
#include "trade/domain/round.h"
#include "trade/domain/signature.h"
#include "trade/domain/size.h"

const struct op *const trade_ops[] = {
	&trade_sign_op,          &trade_round_op,        &trade_size_op,
	&trade_margin_op,        &trade_risk_check_op,   &trade_guards_op,
	&trade_market_hours_op,  &trade_metrics_op,      &trade_indicators_op,
	&trade_backtest_op,      &trade_copy_volume_op,  &trade_reconcile_op,
	&trade_chart_candles_op, &trade_chart_equity_op, &trade_chart_histogram_op,
};
const size_t trade_ops_count = sizeof trade_ops / sizeof *trade_ops;

const struct pack_kind *const trade_pack_kinds[] = {&trade_hook_sources_kind, &trade_instruments_kind,
													&trade_sessions_kind};
const size_t trade_pack_kinds_count = sizeof trade_pack_kinds / sizeof *trade_pack_kinds;
