#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "seal/op.h"
#include "trade/analysis.h"
#include "trade/deed.h"
#include "trade/domain/performance.h"
#include "trade/domain/trades.h"
#include "trade/exact.h"
#include "trade/tell.h"
#include "trade/trade_internal.h"
#include "trade/trade_routes.h"

/*
 * /api/v1/public/performance/{slug}: what a tenant shows to everybody, once it has switched that on [trade.md 9.5].
 * Positions count some time after they were closed, so that nobody can follow them; nothing says whose they are, at
 * which broker, or at which prices.
 */

enum { DELAY_USUAL = 1440, DELAY_MAX = 525600, SLUG_MIN = 3, SLUG_MAX = 64, TITLE_MAX = 120 };

static const char disclaimer[] =
	"Results of closed positions as this server recorded them, told with a delay. Past performance says nothing about "
	"future results. This is no advice and no offer.";

struct page {
	const char *account_id, *slug, *title;
	int64_t delay_minutes, updated_us;
	double initial_balance;
	bool enabled;
};

static const struct field page_fields[] = {
	F_BOOL(page, enabled, REQUIRED, DOC("Show it to everybody")),
	F_STR(page, slug, REQUIRED, LENGTH(SLUG_MIN, SLUG_MAX), DOC("Its name in the address: a-z, 0-9 and -")),
	F_STR(page, title, LENGTH(0, TITLE_MAX), DEFAULT_TEXT(""), DOC("What people see; name nobody")),
	F_INT(page, delay_minutes, RANGE(1, DELAY_MAX), DEFAULT(DELAY_USUAL), UNIT("min"),
		  DOC("Positions count so long after they were closed")),
	F_NUM(page, initial_balance, ABOVE(0, 1e9), DEFAULT(10000), DOC("Equity before the first position")),
};
static const struct field_table page_table = FIELD_TABLE("trade.public", page, page_fields);

#define COLUMNS "account_id, slug, enabled, title, delay_minutes, initial_balance, updated_at"

struct reading {
	struct exchange *x;
	const char *by, *value; /* a column and what it is to be */
	struct page page;
	bool found;
};

static void take(const struct db_rows *row, void *self)
{
	struct reading *r = self;
	struct arena *arena = &r->x->arena;
	r->page = (struct page){.account_id = db_text_dup(row, 0, arena),
							.slug = db_text_dup(row, 1, arena),
							.enabled = db_int(row, 2) != 0,
							.title = db_text_dup(row, 3, arena),
							.delay_minutes = db_int(row, 4),
							.initial_balance = db_exact(row, 5),
							.updated_us = db_int(row, 6)};
}

static bool read_own(struct db *db, void *self, struct err *err)
{
	struct reading *r = self;
	return db_one(db, err, &r->found, take, r, "SELECT " COLUMNS " FROM trade_public WHERE account_id = $1",
				  V_TEXT(r->value));
}

static bool read_shown(struct db *db, void *self, struct err *err)
{
	struct reading *r = self;
	return db_one(db, err, &r->found, take, r, "SELECT " COLUMNS " FROM trade_public WHERE slug = $1 AND enabled = 1",
				  V_TEXT(r->value));
}

/* --- the owner's side --- */

static void answer_page(struct exchange *x, const struct page *page)
{
	struct telling t;
	tell_begin(&t);
	jw_member_bool(&t.jw, "enabled", page->enabled);
	jw_member_str(&t.jw, "slug", page->slug);
	jw_member_str(&t.jw, "title", page->title);
	jw_member_int(&t.jw, "delay_minutes", page->delay_minutes);
	tell_money(&t.jw, "initial_balance", page->initial_balance);
	tell_time(&t.jw, "updated_at", page->updated_us);
	tell_end(&t, x, 200);
}

static void handle_get(struct exchange *x)
{
	static const struct page off = {.delay_minutes = DELAY_USUAL, .initial_balance = 10000, .title = ""};
	struct reading r = {.x = x, .value = principal_of(x)->account_id};
	if (tell_read(x, read_own, &r))
		answer_page(x, r.found ? &r.page : &off);
}

struct change {
	struct deed deed; /* first */
	struct page page;
};

static bool apply_put(struct deed *deed, struct db *db, struct err *err)
{
	const struct change *c = (const struct change *)deed;
	const struct page *p = &c->page;
	const char *account_id = principal_of(deed->x)->account_id;
	struct reading other = {.x = deed->x, .value = p->slug};
	if (!db_one(db, err, &other.found, take, &other, "SELECT " COLUMNS " FROM trade_public WHERE slug = $1",
				V_TEXT(p->slug)))
		return false;
	if (other.found && strcmp(other.page.account_id, account_id) != 0)
		return write_refuse(&deed->write, ERR_DUPLICATE, "This name is taken.");
	return db_run(db, err,
				  "INSERT INTO trade_public (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account_id) "
				  "DO UPDATE SET slug = excluded.slug, enabled = excluded.enabled, title = excluded.title, "
				  "delay_minutes = excluded.delay_minutes, initial_balance = excluded.initial_balance, "
				  "updated_at = excluded.updated_at",
				  V_TEXT(account_id), V_TEXT(p->slug), V_INT(p->enabled), V_TEXT(p->title), V_INT(p->delay_minutes),
				  V_INT(exact_of(p->initial_balance)), V_INT(p->updated_us)) &&
		   deed_audit(deed, db, AUDIT_TRADING_SETTINGS, account_id, NULL, 0, err);
}

static void answer_put(struct deed *deed)
{
	answer_page(deed->x, &((const struct change *)deed)->page);
}

static void check(void *self, struct faults *faults)
{
	const char *slug = ((const struct change *)self)->page.slug;
	if (slug != NULL && slug[strspn(slug, "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0')
		faults_add(faults, "/slug", "format", "must be of a-z, 0-9 and -");
}

static void handle_put(struct exchange *x)
{
	struct change *c = deed_start(x, sizeof *c);
	if (c == NULL || !exchange_decode_checked(x, &c->page, check, c))
		return;
	c->page.updated_us = c->deed.now_us;
	deed_write(&c->deed, apply_put, answer_put);
}

/* --- everybody's side --- */

/* The page and its facts.  False: answered; one that is off is as one that never was. */
static bool start(struct exchange *x, struct reading *r, struct analysis *a)
{
	enum { ALL = 3 /* of analysis_window_names */ };
	*r = (struct reading){.x = x, .value = exchange_param(x, "slug")};
	if (!tell_read(x, read_shown, r))
		return false;
	if (!r->found) {
		exchange_failf(x, ERR_NOT_FOUND, "There is no such page.");
		return false;
	}
	*a = (struct analysis){.x = x,
						   .account_id = r->page.account_id,
						   .delay_us = r->page.delay_minutes * 60 * STAMP_US_PER_S,
						   .ask = {.window = ALL, .kind = KIND_AUTO, .initial_balance = r->page.initial_balance}};
	exchange_set(x, "Cache-Control", "public, max-age=60");
	return analysis_start(a);
}

static void write_head(struct jw *jw, const struct page *page, const struct analysis *a)
{
	double last = a->days[a->days_count - 1].equity;
	jw_member_str(jw, "slug", page->slug);
	jw_member_str(jw, "title", page->title);
	jw_member_str(jw, "kind", analysis_kind_of(a));
	jw_member_str(jw, "disclaimer", disclaimer);
	jw_member_int(jw, "delay_minutes", page->delay_minutes);
	tell_time(jw, "as_of", a->to_us);
	jw_member_int(jw, "count", (int64_t)a->facts_count);
	tell_money(jw, "initial_balance", a->ask.initial_balance);
	tell_money(jw, "final_equity", last);
	tell_ratio(jw, "total_return", last / a->ask.initial_balance - 1);
}

static void handle_summary(struct exchange *x)
{
	static const char *const parts[] = {"returns", "trades", NULL};
	struct reading r;
	struct analysis a;
	struct op_answer answer;
	struct telling t;
	if (!start(x, &r, &a) || !analysis_run(&a, false, &answer))
		return;
	tell_begin(&t);
	write_head(&t.jw, &r.page, &a);
	for (size_t i = 0; parts[i] != NULL; i++)
		analysis_part(&t.jw, x, &answer, parts[i]);
	tell_end(&t, x, 200);
}

static void handle_equity(struct exchange *x)
{
	struct reading r;
	struct analysis a;
	struct telling t;
	if (!start(x, &r, &a))
		return;
	tell_begin(&t);
	write_head(&t.jw, &r.page, &a);
	analysis_points(&t.jw, &a, true);
	tell_end(&t, x, 200);
}

static const struct field switch_rows[] = {
	T_BOOL(enabled),        T_STR(slug, NULLABLE),        T_STR(title), T_INT(delay_minutes, UNIT("min")),
	T_NUM(initial_balance), T_TIME(updated_at, NULLABLE),
};
static const struct field_table switch_table = TOLD_TABLE("trade.public", switch_rows);
static const struct field head_rows[] = {
	T_STR(slug),
	T_STR(title),
	T_STR(kind),
	T_STR(disclaimer),
	T_INT(delay_minutes, UNIT("min")),
	T_TIME(as_of),
	T_INT(count, DOC("Positions")),
	T_NUM(initial_balance),
	T_NUM(final_equity),
	T_NUM(total_return),
};
static const struct field_table head_table = TOLD_TABLE("public.head", head_rows);
static const struct field summary_rows[] = {
	T_ALL(&head_table),
	T_OBJECT(returns, &performance_returns_table, NULLABLE),
	T_OBJECT(trades, &trade_figures_table, NULLABLE),
};
static const struct field_table summary_table = TOLD_TABLE("public.summary", summary_rows);
static const struct field equity_rows[] = {T_ALL(&head_table), T_OBJECTS(points, &analysis_point_table)};
static const struct field_table equity_table = TOLD_TABLE("public.equity", equity_rows);

static const enum err_kind put_errors[] = {ERR_DUPLICATE, ERR_NONE};
static const enum err_kind shown_errors[] = {ERR_NOT_FOUND, ERR_NONE};

#define SHOWN .errors = shown_errors, .rate_class = "trade.share"
const struct route public_routes[] = {
	ROUTE(GET, "/api/v1/trade/public", "trade.read", EFFECT_READ, handle_get, .operation = "trade.public",
		  .summary = "What everybody is shown of the performance", .result = &switch_table),
	ROUTE(PUT, "/api/v1/trade/public", "trade.risk", EFFECT_WRITE, handle_put, .operation = "trade.update_public",
		  .summary = "Show the performance to everybody, or stop that", .body = &page_table, .result = &switch_table,
		  .errors = put_errors, .example = "{\"enabled\":true,\"slug\":\"our-desk\",\"delay_minutes\":1440}"),
	ROUTE(GET, "/api/v1/public/performance/{slug}/summary", PUBLIC, EFFECT_COMPUTE, handle_summary,
		  .operation = "public.summary", .summary = "Figures of closed positions, with a delay",
		  .result = &summary_table, SHOWN),
	ROUTE(GET, "/api/v1/public/performance/{slug}/equity", PUBLIC, EFFECT_COMPUTE, handle_equity,
		  .operation = "public.equity", .summary = "Equity a day, with a delay", .result = &equity_table, SHOWN),
};
const size_t public_routes_count = sizeof public_routes / sizeof *public_routes;
