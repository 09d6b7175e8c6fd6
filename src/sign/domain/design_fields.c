#include "sign/domain/design.h"

static const char *const objectives[] = {"cost", "weight", "depth", NULL};
static const char *const foundations[] = {"direct", "spread", "baseplate", NULL};
static const char *const families[] = {"pipe", "tube", "HSS_round", "HSS_square", "HSS_rect", "W", NULL};
static const char *const materials[] = {"steel", "aluminum", NULL};

/* --- request --- */

static const struct field site_fields[] = {
	F_NUM(design_site, wind_speed_mph, REQUIRED, RANGE(60, 300), UNIT("mph"),
		  DOC("Ultimate wind speed for the risk category")),
	F_ENUM(design_site, exposure, wind_exposure_names, DEFAULT(EXPOSURE_C)),
	F_ENUM(design_site, risk_category, wind_risk_names, DEFAULT(1)),
	F_NUM(design_site, ground_elevation_ft, RANGE(-500, 15000), UNIT("ft"), DOC("Default 0")),
	F_NUM(design_site, kzt, RANGE(1, 3), DOC("Topographic factor; default 1")),
	F_OBJECT_PTR(design_site, hill, &wind_hill_table, DOC("Instead of kzt")),
	F_NUM(design_site, frost_depth_ft, RANGE(0, 20), UNIT("ft")),
};
static const struct field_table site_table = FIELD_TABLE("sign.design.site", design_site, site_fields);

static const struct field sign_fields[] = {
	F_NUM(design_sign, height_ft, REQUIRED, RANGE(1, 500), UNIT("ft"), DOC("Top of the sign above grade")),
	F_NUM(design_sign, sign_height_ft, REQUIRED, RANGE(.1, 500), UNIT("ft")),
	F_NUM(design_sign, sign_width_ft, REQUIRED, RANGE(.1, 2000), UNIT("ft")),
	F_NUM(design_sign, weight_psf, RANGE(0, 200), DEFAULT(10), UNIT("psf"), DOC("Of the face")),
	F_NUM(design_sign, solid_ratio, RANGE(.01, 1), DEFAULT(1)),
	F_NUM(design_sign, return_corner_ft, RANGE(0, 5000), DEFAULT(0), UNIT("ft")),
	F_NUM(design_sign, depth_ft, RANGE(.1, 100), DEFAULT(1), UNIT("ft")),
};
static const struct field_table sign_table = FIELD_TABLE("sign.design.sign", design_sign, sign_fields);

static const struct field support_fields[] = {
	F_INT(design_support, num_poles, RANGE(1, 12), DEFAULT(1)),
	F_NUM(design_support, spacing_ft, RANGE(.1, 500), UNIT("ft"),
		  DOC("Between neighbouring poles; required when several take torsion")),
	F_ENUMS(design_support, families, families, COUNT(1, 6), DOC("Default pipe and tube")),
	F_STR(design_support, steel_grade, LENGTH(1, 20), DOC("Default pipe A53-B, HSS A500-C, W A992")),
	F_ENUM(design_support, material, materials, DEFAULT(0)),
	F_NUM(design_support, drift_limit_ratio, RANGE(20, 1000), DEFAULT(120), DOC("Deflection at most height / ratio")),
};
static const struct field_table support_table = FIELD_TABLE("sign.design.support", design_support, support_fields);

static const struct field foundation_fields[] = {
	F_ENUMS(design_foundation_request, types, foundations, COUNT(1, 3), DOC("Default direct")),
	F_OBJECT(design_foundation_request, soil, &soil_request_table),
	F_BOOL(design_foundation_request, half_inch_motion, DEFAULT(0)),
	F_NUM(design_foundation_request, fc_psi, RANGE(2000, 10000), DEFAULT(3000), UNIT("psi")),
	F_NUMS(design_foundation_request, diameters_ft, COUNT(1, DESIGN_DIAMETERS_MAX), RANGE(.5, 20), UNIT("ft"),
		   DOC("Default 1.5 to 8 in steps of .5")),
};
static const struct field_table foundation_table =
	FIELD_TABLE("sign.design.foundation", design_foundation_request, foundation_fields);

static const struct field request_fields[] = {
	F_OBJECT(design_request, site, &site_table, REQUIRED),
	F_OBJECT_PTR(design_request, sign, &sign_table, DOC("Or cabinets")),
	F_OBJECTS(design_request, cabinets, &cabinet_table, COUNT(1, 50), DOC("Instead of sign")),
	F_OBJECT(design_request, support, &support_table),
	F_OBJECT(design_request, foundation, &foundation_table),
	F_ENUM(design_request, objective, objectives, DEFAULT(BY_COST)),
	F_INT(design_request, alternates, RANGE(0, 20), DEFAULT(3)),
	F_STRS(design_request, addons, COUNT(0, 50), DOC("Add-ons of the price list")),
	SIGN_COMMON_FIELDS(design_request, SIGN_ASD),
};
const struct field_table design_request_table = FIELD_TABLE("sign.design.request", design_request, request_fields);

/* --- result --- */

static const struct field pole_fields[] = {
	F_ENUM(design_pole, family, section_family_names),
	F_STR(design_pole, designation),
	F_NUM(design_pole, weight_lb, UNIT("lb"), DOC("Of all poles")),
	F_NUM(design_pole, utilization, DOC("The highest of the pole's checks")),
	F_NUM(design_pole, deflection_in, UNIT("in")),
	F_NUM(design_pole, weight_lb_ft, UNIT("lb/ft")),
	F_NUM(design_pole, width_in, UNIT("in"), DOC("Side that the wind meets")),
	F_NUM(design_pole, depth_in, UNIT("in")),
	F_NUM(design_pole, fy_ksi, UNIT("ksi")),
};
static const struct field_table pole_table = FIELD_TABLE("sign.design.pole", design_pole, pole_fields);

static const struct field bars_fields[] = {
	F_INT(design_bars, cage.verticals, NAMED("verticals"), NULLABLE, DOC("Of a pier, as the ties")),
	F_INT(design_bars, cage.vertical_size, NAMED("vertical_size"), NULLABLE, DOC("Bar number")),
	F_INT(design_bars, cage.ties, NAMED("ties"), NULLABLE),
	F_INT(design_bars, cage.tie_size, NAMED("tie_size"), NULLABLE),
	F_NUM(design_bars, cage.tie_spacing_in, NAMED("tie_spacing_in"), NULLABLE, UNIT("in")),
	F_NUM(design_bars, cage.lap_in, NAMED("lap_in"), NULLABLE, UNIT("in"), DOC("Class B")),
	F_NUM(design_bars, cage.development_in, NAMED("development_in"), NULLABLE, UNIT("in")),
	F_NUM(design_bars, cage.weight_lb, NAMED("weight_lb"), UNIT("lb")),
	F_INT(design_bars, mat.size, NAMED("size"), NULLABLE, DOC("Of a mat: bar number")),
	F_INT(design_bars, mat.count, NAMED("count"), NULLABLE, DOC("Bars along the length")),
	F_INT(design_bars, mat.count_width, NAMED("count_width"), NULLABLE, DOC("Bars along the width")),
	F_NUM(design_bars, mat.spacing_in, NAMED("spacing_in"), NULLABLE, UNIT("in"), DOC("The same both ways")),
};
static const struct field_table bars_table = FIELD_TABLE("sign.design.rebar", design_bars, bars_fields);

static const struct field plate_fields[] = {
	F_NUM(design_plate_shown, w_in, UNIT("in"), DOC("Across the moment")),
	F_NUM(design_plate_shown, l_in, UNIT("in"), DOC("Along the moment")),
	F_NUM(design_plate_shown, t_in, UNIT("in")),
	F_NUM(design_plate_shown, fy_ksi, UNIT("ksi")),
	F_NUM(design_plate_shown, weld_in, UNIT("in"), DOC("Fillet all around the pole")),
	F_NUM(design_plate_shown, weight_lb, UNIT("lb"), DOC("Of all plates")),
};
static const struct field_table plate_table = FIELD_TABLE("sign.design.plate", design_plate_shown, plate_fields);

static const struct field anchors_fields[] = {
	F_INT(design_anchors_shown, count, DOC("Of one plate")),
	F_NUM(design_anchors_shown, dia_in, UNIT("in")),
	F_STR(design_anchors_shown, grade),
	F_NUM(design_anchors_shown, embed_in, UNIT("in"), DOC("hef")),
	F_NUM(design_anchors_shown, edge_in, UNIT("in"), DOC("From the plate's edge to the bolts")),
	F_NUM(design_anchors_shown, tension_per_anchor_kip, UNIT("kip"), DOC("Strength level")),
};
static const struct field_table anchors_table =
	FIELD_TABLE("sign.design.anchors", design_anchors_shown, anchors_fields);

static const struct field base_fields[] = {
	F_ENUM(design_base, type, foundations),
	F_NUM(design_base, diameter_ft, NULLABLE, UNIT("ft")),
	F_NUM(design_base, depth_ft, NULLABLE, UNIT("ft"), DOC("To build")),
	F_NUM(design_base, length_ft, NULLABLE, UNIT("ft")),
	F_NUM(design_base, width_ft, NULLABLE, UNIT("ft")),
	F_NUM(design_base, thickness_ft, NULLABLE, UNIT("ft")),
	F_NUM(design_base, required_depth_ft, NULLABLE, UNIT("ft"), DOC("Exact")),
	F_NUM(design_base, concrete_yards, UNIT("yd3"), DOC("Of all, without waste")),
	F_OBJECT(design_base, rebar, &bars_table, DOC("Of one pier or footing")),
};
static const struct field_table base_table = FIELD_TABLE("sign.design.base", design_base, base_fields);

static const struct field cost_fields[] = {
	F_NUM(design_cost, steel, UNIT("USD")),      F_NUM(design_cost, concrete, UNIT("USD")),
	F_NUM(design_cost, excavation, UNIT("USD")), F_NUM(design_cost, rebar, UNIT("USD")),
	F_NUM(design_cost, anchors, UNIT("USD")),    F_NUM(design_cost, total, UNIT("USD")),
};
static const struct field_table cost_table = FIELD_TABLE("sign.design.cost", design_cost, cost_fields);

static const struct field option_fields[] = {
	F_OBJECT(design_option, pole, &pole_table),
	F_OBJECT(design_option, foundation, &base_table),
	F_OBJECT_PTR(design_option, baseplate, &plate_table, NULLABLE, DOC("Of a foundation that has one")),
	F_OBJECT_PTR(design_option, anchors, &anchors_table, NULLABLE, DOC("Of a foundation that has them")),
	F_OBJECT(design_option, cost_usd, &cost_table),
	F_OBJECTS(design_option, checks, &check_table, DOC("Of the pole, then of the foundation")),
};
static const struct field_table option_table = FIELD_TABLE("sign.design.option", design_option, option_fields);

static const struct field near_fields[] = {
	F_ENUM(design_near, family, section_family_names),
	F_STR(design_near, designation),
	F_NUM(design_near, weight_lb_ft, UNIT("lb/ft")),
	F_NUM(design_near, utilization, NULLABLE, DOC("The highest of the pole's checks")),
	F_STR(design_near, governing, DOC("The check that fails by most")),
	F_STR(design_near, because, DOC("What would help")),
};
static const struct field_table near_table = FIELD_TABLE("sign.design.near", design_near, near_fields);

static const struct field face_fields[] = {
	F_NUM(design_face, height_ft, UNIT("ft")),     F_NUM(design_face, sign_height_ft, UNIT("ft")),
	F_NUM(design_face, sign_width_ft, UNIT("ft")), F_NUM(design_face, area_ft2, UNIT("ft2")),
	F_NUM(design_face, weight_lb, UNIT("lb")),     F_NUM(design_face, x_ft, UNIT("ft")),
	F_NUM(design_face, depth_ft, UNIT("ft")),
};
static const struct field_table face_table = FIELD_TABLE("sign.design.face", design_face, face_fields);

static const struct field result_fields[] = {
	F_OBJECT(design_result, loads, &wind_result_table, DOC("The result of sign.wind with the selected poles")),
	F_OBJECT(design_result, face, &face_table, DOC("The face that the wind meets")),
	F_INT(design_result, num_poles),
	F_NUM(design_result, pole_length_ft, UNIT("ft"), DOC("From grade to the top of the sign")),
	F_NUM(design_result, spacing_ft, NULLABLE, UNIT("ft")),
	F_OBJECT_PTR(design_result, selected, &option_table, NULLABLE),
	F_OBJECTS(design_result, alternates, &option_table, DOC("The next best poles, by objective")),
	F_INT(design_result, considered_count, DOC("Sections × foundation sizes")),
	F_INT(design_result, feasible_count, DOC("Found; see the assumption feasible_counted")),
	F_OBJECT(design_result, price, &price_result_table, DOC("Service fee by sign.price")),
	F_OBJECTS(design_result, nearest, &near_table, DOC("When nothing is feasible")),
};
const struct field_table design_result_table = FIELD_TABLE("sign.design.result", design_result, result_fields);
