#include "app/backup.h"

#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "app/routes.h"
#include "app/tree.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/field.h"
#include "core/jw.h"
#include "core/scratch.h"
#include "core/stamp.h"
#include "crypt/key.h"
#include "http/exchange.h"
#include "http/router.h"
#include "people/principal.h"
#include "people/reply.h"
#include "people/write.h"
#include "store/store.h"
#include "version.h"

/* --- the copy --- */

struct copy {
	struct app *app;
	char name[64]; /* below the data folder */
	char path[TREE_PATH];
	int64_t size;
	char sha256[SHA256_HEX_SIZE];
	struct checkpoint_made checkpoint;
};

static bool make_copy(struct copy *copy, struct err *err)
{
	char folder[TREE_PATH], id[ID_TEXT];
	struct app *app = copy->app;
	if (!tree_path(folder, app->config.data, BACKUP_FOLDER, err))
		return false;
	scratch_remove(folder); /* an older copy that nobody took, or half of one */
	id_make(&app->ids, id);
	snprintf(copy->name, sizeof copy->name, BACKUP_FOLDER "/store-%s.db", id);
	return tree_make(folder, err) && tree_path(copy->path, app->config.data, copy->name, err) &&
		   app_checkpoint(app, &copy->checkpoint, err) && store_backup(app->store, copy->path, err) &&
		   tree_hash(copy->path, &copy->size, copy->sha256, err);
}

static void write_facts(const struct copy *copy, struct jw *facts)
{
	char now[STAMP_TEXT];
	stamp_format(now, env_wall_us(copy->app->env));
	jw_member_str(facts, "path", copy->name);
	jw_member_int(facts, "size", copy->size);
	jw_member_str(facts, "sha256", copy->sha256);
	jw_member_str(facts, "store_id", store_id(copy->app->store));
	jw_member_int(facts, "schema_version", store_schema_version(copy->app->store));
	jw_member_str(facts, "program_version", APP_VERSION);
	jw_member_str(facts, "created_at", now);
	jw_key(facts, "checkpoint");
	jw_object(facts);
	jw_member_str(facts, "statement", copy->checkpoint.statement);
	jw_member_str(facts, "signature", copy->checkpoint.signature);
	jw_object_end(facts);
}

bool backup_store(struct app *app, struct jw *facts, struct err *err)
{
	struct copy copy = {.app = app};
	if (atomic_exchange(&app->copying, true))
		return err_set(err, ERR_CONFLICT, "A backup is under way; try again when it is done.");
	bool made = make_copy(&copy, err);
	atomic_store(&app->copying, false);
	if (made)
		write_facts(&copy, facts);
	return made;
}

/* --- over HTTP --- */

struct deed {
	struct write write; /* first */
	struct app *app;
	enum audit_action action;
	const char *text; /* of the result */
	size_t size;
};

static bool apply_deed(struct write *w, struct db *db, struct err *err)
{
	const struct deed *deed = (const struct deed *)w;
	struct audit_event event = principal_event(w->x, deed->action, AUDIT_SUCCESS);
	event.target_id = store_id(deed->app->store);
	return audit_append(&deed->app->audit, db, &event, err);
}

static void answer_deed(struct write *w)
{
	const struct deed *deed = (const struct deed *)w;
	reply_fact_text(w->x, 201, deed->text, deed->size);
}

/* What was done is recorded, and then told. */
static void record(struct exchange *x, enum audit_action action, const struct buf *text)
{
	struct app *app = x->owner;
	struct deed *deed = arena_new(&x->arena, struct deed);
	const char *kept = arena_dupn(&x->arena, buf_text(text), text->size);
	if (deed == NULL || kept == NULL) {
		exchange_failf(x, ERR_LIMIT, "The answer is too large.");
		return;
	}
	*deed = (struct deed){.write = {.x = x, .store = app->store, .apply = apply_deed, .answer = answer_deed},
						  .app = app,
						  .action = action,
						  .text = kept,
						  .size = text->size};
	write_submit(&deed->write);
}

static void do_and_record(struct exchange *x, enum audit_action action,
						  bool (*work)(struct app *app, struct jw *jw, struct err *err))
{
	struct buf text;
	struct jw jw;
	struct err err;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	bool done = work(x->owner, &jw, &err);
	jw_object_end(&jw);
	if (done)
		record(x, action, &text);
	else
		exchange_fail(x, &err);
	buf_fini(&text);
}

static bool write_checkpoint(struct app *app, struct jw *jw, struct err *err)
{
	struct checkpoint_made made;
	char at[STAMP_TEXT];
	if (!app_checkpoint(app, &made, err))
		return false;
	stamp_format(at, made.at_us);
	jw_member_str(jw, "stream", AUDIT_STREAM);
	jw_member_int(jw, "seq", made.seq);
	jw_member_str(jw, "hash", made.hash);
	jw_member_str(jw, "at", at);
	jw_member_str(jw, "key_id", key_kid(app_keys_current(&app->keys, KEY_OF_CHECKPOINTS)));
	jw_key(jw, "statement");
	jw_raw(jw, made.statement, strlen(made.statement));
	jw_member_str(jw, "signature", made.signature);
	return true;
}

static void handle_backup(struct exchange *x)
{
	do_and_record(x, AUDIT_BACKUP, backup_store);
}

static void handle_checkpoint(struct exchange *x)
{
	do_and_record(x, AUDIT_CHECKPOINT, write_checkpoint);
}

static const struct field signed_rows[] = {T_STR(statement), T_STR(signature)};
static const struct field_table signed_table = TOLD_TABLE("ops.backup.checkpoint", signed_rows);
static const struct field backup_rows[] = {
	T_STR(path, DOC("Below the data folder")),
	T_INT(size),
	T_STR(sha256),
	T_STR(store_id),
	T_INT(schema_version),
	T_STR(program_version),
	T_TIME(created_at),
	T_OBJECT(checkpoint, &signed_table),
};
static const struct field_table backup_table = TOLD_TABLE("ops.backup", backup_rows);
static const struct field checkpoint_rows[] = {
	T_STR(stream), T_INT(seq), T_STR(hash), T_TIME(at), T_STR(key_id), T_MAP(statement, FIELD_JSON), T_STR(signature),
};
static const struct field_table checkpoint_table = TOLD_TABLE("ops.checkpoint", checkpoint_rows);
static const enum err_kind backup_errors[] = {ERR_CONFLICT, ERR_STORE_FULL, ERR_NONE};

static const struct route routes[] = {
	ROUTE(POST, "/api/v1/ops/backups", "ops.manage", EFFECT_WRITE, handle_backup, .operation = "ops.backup",
		  .summary = "Copy the store into DATA/backup, while serving", .tag = "ops", .status = 201,
		  .result = &backup_table, .errors = backup_errors,
		  .doc = "One copy is kept, until the next. `countersign backup DIR` takes it from there and adds the blobs, "
				 "the packs and the keys, which never leave the machine by HTTP."),
	ROUTE(POST, "/api/v1/ops/checkpoints", "ops.manage", EFFECT_WRITE, handle_checkpoint, .operation = "ops.checkpoint",
		  .summary = "Sign the head of the audit chain now", .tag = "ops", .status = 201, .result = &checkpoint_table),
};

void backup_api_add(struct app *app)
{
	router_add(app->router, routes, sizeof routes / sizeof *routes, app);
}
