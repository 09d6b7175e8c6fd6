#include "sign/domain/poles_choice.h"

#include <string.h>

#include "core/arena.h"
#include "core/field.h"
#include "seal/calc.h"
#include "sign/domain/aluminum.h"
#include "sign/domain/grade.h"

enum { ALUMINUM_FAMILIES = 1u << SECTION_PIPE | 1u << SECTION_HSS_SQUARE };

static unsigned families_asked(const struct poles_request *r)
{
	return pole_families_of(r->prefs.family.items, r->prefs.family.count);
}

/* All families may be needed: a named section is of any. */
bool poles_names_sections(const struct poles_request *r)
{
	return r->prefs.designation != NULL || r->segments.count > 0;
}

static void check_segments(struct poles_choice *c)
{
	const struct poles_request *r = c->request;
	double total_ft = 0;
	for (size_t i = 0; i < r->segments.count; i++)
		total_ft += r->segments.items[i].length_ft;
	if (total_ft > r->height_ft * (1 + 1e-9))
		calc_fault(c->calc, "/segments", "above_height", "are %.10g ft together, the pole is %.10g ft", total_ft,
				   r->height_ft);
	if (r->segments.count > 0 && r->prefs.designation != NULL && r->segments.items[0].designation != NULL &&
		section_key(r->prefs.designation) != section_key(r->segments.items[0].designation))
		calc_fault(c->calc, "/segments", "conflict", "begin with another section than prefs.designation");
}

static void check_aluminum(struct poles_choice *c)
{
	const struct poles_request *r = c->request;
	if (r->height_ft > ALUMINUM_HEIGHT_MAX_FT)
		calc_fault(c->calc, "/height_ft", "aluminum_too_tall", "must be at most %d ft for aluminium",
				   ALUMINUM_HEIGHT_MAX_FT);
	if (r->prefs.steel_grade != NULL)
		calc_fault(c->calc, "/prefs/steel_grade", "conflict", "is of steel, the material is aluminium");
	if (given(r->prefs.fy_ksi))
		calc_fault(c->calc, "/prefs/fy_ksi", "conflict", "is of steel; aluminium has its alloy's welded strength");
}

static void check_grade(struct poles_choice *c, const struct grades *grades)
{
	const struct poles_prefs *prefs = &c->request->prefs;
	if (prefs->steel_grade != NULL && !grade_known(grades, prefs->steel_grade))
		calc_fault(c->calc, "/prefs/steel_grade", "enum", "is no grade of pack grades");
	if (!grade_edition_known(grades, prefs->grade_edition))
		calc_fault(c->calc, "/prefs/grade_edition", "enum", "is no edition of pack grades");
}

void poles_choice_check(struct poles_choice *c)
{
	const struct poles_request *r = c->request;
	if (r->material == POLE_ALUMINUM)
		check_aluminum(c);
	if (r->num_poles > 1 && r->loads.t_kipin > 0 && !given(r->spacing_ft))
		calc_fault(c->calc, "/spacing_ft", "required", "is required when several poles take torsion");
	check_segments(c);
	const struct grades *grades = r->material == POLE_STEEL ? calc_pack(c->calc, "grades") : NULL;
	if (grades != NULL)
		check_grade(c, grades);
}

/* REF: AISC 360-22 A3.1: strengths of the grade, for every family that it is made for.  Returns those families. */
static unsigned put_grades(struct poles_choice *c, const struct grades *grades)
{
	const struct poles_prefs *prefs = &c->request->prefs;
	unsigned graded = 0;
	for (int family = 0; family < SECTION_FAMILIES; family++) {
		const char *name = prefs->steel_grade != NULL ? prefs->steel_grade : grade_default((enum grade_form)family);
		const struct grade *grade = grade_find(grades, name, (enum grade_form)family, prefs->grade_edition);
		if (grade == NULL || !given(grade->fy_ksi))
			continue;
		graded |= 1u << family;
		c->problem.materials[family] = (struct pole_material){
			.e_ksi = STEEL_E_KSI,
			.g_ksi = STEEL_G_KSI,
			.fy_ksi = given(prefs->fy_ksi) ? prefs->fy_ksi : grade->fy_ksi,
			.fu_ksi = grade->fu_ksi,
		};
	}
	return graded;
}

/* Published W shapes count only where a W may be meant, so that no other answer depends on them. */
static bool may_be_w(const struct poles_request *r)
{
	if (r->prefs.designation != NULL && section_key_is_w(section_key(r->prefs.designation)))
		return true;
	for (size_t i = 0; i < r->segments.count; i++)
		if (section_key_is_w(section_key(r->segments.items[i].designation)))
			return true;
	return !poles_names_sections(r) && (families_asked(r) & 1u << SECTION_W) != 0;
}

static bool choose_steel(struct poles_choice *c)
{
	const struct poles_prefs *prefs = &c->request->prefs;
	const struct grades *grades = calc_pack(c->calc, "grades");
	if (grades == NULL || !section_open(c->calc, may_be_w(c->request) ? 1u << SECTION_W : 0, &c->set))
		return false;
	if (c->calc->faults.count > 0)
		return false;
	unsigned asked = poles_names_sections(c->request) ? SECTION_ALL : families_asked(c->request);
	c->families = asked & put_grades(c, grades);
	c->standard = prefs->steel_grade != NULL && strcmp(prefs->steel_grade, "A1085") == 0 ? SECTION_A1085 : SECTION_A500;
	if (c->families == 0)
		calc_fault(c->calc, "/prefs/steel_grade", "grade_family", "is no grade of the families asked for");
	else if (c->families != asked && !poles_names_sections(c->request))
		calc_assume(c->calc, "grade_families", "Only the families that %s is made for are considered.",
					prefs->steel_grade);
	return c->calc->faults.count == 0;
}

static bool choose_aluminum(struct poles_choice *c)
{
	const struct aluminum *aluminum = calc_pack(c->calc, "aluminum");
	if (aluminum == NULL)
		return false;
	c->problem.aluminum = aluminum;
	c->set.shipped = aluminum->sizes;
	unsigned asked = poles_names_sections(c->request) ? SECTION_ALL : families_asked(c->request);
	c->families = asked & ALUMINUM_FAMILIES;
	if (c->families == 0) {
		calc_abstain(c->calc, "abstain.aluminum",
					 "ADM 2020 strengths are there for pipe and square tube only; ask for pipe or tube.");
		return false;
	}
	for (int family = 0; family < SECTION_FAMILIES; family++)
		c->problem.materials[family] = (struct pole_material){.e_ksi = aluminum->e_ksi,
															  .g_ksi = aluminum->g_ksi,
															  .fy_ksi = aluminum->fty_ksi,
															  .fu_ksi = aluminum->ftu_ksi};
	calc_assume(
		c->calc, "aluminum_welded_base",
		"6061-T6, welded all around at the base with 5xxx filler: welded strengths hold there and for buckling; "
		"%g ksi yield up to %g in wall, %g ksi above.",
		aluminum->ftyw_ksi, aluminum->welded_wall_in, aluminum->ftyw_thick_ksi);
	return true;
}

/* REF: ADM 2020 B.5.4.5: what the manual has no rule for is left out, and named. */
static void leave_uncovered(struct poles_choice *c)
{
	size_t kept = 0;
	for (size_t i = 0; i < c->count; i++)
		if (aluminum_covers(c->list[i]))
			c->list[kept++] = c->list[i];
	if (kept < c->count)
		calc_assume(c->calc, "aluminum_thin_pipes",
					"Pipes with Rb/t of 20 and more are left out: ADM 2020 B.5.4.5 has no rule for them when welded.");
	c->count = kept;
}

/* A named section, of a family that the grade is made for.  NULL: abstained or refused. */
static const struct section *named(struct poles_choice *c, const char *designation, const char *pointer)
{
	const struct section *section = section_find(&c->set, c->standard, section_key(designation));
	if (section == NULL) {
		calc_abstain(c->calc, "abstain.no_section_data",
					 "No section data for %s; give a listed designation, or import the published shapes.", designation);
		return NULL;
	}
	if (c->problem.aluminum != NULL && !aluminum_covers(section)) {
		calc_abstain(
			c->calc, "abstain.aluminum",
			"ADM 2020 has no rule for %s with a transverse weld (B.5.4.5: Rb/t below 20); give a thicker wall.",
			designation);
		return NULL;
	}
	if ((c->families & 1u << section->family) == 0) {
		calc_fault(c->calc, pointer, "grade_family", "is of a family that %s is not made for",
				   c->request->prefs.steel_grade);
		return NULL;
	}
	return section;
}

static bool stack_segments(struct poles_choice *c)
{
	const struct poles_request *r = c->request;
	double from_in = 0;
	for (size_t i = 0; i < r->segments.count; i++) {
		const char *pointer = field_pointer_index(c->calc->arena, "/segments", i);
		const struct section *section = named(c, r->segments.items[i].designation, pointer);
		if (section == NULL)
			return false;
		double to_in = from_in + 12 * r->segments.items[i].length_ft;
		c->problem.stretches[i] = (struct pole_stretch){section, from_in, to_in};
		from_in = to_in;
	}
	c->problem.stretch_count = r->segments.count;
	if (r->segments.count == 0)
		return true;
	struct pole_stretch *last = &c->problem.stretches[r->segments.count - 1];
	if (last->to_in < 12 * r->height_ft * (1 - 1e-9))
		calc_assume(c->calc, "last_segment", "The last segment reaches up to the top of the pole.");
	last->to_in = 12 * r->height_ft;
	calc_assume(c->calc, "stepped_pole",
				"Pe of the stepped pole is that of the uniform one which a force at the top bends alike.");
	return true;
}

/* The sections to check.  False: abstained or refused. */
static bool choose_sections(struct poles_choice *c)
{
	const struct poles_request *r = c->request;
	c->list = arena_array(c->calc->arena, section_room(&c->set), sizeof *c->list);
	if (c->list == NULL || !stack_segments(c))
		return false;
	if (!poles_names_sections(r)) {
		c->count = section_list(&c->set, c->standard, c->families, c->list);
		if (c->problem.aluminum != NULL)
			leave_uncovered(c);
		if (c->count == 0)
			calc_abstain(c->calc, "abstain.no_section_data", "The packs have no section of the families asked for.");
		return c->count > 0;
	}
	c->list[0] =
		r->segments.count > 0 ? c->problem.stretches[0].section : named(c, r->prefs.designation, "/prefs/designation");
	c->count = 1;
	return c->list[0] != NULL;
}

bool poles_choose(struct poles_choice *choice)
{
	choice->problem = (struct poles_problem){.request = choice->request};
	poles_choice_check(choice);
	bool chosen = choice->request->material == POLE_ALUMINUM ? choose_aluminum(choice) : choose_steel(choice);
	return chosen && choice->calc->faults.count == 0 && choose_sections(choice);
}
