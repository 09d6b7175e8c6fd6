#include "sign/domain/monument_op.h"

#include <math.h>

#include "core/arena.h"
#include "seal/calc.h"
#include "sign/domain/baseplate_op.h"
#include "sign/domain/footing_spread_op.h"
#include "sign/domain/poles.h"
#include "sign/domain/wind_fields.h"

static const double STRENGTH_TO_ASD = .6; /* REF: ASCE 7-16 section 2.4.1: 0.6 W */
static const double DEAD_ASD = .6;        /* REF: ASCE 7-16 section 2.4.1: 0.6 D + 0.6 W */
static const double DEAD_LRFD = .9;       /* REF: ASCE 7-16 section 2.3.1: 0.9 D + 1.0 W */

/* --- request --- */

struct strip_request {
	struct spread_size size;
	double cover_ft, soil_unit_pcf;
	struct soil_request soil;
	double increase, sf_overturning, sf_sliding, frost_depth_ft, fc_psi, fy_ksi;
};

static const struct field strip_fields[] = {
	F_NUM(strip_request, size.length_ft, NAMED("length_ft"), RANGE(1, 60), UNIT("ft"),
		  DOC("Across the wall, in the moment's direction; default: the least concrete that passes")),
	F_NUM(strip_request, size.width_ft, NAMED("width_ft"), RANGE(1, 60), UNIT("ft"),
		  DOC("Along the wall; default: the sign's width")),
	F_NUM(strip_request, size.thickness_ft, NAMED("thickness_ft"), RANGE(.5, 10), UNIT("ft"),
		  DOC("Default: the least concrete that passes")),
	F_NUM(strip_request, cover_ft, RANGE(0, 10), DEFAULT(0), UNIT("ft"), DOC("Soil above the footing")),
	F_NUM(strip_request, soil_unit_pcf, RANGE(0, 200), DEFAULT(110), UNIT("pcf")),
	F_OBJECT(strip_request, soil, &soil_request_table),
	F_NUM(strip_request, increase, RANGE(1, 1.3334), DEFAULT(1), DOC("Of bearing")),
	F_NUM(strip_request, sf_overturning, RANGE(1, 5), DOC("Asked of all dead load; default from the pack: 1.5")),
	F_NUM(strip_request, sf_sliding, RANGE(1, 5), DOC("Asked of all dead load; default from the pack: 1.5")),
	F_NUM(strip_request, frost_depth_ft, RANGE(0, 20), UNIT("ft")),
	F_NUM(strip_request, fc_psi, RANGE(2000, 10000), DEFAULT(3000), UNIT("psi")),
	F_NUM(strip_request, fy_ksi, RANGE(40, 100), DEFAULT(60), UNIT("ksi")),
};
static const struct field_table strip_table = FIELD_TABLE("sign.monument.footing", strip_request, strip_fields);

struct posts_request {
	int64_t count;
	double spacing_ft;
	struct plate_request plate;
	struct column_request column;
	struct support_request concrete;
	struct bolts_request anchors;
	struct weld_request weld;
};

static const struct field posts_fields[] = {
	F_INT(posts_request, count, RANGE(1, 12), DEFAULT(2)),
	F_NUM(posts_request, spacing_ft, RANGE(.1, 500), UNIT("ft"),
		  DOC("Between neighbours; default: the sign's width over the count")),
	F_OBJECT(posts_request, plate, &baseplate_plate_table, REQUIRED),
	F_OBJECT(posts_request, column, &baseplate_column_table, REQUIRED, DOC("The post")),
	F_OBJECT(posts_request, concrete, &baseplate_support_table),
	F_OBJECT(posts_request, anchors, &baseplate_bolts_table),
	F_OBJECT(posts_request, weld, &baseplate_weld_table),
};
static const struct field_table posts_table = FIELD_TABLE("sign.monument.posts", posts_request, posts_fields);

struct monument_request {
	struct wind_request wind; /* first: WIND_REQUEST_FIELDS */
	double weight_psf, weight_lb;
	struct strip_request footing;
	struct posts_request *posts;
};

static const struct field request_fields[] = {
	WIND_REQUEST_FIELDS,
	F_NUM(monument_request, weight_psf, RANGE(0, 2000), DEFAULT(10), UNIT("psf"), DOC("Of the face's area")),
	F_NUM(monument_request, weight_lb, RANGE(0, 1e7), UNIT("lb"),
		  DOC("Of all above the footing; instead of weight_psf")),
	F_OBJECT(monument_request, footing, &strip_table),
	F_OBJECT_PTR(monument_request, posts, &posts_table, DOC("Posts on base plates; without it a wall")),
};
static const struct field_table request_table = FIELD_TABLE("sign.monument.request", monument_request, request_fields);

/* --- result --- */

struct posts_result {
	int64_t count;
	double spacing_ft;
	struct pole_loads per_post;
	struct baseplate_result baseplate;
};

static const struct field per_post_fields[] = {
	F_NUM(pole_loads, m_kipin, NAMED("M_kipin"), UNIT("kip-in")),
	F_NUM(pole_loads, v_kip, NAMED("V_kip"), UNIT("kip")),
	F_NUM(pole_loads, t_kipin, NAMED("T_kipin"), UNIT("kip-in")),
	F_NUM(pole_loads, p_kip, NAMED("P_kip"), UNIT("kip")),
};
static const struct field_table per_post_table = FIELD_TABLE("sign.monument.per_post", pole_loads, per_post_fields);

static const struct field posts_result_fields[] = {
	F_INT(posts_result, count),
	F_NUM(posts_result, spacing_ft, UNIT("ft")),
	F_OBJECT(posts_result, per_post, &per_post_table, DOC("At `level`, the largest of Cases A, B and C")),
	F_OBJECT(posts_result, baseplate, &baseplate_result_table, DOC("The result of sign.baseplate")),
};
static const struct field_table posts_result_table =
	FIELD_TABLE("sign.monument.posts_result", posts_result, posts_result_fields);

struct monument_result {
	struct wind_result wind;
	struct spread_result footing;
	struct posts_result *posts;
	struct check_list checks;
	bool all_pass;
};

static const struct field result_fields[] = {
	F_OBJECT(monument_result, wind, &wind_result_table, DOC("The result of sign.wind")),
	F_OBJECT(monument_result, footing, &spread_result_table,
			 DOC("The result of sign.footing.spread: length across the wall, width along it")),
	F_OBJECT_PTR(monument_result, posts, &posts_result_table, NULLABLE),
	F_OBJECTS(monument_result, checks, &check_table, DOC("Of the footing, then of the posts")),
	F_BOOL(monument_result, all_pass),
};
static const struct field_table result_table = FIELD_TABLE("sign.monument.result", monument_result, result_fields);

/* --- deciding --- */

struct building {
	struct calc *calc;
	const struct monument_request *r;
	struct monument_result *out;
	struct wind_setup setup;
	double weight_lb;
};

/* The cases that apply; force and moment hold the poles' wind too. */
static int cases_of(const struct building *b, struct wind_case cases[3])
{
	const struct wind_loads *l = &b->setup.loads;
	const struct wind_case all[] = {l->a, l->b, l->c};
	int count = l->c_applies ? 3 : 2;
	for (int i = 0; i < count; i++) {
		cases[i] = all[i];
		cases[i].force_lb += b->setup.poles.force_lb;
		cases[i].moment_lbft += b->setup.poles.moment_lbft;
	}
	return count;
}

/* The footing bears the largest force and moment of the cases: all act at the same height but for the minimum load. */
static struct spread_request strip_of(const struct building *b)
{
	const struct strip_request *f = &b->r->footing;
	struct wind_case cases[3];
	double force_lb = 0, moment_lbft = 0;
	for (int i = 0, count = cases_of(b, cases); i < count; i++) {
		force_lb = fmax(force_lb, STRENGTH_TO_ASD * cases[i].force_lb);
		moment_lbft = fmax(moment_lbft, STRENGTH_TO_ASD * cases[i].moment_lbft);
	}
	const struct posts_request *posts = b->r->posts;
	return (struct spread_request){
		.common = b->r->wind.common,
		.size = f->size,
		.cover_ft = f->cover_ft,
		.soil_unit_pcf = f->soil_unit_pcf,
		.vertical_lb = b->weight_lb,
		.include_self_weight = true,
		.moment_lbft = NAN,
		.force_lb = force_lb,
		.height_ft = force_lb > 0 ? moment_lbft / force_lb : 0,
		.soil = f->soil,
		.increase = f->increase,
		.sf_overturning = f->sf_overturning,
		.sf_sliding = f->sf_sliding,
		.frost_depth_ft = f->frost_depth_ft,
		.column = {.width_in = 12 * b->r->wind.sign_width_ft,
				   .depth_in = posts != NULL ? posts->column.d_in : 12 * b->r->wind.depth_ft},
		.fc_psi = f->fc_psi,
		.fy_ksi = f->fy_ksi,
		.lrfd_wind_factor = 1 / STRENGTH_TO_ASD,
	};
}

static bool decide_footing(struct building *b)
{
	struct spread_request strip = strip_of(b);
	struct spread_problem problem;
	if (!spread_state(b->calc, &strip, &problem))
		return false;
	if (!given(strip.size.width_ft))
		strip.size.width_ft = fmin(fmax(b->r->wind.sign_width_ft, SPREAD_SIDE_MIN_FT), SPREAD_SIDE_MAX_FT);
	/* of a wall that is longer than its footing, what stands on it */
	strip.column.width_in = fmin(strip.column.width_in, 12 * strip.size.width_ft);
	problem.column_width_in = strip.column.width_in;
	if (given(strip.size.length_ft) && strip.column.depth_in > 12 * strip.size.length_ft + 1e-6) {
		calc_fault(b->calc, "/footing/length_ft", "narrower_than_wall", "must be at least the depth of wall or post");
		return false;
	}
	bool asked = !given(strip.size.length_ft) || !given(strip.size.thickness_ft);
	if (asked && !spread_search_strip(&problem, &strip.size)) {
		calc_warn(b->calc, "no_feasible", "/footing",
				  "no feasible footing of %.4g ft along the wall, up to 60 ft across it and 10 ft thick: a wider one, "
				  "better soil or less wind would help.",
				  strip.size.width_ft);
		calc_rule(b->calc, RULE_NO_FEASIBLE);
	}
	return sign_footing_spread_op.run(b->calc, &strip, &b->out->footing);
}

/* One post's share of every case: the largest of each, since all are checked at once. */
static struct pole_loads share_of(const struct building *b, double spacing_ft)
{
	bool lrfd = b->r->wind.common.level == SIGN_LRFD;
	double wind = lrfd ? 1 : STRENGTH_TO_ASD, dead = lrfd ? DEAD_LRFD : DEAD_ASD;
	struct pole_loads most = {0};
	struct wind_case cases[3];
	int posts = (int)b->r->posts->count;
	for (int i = 0, count = cases_of(b, cases); i < count; i++) {
		const struct pole_loads total = {
			.m_kipin = wind * cases[i].moment_lbft * 12 / 1000,
			.v_kip = wind * cases[i].force_lb / 1000,
			.t_kipin = wind * cases[i].torsion_lbft * 12 / 1000,
			.p_kip = dead * b->weight_lb / 1000,
		};
		struct pole_loads one = pole_share(&total, posts, 12 * spacing_ft, 12 * b->r->wind.height_ft);
		most = (struct pole_loads){fmax(most.m_kipin, one.m_kipin), fmax(most.v_kip, one.v_kip),
								   fmax(most.t_kipin, one.t_kipin), one.p_kip};
	}
	return most;
}

/* Faults that sign.baseplate found stand below /posts in this body. */
static void move_faults(struct calc *calc, struct fault *const *from)
{
	for (struct fault *fault = *from; fault != NULL; fault = fault->next)
		fault->pointer = arena_printf(calc->arena, "/posts%s", fault->pointer);
}

static struct baseplate_request plate_of(const struct monument_request *r, const struct pole_loads *loads)
{
	const struct posts_request *p = r->posts;
	return (struct baseplate_request){
		.common = r->wind.common,
		.plate = p->plate,
		.column = p->column,
		.concrete = p->concrete,
		.anchors = p->anchors,
		.weld = p->weld,
		.loads = {loads->p_kip, loads->v_kip, loads->m_kipin, loads->t_kipin},
		.bearing_ksi = NAN,
	};
}

static bool decide_posts(struct building *b)
{
	const struct posts_request *p = b->r->posts;
	struct posts_result *out = arena_new(b->calc->arena, struct posts_result);
	if (out == NULL)
		return false;
	double spacing_ft = given(p->spacing_ft) ? p->spacing_ft : b->r->wind.sign_width_ft / (double)p->count;
	*out = (struct posts_result){.count = p->count, .spacing_ft = spacing_ft, .per_post = share_of(b, spacing_ft)};
	struct baseplate_request plate = plate_of(b->r, &out->per_post);
	struct fault **end = b->calc->faults.end;
	if (!sign_baseplate_op.run(b->calc, &plate, &out->baseplate)) {
		move_faults(b->calc, end);
		return false;
	}
	b->out->posts = out;
	return true;
}

static void gather(struct building *b)
{
	struct check_list *checks = &b->out->checks;
	check_append(checks, b->calc->arena, &b->out->footing.checks);
	if (b->out->posts != NULL)
		check_append(checks, b->calc->arena, &b->out->posts->baseplate.checks);
	b->out->all_pass = check_finish(checks);
	calc_checks(b->calc, checks);
}

static void assume(const struct building *b)
{
	calc_factor(b->calc, "weight_lb", b->weight_lb);
	calc_assume(b->calc, "strip_footing",
				"The %s along its whole length on the footing; bars of the footing between posts are not checked.",
				b->r->posts != NULL ? "row of posts bears" : "wall bears");
	calc_assume(b->calc, "footing_twist", "Twisting of the footing in plan by Cases B and C is not checked.");
	if (b->r->posts != NULL)
		calc_assume(b->calc, "posts_share",
					"Posts take the largest M, V and T of the cases at once, with %s D, and share the weight evenly.",
					b->r->wind.common.level == SIGN_LRFD ? ".9" : ".6");
	else
		calc_assume(b->calc, "wall_not_checked", "The wall itself and its anchorage to the footing are not checked.");
}

static bool run(struct calc *calc, const void *input, void *output)
{
	struct building b = {.calc = calc, .r = input, .out = output};
	const struct wind_request *w = &b.r->wind;
	if (!wind_decide(calc, w, "", &b.setup, &b.out->wind))
		return false;
	double area_ft2 = given(w->area_ft2) ? w->area_ft2 : w->sign_height_ft * w->sign_width_ft;
	b.weight_lb = given(b.r->weight_lb) ? b.r->weight_lb : b.r->weight_psf * area_ft2;
	if (b.r->posts != NULL && !decide_posts(&b))
		return false;
	if (!decide_footing(&b))
		return false;
	assume(&b);
	gather(&b);
	return true;
}

static void check(struct calc *calc, const void *input)
{
	const struct monument_request *r = input;
	wind_check(calc, &r->wind, "");
	if (r->posts == NULL)
		return;
	const struct baseplate_request plate = plate_of(r, &(struct pole_loads){0});
	struct fault **end = calc->faults.end;
	baseplate_check(calc, &plate);
	move_faults(calc, end);
}

static void complete(void *input, struct arena *arena)
{
	struct monument_request *r = input;
	(void)arena;
	wind_complete(&r->wind);
}

static const struct op_alias aliases[] = {
	{"POST", "/signage/monument/analyze"},
	{"POST", "/signage/monument/optimize"},
	{NULL},
};

const struct op sign_monument_op = {
	.name = "sign.monument",
	.path = "/api/v1/sign/monument",
	.summary = "Monument sign: wind, strip footing under its length, and posts on base plates",
	.doc =
		"sign.wind with s/h as built (1 at grade), then sign.footing.spread along the wall's length under the largest "
		"of the cases, the least concrete where its length or thickness is not given, and sign.baseplate for posts.",
	.aliases = aliases,
	.input = &request_table,
	.output = &result_table,
	.check = check,
	.complete = complete,
	.run = run,
	.example = "{\"wind_speed_mph\":115,\"exposure\":\"C\",\"height_ft\":6,\"sign_height_ft\":6,\"sign_width_ft\":10,"
			   "\"weight_psf\":60,\"footing\":{\"soil\":{\"class\":4}}}",
};
