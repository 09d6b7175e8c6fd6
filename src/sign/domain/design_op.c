#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "seal/calc.h"
#include "seal/op.h"
#include "sign/domain/baseplate_op.h"
#include "sign/domain/design.h"
#include "sign/domain/footing_spread_op.h"
#include "sign/domain/grade.h"
#include "sign/domain/poles_request.h"
#include "sign/domain/poles_trace.h"
#include "sign/domain/section_catalog.h"
#include "sign/domain/wind_pack.h"

/* A design under way. */
struct designing {
	struct calc *calc;
	const struct design_request *request;
	struct design_result *result;
	struct wind_request wind_request;
	struct wind_setup setup;
	struct design_problem problem;
};

/* --- wind --- */

/*
 * Cabinets with gaps between them are no one face: the force stands at the centroid of their area, and its coefficient
 * is the worst of theirs and of the rectangle's, since a small s/h has the larger one.
 * REF: ASCE 7-16 figure 29.3-1 note 3
 */
static void ask_wind_on_parts(struct designing *d)
{
	const struct design_request *r = d->request;
	const struct wind_figure *figure = calc_pack(d->calc, "wind_figure");
	if (r->cabinets.count == 0 || figure == NULL || cabinets_tile(r->cabinets.items, r->cabinets.count))
		return;
	cabinets_warn_overlap(d->calc, r->cabinets.items, r->cabinets.count);
	d->wind_request.centroid_ft = cabinet_sum(r->cabinets.items, r->cabinets.count).z_area_ft;
	for (size_t i = 0; i < r->cabinets.count; i++) {
		const struct cabinet *c = &r->cabinets.items[i];
		double cf = wind_cf(figure, c->height_ft / (c->z_offset_ft + c->height_ft), c->width_ft / c->height_ft);
		d->wind_request.cf_least = fmax(d->wind_request.cf_least, cf);
	}
	calc_assume(d->calc, "cabinets_apart",
				"The cabinets do not fill the rectangle around them: wind acts at the centroid of their area, with the "
				"larger Cf of that rectangle and of each cabinet alone, and qh of the top.");
}

static void ask_wind(struct designing *d)
{
	const struct design_request *r = d->request;
	const struct design_face *face = &d->result->face;
	bool holed = r->sign != NULL && r->sign->solid_ratio < 1;
	d->wind_request = (struct wind_request){
		.common = r->common,
		.wind_speed_mph = r->site.wind_speed_mph,
		.exposure = r->site.exposure,
		.risk_category = r->site.risk_category,
		.height_ft = face->height_ft,
		.sign_height_ft = face->sign_height_ft,
		.sign_width_ft = face->sign_width_ft,
		.area_ft2 = face->area_ft2,
		.solid_ratio = holed ? r->sign->solid_ratio : 1,
		.open_shape = OPEN_FLAT,
		.member_width_in = 4,
		.return_corner_ft = r->sign != NULL ? r->sign->return_corner_ft : 0,
		.kzt = r->site.kzt,
		.hill = r->site.hill,
		.kd = .85,
		.ke = NAN,
		.ground_elevation_ft = r->site.ground_elevation_ft,
		.g = NAN,
		.natural_frequency_hz = NAN,
		.damping_ratio = .01,
		.depth_ft = face->depth_ft,
	};
	ask_wind_on_parts(d);
}

/* --- the answer --- */

static void add_pier_rows(struct designing *d, const struct design_candidate *c, struct check_list *checks)
{
	struct arena *arena = d->calc->arena;
	/* REF: IBC 1807.3.2.1 */
	check_add(checks, arena, "lateral", c->required_ft, c->depth_ft, "ft", "IBC 1807.3.2.1 eq. 18-1");
	/* REF: IBC 1806.2 */
	check_add(checks, arena, "bearing", c->bearing_psf, d->problem.soil.vertical_psf, "psf", "IBC 1806.2");
	/* REF: ACI 318-19 section 22.4 */
	check_add(checks, arena, "pier_flexure", c->mu_lbft, c->rebar.phi_mn_lbft, "lb-ft", "ACI 318-19 22.4");
	/* REF: ACI 318-19 table 20.5.1.3.1; IBC 1807.3.3: a pole in the concrete stands inside the cage */
	if (c->base == FOUNDATION_DIRECT)
		check_add(checks, arena, "pole_in_cage", design_outline_in(c->section), c->inside_in, "in",
				  "ACI 318-19 20.5.1.3, IBC 1807.3.3");
}

static void show_pier(struct designing *d, const struct design_candidate *c, struct design_option *option)
{
	option->foundation = (struct design_base){
		.type = c->base,
		.diameter_ft = c->diameter_ft,
		.depth_ft = c->depth_ft,
		.length_ft = NAN,
		.width_ft = NAN,
		.thickness_ft = NAN,
		.required_depth_ft = c->required_ft,
		.concrete_yards = d->problem.poles * M_PI / 4 * c->diameter_ft * c->diameter_ft * c->depth_ft / 27,
		.rebar = {.cage = rebar_result(&c->rebar), .mat = {FIELD_NO_INT, FIELD_NO_INT, FIELD_NO_INT, NAN}},
	};
	add_pier_rows(d, c, &option->checks);
}

static void show_spread(struct designing *d, const struct design_candidate *c, const struct wind_pole_loads *wind,
						struct design_option *option)
{
	struct spread_problem problem;
	struct spread_answer answer;
	design_spread_answer(&d->problem, c, wind, &problem, &answer);
	const struct spread_size *size = &c->footing;
	const struct spread_mat *mat = &answer.mat;
	option->foundation = (struct design_base){
		.type = c->base,
		.diameter_ft = NAN,
		.depth_ft = size->thickness_ft,
		.length_ft = size->length_ft,
		.width_ft = size->width_ft,
		.thickness_ft = size->thickness_ft,
		.required_depth_ft = NAN,
		.concrete_yards = d->problem.poles * size->length_ft * size->width_ft * size->thickness_ft / 27,
		.rebar = {.cage = {FIELD_NO_INT, FIELD_NO_INT, FIELD_NO_INT, FIELD_NO_INT, NAN, NAN, NAN,
						   spread_mat_lb(&problem, size, mat)},
				  .mat = {mat->size, mat->along_length, mat->along_width, mat->spacing_in}},
	};
	spread_rows(&answer, d->calc->arena, &option->checks);
	if (answer.heel_lbft_ft > answer.heel_plain_lbft_ft)
		calc_assume(d->calc, "top_bars",
					"Heels that lift need bars at the top too (ACI 318-19 14.5.2): the same mat again; not priced.");
}

static void show_plate(struct designing *d, const struct design_candidate *c, const struct wind_pole_loads *wind,
					   struct design_option *option)
{
	struct plate_answer answer;
	option->baseplate = arena_new(d->calc->arena, struct design_plate_shown);
	option->anchors = arena_new(d->calc->arena, struct design_anchors_shown);
	if (option->baseplate == NULL || option->anchors == NULL)
		return;
	design_plate_answer(&d->problem, c, wind, &answer);
	const struct design_plate *plate = &c->plate;
	*option->baseplate =
		(struct design_plate_shown){plate->size.w_in,    plate->size.l_in, plate->size.t_in,
									DESIGN_PLATE_FY_KSI, plate->weld_in,   d->problem.poles * plate->weight_lb};
	*option->anchors = (struct design_anchors_shown){plate->size.bolts, plate->dia_in,  d->problem.anchor_grade->grade,
													 plate->embed_in,   plate->edge_in, answer.tension_per_anchor_kip};
	plate_rows(&answer, d->calc->arena, &option->checks);
}

/* Two rows of one name, as `bearing` of soil and of the plate, would not be told apart. */
static void tell_apart(struct check_list *checks)
{
	bool soil = false;
	for (size_t i = 0; i < checks->count; i++) {
		bool bearing = strcmp(checks->items[i].name, "bearing") == 0;
		if (bearing && soil)
			checks->items[i].name = "plate_bearing";
		soil = soil || bearing;
	}
}

static struct design_option option_of(struct designing *d, const struct design_candidate *c)
{
	const struct section *s = c->section;
	const struct wind_pole_loads wind = design_pole_wind(&d->problem, s);
	bool round = s->family == SECTION_PIPE || s->family == SECTION_HSS_ROUND;
	section_note_published(d->calc, s);
	struct design_option option = {
		.pole = {.family = s->family,
				 .designation = s->designation,
				 .weight_lb = c->weight_lb,
				 .utilization = c->checks.utilization,
				 .deflection_in = c->checks.deflection_in,
				 .weight_lb_ft = s->weight_lb_ft,
				 .width_in = round || isnan(s->width_in) ? s->depth_in : s->width_in,
				 .depth_in = s->depth_in,
				 .fy_ksi = d->problem.materials[s->family].fy_ksi},
		.cost_usd = c->cost,
	};
	pole_check_rows(&c->checks, d->calc->arena, &option.checks);
	if (c->base == FOUNDATION_SPREAD)
		show_spread(d, c, &wind, &option);
	else
		show_pier(d, c, &option);
	if (c->base != FOUNDATION_DIRECT)
		show_plate(d, c, &wind, &option);
	tell_apart(&option.checks);
	check_finish(&option.checks);
	return option;
}

/* So many poles at the spacing asked for stand no wider than the sign: what stands beside it carries nothing. */
static bool fits_behind(const struct designing *d, int poles)
{
	double line_in = (poles - 1) * d->problem.spacing_in;
	return line_in > 0 && line_in <= 12 * d->result->face.sign_width_ft;
}

/* The fewest poles with which something passes, and what: in words.  Spacing as asked, else the sign's width shared. */
static const char *with_more_poles(struct designing *d)
{
	enum { POLES_MOST = 12, PLATED_MORE = 2 }; /* searches with plates take longer */
	bool plated = d->problem.types != 1U << FOUNDATION_DIRECT;
	int most = plated ? d->problem.poles + PLATED_MORE : POLES_MOST;
	if (most > POLES_MOST)
		most = POLES_MOST;
	struct design_found *found = arena_new(d->calc->arena, struct design_found);
	struct design_problem more = d->problem;
	for (int poles = d->problem.poles + 1; found != NULL && poles <= most; poles++) {
		more.poles = poles;
		more.spacing_in = fits_behind(d, poles) ? d->problem.spacing_in : 12 * d->result->face.sign_width_ft / poles;
		design_search(&more, more.list, more.count, found);
		if (found->count > 0)
			return arena_printf(d->calc->arena, "The nearest that passes: %d poles %s, %.4g ft apart, for %.0f USD.",
								poles, found->kept[0].section->designation, more.spacing_in / 12,
								found->kept[0].cost.total);
	}
	return arena_printf(
		d->calc->arena,
		"No number of poles up to %d passes: a lower or smaller sign, further families or better soil would help.",
		most);
}

/* What ends deep piers whatever their width: their own weight on the soil's vertical bearing. */
static const char *deepest_pier(struct designing *d)
{
	double vertical_psf = d->problem.soil.vertical_psf;
	double depth_ft = vertical_psf / d->problem.concrete->unit_weight_pcf;
	if (d->problem.types == 1U << FOUNDATION_SPREAD || depth_ft >= d->problem.calibration->max_depth_ft)
		return "";
	return arena_printf(d->calc->arena,
						" At %.1f ft of depth a pier's own weight takes all of the soil's %.0f psf (row bearing): a "
						"vertical_psf by a geotechnical report may allow more.",
						depth_ft, vertical_psf);
}

static void answer_nothing(struct designing *d, const struct design_found *found)
{
	struct design_result *out = d->result;
	const char *passes = with_more_poles(d);
	out->nearest.items = arena_array(d->calc->arena, found->near_count, sizeof *out->nearest.items);
	for (size_t i = 0; out->nearest.items != NULL && i < found->near_count; i++) {
		const struct design_candidate *c = &found->near[i];
		struct check_list rows = {0};
		pole_check_rows(&c->checks, d->calc->arena, &rows);
		const struct check *governing = check_governing(&rows);
		out->nearest.items[out->nearest.count++] = (struct design_near){
			.family = c->section->family,
			.designation = c->section->designation,
			.weight_lb_ft = c->section->weight_lb_ft,
			.utilization = isfinite(c->checks.utilization) ? c->checks.utilization : NAN,
			.governing = found->near_base[i] ? "foundation"
						 : governing != NULL ? governing->name
											 : "none",
			.because =
				found->near_base[i]
					? arena_printf(d->calc->arena, "The pole passes; no foundation of those asked for does. %s%s",
								   passes, deepest_pier(d))
					: arena_printf(d->calc->arena, "%s is used %.3g times what is available. %s",
								   governing != NULL ? governing->name : "Nothing",
								   governing != NULL ? governing->utilization : 0, passes),
		};
	}
	calc_warn(
		d->calc, "no_feasible", "/support",
		"no feasible design: %lld combinations of poles and foundations were considered; `nearest` names the closest.",
		(long long)found->considered);
	calc_rule(d->calc, RULE_NO_FEASIBLE);
}

static bool answer(struct designing *d, const struct design_found *found)
{
	struct design_result *out = d->result;
	out->considered_count = found->considered;
	out->feasible_count = found->feasible;
	if (found->count == 0) {
		answer_nothing(d, found);
		return true;
	}
	out->selected = arena_new(d->calc->arena, struct design_option);
	out->alternates.items = arena_array(d->calc->arena, found->count, sizeof *out->alternates.items);
	if (out->selected == NULL || out->alternates.items == NULL)
		return false;
	*out->selected = option_of(d, &found->kept[0]);
	for (size_t i = 1; i < found->count; i++)
		out->alternates.items[out->alternates.count++] = option_of(d, &found->kept[i]);
	calc_checks(d->calc, &out->selected->checks);
	if (d->problem.aluminum == NULL)
		pole_note_slenderness(d->calc, found->kept[0].section, DESIGN_K_CANTILEVER * 12 * d->problem.height_ft);
	/* The loads again, with the selected poles in the wind. */
	const struct section *s = found->kept[0].section;
	bool round = s->family == SECTION_PIPE || s->family == SECTION_HSS_ROUND;
	struct wind_poles_request poles = {.count = d->problem.poles,
									   .shape = round ? POLE_ROUND : POLE_SQUARE,
									   .surface = SURFACE_SMOOTH,
									   .width_in = out->selected->pole.width_in,
									   .from_ft = 0,
									   .to_ft = d->problem.bottom_ft};
	d->wind_request.poles = &poles;
	design_tell_frequency(d->calc, &d->problem, &d->result->face, s);
	return wind_decide(d->calc, &d->wind_request, "/site", &d->setup, &out->loads);
}

static struct price_request price_of(const struct design_request *r, double height_ft)
{
	return (struct price_request){
		.common = r->common, .height_ft = height_ft, .addons = {r->addons.count, r->addons.items}};
}

static bool decide_price(struct designing *d)
{
	const struct price_request request = price_of(d->request, d->result->face.height_ft);
	return sign_price_op.run(d->calc, &request, &d->result->price);
}

static void assume(struct designing *d)
{
	const struct design_request *r = d->request;
	calc_assume(d->calc, "costs", "Cost figures are the house figures of pack costs, to be replaced by your own.");
	calc_assume(
		d->calc, "pole_to_top",
		d->problem.bottom_ft > d->result->face.height_ft - d->result->face.sign_height_ft
			? "Poles run from grade to the top of the sign; wind meets them, lower cabinets or not, up to where "
			  "the sign stands before all of them."
			: "Poles run from grade to the top of the sign; wind meets them up to its bottom.");
	if ((d->problem.types & 1U << FOUNDATION_DIRECT) != 0)
		calc_assume(d->calc, "pole_in_pier",
					"What of an embedded pole stands in its pier is not in the pole's weight and cost.");
	calc_assume(d->calc, "combinations",
				d->problem.lrfd ? "1.2 D + 1.0 W for strength; 0.6 W for deflection and soil."
								: "D + 0.6 W for strength, deflection and soil.");
	calc_assume(d->calc, "wind_on_face", "Wind on the edge of the sign and along the pole line is not checked.");
	calc_assume(d->calc, "torsion_in_soil",
				"Resistance of the soil to torsion of the pier is not checked: IBC 1807.3 has no rule for it.");
	if (r->foundation.half_inch_motion)
		calc_assume(d->calc, "half_inch_motion",
					"1/2 in of motion at grade does no harm: lateral bearing doubled (IBC 1806.3.4).");
	if (!given(r->site.frost_depth_ft))
		calc_assume(d->calc, "frost_not_considered", "No frost depth was given: frost was not considered.");
	if (design_dead_kipin(&d->problem) > 0)
		calc_assume(
			d->calc, "dead_both_ways",
			"The sign's dead load stands off the pole and bends it along its line: a round takes the resultant, of "
			"others the ratios of both axes add (AISC 360-22 H1-1), and base plates take the sum.");
	if (r->support.num_poles > 1)
		calc_assume(d->calc, "poles_share",
					"The poles share moment, shear and weight equally; torsion is a couple along their line, which the "
					"outermost pole carries beside its share.");
	if (design_pole_line_ft(&r->support) > d->result->face.sign_width_ft)
		calc_warn(
			d->calc, "poles_beside_sign", "/support/spacing_ft",
			"The poles' line of %.4g ft is longer than the sign is wide (%.4g ft): what carries the sign to poles "
			"beside it is not designed.",
			design_pole_line_ft(&r->support), d->result->face.sign_width_ft);
	if (r->support.num_poles > 1)
		calc_assume(d->calc, "piers_clear", "Piers of several poles are no wider than the poles stand apart.");
	if (r->support.num_poles > 1 && d->result->face.dead_x_ft != 0)
		calc_assume(d->calc, "dead_eccentricity", "Dead load off the pole line is shared evenly by the poles.");
}

static bool run(struct calc *calc, const void *input, void *output)
{
	struct designing *d = arena_new(calc->arena, struct designing);
	struct design_found *found = arena_new(calc->arena, struct design_found);
	if (d == NULL || found == NULL)
		return false;
	*d = (struct designing){.calc = calc, .request = input, .result = output};
	design_choose_face(d->request, &d->result->face);
	ask_wind(d);
	d->result->num_poles = d->request->support.num_poles;
	d->result->pole_length_ft = d->result->face.height_ft;
	d->result->spacing_ft = d->request->support.spacing_ft;
	if (!wind_decide(calc, &d->wind_request, "/site", &d->setup, &d->result->loads))
		return false;
	if (!design_state(calc, d->request, &d->setup, &d->result->face, &d->problem))
		return calc_abstained(calc) && calc->faults.count == 0;
	if (!decide_price(d))
		return false;
	assume(d);
	design_search(&d->problem, d->problem.list, d->problem.count, found);
	return answer(d, found);
}

/* Members that contradict or need each other; the rest waits for the face and the packs. */
static void check(struct calc *calc, const void *input)
{
	const struct design_request *r = input;
	const struct design_support *support = &r->support;
	if (r->sign != NULL && r->cabinets.count > 0)
		calc_fault(calc, "/cabinets", "conflict", "says the same as sign: give one of them");
	else if (r->sign == NULL && r->cabinets.count == 0)
		calc_fault(calc, "/sign", "required", "is required, or cabinets");
	if (r->sign != NULL && r->sign->sign_height_ft > r->sign->height_ft)
		calc_fault(calc, "/sign/sign_height_ft", "greater_than_height", "must not be above height_ft (%.10g ft)",
				   r->sign->height_ft);
	if (given(r->site.kzt) && r->site.hill != NULL)
		calc_fault(calc, "/site/hill", "conflict", "says the same as kzt: give one of them");
	if (support->num_poles > 1 && !given(support->spacing_ft))
		calc_fault(calc, "/support/spacing_ft", "required", "is required: Case B twists several poles");
	if (support->material == POLE_ALUMINUM && support->steel_grade != NULL)
		calc_fault(calc, "/support/steel_grade", "conflict", "is of steel, the material is aluminium");
	if (support->material == POLE_ALUMINUM && r->sign != NULL && r->sign->height_ft > ALUMINUM_HEIGHT_MAX_FT)
		calc_fault(calc, "/sign/height_ft", "aluminum_too_tall", "must be at most %d ft for aluminium",
				   ALUMINUM_HEIGHT_MAX_FT);
	if (r->cabinets.count > 0 && cabinet_sum(r->cabinets.items, r->cabinets.count).top_ft > 500)
		calc_fault(calc, "/cabinets", "range", "must not reach above 500 ft");
	design_check_grade(calc, r);
	const struct price_request price = price_of(r, 0);
	sign_price_op.check(calc, &price);
}

static void complete(void *input, struct arena *arena)
{
	design_complete(input, arena);
}

static const struct op_alias aliases[] = {{"POST", "/v1/signs/design"}, {NULL, NULL}};

const struct op sign_design_op = {
	.name = "sign.design",
	.path = "/api/v1/sign/design",
	.summary = "A whole sign structure: wind, pole, foundation and cost, the best feasible first",
	.doc = "Every section of the families with every foundation size; Cases A, B and C with the wind on each "
		   "candidate's own "
		   "width. By cost, weight or depth, with alternates; when nothing is feasible, what comes nearest.",
	.aliases = aliases,
	.input = &design_request_table,
	.output = &design_result_table,
	.check = check,
	.complete = complete,
	.run = run,
	.example = "{\"site\":{\"wind_speed_mph\":115,\"exposure\":\"C\"},\"sign\":{\"height_ft\":20,\"sign_height_ft\":8,"
			   "\"sign_width_ft\":12},\"foundation\":{\"soil\":{\"class\":4}}}",
};
