#include "trade/domain/margin.h"

#include "core/arena.h"
#include "core/field.h"
#include "seal/calc.h"
#include "seal/op.h"

enum { LEGS_MAX = 1000 };

struct leg_request {
	double lots, price;
};

struct request {
	struct {
		size_t count;
		struct leg_request *items;
	} legs;
	double contract_size, leverage, rate;
};

static const struct field leg_request_fields[] = {
	F_NUM(leg_request, lots, REQUIRED, ABOVE(0, 1e6), UNIT("lots"), DOC("Size")),
	F_NUM(leg_request, price, REQUIRED, ABOVE(0, 1e9), DOC("Price")),
};
static const struct field_table leg_request_table = FIELD_TABLE("trade.margin.leg", leg_request, leg_request_fields);

static const struct field request_fields[] = {
	F_OBJECTS(request, legs, &leg_request_table, REQUIRED, COUNT(0, LEGS_MAX), DOC("Orders")),
	F_NUM(request, contract_size, REQUIRED, ABOVE(0, 1e9), DOC("Units a lot")),
	F_NUM(request, leverage, REQUIRED, ABOVE(0, 1e5), DOC("Of the account: 100 is 1:100")),
	F_NUM(request, rate, ABOVE(0, 1e9), DEFAULT(1), DOC("One unit of the instrument's currency in the account's")),
};
static const struct field_table request_table = FIELD_TABLE("trade.margin.request", request, request_fields);

struct leg {
	double margin;
};

struct result {
	double margin;
	struct {
		size_t count;
		struct leg *items;
	} legs;
};

static const struct field leg_fields[] = {F_NUM(leg, margin, DECIMALS(2), DOC("lots * contract * price / leverage"))};
static const struct field_table leg_table = FIELD_TABLE("trade.margin.result.leg", leg, leg_fields);

static const struct field result_fields[] = {
	F_NUM(result, margin, DECIMALS(2), DOC("Sum of the legs")),
	F_OBJECTS(result, legs, &leg_table, DOC("In the order given")),
};
static const struct field_table result_table = FIELD_TABLE("trade.margin.result", result, result_fields);

static bool run(struct calc *calc, const void *input, void *output)
{
	const struct request *r = input;
	struct result *result = output;
	if (r->legs.count == 0) {
		calc_abstain(calc, "abstain.no_data", "There are no legs. Give at least one.");
		return true;
	}
	result->margin = 0;
	result->legs.count = r->legs.count;
	result->legs.items = arena_array(calc->arena, r->legs.count, sizeof *result->legs.items);
	for (size_t i = 0; result->legs.items != NULL && i < r->legs.count; i++) {
		const struct leg_request *leg = &r->legs.items[i];
		double margin = leg->lots * r->contract_size * leg->price / r->leverage * r->rate;
		result->legs.items[i].margin = margin;
		result->margin += margin;
	}
	return result->legs.items != NULL;
}

const struct op trade_margin_op = {
	.name = "trade.margin",
	.path = "/api/v1/trade/margin",
	.summary = "Margin that orders bind",
	.doc = "lots * contract_size * price / leverage * rate, each leg and all together.",
	.input = &request_table,
	.output = &result_table,
	.run = run,
	.example = "{\"legs\":[{\"lots\":1,\"price\":1950}],\"contract_size\":100,\"leverage\":100}",
};
