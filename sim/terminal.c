#include "sim/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/must.h"
#include "core/stamp.h"
#include "sim/broker.h"
#include "trade/domain/signature.h"

enum { CODES_MAX = 16, HEADERS = 5, HAND_AFTER = 3 /* snapshots before the position is closed by hand */ };

struct count {
	char code[48];
	int64_t count;
};

struct report {
	int64_t snapshots, delivered, acknowledged, repeated, closed, crashes, lost, by_hand;
	char replayed[64], guards[16], reconciliation[256];
	struct count errors[CODES_MAX];
};

/* What a terminal remembers of one order, in place of its file: dies in a crash. */
struct terminal {
	const struct terminal_options *options;
	struct broker *broker;
	struct report *report;
	struct arena arena;
	int64_t offset_us; /* of its clock */
	int64_t nonces, boot, seq;
	bool starting, crashed;
	struct terminal_answer answer;
	char code[48]; /* of the last problem */
};

static int64_t now_us(const struct terminal *t)
{
	return t->options->now_us(t->options->self) + t->offset_us;
}

/* --- requests --- */

static void count_error(struct terminal *t)
{
	const char *code = json_text(t->answer.tree, "code");
	snprintf(t->code, sizeof t->code, "%s", code != NULL ? code : "no_code");
	for (size_t i = 0; i < CODES_MAX; i++) {
		struct count *c = &t->report->errors[i];
		if (c->code[0] != '\0' && strcmp(c->code, t->code) != 0)
			continue;
		memcpy(c->code, t->code, sizeof c->code);
		c->count++;
		return;
	}
}

static bool travel(struct terminal *t, const char *method, const char *target, const struct buf *body,
				   const char *const *headers)
{
	struct err err;
	const char *bytes = body != NULL ? buf_text(body) : NULL;
	const struct terminal_options *o = t->options;
	t->answer = (struct terminal_answer){0};
	t->code[0] = '\0';
	if (!o->ask(o->self, method, target, bytes, body != NULL ? body->size : 0, headers, &t->answer, &err))
		snprintf(t->code, sizeof t->code, "no_answer");
	else if (t->answer.status >= 400)
		count_error(t);
	return t->answer.status >= 200 && t->answer.status < 300;
}

static bool sign(struct terminal *t, const char *method, const char *target, const struct buf *body,
				 const char *headers[HEADERS])
{
	char time[STAMP_TEXT], signature[SIGNATURE_TEXT], nonce[64];
	const char *device = t->options->device, *secret = t->options->secret;
	stamp_format(time, now_us(t));
	snprintf(nonce, sizeof nonce, "%lld-%lld", (long long)t->boot, (long long)++t->nonces);
	arena_reset(&t->arena);
	const struct canonical canonical = signature_device(&t->arena, method, target, body != NULL ? buf_text(body) : "",
														body != NULL ? body->size : 0, device, nonce, time);
	if (canonical.text == NULL)
		return false;
	signature_make(secret, strlen(secret), canonical, signature);
	headers[0] = arena_printf(&t->arena, "X-Device-Id: %s", device);
	headers[1] = arena_printf(&t->arena, "X-Nonce: %s", nonce);
	headers[2] = arena_printf(&t->arena, "X-Timestamp: %s", time);
	headers[3] = arena_printf(&t->arena, "X-Signature: %s", signature);
	headers[4] = NULL;
	return headers[3] != NULL;
}

static bool ask_once(struct terminal *t, const char *method, const char *target, const struct buf *body)
{
	const char *headers[HEADERS];
	return sign(t, method, target, body, headers) && travel(t, method, target, body, headers);
}

static const struct json *result(const struct terminal *t)
{
	return json_get(t->answer.tree, "result");
}

/* Was it the clock?  Then it is set by the server's. */
static bool learn_time(struct terminal *t)
{
	if (t->answer.status != 401 || strcmp(t->code, "timestamp_skew") != 0 ||
		!travel(t, "GET", "/api/v1/time", NULL, NULL))
		return false;
	const struct json *ms = json_get(result(t), "unix_ms");
	if (ms == NULL || ms->kind != JS_INT)
		return false;
	t->offset_us += ms->integer * 1000 - now_us(t);
	return true;
}

static bool ask(struct terminal *t, const char *method, const char *target, const struct buf *body)
{
	return ask_once(t, method, target, body) || (learn_time(t) && ask_once(t, method, target, body));
}

/* --- what it does --- */

static void take_snapshot(struct terminal *t)
{
	bool done = false;
	t->report->snapshots++;
	for (int i = 0; i < 2 && !done; i++) {
		struct buf body;
		struct jw jw;
		buf_init(&body, 0);
		jw_init(&jw, &body);
		broker_snapshot(t->broker, &jw, ++t->seq, now_us(t));
		done = ask_once(t, "POST", "/api/v1/client/snapshot", &body);
		buf_fini(&body);
		if (!done && !learn_time(t)) /* what it tells is dated by the clock that was wrong */
			return;
	}
	const struct json *counts = json_get(result(t), "reconciliation");
	const char *level = json_text(json_get(result(t), "guards"), "level");
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_json(&jw, counts);
	snprintf(t->report->reconciliation, sizeof t->report->reconciliation, "%s", buf_text(&text));
	snprintf(t->report->guards, sizeof t->report->guards, "%s", level != NULL ? level : "");
	buf_fini(&text);
}

/* An order as it came; texts are copied, since the answer goes with the next request. */
struct order {
	char approval[64], delivery[64], symbol[40], comment[32];
	bool buy, redelivered;
	double lots, stop_loss, take_profit;
	int64_t magic;
};

static void copy(char *to, size_t size, const struct json *from, const char *name)
{
	const char *text = json_text(from, name);
	snprintf(to, size, "%s", text != NULL ? text : "");
}

static double number_of(const struct json *from, const char *name)
{
	const struct json *value = json_get(from, name);
	return value != NULL && json_numeric(value) ? json_number(value) : 0;
}

static struct order read_order(const struct json *json)
{
	struct order order = {.lots = number_of(json, "volume"),
						  .stop_loss = number_of(json, "stop_loss"),
						  .take_profit = number_of(json, "take_profit"),
						  .magic = (int64_t)number_of(json, "magic")};
	const char *side = json_text(json, "side");
	const struct json *again = json_get(json, "redelivered");
	order.buy = side != NULL && strcmp(side, "buy") == 0;
	order.redelivered = again != NULL && again->kind == JS_BOOL && again->boolean;
	copy(order.approval, sizeof order.approval, json, "approval_id");
	copy(order.delivery, sizeof order.delivery, json, "delivery_id");
	copy(order.symbol, sizeof order.symbol, json, "symbol");
	copy(order.comment, sizeof order.comment, json, "comment");
	return order;
}

static void acknowledge(struct terminal *t, const struct order *order, int64_t ticket,
						const struct broker_position *filled)
{
	char number[24];
	struct buf body;
	struct jw jw;
	buf_init(&body, 0);
	jw_init(&jw, &body);
	jw_object(&jw);
	jw_member_str(&jw, "approval_id", order->approval);
	jw_member_str(&jw, "delivery_id", order->delivery);
	jw_member_str(&jw, "status", ticket != 0 ? "placed" : "failed");
	snprintf(number, sizeof number, "%lld", (long long)ticket);
	if (ticket != 0)
		jw_member_str(&jw, "broker_ticket", number);
	else
		jw_member_str(&jw, "error", "the broker knows no such symbol");
	if (filled != NULL) {
		jw_member_num(&jw, "fill_price", filled->price);
		jw_member_num(&jw, "fill_volume", filled->lots);
	}
	jw_object_end(&jw);
	bool taken = ask(t, "POST", "/api/v1/client/ack", &body);
	t->report->acknowledged += taken;
	if (t->options->faults.duplicate_ack && taken && ask(t, "POST", "/api/v1/client/ack", &body))
		t->report->repeated += t->answer.status == 200;
	buf_fini(&body);
}

/* It looks before it sends: an order bearing this magic may be at the broker already. */
static bool take_order(struct terminal *t, const struct order *order)
{
	const struct faults_script *faults = &t->options->faults;
	const struct broker_position *filled = NULL;
	int64_t ticket = broker_by_magic(t->broker, order->magic);
	if (ticket == 0) {
		const struct broker_order send = {order->symbol,    order->comment,     order->buy,  order->lots,
										  order->stop_loss, order->take_profit, order->magic};
		filled = broker_send(t->broker, &send, now_us(t));
		ticket = filled != NULL ? filled->ticket : 0;
		if (faults->crash_before_ack && t->report->crashes == 0) {
			t->report->crashes++;
			t->crashed = true;
			return false;
		}
		if (faults->disconnect_fill && t->report->lost == 0) {
			t->report->lost++;
			t->starting = true; /* as after a restart: its open leases are asked for again */
			return false;
		}
	}
	acknowledge(t, order, ticket, filled);
	return true;
}

static bool poll(struct terminal *t)
{
	enum { ORDERS = 50 };
	struct order orders[ORDERS];
	size_t count = 0;
	if (!ask(t, "GET", t->starting ? "/api/v1/client/poll?redeliver=1" : "/api/v1/client/poll", NULL))
		return true;
	t->starting = false;
	const struct json *list = json_get(result(t), "orders");
	for (uint32_t i = 0; list != NULL && i < list->count && count < ORDERS; i++)
		orders[count++] = read_order(&list->items[i]);
	for (size_t i = 0; i < count; i++) {
		t->report->delivered += !orders[i].redelivered;
		if (!take_order(t, &orders[i]))
			return false;
	}
	return true;
}

struct command {
	char id[64];
	int64_t ticket;
};

static void obey(struct terminal *t, const struct command *command)
{
	struct broker_position *position = command->ticket != 0 ? broker_find(t->broker, command->ticket) : NULL;
	struct buf body;
	struct jw jw;
	if (position == NULL)
		return;
	const struct broker_deal *deal = broker_close(t->broker, position, "expert", now_us(t));
	buf_init(&body, 0);
	jw_init(&jw, &body);
	jw_object(&jw);
	jw_member_str(&jw, "command_id", command->id);
	jw_member_str(&jw, "status", "executed");
	jw_member_num(&jw, "close_price", deal->price);
	jw_member_num(&jw, "profit", deal->profit);
	jw_object_end(&jw);
	t->report->closed += ask(t, "POST", "/api/v1/client/close-ack", &body);
	buf_fini(&body);
}

static void close_asked(struct terminal *t)
{
	enum { COMMANDS = 50 };
	struct command commands[COMMANDS];
	size_t count = 0;
	if (!ask(t, "GET", "/api/v1/client/close-commands", NULL))
		return;
	const struct json *list = json_get(result(t), "commands");
	for (uint32_t i = 0; list != NULL && i < list->count && count < COMMANDS; i++) {
		const char *ticket = json_text(&list->items[i], "broker_ticket");
		copy(commands[count].id, sizeof commands[count].id, &list->items[i], "id");
		commands[count++].ticket = ticket != NULL ? atoll(ticket) : 0;
	}
	for (size_t i = 0; i < count; i++)
		obey(t, &commands[i]);
}

/* The same request twice: the second must find its nonce spent. */
static void replay(struct terminal *t)
{
	static const char target[] = "/api/v1/client/close-commands";
	const char *headers[HEADERS];
	if (t->report->replayed[0] != '\0' || !sign(t, "GET", target, NULL, headers) ||
		!travel(t, "GET", target, NULL, headers))
		return;
	travel(t, "GET", target, NULL, headers);
	snprintf(t->report->replayed, sizeof t->report->replayed, "%d %s", t->answer.status, t->code);
}

static void close_by_hand(struct terminal *t)
{
	struct broker_position *first = broker_first(t->broker);
	if (first == NULL || t->report->by_hand > 0 || t->report->snapshots < HAND_AFTER)
		return;
	broker_close(t->broker, first, "client", now_us(t));
	t->report->by_hand++;
}

static void step(struct terminal *t, int64_t number)
{
	const struct faults_script *faults = &t->options->faults;
	broker_tick(t->broker, now_us(t));
	if (number >= faults->disconnect_at && number < faults->disconnect_at + faults->disconnect_steps)
		return;
	take_snapshot(t);
	if (faults->replay)
		replay(t);
	if (poll(t))
		close_asked(t);
	if (faults->manual_close)
		close_by_hand(t);
}

/* --- a life, and the lives after it --- */

static void begin(struct terminal *t)
{
	t->nonces = 0;
	t->boot = t->options->now_us(t->options->self);
	t->seq = t->boot / 1000;
	t->starting = true;
	t->crashed = false;
	t->offset_us = t->options->faults.clock_ahead * STAMP_US_PER_S;
}

static void stop_out(struct terminal *t)
{
	for (struct broker_position *p = broker_first(t->broker); p != NULL; p = broker_first(t->broker))
		broker_close(t->broker, p, "so", now_us(t));
	take_snapshot(t);
}

/* Of the deals that opened: how many different magics. */
static int64_t magics(const struct broker *broker)
{
	int64_t different = 0;
	for (size_t i = 0; i < broker->deals_count; i++) {
		bool first = !broker->deals[i].out;
		for (size_t k = 0; k < i && first; k++)
			first = broker->deals[k].out || broker->deals[k].magic != broker->deals[i].magic;
		different += first;
	}
	return different;
}

static void write_report(const struct terminal *t, struct buf *out)
{
	const struct report *r = t->report;
	struct jw jw;
	jw_init(&jw, out);
	jw_object(&jw);
	jw_member_int(&jw, "snapshots", r->snapshots);
	jw_member_int(&jw, "delivered", r->delivered);
	jw_member_int(&jw, "acknowledged", r->acknowledged);
	jw_member_int(&jw, "repeated", r->repeated);
	jw_member_int(&jw, "closed", r->closed);
	jw_member_int(&jw, "crashes", r->crashes);
	jw_member_int(&jw, "lost", r->lost);
	jw_member_int(&jw, "by_hand", r->by_hand);
	jw_member_str(&jw, "replayed", r->replayed[0] != '\0' ? r->replayed : NULL);
	jw_key(&jw, "errors");
	jw_object(&jw);
	for (size_t i = 0; i < CODES_MAX && r->errors[i].count > 0; i++)
		jw_member_int(&jw, r->errors[i].code, r->errors[i].count);
	jw_object_end(&jw);
	jw_key(&jw, "reconciliation");
	if (r->reconciliation[0] != '\0')
		jw_raw(&jw, r->reconciliation, strlen(r->reconciliation));
	else
		jw_null(&jw);
	jw_member_str(&jw, "guards", r->guards[0] != '\0' ? r->guards : NULL);
	jw_member_int(&jw, "orders", (int64_t)t->broker->orders);
	jw_member_int(&jw, "magics", magics(t->broker));
	jw_member_int(&jw, "open", (int64_t)broker_open(t->broker));
	jw_object_end(&jw);
}

bool terminal_play(const struct terminal_options *options, struct buf *out, struct err *err)
{
	struct broker *broker = malloc(sizeof *broker);
	struct report report = {0};
	struct terminal t = {.options = options, .broker = broker, .report = &report};
	must(broker != NULL);
	arena_init(&t.arena, ARENA_REQUEST_CAP);
	broker_init(broker, &options->faults, options->seed, options->now_us(options->self));
	begin(&t);
	bool heard = true;
	for (int64_t i = 0; i < options->steps && heard; i++) {
		step(&t, i);
		heard = i > 0 || strcmp(t.code, "no_answer") != 0;
		if (t.crashed)
			begin(&t);
		options->rest(options->self);
	}
	if (heard && options->faults.stop_out)
		stop_out(&t);
	if (heard)
		write_report(&t, out);
	arena_fini(&t.arena);
	free(broker);
	return heard || err_set(err, ERR_UNAVAILABLE, "no server answers");
}
