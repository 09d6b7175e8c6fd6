#include <math.h>
#include <stdlib.h>

#include "core/field.h"
#include "seal/check.h"
#include "sign/domain/design_plates.h"
#include "sign/domain/grade.h"

static const double DEAD_MOST = 1.2, DEAD_LEAST = .9; /* REF: ASCE 7-16 section 2.3.1: 1.2 D + W, 0.9 D + W */
static const double IN_FT = 12, FEXX_KSI = 70;
static const double WELD_LEAST_IN = .1875, WELD_MOST_IN = .75;
static const double THINNEST_IN = .375;

/* --- the plate's problem --- */

struct pole_loads design_worst_share(const struct design_problem *p, const struct wind_pole_loads *wind, double factor,
									 double dead_factor)
{
	struct pole_loads worst = {0};
	for (int c = 0; c < design_cases(p); c++) {
		struct pole_loads one = design_share(p, c, wind, factor);
		worst.m_kipin = fmax(worst.m_kipin, one.m_kipin);
		worst.v_kip = fmax(worst.v_kip, one.v_kip);
		worst.t_kipin = fmax(worst.t_kipin, one.t_kipin);
	}
	worst.m_kipin += dead_factor * design_dead_kipin(p); /* a corner's anchor is pulled by both */
	return worst;
}

double design_pole_dead_kip(const struct design_problem *p, const struct design_candidate *c)
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
		.kc = DESIGN_CAST_IN_KC,
		.np_lb = NAN,
		.cac_in = NAN,
		.ductile = true,
	};
}

void design_set_block(const struct design_candidate *c, struct plate_problem *out)
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
	struct pole_loads loads = design_worst_share(p, wind, 1, DEAD_MOST);
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
		.p_kip = DEAD_LEAST * design_pole_dead_kip(p, c),
		.lrfd = true,
		.method = PLATE_RECTANGULAR,
		.embedded = true,
	};
	set_bolt(p, &c->plate, &out);
	design_set_block(c, &out);
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

void design_check_plate(plate_checker *check, const struct plate_problem *least, const struct plate_size *size,
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
	design_check_plate(plate_check, &problem, &c->plate.size, answer);
}

/* --- the plates of a pole --- */

const double design_beyond_in[DESIGN_PLATE_SIDES] = {0, 2, 4, 8, 12};
const double design_bolts_in[DESIGN_PLATE_BOLTS] = {.75, 1, 1.25, 1.5, 2};
enum { BOLTS_FEWEST = DESIGN_BOLTS_STEP };

double design_edge_in(int dia)
{
	return fmax(DESIGN_BOLT_EDGE_IN, 1.5 * design_bolts_in[dia]);
}

/* REF: AISC 360-22 table J2.4: the least fillet for the thinner part, which is the pole's wall. */
static double least_weld_in(const struct section *s)
{
	double wall = s->family == SECTION_W ? s->tf_in : s->t_des_in;
	return wall <= .5 ? WELD_LEAST_IN : wall <= .75 ? .25 : .3125;
}

bool design_choose_weld(const struct design_problem *p, struct design_candidate *c, const struct wind_pole_loads *wind)
{
	/* The row of the weld does not see the plate's size. */
	const struct plate_size any = {PLATE_SIDE_MAX_IN, PLATE_SIDE_MAX_IN, PLATE_THICKNESS_MAX_IN, BOLTS_FEWEST};
	struct plate_answer a;
	c->plate.dia_in = 1;
	c->plate.edge_in = 1.5;
	struct plate_problem one = problem_of(p, c, wind);
	one.weld_in = 1;
	design_check_plate(plate_check_steel, &one, &any, &a);
	double needs = ceil(16 * ratio_of(&a.rows[PLATE_WELD]) / CHECK_TOLERANCE - 1e-9) / 16;
	c->plate.weld_in = fmax(needs, least_weld_in(c->section));
	return c->plate.weld_in <= WELD_MOST_IN;
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

/* Bolts nearer to the edge pull less, so what the smallest of them leave to bearing is the least there is. */
double design_plate_floor_usd(const struct design_problem *p, const struct design_candidate *c,
							  const struct wind_pole_loads *wind)
{
	struct design_candidate one = *c;
	double least = INFINITY;
	one.plate.dia_in = design_bolts_in[0];
	one.plate.edge_in = DESIGN_BOLT_EDGE_IN;
	struct plate_problem problem = problem_of(p, &one, wind);
	double side = shortest_in(&problem, design_bolts_in[0], DESIGN_BOLT_EDGE_IN, BOLTS_FEWEST);
	for (; side <= PLATE_SIDE_MAX_IN; side++) {
		struct design_plate plate = {.size = {side, side, THINNEST_IN, BOLTS_FEWEST}};
		struct plate_forces f;
		if (price(p, &plate) >= least)
			break;
		plate_stand(&problem, &plate.size, &f);
		if (!f.solved)
			continue;
		/* .95 of the pole, where a round one has .80 */
		double reach = fmax(fmin(side - .95 * problem.d_in, side - .95 * problem.b_in) / 2, 0);
		double needs = plate_thickness_in(&problem, plate_pressure_moment(&f, reach)) / CHECK_TOLERANCE;
		plate.size.t_in = fmax(ceil(8 * needs - 1e-6) / 8, THINNEST_IN);
		least = fmin(least, price(p, &plate));
	}
	return least;
}

/* Thickness by statics, and what the anchors see under the least dead load.  False: no thickness holds. */
static bool set_option(const struct design_problem *p, const struct plate_problem *problem,
					   struct design_plate_option *option)
{
	struct plate_size *size = &option->plate.size;
	struct plate_problem most = *problem;
	struct plate_answer a, other;
	size->t_in = PLATE_THICKNESS_MAX_IN;
	most.p_kip = problem->p_kip * DEAD_MOST / DEAD_LEAST;
	plate_check_steel(problem, size, &a);
	if (!a.pass)
		return false;
	plate_check_steel(&most, size, &other);
	if (!other.pass)
		return false;
	size->t_in = fmax(ceil(8 * fmax(a.t_required_in, other.t_required_in) / CHECK_TOLERANCE - 1e-9) / 8, THINNEST_IN);
	option->usd = price(p, &option->plate);
	option->one_line = !a.forces.small && !a.forces.lifted;
	option->tension_kip = a.forces.tension_kip;
	return true;
}

/* What held with fewer such bolts on this side holds with more: only their number and price differ. */
static bool fewer_bolts(const struct design_problem *p, const struct design_plates *plates,
						struct design_plate_option *option)
{
	struct plate_size *size = &option->plate.size;
	for (size_t i = 0; i < plates->count; i++) {
		const struct design_plate_option *other = &plates->options[i];
		if (other->dia != option->dia || other->plate.size.l_in != size->l_in)
			continue;
		size->t_in = other->plate.size.t_in;
		option->usd = price(p, &option->plate);
		option->one_line = other->one_line;
		option->tension_kip = other->tension_kip;
		return true;
	}
	return false;
}

/* The sides of one bolt. */
static void add_options(const struct design_problem *p, const struct design_plate *bare, int bolts, int dia,
						struct design_plates *plates)
{
	struct plate_problem *problem = &plates->problems[dia];
	struct design_plate_bolt *bolt = &plates->bolts[bolts / DESIGN_BOLTS_STEP - 1][dia];
	struct plate_answer a;
	double edge_in = problem->edge_in;
	bolt->from_in = shortest_in(problem, design_bolts_in[dia], edge_in, bolts);
	double to = bolt->from_in + design_beyond_in[DESIGN_PLATE_SIDES - 1];
	const struct plate_size longest = {fmin(to, PLATE_SIDE_MAX_IN), fmin(to, PLATE_SIDE_MAX_IN), PLATE_THICKNESS_MAX_IN,
									   bolts};
	plate_check_steel(problem, &longest, &a);
	bolt->holds = a.pass;
	for (int i = 0; i < DESIGN_PLATE_SIDES; i++) {
		struct design_plate_option *option = &plates->options[plates->count];
		*option = (struct design_plate_option){
			.plate = *bare, .bolt_shear_kip = NAN, .dia = dia, .order = (int)plates->count};
		option->plate.dia_in = design_bolts_in[dia];
		option->plate.edge_in = edge_in;
		option->plate.size = (struct plate_size){
			.w_in = bolt->from_in + design_beyond_in[i], .l_in = bolt->from_in + design_beyond_in[i], .bolts = bolts};
		if (fewer_bolts(p, plates, option) || set_option(p, problem, option))
			plates->count++;
	}
}

static int by_price(const void *a, const void *b)
{
	const struct design_plate_option *x = a, *y = b;
	if (x->usd != y->usd)
		return x->usd < y->usd ? -1 : 1;
	return x->order - y->order;
}

void design_plates_of(const struct design_problem *p, const struct design_candidate *c,
					  const struct wind_pole_loads *wind, struct design_plates *plates)
{
	plates->count = 0;
	for (int d = 0; d < DESIGN_PLATE_BOLTS; d++) {
		struct design_candidate one = *c;
		one.plate.dia_in = design_bolts_in[d];
		one.plate.edge_in = design_edge_in(d);
		plates->problems[d] = problem_of(p, &one, wind);
	}
	for (int n = 1; n <= DESIGN_PLATE_COUNTS; n++)
		for (int d = 0; d < DESIGN_PLATE_BOLTS; d++)
			add_options(p, &c->plate, n * DESIGN_BOLTS_STEP, d, plates);
	qsort(plates->options, plates->count, sizeof *plates->options, by_price);
}

/* --- what pulls, before plates are made --- */

/* By shear and torsion: two lines at `arm` from the middle, of bolts evenly apart, in a square. */
static double shear_of_all_kip(const struct plate_problem *p, const struct plate_size *size)
{
	double arm = size->l_in / 2 - p->edge_in, n = floor(size->bolts / 2), pitch = 2 * arm / (n - 1);
	double polar = 2 * (n * arm * arm + pitch * pitch * n * (n * n - 1) / 12);
	return p->v_kip + size->bolts * p->t_kipin * arm * M_SQRT2 / polar;
}

static double rod_kip(const struct plate_problem *p)
{
	return .75 * .75 * p->fu_ksi * M_PI / 4 * p->dia_in * p->dia_in;
}

static struct design_pull pull_of(const struct plate_problem *p, const struct plate_size *size)
{
	struct plate_forces f;
	plate_stand(p, size, &f);
	if (!f.solved)
		return (struct design_pull){INFINITY, INFINITY};
	if (f.small || f.lifted)
		return (struct design_pull){0, 0};
	/* REF: AISC 360-22 J3.7: no more than the rods hold */
	if (f.tension_kip > CHECK_TOLERANCE * (1 + DESIGN_DOUBT) * floor(size->bolts / 2) * rod_kip(p))
		return (struct design_pull){INFINITY, INFINITY};
	return (struct design_pull){f.tension_kip, shear_of_all_kip(p, size)};
}

void design_pulls_of(const struct design_problem *p, const struct design_candidate *c,
					 const struct wind_pole_loads *wind, struct design_pulls *pulls)
{
	struct plate_problem problem = problem_of(p, c, wind);
	for (int d = 0; d < DESIGN_PLATE_BOLTS; d++) {
		problem.edge_in = design_edge_in(d);
		problem.dia_in = design_bolts_in[d];
		for (int n = 0; n < DESIGN_PLATE_COUNTS; n++) {
			int bolts = (n + 1) * DESIGN_BOLTS_STEP;
			pulls->from_in[n][d] = shortest_in(&problem, design_bolts_in[d], problem.edge_in, bolts);
			for (int i = 0; i < DESIGN_PLATE_SIDES; i++) {
				double side = pulls->from_in[n][d] + design_beyond_in[i];
				const struct plate_size size = {side, side, THINNEST_IN, bolts};
				pulls->of[n][d][i] = pull_of(&problem, &size);
			}
		}
	}
}
