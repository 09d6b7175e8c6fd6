/*
 * What sign.poles is asked and what it answers; the structs behind its field tables.  For poles_*.c only.
 */
#ifndef CS_SIGN_DOMAIN_POLES_REQUEST_H
#define CS_SIGN_DOMAIN_POLES_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "seal/check.h"
#include "sign/domain/common.h"
#include "sign/domain/poles.h"

enum pole_family {
	POLE_FAMILY_PIPE,
	POLE_FAMILY_TUBE,
	POLE_FAMILY_HSS_ROUND,
	POLE_FAMILY_HSS_SQUARE,
	POLE_FAMILY_HSS_RECT,
	POLE_FAMILY_W
};
enum pole_sort { POLE_BY_WEIGHT, POLE_BY_MODULUS, POLE_BY_SIZE };
enum pole_metal { POLE_STEEL, POLE_ALUMINUM };

enum { POLE_SEGMENTS_MAX = 10, POLE_NEAREST = 3, POLE_COUNT_MAX = 12, ALUMINUM_HEIGHT_MAX_FT = 15 };

struct poles_prefs {
	struct {
		size_t count;
		int *items; /* enum pole_family */
	} family;
	const char *steel_grade;
	int64_t grade_edition;
	double fy_ksi;
	int sort_by; /* enum pole_sort */
	int64_t limit;
	const char *designation;
};

struct poles_drift {
	double limit_ratio, service_force_kip, arm_ft, service_factor;
};

struct poles_segment {
	const char *designation;
	double length_ft;
};

struct poles_request {
	struct sign_common common;
	struct pole_loads loads; /* of the structure */
	struct poles_prefs prefs;
	int64_t num_poles;
	double spacing_ft;
	int material; /* enum pole_metal */
	double height_ft, unbraced_length_ft, k_factor, shear_length_ft;
	struct poles_drift drift;
	struct {
		size_t count;
		struct poles_segment *items;
	} segments;
	bool weight_counted; /* asked by no one: sign.cantilever has the pole's own weight in P */
};

struct pole_option {
	int family; /* enum section_family */
	const char *designation;
	double weight_lb_ft, weight_lb, sx_in3, zx_in3, ix_in4, fy_ksi, fu_ksi;
	double deflection_in, amplification, utilization; /* NaN: none, the pole is not stable */
	bool all_pass;
	struct check_list checks;
};

struct pole_needs {
	double zx_in3;
	int64_t num_poles;
	double height_ft;
};

struct pole_nearest {
	int family;
	const char *designation;
	double weight_lb_ft, utilization;
	const char *governing;
	struct pole_needs needs;
};

struct poles_result {
	struct {
		size_t count;
		struct pole_option *items;
	} options;
	struct pole_option *recommended;
	int64_t feasible_count, considered_count;
	struct pole_loads per_pole;
	struct {
		size_t count;
		struct pole_nearest *items;
	} nearest;
};

/*
 * Bits of enum section_family that these stand for; what is no family (-1, refused when decoding) stands for none.
 * Of none, those that are searched when none is named: pipe and tube.
 */
unsigned pole_families_of(const int *families, size_t count);

/* Pipe and tube, as a list.  NULL and no count when the arena is full. */
int *pole_families_usual(struct arena *arena, size_t *count);

extern const struct field_table poles_request_table, poles_result_table;

#endif
