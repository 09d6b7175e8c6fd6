/*
 * Answers of handlers as envelopes: the lowest place that knows both an exchange and an envelope.
 */
#ifndef CS_PEOPLE_REPLY_H
#define CS_PEOPLE_REPLY_H

#include <stddef.h>

#include "core/stamp.h"
#include "seal/envelope.h"

struct calc;
struct exchange;
struct field_table;
struct note;

/* What an envelope says of its exchange; `now` holds the timestamp's text and must live as long as the context. */
struct envelope_context reply_context(const struct exchange *x, char now[STAMP_TEXT]);

/* Answer a fact: the struct at `result` by its table. */
void reply_fact(struct exchange *x, int status, const struct field_table *table, const void *result);

/* The same with a warning; NULL: without. */
void reply_fact_warned(struct exchange *x, int status, const struct field_table *table, const void *result,
					   const struct note *warning);

/* Answer a calculation, with 200: the struct at `result`, the request it answers, and what `calc` noted, whose rules
 * make its confidence [P-6.3]. */
void reply_calculated(struct exchange *x, const struct field_table *table, const void *result, const struct calc *calc,
					  const struct field_table *inputs_table, const void *inputs);

/* A list that was searched: `search` is the JSON object that says by what, in the trace. */
void reply_fact_found(struct exchange *x, const struct field_table *table, const void *result, const char *search,
					  const struct note *warning);

/* The same from the JSON text of the result. */
void reply_fact_text(struct exchange *x, int status, const char *json, size_t size);
void reply_fact_text_warned(struct exchange *x, int status, const char *json, size_t size, const struct note *warning);

/* The same when its envelope_content_hash() is known; warning NULL: none. */
void reply_fact_hashed(struct exchange *x, int status, const char *json, size_t size,
					   const char sha256[SHA256_HEX_SIZE], const struct note *warning);

#endif
