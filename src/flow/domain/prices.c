#include "flow/domain/prices.h"

#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "core/stamp.h"
#include "seal/pack.h"

const char *const price_kind_names[] = {"input", "output", "cached_input", "cache_write", NULL};

/* --- rows --- */

struct price_row {
	const char *provider, *model, *valid_from;
	const struct json *input, *output, *cached_input, *cache_write;
};

static const struct field row_fields[] = {
	F_STR(price_row, provider, LENGTH(1, 100), DEFAULT_TEXT("any")),
	F_STR(price_row, model, REQUIRED, LENGTH(1, 200), DOC("Exact name, or the beginning of several")),
	F_JSON(price_row, input, REQUIRED, DOC("Per million tokens")),
	F_JSON(price_row, output, REQUIRED),
	F_JSON(price_row, cached_input, DOC("Absent: as input")),
	F_JSON(price_row, cache_write, DOC("Absent: as input")),
	F_STR(price_row, valid_from, FORMAT("date"), DEFAULT_TEXT("1970-01-01")),
};
static const struct field_table row_table = FIELD_TABLE("flow.price.row", price_row, row_fields);

static int64_t read_price(const struct json *json, const char *pointer, const char *name, struct arena *arena,
						  struct faults *faults)
{
	int64_t micros = -1;
	if (json != NULL && !money_of_json(json, &micros))
		faults_add(faults, field_pointer(arena, pointer, name), "format", "must be an amount of money from 0");
	return micros;
}

static void read_row(const struct json *json, const char *pointer, struct arena *arena, struct price *price,
					 struct faults *faults)
{
	struct price_row row;
	const struct stamp_fault *fault;
	if (!field_decode(&row_table, json, &row, arena, pointer, faults))
		return;
	const struct json *const given[PRICE_KINDS] = {row.input, row.output, row.cached_input, row.cache_write};
	price->provider = row.provider;
	price->model = row.model;
	for (int kind = 0; kind < PRICE_KINDS; kind++)
		price->micros[kind] = read_price(given[kind], pointer, price_kind_names[kind], arena, faults);
	if (!stamp_parse_date(row.valid_from, strlen(row.valid_from), &price->from_us, &fault))
		faults_add(faults, field_pointer(arena, pointer, "valid_from"), fault->code, "%s", fault->message);
}

bool prices_decode(const struct json *rows, const char *pointer, struct arena *arena, struct prices *prices,
				   struct faults *faults)
{
	size_t before = faults->count;
	if (rows == NULL || rows->kind != JS_ARRAY || rows->count == 0) {
		faults_add(faults, pointer, "type", "must be an array of at least one price");
		return false;
	}
	prices->count = rows->count;
	prices->items = arena_array(arena, rows->count, sizeof *prices->items);
	for (size_t i = 0; prices->items != NULL && i < rows->count; i++)
		read_row(&rows->items[i], field_pointer_index(arena, pointer, i), arena, &prices->items[i], faults);
	return prices->items != NULL && faults->count == before;
}

static bool decode_pack(const struct json *tree, struct arena *arena, const void **data, struct err *err)
{
	struct prices *prices = arena_new(arena, struct prices);
	struct faults faults;
	faults_init(&faults, arena);
	if (prices == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	prices->currency = json_text(tree, "currency");
	if (prices->currency == NULL)
		return err_set(err, ERR_INVALID, "a pack of prices names its currency");
	if (!prices_decode(json_get(tree, "prices"), "/prices", arena, prices, &faults))
		return faults.first == NULL ? err_set(err, ERR_LIMIT, "no memory")
									: err_field(err, ERR_INVALID, faults.first->pointer, "%s %s", faults.first->pointer,
												faults.first->message);
	*data = prices;
	return true;
}

const struct pack_kind flow_prices_kind = {.name = "prices", .decode = decode_pack};

/* --- finding --- */

/* How well a row fits: 0 not at all, the length of its name, and one more where the name is the whole. */
static size_t fit(const struct price *price, const char *model)
{
	size_t size = strlen(price->model);
	return strncmp(price->model, model, size) == 0 ? size + (model[size] == '\0') : 0;
}

const struct price *prices_find(const struct prices *prices, const char *provider, const char *model, int64_t at_us)
{
	const struct price *best = NULL;
	size_t best_fit = 0;
	for (size_t i = 0; i < prices->count; i++) {
		const struct price *price = &prices->items[i];
		size_t fits = strcmp(price->model, PRICE_UNKNOWN) == 0 ? 0 : fit(price, model);
		if (fits == 0 || fits < best_fit || price->from_us > at_us ||
			(provider != NULL && strcmp(provider, price->provider) != 0))
			continue;
		if (fits > best_fit || price->from_us > best->from_us)
			best = price;
		best_fit = fits;
	}
	return best;
}

const struct price *prices_unknown(const struct prices *prices, int64_t at_us)
{
	const struct price *best = NULL;
	for (size_t i = 0; i < prices->count; i++)
		if (strcmp(prices->items[i].model, PRICE_UNKNOWN) == 0 && prices->items[i].from_us <= at_us &&
			(best == NULL || prices->items[i].from_us > best->from_us))
			best = &prices->items[i];
	return best;
}

/* --- sums --- */

static const struct field tokens_fields[] = {
	F_INT(tokens_request, input, RANGE(0, 1e15), DEFAULT(0), DOC("Tokens read")),
	F_INT(tokens_request, output, RANGE(0, 1e15), DEFAULT(0), DOC("Tokens written")),
	F_INT(tokens_request, cached_input, RANGE(0, 1e15), DEFAULT(0), DOC("Read from the provider's cache")),
	F_INT(tokens_request, cache_write, RANGE(0, 1e15), DEFAULT(0), DOC("Written to it")),
};
const struct field_table tokens_table = FIELD_TABLE("flow.tokens", tokens_request, tokens_fields);

struct tokens tokens_of(const struct tokens_request *request)
{
	return (struct tokens){{[PRICE_INPUT] = request->input,
							[PRICE_OUTPUT] = request->output,
							[PRICE_CACHED_INPUT] = request->cached_input,
							[PRICE_CACHE_WRITE] = request->cache_write}};
}

int64_t price_of_kind(const struct price *price, enum price_kind kind)
{
	return price->micros[kind] >= 0 ? price->micros[kind] : price->micros[PRICE_INPUT];
}

int64_t price_tokens(const struct price *price, const struct tokens *tokens, money_pico exact[PRICE_KINDS])
{
	money_pico sum = 0;
	for (int kind = 0; kind < PRICE_KINDS; kind++) {
		money_pico amount = money_of_tokens(tokens->n[kind], price_of_kind(price, (enum price_kind)kind));
		if (exact != NULL)
			exact[kind] = amount;
		sum += amount;
	}
	return money_round_up(sum);
}

/* --- an estimate --- */

static const struct field line_fields[] = {
	F_ENUM(price_line, kind, price_kind_names),
	F_INT(price_line, tokens),
	F_STR(price_line, price, DOC("Per million tokens")),
	F_STR(price_line, amount, DOC("Unrounded")),
};
static const struct field_table line_table = FIELD_TABLE("flow.price.line", price_line, line_fields);

static const struct field estimate_fields[] = {
	F_STR(price_estimate, amount, DOC("The sum of the lines, rounded up to a micro-unit")),
	F_INT(price_estimate, amount_micros),
	F_STR(price_estimate, currency),
	F_STR(price_estimate, provider),
	F_STR(price_estimate, model, DOC("The row that priced it")),
	F_OBJECTS(price_estimate, lines, &line_table),
};
const struct field_table price_estimate_table = FIELD_TABLE("flow.price.result", price_estimate, estimate_fields);

bool price_estimate_fill(const struct prices *prices, const struct price *price, const struct tokens *tokens,
						 struct arena *arena, struct price_estimate *estimate)
{
	char text[MONEY_TEXT];
	money_pico exact[PRICE_KINDS];
	*estimate = (struct price_estimate){.amount_micros = price_tokens(price, tokens, exact),
										.currency = prices->currency,
										.provider = price->provider,
										.model = price->model};
	estimate->amount = arena_dup(arena, money_format(text, estimate->amount_micros));
	estimate->lines.items = arena_array(arena, PRICE_KINDS, sizeof *estimate->lines.items);
	for (int kind = 0; estimate->lines.items != NULL && kind < PRICE_KINDS; kind++) {
		if (tokens->n[kind] == 0)
			continue;
		struct price_line *line = &estimate->lines.items[estimate->lines.count++];
		line->kind = kind;
		line->tokens = tokens->n[kind];
		line->price = arena_dup(arena, money_format(text, price_of_kind(price, (enum price_kind)kind)));
		line->amount = arena_dup(arena, money_format_pico(text, exact[kind]));
	}
	return !arena->full;
}
