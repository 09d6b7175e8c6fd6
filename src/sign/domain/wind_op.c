#include "sign/domain/wind_op.h"

#include <math.h>

#include "core/arena.h"
#include "seal/calc.h"
#include "seal/op.h"
#include "sign/domain/wind_pack.h"

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

enum { GUST_RIGID, GUST_FLEXIBLE };
static const double RIGID_G = .85; /* REF: ASCE 7-16 section 26.11.1 */

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
	F_ENUM(wind_request, gust, gusts, DEFAULT(GUST_RIGID)),
	F_NUM(wind_request, g, RANGE(.5, 3), DOC("Gust factor of your own; overrides")),
	F_NUM(wind_request, natural_frequency_hz, RANGE(.05, 100), UNIT("Hz"), DOC("Required for a flexible gust")),
	F_NUM(wind_request, damping_ratio, RANGE(.001, .2), DEFAULT(.01)),
	F_NUM(wind_request, depth_ft, RANGE(.1, 100), DEFAULT(1), UNIT("ft"), DOC("L: along the wind, of a flexible gust")),
	F_OBJECT_PTR(wind_request, poles, &poles_table, DOC("Poles that stand in the wind below the sign")),
	SIGN_COMMON_FIELDS(wind_request, SIGN_ASD),
};
static const struct field_table request_table = FIELD_TABLE("sign.wind.request", wind_request, request_fields);

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

/* --- deciding --- */

/* The pointers of faults, below the place where the request stands in the body. */
struct place {
	struct calc *calc;
	const char *pointer;
};

static const char *at(const struct place *place, const char *name)
{
	return field_pointer(place->calc->arena, place->pointer, name);
}

static void check(const struct place *place, const struct wind_request *r)
{
	if (r->sign_height_ft > r->height_ft)
		calc_fault(place->calc, at(place, "sign_height_ft"), "greater_than_height",
				   "must not be above height_ft (%.10g ft)", r->height_ft);
	if (given(r->area_ft2) && r->area_ft2 > r->sign_height_ft * r->sign_width_ft * (1 + 1e-9))
		calc_fault(place->calc, at(place, "area_ft2"), "range", "must be at most the face's %.10g ft2",
				   r->sign_height_ft * r->sign_width_ft);
	if (given(r->kzt) && r->hill != NULL)
		calc_fault(place->calc, at(place, "hill"), "conflict", "says the same as kzt: give one of them");
	if (given(r->ke) && given(r->ground_elevation_ft))
		calc_fault(place->calc, at(place, "ground_elevation_ft"), "conflict", "says the same as ke: give one of them");
	if (r->gust == GUST_FLEXIBLE && !given(r->g) && !given(r->natural_frequency_hz))
		calc_fault(place->calc, at(place, "natural_frequency_hz"), "required", "is required for a flexible gust");
	if (r->poles != NULL && given(r->poles->to_ft) && r->poles->to_ft < r->poles->from_ft)
		calc_fault(place->calc, at(place, "poles/to_ft"), "range", "must not be below from_ft");
}

static void choose_site(struct calc *calc, const struct wind_request *r, struct wind_site *site)
{
	bool flat = false;
	site->code = r->common.code;
	site->exposure = r->exposure;
	site->wind_speed_mph = r->wind_speed_mph;
	site->kzt = r->hill != NULL ? NAN : given(r->kzt) ? r->kzt : 1;
	site->hill = r->hill;
	site->kd = r->kd;
	site->kz_table = r->kz_method == 1;
	/* REF: ASCE 7-10 eq. 29.3-1: that edition has no Ke */
	if (r->common.code == SIGN_ASCE7_10) {
		site->ke = 1;
		if (given(r->ke) || given(r->ground_elevation_ft))
			calc_assume(calc, "ke_not_in_edition",
						"ASCE 7-10 has no ground elevation factor: Ke is 1, whatever was given.");
	} else {
		site->ke = given(r->ke) ? r->ke : wind_ke(given(r->ground_elevation_ft) ? r->ground_elevation_ft : 0);
	}
	if (r->hill != NULL)
		wind_kzt_hill(r->hill, r->exposure, r->height_ft, &flat);
	if (flat)
		calc_assume(calc, "kzt_conditions",
					"Kzt is 1: the hill does not meet the conditions of 26.8.1 (H/Lh of .2, and a height of 15 ft, 60 "
					"ft in exposure B).");
}

static double choose_gust(struct calc *calc, const struct wind_request *r, const struct wind_site *site)
{
	if (given(r->g)) {
		calc_assume(calc, "gust_given", "The gust factor %.4g was given.", r->g);
		return r->g;
	}
	if (r->gust == GUST_RIGID) {
		if (given(r->natural_frequency_hz) && r->natural_frequency_hz < 1)
			calc_warn(
				calc, "flexible_structure", "/gust",
				"The natural frequency is below 1 Hz: the structure is flexible (26.2), and G of .85 may be too low.");
		return RIGID_G;
	}
	struct wind_gust gust;
	const struct wind_flexible flexible = {r->natural_frequency_hz, r->damping_ratio, r->depth_ft};
	double gf = wind_gust_flexible(site, r->height_ft, r->sign_width_ft, &flexible, &gust);
	calc_factor(calc, "z_bar_ft", gust.z_bar_ft);
	calc_factor(calc, "i_z", gust.iz);
	calc_factor(calc, "l_z_ft", gust.lz_ft);
	calc_factor(calc, "q", gust.q);
	calc_factor(calc, "v_z_ft_s", gust.vz_ft_s);
	calc_factor(calc, "n1_hz", gust.n1);
	calc_factor(calc, "r_n", gust.rn);
	calc_factor(calc, "r_h", gust.rh);
	calc_factor(calc, "r_b", gust.rb);
	calc_factor(calc, "r_l", gust.rl);
	calc_factor(calc, "r", gust.r);
	calc_factor(calc, "g_r", gust.gr);
	if (r->common.code == SIGN_ASCE7_22)
		calc_assume(calc, "check_gust_constants",
					"Terrain constants of ASCE 7-22 table 26.11-1: check against a printed copy.");
	return gf;
}

static void decide_poles(struct calc *calc, const struct wind_request *r, struct wind_setup *setup)
{
	const struct wind_poles_request *p = r->poles;
	if (p == NULL || p->count == 0)
		return;
	double to_ft = given(p->to_ft) ? p->to_ft : r->height_ft - r->sign_height_ft;
	if (to_ft <= p->from_ft)
		return;
	const struct wind_pole pole = {.shape = p->shape,
								   .surface = p->surface,
								   .count = (double)p->count,
								   .width_in = p->width_in,
								   .from_ft = p->from_ft,
								   .to_ft = to_ft,
								   .structure_height_ft = r->height_ft};
	wind_on_pole(&setup->site, &pole, setup->face.gust, &setup->poles);
	setup->has_poles = true;
	calc_assume(calc, "kd_of_sign", "Kd of the sign is used for the poles as well.");
}

/* One case with the poles: the largest base moment, of equals the largest torsion, so B before A. */
static struct wind_total_result choose_total(const struct wind_setup *setup)
{
	const struct wind_loads *l = &setup->loads;
	const struct wind_case *cases[] = {&l->a, &l->b, &l->c};
	int governing = 0, count = l->c_applies ? 3 : 2;
	for (int i = 1; i < count; i++) {
		const struct wind_case *best = cases[governing], *next = cases[i];
		if (next->moment_lbft > best->moment_lbft ||
			(next->moment_lbft == best->moment_lbft && next->torsion_lbft > best->torsion_lbft))
			governing = i;
	}
	return (struct wind_total_result){
		.force_lb = cases[governing]->force_lb + setup->poles.force_lb,
		.moment_base_lbft = cases[governing]->moment_lbft + setup->poles.moment_lbft,
		.torsion_lbft = cases[governing]->torsion_lbft,
		.governing_case = governing,
	};
}

static struct wind_level_result level_of(const struct wind_total_result *total, double pressure_psf, double factor)
{
	return (struct wind_level_result){factor * total->force_lb, factor * total->moment_base_lbft,
									  factor * total->torsion_lbft, factor * pressure_psf};
}

static struct wind_c_result *case_c_result(struct calc *calc, const struct wind_loads *l)
{
	struct wind_c_result *c = arena_new(calc->arena, struct wind_c_result);
	struct wind_region *regions = arena_array(calc->arena, l->region_count, sizeof *regions);
	if (!l->c_applies || c == NULL || regions == NULL)
		return NULL;
	*c = (struct wind_c_result){
		.applies = true,
		.reduction_factor = l->reduction_factor,
		.return_corner_factor = l->return_corner_factor,
		.regions = {l->region_count, regions},
		.force_lb = l->c.force_lb,
		.moment_base_lbft = l->c.moment_lbft,
		.torsion_lbft = l->c.torsion_lbft,
	};
	for (size_t i = 0; i < l->region_count; i++)
		regions[i] = l->regions[i];
	return c;
}

static struct wind_poles_result *poles_result(struct calc *calc, const struct wind_setup *setup)
{
	struct wind_poles_result *poles = setup->has_poles ? arena_new(calc->arena, struct wind_poles_result) : NULL;
	const struct wind_pole_loads *l = &setup->poles;
	if (poles != NULL)
		*poles = (struct wind_poles_result){l->cf, l->qz_psf, l->area_ft2, l->force_lb, l->arm_ft, l->moment_lbft};
	return poles;
}

static const char *cf_source(const struct wind_setup *setup)
{
	bool old = setup->site.code == SIGN_ASCE7_10;
	if (setup->loads.open)
		return old ? "ASCE 7-10 figure 29.5-2" : "ASCE 7 figure 29.4-2, open signs";
	return old ? "ASCE 7-10 figure 29.4-1" : "ASCE 7 figure 29.3-1";
}

static void note(struct calc *calc, const struct wind_request *r, const struct wind_setup *setup)
{
	const struct wind_loads *l = &setup->loads;
	calc_factor(calc, "kz", l->at.kz);
	calc_factor(calc, "kzt", l->at.kzt);
	calc_factor(calc, "ke", setup->site.ke);
	calc_factor(calc, "kd", setup->site.kd);
	calc_factor(calc, "qh_psf", l->at.qz_psf);
	calc_factor(calc, "g", setup->face.gust);
	calc_factor(calc, "s_over_h", l->s_over_h);
	calc_factor(calc, "b_over_s", l->b_over_s);
	calc_factor(calc, "cf", l->cf);
	calc_factor(calc, "opening_factor", l->opening_factor);
	calc_factor(calc, "area_ft2", l->area_ft2);
	calc_factor(calc, "arm_ft", l->arm_ft);
	calc_factor(calc, "minimum_lb", 16 * l->area_ft2);
	if (l->c_applies) {
		calc_factor(calc, "case_c_reduction", l->reduction_factor);
		calc_factor(calc, "case_c_return_corner", l->return_corner_factor);
	}
	if (l->c_applies && l->b_over_s > 3)
		calc_assume(calc, "check_case_c",
					"Case C beyond 3s: check the coefficients against a printed copy of the figure.");
	/* REF: ASCE 7-22 chapter 32 */
	if (r->common.code == SIGN_ASCE7_22 && r->risk_category >= 2)
		calc_assume(calc, "tornado_not_checked",
					"Tornado loads (ASCE 7-22 chapter 32) apply to risk categories III and IV and were not checked.");
}

bool wind_decide(struct calc *calc, const struct wind_request *r, const char *pointer, struct wind_setup *setup,
				 struct wind_result *result)
{
	const struct place place = {calc, pointer};
	*setup = (struct wind_setup){.has_poles = false};
	check(&place, r);
	if (calc->faults.count > 0)
		return false;
	setup->site.figure = calc_pack(calc, "wind_figure");
	setup->site.table = r->kz_method == 1 ? calc_pack(calc, "exposure") : NULL;
	if (setup->site.figure == NULL || (r->kz_method == 1 && setup->site.table == NULL))
		return false;
	choose_site(calc, r, &setup->site);
	setup->face = (struct wind_face){
		.height_ft = r->height_ft,
		.sign_height_ft = r->sign_height_ft,
		.sign_width_ft = r->sign_width_ft,
		.area_ft2 = given(r->area_ft2) ? r->area_ft2 : r->sign_height_ft * r->sign_width_ft,
		.solid_ratio = r->solid_ratio,
		.open_shape = r->open_shape,
		.member_width_in = r->member_width_in,
		.return_corner_ft = r->return_corner_ft,
		.gust = choose_gust(calc, r, &setup->site),
	};
	wind_on_face(&setup->site, &setup->face, &setup->loads);
	decide_poles(calc, r, setup);
	note(calc, r, setup);
	const struct wind_loads *l = &setup->loads;
	*result = (struct wind_result){
		.kz = l->at.kz,
		.kzt = l->at.kzt,
		.ke = setup->site.ke,
		.kd = setup->site.kd,
		.g = setup->face.gust,
		.qh_psf = l->at.qz_psf,
		.s_over_h = l->s_over_h,
		.b_over_s = l->b_over_s,
		.cf = l->cf,
		.cf_source = cf_source(setup),
		.opening_factor = l->opening_factor,
		.area_ft2 = l->area_ft2,
		.pressure_psf = l->pressure_psf,
		.force_lb = l->a.force_lb,
		.min_governs = l->min_governs,
		.arm_ft = l->arm_ft,
		.moment_base_lbft = l->a.moment_lbft,
		.case_b = {l->b.force_lb, l->eccentricity_ft, l->b.torsion_lbft},
		.case_c = case_c_result(calc, l),
		.poles = poles_result(calc, setup),
		.total = choose_total(setup),
	};
	result->lrfd = level_of(&result->total, result->pressure_psf, 1);
	result->asd = level_of(&result->total, result->pressure_psf, .6);
	return true;
}

static bool run(struct calc *calc, const void *input, void *output)
{
	struct wind_setup setup;
	return wind_decide(calc, input, "", &setup, output);
}

static const struct op_alias aliases[] = {{"POST", "/signage/common/wind/loads"}, {NULL, NULL}};

const struct op sign_wind_op = {
	.name = "sign.wind",
	.path = "/api/v1/sign/wind",
	.summary = "Wind on freestanding solid and open signs and their poles (ASCE 7)",
	.doc = "Cases A, B and C of figure 29.3-1, open signs, poles, the minimum load, topography, elevation, rigid and "
		   "flexible "
		   "gusts; editions 7-10, 7-16 and 7-22. Un-prefixed figures are Case A at strength level.",
	.aliases = aliases,
	.input = &request_table,
	.output = &wind_result_table,
	.run = run,
	.example = "{\"wind_speed_mph\":115,\"exposure\":\"C\",\"height_ft\":20,\"sign_height_ft\":8,\"sign_width_ft\":12}",
	.quick = true,
};
