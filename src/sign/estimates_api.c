#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "http/exchange.h"
#include "people/reply.h"
#include "seal/op.h"
#include "seal/pack.h"
#include "seal/seals.h"
#include "sign/domain/bom.h"
#include "sign/domain/price.h"
#include "sign/project_view.h"
#include "sign/project_write.h"
#include "sign/sign_internal.h"
#include "store/store.h"

/* What a project costs: the fee by the price list (sign.price), and the bill of materials of its sealed design. */

struct estimate_request {
	double height_ft;
	struct {
		size_t count;
		const char **items;
	} addons;
	const char *version;
	bool preview;
};

static const struct field request_fields[] = {
	F_NUM(estimate_request, height_ft, REQUIRED, RANGE(0, 500), UNIT("ft"), DOC("Height of the sign above grade")),
	F_STRS(estimate_request, addons, COUNT(0, 50), DOC("Codes of add-ons: calc_packet, hard_copies")),
	F_STR(estimate_request, version, LENGTH(1, 20),
		  DOC("Price list; default: the project's, else the one in force today")),
	F_BOOL(estimate_request, preview, DEFAULT(0), DOC("Look at another list than the project's")),
};
static const struct field_table request_table =
	FIELD_TABLE("projects.estimate.request", estimate_request, request_fields);

struct estimate {
	struct project_write write; /* first */
	struct estimate_request request;
	struct op_answer answer;
	const char *version; /* of the list that was used */
};

/* The body of sign.price that this estimate asks. */
static const struct json *price_body(struct exchange *x, const struct estimate_request *request, const char *version,
									 int64_t now_us)
{
	char today[STAMP_DATE_TEXT];
	const struct json *body = NULL;
	struct buf buf;
	struct jw jw;
	stamp_format_date(today, now_us);
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_object(&jw);
	jw_member_num(&jw, "height_ft", request->height_ft);
	jw_key(&jw, "addons");
	jw_array(&jw);
	for (size_t i = 0; i < request->addons.count; i++)
		jw_str(&jw, request->addons.items[i]);
	jw_array_end(&jw);
	if (version != NULL)
		jw_member_str(&jw, "version", version);
	jw_member_str(&jw, "on_date", today);
	jw_member_bool(&jw, "preview", request->preview);
	jw_object_end(&jw);
	json_parse(&x->arena, buf_text(&buf), buf.size, &json_body_limits, &body, NULL);
	buf_fini(&buf);
	return body;
}

static bool compute(struct estimate *estimate, struct exchange *x, const char *version)
{
	const struct sign_api *api = x->owner;
	char now[STAMP_TEXT];
	struct op_context context = {.packs = api->options.packs, .envelope = reply_context(x, now)};
	struct faults faults;
	struct err err = {.kind = ERR_INTERNAL};
	const struct json *body = price_body(x, &estimate->request, version, env_wall_us(api->options.env)), *result;
	if (body != NULL && op_run(&sign_price_op, &context, body, &x->arena, &estimate->answer, &faults, &err) &&
		json_parse(&x->arena, estimate->answer.result, strlen(estimate->answer.result), &json_body_limits, &result,
				   &err)) {
		estimate->version = json_text(result, "pricing_version");
		return true;
	}
	if (faults.count > 0)
		exchange_fail_faults(x, ERR_INVALID, &faults);
	else
		exchange_fail(x, &err);
	return false;
}

static bool other_list(const struct estimate *estimate, const struct project *project)
{
	return project->pricing_version != NULL && !estimate->request.preview &&
		   strcmp(project->pricing_version, estimate->version) != 0;
}

static bool refuse_other(const struct project *project, struct err *err)
{
	return err_field(err, ERR_PACK_VERSION, "/version", "The project is priced by list %s; preview shows another.",
					 project->pricing_version);
}

static bool change(struct project_write *w, struct db *db, struct err *err)
{
	struct estimate *estimate = (struct estimate *)w;
	bool moved = false;
	if (!project_writable(w, err) || (other_list(estimate, &w->project) && !refuse_other(&w->project, err)) ||
		!project_move_to(w, db, PROJECT_BY_EDIT, PROJECT_ESTIMATING, &moved, err))
		return false;
	if (!estimate->request.preview && w->project.pricing_version == NULL)
		w->project.pricing_version = estimate->version;
	return project_update(db, &w->project, w->now_us, err) &&
		   project_record(w, db,
						  &HAPPENED(AUDIT_ESTIMATE_MADE, "estimate.made", .after = estimate->answer.result,
									.content_sha256 = estimate->answer.content_sha256,
									.code = estimate->request.preview ? "preview" : NULL),
						  err);
}

static void answer(struct project_write *w)
{
	const struct estimate *estimate = (const struct estimate *)w;
	exchange_answer(w->x, 200, MEDIA_JSON, estimate->answer.envelope, estimate->answer.envelope_size);
}

static void handle_estimate(struct exchange *x)
{
	struct estimate *estimate = arena_new(&x->arena, struct estimate);
	struct project project;
	enum project_stamp stamp;
	struct err err;
	if (estimate == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	if (!exchange_decode(x, &estimate->request) || !project_read(x, &project, &stamp))
		return;
	const char *version = estimate->request.version != NULL ? estimate->request.version : project.pricing_version;
	if (!compute(estimate, x, version))
		return;
	if (other_list(estimate, &project)) {
		const struct sign_api *api = x->owner;
		refuse_other(&project, &err);
		snprintf(err.available, sizeof err.available, "%s", packs_versions(api->options.packs, "pricing", &x->arena));
		exchange_fail(x, &err);
		return;
	}
	project_write_submit(&estimate->write, x, change, answer);
}

/* --- bill of materials --- */

static bool read_design(struct exchange *x, const struct project *project, const struct json **design, struct err *err)
{
	static const struct json_limits limits = {.depth = 100, .values = 10000000};
	const struct sign_api *api = x->owner;
	struct seal seal;
	bool found = false;
	if (project->payload_id == NULL)
		return err_set(err, ERR_NO_PAYLOAD, "Save a payload first.");
	if (project->seal_sha256 == NULL)
		return err_set(err, ERR_NO_PAYLOAD, "The newest payload's design abstained: there is nothing to list.");
	struct db *db = store_read(api->options.store);
	bool read = seal_find(db, project->account_id, project->seal_sha256, &x->arena, &seal, &found, err);
	store_read_end(api->options.store, db);
	if (!read || !found)
		return read ? err_set(err, ERR_INTERNAL, "a payload's seal is missing") : false;
	return json_parse(&x->arena, seal.result, strlen(seal.result), &limits, design, err);
}

static void handle_bom(struct exchange *x)
{
	struct project project;
	enum project_stamp stamp;
	const struct json *design;
	struct bom bom;
	struct err err;
	if (!project_read(x, &project, &stamp))
		return;
	if (!read_design(x, &project, &design, &err)) {
		exchange_fail(x, &err);
		return;
	}
	bom_of_design(design, &x->arena, &bom);
	reply_fact(x, 200, &bom_table, &bom);
}

static const enum err_kind estimate_errors[] = {ERR_PACK_VERSION, ERR_READ_ONLY, ERR_NONE};
static const enum err_kind bom_errors[] = {ERR_NO_PAYLOAD, ERR_NONE};

const struct route estimate_routes[] = {
	ROUTE(POST, "/api/v1/projects/{id}/estimate", "project.write", EFFECT_WRITE, handle_estimate, .slash = true,
		  .aliases = ALIASES({"/projects/{id}/estimate", .slash = true}), .operation = "projects.estimate",
		  .summary = "The fee by the price list; a draft begins to be estimated", .body = &request_table,
		  .result = &price_result_table, .errors = estimate_errors,
		  .example = "{\"height_ft\":25,\"addons\":[\"calc_packet\"]}"),
	ROUTE(GET, "/api/v1/projects/{id}/bom", "project.read", EFFECT_READ, handle_bom, .slash = true,
		  .aliases = ALIASES({"/projects/{id}/bom", .slash = true}), .operation = "projects.bom",
		  .summary = "Bill of materials of the sealed design", .result = &bom_table, .errors = bom_errors),
	ROUTE(POST, "/api/v1/projects/{id}/bom", "project.read", EFFECT_COMPUTE, handle_bom, .slash = true,
		  .aliases = ALIASES({"/projects/{id}/bom", .slash = true}), .operation = "projects.bom.make",
		  .summary = "The same, by POST", .result = &bom_table, .errors = bom_errors),
};
const size_t estimate_routes_count = sizeof estimate_routes / sizeof *estimate_routes;
