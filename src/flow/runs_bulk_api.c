/* POST /api/v1/flow/runs/bulk: one word to many runs [flow.md 3.3]. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/id.h"
#include "core/must.h"
#include "core/stamp.h"
#include "flow/domain/control.h"
#include "flow/domain/run.h"
#include "flow/flow_internal.h"
#include "flow/orders.h"
#include "flow/runs_repo.h"
#include "flow/story.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"
#include "people/write.h"
#include "store/store.h"

enum { BULK_MAX = 10000, STORY_CAP = 256 << 20 };
enum bulk_action { BULK_PAUSE, BULK_RESUME, BULK_CANCEL, BULK_RETRY };
static const char *const bulk_action_names[] = {"pause", "resume", "cancel", "retry", NULL};
static const struct {
	enum audit_action audit;
	enum runner_order order;
} bulk_actions[] = {
	[BULK_PAUSE] = {AUDIT_RUN_PAUSE, RUNNER_SUSPEND},
	[BULK_RESUME] = {AUDIT_RUN_RESUME, RUNNER_RESUME},
	[BULK_CANCEL] = {AUDIT_RUN_CANCEL, RUNNER_CANCEL},
	[BULK_RETRY] = {.audit = AUDIT_RUN_RETRY},
};

struct bulk_filter {
	const char *workflow, *label, *created_before;
	int status; /* -1: any */
};
static const struct field filter_fields[] = {
	F_STR(bulk_filter, workflow, LENGTH(3, 511), DOC("NAMESPACE/NAME")),
	F_ENUM(bulk_filter, status, run_status_names),
	F_STR(bulk_filter, label, LENGTH(1, 300), DOC("KEY:VALUE")),
	F_STR(bulk_filter, created_before, LENGTH(1, 40), DOC("RFC 3339")),
};
static const struct field_table filter_table = FIELD_TABLE("flow.runs.bulk.filter", bulk_filter, filter_fields);

struct bulk_request {
	int action;
	struct bulk_filter filter;
	int64_t limit;
	bool dry_run;
	const char *reason;
};
static const struct field bulk_fields[] = {
	F_ENUM(bulk_request, action, bulk_action_names, REQUIRED),
	F_OBJECT(bulk_request, filter, &filter_table, REQUIRED, DOC("{}: all of the account")),
	F_INT(bulk_request, limit, RANGE(1, BULK_MAX), DEFAULT(BULK_MAX), DOC("Those that the word can reach come first")),
	F_BOOL(bulk_request, dry_run, DOC("Only count what matches")),
	F_STR(bulk_request, reason, LENGTH(1, 500)),
};
static const struct field_table bulk_table = FIELD_TABLE("flow.runs.bulk", bulk_request, bulk_fields);

struct bulk_result {
	int64_t matched, changed;
};
static const struct field result_fields[] = {
	F_INT(bulk_result, matched, DOC("Runs that the filter finds, at most limit")),
	F_INT(bulk_result, changed, DOC("Those of them that were told; the state of the others does not allow it")),
};
static const struct field_table result_table = FIELD_TABLE("flow.runs.bulk.result", bulk_result, result_fields);

struct target {
	char run_id[ID_TEXT];
	bool told;
};

struct bulk {
	struct write write; /* first */
	struct exchange *x;
	struct flow_api *api;
	struct bulk_request request;
	struct runs_filter filter;
	struct target *targets;
	size_t count;
	struct bulk_result result;
	bool stored; /* not so where a kept answer is given once more */
	_Atomic int64_t awaited;
};

/* --- which --- */

static bool allows(enum bulk_action action, enum run_status status)
{
	switch (action) {
	case BULK_PAUSE:
		return run_may_become(status, RUN_SUSPENDED);
	case BULK_RESUME:
		return status == RUN_SUSPENDED;
	case BULK_CANCEL:
		return run_may_become(status, RUN_CANCELLED);
	default:
		return run_is_over(status) && run_may_become(status, RUN_RUNNING);
	}
}

static bool allows_name(enum bulk_action action, const char *name)
{
	for (int i = 0; i < RUN_STATUSES; i++)
		if (strcmp(run_status_names[i], name) == 0)
			return allows(action, (enum run_status)i);
	return false;
}

/* The states that the word can reach, as the query puts them first. */
static const char *reachable(struct arena *arena, enum bulk_action action)
{
	const char *names = "";
	for (int i = 0; i < RUN_STATUSES && names != NULL; i++)
		if (allows(action, (enum run_status)i))
			names = arena_printf(arena, "%s %s", names, run_status_names[i]);
	return names;
}

static void take_target(void *self, const char *run_id, const char *status)
{
	struct bulk *b = self;
	struct target *target = &b->targets[b->count++];
	must(strlen(run_id) < sizeof target->run_id);
	strcpy(target->run_id, run_id);
	target->told = allows_name((enum bulk_action)b->request.action, status);
}

/* May its step be executed once more? */
static bool may_retry(struct bulk *b, struct db *db, const char *run_id, bool *may, struct err *err)
{
	const struct control control = {.kind = CONTROL_RETRY};
	struct run_record record;
	struct control_plan plan;
	struct story story;
	struct arena arena;
	bool found = false;
	*may = false;
	arena_init(&arena, STORY_CAP);
	bool good = runs_get(db, run_id, b->filter.account_id, &arena, &record, &found, err);
	if (good && found) {
		good = story_open(&story, b->api->runner, db, &record, &arena, err);
		if (good) {
			*may = control_plan(&story.run, &story.steps, &control, &plan) == CONTROL_FINE;
			story_close(&story);
		}
	}
	arena_fini(&arena);
	return good;
}

static bool look(struct bulk *b, struct err *err)
{
	struct db *db = store_read(b->api->options.store);
	bool good = runs_pick(db, &b->filter, reachable(&b->x->arena, (enum bulk_action)b->request.action), &b->x->arena,
						  take_target, b, err);
	for (size_t i = 0; good && !b->request.dry_run && b->request.action == BULK_RETRY && i < b->count; i++)
		if (b->targets[i].told)
			good = may_retry(b, db, b->targets[i].run_id, &b->targets[i].told, err);
	store_read_end(b->api->options.store, db);
	b->result.matched = (int64_t)b->count;
	return good;
}

/* --- the write --- */

struct current {
	enum bulk_action action;
	bool allows;
};

static void take_status(const struct db_rows *row, void *self)
{
	struct current *current = self;
	current->allows = allows_name(current->action, db_text(row, 0));
}

static bool audit(struct bulk *b, struct db *db, const char *run_id, struct err *err)
{
	struct audit_event event = principal_event(b->x, bulk_actions[b->request.action].audit, AUDIT_SUCCESS);
	const struct audit_pair meta[] = {{AUDIT_META_reason, b->request.reason}};
	event.target_id = run_id;
	event.meta = meta;
	event.meta_count = b->request.reason == NULL ? 0 : 1;
	return audit_append(b->api->audit, db, &event, err);
}

static bool apply_one(struct bulk *b, struct db *db, struct target *target, struct err *err)
{
	struct current current = {.action = (enum bulk_action)b->request.action};
	const struct principal *principal = principal_of(b->x);
	const struct control control = {.kind = CONTROL_RETRY,
									.reason = b->request.reason,
									.by = principal->user_id[0] == '\0' ? NULL : principal->user_id};
	bool found;
	if (!db_one(db, err, &found, take_status, &current,
				"SELECT status FROM flow_runs WHERE run_id = $1 AND account_id <> ''", V_TEXT(target->run_id)))
		return false;
	target->told = found && current.allows; /* it may have gone on meanwhile */
	if (!target->told)
		return true;
	b->result.changed++;
	return audit(b, db, target->run_id, err) &&
		   (b->request.action != BULK_RETRY || orders_put(db, b->api->options.ids, target->run_id, &control, err));
}

static bool apply_bulk(struct write *w, struct db *db, struct err *err)
{
	struct bulk *b = (struct bulk *)w;
	b->result.changed = 0;
	for (size_t i = 0; i < b->count; i++)
		if (b->targets[i].told && !apply_one(b, db, &b->targets[i], err))
			return false;
	b->stored = true;
	return true;
}

/* --- telling --- */

static void tell(struct bulk *b, const char *run_id, void (*told)(void *self, bool ended))
{
	if (b->request.action == BULK_RETRY)
		runner_look_then(b->api->runner, run_id, told, b);
	else
		runner_order(b->api->runner, run_id, bulk_actions[b->request.action].order, b->request.reason, told, b);
}

static void reply(struct bulk *b)
{
	reply_fact(b->x, 200, &result_table, &b->result);
}

static void carried_out(void *self, bool ended)
{
	struct bulk *b = self;
	(void)ended;
	if (atomic_fetch_sub(&b->awaited, 1) == 1)
		reply(b);
}

/* Answered when the last of them has heard it. */
static void answer_bulk(struct write *w)
{
	struct bulk *b = (struct bulk *)w;
	if (b->x->drafting) {
		reply(b);
		return;
	}
	atomic_store(&b->awaited, b->result.changed + 1);
	for (size_t i = 0; i < b->count; i++)
		if (b->targets[i].told)
			tell(b, b->targets[i].run_id, carried_out);
	carried_out(b, true);
}

static void after_bulk(struct write *w, bool applied)
{
	struct bulk *b = (struct bulk *)w;
	for (size_t i = 0; applied && w->drafted && b->stored && i < b->count; i++)
		if (b->targets[i].told)
			tell(b, b->targets[i].run_id, NULL);
}

/* --- the request --- */

static void read_filter(void *self, struct faults *faults)
{
	struct bulk *b = self;
	const struct bulk_filter *f = &b->request.filter;
	const struct stamp_fault *fault;
	b->filter = (struct runs_filter){.account_id = principal_of(b->x)->account_id,
									 .status = f->status < 0 ? NULL : run_status_names[f->status],
									 .label = f->label,
									 .limit = b->request.limit};
	if (!runs_split_workflow(&b->x->arena, f->workflow, &b->filter))
		faults_add(faults, "/filter/workflow", "format", "must be NAMESPACE/NAME");
	if (f->label != NULL && strchr(f->label, ':') == NULL)
		faults_add(faults, "/filter/label", "format", "must be KEY:VALUE");
	if (f->created_before != NULL &&
		!stamp_parse(f->created_before, strlen(f->created_before), &b->filter.created_before_us, &fault))
		faults_add(faults, "/filter/created_before", fault->code, "%s", fault->message);
}

static void handle_bulk(struct exchange *x)
{
	struct err err;
	struct bulk *b = arena_new(&x->arena, struct bulk);
	if (b == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	*b = (struct bulk){.x = x, .api = x->owner};
	if (!exchange_decode_checked(x, &b->request, read_filter, b))
		return;
	b->targets = arena_array(&x->arena, (size_t)b->request.limit, sizeof *b->targets);
	if (b->targets == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	b->write = (struct write){
		.x = x, .store = b->api->options.store, .apply = apply_bulk, .answer = answer_bulk, .after = after_bulk};
	if (!look(b, &err))
		exchange_fail(x, &err);
	else if (b->request.dry_run)
		reply(b);
	else
		write_submit(&b->write);
}

const struct route runs_bulk_routes[] = {
	ROUTE(POST, "/api/v1/flow/runs/bulk", "flow.operate", EFFECT_WRITE, handle_bulk, .operation = "flow.runs.bulk",
		  .summary = "Pause, resume, cancel or retry all runs that a filter finds", .body = &bulk_table,
		  .result = &result_table),
};
const size_t runs_bulk_routes_count = sizeof runs_bulk_routes / sizeof *runs_bulk_routes;
