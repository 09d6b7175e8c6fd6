/*
 * The envelope: the outer form of every answer [design.md 6, P-6.1].  One writer, so that the members and their order
 * are the same everywhere.
 *
 * A *fact* is something read from the store or the server: no inputs, no intermediates, confidence 1.
 * Thread: any.  Cost: a fact of some hundred bytes about 5 us.
 */
#ifndef CS_SEAL_ENVELOPE_H
#define CS_SEAL_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "crypt/digest.h"

struct buf;
struct calc;
struct field_table;
struct jw;
struct note;

/* Who answers, and to what.  Texts may be NULL. */
struct envelope_context {
	const char *version, *git_sha;
	const char *route, *request_id, *timestamp;
	const struct note *warning; /* of a fact: it stays certain [P-6.1]; NULL: none */
	const char *search;         /* a JSON object: by what a list was searched; NULL: by nothing */
};

/* The parts of one answer. */
struct envelope {
	const struct field_table *result_table; /* with `result`; NULL: `result_text` */
	const void *result;
	const char *result_text; /* JSON text; NULL with no table: null */
	size_t result_size;
	const struct calc *calc; /* notes, intermediates, checks, packs; NULL for a fact */
	const struct field_table *inputs_table;
	const void *inputs;
	double confidence;
	const char *content_sha256, *inputs_sha256; /* inputs_sha256 NULL for a fact */
	const struct envelope_context *context;
};

/* Write it as an object. */
void envelope_write(struct jw *jw, const struct envelope *envelope);

/*
 * Append a fact: the struct at `result` by its table, rounded and hashed.  False: the result cannot be written (a
 * number that is not finite) or memory ran out.
 */
bool envelope_fact(struct buf *out, const struct field_table *table, const void *result,
				   const struct envelope_context *context);

/*
 * Append what was calculated outside of an operation: result_table, result, calc, inputs and context of *parts; its
 * content hash and confidence are found here.  It has no inputs_sha256: it is no seal's.  False: as above.
 */
bool envelope_calculated(struct buf *out, const struct envelope *parts);

/* A fact from JSON text (must be valid). */
bool envelope_fact_text(struct buf *out, const char *json, size_t size, const struct envelope_context *context);

/* The same when the hash is known, for a text that answers many: it is neither read nor hashed again. */
bool envelope_fact_hashed(struct buf *out, const char *json, size_t size, const char sha256[SHA256_HEX_SIZE],
						  const struct envelope_context *context);

/* The content hash of JSON text: over its canonical form.  False: not JSON, or no memory. */
bool envelope_content_hash(const char *json, size_t size, char sha256[SHA256_HEX_SIZE]);

#endif
