#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/jw.h"
#include "draw/fonts.h"
#include "http/etag.h"
#include "http/exchange.h"
#include "people/reply.h"
#include "seal/envelope.h"
#include "seal/seals.h"
#include "sign/design_report.h"
#include "sign/project_write.h"
#include "sign/reports_repo.h"
#include "sign/sign_internal.h"
#include "sign/stamp_block.h"
#include "store/blob.h"

/*
 * The documents of a project: its newest sealed design with the project on the cover.  A report is known by the digest
 * of all it shows, so that it is drawn once, and the same bytes come back for as long as nothing changed [sign.md 6].
 */

/* A document of a project under way. */
struct document {
	struct project_write write; /* first */
	struct project project;
	enum project_stamp stamp;
	struct report_stamp block;
	struct seal seal;
	struct report_row row;
	char snapshot_sha256[SHA256_HEX_SIZE];
	struct buf bytes;
	bool cached;
};

static bool find_seal(struct exchange *x, struct document *d, struct err *err)
{
	const struct sign_api *api = x->owner;
	bool found = false;
	if (d->project.seal_sha256 == NULL)
		return err_set(err, ERR_NO_PAYLOAD,
					   d->project.payload_id == NULL ? "Save a payload first."
													 : "The newest payload's design abstained: nothing to draw.");
	struct db *db = store_read(api->options.store);
	bool read = seal_find(db, d->project.account_id, d->project.seal_sha256, &x->arena, &d->seal, &found, err) &&
				stamp_block_read(db, &d->project, &x->arena, &d->block, err);
	store_read_end(api->options.store, db);
	return read && (found || err_set(err, ERR_INTERNAL, "a payload's seal is missing"));
}

/* The digest of everything that the report shows. */
static bool hash_snapshot(struct exchange *x, struct document *d, struct err *err)
{
	const struct sign_api *api = x->owner;
	const struct project *p = &d->project;
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_object(&jw);
	jw_member_str(&jw, "code_version", api->options.version);
	jw_member_str(&jw, "customer", p->customer);
	jw_member_str(&jw, "description", p->description);
	jw_member_str(&jw, "git_sha", api->options.git_sha);
	jw_member_str(&jw, "name", p->name);
	jw_member_str(&jw, "project_id", p->project_id);
	jw_member_int(&jw, "sealed_at", d->seal.created_us);
	jw_member_str(&jw, "seal_sha256", d->seal.seal_sha256);
	jw_member_str(&jw, "site_name", p->site_name);
	jw_member_str(&jw, "stamp", project_stamp_names[d->stamp]);
	jw_member_str(&jw, "stamp_id", d->block.receipt);
	jw_member_str(&jw, "stamp_licence", d->block.licence);
	jw_member_str(&jw, "stamp_signer", d->block.signer);
	jw_member_str(&jw, "street", p->street);
	jw_object_end(&jw);
	bool hashed = jw_ok(&jw) && envelope_content_hash(buf_text(&buf), buf.size, d->snapshot_sha256);
	buf_fini(&buf);
	return hashed || err_set(err, ERR_LIMIT, "no memory");
}

static bool draw(struct exchange *x, struct document *d, struct err *err)
{
	struct sign_api *api = x->owner;
	const struct design_owner owner = {.project_id = d->project.project_id,
									   .name = d->project.name,
									   .customer = d->project.customer,
									   .site_name = d->project.site_name,
									   .street = d->project.street,
									   .description = d->project.description,
									   .stamp = d->block};
	pthread_mutex_lock(&api->lock);
	if (api->fonts == NULL)
		api->fonts = fonts_new(err);
	bool drawn = api->fonts != NULL &&
				 design_report_of(api->fonts, &d->seal, api->options.packs, &owner, &x->arena, &d->bytes, err);
	pthread_mutex_unlock(&api->lock);
	if (drawn) {
		sha256_hex(buf_text(&d->bytes), d->bytes.size, d->row.sha256);
		d->row.size = (int64_t)d->bytes.size;
	}
	return drawn;
}

/* The stored one, or one drawn now; d->bytes is filled when it was drawn, or when `bytes` are wanted. */
static bool make(struct exchange *x, struct document *d, bool bytes, struct err *err)
{
	const struct sign_api *api = x->owner;
	if (!find_seal(x, d, err) || !hash_snapshot(x, d, err))
		return false;
	d->row.account_id = d->project.account_id;
	d->row.project_id = d->project.project_id;
	d->row.snapshot_sha256 = d->snapshot_sha256;
	struct db *db = store_read(api->options.store);
	bool read = report_row_find(db, &d->row, &d->cached, err);
	store_read_end(api->options.store, db);
	if (!read)
		return false;
	d->cached = d->cached && blob_exists(api->options.blobs, d->row.sha256);
	if (!d->cached)
		return draw(x, d, err);
	return !bytes || blob_get(api->options.blobs, d->row.sha256, &d->bytes, err);
}

static struct document *begin(struct exchange *x)
{
	struct document *d = arena_new(&x->arena, struct document);
	if (d == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return NULL;
	}
	buf_init(&d->bytes, 0);
	return project_read(x, &d->project, &d->stamp) ? d : NULL;
}

/* --- POST report --- */

struct report_result {
	const char *sha256;
	bool cached;
	const char *download_url;
	int64_t pages, size;
};

static const struct field result_fields[] = {
	F_STR(report_result, sha256, DOC("Of the PDF's bytes")),
	F_BOOL(report_result, cached, DOC("It had been drawn before")),
	F_STR(report_result, download_url),
	F_INT(report_result, pages),
	F_INT(report_result, size, UNIT("bytes")),
};
static const struct field_table result_table = FIELD_TABLE("projects.report", report_result, result_fields);

struct report_query {
	int64_t wait;
};

static const struct field query_fields[] = {
	F_INT(report_query, wait, RANGE(0, 1), DOC("Drawing takes milliseconds: it is always waited for")),
};
static const struct field_table query_table = FIELD_TABLE("projects.report.query", report_query, query_fields);

static void answer(struct project_write *w)
{
	const struct document *d = (const struct document *)w;
	const struct report_result result = {
		.sha256 = d->row.sha256,
		.cached = d->cached,
		.download_url = arena_printf(&w->x->arena, "/api/v1/projects/%s/report.pdf", d->row.project_id),
		.pages = 4,
		.size = d->row.size,
	};
	reply_fact(w->x, 200, &result_table, &result);
}

static bool change(struct project_write *w, struct db *db, struct err *err)
{
	struct document *d = (struct document *)w;
	d->row.created_us = w->now_us;
	return report_row_insert(db, &d->row, err) &&
		   project_record(w, db,
						  &HAPPENED(AUDIT_REPORT_GENERATED, "report.generated", .content_sha256 = d->row.sha256,
									.seal_sha256 = d->seal.seal_sha256),
						  err);
}

static void handle_report(struct exchange *x)
{
	const struct sign_api *api = x->owner;
	struct report_query query;
	struct document *d;
	struct err err;
	if (!exchange_decode_query(x, &query) || (d = begin(x)) == NULL)
		return;
	bool made = make(x, d, false, &err) &&
				(d->cached || blob_put(api->options.blobs, d->row.sha256, buf_text(&d->bytes), d->bytes.size, &err));
	buf_fini(&d->bytes);
	d->write.x = x;
	if (!made)
		exchange_fail(x, &err);
	else if (d->cached)
		answer(&d->write);
	else
		project_write_submit(&d->write, x, change, answer);
}

/* --- bytes --- */

static void handle_pdf(struct exchange *x)
{
	struct document *d = begin(x);
	struct err err;
	char etag[SHA256_HEX_SIZE + 2];
	if (d == NULL)
		return;
	if (!make(x, d, true, &err)) {
		exchange_fail(x, &err);
	} else {
		snprintf(etag, sizeof etag, "\"%s\"", d->row.sha256);
		exchange_set(x, "ETag", etag);
		exchange_set(x, "Cache-Control", "private, no-cache");
		if (etag_none_match(x, etag))
			exchange_answer(x, 304, NULL, NULL, 0);
		else
			exchange_answer_buf(x, 200, "application/pdf", &d->bytes);
	}
	buf_fini(&d->bytes);
}

static void handle_svg(struct exchange *x)
{
	struct sign_api *api = x->owner;
	struct document *d = begin(x);
	struct err err;
	if (d == NULL)
		return;
	pthread_mutex_lock(&api->lock);
	bool drawn = find_seal(x, d, &err) && (api->fonts != NULL || (api->fonts = fonts_new(&err)) != NULL) &&
				 design_elevation(api->fonts, &d->seal, api->options.packs, &x->arena, &d->bytes, &err);
	pthread_mutex_unlock(&api->lock);
	if (drawn) {
		exchange_setf(x, "ETag", "\"%.64s\"", d->seal.seal_sha256); /* drawn from the seal and nothing else */
		exchange_set(x, "Cache-Control", "private, no-cache");
		exchange_answer_buf(x, 200, "image/svg+xml", &d->bytes);
	} else {
		exchange_fail(x, &err);
	}
	buf_fini(&d->bytes);
}

static const char *const pdf[] = {"application/pdf", NULL};
static const char *const svg[] = {"image/svg+xml", NULL};
static const enum err_kind errors[] = {ERR_NO_PAYLOAD, ERR_NONE};

const struct route report_routes[] = {
	ROUTE(POST, "/api/v1/projects/{id}/report", "project.write", EFFECT_WRITE, handle_report, .slash = true,
		  .aliases = ALIASES({"/projects/{id}/report", .slash = true}), .operation = "projects.report",
		  .summary = "Draw the four-page report of the newest sealed design", .query = &query_table,
		  .result = &result_table, .errors = errors),
	ROUTE(GET, "/api/v1/projects/{id}/report.pdf", "project.read", EFFECT_READ, handle_pdf,
		  .aliases = ALIASES({"/projects/{id}/report.pdf"}), .operation = "projects.report.pdf",
		  .summary = "The report's bytes; its ETag is their SHA-256", .produces = pdf, .bare = true, .errors = errors),
	ROUTE(GET, "/api/v1/projects/{id}/elevation.svg", "project.read", EFFECT_READ, handle_svg,
		  .aliases = ALIASES({"/projects/{id}/elevation.svg"}), .operation = "projects.elevation",
		  .summary = "The elevation of the newest sealed design", .produces = svg, .bare = true, .errors = errors),
};
const size_t report_routes_count = sizeof report_routes / sizeof *report_routes;
