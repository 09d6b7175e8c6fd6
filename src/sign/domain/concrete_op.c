#include "sign/domain/concrete_op.h"

#include <math.h>

#include "seal/calc.h"
#include "sign/domain/common.h"
#include "sign/domain/soil.h"

struct concrete_request {
	struct sign_common common;
	double diameter_ft, depth_ft, length_ft, width_ft, waste_percent;
};

static const struct field concrete_fields[] = {
	F_NUM(concrete_request, diameter_ft, RANGE(.1, 100), UNIT("ft"), DOC("Of a round pier; or length_ft and width_ft")),
	F_NUM(concrete_request, depth_ft, ALSO("depth"), REQUIRED, RANGE(.01, 200), UNIT("ft")),
	F_NUM(concrete_request, length_ft, ALSO("length"), RANGE(.1, 1000), UNIT("ft")),
	F_NUM(concrete_request, width_ft, ALSO("width"), RANGE(.1, 1000), UNIT("ft")),
	F_NUM(concrete_request, waste_percent, RANGE(0, 50), DEFAULT(10), UNIT("%")),
	SIGN_COMMON_FIELDS(concrete_request, SIGN_ASD),
};
static const struct field_table concrete_table =
	FIELD_TABLE("sign.concrete.request", concrete_request, concrete_fields);

struct concrete_result {
	double concrete_yards, volume_cf, order_yards, weight_lb;
};

static const struct field concrete_result_fields[] = {
	F_NUM(concrete_result, concrete_yards, UNIT("yd3")),
	F_NUM(concrete_result, volume_cf, UNIT("ft3")),
	F_NUM(concrete_result, order_yards, UNIT("yd3"), DOC("With waste")),
	F_NUM(concrete_result, weight_lb, UNIT("lb"), DOC("At 150 pcf, without waste")),
};
static const struct field_table concrete_result_table =
	FIELD_TABLE("sign.concrete.result", concrete_result, concrete_result_fields);

static void check(struct calc *calc, const void *input)
{
	const struct concrete_request *r = input;
	bool round = given(r->diameter_ft), box = given(r->length_ft) || given(r->width_ft);
	if (round && box)
		calc_fault(calc, given(r->length_ft) ? "/length_ft" : "/width_ft", "conflict",
				   "says the same as diameter_ft: give one form");
	else if (!round && !box)
		calc_fault(calc, "/diameter_ft", "required", "is required, or length_ft and width_ft");
	else if (box && !given(r->length_ft))
		calc_fault(calc, "/length_ft", "required", "is required with width_ft");
	else if (box && !given(r->width_ft))
		calc_fault(calc, "/width_ft", "required", "is required with length_ft");
}

static bool run_concrete(struct calc *calc, const void *input, void *output)
{
	const struct concrete_request *r = input;
	struct concrete_result *out = output;
	const struct concrete_constants *concrete = calc_pack(calc, "concrete");
	bool round = given(r->diameter_ft);
	if (concrete == NULL)
		return false;
	out->volume_cf = (round ? M_PI / 4 * r->diameter_ft * r->diameter_ft : r->length_ft * r->width_ft) * r->depth_ft;
	out->concrete_yards = out->volume_cf / 27;
	out->order_yards = out->concrete_yards * (1 + r->waste_percent / 100);
	out->weight_lb = out->volume_cf * concrete->unit_weight_pcf;
	return true;
}

static const struct op_alias concrete_aliases[] = {{"POST", "/signage/common/concrete/yards"}, {NULL}};

const struct op sign_concrete_op = {
	.name = "sign.concrete",
	.path = "/api/v1/sign/concrete",
	.summary = "Concrete of a pier or a footing",
	.doc = "Volume, yards to order and weight.",
	.aliases = concrete_aliases,
	.input = &concrete_table,
	.output = &concrete_result_table,
	.check = check,
	.run = run_concrete,
	.example = "{\"diameter_ft\":3,\"depth_ft\":8}",
	.quick = true,
};
