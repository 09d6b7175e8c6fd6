#include "flow/schedule_view.h"

#include <stdio.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/id.h"
#include "core/jw.h"
#include "crypt/digest.h"
#include "flow/domain/schedule.h"
#include "flow/members.h"
#include "flow/schedules_repo.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"

static const struct field view_rows[] = {
	T_STR(schedule_id),
	T_STR(workflow, DOC("NAMESPACE/NAME")),
	T_STR(version),
	T_ENUM(kind, schedule_kind_names),
	T_JSON(spec, DOC("A cron expression, a duration, or a strategy of events")),
	T_STR(tz),
	T_ENUM(catch_up, catch_up_names),
	T_ENUM(overlap, overlap_names),
	T_JSON(input),
	T_BOOL(enabled),
	T_STR(origin, DOC("request, or definition: the workflow's own")),
	T_TIME(next_at, NULLABLE),
	T_TIME(last_at, NULLABLE),
	T_STR(last_run_id, NULLABLE),
	T_STR(last_error, NULLABLE),
	T_INT(queued),
	T_TIME(created_at),
	T_STR(created_by, NULLABLE),
	T_TIME(updated_at),
	T_STR(etag),
};
const struct field_table schedule_view_table = TOLD_TABLE("flow.schedule", view_rows);

void schedule_etag(const struct schedule_record *r, char etag[ETAG_TEXT])
{
	char text[100], hex[SHA256_HEX_SIZE];
	int size = snprintf(text, sizeof text, "schedule:%s:%lld", r->schedule_id, (long long)r->row_version);
	sha256_hex(text, (size_t)size, hex);
	etag_format(etag, hex);
}

void schedule_write(struct jw *jw, const struct schedule_record *r)
{
	struct buf workflow;
	char etag[ETAG_TEXT];
	buf_init(&workflow, 0);
	buf_addf(&workflow, "%s/%s", r->namespace, r->name);
	schedule_etag(r, etag);
	jw_object(jw);
	jw_member_str(jw, "schedule_id", r->schedule_id);
	jw_member_str(jw, "workflow", buf_text(&workflow));
	jw_member_str(jw, "version", r->version);
	jw_member_str(jw, "kind", r->kind);
	members_json(jw, "spec", r->spec);
	jw_member_str(jw, "tz", r->tz);
	jw_member_str(jw, "catch_up", r->catch_up);
	jw_member_str(jw, "overlap", r->overlap);
	members_json(jw, "input", r->input);
	jw_member_bool(jw, "enabled", r->enabled);
	jw_member_str(jw, "origin", r->origin);
	members_time(jw, "next_at", r->next_us);
	members_time(jw, "last_at", r->last_us);
	jw_member_str(jw, "last_run_id", r->last_run_id);
	jw_member_str(jw, "last_error", r->last_error);
	jw_member_int(jw, "queued", r->queued);
	members_time(jw, "created_at", r->created_us);
	jw_member_str(jw, "created_by", r->created_by);
	members_time(jw, "updated_at", r->updated_us);
	jw_member_str(jw, "etag", etag);
	jw_object_end(jw);
	buf_fini(&workflow);
}

void schedule_reply(struct exchange *x, int status, const struct schedule_record *record)
{
	struct buf text;
	struct jw jw;
	char etag[ETAG_TEXT];
	schedule_etag(record, etag);
	exchange_set(x, "ETag", etag);
	buf_init(&text, 0);
	jw_init(&jw, &text);
	schedule_write(&jw, record);
	reply_fact_text(x, status, buf_text(&text), text.size);
	buf_fini(&text);
}

bool schedule_named(struct exchange *x, struct db *db, struct schedule_record *record, struct err *err)
{
	const char *id = exchange_param(x, "id");
	bool found = false;
	if (id_valid(id) && !schedules_get(db, id, principal_of(x)->account_id, &x->arena, record, &found, err))
		return false;
	return found || err_set(err, ERR_NOT_FOUND, "There is no such schedule.");
}
