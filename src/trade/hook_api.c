#include <string.h>

#include "core/arena.h"
#include "crypt/digest.h"
#include "http/exchange.h"
#include "http/rate.h"
#include "seal/pack.h"
#include "store/store.h"
#include "trade/domain/hook_sources.h"
#include "trade/ingest.h"
#include "trade/ip_list.h"
#include "trade/signal_view.h"
#include "trade/trade_internal.h"
#include "trade/trade_routes.h"

/*
 * POST /hooks/tv/{token} [trade.md 2.4]: for charting services that can only call a URL.  The token in the path is all
 * the proof there is, so the address counts too, and what comes this way always waits for a person.
 */

static bool find_producer(struct ingest *in, bool *found, struct err *err)
{
	struct store *store = in->deed.api->options.store;
	const char *token = exchange_param(in->deed.x, "token");
	unsigned char sha[SHA256_SIZE];
	sha256(token, strlen(token), sha);
	struct db *db = store_read(store);
	bool read =
		producer_by_token(db, sha, in->deed.now_us, &in->deed.x->arena, &in->producer, found, &in->old_secret, err);
	store_read_end(store, db);
	return read;
}

/* Who guesses tokens is slowed down like who guesses signatures. */
static void refuse_unknown(struct ingest *in)
{
	char key[RATE_ADDRESS_TEXT];
	rate_address_key(in->deed.x->peer, key);
	if (deed_rate(&in->deed, "trade.refused", key))
		exchange_failf(in->deed.x, ERR_NOT_FOUND, "There is no such hook.");
}

static bool may_call(const struct ingest *in)
{
	struct exchange *x = in->deed.x;
	const struct hook_sources *usual = packs_find(in->deed.api->options.packs, "hook_sources", NULL, NULL)->data;
	if (in->producer.ip_allow != NULL)
		return ip_list_text_holds(&x->arena, in->producer.ip_allow, x->peer);
	for (size_t i = 0; i < usual->addresses.count; i++)
		if (ip_list_entry_holds(usual->addresses.items[i], x->peer))
			return true;
	return false;
}

static void handle_hook(struct exchange *x)
{
	bool found = false;
	struct err err;
	struct ingest *in = deed_start(x, sizeof *in);
	if (in == NULL)
		return;
	if (!find_producer(in, &found, &err)) {
		exchange_fail(x, &err);
		return;
	}
	if (!found) {
		refuse_unknown(in);
		return;
	}
	if (!may_call(in)) {
		exchange_failf(x, ERR_FORBIDDEN, "This hook is not called from here.");
		return;
	}
	in->kind = PRODUCER_URL_TOKEN;
	if (ingest_admit(in))
		ingest_take(in);
}

static const char *const any_type[] = {"*/*", NULL};
static const enum err_kind hook_errors[] = {ERR_NOT_FOUND, ERR_DUPLICATE_SIGNAL, ERR_PAYLOAD_TOO_LARGE, ERR_NONE};

const struct route hook_routes[] = {
	ROUTE(POST, "/hooks/tv/{token}", PUBLIC, EFFECT_WRITE, handle_hook, .operation = "signals.hook",
		  .summary = "Take in the signal of a service that can only call a URL",
		  .doc = "The token is the producer's, shown once when it was made; called from its addresses only.  The body "
				 "is a signal as JSON, whatever its media type says; without time it is of now.",
		  .accepts = any_type, .body_max = SIGNAL_BODY_MAX, .self_verified = true, .rate_class = "none",
		  .result = &signal_view_table, .status = 201, .errors = hook_errors),
};
const size_t hook_routes_count = sizeof hook_routes / sizeof *hook_routes;
