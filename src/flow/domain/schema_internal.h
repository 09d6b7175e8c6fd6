/* What the files schema_*.c share; nobody else includes it. */
#ifndef CS_FLOW_DOMAIN_SCHEMA_INTERNAL_H
#define CS_FLOW_DOMAIN_SCHEMA_INTERNAL_H

#include <stdint.h>

#include "core/arena.h"
#include "core/map.h"
#include "flow/domain/schema.h"

struct json;
struct regex;

/* Where in the value or the schema: a chain on the stack. */
struct schema_place {
	const struct schema_place *up; /* NULL: the root */
	const char *name;              /* NULL: an element */
	uint32_t index;
};

/* A resource: the document, or a schema in it that has an $id. */
struct schema_resource {
	const struct json *root;
	const char *id; /* "" for the document without one */
	struct map anchors;
	bool draft7;
};

/* All resources of a document, and compiled patterns. */
struct schema_book {
	struct arena arena;
	struct schema_resource *resources;
	size_t count, room;
	struct map patterns; /* text -> struct regex */
};

void schema_book_init(struct schema_book *book, const struct json *schema);
void schema_book_fini(struct schema_book *book);
/* The resource whose root this schema is, or `within`. */
const struct schema_resource *schema_resource_of(const struct schema_book *book, const struct json *schema,
												 const struct schema_resource *within);
/* What a reference leads to, and in which resource that is; NULL: nowhere in the document. */
const struct json *schema_refer(const struct schema_book *book, const struct schema_resource *within,
								const char *reference, const struct schema_resource **resource);
/* The pattern, compiled once; NULL: it is none. */
const struct regex *schema_pattern(struct schema_book *book, const char *text, size_t size);

/* What of a value has been looked at by a schema and what it refers to: for unevaluated… */
struct schema_seen {
	bool *members, *items; /* one for each; NULL: the value has none */
};

struct schema_run {
	struct schema_book book;
	struct schema_problems *problems; /* NULL: only yes or no is asked */
	size_t steps;
	unsigned depth;
	bool limit;
};

/* One schema against one value. */
struct schema_look {
	struct schema_run *run;
	const struct schema_resource *resource;
	const struct json *schema, *value;
	const struct schema_place *place; /* of the value */
	struct schema_seen *seen;
};

bool schema_look(const struct schema_look *look);
/* The same schema keyword's subschema against this or another value. */
bool schema_inner(const struct schema_look *look, const struct json *schema, const struct json *value,
				  const struct schema_place *place, struct schema_seen *seen);
/* Without telling: the answer counts, and what was seen only where it is yes. */
bool schema_try(const struct schema_look *look, const struct json *schema);
/* Run `inside` with nothing seen yet; what it sees is seen here too, afterwards. */
bool schema_alone(const struct schema_look *look, bool (*inside)(const struct schema_look *look));
/* Tell, and give false. */
bool schema_tell(const struct schema_look *look, const char *keyword, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
bool schema_add(struct schema_problems *problems, const struct schema_place *place, const char *keyword,
				const char *message);
bool schema_step(struct schema_run *run);

bool schema_assert(const struct schema_look *look); /* schema_assert.c: what looks at the value alone */
bool schema_apply(const struct schema_look *look);  /* schema_apply.c: what hands on to other schemas */

#endif
