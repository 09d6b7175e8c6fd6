#include "sign/domain/price.h"

#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/field.h"
#include "core/stamp.h"
#include "seal/calc.h"
#include "sign/domain/common.h"

/* The pack: base fees by height, lowest first, and add-ons by code. */
struct base_fee {
	double up_to_height_ft;
	const char *code, *label;
	double amount_usd;
};

struct addon {
	const char *code, *label;
	double amount_usd;
};

struct pricing {
	const char *name, *version, *effective_from, *source, *currency;
	struct {
		size_t count;
		struct base_fee *items;
	} base;
	struct {
		size_t count;
		struct addon *items;
	} addons;
};

static const struct field base_fields[] = {
	F_NUM(base_fee, up_to_height_ft, REQUIRED, ABOVE(0, 500)),
	F_STR(base_fee, code, REQUIRED),
	F_STR(base_fee, label, REQUIRED),
	F_NUM(base_fee, amount_usd, REQUIRED, RANGE(0, 1e6)),
};
static const struct field_table base_table = FIELD_TABLE("pricing.base", base_fee, base_fields);

static const struct field addon_fields[] = {
	F_STR(addon, code, REQUIRED),
	F_STR(addon, label, REQUIRED),
	F_NUM(addon, amount_usd, REQUIRED, RANGE(0, 1e6)),
};
static const struct field_table addon_table = FIELD_TABLE("pricing.addon", addon, addon_fields);

static const struct field pricing_fields[] = {
	F_STR(pricing, name, REQUIRED),
	F_STR(pricing, version, REQUIRED),
	F_STR(pricing, effective_from, REQUIRED),
	F_STR(pricing, source),
	F_STR(pricing, currency, REQUIRED),
	F_OBJECTS(pricing, base, &base_table, REQUIRED, COUNT(1, 100)),
	F_OBJECTS(pricing, addons, &addon_table, COUNT(0, 100)),
};
static const struct field_table pricing_table = FIELD_TABLE("pricing", pricing, pricing_fields);

static bool decode_pricing(const struct json *tree, struct arena *arena, const void **data, struct err *err)
{
	struct pricing *pricing = arena_new(arena, struct pricing);
	if (pricing == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!sign_pack_decode(&pricing_table, tree, pricing, arena, err))
		return false;
	for (size_t i = 1; i < pricing->base.count; i++)
		if (pricing->base.items[i].up_to_height_ft <= pricing->base.items[i - 1].up_to_height_ft)
			return err_field(err, ERR_INVALID, "/base", "heights must rise from row to row");
	*data = pricing;
	return true;
}

const struct pack_kind sign_pricing_kind = {.name = "pricing", .decode = decode_pricing};

static const struct field request_fields[] = {
	F_NUM(price_request, height_ft, REQUIRED, RANGE(0, 500), UNIT("ft"), DOC("Height of the sign above grade")),
	F_STRS(price_request, addons, COUNT(0, 50),
		   DOC("Codes of add-ons: calc_packet, hard_copies; one of a kind counts once per mention")),
	F_STR(price_request, version, LENGTH(1, 20),
		  DOC("Price list to use; without it the one in force on `on_date`, else the newest")),
	F_STR(price_request, on_date, LENGTH(10, 10), FORMAT("date"), DOC("Day the price is for, YYYY-MM-DD")),
	SIGN_COMMON_FIELDS(price_request, SIGN_ASD),
};
static const struct field_table request_table = FIELD_TABLE("sign.price.request", price_request, request_fields);

static const struct field line_fields[] = {
	F_STR(line_item, code, DOC("Code of the price list")),
	F_STR(line_item, label, DOC("What is charged")),
	F_INT(line_item, quantity, DOC("How many")),
	F_NUM(line_item, amount_usd, UNIT("USD"), DOC("Price of one")),
	F_NUM(line_item, subtotal_usd, UNIT("USD"), DOC("quantity × amount")),
};
static const struct field_table line_table = FIELD_TABLE("sign.price.line", line_item, line_fields);

static const struct field result_fields[] = {
	F_OBJECTS(price_result, line_items, &line_table, DOC("The base fee, then the add-ons in the order asked")),
	F_NUM(price_result, total_usd, UNIT("USD"), DOC("Sum of the subtotals")),
	F_STR(price_result, pricing_version, DOC("Price list used")),
	F_STR(price_result, effective_from, DOC("First day of that price list")),
};
const struct field_table price_result_table = FIELD_TABLE("sign.price.result", price_result, result_fields);

static const struct addon *find_addon(const struct pricing *pricing, const char *code)
{
	for (size_t i = 0; i < pricing->addons.count; i++)
		if (strcmp(pricing->addons.items[i].code, code) == 0)
			return &pricing->addons.items[i];
	return NULL;
}

static const struct base_fee *find_base(const struct pricing *pricing, double height_ft)
{
	const struct base_fee *base = pricing->base.items;
	while (height_ft > base->up_to_height_ft && base < &pricing->base.items[pricing->base.count - 1])
		base++;
	return base;
}

static void add_line(struct price_result *result, const char *code, const char *label, double amount_usd)
{
	for (size_t i = 0; i < result->line_items.count; i++) {
		struct line_item *line = &result->line_items.items[i];
		if (strcmp(line->code, code) == 0) {
			line->quantity++;
			line->subtotal_usd = (double)line->quantity * line->amount_usd;
			result->total_usd += amount_usd;
			return;
		}
	}
	result->line_items.items[result->line_items.count++] = (struct line_item){
		.code = code, .label = label, .quantity = 1, .amount_usd = amount_usd, .subtotal_usd = amount_usd};
	result->total_usd += amount_usd;
}

static const char *version_of(const struct calc *calc, const struct price_request *request)
{
	return request->version != NULL ? request->version : json_text(calc->pins, "pricing");
}

/* In a preview a list that is not there gives way to the one in force. */
static const struct pack *choose_known(struct calc *calc, const struct price_request *request)
{
	const char *version = version_of(calc, request);
	bool unknown = version != NULL && packs_find(calc->packs, "pricing", version, NULL) == NULL;
	if (unknown && calc->preview) {
		calc_warn(calc, "pack_unknown", "/version", "There is no price list %s: the one in force is shown.", version);
		version = NULL;
	}
	const struct pack *pack = calc_pack_version(calc, "pricing", version, version == NULL ? request->on_date : NULL);
	if (pack == NULL && (request->version != NULL || version == NULL))
		snprintf(calc->err.field, sizeof calc->err.field, "%s", request->version != NULL ? "/version" : "/on_date");
	return pack;
}

/* A list of the caller's choice, or the one in force that day.  A list of the future needs `preview`. */
static const struct pack *choose(struct calc *calc, const struct price_request *request)
{
	const struct pack *pack = choose_known(calc, request);
	if (pack == NULL || request->on_date == NULL || strcmp(pack->effective_from, request->on_date) <= 0)
		return pack;
	if (!calc->preview) {
		err_field(&calc->err, ERR_PACK_VERSION, "/version", "price list %s is in force from %s only", pack->version,
				  pack->effective_from);
		snprintf(calc->err.available, sizeof calc->err.available, "%s",
				 packs_versions(calc->packs, "pricing", calc->arena));
		return NULL;
	}
	calc_warn(calc, "pack_not_in_force", "/version", "Price list %s is in force from %s only.", pack->version,
			  pack->effective_from);
	return pack;
}

/* Add-ons that the list does not have, where there is a list. */
static void check(struct calc *calc, const void *input)
{
	const struct price_request *request = input;
	const struct stamp_fault *fault = NULL;
	int64_t day_us;
	if (request->on_date != NULL && !stamp_parse_date(request->on_date, strlen(request->on_date), &day_us, &fault)) {
		calc_fault(calc, "/on_date", fault->code, "%s", fault->message);
		return;
	}
	const char *version = version_of(calc, request);
	const struct pack *pack = packs_find(calc->packs, "pricing", version, version == NULL ? request->on_date : NULL);
	for (size_t i = 0; pack != NULL && request->addons.items != NULL && i < request->addons.count; i++)
		if (request->addons.items[i] != NULL && find_addon(pack->data, request->addons.items[i]) == NULL)
			calc_fault(calc, field_pointer_index(calc->arena, "/addons", i), "unknown_addon",
					   "is no add-on of price list %s", pack->version);
}

static bool run(struct calc *calc, const void *input, void *output)
{
	const struct price_request *request = input;
	struct price_result *result = output;
	const struct pack *pack = choose(calc, request);
	if (pack == NULL)
		return false;
	const struct pricing *pricing = pack->data;
	result->line_items.items = arena_array(calc->arena, 1 + request->addons.count, sizeof(struct line_item));
	if (result->line_items.items == NULL)
		return false;
	result->total_usd = 0;
	const struct base_fee *base = find_base(pricing, request->height_ft);
	add_line(result, base->code, base->label, base->amount_usd);
	for (size_t i = 0; i < request->addons.count; i++) {
		const struct addon *addon = find_addon(pricing, request->addons.items[i]);
		if (addon == NULL)
			calc_fault(calc, field_pointer_index(calc->arena, "/addons", i), "unknown_addon",
					   "is no add-on of price list %s", pack->version);
		else
			add_line(result, addon->code, addon->label, addon->amount_usd);
	}
	result->pricing_version = pack->version;
	result->effective_from = pack->effective_from;
	return calc->faults.count == 0;
}

const struct op sign_price_op = {
	.name = "sign.price",
	.path = "/api/v1/sign/price",
	.summary = "Fee of a sign by its height, with add-ons",
	.doc = "A base fee by height and the add-ons asked for, from the price list (pack `pricing`) in force.",
	.input = &request_table,
	.output = &price_result_table,
	.check = check,
	.run = run,
	.example = "{\"height_ft\":20,\"addons\":[\"calc_packet\"]}",
};
