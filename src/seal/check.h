/*
 * Check rows: what was asked of a thing against what it can give.  Every list of checks in this house has this form.
 *
 * utilization = demand / capacity (for a safety factor: required / available, so pass them in that order); a row
 * passes up to 1.0005.  Exactly one row of a finished list is governing: the highest utilization, the first of equals.
 * A row whose capacity is zero or less under a demand has no utilization (null) and governs.
 */
#ifndef CS_SEAL_CHECK_H
#define CS_SEAL_CHECK_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct field_table;

#define CHECK_TOLERANCE 1.0005 /* utilization that still passes: the last printed digit of a table */

struct check {
	const char *name, *unit, *reference; /* reference: code, edition and clause */
	double demand, capacity;
	double utilization; /* NaN: none, see above */
	bool pass, governing;
};

struct check_list {
	size_t count;
	struct check *items;
};

extern const struct field_table check_table; /* for the `checks` member of results */

/* Append a row; texts are kept by reference.  A full arena drops the row and is found by its own mark. */
void check_add(struct check_list *list, struct arena *arena, const char *name, double demand, double capacity,
			   const char *unit, const char *reference);

/* Append all rows of `from`. */
void check_append(struct check_list *list, struct arena *arena, const struct check_list *from);

/* Mark the governing row.  Returns whether all pass (an empty list passes). */
bool check_finish(struct check_list *list);

/* The governing row of a finished list, NULL when it is empty. */
const struct check *check_governing(const struct check_list *list);

/* demand / capacity as above: 0 for no demand, infinite where nothing is available. */
double check_ratio(double demand, double capacity);

#endif
