/* POST /api/v1/flow/runs/{id}/replay, GET /replays/{id}: a run recomputed, or executed once more [flow.md 3.3]. */
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/id.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "flow/agents_internal.h"
#include "flow/domain/datum.h"
#include "flow/fork.h"
#include "flow/replay.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"
#include "store/store.h"

enum replay_mode { REPLAY_VERIFY, REPLAY_FULL, REPLAY_FROM_STEP, REPLAY_FAILED_ONLY };
static const char *const mode_names[] = {"verify", "full", "from_step", "failed_only", NULL};

struct replay_request {
	int mode;
	const char *from_step, *reason;
	const struct json *input;
};
static const struct field replay_fields[] = {
	F_ENUM(replay_request, mode, mode_names, DEFAULT(REPLAY_VERIFY), ALSO("replay_mode"),
		   DOC("verify: recompute and compare; the others execute into a new run")),
	F_STR(replay_request, from_step, LENGTH(1, 4096), ALSO("from_step_id"), DOC("Step path, of from_step")),
	F_JSON(replay_request, input, DOC("Another input, where it executes; of the run, or of from_step")),
	F_STR(replay_request, reason, LENGTH(1, 500)),
};
static const struct field_table replay_table = FIELD_TABLE("flow.runs.replay", replay_request, replay_fields);

/* --- as it is told --- */

struct replay_record {
	const char *replay_id, *run_id, *mode, *report, *new_run_id, *new_status;
	int64_t created_us;
};

static const char *status_of(const struct replay_record *r, bool v3)
{
	if (r->new_run_id == NULL)
		return "completed";
	if (r->new_status == NULL) /* its time was up */
		return "deleted";
	return v3 ? run_status_v3(r->new_status) : r->new_status;
}

static void reply(struct exchange *x, int status, const struct replay_record *r)
{
	char at[STAMP_TEXT];
	bool v3 = agents_v3(x);
	struct buf text;
	struct jw jw;
	stamp_format(at, r->created_us);
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	jw_member_str(&jw, "replay_id", r->replay_id);
	jw_member_str(&jw, "run_id", r->run_id);
	if (v3) {
		jw_member_str(&jw, "execution_id", r->run_id);
		jw_member_str(&jw, "workflow_execution_id", r->run_id);
	}
	jw_member_str(&jw, "mode", r->mode);
	jw_member_str(&jw, "status", status_of(r, v3));
	if (r->report != NULL) {
		jw_key(&jw, "report");
		jw_raw(&jw, r->report, strlen(r->report));
	}
	if (r->new_run_id != NULL)
		jw_member_str(&jw, "new_run_id", r->new_run_id);
	jw_member_str(&jw, "created_at", at);
	jw_object_end(&jw);
	reply_fact_text(x, status, buf_text(&text), text.size);
	buf_fini(&text);
}

/* --- replaying --- */

struct replaying {
	struct forking forking; /* first */
	struct replay_request request;
	struct replay_record record;
	char made_id[ID_TEXT];
};

static bool insert(struct replaying *r, struct db *db, struct err *err)
{
	const struct forking *f = &r->forking;
	const struct principal *principal = principal_of(f->x);
	if (!db_run(
			db, err,
			"INSERT INTO flow_replays (replay_id, run_id, account_id, mode, report, new_run_id, created_at, "
			"created_by) "
			"SELECT $1, run_id, account_id, $2, $3, $4, $5, $6 FROM flow_runs WHERE run_id = $7 AND account_id = $8",
			V_TEXT(r->record.replay_id), V_TEXT(r->record.mode), V_TEXT(r->record.report), V_TEXT(r->record.new_run_id),
			V_INT(r->record.created_us), V_TEXT(principal->user_id[0] == '\0' ? NULL : principal->user_id),
			V_TEXT(r->record.run_id), V_TEXT(principal->account_id)))
		return false;
	if (db_changed(db) == 0)
		return err_set(err, ERR_NOT_FOUND, "There is no such run.");
	struct audit_event event = principal_event(f->x, AUDIT_RUN_REPLAY, AUDIT_SUCCESS);
	const struct audit_pair meta[] = {{AUDIT_META_reason, r->request.reason}};
	event.target_id = r->record.run_id;
	event.meta = meta;
	event.meta_count = r->request.reason == NULL ? 0 : 1;
	return audit_append(f->api->audit, db, &event, err);
}

static bool apply_verified(struct write *w, struct db *db, struct err *err)
{
	return insert((struct replaying *)w, db, err);
}

static bool apply_executed(struct write *w, struct db *db, struct err *err)
{
	struct replaying *r = (struct replaying *)w;
	if (!fork_apply(&r->forking, db, err))
		return false;
	r->record.new_run_id = r->forking.start.run_id;
	r->record.new_status = "pending";
	return insert(r, db, err);
}

static void answer(struct write *w)
{
	struct replaying *r = (struct replaying *)w;
	exchange_setf(r->forking.x, "Location", "/api/v1/flow/replays/%s", r->record.replay_id);
	reply(r->forking.x, 202, &r->record);
}

static void after_executed(struct write *w, bool applied)
{
	fork_after((struct forking *)w, applied);
}

static bool verify(struct replaying *r)
{
	struct forking *f = &r->forking;
	struct buf report;
	struct err err;
	buf_init(&report, 0);
	struct db *db = store_read(f->api->options.store);
	bool read = replay_verify(f->api->runner, db, &f->record, &f->x->arena, &report, &err);
	store_read_end(f->api->options.store, db);
	r->record.report = read ? arena_dup(&f->x->arena, buf_text(&report)) : NULL;
	buf_fini(&report);
	if (!read)
		exchange_fail(f->x, &err);
	else if (r->record.report == NULL)
		exchange_failf(f->x, ERR_LIMIT, "no memory");
	return r->record.report != NULL;
}

static bool execute(struct replaying *r)
{
	struct forking *f = &r->forking;
	f->request = (struct fork_request){.reason = r->request.reason, .from_seq = FIELD_NO_INT};
	f->failed_only = r->request.mode == REPLAY_FAILED_ONLY;
	if (r->request.mode == REPLAY_FROM_STEP)
		f->request.from_step = r->request.from_step;
	return fork_look(f);
}

static void check(void *self, struct faults *faults)
{
	const struct replaying *r = self;
	if (r->request.mode == REPLAY_FROM_STEP && r->request.from_step == NULL)
		faults_add(faults, "/from_step", "required", "is missing");
	if (r->request.mode == REPLAY_VERIFY && r->forking.input != NULL)
		faults_add(faults, "/input", "unknown_property", "goes with modes that execute");
}

static void handle_replay(struct exchange *x)
{
	const struct json *body = NULL;
	struct replaying *r = arena_new(&x->arena, struct replaying);
	if (r == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	struct forking *f = &r->forking;
	*f = (struct forking){.x = x, .api = x->owner};
	if (x->body.size > 0 && !exchange_json(x, &body))
		return;
	f->input = json_get(body, "input");
	if (!exchange_decode_checked(x, &r->request, check, r) || !run_named(x, &f->record))
		return;
	bool executes = r->request.mode != REPLAY_VERIFY;
	if (!(executes ? execute(r) : verify(r)))
		return;
	id_make(f->api->options.ids, r->made_id);
	r->record.replay_id = r->made_id;
	r->record.run_id = f->record.run_id;
	r->record.mode = mode_names[r->request.mode];
	r->record.created_us = runner_now_us(f->api->runner);
	f->write = (struct write){.x = x,
							  .store = f->api->options.store,
							  .apply = executes ? apply_executed : apply_verified,
							  .answer = answer,
							  .after = executes ? after_executed : NULL};
	write_submit(&f->write);
}

/* --- looking --- */

struct finding {
	struct arena *arena;
	struct replay_record *record;
};

static void take_record(const struct db_rows *row, void *self)
{
	const struct finding *to = self;
	const char *texts[6];
	for (int i = 0; i < 6; i++)
		texts[i] = db_text_dup(row, i, to->arena);
	*to->record = (struct replay_record){.replay_id = texts[0],
										 .run_id = texts[1],
										 .mode = texts[2],
										 .report = texts[3],
										 .new_run_id = texts[4],
										 .new_status = texts[5],
										 .created_us = db_int(row, 6)};
}

static void handle_get(struct exchange *x)
{
	const struct flow_api *api = x->owner;
	struct replay_record record;
	struct finding to = {.arena = &x->arena, .record = &record};
	struct err err;
	bool found = false, read = true;
	const char *id = exchange_param(x, "id");
	if (id_valid(id)) {
		struct db *db = store_read(api->options.store);
		read = db_one(db, &err, &found, take_record, &to,
					  "SELECT p.replay_id, p.run_id, p.mode, p.report, p.new_run_id, (SELECT r.status FROM flow_runs r "
					  "WHERE r.run_id = p.new_run_id), p.created_at FROM flow_replays p WHERE p.replay_id = $1 AND "
					  "p.account_id = $2",
					  V_TEXT(id), V_TEXT(principal_of(x)->account_id));
		store_read_end(api->options.store, db);
	}
	if (!read)
		exchange_fail(x, &err);
	else if (!found)
		exchange_failf(x, ERR_NOT_FOUND, "There is no such replay.");
	else
		reply(x, 200, &record);
}

static const struct field difference_rows[] = {T_STR(pointer), T_JSON(expected), T_JSON(got)};
static const struct field_table difference_table = TOLD_TABLE("flow.replay.difference", difference_rows);
static const struct field differing_rows[] = {
	T_STR(path, DOC("Of the step")),
	T_STR(expected_sha256, NULLABLE),
	T_STR(got_sha256, NULLABLE),
	T_OBJECT(first_difference, &difference_table),
};
static const struct field_table differing_table = TOLD_TABLE("flow.replay.differing", differing_rows);
static const struct field report_rows[] = {
	T_NUM(match_percentage),
	T_INT(total_steps),
	T_INT(matching_steps),
	T_OBJECTS(divergent_steps, &differing_table),
};
static const struct field_table report_table = TOLD_TABLE("flow.replay.report", report_rows);
static const struct field told_rows[] = {
	T_STR(replay_id),
	T_STR(run_id),
	T_STR(execution_id, TOLD_V3),
	T_STR(workflow_execution_id, TOLD_V3),
	T_ENUM(mode, mode_names),
	T_STR(status, DOC("Of the run that it executes in; deleted: that is gone; completed: it was recomputed")),
	T_OBJECT(report, &report_table, LEFT_OUT, DOC("Of verify")),
	T_STR(new_run_id, LEFT_OUT, DOC("Of modes that execute")),
	T_TIME(created_at),
};
static const struct field_table told_table = TOLD_TABLE("flow.replay", told_rows);

static const struct json_limits user_data = {.depth = 500, .values = 100000};
static const enum err_kind replay_errors[] = {ERR_NOT_FOUND, ERR_TRANSITION_REFUSED, ERR_NONE};
static const enum err_kind get_errors[] = {ERR_NOT_FOUND, ERR_NONE};

const struct route replays_routes[] = {
	ROUTE(POST, "/api/v1/flow/runs/{id}/replay", "flow.operate", EFFECT_WRITE, handle_replay,
		  .operation = "flow.runs.replay", .summary = "Recompute a run and compare, or execute it once more",
		  .aliases = ALIASES({"/api/v3/executions/{id}/replay"}), .body = &replay_table, .result = &told_table,
		  .status = 202, .errors = replay_errors, .body_max = DATUM_MAX, .json_limits = &user_data),
	ROUTE(GET, "/api/v1/flow/replays/{id}", "flow.read", EFFECT_READ, handle_get, .operation = "flow.replays.get",
		  .summary = "One replay, with its report", .result = &told_table, .errors = get_errors,
		  .aliases = ALIASES({"/api/v3/replay-sessions/{id}"}, {"/api/v3/executions/replay-sessions/{id}"})),
};
const size_t replays_routes_count = sizeof replays_routes / sizeof *replays_routes;
