#include "sign/domain/anchors_op.h"

#include <math.h>

#include "core/arena.h"
#include "seal/calc.h"
#include "sign/domain/common.h"
#include "sign/domain/grade.h"

static const char *const kinds[] = {"cast_in", "post_installed", NULL};
enum head { HEAVY_HEX, HEX };
static const char *const heads[] = {"heavy_hex", "hex", NULL};

/* --- request --- */

struct anchor_request {
	int kind;
	double dia_in;
	const char *grade;
	double futa_ksi, fya_ksi, hef_in;
	int head;
	double abrg_in2, kc, np_lb;
	bool ductile;
};

static const struct field anchor_fields[] = {
	F_ENUM(anchor_request, kind, kinds, DEFAULT(ANCHOR_CAST_IN)),
	F_NUM(anchor_request, dia_in, REQUIRED, RANGE(.25, 4), UNIT("in")),
	F_STR(anchor_request, grade, DEFAULT_TEXT("F1554-36"), LENGTH(1, 20), DOC("Of pack grades")),
	F_NUM(anchor_request, futa_ksi, RANGE(30, 250), UNIT("ksi"), DOC("Overrides the grade's tensile strength")),
	F_NUM(anchor_request, fya_ksi, RANGE(20, 200), UNIT("ksi"), DOC("Overrides the grade's yield strength")),
	F_NUM(anchor_request, hef_in, REQUIRED, RANGE(1, 100), UNIT("in"), DOC("Effective embedment")),
	F_ENUM(anchor_request, head, heads, DEFAULT(HEAVY_HEX)),
	F_NUM(anchor_request, abrg_in2, RANGE(.01, 200), UNIT("in2"), DOC("Bearing area of the head: overrides it")),
	F_NUM(anchor_request, kc, RANGE(7, 30), DOC("Default 24 cast in, 17 post-installed")),
	F_NUM(anchor_request, np_lb, RANGE(1, 1e7), UNIT("lb"), DOC("Pullout strength of one anchor by its product test")),
	F_BOOL(anchor_request, ductile, DEFAULT(1), DOC("All listed grades are")),
};
static const struct field_table anchor_table = FIELD_TABLE("sign.anchors.anchor", anchor_request, anchor_fields);

struct layout_request {
	int64_t nx, ny;
	double sx_in, sy_in;
};

static const struct field layout_fields[] = {
	F_INT(layout_request, nx, RANGE(1, 32), DEFAULT(1), DOC("In the direction of V")),
	F_INT(layout_request, ny, RANGE(1, 32), DEFAULT(1)),
	F_NUM(layout_request, sx_in, RANGE(.1, 500), UNIT("in"), DOC("Required if nx is above 1")),
	F_NUM(layout_request, sy_in, RANGE(.1, 500), UNIT("in"), DOC("Required if ny is above 1")),
};
static const struct field_table layout_table = FIELD_TABLE("sign.anchors.layout", layout_request, layout_fields);

struct edges_request {
	double cx1_in, cx2_in, cy1_in, cy2_in, thickness_in;
};

static const struct field edges_fields[] = {
	F_NUM(edges_request, cx1_in, RANGE(.1, 1e5), UNIT("in"), DOC("From the outermost anchor on the side of least x")),
	F_NUM(edges_request, cx2_in, RANGE(.1, 1e5), UNIT("in")),
	F_NUM(edges_request, cy1_in, RANGE(.1, 1e5), UNIT("in")),
	F_NUM(edges_request, cy2_in, RANGE(.1, 1e5), UNIT("in")),
	F_NUM(edges_request, thickness_in, RANGE(1, 1e5), UNIT("in")),
};
static const struct field_table edges_table = FIELD_TABLE("sign.anchors.edges", edges_request, edges_fields);

struct loads_request {
	double n_kip, v_kip, ecc_n_in, ecc_v_in;
};

static const struct field loads_fields[] = {
	F_NUM(loads_request, n_kip, NAMED("N_kip"), RANGE(0, 1e5), DEFAULT(0), UNIT("kip"),
		  DOC("Tension on the group, strength level")),
	F_NUM(loads_request, v_kip, NAMED("V_kip"), RANGE(0, 1e5), DEFAULT(0), UNIT("kip"), DOC("Toward cx1")),
	F_NUM(loads_request, ecc_n_in, RANGE(0, 500), DEFAULT(0), UNIT("in"), DOC("Of N, along x")),
	F_NUM(loads_request, ecc_v_in, RANGE(0, 500), DEFAULT(0), UNIT("in"), DOC("Of V, along y")),
};
static const struct field_table loads_table = FIELD_TABLE("sign.anchors.loads", loads_request, loads_fields);

struct anchors_request {
	struct sign_common common;
	double fc_psi, lambda;
	bool cracked;
	struct anchor_request anchor;
	struct layout_request layout;
	const struct json *positions_in;
	struct edges_request edges;
	bool supplementary_reinforcement, grout_pad, seismic;
	struct loads_request loads;
};

static const struct field request_fields[] = {
	F_NUM(anchors_request, fc_psi, REQUIRED, RANGE(2500, 10000), UNIT("psi")),
	F_BOOL(anchors_request, cracked, DEFAULT(1)),
	F_NUM(anchors_request, lambda, RANGE(.75, 1), DEFAULT(1), DOC("Of lightweight concrete")),
	F_OBJECT(anchors_request, anchor, &anchor_table, REQUIRED),
	F_OBJECT(anchors_request, layout, &layout_table),
	F_JSON(anchors_request, positions_in, DOC("[[x, y], …] in inches, instead of layout; at most 64")),
	F_OBJECT(anchors_request, edges, &edges_table, DOC("From the outermost anchors; what is missing is far")),
	F_BOOL(anchors_request, supplementary_reinforcement, DEFAULT(0)),
	F_BOOL(anchors_request, grout_pad, DEFAULT(0)),
	F_BOOL(anchors_request, seismic, DEFAULT(0), DOC("Section 17.10: 0.75 on the concrete's tension strengths")),
	F_OBJECT(anchors_request, loads, &loads_table),
	SIGN_COMMON_FIELDS(anchors_request, SIGN_LRFD),
};
static const struct field_table request_table = FIELD_TABLE("sign.anchors.request", anchors_request, request_fields);

/* --- result --- */

struct anchors_result {
	double ase_in2, abrg_in2, nsa_lb, phi_nsa_lb, nb_lb, anco_in2, anc_in2;
	double psi_ec_n, psi_ed_n, psi_c_n, psi_cp_n, ncb_lb, phi_ncb_lb, np_lb, phi_np_lb, nsb_lb;
	double vsa_lb, phi_vsa_lb, vb_lb, vcb_lb, phi_vcb_lb, vcp_lb, phi_vcp_lb;
	double tension_ratio, shear_ratio, interaction;
	bool all_pass;
	struct check_list checks;
};

static const struct field result_fields[] = {
	F_NUM(anchors_result, ase_in2, UNIT("in2"), DOC("Effective area of one thread")),
	F_NUM(anchors_result, abrg_in2, UNIT("in2"), DOC("Bearing area of one head")),
	F_NUM(anchors_result, nsa_lb, UNIT("lb"), DOC("Steel in tension, all anchors")),
	F_NUM(anchors_result, phi_nsa_lb, UNIT("lb")),
	F_NUM(anchors_result, nb_lb, UNIT("lb"), DOC("Basic breakout of one anchor")),
	F_NUM(anchors_result, anco_in2, UNIT("in2"), DOC("Of one anchor far from edges")),
	F_NUM(anchors_result, anc_in2, UNIT("in2"), DOC("Of all anchors")),
	F_NUM(anchors_result, psi_ec_n),
	F_NUM(anchors_result, psi_ed_n),
	F_NUM(anchors_result, psi_c_n),
	F_NUM(anchors_result, psi_cp_n),
	F_NUM(anchors_result, ncb_lb, UNIT("lb"), DOC("Breakout in tension, all anchors")),
	F_NUM(anchors_result, phi_ncb_lb, UNIT("lb")),
	F_NUM(anchors_result, np_lb, NULLABLE, UNIT("lb"), DOC("Pullout of one anchor")),
	F_NUM(anchors_result, phi_np_lb, NULLABLE, UNIT("lb")),
	F_NUM(anchors_result, nsb_lb, NULLABLE, UNIT("lb"), DOC("Side-face blowout of the line that decides")),
	F_NUM(anchors_result, vsa_lb, UNIT("lb"), DOC("Steel in shear, all anchors")),
	F_NUM(anchors_result, phi_vsa_lb, UNIT("lb")),
	F_NUM(anchors_result, vb_lb, NULLABLE, UNIT("lb"), DOC("Basic breakout in shear; null far from cx1")),
	F_NUM(anchors_result, vcb_lb, NULLABLE, UNIT("lb"), DOC("Breakout in shear, the row nearest cx1")),
	F_NUM(anchors_result, phi_vcb_lb, NULLABLE, UNIT("lb")),
	F_NUM(anchors_result, vcp_lb, UNIT("lb"), DOC("Pryout, all anchors")),
	F_NUM(anchors_result, phi_vcp_lb, UNIT("lb")),
	F_NUM(anchors_result, tension_ratio),
	F_NUM(anchors_result, shear_ratio),
	F_NUM(anchors_result, interaction, DOC("Sum of the ratios; the larger where one is at most 0.2")),
	F_BOOL(anchors_result, all_pass),
	F_OBJECTS(anchors_result, checks, &check_table),
};
static const struct field_table result_table = FIELD_TABLE("sign.anchors.result", anchors_result, result_fields);

/* --- input --- */

static double far_if_missing(double distance)
{
	return given(distance) ? distance : INFINITY;
}

static bool pair(const struct json *item)
{
	return item->kind == JS_ARRAY && item->count == 2 && json_numeric(&item->items[0]) && json_numeric(&item->items[1]);
}

static void take_positions(struct calc *calc, const struct json *positions, struct anchor_problem *p)
{
	if (positions->kind != JS_ARRAY || positions->count < 1 || positions->count > ANCHORS_MAX) {
		calc_fault(calc, "/positions_in", positions->kind == JS_ARRAY ? "count" : "type",
				   "must be 1 to %d pairs [x, y]", ANCHORS_MAX);
		return;
	}
	for (uint32_t i = 0; i < positions->count; i++) {
		const struct json *item = &positions->items[i];
		const char *pointer = field_pointer_index(calc->arena, "/positions_in", i);
		struct anchor_point at = {0, 0};
		if (!pair(item)) {
			calc_fault(calc, pointer, "type", "must be a pair of numbers [x, y]");
			continue;
		}
		at = (struct anchor_point){json_number(&item->items[0]), json_number(&item->items[1])};
		if (fabs(at.x_in) > 1e4 || fabs(at.y_in) > 1e4)
			calc_fault(calc, pointer, "range", "must be within 10000 in of the origin");
		for (size_t k = 0; k < p->count; k++)
			if (hypot(at.x_in - p->points[k].x_in, at.y_in - p->points[k].y_in) < 1e-3)
				calc_fault(calc, pointer, "duplicate", "stands where another anchor stands");
		p->points[p->count++] = at;
	}
}

static void take_layout(struct calc *calc, const struct layout_request *l, struct anchor_problem *p)
{
	if (l->nx > 1 && !given(l->sx_in))
		calc_fault(calc, "/layout/sx_in", "required", "is required if nx is above 1");
	if (l->ny > 1 && !given(l->sy_in))
		calc_fault(calc, "/layout/sy_in", "required", "is required if ny is above 1");
	if (l->nx * l->ny > ANCHORS_MAX) {
		calc_fault(calc, "/layout", "range", "must be at most %d anchors", ANCHORS_MAX);
		return;
	}
	for (int64_t ix = 0; ix < l->nx; ix++)
		for (int64_t iy = 0; iy < l->ny; iy++)
			p->points[p->count++] =
				(struct anchor_point){l->nx > 1 ? (double)ix * l->sx_in : 0, l->ny > 1 ? (double)iy * l->sy_in : 0};
}

static const struct grade *grade_of(const struct grades *grades, const struct anchor_request *a)
{
	enum { EDITION = 2021 };
	return a->grade != NULL ? grade_find(grades, a->grade, GRADE_ANCHOR, EDITION) : NULL;
}

static void check_grade(struct calc *calc, const struct anchor_request *a)
{
	const struct grades *grades = calc_pack(calc, "grades");
	if (grades != NULL && grade_of(grades, a) == NULL && !given(a->futa_ksi))
		calc_fault(calc, "/anchor/grade", "enum", "is no anchor grade of pack grades: give futa_ksi");
}

static bool take_steel(struct calc *calc, const struct anchor_request *a, struct anchor_bolt *bolt)
{
	const struct grades *grades = calc_pack(calc, "grades");
	if (grades == NULL)
		return false;
	const struct grade *grade = grade_of(grades, a);
	double fu = given(a->futa_ksi) ? a->futa_ksi : grade->fu_ksi;
	double fy = given(a->fya_ksi) ? a->fya_ksi : grade != NULL && !given(a->futa_ksi) ? grade->fy_ksi : (double)NAN;
	/* REF: ACI 318-19 section 17.6.1.2: futa at most 1.9 fya and 125 ksi */
	double futa = fmin(fu, given(fy) ? fmin(1.9 * fy, 125) : 125);
	bolt->futa_psi = 1000 * futa;
	calc_factor(calc, "futa_ksi", futa);
	return true;
}

static void take_bolt(struct calc *calc, const struct anchors_request *r, struct anchor_bolt *bolt)
{
	const struct anchor_request *a = &r->anchor;
	bool listed, cast_in = a->kind == ANCHOR_CAST_IN;
	bolt->kind = a->kind;
	bolt->dia_in = a->dia_in;
	bolt->ase_in2 = anchor_ase_in2(a->dia_in, &listed);
	bolt->hef_in = a->hef_in;
	bolt->abrg_in2 = given(a->abrg_in2) ? a->abrg_in2 : anchor_head_in2(a->dia_in, a->head == HEAVY_HEX);
	bolt->kc = given(a->kc) ? a->kc : cast_in ? 24 : 17;
	bolt->np_lb = a->np_lb;
	bolt->cac_in = 4 * a->hef_in; /* REF: ACI 318-19 table 17.9.5: torque-controlled expansion anchors */
	bolt->ductile = a->ductile;
	if (!listed)
		calc_assume(calc, "thread",
					"A diameter of %.4g in has no coarse thread of its own: the next coarser one is used.", a->dia_in);
	if (!cast_in && !given(a->np_lb))
		calc_assume(calc, "pullout_by_test",
					"Pullout of a post-installed anchor comes from its product test: it is not checked without np_lb.");
	if (!cast_in)
		calc_assume(calc, "post_installed",
					"A torque-controlled expansion anchor of category 1 (ACI 318-19 17.5.3, 17.9.2, 17.9.5).");
	if (!cast_in && r->fc_psi > 8000)
		calc_assume(calc, "fc_limit", "f'c counts up to 8000 psi for post-installed anchors (ACI 318-19 17.3.1).");
}

/* Where the anchors stand; with the faults that no table knows. */
static void stand(struct calc *calc, const struct anchors_request *r, struct anchor_problem *p)
{
	bool gridded = r->layout.nx > 1 || r->layout.ny > 1;
	if (r->positions_in != NULL && gridded)
		calc_fault(calc, "/positions_in", "conflict", "says the same as layout: give one of them");
	else if (r->positions_in != NULL)
		take_positions(calc, r->positions_in, p);
	else
		take_layout(calc, &r->layout, p);
	if (given(r->edges.thickness_in) && r->anchor.hef_in >= r->edges.thickness_in)
		calc_fault(calc, "/edges/thickness_in", "range", "must be above hef_in (%.10g in)", r->anchor.hef_in);
}

static void check(struct calc *calc, const void *input)
{
	const struct anchors_request *r = input;
	struct anchor_problem unused = {.count = 0};
	stand(calc, r, &unused);
	check_grade(calc, &r->anchor);
}

static bool take(struct calc *calc, const struct anchors_request *r, struct anchor_problem *p)
{
	*p = (struct anchor_problem){
		.fc_psi = r->fc_psi,
		.lambda = r->lambda,
		.cracked = r->cracked,
		.supplementary = r->supplementary_reinforcement,
		.grout_pad = r->grout_pad,
		.seismic = r->seismic,
		.edges = {far_if_missing(r->edges.cx1_in), far_if_missing(r->edges.cx2_in), far_if_missing(r->edges.cy1_in),
				  far_if_missing(r->edges.cy2_in), far_if_missing(r->edges.thickness_in)},
		.n_lb = 1000 * r->loads.n_kip,
		.v_lb = 1000 * r->loads.v_kip,
		.ecc_n_in = r->loads.ecc_n_in,
		.ecc_v_in = r->loads.ecc_v_in,
	};
	stand(calc, r, p);
	take_bolt(calc, r, &p->bolt);
	return take_steel(calc, &r->anchor, &p->bolt) && calc->faults.count == 0;
}

/* --- answer --- */

static void add(struct check_list *checks, struct arena *arena, const char *name, const struct anchor_limit *limit,
				const char *reference)
{
	if (given(limit->design_lb))
		check_add(checks, arena, name, limit->demand_lb, limit->design_lb, "lb", reference);
}

void anchors_rows(const struct anchor_answer *a, struct arena *arena, struct check_list *checks)
{
	add(checks, arena, "steel_tension", &a->steel_n, "ACI 318-19 17.6.1");
	add(checks, arena, "breakout", &a->breakout_n, "ACI 318-19 17.6.2");
	add(checks, arena, "pullout", &a->pullout, "ACI 318-19 17.6.3");
	add(checks, arena, "side_face", &a->side_face, "ACI 318-19 17.6.4");
	add(checks, arena, "steel_shear", &a->steel_v, "ACI 318-19 17.7.1");
	add(checks, arena, "shear_breakout", &a->breakout_v, "ACI 318-19 17.7.2");
	add(checks, arena, "shear_parallel", &a->parallel_v, "ACI 318-19 17.7.2.1 (c)");
	add(checks, arena, "pryout", &a->pryout, "ACI 318-19 17.7.3");
	if (isfinite(a->interaction))
		check_add(checks, arena, "interaction", a->interaction, a->interaction_limit, "1", "ACI 318-19 17.8");
	if (given(a->spacing.required_in))
		check_add(checks, arena, "spacing", a->spacing.required_in, a->spacing.available_in, "in",
				  a->spacing.reference);
}

void anchors_note_parallel(struct calc *calc, const struct anchor_answer *answer)
{
	if (given(answer->parallel_v.design_lb))
		calc_assume(
			calc, "shear_along_edge",
			"Breakout at an edge along V decides the shear (row shear_parallel), all of V on the row nearest it.");
}

static void note(struct calc *calc, const struct anchor_problem *p, const struct anchor_answer *a)
{
	calc_factor(calc, "hef_in", a->hef_in);
	calc_factor(calc, "lambda_a", anchors_lambda(p));
	if (given(a->vb_lb)) {
		calc_factor(calc, "ca1_in", a->ca1_in);
		calc_factor(calc, "avco_in2", a->avco_in2);
		calc_factor(calc, "avc_in2", a->avc_in2);
		calc_factor(calc, "psi_ec_v", a->psi_ec_v);
		calc_factor(calc, "psi_ed_v", a->psi_ed_v);
		calc_factor(calc, "psi_c_v", a->psi_c_v);
		calc_factor(calc, "psi_h_v", a->psi_h_v);
	}
	size_t label[ANCHORS_MAX], groups = anchors_groups(p, 3 * p->bolt.hef_in, label);
	calc_factor(calc, "groups", (double)groups);
	if (groups > 1)
		calc_assume(
			calc, "separate_groups",
			"Anchors 3 hef and more apart break out as %zu groups; strengths are the load at which the first does.",
			groups);
	if (p->bolt.hef_in > 25 && p->bolt.kind == ANCHOR_CAST_IN)
		calc_assume(calc, "deep_anchor", "Beyond 25 in the 1.5 power holds again (ACI 318-19 17.6.2.2).");
	anchors_note_parallel(calc, a);
	if (p->seismic)
		calc_assume(
			calc, "seismic",
			"Section 17.10: 0.75 on concrete strengths in tension; ductility of the attachment (17.10.5.3) is not "
			"checked.");
	double shares[ANCHORS_MAX], least = 0;
	anchors_shares(p, p->ecc_n_in, true, shares);
	for (size_t i = 0; i < p->count; i++)
		least = fmin(least, shares[i]);
	if (least < -1e-12)
		calc_warn(calc, "anchors_in_compression", "/loads/ecc_n_in",
				  "The eccentricity presses some anchors: only those in tension should be in the group.");
}

static void fill(const struct anchor_problem *p, const struct anchor_answer *a, struct anchors_result *out)
{
	*out = (struct anchors_result){
		.ase_in2 = p->bolt.ase_in2,
		.abrg_in2 = p->bolt.abrg_in2,
		.nsa_lb = a->steel_n.nominal_lb,
		.phi_nsa_lb = a->steel_n.design_lb,
		.nb_lb = a->nb_lb,
		.anco_in2 = a->anco_in2,
		.anc_in2 = a->anc_in2,
		.psi_ec_n = a->psi_ec_n,
		.psi_ed_n = a->psi_ed_n,
		.psi_c_n = a->psi_c_n,
		.psi_cp_n = a->psi_cp_n,
		.ncb_lb = a->breakout_n.nominal_lb,
		.phi_ncb_lb = a->breakout_n.design_lb,
		.np_lb = a->pullout.nominal_lb,
		.phi_np_lb = a->pullout.design_lb,
		.nsb_lb = a->side_face.nominal_lb,
		.vsa_lb = a->steel_v.nominal_lb,
		.phi_vsa_lb = a->steel_v.design_lb,
		.vb_lb = a->vb_lb,
		.vcb_lb = a->breakout_v.nominal_lb,
		.phi_vcb_lb = a->breakout_v.design_lb,
		.vcp_lb = a->pryout.nominal_lb,
		.phi_vcp_lb = a->pryout.design_lb,
		.tension_ratio = a->tension_ratio,
		.shear_ratio = a->shear_ratio,
		.interaction = a->interaction,
	};
}

static bool run(struct calc *calc, const void *input, void *output)
{
	struct anchors_result *out = output;
	struct anchor_problem *p = arena_new(calc->arena, struct anchor_problem);
	struct anchor_answer answer;
	if (p == NULL || !take(calc, input, p))
		return false;
	anchors_check(p, &answer);
	anchors_check_parallel(p, &answer);
	note(calc, p, &answer);
	fill(p, &answer, out);
	anchors_rows(&answer, calc->arena, &out->checks);
	out->all_pass = check_finish(&out->checks);
	calc_checks(calc, &out->checks);
	return true;
}

static const struct op_alias aliases[] = {{"POST", "/signage/anchors/checks"}, {NULL}};

const struct op sign_anchors_op = {
	.name = "sign.anchors",
	.path = "/api/v1/sign/anchors",
	.summary = "Anchors in concrete in tension and shear (ACI 318-19 chapter 17)",
	.doc =
		"Steel, breakout, pullout, side-face blowout, pryout, interaction and the least spacings, at strength level. "
		"Any layout: the failure area is the union of the anchors' squares within the edges.",
	.aliases = aliases,
	.input = &request_table,
	.output = &result_table,
	.check = check,
	.run = run,
	.example = "{\"fc_psi\":4000,\"anchor\":{\"dia_in\":0.75,\"hef_in\":12},\"layout\":{\"nx\":2,\"ny\":2,\"sx_in\":8,"
			   "\"sy_in\":8},\"edges\":{\"cx1_in\":10},\"loads\":{\"N_kip\":12,\"V_kip\":3}}",
};
