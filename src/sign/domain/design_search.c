#include "sign/domain/design.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double STRENGTH_TO_ASD = .6; /* REF: ASCE 7-16 section 2.4.1: 0.6 W */
static const double DEAD_LRFD = 1.2;      /* REF: ASCE 7-16 section 2.3.1: 1.2 D + W */
static const double IN_FT = 12;

static const struct wind_case *case_of(const struct wind_loads *loads, int i)
{
	return i == 0 ? &loads->a : i == 1 ? &loads->b : &loads->c;
}

int design_cases(const struct design_problem *p)
{
	return p->wind->loads.c_applies ? 3 : 2;
}

static int pole_shape(const struct section *section)
{
	return section->family == SECTION_PIPE || section->family == SECTION_HSS_ROUND ? POLE_ROUND : POLE_SQUARE;
}

/* The strong axis stands against the wind, so the wind meets the smaller side. */
static double windward_in(const struct section *section)
{
	return pole_shape(section) == POLE_ROUND || isnan(section->width_in) ? section->depth_in : section->width_in;
}

double design_outline_in(const struct section *section)
{
	return pole_shape(section) == POLE_ROUND ? section->depth_in : hypot(section->depth_in, windward_in(section));
}

static struct wind_pole_loads wind_on(const struct design_problem *p, int shape, double width_in)
{
	struct wind_pole_loads loads = {0};
	const struct wind_pole pole = {.shape = shape,
								   .surface = SURFACE_SMOOTH,
								   .count = p->poles,
								   .width_in = width_in,
								   .from_ft = 0,
								   .to_ft = p->bottom_ft,
								   .structure_height_ft = p->height_ft};
	if (p->bottom_ft > 0)
		wind_on_pole(&p->wind->site, &pole, p->wind->face.gust, &loads);
	return loads;
}

struct wind_pole_loads design_pole_wind(const struct design_problem *p, const struct section *section)
{
	return wind_on(p, pole_shape(section), windward_in(section));
}

/*
 * One pole's share of a wind case at a load factor.  Wind on an off-centre sign twists: its force at the offset adds to
 * the case's own torsion.
 */
struct pole_loads design_share(const struct design_problem *p, int wind_case, const struct wind_pole_loads *pole,
							   double factor)
{
	const struct wind_case *c = case_of(&p->wind->loads, wind_case);
	const struct pole_loads total = {
		.m_kipin = factor * (c->moment_lbft + pole->moment_lbft) * IN_FT / 1000,
		.v_kip = factor * (c->force_lb + pole->force_lb) / 1000,
		.t_kipin = factor * (c->torsion_lbft + c->force_lb * fabs(p->x_ft)) * IN_FT / 1000,
	};
	return pole_share(&total, p->poles, p->spacing_in, p->height_ft * IN_FT);
}

/* --- foundations --- */

/* The deepest of the cases; those of equal force and moment, as A and B of one pole, are solved once. */
static void solve_depth(const struct design_problem *p, const struct design_group *group, double b_ft,
						struct design_pier *pier)
{
	for (int c = 0; c < design_cases(p); c++) {
		const struct pole_loads *l = &group->asd[c];
		if (c > 0 && l->v_kip == l[-1].v_kip && l->m_kipin == l[-1].m_kipin)
			continue;
		double force_lb = l->v_kip * 1000, arm_ft = l->v_kip > 0 ? l->m_kipin / l->v_kip / IN_FT : 0;
		struct footing_depth depth = footing_nonconstrained(&p->lateral, force_lb, arm_ft, b_ft);
		pier->required_ft = fmax(pier->required_ft, depth.depth_ft);
		pier->mu_lbft = fmax(pier->mu_lbft, force_lb * (arm_ft + depth.depth_ft / 3) / STRENGTH_TO_ASD);
	}
	double step = p->calibration->depth_step_in / IN_FT;
	double least = fmax(fmax(pier->required_ft, p->calibration->min_depth_in / IN_FT), p->frost_ft);
	pier->depth_ft = step * ceil(least / step - 1e-9);
}

static const struct design_known_bars *bars_for(struct design_searching *s, size_t i, double mu_lbft)
{
	struct design_known_bars *all = s->known[i];
	for (size_t k = 0; k < s->known_count[i]; k++)
		if (mu_lbft >= all[k].from_lbft && mu_lbft <= all[k].to_lbft)
			return &all[k];
	struct design_known_bars *bars =
		&all[s->known_count[i] < DESIGN_KNOWN_MAX ? s->known_count[i]++ : DESIGN_KNOWN_MAX - 1];
	bars->enough = pier_reinforce(s->p->concrete, false, s->p->diameters_ft[i], s->p->request->foundation.fc_psi,
								  mu_lbft, &bars->rebar);
	bars->from_lbft = mu_lbft;
	bars->to_lbft = bars->enough ? bars->rebar.phi_mn_lbft : INFINITY;
	return bars;
}

static bool reinforce(struct design_searching *s, size_t i, struct design_pier *pier)
{
	const struct design_known_bars *bars = bars_for(s, i, pier->mu_lbft);
	pier->rebar = bars->rebar;
	if (bars->enough)
		pier_detail(s->p->concrete, s->p->diameters_ft[i], pier->depth_ft, s->p->request->foundation.fc_psi,
					&pier->rebar);
	return bars->enough;
}

/* Everything of a pier that the pole above it does not change. */
static void solve_pier(struct design_searching *s, struct design_group *group, size_t i)
{
	const struct design_problem *p = s->p;
	struct design_pier *pier = &group->piers[i];
	*pier = (struct design_pier){.area_ft2 = M_PI / 4 * p->diameters_ft[i] * p->diameters_ft[i]};
	solve_depth(p, group, p->diameters_ft[i], pier);
	bool clear = p->poles == 1 || p->diameters_ft[i] * IN_FT <= p->spacing_in;
	pier->feasible = clear && pier->required_ft <= p->calibration->max_depth_ft && reinforce(s, i, pier);
	double volume_cf = pier->area_ft2 * pier->depth_ft, yards = p->poles * volume_cf / 27;
	pier->weight_lb = volume_cf * p->concrete->unit_weight_pcf;
	pier->cost = (struct design_cost){
		.concrete = yards * (1 + p->costs->waste_percent / 100) * p->costs->concrete_usd_yd3,
		.excavation = yards * p->costs->drilling_usd_yd3,
		.rebar = p->poles * pier->rebar.weight_lb * p->costs->rebar_usd_lb,
	};
}

double design_dead_kipin(const struct design_problem *p)
{
	return p->poles == 1 ? p->weight_lb * fabs(p->dead_x_ft) * IN_FT / 1000 : 0;
}

const struct design_group *design_group_of(struct design_searching *s, const struct section *section)
{
	struct design_group *group = &s->group;
	int shape = pole_shape(section);
	double width_in = windward_in(section);
	if (group->shape == shape && group->width_in == width_in)
		return group;
	group->shape = shape;
	group->width_in = width_in;
	group->wind = wind_on(s->p, shape, width_in);
	for (int c = 0; c < design_cases(s->p); c++) {
		group->asd[c] = design_share(s->p, c, &group->wind, STRENGTH_TO_ASD);
		group->asd[c].m_kipin = hypot(group->asd[c].m_kipin, design_dead_kipin(s->p));
	}
	for (size_t i = 0; i < s->p->diameters; i++)
		solve_pier(s, group, i);
	return group;
}

static int by_width(const void *a, const void *b)
{
	const struct section *x = *(const struct section *const *)a, *y = *(const struct section *const *)b;
	if (pole_shape(x) != pole_shape(y))
		return pole_shape(x) - pole_shape(y);
	double left = windward_in(x), right = windward_in(y);
	return (left > right) - (left < right);
}

double design_measure(const struct design_problem *p, const struct design_candidate *c)
{
	switch (p->request->objective) {
	case BY_WEIGHT:
		return c->weight_lb;
	case BY_DEPTH:
		return c->depth_ft;
	default:
		return c->cost.total;
	}
}

/* Which is better: the objective, then cost, then weight, then the smaller pier, then the name: the order never
 * changes. */
bool design_better(const struct design_problem *p, const struct design_candidate *a, const struct design_candidate *b)
{
	const double of_a[] = {design_measure(p, a), a->cost.total, a->weight_lb, a->diameter_ft};
	const double of_b[] = {design_measure(p, b), b->cost.total, b->weight_lb, b->diameter_ft};
	for (size_t i = 0; i < sizeof of_a / sizeof *of_a; i++)
		if (of_a[i] != of_b[i])
			return of_a[i] < of_b[i];
	return strcmp(a->section->designation, b->section->designation) < 0;
}

double design_usd_lb(const struct design_problem *p, const struct section *section)
{
	return p->aluminum != NULL ? p->costs->steel_usd_lb.aluminum : cost_of_family(p->costs, section->family);
}

bool design_set_pier(const struct design_searching *s, const struct design_group *group, size_t i,
					 struct design_candidate *candidate)
{
	const struct design_problem *p = s->p;
	const struct design_pier *pier = &group->piers[i];
	double dead_lb = (p->weight_lb + candidate->weight_lb) / p->poles + pier->weight_lb;
	if (!pier->feasible || dead_lb > p->soil.vertical_psf * CHECK_TOLERANCE * pier->area_ft2)
		return false;
	candidate->diameter_ft = p->diameters_ft[i];
	candidate->required_ft = pier->required_ft;
	candidate->depth_ft = pier->depth_ft;
	candidate->mu_lbft = pier->mu_lbft;
	candidate->bearing_psf = dead_lb / pier->area_ft2;
	candidate->rebar = pier->rebar;
	candidate->inside_in = pier_inside_in(p->concrete, p->diameters_ft[i], &pier->rebar);
	candidate->cost = pier->cost;
	candidate->cost.steel = candidate->weight_lb * design_usd_lb(p, candidate->section);
	candidate->cost.total = candidate->cost.steel + pier->cost.concrete + pier->cost.excavation + pier->cost.rebar;
	return true;
}

/* The best foundation for a pole that passes.  False: none of the diameters is feasible. */
static bool best_pier(struct design_searching *s, const struct design_group *group, struct design_candidate *candidate)
{
	struct design_candidate next = *candidate;
	bool any = false;
	double outline_in = design_outline_in(candidate->section);
	for (size_t i = 0; i < s->p->diameters; i++) {
		if (!design_set_pier(s, group, i, &next) || outline_in > CHECK_TOLERANCE * next.inside_in)
			continue;
		s->found->feasible++;
		if (!any || design_better(s->p, &next, candidate))
			*candidate = next;
		any = true;
	}
	return any;
}

/* --- poles --- */

void design_check_pole(struct design_searching *s, struct design_candidate *candidate)
{
	const struct design_problem *p = s->p;
	const struct design_group *group = design_group_of(s, candidate->section);
	double length_in = p->height_ft * IN_FT, factor = p->lrfd ? 1 : STRENGTH_TO_ASD;
	double dead_kip = (p->lrfd ? DEAD_LRFD : 1) * (p->weight_lb + candidate->weight_lb) / p->poles / 1000;
	/* Dead load off the pole line bends about the other axis. */
	double dead_kipin = (p->lrfd ? DEAD_LRFD : 1) * design_dead_kipin(p);
	const struct pole_frame frame = {
		.lengths = {.height_in = length_in,
					.column_in = DESIGN_K_CANTILEVER * length_in,
					.unbraced_in = length_in,
					.shear_in = length_in},
		.lrfd = p->lrfd,
		.limit_ratio = p->request->support.drift_limit_ratio,
	};
	struct pole_case all[DESIGN_CASES];
	for (int c = 0; c < design_cases(p); c++) {
		struct pole_loads l = design_share(p, c, &group->wind, factor);
		double service = STRENGTH_TO_ASD / factor;
		all[c].drift = (struct pole_drift){
			.force_kip = service * l.v_kip, .arm_in = l.v_kip > 0 ? l.m_kipin / l.v_kip : 0, .moment_kipin = 0};
		l.my_kipin = dead_kipin;
		l.p_kip = dead_kip;
		all[c].loads = l;
	}
	const struct section *section = candidate->section;
	const struct pole_material *material = &p->materials[section->family];
	struct strength strength;
	if (p->aluminum != NULL)
		aluminum_strength(section, p->aluminum, &frame.lengths, p->lrfd, &strength);
	else
		strength_of(section, material, &frame.lengths, p->lrfd, &strength);
	pole_check_strength(section, material, &strength, &frame, all, (size_t)design_cases(p), &candidate->checks);
}

void design_keep(struct design_searching *s, const struct design_candidate *candidate)
{
	struct design_found *f = s->found;
	size_t at = f->count;
	if (at == f->room && !design_better(s->p, candidate, &f->kept[at - 1]))
		return;
	if (at == f->room)
		at--;
	else
		f->count++;
	for (; at > 0 && design_better(s->p, candidate, &f->kept[at - 1]); at--)
		f->kept[at] = f->kept[at - 1];
	f->kept[at] = *candidate;
}

/* The poles that come nearest: the lowest utilization, and those that pass but find no foundation before all others. */
static void keep_near(struct design_searching *s, const struct design_candidate *candidate, bool base)
{
	struct design_found *f = s->found;
	size_t at = f->near_count;
	double rank = base ? 0 : candidate->checks.utilization;
	if (at == DESIGN_NEAREST) {
		const struct design_candidate *last = &f->near[at - 1];
		if (rank >= (f->near_base[at - 1] ? 0 : last->checks.utilization))
			return;
		at--;
	} else {
		f->near_count++;
	}
	for (; at > 0 && rank < (f->near_base[at - 1] ? 0 : f->near[at - 1].checks.utilization); at--) {
		f->near[at] = f->near[at - 1];
		f->near_base[at] = f->near_base[at - 1];
	}
	f->near[at] = *candidate;
	f->near_base[at] = base;
}

void design_keep_near(struct design_searching *s, const struct design_candidate *candidate)
{
	keep_near(s, candidate, true);
}

bool design_may_enter(const struct design_searching *s, const struct design_candidate *candidate)
{
	const struct design_found *f = s->found;
	return f->count < f->room || design_better(s->p, candidate, &f->kept[f->count - 1]);
}

static void search_direct(struct design_searching *s, struct design_candidate *candidate)
{
	s->found->considered += (int64_t)s->p->diameters;
	if (best_pier(s, design_group_of(s, candidate->section), candidate))
		design_keep(s, candidate);
	else
		keep_near(s, candidate, true);
}

void design_search(const struct design_problem *p, const struct section **list, size_t count,
				   struct design_found *found)
{
	struct design_searching s = {.p = p, .found = found, .group = {.shape = -1}};
	size_t passing = 0;
	bool direct = (p->types & 1U << FOUNDATION_DIRECT) != 0, piers = (p->types & 1U << FOUNDATION_BASEPLATE) != 0;
	bool plated = p->types != 1U << FOUNDATION_DIRECT;
	qsort(list, count, sizeof *list, by_width);
	*found = (struct design_found){.room = (size_t)p->request->alternates + 1};
	for (size_t i = 0; i < count; i++) {
		struct design_candidate candidate = {.section = list[i]};
		candidate.weight_lb = list[i]->weight_lb_ft * p->height_ft * p->poles;
		design_check_pole(&s, &candidate);
		if (!candidate.checks.pass) {
			found->considered += direct ? (int64_t)p->diameters : 0;
			keep_near(&s, &candidate, false);
			continue;
		}
		list[i] = list[passing]; /* the list stays whole: it may be searched again */
		list[passing] = candidate.section;
		if (plated)
			design_rank(&s, candidate.section, &p->ranked[passing]);
		passing++;
		if (direct)
			search_direct(&s, &candidate);
	}
	found->considered += piers ? (int64_t)(count * p->diameters) : 0;
	found->considered += (p->types & 1U << FOUNDATION_SPREAD) != 0 ? (int64_t)count : 0;
	if (plated)
		design_search_plated(&s, p->ranked, passing);
}
