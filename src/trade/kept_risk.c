#include "trade/kept_risk.h"

#include <pthread.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/log.h"
#include "store/packed.h"
#include "store/store.h"

/*
 * A report as this version writes it.  Part of the format: never edited.  Should reports come to differ so much that
 * they pack badly, a second text gets the number 2.
 */
enum { WORDS = 1 };
static const char words_1[] =
	"{\"checks\":["
	"{\"limit\":\"ACTIVE\",\"message\":\"Trading must be ACTIVE for entries.\",\"name\":\"trading_state\",\"observ"
	"ed\":\"ACTIVE\",\"status\":\"pass\"}"
	",{\"limit\":null,\"message\":\"The instrument must be in the pack and in the profile.\",\"name\":\"instru"
	"ment_allowed\",\"observed\":\"EURUSD\",\"status\":\"pass\"}"
	",{\"limit\":null,\"message\":\"The instrument's session must be open.\",\"name\":\"market_open\",\"observed"
	"\":null,\"status\":\"pass\"}"
	",{\"limit\":null,\"message\":\"No entries inside a news window.\",\"name\":\"news_window\",\"observed\":null"
	",\"status\":\"off\"}"
	",{\"limit\":60,\"message\":\"The quote must be sane and fresh (s).\",\"name\":\"quote_fresh\",\"observed\":n"
	"ull,\"status\":\"unknown\"}"
	",{\"limit\":60,\"message\":\"The account's figures must be fresh (s).\",\"name\":\"account_fresh\",\"observ"
	"ed\":null,\"status\":\"unknown\"}"
	",{\"limit\":2,\"message\":\"Distance of the price from the middle of the quote (%).\",\"name\":\"price_co"
	"llar\",\"observed\":null,\"status\":\"unknown\"}"
	",{\"limit\":null,\"message\":\"The profile asks for a stop.\",\"name\":\"stop_loss_present\",\"observed\":nu"
	"ll,\"status\":\"off\"}"
	",{\"limit\":1,\"message\":\"Lots of the order.\",\"name\":\"order_size\",\"observed\":0.1,\"status\":\"pass\"}"
	",{\"limit\":null,\"message\":\"Value of the order.\",\"name\":\"order_notional\",\"observed\":11000,\"status\""
	":\"off\"}"
	",{\"limit\":3,\"message\":\"Loss at the stop (% of equity).\",\"name\":\"risk_per_trade\",\"observed\":null,"
	"\"status\":\"unknown\"}"
	",{\"limit\":0,\"message\":\"The same order within the duplicate window.\",\"name\":\"duplicate_order\",\"ob"
	"served\":null,\"status\":\"unknown\"}"
	",{\"limit\":30,\"message\":\"Orders in a minute, with this one.\",\"name\":\"order_rate\",\"observed\":null,"
	"\"status\":\"unknown\"}"
	",{\"limit\":5,\"message\":\"Open positions before the order.\",\"name\":\"open_positions\",\"observed\":null"
	",\"status\":\"unknown\"}"
	",{\"limit\":20,\"message\":\"All values, in equities.\",\"name\":\"gross_exposure\",\"observed\":null,\"statu"
	"s\":\"unknown\"}"
	",{\"limit\":10,\"message\":\"Longs less shorts, in equities.\",\"name\":\"net_exposure\",\"observed\":null,\""
	"status\":\"unknown\"}"
	",{\"limit\":0.7,\"message\":\"The group's part of the gross exposure.\",\"name\":\"group_exposure\",\"obser"
	"ved\":null,\"status\":\"unknown\"}"
	",{\"limit\":null,\"message\":\"Free margin after the order.\",\"name\":\"margin\",\"observed\":null,\"status\""
	":\"unknown\"}"
	",{\"limit\":5,\"message\":\"Loss since 00:00 UTC (%).\",\"name\":\"daily_loss\",\"observed\":null,\"status\":\""
	"unknown\"}"
	",{\"limit\":20,\"message\":\"Fall from the peak (%).\",\"name\":\"drawdown\",\"observed\":null,\"status\":\"unk"
	"nown\"}"
	",{\"limit\":100,\"message\":\"Equity that must be there.\",\"name\":\"min_equity\",\"observed\":null,\"status"
	"\":\"unknown\"}"
	"],\"decision\":\"refuse\",\"failed\":[\"quote_fresh\",\"account_fresh\",\"price_collar\",\"risk_per_trade\",\"d"
	"uplicate_order\",\"order_rate\",\"open_positions\",\"gross_exposure\",\"net_exposure\",\"group_exposure\",\""
	"margin\",\"daily_loss\",\"drawdown\",\"min_equity\"]}";

static struct packed_words *reports;

static void make_reports(void)
{
	reports = packed_words_new(words_1, strlen(words_1));
}

static struct packed_words *words(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, make_reports);
	return reports;
}

void kept_risk_pack(const char *text, struct buf *packed)
{
	buf_addc(packed, WORDS);
	packed_write_by(words(), text, strlen(text), packed);
}

static const char *unpack(const char *packed, size_t size, struct arena *arena)
{
	struct buf text;
	struct err err;
	const char *copy = NULL;
	buf_init(&text, 0);
	if (size == 0 || packed[0] != WORDS)
		log_error("trade: a risk report is packed by words that this version does not have");
	else if (!packed_read_by(words(), packed + 1, size - 1, &text, &err))
		log_error("trade: a risk report cannot be read", log_str("why", err.message));
	else
		copy = arena_dupn(arena, buf_text(&text), text.size);
	buf_fini(&text);
	return copy;
}

const char *kept_risk_text(const struct db_rows *row, int text, int packed, struct arena *arena)
{
	size_t size;
	if (db_is_null(row, packed))
		return db_text_dup(row, text, arena);
	const char *bytes = db_blob(row, packed, &size);
	return unpack(bytes, size, arena);
}
