#include <math.h>

#include "sign/domain/design.h"

double design_pole_line_ft(const struct design_support *support)
{
	return given(support->spacing_ft) ? (double)(support->num_poles - 1) * support->spacing_ft : 0;
}

static void face_of_sign(const struct design_request *r, struct design_face *face)
{
	const struct design_sign *sign = r->sign;
	bool beside = design_pole_line_ft(&r->support) > sign->sign_width_ft;
	*face = (struct design_face){
		.height_ft = sign->height_ft,
		.sign_height_ft = sign->sign_height_ft,
		.sign_width_ft = sign->sign_width_ft,
		.area_ft2 = sign->sign_height_ft * sign->sign_width_ft,
		.weight_lb = sign->sign_height_ft * sign->sign_width_ft * sign->weight_psf,
		.depth_ft = sign->depth_ft,
		.dead_z_ft = sign->height_ft - sign->sign_height_ft / 2,
		.poles_to_ft = beside ? sign->height_ft : sign->height_ft - sign->sign_height_ft,
	};
}

/* Up to where not every pole stands behind cabinets. */
static double poles_to_ft(const struct design_request *r, double top_ft)
{
	double to = 0, apart = given(r->support.spacing_ft) ? r->support.spacing_ft : 0;
	for (int64_t i = 0; i < r->support.num_poles; i++) {
		double x = ((double)i - (double)(r->support.num_poles - 1) / 2) * apart;
		to = fmax(to, cabinets_cover_ft(r->cabinets.items, r->cabinets.count, x, top_ft));
	}
	return to;
}

/* The rectangle around all cabinets; its gross area is theirs. */
static void face_of_cabinets(const struct design_request *r, struct design_face *face)
{
	struct cabinet_sum sum = cabinet_sum(r->cabinets.items, r->cabinets.count);
	double height = sum.top_ft - sum.bottom_ft, width = sum.right_ft - sum.left_ft;
	*face = (struct design_face){
		.height_ft = sum.top_ft,
		.sign_height_ft = height,
		.sign_width_ft = width,
		.area_ft2 = fmin(sum.area_ft2, height * width),
		.weight_lb = sum.weight_lb,
		.x_ft = sum.x_area_ft,
		.depth_ft = sum.depth_ft,
		.dead_x_ft = sum.x_cg_ft,
		.dead_z_ft = sum.z_cg_ft,
		.poles_to_ft = poles_to_ft(r, sum.top_ft),
	};
}

void design_choose_face(const struct design_request *r, struct design_face *face)
{
	if (r->sign != NULL)
		face_of_sign(r, face);
	else
		face_of_cabinets(r, face);
}
