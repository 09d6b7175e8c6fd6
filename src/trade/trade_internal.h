/* What the files of src/trade share; nobody else includes it. */
#ifndef CS_TRADE_INTERNAL_H
#define CS_TRADE_INTERNAL_H

#include "crypt/aead.h"
#include "people/page.h"
#include "trade/trade_api.h"

struct trade_api {
	struct trade_api_options options;
	struct trade_serving serving;
	int64_t began_us;                        /* wall time of the start: before it nobody was heard */
	unsigned char secret_key[AEAD_KEY_SIZE]; /* seals producers' secrets */
	unsigned char page_key[PAGE_KEY];        /* signs cursors */
	struct known_producers *producers;
	struct figures *figures;
	struct failures *failures;
	struct chart_cache *charts;
	struct kept_charts *kept_charts;
	struct waiting *waiting;
	const struct store_watch *judged; /* of all that a judgement rests upon */
	struct notices_thread *notices;   /* NULL: nothing is sent */
	_Atomic bool notices_end;         /* what is on its way is given up, and tried again after the next start */
};

/* A link for somebody outside: the configured address, the path and what ends it, in the arena. */
const char *trade_link(const struct trade_api *api, struct arena *arena, const char *path, const char *token);

#endif
