#include "sign/domain/soil.h"

#include "core/arena.h"
#include "core/err.h"
#include "seal/calc.h"
#include "sign/domain/common.h"

static const struct field class_fields[] = {
	F_INT(soil_class, number, NAMED("class"), REQUIRED, RANGE(1, 5)),
	F_STR(soil_class, label, REQUIRED),
	F_NUM(soil_class, vertical_psf, REQUIRED, RANGE(1, 1e6)),
	F_NUM(soil_class, lateral_psf_ft, REQUIRED, RANGE(1, 1e5)),
	F_NUM(soil_class, friction, RANGE(0, 1)),
	F_NUM(soil_class, cohesion_psf, RANGE(0, 1e5)),
};
static const struct field_table class_table = FIELD_TABLE("pack.soils.class", soil_class, class_fields);

static const struct field soils_fields[] = {
	F_STR(soils, name, REQUIRED),
	F_STR(soils, version, REQUIRED),
	F_STR(soils, effective_from),
	F_STR(soils, source),
	F_OBJECTS(soils, classes, &class_table, REQUIRED, COUNT(5, 5)),
};
static const struct field_table soils_table = FIELD_TABLE("pack.soils", soils, soils_fields);

static const struct field calibration_fields[] = {
	F_STR(footing_calibration, name, REQUIRED),
	F_STR(footing_calibration, version, REQUIRED),
	F_STR(footing_calibration, effective_from),
	F_STR(footing_calibration, source),
	F_NUM(footing_calibration, min_depth_in, REQUIRED, RANGE(0, 600)),
	F_NUM(footing_calibration, min_diameter_in, REQUIRED, RANGE(0, 240)),
	F_NUM(footing_calibration, depth_step_in, REQUIRED, RANGE(.125, 24)),
	F_NUM(footing_calibration, max_depth_ft, REQUIRED, RANGE(1, 500)),
	F_NUM(footing_calibration, half_inch_motion, REQUIRED, RANGE(1, 4)),
	F_NUM(footing_calibration, cap_ft, REQUIRED, RANGE(1, 100)),
	F_NUM(footing_calibration, cap_multiple, REQUIRED, RANGE(1, 100)),
	F_NUM(footing_calibration, sf_overturning, REQUIRED, RANGE(1, 5)),
	F_NUM(footing_calibration, sf_sliding, REQUIRED, RANGE(1, 5)),
};
static const struct field_table calibration_table =
	FIELD_TABLE("pack.footing_calibration", footing_calibration, calibration_fields);

static const struct field bar_fields[] = {
	F_INT(rebar_size, size, REQUIRED, RANGE(3, 18)),
	F_NUM(rebar_size, diameter_in, REQUIRED, RANGE(.1, 3)),
	F_NUM(rebar_size, area_in2, REQUIRED, RANGE(.01, 5)),
	F_NUM(rebar_size, weight_lb_ft, REQUIRED, RANGE(.1, 20)),
};
static const struct field_table bar_table = FIELD_TABLE("pack.concrete.bar", rebar_size, bar_fields);

static const struct field concrete_fields[] = {
	F_STR(concrete_constants, name, REQUIRED),
	F_STR(concrete_constants, version, REQUIRED),
	F_STR(concrete_constants, effective_from),
	F_STR(concrete_constants, source),
	F_NUMS(concrete_constants, fc_psi, REQUIRED, COUNT(1, 20)),
	F_NUM(concrete_constants, unit_weight_pcf, REQUIRED, RANGE(50, 300)),
	F_NUM(concrete_constants, cover_in, REQUIRED, RANGE(.5, 6)),
	F_NUM(concrete_constants, fy_psi, REQUIRED, RANGE(30000, 100000)),
	F_OBJECTS(concrete_constants, bars, &bar_table, REQUIRED, COUNT(1, 20)),
};
static const struct field_table concrete_table = FIELD_TABLE("pack.concrete", concrete_constants, concrete_fields);

static bool decode(const struct field_table *table, const struct json *tree, struct arena *arena, const void **data,
				   struct err *err)
{
	void *into = arena_alloc(arena, table->size);
	*data = into;
	return into != NULL ? sign_pack_decode(table, tree, into, arena, err) : err_set(err, ERR_LIMIT, "no memory");
}

static bool decode_soils(const struct json *tree, struct arena *arena, const void **data, struct err *err)
{
	if (!decode(&soils_table, tree, arena, data, err))
		return false;
	const struct soils *soils = *data;
	for (size_t i = 0; i < soils->classes.count; i++)
		if (soils->classes.items[i].number != (int64_t)i + 1)
			return err_field(err, ERR_INVALID, "/classes", "classes must be 1 to 5 in order");
	return true;
}

static bool decode_calibration(const struct json *tree, struct arena *arena, const void **data, struct err *err)
{
	return decode(&calibration_table, tree, arena, data, err);
}

static bool decode_concrete(const struct json *tree, struct arena *arena, const void **data, struct err *err)
{
	return decode(&concrete_table, tree, arena, data, err);
}

const struct pack_kind sign_soils_kind = {.name = "soils", .decode = decode_soils};
const struct pack_kind sign_footing_calibration_kind = {.name = "footing_calibration", .decode = decode_calibration};
const struct pack_kind sign_concrete_kind = {.name = "concrete", .decode = decode_concrete};

static const struct field request_fields[] = {
	F_INT(soil_request, number, NAMED("class"), RANGE(1, 5), DEFAULT(4), DOC("Class of IBC table 1806.2")),
	F_NUM(soil_request, lateral_psf_ft, RANGE(10, 2000), UNIT("psf/ft"), DOC("Lateral bearing below natural grade")),
	F_NUM(soil_request, vertical_psf, RANGE(100, 100000), UNIT("psf")),
	F_NUM(soil_request, friction, RANGE(0, 1), DOC("Coefficient of friction")),
	F_NUM(soil_request, cohesion_psf, RANGE(0, 10000), UNIT("psf")),
};
const struct field_table soil_request_table = FIELD_TABLE("sign.soil", soil_request, request_fields);

bool soil_choose(struct calc *calc, const struct soil_request *request, struct soil_class *soil)
{
	const struct soils *soils = calc_pack(calc, "soils");
	if (soils == NULL)
		return false;
	*soil = soils->classes.items[request->number - 1];
	bool tested = given(request->lateral_psf_ft) || given(request->vertical_psf);
	if (given(request->lateral_psf_ft))
		soil->lateral_psf_ft = request->lateral_psf_ft;
	if (given(request->vertical_psf))
		soil->vertical_psf = request->vertical_psf;
	/* One of the two resists sliding: what was measured goes before the table, friction before cohesion. */
	if (given(request->friction)) {
		soil->friction = request->friction;
		soil->cohesion_psf = NAN;
	} else if (given(request->cohesion_psf)) {
		soil->cohesion_psf = request->cohesion_psf;
		soil->friction = NAN;
	}
	if (given(request->friction) && given(request->cohesion_psf))
		calc_assume(calc, "cohesion_not_counted", "Friction was given: cohesion is not counted beside it.");
	if (!tested)
		calc_assume(calc, "presumptive_soil",
					"Class %lld soil (%s) by IBC table 1806.2: no geotechnical report was given.",
					(long long)soil->number, soil->label);
	return true;
}
