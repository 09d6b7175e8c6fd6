#include "sign/domain/footing_spread.h"

#include <math.h>
#include <string.h>

#include "core/field.h"
#include "seal/check.h"
#include "sign/domain/soil.h"

struct spread_pressure spread_pressure(double p, double moment, double length, double width)
{
	double e = moment / p, q = p / (width * length);
	if (e <= length / 6)
		return (struct spread_pressure){q * (1 + 6 * e / length), 12 * q * e / (length * length), length};
	double to_toe = fmax(length / 2 - e, 1e-6), q0 = 2 * p / (3 * width * to_toe);
	return (struct spread_pressure){q0, q0 / (3 * to_toe), 3 * to_toe};
}

double spread_cross(double eccentricity, double width)
{
	double share = eccentricity / width;
	if (share <= 1 / 6.)
		return 1 + 6 * share;
	return share < .5 ? 2 / (3 * (.5 - share)) : INFINITY;
}

double spread_pressure_force(const struct spread_pressure *pressure, double x)
{
	double u = fmin(x, pressure->contact_ft);
	return u * (pressure->q0_psf - pressure->slope_psf_ft * u / 2);
}

double spread_pressure_moment(const struct spread_pressure *pressure, double x)
{
	double u = fmin(x, pressure->contact_ft);
	return pressure->q0_psf * u * (x - u / 2) - pressure->slope_psf_ft * u * u * (x / 2 - u / 3);
}

static void row(struct spread_answer *answer, enum spread_row which, double demand, double capacity)
{
	answer->rows[which] = (struct spread_demand){true, demand, capacity};
}

static double dead_load(const struct spread_problem *p, const struct spread_size *size)
{
	double per_ft2 = size->thickness_ft * p->concrete->unit_weight_pcf + p->cover_ft * p->soil_unit_pcf;
	return p->vertical_lb + (p->self_weight ? per_ft2 * size->length_ft * size->width_ft : 0);
}

static double force_of(const struct spread_problem *p)
{
	return given(p->force_lb) ? p->force_lb : 0;
}

static double moment_of(const struct spread_problem *p, const struct spread_size *size)
{
	if (given(p->moment_lbft))
		return p->moment_lbft;
	return given(p->force_lb) ? p->force_lb * (p->height_ft + p->cover_ft + size->thickness_ft) : 0;
}

/* REF: IBC 1806.2 */
static void check_pressure(const struct spread_problem *p, const struct spread_size *size, struct spread_answer *answer)
{
	struct spread_soil *soil = &answer->soil;
	double half = size->length_ft / 2;
	soil->p_lb = soil->dead_lb - p->uplift_lb;
	soil->eccentricity_ft = soil->p_lb > 0 ? soil->moment_lbft / soil->p_lb : (double)NAN;
	double across = soil->p_lb > 0 ? p->cross_lbft / soil->p_lb : 0, wide = size->width_ft;
	soil->cross_factor = spread_cross(across, wide);
	if (!(soil->eccentricity_ft < half) || isinf(soil->cross_factor)) { /* nothing under the footing answers */
		soil->q_max_psf = soil->q_min_psf = NAN;
		double average = fmax(soil->p_lb, 0) / (size->length_ft * size->width_ft);
		row(answer, SPREAD_BEARING, average, average > 0 ? 0 : p->vertical_psf * p->increase);
		return;
	}
	struct spread_pressure q = spread_pressure(soil->p_lb, soil->moment_lbft, size->length_ft, size->width_ft);
	soil->in_kern = soil->eccentricity_ft <= size->length_ft / 6;
	soil->q_max_psf = q.q0_psf * soil->cross_factor;
	soil->contact_ft = q.contact_ft;
	double average = soil->p_lb / (size->length_ft * wide);
	soil->q_min_psf = fmax(0, q.q0_psf - q.slope_psf_ft * q.contact_ft - 6 * average * across / wide);
	row(answer, SPREAD_BEARING, soil->q_max_psf, p->vertical_psf * p->increase);
}

/* REF: ASCE 7-16 section 2.4.1: uplift turns the footing about its toe beside the moment */
static void check_overturning(const struct spread_problem *p, const struct spread_size *size,
							  struct spread_answer *answer)
{
	struct spread_soil *soil = &answer->soil;
	double overturning = soil->moment_lbft + p->uplift_lb * size->length_ft / 2;
	soil->resisting_lbft = soil->dead_lb * size->length_ft / 2;
	soil->sf_overturning = overturning > 0 ? soil->resisting_lbft / overturning : (double)NAN;
	/* Dead load turns the footing across, and dead load resists: no factor helps or hurts. */
	double across = p->cross_lbft > 0 ? soil->dead_lb * size->width_ft / 2 / p->cross_lbft : INFINITY;
	if (overturning > 0) {
		row(answer, SPREAD_OVERTURNING, 1, fmin(SPREAD_ASD_DEAD * soil->sf_overturning, across));
		soil->sf_overturning = fmin(soil->sf_overturning, across);
		row(answer, SPREAD_OVERTURNING_HOUSE, p->sf_overturning, soil->sf_overturning);
	}
}

/* What resists sliding under a factor of the dead load. */
static double sliding_resistance(const struct spread_problem *p, const struct spread_size *size,
								 const struct spread_soil *soil, double factor)
{
	if (given(p->friction))
		return p->friction * fmax(factor * soil->dead_lb - p->uplift_lb, 0);
	/* REF: IBC 1806.3.2: cohesion on the contact area, at most half the dead load */
	double across = soil->p_lb > 0 ? fmin(1, fmax(0, 3 * (.5 - p->cross_lbft / soil->p_lb / size->width_ft))) : 0;
	return fmin(p->cohesion_psf * soil->contact_ft * size->width_ft * across, soil->dead_lb / 2);
}

static void check_sliding(const struct spread_problem *p, const struct spread_size *size, struct spread_answer *answer)
{
	double force = force_of(p), all = sliding_resistance(p, size, &answer->soil, 1);
	answer->soil.sf_sliding = force > 0 ? all / force : (double)NAN;
	row(answer, SPREAD_SLIDING, force, sliding_resistance(p, size, &answer->soil, SPREAD_ASD_DEAD));
	if (force > 0)
		row(answer, SPREAD_SLIDING_HOUSE, p->sf_sliding, answer->soil.sf_sliding);
}

static void judge(struct spread_answer *answer, size_t rows)
{
	answer->utilization = 0;
	for (size_t i = 0; i < rows; i++)
		if (answer->rows[i].present)
			answer->utilization =
				fmax(answer->utilization, check_ratio(answer->rows[i].demand, answer->rows[i].capacity));
	answer->pass = answer->utilization <= CHECK_TOLERANCE;
}

void spread_check_soil(const struct spread_problem *p, const struct spread_size *size, struct spread_answer *answer)
{
	memset(answer, 0, sizeof *answer);
	answer->soil.dead_lb = dead_load(p, size);
	answer->soil.moment_lbft = moment_of(p, size);
	check_pressure(p, size, answer);
	check_overturning(p, size, answer);
	check_sliding(p, size, answer);
	row(answer, SPREAD_UPLIFT, p->uplift_lb, SPREAD_ASD_DEAD * answer->soil.dead_lb);
	if (given(p->frost_ft))
		row(answer, SPREAD_FROST, p->frost_ft, p->cover_ft + size->thickness_ft);
	judge(answer, SPREAD_SOIL_ROWS);
}

void spread_check(const struct spread_problem *p, const struct spread_size *size, struct spread_answer *answer)
{
	spread_check_soil(p, size, answer);
	spread_check_concrete(p, size, answer);
	judge(answer, SPREAD_ROWS);
}
