#include "sign/domain/snow_ice_op.h"

#include <math.h>

#include "core/arena.h"
#include "core/field.h"
#include "seal/calc.h"
#include "sign/domain/common.h"
#include "sign/domain/snow_ice.h"
#include "sign/domain/wind_op.h"

static const char *const shape_names[] = {"plate", "round", "rect", NULL};

struct snow_ice_request {
	struct sign_common common;
	struct ice_body body;
	double ice_in, gust_mph, pg_psf;
	int risk_category, exposure;
	double kzt, kd, g, ground_elevation_ft, ce, ct;
};

static const struct field request_fields[] = {
	F_ENUM(snow_ice_request, body.shape, shape_names, NAMED("shape"), DEFAULT(ICE_PLATE),
		   DOC("A sign's face, or a pole or arm")),
	F_NUM(snow_ice_request, body.sign_width_ft, NAMED("sign_width_ft"), RANGE(.1, 2000), UNIT("ft"),
		  DOC("Of a plate, required")),
	F_NUM(snow_ice_request, body.sign_height_ft, NAMED("sign_height_ft"), RANGE(.1, 500), UNIT("ft"),
		  DOC("Of a plate, required")),
	F_NUM(snow_ice_request, body.sign_depth_ft, NAMED("depth_ft"), RANGE(.1, 100), DEFAULT(1), UNIT("ft"),
		  DOC("Of a plate: the top on which snow lies")),
	F_NUM(snow_ice_request, body.width_in, NAMED("width_in"), ALSO("diameter_in"), RANGE(.1, 240), UNIT("in"),
		  DOC("Of a pole or arm, across the wind; the diameter of a round one; required")),
	F_NUM(snow_ice_request, body.depth_in, NAMED("depth_in"), RANGE(.1, 240), UNIT("in"),
		  DOC("Of a rectangular pole or arm, along the wind; default width_in")),
	F_NUM(snow_ice_request, body.length_ft, NAMED("length_ft"), RANGE(.1, 500), UNIT("ft"),
		  DOC("Of a pole or arm, required")),
	F_BOOL(snow_ice_request, body.horizontal, NAMED("horizontal"), DEFAULT(0),
		   DOC("An arm: snow lies along its whole length")),
	F_NUM(snow_ice_request, ice_in, RANGE(0, 10), UNIT("in"), DOC("t: the map's nominal ice thickness")),
	F_NUM(snow_ice_request, gust_mph, RANGE(0, 200), UNIT("mph"), DOC("The map's gust that comes with the ice")),
	F_NUM(snow_ice_request, pg_psf, RANGE(0, 500), UNIT("psf"), DOC("The map's ground snow load")),
	F_ENUM(snow_ice_request, risk_category, wind_risk_names, DEFAULT(1)),
	F_NUM(snow_ice_request, body.top_ft, NAMED("height_ft"), REQUIRED, RANGE(1, 500), UNIT("ft"),
		  DOC("Top above grade: z of the ice and of the wind")),
	F_NUM(snow_ice_request, kzt, RANGE(1, 3), DEFAULT(1)),
	F_ENUM(snow_ice_request, exposure, wind_exposure_names, DEFAULT(EXPOSURE_C)),
	F_NUM(snow_ice_request, kd, RANGE(.5, 1), DEFAULT(.85)),
	F_NUM(snow_ice_request, g, RANGE(.5, 3), DEFAULT(.85), DOC("Gust factor")),
	F_NUM(snow_ice_request, ground_elevation_ft, RANGE(-500, 15000), DEFAULT(0), UNIT("ft")),
	F_NUM(snow_ice_request, ce, RANGE(.7, 1.2), DEFAULT(1), DOC("Exposure factor of snow (table 7.3-1)")),
	F_NUM(snow_ice_request, ct, RANGE(.85, 1.3), DEFAULT(1.2),
		  DOC("Thermal factor of snow (table 7.3-2): 1.2 for unheated and open-air structures")),
	SIGN_COMMON_FIELDS(snow_ice_request, SIGN_ASD),
};
static const struct field_table request_table = FIELD_TABLE("sign.snow_ice.request", snow_ice_request, request_fields);

struct snow_ice_result {
	double td_in, ice_weight_lb, iced_area_ft2, concurrent_force_lb, snow_psf, snow_lb;
};

static const struct field result_fields[] = {
	F_NUM(snow_ice_result, td_in, NULLABLE, UNIT("in"), DOC("Design ice thickness; null without ice_in")),
	F_NUM(snow_ice_result, ice_weight_lb, NULLABLE, UNIT("lb"), DOC("Di")),
	F_NUM(snow_ice_result, iced_area_ft2, NULLABLE, UNIT("ft2"), DOC("Across the wind, ice included")),
	F_NUM(snow_ice_result, concurrent_force_lb, NULLABLE, UNIT("lb"), DOC("Wi; null without gust_mph")),
	F_NUM(snow_ice_result, snow_psf, NULLABLE, UNIT("psf"), DOC("pf; null without pg_psf")),
	F_NUM(snow_ice_result, snow_lb, NULLABLE, UNIT("lb"), DOC("S on the top surface")),
};
static const struct field_table result_table = FIELD_TABLE("sign.snow_ice.result", snow_ice_result, result_fields);

static void check_dimension(struct calc *calc, bool belongs, bool optional, double value, const char *pointer)
{
	if (belongs && !optional && !given(value))
		calc_fault(calc, pointer, "required", "is required for this shape");
	if (!belongs && given(value))
		calc_fault(calc, pointer, "conflict", "is no dimension of this shape");
}

static void check(struct calc *calc, const void *input)
{
	const struct snow_ice_request *r = input;
	const struct ice_body *b = &r->body;
	bool plate = b->shape == ICE_PLATE;
	check_dimension(calc, plate, false, b->sign_width_ft, "/sign_width_ft");
	check_dimension(calc, plate, false, b->sign_height_ft, "/sign_height_ft");
	check_dimension(calc, !plate, false, b->width_in, "/width_in");
	check_dimension(calc, b->shape == ICE_RECT, true, b->depth_in, "/depth_in");
	check_dimension(calc, !plate, false, b->length_ft, "/length_ft");
	if (plate && b->sign_height_ft > b->top_ft)
		calc_fault(calc, "/sign_height_ft", "greater_than_height", "must not be above height_ft (%.10g ft)", b->top_ft);
	if (!plate && !b->horizontal && b->length_ft > b->top_ft)
		calc_fault(calc, "/length_ft", "greater_than_height", "must not be above height_ft (%.10g ft)", b->top_ft);
	if (!given(r->ice_in) && !given(r->pg_psf))
		calc_fault(calc, "/ice_in", "required", "is required, or pg_psf");
	else if (!given(r->ice_in) && given(r->gust_mph))
		calc_fault(calc, "/ice_in", "required", "is required with gust_mph");
}

/* REF: ASCE 7-16 section 10.5 */
static bool blow(struct calc *calc, const struct snow_ice_request *r, const struct ice_body *body,
				 struct snow_ice_result *out)
{
	bool with_ke = r->common.code != SIGN_ASCE7_10, kd_in_force = r->common.code == SIGN_ASCE7_22;
	const struct wind_site site = {.code = r->common.code,
								   .exposure = r->exposure,
								   .wind_speed_mph = r->gust_mph,
								   .kzt = r->kzt,
								   .kd = r->kd,
								   .ke = with_ke ? wind_ke(r->ground_elevation_ft) : 1,
								   .figure = calc_pack(calc, "wind_figure")};
	if (site.figure == NULL)
		return false;
	struct wind_pressure at = wind_at(&site, body->top_ft);
	double cf = ice_cf(&site, body, out->td_in);
	out->concurrent_force_lb = at.qz_psf * (kd_in_force ? r->kd : 1) * r->g * cf * out->iced_area_ft2;
	calc_factor(calc, "kz", at.kz);
	calc_factor(calc, "ke", site.ke);
	calc_factor(calc, "qz_psf", at.qz_psf);
	calc_factor(calc, "cf", cf);
	calc_assume(calc, "concurrent_case_a",
				"The gust that comes with the ice is taken at the top, as Case A, without the 16 psf of section 29.7.");
	return true;
}

static bool ice(struct calc *calc, const struct snow_ice_request *r, const struct ice_body *body,
				struct snow_ice_result *out)
{
	out->td_in = ice_thickness(r->common.code, r->risk_category, r->ice_in, body->top_ft, r->kzt);
	struct iced_body iced = ice_on_body(body, out->td_in);
	out->ice_weight_lb = iced.weight_lb;
	out->iced_area_ft2 = iced.area_ft2;
	calc_factor(calc, "ii", ice_importance(r->common.code, r->risk_category));
	calc_factor(calc, "fz", ice_height_factor(body->top_ft));
	calc_factor(calc, "ice_pcf", ICE_PCF);
	if (r->common.code == SIGN_ASCE7_10)
		calc_assume(calc, "ice_map_50_years", "ASCE 7-10: ice_in is of its 50-year map, and doubled.");
	return !given(r->gust_mph) || blow(calc, r, body, out);
}

static void snow(struct calc *calc, const struct snow_ice_request *r, const struct ice_body *body,
				 struct snow_ice_result *out)
{
	double area_ft2 = snow_area_ft2(body);
	out->snow_psf = snow_flat_psf(r->common.code, r->risk_category, r->ce, r->ct, r->pg_psf);
	out->snow_lb = out->snow_psf * area_ft2;
	calc_factor(calc, "is", snow_importance(r->common.code, r->risk_category));
	calc_factor(calc, "ce", r->ce);
	calc_factor(calc, "ct", r->ct);
	calc_factor(calc, "snow_area_ft2", area_ft2);
	calc_assume(calc, "snow_factors", "Snow with Ce %.4g and Ct %.4g; no drift, no minimum of section 7.3.4.", r->ce,
				r->ct);
}

static bool run(struct calc *calc, const void *input, void *output)
{
	const struct snow_ice_request *r = input;
	struct snow_ice_result *out = output;
	struct ice_body body = r->body;
	if (body.shape == ICE_RECT && !given(body.depth_in))
		body.depth_in = body.width_in;
	if (given(r->pg_psf))
		snow(calc, r, &body, out);
	if (r->common.code == SIGN_ASCE7_22)
		calc_assume(calc, "maps_by_risk", "ASCE 7-22 maps ice and snow by risk category: no importance factors.");
	return !given(r->ice_in) || ice(calc, r, &body, out);
}

const struct op sign_snow_ice_op = {
	.name = "sign.snow_ice",
	.path = "/api/v1/sign/snow-ice",
	.summary = "Ice, the wind that comes with it, and snow on a sign or its members (ASCE 7 chapters 10 and 7)",
	.doc = "Freezing rain by the map's thickness, importance, height and topography; the concurrent gust on the iced "
		   "area; flat snow on the top surface.",
	.input = &request_table,
	.output = &result_table,
	.check = check,
	.run = run,
	.example =
		"{\"sign_width_ft\":12,\"sign_height_ft\":8,\"height_ft\":20,\"ice_in\":0.5,\"gust_mph\":40,\"pg_psf\":25}",
	.quick = true,
};
