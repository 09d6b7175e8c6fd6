#include "trade/snapshots.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "core/num.h"
#include "core/stamp.h"
#include "seal/outbox.h"
#include "seal/pack.h"
#include "store/store.h"
#include "trade/bars.h"
#include "trade/domain/instruments.h"
#include "trade/domain/reconcile.h"
#include "trade/domain/risk.h"
#include "trade/doubt.h"
#include "trade/exact.h"
#include "trade/figures.h"
#include "trade/trade_internal.h"

enum { ROWS_MAX = 2000, TEXT_MAX = 64, SKEW_S = 300, OPEN_MAX = 10000, CLOCK_GRACE_S = 5, QUOTE_AHEAD_S = 60 };
enum { THINNED_BACK = 120 /* stretches looked at behind the limit: a terminal may have been away meanwhile */ };

/* --- as it comes in --- */

#define MONEY(s, m, ...) F_NUM(s, m, RANGE(-1e12, 1e12), __VA_ARGS__)
#define PRICE(s, m, ...) F_NUM(s, m, RANGE(0, 1e9), __VA_ARGS__)
#define LOTS(s) F_NUM(s, volume, REQUIRED, ABOVE(0, 1e6), UNIT("lots"))
#define MAGIC(s) F_INT(s, magic, RANGE(0, 9007199254740991), DEFAULT(0))

static const struct field account_fields[] = {
	F_STR(snapshot_account, login, REQUIRED, LENGTH(1, TEXT_MAX)),
	F_STR(snapshot_account, broker, LENGTH(0, 200), DEFAULT_TEXT("")),
	F_STR(snapshot_account, server, LENGTH(0, 200), DEFAULT_TEXT("")),
	F_STR(snapshot_account, currency, REQUIRED, LENGTH(3, 10)),
	F_NUM(snapshot_account, leverage, RANGE(0, 1e5), DOC("100 is 1:100; left out or 0: unknown")),
	MONEY(snapshot_account, balance, REQUIRED),
	MONEY(snapshot_account, equity, REQUIRED),
	MONEY(snapshot_account, margin),
	MONEY(snapshot_account, free_margin),
	F_BOOL(snapshot_account, trade_allowed, DEFAULT(true)),
};
static const struct field_table account_table =
	FIELD_TABLE("client.snapshot.account", snapshot_account, account_fields);

static const struct field position_fields[] = {
	F_STR(snapshot_position, ticket, REQUIRED, LENGTH(1, TEXT_MAX), DOC("Digits")),
	F_STR(snapshot_position, symbol, REQUIRED, LENGTH(1, TEXT_MAX), DOC("The broker's spelling")),
	F_ENUM(snapshot_position, side, trade_side_names, REQUIRED),
	LOTS(snapshot_position),
	PRICE(snapshot_position, open_price, REQUIRED),
	PRICE(snapshot_position, current_price),
	PRICE(snapshot_position, stop_loss, DOC("0 is none")),
	PRICE(snapshot_position, take_profit, DOC("0 is none")),
	MONEY(snapshot_position, profit, DEFAULT(0)),
	MONEY(snapshot_position, swap, DEFAULT(0)),
	MONEY(snapshot_position, commission, DEFAULT(0)),
	MAGIC(snapshot_position),
	F_STR(snapshot_position, comment, LENGTH(0, TEXT_MAX)),
	F_STR(snapshot_position, open_time, FORMAT("date-time")),
};
static const struct field_table position_table =
	FIELD_TABLE("client.snapshot.position", snapshot_position, position_fields);

static const struct field order_fields[] = {
	F_STR(snapshot_order, ticket, REQUIRED, LENGTH(1, TEXT_MAX), DOC("Digits")),
	MAGIC(snapshot_order),
	F_STR(snapshot_order, comment, LENGTH(0, TEXT_MAX)),
};
static const struct field_table order_table = FIELD_TABLE("client.snapshot.order", snapshot_order, order_fields);

static const char *const entry_names[] = {"in", "out", NULL};
static const struct field deal_fields[] = {
	F_STR(snapshot_deal, ticket, REQUIRED, LENGTH(1, TEXT_MAX), DOC("Digits")),
	F_STR(snapshot_deal, position_ticket, REQUIRED, LENGTH(1, TEXT_MAX), DOC("Digits")),
	F_STR(snapshot_deal, symbol, REQUIRED, LENGTH(1, TEXT_MAX)),
	F_ENUM(snapshot_deal, side, trade_side_names, REQUIRED),
	F_ENUM(snapshot_deal, entry, entry_names, REQUIRED),
	LOTS(snapshot_deal),
	PRICE(snapshot_deal, price, REQUIRED),
	MONEY(snapshot_deal, profit, DEFAULT(0)),
	MONEY(snapshot_deal, swap, DEFAULT(0)),
	MONEY(snapshot_deal, commission, DEFAULT(0)),
	F_ENUM(snapshot_deal, reason, recon_deal_reason_names, DEFAULT(DEAL_CLIENT)),
	MAGIC(snapshot_deal),
	F_STR(snapshot_deal, time, FORMAT("date-time")),
};
static const struct field_table deal_table = FIELD_TABLE("client.snapshot.deal", snapshot_deal, deal_fields);

static const struct field quote_fields[] = {
	F_STR(snapshot_quote, symbol, REQUIRED, LENGTH(1, TEXT_MAX)),
	F_NUM(snapshot_quote, bid, REQUIRED, RANGE(-1e9, 1e9)),
	F_NUM(snapshot_quote, ask, REQUIRED, RANGE(-1e9, 1e9)),
	F_STR(snapshot_quote, time, FORMAT("date-time"), DOC("Of the tick; left out: when the snapshot was taken")),
	PRICE(snapshot_quote, open, DOC("Of the day")),
	PRICE(snapshot_quote, prev_close, DOC("Of the day before")),
};
static const struct field_table quote_table = FIELD_TABLE("client.snapshot.quote", snapshot_quote, quote_fields);

static const struct field snapshot_fields[] = {
	F_INT(snapshot, seq, RANGE(0, 9007199254740991), DOC("Rises from snapshot to snapshot of a device")),
	F_STR(snapshot, taken_at, REQUIRED, FORMAT("date-time")),
	F_OBJECT(snapshot, account, &account_table, REQUIRED),
	F_OBJECTS(snapshot, positions, &position_table, COUNT(0, ROWS_MAX)),
	F_OBJECTS(snapshot, orders, &order_table, COUNT(0, ROWS_MAX), DOC("Limit and stop orders that wait at the broker")),
	F_OBJECTS(snapshot, deals, &deal_table, COUNT(0, ROWS_MAX), DOC("Idempotent by ticket")),
	F_OBJECTS(snapshot, quotes, &quote_table, COUNT(0, ROWS_MAX)),
};
const struct field_table snapshot_table = FIELD_TABLE("client.snapshot", snapshot, snapshot_fields);

static void check_ticket(struct faults *faults, const char *list, size_t i, const char *member, const char *ticket)
{
	size_t size = ticket != NULL ? strlen(ticket) : 0;
	if (ticket == NULL || (size <= 20 && strspn(ticket, "0123456789") == size))
		return;
	faults_add(faults, field_pointer(faults->arena, field_pointer_index(faults->arena, list, i), member), "format",
			   "must be digits");
}

static void check_time(struct faults *faults, const char *pointer, const char *text, int64_t *us)
{
	const struct stamp_fault *fault;
	if (text != NULL && !stamp_parse(text, strlen(text), us, &fault))
		faults_add(faults, pointer, fault->code, "%s", fault->message);
}

void snapshot_check(struct snapshot *s, int64_t now_us, struct faults *faults)
{
	struct arena *arena = faults->arena;
	check_time(faults, "/taken_at", s->taken_at, &s->taken_us);
	if (s->taken_us > now_us + SKEW_S * STAMP_US_PER_S)
		faults_add(faults, "/taken_at", "range", "must be at most %d s ahead", SKEW_S);
	for (size_t i = 0; i < s->positions.count; i++)
		check_ticket(faults, "/positions", i, "ticket", s->positions.items[i].ticket);
	for (size_t i = 0; i < s->orders.count; i++)
		check_ticket(faults, "/orders", i, "ticket", s->orders.items[i].ticket);
	for (size_t i = 0; i < s->deals.count; i++) {
		struct snapshot_deal *d = &s->deals.items[i];
		d->time_us = s->taken_us;
		check_ticket(faults, "/deals", i, "ticket", d->ticket);
		check_ticket(faults, "/deals", i, "position_ticket", d->position_ticket);
		check_time(faults, field_pointer(arena, field_pointer_index(arena, "/deals", i), "time"), d->time, &d->time_us);
	}
	for (size_t i = 0; i < s->quotes.count; i++) {
		struct snapshot_quote *q = &s->quotes.items[i];
		q->time_us = s->taken_us;
		check_time(faults, field_pointer(arena, field_pointer_index(arena, "/quotes", i), "time"), q->time,
				   &q->time_us);
	}
}

/* --- taking it in --- */

struct taking {
	const struct leasing *l;
	struct trading_account *account;
	struct snapshot *s;
	const char *device_id;
	struct sync *sync;
	const struct json *map; /* instrument: symbol */
	const struct instruments *instruments;
	struct position *open; /* that the snapshot can say something about */
	size_t open_count;
};

/* The instrument of a broker's symbol: by the account's map, else by its own name; NULL: in no pack. */
static const struct instrument *instrument_of(const struct taking *t, const char *symbol)
{
	for (uint32_t i = 0; t->map != NULL && t->map->kind == JS_OBJECT && i < t->map->count; i++) {
		const struct json_member *m = &t->map->members[i];
		if (m->value.kind == JS_STRING && strcmp(m->value.text, symbol) == 0)
			return instrument_find(t->instruments, m->name);
	}
	return instrument_find(t->instruments, symbol);
}

static void name_instruments(struct taking *t)
{
	const struct instrument *i;
	for (size_t k = 0; k < t->s->positions.count; k++) {
		struct snapshot_position *p = &t->s->positions.items[k];
		i = instrument_of(t, p->symbol);
		p->instrument = i != NULL ? i->name : p->symbol;
	}
	for (size_t k = 0; k < t->s->deals.count; k++) {
		struct snapshot_deal *d = &t->s->deals.items[k];
		i = instrument_of(t, d->symbol);
		d->instrument = i != NULL ? i->name : d->symbol;
	}
	for (size_t k = 0; k < t->s->quotes.count; k++) {
		i = instrument_of(t, t->s->quotes.items[k].symbol);
		t->s->quotes.items[k].instrument = i != NULL ? i->name : NULL;
	}
}

/* Figures: the peak rises with the equity, the day begins with its first one. */
static void fill_account(struct taking *t)
{
	const struct snapshot_account *from = &t->s->account;
	struct trading_account *a = t->account;
	int64_t day = stamp_day_of(t->s->taken_us);
	a->broker = a->broker[0] == '\0' ? from->broker : a->broker;
	a->server = a->server[0] == '\0' ? from->server : a->server;
	a->currency = from->currency;
	a->leverage = from->leverage > 0 ? from->leverage : NAN;
	a->balance = from->balance;
	a->equity = from->equity;
	a->margin = from->margin;
	a->free_margin = from->free_margin;
	a->trade_allowed = from->trade_allowed;
	a->peak_equity = given(a->peak_equity) ? fmax(a->peak_equity, from->equity) : from->equity;
	if (a->day != day || !given(a->day_start_equity)) {
		a->day = day;
		a->day_start_equity = from->equity;
	}
	a->taken_us = t->s->taken_us;
	a->last_snapshot_us = t->l->now_us;
	a->verified_us = a->verified_us != 0 ? a->verified_us : t->l->now_us;
	a->syncs++;
	a->updated_us = t->l->now_us;
}

static double level(double x)
{
	return x > 0 ? x : NAN;
}

/*
 * A tick cannot be newer than the snapshot that tells it.  One that claims so has a clock of its own (a trade server's
 * local time is hours ahead): taken at its word it would look fresh for hours after the last price.
 */
static int64_t quoted_us(const struct taking *t, const struct snapshot_quote *q)
{
	if (q->time_us > t->s->taken_us + QUOTE_AHEAD_S * STAMP_US_PER_S)
		return 0;
	return q->time_us < t->l->now_us ? q->time_us : t->l->now_us;
}

static bool store_quotes(struct taking *t, struct err *err)
{
	for (size_t i = 0; i < t->s->quotes.count; i++) {
		const struct snapshot_quote *from = &t->s->quotes.items[i];
		/* a bar that is not there is told as 0, and must not look like a gap */
		const struct quote quote = {from->instrument,        from->bid,         from->ask, level(from->open),
									level(from->prev_close), quoted_us(t, from)};
		const char *account = t->account->trading_account_id;
		if (from->instrument == NULL)
			continue;
		if (!quote_put(t->l->db, account, &quote, err) ||
			(from->bid > 0 && quote.quoted_us > 0 &&
			 !bars_note(t->l->db, account, from->instrument, from->bid, from->time_us, err)))
			return false;
	}
	return true;
}

static bool store_positions(struct taking *t, struct err *err)
{
	if (!db_run(t->l->db, err, "DELETE FROM broker_positions WHERE trading_account_id = $1",
				V_TEXT(t->account->trading_account_id)))
		return false;
	for (size_t i = 0; i < t->s->positions.count; i++) {
		const struct snapshot_position *p = &t->s->positions.items[i];
		if (!db_run(t->l->db, err,
					"INSERT INTO broker_positions (trading_account_id, ticket, instrument, side, lots, price) "
					"VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (trading_account_id, ticket) DO NOTHING",
					V_TEXT(t->account->trading_account_id), V_TEXT(p->ticket), V_TEXT(p->instrument),
					V_TEXT(trade_side_names[p->side]), V_EXACT(p->volume),
					V_EXACT(p->current_price > 0 ? p->current_price : p->open_price)))
			return false;
	}
	return true;
}

static bool store_deals(struct taking *t, struct err *err)
{
	for (size_t i = 0; i < t->s->deals.count; i++) {
		const struct snapshot_deal *d = &t->s->deals.items[i];
		if (!db_run(t->l->db, err,
					"INSERT INTO deals (trading_account_id, ticket, position_ticket, instrument, side, entry, lots, "
					"price, profit, swap, commission, reason, magic, dealt_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, "
					"$9, $10, $11, $12, $13, $14) ON CONFLICT (trading_account_id, ticket) DO NOTHING",
					V_TEXT(t->account->trading_account_id), V_TEXT(d->ticket), V_TEXT(d->position_ticket),
					V_TEXT(d->instrument), V_TEXT(trade_side_names[d->side]), V_TEXT(entry_names[d->entry]),
					V_EXACT(d->volume), V_EXACT(d->price), V_MONEY(d->profit), V_MONEY(d->swap), V_MONEY(d->commission),
					V_TEXT(recon_deal_reason_names[d->reason]), V_INT(d->magic), V_INT(d->time_us)))
			return false;
	}
	return true;
}

/* Of the rows that have grown old, one stays for each stretch of time: the first [trade.md 5]. */
static bool thin(struct taking *t, int64_t age_us, int64_t stretch_us, struct err *err)
{
	int64_t old_us = t->l->now_us - age_us;
	return db_run(t->l->db, err,
				  "DELETE FROM account_snapshots WHERE trading_account_id = $1 AND taken_at <= $2 AND taken_at > $3 "
				  "AND EXISTS (SELECT 1 FROM account_snapshots s WHERE s.trading_account_id = $1 "
				  "AND s.taken_at < account_snapshots.taken_at AND s.taken_at >= account_snapshots.taken_at - $4 "
				  "AND s.taken_at / $4 = account_snapshots.taken_at / $4)",
				  V_TEXT(t->account->trading_account_id), V_INT(old_us), V_INT(old_us - THINNED_BACK * stretch_us),
				  V_INT(stretch_us));
}

static bool thin_history(struct taking *t, struct err *err)
{
	return thin(t, STAMP_US_PER_DAY, 60 * STAMP_US_PER_S, err) &&
		   thin(t, 30 * STAMP_US_PER_DAY, 3600 * STAMP_US_PER_S, err);
}

static bool store_history(struct taking *t, struct err *err)
{
	char id[ID_TEXT];
	id_make(t->l->api->options.ids, id);
	const struct trading_account *a = t->account;
	return db_run(
		t->l->db, err,
		"INSERT INTO account_snapshots (snapshot_id, account_id, trading_account_id, balance, equity, margin, "
		"free_margin, positions, taken_at, received_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
		V_TEXT(id), V_TEXT(a->account_id), V_TEXT(a->trading_account_id), V_MONEY(a->balance), V_MONEY(a->equity),
		V_MONEY(a->margin), V_MONEY(a->free_margin), V_INT((int64_t)t->s->positions.count), V_INT(a->taken_us),
		V_INT(t->l->now_us));
}

/* --- reconciling --- */

/* Does the snapshot name the ticket, as open or as traded? */
static bool names(const struct taking *t, const char *ticket)
{
	for (size_t i = 0; i < t->s->positions.count; i++)
		if (strcmp(t->s->positions.items[i].ticket, ticket) == 0)
			return true;
	for (size_t i = 0; i < t->s->deals.count; i++)
		if (strcmp(t->s->deals.items[i].position_ticket, ticket) == 0)
			return true;
	return false;
}

/* Does it wait at the broker for its price?  It is no position yet, and not gone either. */
static bool waits(const struct taking *t, const char *ticket)
{
	for (size_t i = 0; i < t->s->orders.count; i++)
		if (strcmp(t->s->orders.items[i].ticket, ticket) == 0)
			return true;
	return false;
}

/*
 * A snapshot taken before the acknowledgement says nothing about a position.  Two clocks are compared here, so that one
 * never seen counts as gone only when the snapshot is clearly later, or names its deal.
 */
static bool speaks_of(const struct taking *t, const struct position *p)
{
	if (names(t, p->broker_ticket))
		return true;
	if (waits(t, p->broker_ticket))
		return false;
	if (p->status != POSITION_OPENING)
		return true;
	return t->s->taken_us >= p->updated_us + CLOCK_GRACE_S * STAMP_US_PER_S;
}

static bool read_open(struct taking *t, struct err *err)
{
	const struct position_filter filter = {
		.trading_account_id = t->account->trading_account_id, .open = true, .limit = OPEN_MAX};
	struct position *all;
	size_t count;
	if (!position_list(t->l->db, &filter, t->l->arena, &all, &count, err))
		return false;
	t->open = all;
	for (size_t i = 0; i < count; i++)
		if (speaks_of(t, &all[i]))
			t->open[t->open_count++] = all[i];
	return true;
}

static void take_deal(const struct db_rows *row, struct arena *arena, struct recon_deal *d)
{
	int reason = 0;
	while (strcmp(recon_deal_reason_names[reason], db_text(row, 7)) != 0)
		reason++;
	*d = (struct recon_deal){
		.position_ticket = db_text_dup(row, 0, arena),
		.out = strcmp(db_text(row, 1), "out") == 0,
		.volume = db_exact(row, 2),
		.price = db_exact(row, 3),
		.profit = db_money(row, 4),
		.swap = db_money(row, 5),
		.commission = db_money(row, 6),
		.reason = reason,
		.time_us = db_int(row, 8),
	};
}

/* All deals of the open positions, of earlier snapshots too. */
static bool read_deals(struct taking *t, struct recon_input *in, struct err *err)
{
	struct recon_deal *deals = arena_array(t->l->arena, OPEN_MAX, sizeof *deals);
	struct db_rows rows;
	if (deals == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!db_query(t->l->db, &rows, err,
				  "SELECT d.position_ticket, d.entry, d.lots, d.price, d.profit, d.swap, d.commission, d.reason, "
				  "d.dealt_at FROM positions p JOIN deals d ON d.trading_account_id = p.trading_account_id AND "
				  "d.position_ticket = p.broker_ticket WHERE p.trading_account_id = $1 AND p.status <> 'closed' "
				  "ORDER BY d.dealt_at, d.ticket LIMIT 10000",
				  V_TEXT(t->account->trading_account_id)))
		return false;
	while (db_next(&rows))
		take_deal(&rows, t->l->arena, &deals[in->deals_count++]);
	in->deals = deals;
	return db_end(&rows, err);
}

static bool fill_input(struct taking *t, struct recon_input *in, struct err *err)
{
	struct arena *arena = t->l->arena;
	struct recon_expected *expected = arena_array(arena, t->open_count + 1, sizeof *expected);
	struct recon_position *shown = arena_array(arena, t->s->positions.count + 1, sizeof *shown);
	if (expected == NULL || shown == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	for (size_t i = 0; i < t->open_count; i++) {
		const struct position *p = &t->open[i];
		const struct instrument *instrument = instrument_find(t->instruments, p->instrument);
		expected[i] = (struct recon_expected){
			.id = p->position_id,
			.ticket = p->broker_ticket,
			.symbol = p->instrument,
			.side = strcmp(p->side, "buy") == 0 ? SIDE_BUY : SIDE_SELL,
			.volume = p->asked,
			.price = p->requested_price,
			.stop_loss = p->stop_loss,
			.take_profit = p->take_profit,
			.tick = instrument != NULL ? instrument->tick : NAN,
			.close_reason = p->status >= POSITION_CLOSE_REQUESTED ? p->close_reason : NULL,
		};
	}
	for (size_t i = 0; i < t->s->positions.count; i++) {
		const struct snapshot_position *p = &t->s->positions.items[i];
		shown[i] = (struct recon_position){
			p->ticket,     p->instrument,       p->comment,           p->magic, p->side, p->volume,
			p->open_price, level(p->stop_loss), level(p->take_profit)};
	}
	in->expected = expected;
	in->expected_count = t->open_count;
	in->positions = shown;
	in->positions_count = t->s->positions.count;
	in->tolerances = recon_tolerances_shipped;
	return read_deals(t, in, err);
}

/* One row for a fact, however often a snapshot shows it; *fresh: it is new. */
struct fact {
	const char *kind, *key, *position_id, *ticket;
	double expected, actual;
	bool divergence;
};

static const char *figure(struct arena *arena, double x)
{
	char text[NUM_TEXT_MAX];
	return isnan(x) ? NULL : arena_dupn(arena, text, num_format(text, x));
}

static bool note_fact(struct taking *t, const struct fact *f, bool *fresh, struct err *err)
{
	char id[ID_TEXT];
	struct arena *arena = t->l->arena;
	id_make(t->l->api->options.ids, id);
	if (!db_run(t->l->db, err,
				"INSERT INTO reconciliation_events (event_id, account_id, trading_account_id, kind, fact, position_id, "
				"ticket, expected, actual, divergence, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
				"ON CONFLICT (fact) DO NOTHING",
				V_TEXT(id), V_TEXT(t->account->account_id), V_TEXT(t->account->trading_account_id), V_TEXT(f->kind),
				V_TEXT(f->key), V_TEXT(f->position_id), V_TEXT(f->ticket), V_TEXT(figure(arena, f->expected)),
				V_TEXT(figure(arena, f->actual)), V_INT(f->divergence), V_INT(t->l->now_us)))
		return false;
	*fresh = db_changed(t->l->db) == 1;
	return true;
}

static bool diverge(struct taking *t, const struct position *p, const char *kind, double expected, double actual,
					struct err *err)
{
	const char *now = figure(t->l->arena, actual);
	const struct fact fact = {kind,
							  arena_printf(t->l->arena, "%s:%s:%s", p->position_id, kind, now != NULL ? now : "none"),
							  p->position_id,
							  p->broker_ticket,
							  expected,
							  actual,
							  true};
	bool fresh;
	if (!note_fact(t, &fact, &fresh, err))
		return false;
	const struct audit_pair meta[] = {{AUDIT_META_kind, kind}, {AUDIT_META_ticket, p->broker_ticket}};
	struct audit_event event = *t->l->who;
	event.action = AUDIT_POSITION_DIVERGE;
	event.status = AUDIT_SUCCESS;
	event.account_id = p->account_id;
	event.target_id = p->position_id;
	event.meta = meta;
	event.meta_count = 2;
	if (!fresh)
		return true;
	figures_count(t->l->api->figures, COUNT_reconciliation_divergences_total, kind, NULL);
	struct outbox_event told = {
		.account_id = p->account_id,
		.topic = "signals",
		.event = "divergence",
		.subject = p->position_id,
		.data = arena_printf(
			t->l->arena, "{\"position_id\":\"%s\",\"owner_id\":\"%s\",\"kind\":\"%s\",\"ticket\":\"%s\",\"paper\":%s}",
			p->position_id, p->owner_id, kind, p->broker_ticket, p->paper ? "true" : "false")};
	return audit_append(t->l->api->options.audit, t->l->db, &event, err) &&
		   outbox_add(t->l->api->options.outbox, t->l->db, &told, err);
}

/* What was seen before and is smaller now was changed by hand: no command of ours asked for it. */
static bool look_for_hands(struct taking *t, const struct position *p, double lots, struct err *err)
{
	bool seen = p->status == POSITION_OPEN;
	return !seen || exact_of(p->lots) == exact_of(lots) || diverge(t, p, "manual_change", p->lots, lots, err);
}

static bool update_matched(struct taking *t, const struct recon_match *m, struct err *err)
{
	struct position *p = &t->open[m->expected];
	const struct snapshot_position *shown = &t->s->positions.items[m->position];
	if (!look_for_hands(t, p, shown->volume, err))
		return false;
	p->broker_ticket = shown->ticket;
	p->lots = shown->volume;
	p->entry_price = m->entry;
	p->current_price = shown->current_price > 0 ? shown->current_price : p->current_price;
	p->profit = shown->profit;
	p->swap = shown->swap;
	p->commission = shown->commission;
	p->matched = recon_by_names[m->by];
	p->updated_us = t->l->now_us;
	if (p->status == POSITION_OPENING)
		p->status = POSITION_OPEN;
	return position_update(t->l->db, p, err);
}

static void take_nothing(const struct db_rows *row, void *self)
{
	(void)row;
	(void)self;
}

/* An order of ours that the broker has and whose acknowledgement is still on its way is nobody's manual trade. */
static bool in_flight(const struct taking *t, const struct recon_position *p, bool *ours, struct err *err)
{
	*ours = false;
	return p->magic == 0 || db_one(t->l->db, err, ours, take_nothing, NULL,
								   "SELECT 1 FROM deliveries WHERE magic = $1 AND trading_account_id = $2 "
								   "AND state IN ('leased', 'doubt')",
								   V_INT(p->magic), V_TEXT(t->account->trading_account_id));
}

static bool note_unmatched(struct taking *t, const struct recon_position *p, struct err *err)
{
	bool ours, fresh;
	if (!in_flight(t, p, &ours, err))
		return false;
	if (ours)
		return true;
	t->sync->unmatched++;
	const char *key = arena_printf(t->l->arena, "%s:manual_trade:%s", t->account->trading_account_id, p->ticket);
	const struct fact fact = {"manual_trade", key, NULL, p->ticket, NAN, p->volume, false};
	return note_fact(t, &fact, &fresh, err); /* never touched by us */
}

static bool follow(struct taking *t, const struct recon_input *in, const struct reconciliation *r, struct err *err)
{
	const struct closing c = {t->l->api, t->l->db, t->l->arena, t->l->who, t->l->now_us, NULL};
	bool fresh;
	for (size_t i = 0; i < r->matched_count; i++)
		if (!update_matched(t, &r->matched[i], err))
			return false;
	for (size_t i = 0; i < r->divergences_count; i++) {
		const struct recon_divergence *d = &r->divergences[i];
		if (!diverge(t, &t->open[d->expected], recon_kind_names[d->kind], d->expected_value, d->actual, err))
			return false;
	}
	for (size_t i = 0; i < r->unmatched_count; i++)
		if (!note_unmatched(t, &in->positions[r->unmatched[i]], err))
			return false;
	for (size_t i = 0; i < r->closed_count; i++) {
		const struct recon_close *closed = &r->closed[i];
		struct position *p = &t->open[closed->expected];
		const struct fact fact = {"closed",
								  arena_printf(t->l->arena, "%s:closed", p->position_id),
								  p->position_id,
								  p->broker_ticket,
								  NAN,
								  closed->profit,
								  false};
		int64_t at_us = closed->time_us != 0 ? closed->time_us : t->s->taken_us;
		if (!note_fact(t, &fact, &fresh, err) ||
			!position_closed(&c, p, closed->reason, closed->price, closed->profit, at_us, err))
			return false;
	}
	return true;
}

static bool reconcile_all(struct taking *t, struct err *err)
{
	struct recon_input in = {.expected_count = 0};
	struct reconciliation r;
	if (!read_open(t, err) || !fill_input(t, &in, err))
		return false;
	if (!reconcile(t->l->arena, &in, &r))
		return err_set(err, ERR_LIMIT, "no memory");
	t->sync->unmatched = 0; /* counted as they are followed */
	t->sync->matched = r.matched_count;
	t->sync->divergences = r.divergences_count;
	t->sync->closed = r.closed_count;
	return follow(t, &in, &r, err);
}

static bool read_names(struct taking *t, struct err *err)
{
	const char *map = t->account->symbol_map;
	t->instruments = packs_find(t->l->api->options.packs, "instruments", NULL, NULL)->data;
	if (!json_parse(t->l->arena, map, strlen(map), &json_body_limits, &t->map, err))
		return false;
	name_instruments(t);
	return true;
}

bool snapshot_name(const struct leasing *l, const struct trading_account *account, struct snapshot *snapshot,
				   struct err *err)
{
	struct trading_account copy = *account;
	struct taking t = {.l = l, .account = &copy, .s = snapshot};
	return read_names(&t, err);
}

bool snapshot_take(const struct leasing *l, struct trading_account *account, struct snapshot *snapshot,
				   const char *device_id, struct sync *sync, struct err *err)
{
	struct taking t = {.l = l, .account = account, .s = snapshot, .device_id = device_id, .sync = sync};
	const struct closing c = {l->api, l->db, l->arena, l->who, l->now_us, NULL};
	*sync = (struct sync){.matched = 0};
	if (!read_names(&t, err))
		return false;
	fill_account(&t);
	return trading_account_update(l->db, account, err) && store_quotes(&t, err) && store_positions(&t, err) &&
		   store_deals(&t, err) && store_history(&t, err) && thin_history(&t, err) &&
		   doubt_resolve(l, account, snapshot, device_id, err) && reconcile_all(&t, err) &&
		   guards_read(l->db, l->arena, account, l->now_us, &sync->guards, err) &&
		   guards_act(&c, account, &sync->guards, err) &&
		   /* what the guards did just now is told too */
		   guards_read(l->db, l->arena, account, l->now_us, &sync->guards, err);
}
