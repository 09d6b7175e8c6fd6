#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/field.h"
#include "seal/check.h"
#include "sign/domain/design.h"
#include "sign/domain/grade.h"

static const double DEAD_MOST = 1.2, DEAD_LEAST = .9; /* REF: ASCE 7-16 section 2.3.1: 1.2 D + W, 0.9 D + W */
static const double STRENGTH_TO_ASD = .6;             /* REF: ASCE 7-16 section 2.4.1: 0.6 W */
static const double IN_FT = 12, FEXX_KSI = 70;
static const double WELD_LEAST_IN = .1875, WELD_MOST_IN = .75;
static const double UNDER_ANCHOR_IN = 4; /* head and cover below the embedment */

/* --- the plate's problem --- */

/* The worst of the cases, of one pole, at a factor of the wind and one of the dead load off the pole's line. */
static struct pole_loads worst_share(const struct design_problem *p, const struct wind_pole_loads *wind, double factor,
									 double dead_factor)
{
	struct pole_loads worst = {0};
	for (int c = 0; c < design_cases(p); c++) {
		struct pole_loads one = design_share(p, c, wind, factor);
		worst.m_kipin = fmax(worst.m_kipin, one.m_kipin);
		worst.v_kip = fmax(worst.v_kip, one.v_kip);
		worst.t_kipin = fmax(worst.t_kipin, one.t_kipin);
	}
	worst.m_kipin = hypot(worst.m_kipin, dead_factor * design_dead_kipin(p));
	return worst;
}

static double dead_kip(const struct design_problem *p, const struct design_candidate *c)
{
	return (p->weight_lb + c->weight_lb) / p->poles / 1000;
}

static int shape_of(const struct section *section)
{
	if (section->family == SECTION_W)
		return PLATE_W;
	return section->family == SECTION_PIPE || section->family == SECTION_HSS_ROUND ? PLATE_ROUND : PLATE_RECT;
}

static void set_bolt(const struct design_problem *p, const struct design_plate *plate, struct plate_problem *out)
{
	bool listed;
	out->edge_in = plate->edge_in;
	out->dia_in = plate->dia_in;
	out->bolt = (struct anchor_bolt){
		.kind = ANCHOR_CAST_IN,
		.dia_in = plate->dia_in,
		.ase_in2 = anchor_ase_in2(plate->dia_in, &listed),
		/* REF: ACI 318-19 section 17.6.1.2 */
		.futa_psi = 1000 * fmin(p->anchor_grade->fu_ksi, fmin(1.9 * p->anchor_grade->fy_ksi, 125)),
		.hef_in = plate->embed_in,
		.abrg_in2 = anchor_head_in2(plate->dia_in, true),
		.kc = 24,
		.np_lb = NAN,
		.cac_in = NAN,
		.ductile = true,
	};
}

/*
 * The concrete that the plate stands on.  Of a round pier the square within it counts, so that no anchor is taken to
 * stand farther from the edge than it does.  A2 = A1: the plate's bearing is not raised by the concrete around it.
 */
static void set_block(const struct design_candidate *c, struct plate_problem *out)
{
	bool spread = c->base == FOUNDATION_SPREAD;
	out->block_l_in = IN_FT * (spread ? c->footing.length_ft : c->diameter_ft * M_SQRT1_2);
	out->block_w_in = IN_FT * (spread ? c->footing.width_ft : c->diameter_ft * M_SQRT1_2);
	out->block_t_in = IN_FT * (spread ? c->footing.thickness_ft : c->depth_ft);
}

static struct plate_problem problem_of(const struct design_problem *p, const struct design_candidate *c,
									   const struct wind_pole_loads *wind)
{
	const struct section *s = c->section;
	struct pole_loads loads = worst_share(p, wind, 1, DEAD_MOST);
	int shape = shape_of(s);
	struct plate_problem out = {
		.shape = shape,
		.d_in = s->depth_in,
		.b_in = shape == PLATE_ROUND ? s->depth_in : s->width_in,
		.tf_in = shape == PLATE_W ? s->tf_in : (double)NAN,
		.fy_ksi = DESIGN_PLATE_FY_KSI,
		.fp_max_ksi = plate_fp_max_ksi(p->request->foundation.fc_psi, 1, true),
		.fc_psi = p->request->foundation.fc_psi,
		.fu_ksi = p->anchor_grade->fu_ksi,
		.weld_in = c->plate.weld_in,
		.fexx_ksi = FEXX_KSI,
		.v_kip = loads.v_kip,
		.m_kipin = loads.m_kipin,
		.t_kipin = loads.t_kipin,
		.p_kip = DEAD_LEAST * dead_kip(p, c),
		.lrfd = true,
		.method = PLATE_RECTANGULAR,
		.embedded = true,
	};
	set_bolt(p, &c->plate, &out);
	set_block(c, &out);
	return out;
}

/* --- the answer of a plate --- */

static double ratio_of(const struct plate_demand *row)
{
	return row->present ? check_ratio(row->demand, row->capacity) : 0;
}

/* Take what `other` uses more.  The unit of bearing follows how the plate stands, so both go together. */
static void worsen(struct plate_answer *a, const struct plate_answer *other)
{
	for (int i = 0; i < PLATE_ROWS; i++)
		if (ratio_of(&other->rows[i]) > ratio_of(&a->rows[i])) {
			a->rows[i] = other->rows[i];
			if (i == PLATE_BEARING)
				a->forces = other->forces;
		}
	double mine = a->anchors.interaction / a->anchors.interaction_limit;
	if (a->anchored && other->anchored && other->anchors.interaction / other->anchors.interaction_limit > mine)
		a->anchors = other->anchors;
	a->t_required_in = fmax(a->t_required_in, other->t_required_in);
	a->tension_per_anchor_kip = fmax(a->tension_per_anchor_kip, other->tension_per_anchor_kip);
	a->utilization = fmax(a->utilization, other->utilization);
	a->pass = a->pass && other->pass;
}

typedef void plate_checker(const struct plate_problem *problem, const struct plate_size *size,
						   struct plate_answer *answer);

/* Under the least and the most dead load. */
static void check_both(plate_checker *check, const struct plate_problem *least, const struct plate_size *size,
					   struct plate_answer *answer)
{
	struct plate_problem most = *least;
	struct plate_answer other;
	most.p_kip = least->p_kip * DEAD_MOST / DEAD_LEAST;
	check(least, size, answer);
	check(&most, size, &other);
	worsen(answer, &other);
}

void design_plate_answer(const struct design_problem *p, const struct design_candidate *c,
						 const struct wind_pole_loads *wind, struct plate_answer *answer)
{
	struct plate_problem problem = problem_of(p, c, wind);
	check_both(plate_check, &problem, &c->plate.size, answer);
}

/* --- choosing a plate --- */

/* Square plates beyond the shortest, and the anchors for them: the options, which the search takes all. */
static const double beyond_in[] = {0, 2, 4, 8, 12};
static const double diameters_in[] = {.75, 1, 1.25, 1.5, 2};
enum { DIAMETERS = sizeof diameters_in / sizeof *diameters_in, SIDES_TRIED = 5, BOLTS_FEWEST = 4, BOLTS_MOST = 8 };

/* REF: AISC 360-22 table J2.4: the least fillet for the thinner part, which is the pole's wall. */
static double least_weld_in(const struct section *s)
{
	double wall = s->family == SECTION_W ? s->tf_in : s->t_des_in;
	return wall <= .5 ? WELD_LEAST_IN : wall <= .75 ? .25 : .3125;
}

/* The weld around the pole in sixteenths.  False: a fillet of 3/4 in is not enough. */
static bool choose_weld(const struct plate_problem *base, const struct section *section, struct design_plate *plate)
{
	struct plate_problem one = *base;
	struct plate_answer a;
	one.weld_in = 1;
	/* The row of the weld does not see the plate's size. */
	const struct plate_size any = {PLATE_SIDE_MAX_IN, PLATE_SIDE_MAX_IN, PLATE_THICKNESS_MAX_IN, BOLTS_FEWEST};
	check_both(plate_check_steel, &one, &any, &a);
	double needs = ceil(16 * ratio_of(&a.rows[PLATE_WELD]) / CHECK_TOLERANCE - 1e-9) / 16;
	plate->weld_in = fmax(needs, least_weld_in(section));
	return plate->weld_in <= WELD_MOST_IN;
}

/* The shortest side with bolts outside the pole, room for the wrench, and 4 diameters between the bolts of a line. */
static double shortest_in(const struct plate_problem *p, double dia_in, double edge_in, int bolts)
{
	double along = p->d_in + 2 * (edge_in + fmax(1.5, 1.5 * dia_in)), across = p->b_in + 1;
	return ceil(fmax(along, fmax(across, 2 * edge_in + 4 * dia_in * (bolts / 2 - 1))) - 1e-9);
}

static double price(const struct design_problem *p, struct design_plate *plate)
{
	plate->weight_lb = PLATE_LB_IN3 * plate->size.w_in * plate->size.l_in * plate->size.t_in;
	plate->plate_usd = plate->weight_lb * p->costs->steel_usd_lb.plate;
	plate->anchors_usd = plate->size.bolts * p->costs->anchor_usd_each;
	return plate->plate_usd + plate->anchors_usd;
}

/* A plate of this side: thickness by statics, then the anchors in their concrete.  The price, infinite: it fails. */
static double try_side(const struct design_problem *p, const struct plate_problem *problem, double side_in,
					   double below_usd, struct design_plate *plate)
{
	struct plate_answer a;
	plate->size.w_in = plate->size.l_in = side_in;
	plate->size.t_in = PLATE_THICKNESS_MAX_IN;
	check_both(plate_check_steel, problem, &plate->size, &a);
	if (!a.pass)
		return INFINITY;
	plate->size.t_in = fmax(ceil(8 * a.t_required_in / CHECK_TOLERANCE - 1e-9) / 8, .375);
	double usd = price(p, plate);
	if (usd >= below_usd)
		return INFINITY;
	plate_check(problem, &plate->size, &a); /* the least dead load pulls most: it fails first */
	if (a.pass)
		check_both(plate_check, problem, &plate->size, &a);
	return a.pass ? usd : INFINITY;
}

/* Embedment of 12 diameters, as far as the concrete is deep. */
static double embed_in(double dia_in, double block_t_in)
{
	return fmin(12 * dia_in, block_t_in - UNDER_ANCHOR_IN);
}

struct choosing {
	const struct design_problem *p;
	struct plate_problem problem;
	struct design_plate next, best;
	double best_usd;
};

/* Does any plate of this many such bolts hold as steel?  Embedment is not asked. */
static bool steel_holds(const struct choosing *c, double longest_in)
{
	struct plate_answer a;
	const struct plate_size size = {longest_in, longest_in, PLATE_THICKNESS_MAX_IN, c->next.size.bolts};
	plate_check_steel(&c->problem, &size, &a);
	return a.pass;
}

static double longest_in(const struct plate_problem *problem)
{
	return fmin(PLATE_SIDE_MAX_IN, fmin(problem->block_l_in, problem->block_w_in));
}

/* All sides of one bolt; false: its steel does not hold. */
static bool try_bolt(struct choosing *c)
{
	const struct plate_problem *problem = &c->problem;
	double from = shortest_in(problem, c->next.dia_in, c->next.edge_in, c->next.size.bolts);
	double to = fmin(from + beyond_in[SIDES_TRIED - 1], longest_in(problem));
	if (to < from || !steel_holds(c, to))
		return false;
	for (int i = 0; i < SIDES_TRIED && from + beyond_in[i] <= to; i++) {
		double usd = try_side(c->p, problem, from + beyond_in[i], c->best_usd, &c->next);
		if (usd < c->best_usd) {
			c->best_usd = usd;
			c->best = c->next;
		}
	}
	return true;
}

/*
 * The cheapest of the options: 4 or 8 of the smallest anchors whose steel holds, or of the next size; of equals the
 * fewer, then the smaller, then the smaller plate.  Infinite: none.
 */
static double choose_plate(const struct design_problem *p, struct design_candidate *c,
						   const struct wind_pole_loads *wind)
{
	enum { SIZES = 2 };
	struct choosing choice = {.p = p, .best = c->plate, .best_usd = INFINITY};
	for (int bolts = BOLTS_FEWEST; bolts <= BOLTS_MOST; bolts += 4)
		for (int d = 0, held = 0; d < DIAMETERS && held < SIZES; d++) {
			choice.next = c->plate;
			choice.next.dia_in = diameters_in[d];
			choice.next.edge_in = fmax(1.5, 1.5 * diameters_in[d]);
			choice.next.size.bolts = bolts;
			struct design_candidate one = *c;
			one.plate = choice.next;
			choice.problem = problem_of(p, &one, wind);
			choice.next.embed_in = choice.problem.bolt.hef_in = embed_in(diameters_in[d], choice.problem.block_t_in);
			if (choice.next.embed_in >= 4 * diameters_in[d])
				held += try_bolt(&choice);
		}
	c->plate = choice.best;
	return choice.best_usd;
}

/* --- spread footings --- */

static void spread_problem_of(const struct design_problem *p, const struct design_candidate *c,
							  const struct wind_pole_loads *wind, struct spread_problem *out)
{
	struct pole_loads loads = worst_share(p, wind, STRENGTH_TO_ASD, 0);
	*out = (struct spread_problem){
		.concrete = p->concrete,
		.vertical_lb = 1000 * dead_kip(p, c),
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

/* What every plate costs at least: four anchors on each pole. */
static double least_anchors_usd(const struct design_problem *p)
{
	return p->poles * BOLTS_FEWEST * p->costs->anchor_usd_each;
}

/* The candidate on pier i with its plate; false: it does not bear, is not promising, or does not hold the anchors. */
static bool try_pier(struct plating *t, size_t i)
{
	const struct design_problem *p = t->s->p;
	struct design_candidate c = t->bare;
	c.base = FOUNDATION_BASEPLATE;
	if (!design_set_pier(t->s, t->group, i, &c))
		return false;
	c.cost.total += least_anchors_usd(p);
	if (!promising(t, &c) || !isfinite(choose_plate(p, &c, &t->group->wind)))
		return false;
	add_plate(p, &c);
	consider(t, &c);
	return true;
}

static void try_piers(struct plating *t)
{
	for (size_t i = 0; i < t->s->p->diameters; i++)
		try_pier(t, i);
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
	c.base = FOUNDATION_SPREAD;
	c.depth_ft = SPREAD_THICKNESS_MIN_FT;
	c.cost.total += least_anchors_usd(p);
	spread_problem_of(p, &c, &t->group->wind, &problem);
	struct spread_wish wish = {
		.usd_ft3 = ((1 + p->costs->waste_percent / 100) * p->costs->concrete_usd_yd3 + p->costs->drilling_usd_yd3) / 27,
		.usd_lb = p->costs->rebar_usd_lb,
		.widest_ft = p->poles > 1 ? fmin(p->spacing_in / IN_FT, SPREAD_SIDE_MAX_FT) : SPREAD_SIDE_MAX_FT,
		.narrowest_ft = (c.section->depth_in + 12) / IN_FT,
		.longest = 2,
		.below_usd = INFINITY,
	};
	const struct design_found *f = t->s->found;
	if (p->request->objective == BY_COST && f->count == f->room)
		wish.below_usd = (f->kept[f->count - 1].cost.total - c.cost.total) / p->poles;
	for (size_t i = 0; i < sizeof thinnest_ft / sizeof *thinnest_ft && promising(t, &c); i++) {
		double usd;
		wish.thinnest_ft = thinnest_ft[i];
		if (c.footing.thickness_ft >= wish.thinnest_ft)
			continue;
		if (!spread_search_wish(&problem, &wish, &c.footing, &usd))
			return;
		price_spread(p, &problem, &c);
		if (!isfinite(choose_plate(p, &c, &t->group->wind)))
			continue;
		add_plate(p, &c);
		consider(t, &c);
		return;
	}
}

static void try_pole(struct plating *t)
{
	const struct design_problem *p = t->s->p;
	struct plate_problem weld;
	t->bare.plate.dia_in = 1;
	t->bare.plate.edge_in = 1.5;
	t->bare.base = FOUNDATION_BASEPLATE;
	weld = problem_of(p, &t->bare, &t->group->wind);
	if (!choose_weld(&weld, t->bare.section, &t->bare.plate))
		return;
	if ((p->types & 1U << FOUNDATION_BASEPLATE) != 0)
		try_piers(t);
	if ((p->types & 1U << FOUNDATION_SPREAD) != 0)
		try_spread(t);
}

static int by_weight(const void *a, const void *b)
{
	const struct section *x = *(const struct section *const *)a, *y = *(const struct section *const *)b;
	if (x->weight_lb_ft != y->weight_lb_ft)
		return x->weight_lb_ft < y->weight_lb_ft ? -1 : 1;
	return strcmp(x->designation, y->designation);
}

void design_search_plated(struct design_searching *s, const struct section **list, size_t count)
{
	const struct design_problem *p = s->p;
	qsort(list, count, sizeof *list, by_weight);
	for (size_t i = 0; i < count; i++) {
		struct plating t = {.s = s, .bare = {.section = list[i]}};
		t.bare.weight_lb = list[i]->weight_lb_ft * p->height_ft * p->poles;
		t.bare.cost.steel = t.bare.weight_lb * design_usd_lb(p, list[i]);
		t.bare.cost.total = t.bare.cost.steel;
		if (!design_may_enter(s, &t.bare))
			continue;
		design_check_pole(s, &t.bare);
		t.group = design_group_of(s, list[i]);
		try_pole(&t);
		if (t.any)
			design_keep(s, &t.best);
		else
			design_keep_near(s, &t.bare);
	}
}
