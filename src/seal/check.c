#include "seal/check.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/field.h"

static const struct field check_fields[] = {
	F_STR(check, name, DOC("What is checked")),
	F_NUM(check, demand, DOC("What is asked, in `unit`")),
	F_NUM(check, capacity, DOC("What is available, in `unit`")),
	F_STR(check, unit, DOC("Unit of demand and capacity; 1 for ratios")),
	F_NUM(check, utilization, NULLABLE, DOC("demand / capacity; null where nothing is available")),
	F_BOOL(check, pass, DOC("utilization is at most 1.0005")),
	F_BOOL(check, governing, DOC("The row with the highest utilization")),
	F_STR(check, reference, DOC("Code, edition and clause")),
};

const struct field_table check_table = FIELD_TABLE("check", check, check_fields);

double check_ratio(double demand, double capacity)
{
	if (demand <= 0)
		return 0;
	return capacity > 0 ? demand / capacity : INFINITY;
}

/* Rows are few: room grows by a copy whenever the count reaches a power of two. */
static struct check *room_for_one(struct check_list *list, struct arena *arena)
{
	size_t count = list->count;
	if (count == 0 || (count >= 8 && (count & (count - 1)) == 0)) {
		struct check *items = arena_array(arena, count == 0 ? 8 : 2 * count, sizeof *items);
		if (items == NULL)
			return NULL;
		if (count > 0)
			memcpy(items, list->items, count * sizeof *items);
		list->items = items;
	}
	return &list->items[list->count++];
}

void check_add(struct check_list *list, struct arena *arena, const char *name, double demand, double capacity,
			   const char *unit, const char *reference)
{
	struct check *row = room_for_one(list, arena);
	if (row == NULL)
		return;
	double ratio = check_ratio(demand, capacity);
	*row = (struct check){
		.name = name,
		.unit = unit,
		.reference = reference,
		.demand = demand,
		.capacity = capacity,
		.utilization = isinf(ratio) ? NAN : ratio,
		.pass = ratio <= CHECK_TOLERANCE,
	};
}

void check_append(struct check_list *list, struct arena *arena, const struct check_list *from)
{
	for (size_t i = 0; i < from->count; i++) {
		struct check *row = room_for_one(list, arena);
		if (row != NULL)
			*row = from->items[i];
	}
}

static double rank(const struct check *row)
{
	return isnan(row->utilization) ? INFINITY : row->utilization;
}

bool check_finish(struct check_list *list)
{
	bool all_pass = true;
	size_t highest = 0;
	for (size_t i = 0; i < list->count; i++) {
		struct check *row = &list->items[i];
		row->governing = false;
		all_pass = all_pass && row->pass;
		if (rank(row) > rank(&list->items[highest]))
			highest = i;
	}
	if (list->count > 0)
		list->items[highest].governing = true;
	return all_pass;
}

const struct check *check_governing(const struct check_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].governing)
			return &list->items[i];
	return NULL;
}
