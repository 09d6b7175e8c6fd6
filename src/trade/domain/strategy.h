/*
 * Rules of a strategy [trade.md 9.4]: comparisons of prices, indicators and numbers, joined by and, or, not.
 *
 * What is not known (an indicator before its first value, the bar before the first) makes a comparison unknown; unknown
 * goes through and, or, not as in three-valued logic, and an order is sent only where a rule is true.
 * Thread: any; a rule is read-only once read.
 */
#ifndef CS_TRADE_DOMAIN_STRATEGY_H
#define CS_TRADE_DOMAIN_STRATEGY_H

#include <stdbool.h>
#include <stddef.h>

#include "trade/domain/indicators.h"

struct calc;
struct indicator_order;
struct json;

/* What may stand in a comparison: a series from bar `begin` on, or one number. */
struct operand {
	const double *values; /* NULL: the number */
	size_t begin;
	double number;
};

enum rule_op { RULE_CROSS_ABOVE, RULE_CROSS_BELOW, RULE_GT, RULE_LT, RULE_AND, RULE_OR, RULE_NOT };

struct rule {
	enum rule_op op;
	struct operand a, b; /* of a comparison */
	struct rule *args;   /* of and, or, not */
	size_t count;
};

/* What the operands of a strategy may name. */
struct strategy_series {
	const struct bars *bars;
	const struct indicator_order *orders; /* kinds known */
	const struct indicator_values *values;
	size_t count;
};

/*
 * Read the rule at `pointer`; JSON null or NULL is no rule.  Faults (unknown operands, operators, members) are the
 * calculation's.  NULL: no rule, or a fault, or arena full.
 */
const struct rule *strategy_rule(struct calc *calc, const struct json *json, const char *pointer,
								 const struct strategy_series *series);

/* Is the rule true at the close of bar `i`?  NULL is never.  Cost: some 5 ns a comparison. */
bool strategy_holds(const struct rule *rule, size_t i);

#endif
