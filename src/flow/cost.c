#include "flow/cost.h"

#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "flow/agents_internal.h"
#include "http/exchange.h"
#include "store/store.h"

const char *const cost_operation_names[] = {"llm_inference", "memory_storage",  "compute",  "data_transfer",
											"tool_usage",    "agent_execution", "api_call", NULL};
const char *const cost_by_names[] = {"operation_type", "agent", "model", "provider", "step", "day", NULL};

bool cost_spender(const struct agents_write *w, struct db *db, struct spender *spender, struct err *err)
{
	const struct budget_hooks *hooks = &w->api->options.budget_hooks;
	const char *workflow = NULL;
	bool known;
	if (spender->run_id == NULL || spender->workflow != NULL || hooks->workflow_of == NULL)
		return true;
	if (!hooks->workflow_of(hooks->self, db, w->account_id, spender->run_id, &w->x->arena, &workflow, &known, err))
		return false;
	spender->workflow = workflow;
	return true;
}

const char *cost_object_text(const struct json *json, const char *pointer, struct arena *arena, struct faults *faults)
{
	struct buf buf;
	struct jw jw;
	if (json == NULL)
		return NULL;
	if (json->kind != JS_OBJECT) {
		faults_add(faults, pointer, "type", "must be an object");
		return NULL;
	}
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_json(&jw, json);
	const char *text = jw_ok(&jw) ? arena_dupn(arena, buf_text(&buf), buf.size) : NULL;
	buf_fini(&buf);
	return text;
}

/* --- sums --- */

#define ENTRIES "FROM cost_entries WHERE account_id = $1 AND run_id = $2 "
#define SUMS(column) \
	"SELECT " column ", SUM(cost), SUM(saved), COUNT(*) " ENTRIES "GROUP BY " column " ORDER BY 2 DESC, 1 LIMIT $3"

/* The day is UTC's, as its number from 1970. */
static const char *const sums_sql[] = {
	[COST_BY_OPERATION_TYPE] = SUMS("operation_type"),
	[COST_BY_AGENT] = SUMS("agent_id"),
	[COST_BY_MODEL] = SUMS("model"),
	[COST_BY_PROVIDER] = SUMS("provider"),
	[COST_BY_STEP] = SUMS("step"),
	[COST_BY_DAY] = "SELECT at / 86400000000, SUM(cost), SUM(saved), COUNT(*) " ENTRIES
					"GROUP BY at / 86400000000 ORDER BY 1 LIMIT $3",
};

static const char *key_of(const struct db_rows *rows, enum cost_by by, struct arena *arena)
{
	char day[STAMP_DATE_TEXT];
	if (by != COST_BY_DAY)
		return db_text_dup(rows, 0, arena);
	stamp_format_date(day, db_int(rows, 0) * STAMP_US_PER_DAY);
	return arena_dup(arena, day);
}

bool cost_sums(struct db *db, const char *account_id, const char *run_id, enum cost_by by, struct arena *arena,
			   struct cost_sum **sums, size_t *count, struct err *err)
{
	struct db_rows rows;
	*count = 0;
	*sums = arena_array(arena, COST_SUMS_MAX, sizeof **sums);
	if (*sums == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!db_query(db, &rows, err, sums_sql[by], V_TEXT(account_id), V_TEXT(run_id), V_INT(COST_SUMS_MAX)))
		return false;
	while (*count < COST_SUMS_MAX && db_next(&rows))
		(*sums)[(*count)++] = (struct cost_sum){.key = key_of(&rows, by, arena),
												.cost = db_int(&rows, 1),
												.saved = db_int(&rows, 2),
												.entries = db_int(&rows, 3)};
	return db_end(&rows, err);
}

static void take_total(const struct db_rows *row, void *self)
{
	*(struct cost_total *)self = (struct cost_total){.cost = db_int(row, 0),
													 .saved = db_int(row, 1),
													 .entries = db_int(row, 2),
													 .first_us = db_int(row, 3),
													 .last_us = db_int(row, 4)};
}

bool cost_total_of(struct db *db, const char *account_id, const char *run_id, struct cost_total *total, struct err *err)
{
	bool found;
	return db_one(db, err, &found, take_total, total,
				  "SELECT SUM(cost), SUM(saved), COUNT(*), MIN(at), MAX(at) " ENTRIES, V_TEXT(account_id),
				  V_TEXT(run_id));
}
