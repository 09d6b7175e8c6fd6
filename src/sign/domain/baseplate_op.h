/*
 * sign.baseplate: a plate that is checked, or searched for.
 */
#ifndef CS_SIGN_DOMAIN_BASEPLATE_OP_H
#define CS_SIGN_DOMAIN_BASEPLATE_OP_H

#include <stdint.h>

#include "seal/check.h"
#include "seal/op.h"
#include "sign/domain/common.h"

struct arena;
struct calc;
struct plate_answer;

struct plate_request {
	double w_in, l_in, t_in, fy_ksi;
	bool search;
};

struct column_request {
	int shape;
	double d_in, b_in, tf_in;
};

struct support_request {
	double fc_psi, a2_over_a1;
};

struct bolts_request {
	int64_t num_anchors;
	double dia_in;
	const char *grade;
	double embed_in, edge_in;
};

struct weld_request {
	double size_in, fexx_ksi;
};

struct plate_loads {
	double p_kip, v_kip, m_kipin, t_kipin;
};

struct baseplate_request {
	struct sign_common common;
	struct plate_request plate;
	struct column_request column;
	struct support_request concrete;
	struct bolts_request anchors;
	struct weld_request weld;
	struct plate_loads loads;
	int method;
	double bearing_ksi;
};

struct plate_shown {
	double w_in, l_in, t_in;
	int64_t num_anchors;
	double weight_lb;
	bool all_pass;
};

struct baseplate_result {
	double eccentricity_in, e_crit_in, y_in, fp_ksi, fp_max_ksi, tension_kip, tension_per_anchor_kip;
	double m_in, n_in, x_in, t_bearing_in, t_tension_in, t_required_in;
	int moment_case;
	bool approved, all_pass;
	struct check_list checks;
	struct plate_shown plate;
	const char *recommendation;
	struct plate_shown *nearest;
};

/* The parts of a request, for operations that have posts on plates; and the result. */
extern const struct field_table baseplate_plate_table, baseplate_column_table, baseplate_support_table,
	baseplate_bolts_table, baseplate_weld_table, baseplate_result_table;
extern const struct op sign_baseplate_op;

/* The faults that no table knows. */
void baseplate_check(struct calc *calc, const struct baseplate_request *request);

/* The rows of an answer, with those of anchors in concrete; not finished. */
void plate_rows(const struct plate_answer *answer, struct arena *arena, struct check_list *checks);

#endif
