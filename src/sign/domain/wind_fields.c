#include "core/field.h"
#include "sign/domain/wind_op.h"

const char *const wind_exposure_names[] = {"B", "C", "D", NULL};
const char *const wind_risk_names[] = {"I", "II", "III", "IV", NULL};
static const char *const hill_shapes[] = {"ridge", "escarpment", "hill", NULL};
static const char *const hill_sides[] = {"upwind", "downwind", NULL};
static const char *const open_shapes[] = {"flat", "round", NULL};
static const char *const kz_methods[] = {"formula", "table", NULL};
static const char *const gusts[] = {"rigid", "flexible", NULL};
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
static const struct field_table poles_table = FIELD_TABLE("sign.wind.poles", wind_poles_request, poles_fields);

static const struct field request_fields[] = {
	F_NUM(wind_request, wind_speed_mph, REQUIRED, RANGE(60, 300), UNIT("mph"),
		  DOC("Ultimate wind speed of the map for the risk category")),
	F_ENUM(wind_request, exposure, wind_exposure_names, DEFAULT(EXPOSURE_C)),
	F_ENUM(wind_request, risk_category, wind_risk_names, DEFAULT(1), DOC("Selects the map; never multiplies a load")),
	F_NUM(wind_request, height_ft, REQUIRED, RANGE(1, 500), UNIT("ft"), DOC("h: top of the sign above grade")),
	F_NUM(wind_request, sign_height_ft, REQUIRED, RANGE(.1, 500), UNIT("ft"), DOC("s: vertical dimension of the sign")),
	F_NUM(wind_request, sign_width_ft, REQUIRED, RANGE(.1, 2000), UNIT("ft"), DOC("B: horizontal dimension")),
	F_NUM(wind_request, area_ft2, RANGE(.01, 1e6), UNIT("ft2"), DOC("Gross area As; default B·s")),
	F_NUM(wind_request, solid_ratio, RANGE(.01, 1), DEFAULT(1), DOC("ε: solid to gross area")),
	F_ENUM(wind_request, open_shape, open_shapes, DEFAULT(OPEN_FLAT), DOC("Members of an open sign")),
	F_NUM(wind_request, member_width_in, RANGE(.1, 60), DEFAULT(4), UNIT("in"), DOC("Of an open sign's round members")),
	F_NUM(wind_request, return_corner_ft, RANGE(0, 5000), DEFAULT(0), UNIT("ft"), DOC("Lr")),
	F_NUM(wind_request, kzt, RANGE(1, 3), DOC("Topographic factor; default 1")),
	F_OBJECT_PTR(wind_request, hill, &wind_hill_table, DOC("Instead of kzt")),
	F_NUM(wind_request, kd, RANGE(.5, 1), DEFAULT(.85), DOC("Directionality factor")),
	F_NUM(wind_request, ke, RANGE(.3, 1.1), DOC("Ground elevation factor")),
	F_NUM(wind_request, ground_elevation_ft, RANGE(-500, 15000), UNIT("ft"), DOC("Instead of ke; default 0")),
	F_ENUM(wind_request, kz_method, kz_methods, DEFAULT(0)),
	F_ENUM(wind_request, gust, gusts, DEFAULT(WIND_RIGID)),
	F_NUM(wind_request, g, RANGE(.5, 3), DOC("Gust factor of your own; overrides")),
	F_NUM(wind_request, natural_frequency_hz, RANGE(.05, 100), UNIT("Hz"), DOC("Required for a flexible gust")),
	F_NUM(wind_request, damping_ratio, RANGE(.001, .2), DEFAULT(.01)),
	F_NUM(wind_request, depth_ft, RANGE(.1, 100), DEFAULT(1), UNIT("ft"), DOC("L: along the wind, of a flexible gust")),
	F_OBJECT_PTR(wind_request, poles, &poles_table, DOC("Poles that stand in the wind below the sign")),
	SIGN_COMMON_FIELDS(wind_request, SIGN_ASD),
};
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
