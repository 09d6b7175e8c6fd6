#include <string.h>

#include "app/app.h"
#include "app/routes.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "http/exchange.h"
#include "http/router.h"
#include "people/principal.h"
#include "people/reply.h"
#include "seal/seals.h"
#include "store/blob.h"
#include "store/store.h"

/* Sealed results: read, list, recompute [platform.md 6]. */

struct seal_row {
	const char *seal_sha256, *content_sha256, *inputs_sha256, *operation, *code_version, *git_sha;
	double confidence;
	const char *subject_kind, *subject_id, *created_by, *created_at, *request_id;
	const struct json *inputs, *result, *packs; /* in full rows only */
};

#define SEAL_FIELDS \
	F_STR(seal_row, seal_sha256), F_STR(seal_row, content_sha256), F_STR(seal_row, inputs_sha256), \
		F_STR(seal_row, operation, NULLABLE), F_STR(seal_row, code_version), F_STR(seal_row, git_sha), \
		F_NUM(seal_row, confidence), F_STR(seal_row, subject_kind, NULLABLE), F_STR(seal_row, subject_id, NULLABLE), \
		F_STR(seal_row, created_by, NULLABLE), F_STR(seal_row, created_at, FORMAT("date-time")), \
		F_STR(seal_row, request_id, NULLABLE)

static const struct field row_fields[] = {SEAL_FIELDS};
static const struct field_table row_table = FIELD_TABLE("seals.row", seal_row, row_fields);

static const struct field full_fields[] = {
	SEAL_FIELDS,
	F_JSON(seal_row, inputs, NULLABLE, DOC("With defaults filled in, as hashed")),
	F_JSON(seal_row, result, NULLABLE, DOC("As hashed")),
	F_JSON(seal_row, packs, NULLABLE, DOC("SHA-256 by pack name")),
};
static const struct field_table full_table = FIELD_TABLE("seals.full", seal_row, full_fields);

static const struct json_limits stored_limits = {.depth = 100, .values = 10000000};

static const struct json *stored(struct exchange *x, const char *text)
{
	const struct json *json = NULL;
	json_parse(&x->arena, text, strlen(text), &stored_limits, &json, NULL);
	return json;
}

static struct seal_row row_of(struct exchange *x, const struct seal *seal)
{
	char time[STAMP_TEXT];
	stamp_format(time, seal->created_us);
	return (struct seal_row){
		.seal_sha256 = seal->seal_sha256,
		.content_sha256 = seal->content_sha256,
		.inputs_sha256 = seal->inputs_sha256,
		.operation = seal->operation,
		.code_version = seal->code_version,
		.git_sha = seal->git_sha,
		.confidence = seal->confidence,
		.subject_kind = seal->subject_kind,
		.subject_id = seal->subject_id,
		.created_by = seal->created_by,
		.created_at = arena_dup(&x->arena, time),
		.request_id = seal->request_id,
	};
}

/* The seal named in the path, of the caller's account.  False: answered. */
static bool find(struct exchange *x, struct seal *seal)
{
	const struct app *app = x->owner;
	const char *sha = exchange_param(x, "sha");
	bool found = false;
	struct err err;
	if (blob_name_valid(sha)) {
		struct db *db = store_read(app->store);
		bool read = seal_find(db, principal_of(x)->account_id, sha, &x->arena, seal, &found, &err);
		store_read_end(app->store, db);
		if (!read) {
			exchange_fail(x, &err);
			return false;
		}
	}
	if (!found)
		exchange_failf(x, ERR_NOT_FOUND, "There is no such seal.");
	return found;
}

static void handle_get(struct exchange *x)
{
	struct seal seal;
	if (!find(x, &seal))
		return;
	struct seal_row row = row_of(x, &seal);
	row.inputs = stored(x, seal.inputs);
	row.result = stored(x, seal.result);
	row.packs = stored(x, seal.packs);
	exchange_setf(x, "ETag", "\"%s\"", seal.seal_sha256);
	reply_fact(x, 200, &full_table, &row);
}

/* --- list --- */

struct seals_query {
	const char *subject_kind, *subject_id, *operation, *content_sha256;
	int64_t limit;
};

static const struct field query_fields[] = {
	F_STR(seals_query, subject_kind, LENGTH(1, 40)),       F_STR(seals_query, subject_id, LENGTH(1, 64)),
	F_STR(seals_query, operation, LENGTH(1, 64)),          F_STR(seals_query, content_sha256, LENGTH(64, 64)),
	F_INT(seals_query, limit, RANGE(1, 500), DEFAULT(50)),
};
static const struct field_table query_table = FIELD_TABLE("seals.query", seals_query, query_fields);

struct seal_list {
	struct {
		size_t count;
		struct seal_row *items;
	} items;
	const char *next_cursor;
};

static const struct field list_fields[] = {
	F_OBJECTS(seal_list, items, &row_table),
	F_STR(seal_list, next_cursor, NULLABLE),
};
static const struct field_table list_table = FIELD_TABLE("seals.list", seal_list, list_fields);

static bool read_list(struct exchange *x, struct db *db, const struct seals_query *query, struct seal_list *list,
					  struct err *err)
{
	struct db_rows rows;
	if (!db_query(
			db, &rows, err,
			"SELECT seal_sha256, content_sha256, inputs_sha256, operation, code_version, git_sha, confidence, "
			"subject_kind, subject_id, created_by, created_at, request_id FROM seals WHERE account_id = $1 "
			"AND (CAST($2 AS TEXT) IS NULL OR operation = $2) AND (CAST($3 AS TEXT) IS NULL OR content_sha256 = $3) "
			"AND (CAST($4 AS TEXT) IS NULL OR subject_kind = $4) AND (CAST($5 AS TEXT) IS NULL OR subject_id = $5) "
			"ORDER BY created_at DESC, seal_sha256 LIMIT $6",
			V_TEXT(principal_of(x)->account_id), V_TEXT(query->operation), V_TEXT(query->content_sha256),
			V_TEXT(query->subject_kind), V_TEXT(query->subject_id), V_INT(query->limit)))
		return false;
	while (db_next(&rows)) {
		const struct seal seal = {
			.seal_sha256 = db_text_dup(&rows, 0, &x->arena),
			.content_sha256 = db_text_dup(&rows, 1, &x->arena),
			.inputs_sha256 = db_text_dup(&rows, 2, &x->arena),
			.operation = db_text_dup(&rows, 3, &x->arena),
			.code_version = db_text_dup(&rows, 4, &x->arena),
			.git_sha = db_text_dup(&rows, 5, &x->arena),
			.confidence = db_real(&rows, 6),
			.subject_kind = db_text_dup(&rows, 7, &x->arena),
			.subject_id = db_text_dup(&rows, 8, &x->arena),
			.created_by = db_text_dup(&rows, 9, &x->arena),
			.created_us = db_int(&rows, 10),
			.request_id = db_text_dup(&rows, 11, &x->arena),
		};
		list->items.items[list->items.count++] = row_of(x, &seal);
	}
	return db_end(&rows, err);
}

static void handle_list(struct exchange *x)
{
	const struct app *app = x->owner;
	struct seals_query query;
	struct seal_list list = {.next_cursor = NULL};
	struct err err;
	if (!exchange_decode_query(x, &query))
		return;
	list.items.items = arena_array(&x->arena, (size_t)query.limit, sizeof *list.items.items);
	struct db *db = store_read(app->store);
	bool read = list.items.items != NULL && read_list(x, db, &query, &list, &err);
	store_read_end(app->store, db);
	if (read)
		reply_fact(x, 200, &list_table, &list);
	else
		exchange_fail(x, &err);
}

/* --- replay --- */

static const struct json *version_json(struct exchange *x, const char *version, const char *git_sha)
{
	const char *text = arena_printf(&x->arena, "{\"version\":\"%s\",\"git_sha\":\"%s\"}", version, git_sha);
	return text != NULL ? stored(x, text) : NULL;
}

static void handle_replay(struct exchange *x)
{
	struct app *app = x->owner;
	struct seal seal;
	struct replay *replay = arena_new(&x->arena, struct replay);
	struct err err;
	if (!find(x, &seal))
		return;
	const struct op_context context = app_op_context(app);
	if (replay == NULL || !seal_replay(&seal, app->ops.ops, app->ops.count, &context, &x->arena, replay, &err)) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	atomic_fetch_add(&app->replays[replay->outcome], 1);
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_object(&jw);
	replay_write(&jw, replay);
	jw_key(&jw, "sealed_by");
	jw_json(&jw, version_json(x, seal.code_version, seal.git_sha));
	jw_key(&jw, "replayed_by");
	jw_json(&jw, version_json(x, context.envelope.version, context.envelope.git_sha));
	jw_object_end(&jw);
	reply_fact_text(x, 200, buf_text(&buf), buf.size);
	buf_fini(&buf);
}

static const char replay_schema[] =
	"{\"type\":\"object\",\"properties\":{\"outcome\":{\"type\":\"string\",\"enum\":[\"identical\",\"different\","
	"\"not_replayable\"]},\"differences\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{"
	"\"pointer\":"
	"{\"type\":\"string\"},\"was\":{},\"is\":{}}}},\"reason\":{\"type\":[\"string\",\"null\"]},\"detail\":{\"type\":["
	"\"string\",\"null\"]},\"sealed_by\":{\"type\":\"object\"},\"replayed_by\":{\"type\":\"object\"}},\"required\":["
	"\"outcome\",\"differences\"]}";

static const struct route routes[] = {
	ROUTE(GET, "/api/v1/seals", "seal.read", EFFECT_READ, handle_list, .operation = "seals.list",
		  .summary = "Sealed results, newest first, without bodies", .query = &query_table, .result = &list_table),
	ROUTE(GET, "/api/v1/seals/{sha}", "seal.read", EFFECT_READ, handle_get, .operation = "seals.get",
		  .summary = "One sealed result with its inputs", .result = &full_table),
	ROUTE(POST, "/api/v1/seals/{sha}/replay", "seal.replay", EFFECT_COMPUTE, handle_replay, .operation = "seals.replay",
		  .summary = "Recompute a sealed result and compare", .result_schema = replay_schema),
};

void seals_api_add(struct app *app)
{
	router_add(app->router, routes, sizeof routes / sizeof *routes, app);
}
