#include "sign/domain/costs.h"

#include "core/arena.h"
#include "core/err.h"
#include "sign/domain/common.h"
#include "sign/domain/section.h"

static const struct field steel_fields[] = {
	F_NUM(steel_costs, pipe, REQUIRED, RANGE(0, 1000)),     F_NUM(steel_costs, hss, REQUIRED, RANGE(0, 1000)),
	F_NUM(steel_costs, w, REQUIRED, RANGE(0, 1000)),        F_NUM(steel_costs, plate, REQUIRED, RANGE(0, 1000)),
	F_NUM(steel_costs, aluminum, REQUIRED, RANGE(0, 1000)),
};
static const struct field_table steel_table = FIELD_TABLE("pack.costs.steel", steel_costs, steel_fields);

static const struct field costs_fields[] = {
	F_STR(costs, name, REQUIRED),
	F_STR(costs, version, REQUIRED),
	F_STR(costs, effective_from),
	F_STR(costs, source),
	F_STR(costs, currency, REQUIRED),
	F_OBJECT(costs, steel_usd_lb, &steel_table, REQUIRED),
	F_NUM(costs, concrete_usd_yd3, REQUIRED, RANGE(0, 1e5)),
	F_NUM(costs, rebar_usd_lb, REQUIRED, RANGE(0, 1000)),
	F_NUM(costs, drilling_usd_yd3, REQUIRED, RANGE(0, 1e5)),
	F_NUM(costs, anchor_usd_each, REQUIRED, RANGE(0, 1e5)),
	F_NUM(costs, waste_percent, REQUIRED, RANGE(0, 100)),
};
static const struct field_table costs_table = FIELD_TABLE("pack.costs", costs, costs_fields);

static bool decode_costs(const struct json *tree, struct arena *arena, const void **data, struct err *err)
{
	struct costs *costs = arena_new(arena, struct costs);
	*data = costs;
	return costs != NULL ? sign_pack_decode(&costs_table, tree, costs, arena, err)
						 : err_set(err, ERR_LIMIT, "no memory");
}

const struct pack_kind sign_costs_kind = {.name = "costs", .decode = decode_costs};

double cost_of_family(const struct costs *costs, int family)
{
	if (family == SECTION_PIPE)
		return costs->steel_usd_lb.pipe;
	return family == SECTION_W ? costs->steel_usd_lb.w : costs->steel_usd_lb.hss;
}
