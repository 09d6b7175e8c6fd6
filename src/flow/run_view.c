/* A run as its users see it. */
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/id.h"
#include "core/json.h"
#include "core/jw.h"
#include "flow/agents_internal.h"
#include "flow/domain/money.h"
#include "flow/flow_internal.h"
#include "flow/members.h"
#include "flow/runs_repo.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"
#include "store/store.h"

/* failed: of version 3, for faulted */
static const char *const told_statuses[] = {"pending", "running",   "waiting", "suspended", "completed",
											"faulted", "cancelled", "failed",  NULL};

static const struct field view_rows[] = {
	T_STR(run_id),
	T_STR(execution_id, TOLD_V3),
	T_STR(workflow_execution_id, TOLD_V3),
	T_STR(workflow_id, TOLD_V3),
	T_STR(workflow_version, TOLD_V3),
	T_STR(namespace),
	T_STR(name, DOC("Of the workflow")),
	T_STR(version),
	T_ENUM(status, told_statuses, DOC("faulted is failed, and waiting running, on paths of version 3")),
	T_STR(reason, LEFT_OUT, DOC("Why it was ended or stopped")),
	T_JSON(input),
	T_JSON(output, DOC("null until it has completed")),
	T_JSON(error, DOC("null unless it is at fault")),
	T_STR(seed, DOC("Of jitter and random choices")),
	T_INT(priority),
	T_MAP(labels, FIELD_JSON),
	T_TIME(created_at),
	T_TIME(started_at, NULLABLE),
	T_TIME(ended_at, NULLABLE),
	T_STR(parent, LEFT_OUT, DOC("The run that started it")),
	T_STR(forked_from, LEFT_OUT, DOC("The run whose beginning it has")),
	T_INT(steps_total),
	T_INT(attempts_total),
	T_STR(cost, DOC("As decimal text")),
	T_INT(cost_micros),
	T_INT(seq, DOC("The last row of its journal")),
	T_STR(definition_sha256),
};
const struct field_table run_view_table = TOLD_TABLE("flow.run", view_rows);

static const struct field row_rows[] = {
	T_INT(seq),   T_TIME(at), T_STR(kind), T_STR(path, NULLABLE, DOC("Of the step")), T_INT(attempt, NULLABLE),
	T_JSON(data),
};
const struct field_table run_row_table = TOLD_TABLE("flow.run.row", row_rows);

const char *run_status_v3(const char *status)
{
	if (strcmp(status, "faulted") == 0)
		return "failed";
	return strcmp(status, "waiting") == 0 ? "running" : status;
}

static void write_v3(struct jw *jw, const struct run_record *r)
{
	jw_member_str(jw, "execution_id", r->run_id);
	jw_member_str(jw, "workflow_execution_id", r->run_id);
	jw_member_str(jw, "workflow_id", r->name);
	jw_member_str(jw, "workflow_version", r->version);
}

static void write_run(struct jw *jw, const struct run_record *r, bool v3)
{
	char money[MONEY_TEXT];
	jw_object(jw);
	jw_member_str(jw, "run_id", r->run_id);
	if (v3)
		write_v3(jw, r);
	jw_member_str(jw, "namespace", r->namespace);
	jw_member_str(jw, "name", r->name);
	jw_member_str(jw, "version", r->version);
	jw_member_str(jw, "status", v3 ? run_status_v3(r->status) : r->status);
	if (r->reason != NULL)
		jw_member_str(jw, "reason", r->reason);
	members_json(jw, "input", r->input);
	members_json(jw, "output", r->output);
	members_json(jw, "error", r->error);
	jw_member_str(jw, "seed", r->seed);
	jw_member_int(jw, "priority", r->priority);
	members_json(jw, "labels", r->labels);
	members_time(jw, "created_at", r->created_us);
	members_time(jw, "started_at", r->started_us);
	members_time(jw, "ended_at", r->ended_us);
	if (r->parent_run_id != NULL)
		jw_member_str(jw, "parent", r->parent_run_id);
	if (r->forked_from != NULL)
		jw_member_str(jw, "forked_from", r->forked_from);
	jw_member_int(jw, "steps_total", r->steps_total);
	jw_member_int(jw, "attempts_total", r->attempts_total);
	jw_member_str(jw, "cost", money_format(money, r->cost_micros));
	jw_member_int(jw, "cost_micros", r->cost_micros);
	jw_member_int(jw, "seq", r->seq);
	jw_member_str(jw, "definition_sha256", r->content_sha256);
	jw_object_end(jw);
}

void run_view_write(struct jw *jw, const struct run_record *record)
{
	write_run(jw, record, false);
}

void run_row_write(struct jw *jw, const struct json *row)
{
	jw_object(jw);
	jw_member_int(jw, "seq", json_get(row, "seq")->integer);
	members_time(jw, "at", json_get(row, "at_us")->integer);
	jw_member_str(jw, "kind", json_text(row, "kind"));
	jw_member_str(jw, "path", json_text(row, "path"));
	jw_key(jw, "attempt");
	jw_json(jw, json_get(row, "attempt"));
	jw_key(jw, "data");
	jw_json(jw, json_get(row, "data"));
	jw_object_end(jw);
}

void run_view_reply(struct exchange *x, int status, const struct run_record *record)
{
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	write_run(&jw, record, agents_v3(x));
	reply_fact_text(x, status, buf_text(&text), text.size);
	buf_fini(&text);
}

void run_reply(struct exchange *x, const char *run_id)
{
	const struct flow_api *api = x->owner;
	struct run_record record;
	struct err err;
	bool found = false;
	struct db *db = store_read(api->options.store);
	bool read = runs_get(db, run_id, NULL, &x->arena, &record, &found, &err);
	store_read_end(api->options.store, db);
	if (read && found)
		run_view_reply(x, 200, &record);
	else if (read)
		exchange_failf(x, ERR_NOT_FOUND, "There is no such run.");
	else
		exchange_fail(x, &err);
}

bool run_named(struct exchange *x, struct run_record *record)
{
	const struct flow_api *api = x->owner;
	const char *run_id = exchange_param(x, "id");
	struct err err;
	bool found = false, read = true;
	if (id_valid(run_id)) {
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
