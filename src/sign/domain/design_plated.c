#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/field.h"
#include "seal/check.h"
#include "sign/domain/design.h"

static const double STRENGTH_TO_ASD = .6; /* REF: ASCE 7-16 section 2.4.1: 0.6 W */
static const double IN_FT = 12;
/* --- spread footings --- */

static void spread_problem_of(const struct design_problem *p, const struct design_candidate *c,
							  const struct wind_pole_loads *wind, struct spread_problem *out)
{
	struct pole_loads loads = design_worst_share(p, wind, STRENGTH_TO_ASD, 0);
	*out = (struct spread_problem){
		.concrete = p->concrete,
		.vertical_lb = 1000 * design_pole_dead_kip(p, c),
		.self_weight = true,
		.moment_lbft = NAN,
		.force_lb = 1000 * loads.v_kip,
		.height_ft = loads.v_kip > 0 ? loads.m_kipin / loads.v_kip / IN_FT : 0,
		.cross_lbft = 1000 * design_dead_kipin(p) / IN_FT,
		.vertical_psf = p->soil.vertical_psf,
		.friction = p->soil.friction,
		.cohesion_psf = p->soil.cohesion_psf,
		.increase = 1,
		.sf_overturning = p->calibration->sf_overturning,
		.sf_sliding = p->calibration->sf_sliding,
		.frost_ft = given(p->request->site.frost_depth_ft) ? p->frost_ft : (double)NAN,
		.column_depth_in = c->section->depth_in,
		.column_width_in = isnan(c->section->width_in) ? c->section->depth_in : c->section->width_in,
		.fc_psi = p->request->foundation.fc_psi,
		.fy_psi = p->concrete->fy_psi,
		.wind_factor = 1 / STRENGTH_TO_ASD,
	};
}

void design_spread_answer(const struct design_problem *p, const struct design_candidate *c,
						  const struct wind_pole_loads *wind, struct spread_problem *problem,
						  struct spread_answer *answer)
{
	spread_problem_of(p, c, wind, problem);
	spread_check(problem, &c->footing, answer);
}

static void price_spread(const struct design_problem *p, const struct spread_problem *problem,
						 struct design_candidate *c)
{
	struct spread_answer a;
	spread_check(problem, &c->footing, &a);
	double yards = p->poles * c->footing.length_ft * c->footing.width_ft * c->footing.thickness_ft / 27;
	c->depth_ft = c->footing.thickness_ft;
	c->cost.concrete = yards * (1 + p->costs->waste_percent / 100) * p->costs->concrete_usd_yd3;
	c->cost.excavation = yards * p->costs->drilling_usd_yd3;
	c->cost.rebar = p->poles * spread_mat_lb(problem, &c->footing, &a.mat) * p->costs->rebar_usd_lb;
}

static void total(struct design_candidate *c)
{
	struct design_cost *usd = &c->cost;
	usd->total = usd->steel + usd->concrete + usd->excavation + usd->rebar + usd->anchors;
}

static void add_plate(const struct design_problem *p, struct design_candidate *c)
{
	c->cost.steel += p->poles * c->plate.plate_usd;
	c->cost.anchors = p->poles * c->plate.anchors_usd;
	total(c);
}

/* --- the search --- */

struct plating {
	struct design_searching *s;
	const struct design_group *group;
	struct design_plates *plates;       /* of the pole */
	struct design_candidate bare, best; /* the pole alone; with its best foundation */
	bool any;
};

/* May a lower bound still become the pole's best and be kept? */
static bool promising(const struct plating *t, const struct design_candidate *lower)
{
	return design_may_enter(t->s, lower) && (!t->any || design_better(t->s->p, lower, &t->best));
}

static void consider(struct plating *t, const struct design_candidate *c)
{
	t->s->found->feasible++;
	if (t->any && !design_better(t->s->p, c, &t->best))
		return;
	t->best = *c;
	t->any = true;
}

/* --- bounds --- */

/* A square within the pier is what its anchors stand in. */
static double block_in(const struct design_problem *p, size_t i)
{
	return IN_FT * p->diameters_ft[i] * M_SQRT1_2;
}

static double pier_usd(const struct design_pier *pier)
{
	return pier->cost.concrete + pier->cost.excavation + pier->cost.rebar;
}

/* The cheapest pier and the shallowest that may hold the pole. */
static void floor_of_piers(const struct plating *t, double *usd, double *depth_ft)
{
	const struct design_problem *p = t->s->p;
	struct pole_loads loads = design_worst_share(p, &t->group->wind, 1, 1);
	double least_kip = .9 * design_pole_dead_kip(p, &t->bare); /* REF: ASCE 7-16 section 2.3.1: 0.9 D + W */
	for (size_t i = 0; i < p->diameters; i++) {
		const struct design_pier *pier = &t->group->piers[i];
		if (!pier->feasible || !design_block_may_hold(p, loads.m_kipin, least_kip, block_in(p, i)))
			continue;
		*usd = fmin(*usd, pier_usd(pier));
		*depth_ft = fmin(*depth_ft, pier->depth_ft);
	}
}

static struct spread_wish wish_of(const struct design_problem *p, const struct design_candidate *c)
{
	return (struct spread_wish){
		.usd_ft3 = ((1 + p->costs->waste_percent / 100) * p->costs->concrete_usd_yd3 + p->costs->drilling_usd_yd3) / 27,
		.usd_lb = p->costs->rebar_usd_lb,
		.widest_ft = p->poles > 1 ? fmin(p->spacing_in / IN_FT, SPREAD_SIDE_MAX_FT) : SPREAD_SIDE_MAX_FT,
		.narrowest_ft = (c->section->depth_in + 12) / IN_FT,
		.longest = 2,
		.below_usd = INFINITY,
	};
}

/* The pole with plates of this price and the least that its foundation may be. */
static void floor_of(const struct plating *t, double plates_usd, struct design_candidate *lower)
{
	const struct design_problem *p = t->s->p;
	double usd = INFINITY, depth_ft = INFINITY;
	if ((p->types & 1U << FOUNDATION_BASEPLATE) != 0)
		floor_of_piers(t, &usd, &depth_ft);
	if ((p->types & 1U << FOUNDATION_SPREAD) != 0) {
		struct spread_problem problem;
		struct spread_wish wish = wish_of(p, &t->bare);
		spread_problem_of(p, &t->bare, &t->group->wind, &problem);
		usd = fmin(usd, p->poles * spread_floor_usd(&problem, &wish));
		depth_ft = fmin(depth_ft, spread_thinnest_ft(&problem));
	}
	*lower = t->bare;
	lower->depth_ft = depth_ft;
	lower->cost.total = t->bare.cost.steel + p->poles * plates_usd + usd;
}

/* The candidate on pier i with its plate, unless it does not hold the anchors. */
static void try_pier(struct plating *t, size_t i)
{
	const struct design_problem *p = t->s->p;
	struct design_candidate c = t->bare;
	c.base = FOUNDATION_BASEPLATE;
	if (!design_set_pier(t->s, t->group, i, &c))
		return;
	c.cost.total += p->poles * t->plates->options[0].usd;
	if (!promising(t, &c) || !isfinite(design_choose_plate(p, t->plates, t->s->memos, &c)))
		return;
	add_plate(p, &c);
	consider(t, &c);
}

struct ranked {
	double measure, usd;
	size_t pier;
};

static int by_rank(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	if (x->measure != y->measure)
		return x->measure < y->measure ? -1 : 1;
	if (x->usd != y->usd)
		return x->usd < y->usd ? -1 : 1;
	return (x->pier > y->pier) - (x->pier < y->pier);
}

/* The most promising first: the first that holds its anchors leaves few of the others to try. */
static void try_piers(struct plating *t)
{
	const struct design_problem *p = t->s->p;
	struct ranked ranks[DESIGN_DIAMETERS_MAX];
	size_t count = 0;
	for (size_t i = 0; i < p->diameters; i++) {
		const struct design_pier *pier = &t->group->piers[i];
		if (pier->feasible)
			ranks[count++] = (struct ranked){p->request->objective == BY_DEPTH ? pier->depth_ft : 0, pier_usd(pier), i};
	}
	qsort(ranks, count, sizeof *ranks, by_rank);
	for (size_t i = 0; i < count; i++)
		try_pier(t, ranks[i].pier);
}

/* What a foundation may cost so that the candidate is still kept; `c` has all other costs, and its least depth. */
static double room_usd(const struct plating *t, const struct design_candidate *c)
{
	const struct design_problem *p = t->s->p;
	const struct design_found *f = t->s->found;
	double room = INFINITY;
	/* By depth: of those as shallow as can be the cheaper are kept. */
	if (p->request->objective == BY_WEIGHT)
		return room;
	bool by_depth = p->request->objective == BY_DEPTH;
	if (f->count == f->room && (!by_depth || f->kept[f->count - 1].depth_ft <= c->depth_ft))
		room = f->kept[f->count - 1].cost.total - c->cost.total;
	if (t->any && (!by_depth || t->best.depth_ft <= c->depth_ft))
		room = fmin(room, t->best.cost.total - c->cost.total);
	return room;
}

/*
 * The cheapest footing, and where its thickness does not hold the anchors, the cheapest that is thicker by half feet.
 * Footings of several poles keep clear of each other, and none is longer than twice its width.
 */
static void try_spread(struct plating *t)
{
	static const double thinnest_ft[] = {1, 1.5, 2, 2.5, 3, 4};
	const struct design_problem *p = t->s->p;
	struct design_candidate c = t->bare;
	struct spread_problem problem;
	struct spread_wish wish = wish_of(p, &c);
	c.base = FOUNDATION_SPREAD;
	c.cost.total += p->poles * t->plates->options[0].usd;
	spread_problem_of(p, &c, &t->group->wind, &problem);
	c.depth_ft = spread_thinnest_ft(&problem);
	wish.below_usd = room_usd(t, &c) / p->poles;
	for (size_t i = 0; i < sizeof thinnest_ft / sizeof *thinnest_ft && promising(t, &c); i++) {
		double usd;
		wish.thinnest_ft = thinnest_ft[i];
		if (c.footing.thickness_ft >= wish.thinnest_ft)
			continue;
		if (!spread_search_wish(&problem, &wish, &c.footing, &usd))
			return;
		price_spread(p, &problem, &c);
		if (!isfinite(design_choose_plate(p, t->plates, NULL, &c)))
			continue;
		add_plate(p, &c);
		consider(t, &c);
		return;
	}
}

/* May any pier that is cheap enough hold any of the pole's anchors?  Asked before its plates are made. */
static bool piers_may_hold(const struct plating *t, double plate_usd)
{
	const struct design_problem *p = t->s->p;
	struct design_pulls pulls;
	design_pulls_of(p, &t->bare, &t->group->wind, &pulls);
	for (size_t i = 0; i < p->diameters; i++) {
		struct design_candidate c = t->bare;
		if (!design_set_pier(t->s, t->group, i, &c))
			continue;
		c.cost.total += p->poles * plate_usd;
		if (design_may_enter(t->s, &c) && design_pulls_may_hold(p, &pulls, t->s->memos, &c))
			return true;
	}
	return false;
}

static void try_pole(struct plating *t, double plate_usd)
{
	const struct design_problem *p = t->s->p;
	struct design_candidate lower;
	t->bare.base = FOUNDATION_BASEPLATE;
	bool piers = (p->types & 1U << FOUNDATION_BASEPLATE) != 0 && piers_may_hold(t, plate_usd);
	if (!piers && (p->types & 1U << FOUNDATION_SPREAD) == 0)
		return;
	if (!design_choose_weld(p, &t->bare, &t->group->wind))
		return;
	design_plates_of(p, &t->bare, &t->group->wind, t->plates);
	if (t->plates->count == 0)
		return;
	floor_of(t, t->plates->options[0].usd, &lower);
	if (!design_may_enter(t->s, &lower))
		return;
	if (piers)
		try_piers(t);
	if ((p->types & 1U << FOUNDATION_SPREAD) != 0)
		try_spread(t);
}

static struct plating start(struct design_searching *s, const struct section *section)
{
	const struct design_problem *p = s->p;
	struct plating t = {.s = s, .bare = {.section = section}};
	t.bare.weight_lb = section->weight_lb_ft * p->height_ft * p->poles;
	t.bare.cost.steel = t.bare.weight_lb * design_usd_lb(p, section);
	t.bare.cost.total = t.bare.cost.steel;
	return t;
}

void design_rank(struct design_searching *s, const struct section *section, struct design_ranked *ranked)
{
	struct plating t = start(s, section);
	struct design_candidate lower;
	t.group = design_group_of(s, section);
	double plate_usd = design_plate_floor_usd(s->p, &t.bare, &t.group->wind);
	floor_of(&t, plate_usd, &lower);
	*ranked = (struct design_ranked){.section = section,
									 .measure = design_measure(s->p, &lower),
									 .usd = lower.cost.total,
									 .weight_lb = lower.weight_lb,
									 .depth_ft = lower.depth_ft,
									 .plate_usd = plate_usd};
}

static int by_floor(const void *a, const void *b)
{
	const struct design_ranked *x = a, *y = b;
	const double of_x[] = {x->measure, x->usd, x->weight_lb}, of_y[] = {y->measure, y->usd, y->weight_lb};
	for (size_t i = 0; i < sizeof of_x / sizeof *of_x; i++)
		if (of_x[i] != of_y[i])
			return of_x[i] < of_y[i] ? -1 : 1;
	return strcmp(x->section->designation, y->section->designation);
}

static int by_weight(const void *a, const void *b)
{
	const struct design_ranked *x = a, *y = b;
	if (x->weight_lb != y->weight_lb)
		return x->weight_lb < y->weight_lb ? -1 : 1;
	return strcmp(x->section->designation, y->section->designation);
}

static bool may_enter(struct design_searching *s, const struct design_ranked *ranked)
{
	struct plating t = start(s, ranked->section);
	t.bare.depth_ft = ranked->depth_ft;
	t.bare.cost.total = ranked->usd;
	return design_may_enter(s, &t.bare);
}

/* No pole found a foundation: the lightest that pass are told. */
static void tell_lightest(struct design_searching *s, struct design_ranked *ranked, size_t count)
{
	qsort(ranked, count, sizeof *ranked, by_weight);
	for (size_t i = 0; i < count && i < DESIGN_NEAREST; i++) {
		struct plating t = start(s, ranked[i].section);
		design_check_pole(s, &t.bare);
		design_keep_near(s, &t.bare);
	}
}

void design_search_plated(struct design_searching *s, struct design_ranked *ranked, size_t count)
{
	struct design_anchor_memo memos[DESIGN_ANCHOR_MEMOS] = {{.known = false}};
	struct design_plates plates;
	s->memos = memos;
	qsort(ranked, count, sizeof *ranked, by_floor);
	for (size_t i = 0; i < count; i++) {
		if (!may_enter(s, &ranked[i]))
			continue;
		struct plating t = start(s, ranked[i].section);
		t.plates = &plates;
		t.group = design_group_of(s, ranked[i].section);
		try_pole(&t, ranked[i].plate_usd);
		if (t.any) {
			design_check_pole(s, &t.best);
			design_keep(s, &t.best);
		}
	}
	if (s->found->count == 0)
		tell_lightest(s, ranked, count);
}
