#include <math.h>

#include "core/field.h"
#include "seal/check.h"
#include "sign/domain/design_plates.h"

/* Which plate of a pole holds its anchors in this concrete: bounds first, then the plate itself. */

static const double UNDER_ANCHOR_IN = 4; /* head and cover below the embedment */

/*
 * REF: ACI 318-19 section 17.6.2.1; ACI 318-19 section 17.6.2.2: a line of anchors in a square of side b breaks out at
 * most at Nb(h) b min(b, 3h) / (9 h²), whatever h its depth counts for, so at Nb(b/3).  φ is .70.
 */
static double breakout_most_kip(double fc_psi, double block_in)
{
	double h = block_in / 3, nb = 24 * pow(h, 1.5);
	if (h >= 11)
		nb = fmax(nb, 16 * pow(h, 5. / 3));
	return .70 * sqrt(fc_psi) * nb / 1000;
}

/* Moments about the toe of a plate as long as the concrete: what presses on it makes the pull no smaller. */
bool design_block_may_hold(const struct design_problem *p, double m_kipin, double p_kip, double block_in)
{
	double longest = fmin(block_in, PLATE_SIDE_MAX_IN);
	double pull = (m_kipin - p_kip * longest / 2) / fmax(longest - DESIGN_BOLT_EDGE_IN, 1);
	return pull <= CHECK_TOLERANCE * breakout_most_kip(p->request->foundation.fc_psi, block_in);
}

/* Thicker and deeper than this, the concrete below makes no difference to anchors. */
static double felt_thickness_in(const struct plate_problem *p)
{
	double reach = fmax(12 * design_bolts_in[DESIGN_PLATE_BOLTS - 1] + 4, 1.5 * fmax(p->block_l_in, p->block_w_in));
	return fmin(p->block_t_in, reach);
}

/* Embedment of 12 diameters, as far as the concrete is deep. */
static double embed_in(double dia_in, double block_t_in)
{
	return fmin(12 * dia_in, block_t_in - UNDER_ANCHOR_IN);
}

/* The concrete alone, as lines of anchors stand in it. */
static struct plate_problem block_of(const struct design_problem *p, const struct design_candidate *c)
{
	struct plate_problem block = {.fc_psi = p->request->foundation.fc_psi, .bolt = {.kc = DESIGN_CAST_IN_KC}};
	design_set_block(c, &block);
	block.block_t_in = felt_thickness_in(&block);
	return block;
}

static struct plate_breakouts breakouts_of(struct plate_problem *block, const struct plate_size *size, int dia)
{
	block->edge_in = design_edge_in(dia);
	block->bolt.dia_in = design_bolts_in[dia];
	block->bolt.hef_in = embed_in(design_bolts_in[dia], block->block_t_in);
	return plate_breakouts(block, size);
}

static struct design_anchor_memo *memo_of(struct design_anchor_memo *memos, const struct plate_size *size, int dia,
										  struct plate_problem *block)
{
	const struct design_anchor_memo key = {.side_in = size->l_in,
										   .block_in = block->block_l_in,
										   .thickness_in = block->block_t_in,
										   .dia = dia,
										   .bolts = size->bolts};
	unsigned slot = (unsigned)key.side_in * 7919 + (unsigned)(key.block_in * 64) * 104729 +
					(unsigned)(key.thickness_in * 4) * 31 + (unsigned)key.dia * 5 + (unsigned)key.bolts;
	struct design_anchor_memo *memo = &memos[slot % DESIGN_ANCHOR_MEMOS];
	if (memo->side_in != key.side_in || memo->block_in != key.block_in || memo->thickness_in != key.thickness_in ||
		memo->dia != key.dia || memo->bolts != key.bolts) {
		*memo = key;
		memo->known = false;
		memo->most = breakouts_of(block, size, dia);
	}
	return memo;
}

/* REF: ACI 318-19 section 17.8: what is used of anchors grows with their loads in proportion */
static double together(double tension, double shear)
{
	double both = tension > .2 && shear > .2 ? (tension + shear) / 1.2 : 0;
	return fmax(fmax(tension, shear), both);
}

static bool line_may_hold(const struct design_pull *pull, const struct plate_breakouts *most)
{
	return together(pull->line_kip / most->pull_kip - DESIGN_DOUBT, pull->shear_kip / most->shear_kip - DESIGN_DOUBT) <=
		   CHECK_TOLERANCE;
}

static double bolt_shear_kip(struct design_plate_option *option, const struct plate_problem *problem)
{
	if (isnan(option->bolt_shear_kip))
		option->bolt_shear_kip = plate_bolt_shear_kip(problem, &option->plate.size);
	return option->bolt_shear_kip;
}

/*
 * May the anchors hold under the least dead load, which pulls most?  Poles meet the same plates on the same piers
 * again, and what failed by far for one is not computed anew for the next.
 */
static bool may_hold(const struct design_anchor_memo *memo, struct design_plate_option *option,
					 const struct plate_problem *problem, struct plate_problem *block)
{
	double limit = CHECK_TOLERANCE + DESIGN_DOUBT;
	if (!option->one_line)
		return true;
	const struct plate_breakouts most =
		memo != NULL ? memo->most : breakouts_of(block, &option->plate.size, option->dia);
	if (option->tension_kip > limit * most.pull_kip)
		return false;
	double shear = bolt_shear_kip(option, problem);
	const struct design_pull pull = {option->tension_kip, shear * option->plate.size.bolts};
	if (!line_may_hold(&pull, &most))
		return false;
	if (memo == NULL || !memo->known)
		return true;
	return fmax(together(memo->tension * option->tension_kip, memo->shear * shear), memo->spacing) <= limit;
}

static void learn(struct design_anchor_memo *memo, struct design_plate_option *option,
				  const struct plate_problem *problem, const struct plate_answer *a)
{
	double shear_kip = bolt_shear_kip(option, problem);
	const struct anchor_spacing *s = &a->anchors.spacing;
	if (memo == NULL || memo->known || !(option->tension_kip > 0 && shear_kip > 0))
		return;
	memo->tension = a->anchors.tension_ratio / option->tension_kip;
	memo->shear = a->anchors.shear_ratio / shear_kip;
	memo->spacing = given(s->required_in) ? check_ratio(s->required_in, s->available_in) : 0;
	memo->known = true;
}

bool design_pulls_may_hold(const struct design_problem *p, const struct design_pulls *pulls,
						   struct design_anchor_memo *memos, const struct design_candidate *c)
{
	struct plate_problem block = block_of(p, c);
	double longest = fmin(PLATE_SIDE_MAX_IN, fmin(block.block_l_in, block.block_w_in));
	for (int n = 0; n < DESIGN_PLATE_COUNTS; n++)
		for (int d = 0; d < DESIGN_PLATE_BOLTS; d++)
			for (int i = 0; i < DESIGN_PLATE_SIDES; i++) {
				double side = pulls->from_in[n][d] + design_beyond_in[i];
				const struct plate_size size = {side, side, 1, (n + 1) * DESIGN_BOLTS_STEP};
				if (side <= longest && isfinite(pulls->of[n][d][i].line_kip) &&
					line_may_hold(&pulls->of[n][d][i], &memo_of(memos, &size, d, &block)->most))
					return true;
			}
	return false;
}

/* --- the choice --- */

struct choosing {
	const struct design_plates *plates;
	double longest_in, thickness_in;                     /* of a plate, of the concrete */
	bool taken[DESIGN_PLATE_COUNTS][DESIGN_PLATE_BOLTS]; /* bolts that are tried */
};

/* Does any plate of this many such bolts that finds room hold as steel?  Embedment is not asked. */
static bool steel_holds(const struct choosing *c, int n, int dia)
{
	const struct design_plate_bolt *bolt = &c->plates->bolts[n][dia];
	struct plate_answer a;
	double to = fmin(bolt->from_in + design_beyond_in[DESIGN_PLATE_SIDES - 1], c->longest_in);
	const struct plate_size size = {to, to, PLATE_THICKNESS_MAX_IN, (n + 1) * DESIGN_BOLTS_STEP};
	if (to < bolt->from_in)
		return false;
	if (to == fmin(bolt->from_in + design_beyond_in[DESIGN_PLATE_SIDES - 1], PLATE_SIDE_MAX_IN))
		return bolt->holds;
	plate_check_steel(&c->plates->problems[dia], &size, &a);
	return a.pass;
}

/* Of each number of bolts the smallest whose steel holds, and the next size. */
static void take_bolts(struct choosing *c)
{
	enum { SIZES = 2 };
	for (int n = 0; n < DESIGN_PLATE_COUNTS; n++)
		for (int d = 0, held = 0; d < DESIGN_PLATE_BOLTS; d++) {
			c->taken[n][d] = held < SIZES && embed_in(design_bolts_in[d], c->thickness_in) >= 4 * design_bolts_in[d] &&
							 steel_holds(c, n, d);
			held += c->taken[n][d];
		}
}

static bool try_option(struct design_anchor_memo *memos, struct design_plate_option *option,
					   const struct plate_problem *bare, struct plate_problem *block, struct design_candidate *c)
{
	struct design_anchor_memo *memo =
		memos != NULL && option->one_line ? memo_of(memos, &option->plate.size, option->dia, block) : NULL;
	struct plate_answer a;
	if (!may_hold(memo, option, bare, block))
		return false;
	struct plate_problem problem = *bare;
	struct design_plate plate = option->plate;
	design_set_block(c, &problem);
	plate.embed_in = problem.bolt.hef_in = embed_in(plate.dia_in, problem.block_t_in);
	plate_check(&problem, &plate.size, &a);
	learn(memo, option, &problem, &a);
	if (a.pass)
		design_check_plate(plate_check, &problem, &plate.size, &a);
	if (a.pass)
		c->plate = plate;
	return a.pass;
}

double design_choose_plate(const struct design_problem *p, struct design_plates *plates,
						   struct design_anchor_memo *memos, struct design_candidate *c)
{
	struct plate_problem block = block_of(p, c);
	struct choosing choice = {
		.plates = plates,
		.longest_in = fmin(PLATE_SIDE_MAX_IN, fmin(block.block_l_in, block.block_w_in)),
		.thickness_in = block.block_t_in,
	};
	take_bolts(&choice);
	for (size_t i = 0; i < plates->count; i++) {
		struct design_plate_option *option = &plates->options[i];
		if (choice.taken[option->plate.size.bolts / DESIGN_BOLTS_STEP - 1][option->dia] &&
			option->plate.size.l_in <= choice.longest_in &&
			try_option(memos, option, &plates->problems[option->dia], &block, c))
			return option->usd;
	}
	return INFINITY;
}
