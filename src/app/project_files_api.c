#include <string.h>

#include "app/app.h"
#include "app/countersign_api.h"
#include "app/files.h"
#include "app/routes.h"
#include "core/arena.h"
#include "core/env.h"
#include "core/field.h"
#include "core/stamp.h"
#include "http/exchange.h"
#include "http/router.h"
#include "people/principal.h"
#include "people/reply.h"
#include "people/write.h"
#include "sign/sign_api.h"
#include "store/store.h"

/*
 * Files of projects: the file store's own way in, with the project's key as the purpose [sign.md 5, P-9].  A purpose
 * that a client gives is shorter than any key, so nobody else makes one.
 */

enum { NAME_MAX_BYTES = 200, KEY_DIGITS = 16 };

static const char *const types[] = {"application/pdf", "image/png",     "image/jpeg",    "image/webp",
									"image/gif",       "image/vnd.dxf", "image/vnd.dwg", NULL};

static bool type_fits(const char *type)
{
	for (size_t i = 0; types[i] != NULL; i++)
		if (strcmp(types[i], type) == 0)
			return true;
	return false;
}

static bool check_project(struct exchange *x)
{
	const struct app *app = x->owner;
	struct err err;
	struct db *db = store_read(app->store);
	bool good = sign_project_writable(db, principal_of(x)->account_id, exchange_param(x, "id"), &err);
	store_read_end(app->store, db);
	if (!good)
		exchange_fail(x, &err);
	return good;
}

/* --- presign --- */

struct presign_body {
	const char *filename, *content_type;
};
static const struct field body_fields[] = {
	F_STR(presign_body, filename, REQUIRED, DOC("Name of the file, at most 200 bytes; never a path")),
	F_STR(presign_body, content_type, REQUIRED, LENGTH(3, 100), DOC("JPEG, PNG, GIF, WebP, PDF, DXF or DWG")),
};
static const struct field_table body_table = FIELD_TABLE("projects.files.presign", presign_body, body_fields);

struct presigned_view {
	const char *presigned_url, *blob_key, *upload_id;
	int64_t expires_in_seconds;
};
static const struct field presigned_fields[] = {
	F_STR(presigned_view, presigned_url, DOC("Takes one PUT of the bytes, of that type; whoever holds it may use it")),
	F_STR(presigned_view, blob_key, DOC("Name it when attaching, and in a payload's files")),
	F_STR(presigned_view, upload_id),
	F_INT(presigned_view, expires_in_seconds, UNIT("s")),
};
static const struct field_table project_presigned_table =
	FIELD_TABLE("projects.files.presigned", presigned_view, presigned_fields);

struct presigning {
	struct write write; /* first */
	struct app *app;
	struct upload upload;
	char upload_id[ID_TEXT];
};

static bool apply(struct write *w, struct db *db, struct err *err)
{
	struct presigning *p = (struct presigning *)w;
	struct audit_event event = principal_event(w->x, AUDIT_FILE_PRESIGN, AUDIT_SUCCESS);
	event.target_id = p->upload_id;
	return sign_project_writable(db, p->upload.account_id, exchange_param(w->x, "id"), err) &&
		   upload_insert(db, &p->upload, err) && audit_append(&p->app->audit, db, &event, err);
}

static void answer(struct write *w)
{
	const struct presigning *p = (const struct presigning *)w;
	const struct presigned_view view = {
		.presigned_url = upload_url(p->app, &w->x->arena, &p->upload),
		.blob_key = p->upload.purpose,
		.upload_id = p->upload_id,
		.expires_in_seconds = p->app->config.blob.presign_ttl_s,
	};
	reply_fact(w->x, 201, &project_presigned_table, &view);
}

/* The digits are those of the upload's id that are random. */
static const char *key_of(struct exchange *x, const char upload_id[ID_TEXT], const char *filename)
{
	char digits[KEY_DIGITS + 1];
	size_t count = 0;
	for (const char *at = upload_id + strlen(upload_id) - KEY_DIGITS - 1; *at != '\0' && count < KEY_DIGITS; at++)
		if (*at != '-')
			digits[count++] = *at;
	digits[count] = '\0';
	return arena_printf(&x->arena, "projects/%s/files/%s/%s", exchange_param(x, "id"), digits, filename);
}

static bool promise(struct presigning *p, struct exchange *x, const struct presign_body *body)
{
	p->upload = (struct upload){.filename = body->filename, .content_type = body->content_type, .size = FIELD_NO_INT};
	if (strlen(body->filename) > NAME_MAX_BYTES)
		exchange_failf(x, ERR_FILENAME_INVALID, "The name of a project's file has at most %d bytes.", NAME_MAX_BYTES);
	else if (!type_fits(body->content_type))
		exchange_failf(x, ERR_TYPE_MISMATCH, "A project's files are JPEG, PNG, GIF, WebP, PDF, DXF or DWG.");
	else
		return upload_promise(x, &p->upload);
	return false;
}

static void handle_presign(struct exchange *x)
{
	struct presigning *p = arena_new(&x->arena, struct presigning);
	struct presign_body body;
	if (p == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	*p = (struct presigning){.app = x->owner};
	if (!exchange_decode(x, &body) || !countersign_has_account(x) || !check_project(x) || !promise(p, x, &body))
		return;
	const struct principal *principal = principal_of(x);
	int64_t now_us = env_wall_us(p->app->env);
	id_make(&p->app->ids, p->upload_id);
	p->upload.upload_id = p->upload_id;
	p->upload.account_id = principal->account_id;
	p->upload.purpose = key_of(x, p->upload_id, p->upload.filename);
	p->upload.created_by = principal->kind == PRINCIPAL_LOCAL ? NULL : principal->user_id;
	p->upload.created_us = now_us;
	p->upload.expires_us = now_us + p->app->config.blob.presign_ttl_s * STAMP_US_PER_S;
	p->upload.max_bytes = p->app->config.blob.max_bytes;
	p->write = (struct write){.x = x, .store = p->app->store, .apply = apply, .answer = answer};
	write_submit(&p->write);
}

/* --- attach --- */

struct attach_body {
	const char *blob_key, *sha256;
};
static const struct field attach_fields[] = {
	F_STR(attach_body, blob_key, REQUIRED, LENGTH(1, 500), DOC("As presigning told it")),
	F_STR(attach_body, sha256, REQUIRED, LENGTH(64, 64), DOC("Hex SHA-256 of the bytes")),
};
static const struct field_table attach_table = FIELD_TABLE("projects.files.attach", attach_body, attach_fields);

struct attaching {
	struct exchange *x;
	const char *blob_key;
};

static bool tell_project(void *self, struct db *db, const struct file *file, enum err_kind refusal, struct err *err)
{
	const struct attaching *a = self;
	const struct app *app = a->x->owner;
	const struct sign_file told = {.account_id = file->account_id,
								   .project_id = exchange_param(a->x, "id"),
								   .blob_key = a->blob_key,
								   .sha256 = file->blob_sha256,
								   .refusal = refusal != ERR_NONE ? err_code(refusal) : NULL};
	return sign_project_writable(db, file->account_id, told.project_id, err) &&
		   sign_project_file(app->sign, db, a->x, &told, err);
}

/* The upload of the key, which names the project of the path; with its bytes. */
static bool find_upload(struct exchange *x, const char *blob_key, struct upload *upload, struct err *err)
{
	const struct app *app = x->owner;
	const char *prefix = arena_printf(&x->arena, "projects/%s/files/", exchange_param(x, "id"));
	bool found = false;
	if (prefix == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	struct db *db = store_read(app->store);
	bool read = upload_find_purpose(db, principal_of(x)->account_id, blob_key, &x->arena, upload, &found, err);
	store_read_end(app->store, db);
	if (read && (!found || upload->blob_sha256 == NULL || strncmp(blob_key, prefix, strlen(prefix)) != 0))
		return err_set(err, ERR_NOT_FOUND, "There is no such upload, or nothing was uploaded yet.");
	return read;
}

static void handle_attach(struct exchange *x)
{
	struct attaching *a = arena_new(&x->arena, struct attaching);
	struct attach_body body;
	struct upload upload;
	struct err err;
	if (a == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	if (!exchange_decode(x, &body) || !check_project(x))
		return;
	*a = (struct attaching){.x = x, .blob_key = body.blob_key};
	if (find_upload(x, body.blob_key, &upload, &err))
		files_create_upload(x, &upload, body.sha256, tell_project, a);
	else
		exchange_fail(x, &err);
}

static const enum err_kind presign_errors[] = {ERR_FILENAME_INVALID, ERR_TYPE_MISMATCH, ERR_READ_ONLY, ERR_NONE};
static const enum err_kind attach_errors[] = {ERR_SHA256_MISMATCH, ERR_TYPE_MISMATCH, ERR_CONFLICT, ERR_READ_ONLY,
											  ERR_NONE};

static const struct route routes[] = {
	ROUTE(POST, "/api/v1/projects/{id}/files/presign", "project.write", EFFECT_WRITE, handle_presign, .slash = true,
		  .aliases = ALIASES({"/projects/{id}/files/presign", .slash = true}), .operation = "projects.files.presign",
		  .summary = "Get a signed URL for a file of a project", .body = &body_table,
		  .result = &project_presigned_table, .status = 201, .rate_class = "upload", .errors = presign_errors,
		  .example = "{\"filename\":\"site.jpg\",\"content_type\":\"image/jpeg\"}"),
	ROUTE(POST, "/api/v1/projects/{id}/files/attach", "project.write", EFFECT_WRITE, handle_attach, .slash = true,
		  .aliases = ALIASES({"/projects/{id}/files/attach", .slash = true}), .operation = "projects.files.attach",
		  .summary = "Attach what was uploaded: its bytes are checked", .body = &attach_table, .result = &file_table,
		  .status = 201, .rate_class = "upload", .errors = attach_errors),
};

void project_files_api_add(struct app *app)
{
	router_add(app->router, routes, sizeof routes / sizeof *routes, app);
}
