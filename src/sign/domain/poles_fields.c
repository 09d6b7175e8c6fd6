#include "core/arena.h"
#include "core/field.h"
#include "sign/domain/poles_request.h"
#include "sign/domain/section_catalog.h"

static const char *const family_names[] = {"pipe", "tube", "HSS_round", "HSS_square", "HSS_rect", "W", NULL};
static const char *const sort_names[] = {"weight", "modulus", "size", NULL};
static const char *const metal_names[] = {"steel", "aluminum", NULL};

static const struct field loads_fields[] = {
	F_NUM(pole_loads, m_kipin, NAMED("M_kipin"), REQUIRED, RANGE(0, 1e6), UNIT("kip-in"),
		  DOC("Bending moment at the base")),
	F_NUM(pole_loads, v_kip, NAMED("V_kip"), DEFAULT(0), RANGE(0, 1e6), UNIT("kip"), DOC("Shear at the base")),
	F_NUM(pole_loads, t_kipin, NAMED("T_kipin"), DEFAULT(0), RANGE(0, 1e6), UNIT("kip-in"),
		  DOC("Torsion about the vertical")),
	F_NUM(pole_loads, p_kip, NAMED("P_kip"), DEFAULT(0), RANGE(0, 1e6), UNIT("kip"), DOC("Compression")),
	F_NUM(
		pole_loads, my_kipin, NAMED("My_kipin"), RANGE(0, 1e6), UNIT("kip-in"),
		DOC("Bending moment at the base along the face, as of a sign beside its pole: about the weak axis; default 0")),
};
static const struct field_table loads_table = FIELD_TABLE("sign.poles.loads", pole_loads, loads_fields);

static const struct field per_pole_fields[] = {
	F_NUM(pole_loads, m_kipin, NAMED("M_kipin"), UNIT("kip-in")),
	F_NUM(pole_loads, v_kip, NAMED("V_kip"), UNIT("kip")),
	F_NUM(pole_loads, t_kipin, NAMED("T_kipin"), UNIT("kip-in")),
	F_NUM(pole_loads, p_kip, NAMED("P_kip"), UNIT("kip")),
};
static const struct field_table per_pole_table = FIELD_TABLE("sign.poles.per_pole", pole_loads, per_pole_fields);

static const struct field prefs_fields[] = {
	F_ENUMS(poles_prefs, family, family_names, ALSO("families"), COUNT(1, 20),
			DOC("Families to search; tube: round, square and rectangular HSS. Without it: pipe and tube")),
	F_STR(poles_prefs, steel_grade, LENGTH(1, 20),
		  DOC("Grade of all sections; without it pipe A53-B, HSS A500-C, W A992")),
	F_INT(poles_prefs, grade_edition, DEFAULT(2021), DOC("Edition of the grade's standard: 2018 or 2021")),
	F_NUM(poles_prefs, fy_ksi, RANGE(10, 120), UNIT("ksi"), DOC("Yield strength in place of the grade's")),
	F_ENUM(poles_prefs, sort_by, sort_names, DEFAULT(POLE_BY_WEIGHT),
		   DOC("First by weight, by elastic modulus, or by depth; then by weight, then by designation")),
	F_INT(poles_prefs, limit, DEFAULT(10), RANGE(1, 100), DOC("The most options to answer")),
	F_STR(poles_prefs, designation, LENGTH(1, 40), DOC("Only this section, answered whether it passes or not")),
};
static const struct field_table prefs_table = FIELD_TABLE("sign.poles.prefs", poles_prefs, prefs_fields);

static const struct field drift_fields[] = {
	F_NUM(poles_drift, limit_ratio, DEFAULT(120), RANGE(20, 1000), UNIT("1"),
		  DOC("Deflection of the top at most height / ratio")),
	F_NUM(poles_drift, service_force_kip, RANGE(0, 1e6), UNIT("kip"),
		  DOC("Force that bends the structure in service; without it V × service_factor")),
	F_NUM(poles_drift, arm_ft, ABOVE(0, 1e4), UNIT("ft"), DOC("Height of that force above the base; without it M / V")),
	F_NUM(poles_drift, service_factor, ABOVE(0, 2), UNIT("1"),
		  DOC("Service load over the given one; without it 1 at asd, .6 at lrfd")),
};
static const struct field_table drift_table = FIELD_TABLE("sign.poles.drift", poles_drift, drift_fields);

static const struct field segment_fields[] = {
	F_STR(poles_segment, designation, REQUIRED, LENGTH(1, 40), DOC("Section of the stretch")),
	F_NUM(poles_segment, length_ft, REQUIRED, ABOVE(0, 200), UNIT("ft"), DOC("Length of the stretch")),
};
static const struct field_table segment_table = FIELD_TABLE("sign.poles.segment", poles_segment, segment_fields);

static const struct field request_fields[] = {
	F_OBJECT(poles_request, loads, &loads_table, REQUIRED, DOC("Loads of the whole structure at `level`")),
	F_OBJECT(poles_request, prefs, &prefs_table, DOC("Families, grade, order")),
	F_INT(poles_request, num_poles, DEFAULT(1), RANGE(1, POLE_COUNT_MAX), DOC("Poles that share the loads")),
	F_NUM(poles_request, spacing_ft, ABOVE(0, 1000), UNIT("ft"),
		  DOC("Distance of the poles; required when several poles take torsion")),
	F_ENUM(poles_request, material, metal_names, DEFAULT(POLE_STEEL), DOC("Steel, or aluminium 6061-T6")),
	F_NUM(poles_request, height_ft, DEFAULT(20), RANGE(1, 200), UNIT("ft"), DOC("Length of the pole above its base")),
	F_NUM(poles_request, unbraced_length_ft, ABOVE(0, 200), UNIT("ft"), DOC("Unbraced length; without it the height")),
	F_NUM(poles_request, k_factor, DEFAULT(2.1), RANGE(.5, 10), UNIT("1"), DOC("Effective length factor")),
	F_NUM(poles_request, shear_length_ft, ABOVE(0, 200), UNIT("ft"),
		  DOC("From greatest to zero shear; without it the height")),
	F_OBJECT(poles_request, drift, &drift_table, DOC("Limit and service load of the deflection")),
	F_OBJECTS(poles_request, segments, &segment_table, COUNT(1, POLE_SEGMENTS_MAX),
			  DOC("A stepped pole, from the base up; the last stretch reaches the top. Only this pole is checked")),
	SIGN_COMMON_FIELDS(poles_request, SIGN_ASD),
};
const struct field_table poles_request_table = FIELD_TABLE("sign.poles.request", poles_request, request_fields);

static const struct field option_fields[] = {
	F_ENUM(pole_option, family, section_family_names, DOC("Family")),
	F_STR(pole_option, designation, DOC("Designation; of a stepped pole that of the base")),
	F_NUM(pole_option, weight_lb_ft, UNIT("lb/ft"), DOC("Weight of a foot")),
	F_NUM(pole_option, weight_lb, UNIT("lb"), DOC("Weight of one pole of the given height")),
	F_NUM(pole_option, sx_in3, NAMED("Sx_in3"), UNIT("in3"), DOC("Elastic modulus, strong axis")),
	F_NUM(pole_option, zx_in3, NAMED("Zx_in3"), UNIT("in3"), DOC("Plastic modulus, strong axis")),
	F_NUM(pole_option, ix_in4, NAMED("Ix_in4"), UNIT("in4"), DOC("Moment of inertia, strong axis")),
	F_NUM(pole_option, fy_ksi, UNIT("ksi"), DOC("Yield strength")),
	F_NUM(pole_option, fu_ksi, UNIT("ksi"), DOC("Tensile strength")),
	F_NUM(pole_option, deflection_in, NULLABLE, UNIT("in"),
		  DOC("Deflection of the top, amplified; null when the pole is not stable")),
	F_NUM(pole_option, amplification, NULLABLE, UNIT("1"),
		  DOC("1 / (1 - alpha P / Pe); null when the pole is not stable")),
	F_NUM(pole_option, utilization, NULLABLE, UNIT("1"), DOC("The highest of the checks; null: nothing is available")),
	F_BOOL(pole_option, all_pass, DOC("Every check passes")),
	F_OBJECTS(pole_option, checks, &check_table, DOC("axial, flexure, shear, torsion, interaction, deflection")),
};
static const struct field_table option_table = FIELD_TABLE("sign.poles.option", pole_option, option_fields);

static const struct field needs_fields[] = {
	F_NUM(pole_needs, zx_in3, NAMED("Zx_in3"), NULLABLE, UNIT("in3"),
		  DOC("Plastic modulus that would pass, by the section's own shape; null when more of it would not help")),
	F_INT(pole_needs, num_poles, NULLABLE, DOC("Poles of this section that would pass; null: more than 12")),
	F_NUM(pole_needs, height_ft, NULLABLE, UNIT("ft"),
		  DOC("Height that would pass, the moment falling with it; null: none")),
};
static const struct field_table needs_table = FIELD_TABLE("sign.poles.needs", pole_needs, needs_fields);

static const struct field nearest_fields[] = {
	F_ENUM(pole_nearest, family, section_family_names, DOC("Family")),
	F_STR(pole_nearest, designation, DOC("Designation")),
	F_NUM(pole_nearest, weight_lb_ft, UNIT("lb/ft"), DOC("Weight of a foot")),
	F_NUM(pole_nearest, utilization, NULLABLE, UNIT("1"), DOC("The highest of its checks")),
	F_STR(pole_nearest, governing, DOC("The check that fails most")),
	F_OBJECT(pole_nearest, needs, &needs_table, DOC("What would make it pass, one at a time")),
};
static const struct field_table nearest_table = FIELD_TABLE("sign.poles.nearest", pole_nearest, nearest_fields);

static const struct field result_fields[] = {
	F_OBJECTS(poles_result, options, &option_table, DOC("Passing sections in order; with a designation that one")),
	F_OBJECT_PTR(poles_result, recommended, &option_table, NULLABLE, DOC("The first passing option")),
	F_INT(poles_result, feasible_count, DOC("Sections that pass")),
	F_INT(poles_result, considered_count, DOC("Sections checked")),
	F_OBJECT(poles_result, per_pole, &per_pole_table, DOC("Loads of the most loaded pole")),
	F_OBJECTS(poles_result, nearest, &nearest_table, DOC("When nothing passes: the three that come closest")),
};
const struct field_table poles_result_table = FIELD_TABLE("sign.poles.result", poles_result, result_fields);

unsigned pole_families_of(const int *families, size_t count)
{
	static const unsigned sets[] = {
		[POLE_FAMILY_PIPE] = 1U << SECTION_PIPE,           [POLE_FAMILY_TUBE] = SECTION_TUBES,
		[POLE_FAMILY_HSS_ROUND] = 1U << SECTION_HSS_ROUND, [POLE_FAMILY_HSS_SQUARE] = 1U << SECTION_HSS_SQUARE,
		[POLE_FAMILY_HSS_RECT] = 1U << SECTION_HSS_RECT,   [POLE_FAMILY_W] = 1U << SECTION_W,
	};
	unsigned bits = 0;
	for (size_t i = 0; i < count; i++)
		bits |= families[i] >= 0 ? sets[families[i]] : 0;
	return bits != 0 ? bits : sets[POLE_FAMILY_PIPE] | sets[POLE_FAMILY_TUBE];
}

int *pole_families_usual(struct arena *arena, size_t *count)
{
	int *families = arena_array(arena, 2, sizeof *families);
	if (families == NULL)
		return NULL;
	families[0] = POLE_FAMILY_PIPE;
	families[1] = POLE_FAMILY_TUBE;
	*count = 2;
	return families;
}
