#include "sign/domain/cantilever_request.h"
#include "sign/domain/wind_fields.h"

static const char *const categories[] = {"A", "B", "B'", "C", "D", "E", "E'", NULL};
enum { CATEGORY_E_PRIME = 6 };
static const char *const importances[] = {"I", "II", "III", NULL};

/* --- request --- */

static const struct field pole_fields[] = {
	F_NUM(cantilever_pole, height_ft, RANGE(1, 60), UNIT("ft"), DOC("Default: height_ft")),
	F_STR(cantilever_pole, designation, LENGTH(1, 40), DOC("Default: the lightest pipe or tube that passes")),
};
static const struct field_table pole_table = FIELD_TABLE("sign.cantilever.pole", cantilever_pole, pole_fields);

static const struct field arms_fields[] = {
	F_INT(cantilever_members, count, RANGE(1, 4), DEFAULT(1)),
	F_NUM(cantilever_members, length_ft, REQUIRED, RANGE(.1, 30), UNIT("ft"), DOC("From the pole's axis")),
	F_NUM(cantilever_members, angle_deg, RANGE(-15, 15), DEFAULT(0), UNIT("deg"), DOC("Above the level")),
	F_STR(cantilever_members, designation, REQUIRED, LENGTH(1, 40), DOC("Pipe, round or square HSS")),
};
static const struct field_table arms_table = FIELD_TABLE("sign.cantilever.arms", cantilever_members, arms_fields);

static const struct field weights_fields[] = {
	F_NUM(cantilever_weights, sign_psf, RANGE(0, 200), DEFAULT(10), UNIT("psf"), DOC("Of the face")),
	F_NUM(cantilever_weights, sign_lb, RANGE(0, 1e6), UNIT("lb"), DOC("Instead of sign_psf")),
	F_NUM(cantilever_weights, arms_lb, RANGE(0, 1e6), UNIT("lb"), DOC("Of all arms; default: of the section")),
};
static const struct field_table weights_table =
	FIELD_TABLE("sign.cantilever.weights", cantilever_weights, weights_fields);

static const struct field ice_fields[] = {
	F_NUM(cantilever_ice, ice_in, RANGE(0, 10), UNIT("in"), DOC("The map's nominal ice thickness")),
	F_NUM(cantilever_ice, gust_mph, RANGE(0, 200), UNIT("mph"), DOC("The map's gust that comes with it")),
};
static const struct field_table ice_table = FIELD_TABLE("sign.cantilever.ice", cantilever_ice, ice_fields);

static const struct field fatigue_fields[] = {
	F_ENUM(cantilever_fatigue, category, categories, DEFAULT(CATEGORY_E_PRIME),
		   DOC("Detail where the arms meet the pole")),
	F_ENUM(cantilever_fatigue, importance, importances, DEFAULT(FATIGUE_I), DOC("Fatigue importance category")),
};
static const struct field_table fatigue_table =
	FIELD_TABLE("sign.cantilever.fatigue", cantilever_fatigue, fatigue_fields);

static const struct field request_fields[] = {
	WIND_REQUEST_FIELDS,
	F_OBJECT(cantilever_request, pole, &pole_table),
	F_OBJECT(cantilever_request, arms, &arms_table, REQUIRED),
	F_NUM(cantilever_request, sign_offset_ft, RANGE(0, 100), UNIT("ft"),
		  DOC("The sign's middle from the pole's axis; default: the arms' reach and half the sign's width")),
	F_OBJECT(cantilever_request, weights, &weights_table),
	F_OBJECT(cantilever_request, ice, &ice_table),
	F_OBJECT(cantilever_request, fatigue, &fatigue_table),
};
const struct field_table cantilever_request_table =
	FIELD_TABLE("sign.cantilever.request", cantilever_request, request_fields);

/* --- result --- */

static const struct field reactions_fields[] = {
	F_NUM(cantilever_reactions, v_kip, NAMED("V_kip"), UNIT("kip")),
	F_NUM(cantilever_reactions, m_wind_kipin, NAMED("M_wind_kipin"), UNIT("kip-in")),
	F_NUM(cantilever_reactions, m_dead_kipin, NAMED("M_dead_kipin"), UNIT("kip-in")),
	F_NUM(cantilever_reactions, m_kipin, NAMED("M_kipin"), UNIT("kip-in"), DOC("Resultant")),
	F_NUM(cantilever_reactions, t_kipin, NAMED("T_kipin"), UNIT("kip-in")),
	F_NUM(cantilever_reactions, p_kip, NAMED("P_kip"), UNIT("kip")),
};
static const struct field_table reactions_table =
	FIELD_TABLE("sign.cantilever.reactions", cantilever_reactions, reactions_fields);

static const struct field arms_result_fields[] = {
	F_STR(arms_result, designation),
	F_INT(arms_result, count),
	F_NUM(arms_result, weight_lb, UNIT("lb")),
	F_NUM(arms_result, reach_ft, UNIT("ft")),
	F_NUM(arms_result, sign_offset_ft, UNIT("ft")),
	F_NUM(arms_result, utilization, NULLABLE),
	F_BOOL(arms_result, all_pass),
	F_OBJECTS(arms_result, checks, &check_table),
};
static const struct field_table arms_result_table =
	FIELD_TABLE("sign.cantilever.arms_result", arms_result, arms_result_fields);

static const struct field fatigue_result_fields[] = {
	F_NUM(fatigue_result, stress_range_ksi, UNIT("ksi"), DOC("The larger of the two below")),
	F_NUM(fatigue_result, threshold_ksi, UNIT("ksi")),
	F_ENUM(fatigue_result, category, categories),
	F_BOOL(fatigue_result, pass),
	F_NUM(fatigue_result, natural_ksi, UNIT("ksi"), DOC("Natural wind gusts")),
	F_NUM(fatigue_result, galloping_ksi, UNIT("ksi")),
};
static const struct field_table fatigue_result_table =
	FIELD_TABLE("sign.cantilever.fatigue_result", fatigue_result, fatigue_result_fields);

static const struct field result_fields[] = {
	F_OBJECT(cantilever_result, reactions, &reactions_table, DOC("At the base, at `level`: the largest of the cases")),
	F_NUM(cantilever_result, tip_deflection_in, NULLABLE, UNIT("in"),
		  DOC("Of the arms' tip under D + 0.6 W; null without a pole")),
	F_OBJECT(cantilever_result, poles, &poles_result_table, DOC("The result of sign.poles")),
	F_OBJECT(cantilever_result, arms, &arms_result_table),
	F_OBJECT(cantilever_result, fatigue, &fatigue_result_table),
	F_OBJECT(cantilever_result, wind, &wind_result_table, DOC("The result of sign.wind")),
	F_OBJECTS(cantilever_result, checks, &check_table, DOC("Of the pole, of the arms, and fatigue")),
	F_BOOL(cantilever_result, all_pass),
};
const struct field_table cantilever_result_table =
	FIELD_TABLE("sign.cantilever.result", cantilever_result, result_fields);
