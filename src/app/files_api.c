#include <string.h>

#include "app/app.h"
#include "app/countersign_api.h"
#include "app/files.h"
#include "app/files_sniff.h"
#include "app/routes.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/field.h"
#include "core/stamp.h"
#include "crypt/digest.h"
#include "http/etag.h"
#include "http/exchange.h"
#include "http/router.h"
#include "people/principal.h"
#include "people/reply.h"
#include "people/write.h"
#include "store/blob.h"
#include "store/store.h"

/* /api/v1/files: what was uploaded becomes a file once its bytes are what was promised [P-9.3]. */

struct file_view {
	const char *file_id, *filename, *content_type, *sniffed_type, *sha256;
	int64_t size;
	const char *state, *scan_detail, *purpose, *created_by, *created_at;
};
static const struct field file_fields[] = {
	F_STR(file_view, file_id),
	F_STR(file_view, filename),
	F_STR(file_view, content_type),
	F_STR(file_view, sniffed_type, DOC("What the bytes show")),
	F_STR(file_view, sha256),
	F_INT(file_view, size, UNIT("bytes")),
	F_STR(file_view, state, DOC("pending, clean, infected or error")),
	F_STR(file_view, scan_detail, NULLABLE, DOC("unscanned: no scanner is configured")),
	F_STR(file_view, purpose, NULLABLE),
	F_STR(file_view, created_by, NULLABLE),
	F_STR(file_view, created_at, FORMAT("date-time")),
};
static const struct field_table file_table = FIELD_TABLE("files.file", file_view, file_fields);

static void file_etag(const struct file_view *file, struct arena *arena, char etag[ETAG_TEXT])
{
	char hash[SHA256_HEX_SIZE];
	const char *text = arena_printf(arena, "%s\n%s\n%s", file->file_id, file->sha256, file->state);
	sha256_hex(text, text != NULL ? strlen(text) : 0, hash);
	etag_format(etag, hash);
}

static const char *stamp_of(struct arena *arena, int64_t us)
{
	char text[STAMP_TEXT];
	stamp_format(text, us);
	return arena_dup(arena, text);
}

/* --- make --- */

struct create_body {
	const char *upload_id, *sha256;
};
static const struct field create_fields[] = {
	F_STR(create_body, upload_id, REQUIRED),
	F_STR(create_body, sha256, REQUIRED, LENGTH(64, 64), DOC("Hex SHA-256 of the bytes")),
};
static const struct field_table create_table = FIELD_TABLE("files.create", create_body, create_fields);

struct creating {
	struct write write; /* first */
	struct app *app;
	struct create_body body;
	struct upload upload;
	struct file_view file;
	char file_id[ID_TEXT];
	int64_t now_us;
	enum err_kind refusal; /* ERR_NONE: the file is made */
};

/* What came is not what was promised: the upload is dropped, and the row says why. */
static bool refuse(struct creating *c, struct db *db, struct err *err)
{
	const struct audit_pair meta[] = {
		{AUDIT_META_code, c->refusal == ERR_SHA256_MISMATCH ? "sha256_mismatch" : "type_mismatch"},
		{AUDIT_META_sha256, c->upload.blob_sha256}};
	struct audit_event event = principal_event(c->write.x, AUDIT_FILE_REFUSE, AUDIT_FAILURE);
	event.target_id = c->upload.upload_id;
	event.meta = meta;
	event.meta_count = sizeof meta / sizeof *meta;
	if (!audit_append(&c->app->audit, db, &event, err))
		return false;
	if (c->refusal == ERR_SHA256_MISMATCH)
		return write_refuse(&c->write, c->refusal, "The bytes that came have another SHA-256; upload them again.");
	return write_refuse(&c->write, c->refusal, "The bytes are %s, which neither %s nor the name's ending fits.",
						c->file.sniffed_type, c->file.content_type);
}

static bool insert(const struct creating *c, struct db *db, struct err *err)
{
	const struct file_view *f = &c->file;
	const struct audit_pair meta[] = {{AUDIT_META_sha256, f->sha256}};
	struct audit_event event = principal_event(c->write.x, AUDIT_FILE_CREATE, AUDIT_SUCCESS);
	event.target_id = f->file_id;
	event.meta = meta;
	event.meta_count = 1;
	return db_run(db, err,
				  "INSERT INTO files (file_id, account_id, blob_sha256, filename, content_type, sniffed_type, size, "
				  "state, scan_detail, purpose, created_by, created_at) "
				  "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
				  V_TEXT(f->file_id), V_TEXT(c->upload.account_id), V_TEXT(f->sha256), V_TEXT(f->filename),
				  V_TEXT(f->content_type), V_TEXT(f->sniffed_type), V_INT(f->size), V_TEXT(f->state),
				  V_TEXT(f->scan_detail), V_TEXT(f->purpose), V_TEXT(f->created_by), V_INT(c->now_us)) &&
		   audit_append(&c->app->audit, db, &event, err);
}

static bool create_apply(struct write *w, struct db *db, struct err *err)
{
	struct creating *c = (struct creating *)w;
	if (!upload_drop(db, c->upload.account_id, c->upload.upload_id, err))
		return false;
	if (db_changed(db) != 1) /* another request made it a file meanwhile */
		return err_set(err, ERR_NOT_FOUND, "There is no such upload.");
	return c->refusal != ERR_NONE ? refuse(c, db, err) : insert(c, db, err);
}

static void create_answer(struct write *w)
{
	const struct creating *c = (const struct creating *)w;
	char etag[ETAG_TEXT];
	file_etag(&c->file, &w->x->arena, etag);
	exchange_set(w->x, "ETag", etag);
	exchange_setf(w->x, "Location", "/api/v1/files/%s", c->file_id);
	reply_fact(w->x, 201, &file_table, &c->file);
}

static bool find_upload(struct creating *c, struct err *err)
{
	struct exchange *x = c->write.x;
	bool found = false;
	struct db *db = store_read(c->app->store);
	bool read = upload_find(db, principal_of(x)->account_id, c->body.upload_id, &x->arena, &c->upload, &found, err);
	store_read_end(c->app->store, db);
	if (read && (!found || c->upload.blob_sha256 == NULL))
		return err_set(err, ERR_NOT_FOUND, "There is no such upload, or nothing was uploaded yet.");
	return read;
}

static bool sniff(struct creating *c, struct err *err)
{
	struct buf bytes;
	buf_init(&bytes, FILE_BYTES_MAX + 1);
	bool read = blob_get(c->app->blobs, c->upload.blob_sha256, &bytes, err);
	if (read)
		c->file.sniffed_type = file_sniff(bytes.bytes, bytes.size);
	buf_fini(&bytes);
	return read;
}

static void judge(struct creating *c)
{
	const char *came = c->upload.blob_sha256, *promised = c->upload.sha256;
	if (strcmp(came, c->body.sha256) != 0 || (promised != NULL && strcmp(came, promised) != 0))
		c->refusal = ERR_SHA256_MISMATCH;
	else if (!file_type_agrees(c->file.content_type, c->file.filename, c->file.sniffed_type))
		c->refusal = ERR_TYPE_MISMATCH;
	else
		c->refusal = ERR_NONE;
}

static void handle_create(struct exchange *x)
{
	struct creating *c = arena_new(&x->arena, struct creating);
	struct err err;
	if (c == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	*c = (struct creating){.app = x->owner};
	if (!exchange_decode(x, &c->body) || !countersign_has_account(x))
		return;
	c->write = (struct write){.x = x, .store = c->app->store, .apply = create_apply, .answer = create_answer};
	if (!find_upload(c, &err) || !sniff(c, &err)) {
		exchange_fail(x, &err);
		return;
	}
	id_make(&c->app->ids, c->file_id);
	c->now_us = env_wall_us(c->app->env);
	const struct principal *principal = principal_of(x);
	c->file = (struct file_view){.file_id = c->file_id,
								 .filename = c->upload.filename,
								 .content_type = c->upload.content_type,
								 .sniffed_type = c->file.sniffed_type,
								 .sha256 = c->upload.blob_sha256,
								 .size = c->upload.blob_size,
								 .state = "clean",
								 .scan_detail = "unscanned",
								 .purpose = c->upload.purpose,
								 .created_by = principal->kind == PRINCIPAL_LOCAL ? NULL : principal->user_id,
								 .created_at = stamp_of(&x->arena, c->now_us)};
	judge(c);
	write_submit(&c->write);
}

/* --- read --- */

struct file_take {
	struct arena *arena;
	struct file_view *file;
};

static void take_file(const struct db_rows *row, void *self)
{
	const struct file_take *take = self;
	*take->file = (struct file_view){
		.file_id = db_text_dup(row, 0, take->arena),
		.filename = db_text_dup(row, 1, take->arena),
		.content_type = db_text_dup(row, 2, take->arena),
		.sniffed_type = db_text_dup(row, 3, take->arena),
		.sha256 = db_text_dup(row, 4, take->arena),
		.size = db_int(row, 5),
		.state = db_text_dup(row, 6, take->arena),
		.scan_detail = db_text_dup(row, 7, take->arena),
		.purpose = db_text_dup(row, 8, take->arena),
		.created_by = db_text_dup(row, 9, take->arena),
		.created_at = stamp_of(take->arena, db_int(row, 10)),
	};
}

static bool find_file(struct exchange *x, struct db *db, struct file_view *file, struct err *err)
{
	struct file_take take = {&x->arena, file};
	bool found = false;
	bool read = db_one(db, err, &found, take_file, &take,
					   "SELECT file_id, filename, content_type, sniffed_type, blob_sha256, size, state, scan_detail, "
					   "purpose, created_by, created_at FROM files "
					   "WHERE file_id = $1 AND account_id = $2 AND deleted_at IS NULL",
					   V_TEXT(exchange_param(x, "id")), V_TEXT(principal_of(x)->account_id));
	return read && (found || err_set(err, ERR_NOT_FOUND, "There is no such file."));
}

static void handle_get(struct exchange *x)
{
	const struct app *app = x->owner;
	struct file_view file;
	char etag[ETAG_TEXT];
	struct err err;
	struct db *db = store_read(app->store);
	bool found = find_file(x, db, &file, &err);
	store_read_end(app->store, db);
	if (!found) {
		exchange_fail(x, &err);
		return;
	}
	file_etag(&file, &x->arena, etag);
	exchange_set(x, "ETag", etag);
	if (etag_none_match(x, etag))
		exchange_answer(x, 304, NULL, NULL, 0);
	else
		reply_fact(x, 200, &file_table, &file);
}

/* --- delete: the row stays, marked --- */

static bool delete_apply(struct write *w, struct db *db, struct err *err)
{
	const struct app *app = w->x->owner;
	struct file_view file;
	char etag[ETAG_TEXT];
	if (!find_file(w->x, db, &file, err))
		return false;
	file_etag(&file, &w->x->arena, etag);
	if (!etag_if_match(w->x, etag, err))
		return false;
	const struct audit_pair meta[] = {{AUDIT_META_sha256, file.sha256}};
	struct audit_event event = principal_event(w->x, AUDIT_FILE_DELETE, AUDIT_SUCCESS);
	event.target_id = file.file_id;
	event.meta = meta;
	event.meta_count = 1;
	return db_run(db, err, "UPDATE files SET deleted_at = $1 WHERE file_id = $2 AND account_id = $3",
				  V_INT(env_wall_us(app->env)), V_TEXT(file.file_id), V_TEXT(principal_of(w->x)->account_id)) &&
		   audit_append(&app->audit, db, &event, err);
}

static void handle_delete(struct exchange *x)
{
	const struct app *app = x->owner;
	struct write *w = arena_new(&x->arena, struct write);
	if (w == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	*w = (struct write){.x = x, .store = app->store, .apply = delete_apply};
	write_submit(w);
}

/* --- routes --- */

static const char *const any_type[] = {"*/*", NULL};
static const enum err_kind presign_errors[] = {ERR_FILENAME_INVALID, ERR_TYPE_MISMATCH, ERR_NONE};
static const enum err_kind put_errors[] = {ERR_NOT_FOUND, ERR_EXPIRED, ERR_BODY_TOO_LARGE, ERR_MEDIA_TYPE, ERR_NONE};
static const enum err_kind create_errors[] = {ERR_NOT_FOUND, ERR_SHA256_MISMATCH, ERR_TYPE_MISMATCH, ERR_NONE};

static const enum err_kind delete_errors[] = {ERR_PRECONDITION_REQUIRED, ERR_PRECONDITION_FAILED, ERR_NONE};

static const struct route routes[] = {
	ROUTE(POST, "/api/v1/files/presign", "file.write", EFFECT_WRITE, files_presign, .operation = "files.presign",
		  .summary = "Get a signed URL for one upload", .body = &presign_table, .result = &presigned_table,
		  .status = 201, .rate_class = "upload", .errors = presign_errors,
		  .example = "{\"filename\":\"plan.pdf\",\"content_type\":\"application/pdf\"}"),
	ROUTE(PUT, "/blobs/{upload_id}", PUBLIC, EFFECT_WRITE, files_put, .operation = "files.put",
		  .summary = "Upload the bytes to a signed URL, once", .accepts = any_type, .body_max = FILE_BYTES_MAX,
		  .status = 204, .bare = true, .rate_class = "upload", .errors = put_errors),
	ROUTE(POST, "/api/v1/files", "file.write", EFFECT_WRITE, handle_create, .operation = "files.create",
		  .summary = "Make an upload a file: its bytes are checked", .body = &create_table, .result = &file_table,
		  .status = 201, .rate_class = "upload", .errors = create_errors),
	ROUTE(GET, "/api/v1/files/{id}", "file.read", EFFECT_READ, handle_get, .operation = "files.get",
		  .summary = "One file: name, type, size, hash and state", .result = &file_table),
	ROUTE(DELETE, "/api/v1/files/{id}", "file.write", EFFECT_WRITE, handle_delete, .operation = "files.delete",
		  .summary = "Delete a file", .status = 204, .errors = delete_errors),
};

void files_api_add(struct app *app)
{
	router_add(app->router, routes, sizeof routes / sizeof *routes, app);
}
