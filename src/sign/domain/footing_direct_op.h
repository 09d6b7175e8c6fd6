/*
 * sign.footing.direct as other operations use it.
 */
#ifndef CS_SIGN_DOMAIN_FOOTING_DIRECT_OP_H
#define CS_SIGN_DOMAIN_FOOTING_DIRECT_OP_H

#include "seal/op.h"
#include "sign/domain/footing_direct.h"

struct rebar_result {
	int64_t verticals, vertical_size, ties, tie_size;
	double tie_spacing_in, lap_in, development_in, weight_lb;
};

extern const struct field_table rebar_table;
extern const struct op sign_footing_direct_op;

struct rebar_result rebar_result(const struct pier_rebar *rebar);

#endif
