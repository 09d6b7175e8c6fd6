#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/field.h"
#include "seal/calc.h"
#include "trade/domain/indicators_op.h"

#define PERIOD(m, text) F_INT(indicator_request, m, RANGE(1, 1000000), DOC(text))

static const struct field request_fields[] = {
	F_STR(indicator_request, name, REQUIRED,
		  DOC("sma, ema, rsi, macd, atr, natr, stddev, bbands, stoch, adx, roc or mom")),
	F_STR(indicator_request, id, LENGTH(1, 64), DOC("Unique; the name without it")),
	PERIOD(period, "Bars: sma 30, ema 30, rsi 14, atr 14, natr 14, stddev 5, bbands 20, adx 14, roc 10, mom 10"),
	PERIOD(fast, "Bars of macd's fast average (12)"),
	PERIOD(slow, "Bars of macd's slow average (26)"),
	PERIOD(signal, "Bars of macd's signal (9)"),
	PERIOD(k, "Bars of stoch's range (5)"),
	PERIOD(slow_k, "Bars of stoch's first average (3)"),
	PERIOD(slow_d, "Bars of stoch's second average (3)"),
	F_NUM(indicator_request, dev, RANGE(0, 1e6), DOC("Deviations of bbands (2)")),
};
const struct field_table indicator_request_table =
	FIELD_TABLE("trade.indicators.request.one", indicator_request, request_fields);

/* Where each period stands in a request and among the options. */
static const struct {
	const char *name;
	size_t asked, option;
} periods[] = {
#define X(m) {#m, offsetof(struct indicator_request, m), offsetof(struct indicator_options, m)},
	X(period) X(fast) X(slow) X(signal) X(k) X(slow_k) X(slow_d)
#undef X
};

static void refuse(struct calc *calc, const char *pointer, const char *member, const char *name)
{
	calc_fault(calc, field_pointer(calc->arena, pointer, member), "unknown_field", "is no parameter of %s", name);
}

static void take_options(struct calc *calc, const struct indicator_request *request, const char *pointer,
						 const struct indicator_kind *kind, struct indicator_options *options)
{
	*options = kind->defaults;
	for (size_t i = 0; i < sizeof periods / sizeof *periods; i++) {
		int64_t asked, *option = (int64_t *)(void *)((char *)options + periods[i].option);
		memcpy(&asked, (const char *)request + periods[i].asked, sizeof asked);
		if (asked == FIELD_NO_INT)
			continue;
		if (*option == 0)
			refuse(calc, pointer, periods[i].name, kind->name);
		*option = asked;
	}
	if (given(request->dev)) {
		if (kind->defaults.dev == 0)
			refuse(calc, pointer, "dev", kind->name);
		options->dev = request->dev;
	}
	if (options->fast > options->slow)
		calc_fault(calc, field_pointer(calc->arena, pointer, "fast"), "range", "must be at most slow, %lld",
				   (long long)options->slow);
}

static void check_id(struct calc *calc, const struct indicator_order *orders, size_t at, const char *pointer)
{
	for (size_t i = 0; i < at; i++)
		if (orders[i].id != NULL && strcmp(orders[i].id, orders[at].id) == 0) {
			calc_fault(calc, field_pointer(calc->arena, pointer, "id"), "duplicate",
					   "must be unique; %s was there before", orders[at].id);
			return;
		}
}

struct indicator_order *indicator_orders(struct calc *calc, const struct indicator_request *requests, size_t count,
										 const char *pointer)
{
	struct indicator_order *orders = arena_array(calc->arena, count, sizeof *orders);
	for (size_t i = 0; orders != NULL && i < count; i++) {
		const struct indicator_request *request = &requests[i];
		const char *here = field_pointer_index(calc->arena, pointer, i);
		if (request->name == NULL) /* has a fault already */
			continue;
		orders[i].id = request->id != NULL ? request->id : request->name;
		orders[i].kind = indicator_find_kind(request->name);
		check_id(calc, orders, i, here);
		if (orders[i].kind == NULL)
			calc_fault(calc, field_pointer(calc->arena, here, "name"), "enum", "must be one of: %s",
					   "sma, ema, rsi, macd, atr, natr, stddev, bbands, stoch, adx, roc, mom");
		else
			take_options(calc, request, here, orders[i].kind, &orders[i].options);
	}
	return orders;
}
