/* What a run did, and what it waits for: GET /runs/{id} and below [flow.md 3.3, 4]. */
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "flow/agents_internal.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/domain/money.h"
#include "flow/domain/retry.h"
#include "flow/flow_internal.h"
#include "flow/journal.h"
#include "flow/runs_repo.h"
#include "flow/story.h"
#include "flow/why_asks.h"
#include "flow/why_view.h"
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

static void add_time(struct jw *jw, const char *name, int64_t us)
{
	char text[STAMP_TEXT] = "";
	if (us != 0)
		stamp_format(text, us);
	jw_member_str(jw, name, us != 0 ? text : NULL);
}

static void add_datum(struct jw *jw, const char *name, const struct datum *datum)
{
	size_t size = 4;
	const char *text = datum == NULL ? "null" : datum_bytes(datum, &size);
	jw_key(jw, name);
	jw_raw(jw, text, size);
}

/* Open the run's story, let `write` put an object of it, answer. */
static void tell(struct exchange *x,
				 void (*write)(struct jw *jw, const struct run_record *record, const struct story *story, bool v3))
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
	store_read_end(api->options.store, db);
	if (!read) {
		exchange_fail(x, &err);
		return;
	}
	buf_init(&text, 0);
	jw_init(&jw, &text);
	write(&jw, &record, &story, agents_v3(x));
	story_close(&story);
	reply_fact_text(x, 200, buf_text(&text), text.size);
	buf_fini(&text);
}

/* --- steps --- */

static void write_step(struct jw *jw, const struct run_record *record, const struct step *step, bool v3)
{
	char sha256[65], key[EFFECT_KEY];
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
	add_time(jw, "started_at", step->started_us);
	add_time(jw, "ended_at", step->ended_us);
	if (step->input != NULL)
		datum_sha256(step->input, sha256);
	jw_member_str(jw, "input_sha256", step->input == NULL ? NULL : sha256);
	add_datum(jw, "output", step->output);
	add_datum(jw, "error", step->error);
	if (step->skipped_reason != NULL)
		jw_member_str(jw, "skipped_reason", step->skipped_reason);
	if (step->costs) {
		char money[MONEY_TEXT];
		jw_member_str(jw, "cost", money_format(money, step->cost_micros));
		jw_member_int(jw, "cost_micros", step->cost_micros);
	}
	jw_object_end(jw);
}

static void write_steps(struct jw *jw, const struct run_record *record, const struct story *story, bool v3)
{
	jw_object(jw);
	jw_key(jw, "steps");
	jw_array(jw);
	for (size_t i = 0; i < story->steps.count; i++)
		write_step(jw, record, &story->steps.items[i], v3);
	jw_array_end(jw);
	jw_object_end(jw);
}

static void handle_steps(struct exchange *x)
{
	tell(x, write_steps);
}

/* --- why --- */

struct reason {
	const char *kind, *detail;
	int64_t until_us;
};

static struct reason effect_reason(const struct ir_task *task)
{
	switch (task->type) {
	case IR_LISTEN:
		return (struct reason){.kind = "event", .detail = "It listens for an event."};
	case IR_RUN_WORKFLOW:
		return (struct reason){.kind = "subflow", .detail = "Another run has to end first."};
	case IR_CALL:
		if (task->call.callee == IR_COUNTERSIGN)
			return (struct reason){.kind = "countersignature", .detail = "A person has to decide."};
		if (task->call.callee == IR_WORKER)
			return (struct reason){.kind = "worker", .detail = "A worker has to do it."};
		return (struct reason){.kind = "http", .detail = "An answer is awaited."};
	default:
		return (struct reason){.kind = "http", .detail = "A process is running."};
	}
}

static bool waits(const struct frame *frame, struct reason *reason)
{
	if (frame->is_block || frame->state != FRAME_WAITING)
		return false;
	if (frame->sent || frame->listening != NULL)
		*reason = effect_reason(frame->task);
	else if (frame->held != NULL)
		*reason = (struct reason){.kind = "breaker",
								  .detail = "What it asks failed too often and is left alone until then.",
								  .until_us = frame->due_us};
	else if (frame->due_us > 0 && frame->task->type == IR_TRY)
		*reason = (struct reason){.kind = "retry", .detail = "The next try begins then.", .until_us = frame->due_us};
	else if (frame->due_us > 0)
		*reason = (struct reason){.kind = "timer", .detail = "It waits for a time.", .until_us = frame->due_us};
	else
		return false;
	if (reason->until_us == 0)
		reason->until_us = frame->timeout_us;
	return true;
}

static void write_reason(struct jw *jw, const char *step, const struct reason *reason, int64_t since_us)
{
	jw_object(jw);
	jw_member_str(jw, "step", step);
	jw_member_str(jw, "kind", reason->kind);
	add_time(jw, "since", since_us);
	if (reason->until_us > 0)
		add_time(jw, "until", reason->until_us);
	jw_member_str(jw, "detail", reason->detail);
}

static void write_unblock(struct jw *jw, const char *run_id, const char *operation)
{
	struct buf path;
	buf_init(&path, 0);
	buf_addf(&path, "/api/v1/flow/runs/%s/%s", run_id, operation);
	jw_key(jw, "unblock");
	jw_object(jw);
	jw_member_str(jw, "method", "POST");
	jw_member_str(jw, "path", buf_text(&path));
	jw_key(jw, "body");
	jw_object(jw);
	jw_object_end(jw);
	jw_object_end(jw);
	buf_fini(&path);
}

static int64_t micros_of(struct datum *halt, const char *name)
{
	const struct json *value = halt == NULL ? NULL : json_get(datum_tree(halt), name);
	return value != NULL && value->kind == JS_INT ? value->integer : 0;
}

/* What is missing, as a request that adds it; where the budget is spent to its end, one micro-unit is the least. */
static void write_topup(struct jw *jw, struct datum *halt)
{
	char money[MONEY_TEXT];
	struct buf path;
	int64_t lacks = micros_of(halt, "amount_micros") - micros_of(halt, "available_micros");
	buf_init(&path, 0);
	buf_addf(&path, "/api/v1/flow/cost/budgets/%s/topup", json_text(datum_tree(halt), "budget_id"));
	jw_key(jw, "unblock");
	jw_object(jw);
	jw_member_str(jw, "method", "POST");
	jw_member_str(jw, "path", buf_text(&path));
	jw_key(jw, "body");
	jw_object(jw);
	jw_member_str(jw, "amount", money_format(money, lacks > 0 ? lacks : 1));
	jw_member_str(jw, "reason", "a run waits for it");
	jw_object_end(jw);
	jw_object_end(jw);
	buf_fini(&path);
}

static void write_halt(struct jw *jw, const struct run *run)
{
	char asked[MONEY_TEXT], left[MONEY_TEXT];
	struct buf detail;
	const char *budget_id = json_text(datum_tree(run->halt), "budget_id");
	int64_t amount = micros_of(run->halt, "amount_micros");
	buf_init(&detail, 0);
	if (amount > 0)
		buf_addf(&detail, "The budget %s has %s left, and the step may cost %s.", budget_id,
				 money_format(left, micros_of(run->halt, "available_micros")), money_format(asked, amount));
	else
		buf_addf(&detail, "The budget %s is exhausted.", budget_id);
	const struct reason reason = {.kind = "budget", .detail = buf_text(&detail)};
	write_reason(jw, json_text(datum_tree(run->halt), "step"), &reason, run->suspended_us);
	write_topup(jw, run->halt);
	jw_object_end(jw);
	buf_fini(&detail);
}

static void write_waiting(struct jw *jw, const struct run_record *record, const struct story *story)
{
	const struct run *run = &story->run;
	struct reason reason;
	size_t told = 0;
	if (run->status == RUN_SUSPENDED && run->halt != NULL) {
		write_halt(jw, run);
		return;
	}
	if (run->status == RUN_SUSPENDED) {
		const bool budget = strcmp(run->reason, "budget") == 0;
		reason = (struct reason){.kind = budget ? "budget" : "paused",
								 .detail = budget ? "The money is spent." : "It was paused and stands still."};
		write_reason(jw, NULL, &reason, run->suspended_us);
		write_unblock(jw, record->run_id, "resume");
		jw_object_end(jw);
		return;
	}
	for (size_t i = 0; i < run->frames_count && !run_is_over(run->status); i++) {
		const struct frame *frame = run->frames[i];
		if (!waits(frame, &reason))
			continue;
		write_reason(jw, frame->path, &reason, frame->started_us);
		if (frame->listening != NULL)
			why_view_listener(jw, frame);
		else if (frame->sent && frame->task->type == IR_RUN_WORKFLOW)
			why_view_child(jw, frame);
		else if (frame->held != NULL)
			why_view_breaker(jw, frame);
		else if (frame->sent)
			why_asks_view(jw, record->run_id, frame);
		jw_object_end(jw);
		told++;
	}
	if (told == 0 && !run_is_over(run->status)) {
		reason =
			run->status == RUN_PENDING && run->ir->max_runs > 0
				? (struct reason){.kind = "slot", .detail = "As many runs of the workflow as it allows are under way."}
				: (struct reason){.kind = "turn", .detail = "Its next turn is about to be taken."};
		write_reason(jw, NULL, &reason, run->now_us != 0 ? run->now_us : record->created_us);
		jw_object_end(jw);
	}
}

static void write_why(struct jw *jw, const struct run_record *record, const struct story *story, bool v3)
{
	(void)v3;
	jw_object(jw);
	jw_member_str(jw, "run_id", record->run_id);
	jw_member_str(jw, "status", record->status);
	jw_key(jw, "waiting");
	jw_array(jw);
	write_waiting(jw, record, story);
	jw_array_end(jw);
	jw_object_end(jw);
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

const struct route run_reads_routes[] = {
	ROUTE(GET, "/api/v1/flow/runs/{id}", "flow.read", EFFECT_READ, handle_get, .operation = "flow.runs.get",
		  .summary = "One run", .aliases = ALIASES({"/api/v3/executions/{id}"}, {"/api/v3/workflows/executions/{id}"})),
	ROUTE(GET, "/api/v1/flow/runs/{id}/steps", "flow.read", EFFECT_READ, handle_steps, .operation = "flow.runs.steps",
		  .summary = "The steps of a run, in the order in which they began",
		  .aliases = ALIASES({"/api/v3/executions/{id}/steps"}, {"/api/v3/workflows/executions/{id}/steps"})),
	ROUTE(GET, "/api/v1/flow/runs/{id}/journal", "flow.read", EFFECT_READ, handle_journal,
		  .operation = "flow.runs.journal", .summary = "The rows of a run's journal", .query = &journal_table),
	ROUTE(GET, "/api/v1/flow/runs/{id}/why", "flow.read", EFFECT_READ, handle_why, .operation = "flow.runs.why",
		  .summary = "What a run waits for, and what would let it go on"),
};
const size_t run_reads_routes_count = sizeof run_reads_routes / sizeof *run_reads_routes;
