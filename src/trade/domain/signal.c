#include "trade/domain/signal.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/jcs.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "trade/domain/decimal.h"
#include "trade/domain/instruments.h"
#include "trade/domain/risk.h"

const char *const signal_status_names[] = {"pending",   "blocked", "approved", "rejected", "expired",
										   "cancelled", "failed",  "placed",   "closed",   NULL};

bool signal_may_move(enum signal_status from, enum signal_status to)
{
#define TO(status) (1U << SIGNAL_##status)
	static const unsigned moves[SIGNAL_STATUSES] = {
		[SIGNAL_PENDING] = TO(APPROVED) | TO(REJECTED) | TO(EXPIRED) | TO(CANCELLED),
		[SIGNAL_BLOCKED] = TO(PENDING) | TO(EXPIRED) | TO(CANCELLED),
		[SIGNAL_APPROVED] = TO(CANCELLED) | TO(EXPIRED) | TO(PLACED) | TO(FAILED),
		[SIGNAL_PLACED] = TO(CLOSED),
	};
#undef TO
	return (moves[from] >> to & 1) != 0;
}

static const char *const order_type_names[] = {"market", "limit", "stop", NULL};
enum { EXACT = 17, PRICE_END = 1000000, ID_MAX = 100, VERSION_MAX = 20, REASON_MAX = 500 };

#define PRICE(m, ...) F_NUM(signal, m, ABOVE(0, PRICE_END), SIGNIFICANT(EXACT), __VA_ARGS__)

static const struct field request_fields[] = {
	F_STR(signal, instrument, REQUIRED, LENGTH(2, 20), DOC("Name or alias in pack instruments")),
	F_ENUM(signal, side, trade_side_names, REQUIRED, DOC("Direction")),
	F_ENUM(signal, order_type, order_type_names, DEFAULT(0), DOC("Kind of order")),
	PRICE(price, REQUIRED, ALSO("entry_price"), DOC("Entry; at most the instrument's digits")),
	PRICE(stop_loss, DOC("Stop, on the losing side")),
	PRICE(take_profit, DOC("Target, on the winning side")),
	F_NUM(signal, volume, ABOVE(0, 1e6), UNIT("lots"), DOC("Whole steps; left out: sized by risk")),
	F_STR(signal, time, REQUIRED, ALSO("timestamp"), FORMAT("date-time"), DOC("When the engine decided")),
	F_STR(signal, expiry, FORMAT("date-time"), DOC("Last moment to decide and deliver; now + 900 s without it")),
	F_NUM(signal, confidence, RANGE(0, 1), DOC("The engine's own")),
	F_STR(signal, reason, LENGTH(0, REASON_MAX), DEFAULT_TEXT(""), DOC("For the person who decides")),
	F_JSON(signal, payload, DOC("An object of at most 32,768 bytes; anything")),
	F_STR(signal, version, DEFAULT_TEXT("1.0"), LENGTH(1, VERSION_MAX), DOC("Of the engine: 1.0")),
	F_STR(signal, external_id, LENGTH(1, ID_MAX), DOC("The engine's own id; unique per producer")),
};
const struct field_table signal_request_table = FIELD_TABLE("trade.signal.request", signal, request_fields);

#define SHOWN(m) F_NUM(signal, m, NULLABLE, SIGNIFICANT(EXACT))
static const struct field content_fields[] = {
	SHOWN(confidence),
	F_STR(signal, expiry, NULLABLE),
	F_STR(signal, external_id, NULLABLE),
	F_STR(signal, instrument),
	F_ENUM(signal, order_type, order_type_names),
	F_JSON(signal, payload),
	SHOWN(price),
	F_STR(signal, producer_id),
	F_STR(signal, reason),
	F_ENUM(signal, side, trade_side_names),
	SHOWN(stop_loss),
	SHOWN(take_profit),
	F_STR(signal, time),
	F_STR(signal, version),
	SHOWN(volume),
};
const struct field_table signal_content_table = FIELD_TABLE("trade.signal.content", signal, content_fields);

bool signal_payload_fits(const struct json *body)
{
	const struct json *payload = json_get(body, "payload");
	struct buf buf;
	if (payload == NULL)
		return true;
	buf_init(&buf, SIGNAL_PAYLOAD_MAX);
	jcs_write(&buf, payload);
	bool fits = buf_ok(&buf);
	buf_fini(&buf);
	return fits;
}

/* --- checks --- */

struct check {
	struct arena *arena;
	const struct signal_rules *rules;
	const struct instrument *instrument; /* NULL: unknown, told already */
	struct signal *signal;
	struct faults *faults;
};

static bool consists_of(const char *text, const char *characters)
{
	return text[strspn(text, characters)] == '\0';
}

#define DIGITS "0123456789"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LOWER "abcdefghijklmnopqrstuvwxyz"

static bool is_allowed(const struct check *c)
{
	if (c->rules->allowed == NULL)
		return true;
	for (size_t i = 0; i < c->rules->allowed_count; i++)
		if (instrument_find(c->rules->instruments, c->rules->allowed[i]) == c->instrument)
			return true;
	return false;
}

static void check_instrument(struct check *c)
{
	const char *name = c->signal->instrument;
	if (name == NULL)
		return;
	if (!consists_of(name, UPPER DIGITS "_.")) {
		faults_add(c->faults, "/instrument", "format", "must be 2 to 20 of A-Z, 0-9, _ and .");
		return;
	}
	c->instrument = instrument_find(c->rules->instruments, name);
	if (c->instrument == NULL)
		faults_add(c->faults, "/instrument", "unknown_instrument", "is not in pack instruments");
	else if (!is_allowed(c))
		faults_add(c->faults, "/instrument", "not_allowed", "is not in the producer's list");
	if (c->instrument != NULL)
		c->signal->instrument = c->instrument->name;
}

static void check_precision(const struct check *c, const char *pointer, double price)
{
	if (!given(price))
		return;
	if (price >= PRICE_END)
		faults_add(c->faults, pointer, "range", "must be less than %d", PRICE_END);
	else if (c->instrument != NULL && decimal_places(price) > c->instrument->digits)
		faults_add(c->faults, pointer, "price_precision", "must have at most %lld decimals",
				   (long long)c->instrument->digits);
}

/* A level must lie on its side of the price, and not nearer than the broker takes it. */
static void check_level(const struct check *c, const char *pointer, const char *code, double level, bool above)
{
	double price = c->signal->price;
	if (!given(level) || !given(price))
		return;
	if (above ? !(level > price) : !(level < price)) {
		faults_add(c->faults, pointer, code, "must lie %s the price", above ? "above" : "below");
		return;
	}
	if (c->instrument == NULL)
		return;
	const struct decimal distance = decimal_distance(level, price), tick = decimal_of(c->instrument->tick);
	int64_t ticks;
	if (decimal_quotient(&distance, 1, &tick, 1, DECIMAL_DOWN, &ticks) && ticks < c->instrument->min_stop_points)
		faults_add(c->faults, pointer, "min_stop_points", "must be at least %lld points from the price",
				   (long long)c->instrument->min_stop_points);
}

static void check_levels(const struct check *c)
{
	const struct signal *s = c->signal;
	check_precision(c, "/price", s->price);
	check_precision(c, "/stop_loss", s->stop_loss);
	check_precision(c, "/take_profit", s->take_profit);
	if (s->side < 0)
		return;
	check_level(c, "/stop_loss", "stop_side", s->stop_loss, s->side == SIDE_SELL);
	check_level(c, "/take_profit", "target_side", s->take_profit, s->side == SIDE_BUY);
}

static void check_volume(const struct check *c)
{
	double volume = c->signal->volume;
	if (!given(volume) || c->instrument == NULL)
		return;
	const struct decimal lots = decimal_of(volume), step = decimal_of(c->instrument->lot_step);
	int64_t down, up;
	bool counted = decimal_quotient(&lots, 1, &step, 1, DECIMAL_DOWN, &down) &&
				   decimal_quotient(&lots, 1, &step, 1, DECIMAL_UP, &up);
	if (volume > c->instrument->max_lot)
		faults_add(c->faults, "/volume", "range", "must be at most %.15g lots", c->instrument->max_lot);
	else if (!counted || down != up)
		faults_add(c->faults, "/volume", "step", "must be whole steps of %.15g lots", c->instrument->lot_step);
}

/* Reads a time and writes it anew in UTC.  False: a fault was added, or there is none. */
static bool settle_time(const struct check *c, const char *pointer, const char **text, int64_t *us)
{
	const struct stamp_fault *fault;
	char utc[STAMP_TEXT];
	if (*text == NULL)
		return false;
	if (!stamp_parse(*text, strlen(*text), us, &fault)) {
		faults_add(c->faults, pointer, fault->code, "%s", fault->message);
		return false;
	}
	stamp_format(utc, *us);
	*text = arena_dup(c->arena, utc);
	return true;
}

static void check_times(const struct check *c)
{
	struct signal *s = c->signal;
	int64_t now = c->rules->now_us;
	if (settle_time(c, "/time", &s->time, &s->time_us)) {
		if (s->time_us > now + SIGNAL_AHEAD_S * STAMP_US_PER_S)
			faults_add(c->faults, "/time", "time_future", "must be at most %d s ahead", SIGNAL_AHEAD_S);
		if (s->time_us < now - SIGNAL_MAX_AGE_S * STAMP_US_PER_S)
			faults_add(c->faults, "/time", "time_stale", "must be at most %d s old", SIGNAL_MAX_AGE_S);
	}
	if (s->expiry == NULL) {
		s->expiry_us = now + SIGNAL_EXPIRY_S * STAMP_US_PER_S;
	} else if (settle_time(c, "/expiry", &s->expiry, &s->expiry_us) &&
			   (s->expiry_us < now + SIGNAL_EXPIRY_MIN_S * STAMP_US_PER_S ||
				s->expiry_us > now + SIGNAL_EXPIRY_MAX_S * STAMP_US_PER_S)) {
		faults_add(c->faults, "/expiry", "expiry_range", "must be 5 s to 100 h ahead");
	}
}

/* ^[0-9]+(\.[0-9]+){0,3}$ */
static bool is_version(const char *text)
{
	int parts = 0;
	for (;;) {
		size_t digits = strspn(text, DIGITS);
		if (digits == 0 || ++parts > 4)
			return false;
		text += digits;
		if (*text == '\0')
			return true;
		if (*text++ != '.')
			return false;
	}
}

static void check_texts(const struct check *c)
{
	static const struct json empty = {.kind = JS_OBJECT};
	struct signal *s = c->signal;
	if (s->payload == NULL || s->payload->kind == JS_NULL)
		s->payload = &empty;
	if (s->payload->kind != JS_OBJECT)
		faults_add(c->faults, "/payload", "type", "must be an object");
	if (s->version != NULL && !is_version(s->version))
		faults_add(c->faults, "/version", "format", "must be one to four whole numbers with dots between");
	if (s->external_id != NULL && !consists_of(s->external_id, UPPER LOWER DIGITS "._:-"))
		faults_add(c->faults, "/external_id", "format", "must be 1 to 100 of A-Z, a-z, 0-9 and ._:-");
}

bool signal_check(struct arena *arena, const struct signal_rules *rules, struct signal *signal, struct faults *faults)
{
	struct check c = {.arena = arena, .rules = rules, .signal = signal, .faults = faults};
	size_t before = faults->count;
	check_instrument(&c);
	check_levels(&c);
	check_volume(&c);
	check_times(&c);
	check_texts(&c);
	return faults->count == before;
}

void signal_write_content(struct buf *buf, const struct signal *signal)
{
	struct jw jw;
	jw_init(&jw, buf);
	field_write(&jw, &signal_content_table, signal, FIELD_RESULT | FIELD_CANONICAL);
	buf->failed |= !jw_ok(&jw);
}
