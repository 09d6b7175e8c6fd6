#include "sign/domain/poles_op.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/field.h"
#include "seal/calc.h"
#include "sign/domain/grade.h"
#include "sign/domain/poles_search.h"
#include "sign/domain/section_catalog.h"

/* A calculation under way. */
struct designing {
	struct calc *calc;
	const struct poles_request *request;
	struct poles_result *result;
	struct poles_problem problem;
	const struct grades *grades;
	struct section_set set;
	enum section_standard standard;
	unsigned families;
	const struct section **list;
	size_t count;
};

static unsigned families_asked(const struct poles_request *r)
{
	static const unsigned sets[] = {
		[POLE_FAMILY_PIPE] = 1u << SECTION_PIPE,           [POLE_FAMILY_TUBE] = SECTION_TUBES,
		[POLE_FAMILY_HSS_ROUND] = 1u << SECTION_HSS_ROUND, [POLE_FAMILY_HSS_SQUARE] = 1u << SECTION_HSS_SQUARE,
		[POLE_FAMILY_HSS_RECT] = 1u << SECTION_HSS_RECT,   [POLE_FAMILY_W] = 1u << SECTION_W,
	};
	unsigned families = 0;
	for (size_t i = 0; i < r->prefs.family.count; i++)
		families |= sets[r->prefs.family.items[i]];
	return families != 0 ? families : sets[POLE_FAMILY_PIPE] | sets[POLE_FAMILY_TUBE];
}

/* All families may be needed: a named section is of any. */
static bool names_sections(const struct poles_request *r)
{
	return r->prefs.designation != NULL || r->segments.count > 0;
}

static void check_segments(struct designing *d)
{
	const struct poles_request *r = d->request;
	double total_ft = 0;
	for (size_t i = 0; i < r->segments.count; i++)
		total_ft += r->segments.items[i].length_ft;
	if (total_ft > r->height_ft * (1 + 1e-9))
		calc_fault(d->calc, "/segments", "above_height", "are %.10g ft together, the pole is %.10g ft", total_ft,
				   r->height_ft);
	if (r->segments.count > 0 && r->prefs.designation != NULL &&
		section_key(r->prefs.designation) != section_key(r->segments.items[0].designation))
		calc_fault(d->calc, "/segments", "conflict", "begin with another section than prefs.designation");
}

static void check_request(struct designing *d)
{
	const struct poles_request *r = d->request;
	if (r->material == POLE_ALUMINUM && r->height_ft > ALUMINUM_HEIGHT_MAX_FT)
		calc_fault(d->calc, "/height_ft", "aluminum_too_tall", "must be at most %d ft for aluminium",
				   ALUMINUM_HEIGHT_MAX_FT);
	if (r->num_poles > 1 && r->loads.t_kipin > 0 && !given(r->spacing_ft))
		calc_fault(d->calc, "/spacing_ft", "required", "is required when several poles take torsion");
	check_segments(d);
}

/* REF: AISC 360-22 A3.1: strengths of the grade for every family that has it. */
static bool choose_steel(struct designing *d)
{
	const struct poles_prefs *prefs = &d->request->prefs;
	if (prefs->steel_grade != NULL && !grade_known(d->grades, prefs->steel_grade))
		calc_fault(d->calc, "/prefs/steel_grade", "enum", "is no grade of pack grades");
	if (!grade_edition_known(d->grades, prefs->grade_edition))
		calc_fault(d->calc, "/prefs/grade_edition", "enum", "is no edition of pack grades");
	if (d->calc->faults.count > 0)
		return false;
	unsigned graded = 0;
	for (int family = 0; family < SECTION_FAMILIES; family++) {
		const char *name = prefs->steel_grade != NULL ? prefs->steel_grade : grade_default((enum grade_form)family);
		const struct grade *grade = grade_find(d->grades, name, (enum grade_form)family, prefs->grade_edition);
		if (grade == NULL || !given(grade->fy_ksi))
			continue;
		graded |= 1u << family;
		d->problem.materials[family] = (struct pole_material){
			.e_ksi = STEEL_E_KSI,
			.g_ksi = STEEL_G_KSI,
			.fy_ksi = given(prefs->fy_ksi) ? prefs->fy_ksi : grade->fy_ksi,
			.fu_ksi = grade->fu_ksi,
		};
	}
	d->standard = prefs->steel_grade != NULL && strcmp(prefs->steel_grade, "A1085") == 0 ? SECTION_A1085 : SECTION_A500;
	if ((d->families & graded) == 0)
		calc_fault(d->calc, "/prefs/steel_grade", "grade_family", "is no grade of the families asked for");
	else if ((d->families & graded) != d->families && !names_sections(d->request))
		calc_assume(d->calc, "grade_families", "Only the families that %s is made for are considered.",
					prefs->steel_grade);
	d->families &= graded;
	return d->calc->faults.count == 0;
}

/* A named section, of a family that the grade is made for.  NULL: abstained or refused. */
static const struct section *named(struct designing *d, const char *designation, const char *pointer)
{
	const struct section *section = section_find(&d->set, d->standard, section_key(designation));
	if (section == NULL) {
		calc_abstain(d->calc, "abstain.no_section_data",
					 "No section data for %s; give a listed designation, or import the published shapes.", designation);
		return NULL;
	}
	if ((d->families & 1u << section->family) == 0) {
		calc_fault(d->calc, pointer, "grade_family", "is of a family that %s is not made for",
				   d->request->prefs.steel_grade);
		return NULL;
	}
	return section;
}

static bool stack_segments(struct designing *d)
{
	const struct poles_request *r = d->request;
	double from_in = 0;
	for (size_t i = 0; i < r->segments.count; i++) {
		const char *pointer = field_pointer_index(d->calc->arena, "/segments", i);
		const struct section *section = named(d, r->segments.items[i].designation, pointer);
		if (section == NULL)
			return false;
		double to_in = from_in + 12 * r->segments.items[i].length_ft;
		d->problem.stretches[i] = (struct pole_stretch){section, from_in, to_in};
		from_in = to_in;
	}
	d->problem.stretch_count = r->segments.count;
	if (r->segments.count == 0)
		return true;
	struct pole_stretch *last = &d->problem.stretches[r->segments.count - 1];
	if (last->to_in < 12 * r->height_ft * (1 - 1e-9))
		calc_assume(d->calc, "last_segment", "The last segment reaches up to the top of the pole.");
	last->to_in = 12 * r->height_ft;
	calc_assume(d->calc, "stepped_pole",
				"Pe of the stepped pole is that of the uniform one which a force at the top bends alike.");
	return true;
}

/* The sections to check.  False: abstained or refused. */
static bool choose_sections(struct designing *d)
{
	const struct poles_request *r = d->request;
	d->list = arena_array(d->calc->arena, section_room(&d->set), sizeof *d->list);
	if (d->list == NULL || !stack_segments(d))
		return false;
	if (!names_sections(r)) {
		d->count = section_list(&d->set, d->standard, d->families, d->list);
		return true;
	}
	d->list[0] =
		r->segments.count > 0 ? d->problem.stretches[0].section : named(d, r->prefs.designation, "/prefs/designation");
	d->count = 1;
	return d->list[0] != NULL;
}

static double weight_of(const struct designing *d, const struct section *section)
{
	if (d->problem.stretch_count == 0)
		return section->weight_lb_ft * d->request->height_ft;
	double weight_lb = 0;
	for (size_t i = 0; i < d->problem.stretch_count; i++) {
		const struct pole_stretch *stretch = &d->problem.stretches[i];
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
	const struct pole_material *material = &d->problem.materials[section->family];
	poles_check(&d->problem, section, (struct poles_variation){(int)d->request->num_poles, 1}, &checks);
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
	if (count == 0 && names_sections(d->request)) { /* a named section is shown even when it fails */
		shown = d->list;
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
	poles_check(&d->problem, section, (struct poles_variation){(int)d->request->num_poles, 1}, &checks);
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
			.needs = poles_needs(&d->problem, section),
		};
		section_note_published(d->calc, section);
	}
	d->result->nearest.count = found->nearest_count;
	calc_rule(d->calc, RULE_NO_FEASIBLE);
	if (names_sections(d->request))
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
	for (size_t i = 0; i < d->count; i++)
		edge |= d->list[i]->family == SECTION_HSS_RECT || d->list[i]->family == SECTION_W;
	if (edge)
		calc_assume(
			d->calc, "strong_axis",
			"Rectangular HSS and W stand with the strong axis against the wind on the face; wind on the edge is "
			"not checked.");
	if (r->num_poles > 1)
		calc_assume(d->calc, "poles_share", "The poles share M, V and P equally%s.",
					r->loads.t_kipin > 0 ? "; torsion is a couple along their line" : "");
	calc_assume(d->calc, "free_top", "A cantilever fixed at the base and free at the top: Pe with K = 2, Cb = 1.");
	calc_assume(d->calc, "own_weight", "P_kip is taken as given; the pole's own weight is not added to it.");
}

/* The named factors behind the first option (or the nearest section), one pole. */
static void trace(struct designing *d, const struct section *s)
{
	struct pole_step steps[POLE_SEGMENTS_MAX];
	const struct poles_variation asked = {(int)d->request->num_poles, 1};
	struct pole_frame frame = poles_frame(&d->problem, asked, steps);
	const struct pole_material *m = &d->problem.materials[s->family];
	struct pole_step uniform = {frame.lengths.height_in, s->ix_in4};
	struct calc *calc = d->calc;
	calc_factor_text(calc, "section", s->designation);
	calc_factor(calc, "e_ksi", m->e_ksi);
	calc_factor(calc, "fy_ksi", m->fy_ksi);
	calc_factor(calc, "alpha", frame.lrfd ? 1.0 : 1.6);
	calc_factor(calc, "pe_kip",
				pole_euler(frame.steps != NULL ? frame.steps : &uniform, frame.steps != NULL ? frame.step_count : 1,
						   m->e_ksi, frame.lengths.height_in));
	calc_factor(calc, "kl_r", frame.lengths.column_in / s->ry_in);
	calc_factor(calc, "plastic_moment_kipin", m->fy_ksi * s->zx_in3);
	calc_factor(calc, "pn_kip", strength_axial(s, m, frame.lengths.column_in).value);
	calc_factor(calc, "mn_kipin", strength_flexure(s, m, frame.lengths.unbraced_in).value);
	calc_factor(calc, "vn_kip", strength_shear(s, m, frame.lengths.shear_in).value);
	if (s->family == SECTION_HSS_ROUND || s->family == SECTION_PIPE) {
		calc_factor(calc, "d_t", s->d_t);
	} else {
		calc_factor(calc, "b_t", s->b_t);
		calc_factor(calc, "h_t", s->h_t);
	}
	if (s->family != SECTION_W)
		calc_factor(calc, "tn_kipin", strength_torsion(s, m, frame.lengths.height_in).value);
}

static bool answer(struct designing *d)
{
	struct poles_found found = {.best =
									arena_array(d->calc->arena, (size_t)d->request->prefs.limit, sizeof *found.best)};
	if (found.best == NULL)
		return false;
	poles_search(&d->problem, d->list, d->count, &found);
	d->result->feasible_count = found.feasible;
	d->result->considered_count = found.considered;
	d->result->per_pole = poles_case(&d->problem, (struct poles_variation){(int)d->request->num_poles, 1}).loads;
	trace(d, found.best_count > 0 ? found.best[0] : found.nearest[0]);
	note_assumptions(d);
	return answer_options(d, &found) && answer_nearest(d, &found);
}

static bool run(struct calc *calc, const void *input, void *output)
{
	struct designing d = {.calc = calc, .request = input, .result = output, .problem = {.request = input}};
	check_request(&d);
	d.families = names_sections(d.request) ? SECTION_ALL : families_asked(d.request);
	d.grades = calc_pack(calc, "grades");
	if (d.grades == NULL || !section_open(calc, d.families, &d.set) || !choose_steel(&d))
		return false;
	if (!choose_sections(&d))
		return calc_abstained(calc) && calc->faults.count == 0;
	return answer(&d);
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
	.run = run,
	.example = "{\"loads\":{\"M_kipin\":430,\"V_kip\":2.24},\"height_ft\":16}",
};
