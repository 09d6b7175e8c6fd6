/*
 * Large values of journals, in the store once each by their hash [flow.md 3.1]: a row that has one names it, and
 * whoever reads rows gets it in its place.  With the last run that names it a value goes too.
 *
 * They are rows of the store, not files: they come and go with the rows that name them, in one transaction.
 * Threads: a list is its turn's; the rest as db.
 */
#ifndef CS_FLOW_VALUES_H
#define CS_FLOW_VALUES_H

#include <stdbool.h>

struct arena;
struct datum;
struct db;
struct err;
struct json;

/* Those of a turn's rows. */
struct value_kept;
struct values {
	struct value_kept *first;
};

/* row_apart.keep, with a struct values as self. */
void values_note(void *self, const char *sha256, struct datum *value);
void values_clear(struct values *values);

/* In the op that commits the rows, after the run's own row is there. */
bool values_put(const struct values *values, struct db *db, const char *run_id, struct err *err);

/* A row as it was read, with the values that it names in their places: *row is another one then, the arena's. */
bool values_resolve(struct db *db, struct arena *arena, const struct json **row, struct err *err);

/* In an op: the run is about to go. */
bool values_drop(struct db *db, const char *run_id, struct err *err);

#endif
