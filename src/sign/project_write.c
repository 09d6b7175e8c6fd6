#include "sign/project_write.h"

#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/id.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"
#include "people/roles.h"
#include "seal/envelope.h"
#include "seal/outbox.h"
#include "sign/project_stamp.h"
#include "sign/sign_internal.h"
#include "sign/work.h"

static bool project_id_valid(const char *id)
{
	return strncmp(id, "proj_", 5) == 0 && id_valid(id + 5);
}

static bool refuse_unknown(struct err *err)
{
	return err_set(err, ERR_NOT_FOUND, "There is no such project.");
}

/* --- reading --- */

static bool read_project(const struct sign_api *api, struct exchange *x, struct project *project,
						 enum project_stamp *stamp, struct err *err)
{
	const struct principal *principal = principal_of(x);
	const char *id = exchange_param(x, "id");
	bool found = false;
	if (!project_id_valid(id))
		return refuse_unknown(err);
	struct db *db = store_read(api->options.store);
	bool read = project_find(db, (principal->roles & ROLE_ADMIN) != 0 ? NULL : principal->account_id, id, &x->arena,
							 project, &found, err) &&
				(!found || project_stamp_read(db, project, &x->arena, stamp, err));
	store_read_end(api->options.store, db);
	return read && (found || refuse_unknown(err));
}

bool project_read(struct exchange *x, struct project *project, enum project_stamp *stamp)
{
	struct err err;
	if (read_project(x->owner, x, project, stamp, &err))
		return true;
	exchange_fail(x, &err);
	return false;
}

/* --- writing --- */

static bool apply_create(struct write *write, struct db *db, struct err *err)
{
	struct project_write *w = (struct project_write *)write;
	w->now_us = env_wall_us(w->api->options.env);
	return w->change(w, db, err);
}

/* An admin reads what others own, and changes it no more than anybody else. */
static bool apply_change(struct write *write, struct db *db, struct err *err)
{
	struct project_write *w = (struct project_write *)write;
	const char *id = exchange_param(w->x, "id");
	bool found = false;
	if (project_id_valid(id) &&
		!project_find(db, principal_of(w->x)->account_id, id, &w->x->arena, &w->project, &found, err))
		return false;
	if (!found)
		return refuse_unknown(err);
	return project_stamp_read(db, &w->project, &w->x->arena, &w->stamp, err) && apply_create(write, db, err);
}

static void run_answer(struct write *write)
{
	struct project_write *w = (struct project_write *)write;
	w->answer(w);
}

static void run_after(struct write *write, bool applied)
{
	struct project_write *w = (struct project_write *)write;
	if (applied && w->after != NULL)
		w->after(w);
}

static void submit(struct project_write *w, struct exchange *x,
				   bool (*apply)(struct write *write, struct db *db, struct err *err),
				   bool (*change)(struct project_write *w, struct db *db, struct err *err),
				   void (*answer)(struct project_write *w))
{
	if (principal_of(x)->account_id[0] == '\0') {
		exchange_failf(x, ERR_FORBIDDEN, "There is no account yet that could own a project.");
		return;
	}
	w->x = x;
	w->api = x->owner;
	w->change = change;
	w->answer = answer;
	w->write = (struct write){
		.x = x, .store = w->api->options.store, .apply = apply, .answer = run_answer, .after = run_after};
	write_submit(&w->write);
}

void project_write_submit(struct project_write *w, struct exchange *x,
						  bool (*change)(struct project_write *w, struct db *db, struct err *err),
						  void (*answer)(struct project_write *w))
{
	submit(w, x, apply_change, change, answer);
}

void project_create_submit(struct project_write *w, struct exchange *x,
						   bool (*change)(struct project_write *w, struct db *db, struct err *err),
						   void (*answer)(struct project_write *w))
{
	submit(w, x, apply_create, change, answer);
}

bool project_if_match(struct project_write *w, struct err *err)
{
	struct project_view view;
	project_view_fill(&w->project, w->stamp, &w->x->arena, &view);
	return etag_if_match(w->x, view.etag, err);
}

bool project_writable(const struct project_write *w, struct err *err)
{
	return !project_read_only(w->project.status) ||
		   err_set(err, ERR_READ_ONLY, "The project is %s: nothing in it can be changed any more.",
				   project_status_names[w->project.status]);
}

static void write_json(struct jw *jw, const char *name, const char *json)
{
	jw_key(jw, name);
	if (json != NULL)
		jw_raw(jw, json, strlen(json));
	else
		jw_null(jw);
}

/* The same to whoever listens: streams, webhooks, flows. */
static bool tell_outbox(const struct sign_api *api, struct db *db, const struct project_event *event, struct err *err)
{
	char at[STAMP_TEXT];
	struct buf data;
	struct jw jw;
	stamp_format(at, event->at_us);
	buf_init(&data, 0);
	jw_init(&jw, &data);
	jw_object(&jw);
	jw_member_str(&jw, "event_id", event->event_id);
	jw_member_str(&jw, "type", event->type);
	jw_member_str(&jw, "project_id", event->project_id);
	jw_member_str(&jw, "actor", event->actor);
	jw_member_str(&jw, "at", at);
	jw_member_str(&jw, "request_id", event->request_id);
	jw_member_str(&jw, "content_sha256", event->content_sha256);
	write_json(&jw, "before", event->before);
	write_json(&jw, "after", event->after);
	jw_object_end(&jw);
	struct outbox_event row = {.event_id = event->event_id,
							   .account_id = event->account_id,
							   .topic = SIGN_TOPIC,
							   .event = event->type,
							   .subject = event->project_id,
							   .data = buf_text(&data)};
	bool told = jw_ok(&jw) ? outbox_add(api->options.outbox, db, &row, err) : err_set(err, ERR_LIMIT, "no memory");
	buf_fini(&data);
	return told;
}

static bool add_event(const struct sign_api *api, struct db *db, const struct project *project,
					  const struct audit_event *who, int64_t now_us, const struct project_happening *h,
					  const char *sha256, struct err *err)
{
	char id[ID_TEXT];
	id_make(api->options.ids, id);
	const struct project_event event = {
		.event_id = id,
		.account_id = project->account_id,
		.project_id = project->project_id,
		.type = h->type,
		.actor = who->actor,
		.at_us = now_us,
		.request_id = who->request_id,
		.content_sha256 = sha256,
		.before = h->before,
		.after = h->after,
	};
	return project_event_insert(db, &event, err) && tell_outbox(api, db, &event, err);
}

/* What the search engine's copy of a project holds may be another now. */
static bool is_indexed(enum audit_action action)
{
	static const enum audit_action actions[] = {AUDIT_PROJECT_CREATED,        AUDIT_PROJECT_UPDATED,
												AUDIT_PROJECT_STATUS_CHANGED, AUDIT_PROJECT_ACCEPTED,
												AUDIT_PROJECT_REJECTED,       AUDIT_PROJECT_DELETED};
	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
		if (actions[i] == action)
			return true;
	return false;
}

static bool index_later(const struct sign_api *api, struct db *db, const struct project *project,
						const struct audit_event *who, struct err *err)
{
	const struct project_task work = {.name = TASK_INDEX,
									  .account_id = project->account_id,
									  .project_id = project->project_id,
									  .request_id = who->request_id};
	return project_task_start(api, db, &work, err);
}

bool project_record_by(const struct sign_api *api, struct db *db, const struct project *project,
					   const struct audit_event *who, int64_t now_us, const struct project_happening *h,
					   struct err *err)
{
	char hashed[SHA256_HEX_SIZE];
	const char *sha256 = h->content_sha256;
	if (sha256 == NULL && h->after != NULL && envelope_content_hash(h->after, strlen(h->after), hashed))
		sha256 = hashed;
	const struct audit_pair meta[] = {{AUDIT_META_code, h->code},
									  {AUDIT_META_reason, h->reason},
									  {AUDIT_META_seal_sha256, h->seal_sha256},
									  {AUDIT_META_sha256, sha256}};
	struct audit_event event = *who;
	event.action = h->action;
	event.status = h->status;
	event.target_id = project->project_id;
	event.meta = meta;
	event.meta_count = sizeof meta / sizeof *meta;
	return add_event(api, db, project, who, now_us, h, sha256, err) &&
		   audit_append(api->options.audit, db, &event, err) &&
		   (api->options.search == NULL || !is_indexed(h->action) || index_later(api, db, project, who, err));
}

bool project_record(const struct project_write *w, struct db *db, const struct project_happening *h, struct err *err)
{
	const struct audit_event who = principal_event(w->x, h->action, h->status);
	return project_record_by(w->api, db, &w->project, &who, w->now_us, h, err);
}

static const char *status_json(const struct project_write *w, enum project_status status)
{
	return arena_printf(&w->x->arena, "{\"status\":\"%s\"}", project_status_names[status]);
}

bool project_move_to(struct project_write *w, struct db *db, enum project_door door, enum project_status to,
					 bool *moved, struct err *err)
{
	enum project_status from = w->project.status;
	enum project_move move = project_move(door, from, to);
	*moved = move == PROJECT_MOVES;
	if (move == PROJECT_STAYS)
		return true;
	const struct project_happening happening = {
		.action = *moved ? AUDIT_PROJECT_STATUS_CHANGED : AUDIT_PROJECT_TRANSITION_REFUSED,
		.type = *moved ? "project.status_changed" : "project.transition_refused",
		.before = status_json(w, from),
		.after = status_json(w, to),
		.status = *moved ? AUDIT_SUCCESS : AUDIT_REFUSED,
		.code = *moved ? NULL : err_code(ERR_STATE_REFUSED),
	};
	if (!project_record(w, db, &happening, err))
		return false;
	if (*moved) {
		w->project.status = to;
		return true;
	}
	exchange_member(w->x, "current_status", arena_printf(&w->x->arena, "\"%s\"", project_status_names[from]));
	write_refuse(&w->write, ERR_STATE_REFUSED, "The project is %s; it cannot become %s this way.",
				 project_status_names[from], project_status_names[to]);
	return true;
}

void project_answer(struct project_write *w)
{
	struct project_view view;
	project_view_fill(&w->project, w->stamp, &w->x->arena, &view);
	exchange_set(w->x, "ETag", view.etag);
	reply_fact(w->x, 200, &project_table, &view);
}
