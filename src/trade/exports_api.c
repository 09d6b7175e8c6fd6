#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/field.h"
#include "core/id.h"
#include "core/stamp.h"
#include "crypt/digest.h"
#include "crypt/secret.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"
#include "trade/analysis.h"
#include "trade/deed.h"
#include "trade/exporting.h"
#include "trade/rows.h"
#include "trade/tell.h"
#include "trade/trade_internal.h"
#include "trade/trade_routes.h"

/*
 * Files of closed positions, and links by which they are shared [trade.md 9.5].  A link gives the bytes of the moment
 * it was made; its token is stored as a hash, and its count is taken in the statement that looks for it.
 */

enum { EXPIRY_H = 24, EXPIRY_MAX_H = 168, ACCESSES_MAX = 100, KEPT_AFTER_D = 7 };

static bool send_file(struct exchange *x, enum export_format format, const struct export_file *file)
{
	exchange_setf(x, "Content-Disposition", "attachment; filename=\"performance.%s\"", export_format_names[format]);
	exchange_set(x, "Cache-Control", "no-store");
	exchange_answer(x, 200, export_types[format], file->bytes, file->size);
	return true;
}

/* --- a file at once --- */

struct file_ask {
	struct analysis_ask ask;
	int format;
};
static const struct field file_fields[] = {
	F_ENUM(file_ask, format, export_format_names, REQUIRED, DOC("png: the equity over its drawdown")),
	ANALYSIS_FIELDS(file_ask, ask.),
};
static const struct field_table file_table = FIELD_TABLE("analytics.export", file_ask, file_fields);

static void handle_file(struct exchange *x)
{
	struct analysis a = {.x = x};
	struct file_ask ask;
	struct export_file file;
	if (!exchange_decode_query(x, &ask))
		return;
	a.ask = ask.ask;
	if (analysis_start(&a) && export_write(&a, (enum export_format)ask.format, false, &file))
		send_file(x, (enum export_format)ask.format, &file);
}

/* --- a link --- */

struct link_request {
	int format;
	int64_t expires_in_hours, max_accesses;
	bool redact;
};
static const struct field link_fields[] = {
	F_ENUM(link_request, format, export_format_names, REQUIRED, DOC("csv, json or png")),
	F_INT(link_request, expires_in_hours, RANGE(1, EXPIRY_MAX_H), DEFAULT(EXPIRY_H), UNIT("h")),
	F_INT(link_request, max_accesses, RANGE(1, ACCESSES_MAX), DEFAULT(1), DOC("How often it may be fetched")),
	F_BOOL(link_request, redact, DEFAULT(true), DOC("No account, ticket or price")),
};
static const struct field_table link_table = FIELD_TABLE("exports.create", link_request, link_fields);

struct link {
	struct deed deed; /* first */
	struct link_request request;
	struct export_file file;
	char export_id[ID_TEXT], token[SECRET_TEXT], sha256[SHA256_HEX_SIZE];
	int64_t expires_us;
};

static bool apply_create(struct deed *deed, struct db *db, struct err *err)
{
	struct link *l = (struct link *)deed;
	const struct principal *who = principal_of(deed->x);
	const struct audit_pair meta[] = {{AUDIT_META_kind, export_format_names[l->request.format]}};
	const int64_t long_ago_us = deed->now_us - KEPT_AFTER_D * STAMP_US_PER_DAY;
	return db_run(db, err, "DELETE FROM trade_exports WHERE expires_at < $1", V_INT(long_ago_us)) &&
		   db_run(db, err,
				  "INSERT INTO trade_exports (export_id, account_id, created_by, token_sha256, format, redacted, "
				  "content, accesses, max_accesses, expires_at, created_at) "
				  "VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9, $10)",
				  V_TEXT(l->export_id), V_TEXT(who->account_id), V_TEXT(who->user_id), V_TEXT(l->sha256),
				  V_TEXT(export_format_names[l->request.format]), V_INT(l->request.redact),
				  V_BLOB(l->file.bytes, l->file.size), V_INT(l->request.max_accesses), V_INT(l->expires_us),
				  V_INT(deed->now_us)) &&
		   deed_audit(deed, db, AUDIT_TRADE_EXPORT_CREATE, l->export_id, meta, 1, err);
}

/* What is kept for a repetition has no token. */
static void answer_created(struct deed *deed)
{
	struct link *l = (struct link *)deed;
	struct telling t;
	const char *url =
		deed->x->drafting ? NULL : trade_link(deed->api, &deed->x->arena, "/api/v1/exports/share/", l->token);
	if (!deed->write.drafted)
		exchange_setf(deed->x, "Location", "/api/v1/exports/%s", l->export_id);
	tell_begin(&t);
	jw_member_str(&t.jw, "id", l->export_id);
	jw_member_str(&t.jw, "share_url", url);
	tell_time(&t.jw, "expires_at", l->expires_us);
	jw_member_str(&t.jw, "format", export_format_names[l->request.format]);
	jw_member_int(&t.jw, "max_accesses", l->request.max_accesses);
	jw_member_bool(&t.jw, "redacted", l->request.redact);
	tell_end(&t, deed->x, 201);
}

static void handle_create(struct exchange *x)
{
	struct analysis a = {.x = x, .ask = {.window = 3, .kind = KIND_AUTO, .initial_balance = 10000}};
	struct link *l = deed_start(x, sizeof *l);
	if (l == NULL || !exchange_decode(x, &l->request) || !analysis_read(&a) ||
		!export_write(&a, (enum export_format)l->request.format, l->request.redact, &l->file))
		return;
	const struct trade_api *api = x->owner;
	id_make(api->options.ids, l->export_id);
	secret_make(api->options.env, "", l->token);
	sha256_hex(l->token, strlen(l->token), l->sha256);
	l->expires_us = l->deed.now_us + l->request.expires_in_hours * 3600 * STAMP_US_PER_S;
	l->deed.write.shown_once = true;
	deed_write(&l->deed, apply_create, answer_created);
}

/* --- the links that were made, without what opens them --- */

struct shared {
	const char *export_id, *created_by, *format;
	bool redacted;
	int64_t accesses, max_accesses, expires_us, revoked_us, created_us;
};

#define SHARED \
	"SELECT export_id, created_by, format, redacted, accesses, max_accesses, expires_at, revoked_at, created_at " \
	"FROM trade_exports WHERE account_id = $1 AND "

static struct shared read_shared(const struct db_rows *row, struct arena *arena)
{
	return (struct shared){.export_id = db_text_dup(row, 0, arena),
						   .created_by = db_text_dup(row, 1, arena),
						   .format = db_text_dup(row, 2, arena),
						   .redacted = db_int(row, 3) != 0,
						   .accesses = db_int(row, 4),
						   .max_accesses = db_int(row, 5),
						   .expires_us = db_int(row, 6),
						   .revoked_us = db_int(row, 7),
						   .created_us = db_int(row, 8)};
}

struct finding {
	struct arena *arena;
	struct shared *shared;
};

static void take_shared(const struct db_rows *row, void *self)
{
	const struct finding *to = self;
	*to->shared = read_shared(row, to->arena);
}

static bool find_shared(struct db *db, struct exchange *x, const char *id, void *row, bool *found, struct err *err)
{
	struct finding to = {&x->arena, row};
	return db_one(db, err, found, take_shared, &to, SHARED "export_id = $2", V_TEXT(principal_of(x)->account_id),
				  V_TEXT(id));
}

static bool list_shared(struct db *db, struct exchange *x, const struct page_ask *page, void **rows, size_t *count,
						struct err *err)
{
	struct db_rows read;
	struct shared *list = arena_array(&x->arena, (size_t)page->limit + 1, sizeof *list);
	*rows = list;
	*count = 0;
	if (list == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!db_query(db, &read, err,
				  SHARED "(CAST($2 AS TEXT) IS NULL OR export_id < $2) ORDER BY export_id DESC LIMIT $3",
				  V_TEXT(principal_of(x)->account_id), V_TEXT(page->cursor), V_INT(page->limit + 1)))
		return false;
	while (db_next(&read))
		list[(*count)++] = read_shared(&read, &x->arena);
	return db_end(&read, err);
}

static const char *key_of(struct exchange *x, const void *row)
{
	(void)x;
	return ((const struct shared *)row)->export_id;
}

static void write_shared(struct jw *jw, struct exchange *x, const void *row, int64_t now_us)
{
	const struct shared *s = row;
	(void)x;
	jw_member_str(jw, "id", s->export_id);
	jw_member_str(jw, "format", s->format);
	jw_member_bool(jw, "redacted", s->redacted);
	jw_member_bool(jw, "open", s->revoked_us == 0 && s->expires_us > now_us && s->accesses < s->max_accesses);
	jw_member_int(jw, "accesses", s->accesses);
	jw_member_int(jw, "max_accesses", s->max_accesses);
	tell_time(jw, "expires_at", s->expires_us);
	tell_time(jw, "revoked_at", s->revoked_us);
	jw_member_str(jw, "created_by", s->created_by);
	tell_time(jw, "created_at", s->created_us);
}

static const struct row_kind shared_kind = {.what = "export",
											.size = sizeof(struct shared),
											.find = find_shared,
											.list = list_shared,
											.key = key_of,
											.write = write_shared};

static void handle_list(struct exchange *x)
{
	rows_list(x, &shared_kind);
}

static void handle_get(struct exchange *x)
{
	rows_get(x, &shared_kind);
}

/* --- fetching --- */

struct fetch {
	struct deed deed; /* first */
	char sha256[SHA256_HEX_SIZE];
	const char *export_id, *account_id;
	int format;
	struct export_file file;
};

static void take_export(const struct db_rows *row, void *self)
{
	struct fetch *f = self;
	struct arena *arena = &f->deed.x->arena;
	size_t size;
	const char *format = db_text(row, 2);
	const void *bytes = db_blob(row, 3, &size);
	f->export_id = db_text_dup(row, 0, arena);
	f->account_id = db_text_dup(row, 1, arena);
	while (strcmp(export_format_names[f->format], format) != 0)
		f->format++;
	f->file = (struct export_file){arena_dupn(arena, bytes, size), size};
}

static void take_name(const struct db_rows *row, void *self)
{
	struct fetch *f = self;
	f->export_id = db_text_dup(row, 0, &f->deed.x->arena);
	f->account_id = db_text_dup(row, 1, &f->deed.x->arena);
}

/* There is no principal: who holds the link is nobody in particular. */
static bool audit_fetch(struct fetch *f, struct db *db, enum audit_status status, struct err *err)
{
	const struct exchange *x = f->deed.x;
	const struct audit_pair meta[] = {{AUDIT_META_code, err_code(ERR_EXPIRED)}};
	const struct audit_event event = {.action = AUDIT_TRADE_EXPORT_ACCESS,
									  .status = status,
									  .account_id = f->account_id,
									  .actor = "link",
									  .role = "anonymous",
									  .target_id = f->export_id,
									  .ip = x->peer[0] != '\0' ? x->peer : NULL,
									  .user_agent = exchange_header(x, "user-agent"),
									  .request_id = x->trace.request_id,
									  .meta = meta,
									  .meta_count = status == AUDIT_SUCCESS ? 0 : 1};
	return audit_append(f->deed.api->options.audit, db, &event, err);
}

#define STANDS "token_sha256 = $1 AND revoked_at IS NULL AND expires_at > $2 AND accesses < max_accesses"
#define CONTENT "export_id, account_id, format, content"

static bool apply_fetch(struct deed *deed, struct db *db, struct err *err)
{
	static const char take[] = "UPDATE trade_exports SET accesses = accesses + 1 WHERE " STANDS " RETURNING " CONTENT;
	static const char look[] = "SELECT " CONTENT " FROM trade_exports WHERE " STANDS;
	struct fetch *f = (struct fetch *)deed;
	bool found = false, looks = deed->x->head.method == METHOD_HEAD; /* gets nothing, so it uses nothing up */
	if (!db_one(db, err, &found, take_export, f, looks ? look : take, V_TEXT(f->sha256), V_INT(deed->now_us)))
		return false;
	if (found && looks)
		return true;
	if (found)
		return audit_fetch(f, db, AUDIT_SUCCESS, err) &&
			   (f->file.bytes != NULL || err_set(err, ERR_LIMIT, "no memory"));
	if (!db_one(db, err, &found, take_name, f,
				"SELECT export_id, account_id FROM trade_exports WHERE token_sha256 = $1", V_TEXT(f->sha256)))
		return false;
	if (!found)
		return write_refuse(&deed->write, ERR_NOT_FOUND, "There is no such link.");
	return write_refuse(&deed->write, ERR_EXPIRED, "The link is used up, expired or revoked.") &&
		   audit_fetch(f, db, AUDIT_FAILURE, err);
}

static void answer_fetch(struct deed *deed)
{
	const struct fetch *f = (const struct fetch *)deed;
	send_file(deed->x, (enum export_format)f->format, &f->file);
}

static void handle_fetch(struct exchange *x)
{
	struct fetch *f = deed_start(x, sizeof *f);
	const char *token = exchange_param(x, "token");
	if (f == NULL)
		return;
	sha256_hex(token, strlen(token), f->sha256);
	deed_write(&f->deed, apply_fetch, answer_fetch);
}

/* --- revoking --- */

static bool apply_revoke(struct deed *deed, struct db *db, struct err *err)
{
	const char *id = exchange_param(deed->x, "id");
	if (!db_run(
			db, err,
			"UPDATE trade_exports SET revoked_at = COALESCE(revoked_at, $3) WHERE account_id = $1 AND export_id = $2",
			V_TEXT(principal_of(deed->x)->account_id), V_TEXT(id), V_INT(deed->now_us)))
		return false;
	if (db_changed(db) == 0)
		return write_refuse(&deed->write, ERR_NOT_FOUND, "There is no such export.");
	return deed_audit(deed, db, AUDIT_TRADE_EXPORT_REVOKE, id, NULL, 0, err);
}

static void handle_revoke(struct exchange *x)
{
	struct deed *deed = deed_start(x, sizeof *deed);
	if (deed != NULL)
		deed_write(deed, apply_revoke, NULL);
}

/* --- routes --- */

static const struct field shared_rows[] = {
	T_STR(id),           T_STR(share_url, NULLABLE, DOC("Shown this once; null where the answer is repeated")),
	T_TIME(expires_at),  T_ENUM(format, export_format_names),
	T_INT(max_accesses), T_BOOL(redacted),
};
static const struct field_table shared_table = TOLD_TABLE("trade.export.link", shared_rows);

static const struct field made_rows[] = {
	T_STR(id),
	T_ENUM(format, export_format_names),
	T_BOOL(redacted),
	T_BOOL(open, DOC("It can still be fetched")),
	T_INT(accesses, DOC("How often it was fetched")),
	T_INT(max_accesses),
	T_TIME(expires_at),
	T_TIME(revoked_at, NULLABLE),
	T_STR(created_by),
	T_TIME(created_at),
};
static const struct field_table made_table = TOLD_TABLE("trade.export.shared", made_rows);
static const struct field page_rows[] = {T_PAGE(&made_table)};
static const struct field_table page_table = TOLD_TABLE("trade.exports", page_rows);

static const char *const file_types[] = {"text/csv", "application/json", "image/png", NULL};
static const enum err_kind fetch_errors[] = {ERR_NOT_FOUND, ERR_EXPIRED, ERR_NONE};
static const enum err_kind revoke_errors[] = {ERR_NOT_FOUND, ERR_NONE};

const struct route exports_routes[] = {
	ROUTE(GET, "/api/v1/analytics/export", "trade.read", EFFECT_COMPUTE, handle_file, .operation = "analytics.export",
		  .summary = "Closed positions as a file, or a picture of the equity", .query = &file_table,
		  .produces = file_types, .bare = true, .result = &export_document_table),
	ROUTE(POST, "/api/v1/exports", "trade.manage", EFFECT_WRITE, handle_create, .operation = "exports.create",
		  .summary = "A link by which closed positions are shared; shown this once", .body = &link_table,
		  .doc = "200 where nothing was closed and a picture was asked for: it abstains, and there is no link.",
		  .result = &shared_table, .status = 201, .status_also = 200, .also_abstains = true,
		  .example = "{\"format\":\"csv\"}"),
	ROUTE(GET, "/api/v1/exports", "trade.manage", EFFECT_READ, handle_list, .operation = "exports.list",
		  .summary = "The links that were made, newest first; those that ended for a week", .query = &page_ask_table,
		  .result = &page_table),
	ROUTE(GET, "/api/v1/exports/{id}", "trade.manage", EFFECT_READ, handle_get, .operation = "exports.get",
		  .summary = "One link: how often it was fetched, and until when it stands", .result = &made_table),
	ROUTE(GET, "/api/v1/exports/share/{token}", PUBLIC, EFFECT_WRITE, handle_fetch, .operation = "exports.fetch",
		  .summary = "What a link shares", .doc = "410 when it is used up, expired or revoked.", .produces = file_types,
		  .bare = true, .result = &export_document_table, .rate_class = "trade.share", .errors = fetch_errors),
	ROUTE(DELETE, "/api/v1/exports/{id}", "trade.manage", EFFECT_WRITE, handle_revoke, .operation = "exports.revoke",
		  .summary = "Revoke a link", .status = 204, .errors = revoke_errors),
};
const size_t exports_routes_count = sizeof exports_routes / sizeof *exports_routes;
