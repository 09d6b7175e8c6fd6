/*
 * House figures of cost: pack `costs`.  They say so in the assumptions of whatever uses them.
 */
#ifndef CS_SIGN_DOMAIN_COSTS_H
#define CS_SIGN_DOMAIN_COSTS_H

#include "seal/pack.h"

struct steel_costs {
	double pipe, hss, w, plate, aluminum;
};

struct costs {
	const char *name, *version, *effective_from, *source, *currency;
	struct steel_costs steel_usd_lb;
	double concrete_usd_yd3, rebar_usd_lb, drilling_usd_yd3, anchor_usd_each, waste_percent;
};

extern const struct pack_kind sign_costs_kind; /* data: struct costs */

/* USD a pound of a section family (enum section_family). */
double cost_of_family(const struct costs *costs, int family);

#endif
