/* POST /api/v1/flow/checkpoints/{id}/restore: put a run back [flow.md 5]. */
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "flow/checkpoint.h"
#include "flow/checkpoint_view.h"
#include "flow/domain/control.h"
#include "flow/domain/run.h"
#include "flow/flow_internal.h"
#include "flow/orders.h"
#include "flow/runs_repo.h"
#include "flow/story.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/write.h"
static bool over(const char *status, const char *word)
{
	return strcmp(status, word) == 0;
}

struct restore_request {
	const char *recovery_reason;
	bool repeat_effects;
};
static const struct field restore_fields[] = {
	F_STR(restore_request, recovery_reason, REQUIRED, LENGTH(1, 500), DOC("Why; it stands in the journal")),
	F_BOOL(restore_request, repeat_effects, DOC("Even over steps that are sent at most once, and were")),
};
static const struct field_table restore_table =
	FIELD_TABLE("flow.checkpoints.restore", restore_request, restore_fields);

struct restoring {
	struct write write; /* first */
	struct exchange *x;
	struct flow_api *api;
	struct checkpoint_record checkpoint;
	struct run_record run;
	struct control control;
};

static bool refuse(struct exchange *x, const char *status, const char *what)
{
	runs_tell_allowed(x, status, NULL);
	exchange_failf(x, ERR_TRANSITION_REFUSED, "The %s is %s.", what, status);
	return false;
}

/* A checkpoint whose content is not what was stored is no place to go back to. */
static bool is_ready(struct restoring *r)
{
	struct exchange *x = r->x;
	struct err err;
	struct db *db = store_read(r->api->options.store);
	bool whole = checkpoint_whole(db, &r->checkpoint, &x->arena, &err);
	store_read_end(r->api->options.store, db);
	if (!whole && err.kind != ERR_INVALID) {
		exchange_fail(x, &err);
		return false;
	}
	if (whole && over(r->checkpoint.status, "ready"))
		return true;
	exchange_failf(x, ERR_TRANSITION_REFUSED, "The checkpoint is %s.", whole ? r->checkpoint.status : "failed");
	return false;
}

static bool may(struct restoring *r)
{
	struct exchange *x = r->x;
	struct control_plan plan;
	struct story story;
	struct err err;
	if (over(r->run.status, "running"))
		return refuse(x, r->run.status, "run");
	struct db *db = store_read(r->api->options.store);
	bool read = story_open(&story, r->api->runner, db, &r->run, &x->arena, &err);
	store_read_end(r->api->options.store, db);
	if (!read) {
		exchange_fail(x, &err);
		return false;
	}
	enum control_refusal refusal = control_plan(&story.run, &story.steps, &r->control, &plan);
	story_close(&story);
	if (refusal == CONTROL_EFFECT_SENT)
		exchange_failf(x, ERR_EFFECT_SENT, "A step was sent that is sent at most once; say repeat_effects to go back.");
	else if (refusal != CONTROL_FINE)
		refuse(x, r->run.status, "run");
	return refusal == CONTROL_FINE;
}

static bool apply_restore(struct write *w, struct db *db, struct err *err)
{
	struct restoring *r = (struct restoring *)w;
	return checkpoints_mark(db, r->checkpoint.checkpoint_id, "restoring", err) &&
		   orders_put(db, r->api->options.ids, r->run.run_id, &r->control, err) &&
		   checkpoint_audit(r->x, db, AUDIT_CHECKPOINT_RESTORE, r->checkpoint.checkpoint_id, r->control.reason, err);
}

static void carried_out(void *self, bool ended)
{
	struct restoring *r = self;
	(void)ended;
	run_reply(r->x, r->run.run_id);
}

static void answer_restore(struct write *w)
{
	struct restoring *r = (struct restoring *)w;
	if (r->x->drafting) {
		r->run.status = run_status_names[RUN_RUNNING];
		run_view_reply(r->x, 200, &r->run);
	} else {
		runner_look_then(r->api->runner, r->run.run_id, carried_out, r);
	}
}

static void after_restore(struct write *w, bool applied)
{
	const struct restoring *r = (const struct restoring *)w;
	if (applied && w->drafted)
		runner_look(r->api->runner, r->run.run_id);
}

void checkpoints_restore(struct exchange *x, const char *checkpoint_id, const char *run_id, const char *reason,
						 bool repeat_effects)
{
	const struct principal *principal = principal_of(x);
	struct restoring *r = arena_new(&x->arena, struct restoring);
	if (r == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	*r = (struct restoring){.x = x, .api = x->owner};
	if (!checkpoint_named(x, checkpoint_id, &r->checkpoint) || !checkpoint_run(x, r->checkpoint.run_id, &r->run))
		return;
	if (run_id != NULL && strcmp(run_id, r->run.run_id) != 0) {
		exchange_failf(x, ERR_NOT_FOUND, "The run has no such checkpoint.");
		return;
	}
	r->control = (struct control){.kind = CONTROL_RESTORE,
								  .repeat_effects = repeat_effects,
								  .reason = reason,
								  .by = principal->user_id[0] == '\0' ? NULL : principal->user_id,
								  .to = r->checkpoint.seq};
	r->write = (struct write){.x = x,
							  .store = r->api->options.store,
							  .apply = apply_restore,
							  .answer = answer_restore,
							  .after = after_restore};
	if (is_ready(r) && may(r))
		write_submit(&r->write);
}

static void handle_restore(struct exchange *x)
{
	struct restore_request request;
	if (exchange_decode(x, &request))
		checkpoints_restore(x, exchange_param(x, "id"), NULL, request.recovery_reason, request.repeat_effects);
}

static const enum err_kind restore_errors[] = {ERR_NOT_FOUND, ERR_TRANSITION_REFUSED, ERR_EFFECT_SENT, ERR_NONE};

#define V1 "/api/v1/flow/checkpoints"
#define V3 "/api/v3/checkpoints"

const struct route checkpoint_restore_routes[] = {
	ROUTE(POST, V1 "/{id}/restore", "flow.operate", EFFECT_WRITE, handle_restore,
		  .operation = "flow.checkpoints.restore", .summary = "Let a run go on from there",
		  .aliases = ALIASES({V3 "/{id}/restore"}), .body = &restore_table, .result = &run_view_table,
		  .errors = restore_errors),
};
const size_t checkpoint_restore_routes_count = sizeof checkpoint_restore_routes / sizeof *checkpoint_restore_routes;
