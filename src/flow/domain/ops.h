/* The rows of flow's pure operations [flow.md 12]. */
#ifndef CS_FLOW_DOMAIN_OPS_H
#define CS_FLOW_DOMAIN_OPS_H

#include "seal/op.h"

extern const struct op flow_importance_op, flow_agent_score_op, flow_estimate_children_op, flow_similarity_op;
extern const struct op flow_anomaly_op, flow_cache_ttl_op, flow_cron_next_op;
extern const struct op flow_budget_status_op, flow_retry_delay_op, flow_effect_key_op, flow_breaker_op, flow_price_op;
extern const struct op flow_eval_op; /* flow/eval_op.c: it asks the helpers, so it is not of the domain */
extern const struct op flow_plan_op;

#endif
