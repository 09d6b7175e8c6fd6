#include <string.h>

#include "core/field.h"
#include "core/stamp.h"
#include "flow/domain/ops.h"
#include "flow/domain/prices.h"
#include "seal/calc.h"

/* flow.price: what tokens cost, by the shipped prices or by the caller's. */

struct price_request {
	const char *provider, *model;
	struct tokens_request tokens;
	const struct json *prices;
	const char *currency, *at;
};

static const struct field request_fields[] = {
	F_STR(price_request, provider, LENGTH(1, 100), DOC("Without: of any provider")),
	F_STR(price_request, model, REQUIRED, LENGTH(1, 200), DOC("Exact name, else the longest prefix")),
	F_OBJECT(price_request, tokens, &tokens_table, REQUIRED),
	F_JSON(price_request, prices,
		   DOC("Rows {provider, model, input, output, cached_input?, cache_write?, valid_from?} "
			   "per million tokens, instead of the pack's")),
	F_STR(price_request, currency, LENGTH(3, 3), DEFAULT_TEXT("USD"), DOC("Of these rows")),
	F_STR(price_request, at, FORMAT("date-time"),
		  DOC("The moment whose prices count; without: the newest of each row")),
};
static const struct field_table request_table = FIELD_TABLE("flow.price.request", price_request, request_fields);

/* Without a moment: is there an older row of the name, which a call of some days ago would be priced by? */
static bool has_older(const struct prices *prices, const struct price_request *request, const struct price *price)
{
	const struct price *older = prices_find(prices, request->provider, request->model, price->from_us - 1);
	return older != NULL && strcmp(older->model, price->model) == 0;
}

/* No clock here, or the same question would have another answer some day: who means a day says so. */
static const struct price *find(struct calc *calc, const struct prices *prices, const struct price_request *request)
{
	const struct stamp_fault *fault;
	int64_t at_us = INT64_MAX;
	if (request->at != NULL && !stamp_parse(request->at, strlen(request->at), &at_us, &fault)) {
		calc_fault(calc, "/at", fault->code, "%s", fault->message);
		return NULL;
	}
	const struct price *price = prices_find(prices, request->provider, request->model, at_us);
	if (price == NULL)
		calc_fault(calc, "/model", "unknown_model", "has no price%s%s",
				   request->provider != NULL ? " with this provider" : "", request->at != NULL ? " at that time" : "");
	else if (request->at == NULL && has_older(prices, request, price))
		calc_assume(calc, "price.newest", "several prices of %s are known: the newest counts (say `at` for another)",
					price->model);
	return price;
}

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
	const struct price *price = find(calc, prices, request);
	return price != NULL && price_estimate_fill(prices, price, &tokens, calc->arena, output);
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
