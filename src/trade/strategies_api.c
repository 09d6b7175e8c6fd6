#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/field.h"
#include "core/jcs.h"
#include "core/json.h"
#include "core/jw.h"
#include "crypt/digest.h"
#include "http/etag.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"
#include "seal/op.h"
#include "trade/deed.h"
#include "trade/domain/backtest_op.h"
#include "trade/tell.h"
#include "trade/trade_internal.h"
#include "trade/trade_routes.h"

/*
 * /api/v1/strategies/{name} [trade.md 9.4]: a strategy kept by name, as trade.backtest takes it.  What is kept is its
 * RFC 8785 form, named by its SHA-256; one that a backtest would refuse is refused here, fault by fault.
 */

enum { NAME_MAX_CHARS = 64 };

struct row {
	const char *sha256, *strategy, *updated_by;
	int64_t updated_us;
};

struct keeping {
	struct deed deed; /* first */
	const char *name, *text;
	struct faults faults;
	struct row row;
	bool was_there;
	char sha256[SHA256_HEX_SIZE];
};

static bool name_good(const char *name)
{
	size_t size = strlen(name);
	return size >= 1 && size <= NAME_MAX_CHARS &&
		   name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")] == '\0';
}

struct taking {
	struct arena *arena;
	struct row *row;
};

static void take(const struct db_rows *row, void *self)
{
	const struct taking *to = self;
	*to->row = (struct row){.sha256 = db_text_dup(row, 0, to->arena),
							.strategy = db_text_dup(row, 1, to->arena),
							.updated_by = db_text_dup(row, 2, to->arena),
							.updated_us = db_int(row, 3)};
}

static bool find(struct db *db, const struct exchange *x, const char *name, struct arena *arena, struct row *row,
				 bool *found, struct err *err)
{
	struct taking to = {arena, row};
	return db_one(db, err, found, take, &to,
				  "SELECT sha256, strategy, updated_by, updated_at FROM trade_strategies WHERE account_id = $1 "
				  "AND name = $2",
				  V_TEXT(principal_of(x)->account_id), V_TEXT(name));
}

static void answer_row(struct exchange *x, int status, const char *name, const struct row *row)
{
	struct telling t;
	char etag[ETAG_TEXT];
	etag_format(etag, row->sha256);
	exchange_set(x, "ETag", etag);
	tell_begin(&t);
	jw_member_str(&t.jw, "name", name);
	jw_member_str(&t.jw, "sha256", row->sha256);
	tell_json(&t.jw, "strategy", row->strategy);
	jw_member_str(&t.jw, "updated_by", row->updated_by);
	tell_time(&t.jw, "updated_at", row->updated_us);
	tell_end(&t, x, status);
}

static void handle_get(struct exchange *x)
{
	const struct trade_api *api = x->owner;
	const char *name = exchange_param(x, "name");
	struct row row;
	struct err err;
	bool found = false;
	struct db *db = store_read(api->options.store);
	bool read = find(db, x, name, &x->arena, &row, &found, &err);
	store_read_end(api->options.store, db);
	if (!read)
		exchange_fail(x, &err);
	else if (!found)
		exchange_failf(x, ERR_NOT_FOUND, "There is no such strategy.");
	else
		answer_row(x, 200, name, &row);
}

/* --- keeping one --- */

/* A backtest of one bar takes it, or says what is wrong with it; the faults are those of the body. */
static bool check(struct keeping *k)
{
	static const char before[] =
		"{\"bars\":{\"time\":[\"2025-01-01\"],\"open\":[1],\"high\":[1],\"low\":[1],\"close\":[1]},"
		"\"cash\":1,\"strategy\":";
	static const char part[] = "/strategy";
	struct exchange *x = k->deed.x;
	const struct json *question = NULL;
	struct faults found = {.count = 0};
	struct op_answer answer;
	struct err err = {.kind = ERR_INTERNAL};
	char now[STAMP_TEXT];
	const struct op_context context = {.packs = k->deed.api->options.packs, .envelope = reply_context(x, now)};
	const char *text = arena_printf(&x->arena, "%s%s}", before, k->text);
	const struct json_limits limits = {.depth = 40, .values = 200000};
	if (text != NULL && json_parse(&x->arena, text, strlen(text), &limits, &question, &err) &&
		op_run(&trade_backtest_op, &context, question, &x->arena, &answer, &found, &err))
		return true;
	if (found.count == 0) {
		exchange_fail(x, &err);
		return false;
	}
	faults_init(&k->faults, &x->arena);
	for (const struct fault *f = found.first; f != NULL; f = f->next) {
		bool inside = strncmp(f->pointer, part, sizeof part - 1) == 0;
		faults_add(&k->faults, inside ? f->pointer + sizeof part - 1 : f->pointer, f->code, "%s", f->message);
	}
	exchange_fail_faults(x, ERR_INVALID, &k->faults);
	return false;
}

static bool read_text(struct keeping *k, const struct json *body)
{
	struct buf buf;
	buf_init(&buf, 0);
	jcs_write(&buf, body);
	k->text = buf_ok(&buf) ? arena_dupn(&k->deed.x->arena, buf_text(&buf), buf.size) : NULL;
	sha256_hex(buf_text(&buf), buf.size, k->sha256);
	buf_fini(&buf);
	if (k->text == NULL)
		exchange_failf(k->deed.x, ERR_LIMIT, "no memory");
	return k->text != NULL;
}

static bool apply_put(struct deed *deed, struct db *db, struct err *err)
{
	struct keeping *k = (struct keeping *)deed;
	const struct principal *who = principal_of(deed->x);
	const struct audit_pair meta[] = {{AUDIT_META_sha256, k->sha256}};
	char etag[ETAG_TEXT];
	if (!find(db, deed->x, k->name, &deed->x->arena, &k->row, &k->was_there, err))
		return false;
	if (k->was_there)
		etag_format(etag, k->row.sha256);
	if (exchange_header(deed->x, "if-match") != NULL && !etag_if_match(deed->x, k->was_there ? etag : NULL, err))
		return false;
	k->row = (struct row){k->sha256, k->text, who->user_id, deed->now_us};
	return db_run(db, err,
				  "INSERT INTO trade_strategies (account_id, name, sha256, strategy, updated_by, updated_at) "
				  "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account_id, name) DO UPDATE SET "
				  "sha256 = excluded.sha256, strategy = excluded.strategy, updated_by = excluded.updated_by, "
				  "updated_at = excluded.updated_at",
				  V_TEXT(who->account_id), V_TEXT(k->name), V_TEXT(k->sha256), V_TEXT(k->text), V_TEXT(who->user_id),
				  V_INT(deed->now_us)) &&
		   deed_audit(deed, db, AUDIT_STRATEGY_UPDATE, k->name, meta, 1, err);
}

static void answer_put(struct deed *deed)
{
	const struct keeping *k = (const struct keeping *)deed;
	answer_row(deed->x, k->was_there ? 200 : 201, k->name, &k->row);
}

static void handle_put(struct exchange *x)
{
	const struct json *body = NULL;
	struct keeping *k = deed_start(x, sizeof *k);
	if (k == NULL)
		return;
	k->name = exchange_param(x, "name");
	if (trade_backtest_op.memory_max > x->arena.cap)
		x->arena.cap = trade_backtest_op.memory_max;
	if (!name_good(k->name))
		exchange_failf(x, ERR_NOT_FOUND, "A strategy's name has 1 to %d of A-Z, a-z, 0-9, ., _ and -.", NAME_MAX_CHARS);
	else if (exchange_json(x, &body) && read_text(k, body) && check(k))
		deed_write(&k->deed, apply_put, answer_put);
}

static const struct field kept_rows[] = {
	T_STR(name), T_STR(sha256), T_MAP(strategy, FIELD_JSON), T_STR(updated_by, NULLABLE), T_TIME(updated_at),
};
static const struct field_table kept_table = TOLD_TABLE("trade.strategy", kept_rows);

static const enum err_kind get_errors[] = {ERR_NOT_FOUND, ERR_NONE};
static const enum err_kind put_errors[] = {ERR_NOT_FOUND, ERR_PRECONDITION_FAILED, ERR_NONE};

const struct route strategies_routes[] = {
	ROUTE(GET, "/api/v1/strategies/{name}", "trade.read", EFFECT_READ, handle_get, .operation = "strategies.get",
		  .summary = "A strategy that is kept by name, and its hash", .result = &kept_table, .errors = get_errors),
	ROUTE(PUT, "/api/v1/strategies/{name}", "trade.manage", EFFECT_WRITE, handle_put, .operation = "strategies.put",
		  .summary = "Keep a strategy as trade.backtest takes it",
		  .doc = "201 when it is new, else 200.  With If-Match only where the one that is there is meant.",
		  .result = &kept_table, .status_also = 201, .errors = put_errors,
		  .example = "{\"enter_long\":{\"op\":\"gt\",\"a\":\"close\",\"b\":\"open\"},"
					 "\"size\":{\"mode\":\"all_in_units\"}}"),
};
const size_t strategies_routes_count = sizeof strategies_routes / sizeof *strategies_routes;
