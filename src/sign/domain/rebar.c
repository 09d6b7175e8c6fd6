#include "sign/domain/rebar.h"

#include <math.h>

#include "core/must.h"
#include "sign/domain/concrete.h"
#include "sign/domain/soil.h"

/* One position of the cage: the heights of the bars above the middle, each with how many stand there. */
struct cage {
	int count;
	double y_in[PIER_BARS_MAX / 2 + 1], area_in2[PIER_BARS_MAX / 2 + 1];
};

/* `turn` is 0 (a bar at the top) or .5 (a gap at the top); the left half mirrors the right. */
static void place(const struct pier_section *section, double turn, struct cage *cage)
{
	double step = 2 * M_PI / (double)section->bars, radius = section->circle_in / 2;
	double c = cos(turn * step), s = sin(turn * step), cos_step = cos(step), sin_step = sin(step);
	cage->count = 0;
	for (double at = turn; at <= (double)section->bars / 2 + 1e-9; at += 1) {
		bool alone = at == 0 || 2 * at == (double)section->bars;
		cage->y_in[cage->count] = radius * c;
		cage->area_in2[cage->count++] = (alone ? 1 : 2) * section->bar_area_in2;
		double next = c * cos_step - s * sin_step;
		s = s * cos_step + c * sin_step;
		c = next;
	}
}

/* The stress block of depth a: its area, the centroid above the middle, and the chord that bounds it. */
struct block {
	double area, centroid, chord;
};

static struct block block_of(const struct pier_section *section, double a)
{
	double r = section->width_in / 2;
	if (section->square)
		return (struct block){section->width_in * a, r - a / 2, section->width_in};
	double cosine = (r - a) / r, sine = sqrt(fmax(0, 1 - cosine * cosine));
	double area = r * r * (acos(cosine) - sine * cosine);
	return (struct block){area, area > 0 ? 2.0 / 3 * r * r * r * sine * sine * sine / area : r, 2 * r * sine};
}

/* What the section answers to a neutral axis at depth c: forces (compression +), their moment and slope over c. */
struct answer {
	double sum, moment, slope;
};

static struct answer forces(const struct pier_section *section, const struct cage *cage, double beta1, double c)
{
	double a = fmin(beta1 * c, section->width_in), crushed = .85 * section->fc_psi;
	struct block block = block_of(section, a);
	struct answer answer = {crushed * block.area, crushed * block.area * block.centroid, crushed * block.chord * beta1};
	double per_in = CONCRETE_CRUSH * REBAR_E_PSI / c;
	for (int i = 0; i < cage->count; i++) {
		double depth = section->width_in / 2 - cage->y_in[i];
		double elastic = per_in * (c - depth), stress = fmax(-section->fy_psi, fmin(section->fy_psi, elastic));
		double inside = (a - depth) / section->bar_diameter_in + .5;
		if (stress == elastic)
			answer.slope += cage->area_in2[i] * per_in * depth / c;
		stress -= crushed * fmin(1, fmax(0, inside));
		answer.sum += cage->area_in2[i] * stress;
		answer.moment += cage->area_in2[i] * stress * cage->y_in[i];
	}
	return answer;
}

/* The neutral axis by Newton inside a bracket: the forces grow with its depth, with a kink where a bar yields. */
static double neutral_axis(const struct pier_section *section, const struct cage *cage, double *moment)
{
	double low = 0, high = section->width_in, c = .2 * section->width_in, beta1 = concrete_beta1(section->fc_psi);
	double close = 1e-9 * section->fc_psi * section->width_in * section->width_in;
	for (int i = 0; i < 100; i++) {
		struct answer answer = forces(section, cage, beta1, c);
		*moment = answer.moment;
		if (fabs(answer.sum) <= close || high - low <= 1e-10 * section->width_in)
			break;
		if (answer.sum > 0)
			high = c;
		else
			low = c;
		c -= answer.sum / answer.slope;
		if (!(c > low && c < high))
			c = (low + high) / 2;
	}
	return c;
}

static double cage_moment(const struct pier_section *section, double turn)
{
	struct cage cage;
	double moment;
	place(section, turn, &cage);
	double c = neutral_axis(section, &cage, &moment);
	double lowest = section->width_in / 2 - cage.y_in[cage.count - 1];
	return concrete_phi(section->fy_psi, CONCRETE_CRUSH * (lowest - c) / c) * moment / 12;
}

double pier_flexure_lbft(const struct pier_section *section)
{
	must(section->bars > 0 && section->bars <= PIER_BARS_MAX);
	return fmin(cage_moment(section, 0), cage_moment(section, .5));
}

/* --- choosing --- */

/* REF: ACI 318-19 section 25.7.2.2: #3 around bars up to #10, #4 around larger ones */
static const struct rebar_size *tie_of(const struct concrete_constants *concrete, int64_t vertical_size)
{
	return rebar_of(concrete, vertical_size <= 10 ? 3 : 4);
}

/* REF: ACI 318-19 section 25.2.3: clear spacing of verticals: 1.5 in, 1.5 bar diameters */
static int64_t most_bars(const struct rebar_size *bar, double circle_in)
{
	double pitch = bar->diameter_in + fmax(1.5, 1.5 * bar->diameter_in);
	return (int64_t)fmin(PIER_BARS_MAX, floor(M_PI * circle_in / pitch));
}

/* What one size of bar can do in this pier: its section with the fewest and the most bars that the code allows. */
struct choice {
	struct pier_section section;
	int64_t size, fewest, most;
};

static struct choice choice_of(const struct concrete_constants *concrete, bool square, double width_in, double fc_psi,
							   int64_t size)
{
	const struct rebar_size *bar = rebar_of(concrete, size), *tie = tie_of(concrete, size);
	double ag = square ? width_in * width_in : M_PI / 4 * width_in * width_in;
	struct choice choice = {.size = size};
	choice.section = (struct pier_section){
		.square = square,
		.width_in = width_in,
		.fc_psi = fc_psi,
		.fy_psi = concrete->fy_psi,
		.bar_area_in2 = bar->area_in2,
		.bar_diameter_in = bar->diameter_in,
		.circle_in = width_in - 2 * (concrete->cover_in + tie->diameter_in) - bar->diameter_in,
	};
	choice.fewest = (int64_t)ceil(fmax(6, .005 * ag / bar->area_in2));
	if (choice.section.circle_in > 0)
		choice.most = (int64_t)fmin((double)most_bars(bar, choice.section.circle_in), floor(.04 * ag / bar->area_in2));
	return choice;
}

static double strength_of(struct choice *choice, int64_t bars)
{
	choice->section.bars = bars;
	return pier_flexure_lbft(&choice->section);
}

/* The fewest bars of one size that carry the moment, and what they carry; 0 when the most do not. */
static int64_t bars_for(struct choice *choice, double mu_lbft, double *phi_mn)
{
	int64_t bars = choice->fewest;
	if (choice->most < bars)
		return 0;
	*phi_mn = strength_of(choice, bars);
	if (*phi_mn >= mu_lbft)
		return bars;
	/* Strength grows a little slower than the number of bars: start from there and walk to the answer. */
	double guess = floor((double)bars * mu_lbft / *phi_mn);
	bars = (int64_t)fmin(fmax(guess, (double)bars), (double)choice->most);
	*phi_mn = strength_of(choice, bars);
	while (*phi_mn < mu_lbft && bars < choice->most)
		*phi_mn = strength_of(choice, ++bars);
	while (*phi_mn >= mu_lbft && bars > choice->fewest) {
		double less = strength_of(choice, bars - 1);
		if (less < mu_lbft)
			break;
		*phi_mn = less;
		bars--;
	}
	return *phi_mn >= mu_lbft ? bars : 0;
}

static void take(struct pier_rebar *rebar, int64_t bars, int64_t size, double phi_mn)
{
	rebar->verticals = bars;
	rebar->vertical_size = size;
	rebar->phi_mn_lbft = phi_mn;
}

enum { FIRST_BAR = 5, LAST_BAR = 11, HANDY = 12, FEW = 6 }; /* bar numbers; verticals that are handy to place */

/* Nothing carries the moment: the strongest cage that fits, or no bars where even the fewest do not fit. */
static void take_strongest(const struct concrete_constants *concrete, bool square, double width_in, double fc_psi,
						   struct pier_rebar *rebar)
{
	take(rebar, FEW, FIRST_BAR, 0);
	for (int64_t size = FIRST_BAR; size <= LAST_BAR; size++) {
		struct choice choice = choice_of(concrete, square, width_in, fc_psi, size);
		if (choice.most < choice.fewest)
			continue;
		double phi_mn = strength_of(&choice, choice.most);
		if (phi_mn > rebar->phi_mn_lbft)
			take(rebar, choice.most, size, phi_mn);
	}
}

/* The smallest size that needs no more than a handy number of bars.  False: none. */
static bool reinforce_handily(const struct concrete_constants *concrete, bool square, double width_in, double fc_psi,
							  double mu_lbft, struct pier_rebar *rebar)
{
	for (int64_t size = FIRST_BAR; size <= LAST_BAR; size++) {
		struct choice choice = choice_of(concrete, square, width_in, fc_psi, size);
		if (choice.fewest > HANDY)
			continue;
		choice.most = (int64_t)fmin((double)choice.most, HANDY);
		double phi_mn = 0;
		int64_t bars = bars_for(&choice, mu_lbft, &phi_mn);
		if (bars > 0) {
			take(rebar, bars, size, phi_mn);
			return true;
		}
	}
	return false;
}

double pier_inside_in(const struct concrete_constants *concrete, double width_ft, const struct pier_rebar *rebar)
{
	const struct rebar_size *bar = rebar_of(concrete, rebar->vertical_size);
	const struct rebar_size *tie = tie_of(concrete, rebar->vertical_size);
	return 12 * width_ft - 2 * (concrete->cover_in + tie->diameter_in + bar->diameter_in);
}

bool pier_reinforce(const struct concrete_constants *concrete, bool square, double width_ft, double fc_psi,
					double mu_lbft, struct pier_rebar *rebar)
{
	double width_in = 12 * width_ft;
	*rebar = (struct pier_rebar){.square = square};
	if (reinforce_handily(concrete, square, width_in, fc_psi, mu_lbft, rebar))
		return true;
	for (int64_t size = LAST_BAR; size >= FIRST_BAR; size--) { /* the larger the bar, the fewer */
		struct choice choice = choice_of(concrete, square, width_in, fc_psi, size);
		double phi_mn = 0;
		int64_t bars = bars_for(&choice, mu_lbft, &phi_mn);
		if (bars > 0) {
			take(rebar, bars, size, phi_mn);
			return true;
		}
	}
	take_strongest(concrete, square, width_in, fc_psi, rebar);
	return false;
}

void pier_detail(const struct concrete_constants *concrete, double width_ft, double depth_ft, double fc_psi,
				 struct pier_rebar *rebar)
{
	const struct rebar_size *bar = rebar_of(concrete, rebar->vertical_size);
	const struct rebar_size *tie = tie_of(concrete, rebar->vertical_size);
	double width_in = 12 * width_ft, cage_in = fmax(depth_ft * 12 - 2 * concrete->cover_in, 0);
	double core_in = fmax(width_in - 2 * concrete->cover_in, 0);
	rebar->tie_size = tie->size;
	/* REF: ACI 318-19 section 25.7.2.1: 16 bar diameters, 48 tie diameters, the least dimension */
	rebar->tie_spacing_in = fmax(1, floor(fmin(fmin(16 * bar->diameter_in, 48 * tie->diameter_in), width_in)));
	rebar->ties = (int64_t)ceil(cage_in / rebar->tie_spacing_in - 1e-9) + 1;
	rebar->development_in = rebar_development_in(bar, concrete->fy_psi, fc_psi);
	rebar->lap_in = 1.3 * rebar->development_in; /* REF: ACI 318-19 table 25.5.2.1: class B */
	/* REF: ACI 318-19 table 25.3.2: a hoop and its two hooks of six diameters, at least 3 in each */
	double hoop_in = (rebar->square ? 4 : M_PI) * core_in + 2 * fmax(6 * tie->diameter_in, 3);
	rebar->weight_lb = (double)rebar->verticals * cage_in / 12 * bar->weight_lb_ft +
					   (double)rebar->ties * hoop_in / 12 * tie->weight_lb_ft;
}
