#include "core/field.h"
#include "flow/domain/budget.h"
#include "flow/domain/money.h"
#include "flow/domain/ops.h"
#include "seal/calc.h"

/* --- flow.budget_status --- */

struct budget_request {
	const struct json *allocated, *consumed, *reserved;
	double warning, critical;
};

static const struct field budget_fields[] = {
	F_JSON(budget_request, allocated, REQUIRED, DOC("Money: decimal text or a number")),
	F_JSON(budget_request, consumed, REQUIRED),
	F_JSON(budget_request, reserved),
	F_NUM(budget_request, warning, RANGE(0, 1), DEFAULT(.8)),
	F_NUM(budget_request, critical, RANGE(0, 1), DEFAULT(.95)),
};
static const struct field_table budget_table = FIELD_TABLE("flow.budget_status.request", budget_request, budget_fields);

struct budget_result {
	double usage_percentage;
	int status;
};

static const struct field budget_result_fields[] = {
	F_NUM(budget_result, usage_percentage, UNIT("%"),
		  DOC("100·(consumed + reserved)/allocated; 0 when nothing is allocated")),
	F_ENUM(budget_result, status, budget_status_names),
};
static const struct field_table budget_result_table =
	FIELD_TABLE("flow.budget_status.result", budget_result, budget_result_fields);

static int64_t read_money(struct calc *calc, const struct json *json, const char *pointer)
{
	int64_t micros = 0;
	if (json != NULL && !money_of_json(json, &micros))
		calc_fault(calc, pointer, "format", "must be an amount of money from 0 to 9000000000000");
	return micros;
}

/* In whole micro-units, so that a threshold is met exactly where the money meets it. */
static bool run_budget(struct calc *calc, const void *input, void *output)
{
	const struct budget_request *request = input;
	struct budget_result *result = output;
	int64_t allocated = read_money(calc, request->allocated, "/allocated");
	int64_t used =
		money_add(read_money(calc, request->consumed, "/consumed"), read_money(calc, request->reserved, "/reserved"));
	if (request->critical <= request->warning)
		calc_fault(calc, "/critical", "range", "must be above warning");
	if (calc->faults.count > 0)
		return false;
	double usage = budget_usage(allocated, used);
	result->usage_percentage = 100 * usage;
	result->status = (int)budget_status(usage, request->warning, request->critical);
	return true;
}

const struct op flow_budget_status_op = {
	.name = "flow.budget_status",
	.path = "/api/v1/flow/budget_status",
	.summary = "Status of a budget from its figures",
	.doc = "active, warning, critical, exhausted by the share that is consumed or reserved.",
	.input = &budget_table,
	.output = &budget_result_table,
	.run = run_budget,
	.example = "{\"allocated\":\"100\",\"consumed\":\"70\",\"reserved\":\"12.5\"}",
	.quick = true,
};
