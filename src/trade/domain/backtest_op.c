#include "trade/domain/backtest_op.h"

#include <math.h>

#include "core/arena.h"
#include "core/field.h"
#include "core/stamp.h"
#include "seal/calc.h"
#include "seal/op.h"
#include "trade/domain/backtest.h"
#include "trade/domain/indicators_op.h"
#include "trade/domain/metrics_op.h"
#include "trade/domain/moment.h"
#include "trade/domain/performance.h"
#include "trade/domain/strategy.h"

enum { STRATEGY_INDICATORS_MAX = 100 };

struct text_list {
	size_t count;
	const char **items;
};

struct bars_request {
	struct text_list time;
	struct number_list open, high, low, close;
};

struct size_request {
	int mode;
	double value;
};

struct strategy_request {
	struct {
		size_t count;
		struct indicator_request *items;
	} indicators;
	const struct json *enter_long, *exit_long, *enter_short, *exit_short;
	struct size_request size;
};

struct request {
	struct bars_request bars;
	double cash;
	struct strategy_request strategy;
	double commission_rate, spread_rate;
	int finalize;
};

enum { SIZE_ALL_IN, SIZE_FRACTION };
static const char *const size_names[] = {"all_in_units", "fraction", NULL};
static const char *const finalize_names[] = {"none", "last_close", "last_open", NULL};

/* Far beyond any price, and near enough that no product of two overflows. */
#define PRICES(m, ...) F_NUMS(bars_request, m, REQUIRED, ABOVE(0, 1e100), __VA_ARGS__)

static const struct field bars_fields[] = {
	F_STRS(bars_request, time, REQUIRED, DOC("Moment or date of each bar, oldest first. At most 1,000,000")),
	PRICES(open, DOC("First price of each bar")),
	PRICES(high, DOC("Highest price of each bar")),
	PRICES(low, DOC("Lowest price of each bar")),
	PRICES(close, DOC("Last price of each bar")),
};
static const struct field_table bars_table = FIELD_TABLE("trade.backtest.bars", bars_request, bars_fields);

static const struct field size_fields[] = {
	F_ENUM(size_request, mode, size_names, REQUIRED, DOC("All the cash buys, in whole units, or a share of it")),
	F_NUM(size_request, value, ABOVE(0, 1), DOC("Share of the equity, of fraction")),
};
static const struct field_table size_table = FIELD_TABLE("trade.backtest.size", size_request, size_fields);

static const struct field strategy_fields[] = {
	F_OBJECTS(strategy_request, indicators, &indicator_request_table, COUNT(0, STRATEGY_INDICATORS_MAX),
			  DOC("What rules may name, as in trade.indicators")),
	F_JSON(strategy_request, enter_long, DOC("Rule that buys")),
	F_JSON(strategy_request, exit_long, DOC("Rule that sells what was bought")),
	F_JSON(strategy_request, enter_short, DOC("Rule that sells short")),
	F_JSON(strategy_request, exit_short, DOC("Rule that buys back")),
	F_OBJECT(strategy_request, size, &size_table, REQUIRED, DOC("Units of an entry")),
};
static const struct field_table strategy_table =
	FIELD_TABLE("trade.backtest.strategy", strategy_request, strategy_fields);

static const struct field request_fields[] = {
	F_OBJECT(request, bars, &bars_table, REQUIRED, DOC("Prices of the past")),
	F_NUM(request, cash, REQUIRED, ABOVE(0, 1e100), DOC("Money at the start")),
	F_OBJECT(request, strategy, &strategy_table, REQUIRED, DOC("When to enter and leave, and how much")),
	F_NUM(request, commission_rate, DEFAULT(0), RANGE(0, .5), DOC("Share of the value, taken on both sides")),
	F_NUM(request, spread_rate, DEFAULT(0), RANGE(0, 1), DOC("Ask less bid as a share of the price")),
	F_ENUM(request, finalize, finalize_names, DEFAULT(FINALIZE_LAST_CLOSE),
		   DOC("What becomes of a position at the last bar")),
};
static const struct field_table request_table = FIELD_TABLE("trade.backtest.request", request, request_fields);

struct trade_result {
	double size;
	int64_t entry_bar, exit_bar;
	double entry_price, exit_price, profit, ret;
	const char *entry_time, *exit_time;
};

struct result {
	struct {
		size_t count;
		struct trade_result *items;
	} trades;
	struct number_list equity;
	double final_equity, peak_equity, exposure_pct, buy_hold_return;
	struct performance metrics;
};

#define FIGURE(s, m, ...) F_NUM(s, m, SIGNIFICANT(12), __VA_ARGS__)

static const struct field trade_fields[] = {
	FIGURE(trade_result, size, DOC("Units; below 0: short")),
	F_INT(trade_result, entry_bar, DOC("Bar at whose open it was entered, from 0")),
	F_INT(trade_result, exit_bar, DOC("Bar in which it was left")),
	FIGURE(trade_result, entry_price, DOC("With half the spread")),
	FIGURE(trade_result, exit_price, DOC("With half the spread")),
	FIGURE(trade_result, profit, DOC("Net of both commissions")),
	FIGURE(trade_result, ret, NAMED("return"), DOC("profit/(|size|·entry_price)")),
	F_STR(trade_result, entry_time, DOC("Time of the entry's bar, as given")),
	F_STR(trade_result, exit_time, DOC("Time of the exit's bar, as given")),
};
static const struct field_table trade_table = FIELD_TABLE("trade.backtest.trade", trade_result, trade_fields);

static const struct field result_fields[] = {
	F_OBJECTS(result, trades, &trade_table, DOC("Closed trades, in order")),
	F_NUMS(result, equity, SIGNIFICANT(12), DOC("Cash and open position at each close")),
	FIGURE(result, final_equity, DOC("At the last close")),
	FIGURE(result, peak_equity, DOC("The highest at any close")),
	FIGURE(result, exposure_pct, DOC("Bars with a position, from entry to exit, of all")),
	FIGURE(result, buy_hold_return, DOC("Last close over the first, less 1")),
	F_OBJECT(result, metrics, &performance_table, DOC("trade.metrics of the equity and the trades")),
};
static const struct field_table result_table = FIELD_TABLE("trade.backtest.result", result, result_fields);

static bool check_bars(struct calc *calc, const struct bars_request *bars)
{
	const struct {
		const char *pointer;
		size_t count;
	} lists[] = {{"/bars/close", bars->close.count},
				 {"/bars/time", bars->time.count},
				 {"/bars/open", bars->open.count},
				 {"/bars/high", bars->high.count},
				 {"/bars/low", bars->low.count}};
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		if (lists[i].count > TRADE_ELEMENTS_MAX)
			return err_field(&calc->err, ERR_BODY_TOO_LARGE, lists[i].pointer, "must have at most %d elements",
							 TRADE_ELEMENTS_MAX);
		if (lists[i].count != lists[0].count)
			calc_fault(calc, lists[i].pointer, "count", "must have %zu elements like close, not %zu", lists[0].count,
					   lists[i].count);
	}
	return true;
}

static void check_size(struct calc *calc, const struct size_request *size)
{
	if (size->mode == SIZE_FRACTION && !given(size->value))
		calc_fault(calc, "/strategy/size/value", "required", "is required by fraction");
	if (size->mode == SIZE_ALL_IN && given(size->value) && size->value < 1)
		calc_fault(calc, "/strategy/size/value", "conflict", "is of fraction; all_in_units uses all the cash");
}

/* Faults first, so that rules are checked against the names even where there is nothing to compute. */
static struct indicator_values *find_indicators(struct calc *calc, const struct bars *bars,
												const struct indicator_order *orders, size_t count)
{
	struct indicator_values *values = arena_array(calc->arena, count, sizeof *values);
	for (size_t i = 0; values != NULL && i < count; i++) {
		values[i] = (struct indicator_values){.count = 0};
		if (calc->faults.count == 0 && bars->count > 0 &&
			!indicator_find(calc->arena, orders[i].kind, bars, &orders[i].options, CONVENTION_TALIB, &values[i]))
			return NULL;
	}
	return values;
}

static bool take_strategy(struct calc *calc, const struct strategy_request *strategy, struct backtest_input *in)
{
	size_t count = strategy->indicators.count, faults = calc->faults.count;
	struct indicator_order *orders = indicator_orders(calc, strategy->indicators.items, count, "/strategy/indicators");
	struct indicator_values *values = orders != NULL ? find_indicators(calc, in->bars, orders, count) : NULL;
	if (values == NULL)
		return false;
	/* The names of indicators that are wrong themselves would only make a second fault of the first. */
	if (calc->faults.count > faults)
		return true;
	const struct strategy_series series = {.bars = in->bars, .orders = orders, .values = values, .count = count};
	in->enter_long = strategy_rule(calc, strategy->enter_long, "/strategy/enter_long", &series);
	in->exit_long = strategy_rule(calc, strategy->exit_long, "/strategy/exit_long", &series);
	in->enter_short = strategy_rule(calc, strategy->enter_short, "/strategy/enter_short", &series);
	in->exit_short = strategy_rule(calc, strategy->exit_short, "/strategy/exit_short", &series);
	check_size(calc, &strategy->size);
	in->share = strategy->size.mode == SIZE_FRACTION ? strategy->size.value : 1;
	return !calc->arena->full;
}

static struct trade_row *fill_trades(struct calc *calc, const struct request *request, const struct backtest *tested,
									 const int64_t *times_us, struct result *result)
{
	struct trade_row *rows = arena_array(calc->arena, tested->count, sizeof *rows);
	result->trades.items = arena_array(calc->arena, tested->count, sizeof *result->trades.items);
	if (rows == NULL || result->trades.items == NULL)
		return NULL;
	result->trades.count = tested->count;
	for (size_t i = 0; i < tested->count; i++) {
		const struct backtest_trade *t = &tested->trades[i];
		int64_t entry_us = times_us[t->entry_bar], exit_us = times_us[t->exit_bar];
		result->trades.items[i] = (struct trade_result){
			.size = t->size,
			.entry_bar = (int64_t)t->entry_bar,
			.exit_bar = (int64_t)t->exit_bar,
			.entry_price = t->entry_price,
			.exit_price = t->exit_price,
			.profit = t->profit,
			.ret = t->ret,
			.entry_time = request->bars.time.items[t->entry_bar],
			.exit_time = request->bars.time.items[t->exit_bar],
		};
		rows[i] = (struct trade_row){.profit = t->profit,
									 .ret = t->ret,
									 .r_multiple = NAN,
									 .hours = (double)(exit_us - entry_us) / (3600.0 * STAMP_US_PER_S),
									 .exit_us = exit_us,
									 .place = i};
	}
	return rows;
}

static bool all_positive(const double *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!(items[i] > 0))
			return false;
	return true;
}

/* What trade.metrics answers to {equity, trades}. */
static bool fill_metrics(struct calc *calc, const struct backtest *tested, size_t bars, const struct trade_row *rows,
						 struct performance *metrics)
{
	double *returns = arena_array(calc->arena, bars - 1, sizeof *returns);
	if (returns == NULL)
		return false;
	for (size_t i = 0; i + 1 < bars; i++)
		returns[i] = tested->equity[i + 1] / tested->equity[i] - 1;
	struct performance_input in = {
		.has_series = all_positive(tested->equity, bars),
		.returns = returns,
		.count = bars - 1,
		.equity = tested->equity,
		.periods_per_year = 252,
		.days_per_year = 365,
		.var_cutoff = .05,
		.drawdowns = 5,
		.start_balance = NAN,
		.has_trades = true,
		.trades = rows,
		.trades_count = tested->count,
	};
	if (!in.has_series)
		calc_warn(calc, "equity_lost", "/result/equity",
				  "The equity fell to zero or below, where returns have no meaning: metrics has those of trades only.");
	if (!performance_find(calc->arena, &in, metrics))
		return false;
	performance_warn(calc, metrics, "/result/metrics", false);
	return true;
}

static bool answer(struct calc *calc, const struct request *request, const struct backtest_input *in,
				   const int64_t *times_us, struct result *result)
{
	struct backtest tested;
	size_t n = in->bars->count;
	if (!backtest_run(calc->arena, in, &tested))
		return false;
	const struct trade_row *rows = fill_trades(calc, request, &tested, times_us, result);
	if (rows == NULL)
		return false;
	result->equity = (struct number_list){n, tested.equity};
	result->final_equity = tested.equity[n - 1];
	result->peak_equity = tested.peak_equity;
	result->exposure_pct = (double)tested.exposed / (double)n * 100;
	result->buy_hold_return = in->bars->close[n - 1] / in->bars->close[0] - 1;
	return fill_metrics(calc, &tested, n, rows, &result->metrics);
}

/* Beside faults of decoding those of the bars; the strategy is read when its bars are whole. */
static void check(struct calc *calc, const void *input)
{
	const struct request *request = input;
	if (calc->faults.count > 0 && request->bars.close.items != NULL && check_bars(calc, &request->bars))
		moment_read_list(calc, request->bars.time.items, request->bars.time.count, "/bars/time");
}

static bool run(struct calc *calc, const void *input, void *output)
{
	const struct request *request = input;
	if (!check_bars(calc, &request->bars))
		return false;
	const struct bars bars = {.count = calc->faults.count > 0 ? 0 : request->bars.close.count,
							  .open = request->bars.open.items,
							  .high = request->bars.high.items,
							  .low = request->bars.low.items,
							  .close = request->bars.close.items};
	struct backtest_input in = {.bars = &bars,
								.cash = request->cash,
								.commission_rate = request->commission_rate,
								.spread_rate = request->spread_rate,
								.finalize = (enum backtest_finalize)request->finalize};
	int64_t *times_us = moment_read_list(calc, request->bars.time.items, request->bars.time.count, "/bars/time");
	if (times_us == NULL || !take_strategy(calc, &request->strategy, &in) || calc->faults.count > 0)
		return false;
	if (bars.count == 0) {
		calc_abstain(calc, "abstain.no_data", "There are no bars to test on. Give at least one.");
		return true;
	}
	return answer(calc, request, &in, times_us, output);
}

const struct op trade_backtest_op = {
	.name = "trade.backtest",
	.path = "/api/v1/trade/backtest",
	.summary = "What a strategy of indicators and rules would have done on bars of the past",
	.doc = "Rules are read at the close of a bar and fill at the next open; one position at a time, in whole units.  A "
		   "rule is `{op: cross_above|cross_below|gt|lt, a, b}` or `{op: and|or|not, args}`.  Figures have 12 "
		   "significant digits.",
	.input = &request_table,
	.output = &result_table,
	.check = check,
	.run = run,
	.example = "{\"bars\":{\"time\":[\"2025-01-01\",\"2025-01-02\",\"2025-01-03\",\"2025-01-04\"],"
			   "\"open\":[10,10,11,12],\"high\":[11,12,13,13],\"low\":[9,10,11,12],\"close\":[10,11,12,12.5]},"
			   "\"cash\":1000,\"strategy\":{\"indicators\":[{\"id\":\"fast\",\"name\":\"sma\",\"period\":2}],"
			   "\"enter_long\":{\"op\":\"gt\",\"a\":\"close\",\"b\":\"fast\"},\"size\":{\"mode\":\"all_in_units\"}}}",
	.limits = &trade_json_limits,
	.body_max = TRADE_BODY_MAX,
	.memory_max = TRADE_MEMORY_MAX,
};
