#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "app/countersign_api.h"
#include "app/routes.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/must.h"
#include "core/stamp.h"
#include "http/etag.h"
#include "http/exchange.h"
#include "http/router.h"
#include "people/listing.h"
#include "people/principal.h"
#include "people/reply.h"
#include "seal/seals.h"
#include "store/blob.h"
#include "store/store.h"

/* Sealed results: read, list, recompute [platform.md 6]. */

struct seal_row {
	const char *seal_sha256, *account_id, *content_sha256, *inputs_sha256, *operation, *code_version, *git_sha;
	double confidence;
	const char *subject_kind, *subject_id, *created_by, *created_at, *request_id;
	const struct json *inputs, *result, *packs; /* in full rows only */
};

#define SEAL_FIELDS \
	F_STR(seal_row, seal_sha256), F_STR(seal_row, account_id), F_STR(seal_row, content_sha256), \
		F_STR(seal_row, inputs_sha256), F_STR(seal_row, operation, NULLABLE), F_STR(seal_row, code_version), \
		F_STR(seal_row, git_sha), F_NUM(seal_row, confidence), F_STR(seal_row, subject_kind, NULLABLE), \
		F_STR(seal_row, subject_id, NULLABLE), F_STR(seal_row, created_by, NULLABLE), \
		F_STR(seal_row, created_at, FORMAT("date-time")), F_STR(seal_row, request_id, NULLABLE)

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
		.account_id = seal->account_id,
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

/* Their own account's, or for an admin anybody's [P-5.3]. */
static bool look(struct exchange *x, struct db *db, const char *sha, struct seal *seal, bool *found, struct err *err)
{
	return seal_find(db, principal_of(x)->account_id, sha, &x->arena, seal, found, err) &&
		   (*found || listing_reads(x) != NULL || seal_find_any(db, sha, &x->arena, seal, found, err));
}

/* The seal named in the path.  False: answered. */
static bool find(struct exchange *x, struct seal *seal)
{
	const struct app *app = x->owner;
	const char *sha = exchange_param(x, "sha");
	bool found = false;
	struct err err;
	if (blob_name_valid(sha)) {
		struct db *db = store_read(app->store);
		bool read = look(x, db, sha, seal, &found, &err);
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
	const char *etag = arena_printf(&x->arena, "\"%s\"", seal.seal_sha256);
	exchange_set(x, "ETag", etag);
	if (etag_none_match(x, etag)) {
		exchange_answer(x, 304, NULL, NULL, 0);
		return;
	}
	struct seal_row row = row_of(x, &seal);
	row.inputs = stored(x, seal.inputs);
	row.result = stored(x, seal.result);
	row.packs = stored(x, seal.packs);
	reply_fact(x, 200, &full_table, &row);
}

/* --- list --- */

struct seals_query {
	LIST_QUERY;
	const char *subject_kind, *subject_id, *operation, *content_sha256;
};
static const struct field query_fields[] = {
	F_LIST_QUERY(seals_query),
	F_STR(seals_query, subject_kind, LENGTH(1, 40)),
	F_STR(seals_query, subject_id, LENGTH(1, 64)),
	F_STR(seals_query, operation, LENGTH(1, 64)),
	F_STR(seals_query, content_sha256, LENGTH(64, 64)),
};
static const struct field_table query_table = FIELD_TABLE("seals.query", seals_query, query_fields);
LIST_PAGE(seal_page, "seals.list", seal_row, &row_table);

static void take_seal(void *self, const struct seal *seal)
{
	struct listing *l = self;
	const char *key =
		arena_printf(&l->x->arena, "%lld:%s:%s", (long long)seal->created_us, seal->seal_sha256, seal->account_id);
	struct seal_row *row = listing_room(l, key);
	if (row != NULL)
		*row = row_of(l->x, seal);
}

static bool read_seals(struct listing *l, struct db *db, struct err *err)
{
	const struct seals_query *query = l->query;
	struct seal_filter filter = {.account_id = l->account_id,
								 .operation = query->operation,
								 .content_sha256 = query->content_sha256,
								 .subject_kind = query->subject_kind,
								 .subject_id = query->subject_id,
								 .after = {INT64_MAX, "", ""},
								 .limit = l->limit};
	char sha[SHA256_HEX_SIZE], account[ID_TEXT];
	if (l->after[0] != '\0') { /* made by take_seal: the MAC says so */
		long long at;
		must(sscanf(l->after, "%lld:%64[^:]:%36s", &at, sha, account) == 3);
		filter.after.created_us = at;
		filter.after.seal_sha256 = sha;
		filter.after.account_id = account;
	}
	return seals_list(db, &filter, &l->x->arena, take_seal, l, err);
}

static void handle_list(struct exchange *x)
{
	static const struct list_kind kind = {.name = "seals",
										  .query = &query_table,
										  .page = &seal_page_table,
										  .item_size = sizeof(struct seal_row),
										  .read = read_seals};
	app_list(x, &kind);
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

static const struct field difference_rows[] = {T_STR(pointer), T_JSON(was), T_JSON(is)};
static const struct field_table difference_table = TOLD_TABLE("seal.difference", difference_rows);
static const struct field code_rows[] = {T_STR(version), T_STR(git_sha)};
static const struct field_table code_table = TOLD_TABLE("seal.code", code_rows);
static const struct field replay_rows[] = {
	T_ENUM(outcome, replay_outcome_names),
	T_OBJECTS(differences, &difference_table),
	T_STR(reason, NULLABLE, DOC("Why it is not replayable: a code")),
	T_STR(detail, NULLABLE),
	T_OBJECT(sealed_by, &code_table),
	T_OBJECT(replayed_by, &code_table),
};
static const struct field_table replay_table = TOLD_TABLE("seal.replay", replay_rows);

static const enum err_kind list_errors[] = {ERR_CURSOR_INVALID, ERR_NONE};

static const struct route routes[] = {
	ROUTE(GET, "/api/v1/seals", "seal.read", EFFECT_READ, handle_list, .operation = "seals.list",
		  .summary = "Sealed results, newest first, without bodies", .query = &query_table, .result = &seal_page_table,
		  .errors = list_errors),
	ROUTE(GET, "/api/v1/seals/{sha}", "seal.read", EFFECT_READ, handle_get, .operation = "seals.get",
		  .summary = "One sealed result with its inputs", .result = &full_table),
	ROUTE(POST, "/api/v1/seals/{sha}/replay", "seal.replay", EFFECT_COMPUTE, handle_replay, .operation = "seals.replay",
		  .summary = "Recompute a sealed result and compare", .result = &replay_table),
};

void seals_api_add(struct app *app)
{
	router_add(app->router, routes, sizeof routes / sizeof *routes, app);
}
