#include <math.h>

#include "core/field.h"
#include "seal/calc.h"
#include "seal/op.h"
#include "trade/domain/decimal.h"
#include "trade/domain/margin.h"

struct provider {
	double balance, leverage;
};

struct subscriber {
	double balance, leverage, load_percent;
};

struct request {
	struct provider provider;
	struct subscriber subscriber;
	double rate;
};

#define BALANCE(s) F_NUM(s, balance, REQUIRED, ABOVE(0, 1e12), DOC("Balance, in its own currency"))
#define LEVERAGE(s) F_NUM(s, leverage, REQUIRED, ABOVE(0, 1e5), DOC("100 is 1:100"))

static const struct field provider_fields[] = {BALANCE(provider), LEVERAGE(provider)};
static const struct field_table provider_table = FIELD_TABLE("trade.copy_volume.provider", provider, provider_fields);

static const struct field subscriber_fields[] = {
	BALANCE(subscriber),
	LEVERAGE(subscriber),
	F_NUM(subscriber, load_percent, REQUIRED, ABOVE(0, 100), UNIT("%"), DOC("Part of the balance that copies")),
};
static const struct field_table subscriber_table =
	FIELD_TABLE("trade.copy_volume.subscriber", subscriber, subscriber_fields);

static const struct field request_fields[] = {
	F_OBJECT(request, provider, &provider_table, REQUIRED, DOC("Whose orders are copied")),
	F_OBJECT(request, subscriber, &subscriber_table, REQUIRED, DOC("Who copies")),
	F_NUM(request, rate, REQUIRED, ABOVE(0, 1e9), DOC("One unit of the subscriber's currency in the provider's")),
};
static const struct field_table request_table = FIELD_TABLE("trade.copy_volume.request", request, request_fields);

struct result {
	double ratio, percent_exact, percent;
};

static const struct field result_fields[] = {
	F_NUM(result, ratio, DECIMALS(6), DOC("Subscriber's lots for one of the provider's")),
	F_NUM(result, percent_exact, DECIMALS(6), UNIT("%"), DOC("The same in percent")),
	F_NUM(result, percent, DECIMALS(6), UNIT("%"), DOC("Rounded down to a coarser step the larger it is; at least 1")),
};
static const struct field_table result_table = FIELD_TABLE("trade.copy_volume.result", result, result_fields);

/* Steps of the percentage, by where it lies. */
static double step_of(double percent)
{
	return percent < 10 ? 1 : percent < 100 ? 5 : percent < 1000 ? 10 : 100;
}

static bool run(struct calc *calc, const void *input, void *output)
{
	const struct request *r = input;
	struct result *result = output;
	bool lower = r->subscriber.leverage < r->provider.leverage;
	const struct decimal above[] = {decimal_of(r->subscriber.balance), decimal_of(r->subscriber.load_percent),
									decimal_of(r->rate), decimal_of(lower ? r->subscriber.leverage : 1)};
	struct decimal below[] = {decimal_of(r->provider.balance), decimal_of(lower ? r->provider.leverage : 1),
							  decimal_whole(1)};
	result->percent_exact = decimal_ratio(above, 4, below, 2);
	result->ratio = result->percent_exact / 100;
	double step = step_of(result->percent_exact);
	int64_t steps;
	below[2] = decimal_of(step);
	if (!decimal_quotient(above, 4, below, 3, DECIMAL_DOWN, &steps)) {
		calc_fault(calc, "/rate", "range", "the copy would be more than 9e15 percent");
		return false;
	}
	result->percent = result->percent_exact < 1 ? 1 : (double)steps * step;
	return true;
}

const struct op trade_copy_volume_op = {
	.name = "trade.copy_volume",
	.path = "/api/v1/trade/copy_volume",
	.summary = "How large the copy of an order is",
	.doc = "By balances, the part that copies, the lower leverage and the rate; rounded as signal services round it.",
	.input = &request_table,
	.output = &result_table,
	.run = run,
	.example = "{\"provider\":{\"balance\":10000,\"leverage\":100},\"subscriber\":{\"balance\":5000,\"leverage\":100,"
			   "\"load_percent\":95},\"rate\":1}",
};
