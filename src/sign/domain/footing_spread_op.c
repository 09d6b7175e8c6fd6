#include "sign/domain/footing_spread_op.h"

#include <math.h>

#include "core/arena.h"
#include "seal/calc.h"
#include "sign/domain/concrete.h"

/* --- request --- */

static const struct field column_fields[] = {
	F_NUM(spread_column, width_in, RANGE(1, 240), DEFAULT(12), UNIT("in"), DOC("Along the footing's width")),
	F_NUM(spread_column, depth_in, RANGE(1, 240), DEFAULT(12), UNIT("in"), DOC("Along the footing's length")),
};
static const struct field_table column_table = FIELD_TABLE("sign.footing.spread.column", spread_column, column_fields);

static const struct field request_fields[] = {
	F_NUM(spread_request, size.length_ft, NAMED("length_ft"), RANGE(1, 60), UNIT("ft"),
		  DOC("In the moment's direction; required unless `search`")),
	F_NUM(spread_request, size.width_ft, NAMED("width_ft"), RANGE(1, 60), UNIT("ft"), DOC("Required unless `search`")),
	F_NUM(spread_request, size.thickness_ft, NAMED("thickness_ft"), RANGE(.5, 10), UNIT("ft"),
		  DOC("Required unless `search`")),
	F_NUM(spread_request, cover_ft, RANGE(0, 10), DEFAULT(0), UNIT("ft"), DOC("Soil above the footing")),
	F_NUM(spread_request, soil_unit_pcf, RANGE(0, 200), DEFAULT(110), UNIT("pcf")),
	F_NUM(spread_request, vertical_lb, REQUIRED, RANGE(0, 1e7), UNIT("lb"), DOC("Dead load at the centre")),
	F_BOOL(spread_request, include_self_weight, DEFAULT(1), DOC("Add the concrete (150 pcf) and the soil above it")),
	F_NUM(spread_request, moment_lbft, RANGE(0, 1e8), UNIT("lb-ft"),
		  DOC("At the underside, allowable-stress level; or force_lb with height_ft")),
	F_NUM(spread_request, force_lb, RANGE(0, 1e6), UNIT("lb"), DOC("Lateral, allowable-stress level")),
	F_NUM(spread_request, height_ft, RANGE(0, 500), UNIT("ft"), DOC("Of the force above grade")),
	F_NUM(spread_request, uplift_lb, RANGE(0, 1e7), DEFAULT(0), UNIT("lb"), DOC("Allowable-stress level")),
	F_OBJECT(spread_request, soil, &soil_request_table),
	F_NUM(spread_request, increase, RANGE(1, 1.3334), DEFAULT(1),
		  DOC("Of bearing; 4/3 only with the alternative load combinations")),
	F_NUM(spread_request, sf_overturning, RANGE(1, 5), DOC("Asked of all dead load; default from the pack: 1.5")),
	F_NUM(spread_request, sf_sliding, RANGE(1, 5), DOC("Asked of all dead load; default from the pack: 1.5")),
	F_NUM(spread_request, frost_depth_ft, RANGE(0, 20), UNIT("ft")),
	F_OBJECT(spread_request, column, &column_table),
	F_NUM(spread_request, fc_psi, RANGE(2000, 10000), DEFAULT(3000), UNIT("psi")),
	F_NUM(spread_request, fy_ksi, RANGE(40, 100), DEFAULT(60), UNIT("ksi")),
	F_NUM(spread_request, lrfd_wind_factor, RANGE(1, 2), DEFAULT(1 / .6), DOC("Strength over allowable-stress level")),
	F_BOOL(spread_request, search, DEFAULT(0),
		   DOC("Find the least concrete in 3 in steps; length, width and thickness are then not read")),
	SIGN_COMMON_FIELDS(spread_request, SIGN_ASD),
};
const struct field_table spread_request_table =
	FIELD_TABLE("sign.footing.spread.request", spread_request, request_fields);

/* --- result --- */

static const struct field mat_fields[] = {
	F_INT(mat_result, size, DOC("Bar number")),
	F_INT(mat_result, count, DOC("Bars along the length")),
	F_NUM(mat_result, spacing_in, UNIT("in"), DOC("The same both ways")),
	F_BOOL(mat_result, each_way),
	F_INT(mat_result, count_width, DOC("Bars along the width")),
};
static const struct field_table mat_table = FIELD_TABLE("sign.footing.spread.rebar", mat_result, mat_fields);

static const struct field near_fields[] = {
	F_NUM(spread_near, length_ft, UNIT("ft")),    F_NUM(spread_near, width_ft, UNIT("ft")),
	F_NUM(spread_near, thickness_ft, UNIT("ft")), F_NUM(spread_near, concrete_yards, UNIT("yd3")),
	F_NUM(spread_near, utilization, NULLABLE),    F_BOOL(spread_near, all_pass),
};
static const struct field_table near_table = FIELD_TABLE("sign.footing.spread.near", spread_near, near_fields);

static const struct field result_fields[] = {
	F_NUM(spread_result, dead_lb, UNIT("lb"), DOC("With the footing's own weight if asked")),
	F_NUM(spread_result, moment_lbft, UNIT("lb-ft"), DOC("At the underside")),
	F_NUM(spread_result, eccentricity_ft, NULLABLE, UNIT("ft"), DOC("null where nothing presses down")),
	F_NUM(spread_result, kern_ft, UNIT("ft"), DOC("A sixth of the length")),
	F_BOOL(spread_result, in_kern),
	F_NUM(spread_result, q_max_psf, NULLABLE, UNIT("psf"), DOC("null where the footing turns over")),
	F_NUM(spread_result, q_min_psf, NULLABLE, UNIT("psf")),
	F_NUM(spread_result, contact_length_ft, UNIT("ft"), DOC("From the toe")),
	F_NUM(spread_result, resisting_lbft, UNIT("lb-ft"), DOC("Dead load about the toe")),
	F_NUM(spread_result, sf_overturning, NULLABLE, DOC("All dead load; null where nothing turns")),
	F_NUM(spread_result, sf_sliding, NULLABLE, DOC("All dead load; null where there is no force")),
	F_NUM(spread_result, concrete_yards, UNIT("yd3")),
	F_OBJECT(spread_result, rebar, &mat_table, DOC("At the bottom")),
	F_OBJECTS(spread_result, checks, &check_table),
	F_BOOL(spread_result, all_pass),
	F_NUM(spread_result, length_ft, UNIT("ft"), DOC("Given, or found by the search")),
	F_NUM(spread_result, width_ft, UNIT("ft")),
	F_NUM(spread_result, thickness_ft, UNIT("ft")),
	F_OBJECT_PTR(spread_result, nearest, &near_table, NULLABLE,
				 DOC("Where a row fails: the least footing that passes, else the one that comes nearest")),
};
const struct field_table spread_result_table = FIELD_TABLE("sign.footing.spread.result", spread_result, result_fields);

/* --- deciding --- */

struct deciding {
	struct calc *calc;
	const struct spread_request *r;
	struct spread_problem problem;
	struct spread_size size;
	struct spread_answer answer;
	bool found; /* of a search */
};

static void check_input(struct calc *calc, const struct spread_request *r)
{
	const struct {
		double value;
		const char *pointer;
	} sides[] = {
		{r->size.length_ft, "/length_ft"}, {r->size.width_ft, "/width_ft"}, {r->size.thickness_ft, "/thickness_ft"}};
	for (size_t i = 0; i < sizeof sides / sizeof *sides; i++)
		if (!r->search && !given(sides[i].value))
			calc_fault(calc, sides[i].pointer, "required", "is required, or search");
	if (!r->search && given(r->size.length_ft) && r->column.depth_in > 12 * r->size.length_ft + 1e-6)
		calc_fault(calc, "/column/depth_in", "wider_than_footing", "must be at most the footing's length");
	if (!r->search && given(r->size.width_ft) && r->column.width_in > 12 * r->size.width_ft + 1e-6)
		calc_fault(calc, "/column/width_in", "wider_than_footing", "must be at most the footing's width");
	if (given(r->moment_lbft) && given(r->force_lb))
		calc_fault(calc, "/force_lb", "conflict", "says the same as moment_lbft: give one of them");
	else if (given(r->force_lb) && !given(r->height_ft))
		calc_fault(calc, "/height_ft", "required", "is required with force_lb");
	if (given(r->height_ft) && !given(r->force_lb))
		calc_fault(calc, given(r->moment_lbft) ? "/height_ft" : "/force_lb",
				   given(r->moment_lbft) ? "conflict" : "required",
				   given(r->moment_lbft) ? "belongs to force_lb, not to moment_lbft" : "is required with height_ft");
}

bool spread_state(struct calc *calc, const struct spread_request *r, struct spread_problem *problem)
{
	const struct footing_calibration *calibration = calc_pack(calc, "footing_calibration");
	const struct concrete_constants *concrete = calc_pack(calc, "concrete");
	struct soil_class soil;
	if (calibration == NULL || concrete == NULL || !soil_choose(calc, &r->soil, &soil))
		return false;
	*problem = (struct spread_problem){
		.concrete = concrete,
		.cover_ft = r->cover_ft,
		.soil_unit_pcf = r->soil_unit_pcf,
		.vertical_lb = r->vertical_lb,
		.uplift_lb = r->uplift_lb,
		.self_weight = r->include_self_weight,
		.moment_lbft = r->moment_lbft,
		.force_lb = r->force_lb,
		.height_ft = r->height_ft,
		.vertical_psf = soil.vertical_psf,
		.friction = soil.friction,
		.cohesion_psf = soil.cohesion_psf,
		.increase = r->increase,
		.sf_overturning = given(r->sf_overturning) ? r->sf_overturning : calibration->sf_overturning,
		.sf_sliding = given(r->sf_sliding) ? r->sf_sliding : calibration->sf_sliding,
		.frost_ft = r->frost_depth_ft,
		.column_depth_in = r->column.depth_in,
		.column_width_in = r->column.width_in,
		.fc_psi = r->fc_psi,
		.fy_psi = 1000 * r->fy_ksi,
		.wind_factor = r->lrfd_wind_factor,
	};
	return true;
}

static const struct {
	const char *name, *unit, *reference;
} rows[SPREAD_ROWS] = {
	[SPREAD_BEARING] = {"bearing", "psf", "IBC 1806.2"},
	[SPREAD_OVERTURNING] = {"overturning", "1", "ASCE 7 2.4.1 (0.6D + 0.6W)"},
	[SPREAD_OVERTURNING_HOUSE] = {"overturning_house", "1", "House rule sf_overturning (D + 0.6W)"},
	[SPREAD_SLIDING] = {"sliding", "lb", "IBC 1806.3.2, ASCE 7 2.4.1 (0.6D + 0.6W)"},
	[SPREAD_SLIDING_HOUSE] = {"sliding_house", "1", "House rule sf_sliding (D + 0.6W)"},
	[SPREAD_UPLIFT] = {"uplift", "lb", "ASCE 7 2.4.1 (0.6D + 0.6W)"},
	[SPREAD_FROST] = {"frost", "ft", "IBC 1809.5"},
	[SPREAD_ONE_WAY] = {"one_way_shear", "psi", "ACI 318-19 22.5.5.1, 13.2.7.2"},
	[SPREAD_TWO_WAY] = {"two_way_shear", "psi", "ACI 318-19 22.6.5.2, 8.4.4.2"},
	[SPREAD_FLEXURE] = {"flexure", "lb-ft", "ACI 318-19 13.2.7.1, 22.2"},
	[SPREAD_MINIMUM_STEEL] = {"minimum_steel", "in2", "ACI 318-19 8.6.1.1"},
};

void spread_rows(const struct spread_answer *answer, struct arena *arena, struct check_list *checks)
{
	for (int i = 0; i < SPREAD_ROWS; i++) {
		const struct spread_demand *row = &answer->rows[i];
		if (row->present)
			check_add(checks, arena, rows[i].name, row->demand, row->capacity, rows[i].unit, rows[i].reference);
	}
}

/* What the concrete's rows take for granted, and what they do not see. */
static void note_concrete(struct deciding *d)
{
	const struct spread_mat *mat = &d->answer.mat;
	const struct rebar_size *bar = rebar_of(d->problem.concrete, mat->size);
	double ld = rebar_development_in(bar, d->problem.fy_psi, d->problem.fc_psi), cover = d->problem.concrete->cover_in;
	double length_in = 6 * d->size.length_ft - d->problem.column_depth_in / 2 - cover;
	double width_in = 6 * d->size.width_ft - d->problem.column_width_in / 2 - cover;
	calc_factor(d->calc, "development_in", ld);
	if (fmin(length_in, width_in) < ld)
		calc_assume(
			d->calc, "hooked_bars",
			"Bars end in standard hooks: %.1f in from the column's face are less than the %.1f in that straight "
			"bars need (ACI 318-19 25.4.2).",
			fmax(fmin(length_in, width_in), 0), ld);
	if (mat->d_width_in < 6)
		calc_warn(d->calc, "shallow_footing", "/thickness_ft",
				  "The effective depth of %.2f in is below 6 in (ACI 318-19 13.3.1.2).", mat->d_width_in);
	if (d->answer.heel_lbft_ft > d->answer.heel_plain_lbft_ft)
		calc_warn(d->calc, "top_bars", NULL,
				  "The heel needs bars at the top: %.0f lb-ft/ft is above the %.0f that plain concrete takes (ACI "
				  "318-19 14.5.2).",
				  d->answer.heel_lbft_ft, d->answer.heel_plain_lbft_ft);
}

static void note(struct deciding *d)
{
	const struct spread_answer *a = &d->answer;
	calc_factor(d->calc, "p_lb", a->soil.p_lb);
	calc_factor(d->calc, "vertical_psf", d->problem.vertical_psf * d->problem.increase);
	if (given(d->problem.friction))
		calc_factor(d->calc, "friction", d->problem.friction);
	else
		calc_factor(d->calc, "cohesion_psf", d->problem.cohesion_psf);
	calc_factor(d->calc, "d_length_in", a->mat.d_length_in);
	calc_factor(d->calc, "d_width_in", a->mat.d_width_in);
	calc_factor(d->calc, "vu_direct_psi", a->punching[0]);
	calc_factor(d->calc, "vu_moment_psi", a->punching[1]);
	calc_factor(d->calc, "gamma_v", a->punching[2]);
	calc_factor(d->calc, "heel_lbft_ft", a->heel_lbft_ft);
	calc_factor(d->calc, "heel_plain_lbft_ft", a->heel_plain_lbft_ft);
	if (!given(d->r->frost_depth_ft))
		calc_assume(d->calc, "frost_not_considered", "No frost depth was given: frost was not considered.");
	if (d->r->increase > 1)
		calc_assume(d->calc, "increase",
					"Bearing × %.4g holds only with the alternative allowable-stress combinations (IBC 1806.1), whose "
					"wind is 0.6·1.3 W (ω; IBC 2018 1605.3.2, 2021 1605.2).",
					d->r->increase);
	if (given(d->r->moment_lbft))
		calc_assume(d->calc, "no_force", "A moment without its force: sliding was not checked.");
	if (!d->r->include_self_weight)
		calc_assume(d->calc, "dead_in_all",
					"vertical_lb holds the footing's own weight: for the concrete rows all of it comes by the column.");
	note_concrete(d);
}

static struct spread_near *near_of(struct deciding *d)
{
	struct spread_near *near = arena_new(d->calc->arena, struct spread_near);
	struct spread_size size = d->size;
	struct spread_answer answer = d->answer;
	if (near == NULL)
		return NULL;
	if (!d->r->search) {
		spread_search(&d->problem, &size);
		spread_check(&d->problem, &size, &answer);
	}
	*near = (struct spread_near){size.length_ft,
								 size.width_ft,
								 size.thickness_ft,
								 size.length_ft * size.width_ft * size.thickness_ft / 27,
								 isfinite(answer.utilization) ? answer.utilization : (double)NAN,
								 answer.pass};
	return near;
}

static void fill(struct deciding *d, struct spread_result *out)
{
	const struct spread_soil *soil = &d->answer.soil;
	const struct spread_mat *mat = &d->answer.mat;
	*out = (struct spread_result){
		.dead_lb = soil->dead_lb,
		.moment_lbft = soil->moment_lbft,
		.eccentricity_ft = soil->eccentricity_ft,
		.kern_ft = d->size.length_ft / 6,
		.in_kern = soil->in_kern,
		.q_max_psf = soil->q_max_psf,
		.q_min_psf = soil->q_min_psf,
		.contact_length_ft = soil->contact_ft,
		.resisting_lbft = soil->resisting_lbft,
		.sf_overturning = soil->sf_overturning,
		.sf_sliding = soil->sf_sliding,
		.concrete_yards = d->size.length_ft * d->size.width_ft * d->size.thickness_ft / 27,
		.rebar = {mat->size, mat->along_length, mat->spacing_in, true, mat->along_width},
		.length_ft = d->size.length_ft,
		.width_ft = d->size.width_ft,
		.thickness_ft = d->size.thickness_ft,
	};
	spread_rows(&d->answer, d->calc->arena, &out->checks);
	out->all_pass = check_finish(&out->checks);
	calc_checks(d->calc, &out->checks);
	if (!out->all_pass)
		out->nearest = near_of(d);
}

static void check(struct calc *calc, const void *input)
{
	check_input(calc, input);
}

static bool run(struct calc *calc, const void *input, void *output)
{
	struct deciding d = {.calc = calc, .r = input, .found = true};
	if (!spread_state(calc, d.r, &d.problem) || calc->faults.count > 0)
		return false;
	d.size = d.r->size;
	if (d.r->search)
		d.found = spread_search(&d.problem, &d.size);
	spread_check(&d.problem, &d.size, &d.answer);
	if (!d.found) {
		calc_warn(calc, "no_feasible", "/search",
				  "no feasible footing up to 60 ft by 60 ft by 10 ft: the nearest is shown; better soil, a deeper "
				  "embedment or less moment would help.");
		calc_rule(calc, RULE_NO_FEASIBLE);
	}
	note(&d);
	fill(&d, output);
	return true;
}

static const struct op_alias aliases[] = {{"POST", "/signage/monument/foundation"}, {NULL}};

const struct op sign_footing_spread_op = {
	.name = "sign.footing.spread",
	.path = "/api/v1/sign/footing/spread",
	.summary = "Spread footing: bearing, stability, shear, flexure and bars, or the least that passes",
	.doc = "Soil by statics under allowable-stress loads, concrete by ACI 318-19 under 1.2D + W and 0.9D + W. With "
		   "`search` the least concrete over lengths, widths and thicknesses in 3 in steps.",
	.aliases = aliases,
	.input = &spread_request_table,
	.output = &spread_result_table,
	.check = check,
	.run = run,
	.example = "{\"length_ft\":8,\"width_ft\":6,\"thickness_ft\":2,\"vertical_lb\":4000,\"force_lb\":1500,"
			   "\"height_ft\":8,\"soil\":{\"class\":4}}",
};
