#include "sign/domain/footing_direct_op.h"

#include <math.h>

#include "core/arena.h"
#include "seal/calc.h"
#include "sign/domain/common.h"
#include "sign/domain/soil.h"

enum pier_shape { PIER_ROUND, PIER_SQUARE };
enum restraint { NONCONSTRAINED, CONSTRAINED };
static const char *const pier_shapes[] = {"round", "square", NULL};
static const char *const restraints[] = {"nonconstrained", "constrained", NULL};

/* --- request --- */

struct pier_request {
	int shape;
	double diameter_ft, lateral_width_ft;
};

static const struct field pier_fields[] = {
	F_ENUM(pier_request, shape, pier_shapes, DEFAULT(PIER_ROUND)),
	F_NUM(pier_request, diameter_ft, REQUIRED, RANGE(.5, 20), UNIT("ft"), DOC("Diameter, or side of a square")),
	F_NUM(pier_request, lateral_width_ft, RANGE(.1, 30), UNIT("ft"),
		  DOC("b of your own: overrides the diameter or diagonal")),
};
static const struct field_table pier_table = FIELD_TABLE("sign.footing.direct.footing", pier_request, pier_fields);

struct pier_loads {
	double force_lb, height_ft, m_pole_kipft, weight_lb, uplift_lb;
};

static const struct field loads_fields[] = {
	F_NUM(pier_loads, force_lb, RANGE(0, 1e6), UNIT("lb"), DOC("P: lateral force at allowable-stress level")),
	F_NUM(pier_loads, height_ft, RANGE(0, 300), UNIT("ft"), DOC("h: of the force above grade")),
	F_NUM(pier_loads, m_pole_kipft, NAMED("M_pole_kipft"), RANGE(0, 1e6), UNIT("kip-ft"), DOC("Moment at grade")),
	F_NUM(pier_loads, weight_lb, RANGE(0, 1e7), DEFAULT(0), UNIT("lb"), DOC("Dead weight above the pier")),
	F_NUM(pier_loads, uplift_lb, RANGE(0, 1e6), DEFAULT(0), UNIT("lb")),
};
static const struct field_table loads_table = FIELD_TABLE("sign.footing.direct.loads", pier_loads, loads_fields);

struct direct_request {
	struct sign_common common;
	struct pier_request footing;
	struct pier_loads loads;
	struct soil_request soil;
	int method;
	bool half_inch_motion;
	double increase, trial_depth_ft;
	int64_t num_poles;
	double frost_depth_ft, min_depth_ft, depth_step_in, surface_resistance_ignored_ft, fc_psi, waste_percent;
};

static const struct field request_fields[] = {
	F_OBJECT(direct_request, footing, &pier_table, REQUIRED),
	F_OBJECT(direct_request, loads, &loads_table, REQUIRED, DOC("Two of force_lb, height_ft and M_pole_kipft")),
	F_OBJECT(direct_request, soil, &soil_request_table),
	F_ENUM(direct_request, method, restraints, DEFAULT(NONCONSTRAINED)),
	F_BOOL(direct_request, half_inch_motion, DEFAULT(0),
		   DOC("1/2 in of motion at grade does no harm: twice the lateral bearing")),
	F_NUM(direct_request, increase, RANGE(1, 1.3334), DEFAULT(1),
		  DOC("4/3 only with the alternative load combinations")),
	F_NUM(direct_request, trial_depth_ft, RANGE(.5, 100), UNIT("ft"), DOC("Take S at this depth and do not iterate")),
	F_INT(direct_request, num_poles, RANGE(1, 12), DEFAULT(1), DOC("Piers that share the loads")),
	F_NUM(direct_request, frost_depth_ft, RANGE(0, 20), UNIT("ft")),
	F_NUM(direct_request, min_depth_ft, RANGE(0, 50), UNIT("ft"), DOC("Default from pack footing_calibration")),
	F_NUM(direct_request, depth_step_in, RANGE(.125, 24), UNIT("in"), DOC("Default from pack footing_calibration")),
	F_NUM(direct_request, surface_resistance_ignored_ft, RANGE(0, 10), DEFAULT(0), UNIT("ft")),
	F_NUM(direct_request, fc_psi, RANGE(2000, 10000), DEFAULT(3000), UNIT("psi")),
	F_NUM(direct_request, waste_percent, RANGE(0, 50), DEFAULT(10), UNIT("%")),
	SIGN_COMMON_FIELDS(direct_request, SIGN_ASD),
};
static const struct field_table request_table =
	FIELD_TABLE("sign.footing.direct.request", direct_request, request_fields);

/* --- result --- */

static const struct field rebar_fields[] = {
	F_INT(rebar_result, verticals),
	F_INT(rebar_result, vertical_size, DOC("Bar number")),
	F_INT(rebar_result, ties),
	F_INT(rebar_result, tie_size),
	F_NUM(rebar_result, tie_spacing_in, UNIT("in")),
	F_NUM(rebar_result, lap_in, UNIT("in"), DOC("Class B")),
	F_NUM(rebar_result, development_in, UNIT("in")),
	F_NUM(rebar_result, weight_lb, UNIT("lb"), DOC("Verticals and ties")),
};
const struct field_table rebar_table = FIELD_TABLE("sign.rebar", rebar_result, rebar_fields);

struct direct_result {
	double A_ft, b_ft, s1_psf, s3_psf, required_depth_ft, min_depth_ft, min_depth_in, diameter_ft;
	int64_t iterations;
	bool cap_active;
	double concrete_yards, concrete_order_yards;
	struct rebar_result rebar;
	struct check_list checks;
	bool all_pass;
};

static const struct field result_fields[] = {
	F_NUM(direct_result, A_ft, NULLABLE, UNIT("ft"), DOC("A of the nonconstrained formula")),
	F_NUM(direct_result, b_ft, UNIT("ft"), DOC("Diameter, or diagonal of a square")),
	F_NUM(direct_result, s1_psf, NULLABLE, UNIT("psf"), DOC("Lateral bearing at a third of the depth")),
	F_NUM(direct_result, s3_psf, NULLABLE, UNIT("psf"), DOC("Lateral bearing at the depth")),
	F_NUM(direct_result, required_depth_ft, UNIT("ft"), DOC("Exact, below grade")),
	F_NUM(direct_result, min_depth_ft, UNIT("ft"), DOC("The depth to build: after minimum, frost and step")),
	F_NUM(direct_result, min_depth_in, UNIT("in")),
	F_NUM(direct_result, diameter_ft, UNIT("ft")),
	F_INT(direct_result, iterations),
	F_BOOL(direct_result, cap_active, DOC("S was taken below 12 ft, where it no longer grows")),
	F_NUM(direct_result, concrete_yards, UNIT("yd3"), DOC("Of all piers")),
	F_NUM(direct_result, concrete_order_yards, UNIT("yd3"), DOC("With waste")),
	F_OBJECT(direct_result, rebar, &rebar_table, DOC("Of one pier")),
	F_OBJECTS(direct_result, checks, &check_table),
	F_BOOL(direct_result, all_pass),
};
static const struct field_table result_table = FIELD_TABLE("sign.footing.direct.result", direct_result, result_fields);

struct rebar_result rebar_result(const struct pier_rebar *r)
{
	return (struct rebar_result){r->verticals,      r->vertical_size, r->ties,           r->tie_size,
								 r->tie_spacing_in, r->lap_in,        r->development_in, r->weight_lb};
}

/* --- deciding --- */

/* P and h of one pier, from any two of P, h and M. */
static void take_loads(struct calc *calc, const struct direct_request *r, struct pier_case *load)
{
	const struct pier_loads *l = &r->loads;
	double moment_lbft = l->m_pole_kipft * 1000;
	int count = given(l->force_lb) + given(l->height_ft) + given(l->m_pole_kipft);
	load->p_lb = l->force_lb;
	load->h_ft = l->height_ft;
	if (count < 2) {
		calc_fault(calc, "/loads", "need_two", "needs two of force_lb, height_ft and M_pole_kipft");
		return;
	}
	if (count == 3 &&
		fabs(moment_lbft - l->force_lb * l->height_ft) > .005 * fmax(moment_lbft, l->force_lb * l->height_ft))
		calc_fault(calc, "/loads", "conflict", "M_pole_kipft must be force_lb × height_ft within 0.5 %%");
	if (!given(l->height_ft) && l->force_lb > 0)
		load->h_ft = moment_lbft / l->force_lb;
	else if (!given(l->height_ft) && moment_lbft > 0)
		calc_fault(calc, "/loads/force_lb", "range", "must be above 0 where there is a moment");
	else if (!given(l->height_ft))
		load->h_ft = 0;
	if (!given(l->force_lb) && l->height_ft > 0)
		load->p_lb = moment_lbft / l->height_ft;
	else if (!given(l->force_lb))
		calc_fault(calc, "/loads/height_ft", "range", "must be above 0 to give a force from the moment");
	load->p_lb /= (double)r->num_poles;
}

/* One question while it is decided. */
struct deciding {
	const struct direct_request *r;
	const struct footing_calibration *calibration;
	const struct concrete_constants *concrete;
	struct soil_class soil;
	struct pier_site site;
	struct pier_form form;
	struct pier_case load;
	struct pier_answer pier;
};

static bool open_packs(struct calc *calc, struct deciding *d)
{
	d->calibration = calc_pack(calc, "footing_calibration");
	d->concrete = calc_pack(calc, "concrete");
	return d->calibration != NULL && d->concrete != NULL && soil_choose(calc, &d->r->soil, &d->soil);
}

static void state(struct deciding *d)
{
	const struct direct_request *r = d->r;
	double width = r->footing.diameter_ft;
	bool square = r->footing.shape == PIER_SQUARE;
	/* REF: IBC 1807.3.2.1: b, the diameter of a round post, the diagonal of a square one */
	double b_ft = given(r->footing.lateral_width_ft) ? r->footing.lateral_width_ft : square ? width * M_SQRT2 : width;
	/* REF: IBC 1806.3.4; IBC 1806.1 */
	double factor = (r->half_inch_motion ? d->calibration->half_inch_motion : 1) * r->increase;
	double least = given(r->min_depth_ft) ? r->min_depth_ft : d->calibration->min_depth_in / 12;
	d->form = (struct pier_form){square, width, b_ft};
	d->site = (struct pier_site){
		.concrete = d->concrete,
		.lateral = {d->soil.lateral_psf_ft * factor, d->calibration->cap_ft},
		.constrained = r->method == CONSTRAINED,
		.ignored_ft = r->surface_resistance_ignored_ft,
		.trial_ft = r->trial_depth_ft,
		.least_ft = given(r->frost_depth_ft) ? fmax(least, r->frost_depth_ft) : least,
		.step_ft = (given(r->depth_step_in) ? r->depth_step_in : d->calibration->depth_step_in) / 12,
		.fc_psi = r->fc_psi,
	};
}

static void assume(struct calc *calc, const struct deciding *d)
{
	const struct direct_request *r = d->r;
	if (r->half_inch_motion)
		calc_assume(calc, "half_inch_motion",
					"1/2 in of motion at grade does no harm: lateral bearing doubled (IBC 1806.3.4).");
	if (r->increase > 1)
		calc_assume(
			calc, "increase",
			"Lateral bearing × %.4g holds only with the alternative allowable-stress combinations (IBC 1806.1), "
			"whose wind is 0.6·1.3 W (ω; IBC 2018 1605.3.2, 2021 1605.2).",
			r->increase);
	if (!given(r->frost_depth_ft))
		calc_assume(calc, "frost_not_considered", "No frost depth was given: frost was not considered.");
	if (r->method == CONSTRAINED)
		calc_assume(calc, "constrained", "Rigid floor or pavement at grade restrains the pier (IBC 1807.3.2.2).");
	if (d->pier.depth.as_free)
		calc_assume(
			calc, "restraint_not_used",
			"The restraint at grade is not counted on: without it the pier needs less (IBC 1807.3.2.1), since S3 no "
			"longer grows below 12 ft.");
	if (r->footing.diameter_ft * 12 < d->calibration->min_diameter_in)
		calc_assume(calc, "small_diameter", "Piers under %.4g in are hard to drill, clean and reinforce.",
					d->calibration->min_diameter_in);
	if (r->loads.uplift_lb > 0)
		calc_assume(calc, "side_friction", "Friction along the pier's side is not counted against uplift.");
}

/*
 * REF: IBC 1807.3.2.1: "not over 12 feet for purpose of computing lateral pressure" is of the depth at which S is read;
 * whoever takes it of d itself, so that S1 stops at 4 ft, is told where that leads.
 */
static void note_twelve_feet(struct calc *calc, const struct deciding *d)
{
	double depth_ft = d->pier.required_ft - d->site.ignored_ft, cap_ft = d->site.lateral.cap_ft;
	if (d->site.constrained || given(d->site.trial_ft) || depth_ft <= cap_ft)
		return;
	const struct footing_soil shallow = {d->site.lateral.lateral_psf_ft, cap_ft / 3};
	double other_ft =
		footing_nonconstrained(&shallow, d->load.p_lb, d->load.h_ft + d->site.ignored_ft, d->form.b_ft).depth_ft;
	calc_assume(calc, "twelve_feet",
				"The %.4g ft of IBC 1807.3.2.1 limit the depth at which S1 is read, a third of the embedment: %.1f ft. "
				"Taken of the embedment itself they would ask for %.1f ft of it.",
				cap_ft, fmin(depth_ft / 3, cap_ft), other_ft + d->site.ignored_ft);
}

static void add_checks(struct calc *calc, const struct deciding *d, struct check_list *checks)
{
	const struct direct_request *r = d->r;
	const struct pier_answer *pier = &d->pier;
	double share = 1 / (double)r->num_poles;
	double dead_lb = r->loads.weight_lb * share + pier->volume_ft3 * d->concrete->unit_weight_pcf;
	/* REF: IBC 1807.3.2.1; IBC 1807.3.2.2 */
	check_add(checks, calc->arena, "lateral", pier->required_ft,
			  given(r->trial_depth_ft) ? r->trial_depth_ft : pier->build_ft, "ft",
			  r->method == CONSTRAINED && !pier->depth.as_free ? "IBC 1807.3.2.2 eq. 18-2" : "IBC 1807.3.2.1 eq. 18-1");
	/* REF: IBC 1806.2 */
	check_add(checks, calc->arena, "bearing", dead_lb / pier->area_ft2, d->soil.vertical_psf, "psf", "IBC 1806.2");
	/* REF: ASCE 7-16 section 2.4.1: 0.6 D + 0.6 W */
	check_add(checks, calc->arena, "uplift", r->loads.uplift_lb * share, .6 * dead_lb, "lb", "ASCE 7 2.4.1");
	/* REF: ACI 318-19 section 22.4 */
	check_add(checks, calc->arena, "pier_flexure", pier->mu_lbft, pier->rebar.phi_mn_lbft, "lb-ft", "ACI 318-19 22.4");
}

static void fill(struct calc *calc, const struct deciding *d, struct direct_result *out)
{
	const struct direct_request *r = d->r;
	const struct pier_answer *pier = &d->pier;
	double yards = pier->volume_ft3 * (double)r->num_poles / 27;
	bool constrained = r->method == CONSTRAINED;
	*out = (struct direct_result){
		.A_ft = pier->depth.a_ft,
		.b_ft = d->form.b_ft,
		.s1_psf = constrained ? NAN : pier->depth.s_psf,
		.s3_psf = constrained ? pier->depth.s_psf : NAN,
		.required_depth_ft = pier->required_ft,
		.min_depth_ft = pier->build_ft,
		.min_depth_in = pier->build_ft * 12,
		.diameter_ft = r->footing.diameter_ft,
		.iterations = pier->depth.iterations,
		.cap_active = pier->depth.cap_active,
		.concrete_yards = yards,
		.concrete_order_yards = yards * (1 + r->waste_percent / 100),
		.rebar = rebar_result(&pier->rebar),
	};
	add_checks(calc, d, &out->checks);
	out->all_pass = check_finish(&out->checks);
	calc_checks(calc, &out->checks);
}

static void note(struct calc *calc, const struct deciding *d)
{
	calc_factor(calc, "p_lb", d->load.p_lb);
	calc_factor(calc, "h_ft", d->load.h_ft + d->site.ignored_ft);
	calc_factor(calc, "b_ft", d->form.b_ft);
	calc_factor(calc, "lateral_psf_ft", d->site.lateral.lateral_psf_ft);
	calc_factor(calc, "s_psf", d->pier.depth.s_psf);
	if (given(d->pier.depth.a_ft))
		calc_factor(calc, "a_ft", d->pier.depth.a_ft);
	calc_factor(calc, "mu_lbft", d->pier.mu_lbft);
	calc_factor(calc, "phi_mn_lbft", d->pier.rebar.phi_mn_lbft);
}

static void check(struct calc *calc, const void *input)
{
	const struct direct_request *r = input;
	struct pier_case load;
	take_loads(calc, r, &load);
	if (given(r->trial_depth_ft) && r->trial_depth_ft <= r->surface_resistance_ignored_ft)
		calc_fault(calc, "/trial_depth_ft", "range", "must be above surface_resistance_ignored_ft");
}

static bool run(struct calc *calc, const void *input, void *output)
{
	struct deciding d = {.r = input};
	take_loads(calc, d.r, &d.load);
	if (!open_packs(calc, &d) || calc->faults.count > 0)
		return false;
	state(&d);
	pier_solve(&d.site, &d.form, &d.load, 1, &d.pier);
	assume(calc, &d);
	note_twelve_feet(calc, &d);
	note(calc, &d);
	if (d.pier.required_ft > d.calibration->max_depth_ft)
		calc_abstain(calc, "abstain.depth",
					 "Cannot solve: %.1f ft would be needed, more than %.0f ft. A wider pier, better soil or a spread "
					 "footing would help.",
					 d.pier.required_ft, d.calibration->max_depth_ft);
	else
		fill(calc, &d, output);
	return true;
}

static const struct op_alias aliases[] = {
	{"POST", "/signage/direct_burial/footing/solve"}, {"POST", "/signage/direct_burial/footing/design"}, {NULL}};

const struct op sign_footing_direct_op = {
	.name = "sign.footing.direct",
	.path = "/api/v1/sign/footing/direct",
	.summary = "Depth, checks and reinforcement of an embedded pier (IBC 1807.3, ACI 318-19)",
	.doc = "Nonconstrained and constrained; S at its own depth or at a trial depth; loads at allowable-stress level.",
	.aliases = aliases,
	.input = &request_table,
	.output = &result_table,
	.check = check,
	.run = run,
	.example =
		"{\"footing\":{\"diameter_ft\":3},\"loads\":{\"force_lb\":2240,\"height_ft\":16},\"soil\":{\"class\":4}}",
};
