#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/stamp.h"
#include "crypt/digest.h"
#include "http/exchange.h"
#include "http/rate.h"
#include "trade/domain/signature.h"
#include "trade/failures.h"
#include "trade/figures.h"
#include "trade/ingest.h"
#include "trade/ip_list.h"
#include "trade/known_producers.h"
#include "trade/signal_view.h"
#include "trade/terminal.h"
#include "trade/trade_internal.h"
#include "trade/trade_routes.h"

/*
 * POST /api/v1/signals [trade.md 2.2].  The order of the checks is the contract: headers and size before anything is
 * read of the producer, the signature over the raw bytes before anything is parsed, and a verified request's refusal is
 * stored together with the signature it spent.
 */

enum { SKEW_S = REPLAY_SKEW_S, PRODUCER_ID_MAX = 128 };

/* One request on its way: what the signature is made of, beside what follows from it. */
struct signed_ingest {
	struct ingest in; /* first */
	const char *producer_id;
	bool webhook; /* Standard Webhooks; else X-Signature */
	const char *timestamp, *signature, *webhook_id;
};

/* --- 1: headers --- */

static bool unauthenticated(struct err *err, const char *what)
{
	return err_set(err, ERR_UNAUTHENTICATED, "%s", what);
}

static bool all_digits(const char *text)
{
	return *text != '\0' && strlen(text) <= 12 && text[strspn(text, "0123456789")] == '\0';
}

/* Which form of signature, and its parts.  Also before the body is read. */
static bool read_headers(const struct exchange *x, struct signed_ingest *s, struct err *err)
{
	const char *id = exchange_header(x, "x-producer-id"), *time = exchange_header(x, "x-timestamp");
	const char *signature = exchange_header(x, "x-signature"), *hook_id = exchange_header(x, "webhook-id");
	const char *hook_time = exchange_header(x, "webhook-timestamp"), *hook = exchange_header(x, "webhook-signature");
	bool any_hook = hook_id != NULL || hook_time != NULL || hook != NULL, any_own = time != NULL || signature != NULL;
	long long us;
	s->producer_id = id != NULL || !any_hook ? id : exchange_query(x, "producer");
	if (any_hook && any_own)
		return unauthenticated(err, "Send one kind of signature, not two.");
	if (s->producer_id == NULL || s->producer_id[0] == '\0' || strlen(s->producer_id) > PRODUCER_ID_MAX)
		return unauthenticated(err, "Name the producer: X-Producer-Id.");
	s->webhook = any_hook;
	s->webhook_id = hook_id;
	s->timestamp = any_hook ? hook_time : time;
	s->signature = any_hook ? hook : signature;
	if (s->signature == NULL || s->signature[0] == '\0' || s->timestamp == NULL)
		return unauthenticated(err, "Sign the request: X-Timestamp and X-Signature, or the webhook-… headers.");
	if (any_hook && (hook_id == NULL || hook_id[0] == '\0' || !all_digits(hook_time)))
		return unauthenticated(err, "webhook-id must be there and webhook-timestamp be Unix seconds.");
	if (!any_hook && !signature_timestamp(time, &us))
		return unauthenticated(err, "X-Timestamp must be like 2025-01-01T00:00:00.000000Z.");
	return true;
}

void trade_astray(struct exchange *x)
{
	terminal_astray(x);
}

bool trade_signed(struct exchange *x, struct err *err)
{
	struct signed_ingest s;
	const struct trade_api *api = x->owner;
	if (strcmp(x->match.route->permission, "trade.device") == 0)
		return terminal_signed(x, err);
	if (read_headers(x, &s, err))
		return true;
	figures_count(api->figures, COUNT_signals_refused_total, err_code(err->kind), NULL);
	return false;
}

/* --- 3 to 5: who and when --- */

static bool check_clock(struct signed_ingest *s)
{
	long long us = 0;
	char now[STAMP_TEXT];
	if (s->webhook)
		us = atoll(s->timestamp) * STAMP_US_PER_S;
	else
		signature_timestamp(s->timestamp, &us);
	s->in.signed_us = s->webhook ? 0 : us;
	if (llabs(us - s->in.deed.now_us) <= SKEW_S * STAMP_US_PER_S)
		return true;
	struct exchange *x = s->in.deed.x;
	stamp_format(now, s->in.deed.now_us);
	exchange_member(x, "server_time", arena_printf(&x->arena, "\"%s\"", now));
	figures_count(s->in.deed.api->figures, COUNT_signals_refused_total, err_code(ERR_TIMESTAMP_SKEW), NULL);
	failures_note(s->in.deed.api->failures, x, ERR_TIMESTAMP_SKEW, s->in.deed.now_us);
	exchange_failf(x, ERR_TIMESTAMP_SKEW, "The request's time is more than %d s off.", SKEW_S);
	return false;
}

static bool holds(const struct signed_ingest *s, struct canonical canonical, const void *sealed, size_t size)
{
	char key[64] = {0};
	size_t key_size = 0;
	bool known = sealed != NULL && producer_open_secret(s->in.deed.api->secret_key, s->in.producer.producer_id, sealed,
														size, key, &key_size);
	/* an unknown producer costs the same HMAC, over a key that nobody has */
	bool right = s->webhook ? signature_list_holds(key, key_size, canonical, s->signature)
							: signature_holds(key, key_size, canonical, s->signature);
	wipe(key, sizeof key);
	return known && right;
}

static struct canonical canonical_of(struct signed_ingest *s)
{
	struct exchange *x = s->in.deed.x;
	const char *body = buf_text(&x->body);
	return s->webhook ? signature_webhook(&x->arena, s->webhook_id, s->timestamp, body, x->body.size)
					  : signature_producer(&x->arena, method_name(x->head.method), x->head.target, s->timestamp,
										   s->producer_id, body, x->body.size);
}

/* Too many wrong ones from one address are not even told so any more. */
static void refuse_signature(struct signed_ingest *s)
{
	char key[RATE_ADDRESS_TEXT];
	rate_address_key(s->in.deed.x->peer, key);
	figures_count(s->in.deed.api->figures, COUNT_signals_refused_total, err_code(ERR_SIGNATURE_INVALID), NULL);
	failures_note(s->in.deed.api->failures, s->in.deed.x, ERR_SIGNATURE_INVALID, s->in.deed.now_us);
	if (deed_rate(&s->in.deed, "trade.refused", key))
		exchange_failf(s->in.deed.x, ERR_SIGNATURE_INVALID, "The signature does not fit the producer and the request.");
}

static bool may_call(const struct signed_ingest *s)
{
	const struct producer *p = &s->in.producer;
	struct exchange *x = s->in.deed.x;
	return p->enabled && p->kind != PRODUCER_URL_TOKEN &&
		   (p->ip_allow == NULL || ip_list_text_holds(&x->arena, p->ip_allow, x->peer));
}

/* False: answered; the same answer for an unknown producer and a wrong signature. */
static bool check_signature(struct signed_ingest *s)
{
	bool found = false;
	struct err err;
	struct exchange *x = s->in.deed.x;
	if (!known_producer(s->in.deed.api->producers, s->producer_id, &x->arena, &s->in.producer, &found, &err)) {
		exchange_fail(x, &err);
		return false;
	}
	const struct canonical canonical = canonical_of(s);
	bool right = holds(s, canonical, found ? s->in.producer.secret : NULL, s->in.producer.secret_size);
	if (!right && found && s->in.producer.old_secret != NULL && s->in.deed.now_us < s->in.producer.old_until_us)
		right = s->in.old_secret = holds(s, canonical, s->in.producer.old_secret, s->in.producer.old_secret_size);
	if (right && may_call(s))
		return true;
	refuse_signature(s);
	return false;
}

static void handle_ingest(struct exchange *x)
{
	struct err err;
	struct signed_ingest *s = deed_start(x, sizeof *s);
	if (s == NULL)
		return;
	if (!read_headers(x, s, &err)) {
		exchange_fail(x, &err);
		return;
	}
	if (!check_clock(s) || !check_signature(s) || !ingest_admit(&s->in))
		return;
	const char *once = s->webhook ? s->webhook_id : s->signature;
	sha256_hex(once, strlen(once), s->in.spent);
	s->in.kind = s->webhook ? PRODUCER_WEBHOOK : PRODUCER_HMAC;
	ingest_take(&s->in);
}

static const char *const any_type[] = {"*/*", NULL};

const struct route ingest_routes[] = {
	ROUTE(POST, "/api/v1/signals", "trade.ingest", EFFECT_WRITE, handle_ingest, .operation = "signals.create",
		  .summary = "Take in a signed trading signal",
		  .doc = "Authenticated by its signature alone: X-Producer-Id, X-Timestamp and X-Signature, or Standard "
				 "Webhooks.  A signature is good once, also when the request is refused.",
		  .aliases = ALIASES({"/api/v1/signals/ingest"}), .accepts = any_type, .body_max = SIGNAL_BODY_MAX,
		  .self_verified = true, .rate_class = "none", .result = &signal_view_table, .status = 201),
};
const size_t ingest_routes_count = sizeof ingest_routes / sizeof *ingest_routes;
