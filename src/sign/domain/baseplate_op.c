#include "sign/domain/baseplate_op.h"

#include <math.h>

#include "core/arena.h"
#include "seal/calc.h"
#include "sign/domain/anchors_op.h"
#include "sign/domain/baseplate.h"
#include "sign/domain/grade.h"

static const char *const shapes[] = {"round", "rect", "w", NULL};
static const char *const methods[] = {"rectangular", "triangular", NULL};
enum moment_case { SMALL, LARGE };
static const char *const moment_cases[] = {"small", "large", NULL};

/* --- request --- */

static const struct field plate_fields[] = {
	F_NUM(plate_request, w_in, RANGE(1, 96), UNIT("in"), DOC("B, across the moment; required unless `search`")),
	F_NUM(plate_request, l_in, RANGE(1, 96), UNIT("in"), DOC("N, along the moment; required unless `search`")),
	F_NUM(plate_request, t_in, RANGE(.25, 4), UNIT("in"), DOC("Required unless `search`")),
	F_NUM(plate_request, fy_ksi, RANGE(20, 100), DEFAULT(36), UNIT("ksi")),
	F_BOOL(plate_request, search, DEFAULT(0),
		   DOC("Find the lightest plate with 4, 6 or 8 bolts; sides, thickness and num_anchors are then not read")),
};
const struct field_table baseplate_plate_table = FIELD_TABLE("sign.baseplate.plate", plate_request, plate_fields);

static const struct field column_fields[] = {
	F_ENUM(column_request, shape, shapes, DEFAULT(PLATE_ROUND)),
	F_NUM(column_request, d_in, REQUIRED, RANGE(.5, 90), UNIT("in"), DOC("Along the moment; the diameter if round")),
	F_NUM(column_request, b_in, RANGE(.5, 90), UNIT("in"), DOC("Across; default d_in")),
	F_NUM(column_request, tf_in, RANGE(.05, 6), UNIT("in"), DOC("Flange of a W: the tension side bends to its middle")),
};
const struct field_table baseplate_column_table = FIELD_TABLE("sign.baseplate.column", column_request, column_fields);

static const struct field support_fields[] = {
	F_NUM(support_request, fc_psi, RANGE(2500, 10000), DEFAULT(3000), UNIT("psi")),
	F_NUM(support_request, a2_over_a1, RANGE(1, 100), DEFAULT(1), DOC("Area of the support over that of the plate")),
};
const struct field_table baseplate_support_table =
	FIELD_TABLE("sign.baseplate.concrete", support_request, support_fields);

static const struct field bolts_fields[] = {
	F_INT(bolts_request, num_anchors, RANGE(2, 40), DEFAULT(4), DOC("Even: half of them on each side")),
	F_NUM(bolts_request, dia_in, RANGE(.25, 4), UNIT("in"), DOC("Without it anchors are not checked")),
	F_STR(bolts_request, grade, DEFAULT_TEXT("F1554-36"), LENGTH(1, 20), DOC("Of pack grades")),
	F_NUM(bolts_request, embed_in, RANGE(1, 100), UNIT("in"), DOC("hef: adds the rows of sign.anchors")),
	F_NUM(bolts_request, edge_in, RANGE(.25, 40), DEFAULT(1.5), UNIT("in"), DOC("From the plate's edge to the bolts")),
};
const struct field_table baseplate_bolts_table = FIELD_TABLE("sign.baseplate.anchors", bolts_request, bolts_fields);

static const struct field weld_fields[] = {
	F_NUM(weld_request, size_in, RANGE(.0625, 2), UNIT("in"), DOC("Fillet; without it the weld is not checked")),
	F_NUM(weld_request, fexx_ksi, RANGE(50, 120), DEFAULT(70), UNIT("ksi")),
};
const struct field_table baseplate_weld_table = FIELD_TABLE("sign.baseplate.weld", weld_request, weld_fields);

static const struct field loads_fields[] = {
	F_NUM(plate_loads, p_kip, NAMED("P_kip"), RANGE(-1e5, 1e5), DEFAULT(0), UNIT("kip"), DOC("Compression positive")),
	F_NUM(plate_loads, v_kip, NAMED("V_kip"), RANGE(0, 1e5), DEFAULT(0), UNIT("kip")),
	F_NUM(plate_loads, m_kipin, NAMED("M_kipin"), RANGE(0, 1e7), DEFAULT(0), UNIT("kip-in")),
	F_NUM(plate_loads, t_kipin, NAMED("T_kipin"), RANGE(0, 1e7), DEFAULT(0), UNIT("kip-in")),
};
static const struct field_table loads_table = FIELD_TABLE("sign.baseplate.loads", plate_loads, loads_fields);

static const struct field request_fields[] = {
	F_OBJECT(baseplate_request, plate, &baseplate_plate_table, REQUIRED),
	F_OBJECT(baseplate_request, column, &baseplate_column_table, REQUIRED),
	F_OBJECT(baseplate_request, concrete, &baseplate_support_table),
	F_OBJECT(baseplate_request, anchors, &baseplate_bolts_table),
	F_OBJECT(baseplate_request, weld, &baseplate_weld_table),
	F_OBJECT(baseplate_request, loads, &loads_table, REQUIRED, DOC("At `level`")),
	F_ENUM(baseplate_request, method, methods, DEFAULT(PLATE_RECTANGULAR), DOC("Form of the pressure")),
	F_NUM(baseplate_request, bearing_ksi, RANGE(.01, 20), UNIT("ksi"), DOC("fp,max of your own")),
	SIGN_COMMON_FIELDS(baseplate_request, SIGN_LRFD),
};
static const struct field_table request_table =
	FIELD_TABLE("sign.baseplate.request", baseplate_request, request_fields);

/* --- result --- */

static const struct field shown_fields[] = {
	F_NUM(plate_shown, w_in, UNIT("in")),      F_NUM(plate_shown, l_in, UNIT("in")),
	F_NUM(plate_shown, t_in, UNIT("in")),      F_INT(plate_shown, num_anchors),
	F_NUM(plate_shown, weight_lb, UNIT("lb")), F_BOOL(plate_shown, all_pass),
};
static const struct field_table shown_table = FIELD_TABLE("sign.baseplate.shown", plate_shown, shown_fields);

static const struct field result_fields[] = {
	F_NUM(baseplate_result, eccentricity_in, NULLABLE, UNIT("in"), DOC("M/P; null where nothing presses")),
	F_NUM(baseplate_result, e_crit_in, UNIT("in"), DOC("Up to here no anchor pulls")),
	F_NUM(baseplate_result, y_in, NULLABLE, UNIT("in"), DOC("Reach of the pressure; A of the triangular method")),
	F_NUM(baseplate_result, fp_ksi, NULLABLE, UNIT("ksi")),
	F_NUM(baseplate_result, fp_max_ksi, UNIT("ksi")),
	F_NUM(baseplate_result, tension_kip, NULLABLE, UNIT("kip"), DOC("Of one side's anchors")),
	F_NUM(baseplate_result, tension_per_anchor_kip, NULLABLE, UNIT("kip")),
	F_NUM(baseplate_result, m_in, UNIT("in")),
	F_NUM(baseplate_result, n_in, UNIT("in")),
	F_NUM(baseplate_result, x_in, UNIT("in"), DOC("From the bolts to the column on the tension side")),
	F_NUM(baseplate_result, t_bearing_in, NULLABLE, UNIT("in")),
	F_NUM(baseplate_result, t_tension_in, NULLABLE, UNIT("in")),
	F_NUM(baseplate_result, t_required_in, NULLABLE, UNIT("in")),
	F_ENUM(baseplate_result, moment_case, moment_cases, DOC("large: anchors pull")),
	F_BOOL(baseplate_result, approved, DOC("Every check passes")),
	F_BOOL(baseplate_result, all_pass),
	F_OBJECTS(baseplate_result, checks, &check_table),
	F_OBJECT(baseplate_result, plate, &shown_table, DOC("Given, or found by the search")),
	F_STR(baseplate_result, recommendation, NULLABLE),
	F_OBJECT_PTR(baseplate_result, nearest, &shown_table, NULLABLE,
				 DOC("Where a row fails: the next plate that passes, else the one that comes nearest")),
};
const struct field_table baseplate_result_table = FIELD_TABLE("sign.baseplate.result", baseplate_result, result_fields);

/* --- input --- */

struct deciding {
	struct calc *calc;
	const struct baseplate_request *r;
	struct plate_problem problem;
	struct plate_size size;
	struct plate_answer answer;
	bool found; /* of a search */
};

static void require_sizes(struct calc *calc, const struct plate_request *plate)
{
	const struct {
		double value;
		const char *pointer;
	} sizes[] = {{plate->w_in, "/plate/w_in"}, {plate->l_in, "/plate/l_in"}, {plate->t_in, "/plate/t_in"}};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		if (!given(sizes[i].value))
			calc_fault(calc, sizes[i].pointer, "required", "is required, or search");
}

static const struct grade *grade_of(struct calc *calc, const struct bolts_request *a)
{
	enum { EDITION = 2021 };
	const struct grades *grades = calc_pack(calc, "grades");
	return grades != NULL && a->grade != NULL ? grade_find(grades, a->grade, GRADE_ANCHOR, EDITION) : NULL;
}

static double across_in(const struct column_request *column)
{
	return given(column->b_in) && column->shape != PLATE_ROUND ? column->b_in : column->d_in;
}

void baseplate_check(struct calc *calc, const struct baseplate_request *r)
{
	const struct plate_request *plate = &r->plate;
	if (r->anchors.num_anchors % 2 != 0)
		calc_fault(calc, "/anchors/num_anchors", "range", "must be even: half of them on each side");
	if (given(r->anchors.embed_in) && !given(r->anchors.dia_in))
		calc_fault(calc, "/anchors/dia_in", "required", "is required with embed_in");
	if (grade_of(calc, &r->anchors) == NULL)
		calc_fault(calc, "/anchors/grade", "enum", "is no anchor grade of pack grades");
	if (plate->search)
		return;
	require_sizes(calc, plate);
	if (plate->l_in < r->column.d_in)
		calc_fault(calc, "/plate/l_in", "smaller_than_column", "must not be below the column's d_in");
	if (plate->w_in < across_in(&r->column))
		calc_fault(calc, "/plate/w_in", "smaller_than_column", "must not be below the column's b_in");
	if (r->anchors.edge_in >= plate->l_in / 2 || 2 * r->anchors.edge_in > plate->w_in)
		calc_fault(calc, "/anchors/edge_in", "range", "must be below half of the plate's sides");
}

static void check(struct calc *calc, const void *input)
{
	baseplate_check(calc, input);
}

static bool take_anchors(struct deciding *d)
{
	const struct bolts_request *a = &d->r->anchors;
	const struct grade *grade = grade_of(d->calc, a);
	if (grade == NULL)
		return false;
	bool listed;
	d->problem.fu_ksi = grade->fu_ksi;
	d->problem.embedded = given(a->embed_in) && given(a->dia_in);
	d->problem.bolt = (struct anchor_bolt){
		.kind = ANCHOR_CAST_IN,
		.dia_in = a->dia_in,
		.ase_in2 = given(a->dia_in) ? anchor_ase_in2(a->dia_in, &listed) : 0,
		/* REF: ACI 318-19 section 17.6.1.2 */
		.futa_psi = 1000 * fmin(grade->fu_ksi, given(grade->fy_ksi) ? fmin(1.9 * grade->fy_ksi, 125) : 125),
		.hef_in = a->embed_in,
		.abrg_in2 = given(a->dia_in) ? anchor_head_in2(a->dia_in, true) : 0,
		.kc = 24,
		.np_lb = NAN,
		.cac_in = NAN,
		.ductile = true,
	};
	return true;
}

/* REF: AISC 360-22 table J3.4: least distance of a bolt's centre from the plate's edge */
static double least_edge_in(double dia_in)
{
	static const struct {
		double dia_in, edge_in;
	} rows[] = {{.5, .75}, {.625, .875}, {.75, 1}, {.875, 1.125}, {1, 1.25}, {1.125, 1.5}, {1.25, 1.625}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (dia_in <= rows[i].dia_in + 1e-9)
			return rows[i].edge_in;
	return 1.25 * dia_in;
}

/* What the rows do not see of the bolts' places. */
static void warn_of_bolts(struct deciding *d, const struct plate_answer *a)
{
	const struct bolts_request *bolts = &d->r->anchors;
	if (given(bolts->dia_in) && bolts->edge_in < least_edge_in(bolts->dia_in) - 1e-9)
		calc_warn(d->calc, "edge_distance", "/anchors/edge_in",
				  "A bolt of %.4g in stands %.4g in from the plate's edge: AISC 360-22 table J3.4 asks %.4g in.",
				  bolts->dia_in, bolts->edge_in, least_edge_in(bolts->dia_in));
	if (a->x_in < 0 && a->forces.tension_kip > 0)
		calc_warn(
			d->calc, "bolts_within_column", "/anchors/edge_in",
			"The bolts in tension stand within the column's outline: the plate's bending there is no cantilever of "
			"AISC Design Guide 1 3.4.3 and is not checked.");
}

static bool state(struct deciding *d)
{
	const struct baseplate_request *r = d->r;
	bool lrfd = r->common.level == SIGN_LRFD;
	d->problem = (struct plate_problem){
		.shape = r->column.shape,
		.d_in = r->column.d_in,
		.b_in = across_in(&r->column),
		.tf_in = r->column.shape == PLATE_W ? r->column.tf_in : (double)NAN,
		.fy_ksi = r->plate.fy_ksi,
		.fp_max_ksi =
			given(r->bearing_ksi) ? r->bearing_ksi : plate_fp_max_ksi(r->concrete.fc_psi, r->concrete.a2_over_a1, lrfd),
		.fc_psi = r->concrete.fc_psi,
		.edge_in = r->anchors.edge_in,
		.dia_in = r->anchors.dia_in,
		.weld_in = r->weld.size_in,
		.fexx_ksi = r->weld.fexx_ksi,
		.p_kip = r->loads.p_kip,
		.v_kip = r->loads.v_kip,
		.m_kipin = r->loads.m_kipin,
		.t_kipin = r->loads.t_kipin,
		.lrfd = lrfd,
		.method = r->method,
	};
	d->size = (struct plate_size){r->plate.w_in, r->plate.l_in, r->plate.t_in, (int)r->anchors.num_anchors};
	return take_anchors(d) && d->calc->faults.count == 0;
}

/* --- answer --- */

void plate_rows(const struct plate_answer *a, struct arena *arena, struct check_list *checks)
{
	bool pressed = a->forces.small || a->forces.lifted; /* fp against fp,max; else moments about the tension line */
	const struct {
		const char *name, *unit, *reference;
	} rows[PLATE_ROWS] = {
		[PLATE_BEARING_SIDE] = {"plate_bearing_side", "in", "AISC DG1 3.3.2, 3.4.3; AISC 360-22 F11"},
		[PLATE_TENSION_SIDE] = {"plate_tension_side", "in", "AISC DG1 3.4.3; AISC 360-22 F11"},
		[PLATE_BEARING] = {"bearing", pressed ? "ksi" : "kip-in", "AISC 360-22 J8; AISC DG1 3.3, 3.4"},
		[PLATE_WELD] = {"weld", "kip/in", "AISC 360-22 J2.4"},
		[PLATE_ANCHOR_STEEL] = {"anchor_steel", "kip", "AISC 360-22 J3.7"},
	};
	for (int i = 0; i < PLATE_ROWS; i++)
		if (a->rows[i].present)
			check_add(checks, arena, rows[i].name, a->rows[i].demand, a->rows[i].capacity, rows[i].unit,
					  rows[i].reference);
	if (a->anchored)
		anchors_rows(&a->anchors, arena, checks);
}

static struct plate_shown shown(const struct plate_size *size, bool pass)
{
	return (struct plate_shown){
		size->w_in, size->l_in, size->t_in, size->bolts, PLATE_LB_IN3 * size->w_in * size->l_in * size->t_in, pass};
}

/* What to do about a plate that fails: the next that passes, not smaller in anything. */
static void recommend(struct deciding *d, struct baseplate_result *out)
{
	struct plate_size next = d->size;
	bool passes = !d->r->plate.search && plate_search(&d->problem, &d->size, &next);
	out->nearest = arena_new(d->calc->arena, struct plate_shown);
	if (out->nearest == NULL)
		return;
	*out->nearest = shown(&next, passes);
	out->recommendation =
		passes ? arena_printf(d->calc->arena,
							  "Request engineering review. The next passing plate is %.4g in wide, %.4g in long and "
							  "%.4g in thick with %d anchors.",
							  next.w_in, next.l_in, next.t_in, next.bolts)
			   : "Request engineering review. No plate up to 96 in and 4 in thick passes with up to 8 such anchors: "
				 "larger anchors, a stronger weld, stronger concrete or stiffeners would help.";
	calc_rule(d->calc, RULE_REVIEW_REQUESTED);
}

static void note(struct deciding *d)
{
	struct calc *calc = d->calc;
	const struct baseplate_request *r = d->r;
	calc_factor(calc, "fp_max_ksi", d->problem.fp_max_ksi);
	calc_factor(calc, "f_in", d->size.l_in / 2 - d->problem.edge_in);
	calc_factor(calc, "bearing_demand", d->answer.forces.bearing_demand);
	calc_factor(calc, "bearing_capacity", d->answer.forces.bearing_capacity);
	if (r->column.shape == PLATE_W && !given(r->column.tf_in))
		calc_assume(calc, "flange_face", "Without tf_in the tension side bends to the flange's face, not its middle.");
	if (!given(r->anchors.dia_in))
		calc_assume(calc, "anchors_not_checked", "Anchors were not checked: no dia_in was given.");
	else if (!d->problem.embedded)
		calc_assume(
			calc, "concrete_not_checked",
			"Anchors were checked as steel in tension only: give embed_in, or use sign.anchors, for concrete and "
			"shear.");
	if (d->answer.anchored)
		anchors_note_parallel(calc, &d->answer.anchors);
	if (!given(r->weld.size_in))
		calc_assume(calc, "weld_not_checked", "The weld was not checked: no size_in was given.");
	if (d->problem.embedded)
		calc_assume(calc, "far_edges", "Anchors in cracked concrete with far edges%s; sign.anchors takes edges.",
					d->problem.lrfd ? "" : ", their loads divided by 0.6");
	if (d->problem.embedded && !d->problem.lrfd && d->problem.p_kip > 0)
		calc_assume(
			calc, "asd_anchors",
			"All loads of the anchors in concrete were divided by 0.6: where dead load presses, check 0.9D + W at "
			"level lrfd too.");
}

static void fill(struct deciding *d, struct baseplate_result *out)
{
	const struct plate_answer *a = &d->answer;
	const struct plate_forces *f = &a->forces;
	*out = (struct baseplate_result){
		.eccentricity_in = f->e_in,
		.e_crit_in = f->e_crit_in,
		.y_in = f->y_in,
		.fp_ksi = f->fp_ksi,
		.fp_max_ksi = d->problem.fp_max_ksi,
		.tension_kip = f->solved ? fmax(f->tension_kip, 0) : (double)NAN,
		.tension_per_anchor_kip = a->tension_per_anchor_kip,
		.m_in = a->m_in,
		.n_in = a->n_in,
		.x_in = a->x_in,
		.t_bearing_in = a->t_bearing_in,
		.t_tension_in = a->t_tension_in,
		.t_required_in = a->t_required_in,
		.moment_case = f->small ? SMALL : LARGE,
	};
	plate_rows(a, d->calc->arena, &out->checks);
	out->all_pass = check_finish(&out->checks) && a->pass;
	out->approved = out->all_pass;
	out->plate = shown(&d->size, out->all_pass);
	calc_checks(d->calc, &out->checks);
	if (!out->approved)
		recommend(d, out);
}

static bool run(struct calc *calc, const void *input, void *output)
{
	struct deciding *d = arena_new(calc->arena, struct deciding);
	if (d == NULL)
		return false;
	*d = (struct deciding){.calc = calc, .r = input, .found = true};
	if (!state(d))
		return false;
	if (d->r->plate.search)
		d->found = plate_search(&d->problem, &(struct plate_size){0}, &d->size);
	plate_check(&d->problem, &d->size, &d->answer);
	if (!d->found) {
		calc_warn(calc, "no_feasible", "/plate",
				  "no feasible plate up to 96 in and 4 in thick with 4, 6 or 8 anchors.");
		calc_rule(calc, RULE_NO_FEASIBLE);
	}
	note(d);
	warn_of_bolts(d, &d->answer);
	fill(d, output);
	return true;
}

static const struct op_alias aliases[] = {
	{"POST", "/signage/baseplate/checks"},
	{"POST", "/signage/baseplate/design", "{\"plate\":{\"search\":true}}"},
	{NULL},
};

const struct op sign_baseplate_op = {
	.name = "sign.baseplate",
	.path = "/api/v1/sign/baseplate",
	.summary = "Base plate with anchors and weld (AISC Design Guide 1), or the lightest that passes",
	.doc = "Rectangular or triangular pressure, thickness on both sides, weld, anchors as steel and, with embed_in, in "
		   "concrete. Approved only if every check passes; otherwise it says which plate would.",
	.aliases = aliases,
	.input = &request_table,
	.output = &baseplate_result_table,
	.check = check,
	.run = run,
	.example = "{\"plate\":{\"w_in\":16,\"l_in\":16,\"t_in\":1.25},\"column\":{\"shape\":\"round\",\"d_in\":8.625},"
			   "\"concrete\":{\"fc_psi\":4000},\"anchors\":{\"dia_in\":1,\"num_anchors\":4,\"embed_in\":20},"
			   "\"weld\":{\"size_in\":0.3125},\"loads\":{\"P_kip\":2,\"V_kip\":1.5,\"M_kipin\":240}}",
};
