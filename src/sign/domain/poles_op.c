#include "sign/domain/poles_op.h"

#include <math.h>

#include "core/arena.h"
#include "core/field.h"
#include "seal/calc.h"
#include "sign/domain/poles_choice.h"
#include "sign/domain/poles_trace.h"

/* A calculation under way. */
struct designing {
	struct calc *calc;
	const struct poles_request *request;
	struct poles_result *result;
	struct poles_choice choice;
};

static double weight_of(const struct designing *d, const struct section *section)
{
	if (d->choice.problem.stretch_count == 0)
		return section->weight_lb_ft * d->request->height_ft;
	double weight_lb = 0;
	for (size_t i = 0; i < d->choice.problem.stretch_count; i++) {
		const struct pole_stretch *stretch = &d->choice.problem.stretches[i];
		weight_lb += stretch->section->weight_lb_ft * (stretch->to_in - stretch->from_in) / 12;
		section_note_published(d->calc, stretch->section);
	}
	return weight_lb;
}

static double or_none(double x)
{
	return isfinite(x) ? x : NAN;
}

static void fill_option(struct designing *d, const struct section *section, struct pole_option *option)
{
	struct pole_checks checks;
	const struct pole_material *material = &d->choice.problem.materials[section->family];
	poles_check(&d->choice.problem, section, (struct poles_variation){(int)d->request->num_poles, 1}, &checks);
	*option = (struct pole_option){
		.family = section->family,
		.designation = section->designation,
		.weight_lb_ft = section->weight_lb_ft,
		.weight_lb = weight_of(d, section),
		.sx_in3 = section->sx_in3,
		.zx_in3 = section->zx_in3,
		.ix_in4 = section->ix_in4,
		.fy_ksi = material->fy_ksi,
		.fu_ksi = material->fu_ksi,
		.deflection_in = isfinite(checks.amplification) ? checks.deflection_in : NAN,
		.amplification = or_none(checks.amplification),
		.utilization = or_none(checks.utilization),
	};
	option->all_pass = pole_check_rows(&checks, d->calc->arena, &option->checks);
	section_note_published(d->calc, section);
}

static bool answer_options(struct designing *d, const struct poles_found *found)
{
	const struct section *const *shown = found->best;
	size_t count = found->best_count;
	if (count == 0 && poles_names_sections(d->request)) { /* a named section is shown even when it fails */
		shown = d->choice.list;
		count = 1;
	}
	d->result->options.items = arena_array(d->calc->arena, count, sizeof(struct pole_option));
	if (count > 0 && d->result->options.items == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		fill_option(d, shown[i], &d->result->options.items[i]);
	d->result->options.count = count;
	d->result->recommended = found->best_count > 0 ? d->result->options.items : NULL;
	if (count > 0)
		calc_checks(d->calc, &d->result->options.items[0].checks);
	return true;
}

static const char *governing_name(struct designing *d, const struct section *section)
{
	struct pole_checks checks;
	struct check_list rows = {0};
	poles_check(&d->choice.problem, section, (struct poles_variation){(int)d->request->num_poles, 1}, &checks);
	pole_check_rows(&checks, d->calc->arena, &rows);
	const struct check *row = check_governing(&rows);
	return row != NULL ? row->name : "";
}

/* Nothing passes: that is a result, and says what comes closest. */
static bool answer_nearest(struct designing *d, const struct poles_found *found)
{
	if (found->feasible > 0)
		return true;
	d->result->nearest.items = arena_array(d->calc->arena, found->nearest_count, sizeof(struct pole_nearest));
	if (found->nearest_count > 0 && d->result->nearest.items == NULL)
		return false;
	for (size_t i = 0; i < found->nearest_count; i++) {
		const struct section *section = found->nearest[i];
		d->result->nearest.items[i] = (struct pole_nearest){
			.family = section->family,
			.designation = section->designation,
			.weight_lb_ft = section->weight_lb_ft,
			.utilization = or_none(found->nearest_utilization[i]),
			.governing = governing_name(d, section),
			.needs = poles_needs(&d->choice.problem, section),
		};
		section_note_published(d->calc, section);
	}
	d->result->nearest.count = found->nearest_count;
	calc_rule(d->calc, RULE_NO_FEASIBLE);
	if (poles_names_sections(d->request))
		calc_warn(d->calc, "no_feasible", NULL, "no feasible section: %s fails %s.", found->nearest[0]->designation,
				  d->result->nearest.items[0].governing);
	else
		calc_warn(d->calc, "no_feasible", NULL,
				  "no feasible section among %lld; see nearest for what would pass: a larger section, more poles, less "
				  "height.",
				  (long long)found->considered);
	return true;
}

static void note_assumptions(struct designing *d)
{
	const struct poles_request *r = d->request;
	bool edge = false;
	for (size_t i = 0; i < d->choice.count; i++)
		edge |= d->choice.list[i]->family == SECTION_HSS_RECT || d->choice.list[i]->family == SECTION_W;
	if (edge)
		calc_assume(
			d->calc, "strong_axis",
			"Rectangular HSS and W stand with the strong axis against the wind on the face; wind on the edge is "
			"not checked.");
	if (r->loads.my_kipin > 0 && !r->weight_counted)
		calc_assume(d->calc, "both_ways",
					"My_kipin bends along the face: a round takes the resultant, of others the ratios of both axes add "
					"(AISC 360-22 H1-1), and the top moves by both.");
	if (r->num_poles > 1)
		calc_assume(d->calc, "poles_share", "The poles share M, V and P equally%s.",
					r->loads.t_kipin > 0 ? "; torsion is a couple along their line" : "");
	calc_assume(d->calc, "free_top", "A cantilever fixed at the base and free at the top: Pe with K = 2, Cb = 1.");
	if (!r->weight_counted)
		calc_assume(d->calc, "own_weight", "P_kip is taken as given; the pole's own weight is not added to it.");
}

static bool answer(struct designing *d)
{
	struct poles_found found = {.best =
									arena_array(d->calc->arena, (size_t)d->request->prefs.limit, sizeof *found.best)};
	if (found.best == NULL)
		return false;
	poles_search(&d->choice.problem, d->choice.list, d->choice.count, &found);
	d->result->feasible_count = found.feasible;
	d->result->considered_count = found.considered;
	d->result->per_pole = poles_case(&d->choice.problem, (struct poles_variation){(int)d->request->num_poles, 1}).loads;
	poles_trace(d->calc, &d->choice.problem, found.best_count > 0 ? found.best[0] : found.nearest[0]);
	note_assumptions(d);
	return answer_options(d, &found) && answer_nearest(d, &found);
}

static bool run(struct calc *calc, const void *input, void *output)
{
	struct designing d = {.calc = calc, .request = input, .result = output, .choice = {.calc = calc, .request = input}};
	if (!poles_choose(&d.choice))
		return calc_abstained(calc) && calc->faults.count == 0;
	return answer(&d);
}

static void check(struct calc *calc, const void *input)
{
	struct poles_choice choice = {.calc = calc, .request = input};
	poles_choice_check(&choice);
}

static void complete(void *input, struct arena *arena)
{
	struct poles_request *r = input;
	if (!given(r->unbraced_length_ft))
		r->unbraced_length_ft = r->height_ft;
	if (!given(r->shear_length_ft))
		r->shear_length_ft = r->height_ft;
	if (r->prefs.family.count == 0 && !poles_names_sections(r))
		r->prefs.family.items = pole_families_usual(arena, &r->prefs.family.count);
}

static const struct op_alias aliases[] = {
	{"POST", "/signage/common/poles/options"},
	{NULL, NULL},
};

const struct op sign_poles_op = {
	.name = "sign.poles",
	.path = "/api/v1/sign/poles",
	.summary = "Poles that carry the loads, lightest first",
	.doc = "Checks pipe, HSS and W shapes as cantilever poles by AISC 360-22 (axial, flexure, shear, torsion, "
		   "interaction, deflection), or aluminium by ADM 2020, and answers those that pass in order; when none does, "
		   "the three that come closest and what each would need.",
	.aliases = aliases,
	.input = &poles_request_table,
	.output = &poles_result_table,
	.check = check,
	.complete = complete,
	.run = run,
	.example = "{\"loads\":{\"M_kipin\":430,\"V_kip\":2.24},\"height_ft\":16}",
};
