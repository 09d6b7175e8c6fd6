/*
 * The bill of materials of a design: what has to be bought and done, from the result of sign.design and nothing else.
 *
 * Pure.  Memory is the arena's.
 */
#ifndef CS_SIGN_DOMAIN_BOM_H
#define CS_SIGN_DOMAIN_BOM_H

#include <stddef.h>
#include <stdint.h>

struct arena;
struct field_table;
struct json;

enum { BOM_ITEMS_MAX = 8 };

struct bom_item {
	const char *item, *description;
	double quantity;
	const char *unit;
	double weight_lb, cost_usd; /* NaN: not known */
};

struct bom {
	struct {
		size_t count;
		struct bom_item *items;
	} items;
	int64_t total_items;
};

extern const struct field_table bom_table;

/* `design`: the result of sign.design.  Empty when nothing was feasible. */
void bom_of_design(const struct json *design, struct arena *arena, struct bom *bom);

#endif
