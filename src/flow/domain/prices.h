/*
 * What model calls cost: the rows of pack `prices` and the sum over an entry's tokens [flow.md 7].
 *
 * A row is in force from its day on; of several with one name the newest that has begun counts.  A model is found by
 * its exact name, else by the longest name that begins it, else (where asked for) the row `unknown` of any provider.
 * Values in, values out; const data.  Thread: any.
 */
#ifndef CS_FLOW_DOMAIN_PRICES_H
#define CS_FLOW_DOMAIN_PRICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/domain/money.h"

struct calc;
struct faults;
struct field_table;
struct json;
struct pack_kind;

enum price_kind { PRICE_INPUT, PRICE_OUTPUT, PRICE_CACHED_INPUT, PRICE_CACHE_WRITE, PRICE_KINDS };
extern const char *const price_kind_names[];

#define PRICE_UNKNOWN "unknown"

struct price {
	const char *provider, *model;
	int64_t micros[PRICE_KINDS]; /* per million tokens; -1: as input */
	int64_t from_us;             /* in force from this moment */
};

struct prices {
	const char *currency; /* ISO 4217 */
	size_t count;
	struct price *items;
};

/* The C form of pack `prices`: a struct prices. */
extern const struct pack_kind flow_prices_kind;

/* The row for a model at a moment.  provider NULL: of any; of equal fits the first.  NULL: none. */
const struct price *prices_find(const struct prices *prices, const char *provider, const char *model, int64_t at_us);

/* The row for models that nobody knows; NULL: none. */
const struct price *prices_unknown(const struct prices *prices, int64_t at_us);

struct tokens {
	int64_t n[PRICE_KINDS];
};

/* What they cost by this row: each kind exactly (may be NULL), and the sum rounded up once, in micro-units. */
int64_t price_tokens(const struct price *price, const struct tokens *tokens, money_pico exact[PRICE_KINDS]);

/* The price of one kind in force in this row, per million tokens. */
int64_t price_of_kind(const struct price *price, enum price_kind kind);

/* How tokens come in a body: a struct of the table, and from it the counts; what is absent is 0. */
struct tokens_request {
	int64_t input, output, cached_input, cache_write;
};
extern const struct field_table tokens_table;
struct tokens tokens_of(const struct tokens_request *request);

/* Read rows of JSON as a pack or a body has them; what is wrong is added to `faults` under `pointer`. */
struct arena;
bool prices_decode(const struct json *rows, const char *pointer, struct arena *arena, struct prices *prices,
				   struct faults *faults);

/* What an estimate says: the sum and its lines, for kinds that have tokens. */
struct price_line {
	int kind;
	int64_t tokens;
	const char *price, *amount; /* decimal text; the amount unrounded */
};

struct price_estimate {
	const char *amount, *currency, *provider, *model;
	int64_t amount_micros;
	struct {
		size_t count;
		struct price_line *items;
	} lines;
};
extern const struct field_table price_estimate_table;
bool price_estimate_fill(const struct prices *prices, const struct price *price, const struct tokens *tokens,
						 struct arena *arena, struct price_estimate *estimate);

#endif
