#include "app/countersign_api.h"

#include <string.h>

#include "app/app.h"
#include "app/routes.h"
#include "core/arena.h"
#include "core/env.h"
#include "core/err.h"
#include "core/stamp.h"
#include "crypt/digest.h"
#include "http/exchange.h"
#include "http/router.h"
#include "people/listing.h"
#include "people/principal.h"
#include "people/reply.h"
#include "people/view.h"
#include "people/write.h"
#include "seal/seals.h"
#include "store/store.h"

/* /api/v1/countersign-requests: what waits for a person's decision [P-6.6]. */

static const struct field request_fields[] = {
	F_STR(request_view, request_id),
	F_STR(request_view, account_id),
	F_ENUM(request_view, kind, countersign_kind_names),
	F_ENUM(request_view, status, countersign_status_names),
	F_STR(request_view, seal_sha256),
	F_STR(request_view, content_sha256),
	F_STR(request_view, subject_kind),
	F_STR(request_view, subject_id),
	F_STR(request_view, author_id, NULLABLE),
	F_INT(request_view, approvals, DOC("That stand now")),
	F_INT(request_view, quorum, DOC("Approvals needed")),
	F_BOOL(request_view, four_eyes, DOC("Who asked cannot decide")),
	F_STR(request_view, permission, DOC("What a signer needs")),
	F_INT(request_view, consent_version, DOC("Version of the consent text that a signer has to name")),
	F_STR(request_view, created_at, FORMAT("date-time")),
	F_STR(request_view, expires_at, FORMAT("date-time")),
	F_STR(request_view, decided_at, NULLABLE, FORMAT("date-time")),
	F_STR(request_view, applied_at, NULLABLE, FORMAT("date-time")),
};
const struct field_table request_table = FIELD_TABLE("countersign.request", request_view, request_fields);

void request_view(struct arena *arena, const struct countersign_request *r, struct request_view *view)
{
	*view = (struct request_view){
		.request_id = r->request_id,
		.account_id = r->account_id,
		.kind = (int)r->kind,
		.status = (int)r->status,
		.seal_sha256 = r->seal_sha256,
		.content_sha256 = r->content_sha256,
		.subject_kind = r->subject_kind,
		.subject_id = r->subject_id,
		.author_id = r->author_id,
		.quorum = r->quorum,
		.approvals = r->approvals,
		.consent_version = r->consent_version,
		.four_eyes = r->four_eyes,
		.permission = r->permission,
		.created_at = view_time(arena, r->created_us),
		.expires_at = view_time(arena, r->expires_us),
		.decided_at = view_time(arena, r->decided_us),
		.applied_at = view_time(arena, r->applied_us),
	};
}

void app_page_key(const struct app *app, unsigned char key[PAGE_KEY])
{
	static const char label[] = "countersign/page/countersign/v1";
	hmac_sha256(app->keys.master, AUDIT_KEY, label, sizeof label - 1, key);
}

void app_list(struct exchange *x, const struct list_kind *kind)
{
	const struct app *app = x->owner;
	unsigned char key[PAGE_KEY];
	app_page_key(app, key);
	listing_answer(x, app->store, key, kind);
}

bool countersign_has_account(struct exchange *x)
{
	if (principal_of(x)->account_id[0] != '\0')
		return true;
	exchange_failf(x, ERR_NOT_FOUND, "There is no account yet.");
	return false;
}

/* --- one --- */

static void answer_request(struct exchange *x, int status, const struct countersign_request *request)
{
	struct request_view view;
	request_view(&x->arena, request, &view);
	reply_fact(x, status, &request_table, &view);
}

static void handle_get(struct exchange *x)
{
	const struct app *app = x->owner;
	struct countersign_request request;
	bool found = false;
	struct err err;
	struct db *db = store_read(app->store);
	bool read =
		countersign_request_find(db, listing_reads(x), exchange_param(x, "id"), &x->arena, &request, &found, &err);
	store_read_end(app->store, db);
	if (!read)
		exchange_fail(x, &err);
	else if (!found)
		exchange_failf(x, ERR_NOT_FOUND, "There is no such request.");
	else
		answer_request(x, 200, &request);
}

/* --- list --- */

struct requests_query {
	LIST_QUERY;
	int status, kind;
	bool mine;
};
static const struct field query_fields[] = {
	F_LIST_QUERY(requests_query),
	F_ENUM(requests_query, status, countersign_status_names),
	F_ENUM(requests_query, kind, countersign_kind_names),
	F_BOOL(requests_query, mine, DOC("Only what I asked for")),
};
static const struct field_table query_table = FIELD_TABLE("countersign.requests.query", requests_query, query_fields);
LIST_PAGE(request_page, "countersign.requests", request_view, &request_table);

static void take_request(void *self, const struct countersign_request *request)
{
	struct listing *l = self;
	struct request_view *view = listing_room(l, request->request_id);
	if (view != NULL)
		request_view(&l->x->arena, request, view);
}

static bool read_requests(struct listing *l, struct db *db, struct err *err)
{
	const struct requests_query *query = l->query;
	const struct countersign_filter filter = {
		.account_id = l->account_id,
		.user_id = query->mine ? principal_of(l->x)->user_id : NULL,
		.before = l->after,
		.status = query->status,
		.kind = query->kind,
		.limit = l->limit,
	};
	return countersign_requests(db, &filter, &l->x->arena, take_request, l, err);
}

static void handle_list(struct exchange *x)
{
	static const struct list_kind kind = {.name = "requests",
										  .query = &query_table,
										  .page = &request_page_table,
										  .item_size = sizeof(struct request_view),
										  .read = read_requests};
	app_list(x, &kind);
}

/* --- opening --- */

struct request_body {
	int kind;
	const char *seal_sha256, *subject_kind, *subject_id, *expires_at;
	int64_t quorum;
};
static const struct field body_fields[] = {
	F_ENUM(request_body, kind, countersign_kind_names, REQUIRED,
		   DOC("release or stamp; the other kinds are opened by their products")),
	F_STR(request_body, seal_sha256, REQUIRED, LENGTH(64, 64)),
	F_STR(request_body, subject_kind, LENGTH(1, 40), DEFAULT_TEXT("seal")),
	F_STR(request_body, subject_id, LENGTH(1, 64), DOC("Default: the seal")),
	F_INT(request_body, quorum, RANGE(1, COUNTERSIGN_QUORUM_MAX), DOC("Approvals needed; a policy may raise it")),
	F_STR(request_body, expires_at, FORMAT("date-time"), DOC("At most a year from now; default as the kind has it")),
};
static const struct field_table body_table = FIELD_TABLE("countersign.requests.create", request_body, body_fields);

#define YEAR_US (INT64_C(365) * STAMP_US_PER_DAY)

struct opening {
	struct write write; /* first */
	struct app *app;
	struct request_body body;
	struct countersign_request request;
};

static void check_body(void *self, struct faults *faults)
{
	struct opening *o = self;
	const struct stamp_fault *fault;
	int64_t now_us = env_wall_us(o->app->env);
	if (o->body.kind != COUNTERSIGN_RELEASE && o->body.kind != COUNTERSIGN_STAMP)
		faults_add(faults, "/kind", "enum", "a request of this kind is opened by its product");
	if (o->body.expires_at == NULL)
		return;
	if (!stamp_parse(o->body.expires_at, strlen(o->body.expires_at), &o->request.expires_us, &fault))
		faults_add(faults, "/expires_at", fault->code, "%s", fault->message);
	else if (o->request.expires_us <= now_us || o->request.expires_us > now_us + YEAR_US)
		faults_add(faults, "/expires_at", "range", "must lie in the future, at most a year from now");
}

static bool apply_open(struct write *w, struct db *db, struct err *err)
{
	struct opening *o = (struct opening *)w;
	struct exchange *x = w->x;
	const struct principal *principal = principal_of(x);
	const struct audit_event who = principal_event(x, AUDIT_COUNTERSIGN_REQUEST, AUDIT_SUCCESS);
	struct seal seal;
	bool found = false;
	if (!seal_find(db, principal->account_id, o->body.seal_sha256, &x->arena, &seal, &found, err))
		return false;
	if (!found)
		return err_field(err, ERR_NOT_FOUND, "/seal_sha256", "There is no such seal.");
	o->request.account_id = seal.account_id;
	o->request.kind = (enum countersign_kind)o->body.kind;
	o->request.seal_sha256 = seal.seal_sha256;
	o->request.content_sha256 = seal.content_sha256;
	o->request.subject_kind = o->body.subject_kind;
	o->request.subject_id = o->body.subject_id != NULL ? o->body.subject_id : seal.seal_sha256;
	o->request.author_id = who.actor;
	o->request.quorum = o->body.quorum != FIELD_NO_INT ? o->body.quorum : 0;
	return countersign_open(o->app->countersign, db, &who, &x->arena, &o->request, err);
}

static void answer_open(struct write *w)
{
	const struct opening *o = (struct opening *)w;
	exchange_setf(w->x, "Location", "/api/v1/countersign-requests/%s", o->request.request_id);
	answer_request(w->x, 201, &o->request);
}

static void handle_open(struct exchange *x)
{
	struct app *app = x->owner;
	struct opening *o = arena_new(&x->arena, struct opening);
	if (o == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	*o = (struct opening){.app = app};
	if (!exchange_decode_checked(x, &o->body, check_body, o) || !countersign_has_account(x))
		return;
	o->write = (struct write){.x = x, .store = app->store, .apply = apply_open, .answer = answer_open};
	write_submit(&o->write);
}

/* --- withdrawing --- */

static bool apply_withdraw(struct write *w, struct db *db, struct err *err)
{
	struct opening *o = (struct opening *)w;
	const struct audit_event who = principal_event(w->x, AUDIT_COUNTERSIGN_WITHDRAW, AUDIT_SUCCESS);
	return countersign_withdraw(o->app->countersign, db, &who, exchange_param(w->x, "id"), who.actor, &w->x->arena,
								&o->request, err);
}

static void answer_withdraw(struct write *w)
{
	answer_request(w->x, 200, &((const struct opening *)w)->request);
}

static void handle_withdraw(struct exchange *x)
{
	struct app *app = x->owner;
	struct opening *o = arena_new(&x->arena, struct opening);
	if (o == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	*o = (struct opening){.app = app};
	if (!countersign_has_account(x))
		return;
	o->write = (struct write){.x = x, .store = app->store, .apply = apply_withdraw, .answer = answer_withdraw};
	write_submit(&o->write);
}

static const enum err_kind open_errors[] = {ERR_NOT_FOUND, ERR_NONE};
static const enum err_kind withdraw_errors[] = {ERR_NOT_FOUND, ERR_TRANSITION_REFUSED, ERR_NONE};
static const enum err_kind list_errors[] = {ERR_CURSOR_INVALID, ERR_NONE};

static const struct route routes[] = {
	ROUTE(GET, "/api/v1/countersign-requests", "countersign.read", EFFECT_READ, handle_list,
		  .operation = "countersign.requests.list", .summary = "Requests of the account, newest first",
		  .query = &query_table, .result = &request_page_table, .errors = list_errors),
	ROUTE(POST, "/api/v1/countersign-requests", "countersign.request", EFFECT_WRITE, handle_open,
		  .operation = "countersign.requests.create", .summary = "Ask for a countersignature on sealed content",
		  .body = &body_table, .result = &request_table, .status = 201, .errors = open_errors,
		  .example = "{\"kind\":\"release\",\"seal_sha256\":"
					 "\"0000000000000000000000000000000000000000000000000000000000000000\",\"quorum\":2}"),
	ROUTE(GET, "/api/v1/countersign-requests/{id}", "countersign.read", EFFECT_READ, handle_get,
		  .operation = "countersign.requests.get", .summary = "One request and how far it is",
		  .result = &request_table),
	ROUTE(POST, "/api/v1/countersign-requests/{id}/withdraw", "countersign.request", EFFECT_WRITE, handle_withdraw,
		  .operation = "countersign.requests.withdraw", .summary = "Withdraw what I asked for, before it is decided",
		  .result = &request_table, .errors = withdraw_errors),
};

void countersign_api_add(struct app *app)
{
	router_add(app->router, routes, sizeof routes / sizeof *routes, app);
}
