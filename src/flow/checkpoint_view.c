#include "flow/checkpoint_view.h"

#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/id.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "flow/agents_internal.h"
#include "flow/checkpoint.h"
#include "flow/domain/datum.h"
#include "flow/domain/money.h"
#include "flow/domain/run.h"
#include "flow/domain/steps.h"
#include "flow/flow_internal.h"
#include "flow/members.h"
#include "flow/runs_repo.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"
static const struct field counts_rows[] = {T_INT(completed), T_INT(pending), T_INT(failed), T_INT(skipped),
										   T_INT(total)};
static const struct field_table counts_table = TOLD_TABLE("flow.checkpoint.steps", counts_rows);
static const struct field budget_rows[] = {
	T_STR(allocated, DOC("As decimal text")),
	T_INT(allocated_micros),
	T_STR(consumed),
	T_INT(consumed_micros),
	T_STR(remaining),
	T_INT(remaining_micros),
	T_STR(currency, NULLABLE),
};
static const struct field_table budget_table = TOLD_TABLE("flow.checkpoint.budget", budget_rows);
static const struct field view_rows[] = {
	T_STR(checkpoint_id),
	T_STR(run_id),
	T_STR(execution_id, TOLD_V3),
	T_STR(workflow_execution_id, TOLD_V3),
	T_INT(checkpoint_number),
	T_STR(status, DOC("ready, restoring, failed: its content is not what was stored")),
	T_INT(seq, DOC("The row of the journal that it stands behind")),
	T_STR(label, NULLABLE),
	T_BOOL(automatic),
	T_NUM(completion_percentage),
	T_OBJECT(step_counts, &counts_table),
	T_OBJECT(budget, &budget_table, NULLABLE),
	T_JSON(memory_ref),
	T_INT(size_bytes),
	T_INT(stored_bytes),
	T_TIME(created_at),
	T_STR(created_by, NULLABLE),
	T_BOOL(can_resume),
	T_JSON(caller_state, DOC("What its maker wanted to find again")),
	T_JSON(state, LEFT_OUT, DOC("What the run held, where one is asked for")),
};
const struct field_table checkpoint_view_table = TOLD_TABLE("flow.checkpoint", view_rows);
static const struct field list_rows[] = {T_OBJECTS(checkpoints, &checkpoint_view_table), T_INT(total)};
const struct field_table checkpoint_list_table = TOLD_TABLE("flow.checkpoints", list_rows);

static bool over(const char *status, const char *word)
{
	return strcmp(status, word) == 0;
}

static bool can_resume(const struct checkpoint_record *r)
{
	return over(r->status, "ready") && !over(r->run_status, "running") && !over(r->run_status, "completed");
}

static int64_t number_at(const struct json *json, const char *name)
{
	const struct json *value = json_get(json, name);
	return value != NULL && value->kind == JS_INT ? value->integer : 0;
}

static void add_money(struct jw *jw, const char *name, const char *micros_name, int64_t micros)
{
	char money[MONEY_TEXT];
	jw_member_str(jw, name, money_format(money, micros));
	jw_member_int(jw, micros_name, micros);
}

static void write_budget(struct jw *jw, const struct checkpoint_record *r, struct arena *arena)
{
	const struct json *budget;
	struct err err;
	jw_key(jw, "budget");
	if (r->budget == NULL || !json_parse(arena, r->budget, strlen(r->budget), &datum_limits, &budget, &err)) {
		jw_null(jw);
		return;
	}
	int64_t allocated = number_at(budget, "allocated"), consumed = number_at(budget, "consumed");
	jw_object(jw);
	add_money(jw, "allocated", "allocated_micros", allocated);
	add_money(jw, "consumed", "consumed_micros", consumed);
	add_money(jw, "remaining", "remaining_micros", allocated > consumed ? allocated - consumed : 0);
	jw_member_str(jw, "currency", json_text(budget, "currency"));
	jw_object_end(jw);
}

static void write_counts(struct jw *jw, const struct checkpoint_record *r)
{
	int64_t done = r->completed + r->skipped;
	jw_member_num(jw, "completion_percentage", steps_percentage(done, r->total));
	jw_key(jw, "step_counts");
	jw_object(jw);
	jw_member_int(jw, "completed", r->completed);
	jw_member_int(jw, "pending", r->pending);
	jw_member_int(jw, "failed", r->failed);
	jw_member_int(jw, "skipped", r->skipped);
	jw_member_int(jw, "total", r->total);
	jw_object_end(jw);
}

/* `state` too: the snapshot itself, JSON text; NULL: it is left out. */
void checkpoint_view_write(struct jw *jw, const struct checkpoint_record *r, bool v3, const char *state,
						   struct arena *arena)
{
	char at[STAMP_TEXT];
	stamp_format(at, r->created_us);
	jw_object(jw);
	jw_member_str(jw, "checkpoint_id", r->checkpoint_id);
	jw_member_str(jw, "run_id", r->run_id);
	if (v3) {
		jw_member_str(jw, "execution_id", r->run_id);
		jw_member_str(jw, "workflow_execution_id", r->run_id);
	}
	jw_member_int(jw, "checkpoint_number", r->number);
	jw_member_str(jw, "status", r->status);
	jw_member_int(jw, "seq", r->seq);
	jw_member_str(jw, "label", r->label);
	jw_member_bool(jw, "automatic", r->automatic);
	write_counts(jw, r);
	write_budget(jw, r, arena);
	members_json(jw, "memory_ref", r->memory_ref);
	jw_member_int(jw, "size_bytes", r->size_bytes);
	jw_member_int(jw, "stored_bytes", r->stored_bytes);
	jw_member_str(jw, "created_at", at);
	jw_member_str(jw, "created_by", r->created_by);
	jw_member_bool(jw, "can_resume", can_resume(r));
	members_json(jw, "caller_state", r->caller_state);
	if (state != NULL)
		members_json(jw, "state", state);
	jw_object_end(jw);
}

void checkpoint_view_reply(struct exchange *x, int status, const struct checkpoint_record *r, const char *state)
{
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	checkpoint_view_write(&jw, r, agents_v3(x), state, &x->arena);
	reply_fact_text(x, status, buf_text(&text), text.size);
	buf_fini(&text);
}

/* --- which one --- */

/* The caller's run of that id.  False: answered. */
bool checkpoint_run(struct exchange *x, const char *run_id, struct run_record *record)
{
	const struct flow_api *api = x->owner;
	struct err err;
	bool found = false, read = true;
	if (run_id != NULL && id_valid(run_id)) {
		struct db *db = store_read(api->options.store);
		read = runs_get(db, run_id, principal_of(x)->account_id, &x->arena, record, &found, &err);
		store_read_end(api->options.store, db);
	}
	if (!read)
		exchange_fail(x, &err);
	else if (!found)
		exchange_failf(x, ERR_NOT_FOUND, "There is no such run.");
	return read && found;
}

bool checkpoint_named(struct exchange *x, const char *checkpoint_id, struct checkpoint_record *record)
{
	const struct flow_api *api = x->owner;
	struct err err;
	bool found = false, read = true;
	if (id_valid(checkpoint_id)) {
		struct db *db = store_read(api->options.store);
		read = checkpoints_get(db, checkpoint_id, principal_of(x)->account_id, &x->arena, record, &found, &err);
		store_read_end(api->options.store, db);
	}
	if (!read)
		exchange_fail(x, &err);
	else if (!found)
		exchange_failf(x, ERR_NOT_FOUND, "There is no such checkpoint.");
	return read && found;
}

bool checkpoint_audit(struct exchange *x, struct db *db, enum audit_action action, const char *checkpoint_id,
					  const char *reason, struct err *err)
{
	const struct flow_api *api = x->owner;
	struct audit_event event = principal_event(x, action, AUDIT_SUCCESS);
	const struct audit_pair meta[] = {{AUDIT_META_reason, reason}};
	event.target_id = checkpoint_id;
	event.meta = meta;
	event.meta_count = reason == NULL ? 0 : 1;
	return audit_append(api->audit, db, &event, err);
}
