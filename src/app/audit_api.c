#include <string.h>

#include "app/app.h"
#include "app/audit_export.h"
#include "app/routes.h"
#include "core/buf.h"
#include "core/err.h"
#include "http/exchange.h"
#include "http/router.h"
#include "people/principal.h"
#include "people/roles.h"
#include "store/store.h"

/*
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

static void handle_export(struct exchange *x)
{
	struct app *app = x->owner;
	struct export_note *note = arena_new(&x->arena, struct export_note);
	struct err err;
	const struct principal *principal = principal_of(x);
	const char *account_id = (principal->roles & ROLE_ADMIN) != 0 ? NULL : principal->account_id;
	if (note == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	*note = (struct export_note){.x = x, .app = app};
	buf_init(&note->text, 0);
	struct db *db = store_read(app->store);
	bool written =
		audit_export(db, store_id(app->store), account_id, app->keys.rings[KEY_OF_CHECKPOINTS], &note->text, &err);
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

static const char *const ndjson[] = {"application/x-ndjson", NULL};

static const struct route routes[] = {
	ROUTE(GET, "/api/v1/audit/export", "audit.export", EFFECT_READ, handle_export, .operation = "audit.export",
		  .summary = "The audit chain as NDJSON, verifiable off line", .bare = true, .produces = ndjson),
};

void audit_api_add(struct app *app)
{
	router_add(app->router, routes, sizeof routes / sizeof *routes, app);
}
