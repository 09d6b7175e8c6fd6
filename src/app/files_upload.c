#include "app/app.h"
#include "app/countersign_api.h"
#include "app/files.h"
#include "app/files_name.h"
#include "app/files_sniff.h"
#include "core/arena.h"
#include "core/env.h"
#include "core/field.h"
#include "core/stamp.h"
#include "crypt/digest.h"
#include "http/exchange.h"
#include "http/media.h"
#include "people/principal.h"
#include "people/reply.h"
#include "people/write.h"
#include "store/blob.h"
#include "store/store.h"

/* Uploads: promised, and filled once by whoever holds the signed URL [P-9.2]. */

/* --- rows --- */

struct upload_take {
	struct arena *arena;
	struct upload *upload;
};

static void take_upload(const struct db_rows *row, void *self)
{
	const struct upload_take *take = self;
	*take->upload = (struct upload){
		.upload_id = db_text_dup(row, 0, take->arena),
		.account_id = db_text_dup(row, 1, take->arena),
		.filename = db_text_dup(row, 2, take->arena),
		.content_type = db_text_dup(row, 3, take->arena),
		.size = db_is_null(row, 4) ? FIELD_NO_INT : db_int(row, 4),
		.sha256 = db_text_dup(row, 5, take->arena),
		.purpose = db_text_dup(row, 6, take->arena),
		.max_bytes = db_int(row, 7),
		.created_by = db_text_dup(row, 8, take->arena),
		.created_us = db_int(row, 9),
		.expires_us = db_int(row, 10),
		.blob_sha256 = db_text_dup(row, 11, take->arena),
		.blob_size = db_int(row, 12),
	};
}

#define UPLOAD_SELECT \
	"SELECT upload_id, account_id, filename, content_type, size, sha256, purpose, max_bytes, created_by, " \
	"created_at, expires_at, blob_sha256, blob_size FROM file_uploads "

bool upload_find(struct db *db, const char *account_id, const char *upload_id, struct arena *arena,
				 struct upload *upload, bool *found, struct err *err)
{
	struct upload_take take = {arena, upload};
	return db_one(db, err, found, take_upload, &take,
				  UPLOAD_SELECT "WHERE upload_id = $1 AND (CAST($2 AS TEXT) IS NULL OR account_id = $2)",
				  V_TEXT(upload_id), V_TEXT(account_id));
}

bool upload_find_purpose(struct db *db, const char *account_id, const char *purpose, struct arena *arena,
						 struct upload *upload, bool *found, struct err *err)
{
	struct upload_take take = {arena, upload};
	return db_one(db, err, found, take_upload, &take, UPLOAD_SELECT "WHERE purpose = $1 AND account_id = $2",
				  V_TEXT(purpose), V_TEXT(account_id));
}

bool upload_drop(struct db *db, const char *account_id, const char *upload_id, struct err *err)
{
	return db_run(db, err, "DELETE FROM file_uploads WHERE upload_id = $1 AND account_id = $2", V_TEXT(upload_id),
				  V_TEXT(account_id));
}

bool upload_insert(struct db *db, const struct upload *u, struct err *err)
{
	return db_run(
		db, err,
		"INSERT INTO file_uploads (upload_id, account_id, filename, content_type, size, sha256, purpose, "
		"max_bytes, created_by, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
		V_TEXT(u->upload_id), V_TEXT(u->account_id), V_TEXT(u->filename), V_TEXT(u->content_type),
		u->size == FIELD_NO_INT ? V_NULL : V_INT(u->size), V_TEXT(u->sha256), V_TEXT(u->purpose), V_INT(u->max_bytes),
		V_TEXT(u->created_by), V_INT(u->created_us), V_INT(u->expires_us));
}

bool upload_expire(struct db *db, int64_t now_us, int64_t limit, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO file_loose (blob_sha256, loose_at) SELECT DISTINCT blob_sha256, CAST($1 AS BIGINT) "
				  "FROM file_uploads WHERE expires_at < $1 AND blob_sha256 IS NOT NULL "
				  "ON CONFLICT (blob_sha256) DO UPDATE SET loose_at = excluded.loose_at",
				  V_INT(now_us)) &&
		   db_run(db, err,
				  "DELETE FROM file_uploads WHERE upload_id IN "
				  "(SELECT upload_id FROM file_uploads WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
				  V_INT(now_us), V_INT(limit));
}

static struct blob_claim put_claim(const struct upload *upload)
{
	return (struct blob_claim){.method = "PUT",
							   .id = upload->upload_id,
							   .content_type = upload->content_type,
							   .account_id = upload->account_id,
							   .expires_s = upload->expires_us / STAMP_US_PER_S,
							   .bytes = upload->max_bytes};
}

const char *upload_url(const struct app *app, struct arena *arena, const struct upload *upload)
{
	const struct blob_claim claim = put_claim(upload);
	return blob_url(app, arena, &claim);
}

/* --- presign --- */

static const struct field presign_fields[] = {
	F_STR(upload, filename, REQUIRED, DOC("Name of the file; never a path")),
	F_STR(upload, content_type, REQUIRED, LENGTH(3, 100), DOC("Media type; only the allowed ones")),
	F_INT(upload, size, RANGE(0, 1e15), UNIT("bytes"), DOC("How many bytes will come")),
	F_STR(upload, sha256, LENGTH(64, 64), DOC("Hex SHA-256 of the bytes that will come")),
	F_STR(upload, purpose, LENGTH(1, 64), DOC("What the file is for")),
};
const struct field_table presign_table = FIELD_TABLE("files.presign", upload, presign_fields);

struct headers_view {
	const char *content_type;
};
static const struct field headers_fields[] = {F_STR(headers_view, content_type, NAMED("Content-Type"))};
static const struct field_table headers_table = FIELD_TABLE("files.presigned.headers", headers_view, headers_fields);

struct presigned {
	const char *upload_id, *blob_key, *upload_url, *method;
	struct headers_view headers;
	int64_t expires_in;
};
static const struct field presigned_fields[] = {
	F_STR(presigned, upload_id),
	F_STR(presigned, blob_key),
	F_STR(presigned, upload_url, DOC("Good for one upload; whoever holds it may use it")),
	F_STR(presigned, method),
	F_OBJECT(presigned, headers, &headers_table, DOC("To be sent with the bytes")),
	F_INT(presigned, expires_in, UNIT("s")),
};
const struct field_table presigned_table = FIELD_TABLE("files.presigned", presigned, presigned_fields);

struct presigning {
	struct write write; /* first */
	struct app *app;
	struct upload upload;
	char upload_id[ID_TEXT];
};

static bool presign_apply(struct write *w, struct db *db, struct err *err)
{
	struct presigning *p = (struct presigning *)w;
	struct audit_event event = principal_event(w->x, AUDIT_FILE_PRESIGN, AUDIT_SUCCESS);
	event.target_id = p->upload_id;
	return upload_insert(db, &p->upload, err) && audit_append(&p->app->audit, db, &event, err);
}

static void presign_answer(struct write *w)
{
	const struct presigning *p = (const struct presigning *)w;
	const struct presigned view = {
		.upload_id = p->upload_id,
		.blob_key = arena_printf(&w->x->arena, "blobs/%s", p->upload_id),
		.upload_url = upload_url(p->app, &w->x->arena, &p->upload),
		.method = "PUT",
		.headers = {p->upload.content_type},
		.expires_in = p->app->config.blob.presign_ttl_s,
	};
	reply_fact(w->x, 201, &presigned_table, &view);
}

bool upload_promise(struct exchange *x, struct upload *upload)
{
	const char *name = file_name_nfc(&x->arena, upload->filename);
	if (name == NULL || !file_name_valid(name))
		exchange_failf(x, ERR_FILENAME_INVALID,
					   "A file name has 1 to 255 bytes, no control character or slash, and no dot in front.");
	else if (!file_type_allowed(upload->content_type))
		exchange_failf(x, ERR_TYPE_MISMATCH, "Files of this type are not taken.");
	else if (upload->sha256 != NULL && !blob_name_valid(upload->sha256))
		exchange_failf(x, ERR_INVALID, "sha256 is 64 lower-case hex digits.");
	else {
		upload->filename = name;
		return true;
	}
	return false;
}

/* What can be refused before any byte came. */
static bool promise_fine(struct exchange *x, struct upload *upload)
{
	const struct app *app = x->owner;
	if (upload->size != FIELD_NO_INT && upload->size > app->config.blob.max_bytes) {
		exchange_failf(x, ERR_BODY_TOO_LARGE, "A file has at most %lld bytes.", (long long)app->config.blob.max_bytes);
		return false;
	}
	return upload_promise(x, upload);
}

void files_presign(struct exchange *x)
{
	struct presigning *p = arena_new(&x->arena, struct presigning);
	if (p == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	*p = (struct presigning){.app = x->owner};
	if (!exchange_decode(x, &p->upload) || !countersign_has_account(x) || !promise_fine(x, &p->upload))
		return;
	const struct principal *principal = principal_of(x);
	int64_t now_us = env_wall_us(p->app->env);
	id_make(&p->app->ids, p->upload_id);
	p->upload.upload_id = p->upload_id;
	p->upload.account_id = principal->account_id;
	p->upload.created_by = principal->kind == PRINCIPAL_LOCAL ? NULL : principal->user_id;
	p->upload.created_us = now_us;
	p->upload.expires_us = now_us + p->app->config.blob.presign_ttl_s * STAMP_US_PER_S;
	p->upload.max_bytes = p->upload.size != FIELD_NO_INT ? p->upload.size : p->app->config.blob.max_bytes;
	p->write = (struct write){.x = x, .store = p->app->store, .apply = presign_apply, .answer = presign_answer};
	write_submit(&p->write);
}

/* --- the bytes --- */

struct putting {
	struct write write; /* first */
	struct app *app;
	struct upload upload;
	char sha256[SHA256_HEX_SIZE];
};

/* Two that hold the URL at once: the first one's bytes count, and the other's are loose. */
static bool put_apply(struct write *w, struct db *db, struct err *err)
{
	const struct putting *p = (const struct putting *)w;
	const struct audit_pair meta[] = {{AUDIT_META_sha256, p->sha256}};
	const struct audit_event event = {.action = AUDIT_FILE_UPLOAD,
									  .account_id = p->upload.account_id,
									  .actor = p->upload.created_by,
									  .target_id = p->upload.upload_id,
									  .request_id = w->x->trace.request_id,
									  .meta = meta,
									  .meta_count = 1};
	if (!blob_exists(p->app->files, p->sha256)) /* swept between the put and now */
		return err_set(err, ERR_UNAVAILABLE, "The bytes could not be kept; send them again.");
	if (!db_run(db, err,
				"UPDATE file_uploads SET blob_sha256 = $1, blob_size = $2 WHERE upload_id = $3 AND account_id = $4 "
				"AND blob_sha256 IS NULL",
				V_TEXT(p->sha256), V_INT((int64_t)w->x->body.size), V_TEXT(p->upload.upload_id),
				V_TEXT(p->upload.account_id)))
		return false;
	if (db_changed(db) != 1)
		return file_blob_loose(db, p->sha256, env_wall_us(p->app->env), err) &&
			   write_refuse(w, ERR_EXPIRED, "This URL was used already.");
	return audit_append(&p->app->audit, db, &event, err);
}

static bool url_holds(struct exchange *x, const struct upload *upload)
{
	const struct blob_claim claim = put_claim(upload);
	return blob_url_holds(x, &claim);
}

/* The upload behind the URL.  An unknown id and a wrong signature are told alike.  False: answered. */
static bool put_find(struct exchange *x, struct upload *upload)
{
	const struct app *app = x->owner;
	bool found = false;
	struct err err;
	struct db *db = store_read(app->store);
	bool read = upload_find(db, NULL, exchange_param(x, "id"), &x->arena, upload, &found, &err);
	store_read_end(app->store, db);
	if (!read)
		exchange_fail(x, &err);
	else if (!found || !url_holds(x, upload))
		exchange_failf(x, ERR_NOT_FOUND, "There is no such upload.");
	else if (upload->blob_sha256 != NULL)
		exchange_failf(x, ERR_EXPIRED, "This URL was used already.");
	else if (env_wall_us(app->env) >= upload->expires_us)
		exchange_failf(x, ERR_EXPIRED, "This URL has expired.");
	else
		return true;
	return false;
}

static bool put_fits(struct exchange *x, const struct upload *upload)
{
	const char *const types[] = {upload->content_type, NULL};
	if ((int64_t)x->body.size > upload->max_bytes)
		exchange_failf(x, ERR_BODY_TOO_LARGE, "This upload takes at most %lld bytes.", (long long)upload->max_bytes);
	else if (!media_is(exchange_header(x, "content-type"), types))
		exchange_failf(x, ERR_MEDIA_TYPE, "The upload was promised as %s.", upload->content_type);
	else
		return true;
	return false;
}

/* The bytes first and the row that names them after: a blob without a row is litter, a row without a blob a lie. */
void files_put(struct exchange *x)
{
	struct putting *p = arena_new(&x->arena, struct putting);
	struct err err;
	if (p == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	*p = (struct putting){.app = x->owner};
	if (!put_find(x, &p->upload) || !put_fits(x, &p->upload))
		return;
	sha256_hex(x->body.bytes, x->body.size, p->sha256);
	if (!blob_put(p->app->files, p->sha256, x->body.bytes, x->body.size, &err)) {
		exchange_fail(x, &err);
		return;
	}
	p->write = (struct write){.x = x, .store = p->app->store, .apply = put_apply};
	write_submit(&p->write);
}
