/* What a run did, and what it waits for: GET /runs/{id} and below [flow.md 3.3, 4]. */
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"
#include "flow/agents_internal.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/domain/money.h"
#include "flow/domain/past.h"
#include "flow/domain/retry.h"
#include "flow/domain/run.h"
#include "flow/flow_internal.h"
#include "flow/journal.h"
#include "flow/members.h"
#include "flow/runs_repo.h"
#include "flow/story.h"
#include "flow/why.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"
#include "store/store.h"

static void handle_get(struct exchange *x)
{
	struct run_record record;
	if (run_named(x, &record))
		run_view_reply(x, 200, &record);
}

static void add_datum(struct jw *jw, const char *name, const struct datum *datum)
{
	size_t size = 4;
	const char *text = datum == NULL ? "null" : datum_bytes(datum, &size);
	jw_key(jw, name);
	jw_raw(jw, text, size);
}

struct view {
	struct db *db;
	struct runner *runner;
	struct arena *arena;
	const struct run_record *record;
	const struct story *story;
	bool v3;
};

/* Open the run's story, let `write` put an object of it, answer. */
static void tell(struct exchange *x, bool (*write)(struct jw *jw, const struct view *view, struct err *err))
{
	struct flow_api *api = x->owner;
	struct run_record record;
	struct story story;
	struct err err;
	struct buf text;
	struct jw jw;
	if (!run_named(x, &record))
		return;
	struct db *db = store_read(api->options.store);
	bool read = story_open(&story, api->runner, db, &record, &x->arena, &err);
	buf_init(&text, 0);
	jw_init(&jw, &text);
	if (read) {
		const struct view view = {db, api->runner, &x->arena, &record, &story, agents_v3(x)};
		read = write(&jw, &view, &err);
		story_close(&story);
	}
	store_read_end(api->options.store, db);
	if (read)
		reply_fact_text(x, 200, buf_text(&text), text.size);
	else
		exchange_fail(x, &err);
	buf_fini(&text);
}

/* --- steps --- */

static void write_step(struct jw *jw, const struct view *v, const struct step *step, bool superseded)
{
	const struct run_record *record = v->record;
	bool v3 = v->v3;
	char sha256[65], key[EFFECT_KEY], money[MONEY_TEXT];
	jw_object(jw);
	jw_member_str(jw, "path", step->path);
	jw_member_str(jw, "reference", step->reference);
	jw_member_str(jw, "name", step->name);
	jw_member_str(jw, "type", step->type);
	if (v3)
		jw_member_str(jw, "step_id", step->name);
	const char *status = step_status_names[step->status];
	jw_member_str(jw, "status", v3 ? run_status_v3(status) : status);
	jw_member_int(jw, "attempt", step->attempt);
	jw_member_int(jw, "deliveries", step->deliveries);
	if (step->effect) {
		effect_key(record->run_id, step->path, step->attempt, key);
		jw_member_str(jw, "idempotency_key", key);
	}
	members_time(jw, "started_at", step->started_us);
	members_time(jw, "ended_at", step->ended_us);
	if (step->input != NULL)
		datum_sha256(step->input, sha256);
	jw_member_str(jw, "input_sha256", step->input == NULL ? NULL : sha256);
	add_datum(jw, "output", step->output);
	add_datum(jw, "error", step->error);
	if (step->skipped_reason != NULL)
		jw_member_str(jw, "skipped_reason", step->skipped_reason);
	if (superseded)
		jw_member_bool(jw, "superseded", true);
	jw_member_str(jw, "cost", money_format(money, step->cost_micros));
	jw_member_int(jw, "cost_micros", step->cost_micros);
	jw_object_end(jw);
}

static bool take_past(void *past, const struct row *row, bool superseded, struct err *err)
{
	(void)err;
	past_take(past, row, superseded);
	return true;
}

/* The steps that the run went through, and among them, where they began, the attempts that it went back over. */
static bool write_steps(struct jw *jw, const struct view *v, struct err *err)
{
	const struct steps *steps = &v->story->steps;
	struct past past;
	bool rewound;
	size_t k = 0;
	past_init(&past, v->story->run.ir);
	bool read = journal_rewound(v->db, v->record->run_id, &rewound, err) &&
				(!rewound || journal_walk(v->db, v->record->run_id, take_past, &past, err));
	past_settle(&past, steps);
	jw_object(jw);
	jw_key(jw, "steps");
	jw_array(jw);
	for (size_t i = 0; i <= steps->count; i++) {
		int64_t before = i < steps->count ? steps->items[i].began_seq : INT64_MAX;
		for (; k < past.steps.count && past.steps.items[k].began_seq < before; k++)
			write_step(jw, v, &past.steps.items[k], true);
		if (i < steps->count)
			write_step(jw, v, &steps->items[i], false);
	}
	jw_array_end(jw);
	jw_object_end(jw);
	past_fini(&past);
	return read;
}

static void handle_steps(struct exchange *x)
{
	tell(x, write_steps);
}

/* --- why --- */

static bool write_why(struct jw *jw, const struct view *v, struct err *err)
{
	(void)err;
	const struct why why = {
		.jw = jw, .db = v->db, .runner = v->runner, .arena = v->arena, .record = v->record, .story = v->story};
	why_write(&why);
	return true;
}

static void handle_why(struct exchange *x)
{
	tell(x, write_why);
}

/* --- journal --- */

enum { JOURNAL_MAX = 500 };

struct journal_request {
	int64_t after, limit;
};

static const struct field journal_fields[] = {
	F_INT(journal_request, after, RANGE(0, 9007199254740991), DEFAULT(0), DOC("The row seen last")),
	F_INT(journal_request, limit, RANGE(1, JOURNAL_MAX), DEFAULT(JOURNAL_MAX)),
};
static const struct field_table journal_table = FIELD_TABLE("flow.runs.journal", journal_request, journal_fields);

struct rows {
	struct jw jw;
	int64_t left, last;
};

static bool take_row(void *self, const struct json *row, struct err *err)
{
	struct rows *rows = self;
	(void)err;
	if (rows->left-- <= 0)
		return true;
	rows->last = json_get(row, "seq")->integer;
	run_row_write(&rows->jw, row);
	return true;
}

static void handle_journal(struct exchange *x)
{
	struct flow_api *api = x->owner;
	struct journal_request request;
	struct run_record record;
	struct err err;
	struct buf text;
	if (!exchange_decode_query(x, &request) || !run_named(x, &record))
		return;
	struct rows rows = {.left = request.limit, .last = request.after};
	buf_init(&text, 0);
	jw_init(&rows.jw, &text);
	jw_object(&rows.jw);
	jw_key(&rows.jw, "rows");
	jw_array(&rows.jw);
	struct db *db = store_read(api->options.store);
	bool read = journal_rows(db, record.run_id, request.after, request.limit, take_row, &rows, &err);
	store_read_end(api->options.store, db);
	jw_array_end(&rows.jw);
	jw_member_int(&rows.jw, "next_after", rows.last);
	jw_object_end(&rows.jw);
	if (read)
		reply_fact_text(x, 200, buf_text(&text), text.size);
	else
		exchange_fail(x, &err);
	buf_fini(&text);
}

/* --- what they answer --- */

static const char *const told_statuses[] = {"pending",   "running", "waiting", "completed", "faulted",
											"cancelled", "skipped", "failed",  NULL};
static const struct field step_rows[] = {
	T_STR(path),
	T_STR(reference, DOC("Of the task in the definition: a JSON Pointer")),
	T_STR(name),
	T_STR(type, NULLABLE, DOC("By the definition as it is now; null: a patch has taken the task away")),
	T_STR(step_id, TOLD_V3),
	T_ENUM(status, told_statuses, DOC("faulted is failed, and waiting running, on paths of version 3")),
	T_INT(attempt),
	T_INT(deliveries),
	T_STR(idempotency_key, LEFT_OUT, DOC("Of a step that asks somebody outside")),
	T_TIME(started_at, NULLABLE),
	T_TIME(ended_at, NULLABLE),
	T_STR(input_sha256, NULLABLE),
	T_JSON(output),
	T_JSON(error),
	T_STR(skipped_reason, LEFT_OUT),
	T_BOOL(superseded, LEFT_OUT,
		   DOC("true: a retry or a restore went back to before it; only what its own rows say is told")),
	T_STR(cost, DOC("As decimal text")),
	T_INT(cost_micros),
};
static const struct field_table step_table = TOLD_TABLE("flow.step", step_rows);
static const struct field steps_rows[] = {T_OBJECTS(steps, &step_table)};
static const struct field_table steps_table = TOLD_TABLE("flow.steps", steps_rows);

static const struct field rows_rows[] = {
	T_OBJECTS(rows, &run_row_table),
	T_INT(next_after, DOC("Ask with it for the rows that follow")),
};
static const struct field_table rows_table = TOLD_TABLE("flow.rows", rows_rows);

static const struct field unblock_rows[] = {T_STR(method), T_STR(path), T_MAP(body, FIELD_JSON)};
static const struct field_table unblock_table = TOLD_TABLE("flow.why.unblock", unblock_rows);
#define UNBLOCK T_OBJECT(unblock, &unblock_table, LEFT_OUT, DOC("A request that would let it go on"))
static const struct field waiting_rows[] = {
	T_STR(step, NULLABLE, DOC("Its path; null: the run itself")),
	T_STR(kind),
	T_TIME(since, NULLABLE),
	T_TIME(until, LEFT_OUT),
	T_STR(detail),
	UNBLOCK,
};
static const struct field_table waiting_table = TOLD_TABLE("flow.why.waiting", waiting_rows);
static const struct field why_rows[] = {
	T_STR(run_id),
	T_ENUM(status, run_status_names),
	T_OBJECTS(waiting, &waiting_table),
	T_JSON(error, LEFT_OUT, DOC("Of a run at fault")),
	UNBLOCK,
};
static const struct field_table why_table = TOLD_TABLE("flow.why", why_rows);

const struct route run_reads_routes[] = {
	ROUTE(GET, "/api/v1/flow/runs/{id}", "flow.read", EFFECT_READ, handle_get, .operation = "flow.runs.get",
		  .summary = "One run", .result = &run_view_table,
		  .aliases = ALIASES({"/api/v3/executions/{id}"}, {"/api/v3/workflows/executions/{id}"})),
	ROUTE(GET, "/api/v1/flow/runs/{id}/steps", "flow.read", EFFECT_READ, handle_steps, .operation = "flow.runs.steps",
		  .summary = "The steps of a run, in the order in which they began", .result = &steps_table,
		  .aliases = ALIASES({"/api/v3/executions/{id}/steps"}, {"/api/v3/workflows/executions/{id}/steps"})),
	ROUTE(GET, "/api/v1/flow/runs/{id}/journal", "flow.read", EFFECT_READ, handle_journal,
		  .operation = "flow.runs.journal", .summary = "The rows of a run's journal", .query = &journal_table,
		  .result = &rows_table),
	ROUTE(GET, "/api/v1/flow/runs/{id}/why", "flow.read", EFFECT_READ, handle_why, .operation = "flow.runs.why",
		  .summary = "What a run waits for, and what would let it go on", .result = &why_table),
};
const size_t run_reads_routes_count = sizeof run_reads_routes / sizeof *run_reads_routes;
