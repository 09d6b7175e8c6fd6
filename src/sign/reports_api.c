#include <stdio.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/id.h"
#include "draw/fonts.h"
#include "http/etag.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"
#include "sign/design_drawing.h"
#include "sign/design_report.h"
#include "sign/project_report.h"
#include "sign/project_write.h"
#include "sign/sign_internal.h"
#include "sign/work.h"

/* The documents of a project: its newest sealed design with the project on the cover [sign.md 6]. */

/* A document of a project under way. */
struct document {
	struct project_write write; /* first */
	struct project_report report;
	char run_id[ID_TEXT];
};

static struct document *begin(struct exchange *x)
{
	struct document *d = arena_new(&x->arena, struct document);
	enum project_stamp stamp;
	if (d == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return NULL;
	}
	project_report_init(&d->report);
	return project_read(x, &d->report.project, &stamp) ? d : NULL;
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

struct run_result {
	const char *run_id;
	int state;
};

static const struct field run_fields[] = {
	F_STR(run_result, run_id, DOC("How far it is: GET /api/v1/tasks/{run_id}")),
	F_ENUM(run_result, state, flow_task_states),
};
static const struct field_table run_table = FIELD_TABLE("projects.report.run", run_result, run_fields);

struct report_query {
	int64_t wait;
};

static const struct field query_fields[] = {
	F_INT(report_query, wait, RANGE(0, 1), DEFAULT(0), DOC("1: answer when it is drawn, within milliseconds")),
};
static const struct field_table query_table = FIELD_TABLE("projects.report.query", report_query, query_fields);

static void answer(struct project_write *w)
{
	const struct project_report *r = &((const struct document *)w)->report;
	const struct report_result result = {
		.sha256 = r->row.sha256,
		.cached = r->cached,
		.download_url = arena_printf(&w->x->arena, "/api/v1/projects/%s/report.pdf", r->row.project_id),
		.pages = PROJECT_REPORT_PAGES,
		.size = r->row.size,
	};
	reply_fact(w->x, 200, &result_table, &result);
}

static bool change(struct project_write *w, struct db *db, struct err *err)
{
	struct project_report *r = &((struct document *)w)->report;
	bool made;
	r->row.created_us = w->now_us;
	if (!report_row_insert(db, &r->row, &made, err))
		return false;
	return !made || project_record(w, db,
								   &HAPPENED(AUDIT_REPORT_GENERATED, "report.generated",
											 .content_sha256 = r->row.sha256, .seal_sha256 = r->seal.seal_sha256),
								   err);
}

static void draw_now(struct exchange *x, struct document *d)
{
	struct sign_api *api = x->owner;
	struct err err;
	bool made =
		project_report_make(api, &x->arena, &d->report, false, &err) && project_report_keep(api, &d->report, &err);
	buf_fini(&d->report.bytes);
	if (made)
		project_write_submit(&d->write, x, change, answer);
	else
		exchange_fail(x, &err);
}

static bool start(struct project_write *w, struct db *db, struct err *err)
{
	const struct document *d = (const struct document *)w;
	const struct principal *principal = principal_of(w->x);
	const struct project_task task = {.name = TASK_REPORT,
									  .task_id = d->run_id,
									  .account_id = w->project.account_id,
									  .project_id = w->project.project_id,
									  .started_by = principal->kind == PRINCIPAL_LOCAL ? NULL : principal->user_id,
									  .request_id = w->x->trace.request_id};
	return project_task_start(w->api, db, &task, err);
}

static void answer_run(struct project_write *w)
{
	const struct run_result result = {.run_id = ((const struct document *)w)->run_id, .state = FLOW_TASK_PENDING};
	exchange_setf(w->x, "Location", "/api/v1/tasks/%s", result.run_id);
	reply_fact(w->x, 202, &run_table, &result);
}

static void after(struct project_write *w)
{
	sign_begin(w->api);
}

static void handle_report(struct exchange *x)
{
	struct sign_api *api = x->owner;
	struct report_query query;
	struct document *d;
	struct err err;
	if (!exchange_decode_query(x, &query) || (d = begin(x)) == NULL)
		return;
	d->write.x = x;
	if (!project_report_find(api, &x->arena, &d->report, &err)) {
		exchange_fail(x, &err);
	} else if (d->report.cached) {
		answer(&d->write);
	} else if (query.wait == 1) {
		draw_now(x, d);
	} else {
		id_make(api->options.ids, d->run_id);
		d->write.after = after;
		project_write_submit(&d->write, x, start, answer_run);
	}
}

/* --- bytes --- */

static const char *const pdf[] = {"application/pdf", NULL};

/* Told by its bytes: the ETag is their SHA-256. */
static void answer_file(struct exchange *x, const char *type, struct buf *bytes)
{
	char sha256[SHA256_HEX_SIZE], etag[SHA256_HEX_SIZE + 2];
	sha256_hex(buf_text(bytes), bytes->size, sha256);
	snprintf(etag, sizeof etag, "\"%s\"", sha256);
	exchange_set(x, "ETag", etag);
	exchange_set(x, "Cache-Control", "private, no-cache");
	if (etag_none_match(x, etag))
		exchange_answer(x, 304, NULL, NULL, 0);
	else
		exchange_answer_buf(x, 200, type, bytes);
}

static void handle_pdf(struct exchange *x)
{
	struct sign_api *api = x->owner;
	struct document *d = begin(x);
	struct err err;
	if (d == NULL)
		return;
	struct project_report *r = &d->report;
	if (project_report_find(api, &x->arena, r, &err) && project_report_make(api, &x->arena, r, true, &err))
		answer_file(x, pdf[0], &r->bytes);
	else
		exchange_fail(x, &err);
	buf_fini(&r->bytes);
}

static const char *const dxf[] = {"image/vnd.dxf", NULL};
static const char *const svg[] = {"image/svg+xml", NULL};

static void handle_svg(struct exchange *x)
{
	struct sign_api *api = x->owner;
	struct document *d = begin(x);
	struct err err;
	if (d == NULL)
		return;
	struct project_report *r = &d->report;
	bool found = project_seal_find(api, &r->project, &x->arena, &r->seal, &err);
	pthread_mutex_lock(&api->lock);
	bool drawn = found && (api->fonts != NULL || (api->fonts = fonts_new(&err)) != NULL) &&
				 design_elevation(api->fonts, &r->seal, api->options.packs, &x->arena, &r->bytes, &err);
	pthread_mutex_unlock(&api->lock);
	if (drawn)
		answer_file(x, svg[0], &r->bytes);
	else
		exchange_fail(x, &err);
	buf_fini(&r->bytes);
}

static void handle_dxf(struct exchange *x)
{
	struct sign_api *api = x->owner;
	struct document *d = begin(x);
	struct err err;
	if (d == NULL)
		return;
	struct project_report *r = &d->report;
	bool drawn = project_report_find(api, &x->arena, r, &err);
	if (drawn) {
		const struct design_owner owner = project_owner(r);
		drawn = design_drawing(&r->seal, api->options.packs, &owner, &x->arena, &r->bytes, &err);
	}
	if (drawn)
		answer_file(x, dxf[0], &r->bytes);
	else
		exchange_fail(x, &err);
	buf_fini(&r->bytes);
}

static const enum err_kind errors[] = {ERR_NO_PAYLOAD, ERR_NONE};

const struct route report_routes[] = {
	ROUTE(POST, "/api/v1/projects/{id}/report", "project.write", EFFECT_WRITE, handle_report, .slash = true,
		  .aliases = ALIASES({"/projects/{id}/report", .slash = true}), .operation = "projects.report",
		  .summary = "Draw the four-page report of the newest sealed design",
		  .doc = "200 with the report where it is there already or is waited for; else 202 with {run_id, state}.",
		  .query = &query_table, .result = &result_table, .result_else = &run_table, .status_also = 202,
		  .errors = errors),
	ROUTE(GET, "/api/v1/projects/{id}/report.pdf", "project.read", EFFECT_READ, handle_pdf,
		  .aliases = ALIASES({"/projects/{id}/report.pdf"}), .operation = "projects.report.pdf",
		  .summary = "The report's bytes; its ETag is their SHA-256", .produces = pdf, .bare = true, .errors = errors),
	ROUTE(GET, "/api/v1/projects/{id}/drawing.dxf", "project.read", EFFECT_READ, handle_dxf,
		  .aliases = ALIASES({"/projects/{id}/drawing.dxf"}), .operation = "projects.drawing.dxf",
		  .summary = "The foundation of the newest sealed design for CAD; its ETag is the bytes' SHA-256",
		  .produces = dxf, .bare = true, .errors = errors),
	ROUTE(GET, "/api/v1/projects/{id}/elevation.svg", "project.read", EFFECT_READ, handle_svg,
		  .aliases = ALIASES({"/projects/{id}/elevation.svg"}), .operation = "projects.elevation",
		  .summary = "The elevation of the newest sealed design", .produces = svg, .bare = true, .errors = errors),
};
const size_t report_routes_count = sizeof report_routes / sizeof *report_routes;
