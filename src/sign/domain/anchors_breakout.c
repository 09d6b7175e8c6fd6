#include <math.h>

#include "core/field.h"
#include "sign/domain/anchors.h"

static size_t sort_unique(double *values, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		double value = values[i];
		size_t at = i;
		for (; at > 0 && values[at - 1] > value; at--)
			values[at] = values[at - 1];
		values[at] = value;
	}
	size_t kept = 0;
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || values[i] > values[kept - 1])
			values[kept++] = values[i];
	return kept;
}

struct span {
	double low, high;
};

static struct span clip(double low, double high, double middle, double reach)
{
	return (struct span){fmax(low, middle - reach), fmin(high, middle + reach)};
}

/* Members of a group in order of y, so that a strip's covered length is one pass. */
static size_t by_y(const struct anchor_problem *p, const bool *in_group, size_t *order)
{
	size_t count = 0;
	for (size_t i = 0; i < p->count; i++) {
		if (!in_group[i])
			continue;
		size_t at = count++;
		for (; at > 0 && p->points[order[at - 1]].y_in > p->points[i].y_in; at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
	return count;
}

double anchors_area_in2(const struct anchor_problem *p, const bool *in_group, double reach)
{
	struct anchor_box box = anchors_box(p);
	double x_low = box.x_low - p->edges.x1_in, x_high = box.x_high + p->edges.x2_in;
	double y_low = box.y_low - p->edges.y1_in, y_high = box.y_high + p->edges.y2_in;
	double cuts[2 * ANCHORS_MAX], area = 0;
	size_t order[ANCHORS_MAX], count = by_y(p, in_group, order), cut_count = 0;
	for (size_t i = 0; i < count; i++) {
		struct span span = clip(x_low, x_high, p->points[order[i]].x_in, reach);
		cuts[cut_count++] = span.low;
		cuts[cut_count++] = span.high;
	}
	cut_count = sort_unique(cuts, cut_count);
	for (size_t c = 1; c < cut_count; c++) {
		double middle = (cuts[c - 1] + cuts[c]) / 2, covered = 0, top = -INFINITY;
		for (size_t i = 0; i < count; i++) {
			if (fabs(p->points[order[i]].x_in - middle) > reach)
				continue;
			struct span span = clip(y_low, y_high, p->points[order[i]].y_in, reach);
			covered += fmax(0, span.high - fmax(span.low, top));
			top = fmax(top, span.high);
		}
		area += covered * (cuts[c] - cuts[c - 1]);
	}
	return area;
}

/* --- one group --- */

struct group {
	bool in[ANCHORS_MAX];
	double count, share;                 /* of all anchors; of the load */
	double edge[4], ecc_in;              /* nearest of its anchors to each edge; of the load within it */
	double gap_in;                       /* widest gap between its rows or columns */
	double hef_in, area_in2, nominal_lb; /* what comes of it */
	double psi_ec, psi_ed, psi_c, psi_cp, nb_lb;
};

static double widest_gap(const struct anchor_problem *p, const bool *in, bool x)
{
	double values[ANCHORS_MAX], widest = 0;
	size_t count = 0;
	for (size_t i = 0; i < p->count; i++)
		if (in[i])
			values[count++] = x ? p->points[i].x_in : p->points[i].y_in;
	count = sort_unique(values, count);
	for (size_t i = 1; i < count; i++)
		widest = fmax(widest, values[i] - values[i - 1]);
	return widest;
}

static void gather(const struct anchor_problem *p, const size_t *label, size_t which, const double *shares,
				   struct group *g)
{
	double x = 0, y = 0, x_load = 0, y_load = 0;
	struct anchor_box box = anchors_box(p);
	*g = (struct group){.edge = {INFINITY, INFINITY, INFINITY, INFINITY}};
	for (size_t i = 0; i < p->count; i++) {
		g->in[i] = label[i] == which;
		if (!g->in[i])
			continue;
		struct anchor_to_edges to = anchors_to_edges(p, &box, i);
		for (int e = 0; e < 4; e++)
			g->edge[e] = fmin(g->edge[e], to.c[e]);
		g->count++;
		g->share += shares[i];
		x += p->points[i].x_in, y += p->points[i].y_in;
		x_load += shares[i] * p->points[i].x_in, y_load += shares[i] * p->points[i].y_in;
	}
	if (g->share > 0)
		g->ecc_in = hypot(x_load / g->share - x / g->count, y_load / g->share - y / g->count);
	g->gap_in = fmax(widest_gap(p, g->in, true), widest_gap(p, g->in, false));
}

/* REF: ACI 318-19 section 17.6.2.1.2: three or more edges nearer than 1.5 hef */
static double limited_hef(const struct anchor_problem *p, const struct group *g)
{
	double hef = p->bolt.hef_in, farthest = 0;
	int near = 0;
	for (int e = 0; e < 4; e++)
		if (g->edge[e] < 1.5 * hef) {
			near++;
			farthest = fmax(farthest, g->edge[e]);
		}
	return near < 3 ? hef : fmin(hef, fmax(farthest / 1.5, g->gap_in / 3));
}

/* REF: ACI 318-19 section 17.6.2.2: headed bolts of 11 to 25 in have their own exponent */
static double basic_lb(const struct anchor_problem *p, double hef)
{
	double root = anchors_lambda(p) * anchors_root(p);
	if (p->bolt.kind == ANCHOR_CAST_IN && p->bolt.kc == 24 && hef >= 11 && hef <= 25)
		return 16 * root * pow(hef, 5.0 / 3);
	return p->bolt.kc * root * hef * sqrt(hef);
}

/* REF: ACI 318-19 section 17.6.2.6: splitting, post-installed anchors in uncracked concrete only */
static double splitting(const struct anchor_problem *p, double ca_min, double hef)
{
	if (p->bolt.kind == ANCHOR_CAST_IN || p->cracked || p->supplementary || ca_min >= p->bolt.cac_in)
		return 1;
	return fmin(1, fmax(ca_min, 1.5 * hef) / p->bolt.cac_in);
}

/* REF: ACI 318-19 section 17.6.2 */
static void break_out(const struct anchor_problem *p, struct group *g)
{
	double hef = limited_hef(p, g), ca_min = fmin(fmin(g->edge[0], g->edge[1]), fmin(g->edge[2], g->edge[3]));
	double anco = 9 * hef * hef;
	g->hef_in = hef;
	g->area_in2 = fmin(anchors_area_in2(p, g->in, 1.5 * hef), g->count * anco);
	g->psi_ec = 1 / (1 + g->ecc_in / (1.5 * hef));
	g->psi_ed = ca_min >= 1.5 * hef ? 1 : .7 + .3 * ca_min / (1.5 * hef);
	g->psi_c = p->cracked ? 1 : p->bolt.kind == ANCHOR_CAST_IN ? 1.25 : 1.4;
	g->psi_cp = splitting(p, ca_min, hef);
	g->nb_lb = basic_lb(p, hef);
	g->nominal_lb = g->area_in2 / anco * g->psi_ec * g->psi_ed * g->psi_c * g->psi_cp * g->nb_lb;
}

double anchors_breakout(const struct anchor_problem *p, const double *shares, struct anchor_answer *a)
{
	size_t label[ANCHORS_MAX], groups = anchors_groups(p, 3 * p->bolt.hef_in, label);
	double least = INFINITY, area = 0;
	for (size_t which = 0; which < groups; which++) {
		struct group g;
		gather(p, label, which, shares, &g);
		break_out(p, &g);
		area += g.area_in2;
		double total = g.share > 1e-12 ? g.nominal_lb / g.share : INFINITY;
		if (total >= least)
			continue;
		least = total;
		a->hef_in = g.hef_in;
		a->anco_in2 = 9 * g.hef_in * g.hef_in;
		a->nb_lb = g.nb_lb;
		a->psi_ec_n = g.psi_ec, a->psi_ed_n = g.psi_ed, a->psi_c_n = g.psi_c, a->psi_cp_n = g.psi_cp;
	}
	a->anc_in2 = area;
	return least;
}

/* --- side-face blowout --- */

/* REF: ACI 318-19 section 17.6.4.1: anchors in one line along an edge and near enough to it, hef > 2.5 ca1 */
struct line {
	double ca1_in, along_in[ANCHORS_MAX], share[ANCHORS_MAX];
	size_t index[ANCHORS_MAX], count;
};

static void line_at(const struct anchor_problem *p, int edge, double ca1, const double *shares, struct line *line)
{
	struct anchor_box box = anchors_box(p);
	line->ca1_in = ca1;
	line->count = 0;
	for (size_t i = 0; i < p->count; i++) {
		if (fabs(anchors_to_edges(p, &box, i).c[edge] - ca1) > 1e-6)
			continue;
		double along = edge < 2 ? p->points[i].y_in : p->points[i].x_in;
		size_t at = line->count++;
		for (; at > 0 && line->along_in[at - 1] > along; at--) {
			line->along_in[at] = line->along_in[at - 1];
			line->share[at] = line->share[at - 1];
			line->index[at] = line->index[at - 1];
		}
		line->along_in[at] = along;
		line->share[at] = shares[i];
		line->index[at] = i;
	}
}

/* REF: ACI 318-19 section 17.6.4.1; ACI 318-19 section 17.6.4.2: a corner lessens one anchor, company along the edge
 * helps */
static double blowout_factor(const struct anchor_problem *p, const struct line *line, size_t first, size_t last,
							 int edge)
{
	if (last > first)
		return 1 + (line->along_in[last] - line->along_in[first]) / (6 * line->ca1_in);
	struct anchor_box box = anchors_box(p);
	struct anchor_to_edges to = anchors_to_edges(p, &box, line->index[first]);
	double ca2 = edge < 2 ? fmin(to.c[2], to.c[3]) : fmin(to.c[0], to.c[1]);
	return ca2 >= 3 * line->ca1_in ? 1 : (1 + fmax(1, ca2 / line->ca1_in)) / 4;
}

static void blow_out(const struct anchor_problem *p, const struct line *line, int edge, struct anchor_limit *worst)
{
	double single = 160 * line->ca1_in * sqrt(p->bolt.abrg_in2) * anchors_lambda(p) * anchors_root(p);
	double phi = (p->seismic ? .75 : 1) * (p->supplementary ? .75 : .70);
	for (size_t first = 0, last; first < line->count; first = last + 1) {
		double share = line->share[first];
		for (last = first;
			 last + 1 < line->count && line->along_in[last + 1] - line->along_in[last] < 6 * line->ca1_in - 1e-9;)
			share += line->share[++last];
		double nominal = single * blowout_factor(p, line, first, last, edge);
		double demand = fmax(share, 0) * p->n_lb;
		/* demand/nominal against the worst so far; without a load the share decides */
		double now = fmax(share, 0) / nominal, before = given(worst->nominal_lb) ? worst->ratio : -1;
		if (now > before)
			*worst = (struct anchor_limit){nominal, phi * nominal, demand, now};
	}
}

void anchors_check_side_face(const struct anchor_problem *p, const double *shares, struct anchor_answer *a)
{
	a->side_face = (struct anchor_limit){NAN, NAN, 0, 0};
	if (p->bolt.kind != ANCHOR_CAST_IN)
		return;
	struct anchor_box box = anchors_box(p);
	for (int edge = 0; edge < 4; edge++)
		for (size_t i = 0; i < p->count; i++) {
			double ca1 = anchors_to_edges(p, &box, i).c[edge];
			if (!(p->bolt.hef_in > 2.5 * ca1))
				continue;
			struct line line;
			line_at(p, edge, ca1, shares, &line);
			if (line.index[0] == i) /* each line once: by its first anchor */
				blow_out(p, &line, edge, &a->side_face);
		}
}
