#include "flow/decomposition_asks.h"

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "flow/agents_internal.h"
#include "flow/decomposition_view.h"
#include "flow/planner_llm.h"
#include "store/store.h"

static const struct field ask_fields[] = {
	F_STR(ask_view, node_id, NULLABLE, DOC("The node that was to be taken apart; null: the goal")),
	F_INT(ask_view, attempt, DOC("From 1; another one where the answer before had problems")),
	F_STR(ask_view, model, DOC("That answered")),
	F_JSON(ask_view, prompt, DOC("The request, word for word")),
	F_STR(ask_view, answer, NULLABLE, DOC("The text that came; null: none did")),
	F_JSON(ask_view, problems, DOC("[{pointer, code, message}]; none: the plan was made of it")),
	F_STR(ask_view, cost),
	F_INT(ask_view, cost_micros),
	F_BOOL(ask_view, cached),
	F_STR(ask_view, at, FORMAT("date-time")),
};
const struct field_table ask_table = FIELD_TABLE("decompositions.ask", ask_view, ask_fields);

static bool put(struct db *db, const char *id, const struct planner_asked *a, int64_t now_us, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO decomposition_asks (decomposition_id, seq, node_id, attempt, model, prompt, answer, "
				  "problems, cost, cached, at) SELECT $1, COALESCE(MAX(seq), 0) + 1, $2, $3, $4, $5, $6, $7, $8, $9, "
				  "$10 FROM decomposition_asks WHERE decomposition_id = $1",
				  V_TEXT(id), V_TEXT(a->node_id), V_INT(a->attempt), V_TEXT(a->model), V_TEXT(a->prompt),
				  V_TEXT(a->answer), V_TEXT(a->problems), V_INT(a->cost_micros), V_INT(a->cached), V_INT(now_us));
}

bool decomposition_put_asks(struct db *db, const char *decomposition_id, const struct planner_llm *llm, int64_t now_us,
							struct err *err)
{
	for (size_t i = 0; i < llm->asked_count; i++)
		if (!put(db, decomposition_id, &llm->asked[i], now_us, err))
			return false;
	return true;
}

static const struct json *parsed(const struct db_rows *row, int column, struct arena *arena)
{
	const char *text = db_text_dup(row, column, arena);
	return text == NULL ? NULL : decomposition_parsed(arena, text);
}

static void take(const struct db_rows *row, struct arena *arena, struct ask_view *view)
{
	*view = (struct ask_view){.node_id = db_text_dup(row, 0, arena),
							  .attempt = db_int(row, 1),
							  .model = db_text_dup(row, 2, arena),
							  .prompt = parsed(row, 3, arena),
							  .answer = db_text_dup(row, 4, arena),
							  .problems = parsed(row, 5, arena),
							  .cost_micros = db_int(row, 6),
							  .cost = agents_money(arena, db_int(row, 6)),
							  .cached = db_int(row, 7) != 0,
							  .at = agents_time(arena, db_int(row, 8))};
}

bool decomposition_read_asks(struct db *db, const char *decomposition_id, struct arena *arena, struct ask_views *asks,
							 struct err *err)
{
	struct db_rows rows;
	*asks = (struct ask_views){0, arena_array(arena, ASKS_SHOWN, sizeof *asks->items)};
	if (asks->items == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!db_query(db, &rows, err,
				  "SELECT node_id, attempt, model, prompt, answer, problems, cost, cached, at FROM (SELECT * FROM "
				  "decomposition_asks WHERE decomposition_id = $1 ORDER BY seq DESC LIMIT $2) AS last ORDER BY seq",
				  V_TEXT(decomposition_id), V_INT(ASKS_SHOWN)))
		return false;
	while (asks->count < ASKS_SHOWN && db_next(&rows))
		take(&rows, arena, &asks->items[asks->count++]);
	return db_end(&rows, err) && (!arena->full || err_set(err, ERR_LIMIT, "no memory"));
}
