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
static void take_loads(struct calc *calc, const struct direct_request *r, double *p_lb, double *h_ft)
{
	const struct pier_loads *l = &r->loads;
	double moment_lbft = l->m_pole_kipft * 1000;
	int count = given(l->force_lb) + given(l->height_ft) + given(l->m_pole_kipft);
	*p_lb = l->force_lb;
	*h_ft = l->height_ft;
	if (count < 2) {
		calc_fault(calc, "/loads", "need_two", "needs two of force_lb, height_ft and M_pole_kipft");
		return;
	}
	if (count == 3 &&
		fabs(moment_lbft - l->force_lb * l->height_ft) > .005 * fmax(moment_lbft, l->force_lb * l->height_ft))
		calc_fault(calc, "/loads", "conflict", "M_pole_kipft must be force_lb × height_ft within 0.5 %%");
	if (!given(l->height_ft) && l->force_lb > 0)
		*h_ft = moment_lbft / l->force_lb;
	else if (!given(l->height_ft) && moment_lbft > 0)
		calc_fault(calc, "/loads/force_lb", "range", "must be above 0 where there is a moment");
	else if (!given(l->height_ft))
		*h_ft = 0;
	if (!given(l->force_lb) && l->height_ft > 0)
		*p_lb = moment_lbft / l->height_ft;
	else if (!given(l->force_lb))
		calc_fault(calc, "/loads/height_ft", "range", "must be above 0 to give a force from the moment");
	*p_lb /= (double)r->num_poles;
}

/* What one pier is made of while it is decided. */
struct pier {
	const struct direct_request *r;
	const struct footing_calibration *calibration;
	const struct concrete_constants *concrete;
	struct soil_class soil;
	struct footing_soil lateral;
	double p_lb, h_ft, b_ft, area_ft2, build_ft;
	bool square;
	struct footing_depth depth;
	struct pier_rebar rebar;
	double mu_lbft;
};

static bool open_packs(struct calc *calc, const struct direct_request *r, struct pier *pier)
{
	pier->calibration = calc_pack(calc, "footing_calibration");
	pier->concrete = calc_pack(calc, "concrete");
	return pier->calibration != NULL && pier->concrete != NULL && soil_choose(calc, &r->soil, &pier->soil);
}

static void solve_depth(struct pier *pier)
{
	const struct direct_request *r = pier->r;
	double x = r->surface_resistance_ignored_ft, h = pier->h_ft + x;
	double factor = (r->half_inch_motion ? pier->calibration->half_inch_motion : 1) * r->increase;
	pier->lateral = (struct footing_soil){pier->soil.lateral_psf_ft * factor, pier->calibration->cap_ft};
	if (given(r->trial_depth_ft))
		pier->depth = footing_trial(&pier->lateral, r->method == CONSTRAINED, fmax(r->trial_depth_ft - x, .1),
									pier->p_lb, h, pier->b_ft);
	else if (r->method == CONSTRAINED)
		pier->depth = footing_constrained(&pier->lateral, pier->p_lb, h, pier->b_ft);
	else
		pier->depth = footing_nonconstrained(&pier->lateral, pier->p_lb, h, pier->b_ft);
	pier->depth.depth_ft += pier->depth.depth_ft > 0 ? x : 0;
}

/* After minimum, frost and step. */
static double build_depth(const struct pier *pier)
{
	const struct direct_request *r = pier->r;
	double step = (given(r->depth_step_in) ? r->depth_step_in : pier->calibration->depth_step_in) / 12;
	double least = given(r->min_depth_ft) ? r->min_depth_ft : pier->calibration->min_depth_in / 12;
	double frost = given(r->frost_depth_ft) ? r->frost_depth_ft : 0;
	double depth = fmax(fmax(pier->depth.depth_ft, least), frost);
	return step * ceil(depth / step - 1e-9);
}

static void assume(struct calc *calc, const struct direct_request *r)
{
	if (r->half_inch_motion)
		calc_assume(calc, "half_inch_motion",
					"1/2 in of motion at grade does no harm: lateral bearing doubled (IBC 1806.3.4).");
	if (r->increase > 1)
		calc_assume(calc, "increase",
					"Bearing × %.4g holds only with the alternative allowable-stress combinations (IBC 1806.1), whose "
					"wind is 0.6·1.3 W (ω; IBC 2018 1605.3.2, 2021 1605.2).",
					r->increase);
	if (!given(r->frost_depth_ft))
		calc_assume(calc, "frost_not_considered", "No frost depth was given: frost was not considered.");
	if (r->method == CONSTRAINED)
		calc_assume(calc, "constrained", "Rigid floor or pavement at grade restrains the pier (IBC 1807.3.2.2).");
}

static void add_checks(struct calc *calc, struct pier *pier, struct check_list *checks)
{
	const struct direct_request *r = pier->r;
	double share = 1 / (double)r->num_poles,
		   pier_lb = pier->area_ft2 * pier->build_ft * pier->concrete->unit_weight_pcf;
	double dead_lb = r->loads.weight_lb * share + pier_lb, uplift_lb = r->loads.uplift_lb * share;
	/* REF: IBC 1807.3.2.1; IBC 1807.3.2.2 */
	check_add(checks, calc->arena, "lateral", pier->depth.depth_ft,
			  given(r->trial_depth_ft) ? r->trial_depth_ft : pier->build_ft, "ft",
			  r->method == CONSTRAINED ? "IBC 1807.3.2.2 eq. 18-2" : "IBC 1807.3.2.1 eq. 18-1");
	/* REF: IBC 1806.2 */
	check_add(checks, calc->arena, "bearing", dead_lb / pier->area_ft2, pier->soil.vertical_psf, "psf", "IBC 1806.2");
	if (uplift_lb > 0)
		check_add(checks, calc->arena, "uplift", uplift_lb, .6 * dead_lb, "lb", "ASCE 7 2.4.1");
	/* REF: ACI 318-19 section 22.4 */
	check_add(checks, calc->arena, "pier_flexure", pier->mu_lbft, pier->rebar.phi_mn_lbft, "lb-ft", "ACI 318-19 22.4");
}

static void fill(struct calc *calc, struct pier *pier, struct direct_result *out)
{
	const struct direct_request *r = pier->r;
	double volume_cf = pier->area_ft2 * pier->build_ft * (double)r->num_poles;
	bool constrained = r->method == CONSTRAINED;
	*out = (struct direct_result){
		.A_ft = constrained ? NAN : pier->depth.a_ft,
		.b_ft = pier->b_ft,
		.s1_psf = constrained ? NAN : pier->depth.s_psf,
		.s3_psf = constrained ? pier->depth.s_psf : NAN,
		.required_depth_ft = pier->depth.depth_ft,
		.min_depth_ft = pier->build_ft,
		.min_depth_in = pier->build_ft * 12,
		.diameter_ft = r->footing.diameter_ft,
		.iterations = pier->depth.iterations,
		.cap_active = pier->depth.cap_active,
		.concrete_yards = volume_cf / 27,
		.concrete_order_yards = volume_cf / 27 * (1 + r->waste_percent / 100),
		.rebar = rebar_result(&pier->rebar),
	};
	add_checks(calc, pier, &out->checks);
	out->all_pass = check_finish(&out->checks);
	calc_checks(calc, &out->checks);
}

static void note(struct calc *calc, const struct pier *pier)
{
	calc_factor(calc, "p_lb", pier->p_lb);
	calc_factor(calc, "h_ft", pier->h_ft + pier->r->surface_resistance_ignored_ft);
	calc_factor(calc, "b_ft", pier->b_ft);
	calc_factor(calc, "lateral_psf_ft", pier->lateral.lateral_psf_ft);
	calc_factor(calc, "s_psf", pier->depth.s_psf);
	calc_factor(calc, "a_ft", pier->depth.a_ft);
	calc_factor(calc, "mu_lbft", pier->mu_lbft);
	calc_factor(calc, "phi_mn_lbft", pier->rebar.phi_mn_lbft);
}

static bool run(struct calc *calc, const void *input, void *output)
{
	const struct direct_request *r = input;
	struct pier pier = {.r = r, .square = r->footing.shape == PIER_SQUARE};
	take_loads(calc, r, &pier.p_lb, &pier.h_ft);
	if (calc->faults.count > 0 || !open_packs(calc, r, &pier))
		return false;
	double width = r->footing.diameter_ft;
	pier.b_ft = given(r->footing.lateral_width_ft) ? r->footing.lateral_width_ft
				: pier.square                      ? width * M_SQRT2
												   : width;
	pier.area_ft2 = pier.square ? width * width : M_PI / 4 * width * width;
	assume(calc, r);
	solve_depth(&pier);
	if (pier.depth.depth_ft > pier.calibration->max_depth_ft) {
		calc_abstain(calc, "abstain.depth",
					 "Cannot solve: %.1f ft would be needed, more than %.0f ft. A wider pier, better soil or a spread "
					 "footing would help.",
					 pier.depth.depth_ft, pier.calibration->max_depth_ft);
		return true;
	}
	pier.build_ft = build_depth(&pier);
	/* P (h + d/3)/.6: an upper bound of the moment below grade, at strength level */
	pier.mu_lbft = pier.p_lb * (pier.h_ft + pier.depth.depth_ft / 3) / .6;
	pier_reinforce(pier.concrete, pier.square, width, r->fc_psi, pier.mu_lbft, &pier.rebar);
	pier_detail(pier.concrete, width, pier.build_ft, r->fc_psi, &pier.rebar);
	note(calc, &pier);
	fill(calc, &pier, output);
	return true;
}

static const struct op_alias aliases[] = {
	{"POST", "/signage/direct_burial/footing/solve"}, {"POST", "/signage/direct_burial/footing/design"}, {NULL, NULL}};

const struct op sign_footing_direct_op = {
	.name = "sign.footing.direct",
	.path = "/api/v1/sign/footing/direct",
	.summary = "Depth, checks and reinforcement of an embedded pier (IBC 1807.3, ACI 318-19)",
	.doc = "Nonconstrained and constrained; S at its own depth or at a trial depth; loads at allowable-stress level.",
	.aliases = aliases,
	.input = &request_table,
	.output = &result_table,
	.run = run,
	.example =
		"{\"footing\":{\"diameter_ft\":3},\"loads\":{\"force_lb\":2240,\"height_ft\":16},\"soil\":{\"class\":4}}",
};

/* --- sign.concrete --- */

struct concrete_request {
	struct sign_common common;
	double diameter_ft, depth_ft, length_ft, width_ft, waste_percent;
};

static const struct field concrete_fields[] = {
	F_NUM(concrete_request, diameter_ft, RANGE(.1, 100), UNIT("ft"), DOC("Of a round pier; or length_ft and width_ft")),
	F_NUM(concrete_request, depth_ft, REQUIRED, RANGE(.01, 200), UNIT("ft")),
	F_NUM(concrete_request, length_ft, RANGE(.1, 1000), UNIT("ft")),
	F_NUM(concrete_request, width_ft, RANGE(.1, 1000), UNIT("ft")),
	F_NUM(concrete_request, waste_percent, RANGE(0, 50), DEFAULT(10), UNIT("%")),
	SIGN_COMMON_FIELDS(concrete_request, SIGN_ASD),
};
static const struct field_table concrete_table =
	FIELD_TABLE("sign.concrete.request", concrete_request, concrete_fields);

struct concrete_result {
	double concrete_yards, volume_cf, order_yards, weight_lb;
};

static const struct field concrete_result_fields[] = {
	F_NUM(concrete_result, concrete_yards, UNIT("yd3")),
	F_NUM(concrete_result, volume_cf, UNIT("ft3")),
	F_NUM(concrete_result, order_yards, UNIT("yd3"), DOC("With waste")),
	F_NUM(concrete_result, weight_lb, UNIT("lb"), DOC("At 150 pcf, without waste")),
};
static const struct field_table concrete_result_table =
	FIELD_TABLE("sign.concrete.result", concrete_result, concrete_result_fields);

static bool run_concrete(struct calc *calc, const void *input, void *output)
{
	const struct concrete_request *r = input;
	struct concrete_result *out = output;
	bool round = given(r->diameter_ft), box = given(r->length_ft) || given(r->width_ft);
	if (round && box)
		calc_fault(calc, given(r->length_ft) ? "/length_ft" : "/width_ft", "conflict",
				   "says the same as diameter_ft: give one form");
	else if (!round && !box)
		calc_fault(calc, "/diameter_ft", "required", "is required, or length_ft and width_ft");
	else if (box && !given(r->length_ft))
		calc_fault(calc, "/length_ft", "required", "is required with width_ft");
	else if (box && !given(r->width_ft))
		calc_fault(calc, "/width_ft", "required", "is required with length_ft");
	const struct concrete_constants *concrete = calc_pack(calc, "concrete");
	if (calc->faults.count > 0 || concrete == NULL)
		return false;
	out->volume_cf = (round ? M_PI / 4 * r->diameter_ft * r->diameter_ft : r->length_ft * r->width_ft) * r->depth_ft;
	out->concrete_yards = out->volume_cf / 27;
	out->order_yards = out->concrete_yards * (1 + r->waste_percent / 100);
	out->weight_lb = out->volume_cf * concrete->unit_weight_pcf;
	return true;
}

static const struct op_alias concrete_aliases[] = {{"POST", "/signage/common/concrete/yards"}, {NULL, NULL}};

const struct op sign_concrete_op = {
	.name = "sign.concrete",
	.path = "/api/v1/sign/concrete",
	.summary = "Concrete of a pier or a footing",
	.doc = "Volume, yards to order and weight.",
	.aliases = concrete_aliases,
	.input = &concrete_table,
	.output = &concrete_result_table,
	.run = run_concrete,
	.example = "{\"diameter_ft\":3,\"depth_ft\":8}",
	.quick = true,
};
