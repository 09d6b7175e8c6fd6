#include "trade/domain/reconcile_op.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/field.h"
#include "core/json.h"
#include "seal/calc.h"
#include "seal/op.h"
#include "trade/domain/instruments.h"
#include "trade/domain/moment.h"
#include "trade/domain/reconcile.h"
#include "trade/domain/risk.h"

enum { ROWS_MAX = 5000, TEXT_MAX = 64 };

struct expected {
	const char *id, *ticket, *comment, *instrument, *close_reason;
	int64_t magic;
	int side;
	double volume, price, stop_loss, take_profit;
};
struct position {
	const char *ticket, *symbol, *comment;
	int64_t magic;
	int side;
	double volume, open_price, stop_loss, take_profit, current_price, profit, swap, commission;
	const char *open_time;
};
struct deal {
	const char *ticket, *position_ticket, *symbol, *time;
	int side, entry, reason;
	int64_t magic;
	double volume, price, profit, swap, commission;
};

#define PRICE(s, m, ...) F_NUM(s, m, RANGE(0, 1e9), __VA_ARGS__)
#define MONEY(s, m) F_NUM(s, m, RANGE(-1e15, 1e15), DEFAULT(0))
#define WHOLE_BELOW_2_53 RANGE(0, 9007199254740991)

static const struct field expected_fields[] = {
	F_STR(expected, id, REQUIRED, LENGTH(1, TEXT_MAX)),
	F_STR(expected, ticket, LENGTH(0, TEXT_MAX), DOC("Left out: none is known")),
	F_INT(expected, magic, WHOLE_BELOW_2_53, DEFAULT(0)),
	F_STR(expected, comment, LENGTH(0, TEXT_MAX)),
	F_STR(expected, instrument, REQUIRED, LENGTH(1, 40), ALSO("symbol"), DOC("Name or alias in pack instruments")),
	F_ENUM(expected, side, trade_side_names, REQUIRED),
	F_NUM(expected, volume, REQUIRED, ABOVE(0, 1e6), UNIT("lots"), DOC("Asked for")),
	PRICE(expected, price, ALSO("entry_price"), DOC("Asked for")),
	PRICE(expected, stop_loss, DOC("0 is none")),
	PRICE(expected, take_profit, DOC("0 is none")),
	F_STR(expected, close_reason, LENGTH(1, TEXT_MAX), DOC("Of an open close command")),
};
static const struct field_table expected_table = FIELD_TABLE("trade.reconcile.expected", expected, expected_fields);

static const struct field position_fields[] = {
	F_STR(position, ticket, REQUIRED, LENGTH(1, TEXT_MAX)),
	F_STR(position, symbol, REQUIRED, LENGTH(1, 40), DOC("The broker's spelling")),
	F_ENUM(position, side, trade_side_names, REQUIRED),
	F_NUM(position, volume, REQUIRED, ABOVE(0, 1e6), UNIT("lots")),
	PRICE(position, open_price, REQUIRED, ALSO("price")),
	PRICE(position, current_price),
	PRICE(position, stop_loss, DOC("0 is none")),
	PRICE(position, take_profit, DOC("0 is none")),
	F_INT(position, magic, WHOLE_BELOW_2_53, DEFAULT(0)),
	F_STR(position, comment, LENGTH(0, TEXT_MAX)),
	MONEY(position, profit),
	MONEY(position, swap),
	MONEY(position, commission),
	F_STR(position, open_time, FORMAT("date-time")),
};
static const struct field_table position_table = FIELD_TABLE("trade.reconcile.position", position, position_fields);

static const char *const entry_names[] = {"in", "out", NULL};
static const struct field deal_fields[] = {
	F_STR(deal, ticket, LENGTH(1, TEXT_MAX)),
	F_STR(deal, position_ticket, REQUIRED, LENGTH(1, TEXT_MAX)),
	F_STR(deal, symbol, LENGTH(1, 40)),
	F_ENUM(deal, side, trade_side_names),
	F_ENUM(deal, entry, entry_names, REQUIRED),
	F_NUM(deal, volume, REQUIRED, ABOVE(0, 1e6), UNIT("lots")),
	PRICE(deal, price, REQUIRED),
	MONEY(deal, profit),
	MONEY(deal, swap),
	MONEY(deal, commission),
	F_ENUM(deal, reason, recon_deal_reason_names, DEFAULT(DEAL_CLIENT)),
	F_INT(deal, magic, WHOLE_BELOW_2_53, DEFAULT(0)),
	F_STR(deal, time, FORMAT("date-time"), DOC("The last one says why")),
};
static const struct field_table deal_table = FIELD_TABLE("trade.reconcile.deal", deal, deal_fields);

#define TOLERANCE(m, preset, text) F_NUM(recon_tolerances, m, RANGE(0, 1e6), DEFAULT(preset), DOC(text))
static const struct field tolerance_fields[] = {
	TOLERANCE(match_volume_pct, 25, "To be the same one: lots, percent"),
	TOLERANCE(match_entry_ticks, 50, "To be the same one: entry, ticks, or"),
	TOLERANCE(match_entry_pct, .5, "percent, the larger of both"),
	TOLERANCE(slippage_ticks, 5, "entry_slippage over it"),
	TOLERANCE(volume_pct, 10, "volume_mismatch over it"),
	TOLERANCE(level_ticks, 2, "sl_mismatch, tp_mismatch over it"),
};
static const struct field_table tolerance_table =
	FIELD_TABLE("trade.reconcile.tolerances", recon_tolerances, tolerance_fields);

struct request {
	struct {
		size_t count;
		struct expected *items;
	} expected;
	struct {
		size_t count;
		struct position *items;
	} positions;
	struct {
		size_t count;
		struct deal *items;
	} deals;
	const struct json *instruments;
	struct recon_tolerances tolerances;
};

static const struct field request_fields[] = {
	F_OBJECTS(request, expected, &expected_table, REQUIRED, COUNT(0, ROWS_MAX), DOC("What we think is open")),
	F_OBJECTS(request, positions, &position_table, REQUIRED, COUNT(0, ROWS_MAX), DOC("What the broker shows")),
	F_OBJECTS(request, deals, &deal_table, COUNT(0, ROWS_MAX), DOC("What the broker did")),
	F_JSON(request, instruments, DOC("The broker's symbols by instrument: {\"XAUUSD\": \"XAUUSD.m\"}")),
	F_OBJECT(request, tolerances, &tolerance_table),
};
static const struct field_table request_table = FIELD_TABLE("trade.reconcile.request", request, request_fields);

/* --- result --- */

struct matched {
	const char *expected_id, *ticket;
	int by;
};
struct closed {
	const char *expected_id, *ticket, *reason;
	double price, profit;
};
struct divergence {
	const char *expected_id, *ticket;
	int kind;
	double expected, actual;
};
struct texts {
	size_t count;
	const char **items;
};
struct result {
	struct {
		size_t count;
		struct matched *items;
	} matched;
	struct texts unmatched, missing;
	struct {
		size_t count;
		struct closed *items;
	} closed;
	struct {
		size_t count;
		struct divergence *items;
	} divergences;
};

#define EXACT SIGNIFICANT(15)
static const struct field matched_fields[] = {
	F_STR(matched, expected_id),
	F_STR(matched, ticket),
	F_ENUM(matched, by, recon_by_names, DOC("What told that they are the same")),
};
static const struct field_table matched_table = FIELD_TABLE("trade.reconcile.matched", matched, matched_fields);
static const struct field closed_fields[] = {
	F_STR(closed, expected_id),
	F_STR(closed, ticket),
	F_STR(closed, reason, DOC("Of its last out-deal; broker without one")),
	F_NUM(closed, price, NULLABLE, EXACT, DOC("Weighted by volume")),
	F_NUM(closed, profit, NULLABLE, DECIMALS(2), DOC("Swap and commission included")),
};
static const struct field_table closed_table = FIELD_TABLE("trade.reconcile.closed", closed, closed_fields);
static const struct field divergence_fields[] = {
	F_STR(divergence, expected_id),
	F_STR(divergence, ticket),
	F_ENUM(divergence, kind, recon_kind_names),
	F_NUM(divergence, expected, NULLABLE, EXACT),
	F_NUM(divergence, actual, NULLABLE, EXACT),
};
static const struct field_table divergence_table =
	FIELD_TABLE("trade.reconcile.divergence", divergence, divergence_fields);
static const struct field result_fields[] = {
	F_OBJECTS(result, matched, &matched_table, DOC("Each side once")),
	F_STRS(result, unmatched, DOC("Tickets that nobody expected: left alone")),
	F_STRS(result, missing, DOC("Expected without a ticket, and nothing fits")),
	F_OBJECTS(result, closed, &closed_table, DOC("Expected under a ticket, and gone")),
	F_OBJECTS(result, divergences, &divergence_table),
};
static const struct field_table result_table = FIELD_TABLE("trade.reconcile.result", result, result_fields);

/* --- the map --- */

static void check_entry(struct calc *calc, const struct json_member *m)
{
	const char *here = field_pointer(calc->arena, "/instruments", m->name);
	const struct json *entry = &m->value;
	if (entry->kind == JS_STRING)
		return;
	if (entry->kind != JS_OBJECT) {
		calc_fault(calc, here, "type", "must be the broker's symbol, or an object {symbol, tick}");
		return;
	}
	for (uint32_t i = 0; i < entry->count; i++) {
		const struct json_member *part = &entry->members[i];
		const char *pointer = field_pointer(calc->arena, here, part->name);
		if (strcmp(part->name, "symbol") == 0 && part->value.kind != JS_STRING)
			calc_fault(calc, pointer, "type", "must be a string");
		else if (strcmp(part->name, "tick") == 0 && !json_numeric(&part->value))
			calc_fault(calc, pointer, "type", "must be a number");
		else if (strcmp(part->name, "tick") == 0 && !(json_number(&part->value) > 0))
			calc_fault(calc, pointer, "range", "must be above 0");
		else if (strcmp(part->name, "symbol") != 0 && strcmp(part->name, "tick") != 0)
			calc_fault(calc, pointer, "unknown_field", "is not a member of this object");
	}
}

/* One that is not understood would be passed over, and its positions be strangers. */
static void check_map(struct calc *calc, const struct json *map)
{
	if (map == NULL || map->kind == JS_NULL)
		return;
	if (map->kind != JS_OBJECT) {
		calc_fault(calc, "/instruments", "type", "must be an object");
		return;
	}
	for (uint32_t i = 0; i < map->count; i++)
		check_entry(calc, &map->members[i]);
}

/* --- each once --- */

struct named {
	const char *text;
	size_t at; /* in its list */
};

static int by_text(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = strcmp(x->text, y->text);
	return order != 0 ? order : (x->at > y->at) - (x->at < y->at);
}

/*
 * A text of each item of a list, `size` bytes apart from the first's on, is that of no other: one of two with the same
 * ticket would be a stranger, and a deal that stands twice would count twice.  Absent ones are no texts.
 */
static void check_each_once(struct calc *calc, const char *list, const char *member, const void *first, size_t size,
							size_t count)
{
	struct named *all = arena_array(calc->arena, count + 1, sizeof *all);
	size_t texts = 0;
	for (size_t i = 0; all != NULL && i < count; i++) {
		memcpy(&all[texts].text, (const char *)first + i * size, sizeof all->text);
		all[texts].at = i;
		texts += all[texts].text != NULL;
	}
	if (texts > 0)
		qsort(all, texts, sizeof *all, by_text);
	for (size_t i = 1; i < texts; i++)
		if (strcmp(all[i].text, all[i - 1].text) == 0)
			calc_fault(calc, field_pointer(calc->arena, field_pointer_index(calc->arena, list, all[i].at), member),
					   "duplicate", "stands twice");
}

static void check_all_once(struct calc *calc, const struct request *r)
{
	if (r->expected.items != NULL)
		check_each_once(calc, "/expected", "id", &r->expected.items->id, sizeof *r->expected.items, r->expected.count);
	if (r->positions.items != NULL)
		check_each_once(calc, "/positions", "ticket", &r->positions.items->ticket, sizeof *r->positions.items,
						r->positions.count);
	if (r->deals.items != NULL)
		check_each_once(calc, "/deals", "ticket", &r->deals.items->ticket, sizeof *r->deals.items, r->deals.count);
}

/* --- running --- */

static double level(double x)
{
	return x > 0 ? x : NAN;
}

/* The broker's symbol and the tick of an expected one.  A symbol may be given alone or as {symbol, tick}. */
static bool resolve(struct calc *calc, const struct request *r, size_t i, struct recon_expected *to)
{
	const struct instruments *all = calc_pack(calc, "instruments");
	const char *name = r->expected.items[i].instrument;
	if (all == NULL || name == NULL) /* it has a fault already */
		return all != NULL;
	const struct instrument *instrument = instrument_find(all, name);
	const struct json *entry = json_get(r->instruments, name);
	if (entry == NULL && instrument != NULL)
		entry = json_get(r->instruments, instrument->name);
	const struct json *tick = json_get(entry, "tick");
	to->symbol = entry != NULL && entry->kind == JS_STRING ? entry->text : json_text(entry, "symbol");
	if (to->symbol == NULL)
		to->symbol = instrument != NULL ? instrument->name : name;
	to->tick = tick != NULL && json_numeric(tick) ? json_number(tick) : instrument != NULL ? instrument->tick : NAN;
	if (!(to->tick > 0))
		calc_fault(calc, field_pointer(calc->arena, field_pointer_index(calc->arena, "/expected", i), "instrument"),
				   "unknown_instrument", "is not in pack instruments, and no tick is given for it");
	return true;
}

static bool read_expected(struct calc *calc, const struct request *r, struct recon_input *in)
{
	struct recon_expected *list = arena_array(calc->arena, r->expected.count + 1, sizeof *list);
	for (size_t i = 0; list != NULL && i < r->expected.count; i++) {
		const struct expected *e = &r->expected.items[i];
		list[i] = (struct recon_expected){.id = e->id,
										  .ticket = e->ticket,
										  .comment = e->comment,
										  .magic = e->magic,
										  .side = e->side,
										  .volume = e->volume,
										  .price = level(e->price),
										  .stop_loss = level(e->stop_loss),
										  .take_profit = level(e->take_profit),
										  .close_reason = e->close_reason};
		if (!resolve(calc, r, i, &list[i]))
			return false;
	}
	in->expected = list;
	in->expected_count = r->expected.count;
	return list != NULL;
}

static bool read_broker(struct calc *calc, const struct request *r, struct recon_input *in)
{
	struct recon_position *positions = arena_array(calc->arena, r->positions.count + 1, sizeof *positions);
	struct recon_deal *deals = arena_array(calc->arena, r->deals.count + 1, sizeof *deals);
	if (positions == NULL || deals == NULL)
		return false;
	for (size_t i = 0; i < r->positions.count; i++) {
		const struct position *p = &r->positions.items[i];
		positions[i] = (struct recon_position){
			p->ticket,     p->symbol,           p->comment,           p->magic, p->side, p->volume,
			p->open_price, level(p->stop_loss), level(p->take_profit)};
	}
	for (size_t i = 0; i < r->deals.count; i++) {
		const struct deal *d = &r->deals.items[i];
		const char *here = field_pointer(calc->arena, field_pointer_index(calc->arena, "/deals", i), "time");
		deals[i] = (struct recon_deal){d->position_ticket, d->entry == 1, d->volume, d->price, d->profit, d->swap,
									   d->commission,      d->reason,     (int64_t)i};
		if (d->time != NULL)
			moment_read(calc, d->time, here, &deals[i].time_us);
	}
	in->positions = positions;
	in->positions_count = r->positions.count;
	in->deals = deals;
	in->deals_count = r->deals.count;
	return true;
}

static bool tell(struct calc *calc, const struct recon_input *in, const struct reconciliation *found,
				 struct result *result)
{
	struct arena *arena = calc->arena;
	*result = (struct result){.matched.count = found->matched_count,
							  .unmatched.count = found->unmatched_count,
							  .missing.count = found->missing_count,
							  .closed.count = found->closed_count,
							  .divergences.count = found->divergences_count};
	result->matched.items = arena_array(arena, found->matched_count + 1, sizeof *result->matched.items);
	result->unmatched.items = arena_array(arena, found->unmatched_count + 1, sizeof *result->unmatched.items);
	result->missing.items = arena_array(arena, found->missing_count + 1, sizeof *result->missing.items);
	result->closed.items = arena_array(arena, found->closed_count + 1, sizeof *result->closed.items);
	result->divergences.items = arena_array(arena, found->divergences_count + 1, sizeof *result->divergences.items);
	if (arena->full)
		return false;
	for (size_t i = 0; i < found->matched_count; i++)
		result->matched.items[i] =
			(struct matched){in->expected[found->matched[i].expected].id,
							 in->positions[found->matched[i].position].ticket, (int)found->matched[i].by};
	for (size_t i = 0; i < found->unmatched_count; i++)
		result->unmatched.items[i] = in->positions[found->unmatched[i]].ticket;
	for (size_t i = 0; i < found->missing_count; i++)
		result->missing.items[i] = in->expected[found->missing[i]].id;
	for (size_t i = 0; i < found->closed_count; i++) {
		const struct recon_close *c = &found->closed[i];
		const struct recon_expected *e = &in->expected[c->expected];
		result->closed.items[i] = (struct closed){e->id, e->ticket, c->reason, c->price, c->profit};
		if (isnan(c->profit))
			calc_warn(calc, "no_deal", NULL, "Nothing tells how %s was closed, nor at what profit.", e->id);
	}
	for (size_t i = 0; i < found->divergences_count; i++) {
		const struct recon_divergence *d = &found->divergences[i];
		result->divergences.items[i] =
			(struct divergence){in->expected[d->expected].id, in->positions[d->position].ticket, (int)d->kind,
								d->expected_value, d->actual};
	}
	return true;
}

/* Beside faults of decoding, all others too. */
static void check(struct calc *calc, const void *input)
{
	struct recon_input in = {.expected_count = 0};
	check_map(calc, ((const struct request *)input)->instruments);
	check_all_once(calc, input);
	if (calc->faults.count > 0 && read_expected(calc, input, &in))
		read_broker(calc, input, &in);
}

static bool run(struct calc *calc, const void *input, void *output)
{
	const struct request *r = input;
	struct recon_input in = {.tolerances = r->tolerances};
	struct reconciliation found;
	if (r->expected.count + r->positions.count == 0) {
		calc_abstain(calc, "abstain.empty", "There is nothing to match: give expected ones or positions.");
		return true;
	}
	if (!read_expected(calc, r, &in) || !read_broker(calc, r, &in) || calc->faults.count > 0)
		return false;
	return reconcile(calc->arena, &in, &found) && tell(calc, &in, &found, output);
}

const struct op trade_reconcile_op = {
	.name = "trade.reconcile",
	.path = "/api/v1/trade/reconcile",
	.summary = "Match what is expected to be open with what the broker shows, and tell where they differ",
	.doc = "Each side is used once: by ticket; by magic, then comment; then by symbol, side, volume within 25 % and "
		   "entry within the larger of 50 ticks and 0.5 %, the nearest first.  Fills by several deals count as one at "
		   "their volume-weighted price.",
	.input = &request_table,
	.output = &result_table,
	.check = check,
	.run = run,
	.example = "{\"expected\":[{\"id\":\"a\",\"instrument\":\"XAUUSD\",\"side\":\"buy\",\"volume\":0.1,"
			   "\"price\":1950,\"ticket\":\"501\"}],\"positions\":[{\"ticket\":\"501\",\"symbol\":\"XAUUSD\","
			   "\"side\":\"buy\",\"volume\":0.1,\"open_price\":1950.02}]}",
};
