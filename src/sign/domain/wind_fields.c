#include "sign/domain/wind_fields.h"
#include "core/field.h"

const char *const wind_exposure_names[] = {"B", "C", "D", NULL};
const char *const wind_risk_names[] = {"I", "II", "III", "IV", NULL};
static const char *const hill_shapes[] = {"ridge", "escarpment", "hill", NULL};
static const char *const hill_sides[] = {"upwind", "downwind", NULL};
const char *const wind_open_shapes[] = {"flat", "round", NULL};
const char *const wind_kz_methods[] = {"formula", "table", NULL};
const char *const wind_gusts[] = {"rigid", "flexible", NULL};
static const char *const pole_shapes[] = {"round", "square", "square_diagonal", "hexagon", NULL};
static const char *const surfaces[] = {"smooth", "rough", "very_rough", NULL};
static const char *const case_names[] = {"A", "B", "C", NULL};

/* --- request --- */

static const struct field hill_fields[] = {
	F_ENUM(wind_hill, shape, hill_shapes, REQUIRED, DOC("Two-dimensional ridge or escarpment, or axisymmetric hill")),
	F_NUM(wind_hill, height_ft, REQUIRED, ABOVE(0, 10000), UNIT("ft"), DOC("H")),
	F_NUM(wind_hill, half_length_ft, REQUIRED, ABOVE(0, 100000), UNIT("ft"),
		  DOC("Lh: upwind distance to half the height")),
	F_NUM(wind_hill, distance_ft, RANGE(0, 100000), DEFAULT(0), UNIT("ft"), DOC("x: from the crest")),
	F_ENUM(wind_hill, side, hill_sides, DEFAULT(HILL_UPWIND), DOC("Side of the crest on which the sign stands")),
};
const struct field_table wind_hill_table = FIELD_TABLE("sign.wind.hill", wind_hill, hill_fields);

static const struct field poles_fields[] = {
	F_INT(wind_poles_request, count, RANGE(0, 12), DEFAULT(1)),
	F_ENUM(wind_poles_request, shape, pole_shapes, DEFAULT(POLE_ROUND)),
	F_ENUM(wind_poles_request, surface, surfaces, DEFAULT(SURFACE_SMOOTH), DOC("Of a round pole")),
	F_NUM(wind_poles_request, width_in, REQUIRED, RANGE(.5, 240), UNIT("in"), DOC("Diameter or face width")),
	F_NUM(wind_poles_request, from_ft, RANGE(0, 500), DEFAULT(0), UNIT("ft")),
	F_NUM(wind_poles_request, to_ft, RANGE(0, 500), UNIT("ft"), DOC("Default: the sign's bottom")),
};
const struct field_table wind_poles_table = FIELD_TABLE("sign.wind.poles", wind_poles_request, poles_fields);

static const struct field request_fields[] = {WIND_REQUEST_FIELDS};
const struct field_table wind_request_table = FIELD_TABLE("sign.wind.request", wind_request, request_fields);

/* --- result --- */

static const struct field b_fields[] = {
	F_NUM(wind_b_result, force_lb, UNIT("lb")),
	F_NUM(wind_b_result, eccentricity_ft, UNIT("ft"), DOC(".2 B")),
	F_NUM(wind_b_result, torsion_lbft, UNIT("lb-ft")),
};
static const struct field_table b_table = FIELD_TABLE("sign.wind.case_b", wind_b_result, b_fields);

static const struct field region_fields[] = {
	F_NUM(wind_region, from_ft, UNIT("ft"), DOC("From the windward edge")),
	F_NUM(wind_region, to_ft, UNIT("ft")),
	F_NUM(wind_region, cf, DOC("After the reduction and return corner factors")),
	F_NUM(wind_region, pressure_psf, UNIT("psf")),
	F_NUM(wind_region, force_lb, UNIT("lb")),
};
static const struct field_table region_table = FIELD_TABLE("sign.wind.region", wind_region, region_fields);

static const struct field c_fields[] = {
	F_BOOL(wind_c_result, applies),
	F_NUM(wind_c_result, reduction_factor, DOC("1.8 − s/h above s/h .8")),
	F_NUM(wind_c_result, return_corner_factor),
	F_OBJECTS(wind_c_result, regions, &region_table),
	F_NUM(wind_c_result, force_lb, UNIT("lb")),
	F_NUM(wind_c_result, moment_base_lbft, UNIT("lb-ft")),
	F_NUM(wind_c_result, torsion_lbft, UNIT("lb-ft")),
};
static const struct field_table c_table = FIELD_TABLE("sign.wind.case_c", wind_c_result, c_fields);

static const struct field poles_result_fields[] = {
	F_NUM(wind_poles_result, cf),
	F_NUM(wind_poles_result, qz_psf, UNIT("psf")),
	F_NUM(wind_poles_result, area_ft2, UNIT("ft2")),
	F_NUM(wind_poles_result, force_lb, UNIT("lb")),
	F_NUM(wind_poles_result, arm_ft, UNIT("ft")),
	F_NUM(wind_poles_result, moment_base_lbft, UNIT("lb-ft")),
};
static const struct field_table poles_result_table =
	FIELD_TABLE("sign.wind.poles_result", wind_poles_result, poles_result_fields);

static const struct field total_fields[] = {
	F_NUM(wind_total_result, force_lb, UNIT("lb")),
	F_NUM(wind_total_result, moment_base_lbft, UNIT("lb-ft")),
	F_NUM(wind_total_result, torsion_lbft, UNIT("lb-ft")),
	F_ENUM(wind_total_result, governing_case, case_names),
};
static const struct field_table total_table = FIELD_TABLE("sign.wind.total", wind_total_result, total_fields);

static const struct field level_fields[] = {
	F_NUM(wind_level_result, force_lb, UNIT("lb")),
	F_NUM(wind_level_result, moment_base_lbft, UNIT("lb-ft")),
	F_NUM(wind_level_result, torsion_lbft, UNIT("lb-ft")),
	F_NUM(wind_level_result, pressure_psf, UNIT("psf")),
};
static const struct field_table level_table = FIELD_TABLE("sign.wind.level", wind_level_result, level_fields);

static const struct field result_fields[] = {
	F_NUM(wind_result, kz, DOC("At h; at the centroid of an open sign")),
	F_NUM(wind_result, kzt),
	F_NUM(wind_result, ke),
	F_NUM(wind_result, kd),
	F_NUM(wind_result, g),
	F_NUM(wind_result, qh_psf, UNIT("psf")),
	F_NUM(wind_result, s_over_h),
	F_NUM(wind_result, b_over_s),
	F_NUM(wind_result, cf, DOC("As the figure gives it, before other factors")),
	F_STR(wind_result, cf_source),
	F_NUM(wind_result, opening_factor),
	F_NUM(wind_result, area_ft2, UNIT("ft2")),
	F_NUM(wind_result, pressure_psf, UNIT("psf"), DOC("Case A, strength level")),
	F_NUM(wind_result, force_lb, UNIT("lb"), DOC("Case A, strength level")),
	F_BOOL(wind_result, min_governs, DOC("16 psf governs Case A")),
	F_NUM(wind_result, arm_ft, UNIT("ft"), DOC("Of the force about grade")),
	F_NUM(wind_result, moment_base_lbft, UNIT("lb-ft")),
	F_OBJECT(wind_result, case_b, &b_table),
	F_OBJECT_PTR(wind_result, case_c, &c_table, NULLABLE),
	F_OBJECT_PTR(wind_result, poles, &poles_result_table, NULLABLE),
	F_OBJECT(wind_result, total, &total_table,
			 DOC("One case with the poles: the largest base moment, of equals the largest torsion")),
	F_OBJECT(wind_result, lrfd, &level_table, DOC("1.0 W")),
	F_OBJECT(wind_result, asd, &level_table, DOC("0.6 W")),
};
const struct field_table wind_result_table = FIELD_TABLE("sign.wind.result", wind_result, result_fields);
