/*
 * The indicators that need high and low; rows of indicator_kinds.  Not for anyone else.
 */
#ifndef CS_TRADE_DOMAIN_INDICATORS_RANGE_H
#define CS_TRADE_DOMAIN_INDICATORS_RANGE_H

#include "trade/domain/indicators.h"

bool indicator_atr(struct arena *arena, const struct bars *bars, const struct indicator_options *o,
				   enum indicator_convention convention, struct indicator_values *v);
bool indicator_natr(struct arena *arena, const struct bars *bars, const struct indicator_options *o,
					enum indicator_convention convention, struct indicator_values *v);
bool indicator_stoch(struct arena *arena, const struct bars *bars, const struct indicator_options *o,
					 enum indicator_convention convention, struct indicator_values *v);
bool indicator_adx(struct arena *arena, const struct bars *bars, const struct indicator_options *o,
				   enum indicator_convention convention, struct indicator_values *v);

size_t indicator_atr_begin(const struct indicator_options *o, enum indicator_convention convention);
size_t indicator_stoch_begin(const struct indicator_options *o, enum indicator_convention convention);
size_t indicator_adx_begin(const struct indicator_options *o, enum indicator_convention convention);

#endif
