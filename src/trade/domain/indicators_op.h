/*
 * trade.indicators [trade.md 9.3], and what strategies share with it: how an indicator is asked for.
 */
#ifndef CS_TRADE_DOMAIN_INDICATORS_OP_H
#define CS_TRADE_DOMAIN_INDICATORS_OP_H

#include "seal/op.h"
#include "trade/domain/indicators.h"

struct calc;
struct field_table;

struct indicator_request {
	const char *name, *id;
	int64_t period, fast, slow, signal, k, slow_k, slow_d;
	double dev;
};

extern const struct field_table indicator_request_table;

/* One indicator as it is to be computed. */
struct indicator_order {
	const struct indicator_kind *kind; /* NULL: unknown */
	const char *id;
	struct indicator_options options;
};

/*
 * Check `count` requests of the array at `pointer`: name, parameters of that name, unique ids.  Faults are the
 * calculation's.  NULL: arena full.
 */
struct indicator_order *indicator_orders(struct calc *calc, const struct indicator_request *requests, size_t count,
										 const char *pointer);

extern const struct op trade_indicators_op;

#endif
