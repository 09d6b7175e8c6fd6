#include "sign/domain/poles_search.h"

#include <math.h>
#include <string.h>

#include "core/field.h"
#include "sign/domain/aluminum.h"

static const double IN_FT = 12; /* inches in a foot */

static double or_else(double value, double otherwise)
{
	return given(value) ? value : otherwise;
}

struct pole_frame poles_frame(const struct poles_problem *problem, struct poles_variation variation,
							  struct pole_step *steps)
{
	const struct poles_request *r = problem->request;
	double scale = IN_FT * variation.height_share;
	struct pole_frame frame = {
		.lengths = {.height_in = scale * r->height_ft,
					.column_in = scale * r->k_factor * or_else(r->unbraced_length_ft, r->height_ft),
					.unbraced_in = scale * or_else(r->unbraced_length_ft, r->height_ft),
					.shear_in = scale * or_else(r->shear_length_ft, r->height_ft)},
		.lrfd = r->common.level == SIGN_LRFD,
		.limit_ratio = r->drift.limit_ratio,
	};
	for (size_t i = 0; i < problem->stretch_count; i++)
		steps[i] = (struct pole_step){problem->stretches[i].to_in * variation.height_share,
									  problem->stretches[i].section->ix_in4};
	if (problem->stretch_count > 0) {
		frame.steps = steps;
		frame.step_count = problem->stretch_count;
	}
	return frame;
}

/* The force that bends the top in service, where it acts, and the moment that stands for it without a force. */
static struct pole_drift drift_of(const struct poles_request *r, const struct pole_loads *one, int num_poles,
								  double scale)
{
	double factor = or_else(r->drift.service_factor, r->common.level == SIGN_LRFD ? .6 : 1);
	/* A given force goes to this pole as the shear does, so that a couple's part of it counts too. */
	double share = r->loads.v_kip > 0 ? one->v_kip / r->loads.v_kip : 1. / num_poles;
	double force = given(r->drift.service_force_kip) ? r->drift.service_force_kip * share : one->v_kip * factor;
	double arm_in = one->v_kip > 0 ? one->m_kipin / one->v_kip : scale * r->height_ft;
	if (given(r->drift.arm_ft))
		arm_in = scale * r->drift.arm_ft;
	return (struct pole_drift){force, arm_in, factor * one->m_kipin, factor * one->my_kipin};
}

struct pole_case poles_case(const struct poles_problem *problem, struct poles_variation variation)
{
	const struct poles_request *r = problem->request;
	double scale = IN_FT * variation.height_share;
	struct pole_loads total = r->loads;
	total.m_kipin *= variation.height_share;
	total.my_kipin = or_else(total.my_kipin, 0);
	struct pole_case one = {.loads =
								pole_share(&total, variation.num_poles, IN_FT * r->spacing_ft, scale * r->height_ft)};
	one.drift = drift_of(r, &one.loads, variation.num_poles, scale);
	return one;
}

static void check_section(const struct poles_problem *problem, const struct section *section,
						  const struct pole_frame *frame, const struct pole_case *one, struct pole_checks *checks)
{
	const struct pole_material *material = &problem->materials[section->family];
	struct strength strength;
	if (problem->aluminum != NULL)
		aluminum_strength(section, problem->aluminum, &frame->lengths, frame->lrfd, &strength);
	else
		strength_of(section, material, &frame->lengths, frame->lrfd, &strength);
	pole_check_strength(section, material, &strength, frame, one, 1, checks);
}

/* Each upper stretch takes the moment that is left at its foot; a moment without a force goes all the way up. */
static void check_stretches(const struct poles_problem *problem, const struct pole_frame *frame,
							const struct pole_case *one, double height_share, struct pole_checks *checks)
{
	for (size_t i = 1; i < problem->stretch_count; i++) {
		double foot_in = problem->stretches[i].from_in * height_share;
		struct pole_case upper = {.loads = one->loads};
		upper.loads.m_kipin = fmax(0, one->loads.m_kipin - one->loads.v_kip * foot_in);
		struct pole_checks more;
		check_section(problem, problem->stretches[i].section, frame, &upper, &more);
		pole_worsen(checks, &more);
	}
}

void poles_check(const struct poles_problem *problem, const struct section *section, struct poles_variation variation,
				 struct pole_checks *checks)
{
	struct pole_step steps[POLE_SEGMENTS_MAX];
	struct pole_frame frame = poles_frame(problem, variation, steps);
	struct pole_case one = poles_case(problem, variation);
	check_section(problem, section, &frame, &one, checks);
	check_stretches(problem, &frame, &one, variation.height_share, checks);
}

/* Order of options: what was asked, then weight, then designation. */
static bool before(const struct section *a, const struct section *b, int sort_by)
{
	double first = sort_by == POLE_BY_MODULUS ? a->sx_in3 - b->sx_in3
				   : sort_by == POLE_BY_SIZE  ? a->depth_in - b->depth_in
											  : 0;
	if (first != 0)
		return first < 0;
	if (a->weight_lb_ft != b->weight_lb_ft)
		return a->weight_lb_ft < b->weight_lb_ft;
	return strcmp(a->designation, b->designation) < 0;
}

static void keep_best(struct poles_found *found, const struct section *section, int sort_by, size_t limit)
{
	size_t at = found->best_count;
	if (at == limit) {
		if (!before(section, found->best[limit - 1], sort_by))
			return;
		at--;
	} else {
		found->best_count++;
	}
	for (; at > 0 && before(section, found->best[at - 1], sort_by); at--)
		found->best[at] = found->best[at - 1];
	found->best[at] = section;
}

static void keep_nearest(struct poles_found *found, const struct section *section, double utilization)
{
	size_t at = found->nearest_count;
	if (at < POLE_NEAREST)
		found->nearest_count++;
	for (; at > 0; at--) {
		double other = found->nearest_utilization[at - 1];
		bool comes_first =
			utilization != other ? utilization < other : before(section, found->nearest[at - 1], POLE_BY_WEIGHT);
		if (!comes_first)
			break;
		if (at < POLE_NEAREST) {
			found->nearest[at] = found->nearest[at - 1];
			found->nearest_utilization[at] = other;
		}
	}
	if (at < POLE_NEAREST) {
		found->nearest[at] = section;
		found->nearest_utilization[at] = utilization;
	}
}

void poles_search(const struct poles_problem *problem, const struct section *const *list, size_t count,
				  struct poles_found *found)
{
	const struct poles_prefs *prefs = &problem->request->prefs;
	const struct poles_variation asked = {(int)problem->request->num_poles, 1};
	struct pole_step steps[POLE_SEGMENTS_MAX];
	struct pole_frame frame = poles_frame(problem, asked, steps);
	struct pole_case one = poles_case(problem, asked);
	for (size_t i = 0; i < count; i++) {
		struct pole_checks checks;
		check_section(problem, list[i], &frame, &one, &checks);
		check_stretches(problem, &frame, &one, 1, &checks);
		found->considered++;
		if (checks.pass) {
			found->feasible++;
			keep_best(found, list[i], prefs->sort_by, (size_t)prefs->limit);
		} else {
			keep_nearest(found, list[i], checks.utilization);
		}
	}
}

static bool passes(const struct poles_problem *problem, const struct section *section, int num_poles,
				   double height_share)
{
	struct pole_checks checks;
	poles_check(problem, section, (struct poles_variation){num_poles, height_share}, &checks);
	return checks.pass;
}

/* The greatest height that passes, to .001 ft; NaN when not even 1 ft does. */
static double height_that_passes(const struct poles_problem *problem, const struct section *section)
{
	double height_ft = problem->request->height_ft, low = 1 / height_ft, high = 1;
	int poles = (int)problem->request->num_poles;
	if (!passes(problem, section, poles, low))
		return NAN;
	for (int i = 0; i < 30; i++) {
		double middle = (low + high) / 2;
		if (passes(problem, section, poles, middle))
			low = middle;
		else
			high = middle;
	}
	return floor(low * height_ft * 1000) / 1000;
}

static int64_t poles_that_pass(const struct poles_problem *problem, const struct section *section)
{
	const struct poles_request *r = problem->request;
	if (r->loads.t_kipin > 0 && !given(r->spacing_ft))
		return FIELD_NO_INT; /* how far apart is not known */
	for (int poles = (int)r->num_poles + 1; poles <= POLE_COUNT_MAX; poles++)
		if (passes(problem, section, poles, 1))
			return poles;
	return FIELD_NO_INT;
}

struct pole_needs poles_needs(const struct poles_problem *problem, const struct section *section)
{
	struct pole_checks checks;
	poles_check(problem, section, (struct poles_variation){(int)problem->request->num_poles, 1}, &checks);
	return (struct pole_needs){
		.zx_in3 = isinf(checks.utilization) ? NAN : section->zx_in3 * checks.utilization,
		.num_poles = poles_that_pass(problem, section),
		.height_ft = height_that_passes(problem, section),
	};
}
