#include <string.h>

#include "app/app.h"
#include "app/files.h"
#include "app/files_sniff.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/field.h"
#include "core/stamp.h"
#include "http/etag.h"
#include "http/exchange.h"
#include "http/range.h"
#include "people/listing.h"
#include "people/reply.h"
#include "store/blob.h"
#include "store/store.h"

/* Downloads: a signed URL for who may read the file, and the bytes for who holds the URL [P-9.5]. */

/* --- the URL --- */

struct download_query {
	bool redirect;
};
static const struct field download_query_fields[] = {
	F_BOOL(download_query, redirect, DEFAULT(0), DOC("Answer 302 to the URL instead of telling it")),
};
const struct field_table download_query_table =
	FIELD_TABLE("files.download.query", download_query, download_query_fields);

struct download {
	const char *download_url;
	int64_t expires_in;
};
static const struct field download_fields[] = {
	F_STR(download, download_url, DOC("Gives the bytes to whoever holds it")),
	F_INT(download, expires_in, UNIT("s")),
};
const struct field_table download_table = FIELD_TABLE("files.download", download, download_fields);

static struct blob_claim get_claim(const struct file *file, int64_t expires_s)
{
	return (struct blob_claim){.method = "GET",
							   .id = file->file_id,
							   .content_type = file->content_type,
							   .account_id = file->account_id,
							   .expires_s = expires_s,
							   .bytes = file->size};
}

/* Only what was found clean leaves, or what nobody scans [P-9.4]. */
static bool may_leave(const struct file *file, struct err *err)
{
	return strcmp(file->state, "clean") == 0 ||
		   err_set(err, ERR_FILE_QUARANTINED, "The file's state is %s; only a clean one can be downloaded.",
				   file->state);
}

/* A file of the account, or of any for a signed URL. */
static bool find(struct exchange *x, const char *account_id, struct file *file, struct err *err)
{
	const struct app *app = x->owner;
	bool found = false;
	struct db *db = store_read(app->store);
	bool read = file_find(db, account_id, exchange_param(x, "id"), &x->arena, file, &found, err);
	store_read_end(app->store, db);
	return read && (found || err_set(err, ERR_NOT_FOUND, "There is no such file."));
}

void files_download(struct exchange *x)
{
	const struct app *app = x->owner;
	struct download_query query;
	struct file file;
	struct err err;
	if (!exchange_decode_query(x, &query))
		return;
	if (!find(x, listing_reads(x), &file, &err) || !may_leave(&file, &err)) {
		exchange_fail(x, &err);
		return;
	}
	int64_t ttl_s = app->config.blob.presign_ttl_s;
	const struct blob_claim claim = get_claim(&file, env_wall_us(app->env) / STAMP_US_PER_S + ttl_s);
	const struct download view = {blob_url(app, &x->arena, &claim), ttl_s};
	if (query.redirect && view.download_url != NULL) {
		exchange_set(x, "Location", view.download_url);
		exchange_answer(x, 302, NULL, NULL, 0);
		return;
	}
	reply_fact(x, 200, &download_table, &view);
}

/* --- the bytes --- */

/* RFC 8187 3.2.1: what is not attr-char is percent-encoded. */
static void set_disposition(struct exchange *x, const char *filename)
{
	struct buf text;
	buf_init(&text, 0);
	buf_adds(&text, "attachment; filename*=UTF-8''");
	for (const char *at = filename; *at != '\0'; at++) {
		unsigned char c = (unsigned char)*at;
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
					 strchr("!#$&+-.^_`|~", c) != NULL;
		if (plain)
			buf_addc(&text, (char)c);
		else
			buf_addf(&text, "%%%02X", c);
	}
	exchange_set(x, "Content-Disposition", buf_text(&text));
	buf_fini(&text);
}

/* RFC 9110 13.1.5: a part only of what the client has already; a date is no validator of ours. */
static const char *range_asked(const struct exchange *x, const char *etag)
{
	const char *condition = exchange_header(x, "if-range");
	return condition == NULL || strcmp(condition, etag) == 0 ? exchange_header(x, "range") : NULL;
}

static void send_part(struct exchange *x, const struct file *file, int status, int64_t from, int64_t count)
{
	const struct app *app = x->owner;
	struct buf body;
	size_t got = 0;
	struct err err;
	buf_init(&body, 0);
	char *bytes = buf_extend(&body, (size_t)count);
	bool read = bytes != NULL ? blob_read(app->files, file->blob_sha256, from, bytes, (size_t)count, &got, &err)
							  : err_set(&err, ERR_OVERLOADED, "There is no memory for the file now.");
	if (read && got != (size_t)count)
		read = err_set(&err, ERR_IO, "the blob %s is shorter than its file", file->blob_sha256);
	if (read) {
		set_disposition(x, file->filename);
		exchange_set(x, "Cache-Control", "private, immutable, max-age=31536000");
		exchange_answer_buf(x, status, file_type_known(file->content_type), &body);
	} else {
		exchange_fail(x, &err);
	}
	buf_fini(&body);
}

static void send_file(struct exchange *x, const struct file *file)
{
	int64_t from = 0, count = file->size;
	char etag[ETAG_TEXT];
	etag_format(etag, file->blob_sha256);
	exchange_set(x, "ETag", etag);
	if (etag_none_match(x, etag)) {
		exchange_answer(x, 304, NULL, NULL, 0);
		return;
	}
	exchange_set(x, "Accept-Ranges", "bytes");
	switch (range_of(range_asked(x, etag), file->size, &from, &count)) {
	case RANGE_BEYOND:
		exchange_setf(x, "Content-Range", "bytes */%lld", (long long)file->size);
		exchange_failf(x, ERR_RANGE_NOT_SATISFIABLE, "The file has %lld bytes.", (long long)file->size);
		return;
	case RANGE_PART:
		exchange_setf(x, "Content-Range", "bytes %lld-%lld/%lld", (long long)from, (long long)(from + count - 1),
					  (long long)file->size);
		send_part(x, file, 206, from, count);
		return;
	case RANGE_WHOLE:
		send_part(x, file, 200, 0, file->size);
	}
}

/* An unknown id and a wrong signature are told alike. */
void files_bytes(struct exchange *x)
{
	const struct app *app = x->owner;
	struct file file;
	struct err err;
	int64_t expires_s = blob_url_expiry(x);
	if (!find(x, NULL, &file, &err)) {
		exchange_fail(x, &err);
		return;
	}
	const struct blob_claim claim = get_claim(&file, expires_s);
	if (!blob_url_holds(x, &claim))
		exchange_failf(x, ERR_NOT_FOUND, "There is no such file.");
	else if (env_wall_us(app->env) > expires_s * STAMP_US_PER_S)
		exchange_failf(x, ERR_EXPIRED, "This URL has expired.");
	else if (!may_leave(&file, &err))
		exchange_fail(x, &err);
	else
		send_file(x, &file);
}
