/*
 * What was spent, as the store keeps it and as requests bring it.  Private to src/flow.
 */
#ifndef CS_FLOW_COST_H
#define CS_FLOW_COST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/budget.h"
#include "flow/domain/money.h"

struct agents_write;
struct arena;
struct faults;
struct json;

#define COST_MAX (INT64_C(1000000000000) * MONEY_UNIT) /* of one entry or reservation */

enum cost_operation {
	COST_LLM_INFERENCE,
	COST_MEMORY_STORAGE,
	COST_COMPUTE,
	COST_DATA_TRANSFER,
	COST_TOOL_USAGE,
	COST_AGENT_EXECUTION,
	COST_API_CALL
};
extern const char *const cost_operation_names[];

/* In `change`: the workflow of a run of ours, where the caller named none. */
bool cost_spender(const struct agents_write *w, struct db *db, struct spender *spender, struct err *err);

/* The text of a JSON object (absent: NULL), or a fault. */
const char *cost_object_text(const struct json *json, const char *pointer, struct arena *arena, struct faults *faults);

/* Sums of a run's entries: one for each value of a column. */
enum cost_by { COST_BY_OPERATION_TYPE, COST_BY_AGENT, COST_BY_MODEL, COST_BY_PROVIDER, COST_BY_STEP, COST_BY_DAY };
extern const char *const cost_by_names[];

struct cost_sum {
	const char *key; /* NULL: entries that name none */
	int64_t cost, saved, entries;
};

enum { COST_SUMS_MAX = 10000 /* values shown; the dearest come first, days in their order */ };

/* Texts and rows are the arena's. */
bool cost_sums(struct db *db, const char *account_id, const char *run_id, enum cost_by by, struct arena *arena,
			   struct cost_sum **sums, size_t *count, struct err *err);

struct cost_total {
	int64_t cost, saved, entries, first_us, last_us;
};

bool cost_total_of(struct db *db, const char *account_id, const char *run_id, struct cost_total *total,
				   struct err *err);

#endif
