/*
 * Uploads and files: what the parts of platform.md 9 share.  Private to src/app.
 *
 * An upload is promised (presign), filled once by PUT to a signed URL, and then made a file, or dropped when what came
 * is not what was promised; or bytes and promise come in one multipart request.  Rows are looked up by account and id
 * together; another account's is not there [P-5.3].
 *
 * The bytes are blobs of app->files, by their hash, apart from every other blob: so nothing else can lose a blob when
 * the last file that had it has been gone for FILE_KEEP_DAYS [P-9.1].
 */
#ifndef CS_APP_FILES_H
#define CS_APP_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "people/write.h"

struct app;
struct arena;
struct db;
struct exchange;
struct field_table;
struct route;

enum {
	FILE_BYTES_MAX = 52428800,  /* 50 MiB: what blob.max_bytes may be at most */
	FILE_FORM_BYTES = 65536,    /* what a multipart body may have besides */
	FILE_SIGNATURE_TEXT = 44,   /* 43 characters and a NUL */
	FILE_COUNT_MAX = 100000,    /* files of an account */
	FILE_SETTLE_MAX = 1000,     /* files of the same bytes that one scan settles */
	FILE_KEEP_DAYS = 30,        /* a blob that nothing refers to */
	FILE_PIXELS_MAX = 50000000, /* of an image */
};
#define FILE_QUOTA_BYTES (INT64_C(10) << 30) /* of an account */

/* --- uploads (files_upload.c) --- */

struct upload {
	const char *upload_id, *account_id, *filename, *content_type, *sha256, *purpose, *created_by;
	int64_t size; /* FIELD_NO_INT: not said */
	int64_t max_bytes, created_us, expires_us;
	const char *blob_sha256; /* NULL: nothing came yet */
	int64_t blob_size;
};

/* The upload of that id, of any account when account_id is NULL: for who holds its signed URL. */
bool upload_find(struct db *db, const char *account_id, const char *upload_id, struct arena *arena,
				 struct upload *upload, bool *found, struct err *err);
bool upload_drop(struct db *db, const char *account_id, const char *upload_id, struct err *err);

/* Drop uploads that nobody made a file in time, at most `limit`; their blobs are loose then. */
bool upload_expire(struct db *db, int64_t now_us, int64_t limit, struct err *err);

bool upload_insert(struct db *db, const struct upload *upload, struct err *err);

/* The upload of an account that was promised for this purpose. */
bool upload_find_purpose(struct db *db, const char *account_id, const char *purpose, struct arena *arena,
						 struct upload *upload, bool *found, struct err *err);

/* The signed URL that takes its bytes, in the arena; NULL when it is full. */
const char *upload_url(const struct app *app, struct arena *arena, const struct upload *upload);

/* May this name and type be stored?  The name is brought into NFC, in the arena.  False: answered. */
bool upload_promise(struct exchange *x, struct upload *upload);

/* The handlers of presign and of the signed URL. */
extern const struct field_table presign_table, presigned_table;
void files_presign(struct exchange *x);
void files_put(struct exchange *x);

/* --- signed URLs (files_sign.c) [P-9.2] --- */

/* What a URL is good for.  Texts of the account's own row, never of the request. */
struct blob_claim {
	const char *method, *id, *content_type, *account_id;
	int64_t expires_s, bytes;
};

/* PUBLIC_URL/blobs/ID?e=…&s=… in the arena; NULL when it is full. */
const char *blob_url(const struct app *app, struct arena *arena, const struct blob_claim *claim);

/* Does the exchange's URL carry the signature of this claim?  Its time of expiry is the URL's and is not judged here:
 * blob_url_expiry() has it, 0 for none. */
bool blob_url_holds(const struct exchange *x, const struct blob_claim *claim);
int64_t blob_url_expiry(const struct exchange *x);

/* --- files (files_rows.c) --- */

struct file {
	const char *file_id, *account_id, *filename, *content_type, *sniffed_type, *blob_sha256;
	int64_t size;
	const char *state; /* pending, clean, infected, error */
	const char *scan_detail, *purpose, *created_by;
	int64_t created_us, version, scan_tries;
};

/* The file of that id that was not deleted, of any account when account_id is NULL: for signed URLs. */
bool file_find(struct db *db, const char *account_id, const char *file_id, struct arena *arena, struct file *file,
			   bool *found, struct err *err);

/* In an op: ERR_CONFLICT when the account's quota does not hold it [P-9.5]. */
bool file_insert(struct db *db, const struct file *file, struct err *err);
bool file_delete(struct db *db, const struct file *file, int64_t now_us, struct err *err);

/* The file that waits longest for its scan, of any account. */
bool file_due(struct db *db, int64_t now_us, struct arena *arena, struct file *file, bool *found, struct err *err);

/* In an op: the state of every file of any account with these bytes that waits for its scan, or with `all` whatever
 * its state; take() for each, as it is then. */
struct file_outcome {
	const char *state, *detail;
	bool all;
};
bool file_settle(struct db *db, const char *blob_sha256, const struct file_outcome *outcome, struct arena *arena,
				 bool (*take)(void *self, struct db *db, const struct file *file, struct err *err), void *self,
				 struct err *err);

/* In an op: the scan did not come to an end and is tried again. */
bool file_scan_again(struct db *db, const struct file *file, int64_t due_us, struct err *err);

struct file_filter {
	const char *account_id, *before, *state, *purpose; /* before: "" from the newest; state, purpose: NULL for all */
	int64_t limit;
};
bool file_list(struct db *db, const struct file_filter *filter, struct arena *arena,
			   void (*take)(void *self, const struct file *file), void *self, struct err *err);

/* In an op: nothing may refer to this blob any more; sweeping looks again after FILE_KEEP_DAYS. */
bool file_blob_loose(struct db *db, const char *sha256, int64_t now_us, struct err *err);

/* In an op: what happened to a file, for streams of events. */
bool file_tell(const struct app *app, struct db *db, const struct file *file, const char *event, struct err *err);

/* --- answers (files_api.c) --- */

extern const struct field_table file_table;

/* Answer a file, with its ETag, and the warning that nobody looked for viruses [P-9.4]. */
void file_reply(struct exchange *x, int status, const struct file *file);

/* Is a scanner configured? */
bool files_scans(const struct app *app);

/* --- making one (files_create.c) --- */

extern const struct field_table file_create_table;
void files_create(struct exchange *x);

/*
 * The same for a caller who found the upload: answers.  `also` runs in the op that makes the file, or with the refusal
 * in the one that drops the upload; NULL: nothing besides.
 */
typedef bool file_also(void *self, struct db *db, const struct file *file, enum err_kind refusal, struct err *err);
void files_create_upload(struct exchange *x, const struct upload *upload, const char *sha256, file_also *also,
						 void *self);

void files_upload(struct exchange *x);

/* --- reading one (files_download.c) --- */

extern const struct field_table download_table, download_query_table;
void files_download(struct exchange *x);
void files_bytes(struct exchange *x);

/* Before the body of an upload is read: is it not too large, and are not too many under way?  Other routes pass. */
bool files_admit(struct app *app, const struct exchange *x, const struct route *route, struct err *err);

/* --- scanning (files_scan.c) [P-9.4] --- */

/* A thread that has pending files scanned, one after the other.  NULL when no scanner is configured.  Before serving.
 */
struct scanner;
struct scanner *scanner_open(struct app *app);

/* Gives up what is under way, which stays pending.  Before the store is closed; NULL is fine. */
void scanner_close(struct scanner *scanner);

/* --- by the clock (files_sweep.c) --- */

/* Drop uploads past their time and blobs that nothing referred to for FILE_KEEP_DAYS.  Waits for its own writes. */
bool files_sweep(struct app *app, int64_t now_us, struct err *err);

#endif
