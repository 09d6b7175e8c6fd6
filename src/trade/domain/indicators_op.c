#include "trade/domain/indicators_op.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/field.h"
#include "seal/calc.h"
#include "trade/domain/metrics_op.h"

enum { INDICATORS_MAX = 100, VALUES_MAX = 10000000 }; /* values of one answer, all outputs together */

struct prices {
	size_t count;
	double *items; /* NULL: not given */
};

struct request {
	struct prices close, high, low, open, volume;
	int convention;
	struct {
		size_t count;
		struct indicator_request *items;
	} indicators;
};

static const char *const convention_names[] = {"talib", "tulip", NULL};

/* Far beyond any price, and near enough that no square of one overflows. */
#define PRICES(m, ...) F_NUMS(request, m, RANGE(-1e100, 1e100), __VA_ARGS__)

static const struct field request_fields[] = {
	PRICES(close, REQUIRED, DOC("Close of each bar, oldest first. At most 1,000,000")),
	PRICES(high, TOLD_APART, DOC("High of each bar; for atr, natr, stoch, adx")),
	PRICES(low, TOLD_APART, DOC("Low of each bar")),
	PRICES(open, TOLD_APART, DOC("Open of each bar")),
	PRICES(volume, TOLD_APART, DOC("Volume of each bar")),
	F_ENUM(request, convention, convention_names, DEFAULT(CONVENTION_TALIB), DOC("Whose seeds and scales to use")),
	F_OBJECTS(request, indicators, &indicator_request_table, REQUIRED, COUNT(0, INDICATORS_MAX),
			  DOC("What to compute")),
};
static const struct field_table request_table = FIELD_TABLE("trade.indicators.request", request, request_fields);

/* Every output any indicator has; those of another one are left out. */
struct values {
	struct prices sma, ema, rsi, macd, signal, histogram, atr, natr, stddev, upper, middle, lower, k, d, adx, roc, mom;
};

#define OUTPUT(m) F_NUMS(values, m, NULLABLE, TOLD_APART, LEFT_OUT, SIGNIFICANT(12))

static const struct field value_fields[] = {
	OUTPUT(sma), OUTPUT(ema),  OUTPUT(rsi),    OUTPUT(macd),  OUTPUT(signal), OUTPUT(histogram),
	OUTPUT(atr), OUTPUT(natr), OUTPUT(stddev), OUTPUT(upper), OUTPUT(middle), OUTPUT(lower),
	OUTPUT(k),   OUTPUT(d),    OUTPUT(adx),    OUTPUT(roc),   OUTPUT(mom),
};
static const struct field_table value_table = FIELD_TABLE("trade.indicators.values", values, value_fields);

struct series {
	const char *id, *name;
	int64_t begin;
	struct values values;
};

struct result {
	int64_t n;
	struct {
		size_t count;
		struct series *items;
	} series;
};

static const struct field series_fields[] = {
	F_STR(series, id, DOC("As asked, or the name")),
	F_STR(series, name, DOC("Indicator")),
	F_INT(series, begin, NULLABLE, DOC("Bar of the first value; null: too few bars")),
	F_OBJECT(series, values, &value_table, DOC("By output, from bar `begin` to the last")),
};
static const struct field_table series_table = FIELD_TABLE("trade.indicators.series", series, series_fields);

static const struct field result_fields[] = {
	F_INT(result, n, DOC("Bars")),
	F_OBJECTS(result, series, &series_table, DOC("In the order asked")),
};
static const struct field_table result_table = FIELD_TABLE("trade.indicators.result", result, result_fields);

static void check_prices(struct calc *calc, const struct prices *prices, size_t n, const char *pointer)
{
	if (prices->items != NULL && prices->count != n)
		calc_fault(calc, pointer, "count", "must have %zu elements like close, not %zu", n, prices->count);
}

static void need(struct calc *calc, const struct prices *prices, const char *pointer, const char *name)
{
	if (prices->items == NULL)
		calc_fault(calc, pointer, "required", "is required by %s", name);
}

static void check_all(struct calc *calc, const struct request *request, const struct indicator_order *orders)
{
	size_t n = request->close.count;
	check_prices(calc, &request->high, n, "/high");
	check_prices(calc, &request->low, n, "/low");
	check_prices(calc, &request->open, n, "/open");
	check_prices(calc, &request->volume, n, "/volume");
	for (size_t i = 0; i < request->indicators.count; i++) {
		if (orders[i].kind == NULL || !orders[i].kind->high_low)
			continue;
		need(calc, &request->high, "/high", orders[i].kind->name);
		need(calc, &request->low, "/low", orders[i].kind->name);
		return;
	}
}

static size_t outputs_of(const struct indicator_kind *kind)
{
	size_t count = 0;
	while (count < INDICATOR_OUTPUTS && kind->outputs[count] != NULL)
		count++;
	return count;
}

/* Before anything is computed: an answer of any size would cost its memory three times. */
static bool fits(struct calc *calc, const struct request *request, const struct indicator_order *orders)
{
	size_t outputs = 0, n = request->close.count;
	for (size_t i = 0; i < request->indicators.count; i++)
		outputs += orders[i].kind != NULL ? outputs_of(orders[i].kind) : 0;
	if (n > TRADE_ELEMENTS_MAX)
		return err_field(&calc->err, ERR_BODY_TOO_LARGE, "/close", "must have at most %d elements", TRADE_ELEMENTS_MAX);
	if (outputs * n > VALUES_MAX)
		return err_field(&calc->err, ERR_BODY_TOO_LARGE, "/indicators", "would give more than %d values", VALUES_MAX);
	return true;
}

/* Beside faults of decoding, all others too; without them run() finds its own, over series that may be long. */
static void check(struct calc *calc, const void *input)
{
	const struct request *request = input;
	if (calc->faults.count == 0)
		return;
	struct indicator_order *orders =
		indicator_orders(calc, request->indicators.items, request->indicators.count, "/indicators");
	if (orders != NULL && request->close.items != NULL)
		check_all(calc, request, orders);
}

static bool find(struct calc *calc, const struct bars *bars, const struct indicator_order *order, int convention,
				 struct series *series)
{
	struct indicator_values found;
	field_defaults(&series_table, series);
	series->id = order->id;
	series->name = order->kind->name;
	if (!indicator_find(calc->arena, order->kind, bars, &order->options, (enum indicator_convention)convention, &found))
		return false;
	series->begin = found.count > 0 ? (int64_t)found.begin : FIELD_NO_INT;
	for (size_t i = 0; i < outputs_of(order->kind); i++) {
		const struct field *field = field_find(&value_table, order->kind->outputs[i]);
		const struct prices list = {.count = found.count, .items = found.output[i]};
		memcpy((char *)&series->values + field->offset, &list, sizeof list);
	}
	return true;
}

static bool run(struct calc *calc, const void *input, void *output)
{
	const struct request *request = input;
	struct result *result = output;
	size_t count = request->indicators.count;
	const struct bars bars = {.count = request->close.count,
							  .open = request->open.items,
							  .high = request->high.items,
							  .low = request->low.items,
							  .close = request->close.items};
	struct indicator_order *orders = indicator_orders(calc, request->indicators.items, count, "/indicators");
	if (orders == NULL || !fits(calc, request, orders))
		return false;
	check_all(calc, request, orders);
	if (calc->faults.count > 0)
		return false;
	if (bars.count == 0 || count == 0) {
		calc_abstain(calc, "abstain.no_data", "There are no bars or no indicators. Give at least one of each.");
		return true;
	}
	result->n = (int64_t)bars.count;
	result->series.items = arena_array(calc->arena, count, sizeof *result->series.items);
	if (result->series.items == NULL)
		return false;
	result->series.count = count;
	for (size_t i = 0; i < count; i++)
		if (!find(calc, &bars, &orders[i], request->convention, &result->series.items[i]))
			return false;
	return true;
}

const struct op trade_indicators_op = {
	.name = "trade.indicators",
	.path = "/api/v1/trade/indicators",
	.summary = "Technical indicators of price bars, as TA-Lib or Tulip Indicators compute them",
	.doc = "sma, ema, rsi, macd, atr, natr, stddev, bbands, stoch, adx, roc and mom.  `begin` is the bar of the first "
		   "value.  Values have 12 significant digits; one that does not exist (a rate of change from 0) is null.",
	.input = &request_table,
	.output = &result_table,
	.check = check,
	.run = run,
	.example = "{\"close\":[81.59,81.06,82.87,83.0,83.61],\"indicators\":[{\"name\":\"sma\",\"period\":3}]}",
	.limits = &trade_json_limits,
	.body_max = TRADE_BODY_MAX,
	.memory_max = TRADE_MEMORY_MAX,
};
