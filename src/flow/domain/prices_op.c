#include "core/field.h"
#include "flow/domain/ops.h"
#include "flow/domain/prices.h"
#include "seal/calc.h"

/* flow.price: what tokens cost, by the shipped prices or by the caller's. */

struct price_request {
	const char *provider, *model;
	struct tokens_request tokens;
	const struct json *prices;
	const char *currency;
};

static const struct field request_fields[] = {
	F_STR(price_request, provider, LENGTH(1, 100), DOC("Without: of any provider")),
	F_STR(price_request, model, REQUIRED, LENGTH(1, 200), DOC("Exact name, else the longest prefix")),
	F_OBJECT(price_request, tokens, &tokens_table, REQUIRED),
	F_JSON(price_request, prices,
		   DOC("Rows {provider, model, input, output, cached_input?, cache_write?, valid_from?} "
			   "per million tokens, instead of the pack's")),
	F_STR(price_request, currency, LENGTH(3, 3), DEFAULT_TEXT("USD"), DOC("Of these rows")),
};
static const struct field_table request_table = FIELD_TABLE("flow.price.request", price_request, request_fields);

/* No clock here: the newest row counts, whatever day it is. */
static bool run(struct calc *calc, const void *input, void *output)
{
	const struct price_request *request = input;
	struct prices own = {.currency = request->currency};
	const struct prices *prices = &own;
	if (request->prices == NULL) {
		prices = calc_pack(calc, "prices");
		if (prices == NULL)
			return false;
	} else if (!prices_decode(request->prices, "/prices", calc->arena, &own, &calc->faults)) {
		return false;
	}
	const struct tokens tokens = tokens_of(&request->tokens);
	const struct price *price = prices_find(prices, request->provider, request->model, INT64_MAX);
	if (price == NULL) {
		calc_fault(calc, "/model", "unknown_model", "has no price%s",
				   request->provider != NULL ? " with this provider" : "");
		return false;
	}
	return price_estimate_fill(prices, price, &tokens, calc->arena, output);
}

const struct op flow_price_op = {
	.name = "flow.price",
	.path = "/api/v1/flow/price",
	.summary = "What the tokens of a model call cost",
	.doc = "Lines are exact; the amount is their sum, rounded up once to a micro-unit.",
	.input = &request_table,
	.output = &price_estimate_table,
	.run = run,
	.example = "{\"model\":\"gpt-4o\",\"tokens\":{\"input\":1200,\"output\":300,\"cached_input\":800}}",
};
