/*
 * Uploads and files: what the routes of platform.md 9 share.  Private to src/app.
 *
 * An upload is promised (presign), filled once by PUT to a signed URL, and then made a file, or dropped when what came
 * is not what was promised.  Rows are looked up by account and id together; another account's is not there [P-5.3].
 */
#ifndef CS_APP_FILES_H
#define CS_APP_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

struct app;
struct arena;
struct db;
struct exchange;

enum { FILE_BYTES_MAX = 52428800, FILE_PRESIGN_S = 3600, FILE_SIGNATURE_TEXT = 44 };

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

/* The signature of an upload's URL [P-9.2]. */
void upload_sign(const struct app *app, const struct upload *upload, char signature[FILE_SIGNATURE_TEXT]);

/* The handlers of presign and of the signed URL. */
extern const struct field_table presign_table, presigned_table;
void files_presign(struct exchange *x);
void files_put(struct exchange *x);

#endif
