#include <string.h>

#include "app/app.h"
#include "app/countersign_api.h"
#include "app/routes.h"
#include "core/arena.h"
#include "core/env.h"
#include "core/err.h"
#include "http/exchange.h"
#include "http/router.h"
#include "people/ballot.h"
#include "people/listing.h"
#include "people/principal.h"
#include "people/reply.h"
#include "people/view.h"
#include "people/write.h"
#include "store/store.h"

/* /api/v1/countersignatures: people's decisions, each with its receipt [P-6.7, P-6.9]. */

struct row_view {
	const char *countersignature_id, *request_id, *account_id, *seal_sha256, *user_id, *role;
	int decision;
	const char *reason;
	int64_t consent_version;
	const char *ip, *user_agent;
	bool mfa;
	const char *receipt, *created_at, *revoked_at, *revoke_reason;
};
static const struct field row_fields[] = {
	F_STR(row_view, countersignature_id),
	F_STR(row_view, request_id),
	F_STR(row_view, account_id),
	F_STR(row_view, seal_sha256),
	F_STR(row_view, user_id),
	F_STR(row_view, role),
	F_ENUM(row_view, decision, countersign_decision_names),
	F_STR(row_view, reason, NULLABLE),
	F_INT(row_view, consent_version),
	F_STR(row_view, ip, NULLABLE),
	F_STR(row_view, user_agent, NULLABLE),
	F_BOOL(row_view, mfa, DOC("The signer logs in with a second factor")),
	F_STR(row_view, receipt, DOC("Verifiable with the published keys alone")),
	F_STR(row_view, created_at, FORMAT("date-time")),
	F_STR(row_view, revoked_at, NULLABLE, FORMAT("date-time")),
	F_STR(row_view, revoke_reason, NULLABLE),
};
static const struct field_table row_table = FIELD_TABLE("countersignature", row_view, row_fields);

static void view_row(struct arena *arena, const struct countersignature *row, struct row_view *view)
{
	*view = (struct row_view){
		.countersignature_id = row->countersignature_id,
		.request_id = row->request_id,
		.account_id = row->account_id,
		.seal_sha256 = row->seal_sha256,
		.user_id = row->user_id,
		.role = row->role,
		.decision = (int)row->decision,
		.reason = row->reason,
		.consent_version = row->consent_version,
		.ip = row->ip,
		.user_agent = row->user_agent,
		.mfa = row->mfa,
		.receipt = row->receipt,
		.created_at = view_time(arena, row->created_us),
		.revoked_at = view_time(arena, row->revoked_us),
		.revoke_reason = row->revoke_reason,
	};
}

/* --- deciding --- */

struct decision_body {
	const char *request_id, *seal_sha256, *reason;
	int decision;
	int64_t consent_version;
};
static const struct field body_fields[] = {
	F_STR(decision_body, request_id, REQUIRED, LENGTH(1, 64)),
	F_STR(decision_body, seal_sha256, REQUIRED, LENGTH(1, 64), DOC("What you saw")),
	F_ENUM(decision_body, decision, countersign_decision_names, REQUIRED),
	F_STR(decision_body, reason, LENGTH(1, COUNTERSIGN_REASON_MAX), DOC("Needed to reject")),
	F_INT(decision_body, consent_version, REQUIRED),
};
static const struct field_table body_table = FIELD_TABLE("countersignatures.create", decision_body, body_fields);

struct decision_view {
	const char *countersignature_id, *request_id;
	int request_status, decision;
	int64_t approvals, quorum;
	const char *receipt;
};
static const struct field decision_fields[] = {
	F_STR(decision_view, countersignature_id),
	F_STR(decision_view, request_id),
	F_ENUM(decision_view, request_status, countersign_status_names),
	F_ENUM(decision_view, decision, countersign_decision_names),
	F_INT(decision_view, approvals),
	F_INT(decision_view, quorum),
	F_STR(decision_view, receipt),
};
static const struct field_table decision_table = FIELD_TABLE("countersignatures.made", decision_view, decision_fields);

struct deciding {
	struct write write; /* first */
	struct app *app;
	struct decision_body body;
	struct countersign_signed done;
};

static bool apply_decide(struct write *w, struct db *db, struct err *err)
{
	struct deciding *d = (struct deciding *)w;
	struct audit_event who;
	struct countersign_ballot ballot = {
		.request_id = d->body.request_id,
		.choice = {.seal_sha256 = d->body.seal_sha256,
				   .reason = d->body.reason,
				   .decision = (enum countersign_decision)d->body.decision,
				   .consent_version = d->body.consent_version},
	};
	return ballot_fill(w->x, db, env_wall_us(d->app->env), &who, &ballot, err) &&
		   countersign_decide(d->app->countersign, db, &ballot, &w->x->arena, &d->done, err);
}

static void answer_decide(struct write *w)
{
	const struct deciding *d = (const struct deciding *)w;
	const struct decision_view view = {
		.countersignature_id = d->done.row.countersignature_id,
		.request_id = d->done.request.request_id,
		.request_status = (int)d->done.request.status,
		.decision = (int)d->done.row.decision,
		.approvals = d->done.request.approvals,
		.quorum = d->done.request.quorum,
		.receipt = d->done.row.receipt,
	};
	exchange_setf(w->x, "Location", "/api/v1/countersignatures/%s", view.countersignature_id);
	reply_fact(w->x, 201, &decision_table, &view);
}

static struct deciding *start(struct exchange *x)
{
	struct deciding *d = arena_new(&x->arena, struct deciding);
	if (d == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return NULL;
	}
	*d = (struct deciding){.app = x->owner};
	return d;
}

/* [P-6.7] */
static void check_reason(void *self, struct faults *faults)
{
	const struct decision_body *body = self;
	if (body->decision == COUNTERSIGN_REJECT && (body->reason == NULL || body->reason[0] == '\0'))
		faults_add(faults, "/reason", "required", "is required: say why it is rejected");
}

static void handle_decide(struct exchange *x)
{
	struct deciding *d = start(x);
	if (d == NULL || !exchange_decode_checked(x, &d->body, check_reason, &d->body))
		return;
	d->write = (struct write){.x = x, .store = d->app->store, .apply = apply_decide, .answer = answer_decide};
	write_submit(&d->write);
}

/* --- revoking --- */

struct revoke_body {
	const char *reason;
};
static const struct field revoke_fields[] = {
	F_STR(revoke_body, reason, REQUIRED, LENGTH(1, COUNTERSIGN_REASON_MAX)),
};
static const struct field_table revoke_table = FIELD_TABLE("countersignatures.revoke", revoke_body, revoke_fields);

static bool apply_revoke(struct write *w, struct db *db, struct err *err)
{
	struct deciding *d = (struct deciding *)w;
	const struct audit_event who = principal_event(w->x, AUDIT_COUNTERSIGN_REVOKE, AUDIT_SUCCESS);
	return countersign_revoke(d->app->countersign, db, &who, exchange_param(w->x, "id"), who.actor, d->body.reason,
							  &w->x->arena, &d->done, err);
}

static void answer_revoke(struct write *w)
{
	const struct deciding *d = (const struct deciding *)w;
	struct row_view view;
	view_row(&w->x->arena, &d->done.row, &view);
	reply_fact(w->x, 200, &row_table, &view);
}

static void handle_revoke(struct exchange *x)
{
	struct deciding *d = start(x);
	struct revoke_body body;
	if (d == NULL || !exchange_decode(x, &body) || !countersign_has_account(x) || !principal_needs_session(x))
		return;
	d->body.reason = body.reason;
	d->write = (struct write){.x = x, .store = d->app->store, .apply = apply_revoke, .answer = answer_revoke};
	write_submit(&d->write);
}

/* --- reading --- */

/* The row of the path, of the caller's account.  False: answered. */
static bool find(struct exchange *x, struct countersignature *row)
{
	const struct app *app = x->owner;
	bool found = false;
	struct err err;
	struct db *db = store_read(app->store);
	bool read = countersignature_find(db, listing_reads(x), exchange_param(x, "id"), &x->arena, row, &found, &err);
	store_read_end(app->store, db);
	if (!read)
		exchange_fail(x, &err);
	else if (!found)
		exchange_failf(x, ERR_NOT_FOUND, "There is no such countersignature.");
	return read && found;
}

static void handle_get(struct exchange *x)
{
	struct countersignature row;
	struct row_view view;
	if (!find(x, &row))
		return;
	view_row(&x->arena, &row, &view);
	reply_fact(x, 200, &row_table, &view);
}

static void handle_receipt(struct exchange *x)
{
	struct countersignature row;
	if (find(x, &row))
		exchange_answer(x, 200, "application/jose", row.receipt, strlen(row.receipt));
}

struct rows_query {
	LIST_QUERY;
	const char *request_id, *user_id;
};
static const struct field query_fields[] = {
	F_LIST_QUERY(rows_query),
	F_STR(rows_query, request_id, LENGTH(1, 64)),
	F_STR(rows_query, user_id, LENGTH(1, 64)),
};
static const struct field_table query_table = FIELD_TABLE("countersignatures.query", rows_query, query_fields);
LIST_PAGE(row_page, "countersignatures", row_view, &row_table);

static void take_row(void *self, const struct countersignature *row)
{
	struct listing *l = self;
	struct row_view *view = listing_room(l, row->countersignature_id);
	if (view != NULL)
		view_row(&l->x->arena, row, view);
}

static bool read_rows(struct listing *l, struct db *db, struct err *err)
{
	const struct rows_query *query = l->query;
	const struct countersign_filter filter = {
		.account_id = l->account_id,
		.user_id = query->user_id,
		.request_id = query->request_id,
		.before = l->after,
		.limit = l->limit,
	};
	return countersignatures(db, &filter, &l->x->arena, take_row, l, err);
}

static void handle_list(struct exchange *x)
{
	static const struct list_kind kind = {.name = "countersignatures",
										  .query = &query_table,
										  .page = &row_page_table,
										  .item_size = sizeof(struct row_view),
										  .read = read_rows};
	app_list(x, &kind);
}

static const enum err_kind decide_errors[] = {ERR_PERSON_REQUIRED,    ERR_FOUR_EYES,       ERR_NOT_FOUND,
											  ERR_CONSENT_OUTDATED,   ERR_ALREADY_DECIDED, ERR_EXPIRED,
											  ERR_TRANSITION_REFUSED, ERR_SEAL_MISMATCH,   ERR_NONE};
static const enum err_kind revoke_errors[] = {ERR_PERSON_REQUIRED, ERR_NOT_FOUND, ERR_ALREADY_APPLIED,
											  ERR_TRANSITION_REFUSED, ERR_NONE};
static const enum err_kind list_errors[] = {ERR_CURSOR_INVALID, ERR_NONE};
static const char *const jose[] = {"application/jose", NULL};

static const struct route routes[] = {
	ROUTE(GET, "/api/v1/countersignatures", "countersign.read", EFFECT_READ, handle_list,
		  .operation = "countersignatures.list", .summary = "Decisions of the account, newest first",
		  .query = &query_table, .result = &row_page_table, .errors = list_errors),
	ROUTE(POST, "/api/v1/countersignatures", "countersign.read", EFFECT_WRITE, handle_decide,
		  .operation = "countersignatures.create", .summary = "Approve or reject what waits for a countersignature",
		  .doc = "What it takes is the permission of the request: calculation.approve for a release.",
		  .body = &body_table, .result = &decision_table, .status = 201, .errors = decide_errors,
		  .example = "{\"request_id\":\"01900000-0000-7000-8000-000000000000\",\"seal_sha256\":"
					 "\"0000000000000000000000000000000000000000000000000000000000000000\",\"decision\":\"approve\","
					 "\"consent_version\":1}"),
	ROUTE(GET, "/api/v1/countersignatures/{id}", "countersign.read", EFFECT_READ, handle_get,
		  .operation = "countersignatures.get", .summary = "One decision", .result = &row_table),
	ROUTE(GET, "/api/v1/countersignatures/{id}/receipt", "countersign.read", EFFECT_READ, handle_receipt,
		  .operation = "countersignatures.receipt", .summary = "The receipt of a decision, as a JSON Web Signature",
		  .bare = true, .produces = jose),
	ROUTE(POST, "/api/v1/countersignatures/{id}/revoke", "countersign.read", EFFECT_WRITE, handle_revoke,
		  .operation = "countersignatures.revoke", .summary = "Take my decision back before it has had an effect",
		  .body = &revoke_table, .result = &row_table, .errors = revoke_errors,
		  .example = "{\"reason\":\"signed the wrong one\"}"),
};

void countersignatures_api_add(struct app *app)
{
	router_add(app->router, routes, sizeof routes / sizeof *routes, app);
}
