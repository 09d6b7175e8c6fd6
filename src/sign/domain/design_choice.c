#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "seal/calc.h"
#include "sign/domain/design.h"
#include "sign/domain/grade.h"
#include "sign/domain/poles_request.h"
#include "sign/domain/section_catalog.h"

enum { GRADE_EDITION = 2021 };
enum { ALUMINUM_FAMILIES = 1U << SECTION_PIPE | 1U << SECTION_HSS_SQUARE };

struct choosing {
	struct calc *calc;
	const struct design_request *request;
	struct design_problem *problem;
};

static unsigned families_asked(const struct design_request *r)
{
	return pole_families_of(r->support.families.items, r->support.families.count);
}

/* --- steel --- */

static unsigned grade_families(struct choosing *c, const struct grades *grades, unsigned families)
{
	const char *asked = c->request->support.steel_grade;
	unsigned graded = 0;
	for (int family = 0; family < SECTION_FAMILIES; family++) {
		const char *name = asked != NULL ? asked : grade_default((enum grade_form)family);
		const struct grade *grade = grade_find(grades, name, (enum grade_form)family, GRADE_EDITION);
		if (grade == NULL || !given(grade->fy_ksi))
			continue;
		graded |= 1U << family;
		c->problem->materials[family] = (struct pole_material){STEEL_E_KSI, STEEL_G_KSI, grade->fy_ksi, grade->fu_ksi};
	}
	return families & graded;
}

static bool made_for(const struct grades *grades, const char *name, unsigned families)
{
	for (int family = 0; family < SECTION_FAMILIES; family++) {
		const struct grade *grade = grade_find(grades, name, (enum grade_form)family, GRADE_EDITION);
		if ((families & 1U << family) != 0 && grade != NULL && given(grade->fy_ksi))
			return true;
	}
	return false;
}

void design_check_grade(struct calc *calc, const struct design_request *r)
{
	const char *asked = r->support.material == POLE_STEEL ? r->support.steel_grade : NULL;
	const struct grades *grades = asked != NULL ? calc_pack(calc, "grades") : NULL;
	if (grades == NULL)
		return;
	if (!grade_known(grades, asked))
		calc_fault(calc, "/support/steel_grade", "enum", "is no grade of pack grades");
	else if (!made_for(grades, asked, families_asked(r)))
		calc_fault(calc, "/support/steel_grade", "grade_family", "is no grade of the families asked for");
}

/* The sections of these families into the problem.  False: no memory. */
static bool list_sections(struct choosing *c, const struct section_set *set, enum section_standard standard,
						  unsigned families)
{
	struct design_problem *p = c->problem;
	p->list = arena_array(c->calc->arena, section_room(set), sizeof *p->list);
	p->ranked = arena_array(c->calc->arena, section_room(set), sizeof *p->ranked);
	if (p->list != NULL && p->ranked != NULL)
		p->count = section_list(set, standard, families, p->list);
	return p->list != NULL && p->ranked != NULL;
}

static bool choose_steel(struct choosing *c)
{
	struct section_set set;
	const struct grades *grades = calc_pack(c->calc, "grades");
	unsigned families = families_asked(c->request);
	if (grades == NULL || !section_open(c->calc, families, &set))
		return false;
	families = grade_families(c, grades, families);
	const char *grade = c->request->support.steel_grade;
	bool a1085 = grade != NULL && strcmp(grade, "A1085") == 0;
	return list_sections(c, &set, a1085 ? SECTION_A1085 : SECTION_A500, families);
}

/* --- aluminium --- */

static void check_aluminum(struct choosing *c)
{
	if (c->problem->height_ft > ALUMINUM_HEIGHT_MAX_FT)
		calc_fault(c->calc, c->request->sign != NULL ? "/sign/height_ft" : "/cabinets", "aluminum_too_tall",
				   "must be at most %d ft for aluminium", ALUMINUM_HEIGHT_MAX_FT);
	if (c->request->support.steel_grade != NULL)
		calc_fault(c->calc, "/support/steel_grade", "conflict", "is of steel, the material is aluminium");
}

static void assume_aluminum(struct choosing *c, const struct aluminum *aluminum, bool left_out)
{
	calc_assume(c->calc, "aluminum_welded_base",
				"6061-T6, taken as welded all around at the base with 5xxx filler: welded strengths hold there and for "
				"buckling; %g ksi yield up to %g in wall, %g ksi above.",
				aluminum->ftyw_ksi, aluminum->welded_wall_in, aluminum->ftyw_thick_ksi);
	calc_assume(c->calc, "aluminum_in_concrete",
				"Aluminium in concrete is coated or wrapped, and apart from the bars (ADM 2020 M.7).");
	if (left_out)
		calc_assume(c->calc, "aluminum_thin_pipes",
					"Pipes with Rb/t of 20 and more are left out: ADM 2020 B.5.4.5 has no rule for them when welded.");
}

/* REF: ADM 2020 B.5.4.5: what the manual has no rule for is left out, and named. */
static bool choose_aluminum(struct choosing *c)
{
	struct design_problem *p = c->problem;
	const struct aluminum *aluminum = calc_pack(c->calc, "aluminum");
	unsigned families = families_asked(c->request) & ALUMINUM_FAMILIES;
	check_aluminum(c);
	if (aluminum == NULL || c->calc->faults.count > 0)
		return false;
	if (families == 0) {
		calc_abstain(c->calc, "abstain.aluminum",
					 "ADM 2020 strengths are there for pipe and square tube only; ask for pipe or tube.");
		return false;
	}
	const struct section_set set = {.shipped = aluminum->sizes};
	if (!list_sections(c, &set, SECTION_A500, families))
		return false;
	size_t kept = 0, all = p->count;
	for (size_t i = 0; i < all; i++)
		if (aluminum_covers(p->list[i]))
			p->list[kept++] = p->list[i];
	p->count = kept;
	p->aluminum = aluminum;
	for (int family = 0; family < SECTION_FAMILIES; family++)
		p->materials[family] =
			(struct pole_material){aluminum->e_ksi, aluminum->g_ksi, aluminum->fty_ksi, aluminum->ftu_ksi};
	assume_aluminum(c, aluminum, kept < all);
	return true;
}

/* --- foundations --- */

/* Which types; what poles of aluminium do not have yet. */
static bool choose_types(struct choosing *c)
{
	const struct design_foundation_request *f = &c->request->foundation;
	struct design_problem *p = c->problem;
	for (size_t i = 0; i < f->types.count; i++)
		p->types |= 1U << f->types.items[i];
	if (p->aluminum != NULL && p->types != 1U << FOUNDATION_DIRECT) {
		calc_abstain(c->calc, "abstain.aluminum",
					 "Base plates are designed for steel poles (AISC Design Guide 1); ask for direct burial.");
		return false;
	}
	return true;
}

static bool choose_anchors(struct choosing *c)
{
	const struct grades *grades = calc_pack(c->calc, "grades");
	if (grades != NULL)
		c->problem->anchor_grade = grade_find(grades, grade_default(GRADE_ANCHOR), GRADE_ANCHOR, GRADE_EDITION);
	return c->problem->anchor_grade != NULL;
}

static void assume_plates(struct choosing *c)
{
	calc_assume(
		c->calc, "plates",
		"Poles stand on square plates of A36 (AISC Design Guide 1) with cast-in %s anchors 12 diameters deep, at "
		"strength level: 0.9 D + W and 1.2 D + W, each row the worse; E70 fillet all around.",
		c->problem->anchor_grade->grade);
	calc_assume(c->calc, "anchors_in_concrete",
				"Anchors stand in cracked concrete without anchor reinforcement; of a round pier the square within it "
				"counts for their edges.");
	calc_assume(c->calc, "feasible_counted",
				"feasible_count holds the combinations that were found; with plates, poles and piers that would cost "
				"more than the answers are not tried.");
	if ((c->problem->types & 1U << FOUNDATION_SPREAD) != 0)
		calc_assume(c->calc, "spread_at_grade",
					"Spread footings reach up to grade, one under each pole, clear of each other, at most twice as "
					"long as wide; the cheapest by concrete, "
					"excavation and bars.");
	if ((c->problem->types & 1U << FOUNDATION_SPREAD) != 0 && c->problem->poles == 1 && c->problem->dead_x_ft != 0)
		calc_assume(
			c->calc, "spread_both_ways",
			"The sign's dead load stands %.4g ft off the pole and bends the footing across the wind: the pressure "
			"is that of each direction alone, one multiplied by the other's eccentricity, which is never below "
			"the linear pressure's peak and at most 22 %% above it.",
			fabs(c->problem->dead_x_ft));
}

static bool choose_foundation(struct choosing *c)
{
	const struct design_foundation_request *f = &c->request->foundation;
	struct design_problem *p = c->problem;
	if (!choose_types(c))
		return false;
	p->calibration = calc_pack(c->calc, "footing_calibration");
	p->concrete = calc_pack(c->calc, "concrete");
	p->costs = calc_pack(c->calc, "costs");
	if (p->calibration == NULL || p->concrete == NULL || p->costs == NULL || !soil_choose(c->calc, &f->soil, &p->soil))
		return false;
	double factor = f->half_inch_motion ? p->calibration->half_inch_motion : 1;
	p->lateral = (struct footing_soil){p->soil.lateral_psf_ft * factor, p->calibration->cap_ft};
	p->frost_ft = given(c->request->site.frost_depth_ft) ? c->request->site.frost_depth_ft : 0;
	p->diameters = f->diameters_ft.count;
	for (size_t i = 0; i < p->diameters; i++)
		p->diameters_ft[i] = f->diameters_ft.items[i];
	if (p->types == 1U << FOUNDATION_DIRECT)
		return true;
	if (!choose_anchors(c))
		return false;
	assume_plates(c);
	return true;
}

static void complete_foundation(struct design_foundation_request *f, struct arena *arena)
{
	enum { USUAL = 14 }; /* 1.5 to 8 ft */
	if (f->types.count == 0 && (f->types.items = arena_array(arena, 1, sizeof *f->types.items)) != NULL)
		f->types.items[f->types.count++] = FOUNDATION_DIRECT;
	if (f->diameters_ft.count > 0 ||
		(f->diameters_ft.items = arena_array(arena, USUAL, sizeof *f->diameters_ft.items)) == NULL)
		return;
	for (; f->diameters_ft.count < USUAL; f->diameters_ft.count++)
		f->diameters_ft.items[f->diameters_ft.count] = 1.5 + .5 * (double)f->diameters_ft.count;
}

void design_complete(struct design_request *r, struct arena *arena)
{
	if (!given(r->site.kzt) && r->site.hill == NULL)
		r->site.kzt = 1;
	if (!given(r->site.ground_elevation_ft) && r->common.code != SIGN_ASCE7_10)
		r->site.ground_elevation_ft = 0;
	if (r->support.families.count == 0)
		r->support.families.items = pole_families_usual(arena, &r->support.families.count);
	complete_foundation(&r->foundation, arena);
}

bool design_state(struct calc *calc, const struct design_request *r, const struct wind_setup *wind,
				  const struct design_face *face, struct design_problem *p)
{
	struct choosing c = {calc, r, p};
	*p = (struct design_problem){
		.request = r,
		.wind = wind,
		.height_ft = face->height_ft,
		.bottom_ft = face->poles_to_ft,
		.weight_lb = face->weight_lb,
		.x_ft = face->x_ft,
		.dead_x_ft = face->dead_x_ft,
		.poles = (int)r->support.num_poles,
		.spacing_in = given(r->support.spacing_ft) ? 12 * r->support.spacing_ft : 0,
		.lrfd = r->common.level == SIGN_LRFD,
	};
	if (p->poles > 1 && !given(r->support.spacing_ft))
		calc_fault(calc, "/support/spacing_ft", "required", "is required: Case B twists several poles");
	bool metal = r->support.material == POLE_ALUMINUM ? choose_aluminum(&c) : choose_steel(&c);
	return metal && calc->faults.count == 0 && choose_foundation(&c);
}
