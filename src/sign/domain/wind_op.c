#include "sign/domain/wind_op.h"

#include <math.h>

#include "core/arena.h"
#include "seal/calc.h"
#include "seal/op.h"
#include "sign/domain/wind_pack.h"

static const double RIGID_G = .85; /* REF: ASCE 7-16 section 26.11.1 */

/* The pointers of faults, below the place where the request stands in the body. */
struct place {
	struct calc *calc;
	const char *pointer;
};

static const char *at(const struct place *place, const char *name)
{
	return field_pointer(place->calc->arena, place->pointer, name);
}

static const char *at_poles(const struct place *place, const char *name)
{
	return field_pointer(place->calc->arena, at(place, "poles"), name);
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
	if (r->gust == WIND_FLEXIBLE && !given(r->g) && !given(r->natural_frequency_hz))
		calc_fault(place->calc, at(place, "natural_frequency_hz"), "required", "is required for a flexible gust");
	if (r->poles != NULL && given(r->poles->to_ft) && r->poles->to_ft < r->poles->from_ft)
		calc_fault(place->calc, at_poles(place, "to_ft"), "range", "must not be below from_ft");
	else if (r->poles != NULL && !given(r->poles->to_ft) && r->poles->from_ft > r->height_ft - r->sign_height_ft)
		calc_fault(place->calc, at_poles(place, "from_ft"), "range", "must not be above the sign's bottom");
}

void wind_check(struct calc *calc, const struct wind_request *request, const char *pointer)
{
	const struct place place = {calc, pointer};
	check(&place, request);
}

void wind_complete(struct wind_request *r)
{
	if (!given(r->kzt) && r->hill == NULL)
		r->kzt = 1;
	if (!given(r->ke) && !given(r->ground_elevation_ft) && r->common.code != SIGN_ASCE7_10)
		r->ground_elevation_ft = 0;
	if (!given(r->area_ft2))
		r->area_ft2 = r->sign_height_ft * r->sign_width_ft;
	if (r->poles != NULL && !given(r->poles->to_ft))
		r->poles->to_ft = r->height_ft - r->sign_height_ft;
}

static void complete(void *input, struct arena *arena)
{
	(void)arena;
	wind_complete(input);
}

static void check_alone(struct calc *calc, const void *input)
{
	wind_check(calc, input, "");
}

static void choose_site(struct calc *calc, const struct wind_request *r, struct wind_site *site)
{
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
}

/* REF: ASCE 7-16 section 26.8.1 */
static void note_hill(struct calc *calc, const struct wind_request *r, const struct wind_loads *l)
{
	struct wind_topography topography;
	double z_ft = l->open ? r->height_ft - r->sign_height_ft / 2 : r->height_ft;
	wind_kzt_hill(r->hill, r->exposure, z_ft, &topography);
	calc_factor(calc, "k1", topography.k1);
	calc_factor(calc, "k2", topography.k2);
	calc_factor(calc, "k3", topography.k3);
	if (topography.flat)
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
	if (r->gust == WIND_RIGID) {
		if (!given(r->natural_frequency_hz))
			calc_assume(calc, "rigid_structure", "The structure is taken to be rigid: 1 Hz and more (26.2), G .85.");
		else if (r->natural_frequency_hz < 1)
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
	calc_factor(calc, "g_q", WIND_PEAK_FACTOR);
	calc_factor(calc, "g_v", WIND_PEAK_FACTOR);
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
	calc_factor(calc, "pole_kz", setup->poles.kz);
	calc_factor(calc, "pole_kzt", setup->poles.kzt);
	calc_factor(calc, "pole_qz_psf", setup->poles.qz_psf);
	calc_factor(calc, "pole_h_over_d", setup->poles.h_over_d);
	calc_factor(calc, "pole_d_root_q", setup->poles.d_root_q);
	calc_factor(calc, "pole_cf", setup->poles.cf);
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
		double more = next->moment_lbft - best->moment_lbft, rounding = 1e-9 * best->moment_lbft;
		if (more > rounding || (more >= -rounding && next->torsion_lbft > best->torsion_lbft))
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

/* REF: ASCE 7-10 figure 29.4-1; ASCE 7-10 figure 29.5-2: where that edition has them */
static const char *cf_source(const struct wind_setup *setup)
{
	static const char *const sources[][2] = {
		[SIGN_ASCE7_10] = {"ASCE 7-10 figure 29.4-1", "ASCE 7-10 figure 29.5-2"},
		[SIGN_ASCE7_16] = {"ASCE 7-16 figure 29.3-1", "ASCE 7-16 figure 29.4-2"},
		[SIGN_ASCE7_22] = {"ASCE 7-22 figure 29.3-1", "ASCE 7-22 figure 29.4-2"},
	};
	return sources[setup->site.code][setup->loads.open];
}

static void note(struct calc *calc, const struct wind_request *r, const struct wind_setup *setup)
{
	const struct wind_loads *l = &setup->loads;
	if (r->kz_method == 0) {
		calc_factor(calc, "alpha", wind_alpha(r->common.code, r->exposure));
		calc_factor(calc, "zg_ft", wind_zg_ft(r->common.code, r->exposure));
	}
	if (r->hill != NULL)
		note_hill(calc, r, l);
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
	*setup = (struct wind_setup){.has_poles = false};
	wind_check(calc, r, pointer);
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
		.centroid_ft = r->centroid_ft,
		.cf_least = r->cf_least,
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
	.input = &wind_request_table,
	.output = &wind_result_table,
	.check = check_alone,
	.complete = complete,
	.run = run,
	.example = "{\"wind_speed_mph\":115,\"exposure\":\"C\",\"height_ft\":20,\"sign_height_ft\":8,\"sign_width_ft\":12}",
	.quick = true,
};
