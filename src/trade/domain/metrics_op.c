#include "trade/domain/metrics_op.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/field.h"
#include "core/zone.h"
#include "seal/calc.h"
#include "trade/domain/metrics_request.h"
#include "trade/domain/moment.h"
#include "trade/domain/performance.h"

const struct json_limits trade_json_limits = {.depth = 32, .values = 12000000};

static void check_length(struct calc *calc, size_t count, size_t want, const char *pointer)
{
	if (count != want)
		calc_fault(calc, pointer, "count", "must have %zu elements, one for each of the series, not %zu", want, count);
}

/* r[i] = e[i]/e[i−1] − 1 */
static bool take_equity(struct calc *calc, const struct metrics_request *request, struct performance_input *in)
{
	size_t points = request->equity.count;
	in->count = points > 0 ? points - 1 : 0;
	double *returns = arena_array(calc->arena, in->count, sizeof *returns);
	if (returns == NULL)
		return false;
	for (size_t i = 0; i < in->count; i++)
		returns[i] = request->equity.items[i + 1] / request->equity.items[i] - 1;
	in->returns = returns;
	in->equity = points > 0 ? request->equity.items : NULL;
	return true;
}

static bool take_series(struct calc *calc, const struct metrics_request *request, struct performance_input *in)
{
	bool returns = request->returns.items != NULL, equity = request->equity.items != NULL;
	in->has_series = returns || equity;
	if (returns && equity)
		calc_fault(calc, "/equity", "conflict", "give returns or equity, not both");
	if (!in->has_series && request->trades.items == NULL)
		calc_fault(calc, "/returns", "required", "give returns, equity or trades");
	if (equity && !returns)
		return take_equity(calc, request, in);
	in->returns = request->returns.items;
	in->count = request->returns.count;
	return true;
}

static bool take_times(struct calc *calc, const struct metrics_request *request, struct performance_input *in)
{
	if (request->times.items == NULL)
		return true;
	size_t elements = request->equity.items != NULL ? request->equity.count : in->count;
	check_length(calc, request->times.count, elements, "/times");
	in->times_us = moment_read_list(calc, request->times.items, request->times.count, "/times");
	bool read = in->times_us != NULL;
	if (elements == 0)
		in->times_us = NULL;
	return read;
}

/* (1+x)^(1/periods_per_year) − 1 */
static double per_period(double annual, double periods_per_year)
{
	return expm1(log1p(annual) / periods_per_year);
}

static bool take_rates(struct calc *calc, const struct metrics_request *request, struct performance_input *in)
{
	const struct json *risk_free = request->risk_free;
	in->risk_free.all =
		given(request->risk_free_annual) ? per_period(request->risk_free_annual, in->periods_per_year) : 0;
	in->mar = given(request->mar_annual) ? per_period(request->mar_annual, in->periods_per_year) : 0;
	if (given(request->mar)) {
		in->mar = request->mar;
		if (given(request->mar_annual))
			calc_fault(calc, "/mar_annual", "conflict", "give mar or mar_annual, not both");
	}
	if (risk_free == NULL || risk_free->kind == JS_NULL)
		return true;
	if (given(request->risk_free_annual))
		calc_fault(calc, "/risk_free_annual", "conflict", "give risk_free or risk_free_annual, not both");
	struct number_list list = {.count = 0};
	if (!metrics_request_rates(calc, risk_free, &in->risk_free.all, &list))
		return false;
	in->risk_free.each = list.items;
	if (list.items != NULL)
		check_length(calc, list.count, in->count, "/risk_free");
	return true;
}

static void take_buckets(struct calc *calc, const struct metrics_request *request, struct performance_input *in)
{
	struct err err;
	for (size_t i = 0; i < request->buckets.count; i++)
		if (request->buckets.items[i] >= 0) /* else it has a fault already */
			in->buckets |= 1u << request->buckets.items[i];
	in->zone = request->timezone != NULL ? zone_load(calc->arena, request->timezone, &err) : NULL;
	if (in->zone == NULL)
		calc_fault(calc, "/timezone", "unknown_timezone", "must be the name of an IANA time zone, like Europe/Berlin");
	if (in->buckets == 0)
		return;
	if (request->trades.items == NULL)
		calc_fault(calc, "/trades", "required", "buckets count trades");
	for (size_t i = 0; i < request->trades.count; i++)
		if (request->trades.items[i].exit_time == NULL)
			calc_fault(calc, field_pointer(calc->arena, field_pointer_index(calc->arena, "/trades", i), "exit_time"),
					   "required", "buckets count trades by their exit");
}

/* False: over a size cap (413), or no memory. */
static bool take(struct calc *calc, const struct metrics_request *request, struct performance_input *in)
{
	*in = (struct performance_input){
		.periods_per_year = request->periods_per_year,
		.days_per_year = request->days_per_year,
		.var_cutoff = request->var_cutoff,
		.rolling_window = request->rolling_window == FIELD_NO_INT ? 0 : (size_t)request->rolling_window,
		.drawdowns = (size_t)request->drawdowns,
		.series = request->series,
		.start_balance = request->start_balance,
		.has_trades = request->trades.items != NULL,
		.trades_count = request->trades.count,
		.benchmark = request->benchmark.items,
	};
	if (!metrics_request_fits(calc, request) || !take_series(calc, request, in) || !take_times(calc, request, in) ||
		!take_rates(calc, request, in))
		return false;
	if (in->benchmark != NULL)
		check_length(calc, request->benchmark.count, in->count, "/benchmark");
	take_buckets(calc, request, in);
	in->trades = metrics_request_trades(calc, request);
	return in->trades != NULL && calc->faults.count == 0;
}

/* Beside faults of decoding, all others too; without them run() finds its own, over series that may be long. */
static void check(struct calc *calc, const void *input)
{
	struct performance_input in;
	if (calc->faults.count > 0)
		take(calc, input, &in);
}

static bool is_empty(const struct performance_input *in)
{
	for (size_t i = 0; i < in->count; i++)
		if (!isnan(in->returns[i]))
			return false;
	return in->trades_count == 0;
}

static bool run(struct calc *calc, const void *input, void *output)
{
	struct performance_input in;
	if (!take(calc, input, &in))
		return false;
	if (is_empty(&in)) {
		calc_abstain(calc, "abstain.no_data", "There is no return and no trade to measure. Give at least one.");
		return true;
	}
	calc_factor(calc, "periods_per_year", in.periods_per_year);
	calc_factor(calc, "mar", in.mar);
	if (in.risk_free.each == NULL)
		calc_factor(calc, "risk_free", in.risk_free.all);
	if (!performance_find(calc->arena, &in, output))
		return false;
	performance_warn(calc, output, "/result", in.benchmark != NULL);
	return true;
}

const struct op trade_metrics_op = {
	.name = "trade.metrics",
	.path = "/api/v1/trade/metrics",
	.summary = "Performance of returns, an equity curve or trades: ratios, drawdowns, rolling windows, buckets",
	.doc = "Give `returns` or `equity`, and `trades` beside or instead.  What is undefined is null and named in one "
		   "warning, never 0 or infinity.  Figures have 12 significant digits.",
	.input = &metrics_request_table,
	.output = &performance_table,
	.check = check,
	.run = run,
	.example = "{\"returns\":[0.01,-0.02,0.015,-0.005,0.025],\"trades\":[{\"profit\":10},{\"profit\":-5}]}",
	.limits = &trade_json_limits,
	.body_max = TRADE_BODY_MAX,
	.memory_max = TRADE_MEMORY_MAX,
};
