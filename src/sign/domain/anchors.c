#include "sign/domain/anchors.h"

#include <math.h>

#include "core/field.h"
#include "core/must.h"
#include "seal/check.h"

/* REF: ASME B1.1: coarse threads per inch (UNC) */
static const struct {
	double dia_in, per_in;
} threads[] = {
	{.25, 20},   {.3125, 18}, {.375, 16}, {.4375, 14}, {.5, 13},   {.5625, 12}, {.625, 11}, {.75, 10},
	{.875, 9},   {1, 8},      {1.125, 7}, {1.25, 7},   {1.375, 6}, {1.5, 6},    {1.75, 5},  {2, 4.5},
	{2.25, 4.5}, {2.5, 4},    {2.75, 4},  {3, 4},      {3.25, 4},  {3.5, 4},    {3.75, 4},  {4, 4},
};
enum { THREADS = sizeof threads / sizeof *threads };

double anchor_ase_in2(double dia_in, bool *listed)
{
	int at = 0;
	while (at < THREADS - 1 && threads[at].dia_in < dia_in - 1e-6)
		at++;
	/* The next coarser thread leaves the smaller root. */
	double root = dia_in - .9743 / threads[at].per_in;
	*listed = fabs(threads[at].dia_in - dia_in) <= 1e-6;
	return M_PI / 4 * fmax(root, 0) * fmax(root, 0);
}

double anchor_head_in2(double dia_in, bool heavy)
{
	double flats = 1.5 * dia_in + (heavy ? .125 : 0);
	return sqrt(3) / 2 * flats * flats - M_PI / 4 * dia_in * dia_in;
}

double anchors_lambda(const struct anchor_problem *p)
{
	bool reduced = p->bolt.kind == ANCHOR_POST_INSTALLED && p->lambda < 1;
	return (reduced ? .8 : 1) * p->lambda;
}

double anchors_root(const struct anchor_problem *p)
{
	return sqrt(fmin(p->fc_psi, p->bolt.kind == ANCHOR_CAST_IN ? 10000 : 8000));
}

struct anchor_box anchors_box(const struct anchor_problem *p)
{
	struct anchor_box box = {p->points[0].x_in, p->points[0].x_in, p->points[0].y_in, p->points[0].y_in};
	for (size_t i = 1; i < p->count; i++) {
		double x = p->points[i].x_in, y = p->points[i].y_in;
		box.x_low = x < box.x_low ? x : box.x_low;
		box.x_high = x > box.x_high ? x : box.x_high;
		box.y_low = y < box.y_low ? y : box.y_low;
		box.y_high = y > box.y_high ? y : box.y_high;
	}
	return box;
}

struct anchor_to_edges anchors_to_edges(const struct anchor_problem *p, const struct anchor_box *box, size_t i)
{
	return (struct anchor_to_edges){{
		p->edges.x1_in + p->points[i].x_in - box->x_low,
		p->edges.x2_in + box->x_high - p->points[i].x_in,
		p->edges.y1_in + p->points[i].y_in - box->y_low,
		p->edges.y2_in + box->y_high - p->points[i].y_in,
	}};
}

void anchors_shares(const struct anchor_problem *p, double ecc, bool along_x, double *shares)
{
	struct anchor_box box = anchors_box(p);
	if (along_x ? box.x_high == box.x_low : box.y_high == box.y_low)
		along_x = !along_x;
	double middle = 0, inertia = 0;
	for (size_t i = 0; i < p->count; i++)
		middle += (along_x ? p->points[i].x_in : p->points[i].y_in) / (double)p->count;
	for (size_t i = 0; i < p->count; i++) {
		double arm = (along_x ? p->points[i].x_in : p->points[i].y_in) - middle;
		inertia += arm * arm;
	}
	for (size_t i = 0; i < p->count; i++) {
		double arm = (along_x ? p->points[i].x_in : p->points[i].y_in) - middle;
		shares[i] = 1 / (double)p->count + (inertia > 0 ? ecc * arm / inertia : 0);
	}
}

size_t anchors_groups(const struct anchor_problem *p, double reach, size_t *group)
{
	size_t stack[ANCHORS_MAX], groups = 0;
	for (size_t i = 0; i < p->count; i++)
		group[i] = ANCHORS_MAX;
	for (size_t first = 0; first < p->count; first++) {
		if (group[first] != ANCHORS_MAX)
			continue;
		size_t depth = 0;
		group[first] = groups;
		stack[depth++] = first;
		while (depth > 0) {
			const struct anchor_point *from = &p->points[stack[--depth]];
			for (size_t i = 0; i < p->count; i++)
				if (group[i] == ANCHORS_MAX && fabs(p->points[i].x_in - from->x_in) < reach - 1e-9 &&
					fabs(p->points[i].y_in - from->y_in) < reach - 1e-9) {
					group[i] = groups;
					stack[depth++] = i;
				}
		}
		groups++;
	}
	return groups;
}

static double limit_ratio(struct anchor_limit *limit)
{
	limit->ratio = given(limit->design_lb) ? check_ratio(limit->demand_lb, limit->design_lb) : 0;
	return limit->ratio;
}

/* REF: ACI 318-19 section 17.6.1; ACI 318-19 section 17.6.3; ACI 318-19 table 17.5.3: the anchor that pulls hardest
 * decides */
static void check_steel_and_pullout(const struct anchor_problem *p, double highest, struct anchor_answer *a)
{
	const struct anchor_bolt *bolt = &p->bolt;
	bool cast_in = bolt->kind == ANCHOR_CAST_IN;
	double n = (double)p->count, seismic = p->seismic ? .75 : 1;
	a->steel_n.nominal_lb = n * bolt->ase_in2 * bolt->futa_psi;
	a->steel_n.design_lb = (bolt->ductile ? .75 : .65) * a->steel_n.nominal_lb;
	a->steel_n.demand_lb = n * highest * p->n_lb;
	double by_head = cast_in ? 8 * bolt->abrg_in2 * fmin(p->fc_psi, 10000) * (p->cracked ? 1 : 1.4) : (double)NAN;
	a->pullout.nominal_lb = given(bolt->np_lb) ? bolt->np_lb : by_head;
	a->pullout.design_lb = seismic * (cast_in ? .70 : .65) * a->pullout.nominal_lb;
	a->pullout.demand_lb = highest * p->n_lb;
}

static void check_tension(const struct anchor_problem *p, struct anchor_answer *a)
{
	double shares[ANCHORS_MAX], highest = 0;
	anchors_shares(p, p->ecc_n_in, true, shares);
	for (size_t i = 0; i < p->count; i++)
		highest = fmax(highest, shares[i]);
	check_steel_and_pullout(p, highest, a);
	a->breakout_n.nominal_lb = anchors_breakout(p, shares, a);
	/* REF: ACI 318-19 table 17.5.3; ACI 318-19 section 17.10.5.4: part (b) */
	double phi = p->supplementary ? .75 : p->bolt.kind == ANCHOR_CAST_IN ? .70 : .65;
	a->breakout_n.design_lb = (p->seismic ? .75 : 1) * phi * a->breakout_n.nominal_lb;
	a->breakout_n.demand_lb = p->n_lb;
	anchors_check_side_face(p, shares, a);
	a->tension_ratio = fmax(fmax(limit_ratio(&a->steel_n), limit_ratio(&a->breakout_n)),
							fmax(limit_ratio(&a->pullout), limit_ratio(&a->side_face)));
}

/* REF: ACI 318-19 section 17.8 */
void anchors_interact(struct anchor_answer *a)
{
	bool both = a->tension_ratio > .2 + 1e-9 && a->shear_ratio > .2 + 1e-9; /* .2 itself is not above .2 */
	a->interaction_limit = both ? 1.2 : 1;
	a->interaction = both ? a->tension_ratio + a->shear_ratio : fmax(a->tension_ratio, a->shear_ratio);
}

void anchors_check(const struct anchor_problem *p, struct anchor_answer *a)
{
	must(p->count >= 1 && p->count <= ANCHORS_MAX);
	*a = (struct anchor_answer){.hef_in = p->bolt.hef_in};
	check_tension(p, a);
	anchors_check_shear(p, a);
	a->shear_ratio = fmax(limit_ratio(&a->steel_v), fmax(limit_ratio(&a->breakout_v), limit_ratio(&a->pryout)));
	anchors_interact(a);
	anchors_check_spacing(p, a);
}
