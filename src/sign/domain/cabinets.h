/*
 * sign.cabinets [sign.md 2.2]: area, weight and centroids of the cabinets of a sign; and the same with one more
 * cabinet.
 */
#ifndef CS_SIGN_DOMAIN_CABINETS_H
#define CS_SIGN_DOMAIN_CABINETS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/field.h"

struct calc;
struct op;

struct cabinet {
	double width_ft, height_ft, depth_in, weight_psf;
	double z_offset_ft; /* bottom above grade */
	double x_offset_ft; /* centre from the pole line */
};

extern const struct field_table cabinet_table;

/* What the cabinets are together. */
struct cabinet_sum {
	double area_ft2, weight_lb;
	double z_cg_ft, x_cg_ft;     /* weighted by weight; by area where nothing weighs */
	double z_area_ft, x_area_ft; /* weighted by area: the wind's */
	double bottom_ft, top_ft, left_ft, right_ft, depth_ft;
};

/* Sum `count` ≥ 1 cabinets.  Thread: any.  Cost: 5 ns each. */
struct cabinet_sum cabinet_sum(const struct cabinet *cabinets, size_t count);

/* They cover the whole rectangle around them, each part once: one face.  Thread: any.  Cost: count². */
bool cabinets_tile(const struct cabinet *cabinets, size_t count);

/* Warn of each two that overlap; their pointers stand below /cabinets. */
void cabinets_warn_overlap(struct calc *calc, const struct cabinet *cabinets, size_t count);

/* How far down from `top_ft` cabinets stand before a pole at x_ft without a gap (ft above grade); top_ft: not at all.
 */
double cabinets_cover_ft(const struct cabinet *cabinets, size_t count, double x_ft, double top_ft);

extern const struct op sign_cabinets_op, sign_cabinets_add_op;

#endif
