/*
 * Reinforcement of a pier: bars on a circle inside ties, and the moment they carry (ACI 318-19), on plain structs.
 *
 * The pier is round or square and bends without axial load; the bars stand as the crew happens to turn the cage, so
 * the weaker of the two symmetric positions counts.  Thread: any.
 */
#ifndef CS_SIGN_DOMAIN_REBAR_H
#define CS_SIGN_DOMAIN_REBAR_H

#include <stdbool.h>
#include <stdint.h>

struct concrete_constants;

struct pier_rebar {
	int64_t verticals, vertical_size, ties, tie_size;
	double tie_spacing_in, lap_in, development_in, weight_lb;
	double phi_mn_lbft; /* of the section with these bars */
	bool square;
};

/* A section: width is the diameter or the side. */
struct pier_section {
	bool square;
	double width_in, fc_psi, fy_psi;
	int64_t bars;                                    /* 1 to PIER_BARS_MAX */
	double bar_area_in2, bar_diameter_in, circle_in; /* of the bars' centres */
};

enum { PIER_BARS_MAX = 512 };

/*
 * REF: ACI 318-19 section 22.4; ACI 318-19 section 22.2: φMn without axial load, by strain compatibility: rectangular
 * stress block, plane section, elastic-plastic bars, the concrete that a bar displaces taken off.  Cost: about 0.5 us.
 */
double pier_flexure_lbft(const struct pier_section *section);

/*
 * REF: ACI 318-19 section 10.6.1.1; ACI 318-19 section 10.3.1.2: choose the bars of a round or square pier of
 * `width_ft` for a factored moment, at least .5 % of Ag and at least 6, more while the moment needs them and up to 4 %,
 * in the smallest size that needs no more than 12, else the fewest bars.  Fills verticals, vertical_size, square and
 * phi_mn_lbft.  False: no number of bars is enough; the strongest that fits is given.  Cost: about 1 us.
 */
bool pier_reinforce(const struct concrete_constants *concrete, bool square, double width_ft, double fc_psi,
					double mu_lbft, struct pier_rebar *rebar);

/* Ties, lap, development and weight of chosen bars in a pier of this depth.  Cost: under 50 ns. */
void pier_detail(const struct concrete_constants *concrete, double width_ft, double depth_ft, double fc_psi,
				 struct pier_rebar *rebar);

/*
 * REF: ACI 318-19 table 20.5.1.3.1: what is clear inside the bars of a pier this wide: an embedded pole's outline must
 * fit there.  The hole of IBC 1807.3.3, 4 in larger than the pole, is then larger too.  Cost: none.
 */
double pier_inside_in(const struct concrete_constants *concrete, double width_ft, const struct pier_rebar *rebar);

#endif
