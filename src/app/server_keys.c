#include "app/server_keys.h"

#include "app/app.h"
#include "app/routes.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "crypt/key.h"
#include "http/exchange.h"
#include "http/router.h"
#include "people/principal.h"
#include "people/reply.h"
#include "seal/countersign.h"
#include "store/store.h"

struct recording {
	struct app *app;
	struct audit_event event;
};

static bool apply_row(struct db *db, void *self, struct err *err)
{
	const struct recording *r = self;
	return audit_append(&r->app->audit, db, &r->event, err);
}

static bool record(void *self, const struct key_rotation *rotation, struct err *err)
{
	struct recording *r = self;
	const struct audit_pair meta[] = {{AUDIT_META_key_id, key_kid(rotation->next)}};
	r->event.meta = meta;
	r->event.meta_count = 1;
	return store_write(r->app->store, apply_row, r, err);
}

static void write_facts(const struct key_rotation *rotation, const char *name, struct jw *jw)
{
	char until[STAMP_TEXT];
	bool ends = rotation->until_us != INT64_MAX;
	if (ends)
		stamp_format(until, rotation->until_us);
	jw_member_str(jw, "name", name);
	jw_member_str(jw, "key_id", key_kid(rotation->next));
	jw_member_str(jw, "retired_key_id", key_kid(rotation->old));
	jw_member_str(jw, "retired_until", ends ? until : NULL);
}

bool server_keys_rotate(struct app *app, enum app_key which, struct audit_event event, struct jw *jw, struct err *err)
{
	struct recording recording = {.app = app, .event = event};
	struct key_rotation rotation;
	recording.event.target_id = store_id(app->store);
	if (atomic_exchange(&app->rotating, true))
		return err_set(err, ERR_CONFLICT, "Another rotation is under way.");
	bool done = app_keys_rotate(&app->keys, app->config.data, app->env, app->config.people.access_ttl_s, which, record,
								&recording, &rotation, err);
	if (done && which == KEY_OF_RECEIPTS)
		countersign_use_key(app->countersign, rotation.next);
	atomic_store(&app->rotating, false);
	if (done)
		write_facts(&rotation, app_key_name(which), jw);
	return done;
}

/* --- over HTTP --- */

static void handle_rotate(struct exchange *x)
{
	enum app_key which = app_key_named(exchange_param(x, "name"));
	struct buf text;
	struct jw jw;
	struct err err;
	if (which == APP_KEYS) {
		exchange_failf(x, ERR_NOT_FOUND, "There is no such key: access, receipt and checkpoint are rotated.");
		return;
	}
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	bool done = server_keys_rotate(x->owner, which, principal_event(x, AUDIT_KEYS_ROTATE, AUDIT_SUCCESS), &jw, &err);
	jw_object_end(&jw);
	if (done)
		reply_fact_text(x, 200, buf_text(&text), text.size);
	else
		exchange_fail(x, &err);
	buf_fini(&text);
}

static const struct field rotated_rows[] = {
	T_STR(name),
	T_STR(key_id),
	T_STR(retired_key_id),
	T_TIME(retired_until, NULLABLE, DOC("null: it verifies on for ever")),
};
static const struct field_table rotated_table = TOLD_TABLE("ops.key", rotated_rows);
static const enum err_kind rotate_errors[] = {ERR_CONFLICT, ERR_NONE};

static const struct route routes[] = {
	ROUTE(POST, "/api/v1/ops/keys/{name}/rotate", "account.manage", EFFECT_WRITE, handle_rotate,
		  .operation = "ops.rotate_key", .summary = "Sign with a new key; the old one verifies on", .tag = "ops",
		  .doc = "access: the old key verifies for people.access_ttl_s more. receipt and checkpoint: for ever.",
		  .result = &rotated_table, .errors = rotate_errors),
};

void server_keys_api_add(struct app *app)
{
	router_add(app->router, routes, sizeof routes / sizeof *routes, app);
}
