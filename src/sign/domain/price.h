/*
 * sign.price [sign.md 2.10]: the fee of a sign by its height, from pack `pricing`.
 */
#ifndef CS_SIGN_DOMAIN_PRICE_H
#define CS_SIGN_DOMAIN_PRICE_H

#include "seal/op.h"
#include "seal/pack.h"
#include "sign/domain/common.h"

struct price_request {
	struct sign_common common;
	double height_ft;
	struct {
		size_t count;
		const char **items;
	} addons;
	const char *version, *on_date;
};

struct line_item {
	const char *code, *label;
	int64_t quantity;
	double amount_usd, subtotal_usd;
};

struct price_result {
	struct {
		size_t count;
		struct line_item *items;
	} line_items;
	double total_usd;
	const char *pricing_version, *effective_from;
};

extern const struct field_table price_result_table;
extern const struct op sign_price_op;
extern const struct pack_kind sign_pricing_kind;

#endif
