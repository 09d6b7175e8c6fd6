#include <string.h>

#include "app/app.h"
#include "app/audit_export.h"
#include "app/routes.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "http/exchange.h"
#include "http/router.h"
#include "people/principal.h"
#include "people/reply.h"
#include "people/roles.h"
#include "people/view.h"
#include "store/store.h"

/*
 * GET /api/v1/ops/audit/verify, and
 * GET /api/v1/audit/export: the chain with its checkpoints and public keys, for `audit verify FILE` [P-7.6].  An admin
 * gets every row, owners and auditors those of their account and links in the place of the others.
 */

struct export_note {
	struct exchange *x;
	struct app *app;
	struct buf text;
	struct store_op op;
};

/* An export is itself recorded, in the chain that follows it. */
static bool apply_note(struct db *db, void *self, struct err *err)
{
	struct export_note *note = self;
	const struct audit_event event = principal_event(note->x, AUDIT_EXPORT, AUDIT_SUCCESS);
	return audit_append(&note->app->audit, db, &event, err);
}

static void end_note(void *self, bool applied, const struct err *err)
{
	struct export_note *note = self;
	struct buf text = note->text;
	if (applied)
		exchange_answer_buf(note->x, 200, "application/x-ndjson", &text);
	else
		exchange_fail(note->x, err);
	buf_fini(&text);
}

struct export_query {
	const char *from, *to, *stream;
};
static const struct field query_fields[] = {
	F_STR(export_query, from, FORMAT("date-time"), DOC("Not before")),
	F_STR(export_query, to, FORMAT("date-time"), DOC("Before")),
	F_STR(export_query, stream, LENGTH(1, 60), DOC("One stream's rows; a server has one, main")),
};
static const struct field_table query_table = FIELD_TABLE("audit.export.query", export_query, query_fields);

struct export_ask {
	struct export_query query;
	struct audit_export_filter filter;
};

static void take_filter(void *self, struct faults *faults)
{
	struct export_ask *ask = self;
	ask->filter = audit_export_all;
	ask->filter.stream = ask->query.stream;
	view_take_time(ask->query.from, "/from", &ask->filter.from_us, faults);
	view_take_time(ask->query.to, "/to", &ask->filter.to_us, faults);
}

static void handle_export(struct exchange *x)
{
	struct app *app = x->owner;
	struct export_note *note = arena_new(&x->arena, struct export_note);
	struct err err;
	const struct principal *principal = principal_of(x);
	struct export_ask ask;
	if (note == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	if (!exchange_decode_query_checked(x, &ask.query, take_filter, &ask))
		return;
	ask.filter.account_id = (principal->roles & ROLE_ADMIN) != 0 ? NULL : principal->account_id;
	*note = (struct export_note){.x = x, .app = app};
	buf_init(&note->text, 0);
	struct db *db = store_read(app->store);
	bool written =
		audit_export(db, store_id(app->store), &ask.filter, app->keys.rings[KEY_OF_CHECKPOINTS], &note->text, &err);
	store_read_end(app->store, db);
	if (!written) {
		buf_fini(&note->text);
		exchange_fail(x, &err);
		return;
	}
	note->op = (struct store_op){.apply = apply_note, .done = end_note, .self = note};
	exchange_hold(x);
	if (!store_submit(app->store, &note->op, &err)) {
		buf_fini(&note->text);
		exchange_fail(x, &err);
	}
}

/* --- verifying, with the personal values that no export has --- */

struct verified {
	int64_t streams, rows, checkpoints, seq;
	bool ok;
	const char *stream, *reason;
};
static const struct field verified_fields[] = {
	F_INT(verified, streams),
	F_INT(verified, rows),
	F_INT(verified, checkpoints),
	F_BOOL(verified, ok, DOC("The chain, its checkpoints, and the personal values that its rows commit to")),
	F_STR(verified, stream, NULLABLE, DOC("Of the first bad row")),
	F_INT(verified, seq, NULLABLE),
	F_STR(verified, reason, NULLABLE),
};
static const struct field_table verified_table = FIELD_TABLE("ops.audit.verified", verified, verified_fields);

static void handle_verify(struct exchange *x)
{
	struct app *app = x->owner;
	struct audit_report report;
	struct err err;
	struct db *db = store_read(app->store);
	bool read = audit_verify(db, store_id(app->store), app_checkpoint_holds, app, &report, &err) &&
				audit_verify_personal(db, app->audit.key, &report, &err);
	store_read_end(app->store, db);
	if (!read) {
		exchange_fail(x, &err);
		return;
	}
	const struct verified verified = {.streams = report.streams,
									  .rows = report.rows,
									  .checkpoints = report.checkpoints,
									  .seq = report.sound ? FIELD_NO_INT : report.seq,
									  .ok = report.sound,
									  .stream = report.sound ? NULL : report.stream,
									  .reason = report.sound ? NULL : report.reason};
	reply_fact(x, 200, &verified_table, &verified);
}

static const char *const ndjson[] = {"application/x-ndjson", NULL};

static const struct route routes[] = {
	ROUTE(GET, "/api/v1/audit/export", "audit.export", EFFECT_READ, handle_export, .operation = "audit.export",
		  .summary = "The audit chain as NDJSON, verifiable off line", .bare = true, .produces = ndjson,
		  .query = &query_table),
	ROUTE(GET, "/api/v1/ops/audit/verify", "ops.manage", EFFECT_READ, handle_verify, .operation = "ops.audit_verify",
		  .tag = "ops", .summary = "Verify the chain, and that personal values are those its rows commit to",
		  .doc =
			  "`countersign audit verify` verifies the export by itself and asks this for the personal values, whose "
			  "keys never leave the server.",
		  .result = &verified_table),
};

void audit_api_add(struct app *app)
{
	router_add(app->router, routes, sizeof routes / sizeof *routes, app);
}
