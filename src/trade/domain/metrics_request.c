#include "trade/domain/metrics_request.h"

#include <math.h>
#include <stdlib.h>

#include "core/arena.h"
#include "core/field.h"
#include "core/json.h"
#include "core/stamp.h"
#include "seal/calc.h"
#include "trade/domain/metrics_op.h"
#include "trade/domain/moment.h"

static const char *const side_names[] = {"buy", "sell", NULL};
enum { SIDE_BUY, SIDE_SELL };

static const char *const bucket_names[] = {"hour", "weekday", "month", "calendar_month", NULL};

static const struct field trade_fields[] = {
	F_NUM(metrics_trade, profit, REQUIRED, DOC("Money, net of costs")),
	F_NUM(metrics_trade, ret, NAMED("return"), DOC("Return on what was held")),
	F_NUM(metrics_trade, r_multiple, DOC("Signed multiple of the risk taken; without it from the prices")),
	F_STR(metrics_trade, entry_time, DOC("Moment or date")),
	F_STR(metrics_trade, exit_time, DOC("Moment or date")),
	F_STR(metrics_trade, instrument, DOC("What was traded; carried along")),
	F_ENUM(metrics_trade, side, side_names, DOC("A sell mirrors the R multiple")),
	F_NUM(metrics_trade, entry_price, ABOVE(0, INFINITY), DOC("Price of entry")),
	F_NUM(metrics_trade, exit_price, ABOVE(0, INFINITY), DOC("Price of exit")),
	F_NUM(metrics_trade, stop_loss, ABOVE(0, INFINITY), DOC("Price of the first stop")),
	F_NUM(metrics_trade, volume, ABOVE(0, INFINITY), DOC("Lots; carried along")),
};
static const struct field_table trade_table = FIELD_TABLE("trade.metrics.trade", metrics_trade, trade_fields);

#define ANNUAL RANGE(-1, 1e6)
#define RETURNS NULLABLE, TOLD_APART, RANGE(-1, INFINITY)

static const struct field request_fields[] = {
	F_NUMS(metrics_request, returns, RETURNS, DOC("Return of each period; null: none. At most 1,000,000")),
	F_NUMS(metrics_request, equity, TOLD_APART, ABOVE(0, INFINITY), DOC("Equity at each point, instead of returns")),
	F_OBJECTS(metrics_request, trades, &trade_table, TOLD_APART, DOC("Closed trades. At most 100,000")),
	F_STRS(metrics_request, times, TOLD_APART, DOC("Moment or date of each element")),
	F_NUM(metrics_request, periods_per_year, DEFAULT(252), ABOVE(0, 1e9), DOC("Periods of a year")),
	F_NUM(metrics_request, days_per_year, DEFAULT(365), ABOVE(0, 1e6), DOC("Days of a year, for cagr")),
	F_JSON(metrics_request, risk_free, DOC("Risk-free rate per period: a number (0), or one or null for each return")),
	F_NUM(metrics_request, risk_free_annual, ANNUAL, DOC("The same per year")),
	F_NUM(metrics_request, mar, ANNUAL, DOC("Least acceptable return per period (0)")),
	F_NUM(metrics_request, mar_annual, ANNUAL, DOC("The same per year")),
	F_NUMS(metrics_request, benchmark, RETURNS, DOC("Return of the benchmark in each period")),
	F_NUM(metrics_request, var_cutoff, DEFAULT(.05), RANGE(0, 1), DOC("Share of the worst returns")),
	F_INT(metrics_request, rolling_window, RANGE(2, TRADE_ELEMENTS_MAX), DOC("Elements of a rolling window")),
	F_INT(metrics_request, drawdowns, DEFAULT(5), RANGE(0, TRADE_ELEMENTS_MAX), DOC("How many drawdowns to list")),
	F_BOOL(metrics_request, series, DEFAULT(0), DOC("Answer the series too")),
	F_ENUMS(metrics_request, buckets, bucket_names, DOC("Count the trades by time of exit")),
	F_STR(metrics_request, timezone, DEFAULT_TEXT("UTC"), LENGTH(1, 63), DOC("IANA time zone of the buckets")),
	F_NUM(metrics_request, start_balance, ABOVE(0, INFINITY), DOC("Balance before the first trade or return")),
};
const struct field_table metrics_request_table = FIELD_TABLE("trade.metrics.request", metrics_request, request_fields);

static bool fits(struct calc *calc, size_t count, size_t most, const char *pointer)
{
	if (count <= most)
		return true;
	return err_field(&calc->err, ERR_BODY_TOO_LARGE, pointer, "must have at most %zu elements", most);
}

bool metrics_request_fits(struct calc *calc, const struct metrics_request *request)
{
	return fits(calc, request->returns.count, TRADE_ELEMENTS_MAX, "/returns") &&
		   fits(calc, request->equity.count, TRADE_ELEMENTS_MAX, "/equity") &&
		   fits(calc, request->times.count, TRADE_ELEMENTS_MAX, "/times") &&
		   fits(calc, request->benchmark.count, TRADE_ELEMENTS_MAX, "/benchmark") &&
		   fits(calc, request->trades.count, TRADE_TRADES_MAX, "/trades");
}

/* One value read by the rules of a field, so that a rate is judged like every other number. */
struct rate {
	double all;
	struct number_list each;
};

static const struct field rate_fields[] = {
	F_NUM(rate, all, NAMED("risk_free"), RANGE(-1, INFINITY)),
	F_NUMS(rate, each, NAMED("risk_free"), RETURNS),
};

bool metrics_request_rates(struct calc *calc, const struct json *json, double *all, struct number_list *each)
{
	struct json_member member = {.name = "risk_free", .name_size = 9, .value = *json};
	const struct json body = {.kind = JS_OBJECT, .count = 1, .members = &member};
	bool list = json->kind == JS_ARRAY;
	const struct field_table table = {
		.name = "rate", .size = sizeof(struct rate), .fields = &rate_fields[list], .count = 1};
	struct rate rate;
	field_decode(&table, &body, &rate, calc->arena, "", &calc->faults);
	if (list)
		*each = rate.each;
	else
		*all = rate.all;
	return !calc->arena->full;
}

/* (exit − entry)/|entry − stop|, mirrored for a sell. */
static double r_multiple(const struct metrics_trade *trade)
{
	if (given(trade->r_multiple))
		return trade->r_multiple;
	double sign = trade->side == SIDE_SELL ? -1 : 1;
	return sign * metrics_ratio(trade->exit_price - trade->entry_price, fabs(trade->entry_price - trade->stop_loss));
}

static int64_t time_of(struct calc *calc, const char *text, size_t index, const char *member)
{
	int64_t us = FIELD_NO_INT;
	if (text != NULL) {
		const char *pointer = field_pointer_index(calc->arena, "/trades", index);
		moment_read(calc, text, field_pointer(calc->arena, pointer, member), &us);
	}
	return us;
}

static struct trade_row row_of(struct calc *calc, const struct metrics_trade *trade, size_t index)
{
	int64_t entry_us = time_of(calc, trade->entry_time, index, "entry_time");
	int64_t exit_us = time_of(calc, trade->exit_time, index, "exit_time");
	bool timed = entry_us != FIELD_NO_INT && exit_us != FIELD_NO_INT;
	if (timed && exit_us < entry_us)
		calc_fault(calc, field_pointer(calc->arena, field_pointer_index(calc->arena, "/trades", index), "exit_time"),
				   "order", "must not lie before the entry");
	return (struct trade_row){
		.profit = trade->profit,
		.ret = trade->ret,
		.r_multiple = r_multiple(trade),
		.hours = timed ? (double)(exit_us - entry_us) / (3600.0 * STAMP_US_PER_S) : NAN,
		.exit_us = exit_us,
		.place = index,
	};
}

static int by_exit(const void *a, const void *b)
{
	const struct trade_row *x = a, *y = b;
	if (x->exit_us != y->exit_us)
		return x->exit_us < y->exit_us ? -1 : 1;
	return x->place < y->place ? -1 : 1;
}

struct trade_row *metrics_request_trades(struct calc *calc, const struct metrics_request *request)
{
	size_t n = request->trades.count;
	struct trade_row *rows = arena_array(calc->arena, n, sizeof *rows);
	bool timed = true;
	for (size_t i = 0; rows != NULL && i < n; i++) {
		rows[i] = row_of(calc, &request->trades.items[i], i);
		timed &= rows[i].exit_us != FIELD_NO_INT;
	}
	if (rows != NULL && timed) /* where all tell when they ended, that is their order */
		qsort(rows, n, sizeof *rows, by_exit);
	return rows;
}
