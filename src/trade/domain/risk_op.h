/*
 * trade.risk_check [trade.md 7]: would this order be let through, and by which rules not.
 */
#ifndef CS_TRADE_DOMAIN_RISK_OP_H
#define CS_TRADE_DOMAIN_RISK_OP_H

#include <stddef.h>

struct arena;
struct field_table;
struct risk_decision;
struct risk_finding;

/* A decision as it is told and stored. */
struct risk_report {
	int decision; /* 0 accept, 1 refuse */
	struct {
		size_t count;
		const char **items;
	} failed; /* names that failed or are unknown */
	struct {
		size_t count;
		struct risk_finding *items;
	} checks;
	double notional, loss_at_stop, margin_required;
};

extern const struct field_table risk_report_table, risk_kept_table; /* kept: decision, failed, checks */

/* The decision must outlive the report; lists are the arena's. */
struct risk_report risk_report_of(struct arena *arena, struct risk_decision *decision);

extern const struct op trade_risk_check_op;

#endif
