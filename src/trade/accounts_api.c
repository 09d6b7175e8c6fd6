#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/field.h"
#include "core/id.h"
#include "core/json.h"
#include "core/stamp.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "seal/pack.h"
#include "trade/accounts.h"
#include "trade/deed.h"
#include "trade/domain/instruments.h"
#include "trade/producers.h"
#include "trade/rows.h"
#include "trade/tell.h"
#include "trade/trade_internal.h"
#include "trade/trade_routes.h"

/* /api/v1/trading/accounts: accounts at brokers [trade.md 5]. */

enum { TEXT_MAX = 200, SYMBOL_MAX = 64, PAPER_BALANCE = 10000, PAPER_LEVERAGE = 100 };

static const char *const kind_names[] = {"live", "paper", NULL};

struct account_request {
	const char *login, *broker, *server, *name, *currency;
	int kind;
	double balance, leverage;
	const struct json *symbol_map;
};
static const struct field create_fields[] = {
	F_STR(account_request, login, REQUIRED, LENGTH(1, 64)),
	F_STR(account_request, broker, REQUIRED, LENGTH(1, TEXT_MAX)),
	F_STR(account_request, server, REQUIRED, LENGTH(1, TEXT_MAX)),
	F_STR(account_request, name, LENGTH(0, TEXT_MAX), DEFAULT_TEXT("")),
	F_JSON(account_request, symbol_map, DOC("The broker's symbols by instrument")),
	F_ENUM(account_request, kind, kind_names, DEFAULT(0), DOC("paper: simulated inside, never sent to a terminal")),
	F_STR(account_request, currency, LENGTH(3, 3), DOC("Of a paper account; left out: USD")),
	F_NUM(account_request, balance, ABOVE(0, 1e9), DOC("Of a paper account at first; left out: 10000")),
	F_NUM(account_request, leverage, RANGE(1, 10000), DOC("Of a paper account; left out: 100")),
};
static const struct field_table create_table = FIELD_TABLE("accounts.create", account_request, create_fields);
static const struct field patch_fields[] = {
	F_STR(account_request, name, LENGTH(0, TEXT_MAX)),
	F_JSON(account_request, symbol_map, DOC("The broker's symbols by instrument")),
};
static const struct field_table patch_table = FIELD_TABLE("accounts.update", account_request, patch_fields);

/* One change under way. */
struct change {
	struct deed deed;
	struct account_request request;
	struct trading_account account;
	const char *symbol_map;
	char id[ID_TEXT], owner[40];
};

static void write_members(struct jw *jw, struct exchange *x, const void *row, int64_t now_us)
{
	const struct trading_account *a = row;
	(void)x;
	bool stale = a->last_snapshot_us == 0 || now_us - trading_account_seen_us(a) > ACCOUNT_STALE_S * STAMP_US_PER_S;
	double peak = a->peak_equity, fall = peak > 0 && a->equity > 0 ? fmax(0, (peak - a->equity) / peak * 100) : NAN;
	jw_member_str(jw, "id", a->trading_account_id);
	jw_member_str(jw, "owner_id", a->owner_id);
	jw_member_str(jw, "kind", trading_account_kind(a));
	jw_member_bool(jw, "paper", a->paper);
	jw_member_str(jw, "login", a->login);
	jw_member_str(jw, "broker", a->broker);
	jw_member_str(jw, "server", a->server);
	jw_member_str(jw, "name", a->name);
	tell_json(jw, "symbol_map", a->symbol_map);
	jw_member_bool(jw, "primary", a->primary);
	jw_member_str(jw, "currency", a->currency);
	tell_exact(jw, "leverage", a->leverage);
	tell_money(jw, "balance", a->balance);
	tell_money(jw, "equity", a->equity);
	tell_money(jw, "margin", a->margin);
	tell_money(jw, "free_margin", a->free_margin);
	tell_ratio(jw, "margin_level_pct", a->margin > 0 ? a->equity / a->margin * 100 : NAN);
	tell_money(jw, "peak_equity", peak);
	tell_ratio(jw, "drawdown_pct", fall);
	jw_member_int(jw, "open_positions", a->open_positions);
	tell_time(jw, "last_snapshot_at", a->last_snapshot_us);
	tell_time(jw, "verified_at", a->verified_us);
	jw_member_bool(jw, "stale", stale);
	tell_time(jw, "created_at", a->created_us);
	tell_time(jw, "updated_at", a->updated_us);
}

static bool find(struct db *db, struct exchange *x, const char *id, void *row, bool *found, struct err *err)
{
	return trading_account_find(db, principal_of(x)->account_id, id, &x->arena, row, found, err);
}

static bool list(struct db *db, struct exchange *x, const struct page_ask *page, void **rows, size_t *count,
				 struct err *err)
{
	struct trading_account *accounts = NULL;
	bool read = trading_account_page(db, principal_of(x)->account_id, page->cursor, page->limit + 1, &x->arena,
									 &accounts, count, err);
	*rows = accounts;
	return read;
}

static const char *key(struct exchange *x, const void *row)
{
	return trading_account_key(&x->arena, row);
}

static const struct row_kind account_kind = {.what = "trading account",
											 .size = sizeof(struct trading_account),
											 .find = find,
											 .list = list,
											 .key = key,
											 .write = write_members};

static void answer(struct deed *deed, int status)
{
	rows_answer(deed->x, &account_kind, &((const struct change *)deed)->account, status);
}

static void answer_created(struct deed *deed)
{
	exchange_setf(deed->x, "Location", "/api/v1/trading/accounts/%s",
				  ((const struct change *)deed)->account.trading_account_id);
	answer(deed, 201);
}

static void answer_row(struct deed *deed)
{
	answer(deed, 200);
}

/* An object of instrument: symbol, both texts. */
static void read_map(void *self, struct faults *faults)
{
	struct change *c = self;
	const struct json *map = c->request.symbol_map;
	struct arena *arena = &c->deed.x->arena;
	const struct pack *pack = packs_find(c->deed.api->options.packs, "instruments", NULL, NULL);
	struct buf buf;
	struct jw jw;
	if (map == NULL)
		return;
	if (map->kind != JS_OBJECT) {
		faults_add(faults, "/symbol_map", "type", "must be an object");
		return;
	}
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_object(&jw);
	for (uint32_t i = 0; i < map->count; i++) {
		const struct json_member *m = &map->members[i];
		const char *here = field_pointer(arena, "/symbol_map", m->name);
		const struct instrument *instrument = instrument_find(pack->data, m->name);
		if (instrument == NULL)
			faults_add(faults, here, "unknown_instrument", "is not in pack instruments");
		else if (m->value.kind != JS_STRING || m->value.size < 1 || m->value.size > SYMBOL_MAX)
			faults_add(faults, here, "type", "must be the broker's symbol, 1 to %d characters", SYMBOL_MAX);
		else
			jw_member_str(&jw, instrument->name, m->value.text);
	}
	jw_object_end(&jw);
	c->symbol_map = arena_dupn(arena, buf_text(&buf), buf.size);
	buf_fini(&buf);
}

/* --- changes --- */

static bool apply_create(struct deed *deed, struct db *db, struct err *err)
{
	struct change *c = (struct change *)deed;
	const struct principal *p = principal_of(deed->x);
	struct trading_account primary;
	bool any = false, found = false;
	if (p->user_id[0] == '\0' && !producer_first_user(db, p->account_id, c->owner, err))
		return false;
	c->account.owner_id = p->user_id[0] != '\0' ? p->user_id : c->owner;
	if (!trading_account_primary(db, c->account.owner_id, &deed->x->arena, &primary, &any, err))
		return false;
	c->account.primary = !any;
	return trading_account_insert(db, &c->account, err) &&
		   (!c->account.paper || trading_account_update(db, &c->account, err)) &&
		   deed_audit(deed, db, AUDIT_TRADING_ACCOUNT_CREATE, c->id, NULL, 0, err) &&
		   trading_account_find(db, p->account_id, c->id, &deed->x->arena, &c->account, &found, err);
}

/* What a broker tells of an account, of one on paper the person does. */
static void begin_paper(struct change *c)
{
	const struct account_request *r = &c->request;
	struct trading_account *a = &c->account;
	a->paper = true;
	a->currency = r->currency != NULL ? r->currency : "USD";
	a->leverage = given(r->leverage) ? r->leverage : PAPER_LEVERAGE;
	a->balance = a->equity = a->free_margin = given(r->balance) ? r->balance : PAPER_BALANCE;
	a->margin = 0;
	a->trade_allowed = true;
	a->peak_equity = a->balance;
	a->day_start_equity = NAN;
	a->updated_us = c->deed.now_us;
}

static void check_create(void *self, struct faults *faults)
{
	const struct account_request *r = &((struct change *)self)->request;
	static const char why[] = "is told by the terminal of a live account";
	read_map(self, faults);
	if (r->kind == 0 && r->currency != NULL)
		faults_add(faults, "/currency", "not_allowed", why);
	if (r->kind == 0 && given(r->balance))
		faults_add(faults, "/balance", "not_allowed", why);
	if (r->kind == 0 && given(r->leverage))
		faults_add(faults, "/leverage", "not_allowed", why);
}

static void handle_create(struct exchange *x)
{
	struct change *c = deed_start(x, sizeof *c);
	if (c == NULL || !exchange_decode_checked(x, &c->request, check_create, c))
		return;
	id_make(c->deed.api->options.ids, c->id);
	c->account = (struct trading_account){
		.trading_account_id = c->id,
		.account_id = principal_of(x)->account_id,
		.login = c->request.login,
		.broker = c->request.broker,
		.server = c->request.server,
		.name = c->request.name,
		.symbol_map = c->symbol_map != NULL ? c->symbol_map : "{}",
		.created_us = c->deed.now_us,
	};
	if (c->request.kind != 0)
		begin_paper(c);
	deed_write(&c->deed, apply_create, answer_created);
}

static bool read_named(struct change *c, struct db *db, bool *found, struct err *err)
{
	return rows_named(&c->deed, &account_kind, db, &c->account, found, err);
}

static bool apply_patch(struct deed *deed, struct db *db, struct err *err)
{
	struct change *c = (struct change *)deed;
	bool found;
	if (!read_named(c, db, &found, err))
		return false;
	if (!found)
		return true;
	c->account.name = c->request.name != NULL ? c->request.name : c->account.name;
	c->account.symbol_map = c->symbol_map != NULL ? c->symbol_map : c->account.symbol_map;
	c->account.updated_us = deed->now_us;
	return trading_account_rename(db, &c->account, err) &&
		   deed_audit(deed, db, AUDIT_TRADING_ACCOUNT_UPDATE, c->account.trading_account_id, NULL, 0, err);
}

static void handle_patch(struct exchange *x)
{
	struct change *c = deed_start(x, sizeof *c);
	if (c != NULL && exchange_decode_checked(x, &c->request, read_map, c))
		deed_write(&c->deed, apply_patch, answer_row);
}

static bool apply_primary(struct deed *deed, struct db *db, struct err *err)
{
	struct change *c = (struct change *)deed;
	bool found;
	if (!read_named(c, db, &found, err))
		return false;
	if (!found)
		return true;
	c->account.primary = true;
	return trading_account_promote(db, &c->account, deed->now_us, err) &&
		   deed_audit(deed, db, AUDIT_TRADING_ACCOUNT_PRIMARY, c->account.trading_account_id, NULL, 0, err);
}

static void handle_primary(struct exchange *x)
{
	struct change *c = deed_start(x, sizeof *c);
	if (c != NULL)
		deed_write(&c->deed, apply_primary, answer_row);
}

static bool apply_delete(struct deed *deed, struct db *db, struct err *err)
{
	struct change *c = (struct change *)deed;
	struct trading_account *list;
	size_t count;
	bool found;
	if (!read_named(c, db, &found, err))
		return false;
	if (!found)
		return true;
	if (!trading_account_list(db, c->account.account_id, c->account.owner_id, 2, &deed->x->arena, &list, &count, err))
		return false;
	if (c->account.open_positions > 0)
		return write_refuse(&deed->write, ERR_CONFLICT, "It has open positions.");
	if (count < 2)
		return write_refuse(&deed->write, ERR_ONLY_ACCOUNT, "The only trading account stays.");
	return trading_account_delete(db, &c->account, deed->now_us, err) &&
		   deed_audit(deed, db, AUDIT_TRADING_ACCOUNT_DELETE, c->account.trading_account_id, NULL, 0, err);
}

static void handle_delete(struct exchange *x)
{
	struct change *c = deed_start(x, sizeof *c);
	if (c != NULL)
		deed_write(&c->deed, apply_delete, NULL);
}

static void handle_get(struct exchange *x)
{
	rows_get(x, &account_kind);
}

static void handle_list(struct exchange *x)
{
	rows_list(x, &account_kind);
}

static const struct field account_rows[] = {
	T_STR(id),
	T_STR(owner_id),
	T_ENUM(kind, kind_names),
	T_BOOL(paper),
	T_STR(login),
	T_STR(broker),
	T_STR(server),
	T_STR(name),
	T_MAP(symbol_map, FIELD_STR, DOC("The broker's symbols by instrument")),
	T_BOOL(primary),
	T_STR(currency, NULLABLE),
	T_NUM(leverage, NULLABLE),
	T_NUM(balance, NULLABLE),
	T_NUM(equity, NULLABLE),
	T_NUM(margin, NULLABLE),
	T_NUM(free_margin, NULLABLE),
	T_NUM(margin_level_pct, NULLABLE),
	T_NUM(peak_equity, NULLABLE),
	T_NUM(drawdown_pct, NULLABLE),
	T_INT(open_positions),
	T_TIME(last_snapshot_at, NULLABLE),
	T_TIME(verified_at, NULLABLE, DOC("A terminal was logged in to it")),
	T_BOOL(stale, DOC("No snapshot for a while")),
	T_TIME(created_at),
	T_TIME(updated_at, NULLABLE),
};
static const struct field_table account_table = TOLD_TABLE("trading.account", account_rows);
static const struct field page_rows[] = {T_PAGE(&account_table)};
static const struct field_table accounts_page_table = TOLD_TABLE("trading.accounts", page_rows);

static const enum err_kind create_errors[] = {ERR_DUPLICATE, ERR_NONE};
static const enum err_kind delete_errors[] = {ERR_NOT_FOUND, ERR_ONLY_ACCOUNT, ERR_CONFLICT, ERR_NONE};

const struct route accounts_routes[] = {
	ROUTE(POST, "/api/v1/trading/accounts", "trade.manage", EFFECT_WRITE, handle_create, .operation = "accounts.create",
		  .summary = "Register an account at a broker", .body = &create_table, .result = &account_table, .status = 201,
		  .errors = create_errors, .example = "{\"login\":\"1001\",\"broker\":\"Broker\",\"server\":\"Broker-Live\"}",
		  .doc = "A paper account is simulated inside: its orders go to no terminal."),
	ROUTE(GET, "/api/v1/trading/accounts", "trade.read", EFFECT_READ, handle_list, .operation = "accounts.list",
		  .summary = "Accounts at brokers, primary ones first", .query = &page_ask_table,
		  .result = &accounts_page_table),
	ROUTE(GET, "/api/v1/trading/accounts/{id}", "trade.read", EFFECT_READ, handle_get, .operation = "accounts.get",
		  .summary = "One account at a broker", .result = &account_table),
	ROUTE(PATCH, "/api/v1/trading/accounts/{id}", "trade.manage", EFFECT_WRITE, handle_patch,
		  .operation = "accounts.update", .summary = "Name it, and map its symbols", .body = &patch_table,
		  .result = &account_table),
	ROUTE(PUT, "/api/v1/trading/accounts/{id}/primary", "trade.manage", EFFECT_WRITE, handle_primary,
		  .operation = "accounts.promote", .summary = "Signals are judged against it and delivered to it from now on",
		  .result = &account_table),
	ROUTE(DELETE, "/api/v1/trading/accounts/{id}", "trade.manage", EFFECT_WRITE, handle_delete,
		  .operation = "accounts.delete", .summary = "Take it out; the oldest becomes primary in its place",
		  .status = 204, .errors = delete_errors),
};
const size_t accounts_routes_count = sizeof accounts_routes / sizeof *accounts_routes;
