/* Reading costs: summary, breakdown, projection.  Private to src/flow. */
#ifndef CS_FLOW_COST_READ_H
#define CS_FLOW_COST_READ_H

struct exchange;
struct field_table;

extern const struct field_table cost_breakdown_query_table, cost_breakdown_table, cost_projection_query_table,
	cost_projection_table;

void cost_handle_summary(struct exchange *x);
void cost_handle_breakdown(struct exchange *x);
void cost_handle_projection(struct exchange *x);

#endif
