#include "sign/domain/cantilever_op.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "seal/calc.h"
#include "sign/domain/cantilever.h"
#include "sign/domain/cantilever_request.h"
#include "sign/domain/grade.h"
#include "sign/domain/poles_op.h"
#include "sign/domain/section_catalog.h"
#include "sign/domain/snow_ice.h"

static const double STRENGTH_TO_ASD = .6; /* REF: ASCE 7-16 section 2.4.1: 0.6 W */
static const double DEAD_LRFD = 1.2;      /* REF: ASCE 7-16 section 2.3.1: 1.2 D + W */
static const double ICE_ASD = .7;         /* REF: ASCE 7-16 section 2.4.3: 0.7 Di + 0.7 Wi */
static const double ARM_LIMIT_RATIO = 120;

/* A cantilever under way. */
struct hanging {
	struct calc *calc;
	const struct cantilever_request *r;
	struct cantilever_result *out;
	struct wind_setup setup;
	const struct section *arm;
	struct pole_material arm_material;
	double pole_ft, reach_ft, x_ft, z_ft; /* x_ft, z_ft: the sign's middle */
	struct wind_pole_loads arm_wind;
	struct cantilever_loads cases[4]; /* factored; the last may be ice */
	int count;
	bool lrfd;
};

/* --- what stands there --- */

static const struct section *find(struct hanging *h, const char *designation, const char *pointer,
								  struct pole_material *material)
{
	enum { EDITION = 2021 };
	struct section_set set;
	uint64_t key = section_key(designation);
	const struct grades *grades = calc_pack(h->calc, "grades");
	if (grades == NULL || !section_open(h->calc, section_key_is_w(key) ? 1u << SECTION_W : 0, &set))
		return NULL;
	const struct section *section = section_find(&set, SECTION_A500, key);
	if (section == NULL) {
		calc_fault(h->calc, pointer, "unknown_section", "is no section of the catalog");
		return NULL;
	}
	const struct grade *grade =
		grade_find(grades, grade_default((enum grade_form)section->family), (enum grade_form)section->family, EDITION);
	if (grade != NULL)
		*material = (struct pole_material){STEEL_E_KSI, STEEL_G_KSI, grade->fy_ksi, grade->fu_ksi};
	return grade != NULL ? section : NULL;
}

static bool place(struct hanging *h)
{
	const struct wind_request *w = &h->r->wind;
	struct pole_material unused;
	h->lrfd = w->common.level == SIGN_LRFD;
	h->arm = find(h, h->r->arms.designation, "/arms/designation", &h->arm_material);
	if (h->arm != NULL && (h->arm->family == SECTION_W || h->arm->family == SECTION_HSS_RECT))
		calc_fault(h->calc, "/arms/designation", "enum",
				   "must be a pipe, or a round or square HSS: arms bend both ways");
	if (h->r->pole.designation != NULL)
		find(h, h->r->pole.designation, "/pole/designation", &unused);
	h->pole_ft = given(h->r->pole.height_ft) ? h->r->pole.height_ft : w->height_ft;
	h->reach_ft = h->r->arms.length_ft * cos(h->r->arms.angle_deg * M_PI / 180);
	h->x_ft = given(h->r->sign_offset_ft) ? h->r->sign_offset_ft : h->reach_ft + w->sign_width_ft / 2;
	return h->arm != NULL && h->calc->faults.count == 0;
}

static void check(struct calc *calc, const void *input)
{
	const struct cantilever_request *r = input;
	wind_check(calc, &r->wind, "");
	if (!given(r->pole.height_ft) && r->wind.height_ft > 60)
		calc_fault(calc, "/pole/height_ft", "range", "must be at most 60 ft; it defaults to height_ft");
	/* arms may rise to the sign, by their angle */
	double rise_ft = r->arms.length_ft * fmax(0, sin(r->arms.angle_deg * M_PI / 180));
	double bottom_ft = r->wind.height_ft - r->wind.sign_height_ft;
	if (given(r->pole.height_ft) && r->pole.height_ft + rise_ft < bottom_ft - 1e-9)
		calc_fault(calc, "/pole/height_ft", "below_sign", "must reach the sign, whose bottom is at %.4g ft", bottom_ft);
	if (r->wind.poles != NULL)
		calc_fault(calc, "/poles", "conflict", "the pole is `pole`, and stands in the wind by itself");
	struct hanging h = {.calc = calc, .r = r};
	if (r->arms.designation != NULL)
		place(&h);
}

/* Wind on round and square members of a width, at the middle of their length. */
static struct wind_pole_loads wind_on(const struct hanging *h, double count, double width_in, bool round,
									  double from_ft, double to_ft)
{
	struct wind_pole_loads loads;
	const struct wind_pole pole = {.shape = round ? POLE_ROUND : POLE_SQUARE,
								   .surface = SURFACE_SMOOTH,
								   .count = count,
								   .width_in = width_in,
								   .from_ft = from_ft,
								   .to_ft = to_ft,
								   .structure_height_ft = to_ft - from_ft};
	wind_on_pole(&h->setup.site, &pole, h->setup.face.gust, &loads);
	return loads;
}

static bool is_round(const struct section *section)
{
	return section->family == SECTION_PIPE || section->family == SECTION_HSS_ROUND;
}

static double area_ft2(const struct wind_request *w)
{
	return given(w->area_ft2) ? w->area_ft2 : w->sign_height_ft * w->sign_width_ft;
}

/* --- loads --- */

static struct cantilever_loads dead(const struct hanging *h, double factor)
{
	const struct cantilever_weights *g = &h->r->weights;
	double arms = h->arm->weight_lb_ft * h->r->arms.length_ft * (double)h->r->arms.count;
	return (struct cantilever_loads){
		.sign_weight_lb = factor * (given(g->sign_lb) ? g->sign_lb : g->sign_psf * area_ft2(&h->r->wind)),
		.arms_weight_lb = factor * (given(g->arms_lb) ? g->arms_lb : arms),
		.sign_x_ft = h->x_ft,
		.sign_z_ft = h->setup.loads.arm_ft,
		.arms_x_ft = h->reach_ft / 2,
		.arms_z_ft = h->z_ft,
	};
}

static void add_wind_cases(struct hanging *h)
{
	const struct wind_loads *l = &h->setup.loads;
	const struct wind_case *all[] = {&l->a, &l->b, &l->c};
	double wind = h->lrfd ? 1 : STRENGTH_TO_ASD;
	for (int i = 0; i < (l->c_applies ? 3 : 2); i++) {
		struct cantilever_loads *c = &h->cases[h->count++];
		*c = dead(h, h->lrfd ? DEAD_LRFD : 1);
		c->sign_lb = wind * all[i]->force_lb;
		c->sign_torsion_lbft = wind * all[i]->torsion_lbft;
		c->arms_lb = wind * h->arm_wind.force_lb;
	}
}

/* REF: ASCE 7-16 section 2.3.3; ASCE 7-16 section 2.4.3: ice and its gust, on the sign and the arms */
static bool add_ice_case(struct hanging *h)
{
	const struct wind_request *w = &h->r->wind;
	const struct cantilever_ice *ice = &h->r->ice;
	if (!given(ice->ice_in))
		return true;
	struct wind_site site = h->setup.site;
	site.wind_speed_mph = given(ice->gust_mph) ? ice->gust_mph : 0;
	struct wind_pressure at = wind_at(&site, w->height_ft);
	double td = ice_thickness(w->common.code, w->risk_category, ice->ice_in, w->height_ft, at.kzt);
	const struct ice_body bodies[] = {
		{.shape = ICE_PLATE,
		 .top_ft = w->height_ft,
		 .sign_height_ft = w->sign_height_ft,
		 .sign_width_ft = w->sign_width_ft,
		 .sign_depth_ft = w->depth_ft},
		{.shape = is_round(h->arm) ? ICE_ROUND : ICE_RECT,
		 .top_ft = w->height_ft,
		 .width_in = h->arm->depth_in,
		 .depth_in = h->arm->depth_in,
		 .length_ft = h->r->arms.length_ft,
		 .horizontal = true},
	};
	double factor = h->lrfd ? 1 : ICE_ASD, blow = factor * at.qz_psf * h->setup.face.gust;
	double count = (double)h->r->arms.count;
	if (w->common.code == SIGN_ASCE7_22)
		blow *= w->kd;
	struct iced_body sign = ice_on_body(&bodies[0], td), arm = ice_on_body(&bodies[1], td);
	struct cantilever_loads *c = &h->cases[h->count++];
	*c = dead(h, h->lrfd ? DEAD_LRFD : 1);
	c->sign_weight_lb += factor * sign.weight_lb;
	c->arms_weight_lb += factor * arm.weight_lb * count;
	c->sign_lb = blow * ice_cf(&site, &bodies[0], td) * sign.area_ft2;
	c->arms_lb = blow * ice_cf(&site, &bodies[1], td) * arm.area_ft2 * count;
	calc_factor(h->calc, "td_in", td);
	calc_factor(h->calc, "ice_sign_lb", sign.weight_lb);
	calc_assume(h->calc, "ice_case", "One more case: dead load with %s; ice on the pole is not counted.",
				h->lrfd ? "Di + Wi" : "0.7 Di + 0.7 Wi");
	return true;
}

/* The largest of each over the cases, with a pole of this width and weight. */
static struct cantilever_reactions envelope(const struct hanging *h, double width_in, bool round, double pole_lb)
{
	struct cantilever_reactions most = {0};
	struct wind_pole_loads pole = {0};
	double factor = h->lrfd ? 1 : STRENGTH_TO_ASD;
	if (width_in > 0)
		pole = wind_on(h, 1, width_in, round, 0, h->pole_ft);
	for (int i = 0; i < h->count; i++) {
		struct cantilever_loads c = h->cases[i];
		bool ice = i == h->count - 1 && given(h->r->ice.ice_in);
		c.pole_lb = ice ? 0 : factor * pole.force_lb;
		c.pole_lbft = ice ? 0 : factor * pole.moment_lbft;
		c.pole_weight_lb = (h->lrfd ? DEAD_LRFD : 1) * pole_lb;
		struct cantilever_reactions one = cantilever_base(&c);
		most = (struct cantilever_reactions){
			fmax(most.v_kip, one.v_kip),
			fmax(most.m_wind_kipin, one.m_wind_kipin),
			fmax(most.m_dead_kipin, one.m_dead_kipin),
			fmax(most.m_kipin, one.m_kipin),
			fmax(most.t_kipin, one.t_kipin),
			fmax(most.p_kip, one.p_kip),
		};
	}
	return most;
}

/* --- the pole --- */

static bool ask_poles(struct hanging *h)
{
	const struct cantilever_reactions *b = &h->out->reactions;
	struct poles_request request;
	field_defaults(&poles_request_table, &request);
	request.common = h->r->wind.common;
	request.loads = (struct pole_loads){b->m_wind_kipin, b->v_kip, b->t_kipin, b->p_kip, b->m_dead_kipin};
	request.prefs.designation = h->r->pole.designation;
	request.height_ft = h->pole_ft;
	request.weight_counted = true;
	h->out->poles = (struct poles_result){.feasible_count = 0};
	return sign_poles_op.run(h->calc, &request, &h->out->poles);
}

static const struct section *section_of(struct hanging *h, const char *designation)
{
	struct pole_material unused;
	return find(h, designation, "/pole/designation", &unused);
}

/*
 * The wind on the pole needs its width, and its width the wind: each round takes the width and weight that the last
 * one found.  It ends when neither grows: what was assumed then covers what was found.
 */
static bool decide_pole(struct hanging *h)
{
	enum { ROUNDS = 40 };
	double width_in = 0, weight_lb = 0;
	bool round = true;
	for (int i = 0; i < ROUNDS; i++) {
		const struct section *pole = NULL;
		if (i > 0 || h->r->pole.designation != NULL) {
			const struct poles_result *last = &h->out->poles;
			const char *name = h->r->pole.designation != NULL ? h->r->pole.designation
							   : last->recommended != NULL    ? last->recommended->designation
															  : NULL;
			if (name == NULL)
				return true;
			pole = section_of(h, name);
			if (pole == NULL)
				return false;
			double width = is_round(pole) || isnan(pole->width_in) ? pole->depth_in : pole->width_in;
			double weight = pole->weight_lb_ft * h->pole_ft;
			if (i > 0 && width <= width_in && weight <= weight_lb && (round ? is_round(pole) : true))
				return true;
			width_in = fmax(width_in, width);
			weight_lb = fmax(weight_lb, weight);
			round = round && is_round(pole);
		}
		h->out->reactions = envelope(h, width_in, round, weight_lb);
		if (!ask_poles(h))
			return false;
	}
	return true;
}

/* --- arms, tip, fatigue --- */

static void decide_arms(struct hanging *h)
{
	struct arms_result *out = &h->out->arms;
	double count = (double)h->r->arms.count, length_in = 12 * h->r->arms.length_ft, service = h->lrfd ? .6 : 1;
	struct pole_case cases[4];
	for (int i = 0; i < h->count; i++) {
		struct cantilever_root root = cantilever_arms(&h->cases[i]);
		double v = hypot(root.down_kip, root.across_kip) / count;
		/* Both axes of a round bend as one; of a square their ratios add (H1-1b), which the sum of moments gives. */
		double m = is_round(h->arm) ? hypot(root.down_kipin, root.across_kipin) : root.down_kipin + root.across_kipin;
		cases[i].loads = (struct pole_loads){m / count, v, 0, 0};
		cases[i].drift = (struct pole_drift){service * v, v > 0 ? m / count / v : 0, 0};
	}
	const struct pole_frame frame = {
		.lengths = {length_in, 2.1 * length_in, length_in, length_in}, .lrfd = h->lrfd, .limit_ratio = ARM_LIMIT_RATIO};
	struct pole_checks checks;
	pole_check(h->arm, &h->arm_material, &frame, cases, (size_t)h->count, &checks);
	out->designation = h->arm->designation;
	out->count = h->r->arms.count;
	out->weight_lb = h->arm->weight_lb_ft * h->r->arms.length_ft * count;
	out->utilization = isfinite(checks.utilization) ? checks.utilization : NAN;
	out->reach_ft = h->reach_ft;
	out->sign_offset_ft = h->x_ft;
	out->all_pass = pole_check_rows(&checks, h->calc->arena, &out->checks);
}

/* D + 0.6 W, Case B: the sign's force at its far side, with the pole that was found. */
static bool decide_tip(struct hanging *h)
{
	const char *name = h->r->pole.designation != NULL      ? h->r->pole.designation
					   : h->out->poles.recommended != NULL ? h->out->poles.recommended->designation
														   : NULL;
	h->out->tip_deflection_in = NAN;
	if (name == NULL)
		return true;
	const struct section *pole = section_of(h, name);
	if (pole == NULL)
		return false;
	double width = is_round(pole) || isnan(pole->width_in) ? pole->depth_in : pole->width_in;
	struct wind_pole_loads wind = wind_on(h, 1, width, is_round(pole), 0, h->pole_ft);
	struct cantilever_loads c = dead(h, 1);
	c.sign_lb = STRENGTH_TO_ASD * h->setup.loads.b.force_lb;
	c.sign_torsion_lbft = STRENGTH_TO_ASD * h->setup.loads.b.torsion_lbft;
	c.arms_lb = STRENGTH_TO_ASD * h->arm_wind.force_lb;
	c.pole_lb = STRENGTH_TO_ASD * wind.force_lb;
	c.pole_lbft = STRENGTH_TO_ASD * wind.moment_lbft;
	const struct cantilever_stiffness stiffness = {
		.height_in = 12 * fmin(h->z_ft, h->pole_ft),
		.pole_ei = STEEL_E_KSI * pole->ix_in4,
		.pole_gj = STEEL_G_KSI * pole->j_in4,
		.reach_in = 12 * h->reach_ft,
		.arms_ei = STEEL_E_KSI * h->arm->ix_in4 * (double)h->r->arms.count,
	};
	h->out->tip_deflection_in = cantilever_tip_in(&c, &stiffness);
	return true;
}

/* REF: AASHTO LTS-6 section 11.7.1: each of the two alone, at the arms' connection */
static void decide_fatigue(struct hanging *h)
{
	/* REF: AASHTO LTS-6 table 11.9.3.1-1: constant-amplitude thresholds of A, B, B', C, D, E, E' */
	static const double thresholds[] = {24, 16, 12, 10, 7, 4.5, 2.6};
	const struct wind_request *w = &h->r->wind;
	const struct cantilever_fatigue *f = &h->r->fatigue;
	double arm_cd = is_round(h->arm) ? 1.1 : 1.7, sx = h->arm->sx_in3 * (double)h->r->arms.count;
	double natural_if = fatigue_natural_if(f->importance), galloping_if = fatigue_galloping_if(f->importance);
	double cd = fatigue_panel_cd(w->sign_height_ft, w->sign_width_ft);
	double arms_ft2 = (double)h->r->arms.count * h->arm->depth_in / 12 * h->r->arms.length_ft;
	double natural_lbft = fatigue_natural_psf(cd, natural_if) * area_ft2(w) * h->x_ft +
						  fatigue_natural_psf(arm_cd, natural_if) * arms_ft2 * h->reach_ft / 2;
	double galloping_lbft = fatigue_galloping_psf(galloping_if) * area_ft2(w) * h->x_ft;
	struct fatigue_result *out = &h->out->fatigue;
	out->natural_ksi = natural_lbft * 12 / 1000 / sx;
	out->galloping_ksi = galloping_lbft * 12 / 1000 / sx;
	out->stress_range_ksi = fmax(out->natural_ksi, out->galloping_ksi);
	out->threshold_ksi = thresholds[f->category];
	out->category = f->category;
	out->pass = check_ratio(out->stress_range_ksi, out->threshold_ksi) <= CHECK_TOLERANCE;
	calc_factor(h->calc, "fatigue_cd", cd);
	calc_factor(h->calc, "fatigue_natural_psf", fatigue_natural_psf(cd, natural_if));
	calc_factor(h->calc, "fatigue_galloping_psf", fatigue_galloping_psf(galloping_if));
}

static void gather(struct hanging *h)
{
	struct cantilever_result *out = h->out;
	struct arena *arena = h->calc->arena;
	const struct pole_option *pole = out->poles.options.count > 0 ? &out->poles.options.items[0] : NULL;
	if (pole != NULL)
		check_append(&out->checks, arena, &pole->checks);
	for (size_t i = 0; i < out->arms.checks.count; i++) {
		const struct check *c = &out->arms.checks.items[i];
		check_add(&out->checks, arena, arena_printf(arena, "arm_%s", c->name), c->demand, c->capacity, c->unit,
				  c->reference);
	}
	check_add(&out->checks, arena, "fatigue", out->fatigue.stress_range_ksi, out->fatigue.threshold_ksi, "ksi",
			  "AASHTO LTS-6 11.7.1, table 11.9.3.1-1");
	out->all_pass = check_finish(&out->checks) && pole != NULL;
	calc_checks(h->calc, &out->checks);
}

static void assume(struct hanging *h)
{
	calc_assume(h->calc, "envelope",
				"The pole takes the largest V, M and T of the cases at once; a round bends by the resultant of wind "
				"and dead load, "
				"of others their ratios add (AISC 360-22 H1-1).");
	calc_assume(h->calc, "sign_beyond_arms",
				given(h->r->sign_offset_ft)
					? "The sign's middle is %.4g ft from the pole's axis, as given."
					: "The sign hangs beyond the arms' ends: its middle is %.4g ft from the pole's axis.",
				h->x_ft);
	calc_assume(h->calc, "arms_share", "Arms share wind and weight evenly, at the height of the sign's middle.");
	calc_assume(h->calc, "fatigue_arms", "Fatigue is checked where the arms meet the pole; truck gusts are not.");
	calc_assume(
		h->calc, "fatigue_sources",
		"Fatigue pressures, thresholds and drag by AASHTO LTS-6 as published in part: check the tables against a "
		"printed copy.");
	if (h->r->fatigue.importance != FATIGUE_I)
		calc_warn(h->calc, "fatigue_importance", "/fatigue/importance",
				  "The importance factors below category I (natural wind %.2f, galloping %.2f) were not compared with "
				  "the printed table 11.6-1 of AASHTO LTS-6.",
				  fatigue_natural_if(h->r->fatigue.importance), fatigue_galloping_if(h->r->fatigue.importance));
}

static bool run(struct calc *calc, const void *input, void *output)
{
	struct hanging *h = arena_new(calc->arena, struct hanging);
	if (h == NULL)
		return false;
	*h = (struct hanging){.calc = calc, .r = input, .out = output};
	bool placed = place(h);
	if (!wind_decide(calc, &h->r->wind, "", &h->setup, &h->out->wind) || !placed)
		return false;
	h->z_ft = h->r->wind.height_ft - h->r->wind.sign_height_ft / 2;
	double half = h->r->arms.length_ft / 2;
	h->arm_wind =
		wind_on(h, (double)h->r->arms.count, h->arm->depth_in, is_round(h->arm), h->z_ft - half, h->z_ft + half);
	add_wind_cases(h);
	if (!add_ice_case(h) || !decide_pole(h))
		return false;
	decide_arms(h);
	if (!decide_tip(h))
		return false;
	decide_fatigue(h);
	if (h->r->wind.kz_method == 0) /* `alpha` is by now the pole's, of its amplification */
		calc_factor(calc, "wind_alpha", wind_alpha(h->r->wind.common.code, h->r->wind.exposure));
	assume(h);
	gather(h);
	return true;
}

static void complete(void *input, struct arena *arena)
{
	struct cantilever_request *r = input;
	(void)arena;
	wind_complete(&r->wind);
}

static const struct op_alias aliases[] = {
	{"POST", "/signage/cantilever/analyze"},
	{"POST", "/signage/cantilever/check"},
	{"POST", "/signage/cantilever/optimize"},
	{NULL},
};

const struct op sign_cantilever_op = {
	.name = "sign.cantilever",
	.path = "/api/v1/sign/cantilever",
	.summary = "A sign on arms beside its pole: reactions, pole, arms, tip deflection and fatigue",
	.doc = "All of sign.wind's members, a pole and arms; wind on sign, arms and pole, weight at right angles to it, "
		   "torsion "
		   "of the whole; the pole as by sign.poles (searched where no designation is given), fatigue by AASHTO LTS-6.",
	.aliases = aliases,
	.input = &cantilever_request_table,
	.output = &cantilever_result_table,
	.check = check,
	.complete = complete,
	.run = run,
	.example = "{\"wind_speed_mph\":115,\"exposure\":\"C\",\"height_ft\":20,\"sign_height_ft\":4,\"sign_width_ft\":6,"
			   "\"pole\":{\"height_ft\":20},\"arms\":{\"count\":2,\"length_ft\":4,\"designation\":\"HSS6X6X1/4\"}}",
};
