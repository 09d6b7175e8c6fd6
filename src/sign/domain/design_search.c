#include "sign/domain/design.h"

#include <math.h>
#include <string.h>

static const double STRENGTH_TO_ASD = .6; /* REF: ASCE 7-16 section 2.4.1: 0.6 W */
static const double DEAD_LRFD = 1.2;      /* REF: ASCE 7-16 section 2.3.1: 1.2 D + W */
static const double K_CANTILEVER = 2.1;   /* REF: AISC 360-22 table C-A-7.1: recommended for a flagpole */
static const double IN_FT = 12;

/* What foundations depend on: one width of a shape, met again by many sections. */
struct width_group {
	int shape;
	double width_in;
	struct wind_pole_loads wind;
	struct {
		double required_ft, depth_ft, mu_lbft;
	} piers[DESIGN_DIAMETERS_MAX];
	struct pole_loads asd[DESIGN_CASES]; /* of one pole, without dead load */
};

enum { GROUPS_MAX = 256 };

struct searching {
	const struct design_problem *p;
	struct design_found *found;
	struct width_group groups[GROUPS_MAX];
	size_t group_count;
	struct pier_rebar least[DESIGN_DIAMETERS_MAX]; /* what any moment needs at least */
};

static const struct wind_case *case_of(const struct wind_loads *loads, int i)
{
	return i == 0 ? &loads->a : i == 1 ? &loads->b : &loads->c;
}

static int cases(const struct design_problem *p)
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
static struct pole_loads share_of(const struct design_problem *p, const struct wind_case *c,
								  const struct wind_pole_loads *pole, double factor)
{
	const struct pole_loads total = {
		.m_kipin = factor * (c->moment_lbft + pole->moment_lbft) * IN_FT / 1000,
		.v_kip = factor * (c->force_lb + pole->force_lb) / 1000,
		.t_kipin = factor * (c->torsion_lbft + c->force_lb * fabs(p->x_ft)) * IN_FT / 1000,
	};
	return pole_share(&total, p->poles, p->spacing_in, p->height_ft * IN_FT);
}

/* --- foundations --- */

static void solve_pier(const struct design_problem *p, struct width_group *group, size_t i)
{
	double required = 0, mu = 0;
	for (int c = 0; c < cases(p); c++) {
		const struct pole_loads *l = &group->asd[c];
		double force_lb = l->v_kip * 1000, arm_ft = l->v_kip > 0 ? l->m_kipin / l->v_kip / IN_FT : 0;
		struct footing_depth depth = footing_nonconstrained(&p->lateral, force_lb, arm_ft, p->diameters_ft[i]);
		required = fmax(required, depth.depth_ft);
		mu = fmax(mu, force_lb * (arm_ft + depth.depth_ft / 3) / STRENGTH_TO_ASD);
	}
	double step = p->calibration->depth_step_in / IN_FT;
	double least = fmax(fmax(required, p->calibration->min_depth_in / IN_FT), p->frost_ft);
	group->piers[i].required_ft = required;
	group->piers[i].depth_ft = step * ceil(least / step - 1e-9);
	group->piers[i].mu_lbft = mu;
}

static const struct width_group *group_of(struct searching *s, const struct section *section)
{
	int shape = pole_shape(section);
	double width_in = windward_in(section);
	for (size_t i = 0; i < s->group_count; i++)
		if (s->groups[i].shape == shape && s->groups[i].width_in == width_in)
			return &s->groups[i];
	/* The last place is used over and over when there are more widths than places. */
	struct width_group *group = &s->groups[s->group_count < GROUPS_MAX ? s->group_count++ : GROUPS_MAX - 1];
	group->shape = shape;
	group->width_in = width_in;
	group->wind = wind_on(s->p, shape, width_in);
	for (int c = 0; c < cases(s->p); c++)
		group->asd[c] = share_of(s->p, case_of(&s->p->wind->loads, c), &group->wind, STRENGTH_TO_ASD);
	for (size_t i = 0; i < s->p->diameters; i++)
		solve_pier(s->p, group, i);
	return group;
}

static double pier_area(double diameter_ft)
{
	return M_PI / 4 * diameter_ft * diameter_ft;
}

static struct design_cost cost_of(const struct design_problem *p, const struct section *section, double weight_lb,
								  double diameter_ft, double depth_ft, double rebar_lb)
{
	double yards = p->poles * pier_area(diameter_ft) * depth_ft / 27;
	struct design_cost cost = {
		.steel = weight_lb * cost_of_family(p->costs, section->family),
		.concrete = yards * (1 + p->costs->waste_percent / 100) * p->costs->concrete_usd_yd3,
		.excavation = yards * p->costs->drilling_usd_yd3,
		.rebar = p->poles * rebar_lb * p->costs->rebar_usd_lb,
	};
	cost.total = cost.steel + cost.concrete + cost.excavation + cost.rebar + cost.anchors;
	return cost;
}

static double measure(const struct design_problem *p, const struct design_candidate *c)
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
static bool better(const struct design_problem *p, const struct design_candidate *a, const struct design_candidate *b)
{
	const double of_a[] = {measure(p, a), a->cost.total, a->weight_lb, a->diameter_ft};
	const double of_b[] = {measure(p, b), b->cost.total, b->weight_lb, b->diameter_ft};
	for (size_t i = 0; i < sizeof of_a / sizeof *of_a; i++)
		if (of_a[i] != of_b[i])
			return of_a[i] < of_b[i];
	return strcmp(a->section->designation, b->section->designation) < 0;
}

static bool reinforce(const struct searching *s, size_t i, double mu_lbft, double depth_ft, struct pier_rebar *rebar)
{
	const struct design_problem *p = s->p;
	bool enough = true;
	*rebar = s->least[i];
	if (mu_lbft > rebar->phi_mn_lbft)
		enough = pier_reinforce(p->concrete, false, p->diameters_ft[i], p->request->foundation.fc_psi, mu_lbft, rebar);
	if (enough)
		pier_detail(p->concrete, p->diameters_ft[i], depth_ft, p->request->foundation.fc_psi, rebar);
	return enough;
}

/* The best foundation for a pole that passes.  False: none of the diameters is feasible. */
static bool best_pier(struct searching *s, const struct width_group *group, struct design_candidate *candidate)
{
	const struct design_problem *p = s->p;
	struct design_candidate best = *candidate, next = *candidate;
	bool any = false;
	for (size_t i = 0; i < p->diameters; i++) {
		next.diameter_ft = p->diameters_ft[i];
		next.required_ft = group->piers[i].required_ft;
		next.depth_ft = group->piers[i].depth_ft;
		next.mu_lbft = group->piers[i].mu_lbft;
		double dead_lb = (p->weight_lb + candidate->weight_lb) / p->poles +
						 pier_area(next.diameter_ft) * next.depth_ft * p->concrete->unit_weight_pcf;
		next.bearing_psf = dead_lb / pier_area(next.diameter_ft);
		if (next.required_ft > p->calibration->max_depth_ft ||
			next.bearing_psf > p->soil.vertical_psf * CHECK_TOLERANCE ||
			!reinforce(s, i, next.mu_lbft, next.depth_ft, &next.rebar))
			continue;
		s->found->feasible++;
		next.cost =
			cost_of(p, candidate->section, candidate->weight_lb, next.diameter_ft, next.depth_ft, next.rebar.weight_lb);
		if (!any || better(p, &next, &best))
			best = next;
		any = true;
	}
	*candidate = best;
	return any;
}

/* --- poles --- */

static void check_pole(const struct searching *s, const struct width_group *group, struct design_candidate *candidate)
{
	const struct design_problem *p = s->p;
	double length_in = p->height_ft * IN_FT, factor = p->lrfd ? 1 : STRENGTH_TO_ASD;
	double dead_kip = (p->lrfd ? DEAD_LRFD : 1) * (p->weight_lb + candidate->weight_lb) / p->poles / 1000;
	/* Dead load off the pole line bends the other way: the resultant acts. */
	double dead_kipin = p->poles == 1 ? (p->lrfd ? DEAD_LRFD : 1) * p->weight_lb * fabs(p->x_ft) * IN_FT / 1000 : 0;
	const struct pole_frame frame = {
		.lengths = {.height_in = length_in,
					.column_in = K_CANTILEVER * length_in,
					.unbraced_in = length_in,
					.shear_in = length_in},
		.lrfd = p->lrfd,
		.limit_ratio = p->request->support.drift_limit_ratio,
	};
	struct pole_case all[DESIGN_CASES];
	for (int c = 0; c < cases(p); c++) {
		struct pole_loads l = share_of(p, case_of(&p->wind->loads, c), &group->wind, factor);
		double service = STRENGTH_TO_ASD / factor;
		all[c].drift = (struct pole_drift){
			.force_kip = service * l.v_kip, .arm_in = l.v_kip > 0 ? l.m_kipin / l.v_kip : 0, .moment_kipin = 0};
		l.m_kipin = hypot(l.m_kipin, dead_kipin);
		l.p_kip = dead_kip;
		all[c].loads = l;
	}
	pole_check(candidate->section, &p->materials[candidate->section->family], &frame, all, (size_t)cases(p),
			   &candidate->checks);
}

static void keep(struct searching *s, const struct design_candidate *candidate)
{
	struct design_found *f = s->found;
	size_t at = f->count;
	if (at == f->room && !better(s->p, candidate, &f->kept[at - 1]))
		return;
	if (at == f->room)
		at--;
	else
		f->count++;
	for (; at > 0 && better(s->p, candidate, &f->kept[at - 1]); at--)
		f->kept[at] = f->kept[at - 1];
	f->kept[at] = *candidate;
}

/* The poles that come nearest: the lowest utilization, and those that pass but find no foundation before all others. */
static void keep_near(struct searching *s, const struct design_candidate *candidate, bool base)
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

void design_search(const struct design_problem *p, const struct section *const *list, size_t count,
				   struct design_found *found)
{
	struct searching s = {.p = p, .found = found};
	*found = (struct design_found){.room = (size_t)p->request->alternates + 1};
	for (size_t i = 0; i < p->diameters; i++)
		pier_reinforce(p->concrete, false, p->diameters_ft[i], p->request->foundation.fc_psi, 0, &s.least[i]);
	for (size_t i = 0; i < count; i++) {
		struct design_candidate candidate = {.section = list[i]};
		candidate.weight_lb = list[i]->weight_lb_ft * p->height_ft * p->poles;
		found->considered += (int64_t)p->diameters;
		const struct width_group *group = group_of(&s, list[i]);
		check_pole(&s, group, &candidate);
		if (!candidate.checks.pass)
			keep_near(&s, &candidate, false);
		else if (best_pier(&s, group, &candidate))
			keep(&s, &candidate);
		else
			keep_near(&s, &candidate, true);
	}
}
