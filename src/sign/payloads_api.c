#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/id.h"
#include "core/jcs.h"
#include "core/json.h"
#include "core/jw.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"
#include "seal/op.h"
#include "seal/seals.h"
#include "sign/cursor.h"
#include "sign/domain/design.h"
#include "sign/payloads_repo.h"
#include "sign/project_stamp.h"
#include "sign/project_view.h"
#include "sign/project_write.h"
#include "sign/sign_internal.h"
#include "store/store.h"

/* Payloads: one configuration of a project, its design computed and sealed in the transaction that saves it. */

static const char *const modules[] = {"signage.single_pole", "signage.baseplate",  "signage.direct_burial_2pole",
									  "signage.monument",    "signage.cantilever", NULL};

struct payload_request {
	int module;
	const struct json *config, *cost_snapshot;
	struct {
		size_t count;
		const char **items;
	} files;
};

static const struct field request_fields[] = {
	F_ENUM(payload_request, module, modules, REQUIRED, DOC("What kind of sign it is")),
	F_JSON(payload_request, config, REQUIRED, DOC("A body of sign.design")),
	F_STRS(payload_request, files, COUNT(0, 100), DOC("Keys of attached files; their order says nothing")),
	F_JSON(payload_request, cost_snapshot, DOC("Costs as the client showed them; default {}")),
};
static const struct field_table request_table =
	FIELD_TABLE("projects.payload.request", payload_request, request_fields);

struct payload_result {
	const char *payload_id, *sha256;
	bool duplicate;
	const char *seal_sha256;
	const struct json *design;
};

static const struct field result_fields[] = {
	F_STR(payload_result, payload_id),
	F_STR(payload_result, sha256, DOC("Of the canonical {config, cost_snapshot, files, module}")),
	F_BOOL(payload_result, duplicate, DOC("The project has this content already: nothing was written")),
	F_STR(payload_result, seal_sha256, NULLABLE, DOC("null: the design abstained, and cannot be stamped")),
	F_JSON(payload_result, design, NULLABLE, DOC("Result of sign.design")),
};
static const struct field_table result_table = FIELD_TABLE("projects.payload.result", payload_result, result_fields);

struct save {
	struct project_write write; /* first */
	struct payload_request request;
	struct op_answer design;
	struct payload payload;
	struct countersign_request asked; /* for a stamp */
	char payload_id[ID_TEXT], sha256[SHA256_HEX_SIZE];
	bool duplicate;
};

/* --- content --- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *canonical(const struct json *json, struct arena *arena)
{
	struct buf buf;
	if (json == NULL)
		return "{}";
	buf_init(&buf, 0);
	jcs_write(&buf, json);
	const char *text = buf_ok(&buf) ? arena_dup(arena, buf_text(&buf)) : NULL;
	buf_fini(&buf);
	return text;
}

static const char *files_text(struct payload_request *request, struct arena *arena)
{
	struct buf buf;
	struct jw jw;
	if (request->files.count > 1)
		qsort(request->files.items, request->files.count, sizeof *request->files.items, by_text);
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_array(&jw);
	for (size_t i = 0; i < request->files.count; i++)
		jw_str(&jw, request->files.items[i]);
	jw_array_end(&jw);
	const char *text = jw_ok(&jw) ? arena_dup(arena, buf_text(&buf)) : NULL;
	buf_fini(&buf);
	return text;
}

static bool take_content(struct save *save, struct arena *arena, struct err *err)
{
	struct payload *p = &save->payload;
	p->module = modules[save->request.module];
	p->config = canonical(save->request.config, arena);
	p->files = files_text(&save->request, arena);
	p->cost_snapshot = canonical(save->request.cost_snapshot, arena);
	if (p->config == NULL || p->files == NULL || p->cost_snapshot == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	struct buf buf;
	buf_init(&buf, 0);
	buf_addf(&buf, "{\"config\":%s,\"cost_snapshot\":%s,\"files\":%s,\"module\":\"%s\"}", p->config, p->cost_snapshot,
			 p->files, p->module);
	bool hashed = envelope_content_hash(buf_text(&buf), buf.size, save->sha256);
	buf_fini(&buf);
	p->sha256 = save->sha256;
	return hashed || err_set(err, ERR_LIMIT, "no memory");
}

/* --- design --- */

/* Faults of the design are told where they stand in this body. */
static void fail_design(struct exchange *x, const struct faults *faults)
{
	struct faults moved;
	faults_init(&moved, &x->arena);
	for (const struct fault *fault = faults->first; fault != NULL; fault = fault->next)
		faults_add(&moved, arena_printf(&x->arena, "/config%s", fault->pointer), fault->code, "%s", fault->message);
	exchange_fail_faults(x, ERR_INVALID, &moved);
}

static bool compute(struct save *save, struct exchange *x)
{
	const struct sign_api *api = x->owner;
	const struct op_context context = {.packs = api->options.packs,
									   .envelope = {.version = api->options.version, .git_sha = api->options.git_sha}};
	struct faults faults;
	struct err err = {.kind = ERR_INTERNAL};
	if (op_run(&sign_design_op, &context, save->request.config, &x->arena, &save->design, &faults, &err))
		return true;
	if (faults.count > 0)
		fail_design(x, &faults);
	else
		exchange_fail(x, &err);
	return false;
}

static bool keep_seal(const struct save *save, struct db *db, struct err *err)
{
	const struct project_write *w = &save->write;
	const struct sign_api_options *options = &w->api->options;
	const struct seal seal = {
		.account_id = w->project.account_id,
		.seal_sha256 = save->design.seal_sha256,
		.content_sha256 = save->design.content_sha256,
		.inputs_sha256 = save->design.inputs_sha256,
		.operation = sign_design_op.name,
		.inputs = save->design.inputs,
		.result = save->design.result,
		.packs = save->design.packs,
		.code_version = options->version,
		.git_sha = options->git_sha,
		.confidence = save->design.confidence,
		.subject_kind = "project",
		.subject_id = w->project.project_id,
		.created_by = save->payload.created_by,
		.created_us = w->now_us,
		.request_id = w->x->trace.request_id,
	};
	bool made;
	return seal_insert(db, &seal, options->packs, &made, err);
}

/* --- save --- */

static bool find_same(struct save *save, struct db *db, struct err *err)
{
	struct project_write *w = &save->write;
	struct payload same;
	bool found = false;
	if (!payload_find_content(db, w->project.account_id, w->project.project_id, save->sha256, &w->x->arena, &same,
							  &found, err))
		return false;
	save->duplicate = found;
	if (found)
		save->payload = same;
	return true;
}

/* One payload at a time waits for a stamp; a design that abstained cannot have one. */
static bool ask_stamp(struct save *save, struct db *db, struct err *err)
{
	struct project_write *w = &save->write;
	if (!project_stamp_withdraw(w, db, err))
		return false;
	if (save->payload.seal_sha256 == NULL)
		return true;
	if (!project_stamp_ask(w, db, save->design.seal_sha256, save->design.content_sha256, &save->asked, err))
		return false;
	save->payload.request_id = save->asked.request_id;
	return true;
}

static bool store_payload(struct save *save, struct db *db, struct err *err)
{
	struct project_write *w = &save->write;
	const struct principal *principal = principal_of(w->x);
	struct payload *payload = &save->payload;
	payload->payload_id = save->payload_id;
	payload->account_id = w->project.account_id;
	payload->project_id = w->project.project_id;
	payload->seal_sha256 = save->design.abstained ? NULL : save->design.seal_sha256;
	payload->created_by = principal->kind == PRINCIPAL_LOCAL ? NULL : principal->user_id;
	payload->created_us = w->now_us;
	w->project.payload_id = payload->payload_id;
	return (payload->seal_sha256 == NULL || keep_seal(save, db, err)) && ask_stamp(save, db, err) &&
		   payload_insert(db, payload, err) && project_update(db, &w->project, w->now_us, err) &&
		   project_record(w, db,
						  &HAPPENED(AUDIT_PAYLOAD_SAVED, "payload.saved", .content_sha256 = payload->sha256,
									.seal_sha256 = payload->seal_sha256,
									.after = arena_printf(&w->x->arena, "{\"payload_id\":\"%s\",\"module\":\"%s\"}",
														  payload->payload_id, payload->module)),
						  err);
}

static bool save_change(struct project_write *w, struct db *db, struct err *err)
{
	struct save *save = (struct save *)w;
	if (!project_writable(w, err) || !find_same(save, db, err))
		return false;
	return save->duplicate || store_payload(save, db, err);
}

static void save_answer(struct project_write *w)
{
	static const struct json_limits limits = {.depth = 100, .values = 10000000};
	const struct save *save = (const struct save *)w;
	struct payload_result result = {
		.payload_id = save->payload.payload_id,
		.sha256 = save->payload.sha256,
		.duplicate = save->duplicate,
		.seal_sha256 = save->payload.seal_sha256,
	};
	if (!save->design.abstained)
		json_parse(&w->x->arena, save->design.result, strlen(save->design.result), &limits, &result.design, NULL);
	reply_fact(w->x, save->duplicate ? 200 : 201, &result_table, &result);
}

static void handle_save(struct exchange *x)
{
	const struct sign_api *api = x->owner;
	struct save *save = arena_new(&x->arena, struct save);
	struct project project;
	enum project_stamp stamp;
	struct err err;
	if (save == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	/* An unknown project is told before its design is computed. */
	if (!exchange_decode(x, &save->request) || !project_read(x, &project, &stamp) || !compute(save, x))
		return;
	id_make(api->options.ids, save->payload_id);
	if (take_content(save, &x->arena, &err))
		project_write_submit(&save->write, x, save_change, save_answer);
	else
		exchange_fail(x, &err);
}

/* --- history --- */

struct history_query {
	int64_t limit;
	const char *cursor;
};

static const struct field history_query_fields[] = {
	F_INT(history_query, limit, RANGE(1, 500), DEFAULT(50)),
	F_STR(history_query, cursor, LENGTH(1, 400)),
};
static const struct field_table history_query_table =
	FIELD_TABLE("projects.payloads.query", history_query, history_query_fields);

struct history {
	struct {
		size_t count;
		struct payload_view *items;
	} items;
	const char *next_cursor;
};

static const struct field history_fields[] = {
	F_OBJECTS(history, items, &payload_table),
	F_STR(history, next_cursor, NULLABLE),
};
static const struct field_table history_table = FIELD_TABLE("projects.payloads", history, history_fields);

static bool read_history(struct exchange *x, const struct project *project, const char *before, size_t limit,
						 struct history *history, struct err *err)
{
	const struct sign_api *api = x->owner;
	struct payload *payloads = arena_array(&x->arena, limit, sizeof *payloads);
	history->items.items = arena_array(&x->arena, limit, sizeof *history->items.items);
	if (payloads == NULL || history->items.items == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	struct db *db = store_read(api->options.store);
	size_t count = 0;
	bool read =
		payloads_list(db, project->account_id, project->project_id, before, limit, &x->arena, payloads, &count, err);
	store_read_end(api->options.store, db);
	for (size_t i = 0; read && i < count; i++)
		payload_view_fill(&payloads[i], &x->arena, &history->items.items[history->items.count++]);
	return read;
}

static void handle_history(struct exchange *x)
{
	const struct sign_api *api = x->owner;
	struct history_query query;
	struct history history = {.next_cursor = NULL};
	struct project project;
	enum project_stamp stamp;
	struct err err;
	const char *before = NULL;
	if (!exchange_decode_query(x, &query) || !project_read(x, &project, &stamp))
		return;
	const char *filter = arena_printf(&x->arena, "payloads\n%s", project.project_id);
	if ((query.cursor != NULL && !cursor_read(api, filter, query.cursor, &x->arena, &before, &err)) ||
		!read_history(x, &project, before, (size_t)query.limit + 1, &history, &err)) {
		exchange_fail(x, &err);
		return;
	}
	if (history.items.count > (size_t)query.limit) {
		history.items.count--;
		history.next_cursor =
			cursor_make(api, filter, history.items.items[history.items.count - 1].payload_id, &x->arena);
	}
	reply_fact(x, 200, &history_table, &history);
}

static const enum err_kind save_errors[] = {ERR_READ_ONLY, ERR_PACK_VERSION, ERR_NONE};
static const enum err_kind history_errors[] = {ERR_CURSOR_INVALID, ERR_NONE};

const struct route payload_routes[] = {
	ROUTE(POST, "/api/v1/projects/{id}/payload", "project.write", EFFECT_WRITE, handle_save, .slash = true,
		  .aliases = ALIASES({"/projects/{id}/payload", .slash = true}), .operation = "projects.payload.save",
		  .summary = "Save a configuration: its design is computed and sealed with it", .body = &request_table,
		  .result = &result_table, .status = 201, .status_also = 200, .body_max = OP_BODY_MAX, .errors = save_errors,
		  .example = "{\"module\":\"signage.single_pole\",\"config\":{\"site\":{\"wind_speed_mph\":115},\"sign\":{"
					 "\"height_ft\":25,\"sign_height_ft\":8,\"sign_width_ft\":10}}}"),
	ROUTE(GET, "/api/v1/projects/{id}/payloads", "project.read", EFFECT_READ, handle_history, .slash = true,
		  .aliases = ALIASES({"/projects/{id}/payloads", .slash = true}), .operation = "projects.payload.list",
		  .summary = "Every configuration a project has had, newest first", .query = &history_query_table,
		  .result = &history_table, .errors = history_errors),
};
const size_t payload_routes_count = sizeof payload_routes / sizeof *payload_routes;
