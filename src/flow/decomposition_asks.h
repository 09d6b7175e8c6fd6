/*
 * What a model was asked for a decomposition and what it answered, as the store keeps it and as it is told [flow.md 8].
 * Private to src/flow.  Rows are only added.
 */
#ifndef CS_FLOW_DECOMPOSITION_ASKS_H
#define CS_FLOW_DECOMPOSITION_ASKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct db;
struct err;
struct json;
struct planner_llm;

enum { ASKS_SHOWN = 30 /* the last ones */ };

struct ask_view {
	const char *node_id, *model, *answer, *cost, *at;
	const struct json *prompt, *problems;
	int64_t attempt, cost_micros;
	bool cached;
};
extern const struct field_table ask_table;

struct ask_views {
	size_t count;
	struct ask_view *items;
};

/* In an op, after the decomposition's row: all that was asked. */
bool decomposition_put_asks(struct db *db, const char *decomposition_id, const struct planner_llm *llm, int64_t now_us,
							struct err *err);

/* The last ASKS_SHOWN, in their order; the arena's. */
bool decomposition_read_asks(struct db *db, const char *decomposition_id, struct arena *arena, struct ask_views *asks,
							 struct err *err);

#endif
