#include <math.h>
#include <string.h>

#include "core/field.h"
#include "sign/domain/anchors.h"

/* The row nearest edge x1, in order of y. */
struct row {
	double y_in[ANCHORS_MAX];
	size_t count;
};

static void nearest_row(const struct anchor_problem *p, struct row *row)
{
	double x_low = anchors_box(p).x_low;
	row->count = 0;
	for (size_t i = 0; i < p->count; i++) {
		if (p->points[i].x_in > x_low + 1e-6)
			continue;
		size_t at = row->count++;
		for (; at > 0 && row->y_in[at - 1] > p->points[i].y_in; at--)
			row->y_in[at] = row->y_in[at - 1];
		row->y_in[at] = p->points[i].y_in;
	}
}

/* Shares of V along the row for an eccentricity along it. */
static void row_shares(const struct row *row, double ecc, double *shares)
{
	double middle = 0, inertia = 0, n = (double)row->count;
	for (size_t i = 0; i < row->count; i++)
		middle += row->y_in[i] / n;
	for (size_t i = 0; i < row->count; i++)
		inertia += (row->y_in[i] - middle) * (row->y_in[i] - middle);
	for (size_t i = 0; i < row->count; i++)
		shares[i] = 1 / n + (inertia > 0 ? ecc * (row->y_in[i] - middle) / inertia : 0);
}

/* REF: ACI 318-19 section 17.5.1.3: anchors of the row that break out together, their spacing below 3 ca1 */
struct chain {
	double count, share, length_in, gap_in, ecc_in, side_low_in, side_high_in;
};

static struct chain chain_of(const struct anchor_problem *p, const struct row *row, const double *shares, size_t first,
							 size_t last)
{
	struct anchor_box box = anchors_box(p);
	struct chain chain = {.count = (double)(last - first + 1), .length_in = row->y_in[last] - row->y_in[first]};
	double middle = 0, load = 0;
	for (size_t i = first; i <= last; i++) {
		chain.share += shares[i];
		middle += row->y_in[i] / chain.count;
		load += shares[i] * row->y_in[i];
		if (i > first)
			chain.gap_in = fmax(chain.gap_in, row->y_in[i] - row->y_in[i - 1]);
	}
	if (chain.share > 0)
		chain.ecc_in = fabs(load / chain.share - middle);
	chain.side_low_in = p->edges.y1_in + row->y_in[first] - box.y_low;
	chain.side_high_in = p->edges.y2_in + box.y_high - row->y_in[last];
	return chain;
}

/* REF: ACI 318-19 section 17.7.2.1.2: narrow and thin: both sides and the thickness below 1.5 ca1 */
static double limited_ca1(const struct anchor_problem *p, const struct chain *chain)
{
	double ca1 = p->edges.x1_in, high = fmax(chain->side_low_in, chain->side_high_in), ha = p->edges.thickness_in;
	if (high >= 1.5 * ca1 || ha >= 1.5 * ca1)
		return ca1;
	return fmin(ca1, fmax(fmax(high, ha) / 1.5, chain->gap_in / 3));
}

/* REF: ACI 318-19 section 17.7.2.2.1 */
static double basic_lb(const struct anchor_problem *p, double ca1)
{
	double da = p->bolt.dia_in, le = fmin(p->bolt.hef_in, 8 * da);
	double factor = fmin(7 * pow(le / da, .2) * sqrt(da), 9);
	return factor * anchors_lambda(p) * anchors_root(p) * ca1 * sqrt(ca1);
}

/* REF: ACI 318-19 section 17.7.2: total V at which this chain breaks out; `parallel`: without ψed */
static double break_out(const struct anchor_problem *p, const struct chain *chain, bool parallel,
						struct anchor_answer *a)
{
	double ca1 = limited_ca1(p, chain), reach = 1.5 * ca1, ha = p->edges.thickness_in;
	double side = fmin(chain->side_low_in, chain->side_high_in);
	a->ca1_in = ca1;
	a->avco_in2 = 4.5 * ca1 * ca1;
	a->avc_in2 =
		(fmin(reach, chain->side_low_in) + chain->length_in + fmin(reach, chain->side_high_in)) * fmin(reach, ha);
	a->avc_in2 = fmin(a->avc_in2, chain->count * a->avco_in2);
	a->psi_ec_v = 1 / (1 + chain->ecc_in / reach);
	a->psi_ed_v = parallel || side >= reach ? 1 : .7 + .3 * side / reach;
	a->psi_c_v = p->cracked ? 1 : 1.4;
	a->psi_h_v = ha < reach ? sqrt(reach / ha) : 1;
	a->vb_lb = basic_lb(p, ca1);
	double nominal = a->avc_in2 / a->avco_in2 * a->psi_ec_v * a->psi_ed_v * a->psi_c_v * a->psi_h_v * a->vb_lb;
	return chain->share > 1e-12 ? nominal / chain->share : INFINITY;
}

static double breakout_of(const struct anchor_problem *p, bool parallel, struct anchor_answer *a)
{
	struct row row;
	double shares[ANCHORS_MAX], least = INFINITY;
	struct anchor_answer governing = *a;
	nearest_row(p, &row);
	row_shares(&row, p->ecc_v_in, shares);
	for (size_t first = 0, last; first < row.count; first = last + 1) {
		for (last = first; last + 1 < row.count && row.y_in[last + 1] - row.y_in[last] < 3 * p->edges.x1_in - 1e-9;)
			last++;
		struct chain chain = chain_of(p, &row, shares, first, last);
		double total = break_out(p, &chain, parallel, a);
		if (total < least) {
			least = total;
			governing = *a;
		}
	}
	*a = governing;
	return least;
}

/* REF: ACI 318-19 section 17.7.3: breakout in tension under the shear's eccentricity */
static double pryout_of(const struct anchor_problem *p)
{
	struct anchor_answer aside;
	double shares[ANCHORS_MAX];
	anchors_shares(p, p->ecc_v_in, false, shares);
	return (p->bolt.hef_in < 2.5 ? 1 : 2) * anchors_breakout(p, shares, &aside);
}

void anchors_check_shear(const struct anchor_problem *p, struct anchor_answer *a)
{
	/* REF: ACI 318-19 section 17.7.1.2; ACI 318-19 section 17.7.1.2.1; ACI 318-19 table 17.5.3: part (a) */
	a->steel_v.nominal_lb = .6 * p->bolt.ase_in2 * p->bolt.futa_psi * (double)p->count * (p->grout_pad ? .80 : 1);
	a->steel_v.design_lb = (p->bolt.ductile ? .65 : .60) * a->steel_v.nominal_lb;
	a->vb_lb = a->avco_in2 = a->avc_in2 = a->psi_ec_v = a->psi_ed_v = a->psi_c_v = a->psi_h_v = a->ca1_in = NAN;
	a->breakout_v = (struct anchor_limit){NAN, NAN, p->v_lb, 0};
	a->parallel_v = (struct anchor_limit){NAN, NAN, p->v_lb, 0};
	if (isfinite(p->edges.x1_in))
		a->breakout_v.nominal_lb = breakout_of(p, false, a);
	a->breakout_v.design_lb = (p->supplementary ? .75 : .70) * a->breakout_v.nominal_lb;
	a->pryout.nominal_lb = pryout_of(p);
	a->pryout.design_lb = .70 * a->pryout.nominal_lb;
	a->steel_v.demand_lb = a->pryout.demand_lb = p->v_lb;
	if (p->count > 1 && p->ecc_v_in > 0) {
		double shares[ANCHORS_MAX], highest = 0;
		anchors_shares(p, p->ecc_v_in, false, shares);
		for (size_t i = 0; i < p->count; i++)
			highest = fmax(highest, shares[i]);
		a->steel_v.demand_lb = (double)p->count * highest * p->v_lb;
	}
}

/* --- along an edge --- */

/* The same anchors with y1 (or y2) in the place of x1. */
static void turn(const struct anchor_problem *p, bool second, struct anchor_problem *turned)
{
	const struct anchor_edges *e = &p->edges;
	*turned = *p;
	turned->ecc_v_in = 0; /* it is across this edge's row */
	turned->edges = (struct anchor_edges){second ? e->y2_in : e->y1_in, second ? e->y1_in : e->y2_in, e->x1_in,
										  e->x2_in, e->thickness_in};
	for (size_t i = 0; i < p->count; i++)
		turned->points[i] = (struct anchor_point){second ? -p->points[i].y_in : p->points[i].y_in, p->points[i].x_in};
}

/* REF: ACI 318-19 section 17.7.2.1: (c) and (d): twice the strength toward the edge, ψed 1; the least of all edges */
void anchors_check_parallel(const struct anchor_problem *p, struct anchor_answer *a)
{
	double least = INFINITY;
	for (int second = 0; second < 2; second++) {
		struct anchor_problem turned;
		struct anchor_answer aside;
		turn(p, second, &turned);
		if (isfinite(turned.edges.x1_in))
			least = fmin(least, 2 * breakout_of(&turned, true, &aside));
	}
	double design = (p->supplementary ? .75 : .70) * least, ratio = p->v_lb / design;
	if (!isfinite(least) || ratio <= a->shear_ratio)
		return;
	a->parallel_v = (struct anchor_limit){least, design, p->v_lb, ratio};
	a->shear_ratio = ratio;
	anchors_interact(a);
}

/* --- section 17.9 --- */

static void require(struct anchor_spacing *worst, double required, double available, const char *what,
					const char *reference)
{
	if (!isfinite(available) ||
		(given(worst->required_in) && required * worst->available_in <= worst->required_in * available))
		return;
	*worst = (struct anchor_spacing){required, available, what, reference};
}

static double least_distance(const struct anchor_problem *p)
{
	double least = INFINITY;
	for (size_t i = 0; i < p->count; i++)
		for (size_t k = 0; k < i; k++)
			least = fmin(least, hypot(p->points[i].x_in - p->points[k].x_in, p->points[i].y_in - p->points[k].y_in));
	return least;
}

/*
 * REF: ACI 318-19 table 17.9.2; ACI 318-19 section 17.9.4; ACI 318-19 table 20.5.1.3.1: cast-in bolts that are not
 * torqued: 4 da, and the cover of a bar exposed to weather; expansion anchors: 6 da, 8 da, and the greater of 2/3 and
 * all but 4 in of the thickness
 */
void anchors_check_spacing(const struct anchor_problem *p, struct anchor_answer *a)
{
	const struct anchor_edges *e = &p->edges;
	bool cast_in = p->bolt.kind == ANCHOR_CAST_IN;
	double da = p->bolt.dia_in, edge = fmin(fmin(e->x1_in, e->x2_in), fmin(e->y1_in, e->y2_in));
	a->spacing = (struct anchor_spacing){NAN, NAN, NULL, NULL};
	require(&a->spacing, cast_in ? 4 * da : 6 * da, least_distance(p), "spacing", "ACI 318-19 17.9.2 (spacing)");
	require(&a->spacing, cast_in ? (da > .625 ? 2 : 1.5) + da / 2 : 8 * da, edge, "edge",
			"ACI 318-19 17.9.2 (edge distance)");
	if (!cast_in)
		require(&a->spacing, fmin(1.5 * p->bolt.hef_in, p->bolt.hef_in + 4), e->thickness_in, "thickness",
				"ACI 318-19 17.9.4 (thickness)");
}
