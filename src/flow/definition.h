/*
 * A definition that can be run: its text compiled, with its expressions.
 *
 * Thread: definition_open any; a definition itself may be read by any number at once.  Shared by reference count.
 * Cost: definition_open about 20 ms for the expressions (in a helper), and linear in the text.
 */
#ifndef CS_FLOW_DEFINITION_H
#define CS_FLOW_DEFINITION_H

#include <stdbool.h>
#include <stddef.h>

#include "flow/domain/ir.h"

struct datum;
struct err;
struct expr_pool;
struct jw;
struct scope;
struct trouble;

enum definition_form { DEFINITION_YAML, DEFINITION_JSON, DEFINITION_GUESS /* JSON when it begins with { */ };

struct definition;

/* What was wrong with a text: ir_problems, in memory of its own. */
struct definition_problems {
	struct arena *arena; /* the caller's: texts live there */
	struct ir_problems list;
	const char *form; /* "dsl" or "dag"; NULL: the text could not be read */
	int status;       /* of the answer in place of the first document that was not to be had; 0: none */
};

/*
 * Who gets the documents that a definition refers to: schemas, functions of catalogs, scripts [flow.md 2.1].  `get`:
 * the one of that address (a script as a JSON text), with a policy as it stands in the definition (or NULL); NULL sets
 * *trouble.  It may block for as long as an answer may take.
 */
struct definition_source {
	struct datum *(*get)(void *self, const struct ir_resource *resource, struct trouble *trouble);
	void *self;
};

/*
 * Read and compile.  Without a source what would have to be fetched stays open: the definition can be looked at, not
 * run; with one that has it not, the problem is resource_unavailable.  NULL: `problems` says why (at least one), or err
 * does (no helper to be had).  The policy's `expression` is not asked: all expressions are compiled at once here.
 */
struct definition *definition_open(const char *text, size_t size, enum definition_form form,
								   const struct ir_policy *policy, const struct definition_source *source,
								   struct expr_pool *expr, struct definition_problems *problems, struct err *err);
struct definition *definition_ref(struct definition *definition);
void definition_unref(struct definition *definition); /* NULL is fine */

const struct ir *definition_ir(const struct definition *definition);

/* Of the bytes of its text.  Lives as long as it does. */
const char *definition_sha256(const struct definition *definition);

/* What tells it from another: see flow/content_hash.h.  Lives as long as it does. */
const char *definition_content_sha256(const struct definition *definition);

/* Evaluate a value of it; NULL sets *trouble.  Blocks for a round trip to a helper where one is needed. */
struct datum *definition_eval(const struct definition *definition, struct expr_pool *expr, const struct ir_value *value,
							  const struct scope *scope, struct trouble *trouble);

/* Add resource_unavailable for a document that was not to be had. */
void definition_unavailable(struct definition_problems *problems, const struct ir_resource *resource,
							const struct trouble *trouble);

/* [{pointer, code, message, line?}] */
void definition_problems_write(struct jw *jw, const struct ir_problems *problems);

#endif
