#include <math.h>

#include "core/field.h"
#include "seal/check.h"
#include "sign/domain/concrete.h"
#include "sign/domain/footing_spread.h"
#include "sign/domain/soil.h"

enum {
	SIDES = (int)((SPREAD_SIDE_MAX_FT - SPREAD_SIDE_MIN_FT) / SPREAD_STEP_FT) + 1,
	THICKNESSES = (int)((SPREAD_THICKNESS_MAX_FT - SPREAD_THICKNESS_MIN_FT) / SPREAD_STEP_FT) + 1
};

static double side(int i)
{
	return SPREAD_SIDE_MIN_FT + i * SPREAD_STEP_FT;
}

static double thickness(int i)
{
	return SPREAD_THICKNESS_MIN_FT + i * SPREAD_STEP_FT;
}

struct search {
	const struct spread_problem *p;
	const struct spread_wish *wish;
	struct spread_size best;
	double best_usd;     /* what must be beaten; infinite: nothing yet */
	double bars_usd_ft3; /* least bars of one way, by the volume they run through */
	double cover_ft;
	bool found;
};

static double volume(const struct spread_size *size)
{
	return size->length_ft * size->width_ft * size->thickness_ft;
}

static bool soil_passes(const struct spread_problem *p, double length, double width, double thick)
{
	struct spread_answer answer;
	const struct spread_size size = {length, width, thick};
	spread_check_soil(p, &size, &answer);
	return answer.pass;
}

enum { LEAST_D_IN = 6, BAR_FIRST = 4, BAR_LAST = 11 };

/* Does the column stand on it with all of its section? */
static bool holds_column(const struct spread_problem *p, const struct spread_size *size)
{
	return p->column_depth_in <= 12 * size->length_ft + 1e-6 && p->column_width_in <= 12 * size->width_ft + 1e-6;
}

/* REF: ACI 318-19 section 13.3.1.2: 6 in of effective depth */
static bool passes(const struct spread_problem *p, const struct spread_size *size, struct spread_answer *answer)
{
	if (!holds_column(p, size))
		return false;
	spread_check_soil(p, size, answer);
	if (!answer->pass)
		return false;
	spread_check(p, size, answer);
	return answer->pass && answer->mat.d_width_in >= LEAST_D_IN;
}

double spread_mat_lb(const struct spread_problem *p, const struct spread_size *size, const struct spread_mat *mat)
{
	const struct rebar_size *bar = rebar_of(p->concrete, mat->size);
	double cover_ft = p->concrete->cover_in / 12;
	double feet = (double)mat->along_length * fmax(size->length_ft - 2 * cover_ft, 0) +
				  (double)mat->along_width * fmax(size->width_ft - 2 * cover_ft, 0);
	return feet * bar->weight_lb_ft;
}

/* By price; of equals the thinner, then the shorter. */
static bool better(const struct search *s, const struct spread_size *size, double usd)
{
	if (usd != s->best_usd)
		return usd < s->best_usd;
	if (!s->found)
		return false;
	if (size->thickness_ft != s->best.thickness_ft)
		return size->thickness_ft < s->best.thickness_ft;
	return size->length_ft < s->best.length_ft;
}

/* REF: ACI 318-19 section 8.6.1.1: the price of .0018 Ag of the bars that weigh least for their area */
static double least_bars_usd_ft3(const struct spread_problem *p, const struct spread_wish *wish)
{
	double least = INFINITY;
	for (int64_t number = BAR_FIRST; number <= BAR_LAST; number++) {
		const struct rebar_size *bar = rebar_of(p->concrete, number);
		least = fmin(least, bar->weight_lb_ft / bar->area_in2);
	}
	return wish->usd_lb > 0 ? wish->usd_lb * least * .0018 * 144 / CHECK_TOLERANCE * (1 - 1e-9) : 0;
}

static struct search search_of(const struct spread_problem *p, const struct spread_wish *wish)
{
	return (struct search){.p = p,
						   .wish = wish,
						   .best_usd = wish->below_usd,
						   .bars_usd_ft3 = least_bars_usd_ft3(p, wish),
						   .cover_ft = p->concrete->cover_in / 12};
}

/* Concrete and least bars: no footing of this size that passes costs less.  Grows with every side. */
static double floor_usd(const struct search *s, const struct spread_size *size)
{
	double along = size->width_ft * fmax(size->length_ft - 2 * s->cover_ft, 0);
	double across = size->length_ft * fmax(size->width_ft - 2 * s->cover_ft, 0);
	return s->wish->usd_ft3 * volume(size) + s->bars_usd_ft3 * size->thickness_ft * (along + across);
}

/* No footing of this length and thickness that is wider has a floor below the best. */
static double widest_ft(const struct search *s, double length, double thick)
{
	double cover = 2 * s->cover_ft;
	double a_foot = s->wish->usd_ft3 * length + s->bars_usd_ft3 * (fmax(length - cover, 0) + length);
	return (s->best_usd + s->bars_usd_ft3 * thick * length * cover) / (thick * a_foot);
}

/* Check a size; take it where it passes and is better.  Returns whether it passes. */
static bool try_size(struct search *s, const struct spread_size *size)
{
	struct spread_answer answer;
	if (!passes(s->p, size, &answer))
		return false;
	double usd = s->wish->usd_ft3 * volume(size);
	if (s->wish->usd_lb > 0)
		usd += s->wish->usd_lb * spread_mat_lb(s->p, size, &answer.mat);
	if (better(s, size, usd)) {
		s->best = *size;
		s->best_usd = usd;
		s->found = true;
	}
	return true;
}

/* --- bounds --- */

double spread_thinnest_ft(const struct spread_problem *p)
{
	double thinnest = INFINITY;
	for (int64_t number = BAR_FIRST; number <= BAR_LAST; number++)
		thinnest = fmin(thinnest, rebar_of(p->concrete, number)->diameter_in);
	double least_ft = (LEAST_D_IN + p->concrete->cover_in + 1.5 * thinnest) / 12;
	int steps = (int)ceil((least_ft - SPREAD_THICKNESS_MIN_FT) / SPREAD_STEP_FT - 1e-9);
	return thickness(steps > 0 ? steps : 0);
}

/* What stands against overturning at most, of a volume: all of it as thin and as long as the wish lets it be. */
static double resisting_lbft(const struct spread_problem *p, double longest, double thinnest_ft, double ft3)
{
	double area = ft3 / thinnest_ft, length = fmin(sqrt(longest * area), SPREAD_SIDE_MAX_FT);
	double own = p->concrete->unit_weight_pcf * ft3 + p->cover_ft * p->soil_unit_pcf * area;
	return (p->vertical_lb + (p->self_weight ? own : 0)) * length / 2;
}

/* The least volume that D + 0.6 W does not turn over; halved to a thousandth, from below. */
static double floor_ft3(const struct spread_problem *p, const struct spread_wish *wish)
{
	double thin = fmax(spread_thinnest_ft(p), wish->thinnest_ft), force = given(p->force_lb) ? p->force_lb : 0;
	double moment = given(p->moment_lbft) ? p->moment_lbft : force * (p->height_ft + p->cover_ft + thin);
	double needs = p->sf_overturning / CHECK_TOLERANCE * moment * (1 - 1e-9);
	double low = 0, high = (double)SPREAD_SIDE_MAX_FT * SPREAD_SIDE_MAX_FT * SPREAD_THICKNESS_MAX_FT;
	while (high - low > 1e-3 * high)
		if (resisting_lbft(p, wish->longest, thin, (low + high) / 2) >= needs)
			high = (low + high) / 2;
		else
			low = (low + high) / 2;
	return low;
}

double spread_floor_usd(const struct spread_problem *p, const struct spread_wish *wish)
{
	if (!(wish->longest > 0))
		return 0;
	double ft3 = floor_ft3(p, wish), cover = 2 * p->concrete->cover_in / 12;
	double along = fmax(1 - cover / SPREAD_SIDE_MIN_FT, 0);
	double across = fmax(1 - cover / fmax(wish->narrowest_ft, SPREAD_SIDE_MIN_FT), 0);
	return ft3 * (wish->usd_ft3 + least_bars_usd_ft3(p, wish) * (along + across));
}

/* A first footing, so that the exact walk has a bound from the start: squares of some thicknesses. */
static void start(struct search *s)
{
	for (int t = 2; t < THICKNESSES; t += t / 2 + 1)
		for (int l = 0; l < SIDES && side(l) <= s->wish->widest_ft; l++) {
			const struct spread_size size = {side(l), side(l), thickness(t)};
			if (side(l) < s->wish->narrowest_ft)
				continue;
			if (size.thickness_ft < s->wish->thinnest_ft || floor_usd(s, &size) >= s->best_usd)
				break;
			if (try_size(s, &size))
				break;
		}
}

/*
 * The first width that the soil bears.  While the column's load is not upward, every soil row gets easier with the
 * width (more weight, more area, the same moment), so halving finds it; SIDES: none up to `last`.
 */
static int first_width(const struct search *s, double length, double thick, int last)
{
	int low = 0, high = last;
	if (s->p->uplift_lb > s->p->vertical_lb)
		return 0;
	if (!soil_passes(s->p, length, side(last), thick))
		return SIDES;
	while (low < high) {
		int middle = (low + high) / 2;
		if (soil_passes(s->p, length, side(middle), thick))
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* Does it turn over by D + 0.6 W, whatever else?  The same row as the soil's, at a fraction of its time. */
static bool turns_over(const struct spread_problem *p, double length, double width, double thick)
{
	double own = thick * p->concrete->unit_weight_pcf + p->cover_ft * p->soil_unit_pcf;
	double dead = p->vertical_lb + (p->self_weight ? own * length * width : 0);
	double force = given(p->force_lb) ? p->force_lb : 0;
	double moment = given(p->moment_lbft) ? p->moment_lbft : force * (p->height_ft + p->cover_ft + thick);
	double turning = moment + p->uplift_lb * length / 2;
	return dead * length / 2 < p->sf_overturning / CHECK_TOLERANCE * turning * (1 - 1e-9);
}

/*
 * Concrete rows may get harder with the width: from the first that the soil bears each is tried, up to the bound.
 * Without a price of bars the first that passes is the best of its length and thickness.  False: no width lies below
 * the bound, and none will for a greater length.
 */
static bool try_widths(struct search *s, double length, double thick)
{
	double room = fmin(widest_ft(s, length, thick), s->wish->widest_ft);
	int last = room < SPREAD_SIDE_MAX_FT ? (int)floor((room - SPREAD_SIDE_MIN_FT) / SPREAD_STEP_FT + 1e-9) : SIDES - 1;
	if (last < 0)
		return false;
	double least = fmax(s->wish->narrowest_ft, s->wish->longest > 0 ? length / s->wish->longest : 0);
	int from = (int)ceil(fmax(least - SPREAD_SIDE_MIN_FT, 0) / SPREAD_STEP_FT - 1e-9);
	if (from > last)
		return false;
	if (turns_over(s->p, length, side(last), thick))
		return true;
	for (int w = (int)fmax(first_width(s, length, thick, last), from); w <= last; w++) {
		const struct spread_size size = {length, side(w), thick};
		if (!better(s, &size, floor_usd(s, &size)) || (try_size(s, &size) && s->wish->usd_lb <= 0))
			break;
	}
	return true;
}

/* Nothing passes: the lowest utilization among footings of 1 ft and 6 in steps, square or twice as long as wide. */
static void find_nearest(struct search *s)
{
	double lowest = INFINITY;
	s->best = (struct spread_size){SPREAD_SIDE_MAX_FT, SPREAD_SIDE_MAX_FT, SPREAD_THICKNESS_MAX_FT};
	for (double t = 1; t <= SPREAD_THICKNESS_MAX_FT; t += .5)
		for (double l = 1; l <= SPREAD_SIDE_MAX_FT; l++)
			for (int shape = 1; shape <= 2; shape++) {
				const struct spread_size size = {l, fmax(l / shape, 1), t};
				struct spread_answer answer;
				if (!holds_column(s->p, &size))
					continue;
				spread_check(s->p, &size, &answer);
				if (answer.utilization < lowest) {
					lowest = answer.utilization;
					s->best = size;
				}
			}
}

bool spread_search_wish(const struct spread_problem *problem, const struct spread_wish *wish, struct spread_size *size,
						double *usd)
{
	struct search s = search_of(problem, wish);
	if (spread_floor_usd(problem, wish) >= wish->below_usd)
		return false;
	start(&s);
	for (int t = 0; t < THICKNESSES; t++)
		for (int l = 0; l < SIDES && thickness(t) >= wish->thinnest_ft; l++)
			if (!try_widths(&s, side(l), thickness(t)))
				break;
	if (s.found) {
		*size = s.best;
		*usd = s.best_usd;
	}
	return s.found;
}

bool spread_search(const struct spread_problem *problem, struct spread_size *size)
{
	static const struct spread_wish least = {.usd_ft3 = 1, .widest_ft = SPREAD_SIDE_MAX_FT, .below_usd = INFINITY};
	double ft3;
	if (spread_search_wish(problem, &least, size, &ft3))
		return true;
	struct search s = {.p = problem, .wish = &least};
	find_nearest(&s);
	*size = s.best;
	return false;
}

bool spread_search_strip(const struct spread_problem *problem, struct spread_size *size)
{
	const struct spread_size asked = *size;
	bool found = false;
	double best = INFINITY;
	double l0 = isnan(asked.length_ft) ? SPREAD_SIDE_MIN_FT : asked.length_ft;
	double l1 = isnan(asked.length_ft) ? SPREAD_SIDE_MAX_FT : asked.length_ft;
	double t0 = isnan(asked.thickness_ft) ? SPREAD_THICKNESS_MIN_FT : asked.thickness_ft;
	double t1 = isnan(asked.thickness_ft) ? SPREAD_THICKNESS_MAX_FT : asked.thickness_ft;
	*size = (struct spread_size){l1, asked.width_ft, t1};
	for (double t = t0; t <= t1; t += SPREAD_STEP_FT)
		for (double l = l0; l <= l1 && l * t < best; l += SPREAD_STEP_FT) {
			const struct spread_size next = {l, asked.width_ft, t};
			struct spread_answer answer;
			if (!passes(problem, &next, &answer))
				continue;
			found = true;
			best = l * t;
			*size = next;
		}
	return found;
}
