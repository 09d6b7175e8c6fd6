/* /api/v1/flow/checkpoints: look at places that a run can go back to, and delete them [flow.md 5]. */

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/jw.h"
#include "flow/agents_internal.h"
#include "flow/checkpoint.h"
#include "flow/checkpoint_view.h"
#include "flow/flow_internal.h"
#include "flow/runs_repo.h"
#include "http/exchange.h"
#include "people/reply.h"
#include "people/write.h"
static void handle_get(struct exchange *x)
{
	const struct flow_api *api = x->owner;
	struct checkpoint_record record;
	struct buf state;
	struct err err;
	if (!checkpoint_named(x, exchange_param(x, "id"), &record))
		return;
	buf_init(&state, 0);
	struct db *db = store_read(api->options.store);
	bool whole = checkpoint_content(db, &record, &x->arena, &state, &err);
	store_read_end(api->options.store, db);
	if (!whole && err.kind != ERR_INVALID)
		exchange_fail(x, &err);
	else
		checkpoint_view_reply(x, 200, &record, whole ? buf_text(&state) : NULL);
	buf_fini(&state);
}

struct listing {
	struct jw jw;
	int64_t total;
	bool v3;
	struct arena *arena;
};

static void take_one(void *self, const struct checkpoint_record *record)
{
	struct listing *listing = self;
	checkpoint_view_write(&listing->jw, record, listing->v3, NULL, listing->arena);
	listing->total++;
}

static void list(struct exchange *x, const char *run_id)
{
	const struct flow_api *api = x->owner;
	struct listing listing = {.v3 = agents_v3(x), .arena = &x->arena};
	struct run_record run;
	struct buf text;
	struct err err;
	if (!checkpoint_run(x, run_id, &run))
		return;
	buf_init(&text, 0);
	jw_init(&listing.jw, &text);
	jw_object(&listing.jw);
	jw_key(&listing.jw, "checkpoints");
	jw_array(&listing.jw);
	struct db *db = store_read(api->options.store);
	bool read = checkpoints_list(db, run.run_id, &x->arena, take_one, &listing, &err);
	store_read_end(api->options.store, db);
	jw_array_end(&listing.jw);
	jw_member_int(&listing.jw, "total", listing.total);
	jw_object_end(&listing.jw);
	if (read)
		reply_fact_text(x, 200, buf_text(&text), text.size);
	else
		exchange_fail(x, &err);
	buf_fini(&text);
}

static void handle_list_of(struct exchange *x)
{
	list(x, exchange_param(x, "run_id"));
}

struct list_request {
	const char *run_id, *execution_id, *workflow_execution_id;
};
static const struct field list_fields[] = {
	F_STR(list_request, run_id, LENGTH(1, 64), DOC("Whose; also execution_id or workflow_execution_id")),
	F_STR(list_request, execution_id, LENGTH(1, 64)),
	F_STR(list_request, workflow_execution_id, LENGTH(1, 64)),
};
static const struct field_table list_table = FIELD_TABLE("flow.checkpoints.list", list_request, list_fields);

static void handle_list(struct exchange *x)
{
	struct list_request r;
	struct faults faults;
	if (!exchange_decode_query(x, &r))
		return;
	const char *run_id = r.run_id != NULL         ? r.run_id
						 : r.execution_id != NULL ? r.execution_id
												  : r.workflow_execution_id;
	if (run_id != NULL) {
		list(x, run_id);
		return;
	}
	faults_init(&faults, &x->arena);
	faults_add(&faults, "/run_id", "required", "is missing");
	exchange_fail_faults(x, ERR_INVALID, &faults);
}

static void handle_snapshots(struct exchange *x)
{
	list(x, exchange_param(x, "id"));
}

struct removing {
	struct write write; /* first */
	struct checkpoint_record record;
};

static bool apply_delete(struct write *w, struct db *db, struct err *err)
{
	const struct removing *r = (struct removing *)w;
	return checkpoints_delete(db, r->record.checkpoint_id, err) &&
		   checkpoint_audit(w->x, db, AUDIT_CHECKPOINT_DELETE, r->record.checkpoint_id, NULL, err);
}

static void handle_delete(struct exchange *x)
{
	const struct flow_api *api = x->owner;
	struct removing *r = arena_new(&x->arena, struct removing);
	if (r == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	if (!checkpoint_named(x, exchange_param(x, "id"), &r->record))
		return;
	r->write = (struct write){.x = x, .store = api->options.store, .apply = apply_delete};
	write_submit(&r->write);
}
static const enum err_kind found_errors[] = {ERR_NOT_FOUND, ERR_NONE};

#define V1 "/api/v1/flow/checkpoints"
#define V3 "/api/v3/checkpoints"

const struct route checkpoints_routes[] = {
	ROUTE(GET, V1, "flow.read", EFFECT_READ, handle_list, .operation = "flow.checkpoints.list",
		  .summary = "The checkpoints of a run, newest first", .aliases = ALIASES({V3}), .query = &list_table,
		  .result = &checkpoint_list_table, .errors = found_errors),
	ROUTE(GET, V1 "/workflow/{run_id}", "flow.read", EFFECT_READ, handle_list_of,
		  .operation = "flow.checkpoints.list_of", .summary = "The checkpoints of a run, newest first",
		  .aliases = ALIASES({V3 "/workflow/{run_id}"}), .result = &checkpoint_list_table, .errors = found_errors),
	ROUTE(GET, "/api/v1/flow/runs/{id}/snapshots", "flow.read", EFFECT_READ, handle_snapshots,
		  .operation = "flow.runs.snapshots", .summary = "The checkpoints of a run, newest first",
		  .aliases = ALIASES({"/api/v3/executions/{id}/snapshots"}), .result = &checkpoint_list_table,
		  .errors = found_errors),
	ROUTE(GET, V1 "/{id}", "flow.read", EFFECT_READ, handle_get, .operation = "flow.checkpoints.get",
		  .summary = "One checkpoint, with what the run held", .aliases = ALIASES({V3 "/{id}"}),
		  .result = &checkpoint_view_table, .errors = found_errors),
	ROUTE(DELETE, V1 "/{id}", "flow.operate", EFFECT_WRITE, handle_delete, .operation = "flow.checkpoints.delete",
		  .summary = "Delete a checkpoint; its number is not given again", .aliases = ALIASES({V3 "/{id}"}),
		  .status = 204, .errors = found_errors),
};
const size_t checkpoints_routes_count = sizeof checkpoints_routes / sizeof *checkpoints_routes;
