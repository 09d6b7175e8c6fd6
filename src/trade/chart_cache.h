/*
 * Pictures that were drawn lately, in memory: by who asked, what was asked, and by the picture's own hash.
 *
 * The least recently used go first when CHART_CACHE_BYTES are passed; none is shown after its own time, CHART_CACHE_S
 * after it was drawn.  A picture is shown to the tenant that asked for it and to no other.  Nothing here outlives the
 * process; behind it stand the pictures on disk (kept_charts.h).  Thread: any.  Cost: about 1 us and a copy, however
 * many there are.
 */
#ifndef CS_TRADE_CHART_CACHE_H
#define CS_TRADE_CHART_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypt/digest.h"

struct arena;
struct chart_cache;

enum { CHART_CACHE_BYTES = 64 << 20, CHART_CACHE_S = 86400 };

/* Texts and bytes are the caller's on the way in and the arena's on the way out. */
struct chart_picture {
	const char *account_id;
	const char *key;    /* SHA-256 of question and renderer, hex */
	const char *sha256; /* of the picture, hex */
	const char *media_type, *result;
	const void *bytes;
	size_t size;
	int64_t until_us; /* wall time */
};

struct chart_cache *chart_cache_new(size_t bytes_max);
void chart_cache_free(struct chart_cache *cache); /* NULL is fine */

/* By key, or with key NULL by the picture's hash.  False: not there. */
bool chart_cache_find(struct chart_cache *cache, const char *account_id, const char *key, const char *sha256,
					  int64_t now_us, struct arena *arena, struct chart_picture *picture);

/* Keep a copy; one larger than all the room is not kept. */
void chart_cache_put(struct chart_cache *cache, const struct chart_picture *picture, int64_t now_us);

#endif
