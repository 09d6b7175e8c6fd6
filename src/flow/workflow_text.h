/*
 * The definition that a request brings: as {definition, publish}, as a JSON definition that is the whole body, or as
 * YAML.  Bodies of definitions may be larger than an exchange's memory, so it has an arena of its own.
 * Thread: one at a time.
 */
#ifndef CS_FLOW_WORKFLOW_TEXT_H
#define CS_FLOW_WORKFLOW_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "crypt/digest.h"
#include "flow/definition.h"

struct exchange;
struct json;

struct workflow_text {
	struct arena arena;
	const char *text;
	size_t size;
	const char *prefix; /* of pointers: "/definition", or "" */
	bool publish;
	char text_sha256[SHA256_HEX_SIZE];    /* of the bytes of `text` */
	char content_sha256[SHA256_HEX_SIZE]; /* see flow/content_hash.h */
};

enum { WORKFLOW_BODY_MAX = 64 << 20, WORKFLOW_VALUES_MAX = 5000000 };
extern const char *const workflow_media[]; /* of bodies */

/* Read the body.  False: answered.  Either way workflow_text_fini afterwards. */
bool workflow_text_read(struct workflow_text *text, struct exchange *x);

/* The same of a definition made here: JSON text, which is copied.  False: no memory, and nothing to fini. */
bool workflow_text_make(struct workflow_text *text, const char *json, size_t size, bool publish);

void workflow_text_fini(struct workflow_text *text);

/* Answer 422 definition_refused with all problems. */
void workflow_text_refuse(struct exchange *x, const char *prefix, const struct ir_problems *problems);

/* The tree of a definition's text, JSON or YAML, in the arena; NULL: it is neither, or the arena is full. */
const struct json *workflow_tree(struct arena *arena, const char *text, size_t size);

#endif
