#include "trade/judge.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "seal/pack.h"
#include "store/store.h"
#include "trade/accounts.h"
#include "trade/conversion.h"
#include "trade/domain/guards.h"
#include "trade/domain/instruments.h"
#include "trade/domain/market_hours.h"
#include "trade/domain/risk.h"
#include "trade/domain/risk_op.h"
#include "trade/domain/size.h"
#include "trade/exact.h"
#include "trade/limits.h"
#include "trade/signal_view.h"

enum { RATE_WINDOW_S = 60 };

/* One judgement under way. */
struct bench {
	const struct judging *j;
	struct judgement *out;
	struct risk_request request;
	const struct instruments *instruments;
	const struct instrument *instrument;
	struct trading_account account;
	bool has_account;
	struct risk_account figures;
	struct risk_quote quote;
	struct quote *quotes; /* of the account */
	size_t quotes_count;
	struct trade_settings settings;
};

static const void *pack_data(const struct judging *j, const char *name)
{
	return packs_find(j->packs, name, NULL, NULL)->data;
}

/* --- the account's side --- */

static double age_s(const struct judging *j, int64_t us)
{
	return us == 0 ? NAN : fmax(0, (double)(j->now_us - us) / 1e6);
}

static void fill_figures(struct bench *b)
{
	const struct trading_account *a = &b->account;
	bool today = a->day == stamp_day_of(b->j->now_us);
	b->figures = (struct risk_account){
		.balance = a->balance,
		.equity = a->equity,
		.free_margin = a->free_margin,
		.peak_equity = a->peak_equity,
		.day_start_equity = today ? a->day_start_equity : NAN,
		.daily_profit = today ? a->equity - a->day_start_equity : NAN,
		.leverage = a->leverage,
		.age_seconds = age_s(b->j, trading_account_seen_us(a)),
	};
	if (b->has_account)
		b->request.account = &b->figures;
}

static const struct quote *quote_of(const struct bench *b, const char *instrument)
{
	for (size_t i = 0; i < b->quotes_count; i++)
		if (strcmp(b->quotes[i].instrument, instrument) == 0)
			return &b->quotes[i];
	return NULL;
}

static double rate_of(const struct bench *b, const char *name, double price)
{
	const struct conversion conversion = {b->instruments, b->account.currency, b->quotes, b->quotes_count};
	return conversion_rate(&conversion, name, price);
}

static bool read_account(struct bench *b, struct err *err)
{
	const struct judging *j = b->j;
	if (!trading_account_primary(j->db, j->row->owner_id, j->arena, &b->account, &b->has_account, err))
		return false;
	if (!b->has_account)
		return true;
	b->out->trading_account_id = b->account.trading_account_id;
	b->out->paper = b->account.paper;
	if (!quote_list(j->db, b->account.trading_account_id, j->arena, &b->quotes, &b->quotes_count, err))
		return false;
	const struct quote *q = quote_of(b, b->instrument->name);
	if (q != NULL) {
		b->quote = (struct risk_quote){q->bid, q->ask, age_s(j, q->quoted_us)};
		b->request.quote = &b->quote;
	}
	fill_figures(b);
	return true;
}

/* What the broker holds, what was placed and not seen yet, and what is on its way to a terminal. */
static bool read_positions(struct bench *b, struct err *err)
{
	const struct judging *j = b->j;
	typeof(b->request.positions) *list = &b->request.positions;
	struct db_rows rows;
	size_t room = 0;
	/* none is an empty list, not an unknown one */
	list->items = arena_more(j->arena, NULL, 0, &room, sizeof *list->items);
	if (list->items == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!db_query(j->db, &rows, err,
				  "SELECT instrument, side, lots, price FROM broker_positions WHERE trading_account_id = $1 "
				  "UNION ALL SELECT p.instrument, p.side, p.lots, COALESCE(p.entry_price, p.requested_price) "
				  "FROM positions p WHERE p.trading_account_id = $1 AND p.status = 'opening' AND NOT EXISTS (SELECT 1 "
				  "FROM broker_positions b WHERE b.trading_account_id = $1 AND b.ticket = p.broker_ticket) "
				  "UNION ALL SELECT s.instrument, s.side, d.lots, s.price FROM deliveries d "
				  "JOIN signals s ON s.signal_id = d.signal_id WHERE d.trading_account_id = $1 "
				  "AND d.state IN ('ready', 'leased', 'doubt') AND d.signal_id <> $2 LIMIT 2000",
				  V_TEXT(b->account.trading_account_id), V_TEXT(j->row->signal_id)))
		return false;
	while (db_next(&rows) &&
		   (list->items = arena_more(j->arena, list->items, list->count, &room, sizeof *list->items)) != NULL) {
		const char *instrument = db_text_dup(&rows, 0, j->arena);
		double price = db_exact(&rows, 3);
		list->items[list->count++] = (struct risk_position){
			.instrument = instrument,
			.side = strcmp(db_text(&rows, 1), "buy") == 0 ? SIDE_BUY : SIDE_SELL,
			.volume = db_exact(&rows, 2),
			.price = price,
			.rate = rate_of(b, instrument, price),
		};
	}
	return db_end(&rows, err) && (list->items != NULL || err_set(err, ERR_LIMIT, "no memory"));
}

static bool read_recent(struct bench *b, struct err *err)
{
	const struct judging *j = b->j;
	typeof(b->request.recent_orders) *list = &b->request.recent_orders;
	double window_s = fmax(RATE_WINDOW_S, b->request.profile.duplicate_window_s);
	struct db_rows rows;
	size_t room = 0;
	list->items = arena_more(j->arena, NULL, 0, &room, sizeof *list->items);
	if (list->items == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!db_query(j->db, &rows, err,
				  "SELECT instrument, side, lots, price, accepted_at FROM signals WHERE trading_account_id = $1 "
				  "AND accepted_at > $2 AND signal_id <> $3 ORDER BY accepted_at DESC LIMIT 2000",
				  V_TEXT(b->account.trading_account_id), V_INT(j->now_us - (int64_t)(window_s * 1e6)),
				  V_TEXT(j->row->signal_id)))
		return false;
	while (db_next(&rows) &&
		   (list->items = arena_more(j->arena, list->items, list->count, &room, sizeof *list->items)) != NULL)
		list->items[list->count++] = (struct risk_recent){
			.instrument = db_text_dup(&rows, 0, j->arena),
			.side = strcmp(db_text(&rows, 1), "buy") == 0 ? SIDE_BUY : SIDE_SELL,
			.volume = db_exact(&rows, 2),
			.price = db_exact(&rows, 3),
			.age_seconds = age_s(j, db_int(&rows, 4)),
		};
	return db_end(&rows, err) && (list->items != NULL || err_set(err, ERR_LIMIT, "no memory"));
}

/* --- state, hours, guards --- */

static bool read_market(struct bench *b, struct err *err)
{
	struct arena *arena = b->j->arena;
	bool open;
	const struct session *session = session_find(pack_data(b->j, "sessions"), b->instrument->session);
	b->request.market = RISK_UNKNOWN;
	if (session != NULL && session->place != NULL) {
		if (!market_open(arena, session, b->j->now_us, &open))
			return err_set(err, ERR_LIMIT, "no memory");
		b->request.market = open ? RISK_PASS : RISK_FAIL;
	}
	return news_status(b->j->db, b->j->row->account_id, b->instrument, b->j->now_us, arena, &b->request.news, err);
}

static void take_nothing(const struct db_rows *rows, void *self)
{
	(void)rows;
	(void)self;
}

/* A guard that asks to close, or whose symbol gaps or spreads, lets nothing be opened [trade.md 6]. */
static bool read_guards(struct bench *b, bool *blocked, struct err *err)
{
	const struct quote *q = quote_of(b, b->instrument->name);
	struct guard_quote_finding found;
	*blocked = false;
	if (!b->has_account)
		return true;
	if (!db_one(b->j->db, err, blocked, take_nothing, NULL,
				"SELECT 1 FROM guard_episodes WHERE trading_account_id = $1 AND instrument = '' LIMIT 1",
				V_TEXT(b->account.trading_account_id)))
		return false;
	if (q == NULL)
		return true;
	guard_check_quote(&(struct guard_quote){q->bid, q->ask, NAN, q->open, q->prev_close}, &found);
	*blocked |= found.action != GUARD_NONE && (found.reasons & (GUARD_GAP | GUARD_SPREAD)) != 0;
	return true;
}

static bool read_state(struct bench *b, struct err *err)
{
	const struct signal_row *row = b->j->row;
	bool blocked;
	if (!trading_state_of(b->j->db, row->account_id, row->owner_id, b->out->trading_account_id, &b->request.state,
						  err) ||
		!read_guards(b, &blocked, err))
		return false;
	bool forbidden = b->has_account && !b->account.trade_allowed;
	if ((blocked || forbidden) && b->request.state == STATE_ACTIVE)
		b->request.state = STATE_REDUCING;
	return true;
}

/* --- the order --- */

static double sized(const struct bench *b)
{
	const struct signal *s = b->j->signal;
	const struct instrument *i = b->instrument;
	double rate = rate_of(b, i->name, s->price);
	if (given(b->j->wanted))
		return b->j->wanted;
	if (given(s->volume))
		return s->volume;
	if (given(b->settings.position_size))
		return b->settings.position_size;
	if (!given(s->stop_loss) || !(b->account.equity > 0) || !b->has_account || !given(rate))
		return NAN;
	struct lots lots = size_by_stop(b->account.equity, b->request.profile.risk_percent, s->price, s->stop_loss,
									i->contract_size, rate, (struct lot_rules){i->lot_step, i->min_lot, i->max_lot});
	return lots.too_small ? NAN : lots.lots;
}

static void fill_order(struct bench *b)
{
	const struct signal *s = b->j->signal;
	b->out->lots = sized(b);
	b->request.order = (struct risk_order){
		.instrument = s->instrument,
		.side = s->side,
		.price = s->price,
		.volume = b->out->lots,
		.stop_loss = s->stop_loss,
		.take_profit = s->take_profit,
		.rate = b->has_account ? rate_of(b, s->instrument, s->price) : NAN,
	};
}

/* --- what is told --- */

static bool tell(struct bench *b, struct risk_decision *decision, struct err *err)
{
	struct arena *arena = b->j->arena;
	const struct risk_report report = risk_report_of(arena, decision);
	struct buf names, failed;
	struct jw jw;
	buf_init(&names, 0);
	buf_init(&failed, 0);
	jw_init(&jw, &failed);
	jw_array(&jw);
	for (size_t i = 0; i < report.failed.count; i++) {
		jw_str(&jw, report.failed.items[i]);
		buf_adds(&names, i > 0 ? ", " : "");
		buf_adds(&names, report.failed.items[i]);
	}
	jw_array_end(&jw);
	b->out->accept = decision->accept;
	b->out->risk = signal_risk_text(arena, &report);
	b->out->failed = arena_dupn(arena, buf_text(&failed), failed.size);
	b->out->names = arena_dupn(arena, buf_text(&names), names.size);
	buf_fini(&names);
	buf_fini(&failed);
	return (b->out->risk != NULL && !arena->full) || err_set(err, ERR_LIMIT, "no memory");
}

/*
 * Every table that a judgement reads.  Of signals it is only those that risk has accepted, and what of them never
 * changes; a signal is accepted together with the opening of its request (signal_judged()), which stands for it here:
 * else each signal that is blocked would make the others' judgements void.
 */
static const char *const judged_by[] = {"risk_profiles",    "trade_settings",
										"trading_accounts", "quotes",
										"broker_positions", "positions",
										"deliveries",       "news_windows",
										"trading_states",   "countersign_requests",
										"guard_episodes",   NULL};

const struct store_watch *judge_watch(struct store *store)
{
	return store_watch(store, judged_by);
}

bool judge(const struct judging *j, struct judgement *out, struct err *err)
{
	struct profile_row profile;
	struct risk_decision *decision = arena_new(j->arena, struct risk_decision);
	struct bench b = {.j = j, .out = out, .instruments = pack_data(j, "instruments")};
	*out = (struct judgement){.lots = NAN};
	b.instrument = instrument_find(b.instruments, j->signal->instrument);
	if (decision == NULL || b.instrument == NULL)
		return err_set(err, ERR_INTERNAL, "the signal's instrument is not in the pack");
	if (!profile_in_force(j->db, j->row->account_id, j->platform, j->arena, &profile, NULL, err) ||
		!settings_get(j->db, j->row->account_id, j->arena, &b.settings, err) || !read_account(&b, err))
		return false;
	out->profile_version = profile.version;
	out->profile = b.request.profile = profile.profile;
	b.request.min_equity = guard_config_of(j->arena, b.settings.guards).min_equity;
	if (b.has_account && (!read_positions(&b, err) || !read_recent(&b, err)))
		return false;
	if (!read_market(&b, err) || !read_state(&b, err))
		return false;
	fill_order(&b);
	return (risk_check(j->arena, b.instruments, &b.request, decision) || err_set(err, ERR_LIMIT, "no memory")) &&
		   tell(&b, decision, err);
}

bool signal_of_row(const struct signal_row *row, struct arena *arena, struct signal *signal, struct err *err)
{
	const struct json *json;
	struct faults faults;
	const struct stamp_fault *fault;
	faults_init(&faults, arena);
	if (!json_parse(arena, row->content, strlen(row->content), &json_body_limits, &json, err))
		return false;
	if (!field_decode(&signal_content_table, json, signal, arena, "", &faults) ||
		!stamp_parse(signal->time, strlen(signal->time), &signal->time_us, &fault))
		return err_set(err, ERR_INTERNAL, "the stored signal cannot be read");
	signal->expiry_us = row->expires_us;
	return true;
}
