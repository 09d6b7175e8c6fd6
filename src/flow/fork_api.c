/* POST /api/v1/flow/runs/{id}/fork: a new run that begins with what another one did [flow.md 3.3]. */
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "flow/definition.h"
#include "flow/domain/control.h"
#include "flow/domain/datum.h"
#include "flow/domain/run.h"
#include "flow/domain/steps.h"
#include "flow/flow_internal.h"
#include "flow/journal.h"
#include "flow/orders.h"
#include "flow/runs_repo.h"
#include "flow/story.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/write.h"
#include "store/store.h"

struct fork_request {
	const char *from_step, *reason;
	int64_t from_seq;
	const struct json *input;
};
static const struct field fork_fields[] = {
	F_STR(fork_request, from_step, LENGTH(1, 4096), DOC("Step path: what began before it is not done again")),
	F_INT(fork_request, from_seq, RANGE(1, 9007199254740991), DOC("The last row of the journal that is taken over")),
	F_JSON(fork_request, input, DOC("Of from_step; without a place to fork at: of the run")),
	F_STR(fork_request, reason, LENGTH(1, 500)),
};
static const struct field_table fork_table = FIELD_TABLE("flow.runs.fork", fork_request, fork_fields);

struct forking {
	struct write write; /* first */
	struct exchange *x;
	struct flow_api *api;
	struct fork_request request;
	const struct json *input; /* also null; NULL: none given */
	struct run_record record;
	struct runner_start start;
	int64_t to; /* 0: from the start */
};

static bool fault(struct forking *f, const char *pointer, const char *code, const char *message)
{
	struct faults faults;
	faults_init(&faults, &f->x->arena);
	faults_add(&faults, pointer, code, "%s", message);
	exchange_fail_faults(f->x, ERR_INVALID, &faults);
	return false;
}

static bool check(struct forking *f)
{
	bool by_seq = f->request.from_seq != FIELD_NO_INT;
	if (by_seq && f->request.from_step != NULL)
		return fault(f, "/from_seq", "unknown_property", "either from_step or from_seq");
	if (by_seq && f->input != NULL)
		return fault(f, "/input", "unknown_property", "goes with from_step, or with neither");
	return true;
}

/* The row before the step began, the last time that counts. */
static bool find_step(struct forking *f, const struct story *story)
{
	uintptr_t at = (uintptr_t)map_get(&story->steps.last, f->request.from_step);
	if (at == 0) {
		exchange_failf(f->x, ERR_NOT_FOUND, "There is no such step.");
		return false;
	}
	f->to = story->steps.items[at - 1].began_seq - 1;
	return true;
}

/* A row that counts, before the end. */
static bool find_row(struct forking *f, const struct story *story)
{
	f->to = f->request.from_seq;
	if (f->to > story->run.seq - (run_is_over(story->run.status) ? 1 : 0))
		return fault(f, "/from_seq", "range", "the run has no such row, or ends with it");
	return true;
}

static bool find_place(struct forking *f, const struct story *story)
{
	if (f->request.from_step != NULL)
		return find_step(f, story);
	return f->request.from_seq == FIELD_NO_INT || find_row(f, story);
}

static bool read_definition(struct forking *f, struct db *db, struct err *err)
{
	size_t size;
	return runs_definition(db, f->record.definition_sha256, &f->x->arena, &f->start.definition_text, &size, err) &&
		   (f->start.definition_text != NULL || err_set(err, ERR_INTERNAL, "The definition is missing."));
}

/* What the run did, and where to fork.  False: answered. */
static bool look(struct forking *f)
{
	struct story story;
	struct err err;
	struct db *db = store_read(f->api->options.store);
	bool read = read_definition(f, db, &err) && story_open(&story, f->api->runner, db, &f->record, &f->x->arena, &err);
	store_read_end(f->api->options.store, db);
	if (!read) {
		exchange_fail(f->x, &err);
		return false;
	}
	bool found = find_place(f, &story);
	if (found)
		f->start.definition = definition_ref(story.definition);
	story_close(&story);
	return found;
}

static const char *text_of(struct arena *arena, const struct json *json)
{
	struct datum *datum = datum_json(json);
	const char *text = arena_dup(arena, datum_bytes(datum, NULL));
	datum_unref(datum);
	return text;
}

static void fill(struct forking *f)
{
	const struct principal *principal = principal_of(f->x);
	bool own = f->input != NULL && f->to == 0;
	f->start.account_id = principal->account_id;
	f->start.created_by = principal->user_id[0] == '\0' ? NULL : principal->user_id;
	f->start.definition_sha256 = f->record.definition_sha256;
	f->start.input = own ? text_of(&f->x->arena, f->input) : f->record.input;
	f->start.seed = f->record.seed;
	f->start.labels = f->record.labels;
	f->start.priority = f->record.priority;
}

static bool audit(struct forking *f, struct db *db, struct err *err)
{
	struct audit_event event = principal_event(f->x, AUDIT_RUN_FORK, AUDIT_SUCCESS);
	const struct audit_pair meta[] = {{AUDIT_META_reason, f->request.reason}};
	event.target_id = f->record.run_id;
	event.meta = meta;
	event.meta_count = f->request.reason == NULL ? 0 : 1;
	return audit_append(f->api->audit, db, &event, err);
}

static bool apply_fork(struct write *w, struct db *db, struct err *err)
{
	struct forking *f = (struct forking *)w;
	const struct control control = {.kind = CONTROL_FORK,
									.step = f->request.from_step,
									.value = f->input,
									.reason = f->request.reason,
									.by = f->start.created_by,
									.to = f->to};
	bool good = runner_insert(f->api->runner, db, &f->start, err);
	if (good && f->to > 0)
		good = journal_fork(db, f->start.run_id, f->record.run_id, f->to, err) &&
			   orders_put(db, f->api->options.ids, f->start.run_id, &control, err);
	return good && audit(f, db, err);
}

static void answer_fork(struct write *w)
{
	const struct forking *f = (const struct forking *)w;
	struct run_record record = f->record;
	record.run_id = f->start.run_id;
	record.forked_from = f->to > 0 ? f->record.run_id : NULL;
	record.status = run_status_names[RUN_PENDING];
	record.reason = record.output = record.error = record.parent_run_id = NULL;
	record.input = f->start.input;
	record.created_us = f->start.created_us;
	record.started_us = record.ended_us = record.steps_total = record.attempts_total = record.cost_micros = 0;
	record.seq = f->to;
	exchange_setf(f->x, "Location", "/api/v1/flow/runs/%s", record.run_id);
	run_view_reply(f->x, 202, &record);
}

static void after_fork(struct write *w, bool applied)
{
	const struct forking *f = (const struct forking *)w;
	if (applied && f->start.run_id != NULL) {
		runner_expect(f->api->runner, &f->start);
		runner_wake(f->api->runner, f->start.run_id);
	}
	definition_unref(f->start.definition);
}

static void handle_fork(struct exchange *x)
{
	const struct json *body;
	struct forking *f = arena_new(&x->arena, struct forking);
	if (f == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	*f = (struct forking){.x = x, .api = x->owner};
	if (!exchange_decode(x, &f->request) || !run_named(x, &f->record) || !exchange_json(x, &body))
		return;
	f->input = json_get(body, "input"); /* null is an input, too */
	if (!check(f) || !look(f))
		return;
	fill(f);
	f->write = (struct write){
		.x = x, .store = f->api->options.store, .apply = apply_fork, .answer = answer_fork, .after = after_fork};
	write_submit(&f->write);
}

static const struct json_limits user_data = {.depth = 500, .values = 100000};
static const enum err_kind fork_errors[] = {ERR_NOT_FOUND, ERR_NONE};

const struct route fork_routes[] = {
	ROUTE(POST, "/api/v1/flow/runs/{id}/fork", "flow.operate", EFFECT_WRITE, handle_fork, .operation = "flow.runs.fork",
		  .summary = "A new run that begins with what this one did up to a step", .body = &fork_table, .status = 202,
		  .errors = fork_errors, .body_max = DATUM_MAX, .json_limits = &user_data),
};
const size_t fork_routes_count = sizeof fork_routes / sizeof *fork_routes;
