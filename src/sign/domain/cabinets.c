#include "sign/domain/cabinets.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "seal/calc.h"
#include "seal/op.h"
#include "sign/domain/common.h"

enum { CABINETS_MAX = 50, TOKEN_LENGTH = 16 };

static const struct field cabinet_fields[] = {
	F_NUM(cabinet, width_ft, REQUIRED, RANGE(.1, 500), UNIT("ft")),
	F_NUM(cabinet, height_ft, REQUIRED, RANGE(.1, 500), UNIT("ft")),
	F_NUM(cabinet, depth_in, RANGE(1, 120), DEFAULT(12), UNIT("in")),
	F_NUM(cabinet, weight_psf, RANGE(0, 200), DEFAULT(10), UNIT("psf"), DOC("Of the face")),
	F_NUM(cabinet, z_offset_ft, RANGE(0, 500), DEFAULT(0), UNIT("ft"), DOC("Bottom above grade")),
	F_NUM(cabinet, x_offset_ft, RANGE(-500, 500), DEFAULT(0), UNIT("ft"), DOC("Centre from the pole line")),
};
const struct field_table cabinet_table = FIELD_TABLE("sign.cabinet", cabinet, cabinet_fields);

struct cabinet_sum cabinet_sum(const struct cabinet *cabinets, size_t count)
{
	struct cabinet_sum sum = {.bottom_ft = INFINITY, .left_ft = INFINITY, .right_ft = -INFINITY};
	double by_weight = 0, by_area = 0, sideways = 0, weight_sideways = 0;
	for (size_t i = 0; i < count; i++) {
		const struct cabinet *c = &cabinets[i];
		double area = c->width_ft * c->height_ft, middle = c->z_offset_ft + c->height_ft / 2;
		sum.area_ft2 += area;
		sum.weight_lb += area * c->weight_psf;
		by_weight += area * c->weight_psf * middle;
		by_area += area * middle;
		sideways += area * c->x_offset_ft;
		weight_sideways += area * c->weight_psf * c->x_offset_ft;
		sum.bottom_ft = fmin(sum.bottom_ft, c->z_offset_ft);
		sum.top_ft = fmax(sum.top_ft, c->z_offset_ft + c->height_ft);
		sum.left_ft = fmin(sum.left_ft, c->x_offset_ft - c->width_ft / 2);
		sum.right_ft = fmax(sum.right_ft, c->x_offset_ft + c->width_ft / 2);
		sum.depth_ft = fmax(sum.depth_ft, c->depth_in / 12);
	}
	sum.z_area_ft = by_area / sum.area_ft2;
	sum.x_area_ft = sideways / sum.area_ft2;
	sum.z_cg_ft = sum.weight_lb > 0 ? by_weight / sum.weight_lb : sum.z_area_ft;
	sum.x_cg_ft = sum.weight_lb > 0 ? weight_sideways / sum.weight_lb : sum.x_area_ft;
	return sum;
}

static const double TOUCH_FT = 1e-9; /* edges that meet do not overlap, and leave no gap */

static bool overlap(const struct cabinet *a, const struct cabinet *b)
{
	double left = fmax(a->x_offset_ft - a->width_ft / 2, b->x_offset_ft - b->width_ft / 2);
	double right = fmin(a->x_offset_ft + a->width_ft / 2, b->x_offset_ft + b->width_ft / 2);
	double bottom = fmax(a->z_offset_ft, b->z_offset_ft);
	double top = fmin(a->z_offset_ft + a->height_ft, b->z_offset_ft + b->height_ft);
	return right - left > TOUCH_FT && top - bottom > TOUCH_FT;
}

bool cabinets_tile(const struct cabinet *cabinets, size_t count)
{
	struct cabinet_sum sum = cabinet_sum(cabinets, count);
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++)
			if (overlap(&cabinets[i], &cabinets[j]))
				return false;
	return sum.area_ft2 >= (sum.top_ft - sum.bottom_ft) * (sum.right_ft - sum.left_ft) * (1 - 1e-9);
}

void cabinets_warn_overlap(struct calc *calc, const struct cabinet *cabinets, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++)
			if (overlap(&cabinets[i], &cabinets[j]))
				calc_warn(calc, "overlap", field_pointer_index(calc->arena, "/cabinets", i),
						  "Cabinets %zu and %zu overlap.", j, i);
}

double cabinets_cover_ft(const struct cabinet *cabinets, size_t count, double x_ft, double top_ft)
{
	double down_to = top_ft;
	for (bool lower = true; lower;) {
		lower = false;
		for (size_t i = 0; i < count; i++) {
			const struct cabinet *c = &cabinets[i];
			if (fabs(x_ft - c->x_offset_ft) <= c->width_ft / 2 && c->z_offset_ft < down_to &&
				c->z_offset_ft + c->height_ft >= down_to - TOUCH_FT) {
				down_to = c->z_offset_ft;
				lower = true;
			}
		}
	}
	return down_to;
}

/* --- the operations --- */

struct cabinets_request {
	struct sign_common common;
	double overall_height_ft;
	struct {
		size_t count;
		struct cabinet *items;
	} cabinets;
};

static const struct field request_fields[] = {
	F_NUM(cabinets_request, overall_height_ft, REQUIRED, RANGE(1, 500), UNIT("ft"),
		  DOC("No cabinet may reach above it")),
	F_OBJECTS(cabinets_request, cabinets, &cabinet_table, REQUIRED, COUNT(1, CABINETS_MAX)),
	SIGN_COMMON_FIELDS(cabinets_request, SIGN_ASD),
};
static const struct field_table request_table = FIELD_TABLE("sign.cabinets.request", cabinets_request, request_fields);

struct add_request {
	struct sign_common common;
	double overall_height_ft;
	struct {
		size_t count;
		struct cabinet *items;
	} existing_cabinets;
	struct cabinet cabinet;
};

static const struct field add_fields[] = {
	F_NUM(add_request, overall_height_ft, REQUIRED, RANGE(1, 500), UNIT("ft")),
	F_OBJECTS(add_request, existing_cabinets, &cabinet_table, COUNT(0, CABINETS_MAX - 1)),
	F_OBJECT(add_request, cabinet, &cabinet_table, REQUIRED, DOC("The one to add")),
	SIGN_COMMON_FIELDS(add_request, SIGN_ASD),
};
static const struct field_table add_table = FIELD_TABLE("sign.cabinets.add.request", add_request, add_fields);

struct cabinet_row {
	double area_ft2, weight_lb, z_ft;
};

static const struct field row_fields[] = {
	F_NUM(cabinet_row, area_ft2, UNIT("ft2")),
	F_NUM(cabinet_row, weight_lb, UNIT("lb")),
	F_NUM(cabinet_row, z_ft, UNIT("ft"), DOC("Middle above grade")),
};
static const struct field_table row_table = FIELD_TABLE("sign.cabinets.row", cabinet_row, row_fields);

struct cabinets_result {
	double A_ft2, weight_estimate_lb, z_cg_ft, z_area_ft, x_area_ft, bottom_ft, top_ft, width_ft;
	struct {
		size_t count;
		struct cabinet_row *items;
	} cabinets;
	const char *view_token;
	int64_t cabinet_count;
};

#define RESULT_FIELDS \
	F_NUM(cabinets_result, A_ft2, UNIT("ft2"), DOC("Σ width × height")), \
		F_NUM(cabinets_result, weight_estimate_lb, UNIT("lb")), \
		F_NUM(cabinets_result, z_cg_ft, UNIT("ft"), DOC("Centroid by weight")), \
		F_NUM(cabinets_result, z_area_ft, UNIT("ft"), DOC("Centroid by area: the wind's")), \
		F_NUM(cabinets_result, x_area_ft, UNIT("ft"), DOC("Centroid by area from the pole line")), \
		F_NUM(cabinets_result, bottom_ft, UNIT("ft")), F_NUM(cabinets_result, top_ft, UNIT("ft")), \
		F_NUM(cabinets_result, width_ft, UNIT("ft"), DOC("From the leftmost to the rightmost edge")), \
		F_OBJECTS(cabinets_result, cabinets, &row_table, DOC("In the order given")), \
		F_STR(cabinets_result, view_token, DOC("First 16 digits of inputs_sha256"))

static const struct field result_fields[] = {RESULT_FIELDS};
static const struct field_table result_table = FIELD_TABLE("sign.cabinets.result", cabinets_result, result_fields);

static const struct field add_result_fields[] = {RESULT_FIELDS, F_INT(cabinets_result, cabinet_count)};
static const struct field_table add_result_table =
	FIELD_TABLE("sign.cabinets.add.result", cabinets_result, add_result_fields);

static void check_height(struct calc *calc, const struct cabinet *c, double overall_ft, const char *pointer)
{
	if (c->z_offset_ft + c->height_ft > overall_ft * (1 + 1e-12))
		calc_fault(calc, pointer, "above_overall_height", "reaches %.10g ft, above overall_height_ft (%.10g ft)",
				   c->z_offset_ft + c->height_ft, overall_ft);
}

static bool derive(struct calc *calc, const struct cabinet *cabinets, size_t count, struct cabinets_result *out)
{
	struct cabinet_sum sum = cabinet_sum(cabinets, count);
	struct cabinet_row *rows = arena_array(calc->arena, count, sizeof *rows);
	if (calc->faults.count > 0 || rows == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct cabinet *c = &cabinets[i];
		double area = c->width_ft * c->height_ft;
		rows[i] = (struct cabinet_row){area, area * c->weight_psf, c->z_offset_ft + c->height_ft / 2};
	}
	cabinets_warn_overlap(calc, cabinets, count);
	*out = (struct cabinets_result){
		.A_ft2 = sum.area_ft2,
		.weight_estimate_lb = sum.weight_lb,
		.z_cg_ft = sum.z_cg_ft,
		.z_area_ft = sum.z_area_ft,
		.x_area_ft = sum.x_area_ft,
		.bottom_ft = sum.bottom_ft,
		.top_ft = sum.top_ft,
		.width_ft = sum.right_ft - sum.left_ft,
		.cabinets = {count, rows},
		.cabinet_count = (int64_t)count,
	};
	calc_factor(calc, "a_ft2", sum.area_ft2);
	calc_factor(calc, "z_area_ft", sum.z_area_ft);
	calc_factor(calc, "z_cg_ft", sum.z_cg_ft);
	return true;
}

static void finish(void *output, struct arena *arena, const char *inputs_sha256)
{
	struct cabinets_result *out = output;
	out->view_token = arena_dupn(arena, inputs_sha256, TOKEN_LENGTH);
}

static void check_all(struct calc *calc, const struct cabinet *cabinets, size_t count, double overall_ft,
					  const char *pointer)
{
	for (size_t i = 0; cabinets != NULL && i < count; i++)
		check_height(calc, &cabinets[i], overall_ft, field_pointer_index(calc->arena, pointer, i));
}

static void check(struct calc *calc, const void *input)
{
	const struct cabinets_request *r = input;
	check_all(calc, r->cabinets.items, r->cabinets.count, r->overall_height_ft, "/cabinets");
}

static void check_adding(struct calc *calc, const void *input)
{
	const struct add_request *r = input;
	check_all(calc, r->existing_cabinets.items, r->existing_cabinets.count, r->overall_height_ft, "/existing_cabinets");
	check_height(calc, &r->cabinet, r->overall_height_ft, "/cabinet");
}

static bool run(struct calc *calc, const void *input, void *output)
{
	const struct cabinets_request *r = input;
	return derive(calc, r->cabinets.items, r->cabinets.count, output);
}

static bool run_add(struct calc *calc, const void *input, void *output)
{
	const struct add_request *r = input;
	size_t count = r->existing_cabinets.count;
	struct cabinet *all = arena_array(calc->arena, count + 1, sizeof *all);
	if (all == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		all[i] = r->existing_cabinets.items[i];
	all[count] = r->cabinet;
	return derive(calc, all, count + 1, output);
}

static const struct op_alias aliases[] = {{"POST", "/signage/common/cabinets/derive"}, {NULL, NULL}};
static const struct op_alias add_aliases[] = {{"POST", "/signage/common/cabinets/add"}, {NULL, NULL}};

const struct op sign_cabinets_op = {
	.name = "sign.cabinets",
	.path = "/api/v1/sign/cabinets",
	.summary = "Area, weight and centroids of the cabinets of a sign",
	.doc = "What wind and poles need to know of a sign made of cabinets.",
	.aliases = aliases,
	.input = &request_table,
	.output = &result_table,
	.check = check,
	.run = run,
	.finish = finish,
	.example = "{\"overall_height_ft\":20,\"cabinets\":[{\"width_ft\":12,\"height_ft\":8,\"z_offset_ft\":12}]}",
	.quick = true,
};

const struct op sign_cabinets_add_op = {
	.name = "sign.cabinets.add",
	.path = "/api/v1/sign/cabinets/add",
	.summary = "The same with one more cabinet",
	.doc = "For a client that builds a sign cabinet by cabinet.",
	.aliases = add_aliases,
	.input = &add_table,
	.output = &add_result_table,
	.check = check_adding,
	.run = run_add,
	.finish = finish,
	.example = "{\"overall_height_ft\":20,\"existing_cabinets\":[{\"width_ft\":12,\"height_ft\":5,\"z_offset_ft\":15}],"
			   "\"cabinet\":{\"width_ft\":12,\"height_ft\":3,\"z_offset_ft\":12}}",
	.quick = true,
};
