#include <math.h>

#include "core/field.h"
#include "seal/check.h"
#include "sign/domain/baseplate.h"

enum { BOLTS_FEWEST = 4, BOLTS_MOST = 8 };
static const double THINNEST_IN = .25, WELD_ROOM_IN = .5, BOLT_ROOM_IN = 1.5;

struct search {
	const struct plate_problem *p;
	const struct plate_size *least;
	struct plate_size best;
	double best_in3; /* infinite: none yet */
};

static double volume(const struct plate_size *size)
{
	return size->w_in * size->l_in * size->t_in;
}

static bool better(const struct search *s, const struct plate_size *size)
{
	double in3 = volume(size);
	if (in3 != s->best_in3)
		return in3 < s->best_in3;
	if (size->bolts != s->best.bolts)
		return size->bolts < s->best.bolts;
	if (size->t_in != s->best.t_in)
		return size->t_in < s->best.t_in;
	return size->w_in < s->best.w_in;
}

/* Shortest: the bolts' centres outside the column, with room for nut and wrench. */
static double shortest(const struct search *s)
{
	double room = fmax(BOLT_ROOM_IN, given(s->p->dia_in) ? 1.5 * s->p->dia_in : 0);
	return ceil(fmax(s->least->l_in, s->p->d_in + 2 * (s->p->edge_in + room)) - 1e-9);
}

/* REF: ACI 318-19 table 17.9.2: narrowest, room for the weld, and bolts of a line 4 diameters apart */
static double narrowest(const struct search *s, int bolts)
{
	double pitch = given(s->p->dia_in) ? 4 * s->p->dia_in : 3;
	double for_bolts = 2 * s->p->edge_in + pitch * (bolts / 2 - 1);
	return ceil(fmax(fmax(s->least->w_in, for_bolts), s->p->b_in + 2 * WELD_ROOM_IN) - 1e-9);
}

/* The thinnest plate in eighths that these sides need; infinite: none. */
static double thickness_of(const struct search *s, struct plate_size *size)
{
	struct plate_answer a;
	size->t_in = PLATE_THICKNESS_MAX_IN;
	plate_check_steel(s->p, size, &a);
	if (!a.pass)
		return INFINITY;
	double needs = ceil(8 * a.t_required_in / CHECK_TOLERANCE - 1e-9) / 8;
	return fmax(fmax(needs, THINNEST_IN), ceil(8 * s->least->t_in - 1e-9) / 8);
}

static void try_size(struct search *s, double w, double l, int bolts)
{
	struct plate_size size = {w, l, THINNEST_IN, bolts};
	if (!better(s, &size))
		return;
	size.t_in = thickness_of(s, &size);
	if (size.t_in > PLATE_THICKNESS_MAX_IN || !better(s, &size))
		return;
	struct plate_answer a;
	plate_check(s->p, &size, &a);
	if (a.pass) {
		s->best = size;
		s->best_in3 = volume(&size);
	}
}

/* Nothing passes: the lowest utilization of the thickest plates with most bolts, in steps of 4 in. */
static void find_nearest(struct search *s)
{
	double lowest = INFINITY, from_l = shortest(s), from_w = narrowest(s, BOLTS_MOST);
	s->best = (struct plate_size){fmax(from_w, PLATE_SIDE_MAX_IN), fmax(from_l, PLATE_SIDE_MAX_IN),
								  PLATE_THICKNESS_MAX_IN, BOLTS_MOST};
	for (double l = from_l; l <= PLATE_SIDE_MAX_IN; l += 4)
		for (double w = from_w; w <= PLATE_SIDE_MAX_IN; w += 4) {
			const struct plate_size size = {w, l, PLATE_THICKNESS_MAX_IN, BOLTS_MOST};
			struct plate_answer a;
			plate_check(s->p, &size, &a);
			if (a.forces.solved && a.utilization < lowest) {
				lowest = a.utilization;
				s->best = size;
			}
		}
}

bool plate_search(const struct plate_problem *problem, const struct plate_size *least, struct plate_size *size)
{
	struct search s = {.p = problem, .least = least, .best_in3 = INFINITY};
	for (int bolts = BOLTS_FEWEST; bolts <= BOLTS_MOST; bolts += 2) {
		if (bolts < least->bolts)
			continue;
		for (double l = shortest(&s); l <= PLATE_SIDE_MAX_IN; l++)
			for (double w = narrowest(&s, bolts); w <= PLATE_SIDE_MAX_IN; w++) {
				if (w * l * THINNEST_IN > s.best_in3)
					break;
				try_size(&s, w, l, bolts);
			}
	}
	bool found = isfinite(s.best_in3);
	if (!found)
		find_nearest(&s);
	*size = s.best;
	return found;
}
