#include <string.h>

#include "app/app.h"
#include "app/countersign_api.h"
#include "app/files.h"
#include "app/routes.h"
#include "core/arena.h"
#include "core/env.h"
#include "core/field.h"
#include "crypt/digest.h"
#include "http/etag.h"
#include "http/exchange.h"
#include "http/router.h"
#include "people/listing.h"
#include "people/principal.h"
#include "people/reply.h"
#include "people/view.h"
#include "people/write.h"
#include "seal/calc.h"
#include "store/store.h"

/* /api/v1/files: what an account has [P-9.5]. */

struct file_view {
	const char *file_id, *account_id, *filename, *content_type, *sniffed_type, *sha256;
	int64_t size;
	const char *state, *scan_detail, *purpose, *created_by, *created_at;
	int64_t version;
};
static const struct field file_fields[] = {
	F_STR(file_view, file_id),
	F_STR(file_view, account_id),
	F_STR(file_view, filename),
	F_STR(file_view, content_type),
	F_STR(file_view, sniffed_type, DOC("What the bytes show")),
	F_STR(file_view, sha256),
	F_INT(file_view, size, UNIT("bytes")),
	F_STR(file_view, state, DOC("pending, clean, infected or error; only a clean one can be downloaded")),
	F_STR(file_view, scan_detail, NULLABLE, DOC("What the scanner said; unscanned: none is configured")),
	F_STR(file_view, purpose, NULLABLE),
	F_STR(file_view, created_by, NULLABLE),
	F_STR(file_view, created_at, FORMAT("date-time")),
	F_INT(file_view, version),
};
const struct field_table file_table = FIELD_TABLE("files.file", file_view, file_fields);

static struct file_view view_of(struct arena *arena, const struct file *file)
{
	return (struct file_view){.file_id = file->file_id,
							  .account_id = file->account_id,
							  .filename = file->filename,
							  .content_type = file->content_type,
							  .sniffed_type = file->sniffed_type,
							  .sha256 = file->blob_sha256,
							  .size = file->size,
							  .state = file->state,
							  .scan_detail = file->scan_detail,
							  .purpose = file->purpose,
							  .created_by = file->created_by,
							  .created_at = view_time(arena, file->created_us),
							  .version = file->version};
}

static void file_etag(const struct file *file, struct arena *arena, char etag[ETAG_TEXT])
{
	char hash[SHA256_HEX_SIZE];
	const char *text = arena_printf(arena, "%s\n%lld\n%s\n%s", file->file_id, (long long)file->version,
									file->blob_sha256, file->state);
	sha256_hex(text, text != NULL ? strlen(text) : 0, hash);
	etag_format(etag, hash);
}

static const struct note unscanned = {
	.code = "file_unscanned", .message = "No scanner is configured: nobody looked for viruses.", .pointer = "/state"};

static bool is_unscanned(const struct file *file)
{
	return file->scan_detail != NULL && strcmp(file->scan_detail, "unscanned") == 0;
}

void file_reply(struct exchange *x, int status, const struct file *file)
{
	const struct file_view view = view_of(&x->arena, file);
	char etag[ETAG_TEXT];
	file_etag(file, &x->arena, etag);
	exchange_set(x, "ETag", etag);
	reply_fact_warned(x, status, &file_table, &view, is_unscanned(file) ? &unscanned : NULL);
}

/* --- one --- */

static bool find(struct exchange *x, struct db *db, const char *account_id, struct file *file, struct err *err)
{
	bool found = false;
	return file_find(db, account_id, exchange_param(x, "id"), &x->arena, file, &found, err) &&
		   (found || err_set(err, ERR_NOT_FOUND, "There is no such file."));
}

static void handle_get(struct exchange *x)
{
	const struct app *app = x->owner;
	struct file file;
	char etag[ETAG_TEXT];
	struct err err;
	struct db *db = store_read(app->store);
	bool found = find(x, db, listing_reads(x), &file, &err);
	store_read_end(app->store, db);
	if (!found) {
		exchange_fail(x, &err);
		return;
	}
	file_etag(&file, &x->arena, etag);
	if (etag_none_match(x, etag)) {
		exchange_set(x, "ETag", etag);
		exchange_answer(x, 304, NULL, NULL, 0);
		return;
	}
	file_reply(x, 200, &file);
}

/* --- list --- */

static const char *const states[] = {"pending", "clean", "infected", "error", NULL};

struct files_query {
	LIST_QUERY;
	int state;
	const char *purpose;
};
static const struct field query_fields[] = {
	F_LIST_QUERY(files_query),
	F_ENUM(files_query, state, states),
	F_STR(files_query, purpose, LENGTH(1, 64)),
};
static const struct field_table query_table = FIELD_TABLE("files.query", files_query, query_fields);
LIST_PAGE(files_page, "files.list", file_view, &file_table);

static void take_one(void *self, const struct file *file)
{
	struct listing *l = self;
	struct file_view *view = listing_room(l, file->file_id);
	if (view == NULL)
		return;
	*view = view_of(&l->x->arena, file);
	if (is_unscanned(file))
		l->warning = &unscanned;
}

static bool read_files(struct listing *l, struct db *db, struct err *err)
{
	const struct files_query *query = l->query;
	const struct file_filter filter = {.account_id = l->account_id,
									   .before = l->after,
									   .state = query->state >= 0 ? states[query->state] : NULL,
									   .purpose = query->purpose,
									   .limit = l->limit};
	return file_list(db, &filter, &l->x->arena, take_one, l, err);
}

static void handle_list(struct exchange *x)
{
	static const struct list_kind kind = {.name = "files",
										  .query = &query_table,
										  .page = &files_page_table,
										  .item_size = sizeof(struct file_view),
										  .read = read_files};
	app_list(x, &kind);
}

/* --- delete: the row stays, marked --- */

static bool delete_apply(struct write *w, struct db *db, struct err *err)
{
	const struct app *app = w->x->owner;
	struct file file;
	char etag[ETAG_TEXT];
	if (!find(w->x, db, principal_of(w->x)->account_id, &file, err))
		return false;
	file_etag(&file, &w->x->arena, etag);
	if (!etag_if_match(w->x, etag, err))
		return false;
	const struct audit_pair meta[] = {{AUDIT_META_sha256, file.blob_sha256}};
	struct audit_event event = principal_event(w->x, AUDIT_FILE_DELETE, AUDIT_SUCCESS);
	event.target_id = file.file_id;
	event.meta = meta;
	event.meta_count = 1;
	return file_delete(db, &file, env_wall_us(app->env), err) && file_tell(app, db, &file, "file.deleted", err) &&
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
static const char *const form[] = {"multipart/form-data", NULL};
static const char *const kept_types[] = {
	"application/pdf", "image/png", "image/jpeg",       "image/webp", "image/gif", "image/vnd.dxf",
	"image/vnd.dwg",   "text/csv",  "application/json", "text/plain", NULL};
static const enum err_kind presign_errors[] = {ERR_FILENAME_INVALID, ERR_TYPE_MISMATCH, ERR_BODY_TOO_LARGE, ERR_NONE};
static const enum err_kind put_errors[] = {ERR_NOT_FOUND,  ERR_EXPIRED,    ERR_BODY_TOO_LARGE,
										   ERR_MEDIA_TYPE, ERR_OVERLOADED, ERR_NONE};
static const enum err_kind create_errors[] = {ERR_NOT_FOUND, ERR_SHA256_MISMATCH, ERR_TYPE_MISMATCH,
											  ERR_CONFLICT,  ERR_BODY_TOO_LARGE,  ERR_NONE};
static const enum err_kind upload_errors[] = {ERR_REQUEST_MALFORMED, ERR_INVALID,       ERR_FILENAME_INVALID,
											  ERR_SHA256_MISMATCH,   ERR_TYPE_MISMATCH, ERR_CONFLICT,
											  ERR_BODY_TOO_LARGE,    ERR_OVERLOADED,    ERR_NONE};
static const enum err_kind delete_errors[] = {ERR_PRECONDITION_REQUIRED, ERR_PRECONDITION_FAILED, ERR_NONE};
static const enum err_kind download_errors[] = {ERR_FILE_QUARANTINED, ERR_NONE};
static const enum err_kind bytes_errors[] = {ERR_NOT_FOUND, ERR_EXPIRED, ERR_FILE_QUARANTINED,
											 ERR_RANGE_NOT_SATISFIABLE, ERR_NONE};
static const enum err_kind list_errors[] = {ERR_CURSOR_INVALID, ERR_NONE};

static const struct route routes[] = {
	ROUTE(POST, "/api/v1/files/presign", "file.write", EFFECT_WRITE, files_presign, .operation = "files.presign",
		  .summary = "Get a signed URL for one upload", .body = &presign_table, .result = &presigned_table,
		  .status = 201, .rate_class = "upload", .errors = presign_errors,
		  .example = "{\"filename\":\"plan.pdf\",\"content_type\":\"application/pdf\"}"),
	ROUTE(PUT, "/blobs/{id}", PUBLIC, EFFECT_WRITE, files_put, .operation = "files.put",
		  .summary = "Upload the bytes to a signed URL, once", .accepts = any_type, .body_max = FILE_BYTES_MAX,
		  .status = 204, .bare = true, .rate_class = "upload", .errors = put_errors),
	ROUTE(GET, "/blobs/{id}", PUBLIC, EFFECT_READ, files_bytes, .operation = "files.bytes",
		  .summary = "Download the bytes from a signed URL", .produces = kept_types, .bare = true, .status_also = 206,
		  .result_schema = "{\"description\":\"The file's own bytes\"}",
		  .doc = "A Range of bytes is honoured, and If-None-Match and If-Range with the ETag.", .errors = bytes_errors),
	ROUTE(POST, "/api/v1/files", "file.write", EFFECT_WRITE, files_create, .operation = "files.create",
		  .summary = "Make an upload a file: its bytes are checked", .body = &file_create_table, .result = &file_table,
		  .status = 201, .rate_class = "upload", .errors = create_errors),
	ROUTE(POST, "/api/v1/uploads", "file.write", EFFECT_WRITE, files_upload, .operation = "files.upload",
		  .summary = "Upload a file in one multipart request",
		  .doc = "Parts: file (with its name and type), and if you like sha256 and purpose.", .accepts = form,
		  .body_max = FILE_BYTES_MAX + FILE_FORM_BYTES, .aliases = ALIASES({"/uploads"}), .slash = true,
		  .result = &file_table, .status = 201, .rate_class = "upload", .errors = upload_errors),
	ROUTE(GET, "/api/v1/files", "file.read", EFFECT_READ, handle_list, .operation = "files.list",
		  .summary = "Your account's files, newest first", .query = &query_table, .result = &files_page_table,
		  .errors = list_errors),
	ROUTE(GET, "/api/v1/files/{id}", "file.read", EFFECT_READ, handle_get, .operation = "files.get",
		  .summary = "One file: name, type, size, hash and state",
		  .aliases = ALIASES({"/api/v1/uploads/{id}"}, {"/uploads/{id}"}), .result = &file_table),
	ROUTE(GET, "/api/v1/files/{id}/download", "file.read", EFFECT_READ, files_download, .operation = "files.download",
		  .summary = "Get a signed URL that gives a file's bytes", .query = &download_query_table,
		  .result = &download_table, .errors = download_errors),
	ROUTE(DELETE, "/api/v1/files/{id}", "file.write", EFFECT_WRITE, handle_delete, .operation = "files.delete",
		  .summary = "Delete a file", .aliases = ALIASES({"/api/v1/uploads/{id}"}, {"/uploads/{id}"}), .status = 204,
		  .errors = delete_errors),
};

void files_api_add(struct app *app)
{
	router_add(app->router, routes, sizeof routes / sizeof *routes, app);
}
