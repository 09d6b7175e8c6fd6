#include "sign/domain/footing_direct.h"

#include <math.h>

#include "sign/domain/soil.h"

/* The positive root of d³ − c d − 1.09 c h = 0, which the formula becomes with S1 = k d/3 and c = 7.02 P/(k b). */
static double cubic_depth(double c, double h, int64_t *iterations)
{
	double d = sqrt(c) + cbrt(1.09 * c * h); /* not below the root, so that Newton falls onto it */
	for (*iterations = 1; *iterations < 50; ++*iterations) {
		double next = d - (d * d * d - c * d - 1.09 * c * h) / (3 * d * d - c);
		if (fabs(next - d) <= 1e-13 * d)
			return next;
		d = next;
	}
	return d;
}

static double nonconstrained_formula(double a, double h)
{
	return .5 * a * (1 + sqrt(1 + 4.36 * h / a));
}

struct footing_depth footing_nonconstrained(const struct footing_soil *soil, double p, double h, double b)
{
	struct footing_depth depth = {.iterations = 0};
	if (p <= 0)
		return depth;
	depth.depth_ft = cubic_depth(7.02 * p / (soil->lateral_psf_ft * b), h, &depth.iterations);
	double at = depth.depth_ft / 3;
	depth.cap_active = at > soil->cap_ft;
	depth.s_psf = soil->lateral_psf_ft * fmin(at, soil->cap_ft);
	depth.a_ft = 2.34 * p / (depth.s_psf * b);
	if (depth.cap_active)
		depth.depth_ft = nonconstrained_formula(depth.a_ft, h);
	return depth;
}

struct footing_depth footing_constrained(const struct footing_soil *soil, double p, double h, double b)
{
	struct footing_depth depth = {.a_ft = NAN, .iterations = 1};
	if (p <= 0 || h <= 0)
		return depth;
	double moment = 4.25 * p * h / b;
	depth.depth_ft = cbrt(moment / soil->lateral_psf_ft); /* S3 grows with d, so d² S3 is a cube */
	depth.cap_active = depth.depth_ft > soil->cap_ft;
	depth.s_psf = soil->lateral_psf_ft * fmin(depth.depth_ft, soil->cap_ft);
	if (depth.cap_active)
		depth.depth_ft = sqrt(moment / depth.s_psf);
	return depth;
}

struct footing_depth footing_trial(const struct footing_soil *soil, bool constrained, double trial, double p, double h,
								   double b)
{
	double at = constrained ? trial : trial / 3;
	struct footing_depth depth = {.a_ft = NAN, .cap_active = at > soil->cap_ft};
	depth.s_psf = soil->lateral_psf_ft * fmin(at, soil->cap_ft);
	if (p <= 0)
		return depth;
	if (constrained) {
		depth.depth_ft = sqrt(4.25 * p * h / (depth.s_psf * b));
		return depth;
	}
	depth.a_ft = 2.34 * p / (depth.s_psf * b);
	depth.depth_ft = nonconstrained_formula(depth.a_ft, h);
	return depth;
}

/* --- the pier as a concrete section --- */

static const double E_STEEL_PSI = 29e6, CRUSH = .003; /* REF: ACI 318-19 section 22.2.2.1 */

/* REF: ACI 318-19 table 22.2.2.4.3 */
static double beta1(double fc_psi)
{
	return fmin(fmax(.85 - .05 * (fc_psi - 4000) / 1000, .65), .85);
}

/* Area and centroid (from the section's middle) of the stress block of depth a. */
static void block(bool square, double width, double a, double *area, double *centroid)
{
	double r = width / 2;
	a = fmin(a, width);
	if (square) {
		*area = width * a;
		*centroid = r - a / 2;
		return;
	}
	double theta = acos(fmax(-1, (r - a) / r)), chord = sin(theta);
	*area = r * r * (theta - chord * cos(theta));
	*centroid = *area > 0 ? 2.0 / 3 * r * r * r * chord * chord * chord / *area : r;
}

enum { BARS_MAX = 256 };

/* A section whose bars are placed. */
struct pier_section {
	const struct concrete_constants *concrete;
	bool square;
	double width_in, fc_psi, bar_area_in2;
	int64_t bars;
	double y_in[BARS_MAX]; /* of each bar from the middle, up towards the compressed side */
};

/* Sum of forces (and moment about the middle) for a neutral axis at c; tension is negative. */
static double forces(const struct pier_section *p, double c, double *moment, double *tension_strain)
{
	double area, centroid, sum, half = p->width_in / 2, depth = beta1(p->fc_psi) * c, fy = p->concrete->fy_psi;
	block(p->square, p->width_in, depth, &area, &centroid);
	sum = .85 * p->fc_psi * area;
	*moment = sum * centroid;
	*tension_strain = 0;
	for (int64_t i = 0; i < p->bars; i++) {
		double strain = CRUSH * (c - (half - p->y_in[i])) / c;
		double stress = fmax(-fy, fmin(fy, strain * E_STEEL_PSI));
		if (stress > 0 && half - p->y_in[i] < depth)
			stress -= .85 * p->fc_psi; /* the concrete that the bar displaces */
		sum += p->bar_area_in2 * stress;
		*moment += p->bar_area_in2 * stress * p->y_in[i];
		*tension_strain = fmax(*tension_strain, -strain);
	}
	return sum;
}

/* REF: ACI 318-19 table 21.2.2: φ from .65 to .90 by the strain of the outermost tension bar, ties */
static double phi_of(const struct concrete_constants *concrete, double tension_strain)
{
	double yield = concrete->fy_psi / E_STEEL_PSI;
	return fmin(fmax(.65 + .25 * (tension_strain - yield) / .003, .65), .90);
}

double pier_flexure_lbft(const struct concrete_constants *concrete, bool square, double width_in, double fc_psi,
						 double bar_area_in2, int64_t bars, double bar_circle_in)
{
	struct pier_section p = {.concrete = concrete,
							 .square = square,
							 .width_in = width_in,
							 .fc_psi = fc_psi,
							 .bar_area_in2 = bar_area_in2,
							 .bars = bars < BARS_MAX ? bars : BARS_MAX};
	for (int64_t i = 0; i < p.bars; i++)
		p.y_in[i] = bar_circle_in / 2 * cos(2 * M_PI * ((double)i + .5) / (double)p.bars);
	double low = 1e-6, high = width_in, moment = 0, strain = 0;
	for (int i = 0; i < 50; i++) {
		double c = (low + high) / 2;
		if (forces(&p, c, &moment, &strain) > 0)
			high = c;
		else
			low = c;
	}
	return phi_of(concrete, strain) * moment / 12;
}

static const struct rebar_size *bar_of(const struct concrete_constants *concrete, int64_t size)
{
	for (size_t i = 0; i < concrete->bars.count; i++)
		if (concrete->bars.items[i].size == size)
			return &concrete->bars.items[i];
	return &concrete->bars.items[0];
}

/* REF: ACI 318-19 table 25.4.2.3: clear spacing and cover as the first column asks; the size is in the 25 and 20 */
static double development_in(const struct concrete_constants *concrete, const struct rebar_size *bar, double fc_psi)
{
	return fmax(12, concrete->fy_psi / ((bar->size <= 6 ? 25 : 20) * sqrt(fc_psi)) * bar->diameter_in);
}

/* The bars that fit on the circle with a clear spacing of 1.5 bar diameters and at least 1.5 in. */
static int64_t most_bars(const struct rebar_size *bar, double circle_in)
{
	double pitch = bar->diameter_in + fmax(1.5, 1.5 * bar->diameter_in);
	return (int64_t)floor(M_PI * circle_in / pitch);
}

void pier_detail(const struct concrete_constants *concrete, double width_ft, double depth_ft, double fc_psi,
				 struct pier_rebar *rebar)
{
	const struct rebar_size *bar = bar_of(concrete, rebar->vertical_size), *tie = bar_of(concrete, 3);
	double width_in = 12 * width_ft, cage_in = fmax(depth_ft * 12 - 2 * concrete->cover_in, 0);
	rebar->tie_size = tie->size;
	/* REF: ACI 318-19 section 25.7.2.1: 16 bar diameters, 48 tie diameters, the least dimension */
	rebar->tie_spacing_in = floor(fmin(fmin(16 * bar->diameter_in, 48 * tie->diameter_in), width_in));
	rebar->ties = (int64_t)ceil(cage_in / rebar->tie_spacing_in) + 1;
	rebar->development_in = development_in(concrete, bar, fc_psi);
	rebar->lap_in = 1.3 * rebar->development_in; /* REF: ACI 318-19 section 25.5.2.1: class B */
	double hoop_in = M_PI * (width_in - 2 * concrete->cover_in) + 2 * 6 * tie->diameter_in;
	rebar->weight_lb = (double)rebar->verticals * cage_in / 12 * bar->weight_lb_ft +
					   (double)rebar->ties * hoop_in / 12 * tie->weight_lb_ft;
}

/* What .5 % of Ag asks, and at least 6. */
static int64_t least_bars(const struct rebar_size *bar, double ag_in2)
{
	return (int64_t)ceil(fmax(6, .005 * ag_in2 / bar->area_in2));
}

/* The fewest bars of one size that carry the moment; 0 when none do. */
static int64_t bars_for(const struct concrete_constants *concrete, bool square, double width_in, double fc_psi,
						double mu_lbft, const struct rebar_size *bar, double circle_in, double *phi_mn)
{
	double ag = square ? width_in * width_in : M_PI / 4 * width_in * width_in;
	int64_t most = most_bars(bar, circle_in);
	for (int64_t bars = least_bars(bar, ag); bars <= most && (double)bars * bar->area_in2 <= .04 * ag; bars++) {
		*phi_mn = pier_flexure_lbft(concrete, square, width_in, fc_psi, bar->area_in2, bars, circle_in);
		if (*phi_mn >= mu_lbft)
			return bars;
	}
	return 0;
}

bool pier_reinforce(const struct concrete_constants *concrete, bool square, double width_ft, double fc_psi,
					double mu_lbft, struct pier_rebar *rebar)
{
	enum { FIRST = 5, LAST = 11, HANDY = 12 }; /* bar numbers; verticals that are handy to place */
	double width_in = 12 * width_ft, ag = square ? width_in * width_in : M_PI / 4 * width_in * width_in;
	double tie_in = bar_of(concrete, 3)->diameter_in;
	bool enough = false;
	*rebar = (struct pier_rebar){.verticals = 0};
	for (int64_t size = FIRST; size <= LAST && (!enough || rebar->verticals > HANDY); size++) {
		const struct rebar_size *bar = bar_of(concrete, size);
		double circle_in = width_in - 2 * (concrete->cover_in + tie_in) - bar->diameter_in, phi_mn = 0;
		if (circle_in <= 0 || (size < LAST && least_bars(bar, ag) > HANDY))
			continue; /* larger bars are handier */
		int64_t bars = bars_for(concrete, square, width_in, fc_psi, mu_lbft, bar, circle_in, &phi_mn);
		bool carries = bars > 0;
		if (enough && (!carries || bars >= rebar->verticals))
			continue;
		enough = enough || carries;
		rebar->verticals = carries ? bars : most_bars(bar, circle_in);
		rebar->vertical_size = size;
		rebar->phi_mn_lbft = phi_mn;
	}
	return enough;
}
