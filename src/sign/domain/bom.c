#include "sign/domain/bom.h"

#include <math.h>

#include "core/arena.h"
#include "core/field.h"
#include "core/json.h"

static const struct field item_fields[] = {
	F_STR(bom_item, item),
	F_STR(bom_item, description),
	F_NUM(bom_item, quantity),
	F_STR(bom_item, unit),
	F_NUM(bom_item, weight_lb, NULLABLE, UNIT("lb"), DOC("Of all of it")),
	F_NUM(bom_item, cost_usd, NULLABLE, UNIT("USD"), DOC("Of all of it, by pack `costs`")),
};
static const struct field_table item_table = FIELD_TABLE("sign.bom.item", bom_item, item_fields);

static const struct field bom_fields[] = {
	F_OBJECTS(bom, items, &item_table),
	F_INT(bom, total_items, DOC("Rows of the list")),
};
const struct field_table bom_table = FIELD_TABLE("sign.bom", bom, bom_fields);

static double number(const struct json *json, const char *name)
{
	const struct json *member = json_get(json, name);
	return member != NULL && json_numeric(member) ? json_number(member) : NAN;
}

static const char *text(const struct json *json, const char *name)
{
	const char *found = json_text(json, name);
	return found != NULL ? found : "";
}

static void add(struct bom *bom, const struct bom_item *item)
{
	if (item->quantity > 0 && item->description != NULL)
		bom->items.items[bom->items.count++] = *item;
}

/* The foundation's own words: what is poured. */
static const char *pour(const struct json *base, struct arena *arena)
{
	if (given(number(base, "thickness_ft")))
		return arena_printf(arena, "Footing %.2f x %.2f x %.2f ft", number(base, "length_ft"), number(base, "width_ft"),
							number(base, "thickness_ft"));
	return arena_printf(arena, "Drilled pier %.2f ft diameter, %.2f ft deep", number(base, "diameter_ft"),
						number(base, "depth_ft"));
}

static void add_concrete(const struct json *base, const struct json *cost, struct arena *arena, struct bom *bom)
{
	const struct json *rebar = json_get(base, "rebar");
	double yards = number(base, "concrete_yards"), size = number(rebar, "vertical_size");
	double volume = M_PI / 4 * pow(number(base, "diameter_ft"), 2) * number(base, "depth_ft") / 27;
	const char *bars = given(size) ? arena_printf(arena, "%.0f #%.0f verticals, %.0f #%.0f ties at %.0f in",
												  number(rebar, "verticals"), size, number(rebar, "ties"),
												  number(rebar, "tie_size"), number(rebar, "tie_spacing_in"))
								   : "Reinforcing bars";
	/* concrete weighs 150 pcf, 4050 lb a cubic yard (sign.md 3, pack concrete) */
	add(bom, &(struct bom_item){"concrete", pour(base, arena), yards, "yd3", yards * 4050, number(cost, "concrete")});
	add(bom, &(struct bom_item){"rebar", bars, number(rebar, "weight_lb"), "lb", number(rebar, "weight_lb"),
								number(cost, "rebar")});
	add(bom, &(struct bom_item){"excavation", given(volume) ? "Drilling" : "Excavation", given(volume) ? volume : yards,
								"yd3", NAN, number(cost, "excavation")});
}

static void add_plate(const struct json *selected, const struct json *cost, double poles, struct arena *arena,
					  struct bom *bom)
{
	const struct json *plate = json_get(selected, "baseplate"), *anchors = json_get(selected, "anchors");
	if (plate != NULL && plate->kind == JS_OBJECT)
		add(bom, &(struct bom_item){"baseplate",
									arena_printf(arena, "Plate %.2f x %.2f x %.3f in", number(plate, "w_in"),
												 number(plate, "l_in"), number(plate, "t_in")),
									poles, "each", number(plate, "weight_lb"), number(cost, "baseplate")});
	double count = number(anchors, "count");
	if (given(count))
		add(bom, &(struct bom_item){"anchors", arena_printf(arena, "Anchor rods %.3f in", number(anchors, "dia_in")),
									count * poles, "each", NAN, number(cost, "anchors")});
}

void bom_of_design(const struct json *design, struct arena *arena, struct bom *bom)
{
	const struct json *selected = json_get(design, "selected"), *pole = json_get(selected, "pole");
	const struct json *cost = json_get(selected, "cost_usd");
	double poles = number(design, "num_poles");
	*bom = (struct bom){.items.items = arena_array(arena, BOM_ITEMS_MAX, sizeof(struct bom_item))};
	if (bom->items.items == NULL || pole == NULL)
		return;
	add(bom, &(struct bom_item){"pole",
								arena_printf(arena, "%s, %.2f ft above grade, Fy %.0f ksi", text(pole, "designation"),
											 number(design, "pole_length_ft"), number(pole, "fy_ksi")),
								poles, "each", number(pole, "weight_lb"), number(cost, "steel")});
	add_plate(selected, cost, poles, arena, bom);
	add_concrete(json_get(selected, "foundation"), cost, arena, bom);
	bom->total_items = (int64_t)bom->items.count;
}
