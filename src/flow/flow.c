#include "flow/flow.h"

#include "flow/domain/healing.h"
#include "flow/domain/ops.h"
#include "flow/domain/prices.h"

const struct op *const flow_ops[] = {
	&flow_importance_op,  &flow_agent_score_op, &flow_estimate_children_op, &flow_budget_status_op,
	&flow_retry_delay_op, &flow_effect_key_op,  &flow_similarity_op,        &flow_anomaly_op,
	&flow_breaker_op,     &flow_cache_ttl_op,   &flow_cron_next_op,         &flow_price_op,
	&flow_eval_op,        &flow_plan_op,
};
const size_t flow_ops_count = sizeof flow_ops / sizeof *flow_ops;

const struct pack_kind *const flow_pack_kinds[] = {&flow_prices_kind, &flow_healing_kind};
const size_t flow_pack_kinds_count = sizeof flow_pack_kinds / sizeof *flow_pack_kinds;
