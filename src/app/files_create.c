#include <string.h>

#include "app/app.h"
#include "app/countersign_api.h"
#include "app/files.h"
#include "app/files_image.h"
#include "app/files_sniff.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/field.h"
#include "crypt/digest.h"
#include "http/exchange.h"
#include "http/multipart.h"
#include "http/router.h"
#include "people/principal.h"
#include "store/blob.h"
#include "store/store.h"

/* What was uploaded becomes a file once its bytes are what was promised [P-9.3]; by two ways in, and then by one. */

struct creating {
	struct write write; /* first */
	struct app *app;
	struct upload upload;
	struct file file;
	char file_id[ID_TEXT], sha256[SHA256_HEX_SIZE]; /* sha256: of the bytes as they were read now */
	bool presigned;                                 /* there is an upload's row */
	enum err_kind refusal;                          /* ERR_NONE: the file is made */
	file_also *also;
	void *also_self;
};

/* --- deciding --- */

static void judge(struct creating *c, const char *bytes, size_t size, const char *promised)
{
	sha256_hex(bytes, size, c->sha256);
	c->file.sniffed_type = file_sniff(bytes, size);
	c->refusal = ERR_NONE;
	if ((promised != NULL && strcmp(c->sha256, promised) != 0) ||
		(c->upload.sha256 != NULL && strcmp(c->sha256, c->upload.sha256) != 0))
		c->refusal = ERR_SHA256_MISMATCH;
	else if (!file_type_agrees(c->upload.content_type, c->upload.filename, c->file.sniffed_type))
		c->refusal = ERR_TYPE_MISMATCH;
	else if (image_pixels(bytes, size) > FILE_PIXELS_MAX)
		c->refusal = ERR_INVALID;
}

static const char *created_by(struct exchange *x)
{
	const struct principal *principal = principal_of(x);
	return principal->kind == PRINCIPAL_LOCAL ? NULL : principal->user_id;
}

static void describe(struct creating *c)
{
	bool scans = files_scans(c->app);
	id_make(&c->app->ids, c->file_id);
	c->file.file_id = c->file_id;
	c->file.account_id = principal_of(c->write.x)->account_id;
	c->file.filename = c->upload.filename;
	c->file.content_type = c->upload.content_type;
	c->file.blob_sha256 = c->sha256;
	c->file.size = c->upload.blob_size;
	c->file.state = scans ? "pending" : "clean";
	c->file.scan_detail = scans ? NULL : "unscanned";
	c->file.purpose = c->upload.purpose;
	c->file.created_by = created_by(c->write.x);
	c->file.created_us = env_wall_us(c->app->env);
	c->file.version = 1;
}

/* --- storing --- */

static bool say_refusal(struct creating *c)
{
	if (c->refusal == ERR_SHA256_MISMATCH)
		return write_refuse(&c->write, c->refusal, "The bytes that came have another SHA-256; upload them again.");
	if (c->refusal == ERR_INVALID)
		return write_refuse(&c->write, c->refusal, "An image has at most %d pixels.", FILE_PIXELS_MAX);
	return write_refuse(&c->write, c->refusal, "The bytes are %s, which neither %s nor the name's ending fits.",
						c->file.sniffed_type, c->file.content_type);
}

static bool do_also(struct creating *c, struct db *db, struct err *err)
{
	return c->also == NULL || c->also(c->also_self, db, &c->file, c->refusal, err);
}

/* What came is not what was promised: the upload is dropped, and the row says why. */
static bool refuse(struct creating *c, struct db *db, struct err *err)
{
	const struct audit_pair meta[] = {{AUDIT_META_code, err_code(c->refusal)}, {AUDIT_META_sha256, c->sha256}};
	struct audit_event event = principal_event(c->write.x, AUDIT_FILE_REFUSE, AUDIT_FAILURE);
	event.target_id = c->presigned ? c->upload.upload_id : c->file_id;
	event.meta = meta;
	event.meta_count = sizeof meta / sizeof *meta;
	if (c->presigned && !file_blob_loose(db, c->upload.blob_sha256, c->file.created_us, err))
		return false;
	return audit_append(&c->app->audit, db, &event, err) && do_also(c, db, err) && say_refusal(c);
}

static bool insert(struct creating *c, struct db *db, struct err *err)
{
	const struct audit_pair meta[] = {{AUDIT_META_sha256, c->file.blob_sha256}};
	struct audit_event event = principal_event(c->write.x, AUDIT_FILE_CREATE, AUDIT_SUCCESS);
	event.target_id = c->file.file_id;
	event.meta = meta;
	event.meta_count = 1;
	if (!blob_exists(c->app->files, c->file.blob_sha256)) /* swept between the put and now */
		return err_set(err, ERR_UNAVAILABLE, "The bytes could not be kept; send them again.");
	return file_insert(db, &c->file, err) && file_tell(c->app, db, &c->file, "file.created", err) &&
		   audit_append(&c->app->audit, db, &event, err) && do_also(c, db, err);
}

static bool create_apply(struct write *w, struct db *db, struct err *err)
{
	struct creating *c = (struct creating *)w;
	if (c->presigned && !upload_drop(db, c->upload.account_id, c->upload.upload_id, err))
		return false;
	if (c->presigned && db_changed(db) != 1) /* another request made it a file meanwhile */
		return err_set(err, ERR_NOT_FOUND, "There is no such upload.");
	return c->refusal != ERR_NONE ? refuse(c, db, err) : insert(c, db, err);
}

static void create_answer(struct write *w)
{
	const struct creating *c = (const struct creating *)w;
	exchange_setf(w->x, "Location", "/api/v1/files/%s", c->file_id);
	file_reply(w->x, 201, &c->file);
}

static void submit(struct creating *c, struct exchange *x)
{
	c->write = (struct write){.x = x, .store = c->app->store, .apply = create_apply, .answer = create_answer};
	describe(c);
	write_submit(&c->write);
}

/* NULL: answered. */
static struct creating *begin(struct exchange *x)
{
	struct creating *c = arena_new(&x->arena, struct creating);
	if (c == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return NULL;
	}
	*c = (struct creating){.app = x->owner, .write = {.x = x}};
	return countersign_has_account(x) ? c : NULL;
}

/* --- from an upload that was promised --- */

struct create_body {
	const char *upload_id, *sha256;
};
static const struct field create_fields[] = {
	F_STR(create_body, upload_id, REQUIRED),
	F_STR(create_body, sha256, REQUIRED, LENGTH(64, 64), DOC("Hex SHA-256 of the bytes")),
};
const struct field_table file_create_table = FIELD_TABLE("files.create", create_body, create_fields);

static bool find_upload(struct creating *c, const char *upload_id, struct err *err)
{
	struct exchange *x = c->write.x;
	bool found = false;
	struct db *db = store_read(c->app->store);
	bool read = upload_find(db, principal_of(x)->account_id, upload_id, &x->arena, &c->upload, &found, err);
	store_read_end(c->app->store, db);
	if (read && (!found || c->upload.blob_sha256 == NULL))
		return err_set(err, ERR_NOT_FOUND, "There is no such upload, or nothing was uploaded yet.");
	return read;
}

static bool read_upload(struct creating *c, const char *promised, struct err *err)
{
	struct buf bytes;
	buf_init(&bytes, FILE_BYTES_MAX + 1);
	bool read = blob_get(c->app->files, c->upload.blob_sha256, &bytes, err);
	if (read)
		judge(c, buf_text(&bytes), bytes.size, promised);
	buf_fini(&bytes);
	return read;
}

void files_create(struct exchange *x)
{
	struct create_body body;
	struct err err;
	struct creating *c = begin(x);
	if (c == NULL || !exchange_decode(x, &body))
		return;
	c->presigned = true;
	if (find_upload(c, body.upload_id, &err) && read_upload(c, body.sha256, &err))
		submit(c, x);
	else
		exchange_fail(x, &err);
}

void files_create_upload(struct exchange *x, const struct upload *upload, const char *sha256, file_also *also,
						 void *self)
{
	struct err err;
	struct creating *c = begin(x);
	if (c == NULL)
		return;
	c->presigned = true;
	c->upload = *upload;
	c->also = also;
	c->also_self = self;
	if (read_upload(c, sha256, &err))
		submit(c, x);
	else
		exchange_fail(x, &err);
}

/* --- from a form --- */

static const char *text_of(struct exchange *x, const struct part *part)
{
	return part != NULL ? arena_dupn(&x->arena, part->bytes, part->size) : NULL;
}

static bool is_known(const char *name)
{
	return strcmp(name, "file") == 0 || strcmp(name, "sha256") == 0 || strcmp(name, "purpose") == 0;
}

static void check_parts(const struct multipart *form, struct faults *faults)
{
	for (size_t i = 0; i < form->count; i++) {
		const struct part *part = &form->parts[i];
		const char *pointer = field_pointer(faults->arena, "", part->name);
		if (!is_known(part->name))
			faults_add(faults, pointer, "unknown_field", "a form has file, sha256 and purpose");
		else if (multipart_find(form, part->name) != part)
			faults_add(faults, pointer, "conflict", "stands there twice");
		else if (strcmp(part->name, "file") != 0 && part->size > FILE_FORM_BYTES / 64)
			faults_add(faults, pointer, "length", "is too long");
	}
	const struct part *file = multipart_find(form, "file"), *purpose = multipart_find(form, "purpose");
	if (file == NULL || file->filename == NULL)
		faults_add(faults, "/file", "required", "is a file with its name");
	if (purpose != NULL && (purpose->size < 1 || purpose->size > 64))
		faults_add(faults, "/purpose", "length", "has 1 to 64 bytes");
}

/* The type that the form names; a client that knows none sends octet-stream, and the name's ending tells. */
static const char *type_of(const struct part *file)
{
	const char *known = file_type_of_name(file->filename);
	bool none = file->type == NULL || strcmp(file->type, "application/octet-stream") == 0;
	return none && known != NULL ? known : file->type != NULL ? file->type : "application/octet-stream";
}

static bool take_form(struct creating *c, const struct multipart *form)
{
	struct exchange *x = c->write.x;
	const struct part *file = multipart_find(form, "file");
	c->upload = (struct upload){.account_id = principal_of(x)->account_id,
								.filename = file->filename,
								.content_type = type_of(file),
								.sha256 = text_of(x, multipart_find(form, "sha256")),
								.purpose = text_of(x, multipart_find(form, "purpose")),
								.blob_size = (int64_t)file->size};
	if (c->upload.blob_size <= c->app->config.blob.max_bytes)
		return upload_promise(x, &c->upload);
	exchange_failf(x, ERR_BODY_TOO_LARGE, "A file has at most %lld bytes.", (long long)c->app->config.blob.max_bytes);
	return false;
}

static bool read_form(struct exchange *x, struct multipart *form)
{
	struct err err;
	struct faults faults;
	if (!multipart_read(exchange_header(x, "content-type"), buf_text(&x->body), x->body.size, &x->arena, form, &err)) {
		exchange_fail(x, &err);
		return false;
	}
	faults_init(&faults, &x->arena);
	check_parts(form, &faults);
	if (faults.count > 0)
		exchange_fail_faults(x, ERR_INVALID, &faults);
	return faults.count == 0;
}

void files_upload(struct exchange *x)
{
	struct multipart form;
	struct err err;
	struct creating *c = begin(x);
	if (c == NULL || !read_form(x, &form) || !take_form(c, &form))
		return;
	const struct part *file = multipart_find(&form, "file");
	judge(c, file->bytes, file->size, NULL);
	if (c->refusal != ERR_NONE || blob_put(c->app->files, c->sha256, file->bytes, file->size, &err))
		submit(c, x);
	else
		exchange_fail(x, &err);
}

/* --- before the body is read --- */

bool files_admit(struct app *app, const struct exchange *x, const struct route *route, struct err *err)
{
	int64_t over = route->handler == files_upload ? FILE_FORM_BYTES : 0;
	if (route->handler != files_upload && route->handler != files_put)
		return true;
	if (x->head.content_length > app->config.blob.max_bytes + over)
		return err_set(err, ERR_BODY_TOO_LARGE, "A file has at most %lld bytes.",
					   (long long)app->config.blob.max_bytes);
	return slots_take(&app->uploads, (int)app->config.blob.uploads, x) ||
		   err_set(err, ERR_OVERLOADED, "%lld uploads are under way already.", (long long)app->config.blob.uploads);
}
