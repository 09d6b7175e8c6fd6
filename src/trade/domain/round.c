#include "trade/domain/round.h"

#include "core/field.h"
#include "seal/calc.h"
#include "seal/op.h"
#include "trade/domain/decimal.h"

struct request {
	double value, tick;
	int mode;
};

static const char *const mode_names[] = {"down", "up", "nearest", NULL}; /* enum decimal_rounding */

static const struct field request_fields[] = {
	F_NUM(request, value, REQUIRED, RANGE(-1e15, 1e15), DOC("What to round")),
	F_NUM(request, tick, REQUIRED, ABOVE(0, 1e15), DOC("The step")),
	F_ENUM(request, mode, mode_names, REQUIRED,
		   DOC("down: towards minus infinity; up: towards plus infinity; nearest: half away from zero")),
};
static const struct field_table request_table = FIELD_TABLE("trade.round.request", request, request_fields);

struct result {
	double rounded;
};

static const struct field result_fields[] = {
	F_NUM(result, rounded, SIGNIFICANT(17), DOC("A whole number of ticks, with as many decimals as the tick has")),
};
static const struct field_table result_table = FIELD_TABLE("trade.round.result", result, result_fields);

static bool run(struct calc *calc, const void *input, void *output)
{
	const struct request *request = input;
	struct result *result = output;
	const struct decimal value = decimal_of(request->value), tick = decimal_of(request->tick);
	int64_t ticks;
	if (!decimal_quotient(&value, 1, &tick, 1, (enum decimal_rounding)request->mode, &ticks)) {
		calc_fault(calc, "/tick", "range", "the value has more than 9e15 ticks");
		return false;
	}
	result->rounded = decimal_steps(ticks, request->tick);
	return true;
}

const struct op trade_round_op = {
	.name = "trade.round",
	.path = "/api/v1/trade/round",
	.summary = "Round a value to whole ticks, exactly",
	.doc = "Decimals, not binary fractions: 0.3 by 0.1 is three ticks in every mode.",
	.input = &request_table,
	.output = &result_table,
	.run = run,
	.example = "{\"value\":0.437,\"tick\":0.01,\"mode\":\"nearest\"}",
};
